//! Square roots in the Pasta fields, and points from an abscissa.
//!
//! `p - 1 = 2^32 t` with odd `t`. The power `w = a^((t - 1) / 2)` gives a candidate `a w` and its error `a^t = a w^2`, whose order divides
//! `2^32`: with `g` of that order and `a^t g^s = 1`, the root is `a w g^(s / 2)`, and there is none if `s` is odd. The logarithm `s` is
//! read off in four digits of eight bits from tables of powers of `g` (Pohlig and Hellman 1978; Sarkar, "Computing square roots
//! faster than the Tonelli-Shanks/Bernstein algorithm", 2020/1407).
//!
//! Portable code only: a root takes as long as 300 multiplications, and all generators of the longest key need a million of them once.
use crate::{
    curve::{sealed::Sealed, PastaCurve, PastaField},
    field::{is_zero, portable::*, Limbs},
    point::AffinePoint,
};

/// Bits of a digit of the logarithm.
const DIGIT: u32 = 8;
/// Digits of the logarithm.
const DIGITS: usize = 4;
const RADIX: usize = 1 << DIGIT;

/// What roots in one field need.
pub struct RootTables {
    /// `powers[i][k] = g^(k 256^i)`
    powers: [[Limbs; RADIX]; DIGITS],
    /// The lowest limbs of `h^-k`, where `h = g^(2^24)` has order 256, in order, each with `k`.
    logarithms: [(u64, u8); RADIX],
    /// `(t - 1) / 2` in digits of four bits, the highest first.
    exponent: Vec<u8>,
}

impl RootTables {
    pub(crate) fn new<F: PastaField>() -> Self {
        let one = F::ONE.to_limbs();
        let mut base = F::ROOT_OF_UNITY.to_limbs();
        let mut powers = [[one; RADIX]; DIGITS];
        for table in &mut powers {
            for k in 1..RADIX {
                table[k] = mul::<F>(&table[k - 1], &base);
            }
            base = mul::<F>(&table[RADIX - 1], &base);
        }
        // The highest table holds the powers of h.
        let mut logarithms = [(0, 0); RADIX];
        for (k, entry) in logarithms.iter_mut().enumerate() {
            let inverse = powers[DIGITS - 1][(RADIX - k) % RADIX];
            *entry = (inverse[0], k as u8);
        }
        logarithms.sort_unstable();
        assert!(logarithms.windows(2).all(|pair| pair[0].0 != pair[1].0));

        // p - 1 = 2^32 t, hence (t - 1) / 2 is p shifted by 33 bits: p = 1 modulo 2^32 and t is odd.
        let p = F::MODULUS_LIMBS;
        let nibble = |i: u32| {
            let bit = 33 + 4 * i;
            (0..4).fold(0, |nibble, k| {
                let place = (bit + k) as usize;
                let bit = p.get(place / 64).map_or(0, |limb| limb >> (place % 64) & 1);
                nibble | (bit as u8) << k
            })
        };
        let exponent = (0..56).rev().map(nibble).collect();
        Self {
            powers,
            logarithms,
            exponent,
        }
    }

    /// `k` with `b = h^-k`; `None` if `b` is no power of `h`.
    fn logarithm(&self, b: &Limbs) -> Option<usize> {
        let found = self.logarithms.binary_search_by_key(&b[0], |entry| entry.0);
        let k = usize::from(self.logarithms[found.ok()?].1);
        (self.powers[DIGITS - 1][(RADIX - k) % RADIX] == *b).then_some(k)
    }

    /// `a^((t - 1) / 2)`
    fn power<F: PastaField>(&self, a: &Limbs) -> Limbs {
        let mut multiples = [F::ONE.to_limbs(); 16];
        for k in 1..16 {
            multiples[k] = mul::<F>(&multiples[k - 1], a);
        }
        let mut digits = self.exponent.iter().skip_while(|digit| **digit == 0);
        let first = digits.next().map_or(0, |digit| usize::from(*digit));
        digits.fold(multiples[first], |power, &digit| {
            let power = (0..4).fold(power, |power, _| square::<F>(&power));
            match digit {
                0 => power,
                digit => mul::<F>(&power, &multiples[usize::from(digit)]),
            }
        })
    }

    /// A square root, for a reduced `a`.
    fn sqrt<F: PastaField>(&self, a: &Limbs) -> Option<Limbs> {
        if is_zero(a) {
            return Some(*a);
        }
        let w = self.power::<F>(a);
        let candidate = mul::<F>(a, &w);
        // a^t to the powers 1, 2^8, 2^16 and 2^24.
        let mut errors = [mul::<F>(&candidate, &w); DIGITS];
        for i in 1..DIGITS {
            errors[i] = (0..DIGIT).fold(errors[i - 1], |x, _| square::<F>(&x));
        }
        let mut s = [0; DIGITS];
        for (i, error) in errors.iter().rev().enumerate() {
            // What is known of s so far is taken out: g^(s_j 256^j) to the power 256^(3 - i).
            let rest = (0..i).fold(*error, |rest, j| {
                mul::<F>(&rest, &self.powers[j + DIGITS - 1 - i][s[j]])
            });
            s[i] = self.logarithm(&rest)?;
            if s[0] % 2 == 1 {
                return None;
            }
        }
        // s / 2, digit by digit.
        let mut root = candidate;
        for i in 0..DIGITS {
            let above = s.get(i + 1).map_or(0, |digit| digit % 2);
            let half = s[i] / 2 + above * RADIX / 2;
            root = mul::<F>(&root, &self.powers[i][half]);
        }
        Some(root)
    }
}

impl<C: PastaCurve> AffinePoint<C> {
    /// The point of the curve with this abscissa whose ordinate, an integer below the modulus, is odd or even as asked for.
    ///
    /// `None` if the curve has no point with this abscissa.
    pub fn with_abscissa(x: C::Base, odd: bool) -> Option<Self> {
        let x = x.to_limbs();
        let cube = mul::<C::Base>(&square::<C::Base>(&x), &x);
        let right = add::<C::Base>(&cube, &C::b().to_limbs());
        // No point has y = 0, so the two roots differ, and p is odd, so one of them is odd.
        let y = C::Base::root_tables().sqrt::<C::Base>(&right)?;
        let is_odd = to_integer::<C::Base>(&y)[0] & 1 == 1;
        let y = if is_odd == odd { y } else { neg::<C::Base>(&y) };
        Some(Self::new(x, y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_values::{field_elements, rng};
    use ff::{Field, PrimeField};
    use halo2curves::pasta::{Fp, Fq, PallasAffine, VestaAffine};

    fn roots<F: PastaField>() {
        let tables = F::root_tables();
        // Powers of g have all logarithms; odd ones are not squares.
        let roots_of_unity = std::iter::successors(Some(F::ROOT_OF_UNITY), |g| Some(g.square()));
        let mut rng = rng();
        let random = std::iter::repeat_with(|| F::random(&mut rng));
        let elements: Vec<F> = (field_elements::<F>(40).into_iter())
            .chain(roots_of_unity.take(33))
            .chain(random.take(200))
            .collect();
        let mut squares = 0;
        for x in &elements {
            let found = tables.sqrt::<F>(&x.to_limbs()).map(F::from_limbs);
            let theirs: Option<F> = x.sqrt().into();
            assert_eq!(found.is_some(), theirs.is_some(), "{x:?}");
            if let Some(root) = found {
                assert_eq!(root.square(), *x);
                squares += 1;
            }
            let square = tables.sqrt::<F>(&x.square().to_limbs()).map(F::from_limbs);
            assert!(square == Some(*x) || square == Some(-*x));
        }
        assert!(squares > 80 && squares < elements.len() - 80);
    }

    #[test]
    fn roots_are_the_librarys() {
        roots::<Fp>();
        roots::<Fq>();
    }

    fn points<C: PastaCurve>() {
        let mut found = 0;
        for i in 0..100 {
            let x = C::Base::from(i);
            let both = [false, true].map(|odd| AffinePoint::<C>::with_abscissa(x, odd));
            let [Some(even), Some(odd)] = both else {
                assert!(both.iter().all(Option::is_none));
                let right = x.square() * x + C::b();
                assert!(bool::from(right.sqrt().is_none()));
                continue;
            };
            found += 1;
            for (point, parity) in [(even, 0), (odd, 1)] {
                let c = point.to_affine().coordinates().unwrap();
                assert_eq!((*c.x(), c.y().to_repr().as_ref()[0] & 1), (x, parity));
            }
            assert_eq!(odd.to_affine(), -even.to_affine());
        }
        assert!((30..70).contains(&found));
    }

    #[test]
    fn points_have_the_abscissa_and_the_parity_asked_for() {
        points::<PallasAffine>();
        points::<VestaAffine>();
    }
}
