//! Many sums of points at once, as trees of affine additions.
//!
//! Each round adds neighbours in every segment, so a segment of `n` points takes `log2 n` rounds, and the additions of one round of all
//! segments are independent: they share inversions whatever the lengths, and one long segment is the best case.
use crate::{
    add::{add_pairs, Pair, Scratch, GROUP},
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

/// What is left of a sum: the partial sums in places `start..start + len` and, if there is one, in place `odd`.
#[derive(Clone, Copy)]
struct Partial {
    start: u32,
    len: u32,
    odd: Option<u32>,
    out: u32,
}

/// Memory that is used again by the next sums.
pub struct Workspace<C> {
    scratch: Scratch,
    pairs: Vec<Pair>,
    partial: Vec<Partial>,
    /// The sums of all rounds, one round after the other.
    sums: Vec<AffinePoint<C>>,
}

impl<C> Default for Workspace<C> {
    fn default() -> Self {
        Self {
            scratch: Scratch::default(),
            pairs: Vec::new(),
            partial: Vec::new(),
            sums: Vec::new(),
        }
    }
}

/// The point that a name means; see [`Pair`].
fn named<C: PastaCurve>(points: &[AffinePoint<C>], name: u32) -> AffinePoint<C> {
    let point = points[(name >> 1) as usize];
    if name & 1 == 1 {
        point.negated()
    } else {
        point
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
            partial,
            sums,
        } = self;
        // A tree has fewer inner nodes than leaves, and a segment may have one leaf that is copied; each round may fill up a group.
        let nodes: usize = segments.iter().map(|s| s.len as usize + 1).sum();
        let places = nodes + 32 * GROUP;
        if sums.len() < places {
            sums.resize(places, AffinePoint::IDENTITY);
        }

        // Single points that are left over go to the first places, then the first round's sums follow.
        partial.clear();
        pairs.clear();
        let mut singles = 0;
        let first = segments.len() as u32;
        for &Segment {
            start,
            len,
            out: place,
        } in segments
        {
            let (couples, single) = names[start as usize..(start + len) as usize].as_chunks::<2>();
            let odd = single.first().map(|name| {
                sums[singles as usize] = named(points, *name);
                singles += 1;
                singles - 1
            });
            let next = Partial {
                start: first + pairs.len() as u32,
                len: couples.len() as u32,
                odd,
                out: place,
            };
            pairs.extend_from_slice(couples);
            partial.push(next);
        }
        let mut careful = false;
        let mut end = first as usize;
        let made = pairs.len();
        add_pairs::<C, true>(
            kernels,
            points,
            &mut sums[end..],
            pairs,
            scratch,
            &mut careful,
        );
        end += made;

        loop {
            pairs.clear();
            partial.retain_mut(|segment| {
                let Partial {
                    start,
                    len,
                    odd,
                    out: place,
                } = *segment;
                match (len, odd) {
                    (0, None) => return false,
                    (1, None) => {
                        out[place as usize] = sums[start as usize];
                        return false;
                    }
                    (0, Some(odd)) => {
                        out[place as usize] = sums[odd as usize];
                        return false;
                    }
                    _ => {}
                }
                segment.start = (end + pairs.len()) as u32;
                segment.len = len / 2;
                let neighbours = (start..start + len - 1).step_by(2);
                pairs.extend(neighbours.map(|i| [i << 1, (i + 1) << 1]));
                if len % 2 == 1 {
                    let last = start + len - 1;
                    segment.odd = match odd {
                        Some(odd) => {
                            pairs.push([last << 1, odd << 1]);
                            segment.len += 1;
                            None
                        }
                        None => Some(last),
                    };
                }
                true
            });
            if partial.is_empty() {
                return;
            }
            let made = pairs.len();
            let (before, after) = sums.split_at_mut(end);
            add_pairs::<C, false>(kernels, before, after, pairs, scratch, &mut careful);
            end += made;
        }
    }
}
