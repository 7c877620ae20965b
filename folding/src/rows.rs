//! The rows of a shape in the form in which the prover multiplies them.
//!
//! Most coefficients are 1 or -1 and most values of idle rows are zero, so a product of field elements is the exception. C is not needed:
//! in a fresh instance whose rows hold, `C z` is `A z o B z`. A *linear* row, whose A or B has only the constant, has no cross term: `a u`
//! times `B z` is `u C z` in both instances, so what they fold to holds without an error. Linear rows are left out.
use crate::{relation::Products, PastaEngine};
use ff::PrimeField;
use nova_snark::r1cs::{R1CSShape, SparseMatrix};
use rayon::prelude::*;
use std::{collections::HashMap, hash::Hash, ops::Range};
use zkmips_msm::Backend;

/// Rows that one thread multiplies at a time.
const CHUNK: usize = 1 << 11;

/// A and B, row by row.
#[derive(Clone, Debug)]
pub struct Rows<F> {
    a: Matrix<F>,
    b: Matrix<F>,
    linear: Vec<bool>,
}

/// Coefficients by index: the first two are not looked up.
const ONE: u32 = 0;
const MINUS_ONE: u32 = 1;

#[derive(Clone, Copy, Debug)]
struct Entry {
    column: u32,
    coefficient: u32,
}

#[derive(Clone, Debug)]
struct Matrix<F> {
    /// Where the entries of each row end.
    ends: Vec<u32>,
    entries: Vec<Entry>,
    coefficients: Vec<F>,
}

impl<F: PrimeField + Hash> Matrix<F> {
    fn new(matrix: &SparseMatrix<F>, num_rows: usize) -> Self {
        let mut coefficients = vec![F::ONE, -F::ONE];
        let mut index: HashMap<F, u32> = coefficients.iter().copied().zip(ONE..).collect();
        let mut ends = Vec::with_capacity(num_rows);
        let mut entries = Vec::new();
        for (row, column, value) in matrix.iter() {
            ends.resize(row, entries.len() as u32);
            let coefficient = *index.entry(value).or_insert_with(|| {
                coefficients.push(value);
                coefficients.len() as u32 - 1
            });
            let column = column as u32;
            entries.push(Entry {
                column,
                coefficient,
            });
        }
        ends.resize(num_rows, entries.len() as u32);
        Self {
            ends,
            entries,
            coefficients,
        }
    }
}

impl<F: PrimeField> Matrix<F> {
    fn entries(&self, row: usize) -> &[Entry] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.entries[start as usize..self.ends[row] as usize]
    }

    #[inline(always)]
    fn multiply(&self, row: usize, z: &[F]) -> F {
        let mut sum = F::ZERO;
        for entry in self.entries(row) {
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

    /// Whether a row has the constant only, which is in column `one`.
    fn is_constant(&self, row: usize, one: usize) -> bool {
        self.entries(row).iter().all(|e| e.column as usize == one)
    }
}

impl<F: PrimeField + Hash> Rows<F> {
    /// The rows of a shape. It has fewer than 2^32 entries: its key would not fit anywhere else.
    pub fn new<E: PastaEngine<Scalar = F>>(shape: &R1CSShape<E>) -> Self {
        let n = shape.num_cons();
        let (a, b) = (Matrix::new(shape.A(), n), Matrix::new(shape.B(), n));
        let one = shape.num_vars();
        let linear = (0..n)
            .map(|row| a.is_constant(row, one) || b.is_constant(row, one))
            .collect();
        Self { a, b, linear }
    }
}

impl<F: PrimeField> Rows<F> {
    /// Multiplies the rows of a range that are not linear by `z = (W, 1, X)`, which satisfies them. The products of linear rows are left as
    /// they are.
    pub fn multiply<E: PastaEngine<Scalar = F>>(
        &self,
        z: &[F],
        rows: Range<usize>,
        products: &mut Products<E>,
    ) {
        let Products { Az, Bz, Cz } = products;
        let first = rows.start;
        Az[rows.clone()]
            .par_chunks_mut(CHUNK)
            .zip(Bz[rows.clone()].par_chunks_mut(CHUNK))
            .zip(Cz[rows].par_chunks_mut(CHUNK))
            .enumerate()
            .for_each(|(i, ((Az, Bz), Cz))| {
                for (k, (az, bz)) in Az.iter_mut().zip(Bz.iter_mut()).enumerate() {
                    let row = first + i * CHUNK + k;
                    if !self.linear[row] {
                        *az = self.a.multiply(row, z);
                        *bz = self.b.multiply(row, z);
                    }
                }
                Backend::current().multiply(Cz, Az, Bz);
            });
    }

    /// Whether a row is linear.
    pub fn is_linear(&self, row: usize) -> bool {
        self.linear[row]
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.linear.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ro::F1, tests::toy::params, Primary};
    use ff::Field;
    use rand_core::OsRng;

    #[test]
    fn products_are_those_of_the_shape() {
        let pp = params();
        let shape = &pp.primary.shape;
        let (n, rows) = (shape.num_cons(), &pp.rows_primary);
        // Small values, zeros and large ones.
        let W: Vec<F1> = (0..shape.num_vars() as u64)
            .map(|i| match i % 4 {
                0 => F1::ZERO,
                1 => F1::ONE,
                2 => F1::from(i),
                _ => F1::random(&mut OsRng),
            })
            .collect();
        let X = vec![F1::from(7), -F1::ONE];
        let expected = pp.primary.products(&W, F1::ONE, &X).unwrap();
        let z = pp.primary.assignment(&W, F1::ONE, &X).unwrap();
        let mut found = Products::<Primary>::zero(n);
        // In parts, as the prover does it.
        let step = pp.step_rows.clone();
        for part in [0..step.start, step.clone(), step.end..n] {
            rows.multiply(&z, part, &mut found);
        }
        let mut linear = 0;
        for i in 0..n {
            let (a, b) = (found.Az[i], found.Bz[i]);
            if rows.is_linear(i) {
                linear += 1;
                assert_eq!([a, b, found.Cz[i]], [F1::ZERO; 3], "row {i}");
                let factors = [shape.A(), shape.B()];
                assert!(factors.into_iter().any(|m| constant(m, i, W.len())));
            } else {
                assert_eq!([a, b], [expected.Az[i], expected.Bz[i]], "row {i}");
                assert_eq!(found.Cz[i], a * b, "row {i}");
            }
        }
        assert!(linear > 0 && linear < n);
    }

    /// Whether the row names no variable but the constant.
    fn constant(matrix: &SparseMatrix<F1>, row: usize, one: usize) -> bool {
        matrix
            .iter()
            .filter(|(r, ..)| *r == row)
            .all(|(_, column, _)| column == one)
    }
}
