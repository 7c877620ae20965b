//! The additions, one at a time.
//!
//! Sums are fully reduced, and so are denominators; what lies between is reduced as far as products need. With `p < 0.2501 2^256`, in
//! units of `p`: products of denominators and inverses stay below `0.2501 * 1.34 + 1 < 1.34`, a reciprocal is below
//! `0.2501 * 1.34^2 + 1 < 1.45`, a slope, whose numerator is below 2, below `0.2501 * 2 * 1.45 + 1 < 1.73`, its square below 1.75, and its
//! product with a run below 2 is below 1.87.
use super::prefetch;
use crate::{
    curve::{PastaCurve, PastaField},
    field::{add_limbs, is_zero, portable::*, sub_limbs, Limbs},
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

/// `y2 - y1`, or `-y2 - y1` if `name` says so, up to a multiple of `p`: a number between 0 and `2p`.
#[inline(always)]
fn rise<F: PastaField>(y2: &Limbs, y1: &Limbs, name: u32) -> Limbs {
    // With all bits inverted, y2 becomes -1 - y2.
    let [p0, p1, p2, p3] = F::MODULUS_LIMBS;
    let [q0, q1, q2, q3] = twice::<F>();
    let negative = name & 1 == 1;
    let base = select(negative, [q0 + 1, q1, q2, q3], [p0, p1, p2, p3]);
    let flip = u64::from(negative).wrapping_neg();
    let signed = y2.map(|limb| limb ^ flip);
    add_limbs(&sub_limbs(&signed, y1).0, &base).0
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
            *product = mul_loosely::<C::Base>(product, &denominator);
        }

        let mut inverses = invert_all::<C::Base>(products);
        for (i, &name) in names.iter().enumerate().rev() {
            let inverse = &mut inverses[i % CHAINS];
            let reciprocal = mul_loosely::<C::Base>(inverse, &self.prefix[i]);
            *inverse = mul_loosely::<C::Base>(inverse, &self.denominators[i]);
            let point = &points[(name >> 1) as usize];
            let sum = &mut self.sums[i];
            let (x1, y1) = *sum;
            let numerator = match self.kinds[i] {
                Kind::Add => rise::<C::Base>(&point.y, &y1, name),
                Kind::Double => {
                    let square = square::<C::Base>(&x1);
                    add::<C::Base>(&square, &add::<C::Base>(&square, &square))
                }
                Kind::Replace => {
                    *sum = named(points, name);
                    continue;
                }
                Kind::Cancel => {
                    *sum = Coordinates::default();
                    continue;
                }
            };
            let slope = mul_loosely::<C::Base>(&numerator, &reciprocal);
            // Between 0 and 3.75 p: two p more than the square less both abscissas.
            let x3 = sub_loosely::<C::Base>(&square_loosely::<C::Base>(&slope), &x1);
            let x3 = reduce::<C::Base>(sub_loosely::<C::Base>(&x3, &point.x));
            let run = sub_loosely::<C::Base>(&x1, &x3);
            let y3 = sub_loosely::<C::Base>(&mul_loosely::<C::Base>(&slope, &run), &y1);
            *sum = (x3, reduce::<C::Base>(y3));
        }
    }
}

/// The inverses of a few elements below `1.34 p` other than zero.
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
