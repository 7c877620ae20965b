//! Honest batches, and the cheats that must be refused.

use super::*;
use crate::{
    bus::{self, PARTS},
    lc::{pow2, F},
    segment::Segment,
    testing::{demands, filled, refusal},
};
use ff::Field;
use std::collections::HashMap;

const START: Position = Position {
    next: 0x4010,
    end: 0x5000,
    kind: Kind::Image as u8,
};

fn segment(batches: usize) -> Segment {
    let mut b = Builder::new();
    let mut chain: [Lc; 3] = b.columns();
    b.section("boundary");
    for _ in 0..batches {
        chain = synthesize(&mut b, &chain);
    }
    let [next, end, kind] = chain;
    Segment::new(b, [&next, &(end + kind * pow2(40))])
}

fn base(batches: &[Batch]) -> Vec<F> {
    let mut position = START;
    filled(|out| {
        out.extend([START.next, START.end, u64::from(START.kind)]);
        for batch in batches {
            fill(batch, &mut position, out);
        }
    })
}

fn region(first: u64, end: u64, kind: Kind) -> Region {
    Region {
        first,
        end,
        kind,
        executable: kind == Kind::Image,
        lookups: 3,
    }
}

fn word(address: u32, initial: u32, last: u32, time: u64) -> Word {
    Word {
        address,
        initial,
        last,
        time,
    }
}

fn honest() -> Vec<Batch> {
    vec![
        Batch {
            switch: None,
            words: vec![
                word(0x4010, 5, 5, 9),
                word(0x4011, 1 << 31, 7, 1 << 31),
                word(0x4fff, 0, 3, 77),
            ],
        },
        Batch {
            switch: Some(region(0x5000, 0x6000, Kind::Zero)),
            words: vec![word(0x5800, 0, 1, 2)],
        },
        Batch {
            switch: Some(region(0x6000, 0x7000, Kind::Public)),
            words: vec![word(0x6000, 0xffff_ffff, 4, 5), word(0x6001, 3, 3, 0)],
        },
        Batch::default(),
        Batch {
            switch: Some(region(0x7000, 0x8000, Kind::Output)),
            words: vec![word(0x7000, 0, 42, 6)],
        },
        Batch {
            switch: Some(region(0x8000, 0x9000, Kind::Private)),
            words: vec![word(0x8000, 0x1234_5678, 42, 6)],
        },
        Batch {
            switch: Some(region(0x9000, 0x100_0000, Kind::Zero)),
            words: vec![word(0x9_0001, 0, 5, 1 << 33), word(0xa_0001, 0, 6, 7)],
        },
    ]
}

type Demands = HashMap<(Bus, [F; PARTS]), F>;

fn run(segment: &Segment, base: &[F]) -> (Option<String>, Demands) {
    let pre = segment.expand(base);
    (refusal(segment, &pre), demands(segment, &pre))
}

fn tuple(parts: [u64; 4]) -> [F; PARTS] {
    bus::tuple(&parts.map(F::from))
}

#[test]
fn honest_batches_hold_and_join_the_buses() {
    let (refused, demands) = run(&segment(7), &base(&honest()));
    assert_eq!(refused, None);
    let expect = |bus, parts, m: F| {
        assert_eq!(
            demands.get(&(bus, tuple(parts))),
            Some(&m),
            "{bus:?} {parts:?}"
        )
    };
    expect(Bus::Memory, [0x4010, 0, 5, 0], F::ONE);
    expect(Bus::Memory, [0x4010, 9, 5, 0], -F::ONE);
    expect(Bus::Memory, [0x9_0001, 1 << 33, 5, 0], -F::ONE);
    expect(Bus::Image, [0x8000, 2, 0x1234_5678, 0], -F::ONE);
    expect(Bus::Image, [0x4011, 0, 1 << 31, 0], -F::ONE);
    expect(Bus::Image, [0x6001, 0, 3, 0], -F::ONE);
    expect(Bus::OutputTape, [0x7000, 0, 42, 0], F::ONE);
    expect(Bus::Header, [0x5000, 0x5fff, 0, 0], -F::ONE);
    expect(Bus::Region, [0x7000, 0x7fff, 0, 0], F::from(3));
    // An untouched public word's two memory tuples cancel.
    assert!(!demands.contains_key(&(Bus::Memory, tuple([0x6001, 0, 3, 0]))));
    assert!(!demands
        .iter()
        .any(|((bus, t), _)| *bus == Bus::Image && t[0] == F::from(0x5800)));
}

#[test]
fn idle_batches_are_all_zero_and_change_nothing() {
    let segment = segment(2);
    let (refused, demands) = run(&segment, &base(&[Batch::default(), Batch::default()]));
    assert_eq!(refused, None);
    assert!(demands.is_empty());
}

/// Each cheat of condition 4 and of the initial values: refused by a row or a false range fact.
#[test]
fn cheats_are_refused() {
    type Cheat = fn(&mut Vec<Batch>);
    let cheats: [(&str, Cheat); 8] = [
        ("addresses too far apart", |b| b[6].words[1].address += 1),
        ("the same word twice", |b| b[0].words[1].address = 0x4010),
        ("addresses out of order", |b| b[0].words.swap(0, 1)),
        ("an address before the region", |b| {
            b[1].words[0].address = 0x4fff
        }),
        ("an address behind the region", |b| {
            b[1].words[0].address = 0x6000
        }),
        ("a zero word that is not zero", |b| {
            b[1].words[0].initial = 1
        }),
        ("an output word that is not zero", |b| {
            b[4].words[0].initial = 1
        }),
        ("a region without its kind", |b| {
            b[2].words[0].address = 0x7000
        }),
    ];
    let segment = segment(7);
    for (name, cheat) in cheats {
        let mut batches = honest();
        cheat(&mut batches);
        // Subtractions of a cheat go below zero: the prover may put any field element there.
        let mut base = [START.next, START.end, u64::from(START.kind)]
            .map(F::from)
            .to_vec();
        let mut position = START;
        for batch in &batches {
            cheating_fill(batch, &mut position, &mut base);
        }
        assert!(run(&segment, &base).0.is_some(), "{name}");
    }
}

/// Like `fill`, but with field elements where an honest limb would be negative.
fn cheating_fill(batch: &Batch, position: &mut Position, out: &mut Vec<F>) {
    let from = |v: i128| {
        if v < 0 {
            -F::from((-v) as u64)
        } else {
            F::from(v as u64)
        }
    };
    if let Some(region) = &batch.switch {
        out.extend(
            [
                1,
                region.end,
                region.kind as u64,
                u64::from(region.executable),
                region.lookups,
            ]
            .map(F::from),
        );
        *position = Position {
            next: region.first,
            end: region.end,
            kind: region.kind as u8,
        };
    } else {
        out.extend([F::ZERO; 5]);
    }
    out.extend((1..=4).map(|k| F::from(u64::from(position.kind == k))));
    let used = !batch.words.is_empty() || batch.switch.is_some();
    let leap = batch.words.first().map_or(0, |first| {
        u64::from(first.address).saturating_sub(position.next) / FAR
    });
    out.extend([u64::from(used), leap].map(F::from));
    position.next += leap * FAR;
    for i in 0..WORDS {
        let Some(w) = batch.words.get(i) else {
            out.extend([F::ZERO; 5]);
            continue;
        };
        let skip = i128::from(w.address) - i128::from(position.next);
        out.extend([F::ONE, from(skip)]);
        out.extend([u64::from(w.initial), w.time, u64::from(w.last)].map(F::from));
        position.next = u64::from(w.address) + 1;
    }
    let room = i128::from(position.end) - i128::from(position.next);
    let [low, high] = if room < 0 {
        [room, 0]
    } else {
        [room & 0xffff, room >> 16]
    };
    out.extend([low, high].map(|limb| if used { from(limb) } else { F::ZERO }));
}

/// Whatever base column is changed: refused, or a tuple changes that others would have to answer differently.
#[test]
fn a_changed_column_is_refused_or_changes_a_tuple() {
    let segment = segment(7);
    let honest = base(&honest());
    let (_, wanted) = run(&segment, &honest);
    let facing = |d: &Demands| -> Demands {
        d.iter()
            .filter(|((bus, _), m)| {
                matches!(bus, Bus::Header | Bus::Image) || (*bus == Bus::Memory && **m == -F::ONE)
            })
            .map(|(k, m)| (*k, *m))
            .collect()
    };
    // Columns repeat from batch to batch: every kind of region, and one idle batch, is among the first four words of each.
    let width = (honest.len() - 3) / 7;
    for column in (3..honest.len()).filter(|c| (c - 3) % width < 40 || (c - 3) % width > width - 6)
    {
        for delta in [
            F::ONE,
            -F::ONE,
            pow2(16),
            -pow2(16),
            pow2(16).invert().unwrap(),
            pow2(32),
        ] {
            let mut mutant = honest.clone();
            mutant[column] += delta;
            let (refused, now) = run(&segment, &mutant);
            if refused.is_some() || now == wanted {
                continue;
            }
            // The multiplicity of a region fact is the prover's to choose.
            let only_facts = now
                .iter()
                .filter(|((bus, _), _)| *bus != Bus::Region)
                .all(|(k, m)| wanted.get(k) == Some(m));
            assert!(
                only_facts || facing(&now) != facing(&wanted),
                "column {column}"
            );
        }
    }
}

/// Columns of an unused batch, in which nothing is looked up: a skip and a leap that cancel, so that the position is where it was.
#[test]
fn an_unused_batch_has_no_words_and_no_switch() {
    let segment = segment(1);
    let idle = base(&[Batch::default()]);
    // Columns: three of the chain, five of the switch, four of the kind, used, leap; then enable, skip, initial, time, last of each word.
    let (leap, first, second) = (13, 14, 19);
    let forge = |changes: &[(usize, F)]| {
        let mut forged = idle.clone();
        for (column, value) in changes {
            forged[*column] += value;
        }
        run(&segment, &forged)
    };
    // Moves that cancel are harmless without a word.
    let back = [(first + 1, F::from(FAR)), (leap, -F::ONE)];
    let (refused, demands) = forge(&back);
    assert_eq!((refused, demands.len()), (None, 0));
    // A word there, before or behind the position.
    let why = "an unused batch has no words and no switch";
    for (a, b) in [(first, second), (second, first)] {
        let word = [(a, F::ONE), (a + 1, F::from(5)), (b + 1, -F::from(6))];
        let refused = forge(&word).0.unwrap();
        assert!(refused.contains(why), "{refused}");
    }
    // A switch to a region whose first word the position does not reach: here to one of zeros, from the image.
    let switch = [
        (3, F::ONE),
        (4, F::from(0x6000)),
        (8, -F::ONE),
        (first + 1, F::from(START.next) - F::from(START.end)),
    ];
    let refused = forge(&switch).0.unwrap();
    assert!(refused.contains(why), "{refused}");
}

/// Words that are far apart begin batches of their own, and the cut is at 2^16.
#[test]
fn far_words_begin_a_batch() {
    let far = FAR as u32;
    let at = [0, 1, far, far + 1, 2 * far + 1, 3 * far + 2, 3 * far + 3];
    let words: Vec<Word> = at.map(|a| word(0x6000 + a, 0, 1, 2)).to_vec();
    let regions = [
        region(0x5000, 1 << 20, Kind::Zero),
        region(1 << 20, 1 << 21, Kind::Zero),
    ];
    let batches = batches(&regions, &words);
    let lengths: Vec<usize> = batches.iter().map(|b| b.words.len()).collect();
    assert_eq!(lengths, [5, 2, 0]);
    let mut position = Position {
        end: 0x5000,
        ..START
    };
    let base = filled(|out| {
        out.extend([position.next, position.end, u64::from(position.kind)]);
        for batch in &batches {
            fill(batch, &mut position, out);
        }
    });
    assert_eq!(run(&segment(3), &base).0, None);
}

#[test]
fn cost() {
    let segment = segment(1);
    let nonlinear = (0..segment.num_rows())
        .filter(|r| segment.is_nonlinear(*r))
        .count();
    assert_eq!((segment.num_rows(), nonlinear), (459, 417));
}
