//! Which words a run has loaded or stored: each of them costs rows at the proof's memory boundary.

use crate::constants::PAGE_WORDS;

/// A set of word addresses, as bit maps of pages found through a directory; entry 0 of `pages` stands for no page.
#[derive(Clone)]
pub(crate) struct Touched {
    directory: Vec<u32>,
    pages: Vec<[u64; 16]>,
    count: u64,
}

impl Touched {
    pub(crate) fn new() -> Self {
        Touched {
            directory: vec![0; 1 << 20],
            pages: vec![[0; 16]],
            count: 0,
        }
    }

    /// Number of words in the set.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    #[inline(always)]
    pub(crate) fn mark(&mut self, word_address: u32) {
        let entry = &mut self.directory[(word_address >> 10) as usize & 0xf_ffff];
        if *entry == 0 {
            *entry = self.pages.len() as u32;
            self.pages.push([0; 16]);
        }
        let bits = &mut self.pages[*entry as usize][(word_address >> 6 & 15) as usize];
        let bit = 1u64 << (word_address & 63);
        self.count += (*bits & bit == 0) as u64;
        *bits |= bit;
    }

    /// The set in increasing order.
    pub(crate) fn words(&self) -> Vec<u32> {
        let mut words = Vec::with_capacity(self.count as usize);
        for (number, &page) in self.directory.iter().enumerate() {
            if page != 0 {
                let bits = &self.pages[page as usize];
                let set = (0..PAGE_WORDS).filter(|w| bits[(w >> 6) as usize] >> (w & 63) & 1 == 1);
                words.extend(set.map(|word| (number as u32) << 10 | word));
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_once() {
        let mut touched = Touched::new();
        for word in [5, 0x3fff_ffff, 5, 0, 64, 63] {
            touched.mark(word);
        }
        assert_eq!(touched.count(), 5);
        assert_eq!(touched.words(), [0, 5, 63, 64, 0x3fff_ffff]);
    }
}
