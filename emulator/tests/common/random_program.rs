//! Writes random programs: blocks of random instructions that neither fault nor leave, each followed by stores of all registers.

use super::elf_file::{ElfFile, Part};
use super::*;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zkmips_emulator::isa::Format;

pub const TEXT: u32 = 0x40_0000;
/// Where the blocks load and store.
pub const DATA: u32 = 0x80_0000;
pub const DATA_BYTES: u32 = 128;
/// Points into the data; no instruction writes it.
pub const BASE: u8 = 30;
/// Base of the saved registers; no instruction uses it.
pub const SAVED_BASE: u8 = 29;
/// Holds HI and LO on their way to memory, jump targets, and what `sc` must not disturb.
pub const SCRATCH: u8 = 26;
/// Registers that instructions read and write: all but those above and `$27`, which belong to the kernel.
pub const REGISTERS: std::ops::Range<u8> = 0..26;
pub const SAVED_WORDS: u32 = 28;
pub const BLOCKS: u32 = 200;
pub const BLOCK_UNITS: usize = 10;

/// Writes random programs.
pub struct Writer {
    pub random: ChaCha8Rng,
    pub words: Vec<u32>,
    pub saved: u32,
}

impl Writer {
    pub fn new(seed: u64) -> Self {
        Writer {
            random: ChaCha8Rng::seed_from_u64(seed),
            words: Vec::new(),
            saved: 0,
        }
    }

    pub fn here(&self) -> u32 {
        TEXT + 4 * self.words.len() as u32
    }

    pub fn register(&mut self) -> u8 {
        self.random.gen_range(REGISTERS)
    }

    pub fn operand(&mut self) -> u32 {
        let special = [
            0,
            1,
            2,
            u32::MAX,
            0x8000_0000,
            0x7fff_ffff,
            0xffff,
            0x8000,
            31,
            32,
        ];
        match self.random.gen_range(0..4) {
            0 => *special.choose(&mut self.random).unwrap(),
            1 => self.random.gen_range(0..100),
            _ => self.random.gen(),
        }
    }

    /// An instruction that neither faults nor jumps; `None` for operations that need more than one.
    pub fn plain(&mut self, op: Op) -> Option<u32> {
        let (rs, rt, rd) = (self.register(), self.register(), self.register());
        let immediate: u32 = self.random.gen_range(-0x8000..0x8000) as u32;
        Some(match op.format() {
            _ if matches!(op, Op::Add | Op::Sub | Op::Addi | Op::Sync) => return None,
            Format::ThreeRegisters | Format::ShiftByRegister => ins(op, rs, rt, rd, 0),
            Format::ShiftByAmount => ins(op, 0, rt, rd, self.random.gen_range(0..32)),
            // The manual wants rt = rd here.
            Format::RdRs if matches!(op, Op::Clz | Op::Clo) => {
                ins(op, rs, 0, rd, 0) | (rd as u32) << 16
            }
            Format::RdRt => ins(op, 0, rt, rd, 0),
            Format::RsRt if !is_trap(op) => ins(op, rs, rt, 0, 0),
            Format::Rs if op != Op::Jr => ins(op, rs, 0, 0, 0),
            Format::Rd => ins(op, 0, 0, rd, 0),
            Format::Signed => ins(op, rs, rt, 0, immediate),
            Format::Unsigned => ins(op, rs, rt, 0, immediate & 0xffff),
            Format::Upper => ins(op, 0, rt, 0, immediate << 16),
            Format::BitField => {
                let lsb = self.random.gen_range(0..32);
                let size = self.random.gen_range(1..=32 - lsb);
                ins(op, rs, rt, 0, lsb | size << 8)
            }
            Format::HardwareRegister => {
                let number = *[0, 1, 3, 29].choose(&mut self.random).unwrap();
                ins(op, 0, rt, number, 0)
            }
            Format::Memory if op != Op::Sc => {
                let align = match op {
                    Op::Lw | Op::Sw | Op::Ll => 4,
                    Op::Lh | Op::Lhu | Op::Sh => 2,
                    _ => 1,
                };
                let offset = self.random.gen_range(-32..32) / align * align;
                imm(op, rt, BASE, offset)
            }
            _ => return None,
        })
    }

    pub fn any_plain(&mut self) -> u32 {
        loop {
            let op = *Op::ALL.choose(&mut self.random).unwrap();
            if let Some(word) = self.plain(op) {
                return word;
            }
        }
    }

    /// One operation with what it needs around it.
    pub fn unit(&mut self, op: Op) {
        if let Some(word) = self.plain(op) {
            return self.words.push(word);
        }
        let (rs, rt, rd) = (self.register(), self.register(), self.register());
        match op.format() {
            // Halved operands cannot overflow.
            _ if matches!(op, Op::Add | Op::Sub | Op::Addi) => {
                for register in [rs, rt] {
                    self.words.push(ins(Op::Sra, 0, register, register, 1));
                }
                let immediate = self.random.gen_range(-0x8000..0x8000) as u32;
                self.words.push(ins(op, rs, rt, rd, immediate));
            }
            _ if matches!(op, Op::Sync | Op::Synci) => self.words.push(ins(op, 0, 0, 0, 0)),
            _ if op == Op::Sc => {
                self.words.push(imm(Op::Ll, SCRATCH, BASE, 4));
                self.words.push(imm(op, rt, BASE, 4));
            }
            Format::CompareBranch | Format::ZeroBranch => {
                let rs = if rs == 0 { 4 } else { rs };
                let rt = *[rt, rs].choose(&mut self.random).unwrap();
                let skipped = self.random.gen_range(0..4);
                self.words.push(branch(op, rs, rt, skipped));
                for _ in 0..=skipped {
                    let word = self.any_plain();
                    self.words.push(word);
                }
            }
            Format::Jump | Format::RdRs | Format::Rs => {
                let skipped = self.random.gen_range(0..4);
                let direct = op.format() == Format::Jump;
                let length = 2 + skipped + if direct { 0 } else { 2 };
                let target = self.here() + 4 * length;
                if direct {
                    self.words.push(ins(op, 0, 0, 0, target));
                } else {
                    // `jalr rd, rs` with rd = rs must jump to the old value.
                    let linked = op == Op::Jalr && rs != 0 && self.random.gen();
                    let (through, link) = if linked { (rs, rs) } else { (SCRATCH, rd) };
                    self.words.extend(li(through, target));
                    self.words.push(ins(op, through, 0, link, 0));
                }
                for _ in 0..=skipped {
                    let word = self.any_plain();
                    self.words.push(word);
                }
            }
            _ => {}
        }
    }

    /// Stores the registers behind what is stored already.
    pub fn save(&mut self) {
        let offset = |index: u32| (self.saved * 4 * SAVED_WORDS + 4 * index) as i32 - 0x8000;
        let mut words = Vec::new();
        for register in REGISTERS {
            words.push(imm(Op::Sw, register, SAVED_BASE, offset(register as u32)));
        }
        // $31 is written by the and-link forms and by `jal`.
        words.push(imm(Op::Sw, 31, SAVED_BASE, offset(0)));
        words.push(r3(Op::Mfhi, SCRATCH, 0, 0));
        words.push(imm(Op::Sw, SCRATCH, SAVED_BASE, offset(26)));
        words.push(r3(Op::Mflo, SCRATCH, 0, 0));
        words.push(imm(Op::Sw, SCRATCH, SAVED_BASE, offset(27)));
        self.words.extend(words);
        self.saved += 1;
    }

    /// Sets registers, HI and LO.
    pub fn start(&mut self) {
        for register in REGISTERS.skip(1).chain([31]) {
            let value = self.operand();
            self.words.extend(li(register, value));
        }
        self.words.push(r3(Op::Mthi, 0, 4, 0));
        self.words.push(r3(Op::Mtlo, 0, 5, 0));
        self.words.extend(li(BASE, DATA + DATA_BYTES / 2));
        self.words
            .extend(li(SAVED_BASE, DATA + DATA_BYTES + 0x8000));
    }

    /// New values in a few registers, lest everything becomes zero.
    pub fn refresh(&mut self) {
        for _ in 0..3 {
            let (register, value) = (self.register(), self.operand());
            self.words.extend(li(register, value));
        }
    }

    /// Writes data, saved registers and notes of faults to standard output and exits with status 0.
    pub fn finish(&mut self) -> usize {
        let length = DATA_BYTES + self.saved * 4 * SAVED_WORDS;
        let syscall = ins(Op::Syscall, 0, 0, 0, 0);
        self.words
            .extend([li(4, 1), li(5, DATA), li(6, length), li(2, 4004)].concat());
        self.words.push(syscall);
        let write = self.words.len() - 1;
        self.call(4004, &[1, LOG, LOG_BYTES]);
        self.words.extend([li(4, 0), li(2, 4246)].concat());
        self.words.push(syscall);
        write
    }

    pub fn data(&mut self) -> Vec<u8> {
        let mut data: Vec<u8> = (0..DATA_BYTES).map(|_| self.random.gen()).collect();
        data.resize(ALL_BYTES as usize, 0);
        data
    }
}

pub fn is_trap(op: Op) -> bool {
    matches!(
        op,
        Op::Tge | Op::Tgeu | Op::Tlt | Op::Tltu | Op::Teq | Op::Tne
    )
}

pub fn elf_file(order: ByteOrder, text: &[u32], data: &[u8]) -> Vec<u8> {
    let data = Part::data(DATA, data.to_vec(), data.len() as u32);
    let text = Part::text(TEXT, bytes(order, text));
    ElfFile::new(order, TEXT, vec![text, data]).build()
}

/// A program and what is known about it.
pub struct RandomProgram {
    pub words: Vec<u32>,
    pub data: Vec<u8>,
    /// Which words are random.
    pub random: Vec<bool>,
    /// Words before the end of each block.
    pub ends: Vec<usize>,
    /// Position of the system call that writes the results.
    pub write: usize,
}

impl RandomProgram {
    pub fn elf(&self, order: ByteOrder) -> Vec<u8> {
        elf_file(order, &self.words, &self.data)
    }

    /// The block that contains a word, disassembled.
    pub fn listing(&self, block: usize) -> String {
        let start = if block == 0 { 0 } else { self.ends[block - 1] };
        let line = |i: usize| {
            let address = TEXT + 4 * i as u32;
            let text = zkmips_emulator::isa::decode(self.words[i]).at(address);
            format!("{address:x}: {text}")
        };
        let lines: Vec<String> = (start..self.ends[block]).map(line).collect();
        lines.join("\n")
    }

    /// Whether the instruction at this address is a random one.
    pub fn is_random(&self, pc: u32) -> bool {
        let index = pc.wrapping_sub(TEXT) / 4;
        self.random.get(index as usize).copied().unwrap_or(false)
    }
}

/// A program that does not fault. Every operation comes in turn, in random order.
pub fn plain_program(seed: u64) -> RandomProgram {
    let mut writer = Writer::new(seed);
    writer.start();
    writer.program(|writer, op| writer.unit(op))
}

/// A program in which every other operation faults, in delay slots too. A handler notes signal, code, address and pc of each fault and goes
/// on behind it.
pub fn faulting_program(seed: u64) -> RandomProgram {
    let mut writer = Writer::new(seed);
    writer.handler();
    writer.start();
    writer.program(|writer, op| match writer.random.gen() {
        true => writer.fault(),
        false => writer.unit(op),
    })
}

/// Where the handler notes faults: the address of the next note, the address to go on at, then the notes.
pub const LOG: u32 = DATA + 0x1_0000;
const LOG_RESUME: u32 = LOG + 4;
pub const LOG_NOTES: u32 = LOG + 16;
pub const NOTE_BYTES: i32 = 16;
pub const LOG_BYTES: u32 = 0x1_0000;
const ALTERNATE_STACK: u32 = DATA + 0x2_0000;
const ALTERNATE_BYTES: u32 = 0x4000;
const ALL_BYTES: u32 = 0x2_4000;
const SIGNALS: [u32; 5] = [4, 5, 8, 10, 11];
/// `SA_SIGINFO | SA_ONSTACK | SA_NODEFER`
const ACTION_FLAGS: u32 = 8 | 0x0800_0000 | 0x4000_0000;
/// Offset of the pc in the context; it is a 64-bit value.
const CONTEXT_PC: i32 = 32;

impl Writer {
    fn program(mut self, mut next: impl FnMut(&mut Writer, Op)) -> RandomProgram {
        let mut random = Vec::new();
        let mut ends = Vec::new();
        let mut ops: Vec<Op> = Op::ALL.to_vec();
        for _ in 0..BLOCKS {
            self.refresh();
            for _ in 0..BLOCK_UNITS {
                if ops.is_empty() {
                    ops = Op::ALL.to_vec();
                }
                let chosen = self.random.gen_range(0..ops.len());
                let op = ops.swap_remove(chosen);
                random.resize(self.words.len(), false);
                next(&mut self, op);
                random.resize(self.words.len(), true);
            }
            self.save();
            ends.push(self.words.len());
        }
        let write = self.finish();
        RandomProgram {
            data: self.data(),
            words: self.words,
            random,
            ends,
            write,
        }
    }

    fn call(&mut self, number: u32, arguments: &[u32]) {
        for (register, &argument) in (4..).zip(arguments) {
            self.words.extend(li(register, argument));
        }
        self.words.extend(li(2, number));
        self.words.push(ins(Op::Syscall, 0, 0, 0, 0));
    }

    /// The handler, a jump around it, and what makes it one for all signals.
    fn handler(&mut self) {
        let t = |n: u8| 8 + n;
        let mut body = Vec::new();
        body.extend(li(t(0), LOG));
        body.push(imm(Op::Lw, t(1), t(0), 0));
        body.push(imm(Op::Sw, 4, t(1), 0));
        // The half of the pc with a value in it: the other one is zero.
        body.push(imm(Op::Lw, t(2), 6, CONTEXT_PC));
        body.push(imm(Op::Lw, t(3), 6, CONTEXT_PC + 4));
        body.push(r3(Op::Or, t(4), t(2), t(3)));
        body.push(imm(Op::Sw, t(4), t(1), 4));
        // `si_code` and what follows `si_errno`: the address, or zero.
        for (from, to) in [(4, 8), (12, 12)] {
            body.push(imm(Op::Lw, t(5), 5, from));
            body.push(imm(Op::Sw, t(5), t(1), to));
        }
        body.push(imm(Op::Addiu, t(1), t(1), NOTE_BYTES));
        body.push(imm(Op::Sw, t(1), t(0), 0));
        body.push(imm(Op::Lw, t(1), t(0), (LOG_RESUME - LOG) as i32));
        // Into the half that holds the pc, and zero into the other.
        body.push(r3(Op::Movn, t(2), t(1), t(2)));
        body.push(r3(Op::Movn, t(3), t(1), t(3)));
        body.push(imm(Op::Sw, t(2), 6, CONTEXT_PC));
        body.push(imm(Op::Sw, t(3), 6, CONTEXT_PC + 4));
        body.push(ins(Op::Jr, 31, 0, 0, 0));
        body.push(NOP);
        let handler = self.here() + 8;
        self.words.push(branch(Op::Beq, 0, 0, body.len() as i32));
        self.words.push(NOP);
        self.words.extend(body);

        let mut store = |address: u32, value: u32| {
            let words = [li(8, address), li(9, value)].concat();
            self.words.extend(words);
            self.words.push(imm(Op::Sw, 9, 8, 0));
        };
        store(LOG, LOG_NOTES);
        store(ALTERNATE_STACK, ACTION_FLAGS);
        store(ALTERNATE_STACK + 4, handler);
        // struct sigaltstack: address, size, flags.
        store(ALTERNATE_STACK + 32, ALTERNATE_STACK + 64);
        store(ALTERNATE_STACK + 36, ALTERNATE_BYTES - 64);
        store(ALTERNATE_STACK + 40, 0);
        self.call(4206, &[ALTERNATE_STACK + 32, 0]);
        for signal in SIGNALS {
            self.call(4194, &[signal, ALTERNATE_STACK, 0, 16]);
        }
    }

    /// An instruction that faults, or may, alone or in the delay slot of a branch or jump, and what is behind it.
    fn fault(&mut self) {
        let register = self.random.gen_range(8..16);
        let other = self.random.gen_range(16..24);
        let mut setup = Vec::new();
        let mut set = |register: u8, value: u32| setup.extend(li(register, value));
        let memory = [
            Op::Lb,
            Op::Lh,
            Op::Lwl,
            Op::Lw,
            Op::Lbu,
            Op::Lhu,
            Op::Lwr,
            Op::Sb,
            Op::Sh,
            Op::Swl,
            Op::Sw,
            Op::Swr,
            Op::Ll,
        ];
        let word = match self.random.gen_range(0..6) {
            // Below 64 KiB, aligned for everything.
            0 => {
                set(register, self.random.gen_range(1..0x3ffe) * 4);
                let op = *memory.choose(&mut self.random).unwrap();
                imm(op, other, register, 4 * self.random.gen_range(-1..2))
            }
            // Perhaps unaligned.
            1 => {
                set(register, DATA + self.random.gen_range(0..64));
                let op = *memory.choose(&mut self.random).unwrap();
                imm(op, other, register, self.random.gen_range(0..8))
            }
            // Overflow, perhaps.
            2 => {
                let (x, y) = (self.operand(), self.operand());
                set(register, x);
                set(other, y);
                match self.random.gen_range(0..3) {
                    0 => r3(Op::Add, 3, register, other),
                    1 => r3(Op::Sub, 3, register, other),
                    _ => imm(
                        Op::Addi,
                        3,
                        register,
                        self.random.gen_range(-0x8000..0x8000),
                    ),
                }
            }
            // Traps, perhaps taken.
            3 => {
                let (x, y) = (self.operand(), self.operand());
                set(register, x);
                set(other, y);
                let traps: Vec<Op> = Op::ALL
                    .iter()
                    .copied()
                    .filter(|&op| is_trap(op) || op.format() == Format::TrapImmediate)
                    .collect();
                let op = *traps.choose(&mut self.random).unwrap();
                let immediate: i32 = self.random.gen_range(-0x8000..0x8000);
                ins(op, register, other, 0, immediate as u32)
            }
            4 => *[0x0000_000d, 0x0000_0035, 0x7c83_f940]
                .choose(&mut self.random)
                .unwrap(),
            // A jump to where nothing is. (QEMU 7.2 executes what it finds at an unaligned address.)
            _ => {
                let to = self.random.gen_range(1..0x1000) * 4;
                set(register, to);
                ins(Op::Jr, register, 0, 0, 0)
            }
        };
        // `SCRATCH` belongs to the kernel: what the handler needs is set here.
        let is_jump = zkmips_emulator::isa::decode(word).op == Op::Jr;
        let delayed = !is_jump && self.random.gen();
        let branches = [
            Op::Beq,
            Op::Bne,
            Op::Bgez,
            Op::Bltz,
            Op::Beql,
            Op::Bnel,
            Op::Jal,
        ];
        let op = *branches.choose(&mut self.random).unwrap();
        let length = setup.len() as u32 + 5 + 2 + u32::from(delayed);
        let resume = self.here() + 4 * length;
        self.words.extend(li(24, LOG));
        self.words.extend(li(25, resume));
        self.words
            .push(imm(Op::Sw, 25, 24, (LOG_RESUME - LOG) as i32));
        self.words.extend(setup);
        if delayed {
            match op {
                Op::Jal => self.words.push(ins(op, 0, 0, 0, resume)),
                op => self.words.push(branch(op, register, other, 1)),
            }
        }
        self.words.push(word);
        // The delay slot of the jump, or one more.
        let last = self.any_plain();
        self.words.push(last);
    }
}
