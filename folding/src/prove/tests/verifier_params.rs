//! The parameter digest: what it binds, and that verifiers come to the same one.
use crate::prove::{
    cache::KeyCache,
    params::describe,
    r1cs::R1cs,
    split::SplitShape,
    tests::toy::{params, verifier_params, TOY},
};
use crate::{
    compact::{CompactShape, NotAShape},
    verifier_params::{Description, VerifierParams},
};
use rand_core::{OsRng, RngCore};

fn digest_of(description: &Description) -> [u8; 32] {
    let keys = KeyCache::in_memory();
    let params = VerifierParams::setup(description.clone(), &keys, &|_| ());
    *params.unwrap().digest()
}

#[test]
fn prover_and_verifier_have_one_digest() {
    assert_eq!(params().digest(), verifier_params().digest());
}

#[test]
fn the_digest_binds_shapes_prefix_description_and_keys() {
    let good = describe(&TOY).unwrap();
    let base = *params().digest();
    assert_eq!(base, digest_of(&good));
    let mut renamed = good.clone();
    renamed.step.push(b'.');
    assert_ne!(base, digest_of(&renamed));

    let mut longer = params().primary.clone();
    longer.pre_len += 8;
    // The matrices in other places.
    let shape = &params().primary.shape;
    let [A, B, C] = shape.matrices().map(Clone::clone);
    let exchanged = SplitShape {
        shape: R1cs::new(shape.num_vars(), shape.num_io(), [B, A, C]),
        pre_len: params().primary.pre_len,
    };
    for other in [longer, exchanged] {
        let mut description = good.clone();
        description.primary = CompactShape::new(&other);
        assert_ne!(base, digest_of(&description));
    }

    let (len, other_len) = good.key_lengths();
    let keys = KeyCache::in_memory();
    let primary = keys.get(len, &|_| ()).unwrap();
    let secondary = keys.get(other_len, &|_| ()).unwrap();
    let mut other = primary.clone();
    other.digest[31] ^= 1;
    let with = |primary| *VerifierParams::new(good.clone(), primary, secondary.clone()).digest();
    assert_eq!(with(primary), base);
    assert_ne!(with(other), base);
}

/// Whoever makes the file can choose every byte of it: another circuit has another digest, or is none.
#[test]
fn a_forged_file_has_another_digest() {
    let good = describe(&TOY).unwrap();
    let file = good.to_bytes();
    assert_eq!(Description::from_bytes(&file).unwrap(), good);
    let digest = |d: &Description| (d.step.clone(), d.primary.digest(), d.secondary.digest());
    let honest = digest(&good);
    for i in 0..300 {
        let mut bad = file.clone();
        // The beginning of the file, where the lengths are, and places all over it.
        let place = match i {
            0..100 => i,
            _ => OsRng.next_u64() as usize % file.len(),
        };
        bad[place] ^= 1 << (OsRng.next_u32() % 8);
        if let Ok(description) = Description::from_bytes(&bad) {
            assert_ne!(digest(&description), honest, "byte {place}");
        }
    }
    for end in [0, 7, 12, 100, file.len() / 2, file.len() - 1] {
        assert_eq!(Description::from_bytes(&file[..end]), Err(NotAShape));
    }
    assert!(Description::from_bytes(&[&file[..], &[0]].concat()).is_err());
}
