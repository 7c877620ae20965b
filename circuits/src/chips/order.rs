//! Order: `Slt`, `Sltu` and their negations `Sge`, `Sgeu`.
//!
//! Columns: `e` (enable), `signed`, `n` (negated), `lt`, `time`, the operands `x` and `y` (see [`super::words`]), the low limb of `d`.
//!
//! Signed operands are compared by their biased values, which are in the order of the operands and in `[0, 2^32)`, as are unsigned ones. So
//! `d = X - Y + 2^32 lt` of these values lies in `[0, 2^32)` for exactly one bit `lt`, and that is whether `X < Y`.
//!
//! | row | forces |
//! | --- | --- |
//! | `e`, `signed`, `n`, `lt` boolean | the multiplicity (condition 9), the operation `17 - signed + 3 n` |
//! | rows of the operands | 32 bits, the sign bits (conditions 2 and 8) |
//! | two lookups | `d` has 32 bits, so `lt` is right (condition 8) |
//! | `lt n` | `z = lt xor n` |
//! | dispatch | the tuple `(x, y, 17 - signed + 3n), time, z` is consumed |
//!
//! `time` and `z` are alone on their powers of gamma.

use super::words::{bound_word, limbs, push, Operand};
use crate::{
    builder::Builder,
    chip::{Chip, Dispatch},
    lc::{pow2, Lc, F},
    operation::{consume_dispatch, Operation},
};

/// See the module documentation.
#[derive(Debug, Clone, Copy)]
pub struct Order;

impl Order {
    /// Whether this chip does an operation.
    pub const fn serves(operation: Operation) -> bool {
        use Operation::{Sge, Sgeu, Slt, Sltu};
        matches!(operation, Slt | Sltu | Sge | Sgeu)
    }
}

impl Chip for Order {
    const NAME: &'static str = "order";
    type Event = Dispatch;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let signed = b.bit("signed");
        let negated = b.bit("negated");
        let less = b.bit("less");
        let time = b.column();
        let x = Operand::new(b, "x", &e, &signed);
        let y = Operand::new(b, "y", &e, &signed);
        let difference = x.biased - y.biased + &less * pow2(32);
        bound_word(b, "the difference has 32 bits", &e, &difference);
        let both = b.product("less and negated", &less, &negated);
        let z = less + &negated - both * 2;
        let operation = Lc::from(Operation::Sltu.number()) - signed + negated * 3;
        consume_dispatch(b, &e, &operation, &time, &x.pattern, &y.pattern, &z);
    }

    fn fill(event: &Dispatch, out: &mut Vec<F>) {
        use Operation::{Sge, Sgeu, Slt};
        let signed = matches!(event.operation, Slt | Sge);
        let negated = matches!(event.operation, Sge | Sgeu);
        let less = (event.z == 1) != negated;
        let (x, y) = (event.x as u32, event.y);
        push(
            [1, signed.into(), negated.into(), less.into(), event.time],
            out,
        );
        Operand::fill(x, signed, out);
        Operand::fill(y, signed, out);
        push([limbs(x.wrapping_sub(y))[0]], out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chips::expected::{self, split, Trial};
    use Operation::{Sge, Sgeu, Slt, Sltu};

    const OPERATIONS: [Operation; 4] = [Slt, Sltu, Sge, Sgeu];

    #[test]
    fn honest_rows_hold() {
        expected::honest::<Order>(&OPERATIONS, Order::serves);
    }

    #[test]
    fn single_columns_cannot_be_changed() {
        expected::mutations::<Order>(&OPERATIONS);
    }

    #[test]
    fn size() {
        assert_eq!(expected::size::<Order>(), (16, 16, 13));
    }

    /// Columns for operands and bits of the prover's choice, everything else as well as it can be.
    fn claim(bits: u64, x: F, y: F) -> Vec<F> {
        let bit = |i: u32| F::from(bits >> i & 1);
        let (signed, negated, less) = (bit(0), bit(1), bit(2));
        let biased = |v: F, carry: F| v + signed * pow2(31) - carry * pow2(32);
        let (bx, by) = (biased(x, bit(3)), biased(y, bit(4)));
        let mut base = vec![F::from(1), signed, negated, less, F::from(9)];
        for (v, carry) in [(bx, bit(3)), (by, bit(4))] {
            base.extend(split(v));
            base.push(carry);
        }
        base.push(split(bx - by + less * pow2(32))[0]);
        base
    }

    #[test]
    fn wrong_claims_are_refused() {
        let trial = Trial::new::<Order>();
        for (x, y) in expected::pairs() {
            for bits in 0..32 {
                trial.refuses(&claim(bits, u64::from(x).into(), u64::from(y).into()));
            }
        }
    }

    #[test]
    fn operands_cannot_be_repacked() {
        let trial = Trial::new::<Order>();
        for (x, y) in expected::pairs().into_iter().step_by(41) {
            let (x, y) = (F::from(u64::from(x)), F::from(u64::from(y)));
            for shift in expected::shifts() {
                for bits in 0..32 {
                    trial.refuses(&claim(bits, x + shift * pow2(34), y - shift));
                    trial.refuses(&claim(bits, x, y + shift * pow2(33)));
                }
            }
        }
    }
}
