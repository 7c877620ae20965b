//! What verifiers are built to accept is what the circuits of this version are, and files in the cache cannot change it.

use sha3::{Digest, Sha3_256};
use std::path::{Path, PathBuf};
use zkmips::{hex, verifier_params, Cache, Params, Shape, VerifierParams, VerifierSetupError};

/// Keys for all shapes, made once for all runs of the tests.
fn keys() -> Cache {
    let directory = std::env::var_os(zkmips::CACHE_VARIABLE).map(PathBuf::from);
    Cache::at(directory.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys")))
}

#[test]
fn verifiers_know_the_parameters_of_every_shape() {
    let made: String = Shape::ALL
        .into_iter()
        .map(|shape| {
            let params = Params::setup(shape, &keys(), &()).unwrap();
            format!("{} {}\n", shape.name(), hex::encode(params.digest()))
        })
        .collect();
    // The example `parameters` writes the file anew.
    assert_eq!(made, include_str!("../../verifier/parameters.txt"));
}

/// The one file of the cache with this extension.
fn file_in(cache: &Cache, start: &str, end: &str) -> PathBuf {
    let files = cache.files().unwrap().into_iter().map(|file| file.path);
    let named = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(start) && name.ends_with(end)
    };
    let found: Vec<PathBuf> = files.filter(named).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

/// Exchanges two generators in a key file of 2^14 points and makes all digests in the file fit.
fn forge(file: &mut [u8]) {
    const CHUNK: usize = 64 << 12;
    let points = file.len() - 64 * ((1 << 14) + 1);
    let header = points - 32;
    let chunk = points + 64;
    let (a, b) = file[chunk + 64 * 1000..][..128].split_at_mut(64);
    a.swap_with_slice(b);
    let digest = Sha3_256::digest(&file[chunk..][..CHUNK]);
    file[48 + 32..][..32].copy_from_slice(&digest);
    let digest = Sha3_256::digest(&file[..header]);
    file[header..points].copy_from_slice(&digest);
}

#[test]
fn the_cache_cannot_change_what_is_verified() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::at(directory.path());
    let setup = || verifier_params(Shape::Small, &cache, &());
    let honest = *setup().unwrap().digest();
    assert_eq!(VerifierParams::expected_digest(Shape::Small), Some(honest));

    // A description that is cut, nonsense, of other circuits or with one entry changed is made again.
    let path = file_in(&cache, "small", ".shape");
    let good = std::fs::read(&path).unwrap();
    let mut changed = good.clone();
    changed[good.len() / 3] ^= 2;
    for bad in [&good[..good.len() - 1], b"", &changed] {
        std::fs::write(&path, bad).unwrap();
        assert_eq!(*setup().unwrap().digest(), honest);
        assert!(std::fs::read(&path).unwrap() == good);
    }

    // So are the bytes that came in another way refused, and keys that agree with themselves but not with the label.
    let key = |curve| std::fs::read(file_in(&cache, curve, ".key")).unwrap();
    let (pallas, mut vesta) = (key("pallas"), key("vesta"));
    let from = |shape: &[u8], vesta: &[u8]| {
        VerifierParams::from_files(Shape::Small, shape, &pallas, vesta)
    };
    assert_eq!(*from(&good, &vesta).unwrap().digest(), honest);
    assert!(from(&changed, &vesta).is_err());
    assert!(from(&good, &pallas).is_err());
    forge(&mut vesta);
    let error = from(&good, &vesta).unwrap_err().to_string();
    assert!(
        error.contains("not the parameters of shape `small`"),
        "{error}"
    );
    std::fs::write(file_in(&cache, "vesta", ".key"), vesta).unwrap();
    // Unless one of the few generators that are made again happens to be one of the two.
    let refused = setup().unwrap_err();
    assert!(
        matches!(
            &refused,
            VerifierSetupError::Other(_) | VerifierSetupError::Key(_)
        ),
        "{refused}"
    );
}
