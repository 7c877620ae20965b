//! Random programs under QEMU and here: every register and every byte written must be the same.
//!
//! Each program is a static ELF file that runs blocks of random instructions, stores all registers after each block,
//! writes what it stored to standard output and exits. Skipped, with a line that says so, where `qemu-mips` and `qemu-mipsel`
//! (package `qemu-user`) are not installed.

mod common;
use common::elf_file::{ElfFile, Part};
use common::*;
use rand::seq::SliceRandom;
use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::process::{Command, Stdio};
use zkmips_emulator::constants::EXCEPTION_VECTOR;
use zkmips_emulator::elf::Segment;
use zkmips_emulator::isa::{decode, Format, Op};
use zkmips_emulator::{ByteOrder, Machine, Outcome, Program};

const TEXT: u32 = 0x40_0000;
/// Where the blocks load and store.
const DATA: u32 = 0x80_0000;
const DATA_BYTES: u32 = 128;
/// Points into the data; no instruction writes it.
const BASE: u8 = 30;
/// Base of the saved registers; no instruction uses it.
const SAVED_BASE: u8 = 29;
/// Holds HI and LO on their way to memory, jump targets, and what `sc` must not disturb.
const SCRATCH: u8 = 26;
/// Registers that instructions read and write: all but those above and `$27`, which belong to the kernel.
const REGISTERS: std::ops::Range<u8> = 0..26;
const SAVED_WORDS: u32 = 28;
const BLOCKS: u32 = 200;
const BLOCK_UNITS: usize = 10;

fn qemu(order: ByteOrder) -> Option<&'static str> {
    let name = match order {
        ByteOrder::Big => "qemu-mips",
        ByteOrder::Little => "qemu-mipsel",
    };
    let found = Command::new(name)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !found.is_ok_and(|status| status.success()) {
        println!("skipped: {name} is not installed (Debian package qemu-user)");
        return None;
    }
    Some(name)
}

/// Writes random programs.
struct Writer {
    random: ChaCha8Rng,
    words: Vec<u32>,
    saved: u32,
}

impl Writer {
    fn new(seed: u64) -> Self {
        Writer {
            random: ChaCha8Rng::seed_from_u64(seed),
            words: Vec::new(),
            saved: 0,
        }
    }

    fn here(&self) -> u32 {
        TEXT + 4 * self.words.len() as u32
    }

    fn register(&mut self) -> u8 {
        self.random.gen_range(REGISTERS)
    }

    fn operand(&mut self) -> u32 {
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
    fn plain(&mut self, op: Op) -> Option<u32> {
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

    fn any_plain(&mut self) -> u32 {
        loop {
            let op = *Op::ALL.choose(&mut self.random).unwrap();
            if let Some(word) = self.plain(op) {
                return word;
            }
        }
    }

    /// One operation with what it needs around it.
    fn unit(&mut self, op: Op) {
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
    fn save(&mut self) {
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
    fn start(&mut self) {
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
    fn refresh(&mut self) {
        for _ in 0..3 {
            let (register, value) = (self.register(), self.operand());
            self.words.extend(li(register, value));
        }
    }

    /// Writes data and saved registers to standard output and exits with status 0.
    fn finish(&mut self) -> usize {
        let length = DATA_BYTES + self.saved * 4 * SAVED_WORDS;
        let syscall = ins(Op::Syscall, 0, 0, 0, 0);
        self.words
            .extend([li(4, 1), li(5, DATA), li(6, length), li(2, 4004)].concat());
        self.words.push(syscall);
        let write = self.words.len() - 1;
        self.words.extend([li(4, 0), li(2, 4246)].concat());
        self.words.push(syscall);
        write
    }

    fn data(&mut self) -> Vec<u8> {
        let mut data: Vec<u8> = (0..DATA_BYTES).map(|_| self.random.gen()).collect();
        data.resize(0x10000, 0);
        data
    }
}

fn is_trap(op: Op) -> bool {
    matches!(
        op,
        Op::Tge | Op::Tgeu | Op::Tlt | Op::Tltu | Op::Teq | Op::Tne
    )
}

fn elf_file(order: ByteOrder, text: &[u32], data: &[u8]) -> Vec<u8> {
    let data = Part::data(DATA, data.to_vec(), data.len() as u32);
    let text = Part::text(TEXT, bytes(order, text));
    ElfFile::new(order, TEXT, vec![text, data]).build()
}

/// Standard output of a program under QEMU and its status, 128 + signal if one ended it.
fn run_qemu(name: &str, file: &[u8]) -> (Vec<u8>, i32) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("program");
    std::fs::write(&path, file).unwrap();
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    std::fs::set_permissions(&path, permissions).unwrap();
    // A guest that dies leaves its core in the working directory.
    let output = Command::new(name)
        .args(["-cpu", "24Kc"])
        .arg(&path)
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
    // QEMU ends with the host's signal; of those that matter here only SIGBUS has another number on MIPS.
    const HOST_SIGBUS: i32 = 7;
    let mips = |signal| if signal == HOST_SIGBUS { 10 } else { signal };
    let status = output
        .status
        .code()
        .or(signal.map(|signal| 128 + mips(signal)));
    (output.stdout, status.unwrap())
}

/// Standard output of a program here, under the kernel, and its status.
fn run_kernel(file: &[u8]) -> (Vec<u8>, i32) {
    let program = Program::load(file).unwrap();
    let mut machine = Machine::new(&program, &Default::default()).unwrap();
    assert_eq!(machine.run(100_000_000).unwrap(), Outcome::Halted);
    (machine.output(), machine.status() as i32)
}

/// The machine at its first exception.
fn run_here(order: ByteOrder, text: &[u32], data: &[u8]) -> Machine<'static> {
    let data = Segment {
        address: DATA,
        bytes: data.to_vec(),
        memory_bytes: data.len() as u32,
        executable: false,
    };
    let program = Program::from_segments(order, &[code(order, TEXT, text), data]);
    let mut machine = Machine::new(&program, &Default::default()).unwrap();
    (machine.pc, machine.next_pc) = (TEXT, TEXT + 4);
    for _ in 0..1_000_000 {
        machine.step().unwrap();
        if machine.pc == EXCEPTION_VECTOR {
            return machine;
        }
    }
    panic!("no exception");
}

#[test]
fn random_programs_leave_the_same_registers_and_memory() {
    for order in ByteOrder::ALL {
        let Some(name) = qemu(order) else { return };
        for seed in 0..6 {
            let mut writer = Writer::new(seed);
            writer.start();
            let mut ends = Vec::new();
            let mut ops: Vec<Op> = Op::ALL.to_vec();
            for _ in 0..BLOCKS {
                writer.refresh();
                for _ in 0..BLOCK_UNITS {
                    // Every operation in turn, in random order.
                    if ops.is_empty() {
                        ops = Op::ALL.to_vec();
                    }
                    let next = writer.random.gen_range(0..ops.len());
                    let op = ops.swap_remove(next);
                    writer.unit(op);
                }
                writer.save();
                ends.push(writer.words.len());
            }
            let write = writer.finish();
            let data = writer.data();
            let file = elf_file(order, &writer.words, &data);
            let (expected, status) = run_qemu(name, &file);
            assert_eq!(status, 0, "seed {seed} under {name}");
            let machine = run_here(order, &writer.words, &data);
            let at = TEXT + 4 * write as u32;
            assert_eq!(machine.regs[26], at, "seed {seed} does not reach its end");
            let got = machine.memory.read_bytes(order, DATA, expected.len());
            if let Some(byte) = (DATA_BYTES as usize..got.len()).find(|&i| got[i] != expected[i]) {
                let word = (byte - DATA_BYTES as usize) / 4;
                let (block, register) = (word / SAVED_WORDS as usize, word % SAVED_WORDS as usize);
                let start = if block == 0 { 0 } else { ends[block - 1] };
                let listing: Vec<String> = (start..ends[block])
                    .map(|i| format!("{:x}: {}", TEXT as usize + 4 * i, decode(writer.words[i])))
                    .collect();
                let word = byte / 4 * 4;
                panic!(
                    "{name}, seed {seed}: register {register} (26 is HI, 27 is LO, 0 is $31) after block {block}: {:x?} and not {:x?}\n{}",
                    &got[word..word + 4], &expected[word..word + 4], listing.join("\n")
                );
            }
            assert!(got == expected, "{name}, seed {seed}: stored data differ");
            let through_kernel = run_kernel(&file);
            assert!(
                through_kernel == (expected, 0),
                "{name}, seed {seed}: the kernel disturbs"
            );
        }
    }
}

/// Whether QEMU, this machine and its kernel agree what `word` does with these values of `$4` and `$5`: go on, or
/// end with which signal.
fn compare_fault(name: &str, order: ByteOrder, word: u32, a0: u32, a1: u32) {
    let mut writer = Writer::new(0);
    writer.words.extend([li(4, a0), li(5, a1)].concat());
    let at = writer.here();
    writer.words.extend([word, NOP]);
    writer.finish();
    let data = [7; 256];
    let file = elf_file(order, &writer.words, &data);
    let (_, status) = run_qemu(name, &file);
    let machine = run_here(order, &writer.words, &data);
    let faults = machine.regs[26] == at;
    let text = decode(word).to_string();
    assert_eq!(faults, status != 0, "{name}: {text} with {a0:#x}, {a1:#x}");
    let (_, here) = run_kernel(&file);
    assert_eq!(here, status, "{name}: {text} with {a0:#x}, {a1:#x}");
}

#[test]
fn the_same_instructions_fault() {
    let pairs = [
        (1, 1),
        (u32::MAX, 1),
        (0x7fff_ffff, 1),
        (0x8000_0000, 0xffff_ffff),
    ];
    for order in ByteOrder::ALL {
        let Some(name) = qemu(order) else { return };
        for &op in Op::ALL {
            match op.format() {
                _ if matches!(op, Op::Add | Op::Sub) || is_trap(op) => {
                    for (x, y) in pairs {
                        compare_fault(name, order, r3(op, 2, 4, 5), x, y);
                    }
                }
                Format::TrapImmediate | Format::Signed if op.mnemonic().ends_with('i') => {
                    for (x, y) in pairs {
                        compare_fault(name, order, ins(op, 4, 2, 0, y & 0x7fff), x, 0);
                    }
                }
                // QEMU's `sc` without `ll` fails before it looks at the address.
                Format::Memory if op.accesses_memory() && op != Op::Sc => {
                    for address in [DATA + 1, DATA + 2, 0, 0xfffc] {
                        compare_fault(name, order, imm(op, 2, 4, 0), address, 0);
                    }
                }
                _ => {}
            }
        }
        // A breakpoint and words that QEMU's default processor refuses too.
        let words = [
            0x0000_000d,
            0x0000_0035,
            0x0044_1142,
            0x7c83_f940,
            0x7c83_2184,
            0x7c03_203b,
            0x4080_6000,
            0xbc00_0000,
        ];
        for word in words {
            compare_fault(name, order, word, DATA, 0);
        }
    }
}

/// `decode` and QEMU's default processor agree on every opcode, function and minor code which words are instructions.
#[test]
fn the_same_words_are_reserved() {
    let order = ByteOrder::Little;
    let Some(name) = qemu(order) else { return };
    let mut words: Vec<u32> = (0..64).map(|opcode| opcode << 26).collect();
    for function in 0..64 {
        words.extend([function, 0x1c << 26 | function, 0x1f << 26 | function]);
    }
    for minor in 0..32 {
        words.extend([
            1 << 26 | minor << 16,
            0x1f << 26 | 2 << 11 | 0x20 | minor << 6,
        ]);
        words.extend([0x1f << 26 | 0x3b | minor << 11]);
        words.extend([2 | minor << 21, 6 | minor << 6]);
    }
    words.sort();
    words.dedup();
    // What QEMU takes and the machine does not have: a monitor call, `sdbbp`, `jalx`, an MSA branch, and DSP instructions
    // without a destination.
    const MORE: [u32; 7] = [
        0x0000_0005,
        0x7000_003f,
        0x7400_0000,
        0x7800_0000,
        0x7c00_0010,
        0x7c00_0013,
        0x7c00_0038,
    ];
    for word in words {
        let mut writer = Writer::new(0);
        writer.words.extend([word, NOP]);
        writer.finish();
        let (_, status) = run_qemu(name, &elf_file(order, &writer.words, &[0; 16]));
        const SIGILL: i32 = 4;
        let reserved = decode(word).op == Op::Reserved && !MORE.contains(&word);
        assert_eq!(
            reserved,
            status == 128 + SIGILL,
            "{word:08x}: {}, status {status}",
            decode(word)
        );
    }
}
