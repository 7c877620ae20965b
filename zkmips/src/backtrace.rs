//! Who called whom, found without debugging information.
//!
//! Go programs say how large each function's frame is at each instruction, and keep the return address in the frame's first word. In other
//! programs the instructions before the current one are read as a debugger reads MIPS code: how far they have lowered `$sp`, and
//! where they have put `$ra`. What is found is a guess, for people.

use crate::Program;
use zkmips_emulator::constants::{KERNEL_START, LOWEST_ADDRESS, USER_END};
use zkmips_emulator::isa::{Instruction, Op};
use zkmips_emulator::Memory;

/// Most calls that are told.
const MAX_FRAMES: usize = 23;
/// How far the start of a function is looked for, in bytes: with a symbol, and without.
const MAX_FUNCTION: u32 = 1 << 18;
const MAX_SEARCH: u32 = 1 << 14;
const SP: usize = 29;
const RA: usize = 31;

/// A call that has not returned: where it is, and `$sp` there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Address of the call instruction.
    pub call: u32,
    /// `$sp` at the call, and again when it returns.
    pub sp: u32,
}

/// The first of the calls that led to `pc`, the innermost first.
pub fn backtrace(program: &Program, memory: &Memory, pc: u32, regs: &[u32; 32]) -> Vec<u32> {
    let callers = unwind(program, memory, pc, regs, MAX_FRAMES);
    callers.into_iter().map(|caller| caller.call).collect()
}

/// At most `most` of the calls that led to `pc`, the innermost first.
pub fn unwind(
    program: &Program,
    memory: &Memory,
    pc: u32,
    regs: &[u32; 32],
    most: usize,
) -> Vec<Caller> {
    let mut callers = Vec::new();
    let (mut pc, mut sp) = (pc, regs[SP]);
    // A jump to nowhere: the place to know is who made it.
    if program.image().instruction_at(pc).is_none() {
        let call = regs[RA].wrapping_sub(8);
        if program.image().instruction_at(call).is_none() {
            return callers;
        }
        callers.push(Caller { call, sp });
        pc = call;
    }
    let mut innermost = callers.is_empty();
    while callers.len() < most {
        let frame = frame(program, pc);
        let return_address = match frame.saved {
            Some(offset) => match sp.checked_add(offset) {
                Some(at) if at % 4 == 0 && (LOWEST_ADDRESS..USER_END).contains(&at) => {
                    memory.read(at / 4)
                }
                _ => break,
            },
            None if innermost => regs[RA],
            None => break,
        };
        let Some(above) = sp.checked_add(frame.size) else {
            break;
        };
        // A call is 8 bytes before where it returns to.
        let call = return_address.wrapping_sub(8);
        let is_call = program.image().instruction_at(call).is_some_and(is_call);
        // Without progress there would be no end.
        if !is_call || call >= KERNEL_START || above == sp && !innermost {
            break;
        }
        callers.push(Caller { call, sp: above });
        (pc, sp, innermost) = (call, above, false);
    }
    callers
}

fn is_call(instruction: Instruction) -> bool {
    matches!(
        instruction.op,
        Op::Jal | Op::Jalr | Op::Bltzal | Op::Bgezal | Op::Bltzall | Op::Bgezall
    )
}

/// The frame of a function at one of its instructions.
struct Frame {
    /// How far `$sp` has been lowered.
    size: u32,
    /// Where above `$sp` the return address is, if it is not in `$ra`.
    saved: Option<u32>,
}

fn frame(program: &Program, pc: u32) -> Frame {
    match program.go().frame_size(pc) {
        Some(size) => Frame {
            size,
            saved: (size > 0).then_some(0),
        },
        None => scanned(program, pc),
    }
}

/// The frame as the instructions from the start of the function to `pc` make it.
fn scanned(program: &Program, pc: u32) -> Frame {
    let image = program.image();
    let mut frame = Frame {
        size: 0,
        saved: None,
    };
    let function = image.function_at(pc);
    let start = pc.saturating_sub(function.map_or(MAX_SEARCH, |f| f.1.min(MAX_FUNCTION)));
    let mut at = pc;
    while at > start {
        at -= 4;
        let Some(Instruction {
            op, rs, rt, imm, ..
        }) = image.instruction_at(at)
        else {
            break;
        };
        match (op, usize::from(rs), usize::from(rt)) {
            // The first store of $ra from the start on, which is the last one met here.
            (Op::Sw, SP, RA) => frame.saved = Some(imm),
            // An epilogue in the middle of a function raises $sp again for the path that leaves; it says nothing about this one.
            (Op::Addiu, SP, SP) if (imm as i32) < 0 => {
                frame.size = imm.wrapping_neg();
                break;
            }
            // Before this function another one ends.
            (Op::Jr, RA, _) if function.is_none() && at + 4 < pc => break,
            _ => {}
        }
    }
    if frame.size == 0 {
        frame.saved = None;
    }
    frame
}
