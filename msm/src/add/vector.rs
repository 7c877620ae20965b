//! The batch of additions, eight at a time. The bounds of all values are derived in `VECTOR.md`.
//!
//! Coordinates are read as the library stores them, `x 2^256`; for these kernels, to which `a 2^260` is the element `a`, they are the
//! coordinates divided by 16. Slopes of differences are the true ones, and the squared slope must be divided by 16, too. So the inverses
//! of the denominators are made with a factor 1/4, which costs nothing, and the product of that slope with the run takes a factor 4.
use super::{prefetch, Outcome, Pair, GROUP};
use crate::{
    curve::{PastaCurve, PastaField},
    field::vector::{inverses_of_lanes, Ifma, Lanes, Loose, Vector},
    point::AffinePoint,
};

/// Chains of products that are independent, so that the processor can overlap them.
const CHAINS: usize = 4;
/// Vectors whose additions are computed side by side, to hide the latency of the multiplier.
const SIDE_BY_SIDE: usize = 2;
/// How many vectors ahead points are fetched into the cache.
const AHEAD: usize = 4;

const _: () = assert!(GROUP == 8 * SIDE_BY_SIDE && CHAINS.is_multiple_of(SIDE_BY_SIDE));

/// Lanes in memory.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Stored([[u64; 8]; 5]);

/// Denominators, and the products of the earlier ones of their chain.
#[derive(Default)]
pub(super) struct Scratch {
    denominators: Vec<Stored>,
    prefix: Vec<Stored>,
}

impl Scratch {
    fn reserve(&mut self, vectors: usize) {
        if self.prefix.len() < vectors {
            self.denominators.resize(vectors, Stored([[0; 8]; 5]));
            self.prefix.resize(vectors, Stored([[0; 8]; 5]));
        }
    }
}

/// Coordinates of eight pairs of points: below `2p + 2^216`.
#[derive(Clone, Copy)]
struct Operands {
    x1: Lanes,
    y1: Lanes,
    x2: Lanes,
    y2: Lanes,
}

impl Operands {
    #[inline(always)]
    fn splat(a: Lanes) -> Self {
        let (x1, y1, x2, y2) = (a, a, a, a);
        Self { x1, y1, x2, y2 }
    }
}

pub(super) fn add_batch<C: PastaCurve, const SIGNED: bool>(
    proof: Ifma,
    points: &[AffinePoint<C>],
    sums: &mut [AffinePoint<C>],
    pairs: &[Pair],
    scratch: &mut Scratch,
    careful: bool,
) -> Outcome {
    let (pairs, []) = pairs.as_chunks() else {
        unreachable!("whole groups");
    };
    let vectors = pairs.len();
    assert!(vectors.is_multiple_of(SIDE_BY_SIDE));
    let (sums, []) = sums.as_chunks_mut() else {
        unreachable!("as many sums as pairs");
    };
    assert_eq!(sums.len(), vectors);
    scratch.reserve(vectors);
    let k = Vector::<C::Base>::new(proof);
    if !careful {
        // SAFETY: `proof` exists only if the processor has the features that the kernel is compiled for.
        let outcome =
            unsafe { kernel::<C, SIGNED, false>(k, points, sums, pairs, scratch, vectors) };
        if outcome != Outcome::Exceptional {
            return outcome;
        }
    }
    // SAFETY: as above.
    unsafe { kernel::<C, SIGNED, true>(k, points, sums, pairs, scratch, vectors) }
}

/// Abscissas and ordinates of eight points.
#[inline(always)]
fn load_points<C: PastaCurve>(
    k: Vector<C::Base>,
    points: &[AffinePoint<C>],
    pairs: &[Pair; 8],
    side: usize,
) -> (Lanes, Lanes) {
    let mut rows = [k.zero(); 8];
    for (row, pair) in rows.iter_mut().zip(pairs) {
        *row = k.load_point(&points[(pair[side] >> 1) as usize]);
    }
    let [x0, x1, x2, x3, y0, y1, y2, y3] = k.transpose(rows);
    (
        k.split_words([x0, x1, x2, x3]),
        k.split_words([y0, y1, y2, y3]),
    )
}

/// Stores eight points.
#[inline(always)]
fn store_points<C: PastaCurve>(
    k: Vector<C::Base>,
    sums: &mut [AffinePoint<C>; 8],
    x: &Lanes,
    y: &Lanes,
) {
    let ([x0, x1, x2, x3], [y0, y1, y2, y3]) = (k.to_words(x), k.to_words(y));
    let rows = k.transpose([x0, x1, x2, x3, y0, y1, y2, y3]);
    for (sum, row) in sums.iter_mut().zip(rows) {
        k.store_point(sum, row);
    }
}

#[inline(always)]
fn load_operands<C: PastaCurve>(
    k: Vector<C::Base>,
    points: &[AffinePoint<C>],
    pairs: &[Pair; 8],
) -> Operands {
    let (x1, y1) = load_points(k, points, pairs, 0);
    let (x2, y2) = load_points(k, points, pairs, 1);
    Operands { x1, y1, x2, y2 }
}

/// The lanes of special cases.
#[derive(Clone, Copy, Default)]
struct Special {
    /// The left point is the identity, and the right point.
    left_identity: u8,
    right_identity: u8,
    /// The same point twice.
    double: u8,
    /// Opposite points.
    cancel: u8,
}

impl Special {
    /// `y1` and `y2` with their signs, below `4p + 2^216`.
    #[inline(always)]
    fn of<F: PastaField>(k: Vector<F>, points: &Operands, y1: Loose, y2: Loose) -> Self {
        let left_identity = k.all_zero(&points.x1) & k.all_zero(&points.y1);
        let right_identity = k.all_zero(&points.x2) & k.all_zero(&points.y2);
        let same_x = k.multiple_of_p(&k.carry(k.sub_4p(points.x2, points.x1)));
        let same_y = k.multiple_of_p(&k.carry(k.sub_4p(y2, y1)));
        let both = same_x & !left_identity & !right_identity;
        Self {
            left_identity,
            right_identity,
            double: both & same_y,
            cancel: both & !same_y,
        }
    }

    /// Lanes that need no division.
    #[inline(always)]
    fn without_division(self) -> u8 {
        self.left_identity | self.right_identity | self.cancel
    }
}

/// The ordinates with their signs: below `4p`, in `0..` up to limbs that are not carried.
#[inline(always)]
fn signed_ordinates<F: PastaField, const SIGNED: bool>(
    k: Vector<F>,
    points: &Operands,
    pairs: &[Pair; 8],
) -> (Loose, Loose) {
    if SIGNED {
        let (left, right) = k.odd_numbers(pairs);
        (
            k.negate_where(left, &points.y1),
            k.negate_where(right, &points.y2),
        )
    } else {
        (points.y1.into(), points.y2.into())
    }
}

/// Without `CAREFUL`, no point is the identity, and equal abscissas are noticed by a product of denominators that is zero.
#[target_feature(enable = "avx512f,avx512ifma")]
fn kernel<C: PastaCurve, const SIGNED: bool, const CAREFUL: bool>(
    k: Vector<C::Base>,
    points: &[AffinePoint<C>],
    sums: &mut [[AffinePoint<C>; 8]],
    pairs: &[[Pair; 8]],
    scratch: &mut Scratch,
    vectors: usize,
) -> Outcome {
    let one = k.one();
    let denominators = &mut scratch.denominators[..vectors];
    let prefix = &mut scratch.prefix[..vectors];
    let mut products = [one; CHAINS];
    for v in 0..vectors {
        if SIGNED && v + AHEAD < vectors {
            prefetch(points, &pairs[v + AHEAD]);
        }
        let denominator = if CAREFUL {
            let operands = load_operands(k, points, &pairs[v]);
            let (y1, y2) = signed_ordinates::<C::Base, SIGNED>(k, &operands, &pairs[v]);
            let special = Special::of(k, &operands, y1, y2);
            let difference = k.carry(k.sub_4p(operands.x2, operands.x1));
            // Below 8p.
            let tangent = k.carry(k.add(y1, y1));
            let denominator = k.choose(special.double, &difference, &tangent);
            k.choose(special.without_division(), &denominator, &one)
        } else {
            let x1 = k.load_abscissas(points, &pairs[v], 0);
            let x2 = k.load_abscissas(points, &pairs[v], 1);
            k.carry(k.sub_4p(x2, x1))
        };
        let product = &mut products[v % CHAINS];
        k.store_lanes(&mut denominators[v].0, &denominator);
        k.store_lanes(&mut prefix[v].0, product);
        *product = k.product(product, &denominator);
    }

    let Some(mut inverses) = quartered_inverses(k, products) else {
        // The careful kernel puts a number other than zero for each denominator.
        assert!(!CAREFUL, "no denominator is zero");
        return Outcome::Exceptional;
    };
    let mut identities = 0;
    for v in (0..vectors).step_by(SIDE_BY_SIDE).rev() {
        if SIGNED && v >= AHEAD {
            for pairs in &pairs[v - AHEAD..][..SIDE_BY_SIDE] {
                prefetch(points, pairs);
            }
        }
        // Plain loops: a closure would be compiled without the features of this function, and not always be inlined.
        let mut reciprocals = [one; SIDE_BY_SIDE];
        for i in 0..SIDE_BY_SIDE {
            let inverse = &mut inverses[(v + i) % CHAINS];
            reciprocals[i] = k.product(inverse, &k.load_lanes(&prefix[v + i].0));
            *inverse = k.product(inverse, &k.load_lanes(&denominators[v + i].0));
        }
        let mut operands = [Operands::splat(one); SIDE_BY_SIDE];
        let mut ordinates = [(Loose::from(one), Loose::from(one)); SIDE_BY_SIDE];
        let mut rises = [one; SIDE_BY_SIDE];
        let mut special = [Special::default(); SIDE_BY_SIDE];
        for i in 0..SIDE_BY_SIDE {
            operands[i] = load_operands(k, points, &pairs[v + i]);
            let (y1, y2) = signed_ordinates::<C::Base, SIGNED>(k, &operands[i], &pairs[v + i]);
            ordinates[i] = (y1, y2);
            rises[i] = k.carry(k.sub_4p(y2, y1));
            if CAREFUL {
                special[i] = Special::of(k, &operands[i], y1, y2);
                // The slope 3 x^2 / 2 y is 16 times that of coordinates divided by 16.
                let square = k.carry(k.square(&operands[i].x1));
                let tangent = k.product(&square, &k.times_16(3));
                rises[i] = k.choose(special[i].double, &rises[i], &tangent);
            }
        }
        let mut slopes = [one; SIDE_BY_SIDE];
        for i in 0..SIDE_BY_SIDE {
            slopes[i] = k.product(&rises[i], &reciprocals[i]);
        }
        let mut squares = [Loose::from(one); SIDE_BY_SIDE];
        for i in 0..SIDE_BY_SIDE {
            squares[i] = k.square(&slopes[i]);
        }
        let (mut x3, mut runs) = ([one; SIDE_BY_SIDE], [one; SIDE_BY_SIDE]);
        for i in 0..SIDE_BY_SIDE {
            let Operands { x1, x2, .. } = operands[i];
            x3[i] = k.reduce(k.sub(k.sub_4p(squares[i], x1), x2));
            runs[i] = k.carry(k.quadruple(k.sub_4p(x1, x3[i])));
        }
        let mut falls = [Loose::from(one); SIDE_BY_SIDE];
        for i in 0..SIDE_BY_SIDE {
            falls[i] = k.mul(&slopes[i], &runs[i]);
        }
        for i in 0..SIDE_BY_SIDE {
            let (y1, y2) = ordinates[i];
            let (mut x, mut y) = (x3[i], k.reduce(k.sub_4p(falls[i], y1)));
            if CAREFUL {
                let Special {
                    left_identity,
                    right_identity,
                    cancel,
                    ..
                } = special[i];
                let (x1, x2) = (&operands[i].x1, &operands[i].x2);
                (x, y) = (
                    k.choose(left_identity, &x, x2),
                    k.choose(left_identity, &y, &k.reduce(y2)),
                );
                (x, y) = (
                    k.choose(right_identity, &x, x1),
                    k.choose(right_identity, &y, &k.reduce(y1)),
                );
                let identity = (left_identity & right_identity) | cancel;
                let zero = k.number(0);
                (x, y) = (k.choose(identity, &x, &zero), k.choose(identity, &y, &zero));
                identities |= identity;
            }
            store_points(k, &mut sums[v + i], &x, &y);
        }
    }
    if identities == 0 {
        Outcome::Ordinary
    } else {
        Outcome::Identity
    }
}

/// `1 / (4 a)` for every lane of every chain, or nothing if one of them is zero.
#[inline(always)]
fn quartered_inverses<F: PastaField>(
    k: Vector<F>,
    chains: [Lanes; CHAINS],
) -> Option<[Lanes; CHAINS]> {
    let [a, b, c, d] = chains;
    let (ab, cd) = (k.product(&a, &b), k.product(&c, &d));
    let all = k.product(&ab, &cd);
    if k.multiple_of_p(&all) != 0 {
        return None;
    }
    let inverse = k.lanes_of(&inverses_of_lanes::<F>(k.to_limbs(&all), 6)?);
    let (ab_inverse, cd_inverse) = (k.product(&inverse, &cd), k.product(&inverse, &ab));
    Some([
        k.product(&ab_inverse, &b),
        k.product(&ab_inverse, &a),
        k.product(&cd_inverse, &d),
        k.product(&cd_inverse, &c),
    ])
}

impl<F: PastaField> Vector<F> {
    /// The abscissas of eight points.
    #[inline(always)]
    fn load_abscissas<C: PastaCurve<Base = F>>(
        self,
        points: &[AffinePoint<C>],
        pairs: &[Pair; 8],
        side: usize,
    ) -> Lanes {
        let mut rows = [self.zero(); 4];
        for (row, (a, b)) in rows.iter_mut().zip([(0, 2), (1, 3), (4, 6), (5, 7)]) {
            let (a, b) = (pairs[a][side] >> 1, pairs[b][side] >> 1);
            *row = self.load_two(&points[a as usize].x, &points[b as usize].x);
        }
        self.split_words(self.transpose_halves(rows))
    }
}
