use super::*;
use crate::{
    bus::{tuple, PARTS},
    chip::fill_idle,
    operation::Operation,
    segment::Segment,
    testing::{
        challenges, demands, filled, is_true_fact, lone, mutations_of_columns_are_refused, refusal,
        satisfied,
    },
};
use rand::{Rng, SeedableRng};
use std::collections::HashSet;

const INDEX: u32 = 0x80_0004;
/// Columns of an entry: limbs, multiplicity, code and flags.
const COLUMNS: usize = LIMBS + 2 + FLAGS;
/// The first entry's first column.
const FIRST: usize = 6;

fn entries(n: usize) -> Vec<Entry> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(6);
    (0..n)
        .map(|i| Entry {
            pc: INDEX * BYTES + 4 * (i / 4) as u32,
            step: (i % 4) as u8,
            rs: rng.gen_range(0..40),
            rt: rng.gen_range(0..40),
            rd: rng.gen_range(1..40),
            dispatch: rng.gen(),
            minus: rng.gen(),
            branch: rng.gen(),
            jump: rng.gen(),
            jump_register: rng.gen(),
            last: i % 4 == 3,
            operation: [Operation::None, Operation::RemU, Operation::TakenTne][i % 3],
            immediate: [0, u32::MAX, rng.gen()][i % 3],
            target: [u32::MAX, 0, rng.gen()][i % 3],
        })
        .collect()
}

/// A page of two parts, the second not full.
fn honest() -> Vec<Event> {
    let entries = entries(ENTRIES + 31);
    let counts: Vec<u64> = (0..entries.len() as u64).map(|i| i % 5 * i).collect();
    events(INDEX, &entries, &digests(INDEX, &entries), &counts)
}

fn base(event: &Event) -> Vec<F> {
    filled(|out| DecodedPage::fill(event, out))
}

fn segment() -> Segment {
    lone(DecodedPage::synthesize)
}

fn refused(base: &[F]) -> Option<String> {
    let segment = segment();
    let pre = segment.expand(base);
    refusal(&segment, &pre)
}

fn tree_tuple(place: u64, digest: F) -> (Bus, [F; PARTS]) {
    let index = F::from(u64::from(INDEX));
    (Bus::Tree, tuple(&[F::from(place), index, digest]))
}

#[test]
fn parts_offer_their_micro_ops_and_the_next_part() {
    let parts = honest();
    assert_eq!(parts.len(), 2);
    let segment = segment();
    for (i, event) in parts.iter().enumerate() {
        let pre = satisfied(&segment, &base(event));
        let mut now = demands(&segment, &pre);
        let own = tree_tuple(1 + 400 * i as u64, event.digest);
        assert_eq!(now.remove(&own), Some(-F::ONE));
        if i == 0 {
            let next = tree_tuple(401, parts[1].digest);
            assert_eq!(now.remove(&next), Some(F::ONE));
        }
        for (entry, count) in &event.entries {
            let m = now.remove(&(Bus::Program, entry.tuple()));
            assert_eq!(m.unwrap_or(F::ZERO), F::from(*count), "{entry:?}");
        }
        assert!(now.is_empty());
    }
}

#[test]
fn only_the_parts_that_are_asked_for_are_opened() {
    let entries = entries(3 * ENTRIES);
    let digests = digests(INDEX, &entries);
    for (last, parts) in [(0, 1), (ENTRIES - 1, 1), (ENTRIES, 2), (3 * ENTRIES - 1, 3)] {
        let mut counts = vec![0; entries.len()];
        counts[last] = 1;
        let events = events(INDEX, &entries, &digests, &counts);
        assert_eq!(events.len(), parts);
        assert_eq!(events[parts - 1].next_lookups, 0);
    }
}

#[test]
fn idle_is_all_zero() {
    let segment = segment();
    let base = filled(|out| fill_idle(DecodedPage::width(), out));
    let pre = satisfied(&segment, &base);
    assert!(demands(&segment, &pre).is_empty());
}

/// Whatever column is changed but the multiplicities, which are free: refused, or a tuple appears that is not true.
#[test]
fn mutations() {
    let segment = segment();
    let parts = honest();
    let event = &parts[1];
    let mut truth: HashSet<_> = event
        .entries
        .iter()
        .map(|(entry, _)| (Bus::Program, entry.tuple()))
        .collect();
    truth.insert(tree_tuple(401, event.digest));
    let width = DecodedPage::width();
    let columns = (0..FIRST + 2 * COLUMNS).chain(width - COLUMNS..width);
    let columns = columns.filter(|c| *c < 5 || c % COLUMNS != (FIRST + LIMBS) % COLUMNS);
    mutations_of_columns_are_refused(&segment, &base(event), columns, |now| {
        now.keys().all(|t| truth.contains(t))
    });
}

/// Unused entries are at a step that no slot reaches.
#[test]
fn unused_entries_are_out_of_reach() {
    let event = honest()[1].clone();
    let used = event.entries.len();
    let segment = segment();
    let mut base = base(&event);
    base[FIRST + COLUMNS * used + LIMBS] = F::ONE;
    let pre = satisfied(&segment, &base);
    let start = F::from(u64::from(INDEX * BYTES));
    let unused = tuple(&[start + F::from(63) * pow2(STEP_SHIFT)]);
    assert_eq!(
        demands(&segment, &pre).get(&(Bus::Program, unused)),
        Some(&F::ONE)
    );
    const { assert!(UNUSED_STEP == 63 && STEPS as u16 + 10 < UNUSED_STEP) };
}

/// 2^(16 + j) taken from one limb and given to the next as 2^j, inside an entry and from one entry of an element to the other: the
/// hash stays what it is and all rows hold, but a lookup is false.
#[test]
fn limbs_of_an_element_cannot_trade_bits() {
    let segment = segment();
    let honest = base(&honest()[0]);
    let column = |limb: usize| FIRST + limb / LIMBS * COLUMNS + limb % LIMBS;
    let mut tried = 0;
    for low in (0..LIMBS * ENTRIES - 1).filter(|l| l % (2 * LIMBS) != 2 * LIMBS - 1) {
        for amount in [F::ONE, -F::ONE, pow2(16), pow2(15).invert().unwrap()] {
            let mut forged = honest.clone();
            forged[column(low)] += amount * pow2(16);
            forged[column(low + 1)] -= amount;
            let pre = segment.expand(&forged);
            if tried % 199 == 0 {
                let flat = segment.assignment(&pre, &challenges());
                assert_eq!(segment.violation(&flat), None, "the cheat keeps all rows");
            }
            tried += 1;
            let false_fact = segment
                .crossings(&pre)
                .iter()
                .any(|c| c.bus == Bus::Range && !is_true_fact(c));
            assert!(false_fact, "limb {low}");
        }
    }
}

/// An element's value plus the modulus has another set of limbs; the highest of them is an operation of more than seven bits.
#[test]
fn an_element_cannot_wrap_around_the_modulus() {
    let highest = 16 * (2 * LIMBS as u32 - 1) + OPERATION_BITS;
    assert!(highest < <F as ff::PrimeField>::NUM_BITS - 1);
    let mut forged = base(&honest()[0]);
    forged[FIRST + COLUMNS + LIMBS - 1] = F::from(1 << OPERATION_BITS);
    let segment = segment();
    let pre = segment.expand(&forged);
    let false_fact = |c: &crate::segment::Crossing| c.bus == Bus::Range && !is_true_fact(c);
    assert!(segment.crossings(&pre).iter().any(false_fact));
}

#[test]
fn forged_parts_are_refused() {
    for cheat in [
        |e: &mut Event| e.index += 1,
        |e: &mut Event| e.part += 1,
        |e: &mut Event| e.next = F::ONE,
        |e: &mut Event| e.digest = F::ZERO,
        |e: &mut Event| e.entries[0].0.immediate ^= 1,
        |e: &mut Event| e.entries[7].0.pc += 4,
        |e: &mut Event| e.entries[8].0.step += 1,
        |e: &mut Event| e.entries[9].0.last ^= true,
        |e: &mut Event| e.entries.swap(0, 1),
        |e: &mut Event| e.entries.truncate(ENTRIES - 1),
    ] {
        let mut event = honest()[0].clone();
        cheat(&mut event);
        assert!(refused(&base(&event)).is_some());
    }
    assert_eq!(refused(&base(&honest()[0])), None);
}

/// The second part cannot be opened as a page of its own.
#[test]
fn a_part_cannot_be_opened_as_another() {
    let mut event = honest()[1].clone();
    event.part = 0;
    assert!(refused(&base(&event)).is_some());
}

/// What a part that is not consumed offers carries a mark that no consumer has.
#[test]
fn offers_without_their_page_are_marked() {
    let segment = segment();
    let mut forged = vec![F::ZERO; DecodedPage::width()];
    forged[5] = F::ONE;
    forged[FIRST] = F::from(4);
    forged[FIRST + LIMBS] = F::ONE;
    let pre = segment.expand(&forged);
    let now = demands(&segment, &pre);
    assert_eq!(now.len(), 2);
    for (bus, t) in now.keys() {
        let mark = match bus {
            Bus::Tree => t[3],
            Bus::Program => t[2],
            _ => F::ZERO,
        };
        assert_eq!(mark, F::ONE);
    }
}

#[test]
fn cost() {
    let segment = segment();
    let nonlinear = (0..segment.num_rows())
        .filter(|r| segment.is_nonlinear(*r))
        .count();
    let columns = DecodedPage::width();
    assert_eq!((segment.num_rows(), nonlinear, columns), (3104, 3051, 1206));
}
