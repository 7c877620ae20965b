//! Batches of independent affine additions, which share one inversion.
mod portable;
#[cfg(target_arch = "x86_64")]
mod vector;

use crate::{backend::Kernels, curve::PastaCurve, point::AffinePoint};

/// Additions that share one inversion: enough to make its price small, few enough to stay in the cache.
const BATCH: usize = 2048;
/// Additions are done in groups of this many; the last group of a batch is filled up with repetitions.
pub(crate) const GROUP: usize = 16;

/// An addition to be made: the names of two points. A name is twice the index of a point, plus one if its opposite is meant.
pub(crate) type Pair = [u32; 2];

/// Fetches points into the cache that will be needed soon.
#[inline(always)]
fn prefetch<C>(points: &[AffinePoint<C>], pairs: &[Pair]) {
    #[cfg(target_arch = "x86_64")]
    for name in pairs.as_flattened() {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        let address = points.as_ptr().wrapping_add((name >> 1) as usize);
        // SAFETY: a hint that never faults, of the instruction set that every x86-64 processor has.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }
    // Elsewhere there is no stable way to say it.
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (points, pairs);
}

/// What a batch has met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Only sums of different points that are not opposite: all results are points other than the identity.
    Ordinary,
    /// Some result is the identity.
    Identity,
    /// Some difference of abscissas is zero, and nothing was written. Only without care.
    Exceptional,
}

/// Memory of the shared inversion.
#[derive(Default)]
pub(crate) struct Scratch {
    portable: portable::Scratch,
    #[cfg(target_arch = "x86_64")]
    vector: vector::Scratch,
}

/// Makes all additions: the sum of pair `k` goes to place `k` of `sums`, which also has places for up to 15 repetitions of the last pair,
/// which fill up a group.
///
/// `careful` must be set if one of the points may be the identity; it is set if one of the sums is. The points named with a sign bit
/// (`SIGNED`) may be negated.
pub(crate) fn add_pairs<C: PastaCurve, const SIGNED: bool>(
    kernels: Kernels,
    points: &[AffinePoint<C>],
    sums: &mut [AffinePoint<C>],
    pairs: &mut Vec<Pair>,
    scratch: &mut Scratch,
    careful: &mut bool,
) {
    let Some(last) = pairs.last().copied() else {
        return;
    };
    let batches = pairs.len().div_ceil(BATCH);
    let size = pairs.len().div_ceil(batches).next_multiple_of(GROUP);
    pairs.resize(pairs.len().next_multiple_of(GROUP), last);
    let mut identity = false;
    let sums = &mut sums[..pairs.len()];
    for (batch, sums) in pairs.chunks(size).zip(sums.chunks_mut(size)) {
        let outcome = match kernels {
            Kernels::Portable => {
                portable::add_batch::<C, SIGNED>(points, sums, batch, &mut scratch.portable)
            }
            #[cfg(target_arch = "x86_64")]
            Kernels::Ifma(proof) => vector::add_batch::<C, SIGNED>(
                proof,
                points,
                sums,
                batch,
                &mut scratch.vector,
                *careful,
            ),
        };
        identity |= outcome == Outcome::Identity;
    }
    *careful |= identity;
}
