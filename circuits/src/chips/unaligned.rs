//! Loads and stores of a part of a word at either end: lwl, lwr, swl, swr. They never fault but in page zero, see [`super::access`].
//!
//! All four shift a **source** by `c` bytes and fill up from a **target**. With `L` the lane of the address (its low two bits, from the other end if
//! the guest is big endian, condition 14):
//!
//! | | source | target | shift | `c` |
//! | --- | --- | --- | --- | --- |
//! | lwl | the word | `y` | up | `3 - L` |
//! | lwr | the word | `y` | down | `L` |
//! | swl | `y` | the word | down | `3 - L` |
//! | swr | `y` | the word | up | `L` |
//!
//! Up: the source's low `4 - c` bytes above the target's low `c`; down: the source's high `4 - c` bytes below the target's high `c`.
//! The shifted word is `z` of a load, and the new word of a store, whose `z` is `y`.
//!
//! # Columns
//! Eight selectors, one for each direction and `c`, whose sum is `e`; `store`; the columns of an access; `z`; source and target, each as two
//! halves and the upper byte of each half.
//!
//! # Rows
//! | row | forces |
//! | --- | --- |
//! | selectors, their sum and `store` boolean | multiplicities (condition 9), one direction and `c` |
//! | `store down` | the operation, and whether it is a right form |
//! | `big_endian (2 right - e)`, and `flip (3 e - 2 c)` | `address mod 4` is `c` or `3 - c`: two turns, one for a left form, one for big endian |
//! | twelve lookups | source and target are four bytes each: halves and upper bytes are integers, and a lower byte is too, so it is below 2^8 |
//! | six products | the shifted word `r`: the source if `c = 0` |
//! | `store (r - old)` | the new word; its bytes are bytes of source and target (condition 5) |
//! | one product by `store` | riding conditions: `source = old` and `z = r` in a load, `target = old` and `z = source` in a store |
//! | dispatch and the rows of the access | with `y = source + target - old`, the one of the two that is not the word |
//!
//! Where the riding condition fails, `y` may leave its 32 bits, by less than two: that can change the operation's number by 2 at most, which stays
//! between 0 and 127, so it never makes up for a condition that is not zero.

use super::access::{ride, Cell};
use crate::{
    builder::Builder,
    chip::{Access, OrderedChip},
    lc::{pow2, Columns, Lc},
    operation::{consume_dispatch, Operation},
};

/// lwl, lwr, swl, swr.
#[derive(Debug, Clone, Copy)]
pub struct Unaligned;

/// A word as four bytes, the lowest first.
fn bytes(b: &mut Builder, e: &Lc) -> [Lc; 4] {
    let half = |b: &mut Builder| {
        let [half, high] = b.columns();
        let low = &half - &high * (1 << 8);
        b.range16("half", e, &half);
        b.range16("high byte", e, &high);
        b.range16("low byte", e, &(&low * (1 << 8)));
        [low, high]
    };
    let [[b0, b1], [b2, b3]] = [half(b), half(b)];
    [b0, b1, b2, b3]
}

/// A word from its bytes, the lowest first.
fn join<'a>(bytes: impl IntoIterator<Item = &'a Lc>) -> Lc {
    bytes
        .into_iter()
        .zip(0..)
        .fold(Lc::zero(), |sum, (byte, i)| sum + byte * pow2(8 * i))
}

fn word_columns(word: u32) -> [u64; 4] {
    let [b0, b1, b2, b3] = word.to_le_bytes().map(u64::from);
    [b0 + (b1 << 8), b1, b2 + (b3 << 8), b3]
}

impl OrderedChip for Unaligned {
    const NAME: &'static str = "unaligned";
    type Event = Access;

    fn synthesize(b: &mut Builder, big_endian: &Lc) {
        let ups: [Lc; 4] = std::array::from_fn(|_| b.bit("up"));
        let downs: [Lc; 4] = std::array::from_fn(|_| b.bit("down"));
        let sum = |s: &[Lc]| s.iter().fold(Lc::zero(), |sum, s| sum + s);
        let down = sum(&downs);
        let e = sum(&ups) + &down;
        b.boolean("enable", &e);
        let store = b.bit("store");
        let cell = Cell::new(b, &e);
        let z = b.column();

        // lwl, lwr, swl, swr are 6, 7, 11, 12.
        let store_down = b.product("store and down", &store, &down);
        let [lwl, swl] = [Operation::Lwl, Operation::Swl].map(Operation::number);
        let operation = Lc::from(lwl) + &down + &store * (swl + 1 - lwl) - &store_down * 2;
        let right = down + &store - store_down * 2;

        let count = (1..4).fold(Lc::zero(), |sum, c| sum + (&ups[c] + &downs[c]) * c as u64);
        let flip = b.product("byte order", big_endian, &(&right * 2 - &e)) + &e - right;
        let low_bits = b.product("lane", &flip, &(&e * 3 - &count * 2)) + count;
        let x = &cell.x + low_bits;

        let source_bytes = bytes(b, &e);
        let target_bytes = bytes(b, &e);
        let (source, target) = (join(&source_bytes), join(&target_bytes));
        let mut shifted = source.clone();
        for c in 1..4 {
            let up = join(target_bytes[..c].iter().chain(&source_bytes[..4 - c]));
            let down = join(source_bytes[c..].iter().chain(&target_bytes[4 - c..]));
            for (selector, moved) in [(&ups[c], up), (&downs[c], down)] {
                shifted = shifted + b.product("shift", selector, &(moved - &source));
            }
        }

        let new = b.product("new word", &store, &(&shifted - &cell.old)) + &cell.old;
        let y = &source + &target - &cell.old;
        // z - r and source - old for a load, z - source and target - old for a store; 2^40 apart.
        let load = &z - &shifted + (&source - &cell.old) * pow2(40);
        let change = &shifted - &source + (&cell.old * 2 - &source - &target) * pow2(40);
        let residue = b.product("load or store", &store, &change) + load;
        consume_dispatch(b, &e, &operation, &cell.now, &x, &ride(&y, &residue), &z);
        cell.access(b, &new);
    }

    fn fill(event: &Access, big_endian: bool, out: &mut Columns) {
        let d = &event.dispatch;
        let (store, down, right) = match d.operation {
            Operation::Lwl => (false, false, false),
            Operation::Lwr => (false, true, true),
            Operation::Swl => (true, true, false),
            _ => (true, false, true),
        };
        let low_bits = d.x & 3;
        let count = if right == big_endian {
            3 - low_bits
        } else {
            low_bits
        };
        let chosen = count + 4 * u64::from(down);
        out.extend(std::array::from_fn::<_, 8, _>(|i| {
            u64::from(i as u64 == chosen)
        }));
        out.push(u64::from(store));
        Cell::fill(event, out);
        out.push(u64::from(d.z));
        let (source, target) = if store {
            (d.y, event.old)
        } else {
            (event.old, d.y)
        };
        out.extend(word_columns(source));
        out.extend(word_columns(target));
    }
}

#[cfg(test)]
mod tests;
