//! Who has called what runs now, kept up to date instruction by instruction.
//!
//! A call pushes its address, a return to behind it with the same `$sp` takes it away: exact, whatever debugging information a program has.
//! Where control goes elsewhere (Go switches goroutines and recovers from panics, C has `longjmp`, the kernel switches threads), the frames are
//! found anew in memory, as for a failure's story. What waits in the kernel is set aside by its `$sp`.

use crate::backtrace::{unwind, Caller};
use crate::Program;
use std::collections::{BTreeSet, HashMap};
use zkmips_emulator::constants::{KERNEL_START, USER_END};
use zkmips_emulator::isa::{Instruction, Op};
use zkmips_emulator::Machine;

const SP: usize = 29;
const RA: u8 = 31;
/// Frames that are looked for in memory.
const MAX_FRAMES: usize = 512;
/// Frames among which the one that control returns to is looked for, where it is not the last.
const MAX_SKIPPED: usize = 64;
/// Stacks that wait. There are at most as many threads, but what a program never comes back to stays behind.
const MAX_WAITING: usize = 4096;

/// A node of the tree of calls: a call from somewhere, under its callers. The first is the root.
pub type Node = u32;
const ROOT: Node = 0;

/// All calls that were made, by address and callers.
pub struct CallTree {
    /// Caller and address of the call, by node.
    nodes: Vec<(Node, u32)>,
    known: HashMap<(Node, u32), Node>,
}

impl CallTree {
    fn new() -> Self {
        CallTree {
            nodes: vec![(ROOT, 0)],
            known: HashMap::new(),
        }
    }

    fn child(&mut self, parent: Node, call: u32) -> Node {
        *self.known.entry((parent, call)).or_insert_with(|| {
            self.nodes.push((parent, call));
            (self.nodes.len() - 1) as Node
        })
    }

    /// Addresses of the calls that lead to a node, the innermost first.
    pub fn callers(&self, mut node: Node) -> Vec<u32> {
        let mut calls = Vec::new();
        while node != ROOT {
            let (parent, call) = self.nodes[node as usize];
            calls.push(call);
            node = parent;
        }
        calls
    }
}

/// A call that has not returned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Frame {
    caller: Caller,
    node: Node,
}

/// Code that waits for the kernel.
struct Waiting {
    pc: u32,
    frames: Vec<Frame>,
}

/// An instruction with a delay slot, as far as stacks are concerned.
#[derive(Clone, Copy)]
enum Transfer {
    /// `jal` and its like at this address.
    Call(u32),
    /// `jr` at this address.
    Jump(u32),
}

impl Transfer {
    fn of(instruction: Instruction, pc: u32) -> Option<Self> {
        match instruction.op {
            Op::Jal | Op::Bltzal | Op::Bgezal | Op::Bltzall | Op::Bgezall => {
                Some(Transfer::Call(pc))
            }
            Op::Jalr if instruction.rd == RA => Some(Transfer::Call(pc)),
            Op::Jr | Op::Jalr => Some(Transfer::Jump(pc)),
            _ => None,
        }
    }
}

/// The stack of what runs now, and those of what waits.
pub struct Stacks {
    /// All calls.
    pub tree: CallTree,
    /// Addresses that were called: where functions begin.
    pub entries: BTreeSet<u32>,
    /// What the frames are above of: the root, or in the kernel the instruction that led there.
    base: Node,
    frames: Vec<Frame>,
    waiting: HashMap<u32, Waiting>,
    transfer: Option<Transfer>,
}

impl Stacks {
    /// Before the first instruction.
    pub fn new() -> Self {
        Stacks {
            tree: CallTree::new(),
            entries: BTreeSet::new(),
            base: ROOT,
            frames: Vec::new(),
            waiting: HashMap::new(),
            transfer: None,
        }
    }

    /// The callers of what runs now.
    pub fn node(&self) -> Node {
        self.frames.last().map_or(self.base, |frame| frame.node)
    }

    /// The instruction at `pc` has been executed, and has raised an exception or not.
    pub fn executed(
        &mut self,
        program: &Program,
        machine: &Machine,
        pc: u32,
        instruction: Option<Instruction>,
        raised: bool,
    ) {
        let arrived = self.transfer.take();
        if raised {
            return self.enter_kernel(pc, machine.regs[SP]);
        }
        match arrived {
            Some(Transfer::Call(call)) => self.called(call, machine),
            Some(Transfer::Jump(from)) => self.jumped(from, program, machine),
            None => {}
        }
        self.transfer = instruction.and_then(|i| Transfer::of(i, pc));
    }

    /// A call has arrived, unless it was a branch that was not taken.
    fn called(&mut self, call: u32, machine: &Machine) {
        if machine.pc == call.wrapping_add(8) {
            return;
        }
        self.entries.insert(machine.pc);
        self.push(Caller {
            call,
            sp: machine.regs[SP],
        });
    }

    fn push(&mut self, caller: Caller) {
        let node = self.tree.child(self.node(), caller.call);
        self.frames.push(Frame { caller, node });
    }

    /// A jump to an address in a register has arrived: a return most of the time.
    fn jumped(&mut self, from: u32, program: &Program, machine: &Machine) {
        let (pc, sp) = (machine.pc, machine.regs[SP]);
        if from >= KERNEL_START && pc < USER_END {
            return self.leave_kernel(program, machine);
        }
        let here = Caller {
            call: pc.wrapping_sub(8),
            sp,
        };
        if self.frames.last().is_some_and(|top| top.caller == here) {
            self.frames.pop();
            return;
        }
        let start = program.function_start(from);
        if start.is_some() && start == program.function_start(pc) {
            // A table of cases.
            return;
        }
        let recent = self.frames.len().saturating_sub(MAX_SKIPPED);
        let returned = |frame: &Frame| frame.caller == here;
        if let Some(at) = self.frames[recent..].iter().rposition(returned) {
            self.frames.truncate(recent + at);
        } else if pc >= KERNEL_START {
            if from < KERNEL_START {
                // The return of a signal handler.
                self.frames.clear();
            }
        } else {
            self.find(program, machine);
        }
    }

    /// An exception: what runs is the kernel, on behalf of an instruction.
    fn enter_kernel(&mut self, pc: u32, sp: u32) {
        if pc >= KERNEL_START {
            return;
        }
        self.base = self.tree.child(self.node(), pc);
        if self.waiting.len() == MAX_WAITING {
            self.waiting.clear();
        }
        let frames = std::mem::take(&mut self.frames);
        self.waiting.insert(sp, Waiting { pc, frames });
    }

    /// The program goes on, where it was or elsewhere.
    fn leave_kernel(&mut self, program: &Program, machine: &Machine) {
        self.base = ROOT;
        self.frames.clear();
        let same = |waiting: &Waiting| (0..=4).contains(&machine.pc.wrapping_sub(waiting.pc));
        match self.waiting.remove(&machine.regs[SP]).filter(same) {
            Some(waiting) => self.frames = waiting.frames,
            None => self.find(program, machine),
        }
    }

    /// Looks for the frames in memory.
    fn find(&mut self, program: &Program, machine: &Machine) {
        let search = |most| unwind(program, &machine.memory, machine.pc, &machine.regs, most);
        // A call in the place of a return: the caller is still the same.
        let top = self.frames.last().map(|frame| frame.caller);
        if top.is_some() && search(1).first() == top.as_ref() {
            return;
        }
        self.frames.clear();
        for caller in search(MAX_FRAMES).into_iter().rev() {
            self.push(caller);
        }
    }
}
