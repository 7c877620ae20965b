//! The memory boundary: every touched word once, in increasing order of address, with its initial and final value.
//!
//! The rows form a chain over the whole run, used in its last segments. A **batch** is one optional *switch* followed by
//! [`WORDS`] optional words. The header bus offers the regions of a partition of all word addresses, each exactly once;
//! a switch consumes the one that begins where the current one ends, so the chain goes through all of them in order, and the
//! sentinel is the last. A batch's words lie in the current region:
//!
//! | rows of a word | what they force |
//! | --- | --- |
//! | boolean | a word or nothing; without a word the position does not move |
//! | two lookups | the address is at least the position, so addresses strictly increase (condition 4) |
//! | initial, final | `(address, 0, initial)` at time 0 is produced and `(address, final, time)` consumed on the memory bus |
//! | two lookups | the final time is below 2^32, as it shares its part with the address (condition 2) |
//! | source | in image and public-tape regions the initial value is consumed from the image bus; in zero and output regions it is 0; in the private tape it is any 32-bit value (two lookups, in every region) |
//! | sink | in the output region the final value is produced on the output bus |
//!
//! At the end of each batch `end - position` is range-checked: every word of the batch lies below the region's end. The
//! address is bounded by that check, being at least a position that is.

use crate::{
    builder::Builder,
    bus::Bus,
    lc::{pow2, Lc, F},
};
use ff::Field;

/// Words in a batch.
pub const WORDS: usize = 32;

/// What a region's initial and final values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// Initially zero.
    Zero = 0,
    /// From the image tree.
    Image = 1,
    /// The public tape: its words are produced by the verifier, all of them.
    Public = 2,
    /// The private tape: any words.
    Private = 3,
    /// The output tape: initially zero; its final words are consumed by the verifier.
    Output = 4,
}

/// A touched word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Word address.
    pub address: u32,
    /// Value at time 0.
    pub initial: u32,
    /// Value at the end.
    pub last: u32,
    /// Time of the last access, 0 if there was none.
    pub time: u64,
}

/// A region of the partition: word addresses `first..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First word address.
    pub first: u64,
    /// One past the last.
    pub end: u64,
    /// What its values are.
    pub kind: Kind,
    /// Whether its words may be fetched.
    pub executable: bool,
    /// How often the fetch-fault chip asks for it.
    pub lookups: u64,
}

/// Where the memory boundary stands between two segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// The next touched word has at least this word address.
    pub next: u64,
    /// One past the last word address of the current region.
    pub end: u64,
    /// Kind of the current region.
    pub kind: u8,
}

/// Where it stands at the end: in the sentinel region, the one word address 2^30.
pub const END: Position = Position {
    next: 1 << 30,
    end: (1 << 30) + 1,
    kind: Kind::Zero as u8,
};

/// A batch.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The region that begins here.
    pub switch: Option<Region>,
    /// At most [`WORDS`] words.
    pub words: Vec<Word>,
}

impl Batch {
    /// Where the boundary stands after the batch.
    pub fn after(&self, before: Position) -> Position {
        let mut position = match &self.switch {
            Some(region) => Position {
                next: region.first,
                end: region.end,
                kind: region.kind as u8,
            },
            None => before,
        };
        if let Some(word) = self.words.last() {
            position.next = u64::from(word.address) + 1;
        }
        position
    }
}

/// Writes one batch; takes and returns `[position, end, kind]`.
pub fn synthesize(b: &mut Builder, entering: &[Lc; 3]) -> [Lc; 3] {
    let [next, end, kind] = entering;
    let switch = b.bit("a switch or none");
    let [new_end, new_kind, executable, lookups] = b.columns();
    let last = &new_end - 1;
    b.consume(
        "switch",
        Bus::Header,
        &switch,
        &[
            end.clone(),
            last.clone(),
            new_kind.clone(),
            executable.clone(),
        ],
    );
    b.produce(
        "region",
        Bus::Region,
        &lookups,
        &[end.clone(), last, executable],
    );
    b.row(
        "no region without a switch",
        &lookups,
        &(1 - &switch),
        &Lc::zero(),
    );
    let next_move = b.product("position at a switch", &switch, &(end - next));
    let end_move = b.product("end at a switch", &switch, &(&new_end - end));
    let kind_move = b.product("kind at a switch", &switch, &(&new_kind - kind));
    let end = linear(b, end + end_move);
    let kind = linear(b, kind + kind_move);

    let [image, public, private, output] = std::array::from_fn(|_| b.bit("kinds are bits"));
    let any = &image + &public + &private + &output;
    b.boolean("at most one kind", &any);
    b.zero(
        "the kind",
        &(&image + &public * 2 + &private * 3 + &output * 4 - &kind),
    );
    let zero_at_start = 1 - &image - &public - private;
    let sourced = image + public;

    let mut position = linear(b, next + next_move);
    for _ in 0..WORDS {
        position = word(b, position, &sourced, &output, &zero_at_start);
    }
    // The check would hold in an idle batch too, but lookups with a constant multiplicity would make idle rows non-zero.
    let used = b.bit("the batch is in use");
    b.row(
        "position and end stay in an idle batch",
        &(1 - &used),
        &(&position - next),
        &Lc::zero(),
    );
    let [low, high] = b.columns();
    b.range16("below the region's end", &used, &low);
    b.range16("below the region's end", &used, &high);
    b.row(
        "below the region's end",
        &used,
        &(&end - &position - low - high * (1 << 16)),
        &Lc::zero(),
    );
    [position, end, kind]
}

fn word(b: &mut Builder, position: Lc, sourced: &Lc, output: &Lc, zero_at_start: &Lc) -> Lc {
    let enable = b.bit("a word or none");
    let [skip_low, skip_high] = b.columns();
    b.range16("the address is not below the position", &enable, &skip_low);
    b.range16("the address is not below the position", &enable, &skip_high);
    let skip = skip_low + skip_high * (1 << 16);
    b.row("no skip without a word", &skip, &(1 - &enable), &Lc::zero());
    let address = position + skip;

    let initial = b.word("initial value", &enable);
    b.row("initially zero", zero_at_start, &initial, &Lc::zero());
    let time = b.word("final time", &enable);
    let last = b.column();
    b.produce(
        "initial value",
        Bus::Memory,
        &enable,
        &[address.clone(), Lc::zero(), initial.clone()],
    );
    b.consume(
        "final value",
        Bus::Memory,
        &enable,
        &[&address + time * pow2(32), Lc::zero(), last.clone()],
    );
    let source = b.product("has a source", &enable, sourced);
    b.consume(
        "source",
        Bus::Image,
        &source,
        &[address.clone(), Lc::zero(), initial],
    );
    let sink = b.product("is output", &enable, output);
    b.produce(
        "output",
        Bus::OutputTape,
        &sink,
        &[address.clone(), Lc::zero(), last],
    );
    linear(b, address + enable)
}

fn linear(b: &mut Builder, value: Lc) -> Lc {
    b.product("chain", &value, &Lc::from(1))
}

/// Appends the base columns of a batch and moves the position.
pub fn fill(batch: &Batch, position: &mut Position, out: &mut Vec<F>) {
    let limbs = |v: u64| [v & 0xffff, v >> 16].map(F::from);
    let start = position.next;
    match &batch.switch {
        Some(region) => {
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
        }
        None => out.extend([F::ZERO; 5]),
    }
    out.extend((1..=4).map(|k| F::from(u64::from(position.kind == k))));
    for i in 0..WORDS {
        match batch.words.get(i) {
            Some(w) => {
                let address = u64::from(w.address);
                out.push(F::ONE);
                out.extend(limbs(address - position.next));
                out.extend(limbs(u64::from(w.initial)));
                out.extend(limbs(w.time));
                out.push(F::from(u64::from(w.last)));
                position.next = address + 1;
            }
            None => out.extend([F::ZERO; 8]),
        }
    }
    let used = position.next != start || !batch.words.is_empty() || batch.switch.is_some();
    out.push(F::from(u64::from(used)));
    out.extend(limbs(if used {
        position.end - position.next
    } else {
        0
    }));
}

/// Cuts sorted touched words into batches along the regions of the partition; every region is switched to, touched or not.
pub fn batches(regions: &[Region], words: &[Word]) -> Vec<Batch> {
    let mut rest = words;
    let mut batches = Vec::new();
    for region in regions {
        let inside = rest.partition_point(|w| u64::from(w.address) < region.end);
        let (here, after) = rest.split_at(inside);
        rest = after;
        let mut chunks = here.chunks(WORDS);
        batches.push(Batch {
            switch: Some(*region),
            words: chunks.next().unwrap_or_default().to_vec(),
        });
        batches.extend(chunks.map(|chunk| Batch {
            switch: None,
            words: chunk.to_vec(),
        }));
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        segment::Segment,
        testing::{demands, refusal},
    };
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
        let mut base = [START.next, START.end, u64::from(START.kind)]
            .map(F::from)
            .to_vec();
        let mut position = START;
        for batch in batches {
            fill(batch, &mut position, &mut base);
        }
        base
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
                switch: Some(region(0x9000, 0x9001, Kind::Zero)),
                words: vec![],
            },
        ]
    }

    type Demands = HashMap<(Bus, [F; 5]), F>;

    fn run(segment: &Segment, base: &[F]) -> (Option<String>, Demands) {
        let mut pre = Vec::new();
        segment.fill_pre(base, &mut pre);
        (refusal(segment, &pre), demands(segment, &pre))
    }

    fn tuple(parts: [u64; 4]) -> [F; 5] {
        let [a, b, c, d] = parts.map(F::from);
        [a, b, c, d, F::ZERO]
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
        expect(Bus::Memory, [0x4010 + (9 << 32), 0, 5, 0], -F::ONE);
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
            ("a final time of 33 bits", |b| b[0].words[0].time = 1 << 32),
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
        for i in 0..WORDS {
            let Some(w) = batch.words.get(i) else {
                out.extend([F::ZERO; 8]);
                continue;
            };
            let skip = i128::from(w.address) - i128::from(position.next);
            out.extend([F::ONE, from(skip), F::ZERO]);
            out.extend([w.initial & 0xffff, w.initial >> 16].map(|l| F::from(u64::from(l))));
            out.extend([
                F::from(w.time & 0xffff),
                F::from(w.time >> 16),
                F::from(u64::from(w.last)),
            ]);
            position.next = u64::from(w.address) + 1;
        }
        let room = i128::from(position.end) - i128::from(position.next);
        let used = u64::from(!batch.words.is_empty() || batch.switch.is_some());
        out.extend([
            F::from(used),
            from(if used == 1 { room } else { 0 }),
            F::ZERO,
        ]);
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
                    matches!(bus, Bus::Header | Bus::Image)
                        || (*bus == Bus::Memory && **m == -F::ONE)
                })
                .map(|(k, m)| (*k, *m))
                .collect()
        };
        // Columns repeat from batch to batch: every kind of region, and one idle batch, is among the first four words of each.
        for column in (3..honest.len()).filter(|c| (c - 3) % 268 < 45 || (c - 3) % 268 > 260) {
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
                // The value at time 0 of a private word is the prover's to choose, too.
                let private = now.keys().any(|(bus, t)| {
                    *bus == Bus::Memory
                        && t[0] == F::from(0x8000)
                        && !wanted.contains_key(&(*bus, *t))
                });
                assert!(
                    only_facts || private || facing(&now) != facing(&wanted),
                    "column {column}"
                );
            }
        }
    }

    #[test]
    fn cost() {
        let segment = segment(1);
        let nonlinear = (0..segment.num_rows())
            .filter(|r| segment.is_nonlinear(*r))
            .count();
        assert_eq!((segment.num_rows(), nonlinear), (605, 569));
    }
}
