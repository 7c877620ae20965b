//! The state of a run and what can be asked of it. What instructions do is in `execute.rs`.

use crate::constants::*;
use crate::host::{HostCall, Observer};
use crate::kernel::{self, Thread};
use crate::kind::{KindCount, Operations};
use crate::mappings::Mappings;
use crate::rights::Rights;
use crate::tape::{private_tape, public_tape, Inputs, TapeError, OUTPUT_CAPACITY};
use crate::touched::Touched;
use crate::{Memory, Program};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Why a run cannot go on. What the guest does wrong is not among these: that is part of the run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Standard input could not be read.
    #[error("standard input cannot be read: {0}")]
    Stdin(#[from] std::io::Error),
    /// An input does not fit its tape.
    #[error(transparent)]
    Tape(#[from] TapeError),
}

/// How [`Machine::run`] ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The program has ended.
    Halted,
    /// The given number of instructions has been executed.
    LimitReached,
    /// User code was about to do what [`Machine::watch_mappings`] forbids; see [`Machine::stopped`].
    Stopped,
}

/// What a program did that works but is almost certainly a mistake. No part of what is proved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Diagnostic {
    /// What happened.
    pub kind: DiagnosticKind,
    /// Address of the instruction.
    pub pc: u32,
    /// Address it accessed.
    pub address: u32,
    /// Whether it was a store.
    pub store: bool,
    /// Instructions executed before it.
    pub instructions: u64,
}

/// Kinds of [`Diagnostic`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DiagnosticKind {
    /// A store into an executable page: what runs is the initial contents, so the store changes nothing that runs.
    StoreIntoCode,
    /// User code accessed the kernel, a tape or other memory that is not a user's.
    SystemAccess,
    /// User code accessed memory that it has not mapped; noticed if mappings are watched.
    UnmappedAccess,
    /// User code accessed memory whose protection forbids it; noticed if mappings are watched.
    ProtectedAccess,
}

/// The signal that ended a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FatalSignal {
    /// Signal number.
    pub signal: u32,
    /// Address of the instruction.
    pub pc: u32,
    /// Address it accessed, where that applies.
    pub address: u32,
    /// Thread that got it.
    pub thread: u32,
}

/// What there is to say about a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunReport {
    /// Instructions executed.
    pub instructions: u64,
    /// Exit status; `None` if the program has not ended.
    pub status: Option<u32>,
    /// What it wrote to standard output.
    pub output: Vec<u8>,
    /// System calls the kernel does not know: number and how often.
    pub unknown_syscalls: BTreeMap<u32, u64>,
    /// Distinct words loaded or stored, if they were counted.
    pub touched_words: Option<u64>,
    /// Instructions by kind, if words were counted.
    pub kinds: Option<Vec<KindCount>>,
    /// The signal that ended the program, if one did.
    pub fatal_signal: Option<FatalSignal>,
    /// Whether all threads waited for each other.
    pub deadlock: bool,
    /// The first few probable mistakes.
    pub diagnostics: Vec<Diagnostic>,
}

/// What the host has learnt during a run; no part of the machine's state.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Notes {
    pub(crate) unknown_syscalls: BTreeMap<u32, u64>,
    pub(crate) fatal_signal: Option<FatalSignal>,
    pub(crate) deadlock: bool,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Diagnostics kept.
const MAX_DIAGNOSTICS: usize = 16;

/// The state of a run, to go on from later or elsewhere. Holds the private input: keep it as secret as that.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    /// General registers.
    pub regs: [u32; 32],
    /// HI.
    pub hi: u32,
    /// LO.
    pub lo: u32,
    /// Thread pointer.
    pub user_local: u32,
    /// `sync` instructions until the next preemption, plus 1; 0 for never.
    pub tick: u32,
    /// Address of the next instruction.
    pub pc: u32,
    /// Address of the one after it.
    pub next_pc: u32,
    /// Memory with everything written so far and the tapes that have been supplied.
    pub memory: Memory,
    /// Instructions executed.
    pub instructions: u64,
    /// Standard input if it has been asked for.
    pub private_input: Option<Vec<u8>>,
    notes: Notes,
}

/// Supplies standard input when the guest first accesses the private tape.
pub(crate) type StdinSource<'a> = Box<dyn FnOnce() -> std::io::Result<Vec<u8>> + 'a>;

/// What is counted when somebody wants to know.
pub(crate) struct Counts {
    pub(crate) touched: Touched,
    pub(crate) operations: Operations,
}

/// A machine with its program and inputs. `'a` is the lifetime of what supplies standard input.
pub struct Machine<'a> {
    /// General registers; the first is always 0.
    pub regs: [u32; 32],
    /// HI.
    pub hi: u32,
    /// LO.
    pub lo: u32,
    /// Thread pointer, read by `rdhwr 29`.
    pub user_local: u32,
    /// Tick: see [`Op::Sync`](crate::isa::Op::Sync).
    pub tick: u32,
    /// Address of the next instruction.
    pub pc: u32,
    /// Address of the one after it, which differs from `pc` + 4 in a delay slot.
    pub next_pc: u32,
    /// Memory.
    pub memory: Memory,
    pub(crate) instructions: u64,
    pub(crate) program: Program,
    pub(crate) stdin: Option<StdinSource<'a>>,
    pub(crate) private_input: Option<Vec<u8>>,
    pub(crate) counts: Option<Counts>,
    pub(crate) rights: Rights,
    pub(crate) mappings: Option<Mappings>,
    pub(crate) stop_at_violation: bool,
    pub(crate) stopped: Option<Diagnostic>,
    pub(crate) notes: Notes,
}

impl Machine<'static> {
    /// A machine before its first instruction, with all inputs given.
    pub fn new(program: &Program, inputs: &Inputs) -> Result<Self, RunError> {
        let stdin = inputs.stdin.clone();
        Machine::with_stdin(program, inputs, move || Ok(stdin))
    }
}

impl<'a> Machine<'a> {
    /// A machine before its first instruction, whose standard input is asked for when the guest first accesses
    /// it; `inputs.stdin` is not used. A program that never reads never waits.
    pub fn with_stdin(
        program: &Program,
        inputs: &Inputs,
        stdin: impl FnOnce() -> std::io::Result<Vec<u8>> + 'a,
    ) -> Result<Self, RunError> {
        let order = program.byte_order();
        let public = if program.is_snapshot() {
            public_tape(order, &[], &[], &inputs.public_input)?
        } else {
            inputs.public_tape(order)?
        };
        let mut memory = program.initial_memory();
        memory.write_words(PUBLIC_TAPE / 4, &public);
        let start = Checkpoint {
            regs: [0; 32],
            hi: 0,
            lo: 0,
            user_local: 0,
            tick: 0,
            pc: RESET_VECTOR,
            next_pc: RESET_VECTOR + 4,
            memory,
            instructions: 0,
            private_input: None,
            notes: Notes::default(),
        };
        Ok(Machine::resume(program, start, stdin))
    }

    /// A machine that goes on from a checkpoint of a run of the same program. `stdin` is used if the run had not yet
    /// asked for standard input.
    pub fn resume(
        program: &Program,
        from: Checkpoint,
        stdin: impl FnOnce() -> std::io::Result<Vec<u8>> + 'a,
    ) -> Self {
        let code: Vec<(u32, u32)> = program
            .ranges()
            .filter(|r| r.executable && r.first < USER_END)
            .map(|r| (r.first, r.last()))
            .collect();
        let stdin: Option<StdinSource<'a>> = match from.private_input {
            Some(_) => None,
            None => Some(Box::new(stdin)),
        };
        Machine {
            regs: from.regs,
            hi: from.hi,
            lo: from.lo,
            user_local: from.user_local,
            tick: from.tick,
            pc: from.pc,
            next_pc: from.next_pc,
            memory: from.memory,
            instructions: from.instructions,
            program: program.clone(),
            rights: Rights::new(&code, stdin.is_some()),
            stdin,
            private_input: from.private_input,
            counts: None,
            mappings: None,
            stop_at_violation: false,
            stopped: None,
            notes: from.notes,
        }
    }

    /// The state now.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            regs: self.regs,
            hi: self.hi,
            lo: self.lo,
            user_local: self.user_local,
            tick: self.tick,
            pc: self.pc,
            next_pc: self.next_pc,
            memory: self.memory.clone(),
            instructions: self.instructions,
            private_input: self.private_input.clone(),
            notes: self.notes.clone(),
        }
    }

    /// Counts, from now on, distinct words that are loaded or stored, and instructions by kind; this slows the run down a little.
    pub fn count_touched_words(&mut self) {
        self.counts.get_or_insert_with(|| Counts {
            touched: Touched::new(),
            operations: Operations::new(),
        });
    }

    /// Compares, from now on, every access of user code with what the kernel has mapped. With `stop`, the run ends with
    /// [`Outcome::Stopped`] before user code accesses the kernel, a tape, unmapped or protected memory, or stores into code; else that is
    /// noted and the run goes on, as the machine's rules have it.
    pub fn watch_mappings(&mut self, stop: bool) {
        self.stop_at_violation = stop;
        self.mappings = Mappings::of(&self.program);
        if let Some(mappings) = &mut self.mappings {
            mappings.clear(&mut self.rights);
            if self.pc < USER_END {
                mappings.refresh(&self.memory, &mut self.rights);
            }
        }
    }

    /// What user code was about to do when the run was stopped. Its instruction has not been executed.
    pub fn stopped(&self) -> Option<Diagnostic> {
        self.stopped
    }

    /// The guest's threads as its kernel knows them, the running one first.
    pub fn threads(&self) -> Vec<Thread> {
        kernel::threads(self)
    }

    /// Executes one instruction.
    pub fn step(&mut self) -> Result<(), RunError> {
        self.execute(1, &mut (), false).map(|_| ())
    }

    /// Executes at most `limit` instructions, until the program has ended.
    pub fn run(&mut self, limit: u64) -> Result<Outcome, RunError> {
        self.run_observed(limit, &mut ())
    }

    /// As [`Machine::run`], with somebody listening to host calls.
    pub fn run_observed(
        &mut self,
        limit: u64,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, RunError> {
        self.execute(limit, observer, true)
    }

    /// Whether the program has ended. Further steps change nothing.
    pub fn halted(&self) -> bool {
        self.pc == HALT && self.next_pc == HALT
    }

    /// Instructions executed.
    pub fn instructions(&self) -> u64 {
        self.instructions
    }

    /// The program that runs.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Standard input, if the program has asked for it.
    pub fn private_input(&self) -> Option<&[u8]> {
        self.private_input.as_deref()
    }

    /// Exit status on the output tape; meaningful once the machine has halted.
    pub fn status(&self) -> u32 {
        self.memory.read(OUTPUT_TAPE / 4)
    }

    /// Bytes on the output tape; meaningful once the machine has halted. A length that a guest has overwritten with
    /// nonsense is cut to the size of the tape.
    pub fn output(&self) -> Vec<u8> {
        let length = self.memory.read(OUTPUT_TAPE / 4 + 1).min(OUTPUT_CAPACITY);
        let order = self.program.byte_order();
        self.memory
            .read_bytes(order, OUTPUT_TAPE + 8, length as usize)
    }

    /// Words touched so far in order of address, if they are counted.
    pub fn touched_words(&self) -> Option<Vec<u32>> {
        self.counts.as_ref().map(|counts| counts.touched.words())
    }

    /// What there is to say about the run so far.
    pub fn report(&self) -> RunReport {
        RunReport {
            instructions: self.instructions,
            status: self.halted().then(|| self.status()),
            output: self.output(),
            unknown_syscalls: self.notes.unknown_syscalls.clone(),
            touched_words: self.counts.as_ref().map(|counts| counts.touched.count()),
            kinds: self
                .counts
                .as_ref()
                .map(|counts| counts.operations.by_kind()),
            fatal_signal: self.notes.fatal_signal,
            deadlock: self.notes.deadlock,
            diagnostics: self.notes.diagnostics.clone(),
        }
    }

    /// Puts standard input on the private tape if that has not happened.
    pub(crate) fn supply_stdin(&mut self) -> Result<(), RunError> {
        let Some(source) = self.stdin.take() else {
            return Ok(());
        };
        // If this fails the run must not go on as if standard input were empty: every later access fails too.
        self.stdin = Some(Box::new(|| Err(std::io::ErrorKind::UnexpectedEof.into())));
        let bytes = source()?;
        let tape = private_tape(self.program.byte_order(), &bytes)?;
        self.memory.write_words(PRIVATE_TAPE / 4, &tape);
        self.private_input = Some(bytes);
        self.stdin = None;
        self.rights.supply_private_tape();
        Ok(())
    }

    /// Notes what a host call says and passes it on.
    #[cold]
    pub(crate) fn host_call(&mut self, code: u32, observer: &mut dyn Observer) {
        let call = HostCall::new(self.program.byte_order(), &self.memory, code, &self.regs);
        match call {
            HostCall::CallEntry { .. } => {
                if let Some(mappings) = &mut self.mappings {
                    mappings.stale = true;
                }
            }
            HostCall::UnknownCall(number) => {
                *self.notes.unknown_syscalls.entry(number).or_default() += 1;
            }
            HostCall::Deadlock => self.notes.deadlock = true,
            HostCall::FatalSignal {
                signal,
                pc,
                address,
                thread,
            } => {
                self.notes.fatal_signal = Some(FatalSignal {
                    signal,
                    pc,
                    address,
                    thread,
                });
            }
            _ => {}
        }
        observer.host_call(self.instructions, &call);
    }

    #[cold]
    pub(crate) fn diagnose(&mut self, new: Diagnostic) {
        let known = |d: &Diagnostic| d.kind == new.kind && d.pc == new.pc;
        if self.notes.diagnostics.len() < MAX_DIAGNOSTICS
            && !self.notes.diagnostics.iter().any(known)
        {
            self.notes.diagnostics.push(new);
        }
    }
}
