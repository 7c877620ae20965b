//! Proofs and instances that were altered, and proofs of other statements.
use super::*;

/// Every scalar of a proof, by a mutable reference.
fn scalars<E: PastaEngine>(proof: &mut SpartanProof<E>) -> Vec<&mut F<E>> {
    let mut all: Vec<&mut F<E>> = Vec::new();
    all.extend(proof.rows.iter_mut().flatten());
    all.extend(&mut proof.at_rows);
    all.extend(proof.columns.iter_mut().flatten());
    all.push(&mut proof.eval_W);
    all.extend(proof.claims.iter_mut().flatten());
    let Values { w, post, e } = &mut proof.values;
    all.extend([w, post, e, &mut proof.opening.last]);
    all
}

fn altered_proofs_are_rejected<E: PastaEngine>(case: &mut Case<E>) {
    let proof = case.prove();
    case.verify(&proof).unwrap();
    let count = scalars(&mut proof.clone()).len();
    for i in 0..count {
        for delta in [F::<E>::ONE, case.random_scalar()] {
            let mut bad = proof.clone();
            *scalars(&mut bad)[i] += delta;
            assert!(case.verify(&bad).is_err(), "scalar {i}");
        }
    }
    for i in 0..proof.opening.left.len() {
        for point in [E::GE::gen(), E::GE::zero()] {
            let mut bad = proof.clone();
            bad.opening.left[i] = point;
            assert!(case.verify(&bad).is_err(), "left {i}");
            let mut bad = proof.clone();
            bad.opening.right[i] = point;
            assert!(case.verify(&bad).is_err(), "right {i}");
        }
        let mut bad = proof.clone();
        std::mem::swap(&mut bad.opening.left[i], &mut bad.opening.right[i]);
        assert!(case.verify(&bad).is_err(), "swap {i}");
    }
}

#[test]
fn every_field_of_the_proof_matters() {
    altered_proofs_are_rejected(&mut Case::<Primary>::usual());
    altered_proofs_are_rejected(&mut Case::<Secondary>::new(2, (9, 12, 2, 0)));
}

#[test]
fn vectors_of_other_lengths_are_rejected() {
    type E = Primary;
    let case = Case::<E>::usual();
    let proof = case.prove();
    let edits: [fn(&mut SpartanProof<E>); 12] = [
        |p| p.rows.truncate(2),
        |p| p.rows.clear(),
        |p| p.rows.push([F::<E>::ZERO; 3]),
        |p| p.columns.truncate(2),
        |p| p.columns.push([F::<E>::ZERO; 2]),
        |p| p.claims.clear(),
        |p| p.claims.push([F::<E>::ZERO; 2]),
        |p| p.opening.left.truncate(3),
        |p| p.opening.right.truncate(3),
        |p| {
            p.opening.left.clear();
            p.opening.right.clear();
        },
        |p| {
            p.opening.left.extend(vec![<E as Engine>::GE::gen(); 64]);
            p.opening.right.extend(vec![<E as Engine>::GE::gen(); 64]);
        },
        |p| p.rows.extend(vec![[F::<E>::ONE; 3]; 100]),
    ];
    for (i, edit) in edits.into_iter().enumerate() {
        let mut bad = proof.clone();
        edit(&mut bad);
        let error = case.verify(&bad).unwrap_err();
        assert!(matches!(error, SpartanError::ProofLength), "edit {i}");
    }
}

#[test]
fn damaged_bytes_never_panic_and_never_verify() {
    type E = Primary;
    let mut case = Case::<E>::new(5, (6, 9, 2, 5));
    let bytes = bincode::serialize(&case.prove()).unwrap();
    // A length that no memory could hold.
    let mut huge = bytes.clone();
    huge[..8].fill(0xff);
    assert!(bincode::deserialize::<SpartanProof<E>>(&huge).is_err());
    for end in 0..bytes.len() {
        assert!(bincode::deserialize::<SpartanProof<E>>(&bytes[..end]).is_err());
    }
    for i in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[i] ^= 1 << (case.rng.next_u32() % 8);
        if let Ok(proof) = bincode::deserialize::<SpartanProof<E>>(&bad) {
            assert!(case.verify(&proof).is_err(), "byte {i}");
        }
    }
}

#[test]
fn every_field_of_the_instance_matters() {
    type E = Primary;
    let mut case = Case::<E>::usual();
    let proof = case.prove();
    let delta = case.random_commitment();
    type Edit<'a> = &'a dyn Fn(&mut RelaxedSplitInstance<E>);
    let edits: [Edit<'_>; 10] = [
        &|i| i.comm_pre = i.comm_pre + delta,
        &|i| i.comm_post = i.comm_post + delta,
        &|i| i.comm_E = i.comm_E + delta,
        &|i| i.comm_pre = Commitment::<E>::default(),
        &|i| std::mem::swap(&mut i.comm_pre, &mut i.comm_post),
        &|i| i.u += F::<E>::ONE,
        &|i| i.u = F::<E>::ZERO,
        &|i| i.X[0] += F::<E>::ONE,
        &|i| i.X[1] = F::<E>::ZERO,
        &|i| i.X.swap(0, 1),
    ];
    let good = case.instance.clone();
    for (n, edit) in edits.into_iter().enumerate() {
        case.instance = good.clone();
        edit(&mut case.instance);
        assert!(case.verify(&proof).is_err(), "the proof, edit {n}");
        // A prover that knows about the change cannot do better with the same vectors.
        let fresh = prove(
            &case.ck,
            &case.shape,
            &DIGEST,
            &case.instance,
            case.witness.clone(),
        );
        let accepted = fresh.is_ok_and(|p| case.verify(&p).is_ok());
        assert!(!accepted, "a fresh proof, edit {n}");
    }
    for len in [0, 1, 3] {
        case.instance = good.clone();
        case.instance.X.resize(len, F::<E>::ONE);
        let error = case.verify(&proof).unwrap_err();
        assert!(matches!(error, SpartanError::InstanceLength));
    }
}

#[test]
fn a_proof_holds_for_its_own_statement_only() {
    type E = Primary;
    let mut case = Case::<E>::usual();
    let proof = case.prove();
    let other_digest = [8; 32];
    let shape = CompactShape::new(&case.shape);
    assert!(verify(&case.ck, &shape, &other_digest, &case.instance, &proof).is_err());

    let good = case.shape.clone();
    for pre_len in [0, 16, 16 + 4, 16 + 4 + 2, 32, 51] {
        case.shape.pre_len = pre_len;
        assert!(case.verify(&proof).is_err(), "P = {pre_len}");
    }
    // Other matrices of the same measures, and other measures.
    for measures in [
        (20, 50, 2, 21),
        (21, 50, 2, 21),
        (20, 49, 2, 21),
        (40, 50, 2, 21),
        (20, 70, 2, 21),
        (20, 50, 1, 21),
    ] {
        let mut rng = ChaCha20Rng::seed_from_u64(99);
        case.shape = random_shape(&mut rng, measures);
        assert!(case.verify(&proof).is_err(), "{measures:?}");
    }
    case.shape = good;
    let other_key = <E as Engine>::CE::setup(b"another key", 50).unwrap();
    assert!(verify(&other_key, &shape, &DIGEST, &case.instance, &proof).is_err());
    case.verify(&proof).unwrap();
}
