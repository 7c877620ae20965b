//! The partition of memory into regions, and where the memory boundary stands in it.

/// What a region's initial and final values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// Initially zero.
    Zero = 0,
    /// From the image tree.
    Image = 1,
    /// The public tape: its words are produced by the verifier, all of them.
    Public = 2,
    /// The private tape: any words.
    Private = 3,
    /// The output tape: initially zero; its final words are consumed by the verifier.
    Output = 4,
}

/// A region of the partition: word addresses `first..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First word address.
    pub first: u64,
    /// One past the last.
    pub end: u64,
    /// What its values are.
    pub kind: Kind,
    /// Whether its words may be fetched.
    pub executable: bool,
    /// How often the fetch-fault chip asks for it.
    pub lookups: u64,
}

/// Where the memory boundary stands between two segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// The next touched word has at least this word address.
    pub next: u64,
    /// One past the last word address of the current region.
    pub end: u64,
    /// Kind of the current region.
    pub kind: u8,
}

/// Where it stands at the end: in the sentinel region, the one word address 2^30.
pub const END: Position = Position {
    next: 1 << 30,
    end: (1 << 30) + 1,
    kind: Kind::Zero as u8,
};
