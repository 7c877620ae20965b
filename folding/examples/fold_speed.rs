//! What the recursion costs without the machine: folds segments of a synthetic step and prints where the time goes.
//!
//! `cargo run --release -p zkmips-folding --example fold_speed -- [log2 of the rows] [segments] [key directory]`
//!
//! The step looks up `x` in a range and multiplies: a third of its columns are 16-bit `pre` values, the others full-size inverses.
use ff::{BatchInvert, Field};
use nova_snark::frontend::{
    num::AllocatedNum, ConstraintSystem, LinearCombination, SynthesisError, Variable,
};
use std::{error::Error, ops::ControlFlow, time::Instant};
use zkmips_folding::{
    challenge::Challenges,
    compress::CompressedProof,
    ivc::fold,
    keys::KeyCache,
    params::PublicParams,
    pass1::commit_pass,
    ro::F1,
    stats::SegmentStats,
    step::{PreSource, SplitStep, StepError, OUTPUTS},
};

/// `pre_len` lookups; the sum counts `1 / (alpha + x)` up and down again, so that it stays zero.
struct Synthetic {
    pre_len: usize,
}

impl SplitStep<F1> for Synthetic {
    fn pre_len(&self) -> usize {
        self.pre_len
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
        for x in pre {
            let inverse = cs.alloc(|| "inverse", missing)?;
            cs.enforce(
                || "inverse",
                |lc| lc + inverse,
                |lc| lc + alpha + *x,
                |lc| lc + CS::one(),
            );
            let scaled = cs.alloc(|| "scaled", missing)?;
            cs.enforce(|| "scaled", |lc| lc + gamma, |lc| lc + *x, |lc| lc + scaled);
            total = total + inverse - inverse;
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
        2 * self.pre_len + OUTPUTS
    }

    fn fill_post(&self, pre: &[F1], z: &[F1], out: &mut Vec<F1>) -> Result<(), StepError> {
        let mut inverses: Vec<F1> = pre.iter().map(|x| z[2] + x).collect();
        inverses.iter_mut().batch_invert();
        for (x, inverse) in pre.iter().zip(inverses) {
            out.push(inverse);
            out.push(z[3] * x);
        }
        out.extend([z[0] + F1::ONE, z[1]]);
        Ok(())
    }

    fn digest_bytes(&self) -> Vec<u8> {
        b"fold_speed".to_vec()
    }
}

/// Sixteen-bit values that differ from segment to segment.
struct Values {
    segments: usize,
    len: usize,
}

impl PreSource<F1> for Values {
    fn segments(&self) -> usize {
        self.segments
    }

    fn fill_pre(&mut self, i: usize, out: &mut Vec<F1>) -> Result<(), StepError> {
        out.extend((0..self.len).map(|k| F1::from(((k * 31 + i * 7 + 1) & 0xffff) as u64)));
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let log_rows: u32 = arguments.next().map_or(Ok(15), |a| a.parse())?;
    let segments: usize = arguments.next().map_or(Ok(4), |a| a.parse())?;
    let keys = arguments
        .next()
        .map_or_else(KeyCache::in_memory, KeyCache::at);
    // Half of the rows are the step's: a power of two of lookups with two rows each, and room for the recursion.
    let pre_len = 1 << (log_rows.max(15) - 2);

    let start = Instant::now();
    let pp = PublicParams::setup(Synthetic { pre_len }, &keys, &|progress| {
        if progress.done == progress.total {
            println!("{} key: {} points made", progress.curve, progress.total);
        }
    })?;
    println!("setup {:.2?}\n{:#?}", start.elapsed(), pp.stats());

    let mut values = Values {
        segments,
        len: pre_len,
    };
    let start = Instant::now();
    let commitments = commit_pass(&pp, &mut values, &mut |_| ())?;
    println!(
        "pass 1: {:.2?} per segment",
        start.elapsed() / segments as u32
    );

    let challenges = Challenges::derive(&[b"fold_speed"], commitments.ic);
    let z0 = [F1::ZERO, F1::ZERO, challenges.alpha, challenges.gamma];
    let start = Instant::now();
    let mut total = SegmentStats::default();
    let mut last = SegmentStats::default();
    let proof = fold(&pp, &mut values, &commitments, z0, None, &mut |_, stats| {
        total += *stats;
        last = *stats;
        ControlFlow::Continue(())
    })?;
    println!(
        "pass 2: {:.2?} per segment",
        start.elapsed() / segments as u32
    );
    println!("all segments: {:.2?}\nlast segment: {last:#?}", total.time);

    let zn = [
        F1::from(segments as u64),
        F1::ZERO,
        challenges.alpha,
        challenges.gamma,
    ];
    let start = Instant::now();
    proof.verify(&pp, segments as u64, &z0, &zn, commitments.ic)?;
    println!("verify running proof {:.2?}", start.elapsed());
    let start = Instant::now();
    let bytes = proof.compress(&pp)?.to_bytes()?;
    println!("compress {:.2?}, {} bytes", start.elapsed(), bytes.len());
    let start = Instant::now();
    let proof = CompressedProof::from_bytes(&bytes)?;
    proof.verify(&pp, segments as u64, &z0, &zn, commitments.ic)?;
    println!("verify {:.2?}", start.elapsed());
    Ok(())
}
