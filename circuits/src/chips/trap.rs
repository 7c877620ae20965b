//! Conditional traps, taken and not taken. They are rare (C compilers guard every division with one), so this chip spares
//! [`super::Equality`] and [`super::Order`] the rows that they would cost there.
//!
//! Columns: `e` (enable), `unsigned`, `equal`, `n` (negated), `lt`, `q`, `inverse`, `time`, the operands `x` and `y` (see [`super::words`]), the
//! low limb of `d`. The comparison is equality if `equal`, unsigned order if `unsigned`, else signed order.
//!
//! | row | forces |
//! | --- | --- |
//! | `e`, `unsigned`, `equal`, their sum, `n`, `lt` boolean | the multiplicity (condition 9), one comparison |
//! | rows of the operands | 32 bits, the sign bits (conditions 2 and 8) |
//! | two lookups | `d = X - Y + 2^32 lt` has 32 bits, so `lt` is right, as in [`super::Order`] |
//! | `q (x - y) = 0`, `(x - y) inverse = e - q` | `q` is 1 if the operands are equal, else 0 |
//! | `equal (q - lt)` | what holds before negation: `q` or `lt` |
//! | `holds n` | `taken = holds xor n` |
//! | dispatch | the tuple `(x, y, 24 + unsigned + 2 equal + 3 n + 64 taken), time, 0` is consumed: whether the trap is taken is part of the operation (condition 7) |
//!
//! `time` is alone on its power of gamma.

use super::words::{bound_word, limbs, push, Operand};
use crate::{
    builder::Builder,
    chip::{Chip, Dispatch},
    lc::{pow2, Lc, F},
    operation::{consume_dispatch, Operation, RAISED},
};
use ff::Field;

/// See the module documentation.
#[derive(Debug, Clone, Copy)]
pub struct Trap;

impl Trap {
    /// Whether this chip does an operation.
    pub const fn serves(operation: Operation) -> bool {
        let number = operation as u8;
        let plain = if number >= RAISED {
            number - RAISED
        } else {
            number
        };
        plain >= Operation::Tlt as u8 && plain <= Operation::Tne as u8
    }
}

impl Chip for Trap {
    const NAME: &'static str = "trap";
    type Event = Dispatch;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let unsigned = b.bit("unsigned");
        let equal = b.bit("equal");
        let not_signed = &unsigned + &equal;
        b.boolean("one comparison", &not_signed);
        let signed = &e - not_signed;
        let negated = b.bit("negated");
        let less = b.bit("less");
        let [same, inverse, time] = b.columns();
        let x = Operand::new(b, "x", &e, &signed);
        let y = Operand::new(b, "y", &e, &signed);
        let difference = x.biased - y.biased + &less * pow2(32);
        bound_word(b, "the difference has 32 bits", &e, &difference);
        let apart = &x.pattern - &y.pattern;
        b.row("the same", &same, &apart, &Lc::zero());
        b.row("not the same", &apart, &inverse, &(&e - &same));
        let holds = b.product("holds", &equal, &(same - &less)) + less;
        let both = b.product("holds and negated", &holds, &negated);
        let taken = holds + &negated - both * 2;
        let operation = Lc::from(Operation::Tlt.number())
            + unsigned
            + equal * 2
            + negated * 3
            + taken * u64::from(RAISED);
        let z = Lc::zero();
        consume_dispatch(b, &e, &operation, &time, &x.pattern, &y.pattern, &z);
    }

    fn fill(event: &Dispatch, out: &mut Vec<F>) {
        let kind = (event.operation.number() % u64::from(RAISED)) - Operation::Tlt.number();
        let (negated, comparison) = (kind / 3, kind % 3);
        let (unsigned, equal) = (u64::from(comparison == 1), u64::from(comparison == 2));
        let signed = comparison == 0;
        let (x, y) = (event.x as u32, event.y);
        let less = match signed {
            true => (x as i32) < (y as i32),
            false => x < y,
        };
        push(
            [1, unsigned, equal, negated, less.into(), (x == y).into()],
            out,
        );
        let apart = F::from(event.x) - F::from(u64::from(y));
        out.push(apart.invert().unwrap_or(F::ZERO));
        push([event.time], out);
        Operand::fill(x, signed, out);
        Operand::fill(y, signed, out);
        push([limbs(x.wrapping_sub(y))[0]], out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chips::expected::{self, split, Trial};
    use Operation::*;

    const OPERATIONS: [Operation; 12] = [
        Tlt, Tltu, Teq, Tge, Tgeu, Tne, TakenTlt, TakenTltu, TakenTeq, TakenTge, TakenTgeu,
        TakenTne,
    ];

    #[test]
    fn honest_rows_hold() {
        expected::honest::<Trap>(&OPERATIONS, Trap::serves);
    }

    #[test]
    fn single_columns_cannot_be_changed() {
        expected::mutations::<Trap>(&OPERATIONS);
    }

    #[test]
    fn size() {
        assert_eq!(expected::size::<Trap>(), (20, 20, 17));
    }

    /// Columns for operands and bits of the prover's choice, everything else as well as it can be.
    fn claim(bits: u64, x: F, y: F) -> Vec<F> {
        let bit = |i: u32| F::from(bits >> i & 1);
        let (unsigned, equal, negated, less, same) = (bit(0), bit(1), bit(2), bit(3), bit(4));
        let signed = F::ONE - unsigned - equal;
        let biased = |v: F, carry: F| v + signed * pow2(31) - carry * pow2(32);
        let (bx, by) = (biased(x, bit(5)), biased(y, bit(6)));
        let inverse = (x - y).invert().unwrap_or(F::ZERO) * (F::ONE - same);
        let mut base = vec![
            F::ONE,
            unsigned,
            equal,
            negated,
            less,
            same,
            inverse,
            F::from(9),
        ];
        for (v, carry) in [(bx, bit(5)), (by, bit(6))] {
            base.extend(split(v));
            base.push(carry);
        }
        base.push(split(bx - by + less * pow2(32))[0]);
        base
    }

    #[test]
    fn wrong_claims_are_refused() {
        let trial = Trial::new::<Trap>();
        for (x, y) in expected::pairs().into_iter().step_by(7) {
            for bits in 0..128 {
                trial.refuses(&claim(bits, u64::from(x).into(), u64::from(y).into()));
            }
        }
    }

    #[test]
    fn operands_cannot_be_repacked() {
        let trial = Trial::new::<Trap>();
        for (x, y) in expected::pairs().into_iter().step_by(97) {
            let (x, y) = (F::from(u64::from(x)), F::from(u64::from(y)));
            for shift in expected::shifts() {
                for bits in 0..128 {
                    trial.refuses(&claim(bits, x + shift * pow2(34), y - shift));
                    trial.refuses(&claim(bits, x, y + shift * pow2(33)));
                }
            }
        }
    }
}
