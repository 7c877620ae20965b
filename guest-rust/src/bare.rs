//! The world where there is no library at all: start-up, descriptors, panics.

use crate::run::PANICKED;
pub use crate::system::bare::exit;
use crate::system::bare::{read, write};
use crate::Error;
use alloc::string::String;
use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering};

// Linux enters with the arguments on the stack, which nobody asks for; the callee may spill its four argument registers.
core::arch::global_asm!(
    ".set noreorder",
    ".globl __start",
    "__start:",
    "addiu $sp, $sp, -16",
    "jal   {start}",
    "nop",
    ".set reorder",
    start = sym start
);

unsafe extern "C" {
    /// SAFETY: written by [`entry!`](crate::entry), with this signature and nothing to ask for.
    safe fn zkmips_program() -> i32;
}

extern "C" fn start() -> ! {
    exit(zkmips_program())
}

pub fn read_private(buffer: &mut [u8]) -> Result<usize, Error> {
    read(0, buffer).map_err(Error::System)
}

pub fn read_public(buffer: &mut [u8]) -> Result<usize, Error> {
    /// Whether this is the machine, once somebody has asked: 1 or 2.
    static INSIDE: AtomicU32 = AtomicU32::new(0);
    if INSIDE.load(Ordering::Relaxed) == 0 {
        INSIDE.store(1 + u32::from(crate::inside()), Ordering::Relaxed);
    }
    if INSIDE.load(Ordering::Relaxed) == 1 {
        return Ok(0);
    }
    read(3, buffer).map_err(Error::System)
}

fn write_all(descriptor: u32, mut bytes: &[u8]) -> Result<(), Error> {
    while !bytes.is_empty() {
        let written = write(descriptor, bytes).map_err(Error::System)?;
        bytes = &bytes[written..];
    }
    Ok(())
}

pub fn write_output(bytes: &[u8]) -> Result<(), Error> {
    write_all(1, bytes)
}

pub fn write_message(text: fmt::Arguments) {
    let mut line = String::new();
    let _ = line.write_fmt(text);
    // Nobody is left to be told that messages do not arrive.
    let _ = write_all(2, line.as_bytes());
}

pub fn prepare() {}

pub fn finish() {}

#[panic_handler]
fn panicked(panic: &PanicInfo) -> ! {
    write_message(format_args!("{panic}\n"));
    exit(PANICKED)
}
