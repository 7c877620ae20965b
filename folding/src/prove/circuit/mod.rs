//! The two augmented circuits of the recursion.
//!
//! The primary circuit, over the scalars of the primary curve, runs the step and folds the last secondary instance. The secondary
//! circuit has a trivial step; it folds the last primary instance, whose witness is committed in two parts, and carries the chain
//! of `pre` commitments. Each outputs two hashes: the one it was handed by the other circuit, unchanged, and its own. An instance
//! of either is accepted only by way of its hash, and both hashes contain a random element, so that they hide the instances.
mod gadgets;
mod instance;
mod primary;
mod secondary;

pub(crate) use primary::{PrimaryCircuit, PrimaryInput, StepExtent};
pub(crate) use secondary::{SecondaryCircuit, SecondaryInput};

use crate::{
    split::{RelaxedSplitInstance, SplitInstance},
    Commitment,
};
use nova_snark::traits::Engine;

/// What a circuit over `E::Base` is told about the instances of `E` that it folds.
pub(crate) struct FoldInput<E: Engine> {
    /// Digest of the parameters.
    pub pp: E::Base,
    /// Number of steps already made; zero in the base case, where nothing is folded.
    pub i: u64,
    pub U: RelaxedSplitInstance<E>,
    pub u: SplitInstance<E>,
    pub comm_T: Commitment<E>,
    /// Random element in the hash that `u` carries, and in the hash of this step.
    pub r_in: E::Base,
    pub r_out: E::Base,
}
