//! The three sparse matrices of an R1CS, combined to one, as a multilinear polynomial in row and column variables.
//!
//! Everything here is linear in the number of non-zero entries. Columns are `W`, then `u`, then `X`; rows and columns have their own
//! numbers of variables. Rows and columns that padding to powers of two would add are zero and never touched.
use ff::PrimeField;
use nova_snark::{
    r1cs::{R1CSShape, SparseMatrix},
    traits::Engine,
};
use rayon::prelude::*;

/// Rows handled by one task.
const ROWS_PER_TASK: usize = 1 << 12;

/// `A + r B + r^2 C` of a shape.
pub(super) struct JointMatrix<'a, E: Engine> {
    parts: [(&'a SparseMatrix<E::Scalar>, E::Scalar); 3],
    num_vars: usize,
    num_public: usize,
}

/// The entries of row `row`.
fn row<F: PrimeField>(matrix: &SparseMatrix<F>, row: usize) -> impl Iterator<Item = (&F, &usize)> {
    let (start, end) = (matrix.indptr[row], matrix.indptr[row + 1]);
    matrix.data[start..end]
        .iter()
        .zip(&matrix.indices[start..end])
}

fn num_rows<F: PrimeField>(matrix: &SparseMatrix<F>) -> usize {
    matrix.indptr.len().saturating_sub(1)
}

impl<'a, E: Engine> JointMatrix<'a, E> {
    pub(super) fn new(shape: &'a R1CSShape<E>, r: E::Scalar) -> Self {
        Self {
            parts: [
                (shape.A(), E::Scalar::from(1)),
                (shape.B(), r),
                (shape.C(), r * r),
            ],
            num_vars: shape.num_vars(),
            num_public: 1 + shape.num_io(),
        }
    }

    /// `sum_i rows[i] M[i][j]` for every column `j` of `W` and for the public columns.
    pub(super) fn bind_rows(&self, rows: &[E::Scalar]) -> (Vec<E::Scalar>, Vec<E::Scalar>) {
        let columns = self.num_vars + self.num_public;
        let bind = |(matrix, weight): &(&SparseMatrix<E::Scalar>, E::Scalar)| {
            let mut sums = vec![E::Scalar::from(0); columns];
            for (i, at_row) in rows.iter().enumerate().take(num_rows(matrix)) {
                let scale = *weight * at_row;
                for (value, &j) in row(matrix, i) {
                    sums[j] += scale * value;
                }
            }
            sums
        };
        let mut sums = self.parts.par_iter().map(bind).reduce(Vec::new, |a, b| {
            if a.is_empty() {
                return b;
            }
            a.into_par_iter().zip(b).map(|(a, b)| a + b).collect()
        });
        let public = sums.split_off(self.num_vars);
        (sums, public)
    }

    /// The public columns of [`Self::bind_rows`] alone.
    pub(super) fn bind_rows_public(&self, rows: &[E::Scalar]) -> Vec<E::Scalar> {
        let add = |mut a: Vec<E::Scalar>, b: Vec<E::Scalar>| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        };
        let zero = || vec![E::Scalar::from(0); self.num_public];
        self.over_rows(
            rows,
            zero,
            add,
            |sums: &mut Vec<E::Scalar>, matrix, i, scale| {
                for (value, &j) in row(matrix, i) {
                    if j >= self.num_vars {
                        sums[j - self.num_vars] += scale * value;
                    }
                }
            },
        )
    }

    /// `sum_ij rows[i] M[i][j] columns[j]` over the columns of `W`.
    pub(super) fn evaluate(&self, rows: &[E::Scalar], columns: &[E::Scalar]) -> E::Scalar {
        let zero = || E::Scalar::from(0);
        self.over_rows(
            rows,
            zero,
            |a, b| a + b,
            |sum, matrix, i, scale| {
                let dot = row(matrix, i)
                    .filter(|(_, &j)| j < self.num_vars)
                    .fold(E::Scalar::from(0), |dot, (value, &j)| {
                        dot + *value * columns[j]
                    });
                *sum += scale * dot;
            },
        )
    }

    /// Visits every row of every part, in tasks of some rows, with the weight of the part times that of the row.
    fn over_rows<T: Send>(
        &self,
        rows: &[E::Scalar],
        zero: impl Fn() -> T + Sync,
        add: impl Fn(T, T) -> T + Sync,
        visit: impl Fn(&mut T, &SparseMatrix<E::Scalar>, usize, E::Scalar) + Sync,
    ) -> T {
        let task = |(task, rows): (usize, &[E::Scalar])| {
            let mut sum = zero();
            for (matrix, weight) in &self.parts {
                for (k, at_row) in rows.iter().enumerate() {
                    let i = task * ROWS_PER_TASK + k;
                    if i < num_rows(matrix) {
                        visit(&mut sum, matrix, i, *weight * at_row);
                    }
                }
            }
            sum
        };
        rows.par_chunks(ROWS_PER_TASK)
            .enumerate()
            .map(task)
            .reduce(&zero, &add)
    }
}
