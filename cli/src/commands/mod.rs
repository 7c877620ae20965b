//! One module per command.

pub mod check;
pub mod debug;
pub mod id;
pub mod inspect;
pub mod man;
pub mod new;
mod profile;
pub mod prove;
pub mod run;
pub mod setup;
pub mod snapshot;
pub mod stats;
pub mod verify;

use crate::args::PublicOptions;
use crate::failure::{reason, Failure, DATA, IO, USAGE};
use crate::{files, Context};
use std::io::{IsTerminal, Read};
use zkmips::{Cache, Demand, Inputs, Params, Program, ProgramId, RunError, Shape, VerifierParams};

/// The inputs that the command line gives; standard input comes later, if the guest asks for it.
fn public_inputs(options: PublicOptions) -> Result<Inputs, Failure> {
    Ok(Inputs {
        args: options.args,
        env: options.env,
        public_input: files::public_input(options.public_input.as_deref())?,
        stdin: Vec::new(),
    })
}

/// A snapshot has its arguments and environment inside: others would be lost.
fn refuse_arguments_of_snapshot(program: &Program, inputs: &Inputs) -> Result<(), Failure> {
    if program.is_snapshot() && !(inputs.args.is_empty() && inputs.env.is_empty()) {
        return Err(Failure::new(
            USAGE,
            "arguments and environment of a snapshot are fixed: give them to `zkmips snapshot` instead",
        ));
    }
    Ok(())
}

/// Reads standard input to its end, for a guest that has just asked for it.
fn stdin() -> std::io::Result<Vec<u8>> {
    let mut stdin = std::io::stdin().lock();
    if stdin.is_terminal() {
        eprintln!("zkmips: the program reads its private input: type it and end with Ctrl-D");
    }
    let mut bytes = Vec::new();
    stdin.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A run that could not go on.
fn run_failure(error: RunError) -> Failure {
    match error {
        RunError::Stdin(error) => Failure::new(
            IO,
            format!("standard input cannot be read: {}", reason(&error)),
        ),
        RunError::Tape(error) => Failure::new(DATA, error),
    }
}

/// The shape that the user named.
fn shape(name: &str) -> Result<Shape, Failure> {
    Shape::named(name).ok_or_else(|| {
        let names = Shape::ALL.map(|shape| shape.name()).join(", ");
        Failure::new(
            USAGE,
            format!(
                "there is no shape `{}`: choose one of {names}",
                name.escape_debug()
            ),
        )
    })
}

/// What a proof of a run would need.
fn demand(context: &Context, program: &Program, inputs: &Inputs) -> Result<Demand, Failure> {
    let demand = zkmips::demand(program, inputs, &*context.terminal);
    context.terminal.finish();
    demand.map_err(|error| Failure::new(DATA, error))
}

/// The parameters of a shape.
fn params(context: &Context, shape: Shape) -> Result<Params, Failure> {
    let cache: Cache = context.cache()?;
    let params = Params::setup(shape, &cache, &*context.terminal);
    context.terminal.finish();
    params.map_err(|error| cannot_prepare(&cache, error))
}

/// What a verifier needs for a shape.
fn verifier_params(context: &Context, shape: Shape) -> Result<VerifierParams, Failure> {
    let cache: Cache = context.cache()?;
    let params = zkmips::verifier_params(shape, &cache, &*context.terminal);
    context.terminal.finish();
    params.map_err(|error| cannot_prepare(&cache, error))
}

fn cannot_prepare(cache: &Cache, error: impl std::fmt::Display) -> Failure {
    Failure::new(
        crate::failure::CANNOT_CREATE,
        format!(
            "{error} (the cache is {}; name another with --cache)",
            cache.directory().display()
        ),
    )
}

/// The id of a program from a file of that name.
fn program_id(program: &Program) -> Result<ProgramId, Failure> {
    program.id().map_err(|error| Failure::new(DATA, error))
}

/// Says what went wrong in a run.
fn tell(execution: &zkmips::Execution) {
    for paragraph in &execution.story {
        eprintln!("zkmips: {paragraph}");
    }
}

/// The system calls that the kernel does not know, as reports have them.
fn unknown_syscalls(report: &zkmips::RunReport) -> serde_json::Value {
    let calls = report.unknown_syscalls.iter();
    calls
        .map(|(&number, &times)| {
            serde_json::json!({
                "number": number,
                "name": zkmips::syscalls::name(number),
                "times": times,
            })
        })
        .collect()
}

/// The lines of a text, moved to the right.
fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}
