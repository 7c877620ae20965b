//! Instances of R1CS whose witness is committed in two parts on disjoint generators.
//!
//! The first `pre_len` variables form `pre`, committed with generators `0..pre_len`; the others form `post`, committed with
//! generators `pre_len..num_vars`. Both parts use the blinding generator of the key, each with a blinder of its own. An R1CS
//! without a split is the case `pre_len = 0`, whose `comm_pre` is the identity.
use crate::Commitment;
use ff::Field;
use nova_snark::traits::Engine;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Public outputs of each augmented circuit: the hash of the other and its own.
pub const NUM_IO: usize = 2;

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
