//! The commitment to `post`, of which a good part are powers of gamma times small numbers.
//!
//! A column `gamma^k x` fills the field, but the sum over all such columns with one `k` is `gamma^k` times the sum over the `x`, and a
//! multiplication by a number of 32 bits costs an eighth of one by a number of 254. The point is the same one. Which columns these are, and
//! the `x`, the step says.
use crate::{
    prove::{params::PublicParams, stats::ValueCounts, step::SplitStep},
    ro::F1,
    step::ARITY,
    Commitment, Generator, Primary,
};
use ff::Field;
use rayon::prelude::*;
use zkmips_msm::{msm_mixed, msm_of_remaining, MixedVec, Sizes};

/// The generators of `post` for the challenges of one run.
pub(crate) struct PostKey {
    multiples: Vec<Multiples>,
    /// For each variable of `post`, whether it is such a multiple.
    is_multiple: Vec<bool>,
    /// Sizes of the other variables that were last committed to.
    rest: Sizes,
}

/// Columns that are `gamma^k` times a number.
struct Multiples {
    k: usize,
    factor: F1,
    generators: Vec<Generator<Primary>>,
    /// What they are multiples of, in the segment that was last committed to.
    numbers: MixedVec<F1>,
}

impl PostKey {
    /// The key for a run that starts from `z0 = [state, sum, alpha, gamma]`.
    pub fn new<S: SplitStep<F1>>(pp: &PublicParams<S>, z0: &[F1; ARITY]) -> Self {
        let P = pp.primary.pre_len;
        let mut is_multiple = vec![false; pp.primary.shape.num_vars() - P];
        let mut factor = F1::ONE;
        let mut multiples = Vec::new();
        for (k, places) in (1..).zip(pp.step.gamma_multiples()) {
            factor *= z0[3];
            let places = places
                .iter()
                .map(|place| pp.step_vars.start + *place as usize);
            let generators = places.map(|place| {
                is_multiple[place - P] = true;
                pp.ck_primary.generators()[place]
            });
            multiples.push(Multiples {
                k,
                factor,
                generators: generators.collect(),
                numbers: MixedVec::new(),
            });
        }
        Self {
            multiples,
            is_multiple,
            rest: Sizes::default(),
        }
    }

    /// Commits to the variables after the prefix of `W`, as [`commit_post`](super::split::commit_post) does.
    /// `pre` is the prefix, as its source gave it.
    pub fn commit<S: SplitStep<F1>>(
        &mut self,
        pp: &PublicParams<S>,
        pre: &MixedVec<F1>,
        W: &[F1],
        r_post: &F1,
    ) -> Commitment<Primary> {
        let P = pp.primary.pre_len;
        let generators = &pp.ck_primary.generators()[P..W.len()];
        let small = |multiples: &mut Multiples| {
            multiples.numbers.clear();
            pp.step
                .fill_multiples(multiples.k, pre, &mut multiples.numbers);
            msm_mixed(&multiples.numbers, &multiples.generators) * multiples.factor
        };
        let (small, (rest, sizes)) = rayon::join(
            || {
                let multiples = self.multiples.par_iter_mut();
                multiples.map(small).collect::<Vec<_>>()
            },
            || msm_of_remaining(&W[P..], &self.is_multiple, generators),
        );
        self.rest = sizes;
        let sum = small.into_iter().fold(rest, |sum, point| sum + point);
        pp.ck_primary.blind(sum, r_post)
    }

    /// The numbers that the last commitment was made of.
    pub fn counts(&self) -> ValueCounts {
        let mut counts = ValueCounts::of(&self.rest);
        for multiples in &self.multiples {
            counts += ValueCounts::of(&multiples.numbers.sizes());
        }
        let rest = self.is_multiple.iter().filter(|is| !**is).count();
        counts.zero += rest - self.rest.with_bits(0..=256);
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::{
        split::commit_post,
        tests::toy::{honest, params, LOOKUPS, TOY},
    };
    use rand_core::OsRng;

    /// A segment's `pre`, and a witness with its `post` and anything else in the recursion's variables.
    fn witness(gamma: F1) -> (MixedVec<F1>, Vec<F1>) {
        let pp = params();
        let (P, vars) = (pp.primary.pre_len, pp.step_vars.clone());
        let pre = honest(1).0.remove(0);
        let mut W = pre.clone();
        W.resize_with(pp.primary.shape.num_vars(), || F1::random(&mut OsRng));
        let z = [F1::ONE, F1::ONE, F1::random(&mut OsRng), gamma];
        let (before, after) = W.split_at_mut(P);
        let post = &mut after[vars.start - P..vars.end - P];
        TOY.fill_post(before, &z, post).unwrap();
        (MixedVec::from_elements(&pre), W)
    }

    #[test]
    fn it_is_the_commitment_to_all_columns() {
        let pp = params();
        assert_eq!(TOY.gamma_multiples()[0].len(), LOOKUPS);
        for gamma in [F1::random(&mut OsRng), F1::ONE, F1::ZERO] {
            let mut key = PostKey::new(pp, &[F1::ONE, F1::ONE, F1::ONE, gamma]);
            let (pre, W) = witness(gamma);
            for _ in 0..2 {
                let r = F1::random(&mut OsRng);
                let expected = commit_post::<Primary>(&pp.ck_primary, &W, pp.primary.pre_len, &r);
                assert_eq!(key.commit(pp, &pre, &W, &r), expected);
            }
        }
    }

    #[test]
    fn multiples_of_powers_of_gamma_count_as_small() {
        let pp = params();
        let gamma = F1::random(&mut OsRng);
        let mut key = PostKey::new(pp, &[F1::ONE, F1::ONE, F1::ONE, gamma]);
        let (pre, mut W) = witness(gamma);
        let first = pp.step_vars.end;
        W[first..first + 3].copy_from_slice(&[F1::ZERO, -F1::ONE, F1::from(7)]);
        key.commit(pp, &pre, &W, &F1::ONE);
        let counts = key.counts();
        let all = counts.zero + counts.unit + counts.small + counts.full;
        assert_eq!(all, W.len() - pp.primary.pre_len);
        // The squares, the three above, the state, which is 2, and the sum, which stays 1; shares of the table that nobody looks up are zero.
        let squares = ValueCounts::of(&key.multiples[0].numbers.sizes());
        assert_eq!(squares.full, 0);
        assert_eq!(counts.small, squares.small + 2);
        assert_eq!(counts.unit, squares.unit + 2);
        assert!(counts.zero > squares.zero && counts.full > 0);
    }
}
