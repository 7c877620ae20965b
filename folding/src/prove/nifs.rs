//! Folding of instances and witnesses: Nova's non-interactive scheme with a commitment per part of the witness.
use crate::{
    error::Unsatisfied,
    instances::{fold_instance, Instances},
    prove::{
        r1cs::R1cs,
        relation::Products,
        split::{RelaxedSplitWitness, SplitShape, SplitWitness},
    },
    split::{RelaxedSplitInstance, SplitInstance},
    Commitment, PastaEngine,
};
use ff::Field;
use nova_snark::traits::{commitment::CommitmentEngineTrait, Engine};
use rand_core::OsRng;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use zkmips_msm::{slices::MatrixProducts, Backend, PastaField};

/// A running instance with its witness and the matrix products of its `z`, which are folded like everything else.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Running<E: Engine> {
    pub U: RelaxedSplitInstance<E>,
    pub W: RelaxedSplitWitness<E>,
    /// Those of rows without cross term are zero. Not stored; [`Self::restore_products`] computes them anew.
    #[serde(skip)]
    pub products: Products<E>,
}

/// What the prover needs to fold on one curve.
pub(crate) struct Folding<'a, E: Engine> {
    pub instances: Instances<'a, E>,
    pub shape: &'a SplitShape<E>,
}

/// A fresh instance's witness on its way into the running one.
#[derive(Clone, Copy)]
pub(crate) struct FreshWitness<'a, E: Engine> {
    pub W: &'a [E::Scalar],
    pub products: &'a Products<E>,
    pub r_pre: E::Scalar,
    pub r_post: E::Scalar,
}

/// The cross term of a fold, committed to.
pub(crate) struct CrossTerm<E: Engine> {
    pub T: Vec<E::Scalar>,
    pub comm_T: Commitment<E>,
    r_T: E::Scalar,
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
            let zero = E::Scalar::ZERO;
            let Products { Az, Bz, Cz } = &mut self.products;
            let rows = &shape.shape;
            for row in (0..rows.num_cons()).filter(|row| rows.is_crossless(*row)) {
                (Az[row], Bz[row], Cz[row]) = (zero, zero, zero);
            }
        }
        Ok(())
    }

    /// A fresh instance, relaxed.
    pub fn from_fresh(shape: &SplitShape<E>, u: &SplitInstance<E>, w: FreshWitness<E>) -> Self {
        let W = shape.relaxed(w.W.to_vec(), w.r_pre, w.r_post);
        Self {
            U: u.relaxed(),
            W,
            products: w.products.clone(),
        }
    }
}

impl<E: PastaEngine> Folding<'_, E> {
    /// Folds a fresh instance into the running one. Returns the cross term.
    pub fn fold(
        &self,
        running: &mut Running<E>,
        u: &SplitInstance<E>,
        w: &SplitWitness<E>,
    ) -> Result<CrossTerm<E>, Unsatisfied> {
        let z = self.shape.assignment(&w.W, E::Scalar::ONE, &u.X)?;
        let rows = &self.shape.shape;
        let mut products = Products::zero(rows.num_cons());
        products.multiply(rows, &z, 0..rows.num_cons());
        let cross = self.cross(running, &products, Vec::new());
        let witness = FreshWitness {
            W: &w.W,
            products: &products,
            r_pre: w.r_pre,
            r_post: w.r_post,
        };
        self.absorb(running, u, witness, &cross);
        Ok(cross)
    }

    /// The cross term of a fresh instance with these products, in the buffer `T`, and a commitment to it. It is zero in rows that
    /// have none, and in those that have been idle so far.
    pub fn cross(
        &self,
        running: &Running<E>,
        fresh: &Products<E>,
        mut T: Vec<E::Scalar>,
    ) -> CrossTerm<E> {
        T.resize(self.shape.shape.num_cons(), E::Scalar::ZERO);
        let (first, second) = (
            running.products.with(running.U.u),
            fresh.with(E::Scalar::ONE),
        );
        Backend::current().cross_term(&mut T, &first, &second);
        let r_T = E::Scalar::random(&mut OsRng);
        let comm_T = E::CE::commit(self.instances.ck, &T, &r_T);
        CrossTerm { T, comm_T, r_T }
    }

    /// Folds a fresh instance whose cross term has been committed to.
    pub fn absorb(
        &self,
        running: &mut Running<E>,
        u: &SplitInstance<E>,
        w: FreshWitness<E>,
        cross: &CrossTerm<E>,
    ) {
        let r = self.instances.challenge(u, &cross.comm_T);
        running.U = fold_instance(&running.U, u, &cross.comm_T, r);
        fold_vectors(&mut running.W.W, w.W, r);
        fold_vectors(&mut running.W.E, &cross.T, r);
        running.products.fold(w.products, r);
        running.W.r_pre += r * w.r_pre;
        running.W.r_post += r * w.r_post;
        running.W.r_E += r * cross.r_T;
    }
}

impl<E: PastaEngine> Products<E> {
    /// Computes those of some rows of a fresh instance, which hold. Those of rows without cross term stay zero.
    pub(crate) fn multiply(
        &mut self,
        rows: &R1cs<E::Scalar>,
        z: &[E::Scalar],
        range: Range<usize>,
    ) {
        let Self { Az, Bz, Cz } = self;
        rows.multiply_satisfied(z, range, [Az, Bz, Cz]);
    }

    fn fold(&mut self, other: &Self, r: E::Scalar) {
        fold_vectors(&mut self.Az, &other.Az, r);
        fold_vectors(&mut self.Bz, &other.Bz, r);
        fold_vectors(&mut self.Cz, &other.Cz, r);
    }

    /// With the `u` of the same `z`.
    pub(crate) fn with(&self, u: E::Scalar) -> MatrixProducts<'_, E::Scalar> {
        MatrixProducts {
            az: &self.Az,
            bz: &self.Bz,
            cz: &self.Cz,
            u,
        }
    }
}

/// `a += r b`
pub(crate) fn fold_vectors<F: PastaField>(a: &mut [F], b: &[F], r: F) {
    Backend::current().axpy(a, r, b);
}
