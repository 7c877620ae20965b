//! Spartan for a relaxed R1CS instance whose witness is committed in two parts.
//!
//! # Statement
//!
//! Given a shape with matrices `A, B, C`, a prefix length `P`, and an instance `(C_pre, C_post, C_E, u, X)` whose blinders have been
//! removed, the prover knows vectors `p`, `q`, `E` with `C_pre = <p, G>`, `C_post = <q, G>`, `C_E = <E, G>` such that
//! * `W = p + q` satisfies `A z o B z = u C z + E` for `z = (W, u, X)`, and
//! * the first `P` entries of `q` are zero.
//!
//! `P = 0` is an instance without a split: the second claim is empty and `C_pre` has to be the identity.
//!
//! # Protocol
//!
//! The transcript absorbs the parameter digest, the measures of the shape, all three commitments, `u` and `X` before anything is
//! drawn from it. Rows are indexed by `n` variables, columns of `W` by `m` (each number rounded up to its own power of two).
//! 1. *Rows.* `sum_x eq(tau, x) (Az(x) Bz(x) - u Cz(x) - E(x)) = 0` for a random `tau`, by a sum-check that ends at `r_x` with the claims
//!    `Az, Bz, Cz, E` there.
//! 2. *Columns.* With a random `r`, `Az + r Bz + r^2 Cz = sum_y M(r_x, y) z(y)`, `M = A + r B + r^2 C`. The verifier computes the terms
//!    of the public columns `u, X` itself; a sum-check over the columns of `W` ends at `r_y` with the claim `W(r_y)`. The verifier
//!    evaluates `M(r_x, r_y)` from the sparse matrices, in time linear in their entries.
//! 3. *One point.* The claims about `W` at `r_y`, `E` at `r_x` and `q` on the prefix (for each dyadic block of `0..P`, its multilinear
//!    extension is zero at a random point) are joined by powers of `rho`; a sum-check reduces them to values of `W, q, E` at one point.
//! 4. *Opening.* With a random `c`, one inner-product argument opens `(C_pre + C_post) + c C_post + c^2 C_E` at that point.
//!
//! # Soundness
//!
//! In the random-oracle model, under the discrete-logarithm assumption for the curve and generators that come from hashing a label.
//! Let `p` be the order of the scalar field (about `2^254`) and `l = max(m, n)`.
//!
//! *Extraction.* From an accepted opening for sufficiently many challenges, `ipa`'s special soundness gives a vector behind the combined
//! commitment that has the claimed value (Bulletproofs, theorem 2; three values of a challenge per round, so an error of `2 / 2^128`
//! for each of the `l` rounds). Three values of `c` give vectors `W, q, E` behind `C_pre + C_post`, `C_post` and `C_E`. By the binding
//! property they are the same vectors in every continuation of the transcript, so they are fixed before any challenge, because
//! the commitments are absorbed first. `p = W - q` is then an opening of `C_pre`. The openings involve the generators `0..2^l` only:
//! neither the blinding generator nor later ones.
//!
//! *Given fixed vectors*, each claim that is false survives with the probability that a non-zero polynomial of low degree vanishes at a
//! random point (Schwartz-Zippel; Lund et al. for the sum-checks; Spartan, 2019/550, section 5): `(n + 3n + 2 + 2m) / p` for 1 and 2,
//! `l / p` for each block, `(2 + 3 + 2l) / p` for 3, `2 / p` for 4. Rows and columns that padding adds are zero in `M`: padding rows force
//! `E` to vanish there, padding columns of `W` enter nothing. All of it is below `2^-122` for any shape that fits in memory; the
//! discrete logarithm, at `2^126` operations, is of the same order.
//!
//! *Why only `C_post` is restricted.* A cheating prover may also put mass of `C_pre` at generators `P` and beyond. That gains it nothing.
//! The chain of the recursion and the challenges `alpha, gamma` bind the group element `C_pre`, hence (binding) its opening `p`. Once `p`
//! is fixed, the witnesses that can be shown are `W = p + q` with `q` zero on the prefix and otherwise free, and chosen after
//! `alpha, gamma`: exactly the `W` whose first `P` entries are those of `p`, whatever the other entries of `p` are. So the first `P`
//! columns are a function of `C_pre`, which is all the recursion uses, and the remaining columns, free before, stay free. A
//! symmetrical claim would remove no witness. The same holds segment by segment: folding is linear, `C_pre` and
//! `C_post` are folded each on its own with a challenge that absorbs both, so the extractor of Nova (2021/370, section 4) gets openings of
//! each segment's `C_pre` and `C_post` with zero prefixes in the latter. Without the claim about `C_post` the split would bind nothing: a
//! vector could be moved from `C_pre` to `C_post` after the challenges are known.
//!
//! # Zero knowledge
//!
//! The proof hides nothing by itself. It is run on an instance that was folded with a uniformly random one, so that its vectors are
//! uniform among the satisfying ones (HyperNova, 2023/573), and it is not to be used otherwise on secret data.
//!
//! # Hostile input
//!
//! The lengths of all vectors of a proof and of `X` are compared with the shape before anything is computed from them; no
//! allocation depends on the proof. The shape and the key are trusted: they belong to the verifier's parameters.
mod claims;
mod cube;
mod engine;
mod fold;
mod ipa;
mod matrix;
mod sumcheck;
mod transcript;

pub use engine::{Affine, SpartanEngine};

use crate::{
    split::{RelaxedSplitInstance, RelaxedSplitWitness, SplitShape},
    Commitment, CommitmentKey,
};
use claims::{Claims, Values};
use ff::Field;
use matrix::JointMatrix;
use nova_snark::{
    errors::NovaError,
    spartan::polys::{eq::EqPolynomial, multilinear::MultilinearPolynomial},
    traits::{Engine, TranscriptEngineTrait},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Why a proof could not be made or was rejected.
#[derive(Debug, thiserror::Error)]
pub enum SpartanError {
    /// The key has fewer generators than rows or columns, rounded up to a power of two.
    #[error("the commitment key has {have} generators, {need} are needed")]
    KeyTooShort { need: usize, have: usize },
    /// The prefix is longer than the witness.
    #[error("the shape is not a valid split")]
    Shape,
    /// The instance or witness has vectors whose lengths are not those of the shape.
    #[error("the instance or witness does not have the lengths of the shape")]
    InstanceLength,
    /// A vector of the proof does not have the length that follows from the shape.
    #[error("the proof does not have the lengths of the shape")]
    ProofLength,
    /// The shape has no prefix, but the instance has a commitment to one.
    #[error("the instance commits to a prefix that the shape does not have")]
    UnexpectedPrefix,
    /// The prover's witness does not satisfy the rows.
    #[error("the witness does not satisfy the relation")]
    Unsatisfied,
    /// The sum-check over the rows ends in a false claim.
    #[error("the proof is wrong about the rows")]
    Rows,
    /// The sum-check over the columns ends in a false claim.
    #[error("the proof is wrong about the columns")]
    Columns,
    /// The sum-check over the evaluation claims ends in a false claim.
    #[error("the proof is wrong about the committed vectors")]
    Claims,
    /// The opening does not match the commitments.
    #[error("the proof does not open the commitments")]
    Opening,
    /// A challenge has no inverse; this happens with probability `2^-128`.
    #[error("a challenge is zero")]
    Challenge,
    /// The transcript failed.
    #[error(transparent)]
    Transcript(#[from] NovaError),
}

/// A proof for one relaxed split instance. Its size is logarithmic in the number of rows and columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct SpartanProof<E: SpartanEngine> {
    rows: Vec<[E::Scalar; 3]>,
    /// `Az, Bz, Cz` and `E` at the end of the sum-check over the rows.
    at_rows: [E::Scalar; 4],
    columns: Vec<[E::Scalar; 2]>,
    eval_W: E::Scalar,
    claims: Vec<[E::Scalar; 2]>,
    values: Values<E::Scalar>,
    opening: ipa::Opening<E>,
}

/// Numbers of variables of a shape.
#[derive(Clone, Copy)]
struct Measures {
    rows: usize,
    columns: usize,
}

impl Measures {
    /// Checks what both sides rely on: the split, the length of `X`, the key.
    fn new<E: SpartanEngine>(
        ck: &CommitmentKey<E>,
        shape: &SplitShape<E>,
        instance: &RelaxedSplitInstance<E>,
    ) -> Result<Self, SpartanError> {
        if shape.pre_len > shape.shape.num_vars() {
            return Err(SpartanError::Shape);
        }
        if instance.X.len() != shape.shape.num_io() {
            return Err(SpartanError::InstanceLength);
        }
        if shape.pre_len == 0 && instance.comm_pre != Commitment::<E>::default() {
            return Err(SpartanError::UnexpectedPrefix);
        }
        let vars = |n: usize| n.next_power_of_two().ilog2() as usize;
        let measures = Self {
            rows: vars(shape.shape.num_cons()),
            columns: vars(shape.shape.num_vars()),
        };
        let (need, have) = (1 << measures.larger(), E::generators(ck).len());
        if have < need {
            return Err(SpartanError::KeyTooShort { need, have });
        }
        Ok(measures)
    }

    fn larger(&self) -> usize {
        self.rows.max(self.columns)
    }
}

fn padded<F: Field>(mut vector: Vec<F>, vars: usize) -> Vec<F> {
    vector.resize(1 << vars, F::ZERO);
    vector
}

/// Proves that the vectors of `witness` satisfy the relation and are those committed in `instance`.
///
/// * `ck`: at least as many generators as rows and as variables, each rounded up to a power of two.
/// * `digest`: binds the shape, the key and everything else the verifier fixes beforehand.
/// * `instance`: commitments with zero blinder; those of `witness` are not read. That the commitments are those of the vectors is not
///   checked: if they are not, the proof is rejected.
pub fn prove<E: SpartanEngine>(
    ck: &CommitmentKey<E>,
    shape: &SplitShape<E>,
    digest: &[u8; 32],
    instance: &RelaxedSplitInstance<E>,
    witness: &RelaxedSplitWitness<E>,
) -> Result<SpartanProof<E>, SpartanError> {
    let mut post = witness.W.clone();
    let pre_len = shape.pre_len.min(post.len());
    post[..pre_len].fill(E::Scalar::ZERO);
    prove_with_post(ck, shape, digest, instance, witness, post)
}

/// [`prove`] for a given opening of `C_post`.
fn prove_with_post<E: SpartanEngine>(
    ck: &CommitmentKey<E>,
    shape: &SplitShape<E>,
    digest: &[u8; 32],
    instance: &RelaxedSplitInstance<E>,
    witness: &RelaxedSplitWitness<E>,
    post: Vec<E::Scalar>,
) -> Result<SpartanProof<E>, SpartanError> {
    let measures = Measures::new(ck, shape, instance)?;
    let r1cs = &shape.shape;
    if witness.W.len() != r1cs.num_vars() || witness.E.len() != r1cs.num_cons() {
        return Err(SpartanError::InstanceLength);
    }
    let mut transcript = transcript::begin(shape, digest, instance);

    let z = [&witness.W[..], &[instance.u], &instance.X].concat();
    let (az, bz, cz) = r1cs.multiply_vec(&z)?;
    let error = |(cz, e): (&E::Scalar, &E::Scalar)| instance.u * cz + e;
    let ucz_e: Vec<_> = cz.par_iter().zip(&witness.E).map(error).collect();
    let satisfied = |((a, b), c): ((&E::Scalar, &E::Scalar), &E::Scalar)| *a * b == *c;
    if !az.par_iter().zip(&bz).zip(&ucz_e).all(satisfied) {
        return Err(SpartanError::Unsatisfied);
    }

    let tau = transcript::squeeze_vec::<E>(&mut transcript, b"tau", measures.rows)?;
    let mut summand = sumcheck::RowErrors {
        eq: EqPolynomial::evals_from_points(&tau),
        a: padded(az, measures.rows),
        b: padded(bz, measures.rows),
        c: padded(ucz_e, measures.rows),
    };
    let (rows, r_x, _) = sumcheck::prove::<E, 3>(
        E::Scalar::ZERO,
        measures.rows,
        &mut summand,
        &mut transcript,
    )?;
    let eval = |table: Vec<E::Scalar>, point: &[E::Scalar]| {
        MultilinearPolynomial::evaluate_with(&padded(table, point.len()), point)
    };
    let eval_E = eval(witness.E.clone(), &r_x);
    let at_rows = [summand.a[0], summand.b[0], eval(cz, &r_x), eval_E];
    transcript.absorb(b"rows", &at_rows.as_slice());

    let r = transcript.squeeze(b"r")?;
    let rows_table = EqPolynomial::evals_from_points(&r_x);
    let (bound, public) = JointMatrix::new(r1cs, r).bind_rows(&rows_table);
    let claim = columns_claim(&at_rows, &r, &public, instance);
    let mut summand = sumcheck::Products(vec![[
        padded(bound, measures.columns),
        padded(witness.W.clone(), measures.columns),
    ]]);
    let (columns, r_y, _) =
        sumcheck::prove::<E, 2>(claim, measures.columns, &mut summand, &mut transcript)?;
    let eval_W = summand.0[0][1][0];
    transcript.absorb(b"W", &eval_W);

    let claims = Claims::new(shape, &r_x, &r_y, eval_W, eval_E, &mut transcript)?;
    let vars = claims.vars();
    let vectors = [witness.W.clone(), post, witness.E.clone()].map(|v| padded(v, vars));
    let [w, post, e] = vectors.clone();
    let mut summand = claims.summand(w, post, e);
    let (claim_rounds, point, _) =
        sumcheck::prove::<E, 2>(claims.sum(), vars, &mut summand, &mut transcript)?;
    let values = Values {
        w: summand.0[0][0][0],
        e: summand.0[1][0][0],
        post: summand.0[2][0][0],
    };
    let c = joining_challenge::<E>(&values, &mut transcript)?;
    let [w, post, e] = vectors;
    let joined = |((w, q), e): ((&E::Scalar, &E::Scalar), &E::Scalar)| *w + c * (*q + c * e);
    let vector = w.par_iter().zip(&post).zip(&e).map(joined).collect();
    let opening = ipa::prove::<E>(E::generators(ck), vector, &point, &mut transcript)?;
    Ok(SpartanProof {
        rows,
        at_rows,
        columns,
        eval_W,
        claims: claim_rounds,
        values,
        opening,
    })
}

/// Checks a proof for `instance`, whose commitments have had their blinders removed.
///
/// `ck`, `shape` and `digest` are the verifier's own; `instance` and `proof` may come from anyone.
pub fn verify<E: SpartanEngine>(
    ck: &CommitmentKey<E>,
    shape: &SplitShape<E>,
    digest: &[u8; 32],
    instance: &RelaxedSplitInstance<E>,
    proof: &SpartanProof<E>,
) -> Result<(), SpartanError> {
    let measures = Measures::new(ck, shape, instance)?;
    if proof.rows.len() != measures.rows
        || proof.columns.len() != measures.columns
        || proof.claims.len() != measures.larger()
    {
        return Err(SpartanError::ProofLength);
    }
    let mut transcript = transcript::begin(shape, digest, instance);

    let tau = transcript::squeeze_vec::<E>(&mut transcript, b"tau", measures.rows)?;
    let (r_x, claim) = sumcheck::verify::<E, 3>(E::Scalar::ZERO, &proof.rows, &mut transcript)?;
    let [az, bz, cz, eval_E] = proof.at_rows;
    let weight = EqPolynomial::new(tau).evaluate(&r_x);
    if claim != weight * (az * bz - instance.u * cz - eval_E) {
        return Err(SpartanError::Rows);
    }
    transcript.absorb(b"rows", &proof.at_rows.as_slice());

    let r = transcript.squeeze(b"r")?;
    let matrix = JointMatrix::new(&shape.shape, r);
    let rows_table = EqPolynomial::evals_from_points(&r_x);
    let public = matrix.bind_rows_public(&rows_table);
    let claim = columns_claim(&proof.at_rows, &r, &public, instance);
    let (r_y, claim) = sumcheck::verify::<E, 2>(claim, &proof.columns, &mut transcript)?;
    let columns_table = EqPolynomial::evals_from_points(&r_y);
    if claim != matrix.evaluate(&rows_table, &columns_table) * proof.eval_W {
        return Err(SpartanError::Columns);
    }
    transcript.absorb(b"W", &proof.eval_W);

    let claims = Claims::new(shape, &r_x, &r_y, proof.eval_W, eval_E, &mut transcript)?;
    let (point, claim) = sumcheck::verify::<E, 2>(claims.sum(), &proof.claims, &mut transcript)?;
    if claim != claims.at(&point, &proof.values) {
        return Err(SpartanError::Claims);
    }
    let c = joining_challenge::<E>(&proof.values, &mut transcript)?;
    let [pre, post, e] =
        [instance.comm_pre, instance.comm_post, instance.comm_E].map(|c| E::group_element(&c));
    let commitment = pre + post + (post + e * c) * c;
    ipa::verify::<E>(
        E::generators(ck),
        commitment,
        &point,
        proof.values.combine(&c),
        &proof.opening,
        &mut transcript,
    )
}

/// What the columns of `W` contribute to `Az + r Bz + r^2 Cz`: the rest after the public columns.
fn columns_claim<E: Engine>(
    at_rows: &[E::Scalar; 4],
    r: &E::Scalar,
    public: &[E::Scalar],
    instance: &RelaxedSplitInstance<E>,
) -> E::Scalar {
    let [az, bz, cz, _] = at_rows;
    let known = std::iter::once(&instance.u)
        .chain(&instance.X)
        .zip(public)
        .fold(E::Scalar::ZERO, |sum, (value, column)| {
            sum + *value * column
        });
    *az + *r * (*bz + *r * cz) - known
}

/// The challenge that joins the three vectors for the opening, drawn after their values are absorbed.
fn joining_challenge<E: Engine>(
    values: &Values<E::Scalar>,
    transcript: &mut E::TE,
) -> Result<E::Scalar, SpartanError> {
    transcript.absorb(b"values", &[values.w, values.post, values.e].as_slice());
    Ok(transcript.squeeze(b"c")?)
}

#[cfg(test)]
mod tests;
