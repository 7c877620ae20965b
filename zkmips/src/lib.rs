//! Proofs of what unmodified Go and C programs for MIPS32 print.
//!
//! ```no_run
//! use zkmips::{Cache, Inputs, Params, Program, Prover, Shape, Verifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let program = Program::load(&std::fs::read("program.elf")?)?;
//! let params = Params::setup(Shape::Small, &Cache::of_user()?, &())?;
//! let inputs = Inputs { stdin: b"secret".to_vec(), ..Inputs::default() };
//! let proof = Prover::new(&params, &()).prove(&program, inputs)?.file;
//! // Elsewhere, with nothing but the proof and the program's id:
//! let statement = Verifier::new(&params).verify(&proof, &program.id()?)?;
//! println!("{statement}");
//! # Ok(())
//! # }
//! ```
//!
//! * [`Program`]: an ELF file or a snapshot, and its [`ProgramId`];
//! * [`check`]: whether a file can be one, and what to do if not;
//! * [`Executor`]: runs it without proving;
//! * [`Params`]: what prover and verifier agree on, with keys from a [`Cache`];
//! * [`Prover`], [`Verifier`]: from a run to a [`ProofFile`], from a proof file to a [`Statement`];
//! * [`Progress`]: how far a prover is.

mod backtrace;
mod cache;
mod call_log;
pub mod check;
mod checkpoint;
mod codec;
mod ends;
mod executor;
mod go_table;
pub mod hex;
mod inputs;
mod lines;
mod params;
pub mod profile;
mod program;
mod program_id;
mod progress;
mod proof_file;
mod prover;
mod statement;
pub mod story;
pub mod syscalls;
mod trace;
mod verifier;
pub mod whole_file;

pub use cache::{Cache, CachedFile, NoCacheDirectory, CACHE_VARIABLE};
pub use checkpoint::{Checkpoint, CheckpointError, EVERY as CHECKPOINT_EVERY};
pub use codec::CodecError;
pub use ends::MAX_SLOTS;
pub use executor::{Execution, Executor, Streams};
pub use inputs::{PublicInputs, Start};
pub use params::Params;
pub use program::Program;
pub use program_id::{ProgramId, ProgramIdError};
pub use progress::{Phase, Progress};
pub use proof_file::{DecodeError, ProofFile, FORMAT_VERSION, MAGIC, MAX_FILE_BYTES};
pub use prover::{demand, ProveError, ProveReport, Proved, Prover, Seconds};
pub use statement::{quoted, Statement};
pub use story::Paragraph;
pub use trace::Tracer;
pub use verifier::{shape_of, Verifier, VerifyError};
pub use zkmips_circuits::demand::{Demand, OneOffCounts};
pub use zkmips_circuits::header::{Header, HeaderError};
pub use zkmips_circuits::shape::Shape;
pub use zkmips_emulator::snapshot;
pub use zkmips_emulator::{
    ByteOrder, Diagnostic, Inputs, KindCount, LoadError, RunError, RunReport,
};
pub use zkmips_folding::params::SetupError;
pub use zkmips_folding::{use_portable, PORTABLE_VARIABLE};
