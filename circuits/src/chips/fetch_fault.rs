//! Addresses from which nothing can be fetched: the exception takes the place of an instruction.
//!
//! A row produces X and L, the two halves of the exception (see [`super::raise`]), at steps 0 and 1 of a `pc` that it proves to be unaligned, below 2^16, or in a
//! region that is not executable (condition 6). Decoded pages hold entries for no such address.
//!
//! # Columns
//! One boolean for each of the three reasons, whose sum is `e`; how often X and L are fetched; `bit0`, `bit1`, `words`, `high`: `pc` is `low + 2^16 high`
//! with `low = bit0 + 2 bit1 + 4 words`; `first`, `last` of the region, and the upper limbs of two differences.
//!
//! # Rows
//! | row | forces |
//! | --- | --- |
//! | reasons and their sum boolean | multiplicities (condition 9) |
//! | `bit0`, `bit1` boolean, lookups of `words`, `low`, `high` | the limbs and low bits of `pc` are the only ones there are; `pc` is below 2^32, so X and L come apart in one way (condition 2) |
//! | `unaligned (1 - bit0 or bit1) = 0`, with a product | the first reason |
//! | `page high = 0` | the second |
//! | region `(first, last, 0)` consumed with the third reason's boolean; lookups of two limbs of `word - first` and of `last - word` | the third: `first` and `last` arrive alone on their powers, as word addresses |
//! | `m (1 - e) = 0`, twice | nothing is derived from nothing |
//! | X, L produced | |

use super::raise::{derive, exception};
use crate::{
    builder::Builder,
    bus::Bus,
    chip::Chip,
    lc::{Columns, Lc},
};

/// An address that was fetched from in vain, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The address.
    pub pc: u32,
    /// First and last word address of the region it is in; used if [`needs_region`] says so.
    pub region: [u32; 2],
    /// How often X and L are fetched.
    pub fetches: [u64; 2],
}

/// Whether the proof for this address looks up its region: it is aligned and not in page zero.
pub fn needs_region(pc: u32) -> bool {
    pc & 3 == 0 && pc >> 16 != 0
}

/// The fetch-fault chip.
#[derive(Debug, Clone, Copy)]
pub struct FetchFault;

impl Chip for FetchFault {
    const NAME: &'static str = "fetch fault";
    type Event = Event;

    fn synthesize(b: &mut Builder) {
        let [unaligned, page, outside] =
            ["unaligned", "page zero", "not executable"].map(|reason| b.bit(reason));
        let e = &unaligned + &page + &outside;
        b.boolean("enable", &e);
        let fetches: [Lc; 2] = b.columns();

        let [bit0, bit1] = ["bit 0", "bit 1"].map(|label| b.bit(label));
        let [words, high] = b.columns();
        let low = &bit0 + &bit1 * 2 + &words * 4;
        b.range16("pc above its low bits", &e, &words);
        b.range16("pc low", &e, &low);
        b.range16("pc high", &e, &high);
        let both = b.product("both bits", &bit0, &bit1);
        b.row(
            "unaligned",
            &unaligned,
            &(1 - bit0 - bit1 + both),
            &Lc::zero(),
        );
        b.row("below 2^16", &page, &high, &Lc::zero());

        let word = words + &high * (1 << 14);
        let [first, last, above_first, below_last] = b.columns();
        b.consume(
            "region",
            Bus::Region,
            &outside,
            &[first.clone(), last.clone(), Lc::zero()],
        );
        for (difference, upper) in [(&word - first, above_first), (last - &word, below_last)] {
            b.range16(
                "in the region",
                &outside,
                &(difference - &upper * (1 << 16)),
            );
            b.range16("in the region", &outside, &upper);
        }

        let pc = low + high * (1 << 16);
        derive(b, &e, &fetches, &exception(&pc, &Lc::zero()));
    }

    fn fill(event: &Event, out: &mut Columns) {
        let pc = u64::from(event.pc);
        let outside = needs_region(event.pc);
        let unaligned = pc & 3 != 0;
        let page = !outside && !unaligned;
        out.extend([unaligned, page, outside].map(u64::from));
        out.extend(event.fetches);
        out.extend([pc & 1, pc >> 1 & 1, pc >> 2 & 0x3fff, pc >> 16]);
        let [first, last] = event.region.map(u64::from);
        let word = pc >> 2;
        let region = [
            first,
            last,
            word.wrapping_sub(first) >> 16,
            last.wrapping_sub(word) >> 16,
        ];
        out.extend(if outside { region } else { [0; 4] });
    }
}

#[cfg(test)]
mod tests;
