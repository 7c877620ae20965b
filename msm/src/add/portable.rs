//! The batch of additions, one at a time.
use super::{prefetch, Outcome, Pair};
use crate::{
    curve::{PastaCurve, PastaField},
    field::{is_zero, portable::*, Limbs},
    point::AffinePoint,
};

/// Chains of products that are independent, so that the processor can overlap them.
const CHAINS: usize = 4;

/// How many pairs ahead points are fetched into the cache.
const AHEAD: usize = 16;

/// Denominators and the products of the earlier ones of their chain.
#[derive(Default)]
pub(super) struct Scratch {
    denominators: Vec<Limbs>,
    prefix: Vec<Limbs>,
    kinds: Vec<Kind>,
}

/// What has to be done for a pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Different abscissas: the chord.
    Add,
    /// The same point twice: the tangent.
    Double,
    /// The left point is the identity.
    Right,
    /// The right point is the identity.
    Left,
    /// Opposite points.
    Cancel,
}

#[inline(always)]
fn operand<C: PastaCurve, const SIGNED: bool>(
    points: &[AffinePoint<C>],
    name: u32,
) -> (Limbs, Limbs) {
    let point = &points[(name >> 1) as usize];
    if SIGNED {
        let opposite = neg::<C::Base>(&point.y);
        (point.x, select(name & 1 == 1, opposite, point.y))
    } else {
        (point.x, point.y)
    }
}

/// Never [`Outcome::Exceptional`]: every case is told apart for each pair.
pub(super) fn add_batch<C: PastaCurve, const SIGNED: bool>(
    points: &[AffinePoint<C>],
    sums: &mut [AffinePoint<C>],
    pairs: &[Pair],
    scratch: &mut Scratch,
) -> Outcome {
    let one = <C::Base as ff::Field>::ONE.to_limbs();
    scratch.denominators.clear();
    scratch.prefix.clear();
    scratch.kinds.clear();
    let mut products = [one; CHAINS];
    for (i, &[left, right]) in pairs.iter().enumerate() {
        if SIGNED && i + AHEAD < pairs.len() {
            prefetch(points, &pairs[i + AHEAD..i + AHEAD + 1]);
        }
        let (a, b) = (
            &points[(left >> 1) as usize],
            &points[(right >> 1) as usize],
        );
        let mut denominator = sub::<C::Base>(&b.x, &a.x);
        let mut kind = Kind::Add;
        if is_zero(&denominator) || is_zero(&a.y) || is_zero(&b.y) {
            let (_, y1) = operand::<C, SIGNED>(points, left);
            let (_, y2) = operand::<C, SIGNED>(points, right);
            kind = match (a.is_identity(), b.is_identity()) {
                (true, _) => Kind::Right,
                (false, true) => Kind::Left,
                (false, false) if y1 == y2 => Kind::Double,
                (false, false) => Kind::Cancel,
            };
            denominator = match kind {
                Kind::Double => add::<C::Base>(&y1, &y1),
                _ => one,
            };
        }
        let product = &mut products[i % CHAINS];
        scratch.denominators.push(denominator);
        scratch.prefix.push(*product);
        scratch.kinds.push(kind);
        *product = mul::<C::Base>(product, &denominator);
    }

    let mut inverses = invert_all::<C::Base>(products);
    let mut outcome = Outcome::Ordinary;
    for i in (0..pairs.len()).rev() {
        let inverse = &mut inverses[i % CHAINS];
        let reciprocal = mul::<C::Base>(inverse, &scratch.prefix[i]);
        *inverse = mul::<C::Base>(inverse, &scratch.denominators[i]);
        let (x1, y1) = operand::<C, SIGNED>(points, pairs[i][0]);
        let (x2, y2) = operand::<C, SIGNED>(points, pairs[i][1]);
        let numerator = match scratch.kinds[i] {
            Kind::Add => sub::<C::Base>(&y2, &y1),
            Kind::Double => {
                let square = square::<C::Base>(&x1);
                add::<C::Base>(&square, &add::<C::Base>(&square, &square))
            }
            kind => {
                sums[i] = match kind {
                    Kind::Right => AffinePoint::new(x2, y2),
                    Kind::Left => AffinePoint::new(x1, y1),
                    _ => AffinePoint::IDENTITY,
                };
                if sums[i].is_identity() {
                    outcome = Outcome::Identity;
                }
                continue;
            }
        };
        let slope = mul::<C::Base>(&numerator, &reciprocal);
        let x3 = sub::<C::Base>(&sub::<C::Base>(&square::<C::Base>(&slope), &x1), &x2);
        let run = sub::<C::Base>(&x1, &x3);
        let y3 = sub::<C::Base>(&mul::<C::Base>(&slope, &run), &y1);
        sums[i] = AffinePoint::new(x3, y3);
    }
    outcome
}

/// The inverses of a few elements other than zero.
fn invert_all<F: PastaField>(elements: [Limbs; CHAINS]) -> [Limbs; CHAINS] {
    let mut prefix = elements;
    for i in 1..CHAINS {
        prefix[i] = mul::<F>(&prefix[i - 1], &elements[i]);
    }
    let mut inverse =
        invert::<F>(&prefix[CHAINS - 1]).expect("denominators are chosen to be other than zero");
    let mut inverses = elements;
    for i in (1..CHAINS).rev() {
        inverses[i] = mul::<F>(&inverse, &prefix[i - 1]);
        inverse = mul::<F>(&inverse, &elements[i]);
    }
    inverses[0] = inverse;
    inverses
}
