//! The world where there is a standard library: in the machine with feature `std`, and on ordinary computers.

use crate::run::PANICKED;
use crate::Error;
use core::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;

/// Descriptor of the public input, inside the machine only.
const PUBLIC: i32 = 3;

fn system(error: io::Error) -> Error {
    Error::System(error.raw_os_error().unwrap_or(0))
}

pub fn read_private(buffer: &mut [u8]) -> Result<usize, Error> {
    io::stdin().read(buffer).map_err(system)
}

pub fn read_public(buffer: &mut [u8]) -> Result<usize, Error> {
    if !crate::inside() {
        return Ok(0);
    }
    // SAFETY: inside the machine the descriptor is open from the start, and nobody owns it: `ManuallyDrop` keeps it open.
    let mut file = ManuallyDrop::new(unsafe { File::from_raw_fd(PUBLIC) });
    file.read(buffer).map_err(system)
}

pub fn write_output(bytes: &[u8]) -> Result<(), Error> {
    io::stdout().write_all(bytes).map_err(system)
}

pub fn write_message(text: fmt::Arguments) {
    // Nobody is left to be told that messages do not arrive.
    let _ = io::stderr().write_fmt(text);
}

pub fn exit(status: i32) -> ! {
    let _ = io::stdout().flush();
    std::process::exit(status)
}

/// A panic is a clean failure: a program built with `panic=abort` would end by a signal.
pub fn prepare() {
    std::panic::set_hook(std::boxed::Box::new(|panic| {
        write_message(format_args!("{panic}\n"));
        exit(PANICKED);
    }));
}

/// The standard library flushes after Rust's own `main` only, and there is none.
pub fn finish() {
    if io::stdout().flush().is_err() {
        crate::fail("cannot write the output");
    }
}
