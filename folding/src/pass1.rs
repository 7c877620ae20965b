//! The first pass: commits to the `pre` columns of every segment and chains the commitments.
use crate::{
    error::ProveError,
    params::PublicParams,
    ro::{chain_next, CHAIN_START, F1, F2},
    split::commit_pre,
    step::{PreSource, SplitStep},
    Commitment, Primary,
};
use ff::{Field, PrimeField};
use rand_core::OsRng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha3::{Digest, Sha3_256};

/// What the first pass leaves of one segment. Private: the blinder would open the commitment to guesses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct PreCommitment {
    pub comm_pre: Commitment<Primary>,
    /// Drawn anew for every proof.
    pub r_pre: F1,
    /// Digest of the columns, by which the second pass knows that it fills the same ones.
    pub digest: [u8; 32],
}

/// The result of the first pass. Private data, like a witness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Commitments {
    pub segments: Vec<PreCommitment>,
    /// `IC_n`, the end of the chain.
    pub ic: F2,
}

/// Commits to all segments of `source` in order. `on_segment` is called with the number of segments done.
pub fn commit_pass<S: SplitStep<F1>>(
    pp: &PublicParams<S>,
    source: &mut dyn PreSource<F1>,
    on_segment: &mut dyn FnMut(usize),
) -> Result<Commitments, ProveError> {
    let n = source.segments();
    let mut pass = Commitments {
        segments: Vec::with_capacity(n),
        ic: CHAIN_START,
    };
    let mut pre = Vec::new();
    for i in 0..n {
        fill(pp, source, i, &mut pre)?;
        let r_pre = F1::random(&mut OsRng);
        let (comm_pre, digest) = rayon::join(
            || commit_pre::<Primary>(&pp.ck_primary, &pre, &r_pre),
            || digest_columns(&pre),
        );
        pass.ic = chain_next(&pp.consts.primary, pass.ic, &comm_pre);
        pass.segments.push(PreCommitment {
            comm_pre,
            r_pre,
            digest,
        });
        on_segment(i + 1);
    }
    if n == 0 {
        return Err(ProveError::NoSegments);
    }
    Ok(pass)
}

/// Fills the columns of segment `i` into `pre` and checks their number.
pub(crate) fn fill<S: SplitStep<F1>>(
    pp: &PublicParams<S>,
    source: &mut dyn PreSource<F1>,
    i: usize,
    pre: &mut Vec<F1>,
) -> Result<(), ProveError> {
    pre.clear();
    source.fill_pre(i, pre)?;
    if pre.len() != pp.primary.pre_len {
        return Err(ProveError::PreLen {
            segment: i,
            found: pre.len(),
            expected: pp.primary.pre_len,
        });
    }
    Ok(())
}

/// Digest of the columns of one segment.
pub(crate) fn digest_columns(pre: &[F1]) -> [u8; 32] {
    let digests: Vec<_> = pre
        .par_chunks(1 << 13)
        .map(|chunk| {
            let mut hash = Sha3_256::new();
            chunk.iter().for_each(|x| hash.update(x.to_repr()));
            hash.finalize()
        })
        .collect();
    let mut hash = Sha3_256::new();
    digests.iter().for_each(|digest| hash.update(digest));
    hash.finalize().into()
}
