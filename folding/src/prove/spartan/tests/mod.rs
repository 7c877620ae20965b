//! Completeness over sizes and splits, and cheating provers that have to fail.
mod cheats;
mod completeness;
mod damage;
mod split;

use super::*;
use crate::{
    compact::CompactShape,
    prove::{
        r1cs::{Matrix, R1cs},
        split::{commit_post, commit_pre},
    },
    spartan::verify,
    Commitment, Primary, Secondary,
};
use nova_snark::{
    provider::traits::DlogGroup,
    traits::{commitment::CommitmentEngineTrait, Engine},
};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

type F<E> = <E as Engine>::Scalar;

const DIGEST: [u8; 32] = [7; 32];

/// Everything a test needs about one random satisfiable instance.
struct Case<E: PastaEngine> {
    ck: CommitmentKey<E>,
    shape: SplitShape<E>,
    instance: RelaxedSplitInstance<E>,
    witness: RelaxedSplitWitness<E>,
    rng: ChaCha20Rng,
}

fn random_vec<T: Field>(rng: &mut ChaCha20Rng, len: usize) -> Vec<T> {
    (0..len).map(|_| T::random(&mut *rng)).collect()
}

/// A matrix with up to `per_row` entries in a row: ones, small and random coefficients.
fn random_matrix<T: ff::PrimeField>(
    rng: &mut ChaCha20Rng,
    rows: usize,
    columns: usize,
    per_row: usize,
) -> Matrix<T> {
    let mut entries = Vec::new();
    for row in 0..rows {
        let mut at: Vec<usize> = (0..per_row)
            .map(|_| rng.next_u64() as usize % columns)
            .collect();
        at.sort_unstable();
        at.dedup();
        for column in at {
            let value = match rng.next_u32() % 4 {
                0 => T::ONE,
                1 => -T::ONE,
                2 => T::from(rng.next_u64() % 100),
                _ => T::random(&mut *rng),
            };
            entries.push((row, column, value));
        }
    }
    Matrix::from_entries(&entries, rows)
}

fn random_shape<E: PastaEngine>(
    rng: &mut ChaCha20Rng,
    (rows, vars, io, pre_len): (usize, usize, usize, usize),
) -> SplitShape<E> {
    let columns = vars + 1 + io;
    let matrices = [0; 3].map(|_| random_matrix(rng, rows, columns, 3));
    let shape = R1cs::new(vars, io, matrices);
    SplitShape::new(shape, pre_len).unwrap()
}

/// The error vector that makes `W, u, X` satisfy the relation.
fn error_vector<E: PastaEngine>(
    shape: &SplitShape<E>,
    w: &[F<E>],
    u: F<E>,
    x: &[F<E>],
) -> Vec<F<E>> {
    let z = [w, &[u], x].concat();
    let [az, bz, cz] = shape.shape.multiply(&z);
    let rows = az.iter().zip(&bz).zip(&cz);
    rows.map(|((a, b), c)| *a * b - u * c).collect()
}

impl<E: PastaEngine> Case<E> {
    /// `measures` are rows, variables, length of `X`, and `P`.
    fn new(seed: u64, measures: (usize, usize, usize, usize)) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (rows, vars, io, pre_len) = measures;
        let shape = random_shape(&mut rng, measures);
        let ck = E::CE::setup(b"spartan test", rows.max(vars)).unwrap();
        let w = random_vec(&mut rng, vars);
        let x = random_vec(&mut rng, io);
        let u = F::<E>::random(&mut rng);
        let e = error_vector(&shape, &w, u, &x);
        let zero = F::<E>::ZERO;
        let instance = RelaxedSplitInstance {
            comm_pre: commit_pre::<E>(&ck, &w[..pre_len], &zero),
            comm_post: commit_post::<E>(&ck, &w, pre_len, &zero),
            comm_E: E::CE::commit(&ck, &e, &zero),
            X: x,
            u,
        };
        let witness = RelaxedSplitWitness {
            W: w,
            E: e,
            r_pre: zero,
            r_post: zero,
            r_E: zero,
        };
        Self {
            ck,
            shape,
            instance,
            witness,
            rng,
        }
    }

    /// The case most negative tests use: three blocks, neither side a power of two.
    fn usual() -> Self {
        Self::new(1, (20, 50, 2, 16 + 4 + 1))
    }

    fn prove(&self) -> SpartanProof<E> {
        self.try_prove().unwrap()
    }

    fn try_prove(&self) -> Result<SpartanProof<E>, SpartanError> {
        let (instance, witness) = (&self.instance, self.witness.clone());
        prove(&self.ck, &self.shape, &DIGEST, instance, witness)
    }

    /// What an honest prover opens the commitments to.
    fn vectors(&self) -> Vectors<F<E>> {
        let len = self.ck.generators().len();
        let padded = |v: &[F<E>]| [v, &vec![F::<E>::ZERO; len - v.len()]].concat();
        let mut post = self.witness.W.clone();
        post[..self.shape.pre_len].fill(F::<E>::ZERO);
        Vectors {
            w: padded(&self.witness.W),
            post: padded(&post),
            e: padded(&self.witness.E),
        }
    }

    fn prove_vectors(&self, vectors: Vectors<F<E>>) -> SpartanProof<E> {
        prove_vectors(&self.ck, &self.shape, &DIGEST, &self.instance, vectors).unwrap()
    }

    fn verify(&self, proof: &SpartanProof<E>) -> Result<(), SpartanError> {
        let shape = CompactShape::new(&self.shape);
        verify(&self.ck, &shape, &DIGEST, &self.instance, proof)
    }

    fn random_scalar(&mut self) -> F<E> {
        F::<E>::random(&mut self.rng)
    }

    fn random_commitment(&mut self) -> Commitment<E> {
        let v = random_vec(&mut self.rng, 2);
        E::CE::commit(&self.ck, &v, &F::<E>::ZERO)
    }
}

fn negate<E: PastaEngine>(c: Commitment<E>) -> Commitment<E> {
    c * -F::<E>::ONE
}
