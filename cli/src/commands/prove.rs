//! `zkmips prove`

use super::run::Passthrough;
use super::{
    indented, params, public_inputs, refuse_arguments_of_snapshot, run_failure, tell,
    unknown_syscalls,
};
use crate::args::Prove;
use crate::estimate::Rate;
use crate::failure::{Failure, CANNOT_CREATE, DATA, SOFTWARE, USAGE};
use crate::files::{derived, load, Output};
use crate::size::at_least;
use crate::terminal::{count, duration};
use crate::Context;
use serde_json::json;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use zkmips::{Checkpoint, Demand, Executor, ProveError, Prover, Shape, MAX_SLOTS};

pub fn prove(context: &Context, args: Prove) -> Result<ExitCode, Failure> {
    if args.portable {
        zkmips::use_portable(true);
    }
    let shape = args.shape.as_deref().map(super::shape).transpose()?;
    let program = load(&args.program)?;
    let inputs = public_inputs(args.public)?;
    refuse_arguments_of_snapshot(&program, &inputs)?;
    let path = args.output.unwrap_or_else(|| derived(&args.program, "zkp"));
    let output = Output::prepare(&path)?;
    let every = Duration::from_secs(args.checkpoint_every);
    let checkpoint = args
        .checkpoint
        .map(|directory| Checkpoint::at(directory, every));
    let mut checkpoint = checkpoint
        .transpose()
        .map_err(|error| Failure::new(CANNOT_CREATE, error))?;
    match &checkpoint {
        Some(checkpoint) => context.interrupt.keeps(checkpoint.path()),
        None => context
            .interrupt
            .loses("all of it is lost: --checkpoint DIR would have kept the work"),
    }

    // The fast way first: it shows what goes wrong, and how long the proof will be.
    let mut streams = Passthrough::default();
    let mut executor = Executor::with_stdin(&program, inputs, super::stdin).limit(MAX_SLOTS);
    if args.permissive {
        executor = executor.permissive();
    }
    let execution = executor.run(&mut streams).map_err(run_failure)?;
    tell(&execution);
    if execution.stopped.is_some() {
        // Everything is said.
        return Ok(ExitCode::from(DATA));
    }
    if !execution.ended {
        let message = "the program runs for more than 2^32 instructions, the most that a proof can have: give it less to do";
        return Err(Failure::new(DATA, message));
    }
    streams.finish(&execution)?;
    let report = execution.report;

    let start = Instant::now();
    let shape = match shape {
        Some(shape) => shape,
        None => {
            let demand = super::demand(context, &program, &execution.inputs)?;
            match args.max_memory {
                Some(memory) => within(&demand, memory)?,
                None => demand.cheapest(),
            }
        }
    };
    let choosing = start.elapsed().as_secs_f64();
    let params = params(context, shape)?;
    let proved = Prover::new(&params, &*context.terminal)
        .count(context.wants_report())
        .prove_or_resume(&program, execution.inputs, checkpoint.as_mut());
    context.terminal.finish();
    let mut proved = proved.map_err(|error| match error {
        error @ (ProveError::Tape(_) | ProveError::TooLong(_) | ProveError::Checkpoint(_)) => {
            Failure::new(DATA, error)
        }
        error => Failure::new(SOFTWARE, error),
    })?;
    proved.report.add_execution(choosing);
    let bytes = proved.file.to_bytes();
    output.write(&bytes).map_err(|failure| match &checkpoint {
        Some(kept) => failure.but(format!(
            "the work is kept in {}: the same command goes on there",
            kept.path().display()
        )),
        None => failure.but("the proof is lost: --checkpoint DIR would have kept the work"),
    })?;
    if let Some(checkpoint) = checkpoint {
        // The proof is safe: what is left behind is only in the way, but private.
        checkpoint
            .remove()
            .map_err(|error| Failure::new(CANNOT_CREATE, error))?;
    }

    let cost = &proved.report;
    let peak_memory = peak_memory();
    if let Ok(cache) = context.cache() {
        Rate::remember(&cache, shape, cost, peak_memory);
    }
    eprintln!(
        "zkmips: proved that\n{}",
        indented(&proved.statement.to_string())
    );
    eprintln!(
        "zkmips: {}: {} bytes, {} instructions in {} ({} segments of shape {}), {:.0} instructions per second",
        output.name(),
        count(bytes.len() as u64),
        count(cost.instructions),
        duration(cost.seconds.total),
        count(cost.segments),
        shape.name(),
        cost.instructions_per_second,
    );
    context.report(&json!({
        "program_id": proved.statement.program_id,
        "status": proved.statement.status,
        "instructions": cost.instructions,
        "output_bytes": proved.statement.output.len(),
        "unknown_syscalls": unknown_syscalls(&report),
        "touched_words": cost.touched_words,
        "segments": cost.segments,
        "shape": shape.name(),
        "seconds": cost.seconds,
        "instructions_per_second": cost.instructions_per_second,
        "nonlinear_rows_per_instruction": cost.nonlinear_rows_per_instruction,
        "full_size_elements_per_instruction": cost.full_size_elements_per_instruction,
        "ivc_share": cost.ivc_share,
        "peak_memory_bytes": peak_memory,
        "most_memory_bytes": shape.memory(rayon::current_num_threads(), cost.touched_words),
        "proof_bytes": bytes.len(),
    }))?;
    Ok(ExitCode::SUCCESS)
}

/// The fastest shape for which so much memory is enough.
fn within(demand: &Demand, memory: u64) -> Result<Shape, Failure> {
    let threads = rayon::current_num_threads();
    demand.cheapest_within(memory, threads).ok_or_else(|| {
        let [smallest, ..] = Shape::ALL;
        let needed = demand.memory(smallest, threads);
        let mut message = format!(
            "{} of memory is not enough for this run: the smallest shape, {}, takes up to {} on {threads} threads: give --max-memory {2}",
            at_least(memory),
            smallest.name(),
            at_least(needed),
        );
        let alone = demand.memory(smallest, 1);
        if alone < needed {
            message += &format!(", or {} and --threads 1", at_least(alone));
        }
        Failure::new(USAGE, message)
    })
}

/// Most memory this process has had, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}
