//! The prover of [`crate::spartan::ipa`].
use crate::{
    spartan::{
        ipa::{inner_base, round_challenge, Opening},
        SpartanError,
    },
    Generator, PastaEngine,
};
use nova_snark::spartan::polys::eq::EqPolynomial;
use zkmips_msm::{msm, Backend, PastaField};

/// `low + x high`, entry by entry.
fn fold_scalars<F: PastaField>(vector: &mut Vec<F>, x: F) {
    let half = vector.len() / 2;
    let (low, high) = vector.split_at_mut(half);
    Backend::current().axpy(low, x, high);
    vector.truncate(half);
}

/// Opens the commitment to `a` under the first `a.len() = 2^point.len()` of `generators`.
pub(super) fn prove<E: PastaEngine>(
    generators: &[Generator<E>],
    mut a: Vec<E::Scalar>,
    point: &[E::Scalar],
    transcript: &mut E::TE,
) -> Result<Opening<E>, SpartanError> {
    let base = inner_base::<E>(transcript)?;
    let mut b = EqPolynomial::evals_from_points(point);
    let mut folded;
    let mut g = &generators[..a.len()];
    let (mut left, mut right) = (
        Vec::with_capacity(point.len()),
        Vec::with_capacity(point.len()),
    );
    for _ in 0..point.len() {
        let half = a.len() / 2;
        let ((a_lo, a_hi), (b_lo, b_hi)) = (a.split_at(half), b.split_at(half));
        let (g_lo, g_hi) = g.split_at(half);
        let backend = Backend::current();
        let cross = |a: &[_], g: &[_], b: &[_]| msm(a, g) + base * backend.inner_product(a, b);
        let (l, r) = rayon::join(|| cross(a_lo, g_hi, b_hi), || cross(a_hi, g_lo, b_lo));
        let (endo, x, inverse) = round_challenge::<E>(transcript, &l, &r)?;
        left.push(l);
        right.push(r);
        if half > 1 {
            folded = backend.fold_points(g_lo, g_hi, &endo);
            g = &folded;
        }
        fold_scalars(&mut a, inverse);
        fold_scalars(&mut b, x);
    }
    Ok(Opening {
        left,
        right,
        last: a[0],
    })
}
