//! # In rows
//! Three rows for each of the 259 S-boxes and one for each of 24 elements, with few non-zeros: 801 rows a permutation, 777 of them non-linear.
//!
//! An S-box is `x x = x2`, `x2 x2 = x4`, `x4 x = x5`. The inputs `x` are variables and the outputs `x5` are not: the third row says
//! `x5` as a combination of the **next** round's inputs, through the inverse of the linear layer. So only one side of one row of the
//! three is dense. After the partial rounds the 24 elements without S-box get a variable and a linear row each.
//!
//! The variables are `post` columns and each is determined by a row from earlier ones, so there is nothing for a prover to choose: the linear layers are
//! invertible, and given a round's inputs the rows leave one value for each of the next.
//!
//! All constants are multiplied by `one`: an idle instance (`one` and inputs zero) has an all-zero witness, which costs nothing to
//! fold; with `one` equal to one it is Poseidon.

use super::{
    blocks,
    constants::{dot, Layer, Parameters, PARAMETERS},
    permutation::rounds,
    Domain, FULL_ROUNDS, PARTIAL_ROUNDS, WIDTH,
};
use crate::{
    builder::Builder,
    lc::{Lc, Var, F},
};
use ff::Field;
use std::sync::LazyLock;

/// The number of values that [`rounds`] records.
const TRACE: usize = 3 * (WIDTH * FULL_ROUNDS + PARTIAL_ROUNDS) + WIDTH - 1;

/// The hash of `elements`, in rows. `one` is the constant one, or the row's enable: an idle row has it and all elements zero,
/// and its hash is then zero.
pub fn hash_rows(
    b: &mut Builder,
    label: &'static str,
    one: &Lc,
    domain: Domain,
    elements: &[Lc],
) -> Lc {
    let mut state: Vec<Lc> = vec![Lc::zero(); WIDTH];
    state[0] = one * domain.capacity(elements.len());
    for block in blocks(elements) {
        for (s, x) in state[1..].iter_mut().zip(block) {
            *s = &*s + x;
        }
        state = permute_rows(b, label, one, &state);
    }
    state.swap_remove(1)
}

/// How the partial rounds' values follow from the variables
/// `[one, the 24 other elements before the first partial round, the inputs of S-boxes 2, 3, ...]`.
struct Partial {
    /// The S-box output of each partial round.
    outputs: Vec<Vec<F>>,
    /// The other elements after the last one, with the next round's key.
    rest: Vec<Vec<F>>,
}

static PARTIAL: LazyLock<Partial> = LazyLock::new(|| Partial::new(&PARAMETERS));

impl Partial {
    fn new(p: &Parameters) -> Self {
        let variables = WIDTH + PARTIAL_ROUNDS;
        let unit = |i: usize| {
            let mut v = vec![F::ZERO; variables];
            v[i] = F::ONE;
            v
        };
        let corner_inverse = p.corner.invert().expect("the corner is not zero");
        let half = FULL_ROUNDS / 2;
        let mut rest: Vec<Vec<F>> = (1..WIDTH).map(unit).collect();
        let mut outputs = Vec::new();
        for (i, sparse) in p.sparse.iter().enumerate() {
            // next = corner x5 + row . rest + key, solved for x5.
            let key = p.partial_keys.get(i + 1).unwrap_or(&p.full_keys[half][0]);
            let mut x5 = unit(WIDTH + i);
            x5[0] -= key;
            for (w, r) in sparse.row.iter().zip(&rest) {
                x5.iter_mut().zip(r).for_each(|(x, y)| *x -= *w * y);
            }
            x5.iter_mut().for_each(|x| *x *= corner_inverse);
            for (q, r) in sparse.column.iter().zip(&mut rest) {
                r.iter_mut().zip(&x5).for_each(|(y, x)| *y += *q * x);
            }
            x5.truncate(WIDTH + i + 1);
            outputs.push(x5);
        }
        for (r, key) in rest.iter_mut().zip(&p.full_keys[half][1..]) {
            r[0] += key;
        }
        Partial { outputs, rest }
    }
}

/// The variables of one permutation, taken in the order in which `permutation::rounds` records them.
struct Trace<'a> {
    b: &'a mut Builder,
    label: &'static str,
    one: &'a Lc,
    values: std::vec::IntoIter<Var>,
}

impl Trace<'_> {
    fn take(&mut self) -> Var {
        self.values.next().expect("as many as are recorded")
    }

    /// The first two rows of an S-box; returns `x^4`.
    fn power4(&mut self, x: &Lc) -> Lc {
        let [x2, x4] = [(); 2].map(|()| Lc::from(self.take()));
        self.b.row(self.label, x, x, &x2);
        self.b.row(self.label, &x2, &x2, &x4);
        x4
    }

    /// A full round and the next round's keys; returns the next round's inputs.
    fn full(&mut self, inputs: &[Lc], layer: &Layer, keys: &[F]) -> Vec<Var> {
        let fourth: Vec<Lc> = inputs.iter().map(|x| self.power4(x)).collect();
        let next: Vec<Var> = (0..WIDTH).map(|_| self.take()).collect();
        for ((x, x4), row) in inputs.iter().zip(&fourth).zip(&layer.inverse) {
            let x5 = self.combine(-dot(row, keys), row, &next);
            self.b.row(self.label, x4, x, &x5);
        }
        next
    }

    fn combine(&self, constant: F, coefficients: &[F], variables: &[Var]) -> Lc {
        let terms = variables.iter().copied().zip(coefficients.iter().copied());
        self.one * constant + Lc::from_sorted(terms.collect())
    }
}

fn permute_rows(b: &mut Builder, label: &'static str, one: &Lc, state: &[Lc]) -> Vec<Lc> {
    let p = &*PARAMETERS;
    let half = FULL_ROUNDS / 2;
    let mut inputs: Vec<Lc> = state
        .iter()
        .zip(&p.full_keys[0])
        .map(|(s, k)| s + one * *k)
        .collect();
    let mut block_inputs = inputs.clone();
    block_inputs.push(one.clone());
    let values = b.late_block(&block_inputs, TRACE, compute);
    let mut t = Trace {
        b,
        label,
        one,
        values: values.into_iter(),
    };
    let lcs = |vars: &[Var]| vars.iter().map(|v| Lc::from(*v)).collect::<Vec<Lc>>();
    for keys in &p.full_keys[1..half] {
        inputs = lcs(&t.full(&inputs, &p.mix, keys));
    }
    let mut variables = t.full(&inputs, &p.bridge, &p.partial_keys[..1]);
    // The first element is the first S-box's input; from here on `variables` is what `Partial` combines, `one` apart.
    let mut x = variables.remove(0);
    for output in &PARTIAL.outputs {
        let x4 = t.power4(&x.into());
        let next = t.take();
        variables.push(next);
        let x5 = t.combine(output[0], &output[1..], &variables);
        t.b.row(t.label, &x4, &x.into(), &x5);
        x = next;
    }
    let mut full = vec![x];
    for rest in &PARTIAL.rest {
        let element = t.take();
        let value = t.combine(rest[0], &rest[1..], &variables);
        t.b.zero(t.label, &(value - Lc::from(element)));
        full.push(element);
    }
    inputs = lcs(&full);
    for r in half + 1..=FULL_ROUNDS {
        let keys = p.full_keys.get(r).map_or(&[][..], |k| k);
        inputs = lcs(&t.full(&inputs, &p.mix, keys));
    }
    inputs
}

/// The variables of a permutation from its inputs after the first key, followed by `one`.
fn compute(inputs: &[F], out: &mut Vec<F>) {
    if inputs.iter().all(|x| bool::from(x.is_zero())) {
        out.resize(out.len() + TRACE, F::ZERO);
        return;
    }
    let mut state = std::array::from_fn(|i| inputs[i]);
    rounds(&mut state, inputs[WIDTH], |x| out.push(x));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        poseidon::{hash, RATE},
        segment::Segment,
        testing::challenges,
    };
    use rand::{Rng, SeedableRng};

    /// A segment of one hash of `n` columns, with the digest as `z'[0]`.
    fn hash_segment(n: usize, enabled: bool) -> Segment {
        let mut b = Builder::new();
        b.section("hash");
        let one = if enabled { b.column() } else { Lc::from(1) };
        let elements: Vec<Lc> = (0..n).map(|_| b.column()).collect();
        let digest = hash_rows(&mut b, "hash", &one, Domain::Node, &elements);
        Segment::new(b, [&digest, &Lc::zero()])
    }

    fn run(segment: &Segment, base: &[F]) -> (Vec<F>, F) {
        let pre = segment.expand(base);
        let flat = segment.assignment(&pre, &challenges());
        let digest = segment
            .output_terms(0)
            .map(|(v, c)| flat[v as usize] * c)
            .sum();
        (flat, digest)
    }

    #[test]
    fn rows_compute_the_hash() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        for n in [1, 20, RATE, RATE + 1, 2 * RATE + 3] {
            let segment = hash_segment(n, false);
            let elements: Vec<F> = (0..n).map(|_| F::random(&mut rng)).collect();
            let (flat, digest) = run(&segment, &elements);
            assert_eq!(segment.violation(&flat), None, "{n} elements");
            assert_eq!(digest, hash(Domain::Node, &elements));
        }
    }

    #[test]
    fn an_idle_hash_is_all_zero() {
        let segment = hash_segment(30, true);
        let (flat, digest) = run(&segment, &[F::ZERO; 31]);
        assert_eq!(segment.violation(&flat), None);
        assert_eq!(digest, F::ZERO);
        assert!(flat[5..].iter().all(|x| *x == F::ZERO));
        let mut base = vec![F::from(9); 31];
        base[0] = F::ONE;
        let (flat, digest) = run(&segment, &base);
        assert_eq!(segment.violation(&flat), None);
        assert_eq!(digest, hash(Domain::Node, &base[1..]));
    }

    /// Every variable of the hash is determined by rows: a change of one alone is seen.
    #[test]
    fn every_variable_is_bound() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(4);
        let segment = hash_segment(3, false);
        let (flat, _) = run(&segment, &[1, 2, 3].map(F::from));
        for i in flat.len() - TRACE..flat.len() {
            let mut forged = flat.clone();
            forged[i] += F::from(rng.gen_range(1..u64::MAX));
            assert!(segment.violation(&forged).is_some(), "variable {i} is free");
        }
    }

    /// A prover who computes all later values from a changed S-box honestly still fails, in whatever round it starts.
    #[test]
    fn a_forged_s_box_cannot_be_continued() {
        let segment = hash_segment(3, false);
        let (honest, _) = run(&segment, &[1, 2, 3].map(F::from));
        let (other, _) = run(&segment, &[1, 2, 4].map(F::from));
        let start = honest.len() - TRACE;
        for cut in (1..TRACE).step_by(7) {
            let mut spliced = honest.clone();
            spliced[start + cut..].copy_from_slice(&other[start + cut..]);
            assert!(segment.violation(&spliced).is_some(), "cut {cut}");
        }
    }

    #[test]
    fn counts() {
        let segment = hash_segment(RATE, true);
        let nonlinear = (0..segment.num_rows())
            .filter(|r| segment.is_nonlinear(*r))
            .count();
        assert_eq!((segment.num_rows(), nonlinear), (801, 777));
        assert_eq!(segment.post_len() - 2, TRACE);
        assert_eq!(segment.non_zeros().iter().sum::<usize>(), 12_628);
    }
}
