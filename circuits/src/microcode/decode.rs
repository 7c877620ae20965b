//! Every instruction as micro-ops. This is what a program id means: a decoded page holds these entries and nothing else.
//!
//! One slot suits most instructions: two reads, one addition or one dispatched operation, one write, the next address. The rest are
//! short sequences through the temporaries. Rules that all of them keep:
//! * an operand that is an immediate is the first one (`rs` is then `$0`), so comparisons are turned round to suit;
//! * a micro-op that can raise comes before any write but to temporaries, and no sequence is longer than eight steps from there,
//!   so that the steps of the exception (see [`raised`](super::raised)) are free;
//! * what only writes `$0` does nothing; but an access, a trap or an overflow stays what it is.

use super::{
    entry::{Entry, Register, HI, LO, SINK, T0, T1, T2, TICK, USER_LOCAL},
    raise::exception,
};
use crate::operation::Operation;
use zkmips_emulator::isa::{self, Format, Instruction, Op};

/// `$ra`.
const RA: Register = 31;

/// The micro-ops of an instruction word at `pc`, in order; only the last one has `last`.
///
/// `previous_word` is the word at `pc - 4` if that is executable too: a `sync` in a delay slot does nothing.
pub fn decode(word: u32, pc: u32, previous_word: Option<u32>) -> Vec<Entry> {
    let instruction = isa::decode(word);
    let in_delay_slot = previous_word.is_some_and(|w| isa::decode(w).op.is_branch_or_jump());
    let mut code = Sequence::new(pc);
    if (instruction.op == Op::Sync && in_delay_slot) || only_destination(instruction) == Some(0) {
        code.push(Entry::nothing(pc));
    } else {
        code.instruction(instruction);
    }
    code.finish()
}

/// The general register that the instruction writes, if that is all it does.
fn only_destination(i: Instruction) -> Option<u8> {
    match i.op.format() {
        _ if matches!(i.op, Op::Add | Op::Sub | Op::Addi | Op::Jalr) => None,
        Format::ThreeRegisters | Format::ShiftByRegister | Format::ShiftByAmount => Some(i.rd),
        Format::RdRs | Format::RdRt | Format::Rd => Some(i.rd),
        Format::Signed | Format::Unsigned | Format::Upper => Some(i.rt),
        Format::BitField | Format::HardwareRegister => Some(i.rt),
        _ => None,
    }
}

/// A comparison of two registers.
#[derive(Clone, Copy)]
struct Comparison {
    operation: Operation,
    x: Register,
    y: Register,
}

impl Comparison {
    /// When the branch is taken.
    fn of_branch(i: Instruction) -> Self {
        let (operation, x, y) = match i.op {
            Op::Beq | Op::Beql => (Operation::Seq, i.rs, i.rt),
            Op::Bne | Op::Bnel => (Operation::Sne, i.rs, i.rt),
            Op::Blez | Op::Blezl => (Operation::Sge, 0, i.rs),
            Op::Bgtz | Op::Bgtzl => (Operation::Slt, 0, i.rs),
            Op::Bltz | Op::Bltzl | Op::Bltzal | Op::Bltzall => (Operation::Slt, i.rs, 0),
            _ => (Operation::Sge, i.rs, 0),
        };
        Comparison { operation, x, y }
    }

    fn negated(self) -> Self {
        let operation = match self.operation {
            Operation::Seq => Operation::Sne,
            Operation::Sne => Operation::Seq,
            Operation::Slt => Operation::Sge,
            _ => Operation::Slt,
        };
        Comparison { operation, ..self }
    }

    /// Its result where that does not depend on registers.
    fn constant(self) -> Option<bool> {
        (self.x == self.y).then_some(matches!(self.operation, Operation::Seq | Operation::Sge))
    }
}

/// Micro-ops being written down.
struct Sequence {
    pc: u32,
    entries: Vec<Entry>,
}

impl Sequence {
    fn new(pc: u32) -> Self {
        Sequence {
            pc,
            entries: Vec::new(),
        }
    }

    /// Appends a micro-op, at the step where the one before it leads.
    fn push(&mut self, entry: Entry) {
        let step = self.entries.last().map_or(0, Entry::following_step);
        self.entries.push(Entry { step, ..entry });
    }

    fn finish(mut self) -> Vec<Entry> {
        if let Some(entry) = self.entries.last_mut() {
            entry.last = true;
        }
        self.entries
    }

    /// A micro-op with these operands; `rd` 0 is no destination.
    fn entry(&self, rd: Register, rs: Register, immediate: u32, rt: Register) -> Entry {
        Entry {
            rs,
            rt,
            rd: if rd == 0 { SINK } else { rd },
            immediate,
            ..Entry::nothing(self.pc)
        }
    }

    /// rd := rs + rt
    fn sum(&mut self, rd: Register, rs: Register, rt: Register) {
        self.push(self.entry(rd, rs, 0, rt));
    }

    /// rd := immediate + rt
    fn sum_immediate(&mut self, rd: Register, immediate: u32, rt: Register) {
        self.push(self.entry(rd, 0, immediate, rt));
    }

    /// rd := rs
    fn copy(&mut self, rd: Register, rs: Register) {
        self.sum(rd, rs, 0);
    }

    /// rd := rs - rt
    fn difference(&mut self, rd: Register, rs: Register, rt: Register) {
        self.push(Entry {
            minus: true,
            ..self.entry(rd, rs, 0, rt)
        });
    }

    /// rd := bits of rt inverted, which is -1 - rt
    fn inverse(&mut self, rd: Register, rt: Register) {
        self.push(Entry {
            minus: true,
            ..self.entry(rd, 0, u32::MAX, rt)
        });
    }

    fn dispatched(operation: Operation, entry: Entry) -> Entry {
        Entry {
            dispatch: true,
            operation,
            ..entry
        }
    }

    /// rd := operation(rs, rt)
    fn operate(&mut self, operation: Operation, rd: Register, rs: Register, rt: Register) {
        self.push(Self::dispatched(operation, self.entry(rd, rs, 0, rt)));
    }

    /// rd := operation(immediate, rt)
    fn operate_immediate(&mut self, operation: Operation, rd: Register, x: u32, rt: Register) {
        self.push(Self::dispatched(operation, self.entry(rd, 0, x, rt)));
    }

    /// rd := operation(rs + offset, rt)
    fn access(&mut self, operation: Operation, rd: Register, i: Instruction, rt: Register) {
        self.push(Self::dispatched(operation, self.entry(rd, i.rs, i.imm, rt)));
    }

    /// Branches if the comparison holds.
    fn branch(&mut self, comparison: Comparison, target: u32) {
        let Comparison { operation, x, y } = comparison;
        self.push(Entry {
            branch: true,
            target,
            ..Self::dispatched(operation, self.entry(SINK, x, 0, y))
        });
    }

    /// What every address after this instruction's is relative to.
    fn delay_slot(&self) -> u32 {
        self.pc.wrapping_add(4)
    }

    /// What a link register gets.
    fn link(&self) -> u32 {
        self.pc.wrapping_add(8)
    }

    fn instruction(&mut self, i: Instruction) {
        use Operation::*;
        match i.op {
            Op::Reserved | Op::Syscall | Op::Break => {
                self.entries.extend(exception(self.pc, 0));
            }

            Op::Sll | Op::Srl | Op::Sra | Op::Rotr if i.imm == 0 => self.copy(i.rd, i.rt),
            Op::Sll if i.imm == 1 => self.sum(i.rd, i.rt, i.rt),
            Op::Sll => self.operate_immediate(Sll, i.rd, i.imm, i.rt),
            Op::Srl => self.operate_immediate(Srl, i.rd, i.imm, i.rt),
            Op::Rotr => self.operate_immediate(Rotr, i.rd, i.imm, i.rt),
            Op::Sra => self.operate_immediate(Sra, i.rd, i.imm, i.rt),
            Op::Sllv => self.operate(Sll, i.rd, i.rs, i.rt),
            Op::Srlv => self.operate(Srl, i.rd, i.rs, i.rt),
            Op::Rotrv => self.operate(Rotr, i.rd, i.rs, i.rt),
            Op::Srav => self.operate(Sra, i.rd, i.rs, i.rt),

            Op::Jr | Op::Jalr => self.jump_register(i),
            Op::J | Op::Jal => {
                let target = self.delay_slot() & 0xf000_0000 | i.imm;
                self.jump(i.op == Op::Jal, target);
            }

            Op::Movz if i.rs == 0 => self.conditional_zero(Sne, i),
            Op::Movn if i.rs == 0 => self.conditional_zero(Seq, i),
            Op::Movz => self.conditional_move(Seq, i),
            Op::Movn => self.conditional_move(Sne, i),
            Op::Sync => self.sync(),

            Op::Mfhi => self.copy(i.rd, HI),
            Op::Mthi => self.copy(HI, i.rs),
            Op::Mflo => self.copy(i.rd, LO),
            Op::Mtlo => self.copy(LO, i.rs),
            Op::Mult => self.both(HI, MulHigh, LO, MulLow, i),
            Op::Multu => self.both(HI, MulHighU, LO, MulLow, i),
            Op::Div => self.both(LO, Div, HI, Rem, i),
            Op::Divu => self.both(LO, DivU, HI, RemU, i),
            Op::Mul => self.operate(MulLow, i.rd, i.rs, i.rt),
            Op::Madd => self.accumulate(MulHigh, i),
            Op::Maddu => self.accumulate(MulHighU, i),
            Op::Msub => self.deplete(MulHigh, i),
            Op::Msubu => self.deplete(MulHighU, i),

            Op::Add => self.add(i),
            Op::Sub => self.sub(i),
            Op::Addi => self.add_immediate(i),
            Op::Addu => self.sum(i.rd, i.rs, i.rt),
            Op::Subu => self.difference(i.rd, i.rs, i.rt),
            Op::Addiu => self.sum_immediate(i.rt, i.imm, i.rs),
            Op::Lui => self.sum_immediate(i.rt, i.imm, 0),

            // With a zero operand these are copies, which need no chip: compilers write moves so.
            Op::Or | Op::Xor if i.rs == 0 || i.rt == 0 => self.sum(i.rd, i.rs, i.rt),
            Op::Nor if i.rs == 0 => self.inverse(i.rd, i.rt),
            Op::Nor if i.rt == 0 => self.inverse(i.rd, i.rs),
            Op::And => self.operate(And, i.rd, i.rs, i.rt),
            Op::Or => self.operate(Or, i.rd, i.rs, i.rt),
            Op::Xor => self.operate(Xor, i.rd, i.rs, i.rt),
            Op::Nor => self.operate(Nor, i.rd, i.rs, i.rt),
            Op::Ori | Op::Xori if i.rs == 0 || i.imm == 0 => {
                self.sum_immediate(i.rt, i.imm, i.rs);
            }
            Op::Andi => self.operate_immediate(And, i.rt, i.imm, i.rs),
            Op::Ori => self.operate_immediate(Or, i.rt, i.imm, i.rs),
            Op::Xori => self.operate_immediate(Xor, i.rt, i.imm, i.rs),

            Op::Slt => self.operate(Slt, i.rd, i.rs, i.rt),
            Op::Sltu => self.operate(Sltu, i.rd, i.rs, i.rt),
            // rs < imm is imm - 1 >= rs where imm - 1 does not wrap; nothing is below 0.
            Op::Slti => self.operate_immediate(Sge, i.rt, i.imm.wrapping_sub(1), i.rs),
            Op::Sltiu if i.imm == 0 => self.copy(i.rt, 0),
            Op::Sltiu => self.operate_immediate(Sgeu, i.rt, i.imm - 1, i.rs),

            Op::Tge => self.operate(Tge, SINK, i.rs, i.rt),
            Op::Tgeu => self.operate(Tgeu, SINK, i.rs, i.rt),
            Op::Tlt => self.operate(Tlt, SINK, i.rs, i.rt),
            Op::Tltu => self.operate(Tltu, SINK, i.rs, i.rt),
            Op::Teq => self.operate(Teq, SINK, i.rs, i.rt),
            Op::Tne => self.operate(Tne, SINK, i.rs, i.rt),
            // As `slti`, and rs >= imm is imm - 1 < rs.
            Op::Tgei => self.operate_immediate(Tlt, SINK, i.imm.wrapping_sub(1), i.rs),
            Op::Tlti => self.operate_immediate(Tge, SINK, i.imm.wrapping_sub(1), i.rs),
            Op::Tgeiu if i.imm == 0 => self.operate(Tgeu, SINK, i.rs, 0),
            Op::Tltiu if i.imm == 0 => self.operate(Tltu, SINK, i.rs, 0),
            Op::Tgeiu => self.operate_immediate(Tltu, SINK, i.imm - 1, i.rs),
            Op::Tltiu => self.operate_immediate(Tgeu, SINK, i.imm - 1, i.rs),
            Op::Teqi => self.operate_immediate(Teq, SINK, i.imm, i.rs),
            Op::Tnei => self.operate_immediate(Tne, SINK, i.imm, i.rs),

            Op::Beq | Op::Bne | Op::Blez | Op::Bgtz | Op::Bltz | Op::Bgez => {
                self.conditional_jump(i, false);
            }
            Op::Bltzal | Op::Bgezal => self.conditional_jump(i, true),
            Op::Beql | Op::Bnel | Op::Blezl | Op::Bgtzl | Op::Bltzl | Op::Bgezl => {
                self.branch_likely(i);
            }
            Op::Bltzall | Op::Bgezall => {
                self.sum_immediate(RA, self.link(), 0);
                self.branch_likely(i);
            }

            Op::Clz => self.operate(Clz, i.rd, 0, i.rs),
            Op::Clo => {
                self.inverse(T0, i.rs);
                self.operate(Clz, i.rd, 0, T0);
            }
            Op::Ext => self.extract(i),
            Op::Ins => self.insert(i),
            Op::Wsbh => self.swap_bytes(i),
            Op::Seb => self.sign_extend(24, i),
            Op::Seh => self.sign_extend(16, i),

            Op::MtUserLocal => self.copy(USER_LOCAL, i.rt),
            Op::MtTick => self.copy(TICK, i.rt),
            Op::Rdhwr => match i.rd {
                29 => self.copy(i.rt, USER_LOCAL),
                1 => self.sum_immediate(i.rt, 32, 0),
                3 => self.sum_immediate(i.rt, 2, 0),
                _ => self.copy(i.rt, 0),
            },

            Op::Lb => self.access(Lb, i.rt, i, 0),
            Op::Lh => self.access(Lh, i.rt, i, 0),
            Op::Lw | Op::Ll => self.access(Lw, i.rt, i, 0),
            Op::Lbu => self.access(Lbu, i.rt, i, 0),
            Op::Lhu => self.access(Lhu, i.rt, i, 0),
            Op::Lwl => self.access(Lwl, i.rt, i, i.rt),
            Op::Lwr => self.access(Lwr, i.rt, i, i.rt),
            Op::Sb => self.access(Sb, SINK, i, i.rt),
            Op::Sh => self.access(Sh, SINK, i, i.rt),
            Op::Swl => self.access(Swl, SINK, i, i.rt),
            Op::Sw => self.access(Sw, SINK, i, i.rt),
            Op::Swr => self.access(Swr, SINK, i, i.rt),
            Op::Sc => {
                self.access(Sw, SINK, i, i.rt);
                self.sum_immediate(i.rt, 1, 0);
            }

            Op::Pref | Op::Synci => self.push(Entry::nothing(self.pc)),
        }
    }

    /// The jump reads its register before the link is written, also where they are the same.
    fn jump_register(&mut self, i: Instruction) {
        let link = if i.op == Op::Jalr { self.link() } else { 0 };
        self.push(Entry {
            jump: true,
            jump_register: true,
            ..self.entry(i.rd, 0, link, i.rs)
        });
    }

    fn jump(&mut self, link: bool, target: u32) {
        let (rd, immediate) = if link { (RA, self.link()) } else { (SINK, 0) };
        self.push(Entry {
            jump: true,
            target,
            ..self.entry(rd, 0, immediate, 0)
        });
    }

    /// A branch. `b` and `bal` are branches whose condition is constant.
    fn conditional_jump(&mut self, i: Instruction, link: bool) {
        let target = self.delay_slot().wrapping_add(i.imm);
        let comparison = Comparison::of_branch(i);
        match comparison.constant() {
            Some(true) => self.jump(link, target),
            Some(false) if link => self.sum_immediate(RA, self.link(), 0),
            Some(false) => self.push(Entry::nothing(self.pc)),
            None => {
                if link {
                    self.sum_immediate(RA, self.link(), 0);
                }
                self.branch(comparison, target);
            }
        }
    }

    /// First, if the branch is *not* taken, the next instruction address becomes the one behind the delay slot, which is thereby
    /// skipped when the instruction ends; then the branch itself. (So in a delay slot a branch-likely that is not taken goes on
    /// 8 bytes behind itself, not behind whatever was to come.)
    fn branch_likely(&mut self, i: Instruction) {
        let comparison = Comparison::of_branch(i);
        self.branch(comparison.negated(), self.pc.wrapping_add(8));
        self.branch(comparison, self.delay_slot().wrapping_add(i.imm));
    }

    /// rd := rd + (rs - rd) * (rt compared with 0)
    fn conditional_move(&mut self, comparison: Operation, i: Instruction) {
        self.difference(T0, i.rs, i.rd);
        self.operate(comparison, T1, 0, i.rt);
        self.operate(Operation::MulLow, T0, T0, T1);
        self.sum(i.rd, i.rd, T0);
    }

    /// rd := rd * (rt compared with 0): how Go ends a shift by 32 or more.
    fn conditional_zero(&mut self, keep: Operation, i: Instruction) {
        self.operate(keep, T0, 0, i.rt);
        self.operate(Operation::MulLow, i.rd, i.rd, T0);
    }

    /// Raises if Tick is 1, else takes 1 from it if it is not 0.
    fn sync(&mut self) {
        self.operate_immediate(Operation::Teq, SINK, 1, TICK);
        self.operate(Operation::Sltu, T0, 0, TICK);
        self.difference(TICK, TICK, T0);
    }

    /// Two results of the same operands.
    fn both(
        &mut self,
        first: Register,
        operation: Operation,
        second: Register,
        other: Operation,
        i: Instruction,
    ) {
        self.operate(operation, first, i.rs, i.rt);
        self.operate(other, second, i.rs, i.rt);
    }

    /// (HI, LO) := (HI, LO) + rs * rt. The low sum carries if it is below what was added.
    fn accumulate(&mut self, high: Operation, i: Instruction) {
        self.both(T0, Operation::MulLow, T1, high, i);
        self.sum(LO, LO, T0);
        self.operate(Operation::Sltu, T0, LO, T0);
        self.sum(HI, HI, T1);
        self.sum(HI, HI, T0);
    }

    /// (HI, LO) := (HI, LO) - rs * rt
    fn deplete(&mut self, high: Operation, i: Instruction) {
        self.both(T0, Operation::MulLow, T1, high, i);
        self.operate(Operation::Sltu, T2, LO, T0);
        self.difference(LO, LO, T0);
        self.difference(HI, HI, T1);
        self.difference(HI, HI, T2);
    }

    /// Signed `sum < rt` differs from `rs < 0` exactly on overflow. With `$0` everywhere it clears all temporaries.
    fn add(&mut self, i: Instruction) {
        self.sum(T0, i.rs, i.rt);
        self.operate(Operation::Slt, T1, T0, i.rt);
        self.operate(Operation::Slt, T2, i.rs, 0);
        self.operate(Operation::Tne, SINK, T1, T2);
        self.copy(i.rd, T0);
    }

    /// Signed `rs < rt` differs from `difference < 0` exactly on overflow.
    fn sub(&mut self, i: Instruction) {
        self.difference(T0, i.rs, i.rt);
        self.operate(Operation::Slt, T1, i.rs, i.rt);
        self.operate(Operation::Slt, T2, T0, 0);
        self.operate(Operation::Tne, SINK, T1, T2);
        self.copy(i.rd, T0);
    }

    /// The sum must not have moved away from the sign of the immediate.
    fn add_immediate(&mut self, i: Instruction) {
        self.sum_immediate(T0, i.imm, i.rs);
        if (i.imm as i32) < 0 {
            self.operate(Operation::Tlt, SINK, i.rs, T0);
        } else {
            self.operate(Operation::Tlt, SINK, T0, i.rs);
        }
        self.copy(i.rt, T0);
    }

    /// A mask if the field starts at bit 0, else shifts that push out what lies beside it.
    fn extract(&mut self, i: Instruction) {
        let (lsb, size) = i.bit_field();
        let above = 32 - lsb - size;
        match (above, lsb) {
            (0, 0) => self.copy(i.rt, i.rs),
            (_, 0) => self.operate_immediate(Operation::And, i.rt, low_bits(size), i.rs),
            (0, _) => self.operate_immediate(Operation::Srl, i.rt, lsb, i.rs),
            _ => {
                self.operate_immediate(Operation::Sll, T0, above, i.rs);
                self.operate_immediate(Operation::Srl, i.rt, above + lsb, T0);
            }
        }
    }

    fn insert(&mut self, i: Instruction) {
        let (lsb, size) = i.bit_field();
        if size == 32 {
            return self.copy(i.rt, i.rs);
        }
        let mask = low_bits(size) << lsb;
        let field = if lsb == 0 {
            i.rs
        } else {
            self.operate_immediate(Operation::Sll, T1, lsb, i.rs);
            T1
        };
        // A field at the top has nothing above it to be masked away.
        if lsb + size < 32 {
            self.operate_immediate(Operation::And, T1, mask, field);
        }
        self.operate_immediate(Operation::And, T0, !mask, i.rt);
        self.sum(i.rt, T0, T1);
    }

    /// Swaps the bytes of each half.
    fn swap_bytes(&mut self, i: Instruction) {
        self.operate_immediate(Operation::And, T0, 0x00ff_00ff, i.rt);
        self.difference(T1, i.rt, T0);
        self.operate_immediate(Operation::Sll, T0, 8, T0);
        self.operate_immediate(Operation::Srl, T1, 8, T1);
        self.sum(i.rd, T0, T1);
    }

    fn sign_extend(&mut self, amount: u32, i: Instruction) {
        self.operate_immediate(Operation::Sll, T0, amount, i.rt);
        self.operate_immediate(Operation::Sra, i.rd, amount, T0);
    }
}

/// A mask of `size` bits, below 32.
fn low_bits(size: u32) -> u32 {
    (1 << size) - 1
}
