//! What a proof would cost on this computer: as fast as the last one, if there was one.

use serde_json::{json, Value};
use std::path::PathBuf;
use zkmips::{Cache, ProveReport, Shape};

/// What a proof in segments of one shape costs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rate {
    /// Seconds for each row of [`Shape::cost`].
    seconds_per_row: f64,
    /// Most memory that the process has.
    peak_memory_bytes: u64,
    /// Whether it was measured here.
    measured: bool,
}

/// Time and memory of a proof.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    pub seconds: f64,
    pub peak_memory_bytes: u64,
    pub measured: bool,
}

impl Rate {
    /// What two cores of a server took in 2026 (see the performance page).
    fn of_a_server(shape: Shape) -> Rate {
        Rate {
            seconds_per_row: 1.5e-6,
            peak_memory_bytes: shape.memory(rayon::current_num_threads(), 0),
            measured: false,
        }
    }

    fn path(cache: &Cache, shape: Shape) -> PathBuf {
        let name = format!("last-proof-{}.json", shape.name());
        cache.directory().join(name)
    }

    /// The rate of the last proof that used this cache, or that of some other computer.
    pub fn known(cache: Option<&Cache>, shape: Shape) -> Rate {
        let read = || -> Option<Rate> {
            let text = std::fs::read(Self::path(cache?, shape)).ok()?;
            let value: Value = serde_json::from_slice(&text).ok()?;
            Some(Rate {
                seconds_per_row: value["seconds_per_row"].as_f64()?,
                peak_memory_bytes: value["peak_memory_bytes"].as_u64()?,
                measured: true,
            })
        };
        read().unwrap_or_else(|| Self::of_a_server(shape))
    }

    /// Remembers what a proof cost. It does not matter if that fails.
    pub fn remember(cache: &Cache, shape: Shape, report: &ProveReport, peak_memory: Option<u64>) {
        let rows = shape.cost(report.segments).max(1);
        let value = json!({
            "seconds_per_row": report.seconds.total / rows as f64,
            "peak_memory_bytes": peak_memory
                .unwrap_or(Self::of_a_server(shape).peak_memory_bytes),
        });
        let _ = std::fs::write(Self::path(cache, shape), format!("{value:#}\n"));
    }

    /// The cost of so many segments.
    pub fn estimate(&self, shape: Shape, segments: u64) -> Estimate {
        Estimate {
            seconds: self.seconds_per_row * shape.cost(segments) as f64,
            peak_memory_bytes: self.peak_memory_bytes,
            measured: self.measured,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_proof_is_remembered() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path());
        let mut report = ProveReport {
            segments: 10,
            ..ProveReport::default()
        };
        report.seconds.total = 50.0;
        assert!(!Rate::known(Some(&cache), Shape::Small).measured);
        Rate::remember(&cache, Shape::Small, &report, Some(1 << 30));
        let rate = Rate::known(Some(&cache), Shape::Small);
        assert!(rate.measured);
        let again = rate.estimate(Shape::Small, 10);
        assert!((again.seconds - 50.0).abs() < 1e-6);
        assert_eq!(again.peak_memory_bytes, 1 << 30);
        assert!(rate.estimate(Shape::Small, 100).seconds > 200.0);
        assert!(!Rate::known(Some(&cache), Shape::Large).measured);
    }
}
