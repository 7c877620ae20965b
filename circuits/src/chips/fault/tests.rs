use super::*;
use crate::{
    bus::{Bus, PARTS},
    chips::reference::{cost, faults, EDGES},
    lc::{pow2, F},
    operation::RAISED,
    segment::Segment,
    testing::{demands, dispatched, filled, lone, mutations_are_refused, refusal, satisfied},
};
use ff::Field;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;

const PLAIN: [Operation; 12] = [
    Operation::Lw,
    Operation::Sw,
    Operation::Lh,
    Operation::Lhu,
    Operation::Sh,
    Operation::Lb,
    Operation::Lbu,
    Operation::Lwl,
    Operation::Lwr,
    Operation::Sb,
    Operation::Swl,
    Operation::Swr,
];

/// Whether these demands claim a fault that is none, in a way that a slot could ask for.
fn flawed(wanted: &HashMap<(Bus, [F; PARTS]), F>) -> bool {
    if wanted.is_empty() {
        return false;
    }
    let [((Bus::Dispatch, tuple), m)] = wanted.iter().collect::<Vec<_>>()[..] else {
        return true;
    };
    let Some(call) = dispatched(tuple) else {
        return false;
    };
    let plain = PLAIN
        .into_iter()
        .find(|o| o.number() + u64::from(RAISED) == call.operation);
    *m != -F::ONE || call.z != 0 || !plain.is_some_and(|o| faults(o, call.x))
}

fn hole(segment: &Segment, base: &[F]) -> bool {
    let pre = segment.expand(base);
    refusal(segment, &pre).is_none() && flawed(&demands(segment, &pre))
}

fn row(index: usize, x: u64, y: u32, time: u64) -> Vec<F> {
    let event = Dispatch {
        operation: OPERATIONS[index],
        time,
        x,
        y,
        z: 0,
    };
    filled(|out| Fault::fill(&event, out))
}

#[test]
fn every_fault_and_nothing_else_has_a_row() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let segment = lone(Fault::synthesize);
    let (mut yes, mut no) = (0, 0);
    for (index, plain) in PLAIN.into_iter().enumerate() {
        for address in EDGES
            .into_iter()
            .chain([2, 3, 0x1_0001, 0x1_0002, 0x1_0003])
        {
            for carry in [0, 1 << 32] {
                let x = u64::from(address) + carry;
                let base = row(index, x, rng.gen(), rng.gen_range(1..1 << 32));
                if faults(plain, x) {
                    let wanted = demands(&segment, &satisfied(&segment, &base));
                    assert_eq!(wanted.len(), 1);
                    assert!(!flawed(&wanted));
                    if yes % 7 == 0 {
                        mutations_are_refused(&segment, &base, flawed);
                    }
                    yes += 1;
                } else {
                    // Nor do the claimed reason, other bits or borrowed limbs help.
                    for page in [0, 1] {
                        for bits in 0..4 {
                            for delta in [0, 1, 2, 3, 0x4000] {
                                let mut mutant = base.clone();
                                mutant[14] = F::from(page);
                                mutant[15] = F::from(bits & 1);
                                mutant[16] = F::from(bits >> 1);
                                let low = F::from(x & 0xffff) - F::from(bits);
                                mutant[17] = low * F::from(4).invert().unwrap() + F::from(delta);
                                mutant[18] -= F::from(delta * 4) * pow2(16).invert().unwrap();
                                assert!(!hole(&segment, &mutant), "{plain:?} {x:#x}");
                            }
                        }
                    }
                    no += 1;
                }
            }
        }
    }
    assert!(yes > 150 && no > 100, "{yes} {no}");
    satisfied(&segment, &vec![F::ZERO; segment.base_columns()]);
}

#[test]
fn moves_between_neighbours_are_refused() {
    let segment = lone(Fault::synthesize);
    for (index, x) in [(0, 0x1_0002), (4, 0x1_7fff_ffff), (9, 0xfff0)] {
        let base = row(index, x, 0xffff_0001, 77);
        for first in 0..base.len() {
            for second in 0..base.len() {
                for shift in [0, 1, 2, 14, 16, 32, 34, 66, 67] {
                    for (p, q) in [(F::ONE, -F::ONE), (-F::ONE, F::ONE), (F::ONE, F::ONE)] {
                        let mut mutant = base.clone();
                        mutant[first] += p;
                        mutant[second] += q * pow2(shift);
                        assert!(!hole(&segment, &mutant), "{first} {second} {shift}");
                    }
                }
            }
        }
    }
}

#[test]
fn costs() {
    assert_eq!(cost(Fault::synthesize), (29, 29, 24));
}
