//! Which system calls the code makes, as far as it says so.
//!
//! The number of a system call is in `$v0`. One pass over each function follows constants through registers and the stack, so that
//! `li $v0, 4004; syscall` is found however far apart the two are. Where the number is an argument of the function, as in Go's
//! `syscall.Syscall` and in musl's `syscall`, the function becomes one that calls with that argument, and its callers are looked at, and
//! theirs. No name is needed for that. What is loaded from memory, chosen at run time or called through a pointer is not found.

use super::code::{Code, Place};
use super::flow::{leaves, links, target};
use super::{Finding, Severity};
use crate::syscalls;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use zkmips_emulator::isa::{decode, Format, Instruction, Op};

const V0: usize = 2;
const A0: usize = 4;
const T9: usize = 25;
const GP: usize = 28;
const SP: usize = 29;
/// Times that functions which hand a number on are looked for: longer chains are rare.
const ROUNDS: usize = 8;
/// Distance from the stack pointer up to which a word can be an argument.
const ARGUMENTS: i32 = 64;

/// A system call that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemCall {
    /// Its number.
    pub number: u32,
    /// Whether the kernel has it.
    pub supported: bool,
    /// How often it was found.
    pub count: u64,
    /// Where, the first places.
    pub places: Vec<Place>,
}

impl SystemCall {
    /// Its name in Linux.
    pub fn name(&self) -> String {
        syscalls::name(self.number)
    }
}

/// The system calls of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SystemCalls {
    /// By number.
    pub known: BTreeMap<u32, SystemCall>,
    /// Calls whose number could not be found out.
    pub unresolved: u64,
}

/// Where a function finds an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Argument {
    Register(usize),
    /// At this distance from the stack pointer on entry.
    Stack(i32),
}

/// What is known about a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Nothing,
    Constant(u32),
    /// The function got it.
    Argument(Argument),
}

impl SystemCalls {
    /// Looks for them.
    pub fn of(code: &Code, go: bool) -> Self {
        let starts = starts(code);
        let mut stubs = HashMap::new();
        let mut result = SystemCalls::default();
        for _ in 0..ROUNDS {
            let mut search = Search {
                code,
                go,
                stubs: &stubs,
                found: SystemCalls::default(),
                more: BTreeSet::new(),
            };
            for function in functions(code, &starts) {
                search.function(function);
            }
            let Search { found, more, .. } = search;
            result = found;
            let before = stubs.len();
            for (function, argument) in more {
                stubs.entry(function).or_insert(argument);
            }
            if stubs.len() == before {
                break;
            }
        }
        let supported = syscalls::supported(code.byte_order());
        for call in result.known.values_mut() {
            call.supported = supported.contains(&call.number);
        }
        result
    }

    fn add(&mut self, number: u32, place: impl FnOnce() -> Place) {
        let call = self.known.entry(number).or_insert_with(|| SystemCall {
            number,
            supported: false,
            count: 0,
            places: Vec::new(),
        });
        call.count += 1;
        if call.places.len() < Place::MOST {
            call.places.push(place());
        }
    }

    /// What there is to know about calls that the kernel does not have.
    pub(super) fn finding(&self) -> Option<Finding> {
        let missing = || self.known.values().filter(|call| !call.supported);
        let names: Vec<String> = missing().map(SystemCall::name).collect();
        (!names.is_empty()).then(|| Finding {
            kind: "system_calls",
            severity: Severity::Note,
            problem: format!("system calls that the kernel does not have: {}", names.join(", ")),
            remedy: "they fail with ENOSYS, which most programs take well; `zkmips run` names those that a run makes".into(),
            count: missing().map(|call| call.count).sum(),
            places: Vec::new(),
        })
    }
}

/// Where functions begin: those with names, the targets of calls, the entry point.
fn starts(code: &Code) -> Vec<u32> {
    let called = code.words().filter_map(|(address, word)| {
        let instruction = decode(word);
        let to = target(address, instruction).filter(|_| links(instruction.op))?;
        code.word(to).map(|_| to)
    });
    let named = code.functions().iter().map(|function| function.0);
    let mut starts: Vec<u32> = called.chain(named).chain([code.entry()]).collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// First address and words of each function; what comes before the first start of a stretch is one, too.
fn functions<'a>(code: &'a Code, starts: &'a [u32]) -> impl Iterator<Item = (u32, &'a [u32])> + 'a {
    code.stretches().flat_map(move |(first, words)| {
        let end = first + 4 * words.len() as u32;
        let inside = starts.partition_point(|&start| start <= first)
            ..starts.partition_point(|&start| start < end);
        let starts = &starts[inside];
        let firsts = [first].into_iter().chain(starts.iter().copied());
        let ends = starts.iter().copied().chain([end]);
        firsts.zip(ends).map(move |(from, to)| {
            let range = (from - first) as usize / 4..(to - first) as usize / 4;
            (from, &words[range])
        })
    })
}

/// One round.
struct Search<'a> {
    code: &'a Code,
    go: bool,
    /// Functions that make the call whose number is this argument.
    stubs: &'a HashMap<u32, Argument>,
    found: SystemCalls,
    /// Functions found to be such.
    more: BTreeSet<(u32, Argument)>,
}

/// What is known at a point of a function.
struct State {
    registers: [Known; 32],
    /// By distance from the stack pointer on entry.
    stack: BTreeMap<i32, Known>,
    /// Distance of the stack pointer from where it was on entry, and the largest one so far.
    sp: i32,
    frame: i32,
}

impl State {
    fn at_entry(function: u32) -> Self {
        let mut registers = [Known::Nothing; 32];
        registers[0] = Known::Constant(0);
        // Position-independent code is called through this register.
        registers[T9] = Known::Constant(function);
        for (i, register) in registers[A0..A0 + 4].iter_mut().enumerate() {
            *register = Known::Argument(Argument::Register(A0 + i));
        }
        State {
            registers,
            stack: BTreeMap::new(),
            sp: 0,
            frame: 0,
        }
    }

    /// Control may come from elsewhere. The pointer to globals stays, and so does the frame.
    fn forget(&mut self) {
        let gp = self.registers[GP];
        self.registers = [Known::Nothing; 32];
        self.registers[0] = Known::Constant(0);
        self.registers[GP] = gp;
        self.stack.clear();
        self.sp = self.frame;
    }

    /// What a call leaves: in C the saved registers, in Go nothing.
    fn after_call(&mut self, go: bool) {
        for (register, known) in self.registers.iter_mut().enumerate() {
            let saved = matches!(register, 0 | 28 | 29) || !go && matches!(register, 16..=23 | 30);
            if !saved {
                *known = Known::Nothing;
            }
        }
        self.stack.clear();
    }

    fn get(&self, argument: Argument) -> Known {
        match argument {
            Argument::Register(register) => self.registers[register],
            Argument::Stack(offset) => self.stack_word(self.sp.wrapping_add(offset)),
        }
    }

    /// The word at a distance from the stack pointer on entry.
    fn stack_word(&self, at: i32) -> Known {
        match self.stack.get(&at) {
            Some(known) => *known,
            None if (0..ARGUMENTS).contains(&at) => Known::Argument(Argument::Stack(at)),
            None => Known::Nothing,
        }
    }

    /// Follows one instruction that is no jump.
    fn follow(&mut self, instruction: Instruction, code: &Code) {
        let Instruction {
            op,
            rs,
            rt,
            rd,
            imm,
        } = instruction;
        let [rs, rt, rd] = [rs, rt, rd].map(usize::from);
        let (a, b) = (self.registers[rs], self.registers[rt]);
        let (register, known) = match (op, a, b) {
            (Op::Addiu, ..) if rs == SP && rt == SP => {
                self.sp = self.sp.wrapping_add(imm as i32);
                self.frame = self.frame.min(self.sp);
                return;
            }
            (Op::Sw, _, value) if rs == SP => {
                let at = self.sp.wrapping_add(imm as i32);
                if at.unsigned_abs() < 1 << 16 {
                    self.stack.insert(at, value);
                }
                return;
            }
            (Op::Lw, ..) if rs == SP => {
                let known = self.stack_word(self.sp.wrapping_add(imm as i32));
                // A call destroys $gp, and what is loaded then is what was saved.
                if rt == GP && !matches!(known, Known::Constant(_)) {
                    return;
                }
                (rt, known)
            }
            (Op::Lw, Known::Constant(base), _) => {
                let word = code.data_word(base.wrapping_add(imm));
                (rt, word.map_or(Known::Nothing, Known::Constant))
            }
            (Op::Lui, ..) => (rt, Known::Constant(imm)),
            (Op::Addiu, Known::Constant(a), _) => (rt, Known::Constant(a.wrapping_add(imm))),
            (Op::Ori, Known::Constant(a), _) => (rt, Known::Constant(a | imm)),
            (Op::Addiu | Op::Ori, a, _) if imm == 0 => (rt, a),
            (Op::Addu | Op::Or, Known::Constant(0), b) => (rd, b),
            (Op::Addu | Op::Or, a, Known::Constant(0)) => (rd, a),
            (Op::Addu, Known::Constant(a), Known::Constant(b)) => {
                (rd, Known::Constant(a.wrapping_add(b)))
            }
            _ => match written(instruction) {
                Some(register) => (register, Known::Nothing),
                None => return,
            },
        };
        if register != 0 {
            self.registers[register] = known;
        }
    }
}

/// The general register that an instruction writes.
fn written(instruction: Instruction) -> Option<usize> {
    let Instruction { op, rt, rd, .. } = instruction;
    let register = match op.format() {
        Format::ThreeRegisters
        | Format::ShiftByRegister
        | Format::ShiftByAmount
        | Format::RdRs
        | Format::RdRt
        | Format::Rd => rd,
        Format::Signed
        | Format::Unsigned
        | Format::Upper
        | Format::BitField
        | Format::HardwareRegister => rt,
        Format::Memory
            if !matches!(op, Op::Sb | Op::Sh | Op::Sw | Op::Swl | Op::Swr | Op::Pref) =>
        {
            rt
        }
        _ if links(op) => 31,
        _ => return None,
    };
    Some(register.into())
}

impl Search<'_> {
    fn function(&mut self, (start, words): (u32, &[u32])) {
        let addresses = (start..).step_by(4);
        let instructions: Vec<Instruction> = words.iter().map(|&word| decode(word)).collect();
        let mut labels: Vec<u32> = addresses
            .zip(&instructions)
            .filter_map(|(address, instruction)| target(address, *instruction))
            .filter(|&to| to > start && to - start < 4 * words.len() as u32)
            .collect();
        labels.sort_unstable();
        let mut state = State::at_entry(start);
        let mut label = 0;
        // The jump in whose delay slot the instruction is.
        let mut jump: Option<(u32, Instruction)> = None;
        for (i, &instruction) in instructions.iter().enumerate() {
            let address = start + 4 * i as u32;
            let before = label;
            while labels.get(label).is_some_and(|&to| to <= address) {
                label += 1;
            }
            if label > before {
                state.forget();
            }
            let pending = jump.take();
            if instruction.op == Op::Syscall {
                self.call(start, address, state.registers[V0]);
                for register in (1..4).chain(7..16).chain([24, T9]) {
                    state.registers[register] = Known::Nothing;
                }
            } else if instruction.op.is_branch_or_jump() {
                // The target of a jump through a register is known before the delay slot.
                let to = match (instruction.op, state.registers[usize::from(instruction.rs)]) {
                    (Op::Jr | Op::Jalr, Known::Constant(to)) => Some(to),
                    (Op::Jr | Op::Jalr, _) => None,
                    _ => target(address, instruction),
                };
                jump = Some((to.unwrap_or(0), instruction));
            } else {
                state.follow(instruction, self.code);
            }
            let Some((to, instruction)) = pending else {
                continue;
            };
            let inside = to >= start && to - start < 4 * words.len() as u32;
            if links(instruction.op) || !inside {
                if let Some(&argument) = self.stubs.get(&to) {
                    self.call(start, address - 4, state.get(argument));
                }
            }
            if links(instruction.op) {
                state.after_call(self.go);
            } else if leaves(instruction) {
                state.forget();
            }
        }
    }

    /// A call with this number in a function.
    fn call(&mut self, function: u32, address: u32, number: Known) {
        match number {
            Known::Constant(number) => self.found.add(number, || self.code.place(address)),
            Known::Argument(argument) => {
                self.more.insert((function, argument));
            }
            Known::Nothing => self.found.unresolved += 1,
        }
    }
}
