//! Instructions: the decoder against the encoder, and the emulator, which executes instructions, against the slot machine, which executes
//! the decoded entries that are proved.

use super::input::Input;
use zkmips::{ByteOrder, Inputs};
use zkmips_circuits::machine::SlotMachine;
use zkmips_emulator::constants::{EXCEPTION_VECTOR, HALT, RESET_VECTOR};
use zkmips_emulator::elf::Segment;
use zkmips_emulator::isa::{decode, Op};
use zkmips_emulator::{Machine, Program};

const CODE: u32 = 0x0040_0000;
const WORDS: usize = 16;
const DATA: u32 = 0x1000_0000;
/// Instructions executed.
const STEPS: usize = 64;
/// Entries that one instruction can decode to.
const ENTRIES: usize = 8;

/// Byte order, code, first instruction's place, registers that are not zero, data.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let order = ByteOrder::ALL[usize::from(input.u8() % 2)];
    let start = CODE + 4 * (u32::from(input.u8()) % WORDS as u32);
    let stdin = vec![input.u8(); 5];
    let code: [u32; WORDS] = std::array::from_fn(|_| input.u32());
    code.iter().for_each(|&word| decoded_and_encoded(word));
    let registers: [u32; 36] = std::array::from_fn(|register| match register {
        0 => 0,
        _ => number(&mut input),
    });
    let data: Vec<u32> = (0..64).map(|_| input.u32()).collect();

    let program = program(order, &code, &data);
    let inputs = Inputs {
        stdin,
        ..Inputs::default()
    };
    let mut emulator = Machine::new(&program, &inputs).expect("small inputs");
    let mut slots = SlotMachine::new(&program, &inputs).expect("small inputs");
    emulator.regs.copy_from_slice(&registers[..32]);
    [emulator.hi, emulator.lo, emulator.user_local, emulator.tick] =
        std::array::from_fn(|i| registers[32 + i]);
    (emulator.pc, emulator.next_pc) = (start, start + 4);
    slots.registers[..36].copy_from_slice(&registers);
    (slots.pc, slots.next_pc) = (start, u64::from(start) + 4);

    for _ in 0..STEPS {
        let before = (emulator.pc, emulator.program().instruction_at(emulator.pc));
        emulator.step().expect("standard input is given");
        for taken in 0.. {
            assert!(taken < ENTRIES, "{before:x?} does not end");
            slots.slot(&mut ()).expect("there is time");
            if slots.step_number() == 0 {
                break;
            }
        }
        assert_eq!(slots.registers[..32], emulator.regs, "{before:x?}");
        let special = [emulator.hi, emulator.lo, emulator.user_local, emulator.tick];
        assert_eq!(slots.registers[32..36], special, "{before:x?}");
        assert_eq!(
            (slots.pc, slots.next_pc as u32),
            (emulator.pc, emulator.next_pc),
            "{before:x?}"
        );
    }
    for (page, words) in emulator.memory.pages() {
        for (offset, &word) in words.iter().enumerate() {
            let address = page << 10 | offset as u32;
            assert_eq!(slots.word(address), word, "{address:#x}");
        }
    }
}

/// A word decodes to what the word that is made of it decodes to.
fn decoded_and_encoded(word: u32) {
    let instruction = decode(word);
    if instruction.op != Op::Reserved {
        assert_eq!(decode(instruction.encode()), instruction, "{word:08x}");
    }
}

/// Values near something or any: an input of few bytes has interesting registers.
fn number(input: &mut Input) -> u32 {
    let kind = input.u8();
    let offset = u32::from(kind >> 3);
    match kind & 7 {
        0 => offset,
        1 => offset.wrapping_neg(),
        2 => 0x8000_0000 ^ offset,
        3 => 0x7fff_ffff - offset,
        4 => DATA + offset,
        5 => CODE + 4 * offset,
        6 => 0x1_0000 - offset,
        _ => input.u32(),
    }
}

fn program(order: ByteOrder, code: &[u32], data: &[u32]) -> Program {
    let mut kernel = [0; 128];
    let word = |address: u32| ((address - RESET_VECTOR) / 4) as usize;
    kernel[word(EXCEPTION_VECTOR)] = 0x275a_0004; // addiu $k0, $k0, 4
    kernel[word(EXCEPTION_VECTOR) + 1] = 0x0340_0008; // jr $k0
    kernel[word(HALT)] = 0x0800_0060; // j HALT
    Program::from_segments(
        order,
        &[
            Segment::of_words(order, CODE, code, true),
            Segment::of_words(order, DATA, data, false),
            Segment::of_words(order, RESET_VECTOR, &kernel, true),
        ],
    )
}
