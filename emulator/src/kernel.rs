//! The kernel images that are part of every program, built from `kernel/` and checked in there, and what can be read from a running
//! kernel's memory: its threads.

use crate::constants::USER_END;
use crate::{ByteOrder, Machine, Memory};

/// The ELF file of the kernel for a byte order.
pub fn kernel_image(byte_order: ByteOrder) -> &'static [u8] {
    match byte_order {
        ByteOrder::Big => include_bytes!("../../kernel/image/kernel-mips.elf"),
        ByteOrder::Little => include_bytes!("../../kernel/image/kernel-mipsle.elf"),
    }
}

/// Words of `struct thread`: 32 registers come first (`kernel/src/kernel.h`, `layout.h`).
const HI: u32 = 32;
const LO: u32 = 33;
const PC: u32 = 34;
const TID: u32 = 36;
const CALL: u32 = 37;
const STATE: u32 = 39;
const FUTEX: u32 = 44;
/// Most threads there can be, to read the size of one from the size of the table.
const THREADS: u32 = 256;
/// `$a0` of the caller in its `struct thread`.
const A0: u32 = 4;

/// What a thread of the guest does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ThreadState {
    /// Executing.
    Running,
    /// Waiting for its turn.
    Ready,
    /// In `nanosleep` or one of its family.
    Sleeping,
    /// Waiting for another thread to wake it.
    Futex {
        /// Address of the word.
        address: u32,
    },
    /// Waiting until it can read or write a descriptor.
    Descriptor,
    /// In `poll`, `epoll_wait` or one of their family.
    Polling,
    /// In `rt_sigsuspend`, `rt_sigtimedwait` or `pause`.
    SignalWait,
}

/// A thread of the guest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Thread {
    /// Its number.
    pub id: u32,
    /// What it does.
    pub state: ThreadState,
    /// Number of the last system call that it made.
    pub call: u32,
    /// Address where it goes on.
    pub pc: u32,
    /// Its general registers; `$k0` and `$k1` belong to the kernel and are 0.
    pub regs: [u32; 32],
    /// HI.
    pub hi: u32,
    /// LO.
    pub lo: u32,
}

/// The arguments of the system call that the kernel has just announced: it has saved `$a0` and `$a1` in the record of the thread, to
/// which `$k1` points, and `$a2` and `$a3` are still there.
pub(crate) fn call_arguments(memory: &Memory, regs: &[u32; 32]) -> [u32; 4] {
    let saved = |register: u32| memory.read((regs[27] >> 2).wrapping_add(register));
    [saved(A0), saved(A0 + 1), regs[6], regs[7]]
}

/// The threads of the guest, the running one first; empty if the kernel has no table of threads. The table is guest memory:
/// whatever it holds is reported.
pub(crate) fn threads(machine: &Machine) -> Vec<Thread> {
    let program = machine.program();
    let (Some(table), Some(current), Some(limit)) = (
        program.kernel_symbol("threads"),
        program.kernel_symbol("current"),
        program.kernel_symbol("thread_limit"),
    ) else {
        return Vec::new();
    };
    let memory = &machine.memory;
    let size = table.size / THREADS;
    let current = memory.read(current.address / 4);
    let count = memory.read(limit.address / 4).min(THREADS);
    let mut threads: Vec<(bool, Thread)> = (0..count)
        .filter_map(|i| {
            let start = table.address.wrapping_add(size * i);
            let word = |index: u32| memory.read(start / 4 + index);
            let running = start == current;
            let state = match word(STATE) {
                1 if running => ThreadState::Running,
                1 => ThreadState::Ready,
                2 => ThreadState::Sleeping,
                3 => ThreadState::Futex {
                    address: word(FUTEX),
                },
                4 => ThreadState::Descriptor,
                5 => ThreadState::Polling,
                6 | 7 => ThreadState::SignalWait,
                _ => return None,
            };
            let mut thread = Thread {
                id: word(TID),
                state,
                call: word(CALL),
                pc: word(PC),
                regs: std::array::from_fn(|register| match register {
                    0 | 26 | 27 => 0,
                    register => word(register as u32),
                }),
                hi: word(HI),
                lo: word(LO),
            };
            // In user code the registers are still where they belong.
            if running && machine.pc < USER_END {
                thread.regs = machine.regs;
                (thread.regs[26], thread.regs[27]) = (0, 0);
                (thread.hi, thread.lo, thread.pc) = (machine.hi, machine.lo, machine.pc);
            }
            Some((!running, thread))
        })
        .collect();
    threads.sort_by_key(|(waits, _)| *waits);
    threads.into_iter().map(|(_, thread)| thread).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and positions in words of the fields of a C structure of words.
    fn fields(source: &str, name: &str) -> Vec<(String, u32)> {
        let start = source.find(&format!("struct {name} {{")).unwrap();
        let body = &source[start..];
        let body = &body[body.find('{').unwrap() + 1..body.find("};").unwrap()];
        let mut plain = body.to_owned();
        while let (Some(open), Some(close)) = (plain.find("/*"), plain.find("*/")) {
            plain.replace_range(open..close + 2, "");
        }
        let mut at = 0;
        let mut fields = Vec::new();
        for declaration in plain.split(';').map(str::trim) {
            let words = declaration.strip_prefix("u32 ");
            let Some(names) = words.or_else(|| declaration.strip_prefix("enum state ")) else {
                break;
            };
            for field in names.split(',').map(str::trim) {
                let (name, length) = field.split_once('[').unwrap_or((field, "1]"));
                fields.push((name.to_owned(), at));
                at += length.trim_end_matches(']').parse::<u32>().unwrap();
            }
        }
        fields
    }

    #[test]
    fn threads_are_laid_out_as_in_the_kernels_source() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../kernel/src/kernel.h");
        let source = std::fs::read_to_string(path).unwrap();
        let fields = fields(&source, "thread");
        for (name, at) in [
            ("hi", HI),
            ("lo", LO),
            ("pc", PC),
            ("tid", TID),
            ("call", CALL),
            ("state", STATE),
            ("futex", FUTEX),
        ] {
            let field = fields.iter().find(|field| field.0 == name);
            assert_eq!(field.map(|field| field.1), Some(at), "{name}");
        }
        let states = "enum state { FREE, RUNNABLE, SLEEPING, ON_FUTEX, ON_FILE, POLLING, IN_SIGSUSPEND, IN_SIGWAIT };";
        assert!(source.contains(states));
        let source = std::fs::read_to_string(path.replace("kernel.h", "thread.c")).unwrap();
        assert!(source.contains(&format!("#define THREADS {THREADS}\n")));
    }
}
