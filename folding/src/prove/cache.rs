//! Where keys come from: they are made once, by hashing a label, and kept in files.
//!
//! A loaded key is compared with the label at a few places chosen at random. A file is read, not mapped: what is mapped
//! may change after its digest was looked at, and reading takes a small part of the time that checking takes.
use crate::{
    generators::generator,
    keys::{
        digests, header, read, Key, KeyError, Points, Unreadable, CHUNK, LABEL, MAX_LEN, POINT,
    },
    PastaEngine,
};
use rand_core::{OsRng, RngCore};
use rayon::prelude::*;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Which sequence of generators [`LABEL`] ends in: in the names of files, so that versions of this program do not disturb each other.
const SEQUENCE: char = '2';

/// Generators that are recomputed when a key is loaded.
const SPOT_CHECKS: usize = 4;
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
    use crate::{pedersen::CommitmentKey, Primary, Secondary};
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
