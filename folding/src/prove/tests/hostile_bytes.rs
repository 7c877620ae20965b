//! Damaged and malicious encodings are rejected, and nothing panics.
use super::toy::{challenges, commit, fold_all, honest, initial, last, params, verifier_params};
use crate::{
    compress::CompressedProof,
    error::{DecodeError, VerifyError},
    prove::ivc::RunningProof,
    ro::{F1, F2},
    step::ARITY,
};
use ff::Field;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::sync::OnceLock;

struct Proved {
    proof: RunningProof,
    bytes: Vec<u8>,
    z0: [F1; ARITY],
    zn: [F1; ARITY],
    ic: F2,
}

fn proved() -> &'static Proved {
    static PROVED: OnceLock<Proved> = OnceLock::new();
    PROVED.get_or_init(|| {
        let mut source = honest(2);
        let commitments = commit(&mut source);
        let ic = commitments.ic;
        let c = challenges(2, ic);
        let (z0, zn) = (initial(c), last(2, c));
        let proof = fold_all(&mut source, &commitments, z0).unwrap();
        let bytes = proof
            .clone()
            .compress(params())
            .unwrap()
            .to_bytes()
            .unwrap();
        Proved {
            proof,
            bytes,
            z0,
            zn,
            ic,
        }
    })
}

fn accepts(bytes: &[u8]) -> bool {
    let Proved { z0, zn, ic, .. } = proved();
    CompressedProof::from_bytes(bytes)
        .is_ok_and(|proof| proof.verify(verifier_params(), 2, z0, zn, *ic).is_ok())
}

#[test]
fn a_flipped_bit_of_a_compressed_proof_is_noticed() {
    let good = &proved().bytes;
    assert!(accepts(good));
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    // Each 32-byte element once in seventeen, at a random bit.
    for element in (0..good.len() / 32).step_by(17) {
        let place = (element * 32 + rng.next_u32() as usize % 32).min(good.len() - 1);
        let mut bad = good.clone();
        bad[place] ^= 1 << (rng.next_u32() % 8);
        assert!(!accepts(&bad), "byte {place}");
    }
}

#[test]
fn bytes_that_are_no_proof_are_refused() {
    let good = &proved().bytes;
    for len in [0, 1, 8, 100, good.len() / 2, good.len() - 1] {
        assert!(
            CompressedProof::from_bytes(&good[..len]).is_err(),
            "{len} bytes"
        );
    }
    let longer = [&good[..], &[0]].concat();
    assert!(matches!(
        CompressedProof::from_bytes(&longer),
        Err(DecodeError::Malformed(_))
    ));

    let mut rng = ChaCha20Rng::seed_from_u64(2);
    for round in 0..300 {
        let mut noise = good.clone();
        let from = rng.next_u32() as usize % good.len();
        let len = 1 + rng.next_u32() as usize % 64;
        let to = (from + len).min(good.len());
        match round % 3 {
            0 => rng.fill_bytes(&mut noise[from..to]),
            1 => noise[from..to].fill(0xff),
            // Lengths of vectors become huge.
            _ => noise[from..to].fill(0x7f),
        }
        if noise != *good {
            // Almost always undecodable; what decodes is only verified a few times, because that takes time.
            if let Ok(proof) = CompressedProof::from_bytes(&noise) {
                let Proved { z0, zn, ic, .. } = proved();
                assert!(round > 60 || proof.verify(verifier_params(), 2, z0, zn, *ic).is_err());
            }
        }
    }
}

#[test]
fn a_number_that_is_not_reduced_is_refused() {
    // The first field element after the number of segments is the end of the chain.
    let mut bytes = proved().bytes.clone();
    bytes[8..40].fill(0xff);
    assert!(CompressedProof::from_bytes(&bytes).is_err());
}

#[test]
fn a_running_proof_from_a_damaged_file_is_rejected() {
    let Proved {
        proof, z0, zn, ic, ..
    } = proved();
    let good = proof.to_bytes().unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    for _ in 0..12 {
        let place = rng.next_u64() as usize % good.len();
        let mut bad = good.clone();
        bad[place] ^= 1 << (rng.next_u32() % 8);
        let verdict =
            RunningProof::from_bytes(&bad).map(|proof| proof.verify(params(), 2, z0, zn, *ic));
        assert!(!matches!(verdict, Ok(Ok(()))), "byte {place}");
    }

    // Vectors of other lengths.
    let edits: [fn(&mut RunningProof); 6] = [
        |proof| proof.primary.W.W.truncate(5),
        |proof| proof.primary.W.E.push(F1::ZERO),
        |proof| proof.primary.U.X.clear(),
        |proof| proof.secondary.U.X.push(F2::ZERO),
        |proof| proof.u_secondary.X.clear(),
        |proof| proof.w_secondary.W.clear(),
    ];
    for edit in edits {
        let mut bad = proof.clone();
        edit(&mut bad);
        assert!(bad.verify(params(), 2, z0, zn, *ic).is_err());
        assert!(bad.compress(params()).is_err());
    }

    // A running `u` that is the same number in the other field.
    let mut bad = proof.clone();
    bad.primary.U.u = -F1::ONE;
    assert_eq!(
        bad.verify(params(), 2, z0, zn, *ic),
        Err(VerifyError::Malformed)
    );
}
