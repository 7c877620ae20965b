//! The inner-product argument that opens a Pedersen commitment as a multilinear polynomial at a point.
//!
//! Claim: the vector `a` committed in `C` satisfies `<a, b> = v`, where `b` is the table of `eq(point, .)`. With a base `U'` whose
//! multiple is drawn after the claim is fixed, this is `C + v U' = <a, G> + <a, b> U'`. A round halves the vectors:
//! `L = <a_lo, G_hi> + <a_lo, b_hi> U'`, `R = <a_hi, G_lo> + <a_hi, b_lo> U'`, a challenge `x`, then
//! `a' = a_lo + x^-1 a_hi`, `b' = b_lo + x b_hi`, `G' = G_lo + x G_hi`, and the left side gains `x L + x^-1 R`.
//! After the last round `a` is one scalar. The verifier computes the one generator that is left as a single multi-scalar
//! multiplication with the tensor `(1, x_1) x (1, x_2) x ..`, and the one entry of `b` in closed form.
//!
//! Sources: Bootle et al. 2016/263, Bunz et al. "Bulletproofs" 2017/1066 (the recursion), "Halo" 2019/1021 (challenges `a + zeta b`
//! of 128 bits; the asymmetric folding, so that only half of the generators are multiplied). Not hiding: what is opened must be
//! random already.
use super::{transcript::absorb_point, SpartanError};
use crate::{generator, Generator, PastaEngine};
use ff::{Field, PrimeField};
use nova_snark::{provider::traits::DlogGroup, traits::TranscriptEngineTrait};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use zkmips_msm::{msm, EndoScalar};

/// An opening: two points for each variable, and the last entry of the folded vector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Opening<E: PastaEngine> {
    pub left: Vec<E::GE>,
    pub right: Vec<E::GE>,
    pub last: E::Scalar,
}

/// The base of the inner product. The transcript has absorbed everything the claim depends on.
pub(crate) fn inner_base<E: PastaEngine>(transcript: &mut E::TE) -> Result<E::GE, SpartanError> {
    let base = generator::<E>(b"zkmips spartan inner product", 0);
    Ok(E::GE::group(&base.to_affine()) * transcript.squeeze(b"base")?)
}

/// The challenge of a round and its inverse.
pub(crate) fn round_challenge<E: PastaEngine>(
    transcript: &mut E::TE,
    left: &E::GE,
    right: &E::GE,
) -> Result<(EndoScalar, E::Scalar, E::Scalar), SpartanError> {
    absorb_point::<E>(transcript, b"L", left);
    absorb_point::<E>(transcript, b"R", right);
    let bits = transcript.squeeze_bits(b"x", 128, false)?.to_repr();
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0u64, |word, byte| (word << 8) | u64::from(*byte))
    };
    let bytes = bits.as_ref();
    let x = EndoScalar {
        a: word(&bytes[..8]),
        b: word(&bytes[8..16]),
    };
    let value = x.value::<E::Scalar>();
    let inverse = Option::from(value.invert()).ok_or(SpartanError::Challenge)?;
    Ok((x, value, inverse))
}

/// `scale (1, x_1) x (1, x_2) x ..`, the first factor belonging to the high-order bit of the index.
fn tensor<F: Field>(scale: F, xs: &[F]) -> Vec<F> {
    let mut table = Vec::with_capacity(1 << xs.len());
    table.push(scale);
    for x in xs.iter().rev() {
        let len = table.len();
        table.resize(2 * len, F::ZERO);
        let (low, high) = table.split_at_mut(len);
        high.par_iter_mut().zip(low).for_each(|(h, l)| *h = *l * x);
    }
    table
}

/// Checks that the vector committed in `commitment` under the first `2^point.len()` of `generators` has, as a multilinear polynomial,
/// the value `value` at `point`. There are that many generators.
pub(crate) fn verify<E: PastaEngine>(
    generators: &[Generator<E>],
    commitment: E::GE,
    point: &[E::Scalar],
    value: E::Scalar,
    opening: &Opening<E>,
    transcript: &mut E::TE,
) -> Result<(), SpartanError> {
    if opening.left.len() != point.len() || opening.right.len() != point.len() {
        return Err(SpartanError::ProofLength);
    }
    let base = inner_base::<E>(transcript)?;
    let mut xs = Vec::with_capacity(point.len());
    let mut sum = commitment + base * value;
    let mut b = E::Scalar::ONE;
    for ((l, r), coordinate) in opening.left.iter().zip(&opening.right).zip(point) {
        let (_, x, inverse) = round_challenge::<E>(transcript, l, r)?;
        sum += *l * x + *r * inverse;
        b *= E::Scalar::ONE - coordinate + x * coordinate;
        xs.push(x);
    }
    let scalars = tensor(opening.last, &xs);
    let expected = msm(&scalars, &generators[..scalars.len()]) + base * (opening.last * b);
    if sum == expected {
        Ok(())
    } else {
        Err(SpartanError::Opening)
    }
}
