//! Running a program without proving anything.

use crate::call_log::CallLog;
use crate::profile::{Profile, Recorder};
use crate::story::{self, Paragraph};
use crate::{Program, Tracer};
use std::io;
use zkmips_emulator::{Diagnostic, HostCall, Inputs};
use zkmips_emulator::{Machine, Observer, Outcome, RunError, RunReport};

/// Somebody who reads along: what the guest writes, at the moment it writes it.
pub trait Streams {
    /// Bytes for standard output. They become part of the statement.
    fn stdout(&mut self, bytes: &[u8]);
    /// Bytes for standard error. They are not proved.
    fn stderr(&mut self, bytes: &[u8]);
    /// Something that a person should know at once, because the run may never end.
    fn notice(&mut self, _: &Paragraph) {}
    /// Whether to stop: asked between slices of the run.
    fn stopped(&self) -> bool {
        false
    }
}

/// Nobody reads along.
impl Streams for () {
    fn stdout(&mut self, _: &[u8]) {}
    fn stderr(&mut self, _: &[u8]) {}
}

/// Instructions between two questions whether to stop: a tenth of a second.
const SLICE: u64 = 10_000_000;

/// Slices in which a thread makes no system call and executes no `sync`, after which it is said that others wait for it: a second.
const SPIN: u32 = 20;

/// A program and its inputs, ready to run.
pub struct Executor<'a> {
    program: &'a Program,
    inputs: Inputs,
    stdin: Box<dyn FnOnce() -> io::Result<Vec<u8>> + 'a>,
    limit: u64,
    count: bool,
    permissive: bool,
    tracer: Option<Tracer<'a>>,
    recorder: Option<Recorder>,
}

/// How a run went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Execution {
    /// Counts, output, status and what looked wrong.
    pub report: RunReport,
    /// The inputs with the standard input the program asked for, ready to be proved: empty if it never asked.
    pub inputs: Inputs,
    /// Whether the program ended.
    pub ended: bool,
    /// What the program was about to do when it was stopped, if it was.
    pub stopped: Option<Diagnostic>,
    /// What a person should know about the run; empty for an uneventful one.
    pub story: Vec<Paragraph>,
    /// Why the trace is not complete, if it is not.
    pub trace_error: Option<String>,
    /// What the run did, if that was asked for.
    pub profile: Option<Profile>,
}

struct Listener<'s> {
    streams: &'s mut dyn Streams,
    calls: CallLog,
    /// Host calls heard.
    heard: u64,
}

impl Observer for Listener<'_> {
    fn host_call(&mut self, _: u64, call: &HostCall) {
        self.heard += 1;
        match call {
            HostCall::Stdout(bytes) => self.streams.stdout(bytes),
            HostCall::Stderr(bytes) => self.streams.stderr(bytes),
            call => self.calls.hear(call),
        }
    }
}

impl<'a> Executor<'a> {
    /// A run with all inputs given.
    pub fn new(program: &'a Program, inputs: Inputs) -> Self {
        let stdin = inputs.stdin.clone();
        Executor::with_stdin(program, inputs, move || Ok(stdin))
    }

    /// A run whose standard input is asked for when the program first looks at it, so that one that never does never waits.
    /// `inputs.stdin` is not used.
    pub fn with_stdin(
        program: &'a Program,
        inputs: Inputs,
        stdin: impl FnOnce() -> io::Result<Vec<u8>> + 'a,
    ) -> Self {
        Executor {
            program,
            inputs,
            stdin: Box::new(stdin),
            limit: u64::MAX,
            count: false,
            permissive: false,
            tracer: None,
            recorder: None,
        }
    }

    /// Stops after this many instructions.
    pub fn limit(mut self, instructions: u64) -> Self {
        self.limit = instructions;
        self
    }

    /// Counts distinct words that are loaded or stored, and instructions by kind.
    pub fn count(mut self) -> Self {
        self.count = true;
        self
    }

    /// Goes on where the program does what Linux would kill it for: accesses to the kernel, a tape, unmapped or protected memory, stores
    /// into code. The machine's rules, and so proofs, know no such protection. Without this the run is stopped.
    pub fn permissive(mut self) -> Self {
        self.permissive = true;
        self
    }

    /// Counts every instruction by place and callers, for a [`Profile`]. That is some ten times slower. A trace comes first: what it covers is
    /// not counted.
    pub fn profile(mut self) -> Self {
        self.recorder = Some(Recorder::new());
        self
    }

    /// Writes a trace.
    pub fn trace(mut self, tracer: Tracer<'a>) -> Self {
        self.tracer = Some(tracer);
        self
    }

    /// Runs to the end, to the limit, to what the program must not do, or until `streams` wants no more.
    pub fn run(mut self, streams: &mut dyn Streams) -> Result<Execution, RunError> {
        let mut machine = Machine::with_stdin(self.program.image(), &self.inputs, self.stdin)?;
        if self.count {
            machine.count_touched_words();
        }
        machine.watch_mappings(!self.permissive);
        let mut listener = Listener {
            streams,
            calls: CallLog::default(),
            heard: 0,
        };
        let mut quiet = 0u32;
        let mut outcome = Outcome::LimitReached;
        while outcome == Outcome::LimitReached
            && machine.instructions() < self.limit
            && !listener.streams.stopped()
        {
            outcome = match self.tracer.as_mut().filter(|tracer| !tracer.is_done()) {
                Some(tracer) => tracer.step(self.program, &mut machine, &mut listener)?,
                None => {
                    let slice = SLICE.min(self.limit - machine.instructions());
                    let before = (listener.heard, machine.tick);
                    let outcome = match &mut self.recorder {
                        Some(recorder) => {
                            recorder.run(self.program, &mut machine, slice, &mut listener)?
                        }
                        None => machine.run_observed(slice, &mut listener)?,
                    };
                    let silent = (listener.heard, machine.tick) == before;
                    quiet = if silent { quiet.saturating_add(1) } else { 0 };
                    outcome
                }
            };
            if quiet == SPIN {
                if let Some(spin) = story::spin(self.program, &machine, &listener.calls) {
                    listener.streams.notice(&spin);
                }
            }
        }
        let trace = self.tracer.as_mut().map_or(Ok(()), Tracer::finish);
        let stdin = machine.private_input().unwrap_or_default().to_vec();
        let report = machine.report();
        Ok(Execution {
            story: story::tell(self.program, &machine, &report, &listener.calls),
            report,
            inputs: Inputs {
                stdin,
                ..self.inputs
            },
            ended: outcome == Outcome::Halted,
            stopped: machine.stopped(),
            trace_error: trace.err().map(|error| error.to_string()),
            profile: self.recorder.map(|r| r.finish(self.program)),
        })
    }
}
