//! 32-bit operands of the arithmetic chips, and why the numbers in a row are those of the slot.
//!
//! # Exact operands
//! A slot's dispatch tuple begins with `X + 2^34 Y + 2^67 OP`, where `X < 2^33` (below 2^32 for every operation but loads and stores: by
//! decoding, either the register or the immediate is 0), `Y < 2^32` and `OP < 128` are integers. A row consumes
//! `x + 2^34 y + 2^67 op`. If its own bounds make `x`, `y`, `op` integers with `-2^33 < x < 2^34`, `-2^32 < y <= 2^33` and `|op| < 2^100`,
//! then `x = X` (they agree modulo 2^34 and differ by less), then `y = Y` (modulo 2^33), then `op = OP` (condition 2). This is what
//! a chip means by *exact*. The converse bound, `0 <= X < 2^32`, then holds for `x` although no row checks it.
//!
//! # Rows of an operand
//! Multiplication, division, shifts and signed order read an operand as signed or unsigned. Columns: `low`, `high`, `carry`; the row's own boolean `signed`.
//!
//! | row | forces |
//! | --- | --- |
//! | lookups of `low`, `high` | `biased = low + 2^16 high` is in `[0, 2^32)` |
//! | `carry` boolean | `value = biased - 2^31 signed` is the integer meant, `pattern = value + 2^32 carry` the 32 bits that the tuple carries |
//!
//! `pattern` lies in `[-2^31, 2^33)`, so it is exact, and so in `[0, 2^32)`. Unsigned, `biased` is `pattern` and
//! `carry` can only be 0. Signed, `biased` is `pattern + 2^31` modulo 2^32, and `carry` can only be the sign bit (condition 8).
//!
//! # A bound without columns of its own
//! Where a value is a combination already, only its low limb gets a column: the high limb is `2^-16 (value - low)`, and lookups of both bound
//! the value to 32 bits.

use crate::{
    builder::Builder,
    chip::Dispatch,
    lc::{pow2, Columns, Lc, F},
    operation::{Operation, RAISED},
};
use ff::{Field, PrimeField};

/// The two 16-bit limbs of a word, low first.
pub(crate) fn limbs(word: u32) -> [u64; 2] {
    [u64::from(word & 0xffff), u64::from(word >> 16)]
}

/// Bounds a combination to 32 bits: 2 non-linear rows and one column, the low limb; the high limb is what is left.
pub(crate) fn bound_word(b: &mut Builder, label: &'static str, enable: &Lc, value: &Lc) {
    let low = b.column();
    b.range16(label, enable, &low);
    b.range16(
        label,
        enable,
        &((value - &low) * F::TWO_INV.pow_vartime([16])),
    );
}

/// The operation and the result of a comparison whose number is `base + negation` and which claims to hold or not. A trap has
/// the number of the comparison plus 8, plus 64 if taken, and the result 0.
pub(crate) fn outcome(trap: bool, base: Operation, negation: Lc, claim: Lc) -> (Lc, Lc) {
    let number = negation + base.number();
    match trap {
        true => (number + 8 + claim * u64::from(RAISED), Lc::zero()),
        false => (number, claim),
    }
}

/// Which comparison an event makes (0 to 5, as in `Slt` to `Sne`), and whether it holds.
pub(crate) fn claimed(event: &Dispatch) -> (u64, bool) {
    let number = event.operation.number();
    (number % 8, number >= u64::from(RAISED) || event.z == 1)
}

/// An operand read as signed or unsigned: 3 non-linear rows and 3 columns (two limbs and a carry). See the module documentation.
pub(crate) struct Operand {
    /// The operand, plus 2^31 if signed: the order of these is the order of the operands.
    pub biased: Lc,
    /// The integer meant: from -2^31 if signed.
    pub value: Lc,
    /// The 32 bits as an unsigned integer.
    pub pattern: Lc,
    /// The sign bit if signed, else 0.
    pub carry: Lc,
}

impl Operand {
    pub fn new(b: &mut Builder, label: &'static str, enable: &Lc, signed: &Lc) -> Self {
        let biased = b.word(label, enable);
        let carry = b.bit(label);
        let value = &biased - signed * pow2(31);
        let pattern = &value + &carry * pow2(32);
        Operand {
            biased,
            value,
            pattern,
            carry,
        }
    }

    pub fn fill(word: u32, signed: bool, out: &mut Columns) {
        let biased = if signed { word ^ 1 << 31 } else { word };
        out.extend(limbs(biased));
        out.push(u64::from(signed && word >> 31 == 1));
    }
}
