//! `zkmips debug`

use super::run::Passthrough;
use super::{public_inputs, refuse_arguments_of_snapshot, run_failure};
use crate::args::Debug;
use crate::failure::{reason, Failure, CANNOT_CREATE, IO};
use crate::files::load;
use crate::Context;
use serde_json::json;
use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;
use zkmips::debug::{serve, Debugger, Ended, Line, ServeError, Timeline};

pub fn debug(context: &Context, args: Debug) -> Result<ExitCode, Failure> {
    let program = load(&args.program)?;
    let inputs = public_inputs(args.public)?;
    refuse_arguments_of_snapshot(&program, &inputs)?;
    let line = match &args.socket {
        Some(path) => unix(context, &args.program, path)?,
        None => tcp(&args.program, &args.listen)?,
    };
    let mut streams = Passthrough::showing();
    let stdin = Box::new(super::stdin);
    let timeline = Timeline::new(&program, &inputs, stdin, &mut streams, args.permissive);
    let timeline = timeline.map_err(run_failure)?;
    let mut debugger = Debugger::new(timeline).map_err(run_failure)?;
    let ended = serve(&mut debugger, line).map_err(|error| match error {
        ServeError::Run(error) => run_failure(error),
        error => Failure::new(IO, format!("{error}: connect again")),
    })?;
    let (how, status) = match ended {
        Ended::Exited(status) => ("exited", u32::from(status)),
        Ended::Terminated(signal) => ("terminated", 128 + u32::from(signal)),
        Ended::Killed => ("killed", 0),
        Ended::Detached => {
            eprintln!("zkmips: the debugger has gone: the program runs on to its end");
            let status = debugger.finish().map_err(run_failure)?;
            ("detached", status.unwrap_or_default())
        }
    };
    context.report(&json!({ "ended": how, "status": status }))?;
    Ok(ExitCode::from((status & 0xff) as u8))
}

/// Says how to connect.
fn invite(program: &Path, address: &str) {
    eprintln!(
        "zkmips: waiting for a debugger: gdb-multiarch {} -ex 'target remote {address}'",
        program.display()
    );
}

fn tcp(program: &Path, address: &str) -> Result<Line, Failure> {
    let fail = |error: std::io::Error| {
        let why = reason(&error);
        Failure::new(
            CANNOT_CREATE,
            format!("{address}: {why}: name a free address with --listen HOST:PORT"),
        )
    };
    let listener = TcpListener::bind(address).map_err(fail)?;
    invite(program, &listener.local_addr().map_err(fail)?.to_string());
    let (stream, _) = listener.accept().map_err(fail)?;
    Ok(Box::new(stream))
}

#[cfg(unix)]
fn unix(context: &Context, program: &Path, path: &Path) -> Result<Line, Failure> {
    let fail = |error: std::io::Error| {
        let why = match error.kind() {
            std::io::ErrorKind::AddrInUse => "is there already: remove it or name another".into(),
            _ => reason(&error),
        };
        Failure::about(path, CANNOT_CREATE, why)
    };
    let listener = std::os::unix::net::UnixListener::bind(path).map_err(fail)?;
    context.interrupt.removes(path);
    invite(program, &path.display().to_string());
    let accepted = listener.accept();
    // One debugger is enough: the name has served.
    let _ = std::fs::remove_file(path);
    Ok(Box::new(accepted.map_err(fail)?.0))
}

#[cfg(not(unix))]
fn unix(_: &Context, _: &Path, path: &Path) -> Result<Line, Failure> {
    let why = "this system has no such sockets: use --listen";
    Err(Failure::about(path, CANNOT_CREATE, why))
}
