//! Folding of instances and witnesses: Nova's non-interactive scheme with a commitment per part of the witness.
use crate::{
    relation::{Products, Unsatisfied},
    ro,
    split::{RelaxedSplitInstance, RelaxedSplitWitness, SplitInstance, SplitShape, SplitWitness},
    Commitment, CommitmentKey, PastaEngine,
};
use ff::Field;
use nova_snark::traits::{commitment::CommitmentEngineTrait, Engine, ROConstants};
use rand_core::OsRng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A running instance with its witness and the matrix products of its `z`, which are folded like everything else.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Running<E: Engine> {
    pub U: RelaxedSplitInstance<E>,
    pub W: RelaxedSplitWitness<E>,
    /// Not stored; [`Self::restore_products`] computes them anew.
    #[serde(skip)]
    pub products: Products<E>,
}

/// What both sides of a fold on one curve share.
pub(crate) struct Folding<'a, E: Engine> {
    pub ck: &'a CommitmentKey<E>,
    pub consts: &'a ROConstants<E>,
    pub shape: &'a SplitShape<E>,
    pub pp: E::Base,
}

/// What a fold leaves behind for the other circuit and for the statistics.
pub(crate) struct Folded<E: Engine> {
    pub comm_T: Commitment<E>,
    /// The cross term, still needed for statistics.
    pub T: Vec<E::Scalar>,
}

impl<E: PastaEngine> Running<E> {
    /// The zero instance.
    pub fn zero(shape: &SplitShape<E>) -> Self {
        Self {
            U: shape.zero_instance(),
            W: shape.zero_witness(),
            products: Products::zero(shape.shape.num_cons()),
        }
    }

    /// Whether the vectors have the lengths of the shape.
    pub fn fits(&self, shape: &SplitShape<E>) -> bool {
        self.U.X.len() == shape.shape.num_io()
            && self.W.W.len() == shape.shape.num_vars()
            && self.W.E.len() == shape.shape.num_cons()
    }

    /// Computes the products if they are missing, as they are after loading.
    pub fn restore_products(&mut self, shape: &SplitShape<E>) -> Result<(), Unsatisfied> {
        if self.products.Az.len() != shape.shape.num_cons() {
            self.products = shape.products(&self.W.W, self.U.u, &self.U.X)?;
        }
        Ok(())
    }

    /// A fresh instance, relaxed.
    pub fn from_fresh(
        shape: &SplitShape<E>,
        u: &SplitInstance<E>,
        w: SplitWitness<E>,
    ) -> Result<Self, Unsatisfied> {
        let products = shape.products(&w.W, E::Scalar::ONE, &u.X)?;
        let W = RelaxedSplitWitness {
            W: w.W,
            E: vec![E::Scalar::ZERO; shape.shape.num_cons()],
            r_pre: w.r_pre,
            r_post: w.r_post,
            r_E: E::Scalar::ZERO,
        };
        Ok(Self {
            U: shape.relax(u),
            W,
            products,
        })
    }
}

impl<E: PastaEngine> Folding<'_, E> {
    /// Folds a fresh instance into the running one.
    pub fn fold(
        &self,
        running: &mut Running<E>,
        u: &SplitInstance<E>,
        w: &SplitWitness<E>,
    ) -> Result<Folded<E>, Unsatisfied> {
        let fresh = self.shape.products(&w.W, E::Scalar::ONE, &u.X)?;
        let T = cross_term(&running.products, running.U.u, &fresh, E::Scalar::ONE);
        let r_T = E::Scalar::random(&mut OsRng);
        let comm_T = E::CE::commit(self.ck, &T, &r_T);
        let r = self.challenge(u, &comm_T);

        running.U = fold_instance(&running.U, u, &comm_T, r);
        fold_vectors(&mut running.W.W, &w.W, r);
        fold_vectors(&mut running.W.E, &T, r);
        running.products.fold(&fresh, r);
        running.W.r_pre += r * w.r_pre;
        running.W.r_post += r * w.r_post;
        running.W.r_E += r * r_T;
        Ok(Folded { comm_T, T })
    }

    /// The challenge with which `u` and its cross term are folded.
    pub fn challenge(&self, u: &SplitInstance<E>, comm_T: &Commitment<E>) -> E::Scalar {
        ro::fold_challenge::<E>(self.consts, self.pp, self.shape.is_split(), u, comm_T)
    }
}

impl<E: Engine> Products<E> {
    pub(crate) fn fold(&mut self, other: &Self, r: E::Scalar) {
        fold_vectors(&mut self.Az, &other.Az, r);
        fold_vectors(&mut self.Bz, &other.Bz, r);
        fold_vectors(&mut self.Cz, &other.Cz, r);
    }
}

/// `T = Az_1 o Bz_2 + Az_2 o Bz_1 - u_1 Cz_2 - u_2 Cz_1`.
///
/// It is exactly zero in a linear row (one whose A or B is a constant), and the multi-scalar multiplication skips zeros.
pub(crate) fn cross_term<E: Engine>(
    a: &Products<E>,
    u_a: E::Scalar,
    b: &Products<E>,
    u_b: E::Scalar,
) -> Vec<E::Scalar> {
    (0..a.Az.len())
        .into_par_iter()
        .with_min_len(1 << 10)
        .map(|i| a.Az[i] * b.Bz[i] + b.Az[i] * a.Bz[i] - u_a * b.Cz[i] - u_b * a.Cz[i])
        .collect()
}

/// `a += r b`
pub(crate) fn fold_vectors<F: Field>(a: &mut [F], b: &[F], r: F) {
    a.par_iter_mut()
        .zip(b)
        .with_min_len(1 << 10)
        .for_each(|(a, b)| {
            if !b.is_zero_vartime() {
                *a += r * *b;
            }
        });
}

pub(crate) fn fold_instance<E: Engine>(
    U: &RelaxedSplitInstance<E>,
    u: &SplitInstance<E>,
    comm_T: &Commitment<E>,
    r: E::Scalar,
) -> RelaxedSplitInstance<E> {
    RelaxedSplitInstance {
        comm_pre: U.comm_pre + u.comm_pre * r,
        comm_post: U.comm_post + u.comm_post * r,
        comm_E: U.comm_E + *comm_T * r,
        X: U.X.iter().zip(&u.X).map(|(a, b)| *a + r * *b).collect(),
        u: U.u + r,
    }
}
