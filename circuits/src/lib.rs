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

/// Rows, witnesses and the machine that fills them. One module, to be left out as one; its files lie beside this one.
#[cfg(feature = "prove")]
#[path = "."]
mod prove {
    pub mod boundary;
    pub mod builder;
    pub mod chip;
    pub mod chips;
    pub(crate) mod compact;
    pub mod demand;
    pub mod describe;
    pub mod machine;
    pub mod microcode;
    pub mod operation;
    pub mod plan;
    pub(crate) mod schedule;
    pub mod segment;
    pub mod shape;
    pub mod slot;
    pub mod source;
    pub mod state;
    pub mod step;
    #[cfg(test)]
    pub(crate) mod testing;
    pub mod unit;
}
#[cfg(feature = "prove")]
pub use prove::*;
