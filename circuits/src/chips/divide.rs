//! Quotients and remainders: `Div`, `Rem`, `DivU`, `RemU`.
//!
//! Columns: `e` (enable), `signed`, `rem`, `zero`, `negative`, `below`, `time`, the operands `x` and `y` (see [`super::words`]), the limbs of `r` and of `quotient`,
//! the low limb of `m - 1 - r`, `z`, the places of two products.
//!
//! With `X`, `Y` the values of the operands, the divisor is `D = Y + zero`: 1 if `y = 0`. The row forces `X = Q D + R` with `R = r` or, if `X` is
//! negative, `R = -r`, and `0 <= r < m`, `m` the magnitude of `D`. That is division with truncation, and there is one such `Q` and `R` (condition 8).
//! `-2^31` by -1 needs no case: `Q = 2^31`, as 32 bits the same as `x`, and `R = 0`.
//!
//! | row | forces |
//! | --- | --- |
//! | `e`, `signed`, `rem`, `zero`, `negative`, `below` boolean | the multiplicity (condition 9), the operation `53 - 2 signed + rem` |
//! | rows of the operands | 32 bits, the signs |
//! | `zero y = 0` | `zero` only if `y` is 0; and then it must be, as `m >= 1` below |
//! | `carry_y Y` | `m = Y - 2 carry_y Y + zero` |
//! | six lookups | `r`, `m - 1 - r` and `quotient` have 32 bits |
//! | `carry_x r` | `R = r - 2 carry_x r` |
//! | `Q D = X - R` | with `Q = quotient - 2^32 negative`: all of it integers below 2^66 |
//! | `rem (R + 2^32 below - quotient) = z - quotient` | `z` is `quotient` or `R + 2^32 below`; it has 32 bits, as it came alone, so `below` is right |
//! | dispatch | the tuple `(x, y, 53 - 2 signed + rem), time, z` is consumed |

use super::words::{bound_word, limbs, Operand};
use crate::{
    builder::Builder,
    chip::{Chip, Dispatch},
    lc::{pow2, Columns, Lc},
    operation::{consume_dispatch, Operation},
};

/// See the module documentation.
#[derive(Debug, Clone, Copy)]
pub struct Divide;

impl Divide {
    /// Whether this chip does an operation.
    pub const fn serves(operation: Operation) -> bool {
        use Operation::{Div, DivU, Rem, RemU};
        matches!(operation, Div | Rem | DivU | RemU)
    }
}

impl Chip for Divide {
    const NAME: &'static str = "divide";
    type Event = Dispatch;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let signed = b.bit("signed");
        let remainder = b.bit("remainder asked for");
        let zero = b.bit("division by zero");
        let negative = b.bit("negative quotient");
        let below = b.bit("negative remainder");
        let time = b.column();
        let x = Operand::new(b, "x", &e, &signed);
        let y = Operand::new(b, "y", &e, &signed);
        let r = b.word("r has 32 bits", &e);
        let quotient = b.word("the quotient has 32 bits", &e);

        b.row("only zero is zero", &zero, &y.pattern, &Lc::zero());
        let flipped = b.product("negative divisor", &y.carry, &y.value);
        let magnitude = &y.value - flipped * 2 + &zero;
        bound_word(b, "r is below the divisor", &e, &(magnitude - &r - &e));
        let reflected = b.product("negative dividend", &x.carry, &r);
        let rest = r - reflected * 2;
        let signed_quotient = &quotient - negative * pow2(32);
        let divisor = y.value + zero;
        b.row("division", &signed_quotient, &divisor, &(x.value - &rest));
        let z = b.column();
        let word = rest + below * pow2(32);
        b.row("result", &remainder, &(word - &quotient), &(&z - &quotient));

        let operation = Lc::from(Operation::DivU.number()) - signed * 2 + remainder;
        consume_dispatch(b, &e, &operation, &time, &x.pattern, &y.pattern, &z);
    }

    fn fill(event: &Dispatch, out: &mut Columns) {
        use Operation::{Div, Rem, RemU};
        let (x, y) = (event.x as u32, event.y);
        let signed = matches!(event.operation, Div | Rem);
        let remainder = matches!(event.operation, Rem | RemU);
        let value = |word: u32| match signed {
            true => i64::from(word as i32),
            false => i64::from(word),
        };
        let divisor = if y == 0 { 1 } else { value(y) };
        let (q, r) = (value(x) / divisor, value(x) % divisor);
        let (zero, negative, below) = (y == 0, q < 0, r < 0);
        let bits = [true, signed, remainder, zero, negative, below];
        out.extend(bits.map(u64::from));
        out.push(event.time);
        Operand::fill(x, signed, out);
        Operand::fill(y, signed, out);
        out.extend(limbs(r.unsigned_abs() as u32));
        out.extend(limbs(q as u32));
        let room = divisor.unsigned_abs() - 1 - r.unsigned_abs();
        out.extend([limbs(room as u32)[0], event.z.into()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chips::expected::{self, split, Trial};
    use crate::lc::F;
    use ff::Field;
    use Operation::{Div, DivU, Rem, RemU};

    const OPERATIONS: [Operation; 4] = [Div, Rem, DivU, RemU];

    #[test]
    fn basics() {
        expected::basics::<Divide>(&OPERATIONS, Divide::serves, (26, 26, 21));
    }

    /// Columns for operands, bits and a quotient of the prover's choice; the rest as the rows want it.
    fn claim(bits: u64, x: F, y: F, q: F) -> Vec<F> {
        let bit = |i: u32| F::from(bits >> i & 1);
        let (signed, remainder, zero, negative, below) = (bit(0), bit(1), bit(2), bit(3), bit(4));
        let mut base = vec![F::ONE, signed, remainder, zero, negative, below, F::from(9)];
        for (v, carry) in [(x, bit(5)), (y, bit(6))] {
            base.extend(split(v + signed * pow2(31) - carry * pow2(32)));
            base.push(carry);
        }
        let (x, y) = (x - bit(5) * pow2(32), y - bit(6) * pow2(32));
        let rest = x - q * (y + zero);
        let r = rest * (F::ONE - bit(5).double());
        let magnitude = y * (F::ONE - bit(6).double()) + zero;
        let quotient = q + negative * pow2(32);
        base.extend(split(r));
        base.extend(split(quotient));
        base.push(split(magnitude - r - F::ONE)[0]);
        base.push(match bits >> 1 & 1 {
            0 => quotient,
            _ => rest + below * pow2(32),
        });
        base
    }

    /// Quotients near the right ones, and solutions in the field that are no integers.
    fn quotients(x: u32, y: u32) -> Vec<F> {
        let element = |v: i64| match v < 0 {
            true => -F::from(v.unsigned_abs()),
            false => F::from(v as u64),
        };
        let divide = |x: i64, y: i64| x.checked_div(y).unwrap_or(x);
        let right = [
            divide(x.into(), y.into()),
            divide((x as i32).into(), (y as i32).into()),
        ];
        let near = right.into_iter().flat_map(|q| [q, q + 1, q - 1, -q, 0]);
        let fraction = F::from(u64::from(y)).invert().unwrap_or(F::ZERO);
        near.map(element)
            .chain([F::from(u64::from(x)) * fraction, fraction])
            .collect()
    }

    #[test]
    fn wrong_quotients_are_refused() {
        let trial = Trial::new::<Divide>();
        for (x, y) in expected::pairs().into_iter().step_by(17) {
            for q in quotients(x, y) {
                for bits in 0..128 {
                    trial.refuses(&claim(bits, u64::from(x).into(), u64::from(y).into(), q));
                }
            }
        }
    }

    #[test]
    fn operands_cannot_be_repacked() {
        let trial = Trial::new::<Divide>();
        for (x, y) in expected::pairs().into_iter().step_by(211) {
            for shift in expected::shifts() {
                for q in quotients(x, y).into_iter().step_by(17) {
                    for bits in 0..128 {
                        let (x, y) = (F::from(u64::from(x)), F::from(u64::from(y)));
                        trial.refuses(&claim(bits, x + shift * pow2(34), y - shift, q));
                        trial.refuses(&claim(bits, x, y + shift * pow2(33), q));
                    }
                }
            }
        }
    }

    /// A row of the prover's choice, flags that are no bits included: `signed`, `rem`, `zero`, `negative`, `below`; operands with their carries;
    /// `r`, `quotient` and `z`.
    fn forged(flags: [F; 5], operands: [(F, F); 2], words: [F; 3]) -> Vec<F> {
        let [r, quotient, z] = words;
        let mut base = vec![F::ONE];
        base.extend(flags);
        base.push(F::from(9));
        for (v, carry) in operands {
            base.extend(split(v + flags[0] * pow2(31) - carry * pow2(32)));
            base.push(carry);
        }
        let (y, carry) = operands[1];
        let magnitude = (y - carry * pow2(32)) * (F::ONE - carry.double()) + flags[2];
        base.extend(split(r));
        base.extend(split(quotient));
        base.push(split(magnitude - r - F::ONE)[0]);
        base.push(z);
        base
    }

    /// All of a word in its low limb.
    fn in_low_limbs(mut base: Vec<F>) -> Vec<F> {
        for low in [7, 10, 13, 15] {
            let high = std::mem::replace(&mut base[low + 1], F::ZERO);
            base[low] += high * pow2(16);
        }
        let (carry, value) = (base[12], base[10] - base[1] * pow2(31));
        base[17] = value * (F::ONE - carry.double()) + base[3] - F::ONE - base[13];
        base
    }

    /// Each flag and low limb is the unknown that the prover solves a wrong division for.
    #[test]
    fn no_column_solves_the_division() {
        let trial = Trial::new::<Divide>();
        let inverse = |v: F| v.invert().unwrap();
        let word = |v: u32| F::from(u64::from(v));
        let bit = |v: bool| F::from(u64::from(v));
        for (x, y) in expected::pairs().into_iter().step_by(17) {
            for operation in OPERATIONS {
                let signed = matches!(operation, Div | Rem);
                let remainder = matches!(operation, Rem | RemU);
                let carry = |v: u32| bit(signed && v >> 31 == 1);
                let operands = [(word(x), carry(x)), (word(y), carry(y))];
                let value = |(v, carry): (F, F)| v - carry * pow2(32);
                let divisor = value(operands[1]) + bit(y == 0);
                for (r, quotient) in [(0, 0), (0, 1), (1, 0), (0, x), (2, 5)] {
                    let (r, quotient) = (word(r), word(quotient));
                    let rest = r * (F::ONE - operands[0].1.double());
                    let wanted = (value(operands[0]) - rest) * inverse(divisor);
                    let negative = (quotient - wanted) * inverse(pow2(32));
                    for below in [false, true] {
                        let flags = [
                            bit(signed),
                            bit(remainder),
                            bit(y == 0),
                            negative,
                            bit(below),
                        ];
                        let z = if remainder {
                            rest + bit(below) * pow2(32)
                        } else {
                            quotient
                        };
                        trial.refuses(&forged(flags, operands, [r, quotient, z]));
                    }
                }
                // `below` makes any word of the right remainder.
                let q = expected::result(if signed { Div } else { DivU }, x, y).unwrap();
                for negative in [false, true] {
                    let rest = value(operands[0]) - (word(q) - bit(negative) * pow2(32)) * divisor;
                    let r = rest * (F::ONE - operands[0].1.double());
                    for z in [0, 1, x, y] {
                        let below = (word(z) - rest) * inverse(pow2(32));
                        let flags = [
                            bit(signed),
                            bit(remainder),
                            bit(y == 0),
                            bit(negative),
                            below,
                        ];
                        trial.refuses(&forged(flags, operands, [r, word(q), word(z)]));
                    }
                }
            }
            for q in quotients(x, y) {
                for bits in 0..128 {
                    trial.refuses(&in_low_limbs(claim(bits, word(x), word(y), q)));
                    trial.refuses(&in_low_limbs(claim(bits, word(x), word(y), q + F::from(3))));
                }
            }
        }
    }

    /// Flags that are no bits, although the operation that they add up to exists; zero replaced by another divisor than one; an operand read as another.
    #[test]
    fn flags_are_bits() {
        let trial = Trial::new::<Divide>();
        let half = F::from(2).invert().unwrap();
        let word = |v: u32| F::from(u64::from(v));
        let some = [
            -F::ONE,
            -half,
            F::ZERO,
            half,
            F::ONE,
            F::ONE + half,
            F::from(2),
            F::from(3),
        ];
        for (x, y) in [
            (100, 7),
            (0xffff_ff00, 7),
            (0xfedc_ba98, 0x8000_1234),
            (9, 9),
        ] {
            for signed in some {
                for rem in some {
                    for bits in 0..16u32 {
                        let bit = |i: u32| F::from(u64::from(bits >> i & 1));
                        let value = |v: u32, carry: u32| {
                            i64::from(v) - (i64::from(bits >> carry & 1) << 32)
                        };
                        let (vx, vy) = (value(x, 0), value(y, 1));
                        let quotient = word((vx / vy) as u32);
                        let rest = bit(3) * pow2(32)
                            + match vx % vy {
                                r if r < 0 => -F::from(r.unsigned_abs()),
                                r => F::from(r as u64),
                            };
                        let z = quotient + rem * (rest - quotient);
                        let r = F::from((vx % vy).unsigned_abs());
                        let flags = [signed, rem, F::ZERO, bit(2), bit(3)];
                        let operands = [(word(x), bit(0)), (word(y), bit(1))];
                        trial.refuses(&forged(flags, operands, [r, quotient, z]));
                    }
                }
            }
        }
        for k in 0..9 {
            for (signed, rem) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let flags = [signed, rem, k, 0, 0].map(F::from);
                let operands = [(F::from(100), F::ZERO), (F::ZERO, F::ZERO)];
                let (q, r) = (100 / k.max(1), 100 % k.max(1));
                let words = [r, q, if rem == 1 { r } else { q }].map(F::from);
                trial.refuses(&forged(flags, operands, words));
            }
        }
        // 2^16 read as 2^17 by a carry of -2^-16: the magnitude is then 2^17 + 4.
        let carry = -F::from(1 << 16) * pow2(32).invert().unwrap();
        let operands = [(F::from(3 << 17), F::ZERO), (F::from(1 << 16), carry)];
        let words = [0, 3, 3].map(F::from);
        trial.refuses(&forged([F::ZERO; 5], operands, words));
    }
}
