//! Evaluation points that lie in a sub-cube of the hypercube's domain: high-order coordinates 0 or 1, the others free.
//!
//! One form serves all claims of the proof. A vector of `2^k` entries seen as the start of a longer one is evaluated in block 0; a
//! dyadic block of a prefix is evaluated in the block of its own index.
use ff::PrimeField;
use nova_snark::spartan::polys::eq::EqPolynomial;

/// The point `(bits of block, tail)`, the high-order bit of `block` first.
#[derive(Clone, Debug)]
pub(super) struct CubePoint<F> {
    /// Index of the block of `2^tail.len()` entries.
    pub block: usize,
    /// The low-order coordinates, high-order one first.
    pub tail: Vec<F>,
}

impl<F: PrimeField> CubePoint<F> {
    /// A point for the first `2^tail.len()` entries.
    pub(super) fn first_block(tail: &[F]) -> Self {
        Self {
            block: 0,
            tail: tail.to_vec(),
        }
    }

    /// Adds `scale eq(self, y)` to `table[y]` for every `y`; only the entries of the block change.
    pub(super) fn add_eq_table(&self, scale: &F, table: &mut [F]) {
        let start = self.block << self.tail.len();
        let eq = EqPolynomial::evals_from_points(&self.tail);
        table[start..]
            .iter_mut()
            .zip(eq)
            .for_each(|(entry, eq)| *entry += *scale * eq);
    }

    /// `eq(self, point)`; `point` has at least as many coordinates as the tail.
    pub(super) fn eq(&self, point: &[F]) -> F {
        let (high, low) = point.split_at(point.len() - self.tail.len());
        let head = high.iter().enumerate().map(|(i, r)| {
            if (self.block >> (high.len() - 1 - i)) & 1 == 1 {
                *r
            } else {
                F::ONE - r
            }
        });
        let tail = self.tail.iter().zip(low).map(|(t, r)| {
            let both = *t * r;
            F::ONE - t - r + both.double()
        });
        head.chain(tail).product()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Primary;
    use ff::Field;
    use nova_snark::{spartan::polys::multilinear::MultilinearPolynomial, traits::Engine};
    use rand_core::OsRng;

    type F = <Primary as Engine>::Scalar;

    #[test]
    fn table_and_closed_form_agree() {
        for (vars, tail, block) in [(5, 5, 0), (5, 3, 0), (5, 3, 2), (5, 0, 19), (1, 1, 0)] {
            let point = CubePoint {
                block,
                tail: (0..tail).map(|_| F::random(OsRng)).collect(),
            };
            let at: Vec<F> = (0..vars).map(|_| F::random(OsRng)).collect();
            let mut table = vec![F::ZERO; 1 << vars];
            point.add_eq_table(&F::ONE, &mut table);
            assert_eq!(
                MultilinearPolynomial::evaluate_with(&table, &at),
                point.eq(&at)
            );
            let outside = |y: usize| y >> tail != block;
            assert!((0..1 << vars)
                .filter(|&y| outside(y))
                .all(|y| table[y] == F::ZERO));
        }
    }
}
