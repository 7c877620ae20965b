//! The first pass: commits to the `pre` columns of every segment and chains the commitments.
use crate::{
    pedersen::CommitmentKey,
    prove::{
        error::ProveError,
        params::PublicParams,
        step::{PreSource, SplitStep},
    },
    ro::{F1, F2},
    Commitment, PastaEngine, Primary,
};
use ff::{Field, PrimeField};
use nova_snark::traits::{AbsorbInROTrait, Engine, ROConstants, ROMode, ROTrait};
use rand_core::OsRng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha3::{Digest, Sha3_256};
use std::ops::ControlFlow;
use zkmips_msm::{msm_mixed, MixedVec, PastaField};

/// `IC_0`, where the chain of `pre` commitments starts: a constant of the protocol.
pub const CHAIN_START: F2 = F2::ZERO;

/// One link of the chain: `IC_{i+1} = H(IC_i, C_pre)`, a full field element.
pub fn chain_next(consts: &ROConstants<Primary>, ic: F2, comm_pre: &Commitment<Primary>) -> F2 {
    let mut ro = <Primary as Engine>::RO::new_with_mode(consts.clone(), ROMode::Narrow);
    ro.absorb(ic);
    comm_pre.absorb_in_ro(&mut ro);
    ro.squeeze(F2::NUM_BITS as usize, false)
}

impl<E: PastaEngine> CommitmentKey<E> {
    /// Commits to elements that are mostly small integers, with the first generators.
    ///
    /// # Panics
    ///
    /// If the key has fewer generators than there are elements.
    pub fn commit_mixed(&self, values: &MixedVec<E::Scalar>, blinder: &E::Scalar) -> Commitment<E> {
        self.blind(
            msm_mixed(values, &self.generators()[..values.len()]),
            blinder,
        )
    }
}

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

/// Commits to all segments of `source` in order, or goes on after those in `done`. `on_segment` sees what is done, to store it or to stop.
pub fn commit_pass<S: SplitStep<F1>>(
    pp: &PublicParams<S>,
    source: &mut dyn PreSource<F1>,
    done: Vec<PreCommitment>,
    on_segment: &mut dyn FnMut(&[PreCommitment]) -> ControlFlow<()>,
) -> Result<Commitments, ProveError> {
    let n = source.segments();
    let first = done.len();
    if first > n {
        return Err(ProveError::WrongPosition {
            have: first,
            total: n,
        });
    }
    let chain = |ic, done: &PreCommitment| chain_next(&pp.consts.primary, ic, &done.comm_pre);
    let mut pass = Commitments {
        ic: done.iter().fold(CHAIN_START, chain),
        segments: done,
    };
    // One segment is committed to while the next one is filled.
    let mut pre = MixedVec::new();
    let mut next = MixedVec::new();
    if first < n {
        fill(pp, source, first, &mut pre)?;
    }
    for i in first..n {
        let r_pre = F1::random(&mut OsRng);
        let ((comm_pre, digest), filled) = rayon::join(
            || {
                let digest = digest_columns(&pre);
                (pp.ck_primary.commit_mixed(&pre, &r_pre), digest)
            },
            || match i + 1 < n {
                true => fill(pp, source, i + 1, &mut next),
                false => Ok(()),
            },
        );
        let committed = PreCommitment {
            comm_pre,
            r_pre,
            digest,
        };
        pass.ic = chain(pass.ic, &committed);
        pass.segments.push(committed);
        if on_segment(&pass.segments).is_break() {
            return Err(ProveError::Stopped);
        }
        filled?;
        std::mem::swap(&mut pre, &mut next);
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
    pre: &mut MixedVec<F1>,
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
///
/// It tells accidents, such as a checkpoint of another release: both passes are the prover's own, and other columns than those committed
/// to would give a proof that nobody accepts. So words are mixed, which takes a tenth of the time of a cryptographic hash. The mixing of a
/// word is a bijection of what was mixed before, so one changed column always changes the digest.
pub(crate) fn digest_columns(pre: &MixedVec<F1>) -> [u8; 32] {
    const CHUNK: usize = 1 << 15;
    let digests: Vec<_> = pre
        .words()
        .par_chunks(CHUNK)
        .map(|words| mix(words, i64::cast_unsigned))
        .collect();
    let large = mix(F1::limbs_of(pre.large()).as_flattened(), |word| word);
    let mut hash = Sha3_256::new();
    hash.update((pre.len() as u64).to_le_bytes());
    for word in digests.iter().chain([&large]).flatten() {
        hash.update(word.to_le_bytes());
    }
    hash.finalize().into()
}

/// Every fourth word is mixed by itself, so that the processor can do it side by side.
fn mix<T: Copy>(words: &[T], bits: impl Fn(T) -> u64) -> [u64; 4] {
    // The fractional part of the golden ratio, and an odd number.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = [1, 2, 3, 4];
    for words in words.chunks(4) {
        for (state, word) in state.iter_mut().zip(words) {
            *state = (*state ^ bits(*word)).wrapping_mul(FACTOR).rotate_left(29);
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use ff::PrimeField;

    #[test]
    fn the_digest_depends_on_every_column_and_its_place() {
        let mut base: Vec<F1> = [0u64, 1, 0, 256, 255, 1 << 40].map(F1::from).to_vec();
        base.extend([F1::TWO_INV, F1::TWO_INV.square(), -F1::from(5)]);
        let digest_of = |columns: &[F1]| digest_columns(&MixedVec::from_elements(columns));
        let mut seen = vec![digest_of(&base)];
        for i in 0..base.len() {
            for change in [F1::ONE, -F1::ONE, F1::from(256), F1::TWO_INV.square()] {
                let mut other = base.clone();
                other[i] += change;
                seen.push(digest_of(&other));
            }
        }
        for i in 1..base.len() {
            let mut other = base.clone();
            other.swap(i - 1, i);
            seen.push(digest_of(&other));
        }
        seen.push(digest_of(&base[..5]));
        for (i, digest) in seen.iter().enumerate() {
            assert!(!seen[..i].contains(digest), "variant {i}");
        }
    }
}
