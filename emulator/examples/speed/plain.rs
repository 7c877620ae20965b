//! An interpreter as one writes it in an afternoon: fetch a word, decode it, look what it is, do it. To measure the other one against,
//! and, because nothing is shared with it but the decoder, a second opinion on what a program does.

use zkmips_emulator::constants::*;
use zkmips_emulator::isa::{decode, Format, Instruction, Op};
use zkmips_emulator::{ByteOrder, Inputs, Memory, Program};

pub struct Plain {
    order: ByteOrder,
    memory: Memory,
    code: Vec<(u32, u32)>,
    regs: [u32; 32],
    hi: u32,
    lo: u32,
    user_local: u32,
    tick: u32,
    pc: u32,
    next_pc: u32,
    pub instructions: u64,
}

impl Plain {
    pub fn new(program: &Program, inputs: &Inputs) -> Self {
        let order = program.byte_order();
        let mut memory = program.initial_memory();
        let mut tape = |address: u32, words: Vec<u32>| memory.write_words(address / 4, &words);
        tape(PUBLIC_TAPE, inputs.public_tape(order).unwrap_or_default());
        let private = zkmips_emulator::tape::private_tape(order, &inputs.stdin);
        tape(PRIVATE_TAPE, private.unwrap_or_default());
        let code = program.ranges().filter(|range| range.executable);
        Plain {
            order,
            code: code.map(|range| (range.first, range.last())).collect(),
            memory,
            regs: [0; 32],
            hi: 0,
            lo: 0,
            user_local: 0,
            tick: 0,
            pc: RESET_VECTOR,
            next_pc: RESET_VECTOR + 4,
            instructions: 0,
        }
    }

    /// Runs to the end.
    pub fn run(&mut self) {
        while self.pc != HALT || self.next_pc != HALT {
            let (pc, next_pc) = (self.pc, self.next_pc);
            self.pc = next_pc;
            self.next_pc = next_pc.wrapping_add(4);
            if self.step(pc).is_none() {
                self.regs[26] = pc;
                self.pc = EXCEPTION_VECTOR;
                self.next_pc = EXCEPTION_VECTOR + 4;
            }
            self.regs[0] = 0;
            self.instructions += 1;
        }
    }

    pub fn status(&self) -> u32 {
        self.memory.read(OUTPUT_TAPE / 4)
    }

    /// `None` is an exception.
    fn fetch(&self, pc: u32) -> Option<Instruction> {
        let inside = |range: &&(u32, u32)| pc >= range.0 && pc <= range.1;
        if pc & 3 != 0 || !self.code.iter().any(|range| inside(&range)) {
            return None;
        }
        Some(decode(self.memory.read(pc / 4)))
    }

    fn accumulator(&self) -> u64 {
        u64::from(self.hi) << 32 | u64::from(self.lo)
    }

    fn set_accumulator(&mut self, value: u64) -> Option<u32> {
        (self.hi, self.lo) = ((value >> 32) as u32, value as u32);
        None
    }

    fn step(&mut self, pc: u32) -> Option<()> {
        let i = self.fetch(pc)?;
        let (s, t) = (self.regs[i.rs as usize], self.regs[i.rt as usize]);
        let (ss, st, imm) = (s as i32, t as i32, i.imm);
        let product = i64::from(ss).wrapping_mul(i64::from(st)) as u64;
        let unsigned = u64::from(s) * u64::from(t);
        let branch = |taken: bool| Some(taken);
        // The result of an instruction that has one; branches and memory come after.
        let value = match i.op {
            Op::Reserved | Op::Syscall | Op::Break => return None,
            Op::Sll => Some(t << imm),
            Op::Srl => Some(t >> imm),
            Op::Rotr => Some(t.rotate_right(imm)),
            Op::Sra => Some((st >> imm) as u32),
            Op::Sllv => Some(t << (s & 31)),
            Op::Srlv => Some(t >> (s & 31)),
            Op::Rotrv => Some(t.rotate_right(s & 31)),
            Op::Srav => Some((st >> (s & 31)) as u32),
            Op::Movz => (t == 0).then_some(s),
            Op::Movn => (t != 0).then_some(s),
            Op::Sync => {
                // In a delay slot it does nothing.
                let delayed = self.fetch(pc.wrapping_sub(4));
                if !delayed.is_some_and(|before| before.op.is_branch_or_jump()) {
                    match self.tick {
                        0 => {}
                        1 => return None,
                        _ => self.tick -= 1,
                    }
                }
                None
            }
            Op::Mfhi => Some(self.hi),
            Op::Mflo => Some(self.lo),
            Op::Mthi => {
                self.hi = s;
                None
            }
            Op::Mtlo => {
                self.lo = s;
                None
            }
            Op::Mult => self.set_accumulator(product),
            Op::Multu => self.set_accumulator(unsigned),
            Op::Madd => self.set_accumulator(self.accumulator().wrapping_add(product)),
            Op::Maddu => self.set_accumulator(self.accumulator().wrapping_add(unsigned)),
            Op::Msub => self.set_accumulator(self.accumulator().wrapping_sub(product)),
            Op::Msubu => self.set_accumulator(self.accumulator().wrapping_sub(unsigned)),
            Op::Div => {
                self.lo = ss.checked_div(st).unwrap_or(ss) as u32;
                self.hi = ss.checked_rem(st).unwrap_or(0) as u32;
                None
            }
            Op::Divu => {
                self.lo = s.checked_div(t).unwrap_or(s);
                self.hi = s.checked_rem(t).unwrap_or(0);
                None
            }
            Op::Add => Some(ss.checked_add(st)? as u32),
            Op::Addi => Some(ss.checked_add(imm as i32)? as u32),
            Op::Sub => Some(ss.checked_sub(st)? as u32),
            Op::Addu => Some(s.wrapping_add(t)),
            Op::Addiu => Some(s.wrapping_add(imm)),
            Op::Subu => Some(s.wrapping_sub(t)),
            Op::And => Some(s & t),
            Op::Or => Some(s | t),
            Op::Xor => Some(s ^ t),
            Op::Nor => Some(!(s | t)),
            Op::Slt => Some((ss < st).into()),
            Op::Sltu => Some((s < t).into()),
            Op::Slti => Some((ss < imm as i32).into()),
            Op::Sltiu => Some((s < imm).into()),
            Op::Andi => Some(s & imm),
            Op::Ori => Some(s | imm),
            Op::Xori => Some(s ^ imm),
            Op::Lui => Some(imm),
            Op::Mul => Some(s.wrapping_mul(t)),
            Op::Clz => Some(s.leading_zeros()),
            Op::Clo => Some(s.leading_ones()),
            Op::Wsbh => Some(t.swap_bytes().rotate_left(16)),
            Op::Seb => Some(t as i8 as u32),
            Op::Seh => Some(t as i16 as u32),
            Op::Ext | Op::Ins => {
                let (lsb, size) = i.bit_field();
                let mask = u32::MAX >> (32 - size);
                Some(match i.op {
                    Op::Ext => s >> lsb & mask,
                    _ => t & !(mask << lsb) | (s & mask) << lsb,
                })
            }
            Op::Rdhwr => Some(match i.rd {
                1 => 32,
                3 => 2,
                29 => self.user_local,
                _ => 0,
            }),
            Op::MtUserLocal => {
                self.user_local = t;
                None
            }
            Op::MtTick => {
                self.tick = t;
                None
            }
            Op::Tge
            | Op::Tgei
            | Op::Tgeu
            | Op::Tgeiu
            | Op::Tlt
            | Op::Tlti
            | Op::Tltu
            | Op::Tltiu
            | Op::Teq
            | Op::Teqi
            | Op::Tne
            | Op::Tnei => {
                let y = if i.op.format() == Format::TrapImmediate {
                    imm
                } else {
                    t
                };
                let taken = match i.op {
                    Op::Tge | Op::Tgei => ss >= y as i32,
                    Op::Tgeu | Op::Tgeiu => s >= y,
                    Op::Tlt | Op::Tlti => ss < y as i32,
                    Op::Tltu | Op::Tltiu => s < y,
                    Op::Teq | Op::Teqi => s == y,
                    _ => s != y,
                };
                if taken {
                    return None;
                }
                None
            }
            Op::Synci | Op::Pref => None,
            op if op.is_branch_or_jump() => {
                let link = matches!(
                    op,
                    Op::Jal | Op::Bltzal | Op::Bgezal | Op::Bltzall | Op::Bgezall
                );
                let likely = matches!(
                    op,
                    Op::Beql
                        | Op::Bnel
                        | Op::Blezl
                        | Op::Bgtzl
                        | Op::Bltzl
                        | Op::Bgezl
                        | Op::Bltzall
                        | Op::Bgezall
                );
                let taken = match op {
                    Op::Beq | Op::Beql => branch(s == t),
                    Op::Bne | Op::Bnel => branch(s != t),
                    Op::Blez | Op::Blezl => branch(ss <= 0),
                    Op::Bgtz | Op::Bgtzl => branch(ss > 0),
                    Op::Bltz | Op::Bltzl | Op::Bltzal | Op::Bltzall => branch(ss < 0),
                    Op::Bgez | Op::Bgezl | Op::Bgezal | Op::Bgezall => branch(ss >= 0),
                    _ => None,
                };
                match taken {
                    Some(true) => self.next_pc = pc.wrapping_add(4).wrapping_add(imm),
                    Some(false) if likely => {
                        self.pc = pc.wrapping_add(8);
                        self.next_pc = pc.wrapping_add(12);
                    }
                    Some(false) => {}
                    None if i.op.format() == Format::Jump => {
                        self.next_pc = pc.wrapping_add(4) & 0xf000_0000 | imm;
                    }
                    None => self.next_pc = s,
                }
                if link {
                    self.regs[31] = pc.wrapping_add(8);
                }
                (op == Op::Jalr).then_some(pc.wrapping_add(8))
            }
            op => self.access(op, s.wrapping_add(imm), t)?,
        };
        if let Some(value) = value {
            let destination = match i.op.format() {
                Format::Signed | Format::Unsigned | Format::Upper | Format::BitField => i.rt,
                Format::HardwareRegister | Format::Memory => i.rt,
                _ => i.rd,
            };
            self.regs[destination as usize] = value;
        }
        Some(())
    }

    /// A load or store: the new value of rt, if there is one; `None` is an exception.
    fn access(&mut self, op: Op, address: u32, t: u32) -> Option<Option<u32>> {
        let bytes = match op {
            Op::Lw | Op::Sw | Op::Ll | Op::Sc => 4,
            Op::Lh | Op::Lhu | Op::Sh => 2,
            _ => 1,
        };
        if address & (bytes - 1) != 0 || address < LOWEST_ADDRESS {
            return None;
        }
        let word = self.memory.read(address / 4);
        let low = 8 * (self.order.lane(address) & !(bytes - 1));
        let left = 24 - 8 * self.order.lane(address);
        let right = 8 * self.order.lane(address);
        let mut merge = |mask: u32, value: u32| {
            self.memory.write(address / 4, word & !mask | value & mask);
        };
        Some(match op {
            Op::Lb => Some((word >> low) as i8 as u32),
            Op::Lbu => Some(word >> low & 0xff),
            Op::Lh => Some((word >> low) as i16 as u32),
            Op::Lhu => Some(word >> low & 0xffff),
            Op::Lw | Op::Ll => Some(word),
            Op::Lwl => Some(word << left | t & !(u32::MAX << left)),
            Op::Lwr => Some(word >> right | t & !(u32::MAX >> right)),
            Op::Sb => {
                merge(0xff << low, t << low);
                None
            }
            Op::Sh => {
                merge(0xffff << low, t << low);
                None
            }
            Op::Swl => {
                merge(u32::MAX >> left, t >> left);
                None
            }
            Op::Swr => {
                merge(u32::MAX << right, t << right);
                None
            }
            op => {
                merge(u32::MAX, t);
                (op == Op::Sc).then_some(1)
            }
        })
    }
}
