//! Batches of independent affine additions, which share one inversion.
mod portable;
#[cfg(target_arch = "x86_64")]
mod vector;

use crate::{backend::Kernels, curve::PastaCurve, point::AffinePoint};

/// Additions that share one inversion: enough to make its price small, few enough to stay in the cache.
const BATCH: usize = 2048;
/// Additions are done in groups of this many; the last group of a batch is filled up with repetitions.
const GROUP: usize = 16;

/// Additions to be made: the sum of `left[k]` and `right[k]` goes to place `out[k]`.
///
/// A point is named by twice its index, plus one if its opposite is meant.
#[derive(Default)]
pub(crate) struct Pairs {
    left: Vec<u32>,
    right: Vec<u32>,
    out: Vec<u32>,
}

impl Pairs {
    pub(crate) fn clear(&mut self) {
        self.left.clear();
        self.right.clear();
        self.out.clear();
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, left: u32, right: u32, out: u32) {
        self.left.push(left);
        self.right.push(right);
        self.out.push(out);
    }

    fn as_ref(&self) -> PairsRef<'_> {
        PairsRef {
            left: &self.left,
            right: &self.right,
            out: &self.out,
        }
    }
}

/// Some of the additions.
#[derive(Clone, Copy)]
struct PairsRef<'a> {
    left: &'a [u32],
    right: &'a [u32],
    out: &'a [u32],
}

impl<'a> PairsRef<'a> {
    fn len(&self) -> usize {
        self.left.len()
    }

    fn split_at(self, k: usize) -> (Self, Self) {
        let (left, rest_left) = self.left.split_at(k);
        let (right, rest_right) = self.right.split_at(k);
        let (out, rest_out) = self.out.split_at(k);
        (
            Self { left, right, out },
            Self {
                left: rest_left,
                right: rest_right,
                out: rest_out,
            },
        )
    }
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

/// Makes all additions. `sums` has one place that no pair names, its last.
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
    let batches = pairs.left.len().div_ceil(BATCH);
    let size = pairs.left.len().div_ceil(batches).next_multiple_of(GROUP);
    while !pairs.left.len().is_multiple_of(GROUP) {
        pairs.push(last_left, last_right, sums.len() as u32 - 1);
    }
    let mut rest = pairs.as_ref();
    let mut identity = false;
    while rest.len() > 0 {
        let (batch, after) = rest.split_at(size.min(rest.len()));
        rest = after;
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
