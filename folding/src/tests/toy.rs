//! A small step: lookups of pairs `(x, x^2)` in a table of squares, summed over all segments.
use crate::{
    challenge::Challenges,
    keys::KeyCache,
    params::PublicParams,
    pass1::{commit_pass, Commitments},
    ro::{F1, F2},
    step::{PreSource, SplitStep, StepError, ARITY, OUTPUTS},
};
use ff::{BatchInvert, Field};
use nova_snark::frontend::{
    num::AllocatedNum, ConstraintSystem, LinearCombination, SynthesisError, Variable,
};
use std::sync::OnceLock;

/// Lookups per segment.
pub const LOOKUPS: usize = 20;
/// Rows of the table, whose multiplicities are columns of every segment.
pub const TABLE: usize = 16;
/// `x` and `y` of each lookup, then the multiplicities: 56 = 32 + 16 + 8 columns.
pub const PRE: usize = 2 * LOOKUPS + TABLE;
/// Variables that the step allocates.
pub const STEP_VARS: usize = 2 * LOOKUPS + TABLE + OUTPUTS;

/// The state counts segments; the sum is `S' = S + sum m_t / (alpha + t + gamma t^2) - sum 1 / (alpha + x + gamma y)`.
pub struct Toy;

impl SplitStep<F1> for Toy {
    fn pre_len(&self) -> usize {
        PRE
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
        for i in 0..LOOKUPS {
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
                |lc| lc + pre[2 * LOOKUPS + t],
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
        STEP_VARS
    }

    fn fill_post(&self, pre: &[F1], z: &[F1], out: &mut Vec<F1>) -> Result<(), StepError> {
        let [state, sum, alpha, gamma] = [z[0], z[1], z[2], z[3]];
        let mut inverses: Vec<F1> = (0..LOOKUPS)
            .map(|i| alpha + pre[2 * i] + gamma * pre[2 * i + 1])
            .collect();
        inverses.extend((0..TABLE as u64).map(|t| alpha + F1::from(t) + gamma * F1::from(t * t)));
        inverses.iter_mut().batch_invert();
        let mut total = sum;
        for i in 0..LOOKUPS {
            out.push(gamma * pre[2 * i + 1]);
            out.push(inverses[i]);
            total -= inverses[i];
        }
        for t in 0..TABLE {
            let share = inverses[LOOKUPS + t] * pre[2 * LOOKUPS + t];
            out.push(share);
            total += share;
        }
        out.push(state + F1::ONE);
        out.push(total);
        Ok(())
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

    fn fill_pre(&mut self, i: usize, out: &mut Vec<F1>) -> Result<(), StepError> {
        let segments = self.0.len();
        out.extend(self.0.get(i).ok_or(StepError::NoSuchSegment {
            segment: i,
            segments,
        })?);
        Ok(())
    }
}

impl Columns {
    /// An honest run of `n` segments. All multiplicities are in the last one.
    pub fn honest(n: usize) -> Self {
        let mut multiplicities = [0u64; TABLE];
        let mut segments: Vec<Vec<F1>> = (0..n)
            .map(|segment| {
                let mut pre = vec![F1::ZERO; PRE];
                for i in 0..LOOKUPS {
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
                .for_each(|(t, m)| last[2 * LOOKUPS + t] = F1::from(*m));
        }
        Self(segments)
    }
}

/// Parameters of the toy step, made once.
pub fn params() -> &'static PublicParams<Toy> {
    static PARAMS: OnceLock<PublicParams<Toy>> = OnceLock::new();
    PARAMS.get_or_init(|| PublicParams::setup(Toy, &KeyCache::in_memory(), &|_| ()).unwrap())
}

pub fn commit(source: &mut Columns) -> Commitments {
    commit_pass(params(), source, &mut |_| ()).unwrap()
}

/// The challenges that a verifier derives for a run of `n` segments of the toy.
pub fn challenges(n: usize, ic: F2) -> Challenges {
    Challenges::derive(&[params().digest(), &(n as u64).to_le_bytes()], ic)
}

/// The initial values of a run: state and sum are zero.
pub fn initial(challenges: Challenges) -> [F1; ARITY] {
    [F1::ZERO, F1::ZERO, challenges.alpha, challenges.gamma]
}

/// The final values that a verifier demands: `n` segments counted, and a sum of zero.
pub fn last(n: usize, challenges: Challenges) -> [F1; ARITY] {
    [
        F1::from(n as u64),
        F1::ZERO,
        challenges.alpha,
        challenges.gamma,
    ]
}
