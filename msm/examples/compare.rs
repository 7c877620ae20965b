//! How fast the multi-scalar multiplication is, compared with nova-snark's own in the same run.
//!
//! `cargo run --release -p zkmips-msm --example compare -- [repetitions]`
//!
//! Ratios are medians over the repetitions, in each of which all implementations take turns; they say more than times.
use ff::Field;
use halo2curves::{
    group::{prime::PrimeCurveAffine, Curve},
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

/// Seconds, and the results.
fn time(vectors: &[Vec<Fq>], msm: impl Fn(&[Fq]) -> Pallas) -> (f64, Vec<Pallas>) {
    let start = Instant::now();
    let sums = vectors.iter().map(|v| msm(v)).collect();
    (start.elapsed().as_secs_f64(), sums)
}

fn median(mut values: Vec<f64>) -> f64 {
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
            point += step;
            point
        })
        .collect();
    let mut points = vec![PallasAffine::identity(); ROWS];
    Pallas::batch_normalize(&projective, &mut points);
    let converted: Vec<AffinePoint<PallasAffine>> = points.iter().map(|p| (*p).into()).collect();

    println!(
        "{} threads; milliseconds and how many times as fast as nova-snark, medians of {repetitions}",
        rayon::current_num_threads()
    );
    for Workload { name, vectors } in workloads(&mut rng) {
        let mut stock_times = Vec::new();
        let mut ours: Vec<(Backend, Vec<f64>, Vec<f64>)> = Backend::all()
            .into_iter()
            .map(|backend| (backend, Vec::new(), Vec::new()))
            .collect();
        for _ in 0..repetitions {
            let (stock, expected) = time(&vectors, |v| {
                Pallas::vartime_multiscalar_mul(v, &points[..v.len()])
            });
            stock_times.push(stock);
            for (backend, times, ratios) in &mut ours {
                let (seconds, sums) =
                    time(&vectors, |v| msm_with(*backend, v, &converted[..v.len()]));
                if sums != expected {
                    return Err(format!("{name}: {} is wrong", backend.name()).into());
                }
                times.push(seconds);
                ratios.push(stock / seconds);
            }
        }
        print!("{name:18} nova-snark {:7.1}", 1e3 * median(stock_times));
        for (backend, times, ratios) in ours {
            let (ms, ratio) = (1e3 * median(times), median(ratios));
            print!("   {} {ms:7.1} ({ratio:4.1}x)", backend.name());
        }
        println!();
    }
    Ok(())
}
