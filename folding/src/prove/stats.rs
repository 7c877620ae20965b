//! What segments and parameters cost, counted.
use crate::{
    prove::{params::PublicParams, r1cs::Matrix},
    ro::F1,
};
use ff::Field;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::{ops::AddAssign, time::Duration};
use zkmips_msm::Sizes;

/// Witness values by what committing to them costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueCounts {
    pub zero: usize,
    /// One or minus one: a single addition.
    pub unit: usize,
    /// At most 64 bits in absolute value.
    pub small: usize,
    pub full: usize,
}

/// What folding one segment took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentStats {
    /// If somebody asked for them: counting takes time.
    pub counts: Option<SegmentCounts>,
    pub time: SegmentTimes,
}

/// Cost of folding one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentCounts {
    /// Rows whose cross term is not zero, in the step and in the recursion's own rows of the primary circuit. The first segment
    /// has no cross term.
    pub step_nonlinear_rows: usize,
    pub recursion_nonlinear_rows: usize,
    /// The same for the secondary circuit.
    pub secondary_nonlinear_rows: usize,
    pub pre: ValueCounts,
    /// Products with a power of gamma count as what they are a multiple of.
    pub post: ValueCounts,
}

/// Wall-clock time of the parts of one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentTimes {
    /// Folding the last secondary instance, and the recursion's part of the witness.
    pub recursion: Duration,
    /// Committing to `post`.
    pub commit_post: Duration,
    /// The cross term and its commitment.
    pub cross_term: Duration,
    /// Folding, and next to it the secondary circuit: witness and commitment.
    pub fold: Duration,
}

/// Measures of the two circuits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapeStats {
    pub primary_rows: usize,
    pub primary_vars: usize,
    /// Rows of the step; the others of the primary circuit are the recursion's.
    pub step_rows: usize,
    pub step_vars: usize,
    pub pre_len: usize,
    pub secondary_rows: usize,
    pub secondary_vars: usize,
    /// Non-zero entries of A, B and C.
    pub primary_entries: [usize; 3],
    pub secondary_entries: [usize; 3],
    /// The power of two that rows and variables of the primary circuit are padded to in the compressed proof.
    pub padded: usize,
}

impl ValueCounts {
    /// Values of these sizes.
    pub fn of(sizes: &Sizes) -> Self {
        Self {
            zero: sizes.with_bits(0..=0),
            unit: sizes.with_bits(1..=1),
            small: sizes.with_bits(2..=64),
            full: sizes.with_bits(65..=256),
        }
    }
}

impl AddAssign for ValueCounts {
    fn add_assign(&mut self, other: Self) {
        self.zero += other.zero;
        self.unit += other.unit;
        self.small += other.small;
        self.full += other.full;
    }
}

impl AddAssign for SegmentTimes {
    fn add_assign(&mut self, other: Self) {
        self.recursion += other.recursion;
        self.commit_post += other.commit_post;
        self.cross_term += other.cross_term;
        self.fold += other.fold;
    }
}

impl AddAssign for SegmentCounts {
    fn add_assign(&mut self, other: Self) {
        self.step_nonlinear_rows += other.step_nonlinear_rows;
        self.recursion_nonlinear_rows += other.recursion_nonlinear_rows;
        self.secondary_nonlinear_rows += other.secondary_nonlinear_rows;
        self.pre += other.pre;
        self.post += other.post;
    }
}

impl AddAssign for SegmentStats {
    fn add_assign(&mut self, other: Self) {
        if let Some(counts) = other.counts {
            *self.counts.get_or_insert_default() += counts;
        }
        self.time += other.time;
    }
}

/// Number of non-zero values.
pub(crate) fn non_zero<F: Field>(values: &[F]) -> usize {
    let zero = F::ZERO;
    values
        .par_iter()
        .with_min_len(1 << 10)
        .filter(|value| **value != zero)
        .count()
}

impl<S: super::step::SplitStep<F1>> PublicParams<S> {
    /// Measures of both circuits.
    pub fn stats(&self) -> ShapeStats {
        let (primary, secondary) = (&self.primary.shape, &self.secondary.shape);
        ShapeStats {
            primary_rows: primary.num_cons(),
            primary_vars: primary.num_vars(),
            step_rows: self.step_rows.len(),
            step_vars: self.step.pre_len() + self.step.post_len(),
            pre_len: self.primary.pre_len,
            secondary_rows: secondary.num_cons(),
            secondary_vars: secondary.num_vars(),
            primary_entries: primary.matrices().map(Matrix::num_entries),
            secondary_entries: secondary.matrices().map(Matrix::num_entries),
            padded: primary
                .num_cons()
                .max(primary.num_vars())
                .next_power_of_two(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zkmips_msm::MixedVec;

    #[test]
    fn values_are_counted_by_absolute_size() {
        let two_64 = F1::from(1 << 32).square();
        let values = [
            F1::ZERO,
            F1::ONE,
            -F1::ONE,
            F1::from(2),
            -F1::from(3),
            two_64 - F1::ONE,
            F1::ONE - two_64,
            two_64,
            -two_64,
            F1::from(2).invert().unwrap(),
        ];
        let expected = ValueCounts {
            zero: 1,
            unit: 2,
            small: 4,
            full: 3,
        };
        let values = MixedVec::from_elements(&values);
        assert_eq!(ValueCounts::of(&values.sizes()), expected);
    }
}
