//! The commitments against nova-snark's own, and the forms of keys.
use super::*;
use crate::{Primary, Secondary};
use nova_snark::provider::{PallasEngine, VestaEngine};
use rand_core::OsRng;
use std::io::Cursor;

const LABEL: &[u8] = b"commitments like the library's";

/// `E` is ours, `L` the library's engine over the same curve.
fn agrees_with_the_library<E, L>()
where
    E: PastaEngine,
    L: Engine<Scalar = E::Scalar, Base = E::Base, GE = E::GE, RO = E::RO, RO2 = E::RO2>,
{
    let theirs = L::CE::setup(LABEL, 128).unwrap();
    let raw = |point: &E::Affine| Generator::<E>::from(*point).to_raw_bytes();
    let points = E::GE::from_label(LABEL, 129);
    let points: Vec<u8> = points.iter().flat_map(raw).collect();
    let ours = CommitmentKey::<E>::from_raw_bytes(&points).unwrap();
    let mut values: Vec<E::Scalar> = (0..100).map(|_| E::Scalar::random(OsRng)).collect();
    values[3..9].fill(E::Scalar::ZERO);
    for r in [E::Scalar::ZERO, E::Scalar::random(OsRng)] {
        let same = |a: Commitment<E>, b: <L::CE as CommitmentEngineTrait<L>>::Commitment| {
            assert_eq!(a.to_coordinates(), b.to_coordinates());
            assert_eq!(a.to_transcript_bytes(), b.to_transcript_bytes());
            let (a, b) = (
                bincode::serialize(&a).unwrap(),
                bincode::serialize(&b).unwrap(),
            );
            assert_eq!(a, b);
        };
        let ([a, b], [c, d]) = (
            [&values[..], &[]].map(|v| CommitmentEngine::commit(&ours, v, &r)),
            [&values[..], &[]].map(|v| L::CE::commit(&theirs, v, &r)),
        );
        same(a, c);
        same(b, d);
        same(a * r + b, c * r + d);
        let small: Vec<u64> = (0..90).map(|i| i % 7 * 1_000_003).collect();
        same(
            CommitmentEngine::commit_small(&ours, &small, &r),
            L::CE::commit_small(&theirs, &small, &r),
        );
        same(
            CommitmentEngine::commit_small_range(&ours, &small, &r, 3..20, 64),
            L::CE::commit_small_range(&theirs, &small, &r, 3..20, 64),
        );
        let places = [5, 17, 80];
        same(
            CommitmentEngine::commit_sparse(&ours, &places, &values[20..23], &r),
            L::CE::commit_sparse(&theirs, &places, &values[20..23], &r),
        );
        same(
            CommitmentEngine::commit_sparse_binary(&ours, &places, &r),
            L::CE::commit_sparse_binary(&theirs, &places, &r),
        );
        let key = CommitmentEngine::derand_key(&ours);
        let bare = CommitmentEngine::derandomize(&key, &a, &r);
        assert_eq!(
            bare,
            CommitmentEngine::commit(&ours, &values, &E::Scalar::ZERO)
        );
    }
    assert_eq!(
        CommitmentEngine::ck_to_coordinates(&ours),
        L::CE::ck_to_coordinates(&theirs)
    );
    assert_eq!(
        CommitmentEngine::ck_to_group_elements(&ours),
        L::CE::ck_to_group_elements(&theirs)
    );
}

#[test]
fn commitments_are_the_librarys() {
    agrees_with_the_library::<Primary, PallasEngine>();
    agrees_with_the_library::<Secondary, VestaEngine>();
}

#[test]
fn a_window_of_the_generators_is_the_whole_with_zeros() {
    let ck = CommitmentEngine::<Primary>::setup(LABEL, 64).unwrap();
    let r = <Primary as Engine>::Scalar::random(OsRng);
    let mut values = vec![<Primary as Engine>::Scalar::ZERO; 60];
    values[20..].fill_with(|| Field::random(OsRng));
    assert_eq!(
        ck.commit_at(20, &values[20..], &r),
        CommitmentEngine::commit(&ck, &values, &r)
    );
}

#[test]
fn keys_are_read_as_they_were_written() {
    let ck = CommitmentEngine::<Secondary>::setup(LABEL, 16).unwrap();
    let mut file = Cursor::new(Vec::new());
    CommitmentEngine::save_setup(&ck, &mut file).unwrap();
    file.set_position(0);
    let read = CommitmentEngine::<Secondary>::load_setup(&mut file, LABEL, 16).unwrap();
    assert_eq!(read, ck);
    let bytes = bincode::serialize(&ck).unwrap();
    assert_eq!(
        bincode::deserialize::<CommitmentKey<Secondary>>(&bytes).unwrap(),
        ck
    );
    let mut raw = ck.to_raw_bytes();
    assert!(CommitmentKey::<Secondary>::from_raw_bytes(&raw[1..]).is_err());
    raw[100] ^= 1;
    assert!(CommitmentKey::<Secondary>::from_raw_bytes(&raw).is_err());
    assert!(CommitmentKey::<Secondary>::from_raw_bytes(&[]).is_err());
}

#[test]
fn derived_keys_sum_generators() {
    let ck = CommitmentEngine::<Primary>::setup(LABEL, 8).unwrap();
    let addresses = [0, 2, 2, 1, 0, 3, 2, 0];
    let derived = CommitmentEngine::ck_derive_by_address(&ck, &addresses, 4).unwrap();
    let table: Vec<_> = (1..5).map(<Primary as Engine>::Scalar::from).collect();
    let looked_up: Vec<_> = addresses.iter().map(|a| table[*a]).collect();
    let r = <Primary as Engine>::Scalar::random(OsRng);
    assert_eq!(
        CommitmentEngine::commit(&derived, &table, &r),
        CommitmentEngine::commit(&ck, &looked_up, &r)
    );
    assert!(CommitmentEngine::ck_derive_by_address(&ck, &addresses, 3).is_err());
}
