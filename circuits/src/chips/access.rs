//! What all memory chips share: the address, the two terms on the memory bus, and conditions that ride on a dispatch tuple.
//!
//! # Columns of an access
//! | column | meaning | bound |
//! | --- | --- | --- |
//! | `carry` | the address before reduction is at least 2^32 | boolean |
//! | `now` | slot time | alone on its power of gamma in the dispatch tuple |
//! | `low`, `high` | word address = `low + 2^14 high` | lookups of `low` and of `high - 1` |
//! | `gap` (2) | `now - 1 - ` time of the access before | two lookups |
//! | `old` | the word before | alone on its power of gamma in the memory tuple (conditions 2 and 5) |
//!
//! # Address
//! `x = 4 low + 2^16 high + 2^32 carry + offset`, with `low < 2^16` and `1 <= high <= 2^16`. Because `low` is an integer, a word access
//! (`offset` 0) is aligned; because `high` is at least 1, the reduced address is at least 2^16; condition 7 asks for both. An honest
//! prover takes `low < 2^14` and `high < 2^16`. Nothing here refuses a word address of 2^30 or more (it is below 2^30 + 2^17), but **no such
//! word exists: the boundary produces memory tuples at word addresses below 2^30 only** (a word in its sentinel region would move its position
//! beyond 2^30, where the final state says that it stands), and every chip consumes an earlier tuple at the address at which it produces one. So for each `x` below 2^33 there is one word address left, `(x mod 2^32) / 4`:
//! with `carry = 0` an `x` of 2^32 or more gives a word that does not exist, with `carry = 1` a smaller `x` gives none at all.
//!
//! # Time
//! The access consumes `(address, now - 1 - gap, old)` and produces `(address, now, new)`: times of one address strictly increase
//! (condition 3). `now` is below 2^32, so is the gap; a negative time is one that nobody produces. Each part is alone on its power of gamma (condition 2).
//!
//! # Riding conditions
//! A slot's dispatch tuple packs `x`, `y` and the operation into the 74 low bits of its first part. A chip may add `2^74 r` to that part, where
//! `r` is an integer of at most 150 bits (plus sign) by the row's own bounds: the sum is a slot's tuple only if `r = 0` (condition 2: the parts stay
//! bounded one by one, and `r` is one more of them). So a condition `r = 0` costs no row of its own, and conditions on the
//! same selector share one product. `ride` adds it to `y`.

use crate::{
    builder::Builder,
    bus::Bus,
    chip::Access,
    lc::{pow2, Columns, Lc},
};

/// The columns of one access.
pub(crate) struct Cell {
    /// The address before reduction, without the offset inside the word.
    pub x: Lc,
    /// Slot time.
    pub now: Lc,
    /// The word before.
    pub old: Lc,
    enable: Lc,
    address: Lc,
    old_time: Lc,
}

impl Cell {
    /// Allocates the columns and bounds them: 5 non-linear rows.
    pub fn new(b: &mut Builder, enable: &Lc) -> Self {
        let carry = b.bit("carry");
        let [now, low, high, gap_low, gap_high, old] = b.columns();
        b.range16("address low", enable, &low);
        b.range16("address high", enable, &(&high - 1));
        b.range16("gap low", enable, &gap_low);
        b.range16("gap high", enable, &gap_high);
        let address = &low + &high * (1 << 14);
        Cell {
            x: &address * 4 + carry * (1 << 32),
            old_time: &now - 1 - gap_low - gap_high * (1 << 16),
            now,
            old,
            enable: enable.clone(),
            address,
        }
    }

    /// The two terms of the access: 2 non-linear rows, and one for each of `old`, `new` and the time before that is not yet scaled; `now` is, for the dispatch.
    /// `new` must be below 2^32 by the caller's rows.
    pub fn access(&self, b: &mut Builder, new: &Lc) {
        let e = &self.enable;
        b.consume(
            "memory before",
            Bus::Memory,
            e,
            &[
                self.address.clone(),
                self.old_time.clone(),
                self.old.clone(),
            ],
        );
        b.produce(
            "memory after",
            Bus::Memory,
            e,
            &[self.address.clone(), self.now.clone(), new.clone()],
        );
    }

    /// Appends the columns.
    pub fn fill(access: &Access, out: &mut Columns) {
        let d = &access.dispatch;
        let address = (d.x & 0xffff_ffff) >> 2;
        let gap = d.time.wrapping_sub(1).wrapping_sub(access.old_time);
        out.extend([
            d.x >> 32,
            d.time,
            address & 0x3fff,
            address >> 14,
            gap & 0xffff,
            gap >> 16,
            u64::from(access.old),
        ]);
    }
}

/// `y` with the condition `residue = 0` above the operation of the dispatch tuple.
pub(crate) fn ride(y: &Lc, residue: &Lc) -> Lc {
    y + residue * pow2(40)
}
