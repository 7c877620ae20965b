//! Static position-independent programs: the kernel must find their code where the loader put it, or it takes every trap
//! in them for a jump to nowhere.

mod common;
use common::elf_file::*;
use common::*;
use zkmips_emulator::constants::{INFORMATION_PAGE, PIE_BASE};
use zkmips_emulator::isa::Op;
use zkmips_emulator::{ByteOrder, Machine, Outcome, Program, RunReport};

const SIGILL: u32 = 4;
const SIGTRAP: u32 = 5;
const SIGFPE: u32 = 8;
const SIGBUS: u32 = 10;
const SIGSEGV: u32 = 11;

/// Where the linker put the text and, in the segment before it, the program headers: the same page or not.
#[derive(Clone, Copy, Debug)]
struct Layout {
    headers: u32,
    text: u32,
}

/// GNU ld and lld put a read-only segment first; with `-z noseparate-code` the headers are in the text segment. A lowest address
/// that is neither 0 nor the start of a page is rare but allowed.
const LAYOUTS: [Layout; 4] = [
    Layout {
        headers: 0,
        text: 0x1_0000,
    },
    Layout {
        headers: 0,
        text: 0,
    },
    Layout {
        headers: 0x2_0400,
        text: 0x3_0000,
    },
    Layout {
        headers: 0x2_0400,
        text: 0x2_0400,
    },
];
/// From the start of the text segment to the first instruction, where it has the headers.
const HEADERS: u32 = 0x100;
const DATA: u32 = 0x8_0000;

/// A file with its own headers loaded, as linkers make it, and the address of its first instruction in memory.
fn program(order: ByteOrder, layout: Layout, words: &[u32]) -> (Program, u32) {
    let Layout { headers, text } = layout;
    let together = headers == text;
    let start = if together { text + HEADERS } else { text };
    let mut code = bytes(order, words);
    if together {
        code.splice(..0, [0; HEADERS as usize]);
    }
    let mut parts = vec![Part::text(text, code), Part::data(DATA, vec![0; 16], 16)];
    if !together {
        let read_only = Part {
            flags: 4,
            ..Part::text(headers, vec![0; HEADERS as usize])
        };
        parts.insert(0, read_only);
    }
    let mut file = ElfFile::new(order, start, parts);
    file.kind = 3;
    let mut file = file.build();
    // The first part has a page of its own in the file: a copy of the header and the program headers goes there, and the
    // header of the file says that they are there.
    let offset = 4096 + headers % 4096;
    let table = 52..52 + 32 * 3;
    file.copy_within(table, offset as usize + 52);
    file[28..32].copy_from_slice(&order.bytes(offset + 52));
    let program = Program::load(&file).unwrap();
    let found = program.image_word(INFORMATION_PAGE + 12);
    assert_eq!(found, Some(PIE_BASE + headers + 52), "{layout:x?}");
    (program, PIE_BASE + start)
}

fn run(program: &Program) -> RunReport {
    let mut machine = Machine::new(program, &Default::default()).unwrap();
    assert_eq!(machine.run(1_000_000).unwrap(), Outcome::Halted);
    machine.report()
}

#[test]
fn every_cause_of_an_exception_is_recognised() {
    let [high, low] = li(5, 0x7fff_ffff);
    let unaligned = imm(Op::Lw, 2, 30, 1);
    // The signal, and which of the instructions it is reported at.
    #[rustfmt::skip]
    let cases: [(&str, &[u32], u32, u32); 9] = [
        ("teq $0, $0, 7", &[0x0000_01f4], SIGFPE, 0),
        ("teq $0, $0", &[r3(Op::Teq, 0, 0, 0)], SIGTRAP, 0),
        ("break 7", &[0x0007_000d], SIGFPE, 0),
        ("break", &[0x0000_000d], SIGTRAP, 0),
        ("overflow", &[high, low, r3(Op::Add, 2, 5, 5)], SIGFPE, 2),
        ("reserved", &[0x0000_0035], SIGILL, 0),
        ("unaligned", &[high, low, unaligned], SIGBUS, 2),
        ("delay slot", &[branch(Op::Beq, 0, 0, 0), 0x0000_01f4], SIGFPE, 0),
        ("null pointer", &[imm(Op::Lw, 2, 0, 0)], SIGSEGV, 0),
    ];
    for order in ByteOrder::ALL {
        for layout in LAYOUTS {
            for (name, words, signal, at) in &cases {
                let base = li(30, PIE_BASE + DATA);
                let (program, start) = program(order, layout, &[&base, *words, &[NOP]].concat());
                let report = run(&program);
                let context = format!("{order:?} {layout:x?}: {name}");
                let fatal = report.fatal_signal.expect(&context);
                let pc = start + 4 * (base.len() as u32 + at);
                assert_eq!((fatal.signal, fatal.pc), (*signal, pc), "{context}");
                assert_eq!(report.status, Some(128 + signal), "{context}");
            }
        }
    }
}

#[test]
fn data_is_no_code() {
    for order in ByteOrder::ALL {
        for layout in LAYOUTS {
            let target = PIE_BASE + DATA;
            let words = [&li(5, target)[..], &[ins(Op::Jr, 5, 0, 0, 0), NOP]].concat();
            let report = run(&program(order, layout, &words).0);
            let fatal = report.fatal_signal.expect("a signal");
            let expected = (SIGSEGV, target, target);
            assert_eq!(
                (fatal.signal, fatal.pc, fatal.address),
                expected,
                "{order:?} {layout:x?}"
            );
        }
    }
}

/// The ELF standard wants segments in order of address; Linux and the loader here do not insist, and empty ones count for nothing.
#[test]
fn segments_may_come_in_any_order() {
    for order in ByteOrder::ALL {
        for (kind, base) in [(2, 0), (3, PIE_BASE)] {
            let text = bytes(order, &[0x0000_01f4, NOP]);
            let low = 0x50_0000;
            // An empty segment that is lower than all others; then one that holds the program headers; the lowest last.
            let empty = Part::data(0x1_0000, Vec::new(), 0);
            let mut headers = Part::data(low + 0x2_0000, vec![0; 0x1000], 0x1000);
            headers.address += 52;
            let parts = vec![empty, headers, Part::text(low, text)];
            let count = parts.len();
            let mut file = ElfFile::new(order, low, parts);
            file.kind = kind;
            let mut file = file.build();
            file.copy_within(52..52 + 32 * count, 4096 + 52);
            file[28..32].copy_from_slice(&order.bytes(4096 + 52));
            let program = Program::load(&file).unwrap();
            let found = program.image_word(INFORMATION_PAGE + 12);
            assert_eq!(found, Some(base + low + 0x2_0000 + 52));
            let fatal = run(&program).fatal_signal.expect("a signal");
            assert_eq!((fatal.signal, fatal.pc), (SIGFPE, base + low));
        }
    }
}
