//! # Constants
//! Round constants, the mixing matrix, and its factorisation for the partial rounds.
//!
//! Constants come from the Grain LFSR in self-shrinking mode as appendix F of the Poseidon paper (eprint 2019/458) describes; the
//! matrix is the Cauchy matrix `1 / (i + j + width)`. The partial rounds use sparse matrices (appendix B of the paper): the part of
//! the matrix that acts on the elements without S-box commutes with the S-box and is moved to the round before, again and again.

use super::{
    wide::{self, Integer},
    FULL_ROUNDS, PARTIAL_ROUNDS, WIDTH,
};
use crate::lc::F;
use ff::{Field, PrimeField};
use std::sync::LazyLock;

/// A vector of the permutation's width.
pub(super) type State = [F; WIDTH];
type Matrix = Vec<Vec<F>>;

/// The linear layer of a partial round: with `x` the S-box output and `rest` the other elements, the first element becomes
/// `corner * x + row . rest` and the others `rest + column * x`.
#[derive(Debug)]
pub(super) struct Sparse {
    /// Weights of the other elements in the first.
    pub row: [F; WIDTH - 1],
    /// Weights of the S-box output in the others.
    pub column: [F; WIDTH - 1],
}

/// Everything that the permutation needs.
#[derive(Debug)]
pub(super) struct Parameters {
    /// What is added before each full round; the fifth includes what the partial rounds owe.
    pub full_keys: [State; FULL_ROUNDS],
    /// What is added to the first element before each partial round.
    pub partial_keys: [F; PARTIAL_ROUNDS],
    /// The mixing matrix and its inverse.
    pub mix: Layer,
    /// The matrix after the last full round of the first half, and its inverse.
    pub bridge: Layer,
    /// Weight of the S-box output in the first element, in all partial rounds.
    pub corner: F,
    /// The layers of the partial rounds.
    pub sparse: Vec<Sparse>,
    /// Partial round by partial round, the weights that make the first element after it (the next key apart): of the other elements
    /// before the first partial round, and of the S-box outputs so far.
    pub first_weights: Vec<Vec<Integer>>,
    /// For each other element, the weights of all S-box outputs in what the partial rounds add to it.
    pub rest_weights: Vec<Vec<Integer>>,
}

/// A dense linear layer.
#[derive(Debug)]
pub(super) struct Layer {
    /// The matrix.
    matrix: Vec<Vec<Integer>>,
    /// Its inverse, for the rows.
    pub inverse: Matrix,
}

impl Layer {
    fn new(matrix: Matrix) -> Self {
        let integers = |row: &Vec<F>| row.iter().map(wide::integer).collect();
        Layer {
            inverse: invert(&matrix),
            matrix: matrix.iter().map(integers).collect(),
        }
    }

    /// The matrix times a vector.
    pub fn apply(&self, x: &State) -> State {
        let x = x.each_ref().map(wide::integer);
        std::array::from_fn(|i| wide::dot(&self.matrix[i], &x))
    }
}

/// The inner product.
pub(super) fn dot(a: &[F], b: &[F]) -> F {
    a.iter().zip(b).map(|(x, y)| *x * y).sum()
}

/// The parameters, computed once.
pub(super) static PARAMETERS: LazyLock<Parameters> = LazyLock::new(Parameters::new);

impl Parameters {
    fn new() -> Self {
        let keys = round_constants();
        let m = cauchy();
        let minor: Matrix = m[1..].iter().map(|r| r[1..].to_vec()).collect();
        let minor_inverse = invert(&minor);

        // Constants of the elements without S-box pass through the round and join the next round's.
        let mut carry = vec![F::ZERO; WIDTH];
        let half = FULL_ROUNDS / 2;
        let partial_keys = std::array::from_fn(|p| {
            let mut due: Vec<F> = keys[half + p]
                .iter()
                .zip(&carry)
                .map(|(a, b)| *a + b)
                .collect();
            let key = std::mem::replace(&mut due[0], F::ZERO);
            carry = m.iter().map(|r| dot(r, &due)).collect();
            key
        });
        let full_keys = std::array::from_fn(|r| {
            if r < half {
                return keys[r];
            }
            let mut key = keys[PARTIAL_ROUNDS + r];
            if r == half {
                key.iter_mut().zip(&carry).for_each(|(k, c)| *k += c);
            }
            key
        });

        // From the last partial round backwards: round p's matrix is [[a, r], [N^n q, N^(n+1)]] with n rounds after it, which is
        // [[a, r N^-(n+1)], [N^n q, 1]] after the block (1, N^(n+1)), and that block belongs to the round before.
        let mut row = m[0][1..].to_vec();
        let mut column: Vec<F> = m[1..].iter().map(|r| r[0]).collect();
        let mut sparse = Vec::new();
        let mut power = identity(WIDTH - 1);
        for _ in 0..PARTIAL_ROUNDS {
            row = (0..WIDTH - 1)
                .map(|j| (0..WIDTH - 1).map(|i| row[i] * minor_inverse[i][j]).sum())
                .collect();
            sparse.push(Sparse {
                row: row.clone().try_into().expect("one weight an element"),
                column: column.clone().try_into().expect("one weight an element"),
            });
            column = minor.iter().map(|r| dot(r, &column)).collect();
            power = multiply(&minor, &power);
        }
        sparse.reverse();
        let (first_weights, rest_weights) = unrolled(m[0][0], &sparse);
        let mut block = identity(WIDTH);
        for (target, source) in block[1..].iter_mut().zip(&power) {
            target[1..].copy_from_slice(source);
        }
        Parameters {
            full_keys,
            partial_keys,
            bridge: Layer::new(multiply(&block, &m)),
            corner: m[0][0],
            mix: Layer::new(m),
            sparse,
            first_weights,
            rest_weights,
        }
    }
}

/// The partial rounds without carrying the other elements along: after some rounds they are what they were before plus a combination of the S-box
/// outputs, so the first element is one inner product.
fn unrolled(corner: F, sparse: &[Sparse]) -> (Vec<Vec<Integer>>, Vec<Vec<Integer>>) {
    let first = sparse.iter().enumerate().map(|(i, round)| {
        let earlier = sparse[..i].iter().map(|r| dot(&round.row, &r.column));
        let weights = round.row.iter().copied().chain(earlier).chain([corner]);
        weights.map(|w| wide::integer(&w)).collect()
    });
    let rest = (0..WIDTH - 1).map(|j| {
        let weights = sparse.iter().map(|r| wide::integer(&r.column[j]));
        weights.collect()
    });
    (first.collect(), rest.collect())
}

fn identity(n: usize) -> Matrix {
    (0..n)
        .map(|i| (0..n).map(|j| F::from(u64::from(i == j))).collect())
        .collect()
}

fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    a.iter()
        .map(|row| {
            (0..b[0].len())
                .map(|j| row.iter().zip(b).map(|(x, r)| *x * r[j]).sum())
                .collect()
        })
        .collect()
}

/// Gauss and Jordan. The matrices here are fixed and regular.
fn invert(m: &Matrix) -> Matrix {
    let n = m.len();
    let mut left = m.clone();
    let mut right = identity(n);
    for i in 0..n {
        let pivot = (i..n)
            .find(|r| left[*r][i] != F::ZERO)
            .expect("a regular matrix");
        left.swap(i, pivot);
        right.swap(i, pivot);
        let scale = left[i][i].invert().expect("the pivot is not zero");
        for x in left[i].iter_mut().chain(&mut right[i]) {
            *x *= scale;
        }
        for r in (0..n).filter(|r| *r != i) {
            let factor = left[r][i];
            for side in [&mut left, &mut right] {
                let source = side[i].clone();
                for (x, y) in side[r].iter_mut().zip(&source) {
                    *x -= factor * y;
                }
            }
        }
    }
    right
}

fn cauchy() -> Matrix {
    (0..WIDTH)
        .map(|i| {
            (0..WIDTH)
                .map(|j| {
                    F::from((i + j + WIDTH) as u64)
                        .invert()
                        .expect("small and not zero")
                })
                .collect()
        })
        .collect()
}

/// The Grain LFSR: bit `i` of the integer is `b_i`.
struct Grain(u128);

impl Grain {
    fn new() -> Self {
        // Prime field, x^5, bits of the field, width, rounds; each with its most significant bit first, then ones.
        let fields: [(u32, u128); 6] = [
            (2, 1),
            (4, 1),
            (12, F::NUM_BITS.into()),
            (12, WIDTH as u128),
            (10, FULL_ROUNDS as u128),
            (10, PARTIAL_ROUNDS as u128),
        ];
        let (mut state, mut at) = (0, 0);
        for (bits, value) in fields {
            for i in (0..bits).rev() {
                state |= (value >> i & 1) << at;
                at += 1;
            }
        }
        let mut grain = Grain(state | ((1 << 30) - 1) << at);
        for _ in 0..160 {
            grain.step();
        }
        grain
    }

    fn step(&mut self) -> bool {
        let new = [62, 51, 38, 23, 13, 0]
            .iter()
            .fold(0, |acc, i| acc ^ self.0 >> i & 1);
        self.0 = self.0 >> 1 | new << 79;
        new == 1
    }

    /// The second bit of the next pair whose first bit is one.
    fn bit(&mut self) -> bool {
        loop {
            let keep = self.step();
            let bit = self.step();
            if keep {
                return bit;
            }
        }
    }

    /// The next integer below the modulus, most significant bit first.
    fn element(&mut self) -> F {
        loop {
            let mut repr = <F as PrimeField>::Repr::default();
            for i in (0..F::NUM_BITS as usize).rev() {
                repr.as_mut()[i / 8] |= u8::from(self.bit()) << (i % 8);
            }
            if let Some(x) = F::from_repr_vartime(repr) {
                return x;
            }
        }
    }
}

fn round_constants() -> Vec<State> {
    let mut grain = Grain::new();
    (0..FULL_ROUNDS + PARTIAL_ROUNDS)
        .map(|_| std::array::from_fn(|_| grain.element()))
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The permutation as the paper defines it, without any factorisation.
    pub fn plain(mut state: State) -> State {
        let m = cauchy();
        for (round, keys) in round_constants().iter().enumerate() {
            state.iter_mut().zip(keys).for_each(|(s, k)| *s += k);
            let half = FULL_ROUNDS / 2;
            let full = round < half || round >= half + PARTIAL_ROUNDS;
            let boxes = if full { WIDTH } else { 1 };
            for s in &mut state[..boxes] {
                *s = s.square().square() * *s;
            }
            state = std::array::from_fn(|i| dot(&m[i], &state));
        }
        state
    }

    #[test]
    fn inverses_are_inverses() {
        let p = &*PARAMETERS;
        for layer in [&p.mix, &p.bridge] {
            for i in 0..WIDTH {
                let x: State = std::array::from_fn(|j| F::from(u64::from(i == j)));
                let y = layer.apply(&x);
                assert!(layer.inverse.iter().map(|row| dot(row, &y)).eq(x));
            }
        }
    }

    #[test]
    fn every_square_part_of_the_matrix_that_is_tried_is_regular() {
        // A Cauchy matrix with distinct nodes is maximum distance separable; here the nodes are 0..25 and 25..50.
        let m = cauchy();
        for size in 1..=3 {
            for start in 0..WIDTH - 2 * size {
                let part: Matrix = (0..size)
                    .map(|i| (0..size).map(|j| m[start + 2 * i][start + j + 1]).collect())
                    .collect();
                assert_eq!(multiply(&part, &invert(&part)), identity(size));
            }
        }
    }
}
