//! The constant tables: facts that every lookup ends in, with multiplicities that the prover fills in last.
//!
//! | bus | entries | tuple |
//! | --- | --- | --- |
//! | range | 65,536 | `(x)` |
//! | logic | 1,024 | `(a + 2^34 b + 2^74 c + K o)`, `c = o(a, b)` for nibbles `a`, `b` and `o` = and, or, xor, nor; see [`super::logic`] |
//! | shift | 96 | `(s + 2^80 class, q)`, see [`super::shift`] |
//! | power | 33 | `(s, 2^s)`, `s <= 32` |
//! | flags | 64 | the code of a micro-op's flags, four zeros, then the flags, see [`crate::microcode`] |
//!
//! An entry is one row `inverse D = m` and one free `pre` column `m`: `D` is linear in the challenges and constants. Nothing has to be forced
//! about `m`, because these are facts: they are true whatever their multiplicities are (condition 9).
//!
//! The two larger tables come in blocks, because a segment has no room for all of one. Which block of the table an instance holds
//! is told by boolean columns (the high bits of the range; the operation), so each instance can only produce true facts.
//! A block that occurs twice or never is harmless: a missing one makes the sum of an honest run unequal, nothing more. An
//! idle instance is all zero: block 0 with multiplicities 0.

use crate::{
    builder::Builder,
    bus::{Bus, PARTS},
    lc::{pow2, Columns, Lc, F},
    microcode::{flags_of, FLAGS_PART, FLAG_CODES},
};
use ff::Field;
use std::{collections::HashMap, sync::OnceLock};
use zkmips_msm::Number;

/// Entries of the range table.
pub const RANGE: usize = 1 << 16;
/// Entries of a block of the logic table: one operation.
pub const LOGIC_BLOCK: usize = 256;
/// Blocks of the logic table.
pub const LOGIC_BLOCKS: usize = 4;
/// Entries of the shift table: 32 amounts, three classes.
pub const SHIFT: usize = 96;
/// Entries of the power table.
pub const POWER: usize = 33;

/// Where the result stands in an entry of the logic table.
pub const LOGIC_RESULT_SHIFT: u32 = 74;

/// What the operation is multiplied by in an entry of the logic table: `2^67 / 0x1111_1111`.
pub fn logic_operation_weight() -> F {
    let repunit = F::from(0x1111_1111).invert();
    pow2(67) * repunit.expect("a number below the modulus")
}

/// Entry of the logic table. `operation` is 0 to 3: and, or, xor, nor.
pub fn logic_entry(a: u32, b: u32, operation: usize) -> F {
    let c = [a & b, a | b, a ^ b, 15 & !(a | b)][operation];
    let nibble = |v: u32| F::from(u64::from(v));
    nibble(a)
        + nibble(b) * pow2(34)
        + nibble(c) * pow2(LOGIC_RESULT_SHIFT)
        + logic_operation_weight() * F::from(operation as u64)
}

/// Entry of the shift table: the amount and its class, and what `y` is multiplied by. Class 0 shifts right, 1 left, 2 rotates right.
pub fn shift_entry(amount: usize, class: usize) -> [F; 2] {
    let multiplier = match class {
        0 => pow2(32 - amount as u32),
        1 => pow2(amount as u32),
        _ => pow2(32 - amount as u32) * (pow2(32) + F::ONE),
    };
    let key = F::from(amount as u64) + F::from(class as u64) * pow2(80);
    [key, multiplier]
}

/// Entry of the power table.
pub fn power_entry(exponent: usize) -> [F; 2] {
    [F::from(exponent as u64), pow2(exponent as u32)]
}

/// Entry of the table of flags.
pub fn flags_entry(code: usize) -> [F; PARTS] {
    let mut entry = [F::ZERO; PARTS];
    entry[0] = F::from(code as u64);
    for (part, flag) in entry[FLAGS_PART..].iter_mut().zip(flags_of(code)) {
        *part = F::from(u64::from(flag));
    }
    entry
}

/// A block of the range table: `rows` consecutive values, `rows` a power of two up to 2^16.
/// Non-linear rows: `rows` and one per bit of the block's number.
pub fn synthesize_range_block(b: &mut Builder, rows: usize) {
    assert!(
        rows.is_power_of_two() && rows <= RANGE,
        "a block divides the range"
    );
    let mut base = Lc::zero();
    for i in rows.ilog2()..RANGE.ilog2() {
        base = base + b.bit("block of the range") * pow2(i);
    }
    for j in 0..rows {
        let m = b.column();
        b.produce("range", Bus::Range, &m, &[&base + j as u64]);
    }
}

/// Appends the base columns of the block `block` of the range table, which has as many values as there are multiplicities.
pub fn fill_range_block(block: usize, multiplicities: &[u64], out: &mut Columns) {
    let bits = RANGE.ilog2() - multiplicities.len().ilog2();
    out.extend((0..bits).map(|i| (block >> i & 1) as u64));
    out.extend(multiplicities.iter().copied());
}

/// A block of the logic table: one operation on all pairs of nibbles. 259 non-linear rows.
pub fn synthesize_logic_block(b: &mut Builder) {
    let o0 = b.bit("operation of the block");
    let o1 = b.bit("operation of the block");
    let both = b.product("operation of the block", &o0, &o1);
    let selectors = [1 - &o0 - &o1 + &both, &o0 - &both, &o1 - &both, both];
    for i in 0..LOGIC_BLOCK as u32 {
        // The entry of the operation that is selected, a constant times each selector.
        let entry = selectors
            .iter()
            .enumerate()
            .fold(Lc::zero(), |sum, (operation, selector)| {
                sum + selector * logic_entry(i % 16, i / 16, operation)
            });
        let m = b.column();
        b.produce("logic", Bus::Logic, &m, &[entry]);
    }
}

/// Appends the base columns of the block of an operation: 0 to 3, and, or, xor, nor.
pub fn fill_logic_block(operation: usize, multiplicities: &[u64], out: &mut Columns) {
    out.extend([operation & 1, operation >> 1].map(|bit| bit as u64));
    out.extend(multiplicities.iter().copied());
}

/// The whole shift table: 96 non-linear rows; its base columns are the multiplicities.
pub fn synthesize_shift_table(b: &mut Builder) {
    for i in 0..SHIFT {
        let m = b.column();
        let entry = shift_entry(i % 32, i / 32).map(Lc::constant);
        b.produce("shift", Bus::Shift, &m, &entry);
    }
}

/// The whole power table: 33 non-linear rows; its base columns are the multiplicities.
pub fn synthesize_power_table(b: &mut Builder) {
    for i in 0..POWER {
        let m = b.column();
        b.produce("power", Bus::Power, &m, &power_entry(i).map(Lc::constant));
    }
}

/// The whole table of flags: 64 non-linear rows; its base columns are the multiplicities.
pub fn synthesize_flags_table(b: &mut Builder) {
    for code in 0..FLAG_CODES {
        let m = b.column();
        b.produce(
            "flags",
            Bus::Flags,
            &m,
            &flags_entry(code).map(Lc::constant),
        );
    }
}

/// Whether a bus carries facts of these tables.
pub fn is_table(bus: Bus) -> bool {
    matches!(
        bus,
        Bus::Range | Bus::Logic | Bus::Shift | Bus::Power | Bus::Flags
    )
}

/// Where a tuple, given by its first parts, stands in the table of its bus; `None` if it is no fact. Logic entries are ordered by operation, then
/// `b`, then `a`; shift entries by class, then amount.
pub fn position(bus: Bus, tuple: &[Number<F>]) -> Option<usize> {
    type Index = HashMap<[F; 2], usize>;
    static LOGIC: OnceLock<Index> = OnceLock::new();
    static SHIFTS: OnceLock<Index> = OnceLock::new();
    let logic = || {
        let entry = |i: usize| logic_entry(i as u32 % 16, i as u32 / 16 % 16, i / LOGIC_BLOCK);
        (0..LOGIC_BLOCK * LOGIC_BLOCKS)
            .map(|i| ([entry(i), F::ZERO], i))
            .collect()
    };
    let shifts = || {
        (0..SHIFT)
            .map(|i| (shift_entry(i % 32, i / 32), i))
            .collect()
    };
    let part = |i: usize| tuple.get(i).copied().unwrap_or_default();
    let (first, second) = (part(0), part(1));
    let below = |bound: usize| usize::try_from(first.small()?).ok().filter(|x| *x < bound);
    if bus == Bus::Flags {
        let is_entry = |code: &usize| {
            let mut entry = flags_entry(*code).into_iter().enumerate();
            entry.all(|(i, x)| part(i).element() == x)
        };
        return below(FLAG_CODES).filter(is_entry);
    }
    if tuple.iter().skip(2).any(|part| part.small() != Some(0)) {
        return None;
    }
    let key = || [first.element(), second.element()];
    match bus {
        Bus::Range => below(RANGE).filter(|_| second.small() == Some(0)),
        Bus::Logic => LOGIC.get_or_init(logic).get(&key()).copied(),
        Bus::Shift => SHIFTS.get_or_init(shifts).get(&key()).copied(),
        Bus::Power => below(POWER).filter(|s| power_entry(*s) == key()),
        _ => None,
    }
}

/// A lookup that no table answers: a witness that is not honest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tuple on the {0:?} bus is not in its table")]
pub struct NotAFact(pub Bus);

/// How often each fact is looked up: the multiplicities of the tables.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Histograms {
    range: Vec<u64>,
    logic: Vec<u64>,
    shift: Vec<u64>,
    power: Vec<u64>,
    flags: Vec<u64>,
}

impl Default for Histograms {
    fn default() -> Self {
        Histograms {
            range: vec![0; RANGE],
            logic: vec![0; LOGIC_BLOCK * LOGIC_BLOCKS],
            shift: vec![0; SHIFT],
            power: vec![0; POWER],
            flags: vec![0; FLAG_CODES],
        }
    }
}

impl Histograms {
    fn tables(&mut self) -> [&mut Vec<u64>; 5] {
        [
            &mut self.range,
            &mut self.logic,
            &mut self.shift,
            &mut self.power,
            &mut self.flags,
        ]
    }

    /// Whether every fact has its place: a file may hold anything.
    pub(crate) fn is_whole(&self) -> bool {
        let Self {
            range,
            logic,
            shift,
            power,
            flags,
        } = self;
        let lengths = [range, logic, shift, power, flags].map(Vec::len);
        lengths == [RANGE, LOGIC_BLOCK * LOGIC_BLOCKS, SHIFT, POWER, FLAG_CODES]
    }

    /// Counts one lookup. Tuples of other buses are not counted.
    pub fn count(&mut self, bus: Bus, tuple: &[Number<F>]) -> Result<(), NotAFact> {
        if !is_table(bus) {
            return Ok(());
        }
        let i = position(bus, tuple).ok_or(NotAFact(bus))?;
        match bus {
            Bus::Range => self.range[i] += 1,
            Bus::Logic => self.logic[i] += 1,
            Bus::Shift => self.shift[i] += 1,
            Bus::Flags => self.flags[i] += 1,
            _ => self.power[i] += 1,
        }
        Ok(())
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, mut other: Histograms) {
        for (mine, theirs) in self.tables().into_iter().zip(other.tables()) {
            for (m, t) in mine.iter_mut().zip(theirs) {
                *m += *t;
            }
        }
    }

    /// Multiplicities of the block `block` of the range table, blocks being of `rows` values.
    pub fn range_block(&self, rows: usize, block: usize) -> &[u64] {
        &self.range[rows * block..rows * (block + 1)]
    }

    /// Multiplicities of the block of a logic operation, 0 to 3.
    pub fn logic_block(&self, operation: usize) -> &[u64] {
        &self.logic[LOGIC_BLOCK * operation..LOGIC_BLOCK * (operation + 1)]
    }

    /// Multiplicities of the small tables: of shifts, powers and flags.
    pub fn small(&self) -> [&[u64]; 3] {
        [&self.shift, &self.power, &self.flags]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bus::tuple,
        chip::fill_idle,
        microcode::{Entry, FLAGS_SHIFT},
        segment::Segment,
        testing::{challenges, filled, lone, small},
    };
    use ff::PrimeField;

    /// The facts that filled columns produce, with their multiplicities, every row holding.
    fn facts(segment: &Segment, base: &[F]) -> Vec<(Bus, [F; PARTS], u64)> {
        let pre = segment.expand(base);
        let flat = segment.assignment(&pre, &challenges());
        assert_eq!(segment.violation(&flat), None);
        let crossings = segment.crossings(&pre).into_iter();
        crossings
            .map(|c| (c.bus, c.tuple, small(&c.multiplicity).unwrap()))
            .collect()
    }

    /// Multiplicities without zeros, all different.
    fn counts(n: usize, seed: usize) -> Vec<u64> {
        (0..n).map(|i| (seed + i + 1) as u64).collect()
    }

    #[test]
    fn range_blocks_produce_their_values_once() {
        let rows = 1 << 13;
        let segment = lone(|b| synthesize_range_block(b, rows));
        let mut seen = vec![0; RANGE];
        for block in 0..8 {
            let base = filled(|out| fill_range_block(block, &counts(rows, block * rows), out));
            for (bus, tuple, m) in facts(&segment, &base) {
                let x = small(&tuple[0]).unwrap();
                assert_eq!((bus, m), (Bus::Range, x + 1));
                assert_eq!(position(bus, &tuple.map(Number::from)), Some(x as usize));
                seen[x as usize] += 1;
            }
        }
        assert!(seen.iter().all(|n| *n == 1));
        assert!(lone(|b| synthesize_range_block(b, RANGE)).base_columns() == RANGE);
    }

    #[test]
    fn no_block_produces_another_value() {
        let segment = lone(|b| synthesize_range_block(b, 16));
        let honest = filled(|out| fill_range_block(5, &counts(16, 0), out));
        for column in 0..12 {
            for value in [F::from(2), -F::ONE, F::TWO_INV, F::from(4096)] {
                let mut base = honest.clone();
                base[column] = value;
                let pre = segment.expand(&base);
                let flat = segment.assignment(&pre, &challenges());
                assert!(segment.violation(&flat).is_some());
            }
        }
    }

    #[test]
    fn logic_blocks_produce_what_the_operations_say() {
        let segment = lone(synthesize_logic_block);
        for operation in 0..4u64 {
            let base = filled(|out| fill_logic_block(operation as usize, &counts(256, 0), out));
            let facts = facts(&segment, &base);
            assert_eq!(facts.len(), 256);
            let mut seen = std::collections::HashSet::new();
            for (bus, tuple, m) in facts {
                // Everything times the repunit is an integer: read the parts off its bits.
                let whole = tuple[0] * F::from(0x1111_1111);
                let (a, b) = ((m - 1) % 16, (m - 1) / 16);
                let c = match operation {
                    0 => a & b,
                    1 => a | b,
                    2 => a ^ b,
                    _ => 15 - (a | b),
                };
                let nibbles = F::from(a) + F::from(b) * pow2(34) + F::from(c) * pow2(74);
                let expected = nibbles * F::from(0x1111_1111) + F::from(operation) * pow2(67);
                assert_eq!(whole, expected);
                let index = (operation * 256 + b * 16 + a) as usize;
                assert_eq!(position(bus, &tuple.map(Number::from)), Some(index));
                assert!(seen.insert((a, b)));
            }
        }
        for column in 0..2 {
            for value in [F::from(2), -F::ONE, F::TWO_INV] {
                let mut base = vec![F::ZERO; 258];
                base[column] = value;
                let pre = segment.expand(&base);
                let flat = segment.assignment(&pre, &challenges());
                assert!(segment.violation(&flat).is_some());
            }
        }
    }

    #[test]
    fn small_tables_produce_powers() {
        let powers = lone(synthesize_power_table);
        let base: Vec<F> = counts(POWER, 0).into_iter().map(F::from).collect();
        for (bus, found, m) in facts(&powers, &base) {
            let s = m - 1;
            let expected = tuple(&[F::from(s), F::from(1 << s)]);
            assert_eq!((bus, found), (Bus::Power, expected));
            assert_eq!(position(bus, &found.map(Number::from)), Some(s as usize));
        }
        let shifts = lone(synthesize_shift_table);
        let base: Vec<F> = counts(SHIFT, 0).into_iter().map(F::from).collect();
        let facts = facts(&shifts, &base);
        assert_eq!(facts.len(), SHIFT);
        for (bus, found, m) in facts {
            let (s, class) = ((m - 1) % 32, (m - 1) / 32);
            let q = match class {
                0 => F::from(1 << (32 - s)),
                1 => F::from(1 << s),
                _ => F::from(1 << (32 - s)) * F::from((1 << 32) + 1),
            };
            let key = F::from(s) + F::from_u128(u128::from(class) << 80);
            let expected = tuple(&[key, q]);
            assert_eq!((bus, found), (Bus::Shift, expected));
            assert_eq!(
                position(bus, &found.map(Number::from)),
                Some(m as usize - 1)
            );
        }
    }

    #[test]
    fn codes_of_flags_mean_what_entries_say() {
        let table = lone(synthesize_flags_table);
        let base: Vec<F> = counts(FLAG_CODES, 0).into_iter().map(F::from).collect();
        let mut facts = facts(&table, &base).into_iter();
        for code in 0..FLAG_CODES {
            let bit = |i: usize| code >> i & 1 == 1;
            let entry = Entry {
                dispatch: bit(0),
                minus: bit(1),
                branch: bit(2),
                jump: bit(3),
                jump_register: bit(4),
                last: bit(5),
                ..Entry::nothing(0)
            };
            assert_eq!(entry.control() >> FLAGS_SHIFT, code as u32);
            let mut expected = entry.tuple();
            expected[0] = F::from(code as u64);
            assert_eq!(facts.next(), Some((Bus::Flags, expected, code as u64 + 1)));
            assert_eq!(
                position(Bus::Flags, &expected.map(Number::from)),
                Some(code)
            );
        }
        assert_eq!(facts.next(), None);
    }

    #[test]
    fn what_is_no_fact_has_no_position() {
        let [one, two] = [F::ONE, F::from(2)];
        let false_facts = [
            (Bus::Range, tuple(&[F::from(1 << 16)])),
            (Bus::Range, tuple(&[-one])),
            (Bus::Range, tuple(&[F::TWO_INV])),
            (Bus::Range, tuple(&[pow2(64)])),
            (Bus::Range, tuple(&[one, one])),
            (Bus::Power, tuple(&[F::from(33), pow2(33)])),
            (Bus::Power, tuple(&[one, one])),
            (Bus::Power, tuple(&[one, two, one])),
            (Bus::Shift, tuple(&[F::from(32), one])),
            (Bus::Shift, tuple(&[one, two])),
            (Bus::Logic, tuple(&[F::from(16)])),
            (Bus::Logic, tuple(&[logic_entry(3, 5, 0) + pow2(74)])),
            (Bus::Logic, tuple(&[logic_entry(3, 5, 0), one])),
            (Bus::Flags, tuple(&[one])),
            (Bus::Flags, tuple(&[F::from(64)])),
            (Bus::Flags, flags_entry(3).map(|part| part + part)),
            (Bus::Flags, {
                let mut entry = flags_entry(0);
                entry[PARTS - 1] = one;
                entry
            }),
            (Bus::Memory, tuple(&[one])),
        ];
        for (bus, parts) in false_facts {
            let parts = parts.map(Number::from);
            assert_eq!(position(bus, &parts), None, "{bus:?} {parts:?}");
            let counted = Histograms::default().count(bus, &parts);
            assert_eq!(counted.is_err(), is_table(bus));
        }
    }

    #[test]
    fn histograms_count() {
        let mut h = Histograms::default();
        let mut count = |bus, tuple: [F; PARTS]| h.count(bus, &tuple.map(Number::from)).unwrap();
        let mut t = [F::ZERO; PARTS];
        t[0] = F::from(0x1234);
        for _ in 0..3 {
            count(Bus::Range, t);
        }
        t[0] = logic_entry(3, 5, 2);
        count(Bus::Logic, t);
        [t[0], t[1]] = shift_entry(7, 1);
        count(Bus::Shift, t);
        [t[0], t[1]] = power_entry(32);
        count(Bus::Power, t);
        count(Bus::Flags, flags_entry(33));
        let mut twice = h.clone();
        twice.merge(h);
        assert_eq!(twice.range_block(256, 0x12)[0x34], 6);
        assert_eq!(twice.logic_block(2)[5 * 16 + 3], 2);
        let [shift, power, flags] = twice.small();
        assert_eq!((shift[39], power[32], flags[33]), (2, 2, 2));
        let total: u64 = [twice.range_block(RANGE, 0), shift, power, flags]
            .into_iter()
            .flatten()
            .chain((0..4).flat_map(|o| twice.logic_block(o)))
            .sum();
        assert_eq!(total, 14);
    }

    #[test]
    fn idle_blocks_are_zero_and_sizes_are_as_told() {
        let sizes = [
            (lone(|b| synthesize_range_block(b, 4096)), 4096 + 4),
            (lone(synthesize_logic_block), 256 + 3),
            (lone(synthesize_shift_table), 96),
            (lone(synthesize_power_table), 33),
            (lone(synthesize_flags_table), 64),
        ];
        for (segment, rows) in sizes {
            let nonlinear = (0..segment.num_rows()).filter(|r| segment.is_nonlinear(*r));
            // The powers of gamma up to the tag are rows of the segment, not of the table.
            assert_eq!(nonlinear.count(), rows + PARTS - 1);
            let idle = filled(|out| fill_idle(segment.base_columns(), out));
            assert!(facts(&segment, &idle).is_empty());
        }
    }
}
