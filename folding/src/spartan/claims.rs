//! The evaluation claims about committed vectors, and their reduction to one point by a sum-check.
//!
//! All vectors are seen as the start of a vector of `2^l` entries, `l` being the larger of the numbers of row and column variables.
//! * `W` (committed in `C_pre + C_post`) has the value `eval_W` at `r_y`;
//! * `E` has the value `eval_E` at `r_x`;
//! * `post` is zero at a random point of each dyadic block of the first `P` columns.
//!
//! With a challenge `rho` the claims become one sum over the hypercube,
//! `sum_y W(y) eq(r_y, y) + rho E(y) eq(r_x, y) + post(y) sum_k rho^(2+k) eq(p_k, y) = eval_W + rho eval_E`,
//! and the sum-check leaves the values of `W`, `post` and `E` at one point.
use super::{cube::CubePoint, transcript, SpartanError};
use crate::split::{dyadic_blocks, Measures};
use ff::Field;
use nova_snark::traits::{Engine, TranscriptEngineTrait};

/// The claims, made from what prover and verifier both know.
pub(crate) struct Claims<F> {
    pub(crate) w: CubePoint<F>,
    pub(crate) e: CubePoint<F>,
    pub(crate) prefix: Vec<CubePoint<F>>,
    /// `rho^0, rho^1, ..`, one for each claim.
    pub(crate) powers: Vec<F>,
    pub(crate) sum: F,
}

impl<F: ff::PrimeField> Claims<F> {
    /// Draws the points of the prefix and the combining challenge. `r_x`, `eval_W`, `eval_E` and all commitments have been absorbed.
    pub(crate) fn new<E: Engine<Scalar = F>>(
        measures: &Measures,
        r_x: &[F],
        r_y: &[F],
        eval_W: F,
        eval_E: F,
        transcript: &mut E::TE,
    ) -> Result<Self, SpartanError> {
        let block_point = |block: std::ops::Range<usize>| {
            let k = block.len().ilog2() as usize;
            Ok(CubePoint {
                block: block.start >> k,
                tail: transcript::squeeze_vec::<E>(transcript, b"prefix", k)?,
            })
        };
        let prefix: Vec<_> = dyadic_blocks(measures.pre_len)
            .into_iter()
            .map(block_point)
            .collect::<Result<_, SpartanError>>()?;
        let rho = transcript.squeeze(b"rho")?;
        let powers: Vec<F> = std::iter::successors(Some(F::ONE), |power| Some(*power * rho))
            .take(2 + prefix.len())
            .collect();
        Ok(Self {
            w: CubePoint::first_block(r_y),
            e: CubePoint::first_block(r_x),
            prefix,
            sum: eval_W + rho * eval_E,
            powers,
        })
    }

    /// What the claims, weighted, add up to.
    pub(crate) fn sum(&self) -> F {
        self.sum
    }

    /// The value of the summed expression at `point`, given those of the three vectors.
    pub(crate) fn at(&self, point: &[F], values: &Values<F>) -> F {
        let prefix: F = self
            .prefix
            .iter()
            .zip(&self.powers[2..])
            .map(|(p, power)| p.eq(point) * power)
            .sum();
        values.w * self.w.eq(point)
            + values.e * self.e.eq(point) * self.powers[1]
            + values.post * prefix
    }
}

/// The values of the committed vectors at the common point.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Values<F> {
    pub w: F,
    pub post: F,
    pub e: F,
}

impl<F: Field> Values<F> {
    /// The value of `W + c post + c^2 E`.
    pub(crate) fn combine(&self, c: &F) -> F {
        self.w + *c * (self.post + *c * self.e)
    }
}
