//! The world where there is no library at all: start-up, descriptors, panics.

use crate::run::PANICKED;
use crate::system::{call, EXIT_GROUP, READ, WRITE};
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
    /// Written by [`entry!`](crate::entry).
    safe fn zkmips_program() -> i32;
}

extern "C" fn start() -> ! {
    exit(zkmips_program())
}

fn read(descriptor: u32, buffer: &mut [u8]) -> Result<usize, Error> {
    // SAFETY: the call writes to the buffer and not beyond it.
    let length = unsafe {
        call(
            READ,
            [descriptor, buffer.as_mut_ptr() as u32, buffer.len() as u32],
        )
    };
    length.map(|length| length as usize).map_err(Error::System)
}

pub fn read_private(buffer: &mut [u8]) -> Result<usize, Error> {
    read(0, buffer)
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
    read(3, buffer)
}

fn write(descriptor: u32, mut bytes: &[u8]) -> Result<(), Error> {
    while !bytes.is_empty() {
        // SAFETY: the call reads the bytes and nothing else.
        let written = unsafe {
            call(
                WRITE,
                [descriptor, bytes.as_ptr() as u32, bytes.len() as u32],
            )
        };
        bytes = &bytes[written.map_err(Error::System)? as usize..];
    }
    Ok(())
}

pub fn write_output(bytes: &[u8]) -> Result<(), Error> {
    write(1, bytes)
}

pub fn write_message(text: fmt::Arguments) {
    let mut line = String::new();
    let _ = line.write_fmt(text);
    // Nobody is left to be told that messages do not arrive.
    let _ = write(2, line.as_bytes());
}

pub fn exit(status: i32) -> ! {
    // SAFETY: the call ends the program.
    let _ = unsafe { call(EXIT_GROUP, [status as u32, 0, 0]) };
    unreachable!()
}

pub fn prepare() {}

pub fn finish() {}

#[panic_handler]
fn panicked(panic: &PanicInfo) -> ! {
    write_message(format_args!("{panic}\n"));
    exit(PANICKED)
}
