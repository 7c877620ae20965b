//! The sum-check protocol (Lund, Fortnow, Karloff, Nisan 1992) made non-interactive, variables bound from the high-order one on.
//!
//! A round polynomial `g` of degree `D` is sent as `D` coefficients, all but the linear one, which the verifier gets from
//! `g(0) + g(1) = claim`. The number of coefficients is in the type: a proof cannot raise the degree.
use super::SpartanError;
use ff::Field;
use nova_snark::traits::{Engine, TranscriptEngineTrait};

/// The value at `r` of the polynomial with these coefficients whose values at 0 and 1 add up to `claim`.
pub(crate) fn evaluate<F: Field, const D: usize>(coefficients: &[F; D], claim: &F, r: &F) -> F {
    let (constant, higher) = (coefficients[0], &coefficients[1..]);
    let linear = higher
        .iter()
        .fold(*claim - constant.double(), |rest, c| rest - c);
    let tail = higher.iter().rev().fold(F::ZERO, |sum, c| (sum + c) * r);
    constant + (linear + tail) * r
}

pub(crate) fn challenge<E: Engine, const D: usize>(
    coefficients: &[E::Scalar; D],
    transcript: &mut E::TE,
) -> Result<E::Scalar, SpartanError> {
    transcript.absorb(b"round", &coefficients.as_slice());
    Ok(transcript.squeeze(b"r")?)
}

/// Follows the rounds from `claim`; returns the point and the value the summed expression must have there.
///
/// The caller has compared the number of messages with the number of variables.
pub(crate) fn verify<E: Engine, const D: usize>(
    mut claim: E::Scalar,
    messages: &[[E::Scalar; D]],
    transcript: &mut E::TE,
) -> Result<(Vec<E::Scalar>, E::Scalar), SpartanError> {
    let mut point = Vec::with_capacity(messages.len());
    for message in messages {
        let r = challenge::<E, D>(message, transcript)?;
        claim = evaluate(message, &claim, &r);
        point.push(r);
    }
    Ok((point, claim))
}
