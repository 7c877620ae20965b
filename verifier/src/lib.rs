//! Checks proofs of what unmodified Go and C programs for MIPS32 print.
//!
//! Nothing here executes programs, makes proofs or touches files: everything comes as bytes, so that it works in a browser, too.
//!
//! ```no_run
//! use zkmips_verifier::{shape_of, ProofFile, Verifier, VerifierParams};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let proof = ProofFile::from_bytes(&std::fs::read("proof.zkp")?)?;
//! let params = VerifierParams::from_files(
//!     shape_of(&proof)?,
//!     &std::fs::read("small.shape")?,
//!     &std::fs::read("pallas-2.key")?,
//!     &std::fs::read("vesta-2.key")?,
//! )?;
//! let id = "6b1b36cbb04b41490bfc0ab2bfa26f86e1f2fe2b2b6b1f6b7d1f3ad4e6ed6f21".parse()?;
//! println!("{}", Verifier::new(&params).verify(&proof, &id)?);
//! # Ok(())
//! # }
//! ```
//!
//! * [`ProofFile`]: a proof and what it claims, from bytes that may come from anyone;
//! * [`VerifierParams`]: what verifiers know of the circuits, from files that need not be trusted: their digest is compiled in;
//! * [`Verifier`]: from a proof file and a [`ProgramId`] to a [`Statement`].
mod codec;
pub mod ends;
pub mod hex;
mod inputs;
mod parameters;
mod program_id;
mod proof_file;
mod statement;
mod verifier;

pub use codec::CodecError;
pub use ends::MAX_SLOTS;
pub use inputs::{PublicInputs, Start};
pub use parameters::{ParametersError, VerifierParams};
pub use program_id::{ProgramId, ProgramIdError};
pub use proof_file::{DecodeError, ProofFile, FORMAT_VERSION, MAGIC, MAX_FILE_BYTES};
pub use statement::{quoted, Statement};
pub use verifier::{shape_of, Verifier, VerifyError};
pub use zkmips_circuits::capacities::Shape;
pub use zkmips_circuits::header::{Header, HeaderError};
