//! What `run --stats` prints and what its report says beyond the run itself.

use crate::estimate::{Estimate, Rate};
use crate::failure::Failure;
use crate::terminal::{count, duration};
use crate::Context;
use serde_json::{json, Map, Value};
use zkmips::{Execution, KindCount, Program, Shape};

/// Numbers about a run and about a proof of it.
pub struct Stats {
    seconds: f64,
    kinds: Vec<KindCount>,
    touched_words: u64,
    shape: Shape,
    segments: u64,
    estimate: Estimate,
}

impl Stats {
    /// Plans a proof of the run.
    pub fn of(
        context: &Context,
        program: &Program,
        execution: &Execution,
        seconds: f64,
    ) -> Result<Self, Failure> {
        let report = &execution.report;
        let demand = super::demand(context, program, &execution.inputs)?;
        let shape = demand.cheapest();
        let segments = demand.segments(&shape.capacities());
        let cache = context.cache().ok();
        Ok(Stats {
            seconds,
            kinds: report.kinds.clone().unwrap_or_default(),
            touched_words: report.touched_words.unwrap_or_default(),
            shape,
            segments,
            estimate: Rate::known(cache.as_ref(), shape).estimate(shape, segments),
        })
    }

    /// The table for people.
    pub fn print(&self, program: &Program, execution: &Execution) {
        let report = &execution.report;
        let total = report.instructions;
        let row = |name: &str, value: String, remark: &str| {
            eprintln!(
                "{}",
                format!("  {name:<22} {value:>16}  {remark}").trim_end()
            );
        };
        eprintln!("zkmips: statistics");
        let mut time = format!("in {}", duration(self.seconds));
        if self.seconds > 0.1 {
            let speed = total as f64 / self.seconds / 1e6;
            time += &format!(", {speed:.0} million per second");
        }
        row("instructions", count(total), &time);
        let kernel: u64 = self.kinds.iter().map(|kind| kind.kernel).sum();
        row(
            "  of the program",
            count(total - kernel.min(total)),
            &share(total - kernel.min(total), total),
        );
        row("  of the kernel", count(kernel), &share(kernel, total));
        let mut kinds = self.kinds.clone();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.program + kind.kernel));
        for kind in kinds.iter().filter(|kind| kind.program + kind.kernel > 0) {
            let number = kind.program + kind.kernel;
            let name = format!("  {}", kind.kind.name());
            row(&name, count(number), &share(number, total));
        }
        let kibibytes = count(self.touched_words.div_ceil(256));
        let order = program.byte_order();
        row(
            "touched words",
            count(self.touched_words),
            &format!("{kibibytes} KiB, {order}"),
        );
        row("bytes of output", count(report.output.len() as u64), "");
        let shape = self.shape.name();
        row(
            "segments of a proof",
            count(self.segments),
            &format!("of shape {shape}"),
        );
        let basis = match self.estimate.measured {
            true => "by the last proof here",
            false => "on two cores of a server; nothing was proved here yet",
        };
        row("time to prove", duration(self.estimate.seconds), basis);
        let mebibytes = format!("{} MiB", count(self.estimate.peak_memory_bytes >> 20));
        row("memory to prove", mebibytes, "");
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let kinds: Map<String, Value> = self
            .kinds
            .iter()
            .map(|kind| {
                (
                    kind.kind.name().to_owned(),
                    (kind.program + kind.kernel).into(),
                )
            })
            .collect();
        json!({
            "kinds": kinds,
            "kernel_instructions": self.kinds.iter().map(|kind| kind.kernel).sum::<u64>(),
            "touched_words": self.touched_words,
            "shape": self.shape.name(),
            "segments": self.segments,
            "estimated_seconds": self.estimate.seconds,
            "estimated_memory_bytes": self.estimate.peak_memory_bytes,
            "estimate_measured": self.estimate.measured,
            "seconds": self.seconds,
        })
    }
}

/// A part of a whole in percent.
fn share(part: u64, whole: u64) -> String {
    format!("{:5.1}%", 100.0 * part as f64 / whole.max(1) as f64)
}
