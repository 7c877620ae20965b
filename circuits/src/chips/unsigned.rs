//! Unsigned order: `Sltu` and `Sgeu`, the bounds checks of Go.
//!
//! Columns: `e` (enable), `n` (negated), `lt`, `time`, the limbs of `y` and of `d`.
//!
//! `x` has no column: it is `y + d - 2^32 lt`.
//!
//! | row | forces |
//! | --- | --- |
//! | `e`, `n`, `lt` boolean | the multiplicity (condition 9), the operation `17 + 3 n` |
//! | four lookups | `y` and `d` have 32 bits |
//! | `lt n` | `z = lt xor n` |
//! | dispatch | the tuple `(y + d - 2^32 lt, y, 17 + 3 n), time, z` is consumed |
//!
//! Bounds (condition 2): `y` in `[0, 2^32)`, `x` in `(-2^32, 2^33)`, so both are exact, see [`super::words`], and `x` is in `[0, 2^32)`. Then
//! `d = x - y + 2^32 lt` lies in `[0, 2^32)` for exactly one bit `lt`, and that is whether `x < y` (condition 8). `time` and `z` are alone
//! on their powers of gamma.

use super::words::limbs;
use crate::{
    builder::Builder,
    chip::{Chip, Dispatch},
    lc::{pow2, Columns, Lc},
    operation::{consume_dispatch, Operation},
};

/// See the module documentation.
#[derive(Debug, Clone, Copy)]
pub struct Unsigned;

impl Unsigned {
    /// Whether this chip does an operation.
    pub const fn serves(operation: Operation) -> bool {
        matches!(operation, Operation::Sltu | Operation::Sgeu)
    }
}

impl Chip for Unsigned {
    const NAME: &'static str = "unsigned order";
    type Event = Dispatch;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let negated = b.bit("negated");
        let less = b.bit("less");
        let time = b.column();
        let y = b.word("y has 32 bits", &e);
        let difference = b.word("the difference has 32 bits", &e);
        let x = &y + difference - &less * pow2(32);
        let both = b.product("less and negated", &less, &negated);
        let z = less + &negated - both * 2;
        let operation = Lc::from(Operation::Sltu.number()) + negated * 3;
        consume_dispatch(b, &e, &operation, &time, &x, &y, &z);
    }

    fn fill(event: &Dispatch, out: &mut Columns) {
        let negated = event.operation == Operation::Sgeu;
        let less = (event.z == 1) != negated;
        out.extend([1, negated.into(), less.into(), event.time]);
        out.extend(limbs(event.y));
        out.extend(limbs((event.x as u32).wrapping_sub(event.y)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chips::expected::{self, split, Trial};
    use crate::lc::F;
    use ff::Field;
    use Operation::{Sgeu, Sltu};

    #[test]
    fn basics() {
        expected::basics::<Unsigned>(&[Sltu, Sgeu], Unsigned::serves, (11, 11, 9));
    }

    /// Columns for operands and bits of the prover's choice.
    fn claim(bits: u64, x: F, y: F) -> Vec<F> {
        let bit = |i: u32| F::from(bits >> i & 1);
        let mut base = vec![F::from(1), bit(0), bit(1), F::from(9)];
        base.extend(split(y));
        base.extend(split(x - y + bit(1) * pow2(32)));
        base
    }

    #[test]
    fn wrong_claims_are_refused() {
        let trial = Trial::new::<Unsigned>();
        for (x, y) in expected::pairs() {
            for bits in 0..4 {
                trial.refuses(&claim(bits, u64::from(x).into(), u64::from(y).into()));
            }
        }
    }

    #[test]
    fn operands_cannot_be_repacked() {
        let trial = Trial::new::<Unsigned>();
        for (x, y) in expected::pairs().into_iter().step_by(7) {
            let (x, y) = (F::from(u64::from(x)), F::from(u64::from(y)));
            for shift in expected::shifts() {
                for bits in 0..4 {
                    trial.refuses(&claim(bits, x + shift * pow2(34), y - shift));
                    trial.refuses(&claim(bits, x, y + shift * pow2(33)));
                }
            }
        }
    }

    #[test]
    fn operands_cannot_be_solved_for() {
        // The tuple of a slot is met by y = (X + 2^34 Y - d + 2^32 lt) / (2^34 + 1), whatever d is.
        let trial = Trial::new::<Unsigned>();
        let weight = (pow2(34) + F::from(1)).invert().unwrap();
        for (x, y) in expected::pairs() {
            let slot = F::from(u64::from(x)) + F::from(u64::from(y)) * pow2(34);
            for bits in 0..4u64 {
                for d in [0, 1, x, y, u32::MAX] {
                    let d = F::from(u64::from(d)) - F::from(bits >> 1) * pow2(32);
                    let y = (slot - d) * weight;
                    trial.refuses(&claim(bits, y + d, y));
                }
            }
        }
    }
}
