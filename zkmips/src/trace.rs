//! One line for every instruction: where it is, what it is, what it changed.

use crate::Program;
use std::io::{self, Write};
use zkmips_emulator::constants::EXCEPTION_VECTOR;
use zkmips_emulator::isa::{Op, REGISTER_NAMES};
use zkmips_emulator::{Machine, Observer, Outcome, RunError};

/// Writes lines about the first instructions of a run; none of them is kept.
pub struct Tracer<'a> {
    writer: Box<dyn Write + 'a>,
    /// Lines that may still be written.
    left: u64,
    error: Option<io::Error>,
}

impl<'a> Tracer<'a> {
    /// A trace of at most `limit` instructions.
    pub fn new(writer: impl Write + 'a, limit: u64) -> Self {
        Tracer {
            writer: Box::new(writer),
            left: limit,
            error: None,
        }
    }

    /// Whether nothing more will be written.
    pub(crate) fn is_done(&self) -> bool {
        self.left == 0 || self.error.is_some()
    }

    /// Writes what is waiting; says why a line could not be written.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.writer.flush(),
        }
    }

    /// Executes one instruction and writes its line.
    pub(crate) fn step(
        &mut self,
        program: &Program,
        machine: &mut Machine,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, RunError> {
        let before = Before::of(machine);
        let outcome = machine.run_observed(1, observer)?;
        if outcome != Outcome::Stopped && machine.instructions() > before.instructions {
            self.left -= 1;
            if let Err(error) = before.write(&mut self.writer, program, machine) {
                self.error = Some(error);
            }
        }
        Ok(outcome)
    }
}

/// What an instruction may change.
struct Before {
    instructions: u64,
    pc: u32,
    regs: [u32; 32],
    special: [u32; 4],
}

/// HI, LO, UserLocal and Tick.
fn special(machine: &Machine) -> [u32; 4] {
    [machine.hi, machine.lo, machine.user_local, machine.tick]
}

impl Before {
    fn of(machine: &Machine) -> Self {
        Before {
            instructions: machine.instructions(),
            pc: machine.pc,
            regs: machine.regs,
            special: special(machine),
        }
    }

    fn write(&self, out: &mut dyn Write, program: &Program, machine: &Machine) -> io::Result<()> {
        let place = program.place(self.pc).unwrap_or_default();
        let Some(instruction) = program.image().instruction_at(self.pc) else {
            return writeln!(out, "{:08x} {place:<32} no code: exception", self.pc);
        };
        let text = instruction.at(self.pc).to_string();
        let mut line = format!("{:08x} {place:<32} {text:<32}", self.pc);
        let mut changed = Vec::new();
        if machine.pc == EXCEPTION_VECTOR && machine.regs[26] == self.pc {
            changed.push("exception".to_owned());
        } else if instruction.op.is_store() {
            let address = self.regs[instruction.rs as usize & 31].wrapping_add(instruction.imm);
            let value = self.regs[instruction.rt as usize & 31];
            changed.push(match instruction.op {
                Op::Sb => format!("[{address:08x}]={:02x}", value & 0xff),
                Op::Sh => format!("[{address:08x}]={:04x}", value & 0xffff),
                // The left and right forms write a part of the word.
                Op::Swl | Op::Swr => {
                    let word = machine.memory.read(address / 4);
                    format!("[{:08x}]={word:08x}", address & !3)
                }
                _ => format!("[{address:08x}]={value:08x}"),
            });
        }
        for (register, (old, new)) in self.regs.iter().zip(machine.regs).enumerate() {
            if *old != new {
                changed.push(format!("${}={new:08x}", REGISTER_NAMES[register]));
            }
        }
        let names = ["hi", "lo", "userlocal", "tick"];
        for ((name, old), new) in names.iter().zip(self.special).zip(special(machine)) {
            if old != new {
                changed.push(format!("{name}={new:08x}"));
            }
        }
        line += &changed.join(" ");
        writeln!(out, "{}", line.trim_end())
    }
}
