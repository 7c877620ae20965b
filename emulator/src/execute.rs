//! What instructions do, in the order of the table in [`isa`](crate::isa).
//!
//! One loop over decoded instructions. The next address is always `next_pc`; a branch only changes what comes after
//! that, which is all there is to delay slots, also where a branch lies in one. An exception stores `pc` in `$k0`,
//! goes to the vector and does nothing else: every instruction decides on it before it writes anything.

use crate::constants::*;
use crate::host::Observer;
use crate::image::Block;
use crate::isa::{Instruction, Op};
use crate::machine::{Diagnostic, DiagnosticKind, Machine, Outcome, RunError};
use crate::mappings::Mappings;
use crate::rights::{KERNEL_LOAD, KERNEL_STORE, USER_LOAD, USER_STORE};
use std::sync::Arc;

/// `$k0`.
const K0: usize = 26;
/// `$ra`.
const RA: usize = 31;

impl Machine<'_> {
    /// Executes at most `limit` instructions; with `stop_at_halt`, none after the program has ended.
    pub(crate) fn execute(
        &mut self,
        limit: u64,
        observer: &mut dyn Observer,
        stop_at_halt: bool,
    ) -> Result<Outcome, RunError> {
        if self.counts.is_some() {
            self.execute_loop::<true>(limit, observer, stop_at_halt)
        } else {
            self.execute_loop::<false>(limit, observer, stop_at_halt)
        }
    }

    /// The loop; with `COUNT` it marks the words that loads and stores touch.
    fn execute_loop<const COUNT: bool>(
        &mut self,
        limit: u64,
        observer: &mut dyn Observer,
        stop_at_halt: bool,
    ) -> Result<Outcome, RunError> {
        if stop_at_halt && self.halted() {
            return Ok(Outcome::Halted);
        }
        let blocks = Arc::clone(&self.program.blocks);
        let (mut first, mut code) = find(&blocks, self.pc);
        let flip = self.program.byte_order().lane_flip();
        let (mut pc, mut next_pc) = (self.pc, self.next_pc);
        let start = self.instructions;
        let mut remaining = limit;
        let (mut load_right, mut store_right) = needed_rights(first);
        if self.pc < USER_END {
            self.refresh_rights();
        }

        macro_rules! save {
            () => {
                self.pc = pc;
                self.next_pc = next_pc;
                self.instructions = start + (limit - remaining);
            };
        }
        // Ends the instruction with an exception.
        macro_rules! raise {
            () => {{
                self.regs[K0] = pc;
                pc = EXCEPTION_VECTOR;
                next_pc = EXCEPTION_VECTOR + 4;
                remaining -= 1;
                continue;
            }};
        }

        while remaining != 0 {
            // One comparison tells whether pc is aligned and in the range: rotated, an offset with low bits is huge.
            let offset = pc.wrapping_sub(first).rotate_right(2) as usize;
            let Some(&instruction) = code.get(offset) else {
                (first, code) = find(&blocks, pc);
                (load_right, store_right) = needed_rights(first);
                if pc.wrapping_sub(first).rotate_right(2) as usize >= code.len() {
                    raise!();
                }
                if first < USER_END {
                    self.refresh_rights();
                }
                continue;
            };
            if COUNT {
                if let Some(counts) = &mut self.counts {
                    counts.operations.count(instruction.op, pc >= KERNEL_START);
                }
            }
            let (rs, rt, rd) = (
                instruction.rs as usize & 31,
                instruction.rt as usize & 31,
                instruction.rd as usize & 31,
            );
            let imm = instruction.imm;
            // What follows the next instruction, unless a branch says otherwise.
            let mut after = next_pc.wrapping_add(4);

            macro_rules! r {
                ($register:expr) => {
                    self.regs[$register]
                };
            }
            macro_rules! set {
                ($register:expr, $value:expr) => {{
                    let value: u32 = $value;
                    self.regs[$register] = value;
                }};
            }
            macro_rules! trap_if {
                ($condition:expr) => {
                    if $condition {
                        raise!()
                    }
                };
            }
            macro_rules! branch_if {
                ($condition:expr) => {
                    if $condition {
                        after = pc.wrapping_add(4).wrapping_add(imm);
                    }
                };
            }
            macro_rules! branch_likely_if {
                ($condition:expr) => {
                    if $condition {
                        after = pc.wrapping_add(4).wrapping_add(imm);
                    } else {
                        // The delay slot is skipped: the word behind this one, also where this one lies in another's
                        // delay slot.
                        next_pc = pc.wrapping_add(8);
                        after = pc.wrapping_add(12);
                    }
                };
            }
            macro_rules! link {
                ($register:expr) => {
                    set!($register, pc.wrapping_add(8))
                };
            }
            // The address of an access to so many bytes; an exception if there can be none.
            macro_rules! address {
                ($bytes:expr, store $store:expr) => {{
                    let address = r!(rs).wrapping_add(imm);
                    if misaligned(address, $bytes) {
                        raise!();
                    }
                    let right = if $store { store_right } else { load_right };
                    if !self.rights.has(address, right) {
                        save!();
                        match self.unusual_access(pc, address, $store)? {
                            Access::Fine => {}
                            Access::Fault => raise!(),
                            Access::Stop => return Ok(Outcome::Stopped),
                        }
                    }
                    if COUNT {
                        if let Some(counts) = &mut self.counts {
                            counts.touched.mark(address >> 2);
                        }
                    }
                    address
                }};
            }
            macro_rules! load {
                ($bytes:expr) => {{
                    let address = address!($bytes, store false);
                    (self.memory.read(address >> 2), address)
                }};
            }
            // Replaces the bits of `mask` in the word.
            macro_rules! store {
                ($address:expr, $mask:expr, $value:expr) => {{
                    let word = self.memory.read($address >> 2);
                    let mask: u32 = $mask;
                    self.memory
                        .write($address >> 2, word & !mask | $value & mask);
                }};
            }

            match instruction.op {
                Op::Reserved => raise!(),

                Op::Sll => set!(rd, r!(rt) << (imm & 31)),
                Op::Srl => set!(rd, r!(rt) >> (imm & 31)),
                Op::Rotr => set!(rd, r!(rt).rotate_right(imm & 31)),
                Op::Sra => set!(rd, (r!(rt) as i32 >> (imm & 31)) as u32),
                Op::Sllv => set!(rd, r!(rt) << (r!(rs) & 31)),
                Op::Srlv => set!(rd, r!(rt) >> (r!(rs) & 31)),
                Op::Rotrv => set!(rd, r!(rt).rotate_right(r!(rs) & 31)),
                Op::Srav => set!(rd, (r!(rt) as i32 >> (r!(rs) & 31)) as u32),

                Op::Jr => after = r!(rs),
                Op::Jalr => {
                    after = r!(rs);
                    link!(rd);
                }

                Op::Movz => {
                    if r!(rt) == 0 {
                        set!(rd, r!(rs));
                    }
                }
                Op::Movn => {
                    if r!(rt) != 0 {
                        set!(rd, r!(rs));
                    }
                }

                Op::Syscall | Op::Break => raise!(),
                Op::Sync => match self.tick {
                    0 => {}
                    1 => raise!(),
                    _ => self.tick -= 1,
                },

                Op::Mfhi => set!(rd, self.hi),
                Op::Mthi => self.hi = r!(rs),
                Op::Mflo => set!(rd, self.lo),
                Op::Mtlo => self.lo = r!(rs),
                Op::Mult => self.set_accumulator(signed_product(r!(rs), r!(rt))),
                Op::Multu => self.set_accumulator(r!(rs) as u64 * r!(rt) as u64),
                Op::Div => {
                    let (x, y) = (r!(rs) as i32, r!(rt) as i32);
                    // Where there is no quotient, the machine divides by 1.
                    self.lo = x.checked_div(y).unwrap_or(x) as u32;
                    self.hi = x.checked_rem(y).unwrap_or(0) as u32;
                }
                Op::Divu => {
                    let (x, y) = (r!(rs), r!(rt));
                    self.lo = x.checked_div(y).unwrap_or(x);
                    self.hi = x.checked_rem(y).unwrap_or(0);
                }

                Op::Add => match (r!(rs) as i32).checked_add(r!(rt) as i32) {
                    Some(sum) => set!(rd, sum as u32),
                    None => raise!(),
                },
                Op::Addu => set!(rd, r!(rs).wrapping_add(r!(rt))),
                Op::Sub => match (r!(rs) as i32).checked_sub(r!(rt) as i32) {
                    Some(difference) => set!(rd, difference as u32),
                    None => raise!(),
                },
                Op::Subu => set!(rd, r!(rs).wrapping_sub(r!(rt))),
                Op::And => set!(rd, r!(rs) & r!(rt)),
                Op::Or => set!(rd, r!(rs) | r!(rt)),
                Op::Xor => set!(rd, r!(rs) ^ r!(rt)),
                Op::Nor => set!(rd, !(r!(rs) | r!(rt))),
                Op::Slt => set!(rd, ((r!(rs) as i32) < r!(rt) as i32) as u32),
                Op::Sltu => set!(rd, (r!(rs) < r!(rt)) as u32),

                Op::Tge => trap_if!(r!(rs) as i32 >= r!(rt) as i32),
                Op::Tgeu => trap_if!(r!(rs) >= r!(rt)),
                Op::Tlt => trap_if!((r!(rs) as i32) < r!(rt) as i32),
                Op::Tltu => trap_if!(r!(rs) < r!(rt)),
                Op::Teq => trap_if!(r!(rs) == r!(rt)),
                Op::Tne => trap_if!(r!(rs) != r!(rt)),
                Op::Tgei => trap_if!(r!(rs) as i32 >= imm as i32),
                Op::Tgeiu => trap_if!(r!(rs) >= imm),
                Op::Tlti => trap_if!((r!(rs) as i32) < imm as i32),
                Op::Tltiu => trap_if!(r!(rs) < imm),
                Op::Teqi => trap_if!(r!(rs) == imm),
                Op::Tnei => trap_if!(r!(rs) != imm),

                Op::Bltz => branch_if!((r!(rs) as i32) < 0),
                Op::Bgez => branch_if!(r!(rs) as i32 >= 0),
                Op::Bltzl => branch_likely_if!((r!(rs) as i32) < 0),
                Op::Bgezl => branch_likely_if!(r!(rs) as i32 >= 0),
                // rs is not $31 here: see the decoder.
                Op::Bltzal => {
                    link!(RA);
                    branch_if!((r!(rs) as i32) < 0)
                }
                Op::Bgezal => {
                    link!(RA);
                    branch_if!(r!(rs) as i32 >= 0)
                }
                Op::Bltzall => {
                    link!(RA);
                    branch_likely_if!((r!(rs) as i32) < 0)
                }
                Op::Bgezall => {
                    link!(RA);
                    branch_likely_if!(r!(rs) as i32 >= 0)
                }
                Op::Synci => {}

                Op::J => after = pc.wrapping_add(4) & 0xf000_0000 | imm,
                Op::Jal => {
                    after = pc.wrapping_add(4) & 0xf000_0000 | imm;
                    link!(RA);
                }
                Op::Beq => branch_if!(r!(rs) == r!(rt)),
                Op::Bne => branch_if!(r!(rs) != r!(rt)),
                Op::Blez => branch_if!(r!(rs) as i32 <= 0),
                Op::Bgtz => branch_if!(r!(rs) as i32 > 0),
                Op::Beql => branch_likely_if!(r!(rs) == r!(rt)),
                Op::Bnel => branch_likely_if!(r!(rs) != r!(rt)),
                Op::Blezl => branch_likely_if!(r!(rs) as i32 <= 0),
                Op::Bgtzl => branch_likely_if!(r!(rs) as i32 > 0),

                Op::Addi => match (r!(rs) as i32).checked_add(imm as i32) {
                    Some(sum) => set!(rt, sum as u32),
                    None => raise!(),
                },
                Op::Addiu => set!(rt, r!(rs).wrapping_add(imm)),
                Op::Slti => set!(rt, ((r!(rs) as i32) < imm as i32) as u32),
                Op::Sltiu => set!(rt, (r!(rs) < imm) as u32),
                Op::Andi => set!(rt, r!(rs) & imm),
                Op::Ori => set!(rt, r!(rs) | imm),
                Op::Xori => set!(rt, r!(rs) ^ imm),
                Op::Lui => set!(rt, imm),

                Op::MtUserLocal => self.user_local = r!(rt),
                Op::MtTick => self.tick = r!(rt),

                Op::Madd => self.set_accumulator(
                    self.accumulator()
                        .wrapping_add(signed_product(r!(rs), r!(rt))),
                ),
                Op::Maddu => self.set_accumulator(
                    self.accumulator()
                        .wrapping_add(r!(rs) as u64 * r!(rt) as u64),
                ),
                Op::Mul => set!(rd, r!(rs).wrapping_mul(r!(rt))),
                Op::Msub => self.set_accumulator(
                    self.accumulator()
                        .wrapping_sub(signed_product(r!(rs), r!(rt))),
                ),
                Op::Msubu => self.set_accumulator(
                    self.accumulator()
                        .wrapping_sub(r!(rs) as u64 * r!(rt) as u64),
                ),
                Op::Clz => set!(rd, r!(rs).leading_zeros()),
                Op::Clo => set!(rd, r!(rs).leading_ones()),

                Op::Ext => {
                    let (lsb, size) = instruction.bit_field();
                    set!(rt, r!(rs) >> lsb & low_bits(size))
                }
                Op::Ins => {
                    let (lsb, size) = instruction.bit_field();
                    let mask = low_bits(size) << lsb;
                    set!(rt, r!(rt) & !mask | r!(rs) << lsb & mask)
                }
                Op::Wsbh => set!(rd, r!(rt).swap_bytes().rotate_left(16)),
                Op::Seb => set!(rd, r!(rt) as i8 as u32),
                Op::Seh => set!(rd, r!(rt) as i16 as u32),
                Op::Rdhwr => set!(
                    rt,
                    match rd {
                        1 => 32,
                        3 => 2,
                        29 => self.user_local,
                        _ => 0,
                    }
                ),

                Op::Lb => {
                    let (word, address) = load!(1);
                    set!(rt, (word >> (8 * (address & 3 ^ flip))) as i8 as u32)
                }
                Op::Lh => {
                    let (word, address) = load!(2);
                    set!(rt, (word >> (8 * (address & 3 ^ flip & 2))) as i16 as u32)
                }
                Op::Lwl => {
                    let (word, address) = load!(1);
                    let shift = 24 - 8 * (address & 3 ^ flip);
                    set!(rt, word << shift | r!(rt) & !(u32::MAX << shift))
                }
                Op::Lw | Op::Ll => {
                    let (word, _) = load!(4);
                    set!(rt, word)
                }
                Op::Lbu => {
                    let (word, address) = load!(1);
                    set!(rt, word >> (8 * (address & 3 ^ flip)) & 0xff)
                }
                Op::Lhu => {
                    let (word, address) = load!(2);
                    set!(rt, word >> (8 * (address & 3 ^ flip & 2)) & 0xffff)
                }
                Op::Lwr => {
                    let (word, address) = load!(1);
                    let shift = 8 * (address & 3 ^ flip);
                    set!(rt, word >> shift | r!(rt) & !(u32::MAX >> shift))
                }
                Op::Sb => {
                    let address = address!(1, store true);
                    let shift = 8 * (address & 3 ^ flip);
                    store!(address, 0xff << shift, r!(rt) << shift)
                }
                Op::Sh => {
                    let address = address!(2, store true);
                    let shift = 8 * (address & 3 ^ flip & 2);
                    store!(address, 0xffff << shift, r!(rt) << shift)
                }
                Op::Swl => {
                    let address = address!(1, store true);
                    let shift = 24 - 8 * (address & 3 ^ flip);
                    store!(address, u32::MAX >> shift, r!(rt) >> shift)
                }
                Op::Sw => {
                    let address = address!(4, store true);
                    self.memory.write(address >> 2, r!(rt))
                }
                Op::Swr => {
                    let address = address!(1, store true);
                    let shift = 8 * (address & 3 ^ flip);
                    store!(address, u32::MAX << shift, r!(rt) << shift)
                }
                Op::Pref => {
                    if pc >= KERNEL_START && instruction.rt == HOST_CALL_HINT && rs == 0 {
                        save!();
                        self.host_call(imm, observer);
                    }
                }
                Op::Sc => {
                    let address = address!(4, store true);
                    self.memory.write(address >> 2, r!(rt));
                    set!(rt, 1)
                }
            }
            self.regs[0] = 0;
            pc = next_pc;
            next_pc = after;
            remaining -= 1;
            if pc == next_pc && pc == HALT && stop_at_halt {
                break;
            }
        }
        save!();
        Ok(if self.halted() {
            Outcome::Halted
        } else {
            Outcome::LimitReached
        })
    }

    /// An access for which there is no right: one that faults, one that standard input has to be supplied for, or one of user code that
    /// Linux would not allow.
    #[cold]
    #[inline(never)]
    fn unusual_access(&mut self, pc: u32, address: u32, store: bool) -> Result<Access, RunError> {
        if address < LOWEST_ADDRESS {
            return Ok(Access::Fault);
        }
        let code = || self.program.instruction_at(address & !3).is_some();
        let mapped = |mappings: &Mappings| mappings.contains(address);
        let kind = match pc < USER_END {
            _ if address < USER_END && store && code() => Some(DiagnosticKind::StoreIntoCode),
            true if address >= USER_END => Some(DiagnosticKind::SystemAccess),
            true if self.mappings.as_ref().is_some_and(mapped) => {
                Some(DiagnosticKind::ProtectedAccess)
            }
            true => Some(DiagnosticKind::UnmappedAccess),
            false => None,
        };
        if let Some(kind) = kind {
            let violation = Diagnostic {
                kind,
                pc,
                address,
                store,
                instructions: self.instructions,
            };
            if self.stop_at_violation && pc < USER_END {
                self.stopped = Some(violation);
                return Ok(Access::Stop);
            }
            self.diagnose(violation);
        }
        if address >= PRIVATE_TAPE && self.stdin.is_some() {
            self.supply_stdin()?;
        }
        Ok(Access::Fine)
    }

    /// Before user code goes on: what it has mapped may have changed.
    fn refresh_rights(&mut self) {
        if let Some(mappings) = self.mappings.as_mut().filter(|mappings| mappings.stale) {
            mappings.refresh(&self.memory, &mut self.rights);
        }
    }

    fn accumulator(&self) -> u64 {
        (self.hi as u64) << 32 | self.lo as u64
    }

    fn set_accumulator(&mut self, value: u64) {
        self.hi = (value >> 32) as u32;
        self.lo = value as u32;
    }
}

/// What becomes of an access that is not plainly allowed.
enum Access {
    /// It takes place.
    Fine,
    /// It raises an exception.
    Fault,
    /// The run ends before it.
    Stop,
}

/// Rights that loads and stores of instructions in the range with this first address need.
fn needed_rights(first: u32) -> (u8, u8) {
    match first < KERNEL_START {
        true => (USER_LOAD, USER_STORE),
        false => (KERNEL_LOAD, KERNEL_STORE),
    }
}

/// First address and instructions of the only range that can contain `pc`; whether it does is for the caller to see.
fn find(blocks: &[Block], pc: u32) -> (u32, &[Instruction]) {
    let after = blocks.partition_point(|block| block.range.first <= pc);
    match after.checked_sub(1) {
        Some(index) => (blocks[index].range.first, &blocks[index].code),
        None => (0, &[]),
    }
}

fn misaligned(address: u32, bytes: u32) -> bool {
    address & (bytes - 1) != 0
}

fn signed_product(x: u32, y: u32) -> u64 {
    (x as i32 as i64).wrapping_mul(y as i32 as i64) as u64
}

/// A mask of `size` bits, 1 to 32.
fn low_bits(size: u32) -> u32 {
    u32::MAX >> (32u32.wrapping_sub(size) & 31)
}
