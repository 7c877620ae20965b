//! Running a program without proving anything.

use crate::Program;
use std::io;
use zkmips_emulator::{HostCall, Inputs, Machine, Observer, Outcome, RunError, RunReport};

/// Somebody who reads along: what the guest writes, at the moment it writes it.
pub trait Streams {
    /// Bytes for standard output. They become part of the statement.
    fn stdout(&mut self, bytes: &[u8]);
    /// Bytes for standard error. They are not proved.
    fn stderr(&mut self, bytes: &[u8]);
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

/// A program and its inputs, ready to run.
pub struct Executor<'a> {
    program: &'a Program,
    inputs: Inputs,
    stdin: Box<dyn FnOnce() -> io::Result<Vec<u8>> + 'a>,
    limit: u64,
    count_touched: bool,
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
}

struct Adapter<'s>(&'s mut dyn Streams);

impl Observer for Adapter<'_> {
    fn host_call(&mut self, _: u64, call: &HostCall) {
        match call {
            HostCall::Stdout(bytes) => self.0.stdout(bytes),
            HostCall::Stderr(bytes) => self.0.stderr(bytes),
            _ => {}
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
            count_touched: false,
        }
    }

    /// Stops after this many instructions.
    pub fn limit(mut self, instructions: u64) -> Self {
        self.limit = instructions;
        self
    }

    /// Counts distinct words that are loaded or stored.
    pub fn count_touched_words(mut self) -> Self {
        self.count_touched = true;
        self
    }

    /// Runs to the end, to the limit, or until `streams` wants no more.
    pub fn run(self, streams: &mut dyn Streams) -> Result<Execution, RunError> {
        let mut machine = Machine::with_stdin(self.program.image(), &self.inputs, self.stdin)?;
        if self.count_touched {
            machine.count_touched_words();
        }
        let mut ended = false;
        while !ended && machine.instructions() < self.limit && !streams.stopped() {
            let slice = SLICE.min(self.limit - machine.instructions());
            let outcome = machine.run_observed(slice, &mut Adapter(streams))?;
            ended = outcome == Outcome::Halted;
        }
        let stdin = machine.private_input().unwrap_or_default().to_vec();
        Ok(Execution {
            report: machine.report(),
            inputs: Inputs {
                stdin,
                ..self.inputs
            },
            ended,
        })
    }
}
