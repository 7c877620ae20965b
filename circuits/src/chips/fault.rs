//! Loads and stores that fault: the proof that they do.
//!
//! The dispatched operation is `FaultLw` to `FaultSwr`, from the entry that the raise chip puts in place of the plain access; the result is 0 and
//! there are no memory terms. With the memory chips, which have no row for such an address, a fault is forced both ways (condition 7).
//!
//! Columns: one selector for each operation, whose sum is `e`; `now`; `carry`; `page`; `bit0`, `bit1`, `words`, `high` of the address;
//! `y` in two limbs.
//!
//! | row | forces |
//! | --- | --- |
//! | selectors and their sum boolean | multiplicities (condition 9), one operation |
//! | `carry`, `bit0`, `bit1` boolean; lookups of `words`, `high` and `low = bit0 + 2 bit1 + 4 words` | `x = low + 2^16 high + 2^32 carry`: the limbs and low bits of the reduced address are the only ones there are |
//! | lookups of `y`'s limbs | `y` is below 2^32, as it shares its part with the operation (condition 2) |
//! | `page` boolean, `page high = 0` | with `page`, the address is below 2^16 |
//! | `any = bit0 or bit1`, and `unaligned` = that for a word, `bit0` for a halfword, else 0 | three products |
//! | `(e - page)(1 - unaligned) = 0` | the address is in page zero or unaligned for the operation |
//! | dispatch | consumes `(x, y, operation), now, 0` |

use crate::{
    builder::Builder,
    chip::{Chip, Dispatch},
    lc::{Columns, Lc},
    operation::{consume_dispatch, Operation},
};

/// The operations: two on words, three on halfwords, and those that are never unaligned.
const OPERATIONS: [Operation; 12] = [
    Operation::FaultLw,
    Operation::FaultSw,
    Operation::FaultLh,
    Operation::FaultLhu,
    Operation::FaultSh,
    Operation::FaultLb,
    Operation::FaultLbu,
    Operation::FaultLwl,
    Operation::FaultLwr,
    Operation::FaultSb,
    Operation::FaultSwl,
    Operation::FaultSwr,
];

/// A faulting access.
#[derive(Debug, Clone, Copy)]
pub struct Fault;

impl Chip for Fault {
    const NAME: &'static str = "fault";
    type Event = Dispatch;

    fn synthesize(b: &mut Builder) {
        let selectors = OPERATIONS.map(|_| b.bit("operation"));
        let sum = |s: &[Lc]| s.iter().fold(Lc::zero(), |sum, s| sum + s);
        let e = sum(&selectors);
        b.boolean("enable", &e);
        let (words, halves) = (sum(&selectors[..2]), sum(&selectors[2..5]));
        let operation = selectors
            .iter()
            .zip(OPERATIONS)
            .fold(Lc::zero(), |sum, (s, o)| sum + s * o.number());

        let now = b.column();
        let carry = b.bit("carry");
        let page = b.bit("page zero");
        let [bit0, bit1] = ["bit 0", "bit 1"].map(|label| b.bit(label));
        let [quarter, high] = b.columns();
        let low = &bit0 + &bit1 * 2 + &quarter * 4;
        b.range16("address above its low bits", &e, &quarter);
        b.range16("address low", &e, &low);
        b.range16("address high", &e, &high);
        let y = b.word("y", &e);

        b.row("below 2^16", &page, &high, &Lc::zero());
        let both = b.product("both bits", &bit0, &bit1);
        let any = &bit0 + bit1 - both;
        let unaligned = b.product("word", &words, &any) + b.product("half", &halves, &bit0);
        b.row("a reason", &(&e - page), &(1 - unaligned), &Lc::zero());
        let x = low + high * (1 << 16) + carry * (1 << 32);
        consume_dispatch(b, &e, &operation, &now, &x, &y, &Lc::zero());
    }

    fn fill(event: &Dispatch, out: &mut Columns) {
        out.extend(OPERATIONS.map(|o| u64::from(o == event.operation)));
        let (x, y) = (event.x, u64::from(event.y));
        let high = x >> 16 & 0xffff;
        out.extend([
            event.time,
            x >> 32,
            u64::from(high == 0),
            x & 1,
            x >> 1 & 1,
            x >> 2 & 0x3fff,
            high,
            y & 0xffff,
            y >> 16,
        ]);
    }
}

#[cfg(test)]
mod tests;
