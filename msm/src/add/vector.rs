//! The additions, eight sums at a time. The bounds of all values are derived in `VECTOR.md`.
//!
//! Coordinates are read as the library stores them, `x 2^256`; for these kernels, to which `a 2^260` is the element `a`, they are the
//! coordinates divided by 16. Slopes of differences are the true ones, and the squared slope must be divided by 16, too. So the inverses
//! of the denominators are made with a factor 1/4, which costs nothing, and the product of that slope with the run takes a factor 4.
use super::{prefetch, GROUP};
use crate::{
    curve::{PastaCurve, PastaField},
    field::vector::{inverses_of_lanes, Ifma, Lanes, Loose, Vector, Words},
    point::AffinePoint,
};

/// Chains of products that are independent, so that the processor can overlap them.
const CHAINS: usize = 4;
/// How many vectors ahead points are fetched into the cache.
const AHEAD: usize = 12;

const _: () = assert!(GROUP == 8);

/// Lanes in memory.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Stored<const N: usize>([[u64; 8]; N]);

/// Eight sums: coordinates below `2p + 2^216`.
#[derive(Clone, Copy)]
struct Eight {
    x: Stored<5>,
    y: Stored<5>,
}

/// What the first half of a step leaves to the second for eight additions.
#[derive(Clone, Copy)]
struct Half {
    denominators: Stored<5>,
    /// The product of the denominators of the same chain before these.
    prefix: Stored<5>,
    /// The words of the ordinates of the points that are added, without their signs.
    ordinates: Stored<4>,
}

#[derive(Default)]
pub(super) struct Sums {
    sums: Vec<Eight>,
    halves: Vec<Half>,
    /// Whether some sum may be the identity.
    careful: bool,
}

impl Sums {
    /// One sum for each name; names come in whole groups.
    pub(super) fn start<C: PastaCurve>(
        &mut self,
        proof: Ifma,
        points: &[AffinePoint<C>],
        names: &[u32],
    ) {
        let names = whole_vectors(names);
        if self.sums.len() < names.len() {
            let (five, four) = (Stored([[0; 8]; 5]), Stored([[0; 8]; 4]));
            self.sums.resize(names.len(), Eight { x: five, y: five });
            let half = Half {
                denominators: five,
                prefix: five,
                ordinates: four,
            };
            self.halves.resize(names.len(), half);
        }
        self.careful = false;
        let k = Vector::<C::Base>::new(proof);
        // SAFETY: `proof` exists only if the processor has the features that the kernel is compiled for.
        unsafe { load(k, points, names, &mut self.sums) }
    }

    /// Adds points to the first `count` sums.
    pub(super) fn step<C: PastaCurve>(
        &mut self,
        proof: Ifma,
        points: &[AffinePoint<C>],
        names: &[u32],
        count: usize,
    ) {
        let names = whole_vectors(names);
        let sums = &mut self.sums[..names.len()];
        let halves = &mut self.halves[..names.len()];
        let k = Vector::<C::Base>::new(proof);
        if !self.careful {
            // SAFETY: `proof` exists only if the processor has the features that the kernel is compiled for.
            let done = unsafe { kernel::<C, false>(k, points, sums, halves, names, count) };
            if done != Outcome::Exceptional {
                return;
            }
        }
        // SAFETY: as above.
        let done = unsafe { kernel::<C, true>(k, points, sums, halves, names, count) };
        self.careful |= done == Outcome::Identity;
    }

    /// Sums `first..first + 8`; `first` is a multiple of eight.
    #[inline]
    pub(super) fn eight<C: PastaCurve>(&self, proof: Ifma, first: usize) -> [AffinePoint<C>; 8] {
        let mut sums = [AffinePoint::IDENTITY; 8];
        let k = Vector::<C::Base>::new(proof);
        // SAFETY: `proof` exists only if the processor has the features that the kernel is compiled for.
        unsafe { store(k, &self.sums[first / 8], &mut sums) };
        sums
    }
}

fn whole_vectors(names: &[u32]) -> &[[u32; 8]] {
    let (names, []) = names.as_chunks() else {
        unreachable!("whole groups");
    };
    names
}

/// What a step has met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// No sum has become the identity.
    Ordinary,
    /// Some sum is the identity.
    Identity,
    /// Some difference of abscissas is zero, and no sum was changed. Only without care.
    Exceptional,
}

/// Eight points.
struct Operands {
    x: Lanes,
    /// With their signs: between `-2p - 2^216` and `2p + 2^216`.
    y: Loose,
}

/// Words of the abscissas of eight points, then of their ordinates.
#[inline(always)]
fn load_words<C: PastaCurve>(
    k: Vector<C::Base>,
    points: &[AffinePoint<C>],
    names: &[u32; 8],
) -> [[Words; 4]; 2] {
    let mut rows = [k.zero(); 8];
    for (row, name) in rows.iter_mut().zip(names) {
        *row = k.load_point(&points[(name >> 1) as usize]);
    }
    let [x0, x1, x2, x3, y0, y1, y2, y3] = k.transpose(rows);
    [[x0, x1, x2, x3], [y0, y1, y2, y3]]
}

#[inline(always)]
fn with_signs<F: PastaField>(k: Vector<F>, ordinates: [Words; 4], names: &[u32; 8]) -> Loose {
    k.opposite_where(k.odd_numbers(names), &k.split_words(ordinates))
}

#[inline(always)]
fn load_operands<C: PastaCurve>(
    k: Vector<C::Base>,
    points: &[AffinePoint<C>],
    names: &[u32; 8],
) -> Operands {
    let [x, y] = load_words(k, points, names);
    Operands {
        x: k.split_words(x),
        y: with_signs(k, y, names),
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn load<C: PastaCurve>(
    k: Vector<C::Base>,
    points: &[AffinePoint<C>],
    names: &[[u32; 8]],
    sums: &mut [Eight],
) {
    for (v, sum) in sums[..names.len()].iter_mut().enumerate() {
        if let Some(later) = names.get(v + AHEAD) {
            prefetch(points, later);
        }
        let point = load_operands(k, points, &names[v]);
        k.store_lanes(&mut sum.x.0, &point.x);
        k.store_lanes(&mut sum.y.0, &k.reduce(k.plus_4p(point.y)));
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn store<C: PastaCurve>(k: Vector<C::Base>, sum: &Eight, points: &mut [AffinePoint<C>; 8]) {
    let [x0, x1, x2, x3] = k.to_words(&k.load_lanes(&sum.x.0));
    let [y0, y1, y2, y3] = k.to_words(&k.load_lanes(&sum.y.0));
    let rows = k.transpose([x0, x1, x2, x3, y0, y1, y2, y3]);
    for (point, row) in points.iter_mut().zip(rows) {
        k.store_point(point, row);
    }
}

/// The lanes of special cases.
#[derive(Clone, Copy, Default)]
struct Special {
    /// The sum is the identity.
    identity: u8,
    /// The sum is the point.
    double: u8,
    /// The sum is the opposite of the point.
    cancel: u8,
}

impl Special {
    /// `(x1, y1)` is the sum, `(x2, y2)` the point, which is not the identity.
    #[inline(always)]
    fn of<F: PastaField>(k: Vector<F>, x1: &Lanes, y1: &Lanes, x2: &Lanes, y2: Loose) -> Self {
        let identity = k.all_zero(x1) & k.all_zero(y1);
        let same_x = k.multiple_of_p(&k.carry(k.sub_4p(*x2, *x1)));
        let same_y = k.multiple_of_p(&k.carry(k.sub_8p(y2, *y1)));
        let both = same_x & !identity;
        Self {
            identity,
            double: both & same_y,
            cancel: both & !same_y,
        }
    }

    /// Lanes that need no division.
    #[inline(always)]
    fn without_division(self) -> u8 {
        self.identity | self.cancel
    }
}

/// Without `CAREFUL`, no sum is the identity, and equal abscissas are noticed by a product of denominators that is zero.
#[target_feature(enable = "avx512f,avx512ifma")]
fn kernel<C: PastaCurve, const CAREFUL: bool>(
    k: Vector<C::Base>,
    points: &[AffinePoint<C>],
    sums: &mut [Eight],
    halves: &mut [Half],
    names: &[[u32; 8]],
    count: usize,
) -> Outcome {
    let one = k.one();
    let vectors = names.len();
    assert!(sums.len() == vectors && halves.len() == vectors);
    let mut products = [one; CHAINS];
    for v in 0..vectors {
        if let Some(later) = names.get(v + AHEAD) {
            prefetch(points, later);
        }
        let [abscissas, ordinates] = load_words(k, points, &names[v]);
        let (x1, x2) = (k.load_lanes(&sums[v].x.0), k.split_words(abscissas));
        let mut denominator = k.carry(k.sub_4p(x2, x1));
        if CAREFUL {
            let y1 = k.load_lanes(&sums[v].y.0);
            let y2 = with_signs(k, ordinates, &names[v]);
            let special = Special::of(k, &x1, &y1, &x2, y2);
            let tangent = k.carry(k.add(y1, y1));
            denominator = k.choose(special.double, &denominator, &tangent);
            denominator = k.choose(special.without_division(), &denominator, &one);
        }
        let active = active(v, count);
        if active != u8::MAX {
            denominator = k.choose(active, &one, &denominator);
        }
        let half = &mut halves[v];
        let product = &mut products[v % CHAINS];
        k.store_lanes(&mut half.denominators.0, &denominator);
        k.store_lanes(&mut half.prefix.0, product);
        k.store_words(&mut half.ordinates.0, ordinates);
        *product = k.product(product, &denominator);
    }

    let Some(mut inverses) = quartered_inverses(k, products) else {
        // The careful kernel puts a number other than zero for each denominator.
        assert!(!CAREFUL, "no denominator is zero");
        return Outcome::Exceptional;
    };
    let mut identities = 0;
    for v in (0..vectors).rev() {
        let (half, sum) = (&halves[v], &mut sums[v]);
        let denominator = k.load_lanes(&half.denominators.0);
        let inverse = &mut inverses[v % CHAINS];
        let reciprocal = k.product(inverse, &k.load_lanes(&half.prefix.0));
        *inverse = k.product(inverse, &denominator);
        let (x1, y1) = (k.load_lanes(&sum.x.0), k.load_lanes(&sum.y.0));
        let y2 = with_signs(k, k.load_words_of(&half.ordinates.0), &names[v]);
        let mut rise = k.carry(k.sub_8p(y2, y1));
        // The denominator is `x_2 - x_1 + 4p`.
        let mut x2 = k.minus_4p(k.add(denominator, x1));
        let mut special = Special::default();
        if CAREFUL {
            let abscissas = load_operands(k, points, &names[v]).x;
            x2 = abscissas.into();
            special = Special::of(k, &x1, &y1, &abscissas, y2);
            // The slope 3 x^2 / 2 y is 16 times that of coordinates divided by 16.
            let square = k.carry(k.square(&x1));
            let tangent = k.product(&square, &k.times_16(3));
            rise = k.choose(special.double, &rise, &tangent);
        }
        let slope = k.product(&rise, &reciprocal);
        let mut x3 = k.reduce(k.sub(k.sub_4p(k.square(&slope), x1), x2));
        let run = k.carry(k.quadruple(k.sub_4p(x1, x3)));
        let mut y3 = k.reduce(k.sub_4p(k.mul(&slope, &run), y1));
        let active = active(v, count);
        if CAREFUL {
            let Special {
                identity, cancel, ..
            } = special;
            x3 = k.choose(identity, &x3, &Lanes(x2.0));
            y3 = k.choose(identity, &y3, &k.reduce(k.plus_4p(y2)));
            let zero = k.number(0);
            x3 = k.choose(cancel, &x3, &zero);
            y3 = k.choose(cancel, &y3, &zero);
            identities |= cancel & active;
        }
        if active != u8::MAX {
            x3 = k.choose(active, &x1, &x3);
            y3 = k.choose(active, &y1, &y3);
        }
        k.store_lanes(&mut sum.x.0, &x3);
        k.store_lanes(&mut sum.y.0, &y3);
    }
    if identities == 0 {
        Outcome::Ordinary
    } else {
        Outcome::Identity
    }
}

/// The lanes of vector `v` that belong to the first `count` sums.
#[inline(always)]
fn active(v: usize, count: usize) -> u8 {
    match count.saturating_sub(8 * v) {
        lanes @ 0..8 => (1 << lanes) - 1,
        _ => u8::MAX,
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
