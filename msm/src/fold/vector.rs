//! A chunk of points, eight at a time. Coordinates are those of the library divided by 16, as in `add/vector.rs`, with the same bounds.
use super::{multiply, Exceptional, Lockstep, MULTIPLES};
use crate::{
    curve::{PastaCurve, PastaField},
    field::vector::{inverses_of_lanes, Ifma, Lanes, Loose, Vector},
    point::AffinePoint,
};

/// Chains of products that are independent, so that the processor can overlap them.
const CHAINS: usize = 4;

/// Lanes in memory.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Stored([[u64; 8]; 5]);

impl Stored {
    const ZERO: Self = Self([[0; 8]; 5]);
}

/// Coordinates of eight points: results of `reduce`, or below `p`.
#[derive(Clone, Copy)]
struct Point {
    x: Stored,
    y: Stored,
}

/// Accumulators, kept multiples, and the memory of the shared inversion.
struct Chunk<F> {
    k: Vector<F>,
    acc: Vec<Point>,
    multiples: [Vec<Point>; MULTIPLES],
    denominators: Vec<Stored>,
    prefix: Vec<Stored>,
}

pub(super) fn fold<C: PastaCurve>(
    proof: Ifma,
    lo: &mut [AffinePoint<C>],
    hi: &[AffinePoint<C>],
    a: &[i8],
    b: &[i8],
) -> Result<(), Exceptional> {
    let k = Vector::<C::Base>::new(proof);
    let vectors = lo.len().div_ceil(8);
    let zero = Point {
        x: Stored::ZERO,
        y: Stored::ZERO,
    };
    let mut chunk = Chunk {
        k,
        acc: vec![zero; vectors],
        multiples: [(); MULTIPLES].map(|()| vec![zero; vectors]),
        denominators: vec![Stored::ZERO; vectors],
        prefix: vec![Stored::ZERO; vectors],
    };
    // SAFETY: `proof` exists only if the processor has the features that the function is compiled for.
    unsafe { read(k, hi, &mut chunk.acc) };
    multiply(&mut chunk, a, b)?;
    // SAFETY: as above.
    unsafe { read(k, lo, &mut chunk.multiples[0]) };
    chunk.add(0, false, false)?;
    // SAFETY: as above.
    unsafe { write(k, &chunk.acc, lo) };
    Ok(())
}

/// Reads points; the last one fills up the last vector.
#[target_feature(enable = "avx512f,avx512ifma")]
fn read<C: PastaCurve>(k: Vector<C::Base>, points: &[AffinePoint<C>], out: &mut [Point]) {
    for (eight, out) in points.chunks(8).zip(out) {
        let mut rows = [k.zero(); 8];
        for (i, row) in rows.iter_mut().enumerate() {
            *row = k.load_point(&eight[i.min(eight.len() - 1)]);
        }
        let [x0, x1, x2, x3, y0, y1, y2, y3] = k.transpose(rows);
        k.store_lanes(&mut out.x.0, &k.split_words([x0, x1, x2, x3]));
        k.store_lanes(&mut out.y.0, &k.split_words([y0, y1, y2, y3]));
    }
}

/// Writes points with reduced coordinates.
#[target_feature(enable = "avx512f,avx512ifma")]
fn write<C: PastaCurve>(k: Vector<C::Base>, points: &[Point], out: &mut [AffinePoint<C>]) {
    for (point, eight) in points.iter().zip(out.chunks_mut(8)) {
        // Twice, because the result of `reduce` may exceed 2p a little.
        let x = k.subtract_p_once(&k.subtract_p_once(&k.load_lanes(&point.x.0)));
        let y = k.subtract_p_once(&k.subtract_p_once(&k.load_lanes(&point.y.0)));
        let ([x0, x1, x2, x3], [y0, y1, y2, y3]) = (k.to_words(&x), k.to_words(&y));
        let rows = k.transpose([x0, x1, x2, x3, y0, y1, y2, y3]);
        for (point, row) in eight.iter_mut().zip(rows) {
            k.store_point(point, row);
        }
    }
}

impl<F: PastaField> Lockstep for Chunk<F> {
    fn double(&mut self) {
        // SAFETY: a `Vector` exists only if the processor has the features that the kernel is compiled for.
        let done = unsafe { double(self) };
        assert!(done.is_some(), "a point of the curve has y = 0");
    }

    fn keep(&mut self, index: usize) {
        self.multiples[index].copy_from_slice(&self.acc);
    }

    fn take(&mut self, index: usize, endomorphism: bool) {
        self.acc.copy_from_slice(&self.multiples[index]);
        if endomorphism {
            // SAFETY: a `Vector` exists only if the processor has the features that the kernel is compiled for.
            unsafe { apply_endomorphism(self.k, &mut self.acc) }
        }
    }

    fn add(&mut self, index: usize, endomorphism: bool, negate: bool) -> Result<(), Exceptional> {
        // SAFETY: a `Vector` exists only if the processor has the features that the kernel is compiled for.
        unsafe { add(self, index, endomorphism, negate) }.ok_or(Exceptional)
    }
}

/// The cube root of unity, with which a coordinate is multiplied.
#[inline(always)]
fn zeta<F: PastaField>(k: Vector<F>) -> Lanes {
    // The product must be divided by 2^260 and not by 2^256.
    k.broadcast(&(F::ZETA * F::from(16)).to_limbs())
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn apply_endomorphism<F: PastaField>(k: Vector<F>, points: &mut [Point]) {
    let zeta = zeta(k);
    for point in points {
        let x = k.product(&k.load_lanes(&point.x.0), &zeta);
        k.store_lanes(&mut point.x.0, &x);
    }
}

/// `2^d / 256 a` for the product of every chain; nothing if one is zero.
#[inline(always)]
fn inverses<F: PastaField>(
    k: Vector<F>,
    [a, b, c, e]: [Lanes; CHAINS],
    d: u32,
) -> Option<[Lanes; CHAINS]> {
    let (ab, ce) = (k.product(&a, &b), k.product(&c, &e));
    let all = k.product(&ab, &ce);
    let inverse = k.lanes_of(&inverses_of_lanes::<F>(k.to_limbs(&all), d)?);
    let (ab, ce) = (k.product(&inverse, &ce), k.product(&inverse, &ab));
    Some([
        k.product(&ab, &b),
        k.product(&ab, &a),
        k.product(&ce, &e),
        k.product(&ce, &c),
    ])
}

/// The new point on a line through `(x1, y1)`, given a quarter of the slope: `x = s^2 - x1 - x2`, `y = 4 s (x1 - x) - y1`.
#[inline(always)]
fn third_point<F: PastaField>(
    k: Vector<F>,
    slope: &Lanes,
    (x1, y1): (&Lanes, &Lanes),
    x2: &Lanes,
    out: &mut Point,
) {
    let x = k.reduce(k.sub(k.sub_4p(k.square(slope), *x1), *x2));
    let run = k.carry(k.quadruple(k.sub_4p(*x1, x)));
    let y = k.reduce(k.sub_4p(k.mul(slope, &run), *y1));
    k.store_lanes(&mut out.x.0, &x);
    k.store_lanes(&mut out.y.0, &y);
}

/// Six times the square of the abscissa over the ordinate is a quarter of the tangent's slope in terms of the true coordinates.
#[target_feature(enable = "avx512f,avx512ifma")]
fn double<F: PastaField>(chunk: &mut Chunk<F>) -> Option<()> {
    let k = chunk.k;
    let mut products = [k.one(); CHAINS];
    for (v, (point, prefix)) in chunk.acc.iter().zip(&mut chunk.prefix).enumerate() {
        let product = &mut products[v % CHAINS];
        k.store_lanes(&mut prefix.0, product);
        *product = k.product(product, &k.load_lanes(&point.y.0));
    }
    let mut inverses = inverses(k, products, 8)?;
    for (v, (point, prefix)) in chunk.acc.iter_mut().zip(&chunk.prefix).enumerate().rev() {
        let (x, y) = (k.load_lanes(&point.x.0), k.load_lanes(&point.y.0));
        let inverse = &mut inverses[v % CHAINS];
        let reciprocal = k.product(inverse, &k.load_lanes(&prefix.0));
        *inverse = k.product(inverse, &y);
        let square: Loose = k.square(&x);
        let twice = k.add(square, square);
        // Below 12p, times a reciprocal below 2p.
        let rise = k.carry(k.add(twice, k.add(twice, twice)));
        let slope = k.product(&rise, &reciprocal);
        third_point(k, &slope, (&x, &y), &x, point);
    }
    Some(())
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn add<F: PastaField>(
    chunk: &mut Chunk<F>,
    index: usize,
    endomorphism: bool,
    negate: bool,
) -> Option<()> {
    let k = chunk.k;
    let zeta = zeta(k);
    let others = &chunk.multiples[index];
    let mut products = [k.one(); CHAINS];
    for (v, (point, other)) in chunk.acc.iter().zip(others).enumerate() {
        let mut x2 = k.load_lanes(&other.x.0);
        if endomorphism {
            x2 = k.product(&x2, &zeta);
        }
        let denominator = k.carry(k.sub_4p(x2, k.load_lanes(&point.x.0)));
        let product = &mut products[v % CHAINS];
        k.store_lanes(&mut chunk.denominators[v].0, &denominator);
        k.store_lanes(&mut chunk.prefix[v].0, product);
        *product = k.product(product, &denominator);
    }
    let mut inverses = inverses(k, products, 6)?;
    let sign = if negate { 0xff } else { 0 };
    for (v, (point, other)) in chunk.acc.iter_mut().zip(others).enumerate().rev() {
        let (x1, y1) = (k.load_lanes(&point.x.0), k.load_lanes(&point.y.0));
        let y2 = k.negate_where(sign, &k.load_lanes(&other.y.0));
        let denominator = k.load_lanes(&chunk.denominators[v].0);
        let inverse = &mut inverses[v % CHAINS];
        let reciprocal = k.product(inverse, &k.load_lanes(&chunk.prefix[v].0));
        *inverse = k.product(inverse, &denominator);
        let slope = k.product(&k.carry(k.sub_4p(y2, y1)), &reciprocal);
        let mut x2 = k.load_lanes(&other.x.0);
        if endomorphism {
            x2 = k.product(&x2, &zeta);
        }
        third_point(k, &slope, (&x1, &y1), &x2, point);
    }
    Some(())
}
