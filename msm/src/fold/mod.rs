//! `lo[i] + x hi[i]` for thousands of points and one scalar `x`, as the inner-product argument folds its generators.
//!
//! All additions are affine, with one field inversion for a whole chunk (Montgomery's trick): since the scalar is the same for every
//! point, all points of a chunk take the same steps. The scalar has the form `a + zeta b` with 64-bit `a, b`, and the curve's cube-root
//! endomorphism gives `zeta P` for one multiplication, so there are 64 doublings (Bowe, Grigg, Hopwood, "Halo", 2019/1021, section 6.2).
mod portable;
#[cfg(target_arch = "x86_64")]
mod vector;

use crate::{
    backend::{Backend, Kernels},
    curve::PastaCurve,
    point::AffinePoint,
};
use ff::WithSmallOrderMulGroup;
use halo2curves::group::Curve;
use rayon::prelude::*;

/// Points that share an inversion and stay in the cache together.
const CHUNK: usize = 1024;
/// Odd multiples kept of each point: 1, 3, 5, 7.
const MULTIPLES: usize = 4;

/// A scalar `a + zeta b`; `zeta`, a cube root of unity, is `WithSmallOrderMulGroup::ZETA` of the scalar field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndoScalar {
    /// The factor of one.
    pub a: u64,
    /// The factor of `zeta`.
    pub b: u64,
}

impl EndoScalar {
    /// The element of a scalar field.
    pub fn value<F: WithSmallOrderMulGroup<3>>(&self) -> F {
        F::from(self.a) + F::ZETA * F::from(self.b)
    }
}

/// A denominator was zero: two points of an addition have the same abscissa.
struct Exceptional;

/// Accumulators of a chunk, all of which take the same steps. None is the identity.
trait Lockstep {
    /// Doubles every accumulator.
    fn double(&mut self);

    /// Keeps a copy of the accumulators as multiple `index`.
    fn keep(&mut self, index: usize);

    /// Makes the accumulators multiple `index`, or its image under the endomorphism.
    fn take(&mut self, index: usize, endomorphism: bool);

    /// Adds multiple `index`, or its image, or the opposite.
    fn add(&mut self, index: usize, endomorphism: bool, negate: bool) -> Result<(), Exceptional>;
}

/// Non-adjacent form of width 4, low-order digit first: every digit is zero or odd and below 8 in absolute value.
fn digits(n: u64) -> Vec<i8> {
    let (mut n, mut digits) = (i128::from(n), Vec::with_capacity(65));
    while n != 0 {
        let digit = match (n & 15) as i8 {
            low if low & 1 == 0 => 0,
            low if low >= 8 => low - 16,
            low => low,
        };
        digits.push(digit);
        n = (n - i128::from(digit)) >> 1;
    }
    digits
}

/// Multiplies the accumulators by the scalar with the given digits, which is not zero.
fn multiply(chunk: &mut impl Lockstep, a: &[i8], b: &[i8]) -> Result<(), Exceptional> {
    // Twice the points, kept in the last place until it is needed there.
    chunk.keep(0);
    chunk.double();
    chunk.keep(MULTIPLES - 1);
    chunk.take(0, false);
    for index in 1..MULTIPLES {
        chunk.add(MULTIPLES - 1, false, false)?;
        chunk.keep(index);
    }
    let mut started = false;
    for i in (0..a.len().max(b.len())).rev() {
        if started {
            chunk.double();
        }
        for (digits, endomorphism) in [(a, false), (b, true)] {
            let digit = digits.get(i).copied().unwrap_or(0);
            if digit == 0 {
                continue;
            }
            let index = usize::from(digit.unsigned_abs()) / 2;
            if started {
                chunk.add(index, endomorphism, digit < 0)?;
            } else {
                // The first digit of a non-adjacent form is positive.
                chunk.take(index, endomorphism);
                started = true;
            }
        }
    }
    Ok(())
}

/// The same for a chunk in which an affine formula met a point it does not cover.
fn fold_slowly<C: PastaCurve>(
    lo: &[AffinePoint<C>],
    hi: &[AffinePoint<C>],
    x: &EndoScalar,
) -> Vec<AffinePoint<C>> {
    let x = x.value::<C::ScalarExt>();
    lo.iter()
        .zip(hi)
        .map(|(lo, hi)| (hi.to_affine() * x + lo.to_affine()).to_affine().into())
        .collect()
}

impl Backend {
    /// `lo[i] + x hi[i]` for every `i`. Panics if the slices differ in length.
    pub fn fold_points<C: PastaCurve>(
        self,
        lo: &[AffinePoint<C>],
        hi: &[AffinePoint<C>],
        x: &EndoScalar,
    ) -> Vec<AffinePoint<C>> {
        assert_eq!(lo.len(), hi.len());
        let digits = (digits(x.a), digits(x.b));
        let ordinary = (x.a, x.b) != (0, 0);
        let mut out = lo.to_vec();
        out.par_chunks_mut(CHUNK)
            .zip(hi.par_chunks(CHUNK))
            .for_each(|(lo, hi)| {
                let has_identity = || lo.iter().chain(hi).any(AffinePoint::is_identity);
                if !ordinary || has_identity() || self.fold_chunk(lo, hi, &digits).is_err() {
                    let folded = fold_slowly(lo, hi, x);
                    lo.copy_from_slice(&folded);
                }
            });
        out
    }

    /// Leaves `lo` as it is if there was an exception.
    fn fold_chunk<C: PastaCurve>(
        self,
        lo: &mut [AffinePoint<C>],
        hi: &[AffinePoint<C>],
        (a, b): &(Vec<i8>, Vec<i8>),
    ) -> Result<(), Exceptional> {
        match self.0 {
            Kernels::Portable => portable::fold(lo, hi, a, b),
            #[cfg(target_arch = "x86_64")]
            Kernels::Ifma(proof) => vector::fold(proof, lo, hi, a, b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_values::rng;
    use ff::Field;
    use halo2curves::pasta::{PallasAffine, VestaAffine};
    use rand_core::RngCore;

    fn random_points<C: PastaCurve>(n: usize) -> Vec<AffinePoint<C>> {
        let mut rng = rng();
        (0..n)
            .map(|_| {
                (C::generator() * C::ScalarExt::random(&mut rng))
                    .to_affine()
                    .into()
            })
            .collect()
    }

    fn agrees<C: PastaCurve>(lo: &[AffinePoint<C>], hi: &[AffinePoint<C>], a: u64, b: u64) {
        let x = EndoScalar { a, b };
        let expected = fold_slowly(lo, hi, &x);
        for backend in Backend::all() {
            let found = backend.fold_points(lo, hi, &x);
            assert!(found == expected, "{} points, {}", lo.len(), backend.name());
        }
    }

    fn random_folds<C: PastaCurve>() {
        let mut rng = rng();
        let all = random_points::<C>(2 * CHUNK + 2 * 77);
        for n in [1, 2, 7, 8, 9, 100, CHUNK + 77] {
            let (lo, hi) = all.split_at(all.len() / 2);
            let (lo, hi) = (&lo[..n], &hi[..n]);
            agrees(lo, hi, rng.next_u64(), rng.next_u64());
            if n < CHUNK {
                for (a, b) in [(1, 0), (0, 1), (u64::MAX, u64::MAX), (0, 0), (8, 1 << 63)] {
                    agrees(lo, hi, a, b);
                }
            }
        }
    }

    #[test]
    fn lockstep_folding_agrees_with_the_group_law() {
        random_folds::<PallasAffine>();
        random_folds::<VestaAffine>();
    }

    fn exceptional_points<C: PastaCurve>() {
        let points = random_points::<C>(20);
        agrees(&points, &points, 1, 0);
        let opposite: Vec<_> = points.iter().map(|p| (-p.to_affine()).into()).collect();
        agrees(&points, &opposite, 1, 0);
        let mut with_identity = points.clone();
        with_identity[13] = AffinePoint::IDENTITY;
        agrees(&points, &with_identity, 77, 5);
        agrees(&with_identity, &points, 77, 5);
    }

    #[test]
    fn exceptional_points_are_folded_slowly() {
        exceptional_points::<PallasAffine>();
        exceptional_points::<VestaAffine>();
    }

    fn endomorphism<C: PastaCurve>() {
        let point = C::generator();
        let c = point.coordinates().unwrap();
        let image = C::from_xy(C::Base::ZETA * c.x(), *c.y()).unwrap();
        assert_eq!(image, (point * C::ScalarExt::ZETA).to_affine());
    }

    #[test]
    fn the_two_cube_roots_belong_together() {
        endomorphism::<PallasAffine>();
        endomorphism::<VestaAffine>();
    }

    #[test]
    fn digits_add_up() {
        for n in [0, 1, 7, 8, 9, u64::MAX, 1 << 63, 0x1234_5678_9abc_def0] {
            let digits = digits(n);
            let value = digits
                .iter()
                .rev()
                .fold(0i128, |sum, &d| 2 * sum + i128::from(d));
            assert_eq!(value, i128::from(n));
            assert!(digits
                .iter()
                .all(|d| *d == 0 || (d % 2 != 0 && d.abs() < 8)));
            assert!(digits.last().is_none_or(|d| *d > 0));
        }
    }
}
