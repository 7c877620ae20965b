//! Why a proof could not be made.
use super::step::StepError;
use crate::{error::Unsatisfied, spartan::SpartanError};
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
