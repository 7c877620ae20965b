//! What a step circuit offers the recursion, and where its witness comes from.
use crate::step::OUTPUTS;
use ff::PrimeField;
use nova_snark::frontend::{num::AllocatedNum, ConstraintSystem, SynthesisError, Variable};
use zkmips_msm::MixedVec;

/// Why a step could not produce its witness.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The source has no such segment.
    #[error("there is no segment {segment}: the run has {segments}")]
    NoSuchSegment { segment: usize, segments: usize },
    /// The witness cannot be filled from what the source holds.
    #[error("cannot fill the witness: {0}")]
    Witness(String),
    /// An error of the layer that fills the witness.
    #[error(transparent)]
    Source(#[from] Box<dyn std::error::Error + Send + Sync>),
}

/// One step of the recursion: rows over `pre` and `post` variables that carry `z[0], z[1]` to `z'[0], z'[1]`.
///
/// The recursion hands the challenges `z[2], z[3]` of the start to every step, so a step computes only the first two values. The sum
/// `z[1]` depends on the challenges; the state `z[0]` does not.
pub trait SplitStep<F: PrimeField>: Send + Sync {
    /// Number of `pre` variables, padding included: a sum of at most three powers of two.
    fn pre_len(&self) -> usize;

    /// Emits the rows.
    ///
    /// `pre` are the variables allocated before anything else, in order. This is called for the shape only: no value may be read.
    /// The result is `z'[0], z'[1]`, which must be the last two variables the step allocates.
    fn synthesize<CS: ConstraintSystem<F>>(
        &self,
        cs: &mut CS,
        pre: &[Variable],
        z: &[AllocatedNum<F>],
    ) -> Result<[AllocatedNum<F>; OUTPUTS], SynthesisError>;

    /// Number of variables [`Self::synthesize`] allocates.
    fn post_len(&self) -> usize;

    /// Computes the values of the variables that [`Self::synthesize`] allocates, in the same order; the last two are `z'[0], z'[1]`.
    /// `post` has [`Self::post_len`] places, all of which are written.
    fn fill_post(&self, pre: &[F], z: &[F], post: &mut [F]) -> Result<(), StepError>;

    /// For `k = 1, 2, ..`, the places of variables that are `gamma^k` times a number known before the challenges, in the order of
    /// [`Self::fill_post`]; each place at most once. A row `gamma^k x = variable` defines each.
    fn gamma_multiples(&self) -> Vec<Vec<u32>>;

    /// Appends the numbers of which the variables of entry `k - 1` of [`Self::gamma_multiples`] are multiples, in the same order. The prover commits to
    /// the variables by these numbers: with wrong ones there is no proof.
    fn fill_multiples(&self, k: usize, pre: &MixedVec<F>, out: &mut MixedVec<F>);

    /// Bytes that bind everything about the step which its rows do not show (capacities, machine version) into the parameter digest.
    fn digest_bytes(&self) -> Vec<u8>;
}

/// Gives the `pre` columns of each segment. It is created anew for each pass, and both passes must see the same columns.
pub trait PreSource<F>: Send {
    /// Number of segments of the run; at least one.
    fn segments(&self) -> usize;

    /// Appends to the empty `out` the `pre` columns of segment `i`. Called for `i = 0, 1, ..` in order, or from where a proof resumes.
    fn fill_pre(&mut self, i: usize, out: &mut MixedVec<F>) -> Result<(), StepError>;
}
