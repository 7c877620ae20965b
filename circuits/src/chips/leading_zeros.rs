//! `Clz`: the leading zeros of `y`; `x` is 0.
//!
//! Columns: `e` (enable), `time`, `y`, `z`, `q`, the limbs of `r`.
//!
//! `2 y + 1` has 33 bits, is not 0, and its leading one stands where that of `y` does, one place up; for `y = 0` it is the last bit, after 32
//! zeros. So `z` is right if and only if `(2 y + 1) 2^z` lies in `[2^32, 2^33)`, without a case for 0.
//!
//! | row | forces |
//! | --- | --- |
//! | `e` boolean | the multiplicity (condition 9) |
//! | lookup `(z, q)` | `q = 2^z`, `z <= 32` |
//! | `(2 y + 1) q = 2^32 + r`, two lookups | `r` has 32 bits: the product is in the interval (condition 8) |
//! | dispatch | the tuple `(0, y, 44), time, z` is consumed |
//!
//! Bounds (condition 2): `2 y + 1` is a rational number in `[1, 2^33)` whose denominator is a power of two, so `0 <= y < 2^32`. A slot offers `X + 2^34 Y + 2^67 OP`
//! with `X = 0` for this operation, and `y + 2^33 (44 - OP) - Y` is 0 only if `OP = 44` and `y = Y`. For another operation `X` may be
//! different from 0, but then `y = Y + X / 2^34 + 2^33 (OP - 44)` is outside.

use super::words::limbs;
use crate::{
    builder::Builder,
    bus::Bus,
    chip::{Chip, Dispatch},
    lc::{pow2, Columns, Lc},
    operation::{consume_dispatch, Operation},
};

/// See the module documentation.
#[derive(Debug, Clone, Copy)]
pub struct LeadingZeros;

impl LeadingZeros {
    /// Whether this chip does an operation.
    pub const fn serves(operation: Operation) -> bool {
        matches!(operation, Operation::Clz)
    }
}

impl Chip for LeadingZeros {
    const NAME: &'static str = "leading zeros";
    type Event = Dispatch;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let [time, y, z, q] = b.columns();
        b.consume("power", Bus::Power, &e, &[z.clone(), q.clone()]);
        let r = b.word("the rest has 32 bits", &e);
        b.row("normalised", &(&y * 2 + &e), &q, &(&e * pow2(32) + r));
        let clz = Lc::from(Operation::Clz.number());
        consume_dispatch(b, &e, &clz, &time, &Lc::zero(), &y, &z);
    }

    fn fill(event: &Dispatch, out: &mut Columns) {
        let odd = 2 * u64::from(event.y) + 1;
        out.extend([1, event.time, event.y.into(), event.z.into(), 1 << event.z]);
        out.extend(limbs((odd << event.z) as u32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chips::expected::{self, split, Trial};
    use crate::lc::F;
    use Operation::Clz;

    #[test]
    fn basics() {
        expected::basics::<LeadingZeros>(&[Clz], LeadingZeros::serves, (9, 9, 7));
    }

    fn claim(y: F, z: u64) -> Vec<F> {
        let q = F::from(1 << z);
        let mut base = vec![F::from(1), F::from(2), y, F::from(z), q];
        base.extend(split((y * F::from(2) + F::from(1)) * q - pow2(32)));
        base
    }

    #[test]
    fn wrong_counts_are_refused() {
        let trial = Trial::new::<LeadingZeros>();
        for (x, y) in expected::pairs().into_iter().step_by(29) {
            for z in 0..=33 {
                trial.refuses(&claim(F::from(u64::from(y)), z));
                for shift in expected::shifts() {
                    // From the operation to y, and from x (which is 0) to y.
                    trial.refuses(&claim(F::from(u64::from(y)) + shift * pow2(33), z));
                    trial.refuses(&claim(F::from(u64::from(x % 64)) + shift, z));
                }
            }
        }
    }
}
