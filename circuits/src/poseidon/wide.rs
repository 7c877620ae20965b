//! Inner products with one reduction each.
//!
//! The linear layers are most of the work of the native permutation. Here numbers are plain integers of four 64-bit limbs below the modulus;
//! their products are added up in nine limbs, and the sum is reduced once. A sum has at most 127 products of less than 2^508.

use crate::lc::{pow2, F};
use ff::{FromUniformBytes, PrimeField};
use std::sync::LazyLock;

/// A field element as an integer below the modulus, least significant limb first.
pub(super) type Integer = [u64; 4];

/// The integer of an element.
pub(super) fn integer(x: &F) -> Integer {
    let repr = x.to_repr();
    let bytes: &[u8] = repr.as_ref();
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = bytes
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    }
    limbs
}

static TWO_512: LazyLock<F> = LazyLock::new(|| pow2(512));

/// The inner product of two lists of integers below the modulus, of the length of the shorter one.
pub(super) fn dot(a: &[Integer], b: &[Integer]) -> F {
    let mut sum = [0u64; 9];
    for (a, b) in a.iter().zip(b) {
        add_product(&mut sum, a, b);
    }
    let mut bytes = [0; 64];
    for (bytes, limb) in bytes.chunks_exact_mut(8).zip(&sum) {
        bytes.copy_from_slice(&limb.to_le_bytes());
    }
    let low = F::from_uniform_bytes(&bytes);
    match sum[8] {
        0 => low,
        high => low + F::from(high) * *TWO_512,
    }
}

/// Adds the product of two integers to a sum that it does not make overflow.
#[inline(always)]
fn add_product(sum: &mut [u64; 9], a: &Integer, b: &Integer) {
    let mut out = 0u64;
    for i in 0..4 {
        let mut carry = 0u64;
        for j in 0..4 {
            let t =
                u128::from(a[i]) * u128::from(b[j]) + u128::from(sum[i + j]) + u128::from(carry);
            sum[i + j] = t as u64;
            carry = (t >> 64) as u64;
        }
        // What the row before carried out belongs here, too.
        let t = u128::from(sum[i + 4]) + u128::from(carry) + u128::from(out);
        sum[i + 4] = t as u64;
        out = (t >> 64) as u64;
    }
    sum[8] += out;
}

#[cfg(test)]
mod tests {
    use super::*;
    use ff::Field;
    use rand::SeedableRng;

    #[test]
    fn sums_of_products() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        for n in [0, 1, 25, 127] {
            let random: Vec<F> = (0..n).map(|_| F::random(&mut rng)).collect();
            let largest = vec![-F::ONE; n];
            for (a, b) in [
                (&random, &largest),
                (&largest, &largest),
                (&random, &random),
            ] {
                let expected: F = a.iter().zip(b).map(|(x, y)| *x * y).sum();
                let [a, b] = [a, b].map(|v| v.iter().map(integer).collect::<Vec<_>>());
                assert_eq!(dot(&a, &b), expected, "{n} products");
            }
        }
    }
}
