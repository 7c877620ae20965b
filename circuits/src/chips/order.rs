//! Order, signed or not: [`Order`] does `Slt` and `Sge`, [`OrderTrap`] the traps, not taken and taken. Unsigned comparisons are cheaper in
//! [`super::Unsigned`]; `Order` can do them, too, and its columns can be filled for them.
//!
//! Columns: `e` (enable), `signed`, `n` (negated), `lt`, `time`, the operands `x` and `y` (see [`super::words`]), the low limb of `d`.
//!
//! Signed operands are compared by their biased values, which are in the order of the operands and in `[0, 2^32)`, as are unsigned ones. So
//! `d = X - Y + 2^32 lt` of these values lies in `[0, 2^32)` for exactly one bit `lt`, and that is whether `X < Y`.
//!
//! | row | forces |
//! | --- | --- |
//! | `e`, `signed`, `n`, `lt` boolean | the multiplicity (condition 9), the operation `17 - signed + 3 n`, for traps `25 - signed + 3 n + 64 (lt xor n)` |
//! | rows of the operands | 32 bits, the sign bits (conditions 2 and 8) |
//! | two lookups | `d` has 32 bits, so `lt` is right (condition 8) |
//! | `lt n` | the comparison holds if `lt xor n`: that is `z`, or it is the trap taken, which is part of the operation (condition 7), with `z = 0` |
//! | dispatch | the tuple `(x, y, operation), time, z` is consumed |
//!
//! `time` and `z` are alone on their powers of gamma.

use super::words::{bound_word, claimed, limbs, outcome, Operand};
use crate::{
    builder::Builder,
    chip::{Chip, Dispatch},
    lc::{pow2, Columns},
    operation::{consume_dispatch, Operation},
};

/// Comparisons whose result is a value.
#[derive(Debug, Clone, Copy)]
pub struct Order;

/// Traps on order.
#[derive(Debug, Clone, Copy)]
pub struct OrderTrap;

impl Order {
    /// Whether this is the chip that does an operation.
    pub const fn serves(operation: Operation) -> bool {
        matches!(operation, Operation::Slt | Operation::Sge)
    }
}

impl OrderTrap {
    /// Whether this chip does an operation.
    #[rustfmt::skip]
    pub const fn serves(operation: Operation) -> bool {
        use Operation::*;
        matches!(operation, Tlt | Tltu | Tge | Tgeu | TakenTlt | TakenTltu | TakenTge | TakenTgeu)
    }
}

fn synthesize(b: &mut Builder, trap: bool) {
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
    let claim = less + &negated - both * 2;
    let (operation, z) = outcome(trap, Operation::Sltu, negated * 3 - signed, claim);
    consume_dispatch(b, &e, &operation, &time, &x.pattern, &y.pattern, &z);
}

fn fill(event: &Dispatch, out: &mut Columns) {
    let (kind, claim) = claimed(event);
    let (signed, negated) = (kind % 3 == 0, kind >= 3);
    let less = claim != negated;
    let (x, y) = (event.x as u32, event.y);
    let bits = [true, signed, negated, less].map(u64::from);
    out.extend(bits);
    out.push(event.time);
    Operand::fill(x, signed, out);
    Operand::fill(y, signed, out);
    out.push(limbs(x.wrapping_sub(y))[0]);
}

impl Chip for Order {
    const NAME: &'static str = "order";
    type Event = Dispatch;

    fn synthesize(b: &mut Builder) {
        synthesize(b, false);
    }

    fn fill(event: &Dispatch, out: &mut Columns) {
        fill(event, out);
    }
}

impl Chip for OrderTrap {
    const NAME: &'static str = "order trap";
    type Event = Dispatch;

    fn synthesize(b: &mut Builder) {
        synthesize(b, true);
    }

    fn fill(event: &Dispatch, out: &mut Columns) {
        fill(event, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chips::expected::{self, split, Trial};
    use crate::lc::F;
    use Operation::*;

    const OPERATIONS: [Operation; 4] = [Slt, Sltu, Sge, Sgeu];
    const TRAPS: [Operation; 8] = [
        Tlt, Tltu, Tge, Tgeu, TakenTlt, TakenTltu, TakenTge, TakenTgeu,
    ];

    #[test]
    fn basics() {
        expected::basics::<Order>(&[Slt, Sge], Order::serves, (16, 16, 13));
        expected::basics::<Order>(&OPERATIONS, |o| OPERATIONS.contains(&o), (16, 16, 13));
        expected::basics::<OrderTrap>(&TRAPS, OrderTrap::serves, (15, 15, 13));
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
        let trial = Trial::new::<Order>().and::<OrderTrap>();
        for (x, y) in expected::pairs().into_iter().step_by(2) {
            for bits in 0..32 {
                trial.refuses(&claim(bits, u64::from(x).into(), u64::from(y).into()));
            }
        }
    }

    #[test]
    fn operands_cannot_be_repacked() {
        let trial = Trial::new::<Order>().and::<OrderTrap>();
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
