//! The prover of [`crate::spartan::sumcheck`].
use crate::spartan::{
    sumcheck::{challenge, evaluate},
    SpartanError,
};
use ff::Field;
use nova_snark::traits::Engine;
use rayon::prelude::*;

/// Below this many entries a table is handled by one thread.
const MIN_CHUNK: usize = 1 << 10;

/// Tables of multilinear polynomials over the hypercube and a low-degree expression in them that is summed over it.
pub(super) trait Summand<F, const D: usize> {
    /// Coefficients `0, 2, 3, .., D` of the polynomial in the high-order variable that summing over the other variables leaves.
    fn round(&self) -> [F; D];
    /// Binds the high-order variable to `r`.
    fn bind(&mut self, r: &F);
}

/// Binds the high-order variable of one table.
fn bind_table<F: Field>(table: &mut Vec<F>, r: &F) {
    let half = table.len() / 2;
    let (low, high) = table.split_at_mut(half);
    low.par_iter_mut()
        .with_min_len(MIN_CHUNK)
        .zip(high.par_iter())
        .for_each(|(l, h)| *l += *r * (*h - *l));
    table.truncate(half);
}

/// Adds up arrays over `0..len` in parallel.
fn sum_arrays<F: Field, const D: usize>(
    len: usize,
    term: impl Fn(usize) -> [F; D] + Send + Sync,
) -> [F; D] {
    let add = |mut a: [F; D], b: [F; D]| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        a
    };
    (0..len)
        .into_par_iter()
        .with_min_len(MIN_CHUNK)
        .map(term)
        .reduce(|| [F::ZERO; D], add)
}

/// `sum_i f_i g_i` over pairs of tables of one length.
pub(super) struct Products<F>(pub Vec<[Vec<F>; 2]>);

impl<F: Field> Summand<F, 2> for Products<F> {
    fn round(&self) -> [F; 2] {
        let mut sum = [F::ZERO; 2];
        for [f, g] in &self.0 {
            let half = f.len() / 2;
            let part = sum_arrays(half, |i| {
                [f[i] * g[i], (f[half + i] - f[i]) * (g[half + i] - g[i])]
            });
            sum[0] += part[0];
            sum[1] += part[1];
        }
        sum
    }

    fn bind(&mut self, r: &F) {
        for table in self.0.iter_mut().flatten() {
            bind_table(table, r);
        }
    }
}

/// `eq (a b - c)`: the error of the rows of an R1CS, weighted.
pub(super) struct RowErrors<F> {
    pub eq: Vec<F>,
    pub a: Vec<F>,
    pub b: Vec<F>,
    pub c: Vec<F>,
}

impl<F: Field> Summand<F, 3> for RowErrors<F> {
    fn round(&self) -> [F; 3] {
        let half = self.eq.len() / 2;
        let split = |t: &[F], i: usize| (t[i], t[half + i] - t[i]);
        sum_arrays(half, |i| {
            let ((w, dw), (a, da)) = (split(&self.eq, i), split(&self.a, i));
            let ((b, db), (c, dc)) = (split(&self.b, i), split(&self.c, i));
            let dab = da * db;
            [
                w * (a * b - c),
                w * dab + dw * (a * db + da * b - dc),
                dw * dab,
            ]
        })
    }

    fn bind(&mut self, r: &F) {
        for table in [&mut self.eq, &mut self.a, &mut self.b, &mut self.c] {
            bind_table(table, r);
        }
    }
}

/// Runs `rounds` rounds; returns the messages, the point the variables were bound to, and what is left of the claim.
#[allow(clippy::type_complexity)] // three plain values, named above
pub(super) fn prove<E: Engine, const D: usize>(
    mut claim: E::Scalar,
    rounds: usize,
    summand: &mut impl Summand<E::Scalar, D>,
    transcript: &mut E::TE,
) -> Result<(Vec<[E::Scalar; D]>, Vec<E::Scalar>, E::Scalar), SpartanError> {
    let (mut messages, mut point) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for _ in 0..rounds {
        let message = summand.round();
        let r = challenge::<E, D>(&message, transcript)?;
        claim = evaluate(&message, &claim, &r);
        summand.bind(&r);
        messages.push(message);
        point.push(r);
    }
    Ok((messages, point, claim))
}
