//! Many sums of points at once.
//!
//! The sums grow side by side: a step adds to each of them its next point, and the additions of a step share one inversion. So that all are
//! busy for as many steps, sums of like length are formed together, and where there are few, long ones are cut into pieces, whose sums are
//! summed in the same way.
use crate::{
    add::{Accumulators, SIDE_BY_SIDE},
    backend::Kernels,
    curve::PastaCurve,
    point::AffinePoint,
};
use std::cmp::Reverse;

/// A sum to be formed: of the points named by `names[start..start + len]`, to be put at place `out`. `len` is not zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) start: u32,
    pub(crate) len: u32,
    pub(crate) out: u32,
}

/// Where the sum of a piece goes.
#[derive(Clone, Copy)]
enum Place {
    /// It is a whole segment.
    Out(u32),
    /// Among the sums of pieces.
    Partial(u32),
}

#[derive(Clone, Copy)]
struct Piece {
    start: u32,
    len: u32,
    place: Place,
}

/// Memory that is used again by the next sums.
pub struct Workspace<C> {
    accumulators: Accumulators,
    pieces: Vec<Piece>,
    /// The sums of pieces that are not whole segments.
    partial: Vec<AffinePoint<C>>,
}

impl<C> Default for Workspace<C> {
    fn default() -> Self {
        Self {
            accumulators: Accumulators::default(),
            pieces: Vec::new(),
            partial: Vec::new(),
        }
    }
}

/// The names of those members that are not the identity; see [`Accumulators`].
pub(crate) fn names_of<'a, C>(
    points: &'a [AffinePoint<C>],
    members: impl Iterator<Item = usize> + 'a,
) -> impl Iterator<Item = u32> + 'a {
    members
        .filter(|&m| !points[m].is_identity())
        .map(|m| (m as u32) << 1)
}

impl<C: PastaCurve> Workspace<C> {
    /// Writes the sum of every segment to its place in `out`. No name may mean the identity; sums may be the identity.
    ///
    /// A name is twice the index of a point, plus one for its opposite. At most 2^31 points. It costs least to give the segments in the
    /// order of their lengths, the longest first.
    pub(crate) fn sum(
        &mut self,
        kernels: Kernels,
        points: &[AffinePoint<C>],
        names: &[u32],
        segments: &[Segment],
        out: &mut [AffinePoint<C>],
    ) {
        let further = self.cut(segments);
        for pieces in self.pieces.chunks(SIDE_BY_SIDE) {
            let sums = &mut self.accumulators;
            let mut growing = pieces;
            for i in 0..pieces[0].len {
                while growing.last().is_some_and(|piece| piece.len <= i) {
                    growing = &growing[..growing.len() - 1];
                }
                let next = growing
                    .iter()
                    .map(|piece| names[(piece.start + i) as usize]);
                sums.add(kernels, points, next, i == 0);
            }
            sums.finish(kernels, pieces.len(), |first, sums| {
                for (piece, sum) in pieces[first..].iter().zip(sums) {
                    match piece.place {
                        Place::Out(place) => out[place as usize] = *sum,
                        Place::Partial(place) => self.partial[place as usize] = *sum,
                    }
                }
            });
        }
        if further.is_empty() {
            return;
        }
        let partial = std::mem::take(&mut self.partial);
        let mut names = Vec::with_capacity(partial.len());
        let mut segments = Vec::with_capacity(further.len());
        for Segment { start, len, out } in further {
            let first = names.len();
            let members = start as usize..(start + len) as usize;
            names.extend(names_of(&partial, members));
            // If there is nothing but the identity, the place has it from the beginning.
            if names.len() > first {
                segments.push(Segment {
                    start: first as u32,
                    len: (names.len() - first) as u32,
                    out,
                });
            }
        }
        if !segments.is_empty() {
            self.sum(kernels, &partial, &names, &segments, out);
        }
        self.partial = partial;
    }

    /// Cuts segments into pieces, longest first, and says how the sums of pieces are to be summed.
    fn cut(&mut self, segments: &[Segment]) -> Vec<Segment> {
        let total: u32 = segments.iter().map(|segment| segment.len).sum();
        // With few segments, as many pieces as can grow side by side; otherwise only those are cut that are much longer than others.
        let most = if segments.len() < SIDE_BY_SIDE / 2 {
            total.div_ceil((SIDE_BY_SIDE - segments.len()) as u32)
        } else {
            4 * (total / segments.len() as u32)
        }
        .max(2);
        self.pieces.clear();
        let mut further = Vec::new();
        let mut partial = 0;
        for &Segment { start, len, out } in segments {
            if len <= most {
                let place = Place::Out(out);
                self.pieces.push(Piece { start, len, place });
                continue;
            }
            let parts = len.div_ceil(most);
            let bound = |i: u32| start + (u64::from(len) * u64::from(i) / u64::from(parts)) as u32;
            self.pieces.extend((0..parts).map(|i| Piece {
                start: bound(i),
                len: bound(i + 1) - bound(i),
                place: Place::Partial(partial + i),
            }));
            further.push(Segment {
                start: partial,
                len: parts,
                out,
            });
            partial += parts;
        }
        self.partial.clear();
        self.partial.resize(partial as usize, AffinePoint::IDENTITY);
        if !self.pieces.is_sorted_by_key(|piece| Reverse(piece.len)) {
            self.pieces.sort_unstable_by_key(|piece| Reverse(piece.len));
        }
        further
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Backend;
    use halo2curves::{
        group::{Curve, Group},
        pasta::{Pallas, PallasAffine, Vesta, VestaAffine},
    };

    /// Sums of a few points, which often meet themselves and their opposites, in segments of all lengths.
    fn sums_are_the_librarys<C: PastaCurve>(generator: C::CurveExt, lengths: &[u32]) {
        let multiples: Vec<C> = (1..=5)
            .scan(C::CurveExt::identity(), |sum, _| {
                *sum += generator;
                Some(sum.to_affine())
            })
            .collect();
        let points: Vec<AffinePoint<C>> = multiples.iter().map(|point| (*point).into()).collect();
        let mut state = 1u32;
        let mut name = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % (2 * points.len() as u32)
        };
        let (mut names, mut segments, mut expected) = (Vec::new(), Vec::new(), Vec::new());
        for (&len, out) in lengths.iter().zip(0..) {
            let start = names.len() as u32;
            segments.push(Segment { start, len, out });
            let mut sum = C::CurveExt::identity();
            for name in std::iter::repeat_with(&mut name).take(len as usize) {
                let point = multiples[(name >> 1) as usize];
                sum += if name & 1 == 1 { -point } else { point };
                names.push(name);
            }
            expected.push(sum.to_affine());
        }
        for backend in Backend::all() {
            let mut workspace = Workspace::default();
            // Twice, since memory is used again.
            for _ in 0..2 {
                let mut out = vec![AffinePoint::IDENTITY; segments.len()];
                workspace.sum(backend.0, &points, &names, &segments, &mut out);
                let found: Vec<C> = out.iter().map(AffinePoint::to_affine).collect();
                assert!(found == expected, "{}", backend.name());
            }
        }
    }

    #[test]
    fn segments_of_all_lengths_are_summed() {
        let many: Vec<u32> = (0..3_000).map(|i| 1 + i % 17).collect();
        let few = [1, 2, 3, 5_000, 40, 4_097];
        let skewed: Vec<u32> = (0..600)
            .map(|i| if i % 97 == 5 { 700 } else { 3 })
            .collect();
        for lengths in [&many[..], &few, &skewed, &[1], &[2], &[9]] {
            sums_are_the_librarys::<PallasAffine>(Pallas::generator(), lengths);
            sums_are_the_librarys::<VestaAffine>(Vesta::generator(), lengths);
        }
    }

    #[test]
    fn identities_are_passed_over() {
        let points = [
            AffinePoint::IDENTITY,
            AffinePoint::from(PallasAffine::generator()),
        ];
        assert_eq!(names_of(&points, 0..2).collect::<Vec<_>>(), [2]);
    }
}
