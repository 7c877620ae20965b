//! Where an image is.

/// A maximal run of pages of the image with the same executable flag.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, serde::Serialize, serde::Deserialize)]
pub struct ImageRange {
    /// Byte address of the first word, a multiple of [`PAGE_BYTES`](crate::constants::PAGE_BYTES).
    pub first: u32,
    /// Number of words, a multiple of [`PAGE_WORDS`](crate::constants::PAGE_WORDS).
    pub words: u32,
    /// Whether instructions may be fetched from it.
    pub executable: bool,
}

impl ImageRange {
    /// Address of the last byte.
    pub fn last(&self) -> u32 {
        self.first + (4 * self.words - 1)
    }

    /// Whether a byte address lies in the range.
    pub fn contains(&self, address: u32) -> bool {
        address >= self.first && address <= self.last()
    }
}
