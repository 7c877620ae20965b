//! `zkmips check`

use crate::args::Check as Args;
use crate::failure::{Failure, DATA};
use crate::terminal::count;
use crate::{files, Context};
use std::fmt::Write;
use std::process::ExitCode;
use zkmips::check::{Check, Severity, SystemCall};

pub fn check(context: &Context, args: Args) -> Result<ExitCode, Failure> {
    let file = files::read_program(&args.program)?;
    let check = Check::of(&file);
    let json = check.to_json();
    let text = match args.json {
        true => format!("{json:#}\n"),
        false => in_words(&check),
    };
    files::stdout(text.as_bytes())?;
    context.report(&json)?;
    Ok(ExitCode::from(if check.is_provable() { 0 } else { DATA }))
}

fn in_words(check: &Check) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let mut line = |line: std::fmt::Arguments| _ = writeln!(text, "{line}");
    for finding in &check.findings {
        line(format_args!("{finding}"));
    }
    let calls = &check.system_calls;
    let names: Vec<String> = calls.known.values().map(SystemCall::name).collect();
    if !names.is_empty() {
        line(format_args!("system calls: {}", names.join(", ")));
    }
    if calls.unresolved > 0 {
        let places = count(calls.unresolved);
        line(format_args!(
            "system calls with a number that the code does not show: {places}"
        ));
    }
    let mut about = Vec::new();
    about.extend(check.byte_order.map(|order| order.to_string()));
    about.extend(check.go.then(|| "made by Go".to_owned()));
    if check.instructions > 0 {
        let instructions = count(check.instructions);
        about.push(format!(
            "{instructions} instructions in {} named functions",
            count(check.functions)
        ));
    }
    let number = |severity| {
        check
            .findings
            .iter()
            .filter(|f| f.severity == severity)
            .count()
    };
    let verdict = match (number(Severity::Problem), number(Severity::Warning)) {
        (0, 0) => "provable".to_owned(),
        (0, 1) => "provable, with a warning".to_owned(),
        (0, warnings) => format!("provable, with {warnings} warnings"),
        (1, _) => "not provable: one problem".to_owned(),
        (problems, _) => format!("not provable: {problems} problems"),
    };
    match about.is_empty() {
        true => line(format_args!("{verdict}")),
        false => line(format_args!("{verdict} ({})", about.join(", "))),
    }
    text
}
