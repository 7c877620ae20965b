//! Scalars as signed digits.
//!
//! A scalar is replaced by the smaller of itself and its opposite, whose point is then negated, and by its digits to the base `2^c` in
//! `-2^(c-1)..2^(c-1)`: adding the constant `K = sum_j 2^(c-1) 2^(c j)` makes all digits non-negative, so they can be cut out of
//! `s + K` and moved back. With `W` digits this is right if `s + K < 2^(c W)`, for which `c W >= bits(s) + 2` is enough, as
//! `K <= 2/3 2^(c W)` for `c >= 2`. A small scalar has few digits: points are ordered by the number of digits they need.
use crate::{
    curve::PastaField,
    field::{is_zero, portable, sub_limbs, Limbs},
    memory::{filled, with_room},
};

/// Largest width of a digit that is considered.
pub(crate) const MAX_WIDTH: u32 = 16;

/// Scalars whose digits are cut out together, while they are in the cache.
const BLOCK: usize = 128;

/// A vector of scalars.
pub(crate) trait Scalars: Sync {
    fn len(&self) -> usize;

    /// The absolute value of the scalar, and whether it is negative. Zero may be told apart cheaply.
    fn magnitude(&self, i: usize) -> Option<(Limbs, bool)>;
}

/// Elements of the scalar field.
pub(crate) struct FieldScalars<'a, F>(pub &'a [F]);

impl<F: PastaField> Scalars for FieldScalars<'_, F> {
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn magnitude(&self, i: usize) -> Option<(Limbs, bool)> {
        let limbs = F::limbs_of(self.0)[i];
        if is_zero(&limbs) {
            return None;
        }
        let integer = portable::to_integer::<F>(&limbs);
        let (opposite, _) = sub_limbs(&F::MODULUS_LIMBS, &integer);
        // Both are below 2^255, so the comparison need not be exact in the last limbs.
        Some(if opposite[3] < integer[3] {
            (opposite, true)
        } else {
            (integer, false)
        })
    }
}

/// Elements of which some are left out.
pub(crate) struct RemainingScalars<'a, F> {
    pub(crate) elements: FieldScalars<'a, F>,
    pub(crate) left_out: &'a [bool],
}

impl<F: PastaField> Scalars for RemainingScalars<'_, F> {
    fn len(&self) -> usize {
        self.elements.len()
    }

    #[inline(always)]
    fn magnitude(&self, i: usize) -> Option<(Limbs, bool)> {
        match self.left_out[i] {
            true => None,
            false => self.elements.magnitude(i),
        }
    }
}

/// Unsigned integers.
pub(crate) struct SmallScalars<'a, T>(pub &'a [T]);

impl<T: Copy + Into<u64> + Sync> Scalars for SmallScalars<'_, T> {
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn magnitude(&self, i: usize) -> Option<(Limbs, bool)> {
        let small: u64 = self.0[i].into();
        (small != 0).then_some(([small, 0, 0, 0], false))
    }
}

/// How many scalars have how many bits, where a scalar counts as its opposite if that is smaller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes(pub(crate) [u64; 257]);

impl Default for Sizes {
    fn default() -> Self {
        Self([0; 257])
    }
}

impl Sizes {
    /// Of all these scalars; zero has no bits.
    pub(crate) fn of(scalars: &impl Scalars) -> Self {
        let mut sizes = Self::default();
        for i in 0..scalars.len() {
            let bits = scalars.magnitude(i).map_or(0, |(size, _)| bits(&size));
            sizes.0[bits as usize] += 1;
        }
        sizes
    }

    /// How many have as many bits as a range says.
    pub fn with_bits(&self, range: std::ops::RangeInclusive<usize>) -> usize {
        self.0[range].iter().sum::<u64>() as usize
    }
}

/// Number of bits of a number below 2^256.
fn bits(a: &Limbs) -> u32 {
    a.iter()
        .rposition(|limb| *limb != 0)
        .map_or(0, |i| 64 * (i as u32 + 1) - a[i].leading_zeros())
}

/// Digits of width `c` that a scalar of so many bits needs.
pub(crate) fn digits_needed(bits: u32, c: u32) -> u32 {
    if bits == 0 {
        0
    } else {
        (bits + 2).div_ceil(c)
    }
}

/// Scalars other than zero of one part of the vector.
pub(crate) struct Magnitudes {
    /// Absolute values, and twice the index of the scalar in the whole vector, plus one if it is negative.
    values: Vec<(Limbs, u32)>,
    /// How many have how many bits.
    pub(crate) histogram: [u32; 257],
}

impl Magnitudes {
    /// Reads scalars `range`, except those for which `skip` says so.
    pub(crate) fn new(
        scalars: &impl Scalars,
        range: std::ops::Range<usize>,
        skip: impl Fn(usize) -> bool,
    ) -> Self {
        let mut values = with_room(range.len());
        let mut histogram = [0; 257];
        for i in range {
            let Some((magnitude, negative)) = scalars.magnitude(i) else {
                continue;
            };
            if skip(i) {
                continue;
            }
            histogram[bits(&magnitude) as usize] += 1;
            values.push((magnitude, (i as u32) << 1 | u32::from(negative)));
        }
        Self { values, histogram }
    }
}

/// The digits of some scalars.
pub(crate) struct Digits {
    /// Twice the index of the scalar in the whole vector, plus one if it is negative; those with most digits first.
    names: Vec<u32>,
    /// `digits[starts[j] + k]` is digit `j` of the `k`-th name, plus `2^(c-1)`.
    digits: Vec<u16>,
    starts: Vec<usize>,
}

impl Digits {
    /// Digits of width `c`; no scalar needs more than `windows`.
    pub(crate) fn new(magnitudes: &Magnitudes, c: u32, windows: usize) -> Self {
        let needed = |magnitude: &Limbs| digits_needed(bits(magnitude), c) as usize;
        // A counting sort by the number of digits, descending.
        let mut counts = vec![0usize; windows + 1];
        for (b, count) in magnitudes.histogram.iter().enumerate().skip(1) {
            if *count > 0 {
                counts[digits_needed(b as u32, c) as usize] += *count as usize;
            }
        }
        let mut places = vec![0; windows + 1];
        let mut total = 0;
        for w in (1..=windows).rev() {
            places[w] = total;
            total += counts[w];
        }
        // Digit j belongs to the scalars with more than j digits, which come first.
        let mut starts = Vec::with_capacity(windows + 1);
        let (mut start, mut length) = (0, total);
        starts.push(0);
        for count in &counts[1..] {
            start += length;
            length -= count;
            starts.push(start);
        }
        // Where the scalars are that come first.
        let mut order = vec![0u32; total];
        for (i, (magnitude, _)) in magnitudes.values.iter().enumerate() {
            let place = &mut places[needed(magnitude)];
            order[*place] = i as u32;
            *place += 1;
        }
        let mut names = Vec::with_capacity(total);
        let mut digits = filled(0, start);
        let offset = offset(c, windows as u32);
        let mut block = [[0; 6]; BLOCK];
        for (first, order) in (0..total).step_by(BLOCK).zip(order.chunks(BLOCK)) {
            for (shifted, &i) in block.iter_mut().zip(order) {
                let (magnitude, name) = &magnitudes.values[i as usize];
                *shifted = add_offset(magnitude, &offset);
                names.push(*name);
            }
            for j in 0..windows {
                let count = (starts[j + 1] - starts[j]).saturating_sub(first).min(BLOCK);
                if count == 0 {
                    break;
                }
                let digits = &mut digits[starts[j] + first..][..count];
                cut(&block, j as u32 * c, c, digits);
            }
        }
        Self {
            names,
            digits,
            starts,
        }
    }

    /// The names that have a digit `j`, and this digit of each, plus `2^(c-1)`.
    pub(crate) fn window(&self, j: usize) -> (&[u32], &[u16]) {
        let digits = &self.digits[self.starts[j]..self.starts[j + 1]];
        (&self.names[..digits.len()], digits)
    }

    /// Number of digits `j`.
    pub(crate) fn len(&self, j: usize) -> usize {
        self.starts[j + 1] - self.starts[j]
    }
}

/// `sum_(j < windows) 2^(c-1) 2^(c j)`, cut at 2^320.
///
/// Scalars with fewer digits get the same constant: what it adds beyond their digits does not reach down to them.
fn offset(c: u32, windows: u32) -> [u64; 5] {
    let mut offset = [0; 5];
    for j in 0..windows {
        let bit = j * c + c - 1;
        offset[(bit / 64) as usize] |= 1 << (bit % 64);
    }
    offset
}

fn add_offset(a: &Limbs, offset: &[u64; 5]) -> [u64; 6] {
    let (r0, carry) = a[0].carrying_add(offset[0], false);
    let (r1, carry) = a[1].carrying_add(offset[1], carry);
    let (r2, carry) = a[2].carrying_add(offset[2], carry);
    let (r3, carry) = a[3].carrying_add(offset[3], carry);
    [r0, r1, r2, r3, offset[4] + u64::from(carry), 0]
}

/// Bits `start..start + c` of each number.
fn cut(numbers: &[[u64; 6]; BLOCK], start: u32, c: u32, digits: &mut [u16]) {
    let (limb, shift) = ((start / 64) as usize, start % 64);
    assert!(limb < 5);
    for (digit, number) in digits.iter_mut().zip(numbers) {
        let bits = u128::from(number[limb]) | u128::from(number[limb + 1]) << 64;
        *digit = (bits >> shift) as u16 & (((1u32 << c) - 1) as u16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_values::field_elements;
    use ff::Field;
    use halo2curves::pasta::{Fp, Fq};

    /// Puts the digits of every scalar together again.
    fn round_trip<F: PastaField>(scalars: &[F], c: u32) {
        let magnitudes = Magnitudes::new(&FieldScalars(scalars), 0..scalars.len(), |_| false);
        let most = (0..=256)
            .rev()
            .find(|b| magnitudes.histogram[*b] > 0)
            .unwrap();
        assert!(most <= 254);
        let windows = digits_needed(most as u32, c) as usize;
        let digits = Digits::new(&magnitudes, c, windows);
        let mut found = vec![F::ZERO; scalars.len()];
        for j in (0..windows).rev() {
            found.iter_mut().for_each(|x| *x *= F::from(1 << c));
            let (names, digits) = digits.window(j);
            for (name, digit) in names.iter().zip(digits) {
                let digit = i64::from(*digit) - (1 << (c - 1));
                let value = F::from(digit.unsigned_abs());
                let negative = (digit < 0) != (name & 1 == 1);
                let place = &mut found[(name >> 1) as usize];
                *place += if negative { -value } else { value };
            }
        }
        assert!(found == scalars, "width {c}");
    }

    #[test]
    fn digits_add_up_to_the_scalars() {
        for c in 2..=MAX_WIDTH {
            round_trip(&field_elements::<Fp>(200), c);
            round_trip(&field_elements::<Fq>(200), c);
        }
        // All lengths, and the largest number of each: the offset must not overflow the last digit.
        for b in 1..254 {
            let power = Fp::from(2).pow([b]);
            for c in 2..=MAX_WIDTH {
                round_trip(&[power - Fp::ONE], c);
                round_trip(&[power, -power, power + Fp::ONE], c);
            }
        }
    }

    #[test]
    fn small_integers_have_the_digits_of_field_elements() {
        let small = [0, 1, 2, 255, 1 << 31, u64::MAX, u64::MAX - 1];
        let elements = small.map(Fp::from);
        for i in 0..small.len() {
            assert_eq!(
                SmallScalars(&small).magnitude(i),
                FieldScalars(&elements).magnitude(i)
            );
        }
    }
}
