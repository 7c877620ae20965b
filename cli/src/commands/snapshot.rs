//! `zkmips snapshot`

use super::program_id;
use crate::args::Snapshot;
use crate::failure::{Failure, DATA, SOFTWARE};
use crate::files::{derived, load, Output};
use crate::terminal::count;
use crate::Context;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;
use zkmips::{Inputs, Program};

/// Where programs begin if nothing is said.
const STARTS: [&str; 2] = ["main.main", "main"];

pub fn snapshot(context: &Context, args: Snapshot) -> Result<ExitCode, Failure> {
    let program = load(&args.program)?;
    let at = address(&program, &args.program, args.at.as_deref())?;
    let path = args
        .output
        .unwrap_or_else(|| derived(&args.program, "snapshot"));
    let output = Output::prepare(&path)?;
    let inputs = Inputs {
        args: args.args,
        env: args.env,
        ..Inputs::default()
    };
    let about = |error: &dyn std::fmt::Display| Failure::about(&args.program, DATA, error);
    let snapshot = zkmips::snapshot::take(program.image(), &inputs, at, args.limit)
        .map_err(|error| about(&error))?;
    let loaded = Program::load(&snapshot.image).map_err(|error| Failure::new(SOFTWARE, error))?;
    let id = program_id(&loaded)?;
    output.write(&snapshot.image)?;
    let place = program.place(at).unwrap_or_default();
    eprintln!(
        "zkmips: {}: {} bytes, {} instructions before {place} ({at:#010x}) are skipped",
        output.name(),
        count(snapshot.image.len() as u64),
        count(snapshot.instructions),
    );
    eprintln!("zkmips: its program id is {id}");
    context.report(&json!({
        "program_id": id,
        "at": at,
        "instructions": snapshot.instructions,
        "bytes": snapshot.image.len(),
    }))?;
    Ok(ExitCode::SUCCESS)
}

/// The address that the user means.
fn address(program: &Program, path: &Path, at: Option<&str>) -> Result<u32, Failure> {
    let hexadecimal = |text: &str| u32::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    let found = match at {
        Some(at) => hexadecimal(at).or_else(|| program.address_of(at)),
        None => STARTS.iter().find_map(|name| program.address_of(name)),
    };
    found.ok_or_else(|| {
        let name = at.unwrap_or("main.main or main").escape_debug().to_string();
        let message = format!("no symbol {name}: give --at another symbol or an address (0x...), or build without stripping symbols");
        Failure::about(path, DATA, message)
    })
}
