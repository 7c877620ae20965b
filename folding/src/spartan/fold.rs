//! Halving the generators of the inner-product argument: `G'_i = G_i + x H_i` for thousands of points and one `x`.
//!
//! All additions are affine, with one field inversion for a whole chunk (Montgomery's trick): since the scalar is the same for every
//! point, all points of a chunk take the same steps. The scalar has the form `a + zeta b` with 64-bit `a, b` and the curve's cube-root
//! endomorphism gives `zeta H` for one multiplication, so there are 64 doublings (Bowe, Grigg, Hopwood, "Halo", 2019/1021, section 6.2).
use super::engine::{Affine, SpartanEngine};
use ff::Field;
use nova_snark::provider::traits::DlogGroup;
use rayon::prelude::*;

/// Points that share an inversion and stay in the cache together.
const CHUNK: usize = 512;
/// Odd multiples kept of each point: 1, 3, 5, 7.
const TABLE: usize = 4;

/// A scalar `a + zeta b`.
///
/// Different pairs of 64-bit numbers give different scalars: `i + zeta j = 0` modulo the group order `q` implies that `q` divides
/// `i^2 - i j + j^2`, which is positive and far below `q` unless `i = j = 0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EndoScalar {
    pub a: u64,
    pub b: u64,
}

impl EndoScalar {
    /// The element of the scalar field.
    pub(super) fn value<E: SpartanEngine>(&self) -> E::Scalar {
        E::Scalar::from(self.a) + E::ENDO_SCALAR * E::Scalar::from(self.b)
    }
}

/// Non-adjacent form of width 4, low-order digit first: every digit is zero or odd and below 8 in absolute value.
fn digits(n: u64) -> Vec<i8> {
    let (mut n, mut digits) = (i128::from(n), Vec::with_capacity(65));
    while n != 0 {
        let digit = if n & 1 == 1 {
            let low = (n & 15) as i8;
            if low >= 8 {
                low - 16
            } else {
                low
            }
        } else {
            0
        };
        digits.push(digit);
        n = (n - i128::from(digit)) >> 1;
    }
    digits
}

/// `lo[i] + x hi[i]` for every `i`.
pub(super) fn fold<E: SpartanEngine>(
    lo: &[Affine<E>],
    hi: &[Affine<E>],
    x: &EndoScalar,
) -> Vec<Affine<E>> {
    let (a, b) = (digits(x.a), digits(x.b));
    lo.par_chunks(CHUNK)
        .zip(hi.par_chunks(CHUNK))
        .flat_map_iter(|(lo, hi)| {
            Chunk::<E>::fold(lo, hi, &a, &b).unwrap_or_else(|| fold_slowly::<E>(lo, hi, x))
        })
        .collect()
}

/// The same for a chunk in which an affine formula met a point it does not cover.
fn fold_slowly<E: SpartanEngine>(
    lo: &[Affine<E>],
    hi: &[Affine<E>],
    x: &EndoScalar,
) -> Vec<Affine<E>> {
    let x = x.value::<E>();
    lo.iter()
        .zip(hi)
        .map(|(lo, hi)| (E::GE::group(hi) * x + E::GE::group(lo)).affine())
        .collect()
}

/// Affine points, coordinates apart.
#[derive(Clone)]
struct Points<F> {
    x: Vec<F>,
    y: Vec<F>,
}

impl<F: Field> Points<F> {
    fn new<E: SpartanEngine<Base = F>>(points: &[Affine<E>]) -> Self {
        let (x, y) = points.iter().map(E::coordinates).unzip();
        Self { x, y }
    }
}

/// Accumulators of a chunk and the memory of the shared inversion.
struct Chunk<E: SpartanEngine> {
    acc: Points<E::Base>,
    denominators: Vec<E::Base>,
    prefix: Vec<E::Base>,
}

impl<E: SpartanEngine> Chunk<E> {
    /// `None` if a denominator was zero.
    fn fold(lo: &[Affine<E>], hi: &[Affine<E>], a: &[i8], b: &[i8]) -> Option<Vec<Affine<E>>> {
        let (base, lo) = (Points::new::<E>(hi), Points::new::<E>(lo));
        // The formula for adding does not notice the identity, the only point with y = 0; in `hi`, doubling does.
        if lo.y.iter().any(|y| bool::from(y.is_zero())) {
            return None;
        }
        let mut chunk = Self {
            denominators: Vec::with_capacity(hi.len()),
            prefix: Vec::with_capacity(hi.len()),
            acc: base.clone(),
        };
        let multiples = chunk.odd_multiples(base)?;
        let images: Vec<Vec<E::Base>> = multiples
            .iter()
            .map(|m| m.x.iter().map(|x| E::ENDO_BASE * x).collect())
            .collect();

        let mut started = false;
        for i in (0..a.len().max(b.len())).rev() {
            if started {
                chunk.double()?;
            }
            for (digits, endo) in [(a, false), (b, true)] {
                let digit = digits.get(i).copied().unwrap_or(0);
                if digit == 0 {
                    continue;
                }
                let m = usize::from(digit.unsigned_abs()) / 2;
                let xs = if endo { &images[m] } else { &multiples[m].x };
                if started {
                    chunk.add(xs, &multiples[m].y, digit < 0)?;
                } else {
                    // The first digit of a non-adjacent form is positive.
                    chunk.acc.x.clone_from(xs);
                    chunk.acc.y.clone_from(&multiples[m].y);
                    started = true;
                }
            }
        }
        if !started {
            return None;
        }
        chunk.add(&lo.x, &lo.y, false)?;
        let Points { x, y } = chunk.acc;
        Some(
            x.into_iter()
                .zip(y)
                .map(|(x, y)| E::from_coordinates(x, y))
                .collect(),
        )
    }

    /// 1, 3, 5 and 7 times the accumulators, which hold `base`.
    fn odd_multiples(&mut self, base: Points<E::Base>) -> Option<Vec<Points<E::Base>>> {
        self.double()?;
        let double = std::mem::replace(&mut self.acc, base);
        let mut multiples = Vec::with_capacity(TABLE);
        multiples.push(self.acc.clone());
        for _ in 1..TABLE {
            self.add(&double.x, &double.y, false)?;
            multiples.push(self.acc.clone());
        }
        Some(multiples)
    }

    /// Doubles every accumulator.
    fn double(&mut self) -> Option<()> {
        self.denominators.clear();
        self.denominators
            .extend(self.acc.y.iter().map(Field::double));
        let acc = &mut self.acc;
        invert_each(&self.denominators, &mut self.prefix, |i, inverse| {
            let (x, y) = (acc.x[i], acc.y[i]);
            let square = x.square();
            let slope = (square.double() + square) * inverse;
            acc.x[i] = slope.square() - x.double();
            acc.y[i] = slope * (x - acc.x[i]) - y;
        })
    }

    /// Adds a point, or its opposite, to every accumulator.
    fn add(&mut self, xs: &[E::Base], ys: &[E::Base], negate: bool) -> Option<()> {
        self.denominators.clear();
        let differences = xs.iter().zip(&self.acc.x).map(|(x, acc)| *x - acc);
        self.denominators.extend(differences);
        let acc = &mut self.acc;
        invert_each(&self.denominators, &mut self.prefix, |i, inverse| {
            let (x, y) = (acc.x[i], acc.y[i]);
            let rise = if negate { -ys[i] - y } else { ys[i] - y };
            let slope = rise * inverse;
            acc.x[i] = slope.square() - x - xs[i];
            acc.y[i] = slope * (x - acc.x[i]) - y;
        })
    }
}

/// Calls `visit(i, 1 / values[i])` for every `i`, or nothing and `None` if one of the values is zero.
fn invert_each<F: Field>(
    values: &[F],
    prefix: &mut Vec<F>,
    mut visit: impl FnMut(usize, F),
) -> Option<()> {
    prefix.clear();
    let mut product = F::ONE;
    for value in values {
        prefix.push(product);
        product *= value;
    }
    let mut inverse = Option::<F>::from(product.invert())?;
    for i in (0..values.len()).rev() {
        visit(i, inverse * prefix[i]);
        inverse *= values[i];
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Primary, Secondary};
    use rand_core::{OsRng, RngCore};

    fn random_points<E: SpartanEngine>(n: usize) -> Vec<Affine<E>> {
        (0..n)
            .map(|_| (E::GE::gen() * E::Scalar::random(OsRng)).affine())
            .collect()
    }

    fn agrees_with_group_law<E: SpartanEngine>(lo: &[Affine<E>], hi: &[Affine<E>], x: EndoScalar) {
        assert!(fold::<E>(lo, hi, &x) == fold_slowly::<E>(lo, hi, &x));
    }

    fn random_folds<E: SpartanEngine>() {
        for n in [1, 2, 3, CHUNK + 1] {
            let (lo, hi) = (random_points::<E>(n), random_points::<E>(n));
            let (a, b) = (OsRng.next_u64(), OsRng.next_u64());
            agrees_with_group_law::<E>(&lo, &hi, EndoScalar { a, b });
            for (a, b) in [(1, 0), (0, 1), (u64::MAX, u64::MAX), (0, 0), (8, 1 << 63)] {
                agrees_with_group_law::<E>(&lo, &hi, EndoScalar { a, b });
            }
        }
    }

    #[test]
    fn lockstep_folding_agrees_with_the_group_law() {
        random_folds::<Primary>();
        random_folds::<Secondary>();
    }

    #[test]
    fn exceptional_points_take_the_slow_path() {
        type E = Primary;
        let points = random_points::<E>(3);
        let identity = E::from_coordinates(Field::ZERO, Field::ZERO);
        let x = EndoScalar { a: 1, b: 0 };
        agrees_with_group_law::<E>(&points, &points, x);
        let opposite: Vec<_> = points.iter().map(|p| -*p).collect();
        agrees_with_group_law::<E>(&points, &opposite, x);
        let with_identity = [points[0], identity, points[2]];
        agrees_with_group_law::<E>(&points, &with_identity, EndoScalar { a: 77, b: 5 });
        agrees_with_group_law::<E>(&with_identity, &points, EndoScalar { a: 77, b: 5 });
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
