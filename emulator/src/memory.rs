//! Sparse memory of 2^30 words.
//!
//! A directory with one entry per 4 KiB page points into one flat vector of words. Entry 0 is a shared page of zeros
//! that is never written, so a read needs no test for presence and costs the same everywhere.

use crate::constants::PAGE_WORDS;
use crate::ByteOrder;
use serde::{de::Error as _, Deserialize, Deserializer, Serialize, Serializer};

const PAGE: usize = PAGE_WORDS as usize;
const DIRECTORY: usize = 1 << 20;

/// The guest's memory: 2^30 words, all zero at first, pages allocated when first written.
///
/// Word addresses are byte addresses divided by 4. Bits above the 30th are ignored.
#[derive(Clone)]
pub struct Memory {
    directory: Vec<u32>,
    words: Vec<u32>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory {
    /// Memory that is zero everywhere.
    pub fn new() -> Self {
        Memory {
            directory: vec![0; DIRECTORY],
            words: vec![0; PAGE],
        }
    }

    /// The word at a word address.
    #[inline(always)]
    pub fn read(&self, word_address: u32) -> u32 {
        let page = self.directory[(word_address >> 10) as usize & (DIRECTORY - 1)] as usize;
        self.words[page * PAGE + (word_address as usize & (PAGE - 1))]
    }

    /// Sets the word at a word address.
    #[inline(always)]
    pub fn write(&mut self, word_address: u32, value: u32) {
        let entry = (word_address >> 10) as usize & (DIRECTORY - 1);
        let mut page = self.directory[entry] as usize;
        if page == 0 {
            page = self.allocate(entry);
        }
        self.words[page * PAGE + (word_address as usize & (PAGE - 1))] = value;
    }

    #[cold]
    #[inline(never)]
    fn allocate(&mut self, entry: usize) -> usize {
        let page = self.words.len() / PAGE;
        self.words.resize(self.words.len() + PAGE, 0);
        self.directory[entry] = page as u32;
        page
    }

    /// Sets consecutive words starting at a word address.
    pub fn write_words(&mut self, word_address: u32, words: &[u32]) {
        for (offset, &word) in words.iter().enumerate() {
            self.write(word_address.wrapping_add(offset as u32), word);
        }
    }

    /// The byte at a byte address.
    pub fn read_byte(&self, order: ByteOrder, address: u32) -> u8 {
        (self.read(address >> 2) >> (8 * order.lane(address))) as u8
    }

    /// Sets the byte at a byte address.
    pub fn write_byte(&mut self, order: ByteOrder, address: u32, value: u8) {
        let shift = 8 * order.lane(address);
        let word = self.read(address >> 2) & !(0xff << shift);
        self.write(address >> 2, word | (value as u32) << shift);
    }

    /// `length` bytes from a byte address on, wrapping at the end of the address space.
    pub fn read_bytes(&self, order: ByteOrder, address: u32, length: usize) -> Vec<u8> {
        (0..length)
            .map(|offset| self.read_byte(order, address.wrapping_add(offset as u32)))
            .collect()
    }

    /// Stores bytes from a byte address on, wrapping at the end of the address space.
    pub fn write_bytes(&mut self, order: ByteOrder, address: u32, bytes: &[u8]) {
        for (offset, &byte) in bytes.iter().enumerate() {
            self.write_byte(order, address.wrapping_add(offset as u32), byte);
        }
    }

    /// Pages that have been written, in increasing order: page number (byte address / 4096) and its 1024 words.
    pub fn pages(&self) -> impl Iterator<Item = (u32, &[u32])> + '_ {
        self.directory
            .iter()
            .enumerate()
            .filter(|(_, &page)| page != 0)
            .map(|(number, &page)| {
                let start = page as usize * PAGE;
                (number as u32, &self.words[start..start + PAGE])
            })
    }

    /// Number of pages held.
    pub fn page_count(&self) -> usize {
        self.words.len() / PAGE - 1
    }
}

/// Equal contents, whichever pages happen to be allocated.
impl PartialEq for Memory {
    fn eq(&self, other: &Self) -> bool {
        let covered = |a: &Memory, b: &Memory| {
            a.pages().all(|(number, words)| {
                let page = b.directory[number as usize] as usize * PAGE;
                words == &b.words[page..page + PAGE]
            })
        };
        covered(self, other) && covered(other, self)
    }
}

impl Eq for Memory {}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memory({} pages)", self.page_count())
    }
}

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pages: Vec<(u32, &[u32])> = self.pages().collect();
        pages.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Memory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pages: Vec<(u32, Vec<u32>)> = Vec::deserialize(deserializer)?;
        let mut memory = Memory::new();
        for (number, words) in &pages {
            if *number as usize >= DIRECTORY || words.len() != PAGE {
                return Err(D::Error::custom("not a page of guest memory"));
            }
            memory.write_words(number << 10, words);
        }
        Ok(memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwritten_memory_is_zero_and_stays_unallocated() {
        let memory = Memory::new();
        assert_eq!(memory.read(0), 0);
        assert_eq!(memory.read(0x3fff_ffff), 0);
        assert_eq!(memory.page_count(), 0);
    }

    #[test]
    fn the_last_word_is_distinct_from_the_first() {
        let mut memory = Memory::new();
        memory.write(0x3fff_ffff, 7);
        assert_eq!((memory.read(0x3fff_ffff), memory.read(0)), (7, 0));
        memory.write(0, 9);
        assert_eq!((memory.read(0x3fff_ffff), memory.read(0)), (7, 9));
    }

    #[test]
    fn bytes_lie_in_guest_order() {
        for order in ByteOrder::ALL {
            let mut memory = Memory::new();
            memory.write_bytes(order, 0x1003, b"hello");
            assert_eq!(memory.read_bytes(order, 0x1003, 5), b"hello");
            assert_eq!(memory.read(0x1004 / 4), order.word(*b"ello"));
            assert_eq!(memory.read(0x1000 / 4), order.word([0, 0, 0, b'h']));
        }
    }

    #[test]
    fn equality_ignores_pages_of_zeros() {
        let (mut a, b) = (Memory::new(), Memory::new());
        a.write(5, 0);
        assert_eq!(a, b);
        a.write(5, 1);
        assert_ne!(a, b);
        assert_ne!(b, a);
    }

    #[test]
    fn serialisation_keeps_the_contents_and_refuses_nonsense() {
        let mut memory = Memory::new();
        memory.write(123, 45);
        memory.write(0x3fff_ffff, 6);
        let text = serde_json::to_string(&memory).unwrap();
        assert_eq!(serde_json::from_str::<Memory>(&text).unwrap(), memory);
        assert!(serde_json::from_str::<Memory>("[[0,[1,2,3]]]").is_err());
        assert!(serde_json::from_str::<Memory>("[[1048576,[]]]").is_err());
    }
}
