//! Poseidon over the segment's field: tree nodes, pages and the state are hashed with it.
//!
//! Width 25 (24 elements of rate, one of capacity), S-box `x^5`, 8 full and 59 partial rounds: the numbers for 128 bits with the
//! designers' margin (Grassi, Khovratovich, Rechberger, Roy, Schofnegger: eprint 2019/458), and the same permutation that
//! nova-snark's wide random oracle uses. The sponge starts from a capacity element that names the domain and the number of
//! elements, so no padding is needed and hashes of different domains or lengths never share an input.
//!
//! | domain | number | elements |
//! | --- | --- | --- |
//! | state | 1 | seven words of their own, then 39 registers, seven to an element |
//! | node | 2 | place, index, 16 children |
//! | image page | 3 | index, 128 words, seven to an element |
//! | decoded page | 4 | place, index, digest of the next part, 80 entries, two to an element |
//!
//! The capacity element is `domain + 2^32 elements`. Whoever hashes has bounded what shares an element (condition 2).

// Some of the constants are for the rows.
#[cfg_attr(not(feature = "prove"), allow(dead_code))]
mod constants;
mod permutation;
#[cfg(feature = "prove")]
mod rows;
mod wide;

use crate::lc::{pow2, F};
use constants::{State, PARAMETERS};
use ff::Field;

#[cfg(feature = "prove")]
pub use rows::hash_rows;

/// Elements of the permutation.
pub const WIDTH: usize = 25;
/// Elements absorbed by one permutation.
pub const RATE: usize = WIDTH - 1;
const FULL_ROUNDS: usize = 8;
const PARTIAL_ROUNDS: usize = 59;

/// What a hash is for; its number is part of what is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Domain {
    /// The machine's state at a segment border.
    State = 1,
    /// A node of a tree.
    Node = 2,
    /// A page of the initial image.
    ImagePage = 3,
    /// A part of a decoded page.
    DecodedPage = 4,
}

impl Domain {
    /// The capacity element before anything is absorbed.
    fn capacity(self, elements: usize) -> F {
        F::from(self as u64) + F::from(elements as u64) * pow2(32)
    }
}

/// The hash of some elements.
pub fn hash(domain: Domain, elements: &[F]) -> F {
    sponge(domain.capacity(elements.len()), elements)
}

fn sponge(capacity: F, elements: &[F]) -> F {
    let mut state: State = [F::ZERO; WIDTH];
    state[0] = capacity;
    for block in blocks(elements) {
        for (s, x) in state[1..].iter_mut().zip(block) {
            *s += x;
        }
        permute(&mut state);
    }
    state[1]
}

/// The elements in blocks of the rate; one empty block if there are none.
fn blocks<T>(elements: &[T]) -> impl Iterator<Item = &[T]> {
    let empty = elements.is_empty().then_some(&elements[..0]);
    elements.chunks(RATE).chain(empty)
}

/// The permutation.
pub fn permute(state: &mut [F; WIDTH]) {
    for (s, k) in state.iter_mut().zip(&PARAMETERS.full_keys[0]) {
        *s += k;
    }
    permutation::rounds(state, F::ONE, |_| {});
}

#[cfg(test)]
mod tests {
    use super::*;
    use nova_snark::{
        provider::poseidon::{PoseidonConstantsCircuit, PoseidonRO},
        traits::ROTrait,
    };
    use rand::SeedableRng;

    #[test]
    fn the_factorised_permutation_is_the_plain_one() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for _ in 0..3 {
            let start: State = std::array::from_fn(|_| F::random(&mut rng));
            let mut state = start;
            permute(&mut state);
            assert_eq!(state, constants::tests::plain(start));
        }
    }

    /// The capacity element of nova's sponge for `absorb n, squeeze 1`: its hash of the pattern with base `2^128 - 159`.
    fn nova_tag(n: u32) -> F {
        let base = 159u128.wrapping_neg();
        let words = [n | 1 << 31, 1, 0];
        let tag = words
            .iter()
            .fold((0u128, 1u128), |(sum, power), w| {
                let power = power.wrapping_mul(base);
                (sum.wrapping_add(power.wrapping_mul((*w).into())), power)
            })
            .0;
        F::from((tag >> 64) as u64) * pow2(64) + F::from(tag as u64)
    }

    #[test]
    fn the_permutation_is_that_of_nova_snark() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        for n in [1, 5, 24, 25, 60] {
            let elements: Vec<F> = (0..n).map(|_| F::random(&mut rng)).collect();
            let mut oracle = PoseidonRO::<F>::new(PoseidonConstantsCircuit::default());
            for x in &elements {
                oracle.absorb(*x);
            }
            assert_eq!(
                oracle.squeeze(255, false),
                sponge(nova_tag(n), &elements),
                "{n} elements"
            );
        }
    }

    #[test]
    fn domain_and_length_are_part_of_the_hash() {
        let x = [F::from(7), F::ZERO, F::ZERO];
        let all = [
            hash(Domain::Node, &x),
            hash(Domain::Node, &x[..2]),
            hash(Domain::Node, &x[..1]),
            hash(Domain::Node, &[]),
            hash(Domain::ImagePage, &x),
            hash(Domain::DecodedPage, &x),
            hash(Domain::State, &x),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|b| a != b));
        }
    }

    #[test]
    fn known_answer() {
        let elements: Vec<F> = (0..30).map(F::from).collect();
        assert_eq!(
            format!("{:?}", hash(Domain::Node, &elements)),
            "0x23e946906f9afaee7977f2174ace9b6c6864b68e7dde36f1b10bf11fb7f8509a"
        );
    }
}
