//! Errors of verifying.

/// Why bytes are not a proof.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("not a proof: {0}")]
    Malformed(#[from] bincode::Error),
    /// Each compressed proof has one encoding.
    #[error("not a proof: the encoding is not canonical")]
    NotCanonical,
}

/// Why an instance and a witness do not belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsatisfied {
    #[error("a vector has the wrong length")]
    Length,
    #[error("row {0} does not hold")]
    Row(usize),
    #[error("the commitment to pre does not open to the witness")]
    CommitmentPre,
    #[error("the commitment to post does not open to the witness")]
    CommitmentPost,
    #[error("the commitment to the error term does not open to it")]
    CommitmentE,
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
