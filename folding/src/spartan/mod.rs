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
//! *Extraction.* From an accepted opening, continued with four different challenges in every round, one computes a vector behind the
//! combined commitment that has the claimed value, or a relation between the generators (Bulletproofs, 2017/1066, section 3; here the
//! equation of a round has the powers `x^-1 .. x^2`, hence four). Three values of `c` then give vectors `W, q, E` behind
//! `C_pre + C_post`, `C_post` and `C_E`. By the binding property they are the same vectors in every continuation of the transcript:
//! since the commitments are absorbed first, the vectors are fixed before any challenge. `p = W - q` is then an opening of `C_pre`. The
//! openings involve the generators `0..2^l` only: neither the blinding generator nor later ones.
//!
//! *Given fixed vectors*, a false claim survives with the probability that a non-zero polynomial of low degree vanishes at a random
//! point (Schwartz-Zippel; for the sum-checks Lund et al.; for 1 and 2 Spartan, 2019/550, section 5): `(n + 3n + 2 + 2m) / p` for 1 and
//! 2, `l / p` for each block, `(4 + 2l) / p` for 3 with three blocks, `2 / p` for 4. The opening adds `3 / 2^128` for each of its `l` rounds, and
//! this is what counts: below `2^-121` for up to `2^32` rows and columns. The discrete logarithm costs about `2^126` operations.
//!
//! *Padding.* Rows that rounding up adds are zero in `M`, so 1 forces `E` to vanish there; columns that it adds enter nothing. Entries of
//! `W` beyond `2^m` and of `E` beyond `2^n`, if a prover commits to any, enter nothing either: the claims of 3 are about the first block.
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
pub(crate) mod claims;
pub(crate) mod cube;
pub(crate) mod ipa;
pub(crate) mod sumcheck;
pub(crate) mod transcript;

use crate::{
    compact::{CompactShape, NotAShape},
    split::{Measures, RelaxedSplitInstance},
    Commitment, CommitmentKey, PastaEngine,
};
use claims::{Claims, Values};
use ff::Field;
use nova_snark::{
    errors::NovaError,
    spartan::polys::eq::EqPolynomial,
    traits::{Engine, TranscriptEngineTrait},
};
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
    /// The verifier's shape is damaged.
    #[error(transparent)]
    NotAShape(#[from] NotAShape),
    /// The transcript failed.
    #[error(transparent)]
    Transcript(#[from] NovaError),
}

/// A proof for one relaxed split instance. Its size is logarithmic in the number of rows and columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct SpartanProof<E: PastaEngine> {
    pub(crate) rows: Vec<[E::Scalar; 3]>,
    /// `Az, Bz, Cz` and `E` at the end of the sum-check over the rows.
    pub(crate) at_rows: [E::Scalar; 4],
    pub(crate) columns: Vec<[E::Scalar; 2]>,
    pub(crate) eval_W: E::Scalar,
    pub(crate) claims: Vec<[E::Scalar; 2]>,
    pub(crate) values: Values<E::Scalar>,
    pub(crate) opening: ipa::Opening<E>,
}

/// Numbers of variables that index rows, and columns of `W`.
#[derive(Clone, Copy)]
pub(crate) struct Variables {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Variables {
    /// Checks what both sides rely on: the split, the length of `X`, the key.
    pub(crate) fn new<E: PastaEngine>(
        ck: &CommitmentKey<E>,
        measures: &Measures,
        instance: &RelaxedSplitInstance<E>,
    ) -> Result<Self, SpartanError> {
        if measures.pre_len > measures.vars {
            return Err(SpartanError::Shape);
        }
        if instance.X.len() != measures.io {
            return Err(SpartanError::InstanceLength);
        }
        if measures.pre_len == 0 && instance.comm_pre != Commitment::<E>::default() {
            return Err(SpartanError::UnexpectedPrefix);
        }
        let vars = |n: usize| n.next_power_of_two().ilog2() as usize;
        let variables = Self {
            rows: vars(measures.rows),
            columns: vars(measures.vars),
        };
        let (need, have) = (1 << variables.larger(), ck.generators().len());
        if have < need {
            return Err(SpartanError::KeyTooShort { need, have });
        }
        Ok(variables)
    }

    pub(crate) fn larger(&self) -> usize {
        self.rows.max(self.columns)
    }
}

/// Checks a proof for `instance`, whose commitments have had their blinders removed.
///
/// `ck`, `shape` and `digest` are the verifier's own; `instance` and `proof` may come from anyone.
pub fn verify<E: PastaEngine>(
    ck: &CommitmentKey<E>,
    shape: &CompactShape<E>,
    digest: &[u8; 32],
    instance: &RelaxedSplitInstance<E>,
    proof: &SpartanProof<E>,
) -> Result<(), SpartanError> {
    let measures = shape.measures();
    let variables = Variables::new(ck, &measures, instance)?;
    if proof.rows.len() != variables.rows
        || proof.columns.len() != variables.columns
        || proof.claims.len() != variables.larger()
    {
        return Err(SpartanError::ProofLength);
    }
    let mut transcript = transcript::begin(&measures, digest, instance);

    let tau = transcript::squeeze_vec::<E>(&mut transcript, b"tau", variables.rows)?;
    let (r_x, claim) = sumcheck::verify::<E, 3>(E::Scalar::ZERO, &proof.rows, &mut transcript)?;
    let [az, bz, cz, eval_E] = proof.at_rows;
    let weight = EqPolynomial::new(tau).evaluate(&r_x);
    if claim != weight * (az * bz - instance.u * cz - eval_E) {
        return Err(SpartanError::Rows);
    }
    transcript.absorb(b"rows", &proof.at_rows.as_slice());

    let r = transcript.squeeze(b"r")?;
    let rows_table = EqPolynomial::evals_from_points(&r_x);
    let public = shape.bind_rows_public(&r, &rows_table)?;
    let claim = columns_claim(&proof.at_rows, &r, &public, instance);
    let (r_y, claim) = sumcheck::verify::<E, 2>(claim, &proof.columns, &mut transcript)?;
    let columns_claim = claim;
    transcript.absorb(b"W", &proof.eval_W);

    let claims = Claims::new::<E>(&measures, &r_x, &r_y, proof.eval_W, eval_E, &mut transcript)?;
    let (point, claim) = sumcheck::verify::<E, 2>(claims.sum(), &proof.claims, &mut transcript)?;
    if claim != claims.at(&point, &proof.values) {
        return Err(SpartanError::Claims);
    }
    let c = joining_challenge::<E>(&proof.values, &mut transcript)?;
    let [pre, post, e] =
        [instance.comm_pre, instance.comm_post, instance.comm_E].map(|c| c.point());
    let commitment = pre + post + (post + e * c) * c;
    // No challenge depends on these two, which take nearly all of the time.
    let check_columns = || {
        let columns_table = EqPolynomial::evals_from_points(&r_y);
        if columns_claim != shape.evaluate(&r, &rows_table, &columns_table)? * proof.eval_W {
            return Err(SpartanError::Columns);
        }
        Ok(())
    };
    let check_opening = || {
        ipa::verify::<E>(
            ck.generators(),
            commitment,
            &point,
            proof.values.combine(&c),
            &proof.opening,
            &mut transcript,
        )
    };
    let (columns, opening) = rayon::join(check_columns, check_opening);
    columns.and(opening)
}

/// What the columns of `W` contribute to `Az + r Bz + r^2 Cz`: the rest after the public columns.
pub(crate) fn columns_claim<E: Engine>(
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
pub(crate) fn joining_challenge<E: Engine>(
    values: &Values<E::Scalar>,
    transcript: &mut E::TE,
) -> Result<E::Scalar, SpartanError> {
    transcript.absorb(b"values", &[values.w, values.post, values.e].as_slice());
    Ok(transcript.squeeze(b"c")?)
}
