use super::*;
use crate::{
    chips::reference::{access, accesses, cost, flaw, hole},
    segment::Segment,
    testing::{demands, filled, lone, mutations_are_refused, refusal, satisfied},
};
use ff::Field;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A row in a run of fixed byte order.
fn segment<C: OrderedChip>(big_endian: bool) -> Segment {
    lone(|b| C::synthesize(b, &Lc::from(u64::from(big_endian))))
}

fn row<C: OrderedChip<Event = Access>>(event: &Access, big_endian: bool) -> Vec<F> {
    filled(|out| C::fill(event, big_endian, out))
}

fn honest_and_mutated<C: OrderedChip<Event = Access>>(operations: &[Operation]) {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for big_endian in [false, true] {
        let segment = segment::<C>(big_endian);
        let events = accesses(operations, big_endian, &mut rng);
        assert!(events.len() >= 80 * operations.len());
        for (i, event) in events.iter().enumerate() {
            let base = row::<C>(event, big_endian);
            let wanted = demands(&segment, &satisfied(&segment, &base));
            assert_eq!(wanted.len(), 3);
            assert_eq!(flaw(&wanted, big_endian), None, "{event:?}");
            if i % 40 == 0 {
                mutations_are_refused(&segment, &base, |d| flaw(d, big_endian).is_some());
            }
        }
        satisfied(&segment, &vec![F::ZERO; segment.base_columns()]);
    }
}

#[test]
fn byte_loads() {
    honest_and_mutated::<ByteLoad>(&[Operation::Lb, Operation::Lbu]);
}

#[test]
fn half_loads() {
    honest_and_mutated::<HalfLoad>(&[Operation::Lh, Operation::Lhu]);
}

#[test]
fn byte_stores() {
    honest_and_mutated::<ByteStore>(&[Operation::Sb]);
}

#[test]
fn half_stores() {
    honest_and_mutated::<HalfStore>(&[Operation::Sh]);
}

/// A byte order that is a column and agrees with the constant; and one that does not is noticed.
#[test]
fn the_byte_order_is_the_runs() {
    let segment = lone(|b| {
        let big_endian = b.column();
        ByteStore::synthesize(b, &big_endian);
    });
    let event = access(Operation::Sb, 0x2_0001, 0x1234, 0x5566_7788, (1, 2), true);
    for (value, right) in [(0, false), (1, true)] {
        let mut base = vec![F::from(value)];
        base.extend(row::<ByteStore>(&event, true));
        let wanted = demands(&segment, &satisfied(&segment, &base));
        assert_eq!(flaw(&wanted, true).is_none(), right);
    }
}

/// Two columns changed at once by amounts that cancel in some packed part, and all booleans in all combinations with them.
fn pairs<C: OrderedChip<Event = Access>>(event: &Access, big_endian: bool) {
    let segment = segment::<C>(big_endian);
    let base = row::<C>(event, big_endian);
    for first in 0..base.len() {
        for second in 0..base.len() {
            for shift in [0, 8, 16, 24, 32, 34, 74] {
                for sign in [F::ONE, -F::ONE] {
                    for step in [F::ONE, -F::ONE] {
                        let mut mutant = base.clone();
                        mutant[first] += step;
                        mutant[second] += sign * pow2(shift);
                        let hole = hole(&segment, &mutant, big_endian);
                        assert_eq!(hole, None, "{event:?}: {first} {second} {shift}");
                    }
                }
            }
        }
    }
}

#[test]
fn moves_between_neighbours_are_refused() {
    let event = |operation, x, y, big_endian| {
        let old = 0x9a80_807f;
        access(operation, x, y, old, (5, 0x2_0003), big_endian)
    };
    for operation in [Operation::Lb, Operation::Lbu] {
        pairs::<ByteLoad>(&event(operation, 0x1_2345_6789, 0, true), true);
    }
    for operation in [Operation::Lh, Operation::Lhu] {
        pairs::<HalfLoad>(&event(operation, 0x1_2345_678a, 0, false), false);
    }
    let stored = 0x1_ff80;
    pairs::<ByteStore>(&event(Operation::Sb, 0x1_2345_6789, stored, true), true);
    pairs::<HalfStore>(&event(Operation::Sh, 0x1_2345_678a, stored, false), false);
}

/// What sign extension adds to a byte.
const EXTENSION: u64 = 0xffff_ff00;

/// A prover that takes any load apart again: all booleans free, every limb recomputed to fit whatever can be fitted.
#[test]
fn other_lanes_signs_and_kinds_of_loads_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for big_endian in [false, true] {
        let segment = segment::<ByteLoad>(big_endian);
        let events = accesses(&[Operation::Lb, Operation::Lbu], big_endian, &mut rng);
        for event in events.iter().step_by(23) {
            let honest = row::<ByteLoad>(event, big_endian);
            for choice in 0..64u32 {
                let [signed, carry, upper, odd, sign, fitted] =
                    [0, 1, 2, 3, 4, 5].map(|i| choice >> i & 1);
                let half = event.old >> (16 * upper) & 0xffff;
                let item = half >> (8 * odd) & 0xff;
                // z: what the rows ask of a load with these bits, or what was there.
                let z = match fitted {
                    0 => u64::from(event.dispatch.z),
                    _ => u64::from(item) + u64::from(sign) * EXTENSION,
                };
                let mut base = honest.clone();
                let changes = [
                    (1, signed),
                    (2, carry),
                    (10, upper),
                    (11, odd),
                    (13, half >> 8),
                    (14, sign),
                ];
                for (column, value) in changes {
                    base[column] = F::from(u64::from(value));
                }
                base[9] = F::from(z);
                let hole = hole(&segment, &base, big_endian);
                assert_eq!(hole, None, "{event:?} {choice:b}");
            }
        }
    }
}

/// The same of a store: what is above the item may also be less than nothing, or nothing.
#[test]
fn other_lanes_and_items_of_stores_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for big_endian in [false, true] {
        let segment = segment::<ByteStore>(big_endian);
        let events = accesses(&[Operation::Sb], big_endian, &mut rng);
        for event in events.iter().step_by(11) {
            let honest = row::<ByteStore>(event, big_endian);
            for choice in 0..16u32 {
                let [carry, upper, odd, borrow] = [0, 1, 2, 3].map(|i| choice >> i & 1);
                let half = event.old >> (16 * upper) & 0xffff;
                let mut base = honest.clone();
                for (column, value) in [(1, carry), (9, upper), (10, odd), (12, half >> 8)] {
                    base[column] = F::from(u64::from(value));
                }
                let z = u64::from(event.dispatch.z);
                let rest = z.wrapping_sub(u64::from(borrow) * EXTENSION) >> 8;
                for rest in [rest & 0xff_ffff, rest & 0xff_fffe, 0] {
                    base[13] = F::from(rest & 0xffff);
                    base[14] = F::from(rest >> 16);
                    let hole = hole(&segment, &base, big_endian);
                    assert_eq!(hole, None, "{event:?} {choice:b}");
                }
                base[13] = -F::ONE;
                base[14] = F::from((rest + 1) >> 16);
                assert_eq!(hole(&segment, &base, big_endian), None);
            }
        }
    }
}

/// A halfword at an odd address has no row, whatever the columns say.
fn odd_has_no_row<C: OrderedChip<Event = Access>>(operation: Operation, first_of_access: usize) {
    let half = F::from(2).invert().unwrap();
    let (carry, low, upper) = (first_of_access, first_of_access + 2, first_of_access + 8);
    for big_endian in [false, true] {
        let segment = segment::<C>(big_endian);
        let y = if operation == Operation::Sh { 9 } else { 0 };
        let event = access(operation, 0x2_0002, y, 0x1234_5678, (1, 2), big_endian);
        let base = row::<C>(&event, big_endian);
        for (column, value) in [
            (upper, half),
            (upper, F::ONE + half),
            (low, base[low] + half * half),
            (carry, half),
        ] {
            let mut mutant = base.clone();
            mutant[column] = value;
            let pre = segment.expand(&mutant);
            assert!(refusal(&segment, &pre).is_some());
        }
    }
}

#[test]
fn odd_halves_have_no_row() {
    odd_has_no_row::<HalfLoad>(Operation::Lh, 2);
    odd_has_no_row::<HalfStore>(Operation::Sh, 1);
}

/// The old word's bytes outside the item stay, whatever is stored: also with a `rest` or a half that is no integer.
#[test]
fn fractions_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let segment = segment::<ByteStore>(false);
    for _ in 0..50 {
        let event = access(
            Operation::Sb,
            0x2_0000 + rng.gen_range(0..4),
            rng.gen(),
            rng.gen(),
            (1, 2),
            false,
        );
        let base = row::<ByteStore>(&event, false);
        for column in 1..base.len() {
            for shift in [1, 8, 16, 24] {
                let mut mutant = base.clone();
                mutant[column] += F::from(rng.gen_range(1..256)) * pow2(shift).invert().unwrap();
                assert_eq!(hole(&segment, &mutant, false), None);
            }
        }
    }
}

#[test]
fn costs() {
    fn with_order<C: OrderedChip>() -> (usize, usize, usize) {
        let (rows, nonlinear, columns) = cost(|b| {
            let big_endian = b.column();
            C::synthesize(b, &big_endian);
        });
        (rows, nonlinear, columns - 1)
    }
    assert_eq!(with_order::<ByteLoad>(), (26, 26, 19));
    assert_eq!(with_order::<HalfLoad>(), (22, 22, 16));
    assert_eq!(with_order::<ByteStore>(), (28, 28, 20));
    assert_eq!(with_order::<HalfStore>(), (22, 22, 15));
}
