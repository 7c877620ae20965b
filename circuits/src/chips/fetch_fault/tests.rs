use super::*;
use crate::{
    bus::PARTS,
    chips::reference::{self, cost, fetched},
    lc::{pow2, F},
    microcode,
    segment::Segment,
    testing::{demands, filled, lone, mutations_are_refused, refusal, satisfied, small},
};
use ff::Field;
use std::collections::HashMap;

/// Regions of the run: first and last word, executable.
const REGIONS: [(u64, u64, bool); 4] = [
    (0, 0x3fff, false),
    (0x4000, 0x4fff, true),
    (0x5000, 0x1fff_ffff, false),
    (0x2000_0000, 0x3fff_ffff, true),
];

fn cannot_be_fetched(pc: u32) -> bool {
    let word = u64::from(pc >> 2);
    let inside = |r: &&(u64, u64, bool)| (r.0..=r.1).contains(&word);
    pc & 3 != 0 || pc < 0x1_0000 || REGIONS.iter().find(inside).is_some_and(|r| !r.2)
}

/// Whether these demands make an exception at an address that can be fetched from.
fn flawed(wanted: &HashMap<(Bus, [F; PARTS]), F>) -> bool {
    let mut derived = Vec::new();
    for ((bus, tuple), m) in wanted {
        match bus {
            Bus::Region => {
                let parts = [0, 1, 2].map(|i| small(&tuple[i]));
                let known = REGIONS
                    .iter()
                    .any(|r| parts == [r.0, r.1, u64::from(r.2)].map(Some));
                if !known || *m != -F::ONE || tuple[3..].iter().any(|part| *part != F::ZERO) {
                    return false;
                }
            }
            Bus::Program => derived.push(tuple),
            _ => return true,
        }
    }
    !derived.into_iter().all(|t| {
        fetched(t)
            .is_some_and(|d| cannot_be_fetched(d.pc) && reference::exception(d.pc, 0).contains(&d))
    })
}

fn row(pc: u32) -> Vec<F> {
    let word = u64::from(pc >> 2);
    let region = REGIONS
        .iter()
        .find(|r| (r.0..=r.1).contains(&word))
        .unwrap();
    let event = Event {
        pc,
        region: [region.0 as u32, region.1 as u32],
        fetches: [2, 3],
    };
    filled(|out| FetchFault::fill(&event, out))
}

fn hole(segment: &Segment, base: &[F]) -> bool {
    let pre = segment.expand(base);
    refusal(segment, &pre).is_none() && flawed(&demands(segment, &pre))
}

const BAD: [u32; 13] = [
    0,
    2,
    4,
    0xfffc,
    0xffff,
    0x1_0001,
    0x1_0002,
    0x1_0003,
    0x1_4000,
    0x1_4004,
    0x7fff_fffc,
    0x7fff_ffff,
    0xffff_fffd,
];

const GOOD: [u32; 5] = [0x1_0000, 0x1_0004, 0x1_3ffc, 0x8000_0000, 0xffff_fffc];

#[test]
fn bad_addresses_make_exceptions() {
    let segment = lone(FetchFault::synthesize);
    for pc in BAD {
        let base = row(pc);
        let wanted = demands(&segment, &satisfied(&segment, &base));
        let derived: Vec<_> = wanted
            .iter()
            .filter(|((bus, _), _)| *bus == Bus::Program)
            .map(|((_, tuple), m)| (fetched(tuple).unwrap().step, small(m).unwrap()))
            .collect();
        assert_eq!(
            derived.iter().copied().collect::<HashMap<_, _>>(),
            HashMap::from([(0, 2), (1, 3)])
        );
        for entry in microcode::fetch_fault(pc) {
            assert!(wanted.contains_key(&(Bus::Program, entry.tuple())));
        }
        assert_eq!(wanted.len(), 2 + usize::from(needs_region(pc)));
        assert!(!flawed(&wanted), "{pc:#x}");
        mutations_are_refused(&segment, &base, flawed);
    }
    satisfied(&segment, &vec![F::ZERO; segment.base_columns()]);
}

/// A prover with any reason, any low bits and any region, limbs borrowed where that helps.
#[test]
fn good_addresses_make_none() {
    let segment = lone(FetchFault::synthesize);
    let mut tried = 0;
    for pc in GOOD {
        assert!(!cannot_be_fetched(pc));
        for reasons in 0..8u64 {
            for bits in 0..4u64 {
                for borrowed in [0, 1] {
                    for region in REGIONS {
                        let mut base = row(pc);
                        for (i, column) in base[..3].iter_mut().enumerate() {
                            *column = F::from(reasons >> i & 1);
                        }
                        base[5] = F::from(bits & 1);
                        base[6] = F::from(bits >> 1);
                        let low = F::from(u64::from(pc) & 0xffff) + F::from(borrowed << 16)
                            - F::from(bits);
                        base[7] = low * F::from(4).invert().unwrap();
                        base[8] -= F::from(borrowed);
                        base[9] = F::from(region.0);
                        base[10] = F::from(region.1);
                        let word = u64::from(pc >> 2);
                        let upper = |v: i128| {
                            let high = F::from((v.rem_euclid(1 << 48) >> 16) as u64);
                            if v < 0 {
                                high - pow2(32)
                            } else {
                                high
                            }
                        };
                        base[11] = upper(i128::from(word) - i128::from(region.0));
                        base[12] = upper(i128::from(region.1) - i128::from(word));
                        assert!(!hole(&segment, &base), "{pc:#x} {reasons} {bits}");
                        tried += 1;
                    }
                }
            }
        }
    }
    assert_eq!(tried, 5 * 8 * 4 * 2 * 4);
}

/// Page zero and unaligned addresses are refused as such when they are neither.
#[test]
fn moves_between_neighbours_are_refused() {
    let segment = lone(FetchFault::synthesize);
    for pc in [0x1_0002, 0xfff0, 0x1_4000] {
        let base = row(pc);
        for first in 0..base.len() {
            for second in 0..base.len() {
                for shift in [0, 1, 2, 14, 16, 18, 30, 34, 52] {
                    for (p, q) in [(F::ONE, -F::ONE), (-F::ONE, F::ONE)] {
                        let mut mutant = base.clone();
                        mutant[first] += p;
                        mutant[second] += q * pow2(shift);
                        assert!(!hole(&segment, &mutant), "{pc:#x} {first} {second} {shift}");
                    }
                }
            }
        }
    }
}

#[test]
fn costs() {
    assert_eq!(cost(FetchFault::synthesize), (23, 23, 14));
}
