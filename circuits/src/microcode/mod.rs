//! Instructions as micro-ops: the rules that a decoded page is made by.
//!
//! [`Entry`] is what one slot does, [`decode()`] writes an instruction as entries, [`raised`] and [`fetch_fault`] say what happens instead
//! when an instruction raises an exception or cannot be fetched.
//!
//! # A micro-op
//! Two source registers `rs`, `rt`, a destination `rd`, an immediate, a target, an operation, six flags. With `X`, `Y` the values of the sources:
//!
//! * `x = X + immediate`, `y = Y`. The result, written to `rd`, is with `dispatch` what the operation's chip says, else `x + y`, with `minus` `x - y`, with `jump` `x`,
//!   modulo 2^32.
//! * `base` is `next_pc + 4` with `last`, else `next_pc`. The next instruction address becomes target plus `Y` with `jump`, the target with `branch` if the result is 1;
//!   else `base`.
//! * A jump with a register (`jump_register`) has target 0, any other has `rt` 0, the register whose value is always 0. So slots need not know which it is.
//! * `minus` comes neither with `jump` nor with `branch`: rows that subtract and rows that jump share a product.
//! * With `last`, `pc` becomes the old `next_pc` and the step 0; else `pc` stays and the step grows by 1, with `branch` by 9.
//!
//! Register indices: 0 to 31 the general registers, 32 HI, 33 LO, 34 UserLocal, 35 Tick, 36 to 38 temporaries, 39 the sink, where a micro-op writes that has no destination.
//!
//! # Its tuple
//! | part | content |
//! | --- | --- |
//! | 0 | `pc`; from bit 34 the step, from 40 `rs`, from 46 `rt`, from 52 `rd` (6 bits each) |
//! | 1 | the operation's number, below 128 |
//! | 2 | the mark: 0 |
//! | 3 | immediate |
//! | 4 | target |
//! | 5 to 9 | dispatch, minus, branch, jump, last |
//!
//! Each flag has a part of its own, so a slot that fetches the tuple knows that it is a bit and which: it needs no row for that. A decoded page keeps the flags as a
//! code of six bits, and looks up in a table what they are ([`crate::chips::tables`]).

mod decode;
mod entry;
mod raise;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub use entry::*;
pub use raise::{can_raise, exception, fault_of, fetch_fault, raised};
