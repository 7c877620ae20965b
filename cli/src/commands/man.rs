//! `zkmips completions` and `zkmips man`: made from the definitions that the command line is read by.

use crate::args::{Cli, Completions, Man};
use crate::failure::{reason, Failure, CANNOT_CREATE};
use crate::{files, Context};
use clap::CommandFactory;
use serde_json::json;
use std::fs;
use std::process::ExitCode;

pub fn completions(context: &Context, args: Completions) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "zkmips", &mut script);
    files::stdout(&script)?;
    context.report(&json!({ "shell": args.shell.to_string(), "bytes": script.len() }))?;
    Ok(ExitCode::SUCCESS)
}

pub fn man(context: &Context, args: Man) -> Result<ExitCode, Failure> {
    let fail =
        |error: std::io::Error| Failure::about(&args.directory, CANNOT_CREATE, reason(&error));
    fs::create_dir_all(&args.directory).map_err(fail)?;
    clap_mangen::generate_to(Cli::command(), &args.directory).map_err(fail)?;
    eprintln!("zkmips: manual pages are in {}", args.directory.display());
    context.report(&json!({ "directory": args.directory }))?;
    Ok(ExitCode::SUCCESS)
}
