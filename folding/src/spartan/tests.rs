//! Completeness over sizes and splits, and cheating provers that have to fail.
use super::*;
use crate::{
    split::{commit_post, commit_pre},
    Primary, Secondary,
};
use nova_snark::{
    provider::traits::DlogGroup,
    r1cs::{R1CSShape, SparseMatrix},
    traits::commitment::CommitmentEngineTrait,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

type F<E> = <E as Engine>::Scalar;

const DIGEST: [u8; 32] = [7; 32];

/// Everything a test needs about one random satisfiable instance.
struct Case<E: SpartanEngine> {
    ck: CommitmentKey<E>,
    shape: SplitShape<E>,
    instance: RelaxedSplitInstance<E>,
    witness: RelaxedSplitWitness<E>,
    rng: ChaCha20Rng,
}

fn random_vec<T: Field>(rng: &mut ChaCha20Rng, len: usize) -> Vec<T> {
    (0..len).map(|_| T::random(&mut *rng)).collect()
}

/// A matrix with up to `per_row` entries in a row: ones, small and random coefficients.
fn random_matrix<T: ff::PrimeField>(
    rng: &mut ChaCha20Rng,
    rows: usize,
    columns: usize,
    per_row: usize,
) -> SparseMatrix<T> {
    let mut entries = Vec::new();
    for row in 0..rows {
        let mut at: Vec<usize> = (0..per_row)
            .map(|_| rng.next_u64() as usize % columns)
            .collect();
        at.sort_unstable();
        at.dedup();
        for column in at {
            let value = match rng.next_u32() % 4 {
                0 => T::ONE,
                1 => -T::ONE,
                2 => T::from(rng.next_u64() % 100),
                _ => T::random(&mut *rng),
            };
            entries.push((row, column, value));
        }
    }
    SparseMatrix::new(&entries, rows, columns)
}

fn random_shape<E: SpartanEngine>(
    rng: &mut ChaCha20Rng,
    (rows, vars, io, pre_len): (usize, usize, usize, usize),
) -> SplitShape<E> {
    let columns = vars + 1 + io;
    let [a, b, c] = [0; 3].map(|_| random_matrix(rng, rows, columns, 3));
    let shape = R1CSShape::new(rows, vars, io, a, b, c).unwrap();
    SplitShape::new(shape, pre_len).unwrap()
}

/// The error vector that makes `W, u, X` satisfy the relation.
fn error_vector<E: SpartanEngine>(
    shape: &SplitShape<E>,
    w: &[F<E>],
    u: F<E>,
    x: &[F<E>],
) -> Vec<F<E>> {
    let z = [w, &[u], x].concat();
    let (az, bz, cz) = shape.shape.multiply_vec(&z).unwrap();
    let rows = az.iter().zip(&bz).zip(&cz);
    rows.map(|((a, b), c)| *a * b - u * c).collect()
}

impl<E: SpartanEngine> Case<E> {
    /// `measures` are rows, variables, length of `X`, and `P`.
    fn new(seed: u64, measures: (usize, usize, usize, usize)) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (rows, vars, io, pre_len) = measures;
        let shape = random_shape(&mut rng, measures);
        let ck = E::CE::setup(b"spartan test", rows.max(vars)).unwrap();
        let w = random_vec(&mut rng, vars);
        let x = random_vec(&mut rng, io);
        let u = F::<E>::random(&mut rng);
        let e = error_vector(&shape, &w, u, &x);
        let zero = F::<E>::ZERO;
        let instance = RelaxedSplitInstance {
            comm_pre: commit_pre::<E>(&ck, &w[..pre_len], &zero),
            comm_post: commit_post::<E>(&ck, &w, pre_len, &zero),
            comm_E: E::CE::commit(&ck, &e, &zero),
            X: x,
            u,
        };
        let witness = RelaxedSplitWitness {
            W: w,
            E: e,
            r_pre: zero,
            r_post: zero,
            r_E: zero,
        };
        Self {
            ck,
            shape,
            instance,
            witness,
            rng,
        }
    }

    /// The case most negative tests use: three blocks, neither side a power of two.
    fn usual() -> Self {
        Self::new(1, (20, 50, 2, 16 + 4 + 1))
    }

    fn prove(&self) -> SpartanProof<E> {
        prove(
            &self.ck,
            &self.shape,
            &DIGEST,
            &self.instance,
            &self.witness,
        )
        .unwrap()
    }

    /// What an honest prover opens the commitments to.
    fn vectors(&self) -> Vectors<F<E>> {
        let len = E::generators(&self.ck).len();
        let padded = |v: &[F<E>]| [v, &vec![F::<E>::ZERO; len - v.len()]].concat();
        let mut post = self.witness.W.clone();
        post[..self.shape.pre_len].fill(F::<E>::ZERO);
        Vectors {
            w: padded(&self.witness.W),
            post: padded(&post),
            e: padded(&self.witness.E),
        }
    }

    fn prove_vectors(&self, vectors: Vectors<F<E>>) -> SpartanProof<E> {
        prove_vectors(&self.ck, &self.shape, &DIGEST, &self.instance, vectors).unwrap()
    }

    fn verify(&self, proof: &SpartanProof<E>) -> Result<(), SpartanError> {
        verify(&self.ck, &self.shape, &DIGEST, &self.instance, proof)
    }

    fn random_scalar(&mut self) -> F<E> {
        F::<E>::random(&mut self.rng)
    }

    fn random_commitment(&mut self) -> Commitment<E> {
        let v = random_vec(&mut self.rng, 2);
        E::CE::commit(&self.ck, &v, &F::<E>::ZERO)
    }
}

fn negate<E: SpartanEngine>(c: Commitment<E>) -> Commitment<E> {
    c * -F::<E>::ONE
}

fn accepts<E: SpartanEngine>(seed: u64, measures: (usize, usize, usize, usize)) {
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
    let (az, bz, _) = case.shape.shape.multiply_vec(&z).unwrap();
    let diagonal = |i: usize| (i, i, az[i] * bz[i] * z[i].invert().unwrap());
    let c: Vec<_> = (0..30).map(diagonal).collect();
    let (a, b) = (case.shape.shape.A().clone(), case.shape.shape.B().clone());
    let c = SparseMatrix::new(&c, 30, 43);
    case.shape.shape = R1CSShape::new(30, 40, 2, a, b, c).unwrap();
    case.witness.E.fill(F::<E>::ZERO);
    case.instance.u = F::<E>::ONE;
    case.instance.comm_E = Commitment::<E>::default();
    case.verify(&case.prove()).unwrap();
}

#[test]
fn an_unsatisfying_witness_is_refused_by_the_prover() {
    let mut case = Case::<Primary>::usual();
    case.witness.E[3] += F::<Primary>::ONE;
    let error = prove(
        &case.ck,
        &case.shape,
        &DIGEST,
        &case.instance,
        &case.witness,
    )
    .unwrap_err();
    assert!(matches!(error, SpartanError::Unsatisfied));
}

/// Every scalar of a proof, by a mutable reference.
fn scalars<E: SpartanEngine>(proof: &mut SpartanProof<E>) -> Vec<&mut F<E>> {
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

fn altered_proofs_are_rejected<E: SpartanEngine>(case: &mut Case<E>) {
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
            &case.witness,
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

/// Moves `delta`, a vector over the columns of `W`, from `pre` to `post`: the sum and so the rows stay satisfied. The prover knows the
/// openings of both new commitments and is otherwise honest.
fn moved<E: SpartanEngine>(case: &mut Case<E>, delta: &[F<E>]) -> Result<(), SpartanError> {
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

fn post_must_vanish_on_the_prefix<E: SpartanEngine>(pre_len: usize) {
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

#[test]
fn a_proof_holds_for_its_own_statement_only() {
    type E = Primary;
    let mut case = Case::<E>::usual();
    let proof = case.prove();
    let other_digest = [8; 32];
    assert!(verify(&case.ck, &case.shape, &other_digest, &case.instance, &proof).is_err());

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
    assert!(verify(&other_key, &case.shape, &DIGEST, &case.instance, &proof).is_err());
    case.verify(&proof).unwrap();
}

#[test]
fn a_short_key_is_an_error_on_both_sides() {
    type E = Primary;
    let case = Case::<E>::usual();
    let proof = case.prove();
    let short = <E as Engine>::CE::setup(b"spartan test", 32).unwrap();
    let error = verify(&short, &case.shape, &DIGEST, &case.instance, &proof).unwrap_err();
    assert!(matches!(
        error,
        SpartanError::KeyTooShort { need: 64, have: 32 }
    ));
    assert!(prove(&short, &case.shape, &DIGEST, &case.instance, &case.witness).is_err());
}

#[test]
fn witnesses_of_other_lengths_are_errors() {
    let mut case = Case::<Primary>::usual();
    case.witness.W.pop();
    let result = prove(
        &case.ck,
        &case.shape,
        &DIGEST,
        &case.instance,
        &case.witness,
    );
    assert!(matches!(result, Err(SpartanError::InstanceLength)));
    let mut case = Case::<Primary>::usual();
    case.witness.E.push(F::<Primary>::ZERO);
    let result = prove(
        &case.ck,
        &case.shape,
        &DIGEST,
        &case.instance,
        &case.witness,
    );
    assert!(matches!(result, Err(SpartanError::InstanceLength)));
}
