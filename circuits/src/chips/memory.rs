//! Word loads and stores.
//!
//! [`Memory`] does either; [`Load`] and [`Store`] do one only, in fewer rows. None raises: their rows prove that the address is aligned and at
//! least 2^16, see [`super::access`].
//!
//! # `Memory`
//! Columns: `e` (enable), `store`, the columns of an access, `z`. In a load `z` is the value loaded, in a store the value
//! stored; the word after is `z` in both, so `gamma^2 z` serves the dispatch and the memory tuple.
//!
//! | row | forces |
//! | --- | --- |
//! | `e`, `store` boolean | multiplicities (condition 9); the operation is `Lw` or `Sw` |
//! | `p = store (z - 2^40 (z - old))` | `y + 2^40 r = p + 2^40 (z - old)`: a store has `y = z` and no condition, a load has `y = 0` and the riding condition `z = old` |
//! | dispatch | consumes `(x, y, operation), now, z`; `now` and `z` are alone on their powers |
//! | rows of the access | address, times, 32 bits of `old`; `z` has 32 bits because it came alone from the slot (condition 5) |
//!
//! # `Load`
//! Columns: `e`, the columns of an access; `z` is `old`, `y` is 0, and there is nothing else to force.
//!
//! # `Store`
//! Columns: `e`, the columns of an access, `z`; `y` and the word after are `z`, and there is nothing else to force.

use super::access::{fill_all, ride, Cell};
use crate::{
    builder::Builder,
    chip::{Access, Chip},
    lc::{pow2, Lc, F},
    operation::{consume_dispatch, Operation},
};

/// A word load or store.
#[derive(Debug, Clone, Copy)]
pub struct Memory;

impl Chip for Memory {
    const NAME: &'static str = "memory";
    type Event = Access;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let store = b.bit("store");
        let cell = Cell::new(b, &e);
        let z = b.column();
        let change = &z - &cell.old;
        let stored = b.product("stored or kept", &store, &(&z - &change * pow2(40)));
        let (load, sw) = (Operation::Lw.number(), Operation::Sw.number());
        let operation = store * (sw - load) + Lc::from(load);
        consume_dispatch(
            b,
            &e,
            &operation,
            &cell.now,
            &cell.x,
            &ride(&stored, &change),
            &z,
        );
        cell.access(b, &z);
    }

    fn fill(event: &Access, out: &mut Vec<F>) {
        let d = &event.dispatch;
        fill_all([1, u64::from(d.operation == Operation::Sw)], out);
        Cell::fill(event, out);
        out.push(F::from(u64::from(d.z)));
    }
}

/// A word load.
#[derive(Debug, Clone, Copy)]
pub struct Load;

impl Chip for Load {
    const NAME: &'static str = "load";
    type Event = Access;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let cell = Cell::new(b, &e);
        let operation = Lc::from(Operation::Lw.number());
        consume_dispatch(
            b,
            &e,
            &operation,
            &cell.now,
            &cell.x,
            &Lc::zero(),
            &cell.old,
        );
        cell.access(b, &cell.old);
    }

    fn fill(event: &Access, out: &mut Vec<F>) {
        fill_all([1], out);
        Cell::fill(event, out);
    }
}

/// A word store.
#[derive(Debug, Clone, Copy)]
pub struct Store;

impl Chip for Store {
    const NAME: &'static str = "store";
    type Event = Access;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let cell = Cell::new(b, &e);
        let z = b.column();
        let operation = Lc::from(Operation::Sw.number());
        consume_dispatch(b, &e, &operation, &cell.now, &cell.x, &z, &z);
        cell.access(b, &z);
    }

    fn fill(event: &Access, out: &mut Vec<F>) {
        fill_all([1], out);
        Cell::fill(event, out);
        out.push(F::from(u64::from(event.dispatch.z)));
    }
}

#[cfg(test)]
mod tests;
