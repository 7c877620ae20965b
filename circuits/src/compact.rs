//! A dense store of linear combinations: millions of terms in three flat arrays.

use crate::lc::{Columns, Lc, Var, F};
use ff::Field;
use std::collections::HashMap;
use zkmips_msm::Number;

const KIND_BITS: u32 = 28;

fn encode(v: Var) -> u32 {
    let (kind, index) = match v {
        Var::One => (0, 0),
        Var::StateIn => (0, 1),
        Var::SumIn => (0, 2),
        Var::Alpha => (0, 3),
        Var::Gamma => (0, 4),
        Var::Pre(i) => (1, i),
        Var::Scaled(i) => (2, i),
        Var::Inverse(i) => (3, i),
        Var::Tail(i) => (4, i),
    };
    assert!(
        index < 1 << KIND_BITS,
        "a segment has fewer than 2^28 variables of a kind"
    );
    kind << KIND_BITS | index
}

/// Where each kind of variable starts in the flat assignment
/// `[1, z[0], z[1], alpha, gamma, pre.., scaled.., inverses.., tail..]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Number of `pre` columns, padding included.
    pub pre: u32,
    /// Number of scaled products.
    pub scaled: u32,
    /// Number of inverses.
    pub inverses: u32,
    /// Number of tail variables.
    pub tail: u32,
}

/// Variables before the first `pre` column: one, `z[0]`, `z[1]`, alpha, gamma.
pub const HEAD: u32 = 5;

impl Layout {
    /// Position of a variable in the flat assignment.
    pub fn position(&self, v: Var) -> u32 {
        self.flatten(encode(v))
    }

    /// Length of the flat assignment.
    pub fn len(&self) -> usize {
        (HEAD + self.pre + self.scaled + self.inverses + self.tail) as usize
    }

    fn flatten(&self, code: u32) -> u32 {
        let index = code & ((1 << KIND_BITS) - 1);
        index
            + match code >> KIND_BITS {
                0 => 0,
                1 => HEAD,
                2 => HEAD + self.pre,
                3 => HEAD + self.pre + self.scaled,
                _ => HEAD + self.pre + self.scaled + self.inverses,
            }
    }
}

/// The values of a flat assignment's variables, in the parts in which the prover holds them. A part may end where nothing has been
/// computed yet.
#[derive(Clone, Copy, Debug)]
pub struct Assignment<'a> {
    /// One, `z[0]`, `z[1]`, alpha, gamma.
    pub head: [F; HEAD as usize],
    /// All `pre` columns.
    pub pre: &'a [F],
    /// What comes after them.
    pub post: &'a [F],
    /// Number of `pre` columns, those not computed yet included.
    pub pre_len: u32,
}

/// Something that knows the values of variables.
pub trait Values {
    /// The value at a position of the flat assignment, that of the constant excepted.
    fn get(&self, position: u32) -> F;
}

/// What is known before any challenge.
impl Values for Columns {
    #[inline(always)]
    fn get(&self, position: u32) -> F {
        self.element((position - HEAD) as usize)
    }
}

impl Values for Assignment<'_> {
    #[inline(always)]
    fn get(&self, position: u32) -> F {
        match position.checked_sub(HEAD) {
            None => self.head[position as usize],
            Some(i) if i < self.pre_len => self.pre[i as usize],
            Some(i) => self.post[(i - self.pre_len) as usize],
        }
    }
}

/// Interned coefficients; index 0 is one and index 1 is minus one.
#[derive(Debug, Clone)]
pub struct Coefficients {
    values: Vec<F>,
    /// Those that are integers of at most [`INTEGER_BITS`] bits; 0, which is no coefficient, in place of the others.
    integers: Vec<i64>,
    index: HashMap<F, u32>,
}

impl Default for Coefficients {
    fn default() -> Self {
        let values = vec![F::ONE, -F::ONE];
        let index = values
            .iter()
            .enumerate()
            .map(|(i, v)| (*v, i as u32))
            .collect();
        Coefficients {
            integers: values.iter().map(|c| integer(*c)).collect(),
            values,
            index,
        }
    }
}

/// Most bits of an integer coefficient.
const INTEGER_BITS: u32 = 40;

/// The integer that a coefficient is, or 0 if it has too many bits.
fn integer(c: F) -> i64 {
    let small = Number::from(c).small();
    small
        .filter(|c| c.unsigned_abs() >> INTEGER_BITS == 0)
        .unwrap_or(0)
}

impl Coefficients {
    fn intern(&mut self, c: F) -> u32 {
        // Nearly all coefficients are one or minus one, and hashing takes longer than looking.
        if let Some(known) = self.values[..2].iter().position(|value| *value == c) {
            return known as u32;
        }
        let next = self.values.len() as u32;
        let (values, integers) = (&mut self.values, &mut self.integers);
        *self.index.entry(c).or_insert_with(|| {
            values.push(c);
            integers.push(integer(c));
            next
        })
    }

    /// The coefficient with this index.
    #[inline(always)]
    pub fn get(&self, i: u32) -> F {
        self.values[i as usize]
    }

    /// The coefficient with this index, if it is an integer of at most [`INTEGER_BITS`] bits.
    #[inline(always)]
    fn integer(&self, i: u32) -> Option<i64> {
        let c = self.integers[i as usize];
        (c != 0).then_some(c)
    }
}

/// A list of linear combinations.
#[derive(Debug, Clone, Default)]
pub struct LcList {
    ends: Vec<u32>,
    variables: Vec<u32>,
    coefficients: Vec<u32>,
}

impl LcList {
    /// Appends one.
    pub fn push(&mut self, lc: &Lc, table: &mut Coefficients) {
        for (v, c) in lc.terms() {
            self.variables.push(encode(*v));
            self.coefficients.push(table.intern(*c));
        }
        let end = u32::try_from(self.variables.len()).expect("fewer than 2^32 non-zeros");
        self.ends.push(end);
    }

    /// Number of linear combinations.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Number of non-zero coefficients.
    pub fn non_zeros(&self) -> usize {
        self.variables.len()
    }

    /// Replaces variable codes by positions in the flat assignment.
    pub fn flatten(&mut self, layout: &Layout) {
        for v in &mut self.variables {
            *v = layout.flatten(*v);
        }
    }

    /// The terms of one, as (position or code, coefficient index).
    pub fn terms(&self, i: usize) -> impl Iterator<Item = (u32, u32)> + '_ {
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        let range = start..self.ends[i] as usize;
        self.variables[range.clone()]
            .iter()
            .copied()
            .zip(self.coefficients[range].iter().copied())
    }

    /// The value of one under an assignment (after `flatten`).
    pub fn evaluate(&self, i: usize, table: &Coefficients, values: &impl Values) -> F {
        let mut sum = F::ZERO;
        for (v, c) in self.terms(i) {
            if v == 0 {
                sum += table.get(c);
                continue;
            }
            let x = values.get(v);
            match c {
                0 => sum += x,
                1 => sum -= x,
                // Idle rows are all zero: a comparison is cheaper than a product.
                _ if x == F::ZERO => (),
                _ => sum += x * table.get(c),
            }
        }
        sum
    }

    /// The value of one that mentions no variables but `pre` (after `flatten`): computed with integers if all in it are small.
    #[inline]
    pub fn number(&self, i: usize, table: &Coefficients, pre: &Columns) -> Number<F> {
        match self.integer(i, table, pre) {
            Some(x) => Number::Integer(x),
            None => Number::from(self.evaluate(i, table, pre)),
        }
    }

    /// A term is less than 2^102, so the sum of fewer than 2^25 of them fits.
    #[inline(always)]
    fn integer(&self, i: usize, table: &Coefficients, pre: &Columns) -> Option<i128> {
        let mut sum = 0;
        for (v, c) in self.terms(i) {
            let x = match v.checked_sub(HEAD) {
                Some(column) => pre.small(column as usize)?,
                None => 1,
            };
            // Idle rows are all zero, and then no coefficient matters.
            if x != 0 {
                sum += i128::from(x) * i128::from(table.integer(c)?);
            }
        }
        Some(sum)
    }

    /// Whether one mentions no variable but the constant (after `flatten`).
    pub fn is_constant(&self, i: usize) -> bool {
        self.terms(i).all(|(v, _)| v == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lc::pow2;
    use ff::PrimeField;

    /// Coefficients and values on both sides of every bound.
    fn edges() -> Vec<F> {
        let powers = [0, 1, 31, 39, 40, 61, 62, 64, 100].map(pow2);
        let mut edges = vec![F::TWO_INV, F::TWO_INV.square()];
        for power in powers {
            edges.extend([power, power - F::ONE, -power, F::ONE - power]);
        }
        edges
    }

    #[test]
    fn integers_give_what_elements_give() {
        let edges = edges();
        let columns = Columns::from_elements(&edges);
        let n = edges.len() as u32;
        let layout = Layout {
            pre: n,
            scaled: 0,
            inverses: 0,
            tail: 0,
        };
        let (mut table, mut list) = (Coefficients::default(), LcList::default());
        let term = |i: u32, c: &F| Lc::term(Var::Pre(i % n), *c);
        for i in 0..n {
            for c in &edges {
                list.push(&term(i, c), &mut table);
                let sum = term(i, c) + term(i + 7, &edges[3]) + Lc::constant(*c);
                list.push(&sum, &mut table);
            }
        }
        list.flatten(&layout);
        let assignment = Assignment {
            head: [F::ONE; HEAD as usize],
            pre: &edges,
            post: &[],
            pre_len: n,
        };
        let (mut integers, mut small) = (0, 0);
        for i in 0..list.len() {
            let expected = list.evaluate(i, &table, &assignment);
            assert_eq!(list.evaluate(i, &table, &columns), expected);
            let number = list.number(i, &table, &columns);
            assert_eq!(number.element(), expected);
            assert_eq!(number.small(), Number::from(expected).small());
            integers += usize::from(matches!(number, Number::Integer(_)));
            small += usize::from(number.small().is_some());
        }
        assert!(
            small < integers && integers < list.len(),
            "all ways are taken"
        );
    }
}
