//! The buses of the one sum, their tags and the form of their tuples.
//!
//! Every tuple has [`PARTS`] parts. A term of the sum is `m / (alpha + f_0 + gamma f_1 + ... + gamma^4 f_4 + gamma^5 tag)`,
//! with `+m` for a producer and `-m` for a consumer (LogUp, Habock 2022). The tag has a power of gamma of its own and is never
//! zero, so tuples of two buses never meet, whatever their parts are.
//!
//! A page or node produces facts only if it was consumed itself. Instead of a row `m (1 - e) = 0` for each multiplicity its tuples have the
//! part `1 - e` as a **mark**: those of an idle row carry mark 1, and every consumer's mark is the constant 0.

/// The number of parts of a tuple.
pub const PARTS: usize = 5;

/// A bus; its discriminant is its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u64)]
pub enum Bus {
    /// Fact: `(x)` with `x < 2^16`.
    Range = 1,
    /// Fact: an operation on two nibbles in one part, see `chips::tables`.
    Logic = 2,
    /// Fact: `(s, 2^s)` for `s` from 0 to 32.
    Power = 3,
    /// Fact: a decoded micro-op, see `microcode::Entry::tuple`.
    Program = 4,
    /// Fact: `(first word address, last word address, executable)` of a region.
    Region = 5,
    /// Fact: `(word address, mark, word)` of the initial image, and of the public tape. Consumers have the constant mark 0.
    Image = 6,
    /// Fact: `(tree and level, index, digest, mark)`. Consumers have the constant mark 0.
    Tree = 7,
    /// Permutation, on the segment's own sum: `(local time, register index, value)`.
    Register = 8,
    /// Permutation: `(word address + 2^32 time, 0, value)`.
    Memory = 9,
    /// Permutation: `(x + 2^34 y + 2^67 operation, slot time, z)`.
    Dispatch = 10,
    /// Permutation: `(word address, word)` of the public tape.
    PublicTape = 11,
    /// Permutation: `(word address, 0, word)` of the output tape.
    OutputTape = 12,
    /// Permutation: one range of the header, in order: `(first, last, kind, executable)`.
    Header = 13,
    /// Fact: `(amount + 2^80 class, multiplier)`, see `chips::tables`.
    Shift = 14,
}

impl Bus {
    /// The tag of the bus: a non-zero constant.
    pub fn tag(self) -> u64 {
        self as u64
    }

    /// Facts may be consumed any number of times; tuples of the other buses balance one by one.
    pub fn is_fact(self) -> bool {
        matches!(
            self,
            Bus::Range
                | Bus::Logic
                | Bus::Shift
                | Bus::Power
                | Bus::Program
                | Bus::Region
                | Bus::Image
                | Bus::Tree
        )
    }
}
