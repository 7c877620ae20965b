use super::*;
use crate::{
    chips::reference::{access, accesses, cost, flaw, hole},
    segment::Segment,
    testing::{demands, lone, mutations_are_refused, refusal, satisfied},
};
use ff::Field;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A row in a run of fixed byte order.
fn segment<C: OrderedChip>(big_endian: bool) -> Segment {
    lone(|b| C::synthesize(b, &Lc::from(u64::from(big_endian))))
}

fn row<C: OrderedChip<Event = Access>>(event: &Access, big_endian: bool) -> Vec<F> {
    let mut base = Vec::new();
    C::fill(event, big_endian, &mut base);
    base
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
fn bytes() {
    honest_and_mutated::<Byte>(&[Operation::Lb, Operation::Lbu, Operation::Sb]);
}

#[test]
fn halves() {
    honest_and_mutated::<Half>(&[Operation::Lh, Operation::Lhu, Operation::Sh]);
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
        Byte::synthesize(b, &big_endian);
    });
    let event = access(Operation::Sb, 0x2_0001, 0x1234, 0x5566_7788, (1, 2), true);
    for (value, right) in [(0, false), (1, true)] {
        let mut base = vec![F::from(value)];
        base.extend(row::<Byte>(&event, true));
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
    for (operation, y) in [
        (Operation::Lb, 0),
        (Operation::Lbu, 0),
        (Operation::Sb, 0x1_ff80),
    ] {
        let event = access(
            operation,
            0x1_2345_6789,
            y,
            0x9a80_807f,
            (5, 0x2_0003),
            true,
        );
        pairs::<Byte>(&event, true);
    }
    for (operation, y) in [
        (Operation::Lh, 0),
        (Operation::Lhu, 0),
        (Operation::Sh, 0x1_ff80),
    ] {
        let event = access(
            operation,
            0x1_2345_678a,
            y,
            0x9a80_807f,
            (5, 0x2_0003),
            false,
        );
        pairs::<Half>(&event, false);
    }
}

/// A prover that takes any row apart again: all booleans free, every limb recomputed to fit whatever can be fitted.
#[test]
fn other_lanes_signs_and_kinds_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let operations = [Operation::Lb, Operation::Lbu, Operation::Sb];
    for big_endian in [false, true] {
        let segment = segment::<Byte>(big_endian);
        for event in accesses(&operations, big_endian, &mut rng)
            .iter()
            .step_by(23)
        {
            let honest = row::<Byte>(event, big_endian);
            for choice in 0..128u32 {
                let bit = |i: u32| u64::from(choice >> i & 1);
                let (store, signed, upper, odd, sign, carry) =
                    (bit(0), bit(1), bit(2), bit(3), bit(4), bit(5));
                let mut base = honest.clone();
                for (column, value) in [
                    (1, store),
                    (2, signed),
                    (3, carry),
                    (11, upper),
                    (12, odd),
                    (17, sign),
                ] {
                    base[column] = F::from(value);
                }
                let half = event.old >> (16 * upper) & 0xffff;
                base[14] = F::from(u64::from(half >> 8));
                let item = u64::from(half >> (8 * odd) & 0xff);
                // z: what the rows ask of a load with these bits, or what was there.
                let z = match bit(6) {
                    0 => u64::from(event.dispatch.z),
                    _ => item + sign * 0xffff_ff00,
                };
                base[10] = F::from(z);
                let rest = z.wrapping_sub(sign * 0xffff_ff00) >> 8;
                for rest in [rest & 0xff_ffff, 0] {
                    base[15] = F::from(rest & 0xffff);
                    base[16] = F::from(rest >> 16);
                    assert_eq!(
                        hole(&segment, &base, big_endian),
                        None,
                        "{event:?} {choice:b}"
                    );
                }
            }
        }
    }
}

/// A halfword at an odd address has no row, whatever the columns say.
#[test]
fn odd_halves_have_no_row() {
    let half = F::from(2).invert().unwrap();
    for big_endian in [false, true] {
        let segment = segment::<Half>(big_endian);
        let event = access(Operation::Lh, 0x2_0002, 0, 0x1234_5678, (1, 2), big_endian);
        let base = row::<Half>(&event, big_endian);
        for (column, value) in [
            (11, half),
            (11, F::ONE + half),
            (5, base[5] + half * half),
            (3, half),
        ] {
            let mut mutant = base.clone();
            mutant[column] = value;
            let mut pre = Vec::new();
            segment.fill_pre(&mutant, &mut pre);
            assert!(refusal(&segment, &pre).is_some());
        }
    }
}

/// The old word's bytes outside the item stay, whatever is stored: also with a `rest` or a half that is no integer.
#[test]
fn fractions_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let segment = segment::<Byte>(false);
    for _ in 0..50 {
        let event = access(
            Operation::Sb,
            0x2_0000 + rng.gen_range(0..4),
            rng.gen(),
            rng.gen(),
            (1, 2),
            false,
        );
        let base = row::<Byte>(&event, false);
        for column in 3..base.len() {
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
    assert_eq!(with_order::<Byte>(), (32, 32, 25));
    assert_eq!(with_order::<Half>(), (26, 26, 20));
    assert_eq!(with_order::<ByteLoad>(), (25, 25, 19));
    assert_eq!(with_order::<HalfLoad>(), (21, 21, 16));
    assert_eq!(with_order::<ByteStore>(), (27, 27, 20));
    assert_eq!(with_order::<HalfStore>(), (21, 21, 15));
}
