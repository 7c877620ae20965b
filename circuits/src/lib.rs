//! The circuits of zkmips: one R1CS segment of the run of a MIPS32 program.
//!
//! [`builder`] is how rows are written, [`bus`] how they talk to each other, [`segment`] what the folding crate sees;
//! every other module is one part of the machine.

pub mod boundary;
pub mod builder;
pub mod bus;
pub mod chip;
pub mod chips;
mod compact;
pub mod demand;
pub mod describe;
pub mod header;
pub mod lc;
pub mod machine;
pub mod microcode;
pub mod operation;
pub mod plan;
pub mod poseidon;
mod schedule;
pub mod segment;
pub mod shape;
pub mod slot;
pub mod source;
pub mod state;
pub mod statement;
pub mod step;
#[cfg(test)]
pub(crate) mod testing;
pub mod tree;
pub mod unit;
