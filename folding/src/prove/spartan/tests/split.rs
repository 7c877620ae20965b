//! Provers that move mass between the two parts of a split witness.
use super::*;

/// Moves `delta`, a vector over the columns of `W`, from `pre` to `post`: the sum and so the rows stay satisfied. The prover knows the
/// openings of both new commitments and is otherwise honest.
fn moved<E: PastaEngine>(case: &mut Case<E>, delta: &[F<E>]) -> Result<(), SpartanError> {
    let commitment = E::CE::commit(&case.ck, delta, &F::<E>::ZERO);
    let good = case.instance.clone();
    case.instance.comm_post = good.comm_post + commitment;
    case.instance.comm_pre = good.comm_pre + negate::<E>(commitment);
    let mut vectors = case.vectors();
    vectors
        .post
        .iter_mut()
        .zip(delta)
        .for_each(|(p, d)| *p += d);
    let proof = case.prove_vectors(vectors);
    let knowing = case.verify(&proof);
    // The prover that pretends its post part is still zero there fails in the opening instead.
    let pretending = case.verify(&case.prove());
    case.instance = good;
    match knowing {
        Ok(()) => Ok(()),
        Err(error) => {
            assert!(matches!(pretending, Err(SpartanError::Opening)));
            Err(error)
        }
    }
}

fn post_must_vanish_on_the_prefix<E: PastaEngine>(pre_len: usize) {
    let mut case = Case::<E>::new(11, (20, 50, 2, pre_len));
    for column in 0..pre_len {
        let mut delta = vec![F::<E>::ZERO; 50];
        delta[column] = case.random_scalar();
        let error = moved(&mut case, &delta).unwrap_err();
        assert!(
            matches!(error, SpartanError::Claims),
            "P = {pre_len}, column {column}"
        );
    }
    // Two entries that cancel in a plain sum.
    if pre_len > 1 {
        let mut delta = vec![F::<E>::ZERO; 50];
        delta[0] = F::<E>::ONE;
        delta[pre_len - 1] = -F::<E>::ONE;
        assert!(moved(&mut case, &delta).is_err());
    }
}

#[test]
fn the_split_is_not_only_opened_as_a_sum() {
    for pre_len in [1, 16, 32 + 1, 16 + 4 + 1, 50] {
        post_must_vanish_on_the_prefix::<Primary>(pre_len);
    }
    post_must_vanish_on_the_prefix::<Secondary>(8 + 2);
}

/// Pins what the module documentation argues: mass of `C_pre` beyond the prefix changes neither what is bound nor what is free.
#[test]
fn mass_of_pre_beyond_the_prefix_is_harmless() {
    let mut case = Case::<Primary>::usual();
    let mut delta = vec![F::<Primary>::ZERO; 50];
    delta[case.shape.pre_len] = F::<Primary>::from(9);
    delta[49] = F::<Primary>::from(4);
    moved(&mut case, &delta).unwrap();
}

#[test]
fn swapped_parts_are_rejected_even_by_a_prover_that_knows_both() {
    type E = Primary;
    let mut case = Case::<E>::usual();
    let i = &mut case.instance;
    std::mem::swap(&mut i.comm_pre, &mut i.comm_post);
    let mut vectors = case.vectors();
    vectors.post = vectors.w.clone();
    vectors.post[case.shape.pre_len..].fill(F::<E>::ZERO);
    let proof = case.prove_vectors(vectors);
    assert!(matches!(
        case.verify(&proof).unwrap_err(),
        SpartanError::Claims
    ));
}

#[test]
fn without_a_prefix_its_commitment_is_the_identity() {
    type E = Secondary;
    let mut case = Case::<E>::new(8, (10, 20, 2, 0));
    let proof = case.prove();
    let delta = case.random_commitment();
    case.instance.comm_pre = delta;
    case.instance.comm_post = case.instance.comm_post + negate::<E>(delta);
    assert!(matches!(
        case.verify(&proof).unwrap_err(),
        SpartanError::UnexpectedPrefix
    ));
}
