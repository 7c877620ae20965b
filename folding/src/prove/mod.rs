//! The prover's half: everything that verifiers do without. It comes with the feature `prove`.
//!
//! What both sides compute in the same way (hashes, the folding of instances, the transcript) is outside; a module here that has the name of one
//! there holds what the prover has besides.
pub mod cache;
mod circuit;
mod compress;
mod describe;
pub mod error;
mod filled;
pub mod ivc;
mod nifs;
pub mod params;
pub mod pass1;
mod post;
pub mod r1cs;
pub mod relation;
pub mod spartan;
pub mod split;
pub mod stats;
pub mod step;
mod verify;
mod zk;

#[cfg(test)]
mod tests;
