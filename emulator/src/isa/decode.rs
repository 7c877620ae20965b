//! From an instruction word to the instruction. The other way, each operation's bits, is in the table of [`super`]; a test compares them.

use super::{Format, Instruction, Op};

/// The five-bit field that starts at bit `low`.
const fn field(word: u32, low: u32) -> u8 {
    (word >> low & 31) as u8
}

/// Which operation a word is.
fn operation(word: u32) -> Op {
    let (rs, rt, rd, sa) = (
        field(word, 21),
        field(word, 16),
        field(word, 11),
        field(word, 6),
    );
    match word >> 26 {
        0x00 => match word & 63 {
            0x00 => Op::Sll,
            0x02 if rs == 0 => Op::Srl,
            0x02 if rs == 1 => Op::Rotr,
            0x03 => Op::Sra,
            0x04 => Op::Sllv,
            0x06 if sa == 0 => Op::Srlv,
            0x06 if sa == 1 => Op::Rotrv,
            0x07 => Op::Srav,
            0x08 => Op::Jr,
            0x09 => Op::Jalr,
            0x0a => Op::Movz,
            0x0b => Op::Movn,
            0x0c => Op::Syscall,
            0x0d => Op::Break,
            0x0f => Op::Sync,
            // A field that is not zero here would name an accumulator of the DSP extension.
            0x10 if rs == 0 => Op::Mfhi,
            0x11 if rd == 0 => Op::Mthi,
            0x12 if rs == 0 => Op::Mflo,
            0x13 if rd == 0 => Op::Mtlo,
            0x18 if rd == 0 && sa == 0 => Op::Mult,
            0x19 if rd == 0 && sa == 0 => Op::Multu,
            0x1a => Op::Div,
            0x1b => Op::Divu,
            0x20 => Op::Add,
            0x21 => Op::Addu,
            0x22 => Op::Sub,
            0x23 => Op::Subu,
            0x24 => Op::And,
            0x25 => Op::Or,
            0x26 => Op::Xor,
            0x27 => Op::Nor,
            0x2a => Op::Slt,
            0x2b => Op::Sltu,
            0x30 => Op::Tge,
            0x31 => Op::Tgeu,
            0x32 => Op::Tlt,
            0x33 => Op::Tltu,
            0x34 => Op::Teq,
            0x36 => Op::Tne,
            _ => Op::Reserved,
        },
        0x01 => match rt {
            0x00 => Op::Bltz,
            0x01 => Op::Bgez,
            0x02 => Op::Bltzl,
            0x03 => Op::Bgezl,
            0x08 => Op::Tgei,
            0x09 => Op::Tgeiu,
            0x0a => Op::Tlti,
            0x0b => Op::Tltiu,
            0x0c => Op::Teqi,
            0x0e => Op::Tnei,
            0x10 if rs != 31 => Op::Bltzal,
            0x11 if rs != 31 => Op::Bgezal,
            0x12 if rs != 31 => Op::Bltzall,
            0x13 if rs != 31 => Op::Bgezall,
            0x1f => Op::Synci,
            _ => Op::Reserved,
        },
        0x02 => Op::J,
        0x03 => Op::Jal,
        0x04 => Op::Beq,
        0x05 => Op::Bne,
        0x06 => Op::Blez,
        0x07 => Op::Bgtz,
        0x08 => Op::Addi,
        0x09 => Op::Addiu,
        0x0a => Op::Slti,
        0x0b => Op::Sltiu,
        0x0c => Op::Andi,
        0x0d => Op::Ori,
        0x0e => Op::Xori,
        0x0f => Op::Lui,
        0x10 => match (rs, rd, word & 0x7ff) {
            (4, 4, 2) => Op::MtUserLocal,
            (4, 11, 0) => Op::MtTick,
            _ => Op::Reserved,
        },
        0x14 => Op::Beql,
        0x15 => Op::Bnel,
        0x16 => Op::Blezl,
        0x17 => Op::Bgtzl,
        0x1c => match word & 63 {
            0x00 if rd == 0 && sa == 0 => Op::Madd,
            0x01 if rd == 0 && sa == 0 => Op::Maddu,
            0x02 => Op::Mul,
            0x04 if rd == 0 && sa == 0 => Op::Msub,
            0x05 if rd == 0 && sa == 0 => Op::Msubu,
            0x20 => Op::Clz,
            0x21 => Op::Clo,
            _ => Op::Reserved,
        },
        0x1f => match (word & 63, rd, sa) {
            // rd is size - 1 for `ext` and the last bit for `ins`; sa is the first bit.
            (0x00, _, _) if rd + sa <= 31 => Op::Ext,
            (0x04, _, _) if rd >= sa => Op::Ins,
            (0x20, _, 0x02) => Op::Wsbh,
            (0x20, _, 0x10) => Op::Seb,
            (0x20, _, 0x18) => Op::Seh,
            (0x3b, 0..=3 | 29, _) => Op::Rdhwr,
            _ => Op::Reserved,
        },
        0x20 => Op::Lb,
        0x21 => Op::Lh,
        0x22 => Op::Lwl,
        0x23 => Op::Lw,
        0x24 => Op::Lbu,
        0x25 => Op::Lhu,
        0x26 => Op::Lwr,
        0x28 => Op::Sb,
        0x29 => Op::Sh,
        0x2a => Op::Swl,
        0x2b => Op::Sw,
        0x2e => Op::Swr,
        0x30 => Op::Ll,
        0x33 => Op::Pref,
        0x38 => Op::Sc,
        _ => Op::Reserved,
    }
}

/// Decodes one instruction word. Total: what is not an instruction is [`Op::Reserved`].
///
/// A `sync` in a delay slot is a no-op, which depends on the preceding word:
/// [`Program::instruction_at`](crate::Program::instruction_at) takes that into account.
pub fn decode(word: u32) -> Instruction {
    let op = operation(word);
    let (rs, rt, rd) = (field(word, 21), field(word, 16), field(word, 11));
    let sa = field(word, 6) as u32;
    let signed = word as u16 as i16 as u32;
    let (rs, rt, rd, imm) = match op.format() {
        Format::None => (0, 0, 0, 0),
        Format::ThreeRegisters | Format::ShiftByRegister => (rs, rt, rd, 0),
        Format::ShiftByAmount => (0, rt, rd, sa),
        Format::RdRs => (rs, 0, rd, 0),
        Format::RdRt => (0, rt, rd, 0),
        Format::RsRt => (rs, rt, 0, 0),
        Format::Rs => (rs, 0, 0, 0),
        Format::Rd => (0, 0, rd, 0),
        Format::Rt => (0, rt, 0, 0),
        Format::Signed | Format::Memory => (rs, rt, 0, signed),
        Format::Unsigned => (rs, rt, 0, word & 0xffff),
        Format::Upper => (0, rt, 0, word << 16),
        Format::TrapImmediate => (rs, 0, 0, signed),
        Format::CompareBranch => (rs, rt, 0, signed << 2),
        Format::ZeroBranch => (rs, 0, 0, signed << 2),
        Format::Jump => (0, 0, 0, (word & 0x03ff_ffff) << 2),
        Format::BitField => {
            let size = match op {
                Op::Ext => rd as u32 + 1,
                _ => rd as u32 + 1 - sa,
            };
            (rs, rt, 0, sa | size << 8)
        }
        Format::HardwareRegister => (0, rt, rd, 0),
    };
    Instruction {
        op,
        rs,
        rt,
        rd,
        imm,
    }
}
