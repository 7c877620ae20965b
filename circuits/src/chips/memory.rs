//! Word loads and stores.
//!
//! [`Load`] and [`Store`]. Neither raises: their rows prove that the address is aligned and at least 2^16, see [`super::access`].
//!
//! # `Load`
//! Columns: `e` (enable), the columns of an access. `z` is `old`, `y` is 0, the word after is `old`, and there is nothing else to force.
//!
//! # `Store`
//! Columns: `e` (enable), the columns of an access, `z`. `y` and the word after are `z`, and there is nothing else to force.
//!
//! # Rows of both
//! | row | forces |
//! | --- | --- |
//! | `e` boolean | multiplicities (condition 9) |
//! | dispatch | consumes `(x, y, Lw or Sw), now, z`; `now` and `z` are alone on their powers |
//! | rows of the access | address, times, 32 bits of `old`; a stored `z` has 32 bits because it came alone from the slot (condition 5) |

use super::access::Cell;
use crate::{
    builder::Builder,
    chip::{Access, Chip},
    lc::{Columns, Lc},
    operation::{consume_dispatch, Operation},
};

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

    fn fill(event: &Access, out: &mut Columns) {
        out.push(1);
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

    fn fill(event: &Access, out: &mut Columns) {
        out.push(1);
        Cell::fill(event, out);
        out.push(u64::from(event.dispatch.z));
    }
}

#[cfg(test)]
mod tests;
