//! A debugger for guests: the machine that is proved, under the control of GDB.
//!
//! GDB sees an ordinary MIPS program. A step over a system call executes the kernel as well. Runs are deterministic, so going backwards is
//! executing again from a snapshot ([`timeline`]).

mod target;
mod timeline;

pub use target::{serve, Ended, Line, ServeError};
pub use timeline::Timeline;

use gdbstub::common::Signal;
use gdbstub::stub::SingleThreadStopReason;
use gdbstub::target::ext::base::reverse_exec::ReplayLogPosition;
use gdbstub::target::ext::breakpoints::WatchKind;
use std::collections::BTreeSet;
use zkmips_emulator::{Machine, Outcome, RunError};

/// Why the program stands still, as GDB is told.
type Stop = SingleThreadStopReason<u32>;

/// Instructions executed between two looks whether the debugger wants something.
const SLICE: u64 = 1 << 14;

/// What the program does when it is let go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Action {
    Continue,
    Step,
    ReverseContinue,
    ReverseStep,
}

/// Memory whose accesses stop the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Watch {
    address: u32,
    length: u32,
    kind: WatchKind,
}

impl Watch {
    /// Whether the instruction that comes next accesses it.
    fn is_met(&self, machine: &Machine) -> bool {
        let Some(instruction) = machine.program().instruction_at(machine.pc) else {
            return false;
        };
        if !instruction.op.accesses_memory() {
            return false;
        }
        let wanted = match self.kind {
            WatchKind::Write => instruction.op.is_store(),
            WatchKind::Read => !instruction.op.is_store(),
            WatchKind::ReadWrite => true,
        };
        let base = machine.regs[usize::from(instruction.rs & 31)];
        // Whole words: what an unaligned access touches is in the word, and the watched bytes may be any of it.
        let word = base.wrapping_add(instruction.imm) & !3;
        let last = self.address.saturating_add(self.length.saturating_sub(1));
        wanted && word <= last && self.address <= word.saturating_add(3)
    }
}

/// A program under control.
pub struct Debugger<'a> {
    timeline: Timeline<'a>,
    breakpoints: BTreeSet<u32>,
    watches: Vec<Watch>,
    action: Action,
    /// The signal that has ended the program has been told; the next time it goes on, it ends.
    dying: Option<Signal>,
}

/// What comes of a moment of execution.
enum Moment {
    /// It goes on.
    On,
    Stopped(Stop),
}

impl<'a> Debugger<'a> {
    /// Takes control of a run before its first instruction, and brings it to the program's own first one.
    pub fn new(mut timeline: Timeline<'a>) -> Result<Self, RunError> {
        while !timeline.in_user_code() && timeline.step()? {}
        Ok(Debugger {
            timeline,
            breakpoints: BTreeSet::new(),
            watches: Vec::new(),
            action: Action::Continue,
            dying: None,
        })
    }

    /// Runs on to the end, with nobody to stop it.
    pub fn finish(&mut self) -> Result<Option<u32>, RunError> {
        while self.timeline.run(SLICE)? == Outcome::LimitReached {}
        let machine = self.timeline.machine();
        Ok(machine.halted().then(|| machine.status()))
    }

    /// Does what was asked for until there is something to tell, or `wanted` says that somebody wants something.
    fn run(&mut self, wanted: &mut dyn FnMut() -> bool) -> Result<Option<Stop>, RunError> {
        match self.action {
            Action::Step => self.step().map(Some),
            Action::Continue => loop {
                for _ in 0..SLICE {
                    if let Moment::Stopped(stop) = self.advance()? {
                        return Ok(Some(stop));
                    }
                    if let Some(stop) = self.met() {
                        return Ok(Some(stop));
                    }
                }
                if wanted() {
                    return Ok(None);
                }
            },
            Action::ReverseStep => {
                let mut any = |machine: &Machine| is_user(machine);
                let found = self.timeline.go_back(&mut any)?;
                Ok(Some(self.arrived(found, Stop::DoneStep)))
            }
            Action::ReverseContinue => {
                let (breakpoints, watches) = (self.breakpoints.clone(), self.watches.clone());
                let mut interesting = |machine: &Machine| {
                    breakpoints.contains(&machine.pc)
                        || is_user(machine) && watches.iter().any(|watch| watch.is_met(machine))
                };
                let found = self.timeline.go_back(&mut interesting)?;
                let stop = self.met().unwrap_or(Stop::SwBreak(()));
                Ok(Some(self.arrived(found, stop)))
            }
        }
    }

    /// A breakpoint or watched access at the place that has been reached.
    fn met(&self) -> Option<Stop> {
        let machine = self.timeline.machine();
        if self.breakpoints.contains(&machine.pc) {
            return Some(Stop::SwBreak(()));
        }
        let met = |watch: &&Watch| is_user(machine) && watch.is_met(machine);
        self.watches.iter().find(met).map(|watch| Stop::Watch {
            tid: (),
            kind: watch.kind,
            addr: watch.address,
        })
    }

    /// Going back has ended: somewhere, or where the past begins.
    fn arrived(&mut self, found: bool, stop: Stop) -> Stop {
        self.dying = None;
        if found {
            return stop;
        }
        // The past begins in the kernel, or where the user has changed something; the program's own first instruction is as far as it goes.
        while !self.timeline.in_user_code() {
            match self.timeline.step() {
                Ok(true) => {}
                _ => break,
            }
        }
        Stop::ReplayLog {
            tid: None,
            pos: ReplayLogPosition::Begin,
        }
    }

    /// One instruction of the program, and what the kernel does about it.
    fn step(&mut self) -> Result<Stop, RunError> {
        loop {
            if let Moment::Stopped(stop) = self.advance()? {
                return Ok(stop);
            }
            if self.timeline.in_user_code() {
                return Ok(Stop::DoneStep);
            }
            if let Some(stop) = self.met() {
                return Ok(stop);
            }
        }
    }

    /// One instruction.
    fn advance(&mut self) -> Result<Moment, RunError> {
        let moved = self.timeline.step()?;
        let machine = self.timeline.machine();
        if machine.halted() {
            let stop = match self.dying {
                Some(signal) => Stop::Terminated(signal),
                None => Stop::Exited(machine.status() as u8),
            };
            return Ok(Moment::Stopped(stop));
        }
        if !moved {
            // Linux would end the program here, and the machine does not go on.
            let stop = match self.dying.replace(Signal::SIGSEGV) {
                Some(signal) => Stop::Terminated(signal),
                None => Stop::Signal(Signal::SIGSEGV),
            };
            return Ok(Moment::Stopped(stop));
        }
        match self.timeline.take_fatal() {
            // The second time it is the end.
            Some(fatal) if self.dying.is_none() => {
                let signal = Signal(fatal.signal as u8);
                let mut guilty = |machine: &Machine| is_user(machine);
                self.timeline.go_back(&mut guilty)?;
                self.dying = Some(signal);
                Ok(Moment::Stopped(Stop::Signal(signal)))
            }
            _ => Ok(Moment::On),
        }
    }
}

fn is_user(machine: &Machine) -> bool {
    machine.pc < zkmips_emulator::constants::USER_END
}
