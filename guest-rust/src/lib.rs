//! What a Rust program that zkmips proves needs of the world: private input, public input, public output, clean failures, and
//! markers for the profile.
//!
//! | | |
//! | --- | --- |
//! | private input | standard input: nobody but the prover sees it |
//! | public input | descriptor 3: whoever checks the proof knows it |
//! | public output | standard output: the proof says that the program wrote it |
//! | messages | standard error: shown to whoever runs the program, no part of the proof |
//!
//! ```
//! # use zkmips_guest as zkmips;
//! fn program() -> Result<(), zkmips::Error> {
//!     let (base, exponent): (u32, u8) = zkmips::read()?;
//!     zkmips::commit(&base.wrapping_pow(exponent.into()));
//!     Ok(())
//! }
//! # let _ = program;
//! ```
//!
//! with `zkmips_guest::entry!(program);` in the crate's root. That is all for a program with the standard library (feature `std`).
//! Without it, `#![no_std]` and `#![no_main]` stand above, and the crate brings start-up, a heap for `alloc` and a panic handler.
//!
//! Everything works on an ordinary computer too, for tests and debuggers: there the public input is empty and markers do nothing.
#![no_std]
#![cfg_attr(target_arch = "mips", feature(asm_experimental_arch))]

extern crate alloc;

mod encoding;
mod input;
mod run;
#[cfg(target_arch = "mips")]
mod system;

#[cfg(all(target_arch = "mips", not(feature = "std")))]
mod bare;
#[cfg(all(target_arch = "mips", not(feature = "std")))]
mod heap;
#[cfg(all(target_arch = "mips", not(feature = "std")))]
use bare as world;

#[cfg(any(feature = "std", not(target_arch = "mips")))]
extern crate std;
#[cfg(any(feature = "std", not(target_arch = "mips")))]
mod hosted;
#[cfg(any(feature = "std", not(target_arch = "mips")))]
use hosted as world;

pub use encoding::{Decode, Encode};
pub use input::{private_input, public_input, Error, Input};
pub use run::Outcome;

#[doc(hidden)]
pub use run::run;

use alloc::vec::Vec;
use core::fmt;

/// A value of fixed size from the private input (standard input), in the encoding of [`Decode`].
///
/// # Errors
/// If the input ends before the value does, or cannot be read.
pub fn read<T: Decode>() -> Result<T, Error> {
    T::decode(&mut private_input())
}

/// As [`read`], from the public input (descriptor 3), which is empty outside the machine.
///
/// # Errors
/// If the input ends before the value does, or cannot be read.
pub fn read_public<T: Decode>() -> Result<T, Error> {
    T::decode(&mut public_input())
}

/// Writes a value to the public output (standard output), in the encoding of [`Encode`]: whoever checks the proof sees it. If it
/// cannot be written the program fails, for a proof of something else would be worse.
pub fn commit<T: Encode + ?Sized>(value: &T) {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    commit_bytes(&bytes);
}

/// Writes bytes to the public output.
pub fn commit_bytes(bytes: &[u8]) {
    if world::write_output(bytes).is_err() {
        fail("cannot write the output");
    }
}

/// Ends the program with status 1 and a line on standard error. The proof, should one be made, states the status; it says nothing of
/// the message, which only the person who runs the program sees.
pub fn fail(message: impl fmt::Display) -> ! {
    world::write_message(format_args!("{message}\n"));
    world::exit(1)
}

/// Puts a named point into the profile of a run. It costs about a hundred instructions and does nothing outside the machine.
pub fn marker(name: &str) {
    #[cfg(target_arch = "mips")]
    system::marker(name);
    #[cfg(not(target_arch = "mips"))]
    let _ = name;
}

/// Whether the program runs in the machine rather than on an ordinary computer.
pub fn inside() -> bool {
    #[cfg(target_arch = "mips")]
    return system::inside();
    #[cfg(not(target_arch = "mips"))]
    return false;
}

/// Names for the macros, which cannot say `std` or `alloc` in crates that may not have them.
#[doc(hidden)]
pub mod private {
    pub use alloc::format;
    pub use alloc::vec::Vec;

    /// Writes to standard error without the machinery of `std`.
    pub fn message(text: core::fmt::Arguments) {
        crate::world::write_message(text);
    }
}

/// Formats a text and writes it to the public output, with a newline: for programs without the standard library, whose `println!` does
/// the same.
#[macro_export]
macro_rules! println {
    ($($argument:tt)*) => {{
        let mut line = $crate::private::format!($($argument)*);
        line.push('\n');
        $crate::commit_bytes(line.as_bytes());
    }};
}

/// Formats a text and writes it to standard error, with a newline: for programs without the standard library.
#[macro_export]
macro_rules! eprintln {
    ($($argument:tt)*) => {
        $crate::private::message(core::format_args!("{}\n", core::format_args!($($argument)*)))
    };
}

/// Says which function is the program. It takes nothing and returns `()` or a `Result<(), E>` whose error can be displayed: an
/// error ends the program with status 1 and a line on standard error, a panic with status 101 and its message.
#[cfg(feature = "std")]
#[macro_export]
macro_rules! entry {
    ($program:path) => {
        fn main() {
            ::std::process::exit($crate::run($program))
        }
    };
}

/// Says which function is the program. It takes nothing and returns `()` or a `Result<(), E>` whose error can be displayed: an
/// error ends the program with status 1 and a line on standard error, a panic with status 101 and its message.
#[cfg(all(not(feature = "std"), not(target_arch = "mips")))]
#[macro_export]
macro_rules! entry {
    ($program:path) => {
        // There is a C library here, which calls this.
        #[unsafe(no_mangle)]
        extern "C" fn main() -> i32 {
            $crate::run($program)
        }
    };
}

/// Says which function is the program. It takes nothing and returns `()` or a `Result<(), E>` whose error can be displayed: an
/// error ends the program with status 1 and a line on standard error, a panic with status 101 and its message.
#[cfg(all(not(feature = "std"), target_arch = "mips"))]
#[macro_export]
macro_rules! entry {
    ($program:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn zkmips_program() -> i32 {
            $crate::run($program)
        }
    };
}
