//! Provers that follow the protocol with vectors that are not the committed or not satisfying ones.
use super::*;

#[test]
fn a_wrong_error_vector_is_rejected() {
    type E = Primary;
    let mut case = Case::<E>::usual();
    let mut wrong = case.witness.E.clone();
    wrong[4] += F::<E>::ONE;
    case.instance.comm_E = <E as Engine>::CE::commit(&case.ck, &wrong, &F::<E>::ZERO);
    // Honest about the rows, so that only the opening can fail.
    let proof = case.prove();
    assert!(matches!(
        case.verify(&proof).unwrap_err(),
        SpartanError::Opening
    ));
}

#[test]
fn another_satisfying_witness_than_the_committed_one_is_rejected() {
    type E = Primary;
    let mut case = Case::<E>::usual();
    let other = Case::<E>::new(77, (20, 50, 2, 21)).witness.W;
    let e = error_vector(&case.shape, &other, case.instance.u, &case.instance.X);
    let good = case.witness.clone();
    case.witness.W = other;
    case.witness.E = e.clone();
    assert!(matches!(
        case.verify(&case.prove()).unwrap_err(),
        SpartanError::Opening
    ));
    // Not even if the error vector is the committed one, or only the post part differs.
    case.instance.comm_E = <E as Engine>::CE::commit(&case.ck, &e, &F::<E>::ZERO);
    assert!(case.verify(&case.prove()).is_err());
    case.witness.W[..21].copy_from_slice(&good.W[..21]);
    case.witness.E = error_vector(
        &case.shape,
        &case.witness.W,
        case.instance.u,
        &case.instance.X,
    );
    case.instance.comm_E = <E as Engine>::CE::commit(&case.ck, &case.witness.E, &F::<E>::ZERO);
    assert!(matches!(
        case.verify(&case.prove()).unwrap_err(),
        SpartanError::Opening
    ));
}

/// A prover that knows its vectors and follows the protocol, on a false statement about one row.
#[test]
fn each_row_is_proved_padding_included() {
    type E = Primary;
    // 20 rows round up to 32: generators 20..32 belong to padding rows, 32.. to no row at all.
    let mut case = Case::<E>::usual();
    let good = case.instance.comm_E;
    for index in 0..64 {
        let mut vectors = case.vectors();
        vectors.e[index] += F::<E>::ONE;
        case.instance.comm_E = <E as Engine>::CE::commit(&case.ck, &vectors.e, &F::<E>::ZERO);
        assert_ne!(case.instance.comm_E, good);
        let result = case.verify(&case.prove_vectors(vectors));
        if index < 32 {
            assert!(matches!(result, Err(SpartanError::Rows)), "entry {index}");
        } else {
            result.unwrap();
        }
    }
}

/// The same for the columns: a changed `W` makes rows fail, unless the column is one that only padding added.
#[test]
fn each_column_is_proved() {
    type E = Primary;
    let mut case = Case::<E>::usual();
    for index in 0..64 {
        let mut vectors = case.vectors();
        vectors.w[index] += F::<E>::ONE;
        if index >= case.shape.pre_len {
            vectors.post[index] += F::<E>::ONE;
        }
        let difference = |(w, p): (&F<E>, &F<E>)| *w - p;
        let pre: Vec<_> = vectors
            .w
            .iter()
            .zip(&vectors.post)
            .map(difference)
            .collect();
        let commit = |v: &[F<E>]| <E as Engine>::CE::commit(&case.ck, v, &F::<E>::ZERO);
        (case.instance.comm_pre, case.instance.comm_post) = (commit(&pre), commit(&vectors.post));
        let e = error_vector(
            &case.shape,
            &vectors.w[..50],
            case.instance.u,
            &case.instance.X,
        );
        let used = e != case.witness.E;
        let result = case.verify(&case.prove_vectors(vectors));
        if used {
            assert!(matches!(result, Err(SpartanError::Rows)), "column {index}");
        } else {
            result.unwrap();
        }
        assert!(index < 50 || !used);
    }
}

#[test]
fn a_blinder_that_was_not_removed_is_rejected() {
    type E = Primary;
    let mut case = Case::<E>::usual();
    let blinder = <E as Engine>::CE::commit(&case.ck, &[], &F::<E>::from(5));
    case.instance.comm_post = case.instance.comm_post + blinder;
    let proof = case.prove();
    assert!(matches!(
        case.verify(&proof).unwrap_err(),
        SpartanError::Opening
    ));
    // Nor may blinders cancel between the two parts: together with the right sum, c tells them apart.
    case.instance.comm_pre = case.instance.comm_pre + negate::<E>(blinder);
    let proof = case.prove();
    assert!(matches!(
        case.verify(&proof).unwrap_err(),
        SpartanError::Opening
    ));
}
