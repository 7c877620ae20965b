//! Loads and stores of bytes and halfwords.
//!
//! One set of rows, as six chips: [`Byte`] and [`Half`] do loads and stores, [`ByteLoad`], [`HalfLoad`], [`ByteStore`] and [`HalfStore`] one of
//! them only, in fewer rows. None raises: their rows prove that a halfword is aligned and that the address is at least 2^16, see [`super::access`].
//!
//! The **item** is the byte or halfword of the old word that is addressed, `w = 8` or `16` its width. Memory words are 32-bit values in the
//! guest's order, so the item starts at bit `8 lane`, where `lane` is the address modulo 4, from the other end if the guest is
//! big endian (condition 14).
//!
//! # Columns
//! `e`, `store` (if there are both), `signed` (loads); the columns of an access; `z`; `upper` (the item is in the upper half), `odd` (bytes only: in its half's upper byte);
//! `top`, the old word's upper half; `high` (bytes only), the upper byte of the half with the item; `rest` (stores only: one 16-bit limb for a
//! halfword, two for a byte), what is above the item in the stored register; `sign` (loads).
//!
//! # Rows
//! | row | forces |
//! | --- | --- |
//! | `e`, `store`, `signed`, `upper`, `odd`, `sign` boolean | multiplicities (condition 9), a known operation, a lane |
//! | `q = big_endian (m e - 2 lane)`, `m = 3` (bytes) or 2 | `address mod 4 = lane + q`: `lane`, or `m - lane` if big endian; even for a halfword |
//! | lookups of `top` and `old - 2^16 top` | the halves: `old` arrived alone, so it is an integer below 2^32 |
//! | `upper (top - bottom)` | the half with the item |
//! | bytes: lookups of `high` and `2^8 (half - 2^8 high)` | its bytes: `half - 2^8 high` is an integer, so it is below 2^8 |
//! | bytes: `odd (high - low)` | the item |
//! | stores: lookups of `rest` | `rest` is an integer that is not negative |
//! | lookup of `2^(16-w) (1 + signed) t - 2^16 sign`, with one product | see below, `t = z - 2^w rest - (2^32 - 2^w) sign` |
//! | stores: `odd (t - item)`, `upper (..)` | the new word is `old + 2^(8 lane) (t - item)` |
//! | both: one product by `store` | `y = z` or 0, and the riding conditions |
//! | dispatch and the rows of the access | |
//!
//! # Why
//! Riding conditions: a load has `t = item` and `rest = 0`; a store is not `signed`. (Without stores
//! `rest` is 0 and `t = item` rides; without loads `signed`, `sign` are 0, `y` is `z` and nothing rides.) `z` came alone from the slot: an integer below 2^32. So `t` is an integer, and
//! * a signed load has `sign` = top bit of the item by the lookup, and `z = item + (2^32 - 2^w) sign`;
//! * an unsigned load has `sign = 0`, because `item < 2^w` leaves nothing for the `2^16` that is subtracted;
//! * a store: the lookup says `t = 2^w sign + t'` with `t' < 2^w`. With `sign = 1` that would be `z >= 2^32`. So `sign = 0`, and `t` is `z` modulo 2^w.
//!
//! The new word has 32 bits because an item is replaced by an item (condition 5).

use super::access::{fill_all, ride, Cell};
use crate::{
    builder::Builder,
    chip::{Access, OrderedChip},
    lc::{pow2, Lc, F},
    operation::{consume_dispatch, Operation},
};

/// Loads and stores of bytes: `Lb`, `Lbu`, `Sb`.
pub type Byte = SubWord<false, true, true>;
/// Loads and stores of halfwords: `Lh`, `Lhu`, `Sh`.
pub type Half = SubWord<true, true, true>;
/// Loads of bytes: `Lb`, `Lbu`.
pub type ByteLoad = SubWord<false, true, false>;
/// Loads of halfwords: `Lh`, `Lhu`.
pub type HalfLoad = SubWord<true, true, false>;
/// Stores of bytes: `Sb`.
pub type ByteStore = SubWord<false, false, true>;
/// Stores of halfwords: `Sh`.
pub type HalfStore = SubWord<true, false, true>;

/// An access to a part of a word.
#[derive(Debug, Clone, Copy)]
pub struct SubWord<const HALF: bool, const LOADS: bool, const STORES: bool>;

impl<const HALF: bool, const LOADS: bool, const STORES: bool> SubWord<HALF, LOADS, STORES> {
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

    /// `unsigned load + signed (..) + store (..)`: below 128, as not both are set.
    fn operation(store: &Lc, signed: &Lc) -> Lc {
        let [s, u, w] = Self::OPERATIONS.map(|o| F::from(o.number()));
        Lc::constant(u) + signed * (s - u) + store * (w - u)
    }
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

impl<const HALF: bool, const LOADS: bool, const STORES: bool> OrderedChip
    for SubWord<HALF, LOADS, STORES>
{
    const NAME: &'static str = match (HALF, LOADS, STORES) {
        (false, true, true) => "byte",
        (true, true, true) => "half",
        (false, true, _) => "byte load",
        (true, true, _) => "half load",
        (false, false, _) => "byte store",
        (true, false, _) => "half store",
    };
    type Event = Access;

    fn synthesize(b: &mut Builder, big_endian: &Lc) {
        let e = b.bit("enable");
        let store = match (LOADS, STORES) {
            (true, true) => b.bit("store"),
            (true, false) => Lc::zero(),
            (false, _) => Lc::from(1),
        };
        let signed = if LOADS { b.bit("signed") } else { Lc::zero() };
        let cell = Cell::new(b, &e);
        let z = b.column();

        let item = Item::new(b, &e, &cell.old, HALF);
        let lane = &item.upper * 2 + &item.odd;
        let last_lane = if HALF { 2 } else { 3 };
        let turned = b.product("lane", big_endian, &(&e * last_lane - &lane * 2));
        let x = &cell.x + lane + turned;

        let mut rest = Lc::zero();
        if STORES {
            for limb in 0..2 - u32::from(HALF) {
                let column = b.column();
                b.range16("rest", &e, &column);
                rest = rest + column * (1u64 << (16 * limb));
            }
        }
        let sign = if LOADS { b.bit("sign") } else { Lc::zero() };
        let t = &z - &rest * pow2(Self::WIDTH) - &sign * Self::EXTENSION;
        let scaled = &t * pow2(16 - Self::WIDTH);
        let doubled = if LOADS {
            b.product("sign at the top", &signed, &scaled) + scaled
        } else {
            scaled
        };
        b.range16("sign", &e, &(doubled - sign * (1 << 16)));

        let change = t - &item.value;
        let y = match (LOADS, STORES) {
            (true, true) => {
                // |change| < 2^50 and rest >= 0: their sum below is zero only if both are.
                let load = &change + rest * pow2(50);
                let stored = &z + (&signed - &load * 4) * pow2(40);
                let y = b.product("store", &store, &stored);
                ride(&y, &(load * 4))
            }
            (true, false) => ride(&Lc::zero(), &change),
            (false, _) => z.clone(),
        };
        let new = if STORES {
            item.at_lane(b, change, HALF) + &cell.old
        } else {
            cell.old.clone()
        };
        let operation = Self::operation(&store, &signed);
        consume_dispatch(b, &e, &operation, &cell.now, &x, &y, &z);
        cell.access(b, &new);
    }

    fn fill(event: &Access, big_endian: bool, out: &mut Vec<F>) {
        let d = &event.dispatch;
        let [signed, _, store] = Self::OPERATIONS.map(|o| u64::from(o == d.operation));
        fill_all([1], out);
        if LOADS && STORES {
            fill_all([store], out);
        }
        if LOADS {
            fill_all([signed], out);
        }
        Cell::fill(event, out);

        let first = (d.x & if HALF { 2 } else { 3 }) as u32;
        let lane = match (big_endian, HALF) {
            (false, _) => first,
            (true, false) => 3 - first,
            (true, true) => 2 - first,
        };
        let half = event.old >> (8 * (lane & 2)) & 0xffff;
        fill_all([u64::from(d.z), u64::from(lane / 2)], out);
        if !HALF {
            fill_all([u64::from(lane & 1)], out);
        }
        fill_all([u64::from(event.old >> 16)], out);
        if !HALF {
            fill_all([u64::from(half >> 8)], out);
        }
        if STORES {
            let rest = u64::from(d.z >> Self::WIDTH) * store;
            fill_all([rest & 0xffff], out);
            if !HALF {
                fill_all([rest >> 16], out);
            }
        }
        if LOADS {
            fill_all([u64::from(d.z >> 31) * signed], out);
        }
    }
}

#[cfg(test)]
mod tests;
