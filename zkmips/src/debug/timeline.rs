//! A run that can be moved to any of its moments: forwards by executing, backwards by executing again from a snapshot.

use crate::{Program, Streams};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use zkmips_emulator::constants::USER_END;
use zkmips_emulator::{Checkpoint, FatalSignal, HostCall, Inputs};
use zkmips_emulator::{Machine, Observer, Outcome, RunError};

/// Instructions between two snapshots at first.
const EVERY: u64 = 1 << 20;
/// Snapshots kept. When there are more, every other one is dropped, and they are taken half as often.
const MOST: usize = 24;

/// Standard input, asked for once and then kept for every time that it is read again.
#[derive(Clone)]
struct Input<'a>(Rc<RefCell<Source<'a>>>);

enum Source<'a> {
    Unread(Option<Stdin<'a>>),
    Read(Vec<u8>),
}

type Stdin<'a> = Box<dyn FnOnce() -> io::Result<Vec<u8>> + 'a>;

impl Input<'_> {
    fn read(&self) -> io::Result<Vec<u8>> {
        let mut source = self.0.borrow_mut();
        if let Source::Unread(unread) = &mut *source {
            let read = unread.take().ok_or(io::ErrorKind::UnexpectedEof)?;
            *source = Source::Read(read()?);
        }
        match &*source {
            Source::Read(bytes) => Ok(bytes.clone()),
            Source::Unread(_) => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// Shows output when it is written for the first time.
struct Listener<'s> {
    streams: &'s mut dyn Streams,
    /// Instructions executed when the last output was shown.
    shown: u64,
    fatal: Option<FatalSignal>,
}

impl Observer for Listener<'_> {
    fn host_call(&mut self, instructions: u64, call: &HostCall) {
        if let HostCall::FatalSignal {
            signal,
            pc,
            address,
            thread,
        } = *call
        {
            self.fatal = Some(FatalSignal {
                signal,
                pc,
                address,
                thread,
            });
        }
        if instructions < self.shown {
            return;
        }
        match call {
            HostCall::Stdout(bytes) => self.streams.stdout(bytes),
            HostCall::Stderr(bytes) => self.streams.stderr(bytes),
            _ => return,
        }
        self.shown = instructions + 1;
    }
}

/// A machine with its past.
pub struct Timeline<'a> {
    program: &'a Program,
    machine: Machine<'a>,
    input: Input<'a>,
    listener: Listener<'a>,
    permissive: bool,
    /// In order of time; the first is where the past begins.
    snapshots: Vec<Checkpoint>,
    every: u64,
}

impl<'a> Timeline<'a> {
    /// A run before its first instruction.
    pub fn new(
        program: &'a Program,
        inputs: &Inputs,
        stdin: Stdin<'a>,
        streams: &'a mut dyn Streams,
        permissive: bool,
    ) -> Result<Self, RunError> {
        let input = Input(Rc::new(RefCell::new(Source::Unread(Some(stdin)))));
        let again = input.clone();
        let mut machine = Machine::with_stdin(program.image(), inputs, move || again.read())?;
        machine.watch_mappings(!permissive);
        Ok(Timeline {
            program,
            snapshots: vec![machine.checkpoint()],
            machine,
            input,
            listener: Listener {
                streams,
                shown: 0,
                fatal: None,
            },
            permissive,
            every: EVERY,
        })
    }

    /// The machine now.
    pub fn machine(&self) -> &Machine<'a> {
        &self.machine
    }

    /// Instructions executed.
    pub fn now(&self) -> u64 {
        self.machine.instructions()
    }

    /// Whether user code is about to be executed, rather than the kernel.
    pub fn in_user_code(&self) -> bool {
        self.machine.pc < USER_END
    }

    /// The signal that ends the program, if it is about to end since this was last asked.
    pub fn take_fatal(&mut self) -> Option<FatalSignal> {
        self.listener.fatal.take()
    }

    /// Executes one instruction; false if none can be executed any more.
    pub fn step(&mut self) -> Result<bool, RunError> {
        self.take_snapshot();
        let before = self.now();
        self.machine.run_observed(1, &mut self.listener)?;
        Ok(self.now() > before)
    }

    /// Executes at most `limit` instructions.
    pub fn run(&mut self, limit: u64) -> Result<Outcome, RunError> {
        self.take_snapshot();
        self.machine.run_observed(limit, &mut self.listener)
    }

    fn take_snapshot(&mut self) {
        let last = self.snapshots.last().map_or(0, |s| s.instructions);
        if self.now() < last + self.every {
            return;
        }
        self.snapshots.push(self.machine.checkpoint());
        if self.snapshots.len() > MOST {
            let mut index = 0;
            self.snapshots.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.every *= 2;
        }
    }

    /// Changes the machine. What came before is forgotten: executed again, it would not lead here.
    pub fn change(&mut self, change: impl FnOnce(&mut Machine<'a>)) {
        change(&mut self.machine);
        self.snapshots = vec![self.machine.checkpoint()];
        self.every = EVERY;
    }

    /// The snapshot with this index becomes the machine.
    fn restore(&mut self, index: usize) {
        let Some(snapshot) = self.snapshots.get(index) else {
            return;
        };
        let again = self.input.clone();
        let read = move || again.read();
        self.machine = Machine::resume(self.program.image(), snapshot.clone(), read);
        self.machine.watch_mappings(!self.permissive);
    }

    /// Goes to the last moment before now that `accept` accepts; if there is none, to the beginning of the past, and says so with false.
    pub fn go_back(&mut self, accept: &mut dyn FnMut(&Machine) -> bool) -> Result<bool, RunError> {
        let mut end = self.now();
        let before = |snapshot: &Checkpoint| snapshot.instructions < end;
        let first = self.snapshots.partition_point(before);
        for index in (0..first).rev() {
            self.restore(index);
            let start = self.now();
            let mut found = None;
            while self.now() < end {
                if accept(&self.machine) {
                    found = Some(self.now());
                }
                let at = self.now();
                self.machine.run_observed(1, &mut self.listener)?;
                if self.now() == at {
                    break;
                }
            }
            if let Some(moment) = found {
                self.restore(index);
                self.machine
                    .run_observed(moment - start, &mut self.listener)?;
                self.listener.fatal = None;
                return Ok(true);
            }
            end = start;
        }
        self.restore(0);
        self.listener.fatal = None;
        Ok(false)
    }
}
