//! Commitment keys: made by hashing a label, kept in a cache file.
//!
//! The generators of a curve are one sequence ([`crate::generators`]), the blinding generator first. A key is a prefix of that sequence,
//! so all programs and shapes share one file per curve, and a longer key extends a shorter one. Nobody knows a relation between the
//! generators: there is no setup to trust.
//!
//! The file holds affine coordinates uncompressed, because decompressing costs a square root per point. Each chunk of points has
//! a digest, and a loaded key is compared with the label at a few places chosen at random. The file is read, not mapped: what is mapped
//! may change after its digest was looked at, and reading takes a small part of the time that checking takes.
use crate::{
    generators::generator,
    pedersen::{CommitmentKey, NotAKey, GENERATOR_BYTES},
    PastaEngine,
};
use rand_core::{OsRng, RngCore};
use rayon::prelude::*;
use sha3::{Digest, Sha3_256};
use std::{
    fs,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// The label that is hashed to the generators. It ends in [`SEQUENCE`].
pub const LABEL: &[u8] = b"zkmips commitment key 2";
/// Which sequence of generators it is: in the names of files, so that versions of this program do not disturb each other.
const SEQUENCE: char = '2';

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
    pub fn get<E: PastaEngine>(
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

fn file_of<E: PastaEngine>(dir: &Path) -> PathBuf {
    dir.join(format!("{}-{SEQUENCE}.key", E::CURVE))
}

/// Extends `points`, a prefix of the sequence in file form, to `total` points (the blinding generator included).
fn generate<E: PastaEngine>(points: &mut Vec<u8>, total: usize, progress: ProgressFn) {
    let first = points.len() / POINT;
    let mut done = first;
    while done < total {
        let end = total.min(done + CHUNK);
        let made: Vec<[u8; POINT]> = (done..end)
            .into_par_iter()
            .map(raw_generator::<E>)
            .collect();
        points.extend(made.as_flattened());
        done = end;
        progress(KeyProgress {
            curve: E::CURVE,
            done: done - first,
            total: total - first,
        });
    }
}

/// Point `index` of the sequence, in file form.
fn raw_generator<E: PastaEngine>(index: usize) -> [u8; POINT] {
    generator::<E>(LABEL, index as u64).to_raw_bytes()
}

/// Bytes before the points, of which the last 32 are a digest of the others.
///
/// Magic, digest of label and curve, number of generators, a digest for the blinding generator and one for each chunk.
fn header<E: PastaEngine>(points: &[u8]) -> Vec<u8> {
    let len = points.len() / POINT - 1;
    let mut out = preamble::<E>().to_vec();
    out.extend((len as u64).to_le_bytes());
    out.extend(Sha3_256::digest(&points[..POINT]));
    out.extend(chunk_digests(&points[POINT..]).iter().flatten());
    let digest = Sha3_256::digest(&out);
    out.extend(digest);
    out
}

fn preamble<E: PastaEngine>() -> [u8; 40] {
    let mut hash = Sha3_256::new();
    hash.update(LABEL);
    hash.update(E::CURVE);
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
fn write<E: PastaEngine>(path: &Path, points: &[u8]) -> Result<(), KeyError> {
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
fn read<E: PastaEngine>(path: &Path, len: usize) -> Result<Vec<u8>, KeyError> {
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
fn spot_check<E: PastaEngine>(points: &[u8]) -> bool {
    let total = points.len() / POINT;
    (0..SPOT_CHECKS)
        .map(|_| OsRng.next_u64() as usize % total)
        .chain([0])
        .all(|place| points[place * POINT..][..POINT] == raw_generator::<E>(place))
}

/// The key of the first points, each of which is checked to be on the curve.
fn to_key<E: PastaEngine>(points: &[u8], len: usize) -> Result<CommitmentKey<E>, KeyError> {
    Ok(CommitmentKey::from_raw_bytes(&points[..(len + 1) * POINT])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Primary, Secondary};
    use nova_snark::traits::commitment::Len;

    fn quiet(_: KeyProgress) {}

    fn temporary_dir(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("zkmips-keys-{name}-{:016x}", OsRng.next_u64()))
    }

    #[test]
    fn a_key_is_that_of_the_label() {
        let ours = KeyCache::in_memory().get::<Primary>(64, &quiet).unwrap();
        assert_eq!(ours, CommitmentKey::of_label(LABEL, 64));
        assert_eq!(LABEL.last(), Some(&(SEQUENCE as u8)));
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
        let path = file_of::<Secondary>(&dir);
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
