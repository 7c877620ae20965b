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

mod byte_order;
pub mod constants;
pub mod elf;
mod execute;
mod host;
mod image;
pub mod isa;
mod kernel;
mod kind;
mod load_error;
mod machine;
mod mappings;
mod memory;
mod rights;
pub mod snapshot;
pub mod tape;
mod touched;

pub use byte_order::ByteOrder;
pub use host::{HostCall, Observer};
pub use image::{ImageRange, Program};
pub use kernel::{kernel_image, Thread, ThreadState};
pub use kind::{Kind, KindCount};
pub use load_error::LoadError;
pub use machine::{
    Checkpoint, Diagnostic, DiagnosticKind, FatalSignal, Machine, Outcome, RunError, RunReport,
};
pub use memory::Memory;
pub use tape::Inputs;
