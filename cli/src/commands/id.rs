//! `zkmips id`

use super::program_id;
use crate::args::Id;
use crate::failure::Failure;
use crate::{files, Context};
use serde_json::json;
use std::process::ExitCode;

pub fn id(context: &Context, args: Id) -> Result<ExitCode, Failure> {
    let program = files::load(&args.program)?;
    let id = program_id(&program)?;
    files::stdout(format!("{id}\n").as_bytes())?;
    context.report(&json!({ "program_id": id }))?;
    Ok(ExitCode::SUCCESS)
}
