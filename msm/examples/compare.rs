//! How fast the multi-scalar multiplication is, compared with nova-snark's own in the same run.
//!
//! `cargo run --release -p zkmips-msm --example compare -- [repetitions]`
//!
//! Ratios are medians over the repetitions, in each of which all implementations take turns; they say more than times. On Linux, the time that
//! the threads spend on processors is compared, too: on a busy machine only that ratio means something.
use ff::Field;
use halo2curves::{
    group::{prime::PrimeCurveAffine, Curve, Group},
    pasta::{Fq, Pallas, PallasAffine},
};
use nova_snark::provider::traits::DlogGroupExt;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::{error::Error, time::Instant};
use zkmips_msm::{msm_with, AffinePoint, Backend};

/// Columns of `pre`, of `post` and rows of the cross term of a segment of the large shape.
const PRE: usize = 234_000;
const POST: usize = 165_000;
const ROWS: usize = 300_000;
/// Rows whose cross term is not zero.
const NON_LINEAR: usize = 220_000;

struct Workload {
    name: &'static str,
    /// Vectors that are multiplied one after the other.
    vectors: Vec<Vec<Fq>>,
}

/// Vectors of `n` values.
fn values(n: usize, mut value: impl FnMut(usize) -> Fq) -> Vec<Fq> {
    (0..n).map(&mut value).collect()
}

fn workloads(rng: &mut ChaCha20Rng) -> Vec<Workload> {
    let full = |n, rng: &mut ChaCha20Rng| values(n, |_| Fq::random(&mut *rng));
    // What a segment's columns hold: idle parts, selectors and bits, halves of words and addresses, words.
    let pre = values(PRE, |_| {
        let x = rng.next_u64();
        Fq::from(match rng.next_u32() % 20 {
            0..=9 => 0,
            10..=14 => x & 1,
            15..=17 => x & 0xffff,
            _ => x & 0xffff_ffff,
        })
    });
    let post = full(POST, rng);
    let cross = values(ROWS, |i| match i * NON_LINEAR / ROWS {
        j if j != (i + 1) * NON_LINEAR / ROWS => Fq::random(&mut *rng),
        _ => Fq::ZERO,
    });
    let small = |bits: u32, rng: &mut ChaCha20Rng| {
        values(1 << 17, |_| Fq::from(rng.next_u64() >> (64 - bits)))
    };
    let one = |name, vector| Workload {
        name,
        vectors: vec![vector],
    };
    vec![
        one("2^17 full-size", full(1 << 17, rng)),
        one("2^18 full-size", full(1 << 18, rng)),
        one("2^12 full-size", full(1 << 12, rng)),
        one("2^17 bits", small(1, rng)),
        one("2^17 of 32 bits", small(32, rng)),
        one("pre of a segment", pre.clone()),
        Workload {
            name: "a segment",
            vectors: vec![pre, post, cross],
        },
    ]
}

/// Seconds that all threads of this process have spent on processors, where the system tells.
fn processor_seconds() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let nanoseconds = threads.flatten().filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    });
    nanoseconds.sum::<f64>() / 1e9
}

/// Seconds on the clock and on processors.
#[derive(Clone, Copy)]
struct Cost {
    clock: f64,
    processors: f64,
}

/// The cost, and the results.
fn time(vectors: &[Vec<Fq>], msm: impl Fn(&[Fq]) -> Pallas) -> (Cost, Vec<Pallas>) {
    let (start, busy) = (Instant::now(), processor_seconds());
    let sums = vectors.iter().map(|v| msm(v)).collect();
    let cost = Cost {
        clock: start.elapsed().as_secs_f64(),
        processors: processor_seconds() - busy,
    };
    (cost, sums)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> Result<(), Box<dyn Error>> {
    let repetitions: usize = std::env::args().nth(1).map_or(Ok(5), |a| a.parse())?;
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let step = (PallasAffine::generator() * Fq::random(&mut rng)).to_affine();
    let mut point = PallasAffine::generator() * Fq::random(&mut rng);
    let projective: Vec<Pallas> = (0..ROWS)
        .map(|_| {
            // Not an arithmetic progression, in which sums of different points coincide.
            point = point.double() + step;
            point
        })
        .collect();
    let mut points = vec![PallasAffine::identity(); ROWS];
    Pallas::batch_normalize(&projective, &mut points);
    let converted: Vec<AffinePoint<PallasAffine>> = points.iter().map(|p| (*p).into()).collect();

    println!(
        "{} threads; milliseconds, and how many times as fast as nova-snark by the clock and by processor time, medians of {repetitions}",
        rayon::current_num_threads()
    );
    for Workload { name, vectors } in workloads(&mut rng) {
        let mut stock_costs = Vec::new();
        let mut ours: Vec<(Backend, Vec<Cost>)> = Backend::all()
            .into_iter()
            .map(|backend| (backend, Vec::new()))
            .collect();
        for _ in 0..repetitions {
            let (stock, expected) = time(&vectors, |v| {
                Pallas::vartime_multiscalar_mul(v, &points[..v.len()])
            });
            stock_costs.push(stock);
            for (backend, costs) in &mut ours {
                let (cost, sums) = time(&vectors, |v| msm_with(*backend, v, &converted[..v.len()]));
                if sums != expected {
                    return Err(format!("{name}: {} is wrong", backend.name()).into());
                }
                costs.push(cost);
            }
        }
        print!(
            "{name:18} nova-snark {:7.1}",
            1e3 * median(stock_costs.iter().map(|c| c.clock))
        );
        for (backend, costs) in ours {
            let ms = 1e3 * median(costs.iter().map(|c| c.clock));
            let pairs = || stock_costs.iter().zip(&costs);
            let clock = median(pairs().map(|(a, b)| a.clock / b.clock));
            let processors = median(pairs().map(|(a, b)| a.processors / b.processors));
            print!(
                "   {} {ms:7.1} ({clock:4.1}x, {processors:4.1}x)",
                backend.name()
            );
        }
        println!();
    }
    Ok(())
}
