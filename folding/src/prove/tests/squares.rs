//! A small step: lookups of pairs `(x, x^2)` in a table of squares, summed over all segments. The example `fold_speed` runs it, too.
use crate::{
    prove::step::{PreSource, SplitStep, StepError},
    ro::F1,
    step::OUTPUTS,
};
use ff::{BatchInvert, Field};
use nova_snark::frontend::{
    num::AllocatedNum, ConstraintSystem, LinearCombination, SynthesisError, Variable,
};
use zkmips_msm::MixedVec;

/// Rows of the table, whose multiplicities are columns of every segment.
pub const TABLE: usize = 16;

/// The state counts segments; the sum is `S' = S + sum m_t / (alpha + t + gamma t^2) - sum 1 / (alpha + x + gamma y)`.
#[derive(Clone, Copy)]
pub struct Squares {
    /// Lookups per segment.
    pub lookups: usize,
}

impl SplitStep<F1> for Squares {
    fn pre_len(&self) -> usize {
        2 * self.lookups + TABLE
    }

    fn synthesize<CS: ConstraintSystem<F1>>(
        &self,
        cs: &mut CS,
        pre: &[Variable],
        z: &[AllocatedNum<F1>],
    ) -> Result<[AllocatedNum<F1>; OUTPUTS], SynthesisError> {
        let [state, sum, alpha, gamma] = [0, 1, 2, 3].map(|k| z[k].get_variable());
        let missing = || Err(SynthesisError::AssignmentMissing);
        let mut total = LinearCombination::zero() + sum;
        for i in 0..self.lookups {
            let (x, y) = (pre[2 * i], pre[2 * i + 1]);
            let scaled = cs.alloc(|| "gamma y", missing)?;
            cs.enforce(|| "gamma y", |lc| lc + gamma, |lc| lc + y, |lc| lc + scaled);
            let inverse = cs.alloc(|| "inverse", missing)?;
            cs.enforce(
                || "inverse",
                |lc| lc + inverse,
                |lc| lc + alpha + x + scaled,
                |lc| lc + CS::one(),
            );
            total = total - inverse;
        }
        for t in 0..TABLE {
            let key = F1::from(t as u64);
            let inverse = cs.alloc(|| "share", missing)?;
            cs.enforce(
                || "share",
                |lc| lc + inverse,
                |lc| lc + alpha + (key, CS::one()) + (key.square(), gamma),
                |lc| lc + pre[2 * self.lookups + t],
            );
            total = total + inverse;
        }
        let next_state = AllocatedNum::alloc(cs.namespace(|| "state"), missing)?;
        cs.enforce(
            || "state",
            |lc| lc,
            |lc| lc,
            |lc| lc + state + CS::one() - next_state.get_variable(),
        );
        let next_sum = AllocatedNum::alloc(cs.namespace(|| "sum"), missing)?;
        cs.enforce(
            || "sum",
            |lc| lc,
            |lc| lc,
            |lc| lc + &total - next_sum.get_variable(),
        );
        Ok([next_state, next_sum])
    }

    fn post_len(&self) -> usize {
        2 * self.lookups + TABLE + OUTPUTS
    }

    fn fill_post(&self, pre: &[F1], z: &[F1], post: &mut [F1]) -> Result<(), StepError> {
        let [state, sum, alpha, gamma] = [z[0], z[1], z[2], z[3]];
        let mut inverses: Vec<F1> = (0..self.lookups)
            .map(|i| alpha + pre[2 * i] + gamma * pre[2 * i + 1])
            .collect();
        inverses.extend((0..TABLE as u64).map(|t| alpha + F1::from(t) + gamma * F1::from(t * t)));
        inverses.iter_mut().batch_invert();
        let mut total = sum;
        for i in 0..self.lookups {
            post[2 * i] = gamma * pre[2 * i + 1];
            post[2 * i + 1] = inverses[i];
            total -= inverses[i];
        }
        for t in 0..TABLE {
            let share = inverses[self.lookups + t] * pre[2 * self.lookups + t];
            post[2 * self.lookups + t] = share;
            total += share;
        }
        post[2 * self.lookups + TABLE..].copy_from_slice(&[state + F1::ONE, total]);
        Ok(())
    }

    fn gamma_multiples(&self) -> Vec<Vec<u32>> {
        let lookups = self.lookups as u32;
        vec![(0..lookups).map(|i| 2 * i).collect()]
    }

    fn fill_multiples(&self, _: usize, pre: &MixedVec<F1>, out: &mut MixedVec<F1>) {
        for i in 0..self.lookups {
            out.push_element(pre.element(2 * i + 1));
        }
    }

    fn digest_bytes(&self) -> Vec<u8> {
        b"toy".to_vec()
    }
}

/// Segments held in memory.
#[derive(Clone)]
pub struct Columns(pub Vec<Vec<F1>>);

impl PreSource<F1> for Columns {
    fn segments(&self) -> usize {
        self.0.len()
    }

    fn fill_pre(&mut self, i: usize, out: &mut MixedVec<F1>) -> Result<(), StepError> {
        let segments = self.0.len();
        *out = MixedVec::from_elements(self.0.get(i).ok_or(StepError::NoSuchSegment {
            segment: i,
            segments,
        })?);
        Ok(())
    }
}

impl Columns {
    /// An honest run of `n` segments of a step. All multiplicities are in the last one.
    pub fn honest(step: Squares, n: usize) -> Self {
        let lookups = step.lookups;
        let mut multiplicities = [0u64; TABLE];
        let mut segments: Vec<Vec<F1>> = (0..n)
            .map(|segment| {
                let mut pre = vec![F1::ZERO; step.pre_len()];
                for i in 0..lookups {
                    let x = (7 * segment + i * i + 3) % TABLE;
                    multiplicities[x] += 1;
                    pre[2 * i] = F1::from(x as u64);
                    pre[2 * i + 1] = F1::from((x * x) as u64);
                }
                pre
            })
            .collect();
        if let Some(last) = segments.last_mut() {
            multiplicities
                .iter()
                .enumerate()
                .for_each(|(t, m)| last[2 * lookups + t] = F1::from(*m));
        }
        Self(segments)
    }
}
