//! The commitment to `post`, of which a good part are powers of gamma times small numbers.
//!
//! A column `gamma^k x` fills the field, but the sum over all such columns with one `k` is `gamma^k` times the sum over the `x`, and a
//! multiplication by a number of 32 bits costs an eighth of one by a number of 254. The point is the same one. Which columns these are, the step
//! says; if it is wrong about one, that column costs as much as any other.
use crate::{
    prove::{params::PublicParams, stats::ValueCounts, step::SplitStep},
    ro::F1,
    step::ARITY,
    Commitment, Generator, Primary,
};
use ff::Field;
use rayon::prelude::*;
use zkmips_msm::msm;

/// The generators of `post` for the challenges of one run.
pub(crate) struct PostKey {
    multiples: Vec<Multiples>,
    /// `post` without those columns; kept because fresh memory costs more than filling it.
    rest: Vec<F1>,
}

/// Columns that are `factor` times a small number.
struct Multiples {
    factor: F1,
    inverse: F1,
    /// Places in `W`, and their generators.
    places: Vec<usize>,
    generators: Vec<Generator<Primary>>,
}

impl Multiples {
    /// The small numbers.
    fn of(&self, W: &[F1]) -> Vec<F1> {
        let values = self.places.iter().map(|place| W[*place]);
        values.map(|value| value * self.inverse).collect()
    }
}

impl PostKey {
    /// The key for a run that starts from `z0 = [state, sum, alpha, gamma]`.
    pub fn new<S: SplitStep<F1>>(pp: &PublicParams<S>, z0: &[F1; ARITY]) -> Self {
        let mut factor = F1::ONE;
        let mut multiples = Vec::new();
        for places in pp.step.gamma_multiples() {
            factor *= z0[3];
            let places: Vec<_> = places
                .iter()
                .map(|place| pp.step_vars.start + *place as usize)
                .collect();
            let generators = places.iter().map(|i| pp.ck_primary.generators()[*i]);
            // Without an inverse, gamma being zero, the columns are zero and cost nothing anyway.
            if let Some(inverse) = Option::from(factor.invert()) {
                multiples.push(Multiples {
                    factor,
                    inverse,
                    generators: generators.collect(),
                    places,
                });
            }
        }
        Self {
            multiples,
            rest: Vec::new(),
        }
    }

    /// Commits to the variables after the prefix of `W`, as [`commit_post`](super::split::commit_post) does.
    pub fn commit<S>(
        &mut self,
        pp: &PublicParams<S>,
        W: &[F1],
        r_post: &F1,
    ) -> Commitment<Primary> {
        let P = pp.primary.pre_len;
        let generators = &pp.ck_primary.generators()[P..W.len()];
        self.rest.clear();
        self.rest.extend_from_slice(&W[P..]);
        for place in self.multiples.iter().flat_map(|m| &m.places) {
            self.rest[place - P] = F1::ZERO;
        }
        let small =
            |multiples: &Multiples| msm(&multiples.of(W), &multiples.generators) * multiples.factor;
        let (small, rest) = rayon::join(
            || self.multiples.par_iter().map(small).collect::<Vec<_>>(),
            || msm(&self.rest, generators),
        );
        let sum = small.into_iter().fold(rest, |sum, point| sum + point);
        pp.ck_primary.blind(sum, r_post)
    }

    /// The numbers that the last commitment, which was to this `W`, was made of.
    pub fn counts(&self, W: &[F1]) -> ValueCounts {
        let mut counts = ValueCounts::of(&self.rest);
        for multiples in &self.multiples {
            // Their places in the rest are zero.
            counts.zero -= multiples.places.len();
            counts += ValueCounts::of(&multiples.of(W));
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::{
        split::commit_post,
        tests::toy::{params, TOY},
    };
    use rand_core::OsRng;

    #[test]
    fn it_is_the_commitment_to_all_columns() {
        let pp = params();
        assert!(!TOY.gamma_multiples().is_empty());
        let W: Vec<F1> = (0..pp.primary.shape.num_vars())
            .map(|_| F1::random(&mut OsRng))
            .collect();
        for gamma in [F1::random(&mut OsRng), F1::ONE, F1::ZERO] {
            let mut key = PostKey::new(pp, &[F1::ONE, F1::ONE, F1::ONE, gamma]);
            for _ in 0..2 {
                let r = F1::random(&mut OsRng);
                let expected = commit_post::<Primary>(&pp.ck_primary, &W, pp.primary.pre_len, &r);
                assert_eq!(key.commit(pp, &W, &r), expected);
            }
        }
    }
    #[test]
    fn multiples_of_powers_of_gamma_count_as_small() {
        let pp = params();
        let gamma = F1::random(&mut OsRng);
        let mut W = vec![F1::ZERO; pp.primary.shape.num_vars()];
        let P = pp.primary.pre_len;
        W[P..].fill_with(|| F1::random(&mut OsRng));
        let mut key = PostKey::new(pp, &[F1::ONE, F1::ONE, F1::ONE, gamma]);
        for multiples in &key.multiples {
            for place in &multiples.places {
                W[*place] = multiples.factor * F1::from(7);
            }
        }
        key.commit(pp, &W, &F1::ONE);
        let small = key.multiples.iter().map(|m| m.places.len()).sum();
        let expected = ValueCounts {
            small,
            full: W.len() - P - small,
            ..ValueCounts::default()
        };
        assert!(small > 0);
        assert_eq!(key.counts(&W), expected);
    }
}
