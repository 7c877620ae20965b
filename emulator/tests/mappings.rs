//! With mappings watched, user code is stopped where Linux would have ended it, and nowhere else.

mod common;
use common::elf_file::{ElfFile, Part};
use common::*;
use std::fs;
use std::path::Path;
use zkmips_emulator::constants::*;
use zkmips_emulator::isa::Op;
use zkmips_emulator::{
    snapshot, ByteOrder, DiagnosticKind, Inputs, Machine, Outcome, Program, ThreadState,
};

const TEXT: u32 = 0x40_0000;
const CONSTANT: u32 = 0x41_0000;
const DATA: u32 = 0x42_0000;
const MMAP: u32 = 4090;
const MUNMAP: u32 = 4091;
const MPROTECT: u32 = 4125;
const BRK: u32 = 4045;
const EXIT: u32 = 4001;
const READ: u32 = 1;
const WRITE: u32 = 2;
/// `MAP_PRIVATE | MAP_ANONYMOUS`
const ANONYMOUS: u32 = 0x802;

fn call(number: u32, arguments: &[u32]) -> Vec<u32> {
    let mut words = Vec::new();
    for (register, &argument) in (4..).zip(arguments) {
        words.extend(li(register, argument));
    }
    words.extend(li(2, number));
    words.push(ins(Op::Syscall, 0, 0, 0, 0));
    words
}

fn mmap(protection: u32) -> Vec<u32> {
    let mut words = call(MMAP, &[0, 0x3000, protection, ANONYMOUS]);
    words.push(r3(Op::Addu, 16, 2, 0));
    words
}

fn load(address: u32) -> Vec<u32> {
    let mut words = li(8, address).to_vec();
    words.push(imm(Op::Lw, 9, 8, 0));
    words
}

fn store(address: u32) -> Vec<u32> {
    let mut words = li(8, address).to_vec();
    words.push(imm(Op::Sb, 9, 8, 0));
    words
}

/// The program with a segment of constants, which ends with status 0.
fn program(order: ByteOrder, parts: &[Vec<u32>]) -> Program {
    let mut words = parts.concat();
    words.extend(call(EXIT, &[0]));
    let mut constant = Part::data(CONSTANT, vec![1; 96], 96);
    constant.flags = 4;
    let parts = vec![
        Part::text(TEXT, bytes(order, &words)),
        constant,
        Part::data(DATA, vec![2; 16], 0x2000),
    ];
    let mut file = ElfFile::new(order, TEXT, parts).build();
    // The program headers become part of the constants, as linkers have them in a segment.
    let headers = file[52..52 + 3 * 32].to_vec();
    let word = |at: usize| order.word(headers[at..at + 4].try_into().unwrap());
    let offset = word(32 + 4) as usize;
    file[offset..offset + headers.len()].copy_from_slice(&headers);
    file[28..32].copy_from_slice(&order.bytes(offset as u32));
    Program::load(&file).unwrap()
}

/// What stops a program, and the instruction's position in the last part.
fn stopped(parts: &[Vec<u32>]) -> Option<DiagnosticKind> {
    let kinds = ByteOrder::ALL.map(|order| {
        let program = program(order, parts);
        let mut machine = Machine::new(&program, &Inputs::default()).unwrap();
        machine.watch_mappings(true);
        let outcome = machine.run(1_000_000).unwrap();
        let stopped = machine.stopped();
        assert_eq!(outcome == Outcome::Stopped, stopped.is_some());
        if let Some(stopped) = stopped {
            // Nothing of the instruction has happened, and it stays so.
            assert_eq!(machine.pc, stopped.pc);
            assert_eq!(machine.run(10).unwrap(), Outcome::Stopped);
            assert_eq!(machine.instructions(), stopped.instructions);
            // Asked to go on, the machine does what its rules say.
            let mut machine = Machine::new(&program, &Inputs::default()).unwrap();
            machine.watch_mappings(false);
            assert_eq!(machine.run(1_000_000).unwrap(), Outcome::Halted);
            assert_eq!(machine.report().diagnostics, [stopped]);
            assert_eq!(machine.status(), 0);
        } else {
            assert_eq!((outcome, machine.status()), (Outcome::Halted, 0));
            assert!(machine.report().diagnostics.is_empty());
        }
        stopped.map(|stopped| stopped.kind)
    });
    assert_eq!(kinds[0], kinds[1]);
    kinds[0]
}

#[test]
fn what_is_mapped_can_be_used() {
    let on_stack = [imm(Op::Sw, 9, 29, -0x7000), imm(Op::Lw, 9, 29, -0x7ffc)];
    let heap = [
        call(BRK, &[DATA + 0x8000]),
        store(DATA + 0x7fff),
        load(DATA + 0x2000),
    ];
    let through_pointer = [imm(Op::Sw, 9, 16, 0), imm(Op::Lw, 9, 16, 0x2ffc)];
    assert_eq!(stopped(&[on_stack.to_vec(), heap.concat()]), None);
    assert_eq!(
        stopped(&[mmap(READ | WRITE), through_pointer.to_vec()]),
        None
    );
    assert_eq!(
        stopped(&[load(TEXT), load(CONSTANT), store(DATA + 0x1fff)]),
        None
    );
}

#[test]
fn what_is_not_mapped_or_not_writable_cannot() {
    use DiagnosticKind::*;
    for (parts, kind) in [
        (vec![load(0x1000_0000)], UnmappedAccess),
        (vec![store(0x7fff_f000 - (8 << 20))], UnmappedAccess),
        (vec![load(DATA + 0x2000)], UnmappedAccess),
        (vec![store(TEXT)], StoreIntoCode),
        (vec![store(CONSTANT)], ProtectedAccess),
        (vec![load(KERNEL_START)], SystemAccess),
        (vec![load(PUBLIC_TAPE)], SystemAccess),
        (vec![store(OUTPUT_TAPE + 8)], SystemAccess),
        (vec![load(PRIVATE_TAPE)], SystemAccess),
    ] {
        assert_eq!(stopped(&parts), Some(kind), "{parts:x?}");
    }
    let use_it = vec![imm(Op::Sw, 9, 16, 0x1000)];
    let mut unmap = vec![r3(Op::Addu, 4, 16, 0)];
    unmap.extend(call(MUNMAP, &[]));
    unmap.splice(1..1, li(5, 0x3000));
    assert_eq!(
        stopped(&[mmap(READ), use_it.clone()]),
        Some(ProtectedAccess)
    );
    assert_eq!(stopped(&[mmap(0), use_it.clone()]), Some(ProtectedAccess));
    assert_eq!(
        stopped(&[mmap(READ | WRITE), use_it.clone(), unmap, use_it.clone()]),
        Some(UnmappedAccess)
    );
    let mut protect = vec![r3(Op::Addu, 4, 16, 0)];
    protect.extend([li(5, 0x1000), li(6, READ)].concat());
    protect.extend(call(MPROTECT, &[]));
    let last_page = vec![imm(Op::Sw, 9, 16, 0x2000)];
    let first_page = vec![imm(Op::Sw, 9, 16, 0)];
    assert_eq!(
        stopped(&[mmap(READ | WRITE), protect, last_page, first_page]),
        Some(ProtectedAccess)
    );
}

#[test]
fn standard_input_is_not_asked_for_by_a_wild_pointer() {
    let program = program(ByteOrder::Big, &[load(PRIVATE_TAPE)]);
    let mut machine = Machine::with_stdin(&program, &Inputs::default(), || {
        panic!("standard input was read")
    })
    .unwrap();
    machine.watch_mappings(true);
    assert_eq!(machine.run(1_000_000).unwrap(), Outcome::Stopped);
}

/// The table that says what is mapped is guest memory.
#[test]
fn a_table_of_nonsense_does_no_harm() {
    let program = program(ByteOrder::Big, &[load(DATA)]);
    let mut machine = Machine::new(&program, &Inputs::default()).unwrap();
    let table = program.symbols().iter().find(|s| s.name == "mapped");
    let table = table.unwrap();
    while machine.pc != TEXT {
        machine.step().unwrap();
    }
    for value in [0, 1, 7, 0x7fff_ffff, 0x8000_0001, u32::MAX] {
        for word in 0..table.size / 4 {
            machine.memory.write(table.address / 4 + word, value);
        }
        machine.watch_mappings(true);
        machine.run(100).unwrap();
        machine.threads();
    }
}

#[test]
fn the_fixtures_do_nothing_that_is_forbidden() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut seen = 0;
    for entry in fs::read_dir(root).unwrap() {
        for order in ["mips", "mipsle"] {
            let directory = entry.as_ref().unwrap().path().join(order);
            let Ok(file) = fs::read(directory.join("program.elf")) else {
                continue;
            };
            let inputs = Inputs {
                stdin: fs::read(directory.join("input")).unwrap(),
                ..Inputs::default()
            };
            let program = Program::load(&file).unwrap();
            let mut machine = Machine::new(&program, &inputs).unwrap();
            machine.watch_mappings(true);
            let outcome = machine.run(100_000_000).unwrap();
            let name = directory.display();
            assert_eq!(outcome, Outcome::Halted, "{name}: {:x?}", machine.stopped());
            assert!(machine.report().diagnostics.is_empty(), "{name}");
            let mut plain = Machine::new(&program, &inputs).unwrap();
            plain.run(100_000_000).unwrap();
            assert_eq!(machine.instructions(), plain.instructions(), "{name}");
            seen += 1;
        }
    }
    assert!(seen >= 19, "only {seen} fixtures");
}

/// A snapshot starts in the middle of a program that has mapped memory.
#[test]
fn snapshots_keep_what_was_mapped() {
    let words = [mmap(READ | WRITE), mmap(READ), vec![NOP, NOP]].concat();
    let at = TEXT + 4 * (words.len() as u32 - 2);
    for (offset, stops) in [(0x3000, None), (0, Some(DiagnosticKind::ProtectedAccess))] {
        // The second mapping lies below the first.
        let last = vec![imm(Op::Sw, 9, 16, offset)];
        let program = program(ByteOrder::Little, &[words.clone(), last]);
        let image = snapshot::take(&program, &Inputs::default(), at, 1_000_000).unwrap();
        let program = Program::load(&image.image).unwrap();
        let mut machine = Machine::new(&program, &Inputs::default()).unwrap();
        machine.watch_mappings(true);
        machine.run(1_000_000).unwrap();
        assert_eq!(machine.stopped().map(|stopped| stopped.kind), stops);
    }
}

#[test]
fn threads_are_those_of_the_kernel() {
    for order in ByteOrder::ALL {
        let program = program(order, &[load(0x1000_0000)]);
        let mut machine = Machine::new(&program, &Inputs::default()).unwrap();
        assert!(
            machine.threads().is_empty(),
            "none before the kernel's start"
        );
        machine.watch_mappings(true);
        machine.run(1_000_000).unwrap();
        let threads = machine.threads();
        assert_eq!(threads.len(), 1);
        assert_eq!(threads[0].state, ThreadState::Running);
        assert_eq!(threads[0].pc, machine.pc);
        assert_eq!(threads[0].regs[8], 0x1000_0000);
    }
}
