//! What the recursion costs without the machine: folds segments of a small step and prints where the time goes.
//!
//! `cargo run --release -p zkmips-folding --example fold_speed -- [log2 of the rows] [segments] [key directory]`
//!
//! The step is the one of the tests: half of its columns are small `pre` values, the others full-size inverses and products.
#[path = "../src/prove/tests/squares.rs"]
mod squares;

use ff::Field;
use squares::{Columns, Squares};
use std::{error::Error, ops::ControlFlow, time::Instant};
use zkmips_folding::{
    challenge::Challenges,
    compress::CompressedProof,
    prove::{
        self,
        cache::KeyCache,
        ivc::fold,
        params::{describe, PublicParams},
        pass1::commit_pass,
        stats::SegmentStats,
    },
    ro::{self, F1},
    step,
    verifier_params::VerifierParams,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let log_rows: u32 = arguments.next().map_or(Ok(15), |a| a.parse())?;
    let segments: usize = arguments.next().map_or(Ok(4), |a| a.parse())?;
    let keys = arguments
        .next()
        .map_or_else(KeyCache::in_memory, KeyCache::at);
    // Half of the rows are the step's: a power of two of lookups with two rows each, and room for the recursion.
    let step = Squares {
        lookups: 1 << (log_rows.max(15) - 2),
    };

    let start = Instant::now();
    let pp = PublicParams::setup(step, &keys, &|progress| {
        if progress.done == progress.total {
            println!("{} key: {} points made", progress.curve, progress.total);
        }
    })?;
    println!("setup {:.2?}\n{:#?}", start.elapsed(), pp.stats());

    let mut values = Columns::honest(step, segments);
    let start = Instant::now();
    let commitments = commit_pass(&pp, &mut values, Vec::new(), &mut |_| {
        ControlFlow::Continue(())
    })?;
    println!(
        "pass 1: {:.2?} per segment",
        start.elapsed() / segments as u32
    );

    let challenges = Challenges::derive(&[b"fold_speed"], commitments.ic);
    let z0 = [F1::ZERO, F1::ZERO, challenges.alpha, challenges.gamma];
    let start = Instant::now();
    let mut total = SegmentStats::default();
    let mut last = SegmentStats::default();
    let proof = fold(
        &pp,
        &mut values,
        &commitments,
        z0,
        None,
        true,
        &mut |_, stats| {
            total += *stats;
            last = *stats;
            ControlFlow::Continue(())
        },
    )?;
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
    let verifier = VerifierParams::setup(describe(&pp.step)?, &keys, &|_| ())?;
    let start = Instant::now();
    let bytes = proof.compress(&pp)?.to_bytes()?;
    println!("compress {:.2?}, {} bytes", start.elapsed(), bytes.len());
    let start = Instant::now();
    let proof = CompressedProof::from_bytes(&bytes)?;
    proof.verify(&verifier, segments as u64, &z0, &zn, commitments.ic)?;
    println!("verify {:.2?}", start.elapsed());
    Ok(())
}
