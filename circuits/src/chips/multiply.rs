//! Products: `MulLow`, `MulHigh` (signed), `MulHighU`.
//!
//! Columns: `e` (enable), `high`, `signed`, `negative`, `time`, the operands `x` and `y` (see [`super::words`]), the limbs of `w`, `z`, `c` (a product's place).
//!
//! The product of the operands' values is `2^32 w + z` if the low word is asked for, else `2^32 (z - 2^32 negative) + w`. `w` and `z` are in `[0, 2^32)`, by
//! lookups and by coming alone from the slot, so both words are determined (condition 8). `negative` can only be 1 if the product is negative, and
//! then must: `z - 2^32 negative` is in `[-2^32, 2^32)`, and the high word of a product of 32-bit operands, signed or not, determines the bit.
//!
//! | row | forces |
//! | --- | --- |
//! | `e`, `high`, `signed`, `negative` boolean | the multiplicity (condition 9), the operation `48 + 2 high - signed` (47 does not exist) |
//! | rows of the operands, two lookups of `w` | 32 bits, the signs |
//! | `high (z - w) = c - 2^32 high` | which of them is the result |
//! | `X Y = 2^32 w + z + (2^32 - 1) high (z - w) - 2^64 negative` | the product |
//! | dispatch | the tuple `(x, y, 48 + 2 high - signed), time, z` is consumed |

use super::words::{limbs, Operand};
use crate::{
    builder::Builder,
    chip::{Chip, Dispatch},
    lc::{pow2, Columns, Lc, F},
    operation::{consume_dispatch, Operation},
};
use ff::Field;

/// See the module documentation.
#[derive(Debug, Clone, Copy)]
pub struct Multiply;

impl Multiply {
    /// Whether this chip does an operation.
    pub const fn serves(operation: Operation) -> bool {
        use Operation::{MulHigh, MulHighU, MulLow};
        matches!(operation, MulLow | MulHigh | MulHighU)
    }
}

impl Chip for Multiply {
    const NAME: &'static str = "multiply";
    type Event = Dispatch;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let high = b.bit("high word");
        let signed = b.bit("signed");
        let negative = b.bit("negative");
        let time = b.column();
        let x = Operand::new(b, "x", &e, &signed);
        let y = Operand::new(b, "y", &e, &signed);
        let w = b.word("the other word", &e);
        let [z, selected] = b.columns();
        let selection = selected - &high * pow2(32);
        b.row("selection", &high, &(&z - &w), &selection);
        let product = w * pow2(32) + &z + selection * (pow2(32) - F::ONE) - negative * pow2(64);
        b.row("product", &x.value, &y.value, &product);
        let operation = Lc::from(Operation::MulLow.number()) + high * 2 - signed;
        consume_dispatch(b, &e, &operation, &time, &x.pattern, &y.pattern, &z);
    }

    fn fill(event: &Dispatch, out: &mut Columns) {
        use Operation::{MulHigh, MulLow};
        let (x, y) = (event.x as u32, event.y);
        let signed = event.operation == MulHigh;
        let high = event.operation != MulLow;
        let product = match signed {
            true => (i64::from(x as i32) * i64::from(y as i32)) as u64,
            false => u64::from(x) * u64::from(y),
        };
        let negative = signed && product >> 63 == 1;
        let other = if high { product } else { product >> 32 } as u32;
        out.extend([1, high.into(), signed.into(), negative.into(), event.time]);
        Operand::fill(x, signed, out);
        Operand::fill(y, signed, out);
        out.extend(limbs(other));
        let selected = match high {
            true => (1 << 32) + u64::from(event.z) - u64::from(other),
            false => 0,
        };
        out.extend([event.z.into(), selected]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chips::expected::{self, split, Trial};
    use Operation::{MulHigh, MulHighU, MulLow};

    const OPERATIONS: [Operation; 3] = [MulLow, MulHigh, MulHighU];

    #[test]
    fn basics() {
        expected::basics::<Multiply>(&OPERATIONS, Multiply::serves, (17, 17, 15));
    }

    /// Columns for operands, bits and result of the prover's choice; `w` and `c` as the rows want them.
    fn claim(bits: u64, x: F, y: F, z: F) -> Vec<F> {
        let bit = |i: u32| F::from(bits >> i & 1);
        let (high, signed, negative) = (bit(0), bit(1), bit(2));
        let mut base = vec![F::ONE, high, signed, negative, F::from(9)];
        let mut values = Vec::new();
        for (v, carry) in [(x, bit(3)), (y, bit(4))] {
            base.extend(split(v + signed * pow2(31) - carry * pow2(32)));
            base.push(carry);
            values.push(v - carry * pow2(32));
        }
        let product = values[0] * values[1] + negative * pow2(64);
        let w = match bits & 1 {
            0 => (product - z) * pow2(32).invert().unwrap(),
            _ => product - z * pow2(32),
        };
        base.extend(split(w));
        base.extend([z, high * (z - w) + high * pow2(32)]);
        base
    }

    #[test]
    fn wrong_products_are_refused() {
        let trial = Trial::new::<Multiply>();
        for (x, y) in expected::pairs().into_iter().step_by(9) {
            let results = OPERATIONS.map(|o| expected::result(o, x, y).unwrap());
            for z in results
                .into_iter()
                .flat_map(|z| [z, z.wrapping_add(1), z.wrapping_sub(1), !z])
            {
                for bits in 0..32 {
                    let [x, y, z] = [x, y, z].map(|v| F::from(u64::from(v)));
                    trial.refuses(&claim(bits, x, y, z));
                }
            }
        }
    }

    #[test]
    fn operands_cannot_be_repacked() {
        let trial = Trial::new::<Multiply>();
        for (x, y) in expected::pairs().into_iter().step_by(97) {
            let [x, y] = [x, y].map(|v| F::from(u64::from(v)));
            for shift in expected::shifts() {
                for (x, y) in [(x + shift * pow2(34), y - shift), (x, y + shift * pow2(33))] {
                    for bits in 0..32 {
                        let low = expected::low_bits(x * y, 32);
                        let high = expected::low_bits(
                            (x * y - F::from(low)) * F::from(1 << 32).invert().unwrap(),
                            32,
                        );
                        for z in [low, high] {
                            trial.refuses(&claim(bits, x, y, F::from(z)));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_sign_of_the_high_word_is_a_bit() {
        // Any high word z holds with any w, if 2^64 negative = 2^32 z + w - X Y need not be 0 or 2^64.
        let trial = Trial::new::<Multiply>();
        for (x, y) in expected::pairs() {
            for high in [0, 1] {
                for z in [0, 1, x, y, u32::MAX] {
                    let [x, y, z] = [x, y, z].map(|v| F::from(u64::from(v)));
                    let mut base = claim(high, x, y, z);
                    let w = F::ZERO;
                    let words = if high == 1 { z * pow2(32) + w } else { z };
                    base[3] = (words - x * y) * pow2(64).invert().unwrap();
                    base[11] = F::ZERO;
                    base[12] = F::ZERO;
                    base[14] = F::from(high) * (z - w + pow2(32));
                    trial.refuses(&base);
                }
            }
        }
    }

    /// A row of the prover's choice, flags that are no bits included; `w`, `z` and `c` are given, the limbs of words are `split`.
    fn forged(flags: [F; 3], operands: [(F, F); 2], words: [F; 3]) -> Vec<F> {
        let [w, z, selected] = words;
        let mut base = vec![F::ONE];
        base.extend(flags);
        base.push(F::from(9));
        for (v, carry) in operands {
            base.extend(split(v + flags[1] * pow2(31) - carry * pow2(32)));
            base.push(carry);
        }
        base.extend(split(w));
        base.extend([z, selected]);
        base
    }

    /// All of a word in its low limb.
    fn in_low_limbs(mut base: Vec<F>) -> Vec<F> {
        for low in [5, 8, 11] {
            let high = std::mem::replace(&mut base[low + 1], F::ZERO);
            base[low] += high * pow2(16);
        }
        base
    }

    /// Each flag, low limb and selection is the unknown that the prover solves a wrong product for.
    #[test]
    fn no_column_solves_the_product() {
        let trial = Trial::new::<Multiply>();
        let inverse = |v: F| v.invert().unwrap();
        // The last pair has the product 2^32 + 1, which half a `high` would split at will.
        let pairs = expected::pairs().into_iter().step_by(37);
        for (x, y) in pairs.chain([(641, 6_700_417)]) {
            let [fx, fy] = [x, y].map(|v| F::from(u64::from(v)));
            for operation in OPERATIONS {
                let right = expected::result(operation, x, y).unwrap();
                for z in [right.wrapping_add(1), right ^ 1 << 31, 0, 2] {
                    let z = F::from(u64::from(z));
                    let signed = operation == MulHigh;
                    let high = F::from(u64::from(operation != MulLow));
                    let carry = |v: u32| F::from(u64::from(signed && v >> 31 == 1));
                    let operands = [(fx, carry(x)), (fy, carry(y))];
                    let signed = F::from(u64::from(signed));
                    let product = (fx - carry(x) * pow2(32)) * (fy - carry(y) * pow2(32));
                    let w = F::from(7);
                    let selected = high * (z - w);
                    let rest = w * pow2(32) + z - product;
                    // `negative` makes up for the difference, then the selection does.
                    let negative = (rest + selected * (pow2(32) - F::ONE)) * inverse(pow2(64));
                    let words = [w, z, selected + high * pow2(32)];
                    trial.refuses(&forged([high, signed, negative], operands, words));
                    let selected = -rest * inverse(pow2(32) - F::ONE);
                    let words = [w, z, selected + high * pow2(32)];
                    trial.refuses(&forged([high, signed, F::ZERO], operands, words));
                }
            }
            // Flags that are no bits, although the operation that they add up to exists.
            let half = inverse(F::from(2));
            for high in [-F::ONE, F::ZERO, half, F::ONE, F::ONE + half, F::from(2)] {
                for signed in [-F::ONE, F::ZERO, F::ONE, F::from(2), F::from(3)] {
                    for bits in 0..8 {
                        let bit = |i: u32| F::from(bits >> i & 1);
                        let product =
                            (fx - bit(0) * pow2(32)) * (fy - bit(1) * pow2(32)) + bit(2) * pow2(64);
                        let low = expected::low_bits(product, 32);
                        let top = (product - F::from(low)) * inverse(pow2(32));
                        for z in [F::from(low), top, F::ZERO, F::ONE, F::from(2)] {
                            // product = 2^32 w + z + (2^32 - 1) high (z - w)
                            let factor = pow2(32) - (pow2(32) - F::ONE) * high;
                            let w =
                                (product - z - (pow2(32) - F::ONE) * high * z) * inverse(factor);
                            let selected = high * (z - w) + high * pow2(32);
                            let operands = [(fx, bit(0)), (fy, bit(1))];
                            let flags = [high, signed, bit(2)];
                            trial.refuses(&forged(flags, operands, [w, z, selected]));
                        }
                    }
                }
            }
            for shift in expected::shifts() {
                for bits in 0..32 {
                    trial.refuses(&in_low_limbs(claim(bits, fx, fy, fx + shift)));
                    let (x, y) = (fx + shift * pow2(34), fy - shift);
                    for z in [0, 1] {
                        trial.refuses(&in_low_limbs(claim(bits, x, y, F::from(z))));
                    }
                    let y = fy + shift * pow2(33);
                    trial.refuses(&in_low_limbs(claim(bits, fx, y, F::ONE)));
                }
            }
        }
    }
}
