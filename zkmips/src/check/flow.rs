//! Where control can get to: the words that are certainly instructions.

use super::code::Code;
use zkmips_emulator::isa::{decode, Format, Instruction, Op};

/// Whether a word is what LLVM's linker fills gaps between functions with: in older releases no instruction at all, in newer ones
/// `sigrie`, which signals a reserved instruction.
pub fn is_padding(word: u32) -> bool {
    word == 0xefef_efef || word >> 16 == 0x0417
}

/// Where a branch or a jump at `address` goes, if the instruction says so.
pub fn target(address: u32, instruction: Instruction) -> Option<u32> {
    let next = address.wrapping_add(4);
    match instruction.op.format() {
        Format::CompareBranch | Format::ZeroBranch => Some(next.wrapping_add(instruction.imm)),
        Format::Jump => Some(next & 0xf000_0000 | instruction.imm),
        _ => None,
    }
}

/// Whether an instruction puts its return address into a register: a call.
pub fn links(op: Op) -> bool {
    matches!(
        op,
        Op::Jal | Op::Jalr | Op::Bltzal | Op::Bgezal | Op::Bltzall | Op::Bgezall
    )
}

/// Whether control never goes on behind the instruction and its delay slot.
pub fn leaves(instruction: Instruction) -> bool {
    let Instruction { op, rs, rt, .. } = instruction;
    match op {
        Op::J | Op::Jr => true,
        Op::Beq | Op::Beql => rs == rt,
        Op::Bgez | Op::Bgezl | Op::Blez | Op::Blezl => rs == 0,
        _ => false,
    }
}

/// Farthest that code jumps over data to learn where it is, in bytes.
const SKIP: u32 = 64;

/// Whether a call only jumps over a few words to have their address in `$ra`, as start-up code does: control does not come back.
fn skips(address: u32, instruction: Instruction) -> bool {
    let always = matches!(instruction.op, Op::Bgezal | Op::Bgezall) && instruction.rs == 0;
    always && target(address, instruction).is_some_and(|to| to.wrapping_sub(address) <= SKIP)
}

/// Whether an instruction always raises: compilers end paths that are never taken with one.
fn raises(instruction: Instruction) -> bool {
    let Instruction { op, rs, rt, .. } = instruction;
    op == Op::Break || op == Op::Teq && rs == rt
}

/// What is known about a word among the instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Control gets there.
    Code,
    /// It was jumped over to get its address.
    Data,
    /// Nothing.
    Unknown,
}

/// For each of [`Code::words`], whether control gets there: from the entry point and from named functions along instructions, branches and
/// direct jumps. Calls are taken to return, but for those that jump over a few words. What only a computed jump leads to is not found.
pub fn reached(code: &Code) -> Vec<Reach> {
    let words: Vec<(u32, u32)> = code.words().collect();
    let mut reached = vec![Reach::Unknown; words.len()];
    // Those of them from which the path was followed further: not the delay slots of jumps that were seen only as such.
    let mut followed = vec![false; words.len()];
    let named = code.functions().iter().map(|function| function.0);
    let starts = named.chain([code.entry()]);
    let mut waiting: Vec<usize> = starts.filter_map(|start| code.position(start)).collect();
    while let Some(mut position) = waiting.pop() {
        while let Some(&(address, word)) = words.get(position) {
            if followed[position] || is_padding(word) {
                break;
            }
            reached[position] = Reach::Code;
            followed[position] = true;
            let instruction = decode(word);
            waiting.extend(target(address, instruction).and_then(|to| code.position(to)));
            let next = code.position(address.wrapping_add(4));
            let skips = skips(address, instruction);
            if leaves(instruction) || skips {
                if let Some(slot) = next.filter(|slot| !is_padding(words[*slot].1)) {
                    reached[slot] = Reach::Code;
                }
                let end = target(address, instruction).and_then(|to| code.position(to));
                if let Some(end) = end.filter(|_| skips) {
                    let skipped = reached.get_mut(position + 2..end).unwrap_or_default();
                    let unknown = skipped.iter_mut().filter(|word| **word == Reach::Unknown);
                    unknown.for_each(|word| *word = Reach::Data);
                }
                break;
            }
            match next {
                Some(next) if !raises(instruction) => position = next,
                _ => break,
            }
        }
    }
    reached
}
