//! Commitment keys: made by hashing a label, kept in a cache file.
//!
//! The generators of a curve are one sequence, `hash_to_curve` of successive 32-byte blocks of SHAKE256(label), the blinding
//! generator first. A key is a prefix of that sequence, so all programs and shapes share one file per curve, and a longer key
//! extends a shorter one. Nobody knows a relation between the generators: there is no setup to trust.
//!
//! The file holds affine coordinates uncompressed, because decompressing costs a square root per point. Each chunk of points has
//! a digest, and a loaded key is compared with the label at a few places chosen at random.
use crate::{
    pedersen::{CommitmentKey, NotAKey, GENERATOR_BYTES},
    PastaEngine,
};
use halo2curves::{
    group::{prime::PrimeCurveAffine, Curve as _},
    CurveExt,
};
use rand_core::{OsRng, RngCore};
use rayon::prelude::*;
use sha3::{
    digest::{ExtendableOutput, Update, XofReader},
    Digest, Sha3_256, Shake256,
};
use std::{
    fs,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};
use zkmips_msm::AffinePoint;

/// The label that is hashed to the generators.
pub const LABEL: &[u8] = b"zkmips commitment key 1";

/// Points that share one digest in the file, and the unit of generation.
const CHUNK: usize = 1 << 12;
/// Bytes of one point.
const POINT: usize = GENERATOR_BYTES;
const MAGIC: &[u8; 8] = b"ZKMKEY01";
/// Generators that are recomputed when a key is loaded.
const SPOT_CHECKS: usize = 4;
/// Longest key that is made or read: 2^26 points are 4 GiB.
const MAX_LEN: usize = 1 << 26;

/// Why a key could not be made, read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    /// The cache file is damaged or was not written by this program. Removing it is always safe.
    #[error("{path}: not a usable key file ({reason}); remove it and it will be made again")]
    Damaged { path: PathBuf, reason: &'static str },
    #[error("a key of {0} points is too long")]
    TooLong(usize),
    #[error(transparent)]
    Rejected(#[from] NotAKey),
}

/// How far the making of a key has come.
#[derive(Clone, Copy, Debug)]
pub struct KeyProgress {
    /// Name of the curve.
    pub curve: &'static str,
    /// Points made so far, and points to be made.
    pub done: usize,
    pub total: usize,
}

/// Is told now and then how far a key has come.
pub type ProgressFn<'a> = &'a (dyn Fn(KeyProgress) + Sync);

/// The engines whose keys are kept, each with the name that its file and messages use.
pub trait KeyedEngine: PastaEngine {
    const CURVE: &'static str;
}

impl KeyedEngine for crate::Primary {
    const CURVE: &'static str = "pallas";
}

impl KeyedEngine for crate::Secondary {
    const CURVE: &'static str = "vesta";
}

/// Where keys come from: a directory, or nowhere, in which case they are made each time.
#[derive(Clone, Debug, Default)]
pub struct KeyCache {
    dir: Option<PathBuf>,
}

impl KeyCache {
    /// Keeps nothing on disk.
    pub fn in_memory() -> Self {
        Self { dir: None }
    }

    /// Keeps one file per curve in `dir`, which is created when needed.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: Some(dir.into()),
        }
    }

    /// The first `len` generators, rounded up to a power of two, of curve `E`; makes and stores what is missing.
    pub fn get<E: KeyedEngine>(
        &self,
        len: usize,
        progress: ProgressFn,
    ) -> Result<CommitmentKey<E>, KeyError> {
        if len > MAX_LEN {
            return Err(KeyError::TooLong(len));
        }
        let len = len.next_power_of_two();
        let mut points = match &self.dir {
            Some(dir) => read::<E>(&file_of::<E>(dir), len)?,
            None => Vec::new(),
        };
        let have = points.len() / POINT;
        if have < len + 1 {
            generate::<E>(&mut points, len + 1, progress);
            if let Some(dir) = &self.dir {
                write::<E>(&file_of::<E>(dir), &points)?;
            }
        }
        to_key::<E>(&points, len)
    }
}

fn file_of<E: KeyedEngine>(dir: &Path) -> PathBuf {
    dir.join(format!("{}.key", E::CURVE))
}

/// Extends `points`, a prefix of the sequence in file form, to `total` points (the blinding generator included).
fn generate<E: KeyedEngine>(points: &mut Vec<u8>, total: usize, progress: ProgressFn) {
    let first = points.len() / POINT;
    let mut stream = LabelStream::new();
    stream.skip(first);
    let mut done = first;
    while done < total {
        let seeds = stream.take(CHUNK.min(total - done));
        let made: Vec<Vec<u8>> = seeds
            .par_chunks(256)
            .map(|seeds| hash_to_points::<E>(seeds))
            .collect();
        points.extend(made.iter().flatten());
        done += seeds.len();
        progress(KeyProgress {
            curve: E::CURVE,
            done: done - first,
            total: total - first,
        });
    }
}

/// Hashes each seed to a point and returns the points in file form.
fn hash_to_points<E: KeyedEngine>(seeds: &[[u8; 32]]) -> Vec<u8> {
    let hash = E::GE::hash_to_curve("from_uniform_bytes");
    let projective: Vec<E::GE> = seeds.iter().map(|seed| hash(seed)).collect();
    let mut affine = vec![E::Affine::identity(); seeds.len()];
    E::GE::batch_normalize(&projective, &mut affine);
    affine
        .into_iter()
        .flat_map(|point| AffinePoint::from(point).to_raw_bytes())
        .collect()
}

/// The output of SHAKE256(label), in blocks of 32 bytes.
struct LabelStream(Box<dyn XofReader>);

impl LabelStream {
    fn new() -> Self {
        let mut shake = Shake256::default();
        shake.update(LABEL);
        Self(Box::new(shake.finalize_xof()))
    }

    fn take(&mut self, blocks: usize) -> Vec<[u8; 32]> {
        let mut out = vec![[0; 32]; blocks];
        out.iter_mut().for_each(|block| self.0.read(block));
        out
    }

    fn skip(&mut self, blocks: usize) {
        let mut block = [0; 32];
        (0..blocks).for_each(|_| self.0.read(&mut block));
    }
}

/// Bytes before the points, of which the last 32 are a digest of the others.
///
/// Magic, digest of label and curve, number of generators, a digest for the blinding generator and one for each chunk.
fn header<E: KeyedEngine>(points: &[u8]) -> Vec<u8> {
    let len = points.len() / POINT - 1;
    let mut out = preamble::<E>().to_vec();
    out.extend((len as u64).to_le_bytes());
    out.extend(Sha3_256::digest(&points[..POINT]));
    out.extend(chunk_digests(&points[POINT..]).iter().flatten());
    let digest = Sha3_256::digest(&out);
    out.extend(digest);
    out
}

fn preamble<E: KeyedEngine>() -> [u8; 40] {
    let mut hash = Sha3_256::new();
    Digest::update(&mut hash, LABEL);
    Digest::update(&mut hash, E::CURVE);
    let mut out = [0; 40];
    out[..8].copy_from_slice(MAGIC);
    out[8..].copy_from_slice(&hash.finalize());
    out
}

fn chunk_digests(generators: &[u8]) -> Vec<[u8; 32]> {
    generators
        .par_chunks(CHUNK * POINT)
        .map(|chunk| Sha3_256::digest(chunk).into())
        .collect()
}

/// Writes a file in one step: a reader sees the old one or the new one.
fn write<E: KeyedEngine>(path: &Path, points: &[u8]) -> Result<(), KeyError> {
    let io = |source| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(io)?;
    }
    let unfinished = path.with_extension(format!("{:016x}.tmp", OsRng.next_u64()));
    let result = (|| {
        let mut file = fs::File::create(&unfinished)?;
        file.write_all(&header::<E>(points))?;
        file.write_all(points)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    })();
    if result.is_err() {
        // Best effort: the error that matters is the first one.
        let _ = fs::remove_file(&unfinished);
    }
    result.map_err(io)
}

/// Reads the blinding generator and up to `len` generators; nothing if there is no file.
fn read<E: KeyedEngine>(path: &Path, len: usize) -> Result<Vec<u8>, KeyError> {
    let io = |source| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let damaged = |reason| KeyError::Damaged {
        path: path.to_owned(),
        reason,
    };
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(error)),
    };
    let mut start = [0; 48];
    file.read_exact(&mut start)
        .map_err(|_| damaged("it is too short"))?;
    if start[..40] != preamble::<E>() {
        return Err(damaged("it is for another label, curve or version"));
    }
    let stored = u64::from_le_bytes(start[40..48].try_into().expect("eight bytes")) as usize;
    if !stored.is_power_of_two() || stored > MAX_LEN {
        return Err(damaged("its length is wrong"));
    }
    let chunks = stored.div_ceil(CHUNK);
    let mut digests = vec![0; 32 * (chunks + 2)];
    file.read_exact(&mut digests)
        .map_err(|_| damaged("it is too short"))?;
    let (digests, own) = digests.split_at(32 * (chunks + 1));
    if Sha3_256::new()
        .chain_update(start)
        .chain_update(digests)
        .finalize()
        .as_slice()
        != own
    {
        return Err(damaged("its header is damaged"));
    }

    let wanted = len.min(stored).div_ceil(CHUNK) * CHUNK;
    let wanted = wanted.min(stored);
    let expected_end = (start.len() + digests.len() + own.len() + (stored + 1) * POINT) as u64;
    if file.seek(SeekFrom::End(0)).map_err(io)? != expected_end {
        return Err(damaged("its length is wrong"));
    }
    file.seek(SeekFrom::Start(
        expected_end - ((stored + 1) * POINT) as u64,
    ))
    .map_err(io)?;
    let mut points = vec![0; (wanted + 1) * POINT];
    file.read_exact(&mut points).map_err(io)?;
    if Sha3_256::digest(&points[..POINT]).as_slice() != &digests[..32]
        || chunk_digests(&points[POINT..])
            .iter()
            .zip(digests[32..].chunks(32))
            .any(|(a, b)| a != b)
    {
        return Err(damaged("its points are damaged"));
    }
    spot_check::<E>(&points)
        .then_some(points)
        .ok_or_else(|| damaged("its points do not come from the label"))
}

/// Recomputes the blinding generator and a few others.
fn spot_check<E: KeyedEngine>(points: &[u8]) -> bool {
    let total = points.len() / POINT;
    let mut places: Vec<usize> = (0..SPOT_CHECKS)
        .map(|_| OsRng.next_u64() as usize % total)
        .collect();
    places.push(0);
    places.sort_unstable();
    places.dedup();
    let mut stream = LabelStream::new();
    let mut next = 0;
    places.into_iter().all(|place| {
        stream.skip(place - next);
        next = place + 1;
        hash_to_points::<E>(&stream.take(1)) == points[place * POINT..(place + 1) * POINT]
    })
}

/// The key of the first points, each of which is checked to be on the curve.
fn to_key<E: KeyedEngine>(points: &[u8], len: usize) -> Result<CommitmentKey<E>, KeyError> {
    Ok(CommitmentKey::from_raw_bytes(&points[..(len + 1) * POINT])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Primary, Secondary};
    use nova_snark::traits::commitment::{CommitmentEngineTrait, Len};

    fn quiet(_: KeyProgress) {}

    fn temporary_dir(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("zkmips-keys-{name}-{:016x}", OsRng.next_u64()))
    }

    #[test]
    fn the_generators_are_those_of_the_librarys_label_hashing() {
        fn check<E: KeyedEngine>() {
            let ours = KeyCache::in_memory().get::<E>(64, &quiet).unwrap();
            let theirs = E::CE::setup(LABEL, 64).unwrap();
            assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        }
        check::<Primary>();
        check::<Secondary>();
    }

    #[test]
    fn a_cached_key_is_extended_and_cut() {
        let dir = temporary_dir("extend");
        let cache = KeyCache::at(&dir);
        let short = cache.get::<Primary>(16, &quiet).unwrap();
        let long = cache.get::<Primary>(2 * CHUNK, &quiet).unwrap();
        assert_eq!(long.length(), 2 * CHUNK);
        let fresh = KeyCache::in_memory()
            .get::<Primary>(2 * CHUNK, &quiet)
            .unwrap();
        assert_eq!(long, fresh);
        let refuse = |_: KeyProgress| panic!("nothing is missing");
        assert_eq!(cache.get::<Primary>(2 * CHUNK, &refuse).unwrap(), fresh);
        assert_eq!(cache.get::<Primary>(9, &refuse).unwrap(), short);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let dir = temporary_dir("damage");
        let cache = KeyCache::at(&dir);
        cache.get::<Secondary>(32, &quiet).unwrap();
        let path = dir.join("vesta.key");
        let good = fs::read(&path).unwrap();
        for place in [0, 9, 41, 50, 90, 130, good.len() - 1] {
            let mut bad = good.clone();
            bad[place] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert!(
                matches!(
                    cache.get::<Secondary>(32, &quiet),
                    Err(KeyError::Damaged { .. })
                ),
                "byte {place}"
            );
        }
        fs::write(&path, &good[..good.len() - 1]).unwrap();
        assert!(cache.get::<Secondary>(32, &quiet).is_err());

        // A consistent file with points of the attacker's choice: here two generators change places.
        let header_len = good.len() - 33 * POINT;
        let mut points = good[header_len..].to_vec();
        points[..2 * POINT].rotate_left(POINT);
        write::<Secondary>(&path, &points).unwrap();
        assert!(matches!(
            cache.get::<Secondary>(32, &quiet),
            Err(KeyError::Damaged { .. })
        ));
        fs::remove_dir_all(dir).unwrap();
    }
}
