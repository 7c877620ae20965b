//! Values for tests: at the edges, and random from a fixed seed.
use crate::curve::PastaField;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

pub(crate) fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(0x7a6b_6d69_7073)
}

/// Elements whose integers or internal forms are at the edges, then random ones.
pub(crate) fn field_elements<F: PastaField>(random: usize) -> Vec<F> {
    let mut values = vec![F::ZERO, F::TWO_INV, -F::TWO_INV, F::ROOT_OF_UNITY, F::ZETA];
    for small in [1, 2, 3, 16, u64::MAX] {
        values.extend([F::from(small), -F::from(small)]);
    }
    for limb in 0..4 {
        for bit in [0, 31, 51, 52, 61, 63] {
            let mut limbs = [0; 4];
            limbs[limb] = 1 << bit;
            if limb < 3 || bit < 62 {
                values.extend([F::from_limbs(limbs), -F::from_limbs(limbs)]);
            }
        }
    }
    for limbs in [
        [u64::MAX, 0, 0, 0],
        [u64::MAX, u64::MAX, 0, 0],
        [u64::MAX, u64::MAX, u64::MAX, 0],
        [u64::MAX, u64::MAX, u64::MAX, (1 << 62) - 1],
        [0, 0, 0, 1 << 62],
    ] {
        values.push(F::from_limbs(limbs));
    }
    let mut rng = rng();
    values.extend((0..random).map(|_| F::random(&mut rng)));
    values
}
