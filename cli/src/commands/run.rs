//! `zkmips run`

use super::profile::Profiles;
use super::stats::Stats;
use super::{
    program_id, public_inputs, refuse_arguments_of_snapshot, run_failure, tell, unknown_syscalls,
};
use crate::args::Run;
use crate::failure::{Failure, DATA, USAGE};
use crate::terminal::count;
use crate::{files, Context};
use serde_json::json;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;
use zkmips::{Execution, Executor, Paragraph, Streams, Tracer};

/// The guest's output goes where ours goes, as it comes.
#[derive(Default)]
pub struct Passthrough {
    /// Whether standard output is shown.
    show_stdout: bool,
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

    fn notice(&mut self, paragraph: &Paragraph) {
        eprintln!("zkmips: {paragraph}");
    }

    fn stopped(&self) -> bool {
        self.error.is_some()
    }
}

impl Passthrough {
    /// Standard output is shown as it comes.
    pub fn showing() -> Self {
        Passthrough {
            show_stdout: true,
            ..Passthrough::default()
        }
    }

    /// Whether everything arrived, and was what a proof would state.
    pub fn finish(self, execution: &Execution) -> Result<(), Failure> {
        if let Some(error) = self.error {
            return Err(Failure::stdout(&error));
        }
        let output = &execution.report.output;
        if execution.ended && self.written != *output {
            eprintln!("zkmips: the program changed its output tape behind the kernel's back: a proof would state {}", zkmips::quoted(output));
        }
        Ok(())
    }
}

pub fn run(context: &Context, args: Run) -> Result<ExitCode, Failure> {
    let program = files::load(&args.program)?;
    let inputs = public_inputs(args.public)?;
    refuse_arguments_of_snapshot(&program, &inputs)?;
    let counting = args.stats || context.wants_report();
    let profiles = Profiles::prepare(args.profile.as_deref(), args.flamegraph.as_deref())?;
    let mut executor = Executor::with_stdin(&program, inputs, super::stdin);
    if let Some(limit) = args.limit {
        executor = executor.limit(limit);
    }
    if counting {
        executor = executor.count();
    }
    if args.permissive {
        executor = executor.permissive();
    }
    if profiles.wanted() {
        executor = executor.profile();
    }
    if let Some(path) = &args.trace {
        let limit = args.trace_limit.unwrap_or(u64::MAX);
        executor = executor.trace(Tracer::new(files::stream(path.as_deref())?, limit));
    }
    let mut streams = Passthrough::showing();
    let start = Instant::now();
    let execution = executor.run(&mut streams).map_err(run_failure)?;
    let seconds = start.elapsed().as_secs_f64();
    streams.finish(&execution)?;
    if let Some(error) = &execution.trace_error {
        eprintln!("zkmips: the trace is not complete: {error}: write it elsewhere");
    }
    if let Some(profile) = &execution.profile {
        profiles.write(profile, &args.program)?;
    }
    let report = &execution.report;
    let Some(status) = report.status.filter(|_| execution.ended) else {
        if execution.stopped.is_none() {
            eprintln!(
                "zkmips: the program had not ended after {} instructions: raise --limit, or give it less to do",
                count(report.instructions)
            );
        }
        tell(&execution);
        // Everything is said.
        let code = if execution.stopped.is_some() {
            DATA
        } else {
            USAGE
        };
        return Ok(ExitCode::from(code));
    };
    tell(&execution);
    if counting {
        let stats = Stats::of(context, &program, &execution, seconds)?;
        if args.stats {
            stats.print(&program, &execution);
        }
        let mut json = stats.json();
        json["program_id"] = json!(program_id(&program)?);
        json["status"] = json!(status);
        json["instructions"] = json!(report.instructions);
        json["output_bytes"] = json!(report.output.len());
        json["unknown_syscalls"] = unknown_syscalls(report);
        context.report(&json)?;
    }
    Ok(ExitCode::from((status & 0xff) as u8))
}
