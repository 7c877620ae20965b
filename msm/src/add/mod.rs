//! Batches of independent affine additions, which share one inversion.
mod portable;
#[cfg(target_arch = "x86_64")]
mod vector;

use crate::{backend::Kernels, curve::PastaCurve, point::AffinePoint};

/// Additions that share one inversion: enough to make its price small, few enough to stay in the cache.
const BATCH: usize = 2048;
/// Additions are done in groups of this many; the last group of a batch is filled up with repetitions.
pub(crate) const GROUP: usize = 16;

/// Additions to be made: the sum of `left[k]` and `right[k]` goes to place `k`.
///
/// A point is named by twice its index, plus one if its opposite is meant.
#[derive(Default)]
pub(crate) struct Pairs {
    left: Vec<u32>,
    right: Vec<u32>,
}

impl Pairs {
    pub(crate) fn clear(&mut self) {
        self.left.clear();
        self.right.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.left.len()
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, left: u32, right: u32) {
        self.left.push(left);
        self.right.push(right);
    }

    /// Pairs neighbours.
    pub(crate) fn extend(&mut self, neighbours: &[[u32; 2]]) {
        self.left.extend(neighbours.iter().map(|[left, _]| left));
        self.right.extend(neighbours.iter().map(|[_, right]| right));
    }

    /// Pairs neighbours among `2 count` points, of which the first has the given index.
    pub(crate) fn extend_range(&mut self, first: u32, count: u32) {
        let names = (first << 1..(first + 2 * count) << 1).step_by(4);
        self.left.extend(names.clone());
        self.right.extend(names.map(|name| name + 2));
    }

    fn as_ref(&self) -> PairsRef<'_> {
        PairsRef {
            left: &self.left,
            right: &self.right,
        }
    }
}

/// Some of the additions.
#[derive(Clone, Copy)]
struct PairsRef<'a> {
    left: &'a [u32],
    right: &'a [u32],
}

impl<'a> PairsRef<'a> {
    fn len(&self) -> usize {
        self.left.len()
    }

    fn split_at(self, k: usize) -> (Self, Self) {
        let (left, rest_left) = self.left.split_at(k);
        let (right, rest_right) = self.right.split_at(k);
        let rest = Self {
            left: rest_left,
            right: rest_right,
        };
        (Self { left, right }, rest)
    }
}

/// Fetches points into the cache that will be needed soon.
#[inline(always)]
fn prefetch<C>(points: &[AffinePoint<C>], names: &[u32]) {
    #[cfg(target_arch = "x86_64")]
    for name in names {
        use std::arch::x86_64::{_mm_prefetch, _MM_HINT_T0};
        let address = points.as_ptr().wrapping_add((name >> 1) as usize);
        // SAFETY: a hint that never faults, of the instruction set that every x86-64 processor has.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }
    // Elsewhere there is no stable way to say it.
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (points, names);
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

/// Makes all additions. `sums` has places for the pairs and for up to 15 repetitions of the last, which fill up a group.
///
/// `careful` must be set if one of the points may be the identity; it is set if one of the sums is. The points named with a sign bit
/// (`SIGNED`) may be negated.
pub(crate) fn add_pairs<C: PastaCurve, const SIGNED: bool>(
    kernels: Kernels,
    points: &[AffinePoint<C>],
    sums: &mut [AffinePoint<C>],
    pairs: &mut Pairs,
    scratch: &mut Scratch,
    careful: &mut bool,
) {
    let Some((last_left, last_right)) = pairs.left.last().copied().zip(pairs.right.last().copied())
    else {
        return;
    };
    let batches = pairs.len().div_ceil(BATCH);
    let size = pairs.len().div_ceil(batches).next_multiple_of(GROUP);
    while !pairs.len().is_multiple_of(GROUP) {
        pairs.push(last_left, last_right);
    }
    let mut rest = pairs.as_ref();
    let mut sums = &mut sums[..pairs.len()];
    let mut identity = false;
    while rest.len() > 0 {
        let size = size.min(rest.len());
        let (batch, after) = rest.split_at(size);
        let (sums_of_batch, sums_after) = std::mem::take(&mut sums).split_at_mut(size);
        (rest, sums) = (after, sums_after);
        let outcome = match kernels {
            Kernels::Portable => portable::add_batch::<C, SIGNED>(
                points,
                sums_of_batch,
                batch,
                &mut scratch.portable,
            ),
            #[cfg(target_arch = "x86_64")]
            Kernels::Ifma(proof) => vector::add_batch::<C, SIGNED>(
                proof,
                points,
                sums_of_batch,
                batch,
                &mut scratch.vector,
                *careful,
            ),
        };
        identity |= outcome == Outcome::Identity;
    }
    *careful |= identity;
}
