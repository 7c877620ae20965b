//! `zkmips verify`

use super::{indented, program_id, public_inputs, verifier_params};
use crate::args::Verify;
use crate::failure::{Failure, DATA, REFUSED, USAGE};
use crate::terminal::duration;
use crate::{files, Context};
use serde_json::{json, Value};
use std::process::ExitCode;
use std::time::Instant;
use zkmips::{
    hex, Inputs, Program, ProgramId, ProofFile, PublicInputs, Start, Statement, Verifier,
};

pub fn verify(context: &Context, args: Verify) -> Result<ExitCode, Failure> {
    let result = attempt(context, args);
    if let Err(failure) = &result {
        context.terminal.finish();
        context.report(&json!({ "valid": false, "error": failure.message() }))?;
    }
    result
}

fn attempt(context: &Context, args: Verify) -> Result<ExitCode, Failure> {
    if args.portable {
        zkmips::use_portable(true);
    }
    let refused = |message: String| Failure::about(&args.proof, REFUSED, message);
    let bytes = files::read(&args.proof, zkmips::MAX_FILE_BYTES)?;
    let proof =
        ProofFile::from_bytes(&bytes).map_err(|error| Failure::about(&args.proof, DATA, error))?;
    let program = args.program.as_deref().map(files::load).transpose()?;
    let id = expected_id(args.id, program.as_ref(), &proof)?;

    // What costs nothing to compare comes first.
    let inputs = public_inputs(args.public)?;
    if !args.any_input {
        expect_inputs(&proof.public, inputs).map_err(refused)?;
    }
    if let Some(status) = args.status {
        if proof.status != status {
            return Err(refused(format!(
                "the proof is for exit status {}, not {status}",
                proof.status
            )));
        }
    }
    if let Some(path) = &args.output {
        if files::read(path, zkmips::MAX_FILE_BYTES)? != proof.output {
            return Err(refused(format!(
                "the proof is for another output than {}: run verify without --output to see it",
                path.display()
            )));
        }
    }

    let shape = zkmips::shape_of(&proof).map_err(|error| refused(error.to_string()))?;
    let params = verifier_params(context, shape)?;
    let start = Instant::now();
    let statement = Verifier::new(&params)
        .verify(&proof, &id)
        .map_err(|error| refused(error.to_string()))?;
    let seconds = start.elapsed().as_secs_f64();

    files::stdout(&statement.output)?;
    let segments = match statement.segments {
        1 => "1 segment".into(),
        n => format!("{n} segments"),
    };
    eprintln!(
        "zkmips: valid ({segments}, checked in {}): it is proved that\n{}",
        duration(seconds),
        indented(&statement.to_string())
    );
    if let Some((argv, env)) = program.as_ref().and_then(Program::recorded_arguments) {
        eprintln!(
            "zkmips: in the snapshot are arguments {:?}, environment {env:?}",
            &argv[1.min(argv.len())..]
        );
    }
    context.report(&report(&statement, program.as_ref(), seconds))?;
    Ok(ExitCode::SUCCESS)
}

/// The program that the proof must be about.
fn expected_id(
    id: Option<ProgramId>,
    program: Option<&Program>,
    proof: &ProofFile,
) -> Result<ProgramId, Failure> {
    let computed = program.map(program_id).transpose()?;
    match (id, computed) {
        (Some(id), Some(computed)) if id != computed => Err(Failure::new(
            USAGE,
            format!("--id and --program differ: the program's id is {computed}"),
        )),
        (Some(id), _) | (None, Some(id)) => Ok(id),
        (None, None) => {
            let claimed = match zkmips::Header::from_bytes(&proof.header) {
                Ok(header) => format!(" (the proof claims {})", ProgramId(header.id())),
                Err(_) => String::new(),
            };
            Err(Failure::new(
                USAGE,
                format!("a proof is about one program: say which with --program FILE or --id ID{claimed}"),
            ))
        }
    }
}

/// Compares with what the user expects: the defaults, or what the command line repeats.
fn expect_inputs(found: &PublicInputs, inputs: Inputs) -> Result<(), String> {
    let snapshot = found.start == Start::Snapshot;
    if snapshot && !(inputs.args.is_empty() && inputs.env.is_empty()) {
        return Err("the proof is about a snapshot, which has its arguments and environment inside: leave them out and compare the program id".into());
    }
    let expected = PublicInputs::of(&inputs, snapshot).map_err(|error| error.to_string())?;
    if *found == expected {
        return Ok(());
    }
    let mut differences = Vec::new();
    if let (
        Start::Entry { args, env },
        Start::Entry {
            args: expected_args,
            env: expected_env,
        },
    ) = (&found.start, &expected.start)
    {
        if args != expected_args {
            differences.push(format!("arguments {args:?}, not {expected_args:?}"));
        }
        if env != expected_env {
            differences.push(format!("environment {env:?}, not {expected_env:?}"));
        }
    }
    if found.public_input != expected.public_input {
        differences.push(format!(
            "public input {}, not {}",
            zkmips::quoted(&found.public_input),
            zkmips::quoted(&expected.public_input)
        ));
    }
    Err(format!(
        "the proof is for {}: repeat what you expect (--public-input, --env, -- ARGS) or accept it with --any-input",
        differences.join("; ")
    ))
}

fn report(statement: &Statement, program: Option<&Program>, seconds: f64) -> Value {
    let (args, env) = match &statement.public.start {
        Start::Entry { args, env } => (Some(args.clone()), Some(env.clone())),
        Start::Snapshot => match program.and_then(Program::recorded_arguments) {
            Some((argv, env)) => (Some(argv.into_iter().skip(1).collect()), Some(env)),
            None => (None, None),
        },
    };
    json!({
        "valid": true,
        "program_id": statement.program_id,
        "status": statement.status,
        "output_hex": hex::encode(&statement.output),
        "args": args,
        "env": env,
        "public_input_hex": hex::encode(&statement.public.public_input),
        "segments": statement.segments,
        "seconds": seconds,
    })
}
