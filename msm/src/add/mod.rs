//! Sums that grow side by side, by affine additions that share an inversion.
mod portable;
#[cfg(target_arch = "x86_64")]
mod vector;

use crate::{backend::Kernels, curve::PastaCurve, point::AffinePoint};

/// Sums that grow side by side at most, and so additions that share one inversion: enough to make its price small, few enough for what is
/// needed of them to stay in the cache.
pub(crate) const SIDE_BY_SIDE: usize = 4096;
/// Names are given in groups of this many, of which the last is filled up with any.
const GROUP: usize = 8;

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

/// At most [`SIDE_BY_SIDE`] sums.
///
/// Points are given by names: a name is twice the index of a point, plus one if its opposite is meant. None may mean the identity; sums
/// may be the identity.
#[derive(Default)]
pub(crate) struct Accumulators {
    /// Of one step, in whole groups.
    names: Vec<u32>,
    portable: portable::Sums,
    #[cfg(target_arch = "x86_64")]
    vector: vector::Sums,
}

impl Accumulators {
    /// Adds one point to each of the first sums; if they are `new`, they are these points.
    pub(crate) fn add<C: PastaCurve>(
        &mut self,
        kernels: Kernels,
        points: &[AffinePoint<C>],
        names: impl Iterator<Item = u32>,
        new: bool,
    ) {
        self.names.clear();
        self.names.extend(names);
        let count = self.names.len();
        assert!(0 < count && count <= SIDE_BY_SIDE);
        let last = self.names[count - 1];
        self.names.resize(count.next_multiple_of(GROUP), last);
        match (kernels, new) {
            (Kernels::Portable, true) => self.portable.start(points, &self.names[..count]),
            (Kernels::Portable, false) => self.portable.step(points, &self.names[..count]),
            #[cfg(target_arch = "x86_64")]
            (Kernels::Ifma(proof), true) => self.vector.start(proof, points, &self.names),
            #[cfg(target_arch = "x86_64")]
            (Kernels::Ifma(proof), false) => self.vector.step(proof, points, &self.names, count),
        }
    }

    /// Reads the first sums, eight at a time: `store(i, sums)` is given sums `i..i + 8`, or those of them that are left.
    pub(crate) fn finish<C: PastaCurve>(
        &self,
        kernels: Kernels,
        count: usize,
        mut store: impl FnMut(usize, &[AffinePoint<C>]),
    ) {
        for first in (0..count).step_by(8) {
            let sums: [AffinePoint<C>; 8] = match kernels {
                Kernels::Portable => self.portable.eight(first),
                #[cfg(target_arch = "x86_64")]
                Kernels::Ifma(proof) => self.vector.eight(proof, first),
            };
            store(first, &sums[..8.min(count - first)]);
        }
    }
}
