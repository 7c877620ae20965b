//! Shapes and witnesses of R1CS whose witness is committed in two parts, and the commitments to the parts.
use super::r1cs::R1cs;
use crate::{instances::Blinders, split::Measures, Commitment, CommitmentKey, PastaEngine};
use ff::Field;
use nova_snark::traits::Engine;
use serde::{Deserialize, Serialize};

/// Largest number of dyadic blocks the prefix `pre` may consist of; the opening proof makes one claim per block.
pub const MAX_PRE_BLOCKS: u32 = 3;

/// What is wrong with the measures of a split.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SplitError {
    /// The prefix is longer than the witness.
    #[error("the prefix has {pre_len} variables, the witness only {num_vars}")]
    PrefixTooLong { pre_len: usize, num_vars: usize },
    /// The prefix has a length with more than [`MAX_PRE_BLOCKS`] one bits.
    #[error("the prefix length {0} is not a sum of at most three powers of two")]
    TooManyBlocks(usize),
}

/// An R1CS shape and the length of the prefix that is committed on its own.
#[derive(Clone, Debug)]
pub struct SplitShape<E: Engine> {
    pub shape: R1cs<E::Scalar>,
    /// `P`: how many variables, from the first on, are `pre`.
    pub pre_len: usize,
}

/// The witness of a fresh instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct SplitWitness<E: Engine> {
    /// `num_vars` values, of which the first `pre_len` are `pre`.
    pub W: Vec<E::Scalar>,
    pub r_pre: E::Scalar,
    pub r_post: E::Scalar,
}

/// The witness of a relaxed instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct RelaxedSplitWitness<E: Engine> {
    /// `num_vars` values, of which the first `pre_len` are `pre`.
    pub W: Vec<E::Scalar>,
    /// `num_cons` values.
    pub E: Vec<E::Scalar>,
    pub r_pre: E::Scalar,
    pub r_post: E::Scalar,
    pub r_E: E::Scalar,
}

impl<E: Engine> RelaxedSplitWitness<E> {
    /// Those that are taken out before the instance is proved.
    pub(crate) fn blinders(&self) -> Blinders<E> {
        Blinders {
            pre: self.r_pre,
            post: self.r_post,
            E: self.r_E,
        }
    }
}

impl<E: Engine> SplitShape<E> {
    /// Checks that the prefix fits the witness and consists of few enough blocks.
    pub fn new(shape: R1cs<E::Scalar>, pre_len: usize) -> Result<Self, SplitError> {
        let num_vars = shape.num_vars();
        if pre_len > num_vars {
            return Err(SplitError::PrefixTooLong { pre_len, num_vars });
        }
        if pre_len.count_ones() > MAX_PRE_BLOCKS {
            return Err(SplitError::TooManyBlocks(pre_len));
        }
        Ok(Self { shape, pre_len })
    }

    /// A fresh witness as a relaxed one: no error term.
    pub fn relaxed(
        &self,
        W: Vec<E::Scalar>,
        r_pre: E::Scalar,
        r_post: E::Scalar,
    ) -> RelaxedSplitWitness<E> {
        RelaxedSplitWitness {
            W,
            E: vec![E::Scalar::ZERO; self.shape.num_cons()],
            r_pre,
            r_post,
            r_E: E::Scalar::ZERO,
        }
    }

    /// The measures of the shape.
    pub fn measures(&self) -> Measures {
        Measures {
            rows: self.shape.num_cons(),
            vars: self.shape.num_vars(),
            io: self.shape.num_io(),
            pre_len: self.pre_len,
        }
    }
}

/// Commits to `pre`, the whole of it, with the first generators. The key must have at least `pre.len()` generators.
pub fn commit_pre<E: PastaEngine>(
    ck: &CommitmentKey<E>,
    pre: &[E::Scalar],
    r_pre: &E::Scalar,
) -> Commitment<E> {
    ck.commit_at(0, pre, r_pre)
}

/// Commits to the variables after the prefix of `W`, each with the generator of its own index. The key must have at least
/// `W.len()` generators.
pub fn commit_post<E: PastaEngine>(
    ck: &CommitmentKey<E>,
    W: &[E::Scalar],
    pre_len: usize,
    r_post: &E::Scalar,
) -> Commitment<E> {
    ck.commit_at(pre_len, &W[pre_len..], r_post)
}
