//! The two trees of a program, natively: the pages of its initial image, and its executable pages decoded.
//!
//! Both are 16-ary with six levels of nodes above the pages, so all of memory fits: 2^23 image pages of 512 bytes, 2^24 decoded pages of
//! 256 bytes. A node's place (tree and level) and index are part of what is hashed. What is absent has digest 0, which is no hash anyone
//! can open.
//!
//! | number | value |
//! | --- | --- |
//! | place of a node or page | `tree + 4 level`; tree 0 is the image, 1 the decoded program; pages are at level 0, the root at 6 |
//! | place of part `k` of a decoded page | `1 + 400 k` |
//! | index of a page | its address divided by 512 (image) or 256 (decoded) |
//! | index of child `j` of a node | `16 index + j` |
//!
//! The verifier produces each root once (place, index 0, digest), so every run consumes it with one [`node`](crate::chips::node) and so opens both roots, even of a tree
//! without pages. Which other nodes and pages are opened is the plan's choice; each once, as its facts can be used any number of times.

#[cfg(feature = "prove")]
mod program;

#[cfg(feature = "prove")]
pub use program::*;

/// Children of a node.
pub const ARITY: usize = 16;
/// Levels of nodes; pages are at level 0 and the root at this one.
pub const LEVELS: u32 = 6;

/// One of the two trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Tree {
    /// Pages of the initial image.
    Image = 0,
    /// Decoded pages.
    Decoded = 1,
}

/// By how much the place of a decoded page's continuation exceeds that of the part before.
pub const PART_STEP: u64 = 400;
/// By how much a node's place exceeds that of its children.
pub const LEVEL_STEP: u64 = 4;

impl Tree {
    /// The first part of the tuple of a node or page at this level: tree and level in one number.
    pub fn place(self, level: u32) -> u64 {
        self as u64 + LEVEL_STEP * u64::from(level)
    }
}

/// Why a program has no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// Decoding gave two micro-ops for one place, one at a place that is none, or one that no slot can execute.
    #[error("the instruction at {0:#010x} decodes to micro-ops that are not one per step, or that no slot can execute: this is a bug in the decoder, please report it")]
    BadMicrocode(u32),
}
