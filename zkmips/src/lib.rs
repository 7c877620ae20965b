//! Proofs of what unmodified Go and C programs for MIPS32 print.
//!
//! ```no_run
//! use zkmips::{verifier_params, Cache, Inputs, Params, Program, Prover, Shape, Verifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let program = Program::load(&std::fs::read("program.elf")?)?;
//! let params = Params::setup(Shape::Small, &Cache::of_user()?, &())?;
//! let inputs = Inputs { stdin: b"secret".to_vec(), ..Inputs::default() };
//! let proof = Prover::new(&params, &()).prove(&program, inputs)?.file;
//! // Elsewhere, with nothing but the proof and the program's id:
//! let params = verifier_params(Shape::Small, &Cache::of_user()?, &())?;
//! let statement = Verifier::new(&params).verify(&proof, &program.id()?)?;
//! println!("{statement}");
//! # Ok(())
//! # }
//! ```
//!
//! * [`Program`]: an ELF file or a snapshot, and its [`ProgramId`];
//! * [`check`]: whether a file can be one, and what to do if not;
//! * [`Executor`]: runs it without proving;
//! * [`Params`]: what a prover needs, with keys from a [`Cache`]; [`verifier_params`]: what a verifier needs;
//! * [`Prover`], [`Verifier`]: from a run to a [`ProofFile`], from a proof file to a [`Statement`], in a crate of their own, `zkmips-verifier`;
//! * [`Progress`]: how far a prover is.

mod backtrace;
mod cache;
mod call_log;
pub mod check;
mod checkpoint;
pub mod debug;
mod executor;
mod go_table;
mod lines;
mod params;
pub mod profile;
mod program;
mod progress;
mod prover;
pub mod story;
pub mod syscalls;
mod trace;
pub mod whole_file;

pub use cache::{Cache, CachedFile, NoCacheDirectory, CACHE_VARIABLE};
pub use checkpoint::{
    Checkpoint, CheckpointError, CheckpointSummary, EVERY as CHECKPOINT_EVERY,
    MAGIC as CHECKPOINT_MAGIC,
};
pub use executor::{Execution, Executor, Streams};
pub use params::{verifier_params, Params, VerifierSetupError};
pub use program::Program;
pub use progress::{Phase, Progress};
pub use prover::{demand, ProveError, ProveReport, Proved, Prover, Seconds};
pub use story::Paragraph;
pub use trace::Tracer;
pub use zkmips_circuits::demand::{Demand, OneOffCounts};
pub use zkmips_emulator::snapshot;
pub use zkmips_emulator::{
    ByteOrder, Diagnostic, Inputs, KindCount, LoadError, RunError, RunReport,
};
pub use zkmips_folding::prove::params::SetupError;
pub use zkmips_folding::{use_portable, PORTABLE_VARIABLE};
pub use zkmips_verifier::*;
