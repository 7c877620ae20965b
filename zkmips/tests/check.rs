//! `Check`: what it says about good programs, about each kind of bad one, and that no file makes it panic.

#[path = "../../emulator/tests/common/elf_file.rs"]
mod elf_file;

use elf_file::*;
use std::collections::BTreeSet;
use std::path::Path;
use zkmips::check::{Check, Finding, Severity};
use zkmips::{ByteOrder, Program};

const TEXT: u32 = 0x40_0000;
const NOP: u32 = 0;
const RETURN: u32 = 0x03e0_0008;
const SYSCALL: u32 = 0x0000_000c;
/// `add.s $f0, $f0, $f2`
const ADD_S: u32 = 0x4602_0000;

fn fixture(name: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    std::fs::read(root.join(name).join("program.elf")).unwrap()
}

fn words(order: ByteOrder, words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|&word| order.bytes(word)).collect()
}

/// A program of these instructions.
fn file(order: ByteOrder, code: &[u32]) -> ElfFile {
    ElfFile::new(order, TEXT, vec![Part::text(TEXT, words(order, code))])
}

fn of(code: &[u32]) -> Check {
    let order = ByteOrder::Big;
    Check::of(&file(order, code).build())
}

/// `addiu $register, $0, value`
fn li(register: u32, value: u32) -> u32 {
    0x2400_0000 | register << 16 | value
}

/// `jal` to the word of this number.
fn jal(word: u32) -> u32 {
    0x0c00_0000 | (TEXT / 4 + word)
}

/// `sw $register, offset($sp)` and `lw`.
fn sw(register: u32, offset: i16) -> u32 {
    0xafa0_0000 | register << 16 | u32::from(offset as u16)
}

fn lw(register: u32, offset: i16) -> u32 {
    0x8fa0_0000 | register << 16 | u32::from(offset as u16)
}

/// `addiu $sp, $sp, by`
fn move_sp(by: i16) -> u32 {
    0x27bd_0000 | u32::from(by as u16)
}

fn kinds(check: &Check, severity: Severity) -> Vec<&'static str> {
    let wanted = check.findings.iter().filter(|f| f.severity == severity);
    wanted.map(|finding| finding.kind).collect()
}

fn problem(check: &Check) -> &Finding {
    assert!(!check.is_provable());
    &check.findings[0]
}

fn names(check: &Check) -> BTreeSet<String> {
    let calls = check.system_calls.known.values();
    calls.map(|call| call.name()).collect()
}

#[test]
fn the_fixtures_are_provable() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut seen = 0;
    for fixture in std::fs::read_dir(root).unwrap() {
        for (order, name) in [(ByteOrder::Big, "mips"), (ByteOrder::Little, "mipsle")] {
            let path = fixture
                .as_ref()
                .unwrap()
                .path()
                .join(name)
                .join("program.elf");
            let Ok(bytes) = std::fs::read(&path) else {
                continue;
            };
            let check = Check::of(&bytes);
            let bad = kinds(&check, Severity::Problem);
            assert_eq!(bad, [""; 0], "{}: {:?}", path.display(), check.findings);
            // It executes a word that is no instruction, to see the signal.
            let expected: &[&str] = match path.to_str() {
                Some(path) if path.contains("c-signals") => &["unknown_instruction"],
                _ => &[],
            };
            let doubtful = kinds(&check, Severity::Warning);
            assert_eq!(
                doubtful,
                expected,
                "{}: {:?}",
                path.display(),
                check.findings
            );
            assert_eq!(check.byte_order, Some(order));
            // Of a snapshot only the headers are judged.
            let snapshot = Program::load(&bytes).unwrap().is_snapshot();
            assert_eq!(check.instructions > 10, !snapshot);
            seen += 1;
        }
    }
    assert!(seen > 15);
}

#[test]
fn the_system_calls_of_real_programs() {
    for order in ["mips", "mipsle"] {
        let go = Check::of(&fixture(&format!("go-hello/{order}")));
        assert!(go.go && go.functions > 1000);
        // Some are made by the runtime directly, some go through syscall.Syscall.
        let expected = [
            "read",
            "write",
            "mmap",
            "clone",
            "exit_group",
            "rt_sigaction",
            "fcntl",
            "close",
        ];
        for name in expected {
            assert!(
                names(&go).contains(name),
                "{name} is not in {:?}",
                names(&go)
            );
        }
        let c = Check::of(&fixture(&format!("c-libc/{order}")));
        assert!(!c.go);
        for name in ["writev", "exit_group", "set_thread_area"] {
            assert!(names(&c).contains(name), "{name} is not in {:?}", names(&c));
        }
    }
}

#[test]
fn floating_point_instructions_are_found_where_they_are() {
    let check = of(&[NOP, ADD_S, ADD_S, RETURN, NOP]);
    let finding = problem(&check);
    assert_eq!(
        (finding.kind, finding.count),
        ("floating_point_instruction", 2)
    );
    assert_eq!(finding.places[0].address, TEXT + 4);
    let text = finding.to_string();
    assert!(
        text.contains("0x00400004") && text.contains("-msoft-float"),
        "{text}"
    );
    assert_eq!(kinds(&check, Severity::Warning), [""; 0]);

    // In a Go program, with the function's name and Go's remedy, from the table that stripped programs have, too.
    let mut go = fixture("go-hello/mips");
    let program = Program::load(&go).unwrap();
    let main = program.address_of("main.main").unwrap();
    let base = program
        .image()
        .ranges()
        .find(|range| range.executable)
        .unwrap()
        .first;
    // The text segment of Go programs begins at the start of the file.
    let offset = (main - base) as usize;
    assert_eq!(
        go[offset..offset + 4],
        program.image().image_word(main).unwrap().to_be_bytes()
    );
    go[offset + 8..offset + 12].copy_from_slice(&ADD_S.to_be_bytes());
    let check = Check::of(&go);
    let text = problem(&check).to_string();
    assert!(
        text.contains("(main.main+0x8)") && text.contains("GOMIPS=softfloat"),
        "{text}"
    );
}

#[test]
fn other_instructions_are_named_by_their_sort() {
    for (word, kind) in [
        (0xdfbf_0008, "64_bit_instruction"),         // ld
        (0x0064_102d, "64_bit_instruction"),         // daddu
        (0x7864_1026, "vector_instruction"),         // MSA
        (0x7c64_1010, "vector_instruction"),         // addu.qb
        (0x4200_0018, "privileged_instruction"),     // eret
        (0xbc85_0000, "privileged_instruction"),     // cache
        (0xd4a0_0000, "floating_point_instruction"), // ldc1
        (0x0080_1001, "floating_point_instruction"), // movf
        (0x4d08_0021, "floating_point_instruction"), // madd.d
        (0xec48_0001, "unknown_instruction"),        // addiupc of release 6
    ] {
        let check = of(&[word, RETURN, NOP]);
        assert_eq!(problem(&check).kind, kind, "{word:#x}");
    }
}

#[test]
fn what_may_be_data_is_a_warning() {
    // Behind the return, behind an endless loop, behind a break: nothing leads there.
    for end in [RETURN, 0x1000_ffff, 0x0000_000d] {
        let check = of(&[NOP, end, NOP, ADD_S, 0xd4a0_0000]);
        assert!(check.is_provable(), "{:?}", check.findings);
        assert_eq!(
            kinds(&check, Severity::Warning),
            ["floating_point_instruction"]
        );
        assert!(check.findings[0].to_string().contains("may be data"));
    }
    // A call that is none, to get the address of what it jumps over.
    assert!(of(&[0x0411_0002, NOP, ADD_S, RETURN, NOP]).is_provable());
    // A branch leads there.
    let check = of(&[0x1080_0003, NOP, RETURN, NOP, ADD_S]);
    assert!(!check.is_provable());
    // A call leads there, and comes back.
    assert!(!of(&[jal(4), NOP, RETURN, NOP, ADD_S]).is_provable());
    assert!(!of(&[jal(4), NOP, ADD_S, NOP, RETURN, NOP]).is_provable());
    // The instruction in a delay slot is executed; as the target of a branch, too, and then the path goes on behind it.
    assert!(!of(&[RETURN, ADD_S]).is_provable());
    assert!(!of(&[0x1080_0002, NOP, RETURN, NOP, ADD_S]).is_provable());
    // What the linker fills gaps with is neither.
    let check = of(&[NOP, RETURN, NOP, 0xefef_efef, 0x0417_0001]);
    assert_eq!(check.findings, []);
}

#[test]
fn headers_are_judged_as_the_loader_does() {
    type Change = fn(&mut ElfFile);
    let cases: [(Change, &str, &str); 11] = [
        (|f| f.machine = 62, "wrong_machine", "GOARCH=mips"),
        (|f| f.class = 2, "wrong_machine", "32-bit MIPS"),
        (
            |f| f.flags = 0x9000_1000,
            "wrong_flavour",
            "-march=mips32r2",
        ),
        (|f| f.flags = 0x7000_0020, "wrong_flavour", "-mabi=32"),
        (|f| f.flags = 0x7200_1000, "wrong_flavour", "microMIPS"),
        (|f| f.flags = 0x7400_1000, "wrong_flavour", "MIPS16"),
        (
            |f| f.parts.push(Part::other(PT_ABIFLAGS, abi_flags(2, 1))),
            "hard_float",
            "GOMIPS=softfloat",
        ),
        (
            |f| {
                f.parts
                    .push(Part::other(PT_INTERP, b"/lib/ld.so.1\0".to_vec()))
            },
            "dynamic",
            "CGO_ENABLED=0",
        ),
        (
            |f| {
                let needed = words(f.order, &[1, 5, 0, 0]);
                f.parts.push(Part::other(PT_DYNAMIC, needed));
            },
            "dynamic",
            "shared libraries",
        ),
        (
            |f| f.parts.push(Part::data(0x9000_0000, vec![1], 1)),
            "out_of_range",
            "another address",
        ),
        (|f| f.kind = 1, "not_executable", "linked program"),
    ];
    for (change, kind, part) in cases {
        let mut file = file(ByteOrder::Little, &[RETURN, NOP]);
        change(&mut file);
        let bytes = file.build();
        let check = Check::of(&bytes);
        let finding = problem(&check);
        assert_eq!(finding.kind, kind);
        assert!(finding.to_string().contains(part), "{finding}");
        // The same words as those that `run` and `prove` refuse it with.
        let refusal = Program::load(&bytes).err().unwrap().to_string();
        assert_eq!(finding.to_string(), format!("problem: {refusal}"));
    }
    // Several at once, and the instructions that confirm one of them.
    let mut file = file(ByteOrder::Big, &[ADD_S, RETURN, NOP]);
    file.parts.push(Part::other(PT_ABIFLAGS, abi_flags(2, 1)));
    file.parts
        .push(Part::other(PT_INTERP, b"/lib/ld.so.1\0".to_vec()));
    let check = Check::of(&file.build());
    assert_eq!(
        kinds(&check, Severity::Problem),
        ["hard_float", "dynamic", "floating_point_instruction"]
    );
    assert_eq!(problem(&Check::of(b"")).kind, "not_elf");
    assert_eq!(problem(&Check::of(&file.build()[..100])).kind, "damaged");
}

#[test]
fn numbers_of_system_calls_are_followed() {
    // li $v0, 4004; syscall; with an instruction between.
    let direct = of(&[li(2, 4004), li(4, 1), SYSCALL, RETURN, NOP]);
    assert_eq!(names(&direct), BTreeSet::from(["write".to_owned()]));
    let call = &direct.system_calls.known[&4004];
    assert!(call.supported);
    assert_eq!(call.places[0].address, TEXT + 8);
    assert_eq!(direct.findings, []);

    // A function that gets the number in a register, called through another; the number is set in the delay slot.
    let move_v0_a0 = 0x0080_1025;
    #[rustfmt::skip]
    let registers = of(&[
        jal(4), li(4, 4002), RETURN, NOP,
        jal(8), NOP, RETURN, NOP,
        move_v0_a0, SYSCALL, RETURN, NOP,
    ]);
    assert_eq!(names(&registers), BTreeSet::from(["fork".to_owned()]));
    assert_eq!(kinds(&registers, Severity::Note), ["system_calls"]);
    let note = registers.findings[0].to_string();
    assert!(note.contains("fork") && note.contains("ENOSYS"), "{note}");
    assert!(registers.is_provable());

    // On the stack, as Go does it, over a frame and a call that destroys all registers.
    #[rustfmt::skip]
    let stack = of(&[
        move_sp(-32), li(8, 4246), sw(8, 4), jal(7), NOP, RETURN, NOP,
        move_sp(-16), jal(17), NOP, lw(8, 20), sw(8, 4), jal(19), NOP, move_sp(16), RETURN, NOP,
        RETURN, NOP,
        lw(2, 4), SYSCALL, RETURN, NOP,
    ]);
    assert_eq!(names(&stack), BTreeSet::from(["exit_group".to_owned()]));
    assert_eq!(stack.system_calls.unresolved, 0);

    // A number from memory is not known; nor is one that may come from either of two places.
    let loaded = of(&[lw(2, -8), SYSCALL, RETURN, NOP]);
    assert_eq!(
        (names(&loaded).len(), loaded.system_calls.unresolved),
        (0, 1)
    );
    let two = of(&[
        li(2, 4004),
        0x1080_0002,
        NOP,
        li(2, 4003),
        SYSCALL,
        RETURN,
        NOP,
    ]);
    assert_eq!(two.system_calls.unresolved, 1);
}

/// Changed and cut files: an answer, and no problem if and only if the loader takes the file and no bad word is in its code.
#[test]
fn damaged_files_never_panic() {
    let mut state = 0x1234_5678_9abc_def0u64;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    for name in ["c-fib/mips", "c-sort/mipsle", "crash/mips"] {
        let good = fixture(name);
        for round in 0..1000 {
            let mut bytes = good.clone();
            // Mostly in headers and tables, which are at both ends.
            for _ in 0..1 + random(4) {
                let at = match random(3) {
                    0 => random(52 + 32 * 6),
                    1 => bytes.len() - 1 - random(bytes.len().min(1000)),
                    _ => random(bytes.len()),
                };
                bytes[at] = [0, 0xff, 0x7f, 0x80, 1 << random(8)][random(5)];
            }
            if usize::is_multiple_of(round, 5) {
                bytes.truncate(random(good.len()));
            }
            let check = Check::of(&bytes);
            let refused = Program::load(&bytes).is_err();
            assert!(!(refused && check.is_provable()), "{name} {round}");
            check.to_json();
        }
    }
}
