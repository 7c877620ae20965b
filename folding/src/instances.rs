//! Folding of instances: all that a verifier does, and what binds the prover's folding of witnesses to it.
use crate::{
    ro::{self, limbs},
    split::{RelaxedSplitInstance, SplitInstance},
    Commitment, CommitmentKey, PastaEngine,
};
use ff::Field;
use nova_snark::{
    constants::NUM_CHALLENGE_BITS,
    gadgets::utils::base_as_scalar,
    traits::{commitment::CommitmentEngineTrait, AbsorbInROTrait, Engine, ROConstants, ROTrait},
};
use serde::{Deserialize, Serialize};

/// The blinders that are taken out of an instance before it is proved, and shown. They are uniform, like those of the random
/// instance they contain. Without a split, `pre` is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Blinders<E: Engine> {
    pub pre: E::Scalar,
    pub post: E::Scalar,
    pub E: E::Scalar,
}

/// What both sides of a fold on one curve share.
#[derive(Clone, Copy)]
pub(crate) struct Instances<'a, E: Engine> {
    pub ck: &'a CommitmentKey<E>,
    pub consts: &'a ROConstants<E>,
    pub is_split: bool,
    /// The parameter digest.
    pub pp: E::Base,
}

impl<E: PastaEngine> Instances<'_, E> {
    /// The challenge with which `u` and its cross term are folded.
    pub fn challenge(&self, u: &SplitInstance<E>, comm_T: &Commitment<E>) -> E::Scalar {
        ro::fold_challenge::<E>(self.consts, self.pp, self.is_split, u, comm_T)
    }

    /// Folds two relaxed instances, error terms included.
    pub fn fold_relaxed_instances(
        &self,
        U1: &RelaxedSplitInstance<E>,
        U2: &RelaxedSplitInstance<E>,
        comm_T: &Commitment<E>,
    ) -> RelaxedSplitInstance<E> {
        fold_with(U1, U2, comm_T, self.relaxed_challenge(U1, U2, comm_T))
    }

    /// 128 bits of `H(pp, U_1, U_2, T)`: all points of both instances, and their scalars by limbs, since `u` and `X` of a random
    /// instance fill the field.
    pub fn relaxed_challenge(
        &self,
        U1: &RelaxedSplitInstance<E>,
        U2: &RelaxedSplitInstance<E>,
        comm_T: &Commitment<E>,
    ) -> E::Scalar {
        let mut ro = E::RO::new(self.consts.clone());
        ro.absorb(self.pp);
        for U in [U1, U2] {
            if self.is_split {
                U.comm_pre.absorb_in_ro(&mut ro);
            }
            U.comm_post.absorb_in_ro(&mut ro);
            U.comm_E.absorb_in_ro(&mut ro);
            for x in U.X.iter().chain([&U.u]) {
                limbs::<E>(x).into_iter().for_each(|limb| ro.absorb(limb));
            }
        }
        comm_T.absorb_in_ro(&mut ro);
        base_as_scalar::<E>(ro.squeeze(NUM_CHALLENGE_BITS, false))
    }

    /// Takes the blinders out of an instance: each commitment then is to its vector alone.
    pub fn unblind(
        &self,
        U: &RelaxedSplitInstance<E>,
        blinders: &Blinders<E>,
    ) -> RelaxedSplitInstance<E> {
        let dk = E::CE::derand_key(self.ck);
        RelaxedSplitInstance {
            comm_pre: E::CE::derandomize(&dk, &U.comm_pre, &blinders.pre),
            comm_post: E::CE::derandomize(&dk, &U.comm_post, &blinders.post),
            comm_E: E::CE::derandomize(&dk, &U.comm_E, &blinders.E),
            X: U.X.clone(),
            u: U.u,
        }
    }
}

/// Folds a fresh instance into a relaxed one: it is the relaxed instance with `u = 1` and no error.
pub(crate) fn fold_instance<E: Engine>(
    U: &RelaxedSplitInstance<E>,
    u: &SplitInstance<E>,
    comm_T: &Commitment<E>,
    r: E::Scalar,
) -> RelaxedSplitInstance<E> {
    fold_with(U, &u.relaxed(), comm_T, r)
}

pub(crate) fn fold_with<E: Engine>(
    U1: &RelaxedSplitInstance<E>,
    U2: &RelaxedSplitInstance<E>,
    comm_T: &Commitment<E>,
    r: E::Scalar,
) -> RelaxedSplitInstance<E> {
    RelaxedSplitInstance {
        comm_pre: U1.comm_pre + U2.comm_pre * r,
        comm_post: U1.comm_post + U2.comm_post * r,
        comm_E: U1.comm_E + *comm_T * r + U2.comm_E * r.square(),
        X: U1.X.iter().zip(&U2.X).map(|(a, b)| *a + r * *b).collect(),
        u: U1.u + r * U2.u,
    }
}
