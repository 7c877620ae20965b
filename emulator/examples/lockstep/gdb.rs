//! As much of GDB's remote protocol as it takes to step QEMU.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;
use zkmips_emulator::ByteOrder;

/// How often QEMU's socket is looked for, every 10 ms.
const TRIES: u32 = 500;
/// Bytes asked for at once.
const CHUNK: u32 = 1024;
/// A step has been made.
const SIGTRAP: u32 = 5;

/// Why QEMU stopped.
pub enum Stop {
    /// It has executed an instruction and is here now.
    Stepped(u32),
    /// The program has ended with this status, 128 + signal if a signal ended it.
    Ended(u32),
}

/// A connection to QEMU.
pub struct Gdb {
    stream: UnixStream,
    order: ByteOrder,
    /// Bytes received and not looked at.
    pending: Vec<u8>,
}

fn invalid(text: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("QEMU says `{text}`"))
}

impl Gdb {
    /// Connects to the socket that QEMU makes when it starts.
    pub fn connect(socket: &Path, order: ByteOrder) -> Result<Gdb> {
        let mut tries = 0;
        let stream = loop {
            match UnixStream::connect(socket) {
                Ok(stream) => break stream,
                Err(error) if tries == TRIES => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
            tries += 1;
        };
        let mut gdb = Gdb {
            stream,
            order,
            pending: Vec::new(),
        };
        gdb.ask("?")?;
        Ok(gdb)
    }

    /// Sends a packet and returns the answer.
    fn ask(&mut self, request: &str) -> Result<String> {
        let sum = request.bytes().fold(0u8, u8::wrapping_add);
        self.stream
            .write_all(format!("${request}#{sum:02x}").as_bytes())?;
        loop {
            let start = self.pending.iter().position(|&byte| byte == b'$');
            let end = self.pending.iter().position(|&byte| byte == b'#');
            if let (Some(start), Some(end)) = (start, end) {
                if self.pending.len() >= end + 3 {
                    let text = String::from_utf8_lossy(&self.pending[start + 1..end]).into_owned();
                    self.pending.drain(..end + 3);
                    self.stream.write_all(b"+")?;
                    return Ok(text);
                }
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                length => self.pending.extend(&buffer[..length]),
            }
        }
    }

    /// General registers, HI, LO; and pc.
    pub fn registers(&mut self) -> Result<([u32; 34], u32)> {
        let text = self.ask("g")?;
        let word = |index: usize| -> Result<u32> {
            let digits = text.get(8 * index..8 * index + 8);
            let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            let value = value.ok_or_else(|| invalid(&text))?;
            Ok(self.order.word(value.to_be_bytes()))
        };
        // Behind the general registers: status, LO, HI, bad address, cause, pc.
        let mut registers = [0; 34];
        for (index, register) in registers[..32].iter_mut().enumerate() {
            *register = word(index)?;
        }
        (registers[32], registers[33]) = (word(34)?, word(33)?);
        Ok((registers, word(37)?))
    }

    /// The bytes from an address on, as far as there are any.
    pub fn memory(&mut self, address: u32, length: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut chunk = CHUNK.min(length);
        while (bytes.len() as u32) < length && chunk > 0 {
            let start = address.wrapping_add(bytes.len() as u32);
            let text = self.ask(&format!("m{start:x},{chunk:x}"));
            match text {
                Ok(text) if !text.starts_with('E') => {
                    let digits = text.as_bytes().chunks(2);
                    bytes.extend(digits.filter_map(|pair| {
                        u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()
                    }));
                }
                // Across the end of what there is nothing is told.
                _ => chunk /= 2,
            }
        }
        bytes
    }

    /// Executes the instruction at `at`, and on until `pc` is in the program. Signals are delivered.
    pub fn step(&mut self, at: u32, in_program: impl Fn(u32) -> bool) -> Result<Stop> {
        let mut request = "s".to_owned();
        loop {
            let answer = self.ask(&request)?;
            let number = answer
                .get(1..3)
                .and_then(|hex| u32::from_str_radix(hex, 16).ok());
            let number = number.ok_or_else(|| invalid(&answer))?;
            match answer.as_bytes()[0] {
                b'W' => return Ok(Stop::Ended(number)),
                b'X' => return Ok(Stop::Ended(128 + number)),
                _ => {}
            }
            let pc = self.registers()?.1;
            // A signal is delivered with the next step, which enters the handler. A trap looks like a step, but pc is where it was.
            if number != SIGTRAP || pc == at && request == "s" {
                request = format!("vCont;S{number:02x}");
                continue;
            }
            request = "s".to_owned();
            if in_program(pc) {
                return Ok(Stop::Stepped(pc));
            }
        }
    }
}
