//! The instruction set, as a manual: one table names every instruction with its operands and its encoding. How a word is
//! decoded is in `decode.rs`, what each instruction *does* in `execute.rs`, in the same order.
//!
//! Source of the encodings: *MIPS32 Architecture for Programmers, Volume II*, Release 2. The machine has the integer
//! instructions of user mode and two `mtc0` forms. Everything else is [`Op::Reserved`], which raises an exception: floating point,
//! coprocessor 2, the DSP accumulators, cache management, and forms that the manual leaves UNPREDICTABLE (`bltzal`,
//! `bgezal` and their likely forms with `$31`; `ext` and `ins` whose field leaves the register).
//! Fields that the manual wants zero but that select nothing are ignored, as QEMU and silicon do.

mod decode;
mod disassembly;

pub use decode::decode;
pub use disassembly::{Disassembled, REGISTER_NAMES};
use serde::{Deserialize, Serialize};

/// A decoded instruction. Two words that mean the same decode to equal values: fields an instruction does not use are
/// zero, and so are codes of `syscall`, `break` and traps and the kind of `sync`, which change nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub struct Instruction {
    /// What to do.
    pub op: Op,
    /// First source register; base register of loads and stores.
    pub rs: u8,
    /// Second source register; destination of immediate instructions and loads; hint of `pref`.
    pub rt: u8,
    /// Destination of three-register instructions; hardware register of `rdhwr`.
    pub rd: u8,
    /// The constant operand, ready for use; its meaning depends on the [`Format`].
    pub imm: u32,
}

/// Which operands an instruction has and where they are in its word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// No operands.
    None,
    /// `rd, rs, rt`.
    ThreeRegisters,
    /// `rd, rt, rs`: shifts by a register.
    ShiftByRegister,
    /// `rd, rt, amount`: `imm` is 0 to 31.
    ShiftByAmount,
    /// `rd, rs`.
    RdRs,
    /// `rd, rt`.
    RdRt,
    /// `rs, rt`.
    RsRt,
    /// `rs`.
    Rs,
    /// `rd`.
    Rd,
    /// `rt, rs, immediate`: `imm` is the sign-extended immediate.
    Signed,
    /// `rt, rs, immediate`: `imm` is the zero-extended immediate.
    Unsigned,
    /// `rt, immediate`: `imm` is the immediate shifted left by 16.
    Upper,
    /// `rs, immediate`: `imm` is the sign-extended immediate.
    TrapImmediate,
    /// `rs, rt, offset`: `imm` is the byte offset from the instruction's address + 4.
    CompareBranch,
    /// `rs, offset`: `imm` is the byte offset from the instruction's address + 4.
    ZeroBranch,
    /// `target`: `imm` is the low 28 bits of the target.
    Jump,
    /// `rt, offset(rs)`: `imm` is the sign-extended offset.
    Memory,
    /// `rt, rs, lsb, size`: `imm` is lsb + 256 * size.
    BitField,
    /// `rt, rd`: `rd` is the number of a hardware register.
    HardwareRegister,
    /// `rt`.
    Rt,
}

const fn special(function: u32) -> u32 {
    function
}
const fn special2(function: u32) -> u32 {
    0x1c << 26 | function
}
const fn special3(function: u32) -> u32 {
    0x1f << 26 | function
}
const fn bshfl(sa: u32) -> u32 {
    special3(0x20) | sa << 6
}
const fn regimm(rt: u32) -> u32 {
    1 << 26 | rt << 16
}
const fn major(opcode: u32) -> u32 {
    opcode << 26
}
const fn mtc0(rd: u32, select: u32) -> u32 {
    0x10 << 26 | 4 << 21 | rd << 11 | select
}

macro_rules! instructions {
    ($($(#[$doc:meta])* $op:ident $mnemonic:literal $format:ident $bits:expr;)*) => {
        /// Every operation of the machine.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Op {
            $($(#[$doc])* $op,)*
        }

        impl Op {
            /// Every operation, in the order of the table.
            pub const ALL: &'static [Op] = &[$(Op::$op,)*];

            /// Name in assembly language.
            pub const fn mnemonic(self) -> &'static str {
                match self { $(Op::$op => $mnemonic,)* }
            }

            /// Operands.
            pub const fn format(self) -> Format {
                match self { $(Op::$op => Format::$format,)* }
            }

            /// The instruction word with all operands zero.
            pub const fn bits(self) -> u32 {
                match self { $(Op::$op => $bits,)* }
            }
        }
    };
}

instructions! {
    /// Anything that is not an instruction of this machine: raises an exception.
    Reserved "reserved" None special(0x05);

    // Shifts. `nop`, `ssnop`, `ehb` and `pause` are `sll` to `$0`.
    /// rd = rt << amount
    Sll "sll" ShiftByAmount special(0x00);
    /// rd = rt >> amount, zeros shifted in
    Srl "srl" ShiftByAmount special(0x02);
    /// rd = rt rotated right by amount
    Rotr "rotr" ShiftByAmount special(0x02) | 1 << 21;
    /// rd = rt >> amount, sign shifted in
    Sra "sra" ShiftByAmount special(0x03);
    /// rd = rt << (rs mod 32)
    Sllv "sllv" ShiftByRegister special(0x04);
    /// rd = rt >> (rs mod 32), zeros shifted in
    Srlv "srlv" ShiftByRegister special(0x06);
    /// rd = rt rotated right by rs mod 32
    Rotrv "rotrv" ShiftByRegister special(0x06) | 1 << 6;
    /// rd = rt >> (rs mod 32), sign shifted in
    Srav "srav" ShiftByRegister special(0x07);

    // Jumps through a register.
    /// jump to rs
    Jr "jr" Rs special(0x08);
    /// jump to rs as it was before; rd = address of this instruction + 8
    Jalr "jalr" RdRs special(0x09);

    // Conditional moves.
    /// rd = rs if rt is zero
    Movz "movz" ThreeRegisters special(0x0a);
    /// rd = rs if rt is not zero
    Movn "movn" ThreeRegisters special(0x0b);

    /// exception: system call
    Syscall "syscall" None special(0x0c);
    /// exception: breakpoint
    Break "break" None special(0x0d);
    /// the preemption point: no-op if Tick is 0, exception if it is 1, else Tick = Tick - 1
    Sync "sync" None special(0x0f);

    // HI and LO.
    /// rd = HI
    Mfhi "mfhi" Rd special(0x10);
    /// HI = rs
    Mthi "mthi" Rs special(0x11);
    /// rd = LO
    Mflo "mflo" Rd special(0x12);
    /// LO = rs
    Mtlo "mtlo" Rs special(0x13);
    /// (HI, LO) = signed rs * rt
    Mult "mult" RsRt special(0x18);
    /// (HI, LO) = unsigned rs * rt
    Multu "multu" RsRt special(0x19);
    /// LO = signed rs / rt, HI = remainder; by zero, or INT_MIN by -1: LO = rs, HI = 0
    Div "div" RsRt special(0x1a);
    /// LO = unsigned rs / rt, HI = remainder; by zero: LO = rs, HI = 0
    Divu "divu" RsRt special(0x1b);

    // Arithmetic and logic.
    /// rd = rs + rt, exception on signed overflow
    Add "add" ThreeRegisters special(0x20);
    /// rd = rs + rt
    Addu "addu" ThreeRegisters special(0x21);
    /// rd = rs - rt, exception on signed overflow
    Sub "sub" ThreeRegisters special(0x22);
    /// rd = rs - rt
    Subu "subu" ThreeRegisters special(0x23);
    /// rd = rs & rt
    And "and" ThreeRegisters special(0x24);
    /// rd = rs | rt
    Or "or" ThreeRegisters special(0x25);
    /// rd = rs ^ rt
    Xor "xor" ThreeRegisters special(0x26);
    /// rd = !(rs | rt)
    Nor "nor" ThreeRegisters special(0x27);
    /// rd = 1 if signed rs < rt, else 0
    Slt "slt" ThreeRegisters special(0x2a);
    /// rd = 1 if unsigned rs < rt, else 0
    Sltu "sltu" ThreeRegisters special(0x2b);

    // Conditional traps: an exception if the comparison holds.
    /// exception if signed rs >= rt
    Tge "tge" RsRt special(0x30);
    /// exception if unsigned rs >= rt
    Tgeu "tgeu" RsRt special(0x31);
    /// exception if signed rs < rt
    Tlt "tlt" RsRt special(0x32);
    /// exception if unsigned rs < rt
    Tltu "tltu" RsRt special(0x33);
    /// exception if rs == rt
    Teq "teq" RsRt special(0x34);
    /// exception if rs != rt
    Tne "tne" RsRt special(0x36);
    /// exception if signed rs >= immediate
    Tgei "tgei" TrapImmediate regimm(0x08);
    /// exception if unsigned rs >= sign-extended immediate
    Tgeiu "tgeiu" TrapImmediate regimm(0x09);
    /// exception if signed rs < immediate
    Tlti "tlti" TrapImmediate regimm(0x0a);
    /// exception if unsigned rs < sign-extended immediate
    Tltiu "tltiu" TrapImmediate regimm(0x0b);
    /// exception if rs == immediate
    Teqi "teqi" TrapImmediate regimm(0x0c);
    /// exception if rs != immediate
    Tnei "tnei" TrapImmediate regimm(0x0e);

    // Branches on the sign of a register. The likely forms skip the delay slot when not taken: they go on 8 bytes behind
    // themselves, even where they lie in a delay slot. The and-link forms write $31 whether taken or not.
    /// branch if rs < 0
    Bltz "bltz" ZeroBranch regimm(0x00);
    /// branch if rs >= 0
    Bgez "bgez" ZeroBranch regimm(0x01);
    /// branch likely if rs < 0
    Bltzl "bltzl" ZeroBranch regimm(0x02);
    /// branch likely if rs >= 0
    Bgezl "bgezl" ZeroBranch regimm(0x03);
    /// branch and link if rs < 0
    Bltzal "bltzal" ZeroBranch regimm(0x10);
    /// branch and link if rs >= 0
    Bgezal "bgezal" ZeroBranch regimm(0x11);
    /// branch likely and link if rs < 0
    Bltzall "bltzall" ZeroBranch regimm(0x12);
    /// branch likely and link if rs >= 0
    Bgezall "bgezall" ZeroBranch regimm(0x13);
    /// no-op: code never changes
    Synci "synci" None regimm(0x1f);

    /// jump within the 256 MiB of the delay slot
    J "j" Jump major(0x02);
    /// jump and link: $31 = address of this instruction + 8
    Jal "jal" Jump major(0x03);
    /// branch if rs == rt
    Beq "beq" CompareBranch major(0x04);
    /// branch if rs != rt
    Bne "bne" CompareBranch major(0x05);
    /// branch if rs <= 0
    Blez "blez" ZeroBranch major(0x06);
    /// branch if rs > 0
    Bgtz "bgtz" ZeroBranch major(0x07);
    /// branch likely if rs == rt
    Beql "beql" CompareBranch major(0x14);
    /// branch likely if rs != rt
    Bnel "bnel" CompareBranch major(0x15);
    /// branch likely if rs <= 0
    Blezl "blezl" ZeroBranch major(0x16);
    /// branch likely if rs > 0
    Bgtzl "bgtzl" ZeroBranch major(0x17);

    // Arithmetic and logic with an immediate.
    /// rt = rs + immediate, exception on signed overflow
    Addi "addi" Signed major(0x08);
    /// rt = rs + immediate
    Addiu "addiu" Signed major(0x09);
    /// rt = 1 if signed rs < immediate, else 0
    Slti "slti" Signed major(0x0a);
    /// rt = 1 if unsigned rs < sign-extended immediate, else 0
    Sltiu "sltiu" Signed major(0x0b);
    /// rt = rs & immediate
    Andi "andi" Unsigned major(0x0c);
    /// rt = rs | immediate
    Ori "ori" Unsigned major(0x0d);
    /// rt = rs ^ immediate
    Xori "xori" Unsigned major(0x0e);
    /// rt = immediate << 16
    Lui "lui" Upper major(0x0f);

    // For the kernel; the machine has no modes.
    /// UserLocal = rt
    MtUserLocal "mtc0.userlocal" Rt mtc0(4, 2);
    /// Tick = rt
    MtTick "mtc0.tick" Rt mtc0(11, 0);

    // Multiply, accumulate, count.
    /// (HI, LO) = (HI, LO) + signed rs * rt
    Madd "madd" RsRt special2(0x00);
    /// (HI, LO) = (HI, LO) + unsigned rs * rt
    Maddu "maddu" RsRt special2(0x01);
    /// rd = low word of rs * rt; HI and LO keep their values
    Mul "mul" ThreeRegisters special2(0x02);
    /// (HI, LO) = (HI, LO) - signed rs * rt
    Msub "msub" RsRt special2(0x04);
    /// (HI, LO) = (HI, LO) - unsigned rs * rt
    Msubu "msubu" RsRt special2(0x05);
    /// rd = number of leading zeros of rs
    Clz "clz" RdRs special2(0x20);
    /// rd = number of leading ones of rs
    Clo "clo" RdRs special2(0x21);

    // Bit fields and bytes.
    /// rt = `size` bits of rs from bit `lsb` on
    Ext "ext" BitField special3(0x00);
    /// bits `lsb` to `lsb + size - 1` of rt = low `size` bits of rs
    Ins "ins" BitField special3(0x04);
    /// rd = rt with the bytes of each half swapped
    Wsbh "wsbh" RdRt bshfl(0x02);
    /// rd = sign-extended low byte of rt
    Seb "seb" RdRt bshfl(0x10);
    /// rd = sign-extended low half of rt
    Seh "seh" RdRt bshfl(0x18);
    /// rt = hardware register rd: 0, 32, 0, 2 for numbers 0 to 3 and UserLocal for 29
    Rdhwr "rdhwr" HardwareRegister special3(0x3b);

    // Loads and stores. Unaligned, or below 64 KiB: exception. The left and right forms have no alignment.
    /// rt = sign-extended byte
    Lb "lb" Memory major(0x20);
    /// rt = sign-extended half
    Lh "lh" Memory major(0x21);
    /// upper part of rt = the word's bytes from the address on
    Lwl "lwl" Memory major(0x22);
    /// rt = word
    Lw "lw" Memory major(0x23);
    /// rt = byte
    Lbu "lbu" Memory major(0x24);
    /// rt = half
    Lhu "lhu" Memory major(0x25);
    /// lower part of rt = the word's bytes up to the address
    Lwr "lwr" Memory major(0x26);
    /// byte = rt
    Sb "sb" Memory major(0x28);
    /// half = rt
    Sh "sh" Memory major(0x29);
    /// the word's bytes from the address on = upper part of rt
    Swl "swl" Memory major(0x2a);
    /// word = rt
    Sw "sw" Memory major(0x2b);
    /// the word's bytes up to the address = lower part of rt
    Swr "swr" Memory major(0x2e);
    /// as `lw`
    Ll "ll" Memory major(0x30);
    /// no-op; in kernel text with hint 31 and base $0 a host call
    Pref "pref" Memory major(0x33);
    /// as `sw`, then rt = 1: it always succeeds
    Sc "sc" Memory major(0x38);
}

impl Op {
    /// Whether the instruction has a delay slot.
    pub const fn is_branch_or_jump(self) -> bool {
        matches!(
            self.format(),
            Format::CompareBranch | Format::ZeroBranch | Format::Jump
        ) || matches!(self, Op::Jr | Op::Jalr)
    }

    /// Whether the instruction writes to memory.
    pub const fn is_store(self) -> bool {
        matches!(self, Op::Sb | Op::Sh | Op::Swl | Op::Sw | Op::Swr | Op::Sc)
    }

    /// Whether the instruction reads or writes a word of memory.
    pub const fn accesses_memory(self) -> bool {
        matches!(self.format(), Format::Memory) && !matches!(self, Op::Pref)
    }
}

impl Instruction {
    /// `sll $0, $0, 0`, which does nothing.
    pub const NOP: Instruction = Instruction {
        op: Op::Sll,
        rs: 0,
        rt: 0,
        rd: 0,
        imm: 0,
    };

    /// First bit and number of bits of the field of `ext` and `ins`.
    pub const fn bit_field(self) -> (u32, u32) {
        (self.imm & 31, self.imm >> 8)
    }

    /// The word that decodes to this instruction, the inverse of [`decode`]. Operands that the
    /// format does not have are ignored and those it has are cut to the width of their field.
    pub const fn encode(self) -> u32 {
        let rs = (self.rs as u32 & 31) << 21;
        let rt = (self.rt as u32 & 31) << 16;
        let rd = (self.rd as u32 & 31) << 11;
        let operands = match self.op.format() {
            Format::None => 0,
            Format::ThreeRegisters | Format::ShiftByRegister => rs | rt | rd,
            Format::ShiftByAmount => rt | rd | (self.imm & 31) << 6,
            Format::RdRs => rs | rd,
            Format::RdRt => rt | rd,
            Format::RsRt => rs | rt,
            Format::Rs => rs,
            Format::Rd => rd,
            Format::Rt => rt,
            Format::Signed | Format::Unsigned | Format::Memory => rs | rt | self.imm & 0xffff,
            Format::Upper => rt | self.imm >> 16,
            Format::TrapImmediate => rs | self.imm & 0xffff,
            Format::CompareBranch => rs | rt | self.imm >> 2 & 0xffff,
            Format::ZeroBranch => rs | self.imm >> 2 & 0xffff,
            Format::Jump => self.imm >> 2 & 0x03ff_ffff,
            Format::BitField => {
                let (lsb, size) = self.bit_field();
                let last = match self.op {
                    Op::Ext => size.wrapping_sub(1),
                    _ => (lsb + size).wrapping_sub(1),
                };
                rs | rt | (last & 31) << 11 | lsb << 6
            }
            Format::HardwareRegister => rt | rd,
        };
        self.op.bits() | operands
    }
}

#[cfg(test)]
mod tests;
