//! What went wrong in a run, one sentence each.

use crate::{check, syscalls, Program};
use zkmips_emulator::{DiagnosticKind, RunReport};

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

/// What a reader of the report should know; empty for an uneventful run.
pub fn tell(program: &Program, report: &RunReport) -> Vec<String> {
    let place = |pc: u32| match program.place(pc) {
        Some(name) => format!("{pc:#010x} in {name}"),
        None => format!("{pc:#010x}"),
    };
    let mut story = Vec::new();
    if let Some(fatal) = report.fatal_signal {
        let known = SIGNALS.iter().find(|signal| signal.0 == fatal.signal);
        let what = match known {
            Some((_, name, meaning)) => format!("{name}, {meaning}"),
            None => format!("signal {}", fatal.signal),
        };
        let accessed = match fatal.signal {
            10 | 11 => format!(", accessing {:#010x}", fatal.address),
            _ => String::new(),
        };
        let word = program.image().image_word(fatal.pc);
        let remedy = match word.and_then(check::remedy).filter(|_| fatal.signal == 4) {
            Some(remedy) => format!("{remedy}; `zkmips check` lists all such instructions"),
            None => "run it under a debugger or print to standard error to find out why".into(),
        };
        story.push(format!(
            "the program crashed: {what}, at {}{accessed}; {remedy}",
            place(fatal.pc)
        ));
    }
    if report.deadlock {
        story.push(
            "the program stopped: all its threads wait for each other; look for a lock or channel that nobody serves".into(),
        );
    }
    for (&number, &times) in &report.unknown_syscalls {
        let times = match times {
            1 => "once".into(),
            times => format!("{times} times"),
        };
        story.push(format!(
            "unsupported system call {} ({number}), {times}: it failed with ENOSYS; avoid it if the program needs it to succeed",
            syscalls::name(number)
        ));
    }
    for diagnostic in &report.diagnostics {
        let (pc, address) = (place(diagnostic.pc), diagnostic.address);
        story.push(match diagnostic.kind {
            DiagnosticKind::StoreIntoCode => format!(
                "the program stored into its own code ({address:#010x}) at {pc}: what runs is the code of the file; do not modify code at run time"
            ),
            DiagnosticKind::SystemAccess => format!(
                "the program accessed memory of the system ({address:#010x}) at {pc}: it has a wild pointer"
            ),
        });
    }
    story
}
