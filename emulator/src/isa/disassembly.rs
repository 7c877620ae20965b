//! Instructions as text.

use super::{Format, Instruction, Op};
use std::fmt;

/// Names of the general registers in the o32 ABI.
pub const REGISTER_NAMES: [&str; 32] = [
    "zero", "at", "v0", "v1", "a0", "a1", "a2", "a3", "t0", "t1", "t2", "t3", "t4", "t5", "t6",
    "t7", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "t8", "t9", "k0", "k1", "gp", "sp", "fp",
    "ra",
];

/// A general register: by number, or by name.
struct Register(u8, bool);

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            true => write!(f, "${}", REGISTER_NAMES[self.0 as usize & 31]),
            false => write!(f, "${}", self.0),
        }
    }
}

/// An instruction at its address: registers by name, targets of branches and jumps as addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Disassembled {
    instruction: Instruction,
    address: u32,
}

impl Instruction {
    /// How to show the instruction to people if it is at this address.
    pub const fn at(self, address: u32) -> Disassembled {
        Disassembled {
            instruction: self,
            address,
        }
    }

    /// Assembly language. Without an address, registers are numbers and branches have their offsets from the delay slot.
    fn write(&self, f: &mut fmt::Formatter<'_>, address: Option<u32>) -> fmt::Result {
        let Instruction { op, imm, .. } = *self;
        let register = |number| Register(number, address.is_some());
        let (rs, rt, rd) = (register(self.rs), register(self.rt), register(self.rd));
        let signed = imm as i32;
        f.write_str(op.mnemonic())?;
        match (op.format(), address) {
            (Format::None, _) => Ok(()),
            (Format::ThreeRegisters, _) => write!(f, " {rd}, {rs}, {rt}"),
            (Format::ShiftByRegister, _) => write!(f, " {rd}, {rt}, {rs}"),
            (Format::ShiftByAmount, _) => write!(f, " {rd}, {rt}, {imm}"),
            (Format::RdRs, _) => write!(f, " {rd}, {rs}"),
            (Format::RdRt, _) => write!(f, " {rd}, {rt}"),
            (Format::RsRt, _) => write!(f, " {rs}, {rt}"),
            (Format::Rs, _) => write!(f, " {rs}"),
            (Format::Rd, _) => write!(f, " {rd}"),
            (Format::Rt, _) => write!(f, " {rt}"),
            (Format::Signed, _) => write!(f, " {rt}, {rs}, {signed}"),
            (Format::Unsigned, _) => write!(f, " {rt}, {rs}, {imm:#x}"),
            (Format::Upper, _) => write!(f, " {rt}, {:#x}", imm >> 16),
            (Format::TrapImmediate, _) => write!(f, " {rs}, {signed}"),
            (Format::CompareBranch, None) => write!(f, " {rs}, {rt}, {signed}"),
            (Format::ZeroBranch, None) => write!(f, " {rs}, {signed}"),
            (Format::Jump, None) => write!(f, " {imm:#x}"),
            (Format::CompareBranch, Some(pc)) => {
                let target = pc.wrapping_add(4).wrapping_add(imm);
                write!(f, " {rs}, {rt}, {target:#x}")
            }
            (Format::ZeroBranch, Some(pc)) => {
                let target = pc.wrapping_add(4).wrapping_add(imm);
                write!(f, " {rs}, {target:#x}")
            }
            (Format::Jump, Some(pc)) => {
                write!(f, " {:#x}", pc.wrapping_add(4) & 0xf000_0000 | imm)
            }
            (Format::Memory, _) if op == Op::Pref => write!(f, " {}, {signed}({rs})", self.rt),
            (Format::Memory, _) => write!(f, " {rt}, {signed}({rs})"),
            (Format::BitField, _) => {
                let (lsb, size) = self.bit_field();
                write!(f, " {rt}, {rs}, {lsb}, {size}")
            }
            (Format::HardwareRegister, _) => write!(f, " {rt}, ${}", self.rd),
        }
    }
}

/// Assembly language, with registers by number and branch offsets in bytes from the delay slot.
impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, None)
    }
}

impl fmt::Display for Disassembled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.instruction {
            Instruction::NOP => f.write_str("nop"),
            instruction => instruction.write(f, Some(self.address)),
        }
    }
}
