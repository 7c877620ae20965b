//! One element after the other.
use super::Rows;
use crate::{
    curve::PastaField,
    field::{is_zero, portable::*, Limbs},
};

pub(super) fn axpy<F: PastaField>(a: &mut [Limbs], r: &Limbs, b: &[Limbs]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a = add::<F>(a, &mul::<F>(r, b));
    }
}

pub(super) fn multiply<F: PastaField>(out: &mut [Limbs], a: &[Limbs], b: &[Limbs]) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = mul::<F>(a, b);
    }
}

pub(super) fn cross_term<F: PastaField>(out: &mut [Limbs], first: Rows, second: Rows) {
    for (i, out) in out.iter_mut().enumerate() {
        let plus = add::<F>(
            &mul::<F>(&first.az[i], &second.bz[i]),
            &mul::<F>(&second.az[i], &first.bz[i]),
        );
        let minus = add::<F>(
            &mul::<F>(&first.u, &second.cz[i]),
            &mul::<F>(&second.u, &first.cz[i]),
        );
        *out = sub::<F>(&plus, &minus);
    }
}

pub(super) fn inner_product<F: PastaField>(a: &[Limbs], b: &[Limbs]) -> Limbs {
    a.iter()
        .zip(b)
        .fold([0; 4], |sum, (a, b)| add::<F>(&sum, &mul::<F>(a, b)))
}

/// Montgomery's trick; zeros take no part.
pub(super) fn batch_invert<F: PastaField>(elements: &mut [Limbs]) {
    let one = F::ONE.to_limbs();
    let mut product = one;
    let mut prefix = Vec::with_capacity(elements.len());
    for element in elements.iter() {
        prefix.push(product);
        if !is_zero(element) {
            product = mul::<F>(&product, element);
        }
    }
    let mut inverse = invert::<F>(&product).expect("a product of elements other than zero");
    for (element, prefix) in elements.iter_mut().zip(prefix).rev() {
        if !is_zero(element) {
            let reciprocal = mul::<F>(&inverse, &prefix);
            inverse = mul::<F>(&inverse, element);
            *element = reciprocal;
        }
    }
}
