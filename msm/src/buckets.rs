//! Pippenger's method: for each digit position, points with equal digits are summed in a bucket, and the buckets are weighted.
use crate::{
    add::SIDE_BY_SIDE,
    backend::Kernels,
    curve::PastaCurve,
    memory::filled,
    point::AffinePoint,
    recode::Digits,
    segmented_sum::{names_of, Segment},
};
use halo2curves::group::Group;
use rayon::prelude::*;
use std::ops::Range;

/// Points that are summed by one task.
const TASK: usize = 1 << 14;
/// Digit positions are computed together as long as they have no more buckets than this.
const FEW_BUCKETS: usize = SIDE_BY_SIDE;

/// The digits of all scalars, by parts of the vector.
pub(crate) struct Windows<'a, C> {
    pub(crate) kernels: Kernels,
    pub(crate) points: &'a [AffinePoint<C>],
    pub(crate) parts: &'a [Digits],
    /// Width of a digit.
    pub(crate) c: u32,
}

/// The names of some digit positions ordered by bucket; bucket `b` of a position is for the digits `b + 1` and `-b - 1`.
struct Sorted {
    names: Vec<u32>,
    /// The buckets that are not empty, those with most names first. What is in place `i` of this list goes to place `i` of the sums.
    segments: Vec<Segment>,
    /// The place of each bucket in that list, or [`EMPTY`]. One position's buckets come after the other's.
    ranks: Vec<u32>,
}

/// The rank of an empty bucket.
const EMPTY: u32 = u32::MAX;

impl Sorted {
    /// Bucket `b` has the names before `ends[b]` that no earlier bucket has.
    fn new(names: Vec<u32>, ends: &[u32]) -> Self {
        // A counting sort by length. Longer ones than this are few.
        const LONG: usize = 255;
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let lengths = || {
            starts
                .clone()
                .zip(ends)
                .map(|(start, end)| (start, end - start))
        };
        let class = |len: u32| LONG - LONG.min(len as usize);
        let mut places = [0u32; LONG + 1];
        lengths().for_each(|(_, len)| places[class(len)] += 1);
        let mut filled = 0;
        for place in &mut places[..LONG] {
            filled += std::mem::replace(place, filled);
        }
        let nothing = Segment {
            start: 0,
            len: 0,
            out: 0,
        };
        let mut segments = vec![nothing; filled as usize];
        let long = places[1] as usize;
        for (bucket, (start, len)) in (0..).zip(lengths()).filter(|(_, (_, len))| *len > 0) {
            let place = &mut places[class(len)];
            segments[*place as usize] = Segment {
                start,
                len,
                out: bucket,
            };
            *place += 1;
        }
        segments[..long].sort_unstable_by_key(|segment| std::cmp::Reverse(segment.len));
        let mut ranks = vec![EMPTY; ends.len()];
        for (rank, segment) in (0..).zip(&mut segments) {
            ranks[segment.out as usize] = rank;
            segment.out = rank;
        }
        Self {
            names,
            segments,
            ranks,
        }
    }
}

impl<C: PastaCurve> Windows<'_, C> {
    /// Number of buckets of a digit position.
    fn buckets(&self) -> usize {
        1 << (self.c - 1)
    }

    /// Number of digits at position `j`.
    fn len(&self, j: usize) -> usize {
        self.parts.iter().map(|part| part.len(j)).sum()
    }

    /// The weighted sum of all points. There are `windows` digit positions.
    pub(crate) fn sum(&self, windows: usize) -> C::CurveExt {
        // Positions with few digits or buckets are computed together, since what grows side by side shares inversions.
        let together = (FEW_BUCKETS / self.buckets()).max(1);
        let mut groups: Vec<Range<usize>> = Vec::new();
        let mut load = 0;
        for j in 0..windows {
            match groups.last_mut() {
                Some(group) if group.len() < together || load + self.len(j) <= TASK => {
                    group.end = j + 1;
                    load += self.len(j);
                }
                _ => {
                    groups.push(j..j + 1);
                    load = self.len(j);
                }
            }
        }
        let sums: Vec<Vec<C::CurveExt>> = groups
            .into_par_iter()
            .with_max_len(1)
            .map(|group| self.group(group))
            .collect();
        // Horner's rule.
        let mut total = C::CurveExt::identity();
        for sum in sums.iter().flatten().rev() {
            for _ in 0..self.c {
                total = total.double();
            }
            total += sum;
        }
        total
    }

    /// The sums of some digit positions, each without the weight of its position.
    fn group(&self, group: Range<usize>) -> Vec<C::CurveExt> {
        let positions = group.len();
        let sorted = self.sort(group);
        let mut sums = vec![AffinePoint::IDENTITY; sorted.segments.len()];
        self.fill(&sorted, &mut sums);
        let Sorted { ranks, .. } = sorted;
        self.weigh(&sums, &ranks, positions)
    }

    /// A counting sort of the digits at some positions.
    fn sort(&self, group: Range<usize>) -> Sorted {
        let mut names = filled(0, group.clone().map(|j| self.len(j)).sum());
        let mut ends = Vec::with_capacity(group.len() * self.buckets());
        let mut start = 0;
        for j in group {
            start = self.sort_position(j, start, &mut names, &mut ends);
        }
        Sorted::new(names, &ends)
    }

    /// Sorts the digits at position `j` into `names` from `start` on, and says where the last bucket ends.
    fn sort_position(
        &self,
        j: usize,
        mut start: u32,
        names: &mut [u32],
        ends: &mut Vec<u32>,
    ) -> u32 {
        let half = 1i32 << (self.c - 1);
        // One place more than buckets, for the digit zero, whose names are dropped.
        let mut counts = vec![0u32; self.buckets() + 1];
        for part in self.parts {
            for digit in part.window(j).1 {
                counts[(i32::from(*digit) - half).unsigned_abs() as usize] += 1;
            }
        }
        for count in &mut counts[1..] {
            start += std::mem::replace(count, start);
        }
        for part in self.parts {
            let (all, digits) = part.window(j);
            for (name, digit) in all.iter().zip(digits) {
                let digit = i32::from(*digit) - half;
                if digit != 0 {
                    let place = &mut counts[digit.unsigned_abs() as usize];
                    names[*place as usize] = name ^ u32::from(digit < 0);
                    *place += 1;
                }
            }
        }
        // Each place has moved on to the end of its bucket.
        ends.extend(&counts[1..]);
        start
    }

    /// Sums every bucket that is not empty.
    fn fill(&self, sorted: &Sorted, sums: &mut [AffinePoint<C>]) {
        let long = |segment: &Segment| segment.len as usize > TASK + TASK / 2;
        let (large, others) = sorted
            .segments
            .split_at(sorted.segments.partition_point(long));
        let (large_sums, mut rest) = sums.split_at_mut(large.len());
        for (segment, sum) in large.iter().zip(large_sums) {
            let names = &sorted.names[segment.start as usize..][..segment.len as usize];
            *sum = self.sum_of_many(names);
        }
        let mut tasks = Vec::new();
        let (mut first, mut load) = (0, 0);
        for (i, segment) in others.iter().enumerate() {
            load += segment.len as usize;
            // As many sums as grow side by side, unless they are long.
            let full = i + 1 - first == SIDE_BY_SIDE || load >= 4 * TASK;
            if full || i + 1 == others.len() {
                let (mine, others_sums) = rest.split_at_mut(i + 1 - first);
                rest = others_sums;
                let segments: Vec<Segment> = (0..)
                    .zip(&others[first..=i])
                    .map(|(out, segment)| Segment { out, ..*segment })
                    .collect();
                tasks.push((segments, mine));
                (first, load) = (i + 1, 0);
            }
        }
        tasks
            .into_par_iter()
            .with_max_len(1)
            .for_each(|(segments, sums)| {
                self.segmented(self.points, &sorted.names, &segments, sums);
            });
    }

    /// The sum of one large bucket, in parallel.
    fn sum_of_many(&self, names: &[u32]) -> AffinePoint<C> {
        let partial: Vec<AffinePoint<C>> = names
            .par_chunks(TASK)
            .map(|names| self.sum_of(self.points, names))
            .collect();
        let names: Vec<u32> = names_of(&partial, 0..partial.len()).collect();
        self.sum_of(&partial, &names)
    }

    /// One sum.
    fn sum_of(&self, points: &[AffinePoint<C>], names: &[u32]) -> AffinePoint<C> {
        let mut sum = [AffinePoint::IDENTITY];
        if !names.is_empty() {
            let segment = Segment {
                start: 0,
                len: names.len() as u32,
                out: 0,
            };
            self.segmented(points, names, &[segment], &mut sum);
        }
        sum[0]
    }

    fn segmented(
        &self,
        points: &[AffinePoint<C>],
        names: &[u32],
        segments: &[Segment],
        out: &mut [AffinePoint<C>],
    ) {
        C::with_workspace(|workspace| workspace.sum(self.kernels, points, names, segments, out));
    }

    /// `sum_b (b + 1) B_b` for each of some digit positions, where `B_b` is the sum at the rank of bucket `b`.
    ///
    /// With `b = row 2^k + column`, the weight is `row 2^k + (column + 1)`: the buckets are summed by rows and by columns, and these few
    /// sums are weighted bit by bit. So there are two additions per bucket, all of them independent.
    fn weigh(
        &self,
        buckets: &[AffinePoint<C>],
        ranks: &[u32],
        positions: usize,
    ) -> Vec<C::CurveExt> {
        let column_bits = (self.c - 1) / 2;
        let (columns, rows) = (1 << column_bits, self.buckets() >> column_bits);
        let mut lines = vec![AffinePoint::IDENTITY; positions * (rows + columns)];
        let mut sums = Sums::default();
        for (p, ranks) in ranks.chunks(self.buckets()).enumerate() {
            let out = p * (rows + columns);
            let filled = |bucket: usize| {
                let rank = ranks[bucket];
                (rank != EMPTY).then_some(rank as usize)
            };
            for row in 0..rows {
                let members = (0..columns).filter_map(|column| filled(row * columns + column));
                sums.push(buckets, members, out + row);
            }
            for column in 0..columns {
                let members = (0..rows).filter_map(|row| filled(row * columns + column));
                sums.push(buckets, members, out + rows + column);
            }
        }
        self.segmented(buckets, &sums.names, &sums.segments, &mut lines);

        // Bits of `column + 1`, of which there is one more than of columns, then of `row`.
        let weights: Vec<u32> = (0..=column_bits).chain(column_bits..self.c - 1).collect();
        let mut bits = vec![AffinePoint::IDENTITY; positions * weights.len()];
        let mut sums = Sums::default();
        for p in 0..positions {
            let (first, out) = (p * (rows + columns), p * weights.len());
            for (place, &weight) in weights.iter().enumerate() {
                if place <= column_bits as usize {
                    let members = (0..columns).filter(|column| (column + 1) >> weight & 1 == 1);
                    sums.push(&lines, members.map(|m| first + rows + m), out + place);
                } else {
                    let members = (0..rows).filter(|row| row >> (weight - column_bits) & 1 == 1);
                    sums.push(&lines, members.map(|m| first + m), out + place);
                }
            }
        }
        self.segmented(&lines, &sums.names, &sums.segments, &mut bits);

        bits.chunks(weights.len())
            .map(|bits| {
                let mut total = C::CurveExt::identity();
                for weight in (0..self.c).rev() {
                    total = total.double();
                    for (bit, _) in bits.iter().zip(&weights).filter(|(_, w)| **w == weight) {
                        total += bit.to_affine();
                    }
                }
                total
            })
            .collect()
    }
}

/// Segments with the names of their members.
#[derive(Default)]
struct Sums {
    names: Vec<u32>,
    segments: Vec<Segment>,
}

impl Sums {
    /// The sum of those members that are not the identity is to go to place `out`.
    fn push<C>(
        &mut self,
        points: &[AffinePoint<C>],
        members: impl Iterator<Item = usize>,
        out: usize,
    ) {
        let start = self.names.len();
        self.names.extend(names_of(points, members));
        if self.names.len() > start {
            self.segments.push(Segment {
                start: start as u32,
                len: (self.names.len() - start) as u32,
                out: out as u32,
            });
        }
    }
}
