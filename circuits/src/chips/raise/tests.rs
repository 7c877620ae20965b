use super::*;
use crate::{
    chips::reference::{self, cost, fetched, Fetched, EDGES},
    lc::F,
    microcode,
    segment::Segment,
    testing::{demands, filled, lone, mutations_are_refused, refusal, satisfied},
};
use ff::Field;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;

/// Large, so that no small change makes one of them -1, which the judge takes for N.
const FETCHES: [u64; 3] = [5 << 40, 6 << 40, 7 << 40];

const RAISING: [Operation; 18] = [
    Operation::Lw,
    Operation::Lb,
    Operation::Lbu,
    Operation::Lh,
    Operation::Lhu,
    Operation::Lwl,
    Operation::Lwr,
    Operation::Sw,
    Operation::Sb,
    Operation::Sh,
    Operation::Swl,
    Operation::Swr,
    Operation::Tlt,
    Operation::Tltu,
    Operation::Teq,
    Operation::Tge,
    Operation::Tgeu,
    Operation::Tne,
];

/// Whether these demands derive an entry that an instruction does not have.
fn flawed(wanted: &HashMap<(Bus, [F; PARTS]), F>) -> bool {
    let (mut normal, mut derived) = (Vec::new(), Vec::new());
    for ((bus, tuple), m) in wanted {
        match (bus, *m == -F::ONE) {
            (Bus::Program, true) => normal.push(tuple),
            (Bus::Program, false) => derived.push(tuple),
            _ => return true,
        }
    }
    let &[normal] = &normal[..] else {
        return !derived.is_empty();
    };
    // A page holds only entries whose parts are in place and whose flags are bits; any other is nobody's.
    let Some(n) = fetched(normal) else {
        return false;
    };
    let fault = Fetched {
        registers: [n.registers[0], n.registers[1], 39],
        flags: 0b00101,
        operation: n.operation + 64,
        ..n
    };
    let [save, leave] = reference::exception(n.pc, n.step + 9);
    let right = RAISING.iter().any(|o| o.number() == n.operation)
        && matches!(n.flags, 0b00001 | 0b10001)
        && n.step + 10 < 64
        && derived
            .iter()
            .all(|t| fetched(t).is_some_and(|d| [fault, save, leave].contains(&d)));
    !right
}

fn hole(segment: &Segment, base: &[F]) -> bool {
    let pre = segment.expand(base);
    refusal(segment, &pre).is_none() && flawed(&demands(segment, &pre))
}

fn entry(operation: Operation, rng: &mut impl Rng) -> Entry {
    Entry {
        pc: if rng.gen() {
            EDGES[rng.gen_range(0..EDGES.len())]
        } else {
            rng.gen()
        },
        step: rng.gen_range(0..32),
        rs: rng.gen_range(0..40),
        rt: rng.gen_range(0..40),
        rd: rng.gen_range(1..40),
        dispatch: true,
        minus: false,
        branch: false,
        jump: false,
        jump_register: false,
        last: rng.gen(),
        operation,
        immediate: rng.gen(),
        target: rng.gen(),
    }
}

fn row(entry: Entry) -> Vec<F> {
    let fetches = FETCHES;
    filled(|out| Raise::fill(&Event { entry, fetches }, out))
}

#[test]
fn loads_stores_and_traps_derive_their_exceptions() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let segment = lone(Raise::synthesize);
    for operation in RAISING {
        for i in 0..12 {
            let entry = entry(operation, &mut rng);
            let base = row(entry);
            let wanted = demands(&segment, &satisfied(&segment, &base));
            assert_eq!(wanted[&(Bus::Program, entry.tuple())], -F::ONE);
            assert_eq!(wanted.len(), 4);
            assert!(!flawed(&wanted), "{entry:?}");
            if i == 0 {
                mutations_are_refused(&segment, &base, flawed);
            }
        }
    }
    satisfied(&segment, &vec![F::ZERO; segment.base_columns()]);
}

/// They are the entries by which the machine runs.
#[test]
fn derived_entries() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let segment = lone(Raise::synthesize);
    for operation in RAISING {
        let normal = Entry {
            step: 3,
            ..entry(operation, &mut rng)
        };
        let wanted = demands(&segment, &satisfied(&segment, &row(normal)));
        for (entry, count) in microcode::raised(&normal).into_iter().zip(FETCHES) {
            assert_eq!(wanted[&(Bus::Program, entry.tuple())], F::from(count));
        }
    }
}

/// Other operations, other flags and steps without room have no row, with any `trap`.
#[test]
fn other_entries_have_no_row() {
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let segment = lone(Raise::synthesize);
    let honest = entry(Operation::Lw, &mut rng);
    for number in 0..256u64 {
        for trap in [0, 1] {
            let mut base = row(honest);
            base[2] = F::from(trap);
            base[11] = F::from(number);
            assert!(!hole(&segment, &base));
            let pre = segment.expand(&base);
            let known = match trap {
                0 => (1..=12).contains(&number),
                _ => (24..=29).contains(&number),
            };
            assert_eq!(refusal(&segment, &pre).is_none(), known);
        }
    }
    for change in [
        |e: &mut Entry| e.minus = true,
        |e: &mut Entry| e.branch = true,
        |e: &mut Entry| e.jump = true,
        |e: &mut Entry| e.dispatch = false,
    ] {
        let mut other = honest;
        change(&mut other);
        // Each flag is alone on its power of gamma, and all but `last` are constants of the row.
        let pre = satisfied(&segment, &row(other));
        assert!(!demands(&segment, &pre).contains_key(&(Bus::Program, other.tuple())));
    }
    let late = Entry { step: 32, ..honest };
    let pre = segment.expand(&row(late));
    assert!(refusal(&segment, &pre).is_some());
}

/// The parts that share a power: `2^j` moved from one to its neighbour.
#[test]
fn moves_between_neighbours_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(14);
    let segment = lone(Raise::synthesize);
    let base = row(entry(Operation::Teq, &mut rng));
    for first in 0..base.len() {
        for second in 0..base.len() {
            for shift in [0, 2, 5, 6, 12, 16, 18, 34, 40, 52, 58] {
                for (p, q) in [(F::ONE, -F::ONE), (-F::ONE, F::ONE)] {
                    let mut mutant = base.clone();
                    mutant[first] += p;
                    mutant[second] += q * pow2(shift);
                    assert!(!hole(&segment, &mutant), "{first} {second} {shift}");
                }
            }
        }
    }
}

#[test]
fn costs() {
    assert_eq!(cost(Raise::synthesize), (24, 24, 14));
}
