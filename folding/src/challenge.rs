//! The lookup challenges: a random oracle's answer to the statement and the end of the chain of `pre` commitments.
use crate::ro::{F1, F2};
use ff::PrimeField;
use nova_snark::traits::PrimeFieldExt;
use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak512};

const DOMAIN: &[u8] = b"zkmips challenges 1";

/// `alpha` and `gamma` of the logarithmic-derivative sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenges {
    pub alpha: F1,
    pub gamma: F1,
}

impl Challenges {
    /// Hashes the parts of the statement and then `ic`, each preceded by its length.
    ///
    /// `statement` must hold everything that the prover could otherwise choose after the challenges: machine version, parameter
    /// digest, shape, program, public input, output, status, number of segments. Each challenge is 64 bytes of Keccak reduced
    /// modulo the field's order, so its bias is negligible.
    pub fn derive(statement: &[&[u8]], ic: F2) -> Self {
        let ic = ic.to_repr();
        let challenge = |name: &[u8]| {
            let mut hash = Keccak512::new();
            for part in [DOMAIN, name].iter().chain(statement).chain([&ic.as_ref()]) {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
            F1::from_uniform(&hash.finalize())
        };
        Self {
            alpha: challenge(b"alpha"),
            gamma: challenge(b"gamma"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_and_every_border_between_parts_counts() {
        let base = Challenges::derive(&[b"ab", b"c"], F2::from(5));
        assert_ne!(base.alpha, base.gamma);
        for other in [
            Challenges::derive(&[b"a", b"bc"], F2::from(5)),
            Challenges::derive(&[b"ab", b"c", b""], F2::from(5)),
            Challenges::derive(&[b"ab", b"d"], F2::from(5)),
            Challenges::derive(&[b"ab", b"c"], F2::from(6)),
        ] {
            assert_ne!(base.alpha, other.alpha);
            assert_ne!(base.gamma, other.gamma);
        }
        assert_eq!(base, Challenges::derive(&[b"ab", b"c"], F2::from(5)));
    }
}
