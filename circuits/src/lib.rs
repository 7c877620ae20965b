//! The circuits of zkmips: one R1CS segment of the run of a MIPS32 program.
//!
//! [`builder`] is how rows are written, [`bus`] how they talk to each other, [`segment`] what the folding crate sees;
//! every other module is one part of the machine.
//!
//! What a verifier needs, the end of a run and its statement, is in the crate always; rows, witnesses and the machine come with the feature
//! `prove`.

pub mod border;
pub mod bus;
pub mod capacities;
pub mod header;
pub mod lc;
pub mod poseidon;
pub mod region;
pub mod statement;
pub mod tree;

#[cfg(feature = "prove")]
pub mod boundary;
#[cfg(feature = "prove")]
pub mod builder;
#[cfg(feature = "prove")]
pub mod chip;
#[cfg(feature = "prove")]
pub mod chips;
#[cfg(feature = "prove")]
mod compact;
#[cfg(feature = "prove")]
pub mod demand;
#[cfg(feature = "prove")]
pub mod describe;
#[cfg(feature = "prove")]
pub mod machine;
#[cfg(feature = "prove")]
pub mod microcode;
#[cfg(feature = "prove")]
pub mod operation;
#[cfg(feature = "prove")]
pub mod plan;
#[cfg(feature = "prove")]
mod schedule;
#[cfg(feature = "prove")]
pub mod segment;
#[cfg(feature = "prove")]
pub mod shape;
#[cfg(feature = "prove")]
pub mod slot;
#[cfg(feature = "prove")]
pub mod source;
#[cfg(feature = "prove")]
pub mod state;
#[cfg(feature = "prove")]
pub mod step;
#[cfg(all(test, feature = "prove"))]
pub(crate) mod testing;
#[cfg(feature = "prove")]
pub mod unit;
