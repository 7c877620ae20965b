//! What every chip provides.

use crate::{
    builder::Builder,
    lc::{Columns, Lc},
    operation::Operation,
};
use std::{
    any::TypeId,
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
};

/// Base columns of one instance of a part `C`, which `synthesize` writes down: counted once, because a page or node has hashes.
fn width_of<C: 'static>(synthesize: impl FnOnce(&mut Builder)) -> usize {
    static WIDTHS: LazyLock<RwLock<HashMap<TypeId, usize>>> = LazyLock::new(RwLock::default);
    let part = TypeId::of::<C>();
    let known = WIDTHS.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(width) = known.get(&part) {
        return *width;
    }
    drop(known);
    let mut b = Builder::new();
    synthesize(&mut b);
    let mut widths = WIDTHS.write().unwrap_or_else(PoisonError::into_inner);
    widths.insert(part, b.base_columns());
    b.base_columns()
}

/// A chip: rows that do one kind of work, repeated a fixed number of times in each segment.
pub trait Chip: Sized + 'static {
    /// Its name in descriptions and reports.
    const NAME: &'static str;
    /// What one instance works on.
    type Event;

    /// Writes one instance down.
    fn synthesize(b: &mut Builder);

    /// Appends the base columns of one instance, in the order in which `synthesize` allocates them.
    fn fill(event: &Self::Event, out: &mut Columns);

    /// Number of base columns of one instance.
    fn width() -> usize {
        width_of::<Self>(Self::synthesize)
    }
}

/// A chip whose rows depend on the byte order as well.
pub trait OrderedChip: Sized + 'static {
    /// Its name in descriptions and reports.
    const NAME: &'static str;
    /// What one instance works on.
    type Event;

    /// Writes one instance down. `big_endian` is a combination of `pre` columns that is 0 or 1, the same in the whole run: a word of the id header.
    fn synthesize(b: &mut Builder, big_endian: &Lc);

    /// Appends the base columns of one instance, in the order in which `synthesize` allocates them.
    fn fill(event: &Self::Event, big_endian: bool, out: &mut Columns);

    /// Number of base columns of one instance.
    fn width() -> usize {
        width_of::<Self>(|b| Self::synthesize(b, &Lc::zero()))
    }
}

/// Appends the base columns of an idle instance: all zero.
pub fn fill_idle(width: usize, out: &mut Columns) {
    out.pad(out.len() + width);
}

/// A dispatched operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// The operation.
    pub operation: Operation,
    /// The slot's time.
    pub time: u64,
    /// First operand: below 2^32, but for memory accesses the sum of base and sign-extended offset as unsigned words, below 2^33.
    pub x: u64,
    /// Second operand.
    pub y: u32,
    /// Result.
    pub z: u32,
}

/// A memory access: the dispatched operation, and the word that it touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The operation.
    pub dispatch: Dispatch,
    /// The word before.
    pub old: u32,
    /// The word after (the same for a load).
    pub new: u32,
    /// Time of the access before this one to that word, 0 for the initial value.
    pub old_time: u64,
}
