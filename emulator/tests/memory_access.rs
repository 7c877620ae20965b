//! Loads and stores, aligned and not, in both byte orders, against tables worked out by hand from the architecture manual.

mod common;
use common::*;
use zkmips_emulator::constants::*;
use zkmips_emulator::isa::Op;
use zkmips_emulator::{ByteOrder, DiagnosticKind};

/// A big- and little-endian machine with the bytes a0 to a7 at 0x20000.
fn with_bytes(
    order: ByteOrder,
    word: u32,
    address: u32,
    rt: u32,
) -> zkmips_emulator::Machine<'static> {
    let mut machine = machine_with(order, &[word], &[(4, address), (5, rt)]);
    machine.memory.write_bytes(
        order,
        0x2_0000,
        &[0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7],
    );
    machine.step().unwrap();
    machine
}

#[test]
fn loads() {
    let load =
        |order, op, offset| with_bytes(order, imm(op, 5, 4, offset), 0x2_0000, 0x1122_3344).regs[5];
    use ByteOrder::{Big, Little};
    assert_eq!(load(Big, Op::Lb, 1), 0xffff_ffa1);
    assert_eq!(load(Little, Op::Lb, 1), 0xffff_ffa1);
    assert_eq!(load(Big, Op::Lbu, 6), 0xa6);
    assert_eq!(load(Little, Op::Lbu, 6), 0xa6);
    assert_eq!(load(Big, Op::Lh, 2), 0xffff_a2a3);
    assert_eq!(load(Little, Op::Lh, 2), 0xffff_a3a2);
    assert_eq!(load(Big, Op::Lhu, 4), 0xa4a5);
    assert_eq!(load(Little, Op::Lhu, 4), 0xa5a4);
    for op in [Op::Lw, Op::Ll] {
        assert_eq!(load(Big, op, 4), 0xa4a5_a6a7);
        assert_eq!(load(Little, op, 4), 0xa7a6_a5a4);
    }
}

#[test]
fn unaligned_loads() {
    // The tables of the manual for LWL and LWR with memory a0 a1 a2 a3 and register 11 22 33 44.
    let load =
        |order, op, offset| with_bytes(order, imm(op, 5, 4, offset), 0x2_0000, 0x1122_3344).regs[5];
    let row = |order, op| [0, 1, 2, 3].map(|offset| load(order, op, offset));
    use ByteOrder::{Big, Little};
    assert_eq!(
        row(Big, Op::Lwl),
        [0xa0a1_a2a3, 0xa1a2_a344, 0xa2a3_3344, 0xa322_3344]
    );
    assert_eq!(
        row(Big, Op::Lwr),
        [0x1122_33a0, 0x1122_a0a1, 0x11a0_a1a2, 0xa0a1_a2a3]
    );
    assert_eq!(
        row(Little, Op::Lwl),
        [0xa022_3344, 0xa1a0_3344, 0xa2a1_a044, 0xa3a2_a1a0]
    );
    assert_eq!(
        row(Little, Op::Lwr),
        [0xa3a2_a1a0, 0x11a3_a2a1, 0x1122_a3a2, 0x1122_33a3]
    );
}

#[test]
#[rustfmt::skip]
fn stores() {
    let store = |order, op, offset| {
        let machine = with_bytes(order, imm(op, 5, 4, offset), 0x2_0000, 0x1122_3344);
        assert_eq!(
            machine.memory.read_bytes(order, 0x2_0004, 4),
            [0xa4, 0xa5, 0xa6, 0xa7]
        );
        machine.memory.read_bytes(order, 0x2_0000, 4)
    };
    use ByteOrder::{Big, Little};
    assert_eq!(store(Big, Op::Sb, 1), [0xa0, 0x44, 0xa2, 0xa3]);
    assert_eq!(store(Little, Op::Sb, 1), [0xa0, 0x44, 0xa2, 0xa3]);
    assert_eq!(store(Big, Op::Sh, 2), [0xa0, 0xa1, 0x33, 0x44]);
    assert_eq!(store(Little, Op::Sh, 2), [0xa0, 0xa1, 0x44, 0x33]);
    assert_eq!(store(Big, Op::Sw, 0), [0x11, 0x22, 0x33, 0x44]);
    assert_eq!(store(Little, Op::Sw, 0), [0x44, 0x33, 0x22, 0x11]);
    let row = |order, op| [0, 1, 2, 3].map(|offset| store(order, op, offset));
    assert_eq!(row(Big, Op::Swl), [[0x11, 0x22, 0x33, 0x44], [0xa0, 0x11, 0x22, 0x33], [0xa0, 0xa1, 0x11, 0x22], [0xa0, 0xa1, 0xa2, 0x11]]);
    assert_eq!(row(Big, Op::Swr), [[0x44, 0xa1, 0xa2, 0xa3], [0x33, 0x44, 0xa2, 0xa3], [0x22, 0x33, 0x44, 0xa3], [0x11, 0x22, 0x33, 0x44]]);
    assert_eq!(row(Little, Op::Swl), [[0x11, 0xa1, 0xa2, 0xa3], [0x22, 0x11, 0xa2, 0xa3], [0x33, 0x22, 0x11, 0xa3], [0x44, 0x33, 0x22, 0x11]]);
    assert_eq!(row(Little, Op::Swr), [[0x44, 0x33, 0x22, 0x11], [0xa0, 0x44, 0x33, 0x22], [0xa0, 0xa1, 0x44, 0x33], [0xa0, 0xa1, 0xa2, 0x44]]);
}

#[test]
fn store_conditional_always_succeeds() {
    let machine = with_bytes(ByteOrder::Big, imm(Op::Sc, 5, 4, 0), 0x2_0000, 77);
    assert_eq!(
        (machine.memory.read(0x2_0000 / 4), machine.regs[5]),
        (77, 1)
    );
}

#[test]
fn unaligned_accesses_raise() {
    #[rustfmt::skip]
    let cases = [
        (Op::Lh, 2), (Op::Lhu, 2), (Op::Lw, 4), (Op::Ll, 4), (Op::Sh, 2), (Op::Sw, 4), (Op::Sc, 4),
        (Op::Lb, 1), (Op::Lbu, 1), (Op::Sb, 1), (Op::Lwl, 1), (Op::Lwr, 1), (Op::Swl, 1), (Op::Swr, 1),
    ];
    for order in ByteOrder::ALL {
        for (op, size) in cases {
            for offset in 0..4 {
                let machine = with_bytes(order, imm(op, 5, 4, offset), 0x2_0000, 9);
                let wrong = offset % size != 0;
                assert_eq!(
                    raised(&machine, RESET_VECTOR),
                    wrong,
                    "{} {offset}",
                    op.mnemonic()
                );
                if wrong {
                    assert_eq!(machine.regs[5], 9);
                    assert_eq!(
                        machine.memory.read_bytes(order, 0x2_0000, 4),
                        [0xa0, 0xa1, 0xa2, 0xa3]
                    );
                }
            }
        }
    }
}

#[test]
fn the_first_64_kib_fault_and_nothing_else_does() {
    for &op in Op::ALL.iter().filter(|op| op.accesses_memory()) {
        for address in [0, 4, 0xfffc] {
            assert!(
                raised(&one(imm(op, 5, 4, 0), address, 0), RESET_VECTOR),
                "{}",
                op.mnemonic()
            );
        }
        for address in [
            0x1_0000,
            0x7fff_fffc,
            0x8000_0000,
            0x8fff_fffc,
            0xbfff_fffc,
            0xffff_fffc,
        ] {
            assert!(
                !raised(&one(imm(op, 5, 4, 0), address, 0), RESET_VECTOR),
                "{}",
                op.mnemonic()
            );
        }
    }
    // The sum wraps around, into the forbidden range and out of it.
    assert!(raised(
        &one(imm(Op::Lw, 5, 4, 4), 0xffff_fffc, 0),
        RESET_VECTOR
    ));
    assert!(!raised(&one(imm(Op::Lw, 5, 4, -4), 0, 0), RESET_VECTOR));
}

#[test]
fn stores_into_code_do_not_change_what_runs() {
    let order = ByteOrder::Big;
    let text = [imm(Op::Sw, 5, 4, 4), imm(Op::Addiu, 2, 0, 1)];
    let program = zkmips_emulator::Program::from_segments(order, &[code(order, 0x2_0000, &text)]);
    let mut machine = zkmips_emulator::Machine::new(&program, &Default::default()).unwrap();
    (machine.pc, machine.next_pc, machine.regs[4]) = (0x2_0000, 0x2_0004, 0x2_0000);
    machine.run(2).unwrap();
    assert_eq!((machine.memory.read(0x2_0004 / 4), machine.regs[2]), (0, 1));
    let report = machine.report();
    assert_eq!(report.diagnostics.len(), 1);
    assert_eq!(report.diagnostics[0].kind, DiagnosticKind::StoreIntoCode);
    assert_eq!(report.diagnostics[0].address, 0x2_0004);
}
