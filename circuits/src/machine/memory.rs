//! Memory that knows when each word was last touched.

use super::TouchedWord;
use std::sync::Arc;
use zkmips_emulator::{constants::PAGE_WORDS, Memory};

const PAGE: usize = PAGE_WORDS as usize;
const DIRECTORY: usize = 1 << 20;

/// A word and the time of the last access to it, 0 for none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    pub(super) value: u32,
    pub(super) time: u32,
}

/// The initial memory, and a copy of each page that has been touched. Entry 0 of the directory stands for no copy.
#[derive(Clone)]
pub(super) struct TimedMemory {
    initial: Arc<Memory>,
    directory: Vec<u32>,
    cells: Vec<Cell>,
}

impl TimedMemory {
    pub(super) fn new(initial: Memory) -> Self {
        TimedMemory {
            initial: Arc::new(initial),
            directory: vec![0; DIRECTORY],
            cells: vec![Cell::default(); PAGE],
        }
    }

    /// The cell at a word address below 2^30.
    #[inline(always)]
    pub(super) fn cell(&mut self, address: u32) -> &mut Cell {
        let entry = (address >> 10) as usize & (DIRECTORY - 1);
        let mut page = self.directory[entry] as usize;
        if page == 0 {
            page = self.copy_page(entry);
        }
        &mut self.cells[page * PAGE + (address as usize & (PAGE - 1))]
    }

    #[cold]
    #[inline(never)]
    fn copy_page(&mut self, entry: usize) -> usize {
        let page = self.cells.len() / PAGE;
        let initial = &self.initial;
        self.cells.extend((0..PAGE).map(|word| Cell {
            value: initial.read((entry * PAGE + word) as u32),
            time: 0,
        }));
        self.directory[entry] = page as u32;
        page
    }

    /// The word at a word address.
    pub(super) fn read(&self, address: u32) -> u32 {
        match self.directory[(address >> 10) as usize & (DIRECTORY - 1)] as usize {
            0 => self.initial.read(address),
            page => self.cells[page * PAGE + (address as usize & (PAGE - 1))].value,
        }
    }

    /// Every word that has been accessed, in order of address.
    pub(super) fn touched(&self) -> impl Iterator<Item = TouchedWord> + '_ {
        let pages = self.directory.iter().enumerate().filter(|(_, p)| **p != 0);
        pages.flat_map(move |(number, &page)| {
            let cells = &self.cells[page as usize * PAGE..][..PAGE];
            cells
                .iter()
                .enumerate()
                .filter(|(_, cell)| cell.time != 0)
                .map(move |(word, cell)| {
                    let address = (number * PAGE + word) as u32;
                    TouchedWord {
                        address,
                        first: self.initial.read(address),
                        last: cell.value,
                        time: cell.time,
                    }
                })
        })
    }
}

impl std::fmt::Debug for TimedMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TimedMemory({} pages)", self.cells.len() / PAGE - 1)
    }
}
