//! What instructions other than loads and stores do, against values worked out by hand from the architecture manual.

mod common;
use common::*;
use zkmips_emulator::constants::*;
use zkmips_emulator::isa::Op;
use zkmips_emulator::{ByteOrder, Outcome};

/// When a trap or branch on two operands happens.
type Predicate = fn(u32, u32) -> bool;

const MIN: u32 = 0x8000_0000;
const MAX: u32 = 0x7fff_ffff;

/// Result in `$2` of an instruction on `$4` and `$5`.
fn result(word: u32, a0: u32, a1: u32) -> u32 {
    let machine = one(word, a0, a1);
    assert_eq!(
        (machine.pc, machine.next_pc),
        (RESET_VECTOR + 4, RESET_VECTOR + 8)
    );
    machine.regs[2]
}

#[test]
fn three_register_arithmetic_and_logic() {
    #[rustfmt::skip]
    let cases = [
        (Op::Add, 5, u32::MAX, 4), (Op::Addu, MAX, 1, MIN), (Op::Sub, 5, 7, -2i32 as u32), (Op::Subu, MIN, 1, MAX),
        (Op::And, 0b1100, 0b1010, 0b1000), (Op::Or, 0b1100, 0b1010, 0b1110), (Op::Xor, 0b1100, 0b1010, 0b0110),
        (Op::Nor, 0xffff_0000, 0x0000_ff00, 0x0000_00ff),
        (Op::Slt, MIN, 0, 1), (Op::Slt, 0, MIN, 0), (Op::Slt, 3, 3, 0),
        (Op::Sltu, MIN, 0, 0), (Op::Sltu, 0, MIN, 1), (Op::Sltu, 3, 3, 0),
        (Op::Mul, 0x1_0001, 0xffff_ffff, 0xfffe_ffff),
        (Op::Movz, 7, 0, 7), (Op::Movz, 7, 1, 0), (Op::Movn, 7, 0, 0), (Op::Movn, 7, 1, 7),
    ];
    for (op, x, y, expected) in cases {
        assert_eq!(
            result(r3(op, 2, 4, 5), x, y),
            expected,
            "{} {x:#x} {y:#x}",
            op.mnemonic()
        );
    }
}

#[test]
fn signed_overflow_raises_and_writes_nothing() {
    for (word, x, y) in [
        (r3(Op::Add, 4, 4, 5), MAX, 1),
        (r3(Op::Add, 4, 4, 5), MIN, u32::MAX),
        (r3(Op::Sub, 4, 4, 5), MIN, 1),
        (r3(Op::Sub, 4, 4, 5), 0, MIN),
        (imm(Op::Addi, 4, 4, 1), MAX, 0),
        (imm(Op::Addi, 4, 4, -1), MIN, 0),
    ] {
        let machine = one(word, x, y);
        assert!(raised(&machine, RESET_VECTOR));
        assert_eq!(machine.regs[4], x);
    }
}

#[test]
fn immediates() {
    #[rustfmt::skip]
    let cases = [
        (Op::Addi, 5, -6, u32::MAX), (Op::Addiu, MAX, 1, MIN), (Op::Slti, 5, -1, 0), (Op::Slti, MIN, -32768, 1),
        (Op::Sltiu, 5, -1, 1), (Op::Sltiu, u32::MAX, -1, 0),
        (Op::Andi, u32::MAX, 0x8001, 0x8001), (Op::Ori, 0x7000_0000, 0x8001, 0x7000_8001),
        (Op::Xori, 0xffff_ffff, 0x8001, 0xffff_7ffe),
    ];
    for (op, x, immediate, expected) in cases {
        assert_eq!(
            result(imm(op, 2, 4, immediate), x, 0),
            expected,
            "{}",
            op.mnemonic()
        );
    }
    assert_eq!(
        result(ins(Op::Lui, 0, 2, 0, 0x8001_0000), 0, 0),
        0x8001_0000
    );
}

#[test]
fn shifts_and_rotates() {
    let x = 0x8000_00f1;
    #[rustfmt::skip]
    let cases = [
        (Op::Sll, Op::Sllv, 4, 0x0000_0f10), (Op::Srl, Op::Srlv, 4, 0x0800_000f),
        (Op::Sra, Op::Srav, 4, 0xf800_000f), (Op::Rotr, Op::Rotrv, 4, 0x1800_000f),
        (Op::Sll, Op::Sllv, 0, x), (Op::Srl, Op::Srlv, 0, x), (Op::Sra, Op::Srav, 31, u32::MAX), (Op::Rotr, Op::Rotrv, 31, 0x0000_01e3),
    ];
    for (by_amount, by_register, amount, expected) in cases {
        assert_eq!(result(ins(by_amount, 0, 4, 2, amount), x, 0), expected);
        // Only five bits of the register count.
        for high in [0, 32, 0xffff_ffe0] {
            let word = ins(by_register, 5, 4, 2, 0);
            assert_eq!(result(word, x, amount | high), expected);
        }
    }
}

#[test]
fn bit_operations() {
    #[rustfmt::skip]
    let cases = [
        (ins(Op::Clz, 4, 0, 2, 0), 0, 32), (ins(Op::Clz, 4, 0, 2, 0), 0x0001_0000, 15), (ins(Op::Clo, 4, 0, 2, 0), u32::MAX, 32),
        (ins(Op::Clo, 4, 0, 2, 0), 0xf000_0000, 4), (ins(Op::Seb, 0, 4, 2, 0), 0x1280, 0xffff_ff80), (ins(Op::Seb, 0, 4, 2, 0), 0xff7f, 0x7f),
        (ins(Op::Seh, 0, 4, 2, 0), 0x1_8000, 0xffff_8000), (ins(Op::Wsbh, 0, 4, 2, 0), 0x1122_3344, 0x2211_4433),
        (ins(Op::Ext, 4, 2, 0, 8 | 12 << 8), 0x1234_5678, 0x456), (ins(Op::Ext, 4, 2, 0, 32 << 8), 0x1234_5678, 0x1234_5678),
        (ins(Op::Ext, 4, 2, 0, 31 | 1 << 8), MIN, 1),
    ];
    for (word, x, expected) in cases {
        assert_eq!(result(word, x, 0), expected);
    }
    let insert = |lsb: u32, size: u32| {
        one(
            ins(Op::Ins, 4, 5, 0, lsb | size << 8),
            0xabcd_ef98,
            0x1111_1111,
        )
        .regs[5]
    };
    assert_eq!(insert(8, 12), 0x111f_9811);
    assert_eq!(insert(0, 32), 0xabcd_ef98);
    assert_eq!(insert(31, 1), 0x1111_1111);
    assert_eq!(insert(28, 4), 0x8111_1111);
}

#[test]
fn multiplication_and_accumulation() {
    let run = |op, x, y, hi, lo| {
        let mut machine = machine_with(ByteOrder::Big, &[r3(op, 0, 4, 5)], &[(4, x), (5, y)]);
        (machine.hi, machine.lo) = (hi, lo);
        machine.step().unwrap();
        (machine.hi, machine.lo)
    };
    let minus = u32::MAX;
    assert_eq!(run(Op::Mult, minus, 2, 9, 9), (minus, -2i32 as u32));
    assert_eq!(run(Op::Mult, MIN, MIN, 9, 9), (0x4000_0000, 0));
    assert_eq!(run(Op::Multu, minus, 2, 9, 9), (1, -2i32 as u32));
    assert_eq!(run(Op::Multu, minus, minus, 9, 9), (0xffff_fffe, 1));
    assert_eq!(run(Op::Madd, minus, 1, 0, 0), (minus, minus));
    assert_eq!(run(Op::Madd, 2, 3, 0, minus - 2), (1, 3));
    assert_eq!(run(Op::Maddu, minus, 1, 0, 1), (1, 0));
    assert_eq!(run(Op::Msub, minus, 1, 0, minus), (1, 0));
    assert_eq!(run(Op::Msubu, 1, 1, 0, 0), (minus, minus));
    assert_eq!(run(Op::Msubu, minus, minus, 0xffff_fffe, 1), (0, 0));
}

#[test]
fn division_has_a_result_for_all_operands() {
    let run = |op, x, y| {
        let machine = one(r3(op, 0, 4, 5), x, y);
        (machine.lo, machine.hi)
    };
    let minus = |x: i32| -x as u32;
    assert_eq!(run(Op::Div, 7, 2), (3, 1));
    assert_eq!(run(Op::Div, minus(7), 2), (minus(3), minus(1)));
    assert_eq!(run(Op::Div, 7, minus(2)), (minus(3), 1));
    assert_eq!(run(Op::Divu, minus(7), 2), (0x7fff_fffc, 1));
    // Division by 1 where there is no quotient.
    assert_eq!(run(Op::Div, 7, 0), (7, 0));
    assert_eq!(run(Op::Div, minus(7), 0), (minus(7), 0));
    assert_eq!(run(Op::Div, MIN, minus(1)), (MIN, 0));
    assert_eq!(run(Op::Divu, 7, 0), (7, 0));
    assert_eq!(run(Op::Divu, MIN, minus(1)), (0, MIN));
}

#[test]
fn hi_and_lo_move() {
    let words = [
        r3(Op::Mthi, 0, 4, 0),
        r3(Op::Mtlo, 0, 5, 0),
        r3(Op::Mfhi, 2, 0, 0),
        r3(Op::Mflo, 3, 0, 0),
    ];
    let mut machine = machine_with(ByteOrder::Big, &words, &[(4, 11), (5, 12)]);
    machine.run(4).unwrap();
    assert_eq!(
        (machine.hi, machine.lo, machine.regs[2], machine.regs[3]),
        (11, 12, 11, 12)
    );
}

#[test]
fn register_zero_stays_zero() {
    for word in [
        r3(Op::Addu, 0, 4, 5),
        imm(Op::Addiu, 0, 4, 1),
        imm(Op::Lw, 0, 0, 0) | 28 << 21,
        ins(Op::Rdhwr, 0, 0, 1, 0),
        r3(Op::Jalr, 0, 4, 0),
    ] {
        let mut machine = machine_with(
            ByteOrder::Big,
            &[word],
            &[(4, 5), (5, 6), (28, RESET_VECTOR)],
        );
        machine.step().unwrap();
        assert!(!raised(&machine, RESET_VECTOR));
        assert_eq!(machine.regs[0], 0);
    }
}

#[test]
fn traps_raise_exactly_when_the_comparison_holds() {
    let minus = u32::MAX;
    #[rustfmt::skip]
    let cases: [(Op, Op, Predicate); 6] = [
        (Op::Tge, Op::Tgei, |x, y| x as i32 >= y as i32), (Op::Tgeu, Op::Tgeiu, |x, y| x >= y),
        (Op::Tlt, Op::Tlti, |x, y| (x as i32) < y as i32), (Op::Tltu, Op::Tltiu, |x, y| x < y),
        (Op::Teq, Op::Teqi, |x, y| x == y), (Op::Tne, Op::Tnei, |x, y| x != y),
    ];
    for (by_register, by_immediate, holds) in cases {
        for (x, y) in [
            (0, 0),
            (0, minus),
            (minus, 0),
            (1, 2),
            (2, 1),
            (MIN, 1),
            (minus, minus),
        ] {
            let machine = one(r3(by_register, 0, 4, 5), x, y);
            assert_eq!(
                raised(&machine, RESET_VECTOR),
                holds(x, y),
                "{}",
                by_register.mnemonic()
            );
            let machine = one(ins(by_immediate, 4, 0, 0, y), x, 0);
            assert_eq!(
                raised(&machine, RESET_VECTOR),
                holds(x, y),
                "{}",
                by_immediate.mnemonic()
            );
        }
    }
}

#[test]
fn calls_breaks_and_reserved_words_raise() {
    for word in [
        ins(Op::Syscall, 0, 0, 0, 0),
        ins(Op::Break, 0, 0, 0, 0),
        0x0000_0005,
        0x4600_0000,
        // bgezal $31
        0x07f1_0001,
    ] {
        let machine = one(word, 0, 0);
        assert!(raised(&machine, RESET_VECTOR));
        assert_eq!(machine.instructions(), 1);
        assert_eq!(machine.regs[31], 0);
    }
}

#[test]
fn branches_take_effect_after_the_delay_slot() {
    // Each branches over one instruction; $2 counts the delay slot, $3 what is skipped if it is taken.
    let minus = u32::MAX;
    #[rustfmt::skip]
    let cases: [(Op, Op, Predicate); 6] = [
        (Op::Beq, Op::Beql, |x, y| x == y), (Op::Bne, Op::Bnel, |x, y| x != y),
        (Op::Blez, Op::Blezl, |x, _| x as i32 <= 0), (Op::Bgtz, Op::Bgtzl, |x, _| x as i32 > 0),
        (Op::Bltz, Op::Bltzl, |x, _| (x as i32) < 0), (Op::Bgez, Op::Bgezl, |x, _| x as i32 >= 0),
    ];
    for (plain, likely, taken) in cases {
        for (x, y) in [(0, 0), (0, 1), (1, 1), (minus, 0), (minus, minus), (MIN, 1)] {
            for op in [plain, likely] {
                let words = [
                    branch(op, 4, 5, 1),
                    imm(Op::Addiu, 2, 2, 1),
                    imm(Op::Addiu, 3, 3, 1),
                    NOP,
                ];
                let mut machine = machine_with(ByteOrder::Big, &words, &[(4, x), (5, y)]);
                while machine.pc != RESET_VECTOR + 12 {
                    machine.step().unwrap();
                }
                let delay_slot = op == plain || taken(x, y);
                assert_eq!(
                    machine.regs[2],
                    delay_slot as u32,
                    "{} {x:#x} {y:#x}",
                    op.mnemonic()
                );
                assert_eq!(
                    machine.regs[3],
                    !taken(x, y) as u32,
                    "{} {x:#x} {y:#x}",
                    op.mnemonic()
                );
                // A skipped delay slot is no step.
                let steps = 1 + machine.regs[2] + machine.regs[3];
                assert_eq!(machine.instructions(), steps as u64);
            }
        }
    }
}

#[test]
fn and_link_forms_link_whether_taken_or_not() {
    for (op, x, next) in [
        (Op::Bltzal, MIN, 4),
        (Op::Bltzal, 1, 4),
        (Op::Bgezal, 1, 4),
        (Op::Bgezal, MIN, 4),
        (Op::Bltzall, MIN, 4),
        (Op::Bltzall, 1, 8),
        (Op::Bgezall, 1, 4),
        (Op::Bgezall, MIN, 8),
    ] {
        let machine = one(branch(op, 4, 0, 5), x, 0);
        assert_eq!(machine.regs[31], RESET_VECTOR + 8);
        assert_eq!(machine.pc, RESET_VECTOR + next);
        let taken = (x == MIN) == matches!(op, Op::Bltzal | Op::Bltzall);
        let after = if taken { 28 } else { next + 4 };
        assert_eq!(machine.next_pc, RESET_VECTOR + after, "{}", op.mnemonic());
    }
}

#[test]
fn jumps() {
    let machine = one(ins(Op::J, 0, 0, 0, 0x0123_4560), 0, 0);
    assert_eq!(
        (machine.pc, machine.next_pc),
        (RESET_VECTOR + 4, 0x8123_4560)
    );
    assert_eq!(machine.regs[31], 0);
    let machine = one(ins(Op::Jal, 0, 0, 0, 0x0123_4560), 0, 0);
    assert_eq!(
        (machine.next_pc, machine.regs[31]),
        (0x8123_4560, RESET_VECTOR + 8)
    );
    let machine = one(r3(Op::Jr, 0, 4, 0), 0x1234, 0);
    assert_eq!(machine.next_pc, 0x1234);
    let machine = one(r3(Op::Jalr, 2, 4, 0), 0x1234, 0);
    assert_eq!(
        (machine.next_pc, machine.regs[2]),
        (0x1234, RESET_VECTOR + 8)
    );
    // rs is read before the link is written.
    let machine = one(r3(Op::Jalr, 4, 4, 0), 0x1234, 0);
    assert_eq!(
        (machine.next_pc, machine.regs[4]),
        (0x1234, RESET_VECTOR + 8)
    );
}

#[test]
fn a_jump_at_the_end_of_a_region_goes_into_the_next() {
    // The region of a jump is that of its delay slot.
    let order = ByteOrder::Little;
    let program = zkmips_emulator::Program::from_segments(
        order,
        &[code(order, 0x0fff_fffc, &[ins(Op::J, 0, 0, 0, 0x100)])],
    );
    let mut machine = zkmips_emulator::Machine::new(&program, &Default::default()).unwrap();
    (machine.pc, machine.next_pc) = (0x0fff_fffc, 0x1000_0000);
    machine.step().unwrap();
    assert_eq!(machine.next_pc, 0x1000_0100);
}

#[test]
fn a_branch_in_a_delay_slot_follows_the_two_program_counters() {
    // A branch to the fifth word, with a branch to the seventh in its slot: one instruction at the first target.
    let words = [
        branch(Op::Beq, 0, 0, 2),
        branch(Op::Beq, 0, 0, 3),
        NOP,
        imm(Op::Addiu, 2, 0, 1),
        imm(Op::Addiu, 3, 0, 1),
        imm(Op::Addiu, 4, 0, 1),
        NOP,
    ];
    let mut machine = machine(ByteOrder::Big, &words);
    machine.run(3).unwrap();
    assert_eq!(machine.pc, RESET_VECTOR + 4 * 6);
    assert_eq!(machine.regs[2..5], [0, 1, 0]);
}

#[test]
fn a_likely_branch_in_a_delay_slot_skips_the_word_behind_itself() {
    let words = [branch(Op::Beq, 0, 0, 2), branch(Op::Bnel, 0, 0, 7)];
    let mut machine = machine(ByteOrder::Big, &words);
    machine.run(2).unwrap();
    assert_eq!(
        (machine.pc, machine.next_pc),
        (RESET_VECTOR + 12, RESET_VECTOR + 16)
    );
}

#[test]
fn an_exception_in_a_delay_slot_names_the_slot() {
    let words = [branch(Op::Beq, 0, 0, 5), ins(Op::Syscall, 0, 0, 0, 0)];
    let mut machine = machine(ByteOrder::Big, &words);
    machine.run(2).unwrap();
    assert!(raised(&machine, RESET_VECTOR + 4));
}

#[test]
fn fetch_faults() {
    for target in [
        0x2_0000,
        RESET_VECTOR + 2,
        RESET_VECTOR + PAGE_BYTES,
        0,
        u32::MAX,
    ] {
        let mut machine = machine_with(ByteOrder::Big, &[r3(Op::Jr, 0, 4, 0), NOP], &[(4, target)]);
        machine.run(2).unwrap();
        assert_eq!(machine.pc, target);
        machine.step().unwrap();
        assert!(raised(&machine, target));
        assert_eq!(machine.instructions(), 3);
    }
}

#[test]
fn sync_counts_the_tick_down() {
    let sync = ins(Op::Sync, 0, 0, 0, 0);
    let mut machine = machine(
        ByteOrder::Big,
        &[ins(Op::MtTick, 0, 4, 0, 0), sync, sync, sync, sync],
    );
    machine.regs[4] = 3;
    machine.run(3).unwrap();
    assert_eq!(machine.tick, 1);
    machine.step().unwrap();
    assert!(raised(&machine, RESET_VECTOR + 12));
    assert_eq!(machine.tick, 1);
    // At 0 nothing happens, ever.
    (machine.tick, machine.pc, machine.next_pc) = (0, RESET_VECTOR + 12, RESET_VECTOR + 16);
    machine.run(2).unwrap();
    assert_eq!((machine.tick, machine.pc), (0, RESET_VECTOR + 20));
}

#[test]
fn sync_in_a_delay_slot_does_nothing() {
    let sync = ins(Op::Sync, 0, 0, 0, 0);
    for (before, is_slot) in [
        (branch(Op::Bne, 0, 0, 0), true),
        (branch(Op::Bnel, 4, 0, 0), true),
        (r3(Op::Jr, 0, 4, 0), true),
        (NOP, false),
        (0x07f1_0001, false),
    ] {
        let mut machine = machine_with(ByteOrder::Big, &[before, sync], &[(4, RESET_VECTOR)]);
        (machine.tick, machine.pc, machine.next_pc) = (1, RESET_VECTOR + 4, RESET_VECTOR + 8);
        machine.step().unwrap();
        assert_eq!(raised(&machine, RESET_VECTOR + 4), !is_slot);
        assert_eq!(machine.tick, 1);
    }
}

#[test]
fn hardware_registers_and_user_local() {
    let words: Vec<u32> = std::iter::once(ins(Op::MtUserLocal, 0, 4, 0, 0))
        .chain([0, 1, 2, 3, 29].map(|number| ins(Op::Rdhwr, 0, 8 + number % 8, number, 0)))
        .collect();
    let mut machine = machine_with(ByteOrder::Big, &words, &[(4, 0x7777), (8, 5)]);
    machine.run(6).unwrap();
    assert_eq!(machine.regs[8..12], [0, 32, 0, 2]);
    assert_eq!((machine.regs[13], machine.user_local), (0x7777, 0x7777));
}

#[test]
fn halting_is_a_fixed_point_of_the_two_program_counters() {
    let mut words = vec![ins(Op::J, 0, 0, 0, HALT & 0x0fff_ffff); 2];
    words.resize((HALT - RESET_VECTOR) as usize / 4, NOP);
    words.extend([ins(Op::J, 0, 0, 0, HALT & 0x0fff_ffff), NOP]);
    let mut machine = machine(ByteOrder::Little, &words);
    machine.memory.write_words(OUTPUT_TAPE / 4, &[3, 2, 0x6968]);
    assert_eq!(machine.run(1).unwrap(), Outcome::LimitReached);
    assert_eq!(machine.report().status, None);
    assert_eq!(machine.run(100).unwrap(), Outcome::Halted);
    assert_eq!((machine.instructions(), machine.halted()), (2, true));
    assert_eq!((machine.status(), machine.output()), (3, b"hi".to_vec()));
    assert_eq!(machine.run(100).unwrap(), Outcome::Halted);
    assert_eq!(machine.instructions(), 2);
    // Steps beyond the end are steps of the machine, and change nothing else.
    machine.step().unwrap();
    assert!(machine.halted());
    assert_eq!(machine.instructions(), 3);
}
