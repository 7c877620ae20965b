//! Conditions 2, 3, 12 and 14: registers, and the state between segments.

use super::stage::{MAIN, STAGE, STATE_WIDTH};
use crate::{
    lc::F,
    microcode::{Entry, REGISTERS},
    shape::Work,
    slot::{port_time, WIDTH},
};
use ff::Field;

/// The segment of the second half of the program.
const SOME: usize = 1;

/// A run that is entered otherwise in the middle.
fn entered(change: impl Fn(&mut Work)) -> Vec<Work> {
    let mut works = STAGE.honest.clone();
    change(&mut works[SOME]);
    works
}

#[test]
fn a_segment_begins_where_the_last_one_ended() {
    type Cheat = fn(&mut Work);
    let cheats: [(&str, Cheat); 9] = [
        ("another pc", |w| w.state.pc ^= 4),
        ("another next pc", |w| w.state.next_pc += 4),
        ("another step", |w| w.state.step ^= 1),
        ("time goes back", |w| w.state.time -= 1),
        ("the other byte order", |w| w.state.big_endian ^= true),
        ("a register", |w| w.state.registers[9] ^= 1),
        ("another position of the boundary", |w| {
            w.state.boundary.next += 1
        }),
        ("another end of the region", |w| w.state.boundary.end += 1),
        ("another kind of region", |w| w.state.boundary.kind ^= 2),
    ];
    for (what, cheat) in cheats {
        STAGE.refuses(
            what,
            &entered(cheat),
            "the entering state is the one hashed",
        );
    }
}

#[test]
fn a_run_begins_at_the_reset_vector_with_empty_registers() {
    let stage = &STAGE;
    let elsewhere = stage.run(|machine, _| {
        if machine.time() == 1 {
            (machine.pc, machine.next_pc) = (MAIN, u64::from(MAIN) + 4);
        }
        false
    });
    // The source takes a segment's state before its first slot, so the machine starts elsewhere and the state does not say so.
    stage.refuses("a start elsewhere", &elsewhere, "left on Program");
    let mut told = elsewhere;
    (told[0].state.pc, told[0].state.next_pc) = (MAIN, u64::from(MAIN) + 4);
    stage.refuses("a start elsewhere, as the state says", &told, "hashed");
    let mut richer = stage.honest.clone();
    richer[0].state.registers[28] = 5;
    stage.refuses("a register at the start", &richer, "hashed");
}

/// What a register held is not what is read, and all later slots go on from there.
#[test]
fn a_read_returns_what_was_written() {
    let stage = &STAGE;
    let time = stage.time_of(9);
    let balance = "the segment's registers balance";
    let another = stage.run(|machine, _| {
        if machine.time() == time {
            machine.registers[9] ^= 1 << 4;
        }
        false
    });
    stage.refuses("a read of another value", &another, balance);

    // The write of $11 is lost: its old value comes back.
    let mut old = 0;
    let after = stage.time_of(4);
    let lost = stage.run(|machine, _| {
        if machine.time() == after {
            old = machine.registers[11];
        }
        if machine.time() == after + 1 {
            machine.registers[11] = old;
        }
        false
    });
    stage.refuses("a write that is lost", &lost, balance);

    // The same, and the next read of $11 says that it follows the access before the write.
    let mut stale = lost;
    let (write, read) = (stage.place_of(after), stage.place_of(stage.time_of(11)));
    assert_eq!(write.0, read.0, "both are in one segment");
    let rows = &mut stale[write.0].slots;
    let before = port_time(write.1, 2) - 1 - u64::from(rows[write.1].gaps[2]);
    rows[read.1].gaps[0] = (port_time(read.1, 0) - 1 - before) as u16;
    stage.refuses("a stale read", &stale, balance);
}

#[test]
fn an_access_follows_an_earlier_one_and_writes_32_bits() {
    let stage = &STAGE;
    let (segment, row) = stage.place_of(stage.time_of(9));
    let at = stage.slot_column(row);
    let range = "false fact on Range";
    let two16 = F::from(1 << 16);
    // A slot's columns: five flags, six fields, three values, three ages, two limbs of the result, the carry.
    let (gap, limb, carry) = (14, 17, WIDTH - 1);
    let [gap, limb] = [gap, limb].map(|column| at + column);
    let future = |base: &mut Vec<F>| base[gap] = -F::from(7);
    stage.refuses_columns("a read of a later write", segment, future, "balance");
    let resized = |base: &mut Vec<F>| {
        base[limb] += two16;
        base[limb + 1] -= F::ONE;
    };
    stage.refuses_columns("limbs of other sizes", segment, resized, range);
    let (segment, row) = stage.place_of(stage.time_of(2));
    let at = stage.slot_column(row);
    let wide = |base: &mut Vec<F>| base[at + carry] = F::ONE;
    stage.refuses_columns("a carry where there is none", segment, wide, "the result");
}

/// 2^32 moved from a register to its neighbour keeps the hash.
#[test]
fn registers_of_one_element_do_not_trade_bits() {
    let trade = |base: &mut Vec<F>| {
        let at = STATE_WIDTH - 2 * (REGISTERS - 1) + 2 * 8;
        base[at + 1] += F::from(1 << 16);
        base[at + 2] -= F::ONE;
    };
    STAGE.refuses_columns("entering registers", SOME, trade, "registers balance");
}

/// What a run leaves behind is not the prover's to choose: condition 12, and 13 as nothing private can be in it.
#[test]
fn a_run_ends_as_the_verifier_says() {
    let stage = &STAGE;
    let n = stage.honest.len();
    let mut kept = stage.honest.clone();
    kept[n - 1].leaving[9] = 1;
    stage.refuses("a register that is not cleared", &kept, "registers balance");

    // A run that does clear everything but one register, and is honest about it.
    let other = stage.run(|machine, recorder| {
        if machine.pc == MAIN + 4 * 23 && machine.step_number() == 0 {
            let nothing = Entry {
                last: true,
                ..Entry::nothing(machine.pc)
            };
            machine.forge(nothing, None, recorder);
            return true;
        }
        false
    });
    assert_ne!(other[n - 1].leaving[8], 0);
    stage.refuses("an instruction left out", &other, "final state");
}
