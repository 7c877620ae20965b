//! R1CS whose witness is committed in two parts on disjoint generators.
//!
//! The first `pre_len` variables form `pre`, committed with generators `0..pre_len`; the others form `post`, committed with
//! generators `pre_len..num_vars`. Both parts use the blinding generator of the key, each with a blinder of its own. An R1CS
//! without a split is the case `pre_len = 0`, whose `comm_pre` is the identity.
use crate::{r1cs::R1cs, Commitment, CommitmentKey, PastaEngine};
use ff::Field;
use nova_snark::traits::Engine;
use serde::{Deserialize, Serialize};
use std::ops::Range;

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

/// The numbers that fix the lengths of all vectors of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measures {
    /// Rows of each matrix.
    pub rows: usize,
    /// Variables of the witness: the first columns.
    pub vars: usize,
    /// Elements of `X`: the last columns, after that of `u`.
    pub io: usize,
    /// `P`: how many variables, from the first on, are `pre`.
    pub pre_len: usize,
}

/// A fresh instance: `u = 1` and no error term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct SplitInstance<E: Engine> {
    pub comm_pre: Commitment<E>,
    pub comm_post: Commitment<E>,
    pub X: Vec<E::Scalar>,
}

/// A relaxed instance: `A z o B z = u C z + E` with `z = (W, u, X)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct RelaxedSplitInstance<E: Engine> {
    pub comm_pre: Commitment<E>,
    pub comm_post: Commitment<E>,
    pub comm_E: Commitment<E>,
    pub X: Vec<E::Scalar>,
    pub u: E::Scalar,
}

impl<E: Engine> SplitInstance<E> {
    /// The same as a relaxed instance: `u = 1`, no error term.
    pub fn relaxed(&self) -> RelaxedSplitInstance<E> {
        RelaxedSplitInstance {
            comm_pre: self.comm_pre,
            comm_post: self.comm_post,
            comm_E: Commitment::<E>::default(),
            X: self.X.clone(),
            u: E::Scalar::ONE,
        }
    }
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

/// Splits `0..len` into aligned blocks whose sizes are powers of two, largest first.
///
/// Each block is a sub-cube: all its indices share the high-order bits above its size.
pub fn dyadic_blocks(len: usize) -> Vec<Range<usize>> {
    let mut blocks = Vec::with_capacity(len.count_ones() as usize);
    let mut start = 0;
    while start < len {
        let size = 1usize << (usize::BITS - 1 - (len - start).leading_zeros());
        blocks.push(start..start + size);
        start += size;
    }
    blocks
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_powers_of_two_that_cover_the_prefix() {
        for len in [
            0usize,
            1,
            2,
            3,
            5,
            6,
            96,
            1 << 16,
            (1 << 16) + (1 << 14) + 8,
        ] {
            let mut next = 0;
            for block in dyadic_blocks(len) {
                assert_eq!(block.start, next);
                assert!(block.len().is_power_of_two());
                assert_eq!(block.start % block.len(), 0);
                next = block.end;
            }
            assert_eq!(next, len);
            assert_eq!(dyadic_blocks(len).len(), len.count_ones() as usize);
        }
    }
}
