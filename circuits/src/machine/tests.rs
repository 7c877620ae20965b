//! The slot machine against the emulator, instruction by instruction.

use super::*;
use crate::operation::Operation;
use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{HashMap, HashSet};
use zkmips_emulator::{
    constants::{EXCEPTION_VECTOR, PUBLIC_TAPE},
    elf::Segment,
    isa::{decode, Instruction, Op},
    ByteOrder, Machine,
};

const CODE: u32 = 0x0040_0000;
const CODE_WORDS: u32 = 1 << 15;
const DATA: u32 = 0x1000_0000;

/// Kernel text that returns behind the instruction that raised, and `j H` at H.
fn kernel(start: &[u32]) -> Vec<u32> {
    let mut text = vec![0; 128];
    text[..start.len()].copy_from_slice(start);
    let vector = ((EXCEPTION_VECTOR - RESET_VECTOR) / 4) as usize;
    text[vector] = 0x275a_0004; // addiu $k0, $k0, 4
    text[vector + 1] = 0x0340_0008; // jr $k0
    let halt = ((HALT - RESET_VECTOR) / 4) as usize;
    text[halt] = 0x0800_0060; // j H
    text
}

fn program(order: ByteOrder, start: &[u32], code: &[u32], data: &[u32]) -> Program {
    Program::from_segments(
        order,
        &[
            Segment::of_words(order, CODE, code, true),
            Segment::of_words(order, DATA, data, false),
            Segment::of_words(order, RESET_VECTOR, &kernel(start), true),
        ],
    )
}

fn inputs() -> Inputs {
    Inputs {
        stdin: b"a private line".to_vec(),
        public_input: b"public".to_vec(),
        ..Inputs::default()
    }
}

/// Follows the buses: every port must find what the last access left, in order of time.
#[derive(Default)]
struct Ports {
    registers: Vec<u32>,
    memory: HashMap<u32, (u32, u64)>,
    time: u64,
    pending: Option<Dispatch>,
    accessed: Vec<u32>,
}

impl Ports {
    fn of(machine: &SlotMachine) -> Self {
        Ports {
            registers: machine.registers.to_vec(),
            time: machine.time(),
            ..Ports::default()
        }
    }
}

impl Events for Ports {
    fn slot(&mut self, r: &SlotRecord) {
        let e = &r.entry;
        assert_eq!(r.time, self.time);
        self.time += 1;
        assert_eq!(r.rs_value, self.registers[e.rs as usize]);
        assert_eq!(r.rt_value, self.registers[e.rt as usize]);
        assert_eq!(r.rd_old, self.registers[e.rd as usize]);
        assert_ne!(e.rd, 0);
        let x = u64::from(r.rs_value) + u64::from(e.immediate);
        let factor = 1 - 2 * i64::from(e.minus) - i64::from(e.jump);
        match self.pending.take() {
            Some(d) => {
                assert!(e.dispatch);
                assert_eq!((d.operation, d.time), (e.operation, r.time));
                assert_eq!((d.x, d.y, d.z), (x, r.rt_value, r.result));
            }
            None => {
                assert!(!e.dispatch && e.operation == Operation::None);
                let sum = x as i64 + factor * i64::from(r.rt_value);
                assert_eq!(r.result, sum as u32);
            }
        }
        if e.branch {
            assert!(r.result < 2);
        }
        self.registers[e.rd as usize] = r.result;
    }

    fn dispatch(&mut self, d: &Dispatch) {
        assert!(d.operation.number() >= 16 && d.y as u64 <= u32::MAX as u64);
        assert!(d.x <= u64::from(u32::MAX) || d.operation.number() > 64);
        assert!(self.pending.replace(*d).is_none());
    }

    fn access(&mut self, a: &Access) {
        assert!(a.dispatch.operation.number() < 16 && a.dispatch.x < 1 << 33);
        assert!(self.pending.replace(a.dispatch).is_none());
        let address = a.dispatch.x as u32 >> 2;
        if let Some(before) = self.memory.get(&address) {
            assert_eq!(*before, (a.old, a.old_time));
        } else {
            assert_eq!(a.old_time, 0);
        }
        assert!(a.old_time < a.dispatch.time);
        self.memory.insert(address, (a.new, a.dispatch.time));
        self.accessed.push(address);
    }
}

/// The two machines side by side.
struct Pair {
    emulator: Machine<'static>,
    slots: SlotMachine,
    ports: Ports,
}

impl Pair {
    fn new(program: &Program, inputs: &Inputs) -> Self {
        let slots = SlotMachine::new(program, inputs).unwrap();
        Pair {
            emulator: Machine::new(program, inputs).unwrap(),
            ports: Ports::of(&slots),
            slots,
        }
    }

    /// Gives both the same registers.
    fn set(&mut self, registers: &[u32; 36], pc: u32, next_pc: u32) {
        self.emulator.regs.copy_from_slice(&registers[..32]);
        self.emulator.hi = registers[32];
        self.emulator.lo = registers[33];
        self.emulator.user_local = registers[34];
        self.emulator.tick = registers[35];
        (self.emulator.pc, self.emulator.next_pc) = (pc, next_pc);
        self.slots.registers[..36].copy_from_slice(registers);
        (self.slots.pc, self.slots.next_pc) = (pc, next_pc.into());
        self.ports.registers = self.slots.registers.to_vec();
    }

    /// One instruction on both, which must agree.
    fn step(&mut self) {
        let pc = self.slots.pc;
        let before = self.slots.registers;
        self.emulator.step().unwrap();
        let mut taken = 0;
        loop {
            self.slots.slot(&mut self.ports).unwrap();
            taken += 1;
            assert!(taken <= 8);
            if self.slots.step_number() == 0 {
                break;
            }
        }
        let text = || {
            let instruction = self.emulator.program().instruction_at(pc);
            format!("{pc:#x}: {instruction:x?} {before:x?}")
        };
        let (e, s) = (&self.emulator, &self.slots);
        assert_eq!(s.registers[..32], e.regs, "{}", text());
        let special = [e.hi, e.lo, e.user_local, e.tick];
        assert_eq!(s.registers[32..36], special, "{}", text());
        assert_eq!((s.pc, s.next_pc as u32), (e.pc, e.next_pc), "{}", text());
        assert!(s.next_pc < 1 << 32 || s.pc >= 0xffff_fffc, "{}", text());
        for address in self.ports.accessed.drain(..) {
            assert_eq!(s.word(address), e.memory.read(address), "{}", text());
        }
    }

    fn same_memory(&self) {
        for (page, words) in self.emulator.memory.pages() {
            for (offset, &word) in words.iter().enumerate() {
                let address = page << 10 | offset as u32;
                assert_eq!(self.slots.word(address), word, "{address:#x}");
            }
        }
        assert_eq!(self.slots.instructions(), self.emulator.instructions());
    }
}

fn edge(rng: &mut ChaCha8Rng) -> u32 {
    const EDGES: [u32; 12] = [
        0,
        1,
        2,
        31,
        0x7fff,
        0x8000,
        0xffff,
        0x7fff_ffff,
        0x8000_0000,
        0x8000_0001,
        0xffff_fffe,
        0xffff_ffff,
    ];
    match rng.gen_range(0..4) {
        0 | 1 => *EDGES.choose(rng).unwrap(),
        2 => rng.gen(),
        _ => rng.gen_range(0..64),
    }
}

fn random_instruction(rng: &mut ChaCha8Rng) -> u32 {
    let op = *Op::ALL.choose(rng).unwrap();
    // Few registers, so that they are often the same.
    let mut register = || match rng.gen_range(0..12) {
        0 | 1 => 0,
        2..=8 => rng.gen_range(1..6),
        9 => 31,
        10 => 26,
        _ => rng.gen_range(0..32),
    };
    let (rs, rt, rd) = (register(), register(), register());
    let mut imm = edge(rng);
    let (rt, rd) = match op {
        Op::Rdhwr => (rt, *[0, 1, 2, 3, 29].choose(rng).unwrap()),
        Op::Pref => (if rng.gen() { 31 } else { 0 }, rd),
        _ => (rt, rd),
    };
    match op {
        Op::J | Op::Jal => imm = CODE + 4 * rng.gen_range(0..CODE_WORDS),
        _ if op.is_branch_or_jump() => imm = (4 * rng.gen_range(-64..64i32)) as u32,
        Op::Ext | Op::Ins => {
            let lsb = *[0, 0, 8, 16, 31, rng.gen_range(0..32)].choose(rng).unwrap();
            let size = *[1, 32 - lsb, rng.gen_range(1..=32 - lsb)]
                .choose(rng)
                .unwrap();
            imm = lsb | size << 8;
        }
        _ if op.accesses_memory() && rng.gen_range(0..3) > 0 => {
            imm = rng.gen_range(-64..64i32) as u32;
        }
        _ => {}
    }
    Instruction {
        op,
        rs,
        rt,
        rd,
        imm,
    }
    .encode()
}

fn random_registers(rng: &mut ChaCha8Rng) -> [u32; 36] {
    let mut registers = [0; 36];
    for register in registers.iter_mut().skip(1) {
        *register = match rng.gen_range(0..8) {
            // Places where accesses and jumps can go.
            0..=2 => DATA + rng.gen_range(64..4000),
            3 => CODE + 4 * rng.gen_range(0..CODE_WORDS),
            4 => *[0xfff0u32, 0x1_0000, 0xffff_ffff, PUBLIC_TAPE, PRIVATE_TAPE]
                .choose(rng)
                .unwrap(),
            _ => edge(rng),
        };
    }
    registers[35] = *[0, 1, 2, 3, u32::MAX].choose(rng).unwrap();
    registers
}

fn random_pair(order: ByteOrder, rng: &mut ChaCha8Rng) -> Pair {
    let code: Vec<u32> = (0..CODE_WORDS)
        .map(|_| match rng.gen_range(0..40) {
            0 => rng.gen(),
            _ => random_instruction(rng),
        })
        .collect();
    let data: Vec<u32> = (0..1024).map(|_| rng.gen()).collect();
    Pair::new(&program(order, &[], &code, &data), &inputs())
}

#[test]
fn every_instruction_agrees_with_the_emulator() {
    for order in ByteOrder::ALL {
        let rng = &mut ChaCha8Rng::seed_from_u64(order.lane_flip().into());
        let mut pair = random_pair(order, rng);
        let mut executed = HashSet::new();
        for _ in 0..400_000 {
            let pc = CODE + 4 * rng.gen_range(0..CODE_WORDS);
            let next_pc = match rng.gen_range(0..8) {
                0 => edge(rng),
                1 => CODE + 4 * rng.gen_range(0..CODE_WORDS),
                _ => pc + 4,
            };
            let mut registers = random_registers(rng);
            if rng.gen_range(0..4) == 0 {
                // Equal operands, and operands that differ by one.
                registers[2] = registers[1];
                registers[3] = registers[1].wrapping_add(1);
            }
            pair.set(&registers, pc, next_pc);
            executed.insert(pair.emulator.program().instruction_at(pc).unwrap().op);
            pair.step();
        }
        pair.same_memory();
        assert_eq!(executed.len(), Op::ALL.len());
        let census = pair.slots.census();
        let numbers: HashSet<u64> = census
            .fetches
            .iter()
            .map(|f| f.entry.operation.number())
            .collect();
        // None, 12 accesses, 6 comparisons, 6 traps, 4 logic, 5 shifts, 3 products, 4 quotients, 18 faults.
        assert_eq!(numbers.len(), 59);
    }
}

#[test]
fn random_sequences_agree_with_the_emulator() {
    for order in ByteOrder::ALL {
        let rng = &mut ChaCha8Rng::seed_from_u64(7 + u64::from(order.lane_flip()));
        let mut pair = random_pair(order, rng);
        for _ in 0..2_000 {
            let pc = CODE + 4 * rng.gen_range(0..CODE_WORDS);
            pair.set(&random_registers(rng), pc, pc + 4);
            for _ in 0..100 {
                pair.step();
            }
        }
        pair.same_memory();
    }
}

#[test]
fn nothing_is_fetched_from_bad_addresses() {
    let program = program(ByteOrder::Big, &[], &[0], &[0]);
    let mut pair = Pair::new(&program, &inputs());
    for pc in [
        0,
        0xfffc,
        CODE + 1,
        CODE + 2,
        CODE - 4,
        DATA,
        0xffff_fffc,
        0xffff_ffff,
    ] {
        pair.set(&[0; 36], pc, 0xffff_fffd);
        pair.step();
        assert_eq!(pair.slots.pc, EXCEPTION_VECTOR);
        assert_eq!(pair.slots.registers[26], pc);
    }
    let census = pair.slots.census();
    let faults = census
        .fetches
        .iter()
        .filter(|f| f.origin == Origin::FetchFault);
    assert_eq!(faults.count(), 16);
}

#[test]
fn a_branch_likely_skips_the_word_behind_it_wherever_it_is() {
    let beql = 0x5001_0010; // beql $0, $1, .+68
    let program = program(ByteOrder::Little, &[], &[beql, 0, 0, 0], &[0]);
    let mut pair = Pair::new(&program, &inputs());
    let mut registers = [0; 36];
    for (value, next_pc, after) in [
        (0, CODE + 4, (CODE + 4, CODE + 0x44)),
        (1, CODE + 4, (CODE + 8, CODE + 12)),
        (0, DATA, (DATA, CODE + 0x44)),
        (1, DATA, (CODE + 8, CODE + 12)),
    ] {
        registers[1] = value;
        pair.set(&registers, CODE, next_pc);
        pair.step();
        let (pc, next_pc) = after;
        assert_eq!((pair.slots.pc, pair.slots.next_pc), (pc, next_pc.into()));
    }
}

/// A program that reads both tapes, calls the kernel, writes output and halts.
fn small_program(order: ByteOrder) -> Program {
    let start = [
        0x3c08_c000, // lui $8, 0xc000: private tape
        0x8d09_0000, // lw $9, 0($8)
        0x3c0a_9000, // lui $10, 0x9000: public tape
        0x8d4b_0000, // lw $11, 0($10)
        0x0000_000c, // syscall
        0x3c0c_a000, // lui $12, 0xa000: output tape
        0xad89_0000, // sw $9, 0($12)
        0xad80_0004, // sw $0, 4($12)
        0x8d09_0001, // lw $9, 1($8): faults
        0x012b_0018, // mult $9, $11
        0x0000_0020, // add $0, $0, $0
        0x0800_0060, // j H
        0x0800_0060, // j H
    ];
    program(order, &start, &[0], &[0])
}

#[test]
fn a_run_halts_as_the_emulators_does() {
    for order in ByteOrder::ALL {
        let program = small_program(order);
        let mut emulator = Machine::new(&program, &inputs()).unwrap();
        emulator.run(1000).unwrap();
        assert!(emulator.halted());
        let mut slots = SlotMachine::new(&program, &inputs()).unwrap();
        let executed = slots.run(1000, &mut ()).unwrap();
        assert!(slots.halted());
        let census = slots.census();
        assert_eq!(census.slots, executed);
        assert_eq!(census.instructions, emulator.instructions());
        assert_eq!(slots.registers[..32], emulator.regs);
        assert_eq!(slots.word(0xa000_0000 / 4), inputs().stdin.len() as u32);
        let touched: Vec<u32> = census.touched.iter().map(|w| w.address).collect();
        let expected = [PUBLIC_TAPE, 0xa000_0000, 0xa000_0004, PRIVATE_TAPE];
        assert_eq!(touched, expected.map(|a| a / 4));
        assert_eq!(census.operations(Operation::Lw), 2);
        assert_eq!(census.operations(Operation::FaultLw), 1);
        let fetched: u64 = census.fetches.iter().map(|f| f.count).sum();
        assert_eq!(fetched, executed);

        // It can go on for ever, and only the time changes.
        let at_halt = slots.clone();
        for _ in 0..10 {
            slots.slot(&mut ()).unwrap();
            assert!(slots.halted());
        }
        assert_eq!(slots.registers, at_halt.registers);
        assert_eq!(slots.time(), at_halt.time() + 10);
    }
}

/// Keeps everything.
#[derive(Default, PartialEq, Debug)]
struct Log(Vec<SlotRecord>, Vec<Dispatch>, Vec<Access>);

impl Events for Log {
    fn slot(&mut self, record: &SlotRecord) {
        self.0.push(*record);
    }
    fn dispatch(&mut self, dispatch: &Dispatch) {
        self.1.push(*dispatch);
    }
    fn access(&mut self, access: &Access) {
        self.2.push(*access);
    }
}

#[test]
fn a_run_goes_on_from_any_checkpoint() {
    let program = small_program(ByteOrder::Big);
    let mut whole = SlotMachine::new(&program, &inputs()).unwrap();
    let total = whole.run(1000, &mut ()).unwrap();
    for cut in 0..total {
        let mut machine = SlotMachine::new(&program, &inputs()).unwrap();
        machine.run(cut, &mut ()).unwrap();
        let text = serde_json::to_string(&machine.checkpoint()).unwrap();
        let checkpoint: Checkpoint = serde_json::from_str(&text).unwrap();
        let mut resumed = SlotMachine::resume(&program, &inputs(), &checkpoint).unwrap();
        let (mut left, mut right) = (Log::default(), Log::default());
        machine.run(1000, &mut left).unwrap();
        resumed.run(1000, &mut right).unwrap();
        assert_eq!(left, right);
        assert_eq!(machine.checkpoint(), resumed.checkpoint());
        assert_eq!(resumed.checkpoint(), whole.checkpoint());
    }
}

#[test]
fn foreign_checkpoints_are_refused() {
    let program = small_program(ByteOrder::Big);
    let machine = SlotMachine::new(&program, &inputs()).unwrap();
    let good = machine.checkpoint();
    assert!(SlotMachine::resume(&program, &inputs(), &good).is_ok());
    let spoil: [fn(&mut Checkpoint); 8] = [
        |c| c.next_pc = (1 << 32) + 4,
        |c| c.registers.truncate(39),
        |c| c.registers[0] = 1,
        |c| c.step = 1,
        |c| c.time = 0,
        |c| c.time = LAST_TIME + 2,
        |c| c.words.push((0, 0, 1)),
        |c| {
            c.time = 5;
            c.words.push((1 << 30, 0, 1));
        },
    ];
    for spoil in spoil {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert!(matches!(
            SlotMachine::resume(&program, &inputs(), &bad),
            Err(MachineError::Foreign(_))
        ));
    }
}

#[test]
fn a_run_ends_when_time_does() {
    let program = small_program(ByteOrder::Big);
    let machine = SlotMachine::new(&program, &inputs()).unwrap();
    let late = Checkpoint {
        time: LAST_TIME,
        ..machine.checkpoint()
    };
    let mut machine = SlotMachine::resume(&program, &inputs(), &late).unwrap();
    machine.slot(&mut ()).unwrap();
    assert!(matches!(machine.slot(&mut ()), Err(MachineError::TooLong)));
}

#[test]
fn decoding_here_and_in_the_emulator_starts_from_the_same_words() {
    // What the slot machine reaches is decoded from the program's words, the emulator's instructions too.
    let code = [0x03e0_0008, 0x0000_000f, 0x0000_000f];
    let program = program(ByteOrder::Big, &[], &code, &[0]);
    let mut pair = Pair::new(&program, &inputs());
    let mut registers = [0; 36];
    registers[35] = 5;
    for (index, tick) in [(1, 5), (2, 4)] {
        pair.set(&registers, CODE + 4 * index, CODE + 8);
        pair.step();
        assert_eq!(pair.slots.registers[35], tick);
    }
    assert_eq!(decode(code[1]).op, Op::Sync);
}
