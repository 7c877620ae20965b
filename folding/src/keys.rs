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
    io::{self, Cursor, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
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
    /// Bytes that somebody else has brought are not what they should be.
    #[error("the key file is not usable: {0}")]
    NotAKeyFile(&'static str),
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
    ) -> Result<Key<E>, KeyError> {
        if len > MAX_LEN {
            return Err(KeyError::TooLong(len));
        }
        let len = len.next_power_of_two();
        let mut points = match &self.dir {
            Some(dir) => read_file::<E>(&file_of::<E>(dir), len)?,
            None => Points::default(),
        };
        if points.bytes.len() / POINT < len + 1 {
            generate::<E>(&mut points.bytes, len + 1, progress);
            points.digests = digests(&points.bytes);
            if let Some(dir) = &self.dir {
                write::<E>(&file_of::<E>(dir), &points)?;
            }
        }
        points.to_key(len)
    }
}

/// A key, and the digest by which it can be known.
#[derive(Clone, Debug)]
pub struct Key<E: PastaEngine> {
    pub ck: Arc<CommitmentKey<E>>,
    /// Binds the label, the curve, the length and every point.
    pub digest: [u8; 32],
}

impl<E: PastaEngine> Key<E> {
    /// Takes the first `len` generators from the contents of a key file. They are those of the label only if the digest of the key is
    /// what it should be: whoever made the file could choose them.
    pub fn from_file(contents: &[u8], len: usize) -> Result<Self, KeyError> {
        let len = len.next_power_of_two();
        let points = read::<E>(&mut Cursor::new(contents), len).map_err(|error| match error {
            Unreadable::Io(_) => KeyError::NotAKeyFile("it cannot be read"),
            Unreadable::Damaged(reason) => KeyError::NotAKeyFile(reason),
        })?;
        if points.bytes.len() / POINT < len + 1 {
            return Err(KeyError::NotAKeyFile("it is too short"));
        }
        points.to_key(len)
    }
}

/// Points in file form, the blinding generator first.
#[derive(Default)]
struct Points {
    bytes: Vec<u8>,
    /// Of the blinding generator, and of each chunk of the others.
    digests: Vec<[u8; 32]>,
}

impl Points {
    /// The key of the first points, each of which is checked to be on the curve.
    fn to_key<E: PastaEngine>(&self, len: usize) -> Result<Key<E>, KeyError> {
        let bytes = &self.bytes[..(len + 1) * POINT];
        // Chunks that are used as a whole have been hashed; a power of two that is no multiple of them is less than one.
        let digest = match len % CHUNK {
            0 => header::<E>(len, &self.digests[..=len / CHUNK]).1,
            _ => header::<E>(len, &digests(bytes)).1,
        };
        let ck = Arc::new(CommitmentKey::from_raw_bytes(bytes)?);
        Ok(Key { ck, digest })
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

/// Bytes before the points, and a digest of them, which comes next in a file.
///
/// Magic, digest of label and curve, number of generators, a digest for the blinding generator and one for each chunk.
fn header<E: PastaEngine>(len: usize, digests: &[[u8; 32]]) -> (Vec<u8>, [u8; 32]) {
    let mut out = preamble::<E>().to_vec();
    out.extend((len as u64).to_le_bytes());
    out.extend(digests.as_flattened());
    let digest = Sha3_256::digest(&out).into();
    (out, digest)
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

/// Digests of the blinding generator and of each chunk of the others.
fn digests(points: &[u8]) -> Vec<[u8; 32]> {
    let (blinding, generators) = points.split_at(POINT);
    let digest = |chunk: &[u8]| Sha3_256::digest(chunk).into();
    let mut digests = vec![digest(blinding)];
    digests.par_extend(generators.par_chunks(CHUNK * POINT).map(digest));
    digests
}

/// Writes a file in one step: a reader sees the old one or the new one.
fn write<E: PastaEngine>(path: &Path, points: &Points) -> Result<(), KeyError> {
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
        let (header, digest) = header::<E>(points.bytes.len() / POINT - 1, &points.digests);
        file.write_all(&[&header[..], &digest].concat())?;
        file.write_all(&points.bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    })();
    if result.is_err() {
        // Best effort: the error that matters is the first one.
        let _ = fs::remove_file(&unfinished);
    }
    result.map_err(io)
}

/// Why a file gives no points.
enum Unreadable {
    Io(io::Error),
    Damaged(&'static str),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Damaged("it is too short"),
            _ => Self::Io(error),
        }
    }
}

/// Reads the blinding generator and up to `len` generators, and compares some with the label; nothing if there is no file.
fn read_file<E: PastaEngine>(path: &Path, len: usize) -> Result<Points, KeyError> {
    let read = || {
        let mut file = match fs::File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Points::default()),
            other => other?,
        };
        let points = read::<E>(&mut file, len)?;
        if !spot_check::<E>(&points.bytes) {
            return Err(Unreadable::Damaged("its points do not come from the label"));
        }
        Ok(points)
    };
    read().map_err(|error| match error {
        Unreadable::Io(source) => KeyError::Io {
            path: path.to_owned(),
            source,
        },
        Unreadable::Damaged(reason) => KeyError::Damaged {
            path: path.to_owned(),
            reason,
        },
    })
}

/// Reads the blinding generator and up to `len` generators in whole chunks. What is read has the digests that the file says; they
/// are not compared with anything else.
fn read<E: PastaEngine>(file: &mut (impl Read + Seek), len: usize) -> Result<Points, Unreadable> {
    let damaged = |reason| Err(Unreadable::Damaged(reason));
    let mut start = [0; 48];
    file.read_exact(&mut start)?;
    if start[..40] != preamble::<E>() {
        return damaged("it is for another label, curve or version");
    }
    let stored = u64::from_le_bytes(start[40..48].try_into().expect("eight bytes"));
    if !stored.is_power_of_two() || stored > MAX_LEN as u64 {
        return damaged("its length is wrong");
    }
    let stored = stored as usize;
    let mut listed = vec![[0; 32]; stored.div_ceil(CHUNK) + 1];
    file.read_exact(listed.as_flattened_mut())?;
    let mut own = [0; 32];
    file.read_exact(&mut own)?;
    let (header, digest) = header::<E>(stored, &listed);
    if digest != own {
        return damaged("its header is damaged");
    }
    let points = (header.len() + own.len()) as u64;
    if file.seek(SeekFrom::End(0))? != points + ((stored + 1) * POINT) as u64 {
        return damaged("its length is wrong");
    }
    file.seek(SeekFrom::Start(points))?;
    let wanted = len.next_multiple_of(CHUNK).min(stored);
    let mut bytes = vec![0; (wanted + 1) * POINT];
    file.read_exact(&mut bytes)?;
    let digests = digests(&bytes);
    if !listed.starts_with(&digests) {
        return damaged("its points are damaged");
    }
    Ok(Points { bytes, digests })
}

/// Recomputes the blinding generator and a few others.
fn spot_check<E: PastaEngine>(points: &[u8]) -> bool {
    let total = points.len() / POINT;
    (0..SPOT_CHECKS)
        .map(|_| OsRng.next_u64() as usize % total)
        .chain([0])
        .all(|place| points[place * POINT..][..POINT] == raw_generator::<E>(place))
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
        assert_eq!(*ours.ck, CommitmentKey::of_label(LABEL, 64));
        assert_eq!(LABEL.last(), Some(&(SEQUENCE as u8)));
    }

    #[test]
    fn a_cached_key_is_extended_and_cut() {
        let dir = temporary_dir("extend");
        let cache = KeyCache::at(&dir);
        let short = cache.get::<Primary>(16, &quiet).unwrap();
        let long = cache.get::<Primary>(2 * CHUNK, &quiet).unwrap();
        assert_eq!(long.ck.length(), 2 * CHUNK);
        let fresh = KeyCache::in_memory()
            .get::<Primary>(2 * CHUNK, &quiet)
            .unwrap();
        let same = |a: &Key<Primary>, b: &Key<Primary>| {
            assert_eq!(a.ck, b.ck);
            assert_eq!(a.digest, b.digest);
        };
        same(&long, &fresh);
        let refuse = |_: KeyProgress| panic!("nothing is missing");
        same(&cache.get(2 * CHUNK, &refuse).unwrap(), &fresh);
        same(&cache.get(9, &refuse).unwrap(), &short);
        assert_ne!(short.digest, long.digest);
        // A part of the file that consists of whole chunks.
        let part = cache.get::<Primary>(CHUNK, &refuse).unwrap();
        let contents = fs::read(file_of::<Primary>(&dir)).unwrap();
        same(&Key::from_file(&contents, CHUNK).unwrap(), &part);
        same(&KeyCache::in_memory().get(CHUNK, &quiet).unwrap(), &part);
        assert!(Key::<Primary>::from_file(&contents, 2 * CHUNK + 1).is_err());
        assert!(Key::<Secondary>::from_file(&contents, 16).is_err());
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
        let mut bytes = good[header_len..].to_vec();
        bytes[..2 * POINT].rotate_left(POINT);
        let digests = digests(&bytes);
        write::<Secondary>(&path, &Points { bytes, digests }).unwrap();
        assert!(matches!(
            cache.get::<Secondary>(32, &quiet),
            Err(KeyError::Damaged { .. })
        ));
        // Who does not look at the label is told by the digest.
        let contents = fs::read(&path).unwrap();
        let [bad, good] = [contents, good].map(|c| Key::<Secondary>::from_file(&c, 32).unwrap());
        assert_ne!(bad.digest, good.digest);
        fs::remove_dir_all(dir).unwrap();
    }
}
