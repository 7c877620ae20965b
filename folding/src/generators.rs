//! Where generators come from: points of a curve that a label determines, between which nobody knows a relation.
//!
//! Generator `i` of a label is found by trial. SHAKE256 of the label, the name of the curve and `i` is a stream of blocks of 64 bytes, each an attempt: the
//! lower 511 bits modulo `p` are an abscissa, the highest bit says whether the ordinate is odd; the first attempt with a point of the
//! curve counts. Half of all abscissas have points, so two attempts are made on average.
//!
//! # Why this is as good as any other hash to the curve
//!
//! Let the stream be a random oracle. Every attempt is uniform among pairs of abscissa and sign but for `2^-257`, and every point except
//! the identity is one such pair: a generator is a uniform point, and generators are independent. (That the number of attempts shows in
//! the time it takes does not matter, as labels are public.)
//!
//! Pedersen's commitments under such generators are binding if discrete logarithms are hard. Given a point `Q` whose logarithm is
//! asked for, answer the oracle so that generator `i` is `P_i = a_i G + b_i Q` for random `a_i, b_i`: before the attempt that
//! counts come as many pairs without a point as fair coins say, then the abscissa and sign of `P_i`, padded with a random multiple of the modulus to 511
//! bits. To whoever asks, this is the same as the oracle. Two openings of one commitment give `sum_i c_i P_i = 0` with some `c_i` not
//! zero, hence `sum_i c_i a_i + log(Q) sum_i c_i b_i = 0`, and as the `b_i` are hidden by the `a_i` the second sum vanishes with
//! probability `1 / p` only (Pedersen 1991; Brier et al. 2009/340 on what a hash to a curve needs).
use crate::{engine::Generator, PastaEngine};
use ff::FromUniformBytes;
use sha3::{
    digest::{ExtendableOutput, Update, XofReader},
    Shake256,
};
use zkmips_msm::AffinePoint;

/// Keeps this use of the hash apart from all others.
const DOMAIN: &[u8] = b"zkmips generator";

/// Generator `index` of a label.
pub fn generator<E: PastaEngine>(label: &[u8], index: u64) -> Generator<E> {
    let mut shake = Shake256::default();
    for part in [DOMAIN, label, E::CURVE.as_bytes()] {
        shake.update(&(part.len() as u64).to_le_bytes());
        shake.update(part);
    }
    shake.update(&index.to_le_bytes());
    let mut attempts = shake.finalize_xof();
    loop {
        let mut attempt = [0; 64];
        attempts.read(&mut attempt);
        let odd = attempt[63] >> 7 == 1;
        attempt[63] &= 0x7f;
        let x = E::Base::from_uniform_bytes(&attempt);
        if let Some(point) = AffinePoint::with_abscissa(x, odd) {
            return point;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keys::LABEL, CommitmentKey, Primary, Secondary};
    use std::collections::HashSet;

    /// Abscissa and parity of generators 0, 1 and 2^19.
    fn pinned<E: PastaEngine>(expected: [&str; 3]) {
        for (index, expected) in [0, 1, 1 << 19].into_iter().zip(expected) {
            let (x, y) = generator::<E>(LABEL, index).coordinates();
            let odd = ff::PrimeField::to_repr(&y).as_ref()[0] & 1;
            assert_eq!(format!("{x:?} {odd}"), expected, "{} {index}", E::CURVE);
        }
    }

    #[test]
    fn the_first_generators_are_pinned() {
        pinned::<Primary>([
            "0x0a73c9c921c05ab7dc7ba79c73ec5185af789dbeee71539a1c7f5c18c956f353 0",
            "0x1e4163e40e2ef6708850388658c2a798b860407369e062cfb742b04b269b20ed 1",
            "0x3f9e4e0bd02df6a4edcff0dea1e159515cd6eb5994ab169f0dd980c24a5b3a90 1",
        ]);
        pinned::<Secondary>([
            "0x12b4c16221fce3f07966d04c326fff2ec69979de14450371500fbd8a627b5ced 0",
            "0x2ec3dc76d9113fa18334d7cdf5d1da3150138ad88154065cbe6dad6a8959c7a0 1",
            "0x0dee791d652b3bda25f83e7808ba20e1289037cc01ac2d88d04f91abc30e595f 1",
        ]);
    }

    fn apart<E: PastaEngine>() {
        let of = |label: &[u8]| CommitmentKey::<E>::of_label(label, 1 << 12);
        let ours = of(LABEL);
        // Another label, one that differs in length only, and the empty one.
        let others = [b"zkmips commitment key 1".as_slice(), &LABEL[..22], b""].map(of);
        let mut seen = HashSet::new();
        for key in others.iter().chain([&ours]) {
            for point in key.generators() {
                assert!(!point.is_identity());
                let (x, _) = point.coordinates();
                // Not even the opposite occurs.
                assert!(seen.insert(ff::PrimeField::to_repr(&x).as_ref().to_vec()));
            }
        }
        // Half of the ordinates are odd; the standard deviation is 32, of which this allows five.
        let odd = |point: &&Generator<E>| {
            ff::PrimeField::to_repr(&point.coordinates().1).as_ref()[0] & 1 == 1
        };
        let odd = (ours.generators().iter()).filter(odd).count();
        assert!(odd.abs_diff(1 << 11) < 5 * 32, "{odd}");
    }

    #[test]
    fn generators_differ_from_each_other_and_between_labels() {
        apart::<Primary>();
        apart::<Secondary>();
    }

    #[test]
    fn a_key_is_a_prefix_of_longer_ones_and_differs_between_curves() {
        let [short, long] = [8, 20].map(|n| CommitmentKey::<Primary>::of_label(LABEL, n));
        assert_eq!(short.generators(), &long.generators()[..8]);
        let (x, _) = generator::<Primary>(LABEL, 0).coordinates();
        let (other, _) = generator::<Secondary>(LABEL, 0).coordinates();
        assert_ne!(
            ff::PrimeField::to_repr(&x).as_ref(),
            ff::PrimeField::to_repr(&other).as_ref()
        );
    }
}
