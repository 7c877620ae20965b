//! A program's pages under their trees, and which of them a run must open.

mod pages;

pub use pages::*;

use super::{ProgramError, Tree};
use crate::{
    chips::{decoded_page, image_page, node},
    lc::F,
    microcode::Entry,
};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use zkmips_emulator::Program;

/// A page of the decoded tree.
#[derive(Clone, Debug)]
pub struct DecodedPage {
    /// All micro-ops, in order of address and step.
    pub entries: Vec<Entry>,
    /// The digests of its parts, each of which holds the next [`decoded_page::ENTRIES`] micro-ops.
    pub digests: Vec<F>,
}

/// Everything that the header's two roots stand for.
#[derive(Clone, Debug)]
pub struct ProgramTrees {
    image: PageTree,
    decoded: PageTree,
    image_pages: BTreeMap<u32, Vec<u32>>,
    decoded_pages: BTreeMap<u32, DecodedPage>,
}

/// What a run opens: events of the chips that do it.
#[derive(Clone, Debug, Default)]
pub struct Openings {
    /// Nodes of both trees.
    pub nodes: Vec<node::Event>,
    /// Pages of the image.
    pub image_pages: Vec<image_page::Event>,
    /// Parts of decoded pages.
    pub decoded_pages: Vec<decoded_page::Event>,
}

/// What a run asked for that is not there: the plan and the program do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// A word of the image.
    #[error("word address {0:#x} is in no page of the image")]
    NoWord(u32),
    /// A micro-op.
    #[error("no micro-op {step} is decoded at {pc:#010x}")]
    NoEntry {
        /// Address of the instruction.
        pc: u32,
        /// Which of its micro-ops.
        step: u8,
    },
}

/// A function that decodes the instruction `word` at `pc`; the third argument is the word before it if that is executable too.
pub trait Decoder: Fn(u32, u32, Option<u32>) -> Vec<Entry> + Sync {}
impl<D: Fn(u32, u32, Option<u32>) -> Vec<Entry> + Sync> Decoder for D {}

impl ProgramTrees {
    /// Cuts a program's image into pages, decodes the executable ones and hashes all.
    pub fn new(program: &Program, decode: impl Decoder) -> Result<Self, ProgramError> {
        let mut image_pages = BTreeMap::new();
        let mut code = BTreeMap::new();
        for (range, position) in program.ranges().zip(0..) {
            let words = program.range_words(position);
            let first = range.first / 4;
            for (i, page) in words.chunks(image_page::WORDS).enumerate() {
                let index = first / image_page::WORDS as u32 + i as u32;
                image_pages.insert(index, page.to_vec());
            }
            if range.executable {
                for (i, page) in words.chunks(decoded_page::WORDS).enumerate() {
                    let start = i * decoded_page::WORDS;
                    let before = start.checked_sub(1).map(|at| words[at]);
                    let index = first / decoded_page::WORDS as u32 + i as u32;
                    code.insert(index, (before, page));
                }
            }
        }
        let image_digests = image_pages
            .par_iter()
            .map(|(index, words)| (*index, image_page::digest(*index, words)))
            .collect();
        let decoded_pages = code
            .par_iter()
            .map(|(index, (before, words))| {
                let entries = decode_page(*index, *before, words, &decode)?;
                let digests = decoded_page::digests(*index, &entries);
                Ok((*index, DecodedPage { entries, digests }))
            })
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        let decoded_digests = decoded_pages
            .iter()
            .map(|(index, page)| (*index, page.digests[0]))
            .collect();
        Ok(ProgramTrees {
            image: PageTree::new(Tree::Image, image_digests),
            decoded: PageTree::new(Tree::Decoded, decoded_digests),
            image_pages,
            decoded_pages,
        })
    }

    /// Root of the image tree.
    pub fn image_root(&self) -> F {
        self.image.root()
    }

    /// Root of the decoded tree.
    pub fn decoded_root(&self) -> F {
        self.decoded.root()
    }

    /// A page of the decoded tree: all micro-ops of the 64 instructions from `256 * index` on.
    pub fn decoded_page(&self, index: u32) -> Option<&DecodedPage> {
        self.decoded_pages.get(&index)
    }

    /// The micro-op at `(pc, step)`.
    pub fn entry(&self, pc: u32, step: u8) -> Option<Entry> {
        let page = self.decoded_pages.get(&(pc / decoded_page::BYTES))?;
        let position = page
            .entries
            .binary_search_by_key(&(pc, step), |e| (e.pc, e.step));
        position.ok().map(|i| page.entries[i])
    }

    /// What must be opened so that each of `words` (word addresses in the image, each once) is offered once and each
    /// micro-op `(pc, step)` as often as it is fetched.
    pub fn openings(
        &self,
        words: impl IntoIterator<Item = u32>,
        fetches: impl IntoIterator<Item = (u32, u8, u64)>,
    ) -> Result<Openings, OpeningError> {
        let mut image: BTreeMap<u32, image_page::Event> = BTreeMap::new();
        for address in words {
            let index = address / image_page::WORDS as u32;
            let contents = self
                .image_pages
                .get(&index)
                .ok_or(OpeningError::NoWord(address))?;
            let event = image.entry(index).or_insert_with(|| image_page::Event {
                index,
                digest: self.image.digest(0, index),
                words: contents.clone(),
                lookups: vec![0; image_page::WORDS],
            });
            event.lookups[address as usize % image_page::WORDS] += 1;
        }
        let mut decoded: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for (pc, step, count) in fetches {
            let index = pc / decoded_page::BYTES;
            let missing = OpeningError::NoEntry { pc, step };
            let page = self.decoded_pages.get(&index).ok_or(missing.clone())?;
            let position = page
                .entries
                .binary_search_by_key(&(pc, step), |e| (e.pc, e.step))
                .map_err(|_| missing)?;
            let counts = decoded
                .entry(index)
                .or_insert_with(|| vec![0; page.entries.len()]);
            counts[position] += count;
        }
        let mut nodes = self.image.open(&image.keys().copied().collect());
        nodes.extend(self.decoded.open(&decoded.keys().copied().collect()));
        let decoded_pages = decoded
            .iter()
            .flat_map(|(index, counts)| {
                let page = &self.decoded_pages[index];
                decoded_page::events(*index, &page.entries, &page.digests, counts)
            })
            .collect();
        Ok(Openings {
            nodes,
            image_pages: image.into_values().collect(),
            decoded_pages,
        })
    }
}

/// The micro-ops of a page; each (pc, step) once, steps below 32.
fn decode_page(
    index: u32,
    mut before: Option<u32>,
    words: &[u32],
    decode: &impl Decoder,
) -> Result<Vec<Entry>, ProgramError> {
    let mut entries = Vec::new();
    for (word, pc) in words.iter().zip((index * decoded_page::BYTES..).step_by(4)) {
        let decoded = decode(*word, pc, before);
        before = Some(*word);
        let steps: BTreeSet<u8> = decoded.iter().map(|e| e.step).collect();
        let good = decoded
            .iter()
            .all(|e| e.pc == pc && e.step < decoded_page::STEPS && e.is_well_formed());
        if !good || steps.len() != decoded.len() || !steps.contains(&0) {
            return Err(ProgramError::BadMicrocode(pc));
        }
        let at = entries.len();
        entries.extend(decoded);
        entries[at..].sort_by_key(|e| e.step);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests;
