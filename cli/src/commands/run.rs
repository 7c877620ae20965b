//! `zkmips run`

use super::{
    program_id, public_inputs, refuse_arguments_of_snapshot, run_failure, tell, unknown_syscalls,
};
use crate::args::Run;
use crate::failure::{Failure, USAGE};
use crate::terminal::{count, duration};
use crate::{files, Context};
use serde_json::json;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;
use zkmips::{Executor, Program, RunReport, Shape, Streams};

/// The guest's output goes where ours goes, as it comes.
#[derive(Default)]
pub struct Passthrough {
    /// Whether standard output is shown.
    pub show_stdout: bool,
    written: Vec<u8>,
    error: Option<io::Error>,
}

impl Streams for Passthrough {
    fn stdout(&mut self, bytes: &[u8]) {
        self.written.extend_from_slice(bytes);
        if self.show_stdout && self.error.is_none() {
            let mut stdout = io::stdout().lock();
            let result = stdout.write_all(bytes).and_then(|()| stdout.flush());
            self.error = result.err();
        }
    }

    fn stderr(&mut self, bytes: &[u8]) {
        // There is nobody to tell if this fails.
        let _ = io::stderr().write_all(bytes);
    }

    fn stopped(&self) -> bool {
        self.error.is_some()
    }
}

impl Passthrough {
    /// Whether everything arrived, and was what a proof would state.
    pub fn finish(self, report: &RunReport) -> Result<(), Failure> {
        if let Some(error) = self.error {
            return Err(Failure::stdout(&error));
        }
        if self.written != report.output {
            eprintln!("zkmips: the program changed its output tape behind the kernel's back: a proof would state {}", zkmips::quoted(&report.output));
        }
        Ok(())
    }
}

pub fn run(context: &Context, args: Run) -> Result<ExitCode, Failure> {
    let program = files::load(&args.program)?;
    let inputs = public_inputs(args.public)?;
    refuse_arguments_of_snapshot(&program, &inputs)?;
    let counting = args.stats || context.wants_report();
    let mut executor = Executor::with_stdin(&program, inputs, super::stdin);
    if let Some(limit) = args.limit {
        executor = executor.limit(limit);
    }
    if counting {
        executor = executor.count_touched_words();
    }
    let mut streams = Passthrough {
        show_stdout: true,
        ..Passthrough::default()
    };
    let start = Instant::now();
    let execution = executor.run(&mut streams).map_err(run_failure)?;
    let seconds = start.elapsed().as_secs_f64();
    let report = execution.report;
    streams.finish(&report)?;
    tell(&program, &report);
    let Some(status) = report.status.filter(|_| execution.ended) else {
        return Err(Failure::new(
            USAGE,
            format!(
                "the program had not ended after {} instructions: raise --limit, or give it less to do",
                count(report.instructions)
            ),
        ));
    };
    if counting {
        let demand = super::demand(context, &program, &execution.inputs)?;
        let shape = demand.cheapest();
        let segments = demand.segments(&shape.capacities());
        if args.stats {
            stats(&program, &report, seconds, shape, segments);
        }
        context.report(&json!({
            "program_id": program_id(&program)?,
            "status": status,
            "instructions": report.instructions,
            "output_bytes": report.output.len(),
            "unknown_syscalls": unknown_syscalls(&report),
            "touched_words": report.touched_words,
            "segments": segments,
            "shape": shape.name(),
            "seconds": seconds,
        }))?;
    }
    Ok(ExitCode::from((status & 0xff) as u8))
}

fn stats(program: &Program, report: &RunReport, seconds: f64, shape: Shape, segments: u64) {
    eprintln!(
        "zkmips: {} instructions in {} ({}), {} words of memory touched, {} bytes of output",
        count(report.instructions),
        duration(seconds),
        program.byte_order(),
        count(report.touched_words.unwrap_or_default()),
        count(report.output.len() as u64),
    );
    eprintln!(
        "zkmips: a proof would have {} segments of shape {}",
        count(segments),
        shape.name(),
    );
}
