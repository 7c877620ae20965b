//! The three sparse matrices of an R1CS, combined to one, as the prover needs them.
//!
//! Binding is linear in the number of non-zero entries. Columns are `W`, then `u`, then `X`; rows and columns have their own
//! numbers of variables. Rows and columns that padding to powers of two would add are zero and never touched.
use crate::prove::r1cs::{Matrix, R1cs};
use ff::PrimeField;
use rayon::prelude::*;

/// Most copies of the sums over the rows that are made, so that threads need not wait for each other.
const MAX_COPIES: usize = 4;

/// `A + r B + r^2 C` of a shape.
pub(super) struct JointMatrix<'a, F> {
    parts: [(&'a Matrix<F>, F); 3],
    num_vars: usize,
    num_public: usize,
}

impl<'a, F: PrimeField> JointMatrix<'a, F> {
    pub(super) fn new(shape: &'a R1cs<F>, r: F) -> Self {
        let [a, b, c] = shape.matrices();
        Self {
            parts: [(a, F::ONE), (b, r), (c, r * r)],
            num_vars: shape.num_vars(),
            num_public: 1 + shape.num_io(),
        }
    }

    /// `sum_i rows[i] M[i][j]` for every column `j` of `W` and for the public columns.
    pub(super) fn bind_rows(&self, rows: &[F]) -> (Vec<F>, Vec<F>) {
        let columns = self.num_vars + self.num_public;
        let copies = rayon::current_num_threads().clamp(1, MAX_COPIES);
        let chunk = rows.len().div_ceil(copies).max(1);
        let bind = |(k, rows): (usize, &[F])| {
            let mut sums = vec![F::ZERO; columns];
            for (matrix, weight) in &self.parts {
                for (i, at_row) in (k * chunk..matrix.num_rows()).zip(rows) {
                    for (j, value) in matrix.scaled_row(i, *weight * at_row) {
                        sums[j] += value;
                    }
                }
            }
            sums
        };
        let mut sums = rows
            .par_chunks(chunk)
            .enumerate()
            .map(bind)
            .reduce_with(|mut a, b| {
                a.par_iter_mut().zip(b).for_each(|(a, b)| *a += b);
                a
            })
            .unwrap_or_else(|| vec![F::ZERO; columns]);
        let public = sums.split_off(self.num_vars);
        (sums, public)
    }
}
