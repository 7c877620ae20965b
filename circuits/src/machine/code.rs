//! The entries of the instructions that have been reached, decoded once each, and how often each was fetched.

use super::census::{Fetch, Origin};
use crate::microcode::{can_raise, decode, fetch_fault, raised, Entry};
use std::collections::HashMap;
use zkmips_emulator::Program;

/// An executable range of the image.
#[derive(Clone, Debug)]
struct Range {
    first: u32,
    /// Position among the program's ranges.
    number: usize,
    /// Per word: where its group of entries starts, plus 1; 0 before it is decoded.
    groups: Vec<u32>,
}

/// Entries in groups, one per address: the decoded micro-ops, then F, X and L if one of them can raise.
#[derive(Clone, Debug)]
pub(super) struct Code {
    program: Program,
    ranges: Vec<Range>,
    /// The range of the last fetch.
    current: usize,
    entries: Vec<Entry>,
    origins: Vec<Origin>,
    counts: Vec<u64>,
    /// Groups of addresses from which nothing can be fetched.
    unfetchable: HashMap<u32, u32>,
}

impl Code {
    pub(super) fn new(program: &Program) -> Self {
        let ranges = program
            .ranges()
            .enumerate()
            .filter(|(_, range)| range.executable)
            .map(|(number, range)| Range {
                first: range.first,
                number,
                groups: vec![0; range.words as usize],
            })
            .collect();
        Code {
            program: program.clone(),
            ranges,
            current: 0,
            entries: Vec::new(),
            origins: Vec::new(),
            counts: Vec::new(),
            unfetchable: HashMap::new(),
        }
    }

    pub(super) fn entry(&self, index: usize) -> &Entry {
        &self.entries[index]
    }

    #[inline(always)]
    pub(super) fn count(&mut self, index: usize) {
        self.counts[index] += 1;
    }

    /// Position of the entry at `(pc, step)`, which must be one that a run can reach.
    #[inline(always)]
    pub(super) fn fetch(&mut self, pc: u32, step: u8) -> usize {
        let mut index = self.group(pc);
        while self.entries[index].step != step {
            index += 1;
        }
        index
    }

    /// As [`Code::fetch`] for any step.
    pub(super) fn find(&mut self, pc: u32, step: u8) -> Option<usize> {
        let start = self.group(pc);
        let mut group = self.entries[start..].iter().take_while(|e| e.pc == pc);
        group.position(|e| e.step == step).map(|i| start + i)
    }

    /// Position of the F of an entry that can raise.
    #[cold]
    pub(super) fn fault(&self, index: usize) -> usize {
        let step = self.entries[index].step;
        let mut fault = index + 1;
        while self.entries[fault].step != step {
            fault += 1;
        }
        fault
    }

    /// Every entry that was fetched.
    pub(super) fn fetches(&self) -> Vec<Fetch> {
        let all = self.entries.iter().zip(&self.origins).zip(&self.counts);
        all.filter(|(_, count)| **count != 0)
            .map(|((&entry, &origin), &count)| Fetch {
                entry,
                origin,
                count,
            })
            .collect()
    }

    /// Start of the group of `pc`.
    #[inline(always)]
    fn group(&mut self, pc: u32) -> usize {
        if let Some(range) = self.ranges.get(self.current) {
            // One comparison tells whether pc is aligned and in the range: rotated, an offset with low bits is huge.
            let word = pc.wrapping_sub(range.first).rotate_right(2) as usize;
            if let Some(group) = range.groups.get(word) {
                if *group != 0 {
                    return *group as usize - 1;
                }
            }
        }
        self.find_group(pc)
    }

    /// As [`Code::group`], in another range or for the first time.
    #[cold]
    #[inline(never)]
    fn find_group(&mut self, pc: u32) -> usize {
        let after = self.ranges.partition_point(|range| range.first <= pc);
        let number = after.saturating_sub(1);
        let position = self.ranges.get(number).and_then(|range| {
            let word = pc.wrapping_sub(range.first).rotate_right(2) as usize;
            (word < range.groups.len()).then_some(word)
        });
        let start = self.entries.len();
        match position {
            None => {
                if let Some(&group) = self.unfetchable.get(&pc) {
                    return group as usize;
                }
                self.unfetchable.insert(pc, start as u32);
                self.append(&fetch_fault(pc), Origin::FetchFault);
                start
            }
            Some(word) => {
                self.current = number;
                let range = &mut self.ranges[number];
                if range.groups[word] != 0 {
                    return range.groups[word] as usize - 1;
                }
                range.groups[word] = start as u32 + 1;
                let words = self.program.range_words(range.number);
                let previous = word.checked_sub(1).map(|before| words[before]);
                let decoded = decode(words[word], pc, previous);
                self.append(&decoded, Origin::Decoded);
                if let Some(entry) = decoded.iter().find(|e| can_raise(e.operation)) {
                    self.append(&raised(entry), Origin::Raised);
                }
                start
            }
        }
    }

    fn append(&mut self, entries: &[Entry], origin: Origin) {
        self.entries.extend_from_slice(entries);
        self.origins.resize(self.entries.len(), origin);
        self.counts.resize(self.entries.len(), 0);
    }
}
