//! Eight elements at a time, as they are stored: `x 2^256`. These kernels divide products by 2^260, so one factor is taken 16 times; a
//! constant is brought to the form `x 2^260` once.
use super::{portable, Rows};
use crate::{
    curve::PastaField,
    field::{
        portable::add,
        vector::{Ifma, Lanes, Vector},
        Limbs,
    },
};

/// Eight elements in a row.
type Eight = [Limbs; 8];

/// `16 c`, so that the product with a stored element is a stored element.
fn sixteen_times<F: PastaField>(c: &Limbs) -> Limbs {
    (0..4).fold(*c, |c, _| add::<F>(&c, &c))
}

pub(super) fn axpy<F: PastaField>(proof: Ifma, a: &mut [Limbs], r: &Limbs, b: &[Limbs]) {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks_mut(), b.as_chunks());
    portable::axpy::<F>(rest_a, r, rest_b);
    // SAFETY: `proof` exists only if the processor has the features that the kernel is compiled for.
    unsafe { axpy_kernel(Vector::<F>::new(proof), a, &sixteen_times::<F>(r), b) }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn axpy_kernel<F: PastaField>(k: Vector<F>, a: &mut [Eight], r: &Limbs, b: &[Eight]) {
    let r = k.broadcast(r);
    for (a, b) in a.iter_mut().zip(b) {
        // The product is below p + p / 64, as both factors are below p.
        let sum = k.add(k.mul(&r, &k.load_elements(b)), k.load_elements(a));
        k.store_reduced(a, &k.subtract_p_once(&k.carry(sum)));
    }
}

pub(super) fn multiply<F: PastaField>(proof: Ifma, out: &mut [Limbs], a: &[Limbs], b: &[Limbs]) {
    let ((out, rest_out), (a, rest_a)) = (out.as_chunks_mut(), a.as_chunks());
    let (b, rest_b) = b.as_chunks();
    portable::multiply::<F>(rest_out, rest_a, rest_b);
    // SAFETY: `proof` exists only if the processor has the features that the kernel is compiled for.
    unsafe { multiply_kernel(Vector::<F>::new(proof), out, a, b) }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn multiply_kernel<F: PastaField>(k: Vector<F>, out: &mut [Eight], a: &[Eight], b: &[Eight]) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        // 16 p^2 gives a product below 2p.
        let product = k.product(&k.load_elements(a), &k.load_elements_16_times(b));
        k.store_reduced(out, &product);
    }
}

pub(super) fn cross_term<F: PastaField>(proof: Ifma, out: &mut [Limbs], first: Rows, second: Rows) {
    let whole = out.len() / 8 * 8;
    let rest = whole..out.len();
    let (out, rest_out) = out.as_chunks_mut();
    portable::cross_term::<F>(rest_out, first.range(rest.clone()), second.range(rest));
    let (first, second) = (first.range(0..whole), second.range(0..whole));
    // SAFETY: `proof` exists only if the processor has the features that the kernel is compiled for.
    unsafe { cross_term_kernel(Vector::<F>::new(proof), out, first, second) }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn cross_term_kernel<F: PastaField>(k: Vector<F>, out: &mut [Eight], first: Rows, second: Rows) {
    let eights = |limbs| -> &[Eight] { <[Limbs]>::as_chunks::<8>(limbs).0 };
    let ([a1, b1, c1], [a2, b2, c2]) = (
        [eights(first.az), eights(first.bz), eights(first.cz)],
        [eights(second.az), eights(second.bz), eights(second.cz)],
    );
    let minus = |u| sixteen_times::<F>(&crate::field::portable::neg::<F>(u));
    let (u1, u2) = (
        k.broadcast(&minus(&first.u)),
        k.broadcast(&minus(&second.u)),
    );
    for (i, out) in out.iter_mut().enumerate() {
        // Two products of at most 16 p^2 and two of at most p^2: together below 64 p^2, so one reduction serves all.
        let sum = k.sum_of_products([
            (&k.load_elements(&a1[i]), &k.load_elements_16_times(&b2[i])),
            (&k.load_elements(&a2[i]), &k.load_elements_16_times(&b1[i])),
            (&k.load_elements(&c2[i]), &u1),
            (&k.load_elements(&c1[i]), &u2),
        ]);
        k.store_reduced(out, &k.carry(sum));
    }
}

pub(super) fn inner_product<F: PastaField>(proof: Ifma, a: &[Limbs], b: &[Limbs]) -> Limbs {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks(), b.as_chunks());
    let rest = portable::inner_product::<F>(rest_a, rest_b);
    // SAFETY: `proof` exists only if the processor has the features that the kernel is compiled for.
    let sums = unsafe { inner_product_kernel(Vector::<F>::new(proof), a, b) };
    sums.iter().fold(rest, |sum, lane| {
        let lane = crate::field::canonical(&F::MODULUS_LIMBS, *lane);
        add::<F>(&sum, &lane)
    })
}

/// The sums of the lanes, which are not reduced.
#[target_feature(enable = "avx512f,avx512ifma")]
fn inner_product_kernel<F: PastaField>(k: Vector<F>, a: &[Eight], b: &[Eight]) -> [Limbs; 8] {
    let mut sum = k.number(0);
    for (a, b) in a.iter().zip(b) {
        let product = k.mul(&k.load_elements(a), &k.load_elements_16_times(b));
        // The sum so far is below 2p + 2^216, the product below 2p.
        sum = k.reduce(k.add(product, sum));
    }
    k.to_limbs(&sum)
}

pub(super) fn batch_invert<F: PastaField>(proof: Ifma, elements: &mut [Limbs]) {
    let (elements, rest) = elements.as_chunks_mut();
    portable::batch_invert::<F>(rest);
    // SAFETY: `proof` exists only if the processor has the features that the kernel is compiled for.
    unsafe { batch_invert_kernel(Vector::<F>::new(proof), elements) }
}

/// To these kernels a stored element is `x / 16`, and its stored inverse `1 / 16 x`: the inverse divided by 256.
#[target_feature(enable = "avx512f,avx512ifma")]
fn batch_invert_kernel<F: PastaField>(k: Vector<F>, elements: &mut [Eight]) {
    let one = k.one();
    let mut product = one;
    let mut prefix = vec![[[0; 8]; 5]; elements.len()];
    for (element, prefix) in elements.iter().zip(&mut prefix) {
        k.store_lanes(prefix, &product);
        let element = k.load_elements(element);
        product = k.product(&product, &k.choose(k.all_zero(&element), &element, &one));
    }
    let inverses = crate::field::vector::inverses_of_lanes::<F>(k.to_limbs(&product), 0)
        .expect("a product of elements other than zero");
    let mut inverse = k.lanes_of(&inverses);
    for (element, prefix) in elements.iter_mut().zip(&prefix).rev() {
        let lanes = k.load_elements(element);
        let zero = k.all_zero(&lanes);
        let reciprocal = k.product(&inverse, &k.load_lanes(prefix));
        inverse = k.product(&inverse, &k.choose(zero, &lanes, &one));
        k.store_reduced(element, &k.choose(zero, &reciprocal, &lanes));
    }
}

impl<F: PastaField> Vector<F> {
    /// Stores the elements that are congruent to values below `2p`.
    #[inline(always)]
    fn store_reduced(self, elements: &mut Eight, lanes: &Lanes) {
        self.store_elements(elements, &self.subtract_p_once(lanes));
    }
}
