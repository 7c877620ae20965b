//! Commitment-carrying Nova IVC over the Pallas/Vesta cycle.
//!
//! A run is a sequence of segments. Each is one instance of an R1CS whose witness is committed in two parts, `pre` (fixed before
//! the lookup challenges exist) and `post`; the commitments to all `pre` parts are chained inside the recursion, so that the
//! challenges `alpha, gamma` can be derived from the end of the chain. The crate knows R1CS and folding, not the machine.
//!
//! Sources: Nova (Kothapalli, Setty, Tzialla 2021/370), its two-cycle analysis (Nguyen, Boneh, Setty 2023/969), HyperNova's
//! zero-knowledge fold (2023/573), Nebula (2024/1605). Fields, curves, sponges and gadgets are those of the `nova-snark` crate, the arithmetic of
//! commitments that of `zkmips-msm`.
#![allow(non_snake_case)] // W, E, U, T, X and z keep the names they have in the papers.

pub mod challenge;
pub mod compact;
pub mod compress;
mod engine;
pub mod error;
mod generators;
mod instances;
pub mod keys;
pub mod pedersen;
#[cfg(feature = "prove")]
pub mod prove;
pub mod ro;
pub mod spartan;
pub mod split;
pub mod step;
pub mod verifier_params;
mod verify;
mod wire;

pub use engine::{Generator, PallasEngine, PastaEngine, VestaEngine};
pub use generators::generator;
use nova_snark::traits::{commitment::CommitmentEngineTrait, Engine};
pub use zkmips_msm::backend::{use_portable, PORTABLE_VARIABLE};

/// The primary curve: step circuits are written over its scalar field.
pub type Primary = PallasEngine;
/// The secondary curve of the cycle.
pub type Secondary = VestaEngine;

/// A commitment of engine `E`.
pub type Commitment<E> = <<E as Engine>::CE as CommitmentEngineTrait<E>>::Commitment;
/// The generators of engine `E`'s commitment scheme.
pub type CommitmentKey<E> = <<E as Engine>::CE as CommitmentEngineTrait<E>>::CommitmentKey;
