//! Eight elements at a time with AVX-512 IFMA: Montgomery's form to the base 2^52, one element per 64-bit lane.
//!
//! The arithmetic, and why no value gets too large, is explained in `VECTOR.md` beside the manifest. In short:
//! an element is five limbs of 52 bits, a product is divided by 2^260 > 63 p, so factors may be lazy: `a b <= 64 p^2` gives a product
//! below `2p`. [`Lanes`] are ready to be multiplied: limbs in `0..2^52`. [`Loose`] are sums that still carry: limbs are signed.
mod instructions;
mod layout;

pub(crate) use instructions::{Ifma, Vector, Words};

use super::{canonical, portable, power_of_two, Limbs};
use crate::curve::PastaField;
use std::marker::PhantomData;

/// Eight numbers in `0..2^260`: five limbs in `0..2^52` each, limb by limb.
#[derive(Clone, Copy)]
pub(crate) struct Lanes(pub [Words; 5]);

/// Eight numbers as five signed limbs each, of at most 2^58 in absolute value, so that they may be added without care.
#[derive(Clone, Copy)]
pub(crate) struct Loose(pub [Words; 5]);

impl From<Lanes> for Loose {
    #[inline(always)]
    fn from(lanes: Lanes) -> Self {
        Self(lanes.0)
    }
}

const MASK: u64 = (1 << 52) - 1;

/// The limbs to the base 2^52.
const fn split(a: &Limbs) -> [u64; 5] {
    [
        a[0] & MASK,
        (a[0] >> 52 | a[1] << 12) & MASK,
        (a[1] >> 40 | a[2] << 24) & MASK,
        (a[2] >> 28 | a[3] << 36) & MASK,
        a[3] >> 16,
    ]
}

/// Constants of a field.
struct Constants<F>(PhantomData<F>);

impl<F: PastaField> Constants<F> {
    const P: [u64; 5] = split(&F::MODULUS_LIMBS);
    /// `-1/p` modulo 2^52.
    const NEGATED_INVERSE: u64 = super::negated_inverse(F::MODULUS_LIMBS[0]) & MASK;
    /// `4p`; its highest limb is 2^48 because `d < 2^126` reaches only the lowest three.
    const P4: [u64; 5] = {
        let p = Self::P;
        let (low, middle) = (p[0] * 4, p[1] * 4 + ((p[0] * 4) >> 52));
        let high = p[2] * 4 + (middle >> 52);
        assert!(high <= MASK && p[3] == 0 && p[4] == 1 << 46);
        [low & MASK, middle & MASK, high, 0, p[4] * 4]
    };
    /// In place `q`, the lowest three limbs of `p - q d`, for `q = 0, .., 6` and, in place 7, for `q = -1`. The limbs are signed where
    /// `q d` exceeds `p - 2^254 = d`; the other limbs are those of 2^254.
    const FOLD: [[u64; 8]; 3] = {
        let p = Self::P;
        let mut table = [[0; 8]; 3];
        let mut place = 0;
        while place < 8 {
            // (1 - q) d
            let factor = if place == 7 { 2 } else { 1 - place as i64 };
            let mut limb = 0;
            let mut carry = 0i64;
            while limb < 3 {
                let value = p[limb] as i64 * factor + carry;
                // Keeps 52 bits in all limbs but the last, whose sign is that of the whole.
                if limb < 2 {
                    table[limb][place] = value as u64 & MASK;
                    carry = value >> 52;
                } else {
                    table[limb][place] = value as u64;
                }
                limb += 1;
            }
            place += 1;
        }
        table
    };
    /// `2^260 mod p`: one.
    const ONE: [u64; 5] = split(&power_of_two(&F::MODULUS_LIMBS, 260));
}

impl<F: PastaField> Vector<F> {
    #[inline(always)]
    fn constant(self, limbs: [u64; 5]) -> Lanes {
        let [a, b, c, d, e] = limbs;
        Lanes([
            self.all(a),
            self.all(b),
            self.all(c),
            self.all(d),
            self.all(e),
        ])
    }

    /// One in each lane.
    #[inline(always)]
    pub(crate) fn one(self) -> Lanes {
        self.constant(Constants::<F>::ONE)
    }

    /// The same small number, as it is, in each lane.
    #[inline(always)]
    pub(crate) fn number(self, number: u64) -> Lanes {
        debug_assert!(number <= MASK);
        self.constant([number, 0, 0, 0, 0])
    }

    /// The element `16 n` in each lane.
    #[inline(always)]
    pub(crate) fn times_16(self, n: u32) -> Lanes {
        let number = F::from(u64::from(n) << 8).to_limbs();
        self.broadcast(&number)
    }

    /// The same number below 2^256 in each lane.
    #[inline(always)]
    pub(crate) fn broadcast(self, number: &Limbs) -> Lanes {
        self.constant(split(number))
    }

    /// Carries. The value must lie in `0..2^260`.
    #[inline(always)]
    pub(crate) fn carry(self, a: Loose) -> Lanes {
        let mask = self.all(MASK);
        let [a0, a1, a2, a3, a4] = a.0;
        let a1 = self.plus(a1, self.shift_right_signed::<52>(a0));
        let a2 = self.plus(a2, self.shift_right_signed::<52>(a1));
        let a3 = self.plus(a3, self.shift_right_signed::<52>(a2));
        let a4 = self.plus(a4, self.shift_right_signed::<52>(a3));
        Lanes([
            self.and(a0, mask),
            self.and(a1, mask),
            self.and(a2, mask),
            self.and(a3, mask),
            a4,
        ])
    }

    /// A congruent value in `p - 2^216 .. 2p + 2^216`, for a value in `-2^250 .. 6p + 2^250`.
    ///
    /// With `q` the highest limb's part above 2^254, the value minus `q 2^254` lies in `-2^215 .. 2^254 + 2^215`: the other limbs are at
    /// most 2^58, so they add less than 2^215 in absolute value. `q` is in `-1..=6`, and adding `p - q d` gives what is wanted.
    #[inline(always)]
    pub(crate) fn reduce(self, a: Loose) -> Lanes {
        let [a0, a1, a2, a3, a4] = a.0;
        let q = self.shift_right_signed::<46>(a4);
        let table = &Constants::<F>::FOLD;
        let rest = self.minus(a4, self.shift_left::<46>(q));
        self.carry(Loose([
            self.plus(a0, self.select(q, self.load(&table[0]))),
            self.plus(a1, self.select(q, self.load(&table[1]))),
            self.plus(a2, self.select(q, self.load(&table[2]))),
            a3,
            self.plus(rest, self.all(1 << 46)),
        ]))
    }

    /// `(t + m p) / 2^52` for the `m` below 2^52 that makes it an integer; all limbs of `t` are in `0..2^63`.
    ///
    /// The lowest limb of `t + m p` is a multiple of 2^52 between `t_0` and `t_0 + 2^52 - 1`, so its carry is `t_0 / 2^52` rounded up:
    /// the product with the lowest limb of `p` need not be computed. The fourth limb of `p` is zero.
    #[inline(always)]
    fn reduction_round(self, t: [Words; 6]) -> [Words; 5] {
        let p = Constants::<F>::P;
        let m = self.low(self.zero(), t[0], self.all(Constants::<F>::NEGATED_INVERSE));
        let carry = self.shift_right::<52>(self.plus(t[0], self.all(MASK)));
        let t1 = self.plus(t[1], carry);
        let t1 = self.high(t1, m, self.all(p[0]));
        let t1 = self.low(t1, m, self.all(p[1]));
        let t2 = self.high(t[2], m, self.all(p[1]));
        let t2 = self.low(t2, m, self.all(p[2]));
        let t3 = self.high(t[3], m, self.all(p[2]));
        let t4 = self.low(t[4], m, self.all(p[4]));
        let t5 = self.high(t[5], m, self.all(p[4]));
        [t1, t2, t3, t4, t5]
    }

    /// `a b / 2^260` modulo `p`: below `p + a b / 2^260`, which is at most `2p` for `a b <= 64 p^2`. Limbs are in `0..2^57`.
    #[inline(always)]
    pub(crate) fn mul(self, a: &Lanes, b: &Lanes) -> Loose {
        self.sum_of_products([(a, b)])
    }

    /// The sum of up to four products in the same way, with a single reduction.
    #[inline(always)]
    pub(crate) fn sum_of_products<const N: usize>(self, factors: [(&Lanes, &Lanes); N]) -> Loose {
        let z = self.zero();
        let mut t = [z; 5];
        for i in 0..5 {
            let [mut t0, mut t1, mut t2, mut t3, mut t4] = t;
            let mut t5 = z;
            for (a, b) in &factors {
                let (a, b) = (&a.0, b.0[i]);
                t0 = self.low(t0, a[0], b);
                t1 = self.high(self.low(t1, a[1], b), a[0], b);
                t2 = self.high(self.low(t2, a[2], b), a[1], b);
                t3 = self.high(self.low(t3, a[3], b), a[2], b);
                t4 = self.high(self.low(t4, a[4], b), a[3], b);
                t5 = self.high(t5, a[4], b);
            }
            t = self.reduction_round([t0, t1, t2, t3, t4, t5]);
        }
        Loose(t)
    }

    /// The same for `a = b`.
    #[inline(always)]
    pub(crate) fn square(self, a: &Lanes) -> Loose {
        let a = &a.0;
        let mut t = [self.zero(); 10];
        for i in 0..5 {
            for j in i + 1..5 {
                t[i + j] = self.low(t[i + j], a[i], a[j]);
                t[i + j + 1] = self.high(t[i + j + 1], a[i], a[j]);
            }
        }
        for limb in &mut t[1..9] {
            *limb = self.plus(*limb, *limb);
        }
        for i in 0..5 {
            t[2 * i] = self.low(t[2 * i], a[i], a[i]);
            t[2 * i + 1] = self.high(t[2 * i + 1], a[i], a[i]);
        }
        for i in 0..5 {
            let window = [t[i], t[i + 1], t[i + 2], t[i + 3], t[i + 4], t[i + 5]];
            let [t1, t2, t3, t4, t5] = self.reduction_round(window);
            (t[i + 1], t[i + 2], t[i + 3], t[i + 4], t[i + 5]) = (t1, t2, t3, t4, t5);
        }
        Loose([t[5], t[6], t[7], t[8], t[9]])
    }

    /// The carried product.
    #[inline(always)]
    pub(crate) fn product(self, a: &Lanes, b: &Lanes) -> Lanes {
        self.carry(self.mul(a, b))
    }

    #[inline(always)]
    pub(crate) fn add(self, a: impl Into<Loose>, b: impl Into<Loose>) -> Loose {
        let (a, b) = (a.into().0, b.into().0);
        Loose([
            self.plus(a[0], b[0]),
            self.plus(a[1], b[1]),
            self.plus(a[2], b[2]),
            self.plus(a[3], b[3]),
            self.plus(a[4], b[4]),
        ])
    }

    /// `a - b`
    #[inline(always)]
    pub(crate) fn sub(self, a: impl Into<Loose>, b: impl Into<Loose>) -> Loose {
        let (a, b) = (a.into().0, b.into().0);
        Loose([
            self.minus(a[0], b[0]),
            self.minus(a[1], b[1]),
            self.minus(a[2], b[2]),
            self.minus(a[3], b[3]),
            self.minus(a[4], b[4]),
        ])
    }

    /// `a + 4p`
    #[inline(always)]
    pub(crate) fn plus_4p(self, a: Loose) -> Loose {
        self.plus_4p_times::<1>(a)
    }

    /// `a + 4 N p` for a small `N`.
    #[inline(always)]
    fn plus_4p_times<const N: u64>(self, a: Loose) -> Loose {
        let [a0, a1, a2, a3, a4] = a.0;
        let p4 = Constants::<F>::P4;
        Loose([
            self.plus(a0, self.all(N * p4[0])),
            self.plus(a1, self.all(N * p4[1])),
            self.plus(a2, self.all(N * p4[2])),
            a3,
            self.plus(a4, self.all(N * p4[4])),
        ])
    }

    /// `a - 4p`
    #[inline(always)]
    pub(crate) fn minus_4p(self, a: Loose) -> Loose {
        self.sub(a, self.constant(Constants::<F>::P4))
    }

    /// `a - b + 4p`, which is positive for `b < 4p`.
    #[inline(always)]
    pub(crate) fn sub_4p(self, a: impl Into<Loose>, b: impl Into<Loose>) -> Loose {
        self.plus_4p(self.sub(a, b))
    }

    /// `a - b + 8p`
    #[inline(always)]
    pub(crate) fn sub_8p(self, a: impl Into<Loose>, b: impl Into<Loose>) -> Loose {
        self.plus_4p_times::<2>(self.sub(a, b))
    }

    /// `-a` in the lanes of the mask, `a` in the others.
    #[inline(always)]
    pub(crate) fn opposite_where(self, mask: u8, a: &Lanes) -> Loose {
        let [a0, a1, a2, a3, a4] = a.0;
        Loose([
            self.opposite_words(mask, a0),
            self.opposite_words(mask, a1),
            self.opposite_words(mask, a2),
            self.opposite_words(mask, a3),
            self.opposite_words(mask, a4),
        ])
    }

    /// `4p - a` in the lanes of the mask, `a` in the others.
    #[inline(always)]
    pub(crate) fn negate_where(self, mask: u8, a: &Lanes) -> Loose {
        let (a, negated) = (a.0, self.sub_4p(self.constant([0; 5]), *a).0);
        Loose([
            self.blend(mask, a[0], negated[0]),
            self.blend(mask, a[1], negated[1]),
            self.blend(mask, a[2], negated[2]),
            self.blend(mask, a[3], negated[3]),
            self.blend(mask, a[4], negated[4]),
        ])
    }

    /// Four times the value.
    #[inline(always)]
    pub(crate) fn quadruple(self, a: Loose) -> Loose {
        let a = a.0;
        Loose([
            self.shift_left::<2>(a[0]),
            self.shift_left::<2>(a[1]),
            self.shift_left::<2>(a[2]),
            self.shift_left::<2>(a[3]),
            self.shift_left::<2>(a[4]),
        ])
    }

    /// `b` in the lanes of the mask, `a` in the others.
    #[inline(always)]
    pub(crate) fn choose(self, mask: u8, a: &Lanes, b: &Lanes) -> Lanes {
        let (a, b) = (a.0, b.0);
        Lanes([
            self.blend(mask, a[0], b[0]),
            self.blend(mask, a[1], b[1]),
            self.blend(mask, a[2], b[2]),
            self.blend(mask, a[3], b[3]),
            self.blend(mask, a[4], b[4]),
        ])
    }

    /// The lanes that are zero as numbers.
    #[inline(always)]
    pub(crate) fn all_zero(self, a: &Lanes) -> u8 {
        let [a0, a1, a2, a3, a4] = a.0;
        let any = self.or(self.or(self.or(a0, a1), self.or(a2, a3)), a4);
        self.equal(any, self.zero())
    }

    /// The lanes that are multiples of `p`.
    ///
    /// Multiplying by the number 1 gives a congruent multiple of 2^-260 in `0..=p`: 0 or `p` for those lanes and no others.
    #[inline(always)]
    pub(crate) fn multiple_of_p(self, a: &Lanes) -> u8 {
        let quotient = self.product(a, &self.number(1));
        let differences = self.sub(quotient, self.constant(Constants::<F>::P));
        self.all_zero(&quotient) | self.all_zero(&Lanes(differences.0))
    }

    /// The congruent value below `p` of one below `2p`.
    #[inline(always)]
    pub(crate) fn subtract_p_once(self, a: &Lanes) -> Lanes {
        let reduced = self.carry(self.sub(*a, self.constant(Constants::<F>::P)));
        // A negative value shows in the highest limb, which is not cut to 52 bits.
        self.choose(self.negative(reduced.0[4]), &reduced, a)
    }
}

/// `2^d / (256 a)` for eight elements `a`; nothing if one of them is zero. Elements are held as `a 2^260`.
///
/// To the library, the number `a 2^260` is the element `16 a`, whose inverse it holds as `2^256 / 16 a = 2^260 / 256 a`.
pub(crate) fn inverses_of_lanes<F: PastaField>(numbers: [Limbs; 8], d: u32) -> Option<[Limbs; 8]> {
    let elements = numbers.map(|number| canonical(&F::MODULUS_LIMBS, number));
    let mut prefix = elements;
    for i in 1..8 {
        prefix[i] = portable::mul::<F>(&prefix[i - 1], &elements[i]);
    }
    let inverse = portable::invert::<F>(&prefix[7])?;
    let mut inverse = (0..d).fold(inverse, |x, _| portable::add::<F>(&x, &x));
    let mut inverses = elements;
    for i in (1..8).rev() {
        inverses[i] = portable::mul::<F>(&inverse, &prefix[i - 1]);
        inverse = portable::mul::<F>(&inverse, &elements[i]);
    }
    inverses[0] = inverse;
    Some(inverses)
}

#[cfg(test)]
mod tests;
