//! The operations that a slot dispatches to a chip, and the form of the tuple that carries them.

use crate::{
    builder::Builder,
    bus::Bus,
    lc::{pow2, Lc},
};

/// An operation: `z` as a function of `x` and `y`, done by the chip that consumes its tuple. The discriminant is its number in
/// tuples and decoded entries; it is below 128 and 0 stands for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[rustfmt::skip]
pub enum Operation {
    /// Nothing is dispatched.
    None = 0,
    /// Loads: `x` is the address before reduction modulo 2^32, `z` the value; `y` is 0 (but the old register for lwl, lwr).
    Lw = 1, Lb = 2, Lbu = 3, Lh = 4, Lhu = 5, Lwl = 6, Lwr = 7,
    /// Stores: `x` the address, `y` the value stored; `z` is `y` again (so it arrives at the chip alone, thus bounded).
    Sw = 8, Sb = 9, Sh = 10, Swl = 11, Swr = 12,
    /// Comparisons: `z` is 1 if it holds, else 0. `x < y` signed, unsigned; `x = y`; and their negations.
    Slt = 16, Sltu = 17, Seq = 18, Sge = 19, Sgeu = 20, Sne = 21,
    /// Traps that must not be taken: the comparison is false, `z` is 0. In the order of the comparisons above.
    Tlt = 24, Tltu = 25, Teq = 26, Tge = 27, Tgeu = 28, Tne = 29,
    /// Bitwise `x op y`.
    And = 32, Or = 33, Xor = 34, Nor = 35,
    /// Shifts of `y` by the low five bits of `x`; and the leading zeros of `y` (`x` is 0).
    Sll = 40, Srl = 41, Sra = 42, Rotr = 43, Clz = 44,
    /// Low word of the product, high word of the signed and of the unsigned product.
    MulLow = 48, MulHigh = 49, MulHighU = 50,
    /// Quotient and remainder, signed (towards zero) and unsigned. By zero, and -2^31 by -1: quotient `x`, remainder 0.
    Div = 51, Rem = 52, DivU = 53, RemU = 54,
    /// The same accesses and traps when they fault: `z` is 0 and the fault is proved. The number is the plain one plus 64.
    FaultLw = 65, FaultLb = 66, FaultLbu = 67, FaultLh = 68, FaultLhu = 69, FaultLwl = 70, FaultLwr = 71,
    FaultSw = 72, FaultSb = 73, FaultSh = 74, FaultSwl = 75, FaultSwr = 76,
    TakenTlt = 88, TakenTltu = 89, TakenTeq = 90, TakenTge = 91, TakenTgeu = 92, TakenTne = 93,
}

/// What is added to an operation's number when it raises an exception.
pub const RAISED: u8 = 64;

impl Operation {
    /// Its number in tuples.
    pub fn number(self) -> u64 {
        self as u64
    }
}

/// Consumes the dispatch tuple `(x + 2^34 y + 2^67 operation, time, z)` with the row's `enable`.
///
/// `time` and `z` are alone on their powers of gamma, so they arrive bounded: `z` below 2^32 (the slot range-checks it) and `time` as
/// the slot's. The chip must bound `x` below 2^34 and `y` below 2^33 itself, and `operation` must be a combination of
/// constants and the row's booleans that is below 128.
pub fn consume_dispatch(
    b: &mut Builder,
    enable: &Lc,
    operation: &Lc,
    time: &Lc,
    x: &Lc,
    y: &Lc,
    z: &Lc,
) {
    let packed = x + y * pow2(34) + operation * pow2(67);
    b.consume(
        "dispatch",
        Bus::Dispatch,
        enable,
        &[packed, time.clone(), z.clone()],
    );
}
