//! Many sums of points at once, as trees of affine additions.
//!
//! Each round adds neighbours in every segment, so a segment of `n` points takes `log2 n` rounds, and the additions of one round of all
//! segments are independent: they share inversions whatever the lengths, and one long segment is the best case.
use crate::{
    add::{add_pairs, Pairs, Scratch},
    backend::Kernels,
    curve::PastaCurve,
    point::AffinePoint,
};

/// A sum to be formed: of the points named by `names[start..start + len]`, to be put at place `out`. `len` is not zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) start: u32,
    pub(crate) len: u32,
    pub(crate) out: u32,
}

/// Memory that is used again by the next sums.
pub struct Workspace<C> {
    scratch: Scratch,
    pairs: Pairs,
    segments: Vec<Segment>,
    from: Vec<AffinePoint<C>>,
    to: Vec<AffinePoint<C>>,
}

impl<C> Default for Workspace<C> {
    fn default() -> Self {
        Self {
            scratch: Scratch::default(),
            pairs: Pairs::default(),
            segments: Vec::new(),
            from: Vec::new(),
            to: Vec::new(),
        }
    }
}

/// The point that a name means; see [`Pairs`].
fn named<C: PastaCurve>(points: &[AffinePoint<C>], name: u32) -> AffinePoint<C> {
    let point = points[(name >> 1) as usize];
    if name & 1 == 1 {
        point.negated()
    } else {
        point
    }
}

/// Grows a vector whose content does not matter.
fn at_least<C>(points: &mut Vec<AffinePoint<C>>, len: usize) {
    if points.len() < len {
        points.resize(len, AffinePoint::IDENTITY);
    }
}

impl<C: PastaCurve> Workspace<C> {
    /// Writes the sum of every segment to its place in `out`. No name may mean the identity; sums may be the identity.
    ///
    /// A name is twice the index of a point, plus one for its opposite. At most 2^31 points.
    pub(crate) fn sum(
        &mut self,
        kernels: Kernels,
        points: &[AffinePoint<C>],
        names: &[u32],
        segments: &[Segment],
        out: &mut [AffinePoint<C>],
    ) {
        let Self {
            scratch,
            pairs,
            segments: left,
            from,
            to,
        } = self;
        // Each round needs a place for every sum and one for repetitions that fill up a group.
        let sums: usize = segments.iter().map(|s| s.len.div_ceil(2) as usize).sum();
        at_least(from, sums + 1);
        at_least(to, sums + 1);

        left.clear();
        pairs.clear();
        let mut next = 0;
        for &Segment {
            start,
            len,
            out: place,
        } in segments
        {
            let names = &names[start as usize..(start + len) as usize];
            if let [name] = names {
                out[place as usize] = named(points, *name);
                continue;
            }
            let start = next;
            let (couples, single) = names.as_chunks::<2>();
            for [a, b] in couples {
                pairs.push(*a, *b, next);
                next += 1;
            }
            if let [name] = single {
                from[next as usize] = named(points, *name);
                next += 1;
            }
            left.push(Segment {
                start,
                len: next - start,
                out: place,
            });
        }
        let mut careful = false;
        let spare = next as usize + 1;
        add_pairs::<C, true>(
            kernels,
            points,
            &mut from[..spare],
            pairs,
            scratch,
            &mut careful,
        );

        loop {
            pairs.clear();
            next = 0;
            left.retain_mut(|segment| {
                let Segment {
                    start,
                    len,
                    out: place,
                } = *segment;
                if len == 1 {
                    out[place as usize] = from[start as usize];
                    return false;
                }
                segment.start = next;
                for k in 0..len / 2 {
                    pairs.push((start + 2 * k) << 1, (start + 2 * k + 1) << 1, next);
                    next += 1;
                }
                if len % 2 == 1 {
                    to[next as usize] = from[(start + len - 1) as usize];
                    next += 1;
                }
                segment.len = next - segment.start;
                true
            });
            if left.is_empty() {
                return;
            }
            let spare = next as usize + 1;
            add_pairs::<C, false>(
                kernels,
                from,
                &mut to[..spare],
                pairs,
                scratch,
                &mut careful,
            );
            std::mem::swap(from, to);
        }
    }
}
