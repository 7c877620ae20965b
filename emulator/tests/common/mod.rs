//! A tiny assembler and programs made of nothing but given instructions.
#![allow(dead_code)] // every test file uses its own part

pub mod elf_file;
pub mod guest;
pub mod qemu_user;
pub mod random_program;

use zkmips_emulator::constants::*;
use zkmips_emulator::elf::Segment;
use zkmips_emulator::isa::{Instruction, Op};
use zkmips_emulator::{ByteOrder, Inputs, Machine, Program};

/// An instruction with all operand fields given.
pub fn ins(op: Op, rs: u8, rt: u8, rd: u8, imm: u32) -> u32 {
    let instruction = Instruction {
        op,
        rs,
        rt,
        rd,
        imm,
    };
    instruction.encode()
}

/// `op rd, rs, rt`
pub fn r3(op: Op, rd: u8, rs: u8, rt: u8) -> u32 {
    ins(op, rs, rt, rd, 0)
}

/// `op rt, rs, immediate` and `op rt, offset(base)`
pub fn imm(op: Op, rt: u8, rs: u8, immediate: i32) -> u32 {
    ins(op, rs, rt, 0, immediate as u32)
}

/// `op rs, rt, offset`: a branch over so many instructions after the delay slot; 0 goes to the one behind it.
pub fn branch(op: Op, rs: u8, rt: u8, instructions: i32) -> u32 {
    ins(op, rs, rt, 0, (4 + 4 * instructions) as u32)
}

/// Two instructions that load a constant.
pub fn li(register: u8, value: u32) -> [u32; 2] {
    [
        ins(Op::Lui, 0, register, 0, value & 0xffff_0000),
        ins(Op::Ori, register, register, 0, value & 0xffff),
    ]
}

pub const NOP: u32 = 0;

pub fn bytes(order: ByteOrder, words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|&word| order.bytes(word)).collect()
}

pub fn code(order: ByteOrder, address: u32, words: &[u32]) -> Segment {
    Segment::of_words(order, address, words, true)
}

/// A machine about to execute `words` at the reset vector, with nothing else in memory.
pub fn machine(order: ByteOrder, words: &[u32]) -> Machine<'static> {
    let program = Program::from_segments(order, &[code(order, RESET_VECTOR, words)]);
    Machine::new(&program, &Inputs::default()).unwrap()
}

/// As [`machine`], with registers set.
pub fn machine_with(order: ByteOrder, words: &[u32], regs: &[(usize, u32)]) -> Machine<'static> {
    let mut machine = machine(order, words);
    for &(register, value) in regs {
        machine.regs[register] = value;
    }
    machine
}

/// Executes one instruction with `$4` and `$5` set and gives the machine after it.
pub fn one(word: u32, a0: u32, a1: u32) -> Machine<'static> {
    let mut machine = machine_with(ByteOrder::Big, &[word], &[(4, a0), (5, a1)]);
    machine.step().unwrap();
    machine
}

/// Whether the machine is at the exception vector with `$k0` as given and nothing else done.
pub fn raised(machine: &Machine, at: u32) -> bool {
    (machine.pc, machine.next_pc, machine.regs[26]) == (EXCEPTION_VECTOR, EXCEPTION_VECTOR + 4, at)
}
