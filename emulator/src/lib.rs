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

pub use byte_order::ByteOrder;
pub use image_range::ImageRange;
pub use tape::Inputs;

/// Programs and the machine that runs them. One module, to be left out as one; its files lie beside this one.
#[cfg(feature = "run")]
#[path = "."]
mod run {
    pub mod elf;
    pub(crate) mod execute;
    pub(crate) mod host;
    pub(crate) mod image;
    pub mod isa;
    pub(crate) mod kernel;
    pub(crate) mod kind;
    pub(crate) mod load_error;
    pub(crate) mod machine;
    pub(crate) mod mappings;
    pub(crate) mod memory;
    pub(crate) mod rights;
    pub mod snapshot;
    pub(crate) mod touched;

    pub use host::{HostCall, Observer};
    pub use image::Program;
    pub use kernel::{kernel_image, Thread, ThreadState};
    pub use kind::{Kind, KindCount};
    pub use load_error::LoadError;
    pub use machine::{
        Checkpoint, Diagnostic, DiagnosticKind, FatalSignal, Machine, Outcome, RunError, RunReport,
    };
    pub use memory::Memory;
}
#[cfg(feature = "run")]
pub use run::*;
