use super::*;
use crate::{
    chips::reference::{access, accesses, cost, flaw, hole},
    segment::Segment,
    testing::{demands, lone, mutations_are_refused, satisfied},
};
use ff::Field;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

// Columns of `Memory`; those of `Load` have no `store` and no `z`.
const STORE: usize = 1;
const CARRY: usize = 2;
const NOW: usize = 3;
const LOW: usize = 4;
const HIGH: usize = 5;
const GAP: usize = 6;
const OLD: usize = 8;
const Z: usize = 9;

fn row<C: Chip<Event = Access>>(event: &Access) -> Vec<F> {
    let mut base = Vec::new();
    C::fill(event, &mut base);
    base
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
fn words() {
    honest_and_mutated::<Memory>(&[Operation::Lw, Operation::Sw]);
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
#[test]
fn moves_between_neighbours_are_refused() {
    let segment = lone(Memory::synthesize);
    for operation in [Operation::Lw, Operation::Sw] {
        let y = if operation == Operation::Sw {
            0x8765_4321
        } else {
            0
        };
        let event = access(
            operation,
            0x1_2345_6788,
            y,
            0x9abc_def0,
            (5, 0x2_0003),
            false,
        );
        let base = row::<Memory>(&event);
        for first in 0..base.len() {
            for second in 0..base.len() {
                for shift in [0, 2, 14, 16, 18, 30, 32, 34, 66, 67, 74] {
                    for sign in [F::ONE, -F::ONE] {
                        let mut mutant = base.clone();
                        mutant[first] += F::ONE;
                        mutant[second] += sign * pow2(shift);
                        assert_eq!(
                            hole(&segment, &mutant, false),
                            None,
                            "{first} {second} {shift}"
                        );
                        mutant[first] = base[first] - F::ONE;
                        assert_eq!(
                            hole(&segment, &mutant, false),
                            None,
                            "{first} {second} {shift}"
                        );
                    }
                }
            }
        }
    }
}

/// A load that returns another value than the word, with every other column made to fit.
#[test]
fn a_load_returns_the_word() {
    let segment = lone(Memory::synthesize);
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..200 {
        let event = access(Operation::Lw, 0x2_0000, 0, rng.gen(), (1, 2), false);
        let mut base = row::<Memory>(&event);
        base[Z] = F::from(u64::from(rng.gen::<u32>()));
        assert_eq!(hole(&segment, &base, false), None);
        // The same with a `store` that makes the packed part any value the prover likes: it is not a bit.
        base[STORE] = F::random(&mut rng);
        assert!(crate::testing::refusal(&segment, &filled(&segment, &base)).is_some());
    }
}

fn filled(segment: &Segment, base: &[F]) -> Vec<F> {
    let mut pre = Vec::new();
    segment.fill_pre(base, &mut pre);
    pre
}

/// The prover's ways to serve an address that faults, or another word than the one addressed.
#[test]
fn bad_addresses_have_no_row() {
    let quarter = F::from(4).invert().unwrap();
    for (name, segment, offset) in [
        ("memory", lone(Memory::synthesize), 0),
        ("load", lone(Load::synthesize), 1),
    ] {
        let event = access(Operation::Lw, 0x2_0000, 0, 77, (1, 2), false);
        let base: Vec<F> = match offset {
            0 => row::<Memory>(&event),
            _ => row::<Load>(&event),
        };
        let set = |changes: &[(usize, F)]| {
            let mut mutant = base.clone();
            for (column, value) in changes {
                mutant[column - offset] = *value;
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
        other[LOW - offset] = F::from(1 << 14);
        other[HIGH - offset] = F::from(1);
        let pre = satisfied(&segment, &other);
        assert_eq!(flaw(&demands(&segment, &pre), false), None);
    }
}

/// Reading the past of the row itself, or its future.
#[test]
fn time_increases() {
    for (segment, base, offset) in [
        (
            lone(Memory::synthesize),
            row::<Memory>(&access(Operation::Sw, 0x2_0000, 5, 77, (1, 9), false)),
            0,
        ),
        (
            lone(Load::synthesize),
            row::<Load>(&access(Operation::Lw, 0x2_0000, 0, 77, (1, 9), false)),
            1,
        ),
    ] {
        for gap in [-F::ONE, -F::from(2), F::from(9), pow2(16), pow2(32)] {
            let mut mutant = base.clone();
            mutant[GAP - offset] = gap;
            assert_eq!(hole(&segment, &mutant, false), None);
            mutant[GAP - offset] = F::ZERO;
            mutant[GAP + 1 - offset] = gap * pow2(16).invert().unwrap();
            assert_eq!(hole(&segment, &mutant, false), None);
        }
        // A time beyond 32 bits in the address's neighbour.
        let mut mutant = base.clone();
        mutant[NOW - offset] += pow2(30);
        mutant[OLD - offset] += F::ONE;
        assert_eq!(hole(&segment, &mutant, false), None);
    }
}

#[test]
fn costs() {
    assert_eq!(cost(Memory::synthesize), (14, 14, 11));
    assert_eq!(cost(Load::synthesize), (11, 11, 8));
    assert_eq!(cost(Store::synthesize), (12, 12, 9));
}
