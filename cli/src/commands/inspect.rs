//! `zkmips inspect`

use super::program_id;
use crate::args::Inspect;
use crate::failure::{Failure, DATA};
use crate::terminal::count;
use crate::{files, Context};
use serde_json::{json, Value};
use std::process::ExitCode;
use zkmips::{hex, Header, Program, ProgramId, ProofFile, FORMAT_VERSION, MAGIC};
use zkmips::{CheckpointSummary, CHECKPOINT_MAGIC};

pub fn inspect(context: &Context, args: Inspect) -> Result<ExitCode, Failure> {
    let bytes = files::read(&args.file, zkmips::MAX_FILE_BYTES)?;
    let about = |error: &dyn std::fmt::Display| Failure::about(&args.file, DATA, error);
    let (json, text) = if bytes.starts_with(&MAGIC) {
        let proof = ProofFile::from_bytes(&bytes).map_err(|error| about(&error))?;
        of_proof(&proof, bytes.len())
    } else if bytes.starts_with(CHECKPOINT_MAGIC) {
        let damaged = "not a whole checkpoint: remove it to start again";
        let checkpoint = CheckpointSummary::from_bytes(&bytes).ok_or_else(|| about(&damaged))?;
        of_checkpoint(&checkpoint)
    } else {
        let program = Program::load(&bytes).map_err(|error| about(&error))?;
        of_program(&program)?
    };
    match args.json {
        true => files::stdout(format!("{json:#}\n").as_bytes())?,
        false => files::stdout(text.as_bytes())?,
    }
    context.report(&json)?;
    Ok(ExitCode::SUCCESS)
}

/// Lines of a name and a value each.
fn table(rows: &[(&str, String)]) -> String {
    rows.iter()
        .map(|(name, value)| format!("{name:18} {value}\n"))
        .collect()
}

fn of_proof(proof: &ProofFile, bytes: usize) -> (Value, String) {
    let header = Header::from_bytes(&proof.header);
    let id = header.as_ref().map(|header| ProgramId(header.id()));
    let mut json = proof.to_json();
    json["kind"] = "proof".into();
    json["program_id"] = id.as_ref().ok().map(ProgramId::to_string).into();
    let (args, env) = match proof.public.start.strings() {
        Some((args, env)) => (format!("{args:?}"), format!("{env:?}")),
        None => ("inside the snapshot".into(), "inside the snapshot".into()),
    };
    let text = table(&[
        (
            "file",
            format!(
                "proof, format {FORMAT_VERSION}, {} bytes; what it claims has not been checked",
                count(bytes as u64)
            ),
        ),
        (
            "program id",
            id.map_or_else(|error| format!("none: {error}"), |id| id.to_string()),
        ),
        ("machine version", proof.machine_version.to_string()),
        ("parameters", hex::encode(&proof.parameter_digest)),
        (
            "segments",
            format!("{} of shape {}", proof.segments, proof.shape.escape_debug()),
        ),
        ("arguments", args),
        ("environment", env),
        ("public input", zkmips::quoted(&proof.public.public_input)),
        ("exit status", proof.status.to_string()),
        ("output", zkmips::quoted(&proof.output)),
    ]);
    (json, text)
}

fn of_checkpoint(checkpoint: &CheckpointSummary) -> (Value, String) {
    let mut json = checkpoint.to_json();
    json["kind"] = "checkpoint".into();
    let segments = checkpoint.segments;
    let text = table(&[
        (
            "file",
            "checkpoint of a proof; as private as the input".into(),
        ),
        ("written by", format!("zkmips {:?}", checkpoint.version)),
        ("program id", checkpoint.program_id.to_string()),
        ("parameters", hex::encode(&checkpoint.parameter_digest)),
        (
            "segments",
            format!("{segments} of shape {}", checkpoint.shape.escape_debug()),
        ),
        (
            "committed",
            format!("{} of {segments}", checkpoint.committed),
        ),
        ("folded", format!("{} of {segments}", checkpoint.folded)),
    ]);
    (json, text)
}

fn of_program(program: &Program) -> Result<(Value, String), Failure> {
    let id = program_id(program)?;
    let image = program.image();
    let recorded = program.recorded_arguments();
    let ranges: Vec<Value> = image
        .ranges()
        .map(|range| json!({ "first": range.first, "words": range.words, "executable": range.executable }))
        .collect();
    let kind = match program.is_snapshot() {
        true => "snapshot",
        false => "program",
    };
    let json = json!({
        "kind": kind,
        "program_id": id,
        "byte_order": program.byte_order().goarch(),
        "entry": image.entry(),
        "ranges": ranges,
        "args": recorded.as_ref().map(|(argv, _)| argv.iter().skip(1).collect::<Vec<_>>()),
        "env": recorded.as_ref().map(|(_, env)| env),
    });
    let mut rows = vec![
        ("file", format!("{kind}, {}", program.byte_order())),
        ("program id", id.to_string()),
        ("entry point", format!("{:#010x}", image.entry())),
    ];
    if let Some((argv, env)) = &recorded {
        rows.push(("arguments", format!("{:?}", &argv[1.min(argv.len())..])));
        rows.push(("environment", format!("{env:?}")));
    }
    for range in image.ranges() {
        let kind = match range.executable {
            true => "code",
            false => "data",
        };
        rows.push((
            "memory",
            format!("{:#010x} to {:#010x} {kind}", range.first, range.last()),
        ));
    }
    Ok((json, table(&rows)))
}
