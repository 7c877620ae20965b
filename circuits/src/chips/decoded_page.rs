//! Decoded pages: the micro-ops of 64 instructions.
//!
//! A row opens one part of a page: [`ENTRIES`] micro-ops in order of address and step, offered on the program bus. A page with more has
//! further parts; each part's hash contains the digest of the next, which the row offers on the tree bus, 400 places on.
//!
//! An entry is eight 16-bit limbs: control (low, high), offset in the page, immediate (low, high), target (low, high), operation. Two
//! entries make a hash element of 247 bits, the operation of the second being the highest limb and below 2^7. An unused entry has all
//! limbs 0 but for the step, which is [`UNUSED_STEP`]: steps start at 0 and grow by 1 or 9 from micro-op to micro-op, and none of an
//! instruction's is above 31 (or 41 behind a fault), so no slot ever is at that step.
//!
//! Columns: `e` (enable), place, index, digest, digest of the next part, its multiplicity; for each entry its limbs, a multiplicity, the code of its flags (the
//! highest six bits of the control) and the flags.
//!
//! | row | forces |
//! | --- | --- |
//! | `e` boolean | consumes the part once or not at all (condition 9) |
//! | consume `(place, index, digest, 0)` on the tree bus times `e` | the part is in the decoded tree, at level 0, or continues one that is |
//! | produce `(place + 400, index, next, 1 - e)`, any multiplicity | what continues a part that is not consumed carries mark 1, which nobody consumes |
//! | 17 lookups for two entries, times `e` | each limb is bounded where it shares a hash element, and control and offset where they share a part of the tuple with the index (condition 2) |
//! | lookup of code and flags, times `e` | the flags are those that the code means, and the code is below 64 |
//! | produce `(pc + 2^34 (control - 2^24 code), operation, 1 - e, immediate, target, flags)`, any multiplicity | the same mark for micro-ops; `pc` is `256 index + offset`. With another code than the control's the first part is negative or at least 2^58, and what a slot or the raise chip consumes is neither |
//! | hash | digest = Poseidon(decoded page; place, index, next, entries two to an element) |
//!
//! The index is bounded because it is alone on its power of gamma: it came from a root through nodes, digit by digit.

use crate::{
    builder::Builder,
    bus::Bus,
    chip::Chip,
    lc::{pow2, Columns, Lc, F},
    microcode::{Entry, FLAGS, FLAGS_PART, FLAGS_SHIFT, RS_SHIFT, STEP_SHIFT},
    poseidon::{hash, hash_rows, Domain},
    slot::program_tuple,
    tree::{Tree, PART_STEP},
};
use ff::Field;

/// Bytes of a page.
pub const BYTES: u32 = 256;
/// Instructions of a page.
pub const WORDS: usize = BYTES as usize / 4;
/// Micro-ops in a part of a page. Two permutations hash up to 88; 80 is enough for 99 of 100 pages of Go code (1.02 micro-ops an
/// instruction) and 96 of C (1.06), and each costs 18.5 rows.
pub const ENTRIES: usize = 80;
/// Steps of decoded micro-ops are below this.
pub const STEPS: u8 = 32;
/// The step of an unused entry: all ones.
pub const UNUSED_STEP: u16 = (1 << (RS_SHIFT - STEP_SHIFT)) - 1;

/// 16-bit parts of an entry.
const LIMBS: usize = 8;
/// Bits of an operation's number, the highest limb of a hash element.
const OPERATION_BITS: u32 = 7;
/// Bits of an entry in a hash element.
const ENTRY_BITS: u32 = 16 * LIMBS as u32;

/// Opens a part of a decoded page.
#[derive(Debug, Clone, Copy)]
pub struct DecodedPage;

/// A part to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The page's address divided by 256.
    pub index: u32,
    /// Which part of the page.
    pub part: u32,
    /// Its digest.
    pub digest: F,
    /// Digest of the next part, 0 if this is the last.
    pub next: F,
    /// How often the next part is opened.
    pub next_lookups: u64,
    /// At most [`ENTRIES`] micro-ops, and how often each is fetched.
    pub entries: Vec<(Entry, u64)>,
}

/// The place of a part on the tree bus.
fn place(part: u32) -> u64 {
    Tree::Decoded.place(0) + PART_STEP * u64::from(part)
}

fn limbs(entry: &Entry) -> [u16; LIMBS] {
    let halves = |x: u32| [x as u16, (x >> 16) as u16];
    let [control_low, control_high] = halves(entry.control());
    let [immediate_low, immediate_high] = halves(entry.immediate);
    let [target_low, target_high] = halves(entry.target);
    [
        control_low,
        control_high,
        (entry.pc % BYTES) as u16,
        immediate_low,
        immediate_high,
        target_low,
        target_high,
        entry.operation.number() as u16,
    ]
}

/// The limbs of all entries of a part, unused ones included.
fn part_limbs<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<[u16; LIMBS]> {
    let mut all: Vec<_> = entries.map(limbs).collect();
    let mut unused = [0; LIMBS];
    unused[0] = UNUSED_STEP;
    all.resize(ENTRIES, unused);
    all
}

/// The digest of a part of a page.
fn part_digest(part: u32, index: u32, next: F, entries: &[Entry]) -> F {
    let mut elements = vec![F::from(place(part)), F::from(u64::from(index)), next];
    elements.extend(part_limbs(entries.iter()).chunks(2).map(|pair| {
        pair.iter().flatten().rev().fold(F::ZERO, |sum, limb| {
            sum * pow2(16) + F::from(u64::from(*limb))
        })
    }));
    hash(Domain::DecodedPage, &elements)
}

/// The digests of a page's parts, at least one; the first is the page's digest in the tree.
pub fn digests(index: u32, entries: &[Entry]) -> Vec<F> {
    let mut parts: Vec<&[Entry]> = entries.chunks(ENTRIES).collect();
    if parts.is_empty() {
        parts.push(&[]);
    }
    let mut digests = Vec::with_capacity(parts.len());
    let mut next = F::ZERO;
    for (part, entries) in (0..).zip(parts).collect::<Vec<_>>().into_iter().rev() {
        next = part_digest(part, index, next, entries);
        digests.push(next);
    }
    digests.reverse();
    digests
}

/// The parts to open so that each micro-op of a page is offered as often as `counts` says: all up to the last that is asked for.
pub fn events(index: u32, entries: &[Entry], digests: &[F], counts: &[u64]) -> Vec<Event> {
    let last = counts.iter().rposition(|c| *c > 0).unwrap_or(0) / ENTRIES;
    let parts = entries.chunks(ENTRIES).zip(counts.chunks(ENTRIES));
    (0..)
        .zip(parts)
        .take(last + 1)
        .map(|(part, (entries, counts))| Event {
            index,
            part,
            digest: digests[part as usize],
            next: digests.get(part as usize + 1).copied().unwrap_or(F::ZERO),
            next_lookups: u64::from((part as usize) < last),
            entries: entries
                .iter()
                .copied()
                .zip(counts.iter().copied())
                .collect(),
        })
        .collect()
}

impl Chip for DecodedPage {
    const NAME: &'static str = "decoded page";
    type Event = Event;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let [place, index, digest, next, next_lookups] = b.columns();
        let part = [place.clone(), index.clone(), digest.clone()];
        b.consume("page", Bus::Tree, &e, &part);
        let continued = [&place + PART_STEP, index.clone(), next.clone(), 1 - &e];
        b.produce("next part", Bus::Tree, &next_lookups, &continued);
        let mut elements = vec![place, index.clone(), next];
        for _ in 0..ENTRIES / 2 {
            let low = entry(b, &e, &index, 16);
            let high = entry(b, &e, &index, OPERATION_BITS);
            elements.push(low + high * pow2(ENTRY_BITS));
        }
        let hash = hash_rows(b, "page hash", &e, Domain::DecodedPage, &elements);
        b.zero("page digest", &(hash - digest));
    }

    fn fill(event: &Event, out: &mut Columns) {
        out.extend([1, place(event.part), event.index.into()]);
        out.push_element(event.digest);
        out.push_element(event.next);
        out.push(event.next_lookups);
        let counts = event.entries.iter().map(|(_, count)| *count);
        let flags = event.entries.iter().map(|(entry, _)| entry.flags());
        let all = part_limbs(event.entries.iter().map(|(entry, _)| entry));
        let unused = std::iter::repeat((0, [false; FLAGS]));
        for (limbs, (count, flags)) in all.iter().zip(counts.zip(flags).chain(unused)) {
            out.extend(limbs.map(u64::from));
            out.extend([count, u64::from(limbs[1]) >> (FLAGS_SHIFT - 16)]);
            out.extend(flags.map(u64::from));
        }
    }
}

/// One entry; returns its part of the hash element.
fn entry(b: &mut Builder, e: &Lc, index: &Lc, operation_bits: u32) -> Lc {
    let limbs: [Lc; LIMBS] = b.columns();
    let [lookups, code] = b.columns();
    let flags: [Lc; FLAGS] = b.columns();
    for limb in &limbs[..LIMBS - 1] {
        b.range16("limb of an entry", e, limb);
    }
    b.range("operation", e, &limbs[LIMBS - 1], operation_bits);
    let packed = (0..)
        .zip(&limbs)
        .fold(Lc::zero(), |sum, (i, limb)| sum + limb * pow2(16 * i));
    let [control_low, control_high, offset, immediate_low, immediate_high, target_low, target_high, operation] =
        limbs;
    let word = |low: Lc, high: Lc| low + high * (1 << 16);
    let meaning: Vec<Lc> = std::iter::once(code.clone())
        .chain((1..FLAGS_PART).map(|_| Lc::zero()))
        .chain(flags.clone())
        .collect();
    b.consume("flags", Bus::Flags, e, &meaning);
    let pc = index * u64::from(BYTES) + offset;
    let place = word(control_low, control_high) - code * pow2(FLAGS_SHIFT);
    let fields = [
        pc + place * pow2(STEP_SHIFT),
        operation,
        1 - e,
        word(immediate_low, immediate_high),
        word(target_low, target_high),
    ];
    let tuple = program_tuple(fields, flags);
    b.produce("micro-op", Bus::Program, &lookups, &tuple);
    packed
}

#[cfg(test)]
mod tests;
