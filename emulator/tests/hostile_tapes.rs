//! A prover may put anything on the private tape. Whatever it is, the kernel reads no further than the tape goes and the
//! program gets a plain answer.

mod common;
use common::elf_file::*;
use common::*;
use proptest::prelude::*;
use zkmips_emulator::constants::*;
use zkmips_emulator::isa::Op;
use zkmips_emulator::{ByteOrder, Inputs, Machine, Outcome, Program};

const TEXT: u32 = 0x40_0000;
const BUFFER: u32 = 0x50_0000;
const CHUNK: u32 = 0x1003;
const CAPACITY: u32 = PRIVATE_TAPE_BYTES - 4;

/// Reads standard input twice into the buffer, in pieces of `CHUNK` bytes, leaves the results in `$16` and `$17` and in the buffer, and
/// exits with status 0.
fn reader(order: ByteOrder) -> Program {
    let syscall = ins(Op::Syscall, 0, 0, 0, 0);
    let mut words = Vec::new();
    for (result, buffer) in [(16, BUFFER), (17, BUFFER + CHUNK)] {
        words.extend([li(4, 0), li(5, buffer), li(6, CHUNK), li(2, 4003)].concat());
        words.extend([syscall, r3(Op::Addu, result, 2, 0)]);
    }
    words.extend(li(8, BUFFER - 8));
    words.extend([imm(Op::Sw, 16, 8, 0), imm(Op::Sw, 17, 8, 4)]);
    words.extend([li(4, 0), li(2, 4246)].concat());
    words.push(syscall);
    let parts = vec![
        Part::text(TEXT, bytes(order, &words)),
        Part::data(BUFFER - 8, vec![0], 2 * CHUNK + 8),
    ];
    Program::load(&ElfFile::new(order, TEXT, parts).build()).unwrap()
}

/// Runs the reader with the given words on the private tape, as if `position` bytes had been read before.
fn read(order: ByteOrder, words: &[(u32, u32)], position: u32) -> Machine<'static> {
    let program = reader(order);
    let mut machine = Machine::new(&program, &Inputs::default()).unwrap();
    // The machine would put an honest, empty tape there at the first access.
    let mut start = machine.checkpoint();
    start.private_input = Some(Vec::new());
    for &(word, value) in words {
        start.memory.write(PRIVATE_TAPE / 4 + word, value);
    }
    let variable = program.address_of("input_position").unwrap();
    start.memory.write(variable / 4, position);
    machine = Machine::resume(&program, start, || Ok(Vec::new()));
    machine.count_touched_words();
    assert_eq!(machine.run(1_000_000).unwrap(), Outcome::Halted);
    assert_eq!(machine.status(), 0);
    machine
}

fn check(order: ByteOrder, length: u32, words: &[(u32, u32)], position: u32) {
    let tape = [&[(0, length)], words].concat();
    let machine = read(order, &tape, position);
    let length = length.min(CAPACITY);
    let mut position = position;
    for call in 0..2 {
        let expected = length.saturating_sub(position).min(CHUNK);
        assert_eq!(
            machine.memory.read(BUFFER / 4 - 2 + call),
            expected,
            "length {length:#x}"
        );
        let from = PRIVATE_TAPE.wrapping_add(4).wrapping_add(position);
        let bytes = |at, length: u32| machine.memory.read_bytes(order, at, length as usize);
        let buffer = BUFFER + call * CHUNK;
        assert_eq!(bytes(buffer, expected), bytes(from, expected));
        // Nothing behind what was read: the rest of the buffer is zero.
        let rest = bytes(buffer + expected, CHUNK - expected);
        assert!(rest.iter().all(|&byte| byte == 0));
        position += expected;
    }
    // Of the tape, nothing was touched but the length and the words with bytes that were read.
    let last = (PRIVATE_TAPE as u64 + 4 + position as u64).div_ceil(4);
    let touched = machine.touched_words().unwrap();
    assert!(touched
        .iter()
        .all(|&word| (word as u64) < last.max(PRIVATE_TAPE as u64 / 4 + 1)));
}

#[test]
fn lengths_at_the_edges() {
    for order in ByteOrder::ALL {
        let words: Vec<(u32, u32)> = (1..3000).map(|word| (word, word * 0x0101_0101)).collect();
        for length in [
            0,
            1,
            3,
            4,
            CHUNK,
            CHUNK + 1,
            2 * CHUNK,
            CAPACITY,
            CAPACITY + 1,
            1 << 31,
            u32::MAX - 3,
            u32::MAX,
        ] {
            check(order, length, &words, 0);
        }
        let end: Vec<(u32, u32)> = (1..10)
            .map(|word| ((1 << 28) - word, 0x1122_3344 * word))
            .collect();
        for length in [CAPACITY - 1, CAPACITY, CAPACITY + 1, u32::MAX] {
            for left in [0, 1, 5, 20] {
                check(order, length, &end, CAPACITY - left);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn arbitrary_tapes(
        length in prop_oneof![any::<u32>(), 0u32..0x3000, CAPACITY - 9..=CAPACITY + 9],
        words in prop::collection::vec((1u32..3000, any::<u32>()), 0..50),
        position in prop_oneof![Just(0), 0..CAPACITY, CAPACITY - 0x2000..=CAPACITY],
        big in any::<bool>(),
    ) {
        let order = if big { ByteOrder::Big } else { ByteOrder::Little };
        check(order, length, &words, position);
    }
}
