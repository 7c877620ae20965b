//! Verification: everything but the proof itself is rebuilt from public data.

use crate::ends::{ends, slots, Ends};
use crate::{ProgramId, ProofFile, Statement, VerifierParams};
use ff::PrimeField;
use zkmips_circuits::capacities::Shape;
use zkmips_circuits::header::{Header, HeaderError};
use zkmips_circuits::statement::StatementError;
use zkmips_emulator::tape::{self, TapeError};
use zkmips_folding::compress::CompressedProof;
use zkmips_folding::ro::F2;

/// Why a proof is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A shape this version does not have.
    #[error("the proof has segments of shape `{0}`, which this zkmips does not know: use the zkmips that made it")]
    UnknownShape(String),
    /// The verifier was set up for another shape.
    #[error("the proof has segments of shape `{found}`, and the parameters are for `{expected}`")]
    OtherShape {
        /// The proof's.
        found: String,
        /// The parameters'.
        expected: &'static str,
    },
    /// Another version's circuits.
    #[error("the proof was made with other parameters than this zkmips has: use the version that made it, or prove again")]
    OtherParameters,
    /// The header is no header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// It is about something else.
    #[error("the proof is about program {found}, not {expected}: give the program it was made for, or ask for another proof")]
    OtherProgram {
        /// The proof's.
        found: ProgramId,
        /// The one asked for.
        expected: ProgramId,
    },
    /// Inputs or output that no run can have.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// A statement that cannot be checked.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// No segments, or more than a run can have.
    #[error("the proof claims {0} segments, which no run can have")]
    Segments(u64),
    /// The end of the chain is no field element, or the proof cannot be decoded.
    #[error("the proof is damaged: {0}")]
    Malformed(String),
    /// All fits together, and it is not true or was not proved.
    #[error("the proof is not valid: {0}")]
    Invalid(#[from] zkmips_folding::error::VerifyError),
}

/// The shape that a proof names.
pub fn shape_of(proof: &ProofFile) -> Result<Shape, VerifyError> {
    Shape::named(&proof.shape).ok_or_else(|| VerifyError::UnknownShape(printable(&proof.shape)))
}

fn printable(text: &str) -> String {
    text.escape_debug().to_string()
}

/// Checks proofs of one shape.
pub struct Verifier<'a> {
    params: &'a VerifierParams,
}

impl<'a> Verifier<'a> {
    /// A verifier with the parameters of the shape that a proof names ([`shape_of`]).
    pub fn new(params: &'a VerifierParams) -> Self {
        Verifier { params }
    }

    /// Checks that the proof is about the program with this id, and valid. What it says is then true; whether that is what the caller wants
    /// to know (inputs, output, status) is for the caller to look at.
    pub fn verify(&self, proof: &ProofFile, id: &ProgramId) -> Result<Statement, VerifyError> {
        let shape = self.params.shape();
        if shape_of(proof)?.name() != shape.name() {
            return Err(VerifyError::OtherShape {
                found: printable(&proof.shape),
                expected: shape.name(),
            });
        }
        let header = Header::from_bytes(&proof.header)?;
        let found = ProgramId(header.id());
        if found != *id {
            return Err(VerifyError::OtherProgram {
                found,
                expected: *id,
            });
        }
        if proof.parameter_digest != *self.params.digest() {
            return Err(VerifyError::OtherParameters);
        }
        let order = header.byte_order();
        let public_tape = proof.public.tape(order)?;
        let output_tape = tape::output_tape(order, proof.status, &proof.output)?;
        let statement =
            zkmips_circuits::statement::Statement::new(header, public_tape, output_tape)?;

        let n = proof.segments;
        let slots = slots(shape, n).ok_or(VerifyError::Segments(n))?;
        let chain = Option::<F2>::from(F2::from_repr(proof.chain.into()))
            .ok_or_else(|| VerifyError::Malformed("the chain is not a field element".into()))?;
        let Ends { first, last } = ends(&statement, self.params.digest(), shape, n, slots, chain)?;
        let compressed = CompressedProof::from_bytes(&proof.proof)
            .map_err(|error| VerifyError::Malformed(error.to_string()))?;
        compressed.verify(self.params.folding(), n, &first, &last, chain)?;
        Ok(Statement::claimed(found, proof))
    }
}
