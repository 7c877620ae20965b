use super::*;
use crate::{
    chips::reference::{access, accesses, cost, flaw, hole},
    lc::{pow2, F},
    segment::Segment,
    testing::{demands, filled, lone, mutations_are_refused, satisfied},
};
use ff::Field;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

// Columns of both; the last one is the store's.
const CARRY: usize = 1;
const NOW: usize = 2;
const LOW: usize = 3;
const HIGH: usize = 4;
const GAP: usize = 5;
const OLD: usize = 7;
const Z: usize = 8;

fn row<C: Chip<Event = Access>>(event: &Access) -> Vec<F> {
    filled(|out| C::fill(event, out))
}

/// The name of the load chip, a segment of it, and an honest row.
fn load(time: u64) -> (&'static str, Segment, Vec<F>) {
    let event = access(Operation::Lw, 0x2_0000, 0, 77, (1, time), false);
    (Load::NAME, lone(Load::synthesize), row::<Load>(&event))
}

/// The same of the store chip.
fn store(time: u64) -> (&'static str, Segment, Vec<F>) {
    let event = access(Operation::Sw, 0x2_0000, 5, 77, (1, time), false);
    (Store::NAME, lone(Store::synthesize), row::<Store>(&event))
}

fn honest_and_mutated<C: Chip<Event = Access>>(operations: &[Operation]) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let segment = lone(C::synthesize);
    for (i, event) in accesses(operations, false, &mut rng).iter().enumerate() {
        let base = row::<C>(event);
        let pre = satisfied(&segment, &base);
        let wanted = demands(&segment, &pre);
        assert_eq!(wanted.len(), 3);
        assert_eq!(flaw(&wanted, false), None, "{event:?}");
        if i % 8 == 0 {
            mutations_are_refused(&segment, &base, |d| flaw(d, false).is_some());
        }
    }
    satisfied(&segment, &vec![F::ZERO; segment.base_columns()]);
}

#[test]
fn loads() {
    honest_and_mutated::<Load>(&[Operation::Lw]);
}

#[test]
fn stores() {
    honest_and_mutated::<Store>(&[Operation::Sw]);
}

/// Every pair of columns changed at once by amounts that cancel in some packed part.
fn pairs<C: Chip<Event = Access>>(operation: Operation, y: u32) {
    let segment = lone(C::synthesize);
    let event = access(
        operation,
        0x1_2345_6788,
        y,
        0x9abc_def0,
        (5, 0x2_0003),
        false,
    );
    let base = row::<C>(&event);
    for first in 0..base.len() {
        for second in 0..base.len() {
            for shift in [0, 2, 14, 16, 18, 30, 32, 34, 66, 67, 74] {
                for sign in [F::ONE, -F::ONE] {
                    for step in [F::ONE, -F::ONE] {
                        let mut mutant = base.clone();
                        mutant[first] += step;
                        mutant[second] += sign * pow2(shift);
                        let hole = hole(&segment, &mutant, false);
                        assert_eq!(hole, None, "{operation:?}: {first} {second} {shift}");
                    }
                }
            }
        }
    }
}

#[test]
fn moves_between_neighbours_are_refused() {
    pairs::<Load>(Operation::Lw, 0);
    pairs::<Store>(Operation::Sw, 0x8765_4321);
}

/// Whatever word a load claims to have found, it is the one that it returns and the one that the bus must have.
#[test]
fn a_load_returns_the_word() {
    let (_, segment, base) = load(2);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..200 {
        let word = F::from(u64::from(rng.gen::<u32>()));
        let mut other = base.clone();
        other[OLD] = word;
        let wanted = demands(&segment, &satisfied(&segment, &other));
        assert_eq!(flaw(&wanted, false), None);
        assert_eq!(wanted.keys().filter(|(_, t)| t[2] == word).count(), 3);
    }
}

/// A store of another value than the register, with the address made to fit the packed part of the slot's tuple.
#[test]
fn a_store_writes_the_register() {
    let segment = lone(Store::synthesize);
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let quarter = F::from(4).invert().unwrap();
    for _ in 0..200 {
        let event = access(Operation::Sw, 0x2_0000, rng.gen(), rng.gen(), (1, 2), false);
        let base = row::<Store>(&event);
        let z = F::from(u64::from(rng.gen::<u32>()));
        let moved = (base[Z] - z) * pow2(34);
        for (column, weight) in [
            (LOW, quarter),
            (HIGH, pow2(16).invert().unwrap()),
            (CARRY, pow2(32).invert().unwrap()),
            (OLD, F::ZERO),
        ] {
            let mut mutant = base.clone();
            mutant[Z] = z;
            mutant[column] += moved * weight;
            assert_eq!(hole(&segment, &mutant, false), None);
        }
    }
}

/// The prover's ways to serve an address that faults, or another word than the one addressed.
#[test]
fn bad_addresses_have_no_row() {
    let quarter = F::from(4).invert().unwrap();
    for (name, segment, base) in [load(2), store(2)] {
        let set = |changes: &[(usize, F)]| {
            let mut mutant = base.clone();
            for (column, value) in changes {
                mutant[*column] = *value;
            }
            hole(&segment, &mutant, false)
        };
        let cheats = [
            // Page zero: x = 0x8004 as it is, and as a word behind the end of memory.
            ("page zero", vec![(LOW, F::from(0x2001)), (HIGH, F::ZERO)]),
            (
                "page zero, borrowed",
                vec![(LOW, -F::from(0x1fff)), (HIGH, F::ONE)],
            ),
            (
                "wrap to page zero",
                vec![(LOW, F::from(1)), (HIGH, F::from(1 << 16))],
            ),
            (
                "wrap to page zero, low",
                vec![(LOW, F::from(0xc001)), (HIGH, F::from(0xfffd))],
            ),
            // 2^32 + 4 with a carry: the word 1 is in page zero.
            (
                "carry to page zero",
                vec![(CARRY, F::ONE), (LOW, F::ONE), (HIGH, F::ZERO)],
            ),
            // A carry that is not there.
            (
                "negative address",
                vec![(CARRY, F::ONE), (LOW, -F::from(1 << 30))],
            ),
            ("carry two", vec![(CARRY, F::from(2))]),
            // x = 0x20002: the remainder hidden in a fraction.
            ("unaligned", vec![(LOW, quarter * F::from(2))]),
            (
                "unaligned, high",
                vec![(HIGH, F::from(2) + pow2(16).invert().unwrap())],
            ),
        ];
        for (cheat, changes) in cheats {
            assert_eq!(set(&changes), None, "{name}: {cheat}");
        }
        // A longer `low` is another way to write an address that exists, not another address.
        let mut other = base.clone();
        other[LOW] = F::from(1 << 14);
        other[HIGH] = F::from(1);
        let pre = satisfied(&segment, &other);
        assert_eq!(flaw(&demands(&segment, &pre), false), None);
    }
}

/// Reading the past of the row itself, or its future.
#[test]
fn time_increases() {
    for (_, segment, base) in [load(9), store(9)] {
        for gap in [-F::ONE, -F::from(2), F::from(9), pow2(16), pow2(32)] {
            let mut mutant = base.clone();
            mutant[GAP] = gap;
            assert_eq!(hole(&segment, &mutant, false), None);
            mutant[GAP] = F::ZERO;
            mutant[GAP + 1] = gap * pow2(16).invert().unwrap();
            assert_eq!(hole(&segment, &mutant, false), None);
        }
        // A time that moves on with the word before.
        let mut mutant = base.clone();
        mutant[NOW] += pow2(30);
        mutant[OLD] += F::ONE;
        assert_eq!(hole(&segment, &mutant, false), None);
    }
}

#[test]
fn costs() {
    assert_eq!(cost(Load::synthesize), (12, 12, 8));
    assert_eq!(cost(Store::synthesize), (13, 13, 9));
}
