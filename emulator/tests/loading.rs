//! ELF files: what is accepted, how it lies in memory, and what is said about the rest.

mod common;
use common::elf_file::*;
use common::*;
use proptest::prelude::*;
use zkmips_emulator::constants::*;
use zkmips_emulator::elf::examine;
use zkmips_emulator::isa::{decode, Instruction, Op};
use zkmips_emulator::{ByteOrder, ImageRange, LoadError, Machine, Program};

/// A kernel image of two instructions.
fn kernel(order: ByteOrder) -> Vec<u8> {
    let text = Part::text(KERNEL_START, bytes(order, &[NOP, NOP]));
    ElfFile::new(order, KERNEL_START, vec![text]).build()
}

fn load(file: &ElfFile) -> Result<Program, LoadError> {
    Program::load_with_kernel(&file.build(), &kernel(file.order))
}

/// Text of three words at 0x400000, data with bss at 0x410010.
fn good(order: ByteOrder) -> ElfFile {
    let sync = ins(Op::Sync, 0, 0, 0, 0);
    let text = bytes(order, &[branch(Op::Beq, 0, 0, 0), sync, sync]);
    let parts = vec![
        Part::text(0x40_0000, text),
        Part::data(0x41_0010, b"data!".to_vec(), 0x5000),
    ];
    ElfFile::new(order, 0x40_0000, parts)
}

#[test]
fn a_program_is_its_file_backed_pages_kernel_and_information_page() {
    for order in ByteOrder::ALL {
        let program = load(&good(order)).unwrap();
        assert_eq!((program.byte_order(), program.entry()), (order, 0x40_0000));
        let range = |first, executable| ImageRange {
            first,
            words: 1024,
            executable,
        };
        let ranges: Vec<_> = program.ranges().collect();
        assert_eq!(
            ranges,
            [
                range(0x40_0000, true),
                range(0x41_0000, false),
                range(KERNEL_START, true),
                range(INFORMATION_PAGE, false),
            ]
        );
        let memory = program.initial_memory();
        assert_eq!(memory.read_bytes(order, 0x41_000f, 8), b"\0data!\0\0");
        let information: Vec<u32> = (0..12)
            .map(|word| memory.read(INFORMATION_PAGE / 4 + word))
            .collect();
        #[rustfmt::skip]
        let expected = [0x7a6b_6d31, 0, 0x40_0000, 0, 32, 2, 0x41_6000, 0x40_0000, 0x40_0000, 0x1000, 0, 0];
        assert_eq!(information, expected);
        for (address, words, _) in program.pages() {
            for (index, &word) in words.iter().enumerate() {
                let at = address + 4 * index as u32;
                assert_eq!(
                    (program.image_word(at), memory.read(at / 4)),
                    (Some(word), word)
                );
            }
        }
        assert_eq!(program.image_word(0x41_1000), None);
        assert_eq!(program.image_word(0x3f_ffff), None);
        assert!(!program.is_snapshot());
    }
}

#[test]
fn instructions_are_fetched_from_executable_pages_only() {
    let program = load(&good(ByteOrder::Big)).unwrap();
    let sync = decode(ins(Op::Sync, 0, 0, 0, 0));
    assert_eq!(program.instruction_at(0x40_0004), Some(Instruction::NOP));
    assert_eq!(program.instruction_at(0x40_0008), Some(sync));
    assert_eq!(program.instruction_at(0x40_0ffc), Some(Instruction::NOP));
    for address in [
        0x40_0002,
        0x40_1000,
        0x3f_fffc,
        0x41_0010,
        INFORMATION_PAGE,
        0,
    ] {
        assert_eq!(program.instruction_at(address), None, "{address:#x}");
    }
}

#[test]
fn neighbouring_pages_of_one_kind_are_one_range_and_a_shared_page_is_executable() {
    let order = ByteOrder::Little;
    let text = Part::text(0x40_0000, vec![1; 0x1800]);
    let data = Part::data(0x40_1800, vec![2; 0x1000], 0x1000);
    let program = load(&ElfFile::new(order, 0x40_0000, vec![data, text])).unwrap();
    let ranges: Vec<_> = program
        .ranges()
        .map(|r| (r.first, r.words, r.executable))
        .collect();
    assert_eq!(
        ranges[..2],
        [(0x40_0000, 2048, true), (0x40_2000, 1024, false)]
    );
    let memory = program.initial_memory();
    assert_eq!(memory.read_bytes(order, 0x40_17fe, 4), [1, 1, 2, 2]);
    assert_eq!(memory.read_bytes(order, 0x40_27fe, 4), [2, 2, 0, 0]);
}

#[test]
fn the_program_headers_are_found_in_the_segment_that_contains_them() {
    let mut file = good(ByteOrder::Big).build();
    // Make the first segment start at offset 0 of the file.
    file[52 + 4..52 + 8].copy_from_slice(&0u32.to_be_bytes());
    let program = Program::load_with_kernel(&file, &kernel(ByteOrder::Big));
    // The file's first bytes are 52 bytes of header, of which only 12 are in the segment.
    assert_eq!(program.unwrap().image_word(INFORMATION_PAGE + 12), Some(0));
    file[52 + 16..52 + 24].copy_from_slice(&[0, 0, 1, 0, 0, 0, 1, 0]);
    let program = Program::load_with_kernel(&file, &kernel(ByteOrder::Big)).unwrap();
    assert_eq!(program.image_word(INFORMATION_PAGE + 12), Some(0x40_0034));
}

/// The kernel looks first where most exceptions are: in the range with the entry point.
#[test]
fn the_kernel_is_told_where_code_is() {
    let mut file = good(ByteOrder::Little);
    file.parts
        .push(Part::text(0x50_0ffc, bytes(file.order, &[0, 0])));
    file.entry = 0x50_1000;
    let program = load(&file).unwrap();
    let code = [0x50_0000, 0x2000, 0x40_0000, 0x1000, 0, 0];
    for (at, word) in (INFORMATION_PAGE + 32..).step_by(4).zip(code) {
        assert_eq!(program.image_word(at), Some(word));
    }
}

#[test]
fn a_static_position_independent_program_lies_at_4_mib() {
    let mut file = good(ByteOrder::Big);
    file.kind = 3;
    file.entry = 0x1004;
    file.parts[0].address = 0x1000;
    file.parts[1].address = 0x1_0010;
    let program = load(&file).unwrap();
    assert_eq!(program.entry(), PIE_BASE + 0x1004);
    assert_eq!(
        program.ranges().next().map(|r| r.first),
        Some(PIE_BASE + 0x1000)
    );
    assert_eq!(
        program.image_word(INFORMATION_PAGE + 28),
        Some(PIE_BASE + 0x1000)
    );
}

/// Code in as many separate places as the kernel keeps track of, and one more.
fn scatter(file: &mut ElfFile) {
    for place in 1..=MAX_CODE_RANGES as u32 {
        let code = bytes(file.order, &[0]);
        file.parts
            .push(Part::text(0x50_0000 + 0x2000 * place, code));
    }
}

#[test]
fn each_refusal_names_the_problem_and_the_remedy() {
    let order = ByteOrder::Big;
    type Change = fn(&mut ElfFile);
    #[rustfmt::skip]
    let cases: Vec<(Change, &str, &str)> = vec![
        (|f| f.machine = 62, "for x86-64", "GOARCH=mips"),
        (|f| f.machine = 183, "for 64-bit ARM", "GOARCH=mips"),
        (|f| f.machine = 9999, "ELF machine 9999", "GOARCH=mips"),
        (|f| f.class = 2, "64-bit MIPS", "GOARCH=mips"),
        (|f| f.class = 7, "unknown word size", "again"),
        (|f| f.flags = 0x9000_1000, "release 6", "-march=mips32r2"),
        (|f| f.flags = 0x6000_1000, "64-bit instructions", "-march=mips32r2"),
        (|f| f.flags = 0x7000_0020, "n32", "-mabi=32"),
        (|f| f.flags = 0x7600_1000, "MIPS16", "-march=mips32r2"),
        (|f| f.flags = 0x7200_1000, "microMIPS", "-march=mips32r2"),
        (|f| f.parts.push(Part::other(PT_INTERP, b"/lib/ld.so.1\0".to_vec())), "/lib/ld.so.1", "-static"),
        (|f| f.flags = 0x7000_2000, "o64 or EABI", "-mabi=32"),
        (|f| f.flags = 0x7000_1200, "hard-float", "GOMIPS=softfloat"),
        (|f| f.parts.push(Part::other(PT_DYNAMIC, bytes(f.order, &[1, 5, 0, 0]))), "shared libraries", "-static"),
        (|f| f.parts.push(Part::other(PT_ABIFLAGS, abi_flags(2, 1))), "hard-float", "GOMIPS=softfloat"),
        (|f| f.parts.push(Part::other(PT_ABIFLAGS, abi_flags(2, 5))), "hard-float", "-msoft-float"),
        (|f| f.parts.push(Part::other(PT_ABIFLAGS, abi_flags(6, 3))), "release after 2", "-march=mips32r2"),
        (|f| f.parts.push(Part::other(PT_ABIFLAGS, vec![0])), "cut off", "again"),
        (|f| f.kind = 1, "object file", "linked"),
        (|f| f.kind = 4, "core dump", "linked"),
        (|f| f.kind = 99, "unknown kind", "linked"),
        (|f| f.parts.clear(), "no loadable segment", "again"),
        (|f| f.parts[1].address = 0xfffc, "0x0000fffc", "another address"),
        (|f| f.parts[1].address = 0x7bff_fff0, "0x7bfffff0", "another address"),
        (|f| f.parts[1].address = 0x8000_0000, "0x80000000", "another address"),
        (|f| f.parts[1].memory_bytes = u32::MAX, "0x00410010", "another address"),
        (|f| f.parts[1].memory_bytes = 1, "larger than its memory", "again"),
        (|f| f.parts[1].address = 0x40_0008, "0x00400008", "again"),
        (scatter, "in 9 separate places", "one segment"),
        (|f| f.entry = 0x41_0010, "0x00410010", "again"),
        (|f| f.entry = 0x40_0002, "0x00400002", "again"),
        (|f| f.entry = 0, "0x00000000", "again"),
    ];
    for (change, problem, remedy) in cases {
        let mut file = good(order);
        change(&mut file);
        let message = load(&file).unwrap_err().to_string();
        assert!(
            message.contains(problem),
            "{message}: should name {problem}"
        );
        assert!(message.contains(remedy), "{message}: should say {remedy}");
        assert!(!message.contains('\n'));
    }
}

/// What can be told of a file that has several faults is told at once.
#[test]
fn all_reasons_are_found_together() {
    let mut file = good(ByteOrder::Little);
    let (image, refusals) = examine(&file.build());
    assert_eq!(refusals, []);
    assert_eq!(image.unwrap().entry, 0x40_0000);
    file.flags = 0x7200_1000;
    file.entry = 2;
    file.parts.extend([
        Part::other(PT_INTERP, b"/lib/ld.so.1\0".to_vec()),
        Part::other(PT_ABIFLAGS, abi_flags(2, 1)),
        Part::data(0x9000_0000, vec![1], 1),
    ]);
    let (image, refusals) = examine(&file.build());
    let kinds: Vec<_> = refusals.iter().map(LoadError::kind).collect();
    #[rustfmt::skip]
    assert_eq!(kinds, ["wrong_flavour", "dynamic", "hard_float", "out_of_range", "bad_entry"]);
    assert_eq!(image.unwrap().segments.len(), 2);
    // The loader gives the first of them.
    assert_eq!(load(&file).unwrap_err(), refusals[0]);
    let (image, refusals) = examine(b"#!/bin/sh");
    assert!(image.is_none());
    assert_eq!(refusals, [LoadError::NotElf]);
}

/// A static position-independent program has dynamic entries, but asks for no library.
#[test]
fn dynamic_entries_alone_are_no_dependency() {
    let mut file = good(ByteOrder::Big);
    let entries = bytes(ByteOrder::Big, &[5, 0x1000, 0, 0]);
    file.parts.push(Part::other(PT_DYNAMIC, entries));
    assert!(load(&file).is_ok());
}

#[test]
fn soft_float_and_any_float_programs_are_accepted() {
    for float in [0, 3] {
        let mut file = good(ByteOrder::Big);
        file.parts
            .push(Part::other(PT_ABIFLAGS, abi_flags(2, float)));
        assert!(load(&file).is_ok());
    }
}

#[test]
fn what_is_no_elf_file_is_called_so() {
    let kernel = kernel(ByteOrder::Big);
    for bytes in [&b""[..], b"#!/bin/sh\n", b"\x7fEL"] {
        let error = Program::load_with_kernel(bytes, &kernel).unwrap_err();
        assert_eq!(error, LoadError::NotElf);
    }
}

#[test]
fn a_kernel_of_the_other_byte_order_is_refused() {
    let error =
        Program::load_with_kernel(&good(ByteOrder::Big).build(), &kernel(ByteOrder::Little));
    assert!(matches!(error, Err(LoadError::KernelByteOrder { .. })));
}

#[test]
fn every_truncation_is_an_error_or_a_program() {
    let file = good(ByteOrder::Little).build();
    let kernel = kernel(ByteOrder::Little);
    for length in 0..file.len() {
        assert!(
            Program::load_with_kernel(&file[..length], &kernel).is_err(),
            "{length}"
        );
    }
    assert!(Program::load_with_kernel(&file, &kernel).is_ok());
}

proptest! {
    /// Whatever is changed in the headers, loading answers, and what it accepts runs.
    #[test]
    fn mutated_headers_never_panic(
        changes in prop::collection::vec((0usize..120, any::<u8>()), 1..6),
        big in any::<bool>(),
    ) {
        let order = if big { ByteOrder::Big } else { ByteOrder::Little };
        let mut file = good(order).build();
        for (at, value) in changes {
            file[at] = value;
        }
        if let Ok(program) = Program::load_with_kernel(&file, &kernel(order)) {
            let ranges: Vec<_> = program.ranges().collect();
            for range in &ranges {
                prop_assert_eq!((range.first % PAGE_BYTES, range.words % PAGE_WORDS), (0, 0));
                prop_assert!(range.first >= LOWEST_ADDRESS && range.words > 0);
            }
            prop_assert!(ranges.windows(2).all(|pair| pair[0].last() < pair[1].first));
            let mut machine = Machine::new(&program, &Default::default()).unwrap();
            machine.run(100).unwrap();
        }
    }

    /// Nor do random bytes behind a good header.
    #[test]
    fn random_bytes_never_panic(mut file in prop::collection::vec(any::<u8>(), 0..400)) {
        let head = good(ByteOrder::Big).build();
        let length = file.len().min(24);
        file[..length].copy_from_slice(&head[..length]);
        let _ = Program::load_with_kernel(&file, &kernel(ByteOrder::Big));
        let _ = examine(&file);
    }

    /// Random instruction words and registers never panic, and both of two runs do the same.
    #[test]
    fn random_code_never_panics(
        words in prop::collection::vec(any::<u32>(), 1..64),
        regs in prop::array::uniform32(any::<u32>()),
    ) {
        let run = || {
            let mut machine = machine(ByteOrder::Little, &words);
            machine.regs[1..].copy_from_slice(&regs[1..]);
            machine.run(200).unwrap();
            machine.checkpoint()
        };
        let state = run();
        prop_assert_eq!(state.regs[0], 0);
        prop_assert_eq!(state, run());
    }
}
