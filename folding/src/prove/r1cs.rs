//! Rank-one constraints `A z o B z = C z`, row by row.
//!
//! Provers read the matrices in this one form (verifiers in that of [`crate::compact`]): eight bytes an entry, because nearly all coefficients are 1 or -1 and the
//! others are few different ones. The rows are collected as circuits emit them.
use ff::PrimeField;
use nova_snark::frontend::{ConstraintSystem, Index, LinearCombination, SynthesisError, Variable};
use rayon::prelude::*;
use std::{collections::HashMap, ops::Range};
use zkmips_msm::{Backend, PastaField};

/// Rows that one thread multiplies at a time.
const CHUNK: usize = 1 << 11;

/// Coefficients by index: the first two are not looked up.
const ONE: u32 = 0;
const MINUS_ONE: u32 = 1;

/// One entry of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    column: u32,
    coefficient: u32,
}

/// A sparse matrix. Columns are those of `z = (W, u, X)`.
#[derive(Clone, Debug)]
pub struct Matrix<F> {
    /// Where the entries of each row end.
    ends: Vec<u32>,
    entries: Vec<Entry>,
    coefficients: Vec<F>,
}

impl<F: PrimeField> Default for Matrix<F> {
    fn default() -> Self {
        Self {
            ends: Vec::new(),
            entries: Vec::new(),
            coefficients: vec![F::ONE, -F::ONE],
        }
    }
}

impl<F: PrimeField> Matrix<F> {
    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.ends.len()
    }

    /// Number of entries.
    pub fn num_entries(&self) -> usize {
        self.entries.len()
    }

    #[inline(always)]
    fn row(&self, row: usize) -> &[Entry] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.entries[start as usize..self.ends[row] as usize]
    }

    /// The entry's coefficient times `x`.
    #[inline(always)]
    fn times(&self, entry: &Entry, x: F) -> F {
        match entry.coefficient {
            ONE => x,
            MINUS_ONE => -x,
            i => x * self.coefficients[i as usize],
        }
    }

    /// The entries of a row, each times `x` and with its column.
    #[inline(always)]
    pub(crate) fn scaled_row(&self, row: usize, x: F) -> impl Iterator<Item = (usize, F)> + '_ {
        let entries = self.row(row).iter();
        entries.map(move |entry| (entry.column as usize, self.times(entry, x)))
    }

    /// A row times `z`. Most values of idle rows are zero, so a product is the exception.
    #[inline(always)]
    fn dot(&self, row: usize, z: &[F]) -> F {
        let mut sum = F::ZERO;
        for entry in self.row(row) {
            let x = z[entry.column as usize];
            match entry.coefficient {
                ONE => sum += x,
                MINUS_ONE => sum -= x,
                _ if x == F::ZERO => (),
                i if x == F::ONE => sum += self.coefficients[i as usize],
                i => sum += x * self.coefficients[i as usize],
            }
        }
        sum
    }

    /// All entries in their order: row, column, value.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize, F)> + '_ {
        (0..self.num_rows()).flat_map(move |row| {
            let value = |entry: &Entry| self.coefficients[entry.coefficient as usize];
            let entries = self.row(row).iter();
            entries.map(move |entry| (row, entry.column as usize, value(entry)))
        })
    }

    /// Whether a row has the constant only, which is in column `one`.
    fn is_constant(&self, row: usize, one: usize) -> bool {
        self.row(row).iter().all(|e| e.column as usize == one)
    }
}

/// The rows of a circuit.
#[derive(Clone, Debug)]
pub struct R1cs<F> {
    num_vars: usize,
    num_io: usize,
    a: Matrix<F>,
    b: Matrix<F>,
    c: Matrix<F>,
    /// Rows that have no cross term. A *linear* row, whose A or B has only the constant, is one: `a u` times `B z` is `u C z` in both instances, so
    /// what they fold to holds without an error. See also [`Self::mark_multiples`].
    crossless: Vec<bool>,
}

impl<F: PrimeField> R1cs<F> {
    /// Rows over `num_vars` private variables, the constant and `num_io` public ones.
    pub fn new(num_vars: usize, num_io: usize, [a, b, c]: [Matrix<F>; 3]) -> Self {
        let crossless = (0..a.num_rows())
            .map(|row| a.is_constant(row, num_vars) || b.is_constant(row, num_vars))
            .collect();
        Self {
            num_vars,
            num_io,
            a,
            b,
            c,
            crossless,
        }
    }

    /// Number of rows.
    pub fn num_cons(&self) -> usize {
        self.crossless.len()
    }

    /// Number of private variables: the length of `W`.
    pub fn num_vars(&self) -> usize {
        self.num_vars
    }

    /// Number of public variables: the length of `X`.
    pub fn num_io(&self) -> usize {
        self.num_io
    }

    /// A, B and C.
    pub fn matrices(&self) -> [&Matrix<F>; 3] {
        [&self.a, &self.b, &self.c]
    }

    /// Whether the cross term of a row is always zero.
    pub fn is_crossless(&self, row: usize) -> bool {
        self.crossless[row]
    }

    /// Marks the rows `c x = m` that define one of these variables `m`, where `c` is a variable that has the same value in all fresh instances, as a
    /// power of gamma has. A running instance then has `c u` in its place, so these rows have no cross term, like linear ones.
    pub(crate) fn mark_multiples(&mut self, variables: impl Iterator<Item = usize>) {
        let mut is_multiple = vec![false; self.num_vars];
        variables.for_each(|variable| is_multiple[variable] = true);
        for (row, crossless) in self.crossless.iter_mut().enumerate() {
            if let ([_], [m]) = (self.a.row(row), self.c.row(row)) {
                let place = is_multiple.get(m.column as usize);
                *crossless |= m.coefficient == ONE && place == Some(&true);
            }
        }
    }

    /// `A z`, `B z` and `C z`. `z` has a value for each column.
    pub fn multiply(&self, z: &[F]) -> [Vec<F>; 3] {
        self.matrices().map(|matrix| {
            let rows = (0..self.num_cons()).into_par_iter().with_min_len(CHUNK);
            rows.map(|row| matrix.dot(row, z)).collect()
        })
    }
}

impl<F: PastaField> R1cs<F> {
    /// Multiplies the rows of a range that have a cross term by `z = (W, 1, X)`, which satisfies them, so that `C z` is `A z o B z`. The
    /// products of other rows are left as they are.
    pub(crate) fn multiply_satisfied(
        &self,
        z: &[F],
        rows: Range<usize>,
        [az, bz, cz]: [&mut [F]; 3],
    ) {
        let first = rows.start;
        az[rows.clone()]
            .par_chunks_mut(CHUNK)
            .zip(bz[rows.clone()].par_chunks_mut(CHUNK))
            .zip(cz[rows].par_chunks_mut(CHUNK))
            .enumerate()
            .for_each(|(i, ((az, bz), cz))| {
                for (k, (az, bz)) in az.iter_mut().zip(bz.iter_mut()).enumerate() {
                    let row = first + i * CHUNK + k;
                    if !self.crossless[row] {
                        *az = self.a.dot(row, z);
                        *bz = self.b.dot(row, z);
                    }
                }
                Backend::current().multiply(cz, az, bz);
            });
    }
}

/// Collects the rows that a circuit emits.
#[derive(Debug)]
pub(crate) struct Collector<F> {
    matrices: [Matrix<F>; 3],
    /// Where each matrix keeps the coefficients that are neither 1 nor -1.
    known: [HashMap<Vec<u8>, u32>; 3],
    num_vars: usize,
    num_inputs: usize,
}

/// Marks columns of public variables, which come after the private ones, while it is not known how many of those there are.
const INPUT: u32 = 1 << 31;

impl<F: PrimeField> Collector<F> {
    pub(crate) fn new() -> Self {
        Self {
            matrices: Default::default(),
            known: Default::default(),
            num_vars: 0,
            // The constant.
            num_inputs: 1,
        }
    }

    /// Rows and private variables so far.
    pub(crate) fn measure(&self) -> (usize, usize) {
        (self.matrices[0].num_rows(), self.num_vars)
    }

    /// All rows.
    pub(crate) fn finish(self) -> R1cs<F> {
        let Self {
            mut matrices,
            num_vars,
            num_inputs,
            ..
        } = self;
        for matrix in &mut matrices {
            matrix.entries.shrink_to_fit();
            matrix.ends.shrink_to_fit();
            for entry in &mut matrix.entries {
                if entry.column & INPUT != 0 {
                    entry.column = entry.column - INPUT + num_vars as u32;
                }
            }
        }
        R1cs::new(num_vars, num_inputs - 1, matrices)
    }

    fn push(&mut self, part: usize, row: &LinearCombination<F>) {
        let matrix = &mut self.matrices[part];
        for (variable, coefficient) in row.iter() {
            if *coefficient == F::ZERO {
                continue;
            }
            let column = match variable.get_unchecked() {
                Index::Aux(i) => index(i),
                Index::Input(i) => INPUT | index(i),
            };
            let known = &mut self.known[part];
            let coefficient = intern(&mut matrix.coefficients, known, *coefficient);
            matrix.entries.push(Entry {
                column,
                coefficient,
            });
        }
        matrix.ends.push(index(matrix.entries.len()));
    }
}

/// Keys are far shorter than this.
fn index(i: usize) -> u32 {
    assert!(i < INPUT as usize, "a circuit has fewer than 2^31 entries");
    i as u32
}

fn intern<F: PrimeField>(
    coefficients: &mut Vec<F>,
    known: &mut HashMap<Vec<u8>, u32>,
    coefficient: F,
) -> u32 {
    // Hashing takes longer than looking.
    if let Some(unit) = coefficients[..2].iter().position(|c| *c == coefficient) {
        return unit as u32;
    }
    let key = coefficient.to_repr().as_ref().to_vec();
    *known.entry(key).or_insert_with(|| {
        coefficients.push(coefficient);
        coefficients.len() as u32 - 1
    })
}

impl<F: PrimeField> ConstraintSystem<F> for Collector<F> {
    type Root = Self;

    fn alloc<V, A, AR>(&mut self, _: A, _: V) -> Result<Variable, SynthesisError>
    where
        V: FnOnce() -> Result<F, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.num_vars += 1;
        Ok(Variable::new_unchecked(Index::Aux(self.num_vars - 1)))
    }

    fn alloc_input<V, A, AR>(&mut self, _: A, _: V) -> Result<Variable, SynthesisError>
    where
        V: FnOnce() -> Result<F, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.num_inputs += 1;
        Ok(Variable::new_unchecked(Index::Input(self.num_inputs - 1)))
    }

    fn enforce<A, AR, LA, LB, LC>(&mut self, _: A, a: LA, b: LB, c: LC)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
        LA: FnOnce(LinearCombination<F>) -> LinearCombination<F>,
        LB: FnOnce(LinearCombination<F>) -> LinearCombination<F>,
        LC: FnOnce(LinearCombination<F>) -> LinearCombination<F>,
    {
        self.push(0, &a(LinearCombination::zero()));
        self.push(1, &b(LinearCombination::zero()));
        self.push(2, &c(LinearCombination::zero()));
    }

    fn push_namespace<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn pop_namespace(&mut self) {}

    fn get_root(&mut self) -> &mut Self::Root {
        self
    }
}

#[cfg(test)]
impl<F: PrimeField> Matrix<F> {
    /// The matrix with these entries, which are sorted by row: row, column, value.
    pub(crate) fn from_entries(entries: &[(usize, usize, F)], num_rows: usize) -> Self {
        let mut matrix = Self::default();
        let mut known = HashMap::new();
        for (row, column, value) in entries {
            matrix.ends.resize(*row, matrix.entries.len() as u32);
            let coefficient = intern(&mut matrix.coefficients, &mut known, *value);
            let column = *column as u32;
            matrix.entries.push(Entry {
                column,
                coefficient,
            });
        }
        matrix.ends.resize(num_rows, matrix.entries.len() as u32);
        matrix
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        prove::tests::toy::{params, LOOKUPS},
        ro::F1,
    };
    use ff::Field;
    use rand_core::OsRng;

    /// Small values, zeros and large ones.
    fn values(len: usize) -> Vec<F1> {
        (0..len as u64)
            .map(|i| match i % 4 {
                0 => F1::ZERO,
                1 => F1::ONE,
                2 => F1::from(i),
                _ => F1::random(&mut OsRng),
            })
            .collect()
    }

    /// A row times `z`, from the definition.
    fn plain(matrix: &Matrix<F1>, z: &[F1]) -> Vec<F1> {
        let mut sums = vec![F1::ZERO; matrix.num_rows()];
        for (row, column, value) in matrix.iter() {
            sums[row] += value * z[column];
        }
        sums
    }

    #[test]
    fn products_are_those_of_the_entries() {
        let pp = params();
        let shape = &pp.primary.shape;
        let n = shape.num_cons();
        let z = values(shape.num_vars() + 1 + shape.num_io());
        let expected = shape.matrices().map(|matrix| plain(matrix, &z));
        assert_eq!(shape.multiply(&z), expected);
        let [expected_a, expected_b, _] = expected;

        let [mut az, mut bz, mut cz] = [0; 3].map(|_| vec![F1::ZERO; n]);
        // In parts, as the prover does it.
        let step = pp.step_rows.clone();
        for part in [0..step.start, step.clone(), step.end..n] {
            shape.multiply_satisfied(&z, part, [&mut az, &mut bz, &mut cz]);
        }
        let (mut linear, mut multiples) = (0, 0);
        for i in 0..n {
            if shape.is_crossless(i) {
                assert_eq!([az[i], bz[i], cz[i]], [F1::ZERO; 3], "row {i}");
                let is_constant = |m: &Matrix<F1>| constant(m, i, shape.num_vars());
                let [a, b, c] = shape.matrices();
                if is_constant(a) || is_constant(b) {
                    linear += 1;
                } else {
                    multiples += 1;
                    let gamma = Entry {
                        column: pp.step_inputs[3] as u32,
                        coefficient: ONE,
                    };
                    assert_eq!((a.row(i), c.row(i).len()), (&[gamma][..], 1), "row {i}");
                }
            } else {
                assert_eq!([az[i], bz[i]], [expected_a[i], expected_b[i]], "row {i}");
                assert_eq!(cz[i], az[i] * bz[i], "row {i}");
            }
        }
        assert!(linear > 0 && linear + multiples < n);
        assert_eq!(multiples, LOOKUPS);
    }

    /// Whether the row names no variable but the constant.
    fn constant(matrix: &Matrix<F1>, row: usize, one: usize) -> bool {
        matrix
            .iter()
            .filter(|(r, ..)| *r == row)
            .all(|(_, column, _)| column == one)
    }

    #[test]
    fn rows_are_collected_as_they_are_emitted() {
        let mut cs = Collector::<F1>::new();
        let absent = || Err(SynthesisError::AssignmentMissing);
        let x = cs.alloc(|| "x", absent).unwrap();
        let out = cs.alloc_input(|| "out", absent).unwrap();
        let seven = F1::from(7);
        let one = Collector::<F1>::one();
        cs.enforce(
            || "a row",
            |lc| lc + x + (seven, one) + (F1::ZERO, out),
            |lc| lc - x,
            |lc| lc + out + (seven, x) + (seven, one),
        );
        // A variable that comes later moves the public ones.
        let y = cs.alloc(|| "y", absent).unwrap();
        cs.enforce(|| "another", |lc| lc, |lc| lc + one, |lc| lc + y);
        assert_eq!(cs.measure(), (2, 2));
        let shape = cs.finish();
        assert_eq!(
            (shape.num_cons(), shape.num_vars(), shape.num_io()),
            (2, 2, 1)
        );
        let entries = shape.matrices().map(|m| m.iter().collect::<Vec<_>>());
        let one = F1::ONE;
        assert_eq!(entries[0], [(0, 2, seven), (0, 0, one)]);
        assert_eq!(entries[1], [(0, 0, -one), (1, 2, one)]);
        assert_eq!(
            entries[2],
            [(0, 2, seven), (0, 3, one), (0, 0, seven), (1, 1, one)]
        );
        assert!(!shape.is_crossless(0) && shape.is_crossless(1));
    }
}
