//! What went wrong in a run: a sentence each, and what a person needs to find out why.

use crate::backtrace::backtrace;
use crate::call_log::CallLog;
use crate::program::SourceLines;
use crate::{check, syscalls, Program};
use std::fmt;
use zkmips_emulator::constants::KERNEL_START;
use zkmips_emulator::isa::REGISTER_NAMES;
use zkmips_emulator::{
    Diagnostic, DiagnosticKind, FatalSignal, Machine, RunReport, Thread, ThreadState,
};

/// Names of the signals that end programs here, by their Linux/MIPS number, and what they mean.
const SIGNALS: [(u32, &str, &str); 7] = [
    (4, "SIGILL", "an instruction that the machine does not have"),
    (5, "SIGTRAP", "a trap or breakpoint"),
    (6, "SIGABRT", "abort"),
    (8, "SIGFPE", "a division by zero or an arithmetic overflow"),
    (10, "SIGBUS", "an unaligned access"),
    (11, "SIGSEGV", "an access to memory that is not there"),
    (15, "SIGTERM", "a request to end"),
];
const SIGILL: u32 = 4;
const SIGBUS: u32 = 10;
const SIGSEGV: u32 = 11;
/// Where stacks of the main thread end and those of mappings begin.
const STACK_GUARD: std::ops::Range<u32> = 0x7c00_0000..0x7f80_0000;
/// Frames shown of a thread that waits.
const FEW_FRAMES: usize = 3;
/// Threads shown.
const MAX_THREADS: usize = 20;

/// A sentence and the details that belong to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paragraph {
    /// What happened, where, and what to do.
    pub sentence: String,
    /// Lines for those who want to find out more.
    pub details: Vec<String>,
}

impl fmt::Display for Paragraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        self.details
            .iter()
            .try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl From<String> for Paragraph {
    fn from(sentence: String) -> Self {
        Paragraph {
            sentence,
            details: Vec::new(),
        }
    }
}

/// What a person should know about the run of a machine; empty for an uneventful one.
pub(crate) fn tell(
    program: &Program,
    machine: &Machine,
    report: &RunReport,
    calls: &CallLog,
) -> Vec<Paragraph> {
    let teller = Teller::new(program, machine, calls);
    let mut story = Vec::new();
    if let Some(fatal) = report.fatal_signal {
        story.push(teller.crash(fatal));
    }
    if report.deadlock {
        story.push(Paragraph {
            sentence: "the program stopped: all its threads wait for each other; look for a lock or channel that nobody serves".into(),
            details: teller.calls_and_threads(&machine.threads()),
        });
    }
    if let Some(violation) = machine.stopped() {
        story.push(teller.stop(violation));
    } else if report.status.is_none() {
        story.push(teller.unfinished());
    }
    for (&number, &times) in &report.unknown_syscalls {
        let times = match times {
            1 => "once".into(),
            times => format!("{times} times"),
        };
        let name = syscalls::name(number);
        story.push(
            format!("unsupported system call {name} ({number}), {times}: it failed with ENOSYS; avoid it if the program needs it to succeed")
                .into(),
        );
    }
    for &diagnostic in &report.diagnostics {
        story.push(format!("the program {}", teller.violation(diagnostic)).into());
    }
    story
}

/// A thread that goes on and on while others wait for their turn; `None` if there are no others.
pub(crate) fn spin(program: &Program, machine: &Machine, calls: &CallLog) -> Option<Paragraph> {
    let teller = Teller::new(program, machine, calls);
    let threads = machine.threads();
    let mut waiting = threads.iter().filter(|t| t.state == ThreadState::Ready);
    waiting.next().map(|_| Paragraph {
        sentence: format!(
            "the program has made no system call and no atomic operation for a long time, while other threads wait for their turn, which they get only there: it may wait for one of them for ever, at {}",
            teller.place(machine.pc)
        ),
        details: teller.calls_and_threads(&threads),
    })
}

struct Teller<'a> {
    program: &'a Program,
    lines: SourceLines<'a>,
    machine: &'a Machine<'a>,
    calls: &'a CallLog,
}

impl<'a> Teller<'a> {
    fn new(program: &'a Program, machine: &'a Machine<'a>, calls: &'a CallLog) -> Self {
        Teller {
            program,
            lines: program.lines(),
            machine,
            calls,
        }
    }

    /// An address with its function, file and line as far as they are known.
    fn place(&self, pc: u32) -> String {
        let mut text = format!("{pc:#010x}");
        if let Some(name) = self.program.place(pc) {
            text += &format!(" in {name}");
        }
        if let Some((file, line)) = self.lines.at(pc) {
            text += &format!(" ({file}:{line})");
        }
        text
    }

    fn crash(&self, fatal: FatalSignal) -> Paragraph {
        let known = SIGNALS.iter().find(|signal| signal.0 == fatal.signal);
        let what = match known {
            Some((_, name, meaning)) => format!("{name}, {meaning}"),
            None => format!("signal {}", fatal.signal),
        };
        let accessed = match fatal.signal {
            SIGBUS | SIGSEGV => format!(", accessing {:#010x}", fatal.address),
            _ => String::new(),
        };
        let threads = self.machine.threads();
        let mut details = Vec::new();
        if let Some(thread) = threads.iter().find(|thread| thread.id == fatal.thread) {
            details.extend(self.situation(fatal.pc, thread));
        }
        details.extend(self.calls_and_threads(&threads));
        let mut sentence = format!(
            "the program crashed: {what}, at {}{accessed}",
            self.place(fatal.pc)
        );
        let word = self.program.image().image_word(fatal.pc);
        let remedy = word.filter(|_| fatal.signal == SIGILL);
        if let Some(remedy) = remedy.and_then(check::remedy) {
            sentence += &format!("; {remedy}; `zkmips check` lists all such instructions");
        }
        Paragraph { sentence, details }
    }

    /// What is forbidden, said of the program.
    fn violation(&self, violation: Diagnostic) -> String {
        let Diagnostic {
            kind, pc, address, ..
        } = violation;
        let (verb, preposition) = match violation.store {
            true => ("stored", "to"),
            false => ("loaded", "from"),
        };
        let place = self.place(pc);
        match kind {
            DiagnosticKind::StoreIntoCode => format!(
                "stored into its own code or a constant beside it ({address:#010x}) at {place}: what runs is the code of the file; do not modify code at run time"
            ),
            DiagnosticKind::SystemAccess => format!(
                "accessed memory of the system ({address:#010x}) at {place}: it has a wild pointer"
            ),
            DiagnosticKind::UnmappedAccess if STACK_GUARD.contains(&address) => format!(
                "{verb} {preposition} {address:#010x}, below its stack, at {place}: look for a recursion without end or a large local variable"
            ),
            DiagnosticKind::UnmappedAccess => format!(
                "{verb} {preposition} memory that it has not mapped ({address:#010x}) at {place}: it has a wild pointer, or uses memory after giving it back"
            ),
            DiagnosticKind::ProtectedAccess => format!(
                "{verb} {preposition} memory whose protection forbids it ({address:#010x}) at {place}: it writes to a constant, or uses memory that it has protected"
            ),
        }
    }

    fn stop(&self, violation: Diagnostic) -> Paragraph {
        let threads = self.machine.threads();
        let mut details = Vec::new();
        if let Some(thread) = threads.first() {
            details.extend(self.situation(violation.pc, thread));
        }
        details.extend(self.calls_and_threads(&threads));
        Paragraph {
            sentence: format!(
                "stopped before instruction {}, where Linux would raise SIGSEGV: it {}. Proofs know no such protection: --permissive goes on",
                violation.instructions + 1,
                self.violation(violation),
            ),
            details,
        }
    }

    /// A run that was cut off: where everybody is.
    fn unfinished(&self) -> Paragraph {
        let threads = self.machine.threads();
        let waiting = threads.iter().filter(|t| t.state == ThreadState::Ready);
        let mut sentence = format!("the program was at {}", self.place(self.machine.pc));
        if self.machine.pc < KERNEL_START && waiting.count() > 0 {
            sentence += ", while other threads waited for their turn, which they get at a system call or an atomic operation";
        }
        let mut details = Vec::new();
        if let Some(thread) = threads.first() {
            details.extend(self.situation(thread.pc, thread));
        }
        details.extend(self.calls_and_threads(&threads));
        Paragraph { sentence, details }
    }

    /// Instruction, registers and callers of a thread.
    fn situation(&self, pc: u32, thread: &Thread) -> Vec<String> {
        let mut details = Vec::new();
        if let Some(instruction) = self.program.image().instruction_at(pc) {
            details.push(format!("instruction: {}", instruction.at(pc)));
        }
        details.push("registers:".to_owned());
        let regs = thread.regs.iter().zip(REGISTER_NAMES).skip(1);
        let special = [(&thread.hi, "hi"), (&thread.lo, "lo")];
        let all: Vec<String> = regs
            .chain(special)
            .filter(|(_, name)| !name.starts_with('k'))
            .map(|(value, name)| format!("{name:>4} {value:08x}"))
            .collect();
        details.extend(all.chunks(8).map(|row| row.join(" ")));
        details.push("called from:".to_owned());
        let callers = backtrace(self.program, &self.machine.memory, pc, &thread.regs);
        if callers.is_empty() {
            details.pop();
        }
        // A recursion is told once.
        for same in callers.chunk_by(|a, b| a == b) {
            let times = match same.len() {
                1 => String::new(),
                times => format!(", {times} times"),
            };
            details.push(format!("  {}{times}", self.place(same[0])));
        }
        details
    }

    /// The last system calls and, if there are several, the threads.
    fn calls_and_threads(&self, threads: &[Thread]) -> Vec<String> {
        let mut details = Vec::new();
        let several = threads.len() > 1;
        if self.calls.calls().next().is_some() {
            details.push("last system calls:".to_owned());
        }
        details.extend(self.calls.calls().map(|call| match several {
            true => format!("  thread {}: {call}", call.thread),
            false => format!("  {call}"),
        }));
        if !several {
            return details;
        }
        details.push(format!("{} threads:", threads.len()));
        for thread in threads.iter().take(MAX_THREADS) {
            details.push(format!("  thread {}: {}", thread.id, state(thread)));
            let callers = backtrace(self.program, &self.machine.memory, thread.pc, &thread.regs);
            let few = std::iter::once(thread.pc).chain(callers).take(FEW_FRAMES);
            details.extend(few.map(|frame| format!("    {}", self.place(frame))));
        }
        if threads.len() > MAX_THREADS {
            details.push(format!("  and {} more", threads.len() - MAX_THREADS));
        }
        details
    }
}

/// What a thread does, in words.
fn state(thread: &Thread) -> String {
    let call = syscalls::name(thread.call);
    match thread.state {
        ThreadState::Running => "running".into(),
        ThreadState::Ready => "waiting for its turn".into(),
        ThreadState::Sleeping => format!("sleeping in {call}"),
        ThreadState::Futex { address } => format!("waiting at the futex {address:#010x}"),
        ThreadState::Descriptor => format!("waiting for a descriptor in {call}"),
        ThreadState::Polling => format!("waiting for one of several descriptors in {call}"),
        ThreadState::SignalWait => format!("waiting for a signal in {call}"),
    }
}
