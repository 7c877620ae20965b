//! Properties of every decoded instruction, over every opcode, function and rt field.

use super::*;
use crate::operation::Operation;
use std::collections::HashSet;

const PC: u32 = 0x0040_1000;

/// Words that cover every opcode, function and rt field, with other fields that matter to some instruction.
fn words() -> impl Iterator<Item = u32> {
    (0..64u32).flat_map(|opcode| {
        (0..64u32).flat_map(move |function| {
            (0..32u32).flat_map(move |rt| {
                [0u32, 1, 4, 16, 31].into_iter().flat_map(move |rs| {
                    [0u32, 1, 3, 11, 29, 31].into_iter().flat_map(move |rd| {
                        [0u32, 1, 2, 16, 24, 31].into_iter().map(move |sa| {
                            opcode << 26 | rs << 21 | rt << 16 | rd << 11 | sa << 6 | function
                        })
                    })
                })
            })
        })
    })
}

fn is_comparison(operation: Operation) -> bool {
    (16..24).contains(&operation.number())
}

fn is_access(operation: Operation) -> bool {
    (1..16).contains(&operation.number())
}

fn check(entries: &[Entry]) {
    let (last, others) = entries.split_last().unwrap();
    assert!(last.last && others.iter().all(|e| !e.last));
    let mut step = 0;
    let mut keys = HashSet::new();
    for e in entries {
        assert_eq!((e.pc, e.step), (PC, step));
        assert!(keys.insert(e.step) && e.step < 16);
        step = e.following_step();

        assert!(e.rd != 0 && (e.rd as usize) < REGISTERS);
        assert!(e.rs < SINK && e.rt < SINK, "nothing reads the sink");
        assert_eq!(e.dispatch, e.operation != Operation::None);
        assert!(e.operation.number() < 64, "only raised entries fault");
        if !is_access(e.operation) {
            assert!(e.rs == 0 || e.immediate == 0, "x must fit a word");
        }
        if e.branch {
            assert!(is_comparison(e.operation) && e.rd == SINK && !e.jump);
        }
        if e.jump_register {
            assert!(e.jump && e.target == 0 && !e.minus && !e.dispatch);
        }
        if e.jump {
            assert!(!e.dispatch);
        } else if !e.branch {
            assert_eq!(e.target, 0);
        }
        assert!(!e.minus || !e.dispatch);
        assert!(e.is_well_formed());
    }
    // What raises does so before any effect, and its exception has steps of its own.
    for (i, e) in entries.iter().enumerate() {
        if can_raise(e.operation) {
            for before in &entries[..i] {
                assert!(matches!(before.rd, T0 | T1 | T2), "effect before a fault");
                assert!(!before.jump && !before.branch);
            }
            let [fault, save, leave] = raised(e);
            assert_eq!((fault.step, fault.rd), (e.step, SINK));
            assert_eq!(fault.operation.number(), e.operation.number() + 64);
            assert!(fault.dispatch && fault.branch && !fault.last && !fault.jump);
            assert_eq!((fault.rs, fault.rt), (e.rs, e.rt));
            assert_eq!(fault.immediate, e.immediate);
            assert!([fault, save, leave].iter().all(Entry::is_well_formed));
            for entry in [save, leave] {
                assert!(keys.insert(entry.step) && entry.step < 16);
            }
            assert_eq!(save.step, fault.following_step());
            assert_eq!(leave.step, save.following_step());
            assert!(leave.last);
        }
    }
    let raising = entries.iter().filter(|e| can_raise(e.operation)).count();
    assert!(raising <= 1);
    // No temporary is read that was not written.
    let mut written = HashSet::new();
    for e in entries {
        for source in [e.rs, e.rt] {
            assert!(!(T0..=T2).contains(&source) || written.contains(&source));
        }
        written.insert(e.rd);
    }
}

#[test]
fn every_word_is_a_well_formed_sequence() {
    for word in words() {
        let entries = decode(word, PC, None);
        check(&entries);
        assert!(entries.len() <= 6, "{word:08x}");
    }
}

#[test]
fn the_trapping_add_of_zeros_writes_every_temporary() {
    let entries = decode(0x0000_0020, PC, None);
    let written: HashSet<_> = entries.iter().map(|e| e.rd).collect();
    assert!([T0, T1, T2].iter().all(|t| written.contains(t)));
    assert!(entries
        .iter()
        .all(|e| e.immediate == 0 && (e.rs == 0 || e.rs >= T0) && (e.rt == 0 || e.rt >= T0)));
}

#[test]
fn common_instructions_take_one_slot() {
    let words = [
        0x0085_1021, // addu $2, $4, $5
        0x2442_0001, // addiu $2, $2, 1
        0x0085_1023, // subu $2, $4, $5
        0x8c82_0004, // lw $2, 4($4)
        0xac82_0004, // sw $2, 4($4)
        0x0085_102b, // sltu $2, $4, $5
        0x2c82_0007, // sltiu $2, $4, 7
        0x1485_0004, // bne $4, $5, .+20
        0x1000_0004, // b .+20
        0x0411_0004, // bal .+20
        0x0c10_0040, // jal
        0x0320_f809, // jalr $25
        0x03e0_0008, // jr $31
        0x3042_00ff, // andi $2, $2, 255
        0x0004_1080, // sll $2, $4, 2
        0x0000_0000, // nop
        0x0085_01f4, // teq $4, $5, 7
    ];
    for word in words {
        assert_eq!(decode(word, PC, None).len(), 1, "{word:08x}");
    }
}

#[test]
fn a_jump_links_and_reads_its_register_in_one_slot() {
    let [entry] = decode(0x0320_f809, PC, None)[..] else {
        panic!("one entry");
    };
    assert_eq!((entry.rd, entry.rt, entry.rs), (31, 25, 0));
    assert_eq!(entry.immediate, PC + 8);
    assert!(entry.jump && entry.jump_register && entry.last);
}

#[test]
fn sync_does_nothing_in_a_delay_slot_only() {
    let sync = 0x0000_000f;
    let nop = decode(0, PC, None);
    assert_eq!(decode(sync, PC, Some(0x03e0_0008)), nop);
    assert_eq!(decode(sync, PC, Some(0)).len(), 3);
    assert_eq!(decode(sync, PC, None).len(), 3);
    // bgezal $31 is reserved, so what follows is no delay slot.
    assert_eq!(decode(sync, PC, Some(0x07f1_0001)).len(), 3);
}

#[test]
fn exceptions_are_the_same_two_micro_ops_everywhere() {
    for word in [0x0000_000c, 0x0000_000d, 0x4600_0000] {
        assert_eq!(decode(word, PC, None), fetch_fault(PC));
    }
    let [save, leave] = fetch_fault(0x1235);
    assert_eq!((save.rd, save.immediate), (26, 0x1235));
    assert_eq!(save.target, 0x8000_0080);
    assert!(save.jump && !save.last && leave.last && leave.rd == SINK);
}

#[test]
fn what_cannot_raise_has_no_fault() {
    for operation in [
        Operation::None,
        Operation::Slt,
        Operation::And,
        Operation::FaultLw,
    ] {
        assert!(!can_raise(operation));
    }
}
