//! The machine that zkmips proves, as a fast interpreter.
//!
//! * [`isa`]: the instruction set and its decoder;
//! * [`constants`], [`tape`]: addresses and the layout of inputs and outputs, shared with prover and verifier;
//! * [`Program`]: an ELF file and the kernel as pages of memory;
//! * [`Machine`]: runs a program with its [`Inputs`];
//! * [`snapshot`]: programs that start where another one got to.
//!
//! The crate knows nothing of proofs, and the machine knows nothing of Linux: system calls are the work of the kernel, which is
//! guest code.
//!
//! All but constants and tapes, which verifiers need too, comes with the feature `run`.

mod byte_order;
pub mod constants;
mod image_range;
pub mod tape;

#[cfg(feature = "run")]
pub mod elf;
#[cfg(feature = "run")]
mod execute;
#[cfg(feature = "run")]
mod host;
#[cfg(feature = "run")]
mod image;
#[cfg(feature = "run")]
pub mod isa;
#[cfg(feature = "run")]
mod kernel;
#[cfg(feature = "run")]
mod kind;
#[cfg(feature = "run")]
mod load_error;
#[cfg(feature = "run")]
mod machine;
#[cfg(feature = "run")]
mod mappings;
#[cfg(feature = "run")]
mod memory;
#[cfg(feature = "run")]
mod rights;
#[cfg(feature = "run")]
pub mod snapshot;
#[cfg(feature = "run")]
mod touched;

pub use byte_order::ByteOrder;
pub use image_range::ImageRange;
pub use tape::Inputs;

#[cfg(feature = "run")]
pub use host::{HostCall, Observer};
#[cfg(feature = "run")]
pub use image::Program;
#[cfg(feature = "run")]
pub use kernel::{kernel_image, Thread, ThreadState};
#[cfg(feature = "run")]
pub use kind::{Kind, KindCount};
#[cfg(feature = "run")]
pub use load_error::LoadError;
#[cfg(feature = "run")]
pub use machine::{
    Checkpoint, Diagnostic, DiagnosticKind, FatalSignal, Machine, Outcome, RunError, RunReport,
};
#[cfg(feature = "run")]
pub use memory::Memory;
