//! The last fold, with a uniformly random satisfying instance, after which witnesses may be shown.
//!
//! The random instance has its own uniform witness in each part (`pre` columns in `W_pre`, the others in `W_post`), uniform `u` and
//! `X`, the error term that these force, and a blinder for each commitment. The folded witness is then uniform among the satisfying
//! ones whatever was folded before (HyperNova, 2023/573, section 7), so it can be proved by an argument that hides nothing.
use crate::{
    error::Unsatisfied,
    instances::fold_with,
    prove::{
        nifs::{fold_vectors, Folding, Running},
        relation::Products,
        split::RelaxedSplitWitness,
    },
    split::RelaxedSplitInstance,
    Commitment, PastaEngine,
};
use ff::Field;
use nova_snark::traits::commitment::CommitmentEngineTrait;
use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, RngCore, SeedableRng};
use rayon::prelude::*;
use zkmips_msm::Backend;

impl<E: PastaEngine> Folding<'_, E> {
    /// Draws a random satisfying instance.
    pub fn random_instance(&self) -> Result<Running<E>, Unsatisfied> {
        let shape = &self.shape.shape;
        let W = random_vector::<E::Scalar>(shape.num_vars());
        let X = random_vector::<E::Scalar>(shape.num_io());
        let [u, r_pre, r_post, r_E] = [(); 4].map(|()| E::Scalar::random(&mut OsRng));
        // Without a split there is no first commitment, so nothing to blind.
        let r_pre = if self.instances.is_split {
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
        let (comm_pre, comm_post) = self.shape.commit(self.instances.ck, &W, &r_pre, &r_post)?;
        let comm_E = E::CE::commit(self.instances.ck, &error, &r_E);
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
        let comm_T = E::CE::commit(self.instances.ck, &T, &r_T);
        let r = self
            .instances
            .relaxed_challenge(&running.U, &other.U, &comm_T);

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
