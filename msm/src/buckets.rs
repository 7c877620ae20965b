//! Pippenger's method: for each digit position, points with equal digits are summed in a bucket, and the buckets are weighted.
use crate::{
    backend::Kernels, curve::PastaCurve, point::AffinePoint, recode::Digits, segmented_sum::Segment,
};
use halo2curves::group::Group;
use rayon::prelude::*;
use std::ops::Range;

/// Points that are summed by one task.
const TASK: usize = 1 << 14;

/// The digits of all scalars, by parts of the vector.
pub(crate) struct Windows<'a, C> {
    pub(crate) kernels: Kernels,
    pub(crate) points: &'a [AffinePoint<C>],
    pub(crate) parts: &'a [Digits],
    /// Width of a digit.
    pub(crate) c: u32,
}

/// The names of one digit position ordered by bucket.
struct Sorted {
    names: Vec<u32>,
    /// Where each bucket ends; bucket `b`, for the digits `b + 1` and `-b - 1`, begins where the one before it ends.
    ends: Vec<u32>,
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
        // Positions with few digits are computed together.
        let mut groups: Vec<Range<usize>> = Vec::new();
        let mut load = 0;
        for j in 0..windows {
            match groups.last_mut() {
                Some(group) if load + self.len(j) <= TASK => {
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
        let sorted: Vec<Sorted> = group.clone().map(|j| self.sort(j)).collect();
        let mut buckets = vec![AffinePoint::IDENTITY; sorted.len() * self.buckets()];
        buckets
            .par_chunks_mut(self.buckets())
            .zip(&sorted)
            .for_each(|(buckets, sorted)| self.fill(sorted, buckets));
        self.weigh(&buckets)
    }

    /// A counting sort of the digits at position `j`.
    fn sort(&self, j: usize) -> Sorted {
        let half = 1i32 << (self.c - 1);
        // One place more than buckets, for the digit zero, whose names are dropped.
        let mut counts = vec![0u32; self.buckets() + 1];
        for part in self.parts {
            for digit in part.window(j).1 {
                counts[(i32::from(*digit) - half).unsigned_abs() as usize] += 1;
            }
        }
        let mut start = 0;
        counts[0] = 0;
        for count in &mut counts[1..] {
            start += std::mem::replace(count, start);
        }
        let mut names = vec![0; start as usize];
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
        counts.remove(0);
        Sorted {
            names,
            ends: counts,
        }
    }

    /// Sums every bucket.
    fn fill(&self, sorted: &Sorted, buckets: &mut [AffinePoint<C>]) {
        // Tasks of neighbouring buckets; a bucket that is too large for one is cut.
        let mut tasks = Vec::new();
        let mut rest = buckets;
        let (mut start, mut first) = (0, 0);
        for (b, &end) in sorted.ends.iter().enumerate() {
            if (end - start) as usize >= TASK || b + 1 == sorted.ends.len() {
                let (mine, others) = rest.split_at_mut(b + 1 - first);
                rest = others;
                tasks.push((first, start, mine));
                (start, first) = (end, b + 1);
            }
        }
        tasks
            .into_par_iter()
            .with_max_len(1)
            .for_each(|(first, mut start, buckets)| {
                let ends = &sorted.ends[first..first + buckets.len()];
                let mut segments = Vec::with_capacity(buckets.len());
                for (out, &end) in ends.iter().enumerate() {
                    let len = end - start;
                    if len as usize > TASK + TASK / 2 {
                        let names = &sorted.names[start as usize..end as usize];
                        buckets[out] = self.sum_of_many(names);
                    } else if len > 0 {
                        let out = out as u32;
                        segments.push(Segment { start, len, out });
                    }
                    start = end;
                }
                self.segmented(self.points, &sorted.names, &segments, buckets);
            });
    }

    /// The sum of one large bucket, in parallel.
    fn sum_of_many(&self, names: &[u32]) -> AffinePoint<C> {
        let partial: Vec<AffinePoint<C>> = names
            .par_chunks(TASK)
            .map(|names| self.sum_of(self.points, names))
            .collect();
        let names = names_of(&partial, 0..partial.len());
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

    /// `sum_b (b + 1) buckets[b]` for every digit position of a group.
    ///
    /// With `b = row 2^k + column`, the weight is `row 2^k + (column + 1)`: the buckets are summed by rows and by columns, and these few
    /// sums are weighted bit by bit. So there are two additions per bucket, all of them independent.
    fn weigh(&self, buckets: &[AffinePoint<C>]) -> Vec<C::CurveExt> {
        let positions = buckets.len() / self.buckets();
        let column_bits = (self.c - 1) / 2;
        let (columns, rows) = (1 << column_bits, self.buckets() >> column_bits);
        let mut lines = vec![AffinePoint::IDENTITY; positions * (rows + columns)];
        let mut sums = Sums::default();
        for p in 0..positions {
            let (first, out) = (p * self.buckets(), p * (rows + columns));
            for row in 0..rows {
                let start = first + row * columns;
                sums.push(buckets, start..start + columns, out + row);
            }
            for column in 0..columns {
                let members = (0..rows).map(|row| first + row * columns + column);
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

/// The names of those members that are not the identity.
fn names_of<C>(points: &[AffinePoint<C>], members: impl Iterator<Item = usize>) -> Vec<u32> {
    members
        .filter(|&m| !points[m].is_identity())
        .map(|m| (m as u32) << 1)
        .collect()
}
