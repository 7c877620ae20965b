//! Equality: [`Equality`] does `Seq` and `Sne`, which serve `beq`, `bne` and their likes; [`EqualityTrap`] does `Teq` and `Tne`, not taken and taken.
//!
//! Columns: `e` (enable), `n` (negated), `c`, `w`, `time`, `x`, the limbs of `y`, the limbs of `delta`. `c` is the claim that the comparison
//! holds: the result `z`, or that the trap is taken, which is part of the operation (condition 7), with `z = 0`.
//!
//! Let `v = c + n - 1`: 0 if the row claims `x = y`, else 1 or -1. The row forces `x - y = v k` with
//! `k = 1 + delta - (2^32 + 1) w`. Because `delta` is in `[0, 2^32)` and `w` a bit, `k` is any integer from 1 to 2^32 or from -2^32 to -1,
//! **but never 0**: with `v = 0` the operands are equal, otherwise they differ. No inverse, and nothing to choose but the
//! sign of `k`.
//!
//! | row | forces |
//! | --- | --- |
//! | `e`, `n`, `c`, `w` boolean | the multiplicity (condition 9), the operation `18 + 3 n` or `26 + 3 n + 64 c`, the claim |
//! | `v k = x - y` | the claim is true (condition 8) |
//! | four lookups | `y` and `delta` have 32 bits |
//! | dispatch | the tuple `(x, y, operation), time, z` is consumed |
//!
//! Bounds (condition 2): `y` in `[0, 2^32)` by lookups, `x = y + v k` in `[-2^32, 2^33)`, so both are exact, see [`super::words`]. `time`
//! and `z` are alone on their powers of gamma.

use super::words::{claimed, limbs, outcome};
use crate::{
    builder::Builder,
    chip::{Chip, Dispatch},
    lc::{pow2, Columns, F},
    operation::{consume_dispatch, Operation},
};

/// Comparisons whose result is a value.
#[derive(Debug, Clone, Copy)]
pub struct Equality;

/// Traps on equality.
#[derive(Debug, Clone, Copy)]
pub struct EqualityTrap;

impl Equality {
    /// Whether this chip does an operation.
    pub const fn serves(operation: Operation) -> bool {
        matches!(operation, Operation::Seq | Operation::Sne)
    }
}

impl EqualityTrap {
    /// Whether this chip does an operation.
    pub const fn serves(operation: Operation) -> bool {
        use Operation::{TakenTeq, TakenTne, Teq, Tne};
        matches!(operation, Teq | Tne | TakenTeq | TakenTne)
    }
}

fn synthesize(b: &mut Builder, trap: bool) {
    let e = b.bit("enable");
    let negated = b.bit("negated");
    let claim = b.bit("claim");
    let sign = b.bit("sign of the difference");
    let [time, x] = b.columns();
    let y = b.word("y has 32 bits", &e);
    let delta = b.word("delta has 32 bits", &e);
    let different = &claim + &negated - &e;
    let nonzero = &e + delta - sign * (pow2(32) + F::from(1));
    b.row("difference", &different, &nonzero, &(&x - &y));
    let (operation, z) = outcome(trap, Operation::Seq, negated * 3, claim);
    consume_dispatch(b, &e, &operation, &time, &x, &y, &z);
}

fn fill(event: &Dispatch, out: &mut Columns) {
    let (kind, claim) = claimed(event);
    let negated = kind == 5;
    let (x, y) = (event.x as i64, i64::from(event.y));
    let k = if negated { x - y } else { y - x };
    let sign = u64::from(k < 0);
    // k = 1 + delta or k = delta - 2^32; equal operands leave delta free.
    let delta = if k < 0 { k + (1 << 32) } else { (k - 1).max(0) };
    out.extend([1, negated.into(), claim.into(), sign]);
    out.extend([event.time, event.x]);
    out.extend(limbs(event.y));
    out.extend(limbs(delta as u32));
}

impl Chip for Equality {
    const NAME: &'static str = "equality";
    type Event = Dispatch;

    fn synthesize(b: &mut Builder) {
        synthesize(b, false);
    }

    fn fill(event: &Dispatch, out: &mut Columns) {
        fill(event, out);
    }
}

impl Chip for EqualityTrap {
    const NAME: &'static str = "equality trap";
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
    use crate::chips::expected::{self, Trial};
    use ff::Field;

    const OPERATIONS: [Operation; 2] = [Operation::Seq, Operation::Sne];
    const TRAPS: [Operation; 4] = [
        Operation::Teq,
        Operation::Tne,
        Operation::TakenTeq,
        Operation::TakenTne,
    ];

    #[test]
    fn basics() {
        expected::basics::<Equality>(&OPERATIONS, Equality::serves, (12, 12, 10));
        expected::basics::<EqualityTrap>(&TRAPS, EqualityTrap::serves, (11, 11, 10));
    }

    /// The columns for any claim: a prover who may choose everything that the row leaves open.
    fn claim(negated: u64, z: u64, sign: u64, x: F, y: F, delta: F) -> Vec<F> {
        let mut base = [1, negated, z, sign, 7].map(F::from).to_vec();
        base.push(x);
        base.extend(expected::split(y));
        base.extend(expected::split(delta));
        base
    }

    #[test]
    fn wrong_claims_are_refused() {
        let trial = Trial::new::<Equality>().and::<EqualityTrap>();
        let two32 = pow2(32);
        for (x, y) in expected::pairs() {
            let (fx, fy) = (F::from(u64::from(x)), F::from(u64::from(y)));
            for bits in 0..8u64 {
                let (negated, z, sign) = (bits & 1, bits >> 1 & 1, bits >> 2);
                // k = v (x - y) if v is not zero.
                let v = F::from(z + negated) - F::ONE;
                let k = v * (fx - fy);
                for k in [k, k + two32, k - two32, F::ZERO, F::ONE] {
                    let delta = k - F::ONE + F::from(sign) * (two32 + F::ONE);
                    trial.refuses(&claim(negated, z, sign, fx, fy, delta));
                }
            }
        }
    }

    #[test]
    fn operands_cannot_be_repacked() {
        let trial = Trial::new::<Equality>().and::<EqualityTrap>();
        for (x, y) in expected::pairs().into_iter().step_by(7) {
            let (fx, fy) = (F::from(u64::from(x)), F::from(u64::from(y)));
            for shift in expected::shifts() {
                // From y to x, by what the tuple does not see.
                let (px, py) = (fx + shift * pow2(34), fy - shift);
                for (negated, z, sign) in [(0, 0, 0), (0, 0, 1), (1, 1, 0), (1, 1, 1), (0, 1, 0)] {
                    let k = (px - py) * (F::from(z + negated) - F::ONE);
                    let delta = k - F::ONE + F::from(sign) * (pow2(32) + F::ONE);
                    trial.refuses(&claim(negated, z, sign, px, py, delta));
                }
                // From the operation to y, the operands unequal.
                let py = fy + shift * pow2(33);
                for (negated, z, sign) in [(0, 0, 0), (0, 0, 1), (1, 1, 0), (1, 1, 1)] {
                    let k = (fx - py) * (F::from(z + negated) - F::ONE);
                    let delta = k - F::ONE + F::from(sign) * (pow2(32) + F::ONE);
                    trial.refuses(&claim(negated, z, sign, fx, py, delta));
                }
            }
        }
    }

    #[test]
    fn operands_cannot_be_solved_for() {
        // The tuple of a slot is met by y = (X + 2^34 Y - v k) / (2^34 + 1), whatever k is.
        let trial = Trial::new::<Equality>().and::<EqualityTrap>();
        let weight = (pow2(34) + F::ONE).invert().unwrap();
        for (x, y) in expected::pairs() {
            let slot = F::from(u64::from(x)) + F::from(u64::from(y)) * pow2(34);
            for bits in 0..4u64 {
                let (negated, c) = (bits & 1, bits >> 1);
                let v = F::from(c + negated) - F::ONE;
                for delta in [0, 1, x, y, u32::MAX] {
                    let delta = F::from(u64::from(delta));
                    let y = (slot - v * (delta + F::ONE)) * weight;
                    let base = claim(negated, c, 0, y + v * (delta + F::ONE), y, delta);
                    trial.refuses(&base);
                }
            }
        }
    }
}
