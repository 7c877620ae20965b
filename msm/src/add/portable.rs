//! The additions, one at a time.
use super::prefetch;
use crate::{
    curve::{PastaCurve, PastaField},
    field::{is_zero, portable::*, Limbs},
    point::AffinePoint,
};

/// Chains of products that are independent, so that the processor can overlap them.
const CHAINS: usize = 4;

/// How many additions ahead points are fetched into the cache.
const AHEAD: usize = 16;

/// Coordinates, `(0, 0)` for the identity.
type Coordinates = (Limbs, Limbs);

/// The sums, and memory of the shared inversion: denominators and the products of the earlier ones of their chain.
#[derive(Default)]
pub(super) struct Sums {
    sums: Vec<Coordinates>,
    denominators: Vec<Limbs>,
    prefix: Vec<Limbs>,
    kinds: Vec<Kind>,
}

/// What has to be done to add a point to a sum.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Different abscissas: the chord.
    Add,
    /// The same point: the tangent.
    Double,
    /// The sum is the identity.
    Replace,
    /// Opposite points.
    Cancel,
}

#[inline(always)]
fn named<C: PastaCurve>(points: &[AffinePoint<C>], name: u32) -> Coordinates {
    let point = &points[(name >> 1) as usize];
    let opposite = neg::<C::Base>(&point.y);
    (point.x, select(name & 1 == 1, opposite, point.y))
}

impl Sums {
    pub(super) fn start<C: PastaCurve>(&mut self, points: &[AffinePoint<C>], names: &[u32]) {
        self.sums.clear();
        self.sums
            .extend(names.iter().map(|name| named(points, *name)));
    }

    pub(super) fn eight<C: PastaCurve>(&self, first: usize) -> [AffinePoint<C>; 8] {
        std::array::from_fn(|i| {
            let (x, y) = self.sums.get(first + i).copied().unwrap_or_default();
            AffinePoint::new(x, y)
        })
    }

    pub(super) fn step<C: PastaCurve>(&mut self, points: &[AffinePoint<C>], names: &[u32]) {
        let one = <C::Base as ff::Field>::ONE.to_limbs();
        self.denominators.clear();
        self.prefix.clear();
        self.kinds.clear();
        let mut products = [one; CHAINS];
        for (i, (&name, (x1, y1))) in names.iter().zip(&self.sums).enumerate() {
            if let Some(later) = names.get(i + AHEAD) {
                prefetch(points, &[*later]);
            }
            let x2 = &points[(name >> 1) as usize].x;
            let mut denominator = sub::<C::Base>(x2, x1);
            let mut kind = Kind::Add;
            if is_zero(&denominator) || is_zero(y1) {
                kind = match named(points, name) {
                    _ if is_zero(y1) => Kind::Replace,
                    (_, y2) if *y1 == y2 => Kind::Double,
                    _ => Kind::Cancel,
                };
                denominator = match kind {
                    Kind::Double => add::<C::Base>(y1, y1),
                    _ => one,
                };
            }
            let product = &mut products[i % CHAINS];
            self.denominators.push(denominator);
            self.prefix.push(*product);
            self.kinds.push(kind);
            *product = mul::<C::Base>(product, &denominator);
        }

        let mut inverses = invert_all::<C::Base>(products);
        for (i, &name) in names.iter().enumerate().rev() {
            let inverse = &mut inverses[i % CHAINS];
            let reciprocal = mul::<C::Base>(inverse, &self.prefix[i]);
            *inverse = mul::<C::Base>(inverse, &self.denominators[i]);
            let (x2, y2) = named(points, name);
            let sum = &mut self.sums[i];
            let (x1, y1) = *sum;
            let numerator = match self.kinds[i] {
                Kind::Add => sub::<C::Base>(&y2, &y1),
                Kind::Double => {
                    let square = square::<C::Base>(&x1);
                    add::<C::Base>(&square, &add::<C::Base>(&square, &square))
                }
                Kind::Replace => {
                    *sum = (x2, y2);
                    continue;
                }
                Kind::Cancel => {
                    *sum = Coordinates::default();
                    continue;
                }
            };
            let slope = mul::<C::Base>(&numerator, &reciprocal);
            let x3 = sub::<C::Base>(&sub::<C::Base>(&square::<C::Base>(&slope), &x1), &x2);
            let run = sub::<C::Base>(&x1, &x3);
            let y3 = sub::<C::Base>(&mul::<C::Base>(&slope, &run), &y1);
            *sum = (x3, y3);
        }
    }
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
