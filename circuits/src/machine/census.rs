//! What a run needs of everything: the prover plans its segments by this.

use crate::{microcode::Entry, operation::Operation};

/// Where an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A decoded page.
    Decoded,
    /// The raise chip.
    Raised,
    /// The fetch-fault chip.
    FetchFault,
}

/// How often an entry was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fetch {
    /// The entry.
    pub entry: Entry,
    /// Who offers it.
    pub origin: Origin,
    /// How often, at least once.
    pub count: u64,
}

/// A word that was accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TouchedWord {
    /// Word address.
    pub address: u32,
    /// Value before the run.
    pub first: u32,
    /// Value now.
    pub last: u32,
    /// Time of the last access.
    pub time: u32,
}

/// Demand of a run so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census {
    /// Slots executed.
    pub slots: u64,
    /// Instructions completed.
    pub instructions: u64,
    /// Fetches, in order of entry: `pc`, step, decoded before raised.
    pub fetches: Vec<Fetch>,
    /// Touched words, in order of address.
    pub touched: Vec<TouchedWord>,
}

impl Census {
    pub(super) fn new(
        slots: u64,
        instructions: u64,
        mut fetches: Vec<Fetch>,
        touched: Vec<TouchedWord>,
    ) -> Self {
        fetches.sort_unstable_by_key(|f| (f.entry.pc, f.entry.step, f.origin));
        Census {
            slots,
            instructions,
            fetches,
            touched,
        }
    }

    /// How often an operation was dispatched; [`Operation::None`] counts the slots that dispatched nothing.
    pub fn operations(&self, operation: Operation) -> u64 {
        let of_kind = self
            .fetches
            .iter()
            .filter(|f| f.entry.operation == operation);
        of_kind.map(|f| f.count).sum()
    }
}
