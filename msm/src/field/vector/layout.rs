//! Between memory and lanes.
use super::{Lanes, Vector, Words, MASK};
use crate::{curve::PastaField, field::Limbs};

impl<F: PastaField> Vector<F> {
    /// Lanes whose 64-bit words are given: word `i` of all lanes is in `words[i]`.
    #[inline(always)]
    pub(crate) fn split_words(self, words: [Words; 4]) -> Lanes {
        let mask = self.all(MASK);
        let [w0, w1, w2, w3] = words;
        let l1 = self.or(self.shift_right::<52>(w0), self.shift_left::<12>(w1));
        let l2 = self.or(self.shift_right::<40>(w1), self.shift_left::<24>(w2));
        let l3 = self.or(self.shift_right::<28>(w2), self.shift_left::<36>(w3));
        Lanes([
            self.and(w0, mask),
            self.and(l1, mask),
            self.and(l2, mask),
            self.and(l3, mask),
            self.shift_right::<16>(w3),
        ])
    }

    /// The same, taken 16 times.
    #[inline(always)]
    fn split_words_16_times(self, words: [Words; 4]) -> Lanes {
        let mask = self.all(MASK);
        let [w0, w1, w2, w3] = words;
        let l1 = self.or(self.shift_right::<48>(w0), self.shift_left::<16>(w1));
        let l2 = self.or(self.shift_right::<36>(w1), self.shift_left::<28>(w2));
        let l3 = self.or(self.shift_right::<24>(w2), self.shift_left::<40>(w3));
        Lanes([
            self.and(self.shift_left::<4>(w0), mask),
            self.and(l1, mask),
            self.and(l2, mask),
            self.and(l3, mask),
            self.shift_right::<12>(w3),
        ])
    }

    /// Words of eight numbers in a row. The lanes are numbers 0, 2, 1, 3, 4, 6, 5, 7.
    #[inline(always)]
    fn load_words(self, numbers: &[Limbs; 8]) -> [Words; 4] {
        let rows: &[[u64; 8]] = numbers.as_flattened().as_chunks().0;
        self.transpose_halves([
            self.load(&rows[0]),
            self.load(&rows[1]),
            self.load(&rows[2]),
            self.load(&rows[3]),
        ])
    }

    /// Eight numbers in a row, in the order of [`Self::store_elements`].
    #[inline(always)]
    pub(crate) fn load_elements(self, numbers: &[Limbs; 8]) -> Lanes {
        self.split_words(self.load_words(numbers))
    }

    /// The same, taken 16 times: below `16p` for reduced numbers.
    #[inline(always)]
    pub(crate) fn load_elements_16_times(self, numbers: &[Limbs; 8]) -> Lanes {
        self.split_words_16_times(self.load_words(numbers))
    }

    /// Writes eight numbers below 2^256 that are in the order of [`Self::load_elements`].
    #[inline(always)]
    pub(crate) fn store_elements(self, numbers: &mut [Limbs; 8], lanes: &Lanes) {
        let [w0, w1, w2, w3] = self.to_words(lanes);
        // Words 0 and 1 (then 2 and 3) of lanes 0, 2, 4, 6, and of the odd lanes.
        let (even_low, odd_low) = (self.even_words(w0, w1), self.odd_words(w0, w1));
        let (even_high, odd_high) = (self.even_words(w2, w3), self.odd_words(w2, w3));
        let rows: &mut [[u64; 8]] = numbers.as_flattened_mut().as_chunks_mut().0;
        // Numbers 0 and 1 are lanes 0 and 2; 2 and 3 are 1 and 3; and so on.
        self.store(
            &mut rows[0],
            self.interleave_low_quarters(even_low, even_high),
        );
        self.store(
            &mut rows[1],
            self.interleave_low_quarters(odd_low, odd_high),
        );
        self.store(
            &mut rows[2],
            self.interleave_high_quarters(even_low, even_high),
        );
        self.store(
            &mut rows[3],
            self.interleave_high_quarters(odd_low, odd_high),
        );
    }

    /// Lanes in memory, limb by limb.
    #[inline(always)]
    pub(crate) fn load_lanes(self, stored: &[[u64; 8]; 5]) -> Lanes {
        let [a, b, c, d, e] = stored;
        Lanes([
            self.load(a),
            self.load(b),
            self.load(c),
            self.load(d),
            self.load(e),
        ])
    }

    /// Writes lanes, limb by limb.
    #[inline(always)]
    pub(crate) fn store_lanes(self, stored: &mut [[u64; 8]; 5], lanes: &Lanes) {
        for (words, lane) in stored.iter_mut().zip(lanes.0) {
            self.store(words, lane);
        }
    }

    /// Words in memory, word by word.
    #[inline(always)]
    pub(crate) fn load_words_of(self, stored: &[[u64; 8]; 4]) -> [Words; 4] {
        let [a, b, c, d] = stored;
        [self.load(a), self.load(b), self.load(c), self.load(d)]
    }

    /// Writes words, word by word.
    #[inline(always)]
    pub(crate) fn store_words(self, stored: &mut [[u64; 8]; 4], words: [Words; 4]) {
        for (stored, words) in stored.iter_mut().zip(words) {
            self.store(stored, words);
        }
    }

    /// The 64-bit words of lanes below 2^256.
    #[inline(always)]
    pub(crate) fn to_words(self, a: &Lanes) -> [Words; 4] {
        let [a0, a1, a2, a3, a4] = a.0;
        [
            self.or(a0, self.shift_left::<52>(a1)),
            self.or(self.shift_right::<12>(a1), self.shift_left::<40>(a2)),
            self.or(self.shift_right::<24>(a2), self.shift_left::<28>(a3)),
            self.or(self.shift_right::<36>(a3), self.shift_left::<16>(a4)),
        ]
    }

    /// Four columns of eight rows from pairs of rows: columns 0, 2, 4 and 6, say, in this order.
    #[inline(always)]
    fn transpose_quarters(self, pairs: [Words; 4]) -> [Words; 4] {
        let [a, b, c, d] = pairs;
        // Columns 0 and 4, and 2 and 6, of rows 0 to 3; then of rows 4 to 7.
        let (ab04, ab26) = (self.even_quarters(a, b), self.odd_quarters(a, b));
        let (cd04, cd26) = (self.even_quarters(c, d), self.odd_quarters(c, d));
        [
            self.even_quarters(ab04, cd04),
            self.even_quarters(ab26, cd26),
            self.odd_quarters(ab04, cd04),
            self.odd_quarters(ab26, cd26),
        ]
    }

    /// Rows and columns of eight times eight words change places.
    #[inline(always)]
    pub(crate) fn transpose(self, rows: [Words; 8]) -> [Words; 8] {
        let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
        // Pairs of rows: columns 0, 2, 4, 6, two rows side by side; then the odd columns.
        let even = [
            self.even_words(r0, r1),
            self.even_words(r2, r3),
            self.even_words(r4, r5),
            self.even_words(r6, r7),
        ];
        let odd = [
            self.odd_words(r0, r1),
            self.odd_words(r2, r3),
            self.odd_words(r4, r5),
            self.odd_words(r6, r7),
        ];
        let ([c0, c2, c4, c6], [c1, c3, c5, c7]) =
            (self.transpose_quarters(even), self.transpose_quarters(odd));
        [c0, c1, c2, c3, c4, c5, c6, c7]
    }

    /// Word by word, lanes `0..8` of rows that hold the numbers 0 and 2, 1 and 3, 4 and 6, 5 and 7 side by side.
    #[inline(always)]
    pub(crate) fn transpose_halves(self, rows: [Words; 4]) -> [Words; 4] {
        let [r02, r13, r46, r57] = rows;
        // Quarters: words 0 of numbers 0 and 1, words 2 of the same, words 0 of numbers 2 and 3, words 2 of the same.
        let (even_low, odd_low) = (self.even_words(r02, r13), self.odd_words(r02, r13));
        let (even_high, odd_high) = (self.even_words(r46, r57), self.odd_words(r46, r57));
        [
            self.even_quarters(even_low, even_high),
            self.even_quarters(odd_low, odd_high),
            self.odd_quarters(even_low, even_high),
            self.odd_quarters(odd_low, odd_high),
        ]
    }

    /// The numbers in the lanes.
    #[inline(always)]
    pub(crate) fn to_limbs(self, a: &Lanes) -> [Limbs; 8] {
        let mut words = [[0; 8]; 4];
        for (words, value) in words.iter_mut().zip(self.to_words(a)) {
            self.store(words, value);
        }
        std::array::from_fn(|lane| words.map(|word| word[lane]))
    }

    /// Lanes of the given numbers.
    #[inline(always)]
    pub(crate) fn lanes_of(self, numbers: &[Limbs; 8]) -> Lanes {
        self.split_words(std::array::from_fn(|word| {
            self.load(&numbers.map(|number| number[word]))
        }))
    }
}
