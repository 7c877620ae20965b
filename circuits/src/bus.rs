//! The buses of the one sum, their tags and the form of their tuples.
//!
//! Every tuple has [`PARTS`] parts. A term of the sum is `m / (alpha + f_0 + gamma f_1 + ... + gamma^9 f_9 + gamma^10 tag)`,
//! with `+m` for a producer and `-m` for a consumer (LogUp, Haböck 2022). The tag has a power of gamma of its own and is never
//! zero, so tuples of two buses never meet, whatever their parts are.
//!
//! | bus | tuple | producers | consumers |
//! | --- | --- | --- | --- |
//! | range | `x` below 2^16 | table | everyone who bounds something |
//! | logic | two nibbles, an operation and its result in one part | table | logic |
//! | shift | `amount + 2^80 class`, multiplier | table | shift |
//! | power | `s`, `2^s` | table | leading zeros |
//! | flags | code, and from the sixth part on the flags | table | decoded page |
//! | program | `pc`, step and registers, operation, mark, immediate, target, five flags | decoded page, raise, fetch fault | slot, raise |
//! | region | first word, last word, executable | boundary | fetch fault |
//! | image | word address, mark, word | image page, private words, verifier (public tape) | boundary |
//! | tree | place, index, digest, mark | verifier (roots), node, decoded page (next part) | node, image page, decoded page |
//! | register | local time, index, value | entering registers, slot | slot, leaving registers |
//! | memory | word address, time, value | boundary, memory chips | memory chips, boundary |
//! | dispatch | `x + 2^34 y + 2^67 operation`, slot time, `z` | slot | chips |
//! | output tape | word address, 0, word | boundary | verifier |
//! | header | first, last, kind, executable | verifier | boundary |
//!
//! The first nine are **fact** buses: a producer's multiplicity is any column, because it can only produce what is true; a consumer has learned that its
//! tuple is. The others are **permutation** buses: every multiplicity is 0 or 1 by a boolean, so each tuple produced is consumed by one row (condition 9).
//! The register bus has a sum of its own in each segment.
//!
//! A page or node produces facts only if it was consumed itself. Instead of a row `m (1 - e) = 0` for each multiplicity its tuples have the
//! part `1 - e` as a **mark**: those of an idle row carry mark 1, and every consumer's mark is the constant 0, or 2 where the boundary asks for a
//! word of the private tape.
//!
//! All columns of a term are `pre` (condition 1; the [`builder`](crate::builder) refuses others), also where the multiplicity is 0: so no denominator is zero but with negligible
//! probability (condition 10), and where the multiplicity is 0 the row `inverse D = 0` leaves no choice but 0 for the inverse.

use crate::lc::F;
use ff::Field;

/// The number of parts of a tuple.
pub const PARTS: usize = 10;

/// The tuple of these parts and zeros.
pub fn tuple(parts: &[F]) -> [F; PARTS] {
    std::array::from_fn(|i| parts.get(i).copied().unwrap_or(F::ZERO))
}

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
    /// Fact: `(word address, mark, word)` of the initial image and of the public tape, with mark 0, and of the private tape, with mark 2. A consumer's
    /// mark is one of these.
    Image = 6,
    /// Fact: `(tree and level, index, digest, mark)`. Consumers have the constant mark 0.
    Tree = 7,
    /// Permutation, on the segment's own sum: `(local time, register index, value)`.
    Register = 8,
    /// Permutation: `(word address, time, value)`.
    Memory = 9,
    /// Permutation: `(x + 2^34 y + 2^67 operation, slot time, z)`.
    Dispatch = 10,
    /// Permutation: `(word address, 0, word)` of the output tape. (Tag 11 belonged to a bus that there is no more.)
    OutputTape = 12,
    /// Permutation: one range of the header, in order: `(first, last, kind, executable)`.
    Header = 13,
    /// Fact: `(amount + 2^80 class, multiplier)`, see `chips::tables`.
    Shift = 14,
    /// Fact: the flags of a micro-op that have this code, see `chips::tables`.
    Flags = 15,
}

impl Bus {
    /// The tag of the bus: a non-zero constant.
    pub fn tag(self) -> u64 {
        self as u64
    }

    /// How many parts its tuples may have; the others are zero.
    pub fn parts(self) -> usize {
        match self {
            Bus::Range | Bus::Logic => 1,
            Bus::Power | Bus::Shift => 2,
            Bus::Region | Bus::Image | Bus::Register | Bus::Memory => 3,
            Bus::Dispatch | Bus::OutputTape => 3,
            Bus::Tree | Bus::Header => 4,
            Bus::Program | Bus::Flags => PARTS,
        }
    }

    /// Facts may be consumed any number of times; tuples of the other buses balance one by one.
    pub fn is_fact(self) -> bool {
        matches!(
            self,
            Bus::Range
                | Bus::Logic
                | Bus::Shift
                | Bus::Power
                | Bus::Flags
                | Bus::Program
                | Bus::Region
                | Bus::Image
                | Bus::Tree
        )
    }
}
