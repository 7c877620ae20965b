use super::*;
use crate::{
    chips::reference::{access, accesses, cost, flaw, hole},
    lc::F,
    segment::Segment,
    testing::{demands, filled, lone, mutations_are_refused, satisfied},
};
use ff::Field;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const OPERATIONS: [Operation; 4] = [
    Operation::Lwl,
    Operation::Lwr,
    Operation::Swl,
    Operation::Swr,
];
const STORE: usize = 8;
const Z: usize = 16;

fn segment(big_endian: bool) -> Segment {
    lone(|b| Unaligned::synthesize(b, &Lc::from(u64::from(big_endian))))
}

fn row(event: &Access, big_endian: bool) -> Vec<F> {
    filled(|out| Unaligned::fill(event, big_endian, out))
}

#[test]
fn honest_rows_hold_and_mutations_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    for big_endian in [false, true] {
        let segment = segment(big_endian);
        for (i, event) in accesses(&OPERATIONS, big_endian, &mut rng)
            .iter()
            .enumerate()
        {
            let base = row(event, big_endian);
            let wanted = demands(&segment, &satisfied(&segment, &base));
            assert_eq!(wanted.len(), 3);
            assert_eq!(flaw(&wanted, big_endian), None, "{event:?}");
            if i % 80 == 0 {
                mutations_are_refused(&segment, &base, |d| flaw(d, big_endian).is_some());
            }
        }
        satisfied(&segment, &vec![F::ZERO; segment.base_columns()]);
    }
}

/// Every selector, kind and result that a prover could claim, with source and target in either place.
#[test]
fn other_shifts_and_kinds_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    for big_endian in [false, true] {
        let segment = segment(big_endian);
        for event in accesses(&OPERATIONS, big_endian, &mut rng)
            .iter()
            .step_by(61)
        {
            let honest = row(event, big_endian);
            let (y, old) = (event.dispatch.y, event.old);
            for selector in 0..8 {
                for store in [0, 1] {
                    for swap in [false, true] {
                        let mut base = honest.clone();
                        base[..8].fill(F::ZERO);
                        base[selector] = F::ONE;
                        base[STORE] = F::from(store);
                        if swap {
                            let (source, target) = base[17..].split_at_mut(4);
                            source.swap_with_slice(target);
                        }
                        for z in [event.dispatch.z, event.new, y, old] {
                            base[Z] = F::from(u64::from(z));
                            let found = hole(&segment, &base, big_endian);
                            assert_eq!(found, None, "{event:?} {selector} {store}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn moves_between_neighbours_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    let segment = segment(true);
    for operation in OPERATIONS {
        let (y, old) = (rng.gen(), rng.gen());
        let event = access(operation, 0x1_2345_6789, y, old, (5, 0x2_0003), true);
        let base = row(&event, true);
        for first in 0..base.len() {
            for second in 0..base.len() {
                for shift in [0, 8, 16, 34, 74] {
                    for (p, q) in [(F::ONE, -F::ONE), (-F::ONE, F::ONE)] {
                        let mut mutant = base.clone();
                        mutant[first] += p;
                        mutant[second] += q * pow2(shift);
                        let found = hole(&segment, &mutant, true);
                        assert_eq!(found, None, "{event:?}: {first} {second} {shift}");
                    }
                }
            }
        }
    }
}

#[test]
fn costs() {
    let (rows, nonlinear, columns) = cost(|b| {
        let big_endian = b.column();
        Unaligned::synthesize(b, &big_endian);
    });
    assert_eq!((rows, nonlinear, columns - 1), (46, 46, 36));
}
