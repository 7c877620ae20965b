use super::toy::{challenges, commit, fold_all, honest, initial, last, params, verifier_params};
use crate::{
    compress::CompressedProof,
    error::VerifyError,
    prove::{
        error::ProveError,
        ivc::{fold, RunningProof},
    },
    ro::F1,
};
use ff::Field;
use std::ops::ControlFlow;

fn prove(n: usize) -> RunningProof {
    let mut source = honest(n);
    let commitments = commit(&mut source);
    let z0 = initial(challenges(n, commitments.ic));
    fold_all(&mut source, &commitments, z0).unwrap()
}

#[test]
fn runs_of_one_and_more_segments_are_proved_and_verified() {
    for n in [1, 2, 4] {
        let proof = prove(n);
        let ic = proof.ic();
        let c = challenges(n, ic);
        let (z0, zn) = (initial(c), last(n, c));
        let pp = params();
        proof.verify(pp, n as u64, &z0, &zn, ic).unwrap();

        let compressed = proof.clone().compress(pp).unwrap();
        let bytes = compressed.to_bytes().unwrap();
        println!("{n} segments: {} bytes", bytes.len());
        let compressed = CompressedProof::from_bytes(&bytes).unwrap();
        assert_eq!(compressed.ic(), ic);
        compressed
            .verify(verifier_params(), n as u64, &z0, &zn, ic)
            .unwrap();

        let (found, expected) = (n as u64, n as u64 + 1);
        assert_eq!(
            proof.verify(pp, expected, &z0, &zn, ic),
            Err(VerifyError::Segments { found, expected })
        );
        assert_eq!(
            proof.verify(pp, 0, &z0, &zn, ic),
            Err(VerifyError::NoSegments)
        );
        assert_eq!(
            proof.verify(pp, found, &z0, &zn, ic + ic),
            Err(VerifyError::Chain)
        );
        for k in 0..4 {
            let (mut bad0, mut badn) = (z0, zn);
            bad0[k] += F1::ONE;
            badn[k] += F1::ONE;
            assert_eq!(
                proof.verify(pp, found, &bad0, &zn, ic),
                Err(VerifyError::InitialValues)
            );
            assert_eq!(
                proof.verify(pp, found, &z0, &badn, ic),
                Err(VerifyError::FinalValues)
            );
        }
    }
}

#[test]
fn an_interrupted_proof_continues_from_its_bytes() {
    let n = 3;
    let mut source = honest(n);
    let commitments = commit(&mut source);
    let c = challenges(n, commitments.ic);
    for stop in [1, 3] {
        let mut stopper = |proof: &RunningProof, _: &_| match proof.segments() == stop {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let part = fold(
            params(),
            &mut source,
            &commitments,
            initial(c),
            None,
            false,
            &mut stopper,
        )
        .unwrap();
        assert_eq!(part.segments(), stop);
        let loaded = RunningProof::from_bytes(&part.to_bytes().unwrap()).unwrap();
        let stored = bincode::deserialize(&bincode::serialize(&commitments).unwrap()).unwrap();
        let mut seen = Vec::new();
        let mut watch = |proof: &RunningProof, _: &_| {
            seen.push(proof.segments());
            ControlFlow::Continue(())
        };
        let mut again = source.clone();
        let proof = fold(
            params(),
            &mut again,
            &stored,
            initial(c),
            Some(loaded),
            true,
            &mut watch,
        )
        .unwrap();
        assert_eq!(seen, (stop + 1..=n as u64).collect::<Vec<_>>());
        proof
            .verify(params(), n as u64, &initial(c), &last(n, c), commitments.ic)
            .unwrap();
    }
}

#[test]
fn columns_that_change_between_the_passes_are_noticed() {
    let mut source = honest(2);
    let commitments = commit(&mut source);
    source.0[1][3] += F1::ONE;
    let z0 = initial(challenges(2, commitments.ic));
    let result = fold_all(&mut source, &commitments, z0);
    assert!(matches!(result, Err(ProveError::PreChanged(1))));
}

#[test]
fn what_one_backend_proves_the_other_accepts() {
    for portable in [true, false] {
        // For the whole process: other tests do not mind, results are the same.
        zkmips_msm::backend::use_portable(portable);
        let proof = prove(2);
        let compressed = proof.clone().compress(params()).unwrap();
        let ic = proof.ic();
        let c = challenges(2, ic);
        let (z0, zn) = (initial(c), last(2, c));
        zkmips_msm::backend::use_portable(!portable);
        proof.verify(params(), 2, &z0, &zn, ic).unwrap();
        compressed
            .verify(verifier_params(), 2, &z0, &zn, ic)
            .unwrap();
    }
    zkmips_msm::backend::use_portable(false);
}
