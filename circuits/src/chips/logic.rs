//! Bitwise operations: `And`, `Or`, `Xor`, `Nor`, nibble by nibble.
//!
//! Columns: `e` (enable), `time`, `o` (operation - 32), `z`, and for each of the eight nibbles `t_i = a_i + 2^34 b_i + 2^74 c_i`.
//!
//! The table (see [`super::tables`]) holds `a + 2^34 b + 2^74 c + K o` for all nibbles `a`, `b`, all four operations `o` and `c = o(a, b)`, in one
//! part. The nibbles are packed **as the dispatch tuple packs the operands**, so `sum 16^i t_i = x + 2^34 y + 2^74 z`, and nobody has
//! to take them apart. `K = 2^67 / M` with `M = sum 16^i = 0x1111_1111`, so that also the operations of eight nibbles add up to `2^67 o`.
//!
//! | row | forces |
//! | --- | --- |
//! | `e` boolean | the multiplicity (condition 9) |
//! | eight lookups of `t_i + K o` | each is an entry of the table |
//! | dispatch | the tuple `sum 16^i (t_i + K o) - 2^74 z + 2^67 32, time, z` is consumed |
//!
//! Why this is enough (conditions 2 and 8). The table makes `sum 16^i (t_i + K o) = x + 2^34 y + 2^74 c + K W` with 32-bit `x`, `y`, `c` and
//! `W = sum 16^i o_i`, where `o_i` is the operation of nibble `i`; the column `o` itself does not occur. A slot offers `X + 2^34 Y + 2^67 OP` and `z`,
//! which is alone on its power of gamma and has 32 bits. The tuples are equal if
//! `M (x - X) + 2^34 M (y - Y) + 2^67 (W - M (OP - 32)) + 2^74 M (c - z) = 0`: an equation of integers below 2^140. `M` is odd, so modulo
//! 2^34 it says `x = X`, then modulo 2^67 `y = Y`. Then `M` divides `W`; with digits `o_i <= 3` all of them are the same `o`, and
//! `o - (OP - 32) + 2^7 (c - z) = 0` with `|o - (OP - 32)| < 2^7` says `OP = 32 + o` and `z = c`.

use super::tables;
use crate::{
    builder::Builder,
    bus::Bus,
    chip::{Chip, Dispatch},
    lc::{pow2, Columns, Lc},
    operation::{consume_dispatch, Operation},
};

/// See the module documentation.
#[derive(Debug, Clone, Copy)]
pub struct Logic;

impl Logic {
    /// Whether this chip does an operation.
    pub const fn serves(operation: Operation) -> bool {
        use Operation::{And, Nor, Or, Xor};
        matches!(operation, And | Or | Xor | Nor)
    }
}

impl Chip for Logic {
    const NAME: &'static str = "logic";
    type Event = Dispatch;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let [time, operation, z] = b.columns();
        let tag = &operation * tables::logic_operation_weight();
        let mut operands = Lc::zero() - &z * pow2(tables::LOGIC_RESULT_SHIFT);
        for i in 0..8 {
            let nibbles = b.column();
            b.consume("nibble", Bus::Logic, &e, &[&nibbles + &tag]);
            operands = operands + nibbles * (1 << (4 * i));
        }
        let operation = operation + Operation::And.number();
        consume_dispatch(b, &e, &operation, &time, &operands, &Lc::zero(), &z);
    }

    fn fill(event: &Dispatch, out: &mut Columns) {
        let operation = event.operation.number() - Operation::And.number();
        out.extend([1, event.time, operation, event.z.into()]);
        let nibble = |word: u32, i: u32| i128::from(word >> (4 * i) & 15);
        for i in 0..8 {
            let (a, b, c) = (
                nibble(event.x as u32, i),
                nibble(event.y, i),
                nibble(event.z, i),
            );
            out.push_integer(a | b << 34 | c << tables::LOGIC_RESULT_SHIFT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chips::expected::{self, Trial};
    use crate::lc::F;
    use crate::testing::filled;
    use ff::{Field, PrimeField};
    use rand::Rng;
    use Operation::{And, Nor, Or, Xor};

    const OPERATIONS: [Operation; 4] = [And, Or, Xor, Nor];

    #[test]
    fn basics() {
        expected::basics::<Logic>(&OPERATIONS, Logic::serves, (12, 12, 12));
    }

    /// The row that looks up these entries and consumes the tuple of `(x, y, target)`: the result is what that leaves.
    fn claim(entries: [F; 8], operation: F, (x, y): (u32, u32), target: u64) -> Vec<F> {
        let tag = operation * tables::logic_operation_weight();
        let nibbles = entries.map(|t| t - tag);
        let sum = (0..8).fold(F::ZERO, |s, i| s + nibbles[i] * pow2(4 * i as u32));
        let slot =
            F::from(u64::from(x)) + F::from(u64::from(y)) * pow2(34) + F::from(target) * pow2(67);
        let rest = sum + (operation + F::from(32)) * pow2(67) - slot;
        let z = rest * pow2(tables::LOGIC_RESULT_SHIFT).invert().unwrap();
        let mut base = vec![F::ONE, F::from(5), operation, z];
        base.extend(nibbles);
        base
    }

    #[test]
    fn the_tuple_decides_everything() {
        let trial = Trial::new::<Logic>();
        let mut rng = expected::rng();
        for (x, y) in expected::pairs().into_iter().step_by(5) {
            for target in 30..38 {
                // Entries that fit the operands, of one operation or of several, and entries that do not quite fit.
                for kind in 0..6 {
                    let change = (
                        rng.gen_range(0..8),
                        rng.gen_range(0..4),
                        rng.gen_range(0..16),
                    );
                    let entries = std::array::from_fn(|i| {
                        let (mut a, mut b) = (x >> (4 * i) & 15, y >> (4 * i) & 15);
                        let mut o = (target + kind / 2) % 4;
                        if i == change.0 {
                            match kind % 3 {
                                0 => o = change.1,
                                1 => a = change.2,
                                _ => b = change.2,
                            }
                        }
                        tables::logic_entry(a, b, o as usize)
                    });
                    for o in [
                        F::ZERO,
                        F::from(target % 4),
                        F::from(3),
                        -F::ONE,
                        F::TWO_INV,
                    ] {
                        trial.refuses(&claim(entries, o, (x, y), target));
                    }
                }
            }
        }
    }

    #[test]
    fn operands_cannot_be_repacked() {
        let trial = Trial::new::<Logic>();
        for (x, y) in expected::pairs().into_iter().step_by(23) {
            let event = expected::event(Xor, x, y, 3).unwrap();
            let base = filled(|out| Logic::fill(&event, out));
            for shift in expected::shifts() {
                // Inside one nibble's part, between two nibbles, and between a nibble and the result or the operation.
                for i in 4..12 {
                    for (other, change) in [(3, -shift), (2, shift), (4 + (i - 3) % 8, -shift)] {
                        let mut cheat = base.clone();
                        cheat[i] += shift * pow2(34) - shift;
                        trial.refuses(&cheat);
                        cheat[other] += change;
                        trial.refuses(&cheat);
                    }
                }
            }
        }
    }
}
