//! How a program begins and ends.

use crate::{fail, world};
use core::fmt::Display;

/// What a program may return.
pub trait Outcome {
    /// The exit status. Does not return after an error.
    fn status(self) -> i32;
}

impl Outcome for () {
    fn status(self) -> i32 {
        0
    }
}

impl<E: Display> Outcome for Result<(), E> {
    fn status(self) -> i32 {
        match self {
            Ok(()) => 0,
            Err(error) => fail(error),
        }
    }
}

/// Runs a program and gives the exit status.
pub fn run<T: Outcome>(program: fn() -> T) -> i32 {
    world::prepare();
    let status = program().status();
    world::finish();
    status
}

/// Exit status of a panic, as everywhere in Rust.
pub(crate) const PANICKED: i32 = 101;
