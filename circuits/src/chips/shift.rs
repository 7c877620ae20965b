//! Shifts: `Sll`, `Srl`, `Sra`, `Rotr` of `y` by the low five bits `s` of `x`.
//!
//! Columns: `e` (enable), the two bits `o0`, `o1` of operation - 40, `time`, `s`, `q`, `h`, `j`, the operand `y` (see [`super::words`], signed for `Sra`),
//! the limbs of `w`, `z`, `c` (a product's place). Let `left`, `rotate` and `arithmetic` be 1 for `Sll`, `Rotr`, `Sra`: sums of `o0`, `o1` and `o0 o1`.
//!
//! Every shift is one product with a power of two, cut at bit 32. With `Y` the value of `y` (negative in `Sra` if its sign bit, the carry, is 1):
//!
//! | | `Y q =` | with `q` from the table |
//! | --- | --- | --- |
//! | `Sll` | `2^32 w + z` | `2^s` |
//! | `Srl` | `2^32 z + w` | `2^(32 - s)` |
//! | `Sra` | `2^32 (z - 2^32 carry) + w` | `2^(32 - s)` |
//! | `Rotr` | `(2^32 + 1) (2^32 (z - w) + w)` | `(2^32 + 1) 2^(32 - s)` |
//!
//! `w` and `z` are in `[0, 2^32)`, by lookups and by coming alone from the slot, so in each line both are quotient and remainder of a
//! division by 2^32, of which there is one (condition 8). In `Rotr`, `w` is the remainder and `z - w` the quotient. The right sides
//! are `2^32 z + w + (2^32 - 1) (w - z) left - 2^64 (w - z) rotate - 2^64 carry`: the factor `2^32 + 1` makes both selections one product.
//!
//! | row | forces |
//! | --- | --- |
//! | `e`, `o0`, `o1` boolean, `o0 o1` | the multiplicity (condition 9), the operation `40 + o0 + 2 o1` |
//! | lookup `(s + 2^80 left + 2^81 rotate, q)` | `s < 32`, and `q` is the multiplier |
//! | two lookups | `h` and `j` have 16 bits; `x = s + 2^5 h + 2^16 j` |
//! | rows of the operand `y`, two lookups of `w` | 32 bits, the sign |
//! | `(left - 2^64 / (2^32 - 1) rotate) (w - z) = c - 2^32 left` | the selection; `c` is small or 0 in all but `Rotr` |
//! | `Y q = ...` | the line above |
//! | dispatch | the tuple `(x, y, 40 + o0 + 2 o1), time, z` is consumed |
//!
//! Bounds (condition 2): `s`, alone in the row but packed in the lookup, is `s' + 2^80 k` with `s' < 32` and an integer `|k| < 4`; the tuple of a slot has
//! nothing at 2^80, so `k = 0`: the class looked up is the class selected. Then `x` is in `[0, 2^33)`: `x` and `y` are exact. `x` modulo 32 is
//! `s`, whatever `h` and `j` are.

use super::words::{limbs, Operand};
use crate::{
    builder::Builder,
    bus::Bus,
    chip::{Chip, Dispatch},
    lc::{pow2, Columns, Lc, F},
    operation::{consume_dispatch, Operation},
};
use ff::Field;
use std::sync::LazyLock;

/// See the module documentation.
#[derive(Debug, Clone, Copy)]
pub struct Shift;

impl Shift {
    /// Whether this chip does an operation.
    pub const fn serves(operation: Operation) -> bool {
        use Operation::{Rotr, Sll, Sra, Srl};
        matches!(operation, Sll | Srl | Sra | Rotr)
    }
}

/// `2^64 / (2^32 - 1)`.
fn rotate_weight() -> F {
    static WEIGHT: LazyLock<F> = LazyLock::new(|| {
        let ones = pow2(32) - F::ONE;
        pow2(64) * ones.invert().expect("2^32 - 1 is not the modulus")
    });
    *WEIGHT
}

impl Chip for Shift {
    const NAME: &'static str = "shift";
    type Event = Dispatch;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let o0 = b.bit("operation");
        let o1 = b.bit("operation");
        let rotate = b.product("rotate", &o0, &o1);
        let left = &e - &o0 - &o1 + &rotate;
        let arithmetic = &o1 - &rotate;

        let [time, amount, q, middle, high] = b.columns();
        let key = &amount + &left * pow2(80) + &rotate * pow2(81);
        b.consume("multiplier", Bus::Shift, &e, &[key, q.clone()]);
        b.range16("middle of x", &e, &middle);
        b.range16("high half of x", &e, &high);
        let x = amount + middle * (1 << 5) + high * (1 << 16);

        let y = Operand::new(b, "y", &e, &arithmetic);
        let w = b.word("w has 32 bits", &e);
        let [z, selected] = b.columns();
        let selection = selected - &left * pow2(32);
        let selector = left - rotate * rotate_weight();
        b.row("selection", &selector, &(&w - &z), &selection);
        let right = &z * pow2(32) + w + selection * (pow2(32) - F::ONE) - y.carry * pow2(64);
        b.row("shift", &y.value, &q, &right);

        let operation = Lc::from(Operation::Sll.number()) + o0 + o1 * 2;
        consume_dispatch(b, &e, &operation, &time, &x, &y.pattern, &z);
    }

    fn fill(event: &Dispatch, out: &mut Columns) {
        use Operation::{Rotr, Sll, Sra};
        let (operation, y, z) = (event.operation, event.y, event.z);
        let number = operation.number() - Operation::Sll.number();
        let s = event.x % 32;
        let power = if operation == Sll { s } else { 32 - s };
        let shifted = u64::from(y) << power;
        let factor = match operation {
            Rotr => (1 << 32) + 1,
            _ => 1,
        };
        out.extend([1, number & 1, number >> 1, event.time, s]);
        out.push_integer(factor << power);
        out.extend([event.x >> 5 & 0x7ff, event.x >> 16]);
        Operand::fill(y, operation == Sra, out);
        let w = match operation {
            Sll => (shifted >> 32) as u32,
            _ => shifted as u32,
        };
        out.extend(limbs(w));
        out.push(z.into());
        let (w, z) = (u64::from(w), u64::from(z));
        match operation {
            Sll => out.push((1 << 32) + w - z),
            Rotr => out.push_element(rotate_weight() * (F::from(z) - F::from(w))),
            _ => out.push(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chips::{
        expected::{self, split, Trial},
        tables,
    };
    use Operation::{Rotr, Sll, Sra, Srl};

    const OPERATIONS: [Operation; 4] = [Sll, Srl, Sra, Rotr];

    #[test]
    fn basics() {
        expected::basics::<Shift>(&OPERATIONS, Shift::serves, (18, 18, 16));
    }

    /// What a cheating prover chooses; the rest follows.
    #[derive(Clone, Copy)]
    struct Claim {
        operation: u64,
        x: F,
        y: F,
        amount: F,
        /// Entry of the table looked up.
        entry: [F; 2],
        carry: u64,
        w: F,
        z: F,
    }

    impl Claim {
        fn base(&self) -> Vec<F> {
            let [o0, o1] = [self.operation & 1, self.operation >> 1].map(F::from);
            let (left, rotate) = ((F::ONE - o0) * (F::ONE - o1), o0 * o1);
            let arithmetic = o1 - rotate;
            let carry = F::from(self.carry);
            let mut base = vec![F::ONE, o0, o1, F::from(3), self.amount, self.entry[1]];
            let rest = (self.x - self.amount) * F::from(32).invert().unwrap();
            let low = F::from(expected::low_bits(rest, 11));
            base.push(low);
            base.push((rest - low) * F::from(2048).invert().unwrap());
            base.extend(split(self.y + arithmetic * pow2(31) - carry * pow2(32)));
            base.push(carry);
            base.extend(split(self.w));
            base.push(self.z);
            let selector = left - rotate * rotate_weight();
            base.push(selector * (self.w - self.z) + left * pow2(32));
            base
        }

        /// Chooses `w`, given everything else, so that the main row holds. In `Rotr` and `Sll` alike the row is linear in `w`.
        fn solve(mut self) -> Self {
            let left = self.operation == 0;
            let rotate = self.operation == 3;
            let arithmetic = self.operation == 2;
            let carry = F::from(self.carry);
            let value = if arithmetic {
                self.y - carry * pow2(32)
            } else {
                self.y
            };
            let product = value * self.entry[1] + carry * pow2(64);
            let (two32, one) = (pow2(32), F::ONE);
            let (of_z, of_w) = match (left, rotate) {
                (true, _) => (one, two32),
                (_, true) => (two32 + pow2(64), one - pow2(64)),
                _ => (two32, one),
            };
            self.w = (product - self.z * of_z) * of_w.invert().unwrap();
            self
        }
    }

    #[test]
    fn wrong_results_are_refused() {
        let trial = Trial::new::<Shift>();
        for (x, y) in expected::pairs().into_iter().step_by(13) {
            for operation in 0..4u64 {
                let class = [1, 0, 0, 2][operation as usize];
                let s = x % 32;
                let right = expected::result(OPERATIONS[operation as usize], x, y).unwrap();
                let results = [
                    right,
                    !right,
                    right ^ 1,
                    right ^ 1 << 31,
                    right.wrapping_add(1),
                    0,
                    u32::MAX,
                    y,
                ];
                for z in results {
                    for (amount, class) in [(s, class), (31 - s, class), (s, 0), (s, 1), (s, 2)] {
                        for carry in 0..2 {
                            let claim = Claim {
                                operation,
                                x: F::from(u64::from(x)),
                                y: F::from(u64::from(y)),
                                amount: F::from(u64::from(amount)),
                                entry: tables::shift_entry(amount as usize, class),
                                carry,
                                w: F::ZERO,
                                z: F::from(u64::from(z)),
                            };
                            trial.refuses(&claim.solve().base());
                            // The class hidden in the amount.
                            let own = [1u64, 0, 0, 2][operation as usize];
                            let hidden = F::from(class as u64) - F::from(own);
                            let amount = claim.amount + hidden * pow2(80);
                            trial.refuses(&Claim { amount, ..claim }.solve().base());
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn rotations_of_all_ones_stay() {
        // 2^32 (z - w) + w has another solution modulo 2^32 - 1; the bound of w excludes it.
        let trial = Trial::new::<Shift>();
        for s in 0..32u64 {
            for y in [0, u32::MAX] {
                for z in [0, 1, u32::MAX, u32::MAX - 1] {
                    let claim = Claim {
                        operation: 3,
                        x: F::from(s),
                        y: F::from(u64::from(y)),
                        amount: F::from(s),
                        entry: tables::shift_entry(s as usize, 2),
                        carry: 0,
                        w: F::ZERO,
                        z: F::from(u64::from(z)),
                    };
                    trial.refuses(&claim.solve().base());
                }
            }
        }
    }

    #[test]
    fn operands_cannot_be_repacked() {
        let trial = Trial::new::<Shift>();
        for (x, y) in expected::pairs().into_iter().step_by(37) {
            for (operation, class) in [(0, 1), (1, 0), (2, 0), (3, 2)] {
                for shift in expected::shifts() {
                    let (fx, fy) = (F::from(u64::from(x)), F::from(u64::from(y)));
                    for (x, y) in [
                        (fx + shift * pow2(34), fy - shift),
                        (fx, fy + shift * pow2(33)),
                    ] {
                        for amount in [expected::low_bits(x, 5), expected::low_bits(fx, 5)] {
                            let entry = tables::shift_entry(amount as usize, class);
                            for carry in 0..2 {
                                let claim = Claim {
                                    operation,
                                    x,
                                    y,
                                    amount: F::from(amount),
                                    entry,
                                    carry,
                                    w: F::ZERO,
                                    z: y * entry[1],
                                };
                                trial.refuses(&claim.solve().base());
                                let z = F::from(expected::low_bits(y * entry[1], 32));
                                trial.refuses(&Claim { z, ..claim }.solve().base());
                            }
                        }
                    }
                }
            }
        }
    }
}
