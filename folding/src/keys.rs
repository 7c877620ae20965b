//! Commitment keys: generators that come from hashing a label, and the files that hold them.
//!
//! The generators of a curve are one sequence ([`crate::generators`]), the blinding generator first. A key is a prefix of that sequence,
//! so all programs and shapes share one file per curve, and a longer key extends a shorter one. Nobody knows a relation between the
//! generators: there is no setup to trust.
//!
//! The file holds affine coordinates uncompressed, because decompressing costs a square root per point. Each chunk of points has
//! a digest. Here a file is read; provers make it, too.
use crate::{
    pedersen::{CommitmentKey, NotAKey, GENERATOR_BYTES},
    PastaEngine,
};
use rayon::prelude::*;
use sha3::{Digest, Sha3_256};
use std::{
    io::{self, Cursor, Read, Seek, SeekFrom},
    path::PathBuf,
    sync::Arc,
};

/// The label that is hashed to the generators. It ends in the number of the sequence of generators.
pub const LABEL: &[u8] = b"zkmips commitment key 2";
/// Points that share one digest in the file, and the unit of generation.
pub(crate) const CHUNK: usize = 1 << 12;
/// Bytes of one point.
pub(crate) const POINT: usize = GENERATOR_BYTES;
const MAGIC: &[u8; 8] = b"ZKMKEY01";
/// Longest key that is made or read: 2^26 points are 4 GiB.
pub(crate) const MAX_LEN: usize = 1 << 26;

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
pub(crate) struct Points {
    pub(crate) bytes: Vec<u8>,
    /// Of the blinding generator, and of each chunk of the others.
    pub(crate) digests: Vec<[u8; 32]>,
}

impl Points {
    /// The key of the first points, each of which is checked to be on the curve.
    pub(crate) fn to_key<E: PastaEngine>(&self, len: usize) -> Result<Key<E>, KeyError> {
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

/// Bytes before the points, and a digest of them, which comes next in a file.
///
/// Magic, digest of label and curve, number of generators, a digest for the blinding generator and one for each chunk.
pub(crate) fn header<E: PastaEngine>(len: usize, digests: &[[u8; 32]]) -> (Vec<u8>, [u8; 32]) {
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
pub(crate) fn digests(points: &[u8]) -> Vec<[u8; 32]> {
    let (blinding, generators) = points.split_at(POINT);
    let digest = |chunk: &[u8]| Sha3_256::digest(chunk).into();
    let mut digests = vec![digest(blinding)];
    digests.par_extend(generators.par_chunks(CHUNK * POINT).map(digest));
    digests
}

/// Why a file gives no points.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Io(io::Error),
    #[error("{0}")]
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

/// Reads the blinding generator and up to `len` generators in whole chunks. What is read has the digests that the file says; they
/// are not compared with anything else.
pub(crate) fn read<E: PastaEngine>(
    file: &mut (impl Read + Seek),
    len: usize,
) -> Result<Points, Unreadable> {
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
