//! Loads and stores of bytes and halfwords.
//!
//! One set of rows, as four chips: [`ByteLoad`], [`HalfLoad`], [`ByteStore`] and [`HalfStore`]. None raises: their rows prove that a halfword
//! is aligned and that the address is at least 2^16, see [`super::access`].
//!
//! The **item** is the byte or halfword of the old word that is addressed, `w = 8` or `16` its width. Memory words are 32-bit values in the
//! guest's order, so the item starts at bit `8 lane`, where `lane` is the address modulo 4, from the other end if the guest is
//! big endian (condition 14).
//!
//! # Columns
//! `e`, `signed` (loads); the columns of an access; `z`; `upper` (the item is in the upper half), `odd` (bytes only: in its half's upper byte);
//! `top`, the old word's upper half; `high` (bytes only), the upper byte of the half with the item; `rest` (stores only: one 16-bit limb for a
//! halfword, two for a byte), what is above the item in the stored register; `sign` (loads).
//!
//! # Rows
//! | row | forces |
//! | --- | --- |
//! | `e`, `signed`, `upper`, `odd`, `sign` boolean | multiplicities (condition 9), a known operation, a lane |
//! | `q = big_endian (m e - 2 lane)`, `m = 3` (bytes) or 2 | `address mod 4 = lane + q`: `lane`, or `m - lane` if big endian; even for a halfword |
//! | lookups of `top` and `old - 2^16 top` | the halves: `old` arrived alone, so it is an integer below 2^32 |
//! | `upper (top - bottom)` | the half with the item |
//! | bytes: lookups of `high` and `2^8 (half - 2^8 high)` | its bytes: `half - 2^8 high` is an integer, so it is below 2^8 |
//! | bytes: `odd (high - low)` | the item |
//! | loads: lookup of `2^(16-w) (1 + signed) t - 2^16 sign`, with one product | see below, `t = z - (2^32 - 2^w) sign` |
//! | stores: lookups of `rest` | `rest` is an integer that is not negative |
//! | stores: lookup of `2^(16-w) t` | `t = z - 2^w rest` is below 2^w |
//! | stores: `odd (t - item)`, `upper (..)` | the new word is `old + 2^(8 lane) (t - item)` |
//! | dispatch and the rows of the access | |
//!
//! # Why
//! `z` came alone from the slot: an integer below 2^32, and so `t` is an integer.
//! * A load has the riding condition `t = item`. If it is signed, `sign` is the top bit of the item by the lookup, and
//!   `z = item + (2^32 - 2^w) sign`; if not, `sign = 0`, because `item < 2^w` leaves nothing for the `2^16` that is subtracted.
//! * A store has `y = z`. The lookup says `0 <= t < 2^w`, and `rest` is an integer: `t` is `z` modulo 2^w.
//!
//! The new word has 32 bits because an item is replaced by an item (condition 5).

use super::access::{ride, Cell};
use crate::{
    builder::Builder,
    chip::{Access, OrderedChip},
    lc::{pow2, Columns, Lc, F},
    operation::{consume_dispatch, Operation},
};

/// Loads of bytes: `Lb`, `Lbu`.
pub type ByteLoad = SubWord<false, false>;
/// Loads of halfwords: `Lh`, `Lhu`.
pub type HalfLoad = SubWord<true, false>;
/// Stores of bytes: `Sb`.
pub type ByteStore = SubWord<false, true>;
/// Stores of halfwords: `Sh`.
pub type HalfStore = SubWord<true, true>;

/// An access to a part of a word.
#[derive(Debug, Clone, Copy)]
pub struct SubWord<const HALF: bool, const STORE: bool>;

impl<const HALF: bool, const STORE: bool> SubWord<HALF, STORE> {
    /// Bits of an item.
    const WIDTH: u32 = if HALF { 16 } else { 8 };
    /// What sign extension adds.
    const EXTENSION: u64 = (1 << 32) - (1 << Self::WIDTH);
    /// Signed load, unsigned load, store.
    const OPERATIONS: [Operation; 3] = if HALF {
        [Operation::Lh, Operation::Lhu, Operation::Sh]
    } else {
        [Operation::Lb, Operation::Lbu, Operation::Sb]
    };
}

/// The old word, taken apart.
struct Item {
    value: Lc,
    upper: Lc,
    odd: Lc,
}

impl Item {
    fn new(b: &mut Builder, e: &Lc, old: &Lc, half: bool) -> Self {
        let upper = b.bit("upper half");
        let odd = if half {
            Lc::zero()
        } else {
            b.bit("upper byte")
        };
        let top = b.column();
        let bottom = old - &top * (1 << 16);
        b.range16("top half", e, &top);
        b.range16("bottom half", e, &bottom);
        let mut value = b.product("half", &upper, &(top - &bottom)) + bottom;
        if !half {
            let high = b.column();
            let low = value - &high * (1 << 8);
            b.range16("high byte", e, &high);
            b.range16("low byte", e, &(&low * (1 << 8)));
            value = b.product("byte", &odd, &(high - &low)) + low;
        }
        Item { value, upper, odd }
    }

    /// `2^(8 lane) change`.
    fn at_lane(&self, b: &mut Builder, change: Lc, half: bool) -> Lc {
        let in_half = if half {
            change
        } else {
            b.product("change in half", &self.odd, &change) * 0xff + change
        };
        b.product("change in word", &self.upper, &in_half) * 0xffff + in_half
    }
}

impl<const HALF: bool, const STORE: bool> OrderedChip for SubWord<HALF, STORE> {
    const NAME: &'static str = match (HALF, STORE) {
        (false, false) => "byte load",
        (true, false) => "half load",
        (false, true) => "byte store",
        (true, true) => "half store",
    };
    type Event = Access;

    fn synthesize(b: &mut Builder, big_endian: &Lc) {
        let e = b.bit("enable");
        let signed = if STORE { Lc::zero() } else { b.bit("signed") };
        let cell = Cell::new(b, &e);
        let z = b.column();

        let item = Item::new(b, &e, &cell.old, HALF);
        let lane = &item.upper * 2 + &item.odd;
        let last_lane = if HALF { 2 } else { 3 };
        let turned = b.product("lane", big_endian, &(&e * last_lane - &lane * 2));
        let x = &cell.x + lane + turned;

        let [load, unsigned_load, store] = Self::OPERATIONS.map(|o| F::from(o.number()));
        let (operation, y, new) = if STORE {
            let mut t = z.clone();
            for limb in 0..2 - u32::from(HALF) {
                let rest = b.column();
                b.range16("rest", &e, &rest);
                t = t - rest * pow2(Self::WIDTH + 16 * limb);
            }
            b.range16("stored item", &e, &(&t * pow2(16 - Self::WIDTH)));
            let new = item.at_lane(b, t - &item.value, HALF) + &cell.old;
            (Lc::constant(store), z.clone(), new)
        } else {
            let sign = b.bit("sign");
            let t = &z - &sign * Self::EXTENSION;
            let scaled = &t * pow2(16 - Self::WIDTH);
            let doubled = b.product("sign at the top", &signed, &scaled) + scaled;
            b.range16("sign", &e, &(doubled - sign * (1 << 16)));
            let operation = Lc::constant(unsigned_load) + signed * (load - unsigned_load);
            let y = ride(&Lc::zero(), &(t - &item.value));
            (operation, y, cell.old.clone())
        };
        consume_dispatch(b, &e, &operation, &cell.now, &x, &y, &z);
        cell.access(b, &new);
    }

    fn fill(event: &Access, big_endian: bool, out: &mut Columns) {
        let d = &event.dispatch;
        let signed = u64::from(d.operation == Self::OPERATIONS[0]);
        out.push(1);
        if !STORE {
            out.push(signed);
        }
        Cell::fill(event, out);

        let first = (d.x & if HALF { 2 } else { 3 }) as u32;
        let lane = match (big_endian, HALF) {
            (false, _) => first,
            (true, false) => 3 - first,
            (true, true) => 2 - first,
        };
        let half = event.old >> (8 * (lane & 2)) & 0xffff;
        out.extend([u64::from(d.z), u64::from(lane / 2)]);
        if !HALF {
            out.push(u64::from(lane & 1));
        }
        out.push(u64::from(event.old >> 16));
        if !HALF {
            out.push(u64::from(half >> 8));
        }
        if !STORE {
            out.push(u64::from(d.z >> 31) * signed);
            return;
        }
        let rest = u64::from(d.z >> Self::WIDTH);
        out.push(rest & 0xffff);
        if !HALF {
            out.push(rest >> 16);
        }
    }
}

#[cfg(test)]
mod tests;
