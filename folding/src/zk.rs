//! The last fold, with a uniformly random satisfying instance, after which witnesses may be shown.
//!
//! The random instance has its own uniform witness in each part (`pre` columns in `W_pre`, the others in `W_post`), uniform `u` and
//! `X`, the error term that these force, and a blinder for each commitment. The folded witness is then uniform among the satisfying
//! ones whatever was folded before (HyperNova, 2023/573, section 7), so it can be proved by an argument that hides nothing.
use crate::{
    nifs::{fold_vectors, Folding, Running},
    relation::{Products, Unsatisfied},
    ro::limbs,
    split::{RelaxedSplitInstance, RelaxedSplitWitness},
    Commitment, PastaEngine,
};
use ff::Field;
use nova_snark::{
    constants::NUM_CHALLENGE_BITS,
    gadgets::utils::base_as_scalar,
    traits::{commitment::CommitmentEngineTrait, AbsorbInROTrait, Engine, ROTrait},
};
use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, RngCore, SeedableRng};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use zkmips_msm::Backend;

/// The blinders that are taken out of an instance before it is proved, and shown. They are uniform, like those of the random
/// instance they contain. Without a split, `pre` is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Blinders<E: Engine> {
    pub pre: E::Scalar,
    pub post: E::Scalar,
    pub E: E::Scalar,
}

impl<E: PastaEngine> Folding<'_, E> {
    /// Draws a random satisfying instance.
    pub fn random_instance(&self) -> Result<Running<E>, Unsatisfied> {
        let shape = &self.shape.shape;
        let W = random_vector::<E::Scalar>(shape.num_vars());
        let X = random_vector::<E::Scalar>(shape.num_io());
        let [u, r_pre, r_post, r_E] = [(); 4].map(|()| E::Scalar::random(&mut OsRng));
        // Without a split there is no first commitment, so nothing to blind.
        let r_pre = if self.shape.is_split() {
            r_pre
        } else {
            E::Scalar::ZERO
        };
        let products = self.shape.products(&W, u, &X)?;
        let Products { Az, Bz, Cz } = &products;
        let error: Vec<E::Scalar> = (0..Az.len())
            .into_par_iter()
            .map(|i| Az[i] * Bz[i] - u * Cz[i])
            .collect();
        let (comm_pre, comm_post) = self.shape.commit(self.ck, &W, &r_pre, &r_post)?;
        let comm_E = E::CE::commit(self.ck, &error, &r_E);
        let U = RelaxedSplitInstance {
            comm_pre,
            comm_post,
            comm_E,
            X,
            u,
        };
        let W = RelaxedSplitWitness {
            W,
            E: error,
            r_pre,
            r_post,
            r_E,
        };
        Ok(Running { U, W, products })
    }

    /// Folds a second relaxed instance, error term included, into the running one and returns the commitment to the cross term. The
    /// random instance has one in linear rows, too, so this needs the products of all rows.
    pub fn fold_relaxed(
        &self,
        running: &mut Running<E>,
        other: &Running<E>,
    ) -> Result<Commitment<E>, Unsatisfied> {
        let (U, W) = (&running.U, &running.W);
        let products = self.shape.products(&W.W, U.u, &U.X)?;
        let mut T = vec![E::Scalar::ZERO; products.Az.len()];
        Backend::current().cross_term(&mut T, &products.with(U.u), &other.products.with(other.U.u));
        let r_T = E::Scalar::random(&mut OsRng);
        drop(products);
        let comm_T = E::CE::commit(self.ck, &T, &r_T);
        let r = self.relaxed_challenge(&running.U, &other.U, &comm_T);

        running.U = fold_with(&running.U, &other.U, &comm_T, r);
        fold_vectors(&mut running.W.W, &other.W.W, r);
        fold_vectors(&mut running.W.E, &T, r);
        fold_vectors(&mut running.W.E, &other.W.E, r.square());
        running.products = Products::default();
        running.W.r_pre += r * other.W.r_pre;
        running.W.r_post += r * other.W.r_post;
        running.W.r_E += r * r_T + r.square() * other.W.r_E;
        Ok(comm_T)
    }

    /// What [`Self::fold_relaxed`] does to the instances, for a verifier.
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
            if self.shape.is_split() {
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

fn fold_with<E: Engine>(
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

/// Uniform field elements; each chunk has a generator seeded by the system.
fn random_vector<F: Field>(len: usize) -> Vec<F> {
    let mut values = vec![F::ZERO; len];
    values.par_chunks_mut(1 << 12).for_each(|chunk| {
        let mut seed = [0; 32];
        OsRng.fill_bytes(&mut seed);
        let mut rng = ChaCha20Rng::from_seed(seed);
        chunk
            .iter_mut()
            .for_each(|value| *value = F::random(&mut rng));
    });
    values
}
