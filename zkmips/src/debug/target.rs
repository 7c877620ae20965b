//! The program as the `gdbstub` crate wants it: registers, memory, breakpoints, and how it is let go.

use super::{Action, Debugger, Stop, Watch};
use gdbstub::common::Signal;
use gdbstub::conn::ConnectionExt;
use gdbstub::stub::run_blocking::{BlockingEventLoop, Event, WaitForStopReasonError};
use gdbstub::stub::{DisconnectReason, GdbStub};
use gdbstub::target::ext::base::reverse_exec::{
    ReverseCont, ReverseContOps, ReverseStep, ReverseStepOps,
};
use gdbstub::target::ext::base::singlethread::{
    SingleThreadBase, SingleThreadResume, SingleThreadResumeOps, SingleThreadSingleStep,
    SingleThreadSingleStepOps,
};
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, HwWatchpoint, HwWatchpointOps, SwBreakpoint, SwBreakpointOps,
    WatchKind,
};
use gdbstub::target::{Target, TargetError, TargetResult};
use gdbstub_arch::mips::reg::MipsCoreRegs;
use gdbstub_arch::mips::{Mips, MipsBreakpointKind};
use std::io;
use std::marker::PhantomData;
use zkmips_emulator::constants::LOWEST_ADDRESS;
use zkmips_emulator::{ByteOrder, RunError};

/// How a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// The program has ended with this status.
    Exited(u8),
    /// A signal has ended the program.
    Terminated(u8),
    /// The debugger has ended the program.
    Killed,
    /// The debugger has gone and left the program as it was.
    Detached,
}

/// Why a session broke off.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The run cannot go on.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The line is dead.
    #[error("the connection to the debugger broke: {0}")]
    Connection(io::Error),
    /// The other side does not speak the protocol.
    #[error("the debugger sent what cannot be understood: {0}")]
    Protocol(String),
}

/// A line to a debugger.
pub type Line = Box<dyn ConnectionExt<Error = io::Error>>;

/// Does what a debugger at the other end of a line says, until one of them has enough.
pub fn serve(debugger: &mut Debugger, line: Line) -> Result<Ended, ServeError> {
    match GdbStub::new(line).run_blocking::<Loop>(debugger) {
        Ok(DisconnectReason::TargetExited(status)) => Ok(Ended::Exited(status)),
        Ok(DisconnectReason::TargetTerminated(signal)) => Ok(Ended::Terminated(signal.0)),
        Ok(DisconnectReason::Kill) => Ok(Ended::Killed),
        Ok(DisconnectReason::Disconnect) => Ok(Ended::Detached),
        Err(error) if error.is_target_error() => match error.into_target_error() {
            Some(error) => Err(error.into()),
            None => Err(ServeError::Protocol("no cause".into())),
        },
        Err(error) if error.is_connection_error() => match error.into_connection_error() {
            Some((error, _)) if is_gone(&error) => Ok(Ended::Detached),
            Some((error, _)) => Err(ServeError::Connection(error)),
            None => Err(ServeError::Protocol("no cause".into())),
        },
        Err(error) => Err(ServeError::Protocol(error.to_string())),
    }
}

/// Whether a debugger has ended without a word.
fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let kinds = [
        BrokenPipe,
        ConnectionAborted,
        ConnectionReset,
        UnexpectedEof,
    ];
    kinds.contains(&error.kind())
}

/// Waits for the program or for the debugger, whoever has something to say first.
struct Loop<'a>(PhantomData<&'a ()>);

impl<'a> BlockingEventLoop for Loop<'a> {
    type Target = Debugger<'a>;
    type Connection = Line;
    type StopReason = Stop;

    fn wait_for_stop_reason(
        debugger: &mut Debugger<'a>,
        line: &mut Line,
    ) -> Result<Event<Stop>, WaitForStopReasonError<RunError, io::Error>> {
        // A line that fails has something to say, too: that.
        let mut wanted = || line.peek().map_or(true, |byte| byte.is_some());
        let stop = debugger.run(&mut wanted);
        match stop.map_err(WaitForStopReasonError::Target)? {
            Some(stop) => Ok(Event::TargetStopped(stop)),
            None => {
                let byte = line.read().map_err(WaitForStopReasonError::Connection)?;
                Ok(Event::IncomingData(byte))
            }
        }
    }

    fn on_interrupt(_: &mut Debugger<'a>) -> Result<Option<Stop>, RunError> {
        Ok(Some(Stop::Signal(Signal::SIGINT)))
    }
}

impl Debugger<'_> {
    /// A word as the bytes of the protocol, which are the guest's: `gdbstub` writes those of a little-endian machine.
    fn in_guest_order(&self, word: u32) -> u32 {
        match self.timeline.machine().program().byte_order() {
            ByteOrder::Big => word.swap_bytes(),
            ByteOrder::Little => word,
        }
    }
}

impl Target for Debugger<'_> {
    type Arch = Mips;
    type Error = RunError;

    fn base_ops(&mut self) -> BaseOps<'_, Mips, RunError> {
        BaseOps::SingleThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }
}

impl SingleThreadBase for Debugger<'_> {
    fn read_registers(&mut self, regs: &mut MipsCoreRegs<u32>) -> TargetResult<(), Self> {
        let machine = self.timeline.machine();
        regs.r = machine.regs.map(|word| self.in_guest_order(word));
        regs.lo = self.in_guest_order(machine.lo);
        regs.hi = self.in_guest_order(machine.hi);
        regs.pc = self.in_guest_order(machine.pc);
        Ok(())
    }

    fn write_registers(&mut self, regs: &MipsCoreRegs<u32>) -> TargetResult<(), Self> {
        let mut general = regs.r.map(|word| self.in_guest_order(word));
        general[0] = 0;
        let [lo, hi, pc] = [regs.lo, regs.hi, regs.pc].map(|word| self.in_guest_order(word));
        self.timeline.change(|machine| {
            machine.regs = general;
            (machine.lo, machine.hi) = (lo, hi);
            if machine.pc != pc {
                (machine.pc, machine.next_pc) = (pc, pc.wrapping_add(4));
            }
        });
        Ok(())
    }

    fn read_addrs(&mut self, start: u32, data: &mut [u8]) -> TargetResult<usize, Self> {
        if start < LOWEST_ADDRESS {
            return Err(TargetError::NonFatal);
        }
        let machine = self.timeline.machine();
        let order = machine.program().byte_order();
        let room = (u64::from(u32::MAX) + 1 - u64::from(start)).min(data.len() as u64) as usize;
        let bytes = machine.memory.read_bytes(order, start, room);
        data[..room].copy_from_slice(&bytes);
        Ok(room)
    }

    fn write_addrs(&mut self, start: u32, data: &[u8]) -> TargetResult<(), Self> {
        let program = self.timeline.machine().program();
        let order = program.byte_order();
        let end = u64::from(start) + data.len() as u64;
        let is_code = |address: u64| program.instruction_at(address as u32 & !3).is_some();
        // What runs is the code of the file: a change of it would change nothing.
        if start < LOWEST_ADDRESS
            || end > u64::from(u32::MAX) + 1
            || (u64::from(start)..end).any(is_code)
        {
            return Err(TargetError::NonFatal);
        }
        self.timeline
            .change(|machine| machine.memory.write_bytes(order, start, data));
        Ok(())
    }

    fn support_resume(&mut self) -> Option<SingleThreadResumeOps<'_, Self>> {
        Some(self)
    }
}

// A signal that GDB passes on when the program goes on is the one it was told about: what becomes of it is up to the program's kernel.
impl SingleThreadResume for Debugger<'_> {
    fn resume(&mut self, _: Option<Signal>) -> Result<(), RunError> {
        self.action = Action::Continue;
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<SingleThreadSingleStepOps<'_, Self>> {
        Some(self)
    }

    fn support_reverse_step(&mut self) -> Option<ReverseStepOps<'_, (), Self>> {
        Some(self)
    }

    fn support_reverse_cont(&mut self) -> Option<ReverseContOps<'_, (), Self>> {
        Some(self)
    }
}

impl SingleThreadSingleStep for Debugger<'_> {
    fn step(&mut self, _: Option<Signal>) -> Result<(), RunError> {
        self.action = Action::Step;
        Ok(())
    }
}

impl ReverseStep<()> for Debugger<'_> {
    fn reverse_step(&mut self, (): ()) -> Result<(), RunError> {
        self.action = Action::ReverseStep;
        Ok(())
    }
}

impl ReverseCont<()> for Debugger<'_> {
    fn reverse_cont(&mut self) -> Result<(), RunError> {
        self.action = Action::ReverseContinue;
        Ok(())
    }
}

impl Breakpoints for Debugger<'_> {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Self>> {
        Some(self)
    }
}

impl SwBreakpoint for Debugger<'_> {
    fn add_sw_breakpoint(
        &mut self,
        address: u32,
        _: MipsBreakpointKind,
    ) -> TargetResult<bool, Self> {
        let code = self.timeline.machine().program().instruction_at(address);
        if code.is_some() {
            self.breakpoints.insert(address);
        }
        Ok(code.is_some())
    }

    fn remove_sw_breakpoint(
        &mut self,
        address: u32,
        _: MipsBreakpointKind,
    ) -> TargetResult<bool, Self> {
        Ok(self.breakpoints.remove(&address))
    }
}

impl HwWatchpoint for Debugger<'_> {
    fn add_hw_watchpoint(
        &mut self,
        address: u32,
        length: u32,
        kind: WatchKind,
    ) -> TargetResult<bool, Self> {
        self.watches.push(Watch {
            address,
            length,
            kind,
        });
        Ok(true)
    }

    fn remove_hw_watchpoint(
        &mut self,
        address: u32,
        length: u32,
        kind: WatchKind,
    ) -> TargetResult<bool, Self> {
        let watch = Watch {
            address,
            length,
            kind,
        };
        let found = self.watches.iter().position(|known| *known == watch);
        if let Some(index) = found {
            self.watches.remove(index);
        }
        Ok(found.is_some())
    }
}
