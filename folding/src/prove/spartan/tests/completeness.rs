//! True statements are accepted, and what cannot be proved is an error.
use super::*;

fn accepts<E: PastaEngine>(seed: u64, measures: (usize, usize, usize, usize)) {
    let case = Case::<E>::new(seed, measures);
    let proof = case.prove();
    case.verify(&proof)
        .unwrap_or_else(|error| panic!("{measures:?}: {error}"));
    let bytes = bincode::serialize(&proof).unwrap();
    let back: SpartanProof<E> = bincode::deserialize(&bytes).unwrap();
    assert_eq!(back, proof);
}

#[test]
fn true_statements_are_accepted_whatever_the_measures() {
    let measures = [
        (16, 16, 2, 0),
        (16, 16, 2, 8),
        (16, 16, 2, 16),
        (64, 8, 2, 4),
        (8, 64, 2, 32),
        (5, 100, 1, 64 + 16 + 4),
        (100, 5, 1, 5),
        (100, 70, 3, 7),
        (33, 33, 0, 33),
        (3, 129, 40, 128 + 1),
        (1, 1, 0, 0),
        (1, 1, 0, 1),
        (2, 1, 5, 1),
        (1, 4, 5, 3),
    ];
    for (seed, measures) in measures.into_iter().enumerate() {
        accepts::<Primary>(seed as u64, measures);
        accepts::<Secondary>(seed as u64, measures);
    }
}

#[test]
fn an_unrelaxed_instance_is_a_special_case() {
    type E = Primary;
    let mut case = Case::<E>::new(3, (30, 40, 2, 8));
    // u = 1, E = 0: replace C by the diagonal that makes every row hold.
    let z = [&case.witness.W[..], &[F::<E>::ONE], &case.instance.X].concat();
    let [az, bz, _] = case.shape.shape.multiply(&z);
    let diagonal = |i: usize| (i, i, az[i] * bz[i] * z[i].invert().unwrap());
    let c: Vec<_> = (0..30).map(diagonal).collect();
    let [a, b, _] = case.shape.shape.matrices().map(Clone::clone);
    let c = Matrix::from_entries(&c, 30);
    case.shape.shape = R1cs::new(40, 2, [a, b, c]);
    case.witness.E.fill(F::<E>::ZERO);
    case.instance.u = F::<E>::ONE;
    case.instance.comm_E = Commitment::<E>::default();
    case.verify(&case.prove()).unwrap();
}

#[test]
fn an_unsatisfying_witness_is_refused_by_the_prover() {
    let mut case = Case::<Primary>::usual();
    case.witness.E[3] += F::<Primary>::ONE;
    let error = prove(&case.ck, &case.shape, &DIGEST, &case.instance, case.witness).unwrap_err();
    assert!(matches!(error, SpartanError::Unsatisfied));
}

#[test]
fn a_short_key_is_an_error_on_both_sides() {
    type E = Primary;
    let case = Case::<E>::usual();
    let proof = case.prove();
    let short = <E as Engine>::CE::setup(b"spartan test", 32).unwrap();
    let shape = CompactShape::new(&case.shape);
    let error = verify(&short, &shape, &DIGEST, &case.instance, &proof).unwrap_err();
    assert!(matches!(
        error,
        SpartanError::KeyTooShort { need: 64, have: 32 }
    ));
    assert!(prove(&short, &case.shape, &DIGEST, &case.instance, case.witness).is_err());
}

#[test]
fn witnesses_of_other_lengths_are_errors() {
    let mut case = Case::<Primary>::usual();
    case.witness.W.pop();
    assert!(matches!(
        case.try_prove(),
        Err(SpartanError::InstanceLength)
    ));
    let mut case = Case::<Primary>::usual();
    case.witness.E.push(F::<Primary>::ZERO);
    assert!(matches!(
        case.try_prove(),
        Err(SpartanError::InstanceLength)
    ));
}
