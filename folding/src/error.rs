//! Errors of proving and verifying.
use crate::{relation::Unsatisfied, spartan::SpartanError, step::StepError};
use nova_snark::frontend::SynthesisError;

/// Why a proof could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    #[error("a run has at least one segment")]
    NoSegments,
    #[error("segment {segment} has {found} pre columns instead of {expected}")]
    PreLen {
        segment: usize,
        found: usize,
        expected: usize,
    },
    #[error("segment {segment} has {found} witness values instead of {expected}")]
    WitnessLen {
        segment: usize,
        found: usize,
        expected: usize,
    },
    /// The source or the plan is not deterministic, or a checkpoint belongs to another run.
    #[error("the pre columns of segment {0} differ between the two passes")]
    PreChanged(usize),
    #[error("the proof has {have} of {total} segments: it cannot be continued here")]
    WrongPosition { have: usize, total: usize },
    #[error("the proof to be continued has other initial values, or it is damaged")]
    WrongStart,
    /// Whoever was told of the segments wanted no more.
    #[error("stopped, as was asked")]
    Stopped,
    #[error(transparent)]
    Step(#[from] StepError),
    #[error(transparent)]
    Synthesis(#[from] SynthesisError),
    #[error("internal: {0}")]
    Unsatisfied(#[from] Unsatisfied),
    #[error("compressing: {0}")]
    Spartan(#[from] SpartanError),
}

/// Why bytes are not a proof.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("not a proof: {0}")]
    Malformed(#[from] bincode::Error),
    /// Each compressed proof has one encoding.
    #[error("not a proof: the encoding is not canonical")]
    NotCanonical,
}

/// Why a proof was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("a proof of zero segments proves nothing")]
    NoSegments,
    #[error("the proof is for {found} segments, not {expected}")]
    Segments { found: u64, expected: u64 },
    #[error("the initial values of the proof are not the expected ones")]
    InitialValues,
    #[error("the final values of the proof are not the expected ones")]
    FinalValues,
    #[error("the chain of commitments does not end where the challenges come from")]
    Chain,
    #[error("an instance in the proof is not well formed")]
    Malformed,
    #[error("the hash of the primary circuit does not match")]
    PrimaryHash,
    #[error("the hash of the secondary circuit does not match")]
    SecondaryHash,
    #[error("the primary running instance: {0}")]
    Primary(Unsatisfied),
    #[error("the secondary running instance: {0}")]
    SecondaryRunning(Unsatisfied),
    #[error("the last secondary instance: {0}")]
    SecondaryLast(Unsatisfied),
    #[error("the primary compressed proof: {0}")]
    PrimarySpartan(String),
    #[error("the secondary compressed proof: {0}")]
    SecondarySpartan(String),
}
