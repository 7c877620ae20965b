//! Random programs under QEMU and here: every register and every byte written must be the same.
//!
//! Each program is a static ELF file that runs blocks of random instructions, stores all registers after each block,
//! writes what it stored to standard output and exits. Skipped, with a line that says so, where `qemu-mips` and `qemu-mipsel`
//! (package `qemu-user`) are not installed.

mod common;
use common::qemu_user::{qemu, run_kernel, run_qemu};
use common::random_program::*;
use common::*;
use zkmips_emulator::constants::EXCEPTION_VECTOR;
use zkmips_emulator::elf::Segment;
use zkmips_emulator::isa::{decode, Format, Op};
use zkmips_emulator::{ByteOrder, Machine, Program};

const SIGTRAP: u32 = 5;
const SIGFPE: u32 = 8;

/// The machine at its first exception, and how many instructions of those that `counts` says it has executed.
fn run_here(
    order: ByteOrder,
    text: &[u32],
    data: &[u8],
    counts: impl Fn(u32) -> bool,
) -> (Machine<'static>, u64) {
    let data = Segment {
        address: DATA,
        bytes: data.to_vec(),
        memory_bytes: data.len() as u32,
        executable: false,
    };
    let program = Program::from_segments(order, &[code(order, TEXT, text), data]);
    let mut machine = Machine::new(&program, &Default::default()).unwrap();
    (machine.pc, machine.next_pc) = (TEXT, TEXT + 4);
    let mut counted = 0;
    for _ in 0..1_000_000 {
        counted += u64::from(counts(machine.pc));
        machine.step().unwrap();
        if machine.pc == EXCEPTION_VECTOR {
            return (machine, counted);
        }
    }
    panic!("no exception");
}

/// Fewest programs of a kind.
const PROGRAMS: u64 = 6;

/// Runs programs in both byte orders, as many as make up `ZKMIPS_RANDOM_INSTRUCTIONS` random instructions, which are a few
/// thousand for each: `run` compares one and says how many it executed.
fn many(run: impl Fn(&str, ByteOrder, u64) -> u64) {
    let wanted = std::env::var("ZKMIPS_RANDOM_INSTRUCTIONS").ok();
    let wanted: u64 = wanted.map_or(0, |text| text.parse().unwrap());
    let (mut seed, mut executed) = (0, 0);
    while seed < PROGRAMS || executed < wanted {
        for order in ByteOrder::ALL {
            let Some(name) = qemu(order) else { return };
            executed += run(name, order, seed);
        }
        seed += 1;
    }
    println!("{seed} programs, {executed} random instructions, both byte orders: no difference");
}

#[test]
fn random_programs_leave_the_same_registers_and_memory() {
    many(|name, order, seed| {
        let random = plain_program(seed);
        let file = random.elf(order);
        let (expected, status) = run_qemu(name, &file);
        assert_eq!(status, 0, "seed {seed} under {name}");
        let is_random = |pc| random.is_random(pc);
        let (machine, executed) = run_here(order, &random.words, &random.data, is_random);
        let at = TEXT + 4 * random.write as u32;
        assert_eq!(machine.regs[26], at, "seed {seed} does not reach its end");
        let got = machine.memory.read_bytes(order, DATA, expected.len());
        let saved = DATA_BYTES as usize..(DATA_BYTES + BLOCKS * 4 * SAVED_WORDS) as usize;
        if let Some(byte) = saved.clone().find(|&i| got[i] != expected[i]) {
            let word = (byte - saved.start) / 4;
            let (block, register) = (word / SAVED_WORDS as usize, word % SAVED_WORDS as usize);
            let word = byte / 4 * 4;
            panic!(
                "{name}, seed {seed}: register {register} (26 is HI, 27 is LO, 0 is $31) after block {block}: {:x?} and not {:x?}\n{}",
                &got[word..word + 4], &expected[word..word + 4], random.listing(block)
            );
        }
        let length = saved.end;
        assert!(
            got[..length] == expected[..length],
            "{name}, seed {seed}: stored data differ"
        );
        let through_kernel = run_kernel(&file);
        assert!(
            through_kernel == (expected, 0),
            "{name}, seed {seed}: the kernel disturbs"
        );
        executed
    });
}

#[test]
fn random_faults_are_the_same_signals() {
    many(|name, order, seed| {
        let random = faulting_program(seed);
        let file = random.elf(order);
        let (mut expected, status) = run_qemu(name, &file);
        assert_eq!(status, 0, "seed {seed} under {name}");
        let program = Program::load(&file).unwrap();
        let mut machine = Machine::new(&program, &Default::default()).unwrap();
        let mut executed = 0;
        while !machine.halted() {
            assert!(
                machine.instructions() < 10_000_000,
                "seed {seed} goes on and on"
            );
            executed += u64::from(random.is_random(machine.pc));
            machine.step().unwrap();
        }
        assert_eq!(machine.status(), 0);
        let got = machine.output();
        assert_eq!(got.len(), expected.len());
        let log = expected.len() - LOG_BYTES as usize;
        let word = |bytes: &[u8], at: usize| order.word(bytes[at..at + 4].try_into().unwrap());
        let faults = (word(&expected, log) - LOG_NOTES) / NOTE_BYTES as u32;
        assert!(faults > 300, "seed {seed}: only {faults} faults");
        for note in expected[log + 16..].chunks_exact_mut(NOTE_BYTES as usize) {
            let [signal, pc, address] = [0, 4, 12].map(|at| word(note, at));
            // Linux tells where the branch is if `break` or overflow is in its delay slot, QEMU where they are.
            if [SIGTRAP, SIGFPE].contains(&signal) && address == pc + 4 {
                note.copy_within(4..8, 12);
            }
        }
        if let Some(byte) = (log + 16..got.len()).find(|&i| got[i] != expected[i]) {
            let at = log + (byte - log) / 16 * 16;
            let note = |bytes: &[u8]| [0, 4, 8, 12].map(|field| word(bytes, at + field));
            panic!(
                "{name}, seed {seed}: fault {}: signal, pc, code, address {:x?} and not {:x?}",
                (at - log) / 16 - 1,
                note(&got),
                note(&expected)
            );
        }
        if let Some(byte) = (0..log).find(|&i| got[i] != expected[i]) {
            let block = byte.saturating_sub(DATA_BYTES as usize) / (4 * SAVED_WORDS as usize);
            let register = byte.saturating_sub(DATA_BYTES as usize) / 4 % SAVED_WORDS as usize;
            panic!(
                "{name}, seed {seed}: register {register} (26 is HI, 27 is LO, 0 is $31) after block {block}\n{}",
                random.listing(block)
            );
        }
        executed
    });
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
    let (machine, _) = run_here(order, &writer.words, &data, |_| false);
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
