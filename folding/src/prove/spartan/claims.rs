//! The claims as tables over the hypercube.
use super::sumcheck;
use crate::spartan::{claims::Claims, cube::CubePoint};
use ff::PrimeField;
use nova_snark::spartan::polys::eq::EqPolynomial;

impl<F: PrimeField> Claims<F> {
    /// The sum over the hypercube; the vectors have one entry for each corner of it.
    pub(super) fn summand(&self, w: Vec<F>, post: Vec<F>, e: Vec<F>) -> sumcheck::Products<F> {
        let entries = w.len();
        let table = |points: &[CubePoint<F>], powers: &[F]| {
            let mut table = vec![F::ZERO; entries];
            for (point, power) in points.iter().zip(powers) {
                point.add_eq_table(power, &mut table);
            }
            table
        };
        sumcheck::Products(vec![
            [w, table(std::slice::from_ref(&self.w), &self.powers)],
            [e, table(std::slice::from_ref(&self.e), &self.powers[1..])],
            [post, table(&self.prefix, &self.powers[2..])],
        ])
    }
}

impl<F: PrimeField> CubePoint<F> {
    /// Adds `scale eq(self, y)` to `table[y]` for every `y`; only the entries of the block change.
    pub(super) fn add_eq_table(&self, scale: &F, table: &mut [F]) {
        let start = self.block << self.tail.len();
        let eq = EqPolynomial::evals_from_points(&self.tail);
        table[start..]
            .iter_mut()
            .zip(eq)
            .for_each(|(entry, eq)| *entry += *scale * eq);
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
