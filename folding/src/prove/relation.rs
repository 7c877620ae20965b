//! The relation: matrix products, satisfiability, default and trivially relaxed instances.
use crate::{
    error::Unsatisfied,
    prove::split::{commit_post, commit_pre, RelaxedSplitWitness, SplitShape, SplitWitness},
    split::{RelaxedSplitInstance, SplitInstance},
    Commitment, CommitmentKey, PastaEngine,
};
use ff::Field;
use nova_snark::traits::{
    commitment::{CommitmentEngineTrait, Len},
    Engine,
};
use rayon::prelude::*;
use zkmips_msm::memory::filled;

/// `A z`, `B z` and `C z` for one `z`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Products<E: Engine> {
    pub Az: Vec<E::Scalar>,
    pub Bz: Vec<E::Scalar>,
    pub Cz: Vec<E::Scalar>,
}

impl<E: Engine> Default for Products<E> {
    fn default() -> Self {
        Self::zero(0)
    }
}

impl<E: Engine> Products<E> {
    /// The products of the zero vector.
    pub fn zero(num_cons: usize) -> Self {
        let zero = || filled(E::Scalar::ZERO, num_cons);
        Self {
            Az: zero(),
            Bz: zero(),
            Cz: zero(),
        }
    }
}

impl<E: PastaEngine> SplitShape<E> {
    /// True if `pre` is committed apart.
    pub fn is_split(&self) -> bool {
        self.pre_len > 0
    }

    /// `z = (W, u, X)`, which the matrices are multiplied by.
    pub fn assignment(
        &self,
        W: &[E::Scalar],
        u: E::Scalar,
        X: &[E::Scalar],
    ) -> Result<Vec<E::Scalar>, Unsatisfied> {
        if W.len() != self.shape.num_vars() || X.len() != self.shape.num_io() {
            return Err(Unsatisfied::Length);
        }
        let mut z = Vec::with_capacity(W.len() + 1 + X.len());
        z.extend_from_slice(W);
        z.push(u);
        z.extend_from_slice(X);
        Ok(z)
    }

    /// Multiplies all rows of the matrices by `z = (W, u, X)`.
    pub fn products(
        &self,
        W: &[E::Scalar],
        u: E::Scalar,
        X: &[E::Scalar],
    ) -> Result<Products<E>, Unsatisfied> {
        let z = self.assignment(W, u, X)?;
        let [Az, Bz, Cz] = self.shape.multiply(&z);
        Ok(Products { Az, Bz, Cz })
    }

    /// Commits to both parts of a witness.
    pub fn commit(
        &self,
        ck: &CommitmentKey<E>,
        W: &[E::Scalar],
        r_pre: &E::Scalar,
        r_post: &E::Scalar,
    ) -> Result<(Commitment<E>, Commitment<E>), Unsatisfied> {
        if W.len() != self.shape.num_vars() || ck.length() < W.len() {
            return Err(Unsatisfied::Length);
        }
        let pre = if self.is_split() {
            commit_pre::<E>(ck, &W[..self.pre_len], r_pre)
        } else {
            Commitment::<E>::default()
        };
        Ok((pre, commit_post::<E>(ck, W, self.pre_len, r_post)))
    }

    /// Checks that a fresh witness satisfies the rows and opens both commitments, each on its own generators.
    pub fn is_sat(
        &self,
        ck: &CommitmentKey<E>,
        u: &SplitInstance<E>,
        w: &SplitWitness<E>,
    ) -> Result<(), Unsatisfied> {
        let U = u.relaxed();
        let W = self.relaxed(w.W.clone(), w.r_pre, w.r_post);
        self.is_sat_relaxed(ck, &U, &W)
    }

    /// Checks that a relaxed witness satisfies the rows and opens its three commitments.
    pub fn is_sat_relaxed(
        &self,
        ck: &CommitmentKey<E>,
        U: &RelaxedSplitInstance<E>,
        W: &RelaxedSplitWitness<E>,
    ) -> Result<(), Unsatisfied> {
        if U.X.len() != self.shape.num_io()
            || W.E.len() != self.shape.num_cons()
            || ck.length() < W.E.len()
        {
            return Err(Unsatisfied::Length);
        }
        let Products { Az, Bz, Cz } = self.products(&W.W, U.u, &U.X)?;
        let bad_row = (0..W.E.len())
            .into_par_iter()
            .find_first(|&i| Az[i] * Bz[i] != U.u * Cz[i] + W.E[i]);
        if let Some(row) = bad_row {
            return Err(Unsatisfied::Row(row));
        }
        let (comm_pre, comm_post) = self.commit(ck, &W.W, &W.r_pre, &W.r_post)?;
        if comm_pre != U.comm_pre {
            return Err(Unsatisfied::CommitmentPre);
        }
        if comm_post != U.comm_post {
            return Err(Unsatisfied::CommitmentPost);
        }
        if E::CE::commit(ck, &W.E, &W.r_E) != U.comm_E {
            return Err(Unsatisfied::CommitmentE);
        }
        Ok(())
    }

    /// The relaxed instance with which a running instance begins: all zero, satisfied by the zero witness.
    pub fn zero_instance(&self) -> RelaxedSplitInstance<E> {
        RelaxedSplitInstance {
            comm_pre: Commitment::<E>::default(),
            comm_post: Commitment::<E>::default(),
            comm_E: Commitment::<E>::default(),
            X: vec![E::Scalar::ZERO; self.shape.num_io()],
            u: E::Scalar::ZERO,
        }
    }

    /// The witness of [`Self::zero_instance`].
    pub fn zero_witness(&self) -> RelaxedSplitWitness<E> {
        RelaxedSplitWitness {
            W: filled(E::Scalar::ZERO, self.shape.num_vars()),
            E: filled(E::Scalar::ZERO, self.shape.num_cons()),
            r_pre: E::Scalar::ZERO,
            r_post: E::Scalar::ZERO,
            r_E: E::Scalar::ZERO,
        }
    }
}
