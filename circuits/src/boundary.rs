//! The memory boundary: every touched word once, in increasing order of address, with its initial and final value.
//!
//! The rows form a chain `(position, end, kind)` over the whole run, used in its last segments. A **batch** is one optional *switch* followed by
//! [`WORDS`] optional words. The header bus offers the regions of a partition of all word addresses, each exactly once;
//! a switch consumes the one that begins where the current one ends, so the chain goes through all of them in order, and the
//! sentinel is the last. A batch's words lie in the current region.
//!
//! # Rows of a batch
//! | row | forces |
//! | --- | --- |
//! | `switch` boolean; `(end, last, new kind, executable)` consumed on the header bus, `switch` times | the next region, as the verifier offers it; each part is alone on its power of gamma (condition 2) |
//! | `(end, last, executable)` produced on the region bus `m` times; `m (1 - switch) = 0` | the fetch-fault chip learns of regions that were consumed, and of no others (condition 9) |
//! | `switch (end - position)`, `switch (last + 1 - end)`, `switch (new kind - kind)` | at a switch the position becomes the region's first address, end and kind its own |
//! | four kind bits, their sum boolean; `image + 2 public + 3 private + 4 output = kind` | the bits are those of the kind; all 0 for a region of zeros |
//! | two linear rows | give end and kind a column |
//! | `used` boolean; lookup of `leap` times `used` | the position goes forward by `2^16 leap`: words of a batch are not far from each other, their first may be far from what came before |
//! | rows of [`WORDS`] words | below |
//! | `(1 - used)(switch + number of words) = 0` | an unused batch has neither, for nothing below is looked up in it |
//! | `(1 - used)(position after - position before) = 0` | and it moves nothing |
//! | two lookups of `d` times `used`; `used (end - position - d) = 0` | every word of the batch lies below the region's end |
//!
//! # Rows of a word
//! | row | forces |
//! | --- | --- |
//! | `e` boolean | a word or nothing |
//! | lookup of `skip` times `used` | the address `position + skip` is at least the position, so addresses strictly increase (condition 4) |
//! | `(1 - image - public - private) initial = 0` | zero at the start, unless it has a source |
//! | `(address, 0, initial)` produced, `(address, time, last)` consumed on the memory bus, `e` times | the first access takes the initial value, and nothing comes after the final one (condition 3); each part is alone on its power of gamma (condition 2) |
//! | `s = e (image + public + private)`; `(address, 2 private, initial)` consumed on the image bus `s` times | the initial value is the image's or the public tape's, or for a private word any of 32 bits (condition 5): whoever offers one has looked it up |
//! | `o = e output`; `(address, 0, last)` produced on the output bus `o` times | the verifier consumes the output tape, so it is what the run left there |
//! | a linear row | the next position is the address plus `e` |
//!
//! The address is bounded (condition 2) by the check at the end of the batch, being at least a position that is bounded and at most one that is. The
//! final time needs no bound: alone on its power, it can only be that of a tuple that somebody produced. The verifier produces each word of the public tape and consumes each of the output
//! tape, touched or not, so all of them have a row; and the final state says that the position is 2^30 in the sentinel's region, so every region was switched to
//! and no word lies at or above 2^30.

use crate::{
    builder::Builder,
    bus::Bus,
    lc::{Columns, Lc},
};

pub use crate::region::{Kind, Position, Region, END};

/// Words in a batch.
pub const WORDS: usize = 32;

/// Addresses from one word of a batch to the next are at most this apart.
const FAR: u64 = 1 << 16;

/// The part of a tuple of the image bus that is 0 for words that have a source has this value for words of the private tape. It is 1 for what
/// nobody may consume.
pub const PRIVATE_MARK: u64 = 2;

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
    let source = Source {
        any: image + public + &private,
        mark: private * PRIVATE_MARK,
    };

    let used = b.bit("the batch is in use");
    let leap = b.column();
    b.range16("the first word is not before the position", &used, &leap);
    let mut position = linear(b, next + next_move + leap * FAR);
    let mut parts = switch;
    for _ in 0..WORDS {
        let enable = b.bit("a word or none");
        position = word(b, position, &used, &enable, &source, &output);
        parts = parts + enable;
    }
    let unused = 1 - &used;
    b.row(
        "an unused batch has no words and no switch",
        &unused,
        &parts,
        &Lc::zero(),
    );
    b.row(
        "the position stays in an unused batch",
        &unused,
        &(&position - next),
        &Lc::zero(),
    );
    // Both would hold in an unused batch too, but lookups with a constant multiplicity would make idle rows non-zero.
    let room = b.word("below the region's end", &used);
    b.row(
        "below the region's end",
        &used,
        &(&end - &position - room),
        &Lc::zero(),
    );
    [position, end, kind]
}

/// Where the initial values of a region come from.
struct Source {
    /// 1 if they are consumed from the image bus, 0 if they are zero.
    any: Lc,
    /// The second part of what is consumed.
    mark: Lc,
}

fn word(b: &mut Builder, position: Lc, used: &Lc, enable: &Lc, source: &Source, output: &Lc) -> Lc {
    let [skip, initial, time, last] = b.columns();
    b.range16("the address is not below the position", used, &skip);
    let address = position + skip;
    b.row("initially zero", &(1 - &source.any), &initial, &Lc::zero());
    b.produce(
        "initial value",
        Bus::Memory,
        enable,
        &[address.clone(), Lc::zero(), initial.clone()],
    );
    b.consume(
        "final value",
        Bus::Memory,
        enable,
        &[address.clone(), time, last.clone()],
    );
    let sourced = b.product("has a source", enable, &source.any);
    b.consume(
        "source",
        Bus::Image,
        &sourced,
        &[address.clone(), source.mark.clone(), initial],
    );
    let sink = b.product("is output", enable, output);
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
pub fn fill(batch: &Batch, position: &mut Position, out: &mut Columns) {
    match &batch.switch {
        Some(region) => {
            out.extend([
                1,
                region.end,
                region.kind as u64,
                u64::from(region.executable),
                region.lookups,
            ]);
            *position = Position {
                next: region.first,
                end: region.end,
                kind: region.kind as u8,
            };
        }
        None => out.extend([0; 5]),
    }
    out.extend((1..=4).map(|k| u64::from(position.kind == k)));
    let used = batch.switch.is_some() || !batch.words.is_empty();
    let leap = batch
        .words
        .first()
        .map_or(0, |first| (u64::from(first.address) - position.next) / FAR);
    out.extend([u64::from(used), leap]);
    position.next += leap * FAR;
    for i in 0..WORDS {
        match batch.words.get(i) {
            Some(w) => {
                let address = u64::from(w.address);
                let skip = address - position.next;
                out.extend([1, skip, w.initial.into(), w.time, w.last.into()]);
                position.next = address + 1;
            }
            None => out.extend([0; 5]),
        }
    }
    let room = if used {
        position.end - position.next
    } else {
        0
    };
    out.extend([room & 0xffff, room >> 16]);
}

/// Cuts sorted touched words into batches along the regions of the partition; every region is switched to, touched or not.
pub fn batches(regions: &[Region], words: &[Word]) -> Vec<Batch> {
    let mut rest = words;
    let mut batches = Vec::new();
    for region in regions {
        let inside = rest.partition_point(|w| u64::from(w.address) < region.end);
        let (here, after) = rest.split_at(inside);
        rest = after;
        let near = here.chunk_by(|a, b| u64::from(b.address) <= u64::from(a.address) + FAR);
        let mut chunks = near.flat_map(|words| words.chunks(WORDS));
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
mod tests;
