//! How commands fail: one line that names the thing and the remedy, and an exit status.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// The proof is not valid, or not for what was asked.
pub const REFUSED: u8 = 1;
/// The command line makes no sense (the names are those of `sysexits.h`).
pub const USAGE: u8 = 64;
/// A file is not what it should be.
pub const DATA: u8 = 65;
/// A file cannot be read.
pub const NO_INPUT: u8 = 66;
/// Something that should not happen.
pub const SOFTWARE: u8 = 70;
/// A file cannot be written.
pub const CANNOT_CREATE: u8 = 73;
/// Standard input or output failed.
pub const IO: u8 = 74;
/// What a shell reports for a program that nobody listens to any more: 128 and SIGPIPE.
pub const BROKEN_PIPE: u8 = 141;

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    pub fn new(code: u8, message: impl Display) -> Self {
        Failure {
            code,
            message: message.to_string(),
        }
    }

    /// A failure about a file.
    pub fn about(path: &Path, code: u8, message: impl Display) -> Self {
        Failure::new(code, format!("{}: {message}", path.display()))
    }

    /// Standard output cannot be written. Nobody needs to be told that nobody listens.
    pub fn stdout(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::new(BROKEN_PIPE, ""),
            _ => Failure::new(
                IO,
                format!("cannot write to standard output: {}", reason(error)),
            ),
        }
    }

    /// The same, and what that means for the work that was done.
    pub fn but(self, consequence: impl Display) -> Self {
        let message = format!("{}; {consequence}", self.message);
        Failure::new(self.code, message)
    }

    /// Prints the message and gives the exit status.
    pub fn report(&self) -> ExitCode {
        if !self.message.is_empty() {
            eprintln!("zkmips: {}", self.message);
        }
        ExitCode::from(self.code)
    }

    pub fn message(&self) -> &str {
        &self.message
    }
}

/// What went wrong, and what to do about it where that is known.
pub fn reason(error: &io::Error) -> String {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory: check the name",
        io::ErrorKind::PermissionDenied => "permission denied: check who may access it",
        io::ErrorKind::IsADirectory => "is a directory: name a file",
        io::ErrorKind::StorageFull => "no space left on the device: free some or write elsewhere",
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only: write elsewhere",
        _ => return error.to_string(),
    };
    remedy.to_owned()
}
