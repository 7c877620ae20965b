//! The header of a program, whose hash is the program id.
//!
//! The header names the initial state: byte order, the ranges of memory that the image fills, and the roots of the trees over the image
//! and over its decoded instructions. Everything else at the start is a constant of the machine. A proof carries its header; the verifier
//! compares the hash with the id it was given and never sees the program.
//!
//! # Bytes
//! Numbers are little-endian.
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | machine version |
//! | 1 | byte order, 1 if big |
//! | 4 | number of ranges, at most 1024 |
//! | 9 for each range | first address (4), words (4), executable (1) |
//! | 32 | root of the image tree |
//! | 32 | root of the decoded tree |
//!
//! The program id is SHA3-256 of the line `zkmips program id` and these bytes.
//!
//! # What is checked
//! Whoever reads a header refuses another machine version, a flag that is not 0 or 1, a root that is not reduced, a length that is not that of its ranges, and ranges
//! that are empty, not of whole pages, in the first 64 KiB, beyond the end of memory, in a tape, out of order, overlapping, or one range written as two. So a
//! header has one form, and the regions that follow from it (ranges, tapes, and the gaps between) are a partition of the word addresses below 2^30, with the one
//! address 2^30 as sentinel (conditions 4 and 12).

#[cfg(feature = "prove")]
mod program;

use crate::{
    lc::F,
    region::{Kind, Region},
    tree::ProgramError,
};
use ff::PrimeField;
use serde::{Deserialize, Serialize};
use sha3::{Digest, Sha3_256};
use zkmips_emulator::{
    constants::{
        LOWEST_ADDRESS, MACHINE_VERSION, MEMORY_WORDS, OUTPUT_TAPE, OUTPUT_TAPE_BYTES, PAGE_BYTES,
        PRIVATE_TAPE, PRIVATE_TAPE_BYTES, PUBLIC_TAPE, PUBLIC_TAPE_BYTES,
    },
    ByteOrder, ImageRange,
};

/// Most ranges of a header.
pub const MAX_RANGES: usize = 1024;
const PAGE: u64 = PAGE_BYTES as u64;
/// What is hashed before the header.
const DOMAIN: &[u8] = b"zkmips program id\n";
/// Bytes before the ranges, of a range, and after the ranges.
const HEAD_BYTES: usize = 9;
const RANGE_BYTES: usize = 9;
const TAIL_BYTES: usize = 64;

/// The initial state of a run. Values of this type are valid: they cannot be made but by [`Header::of`] and from bytes that pass every check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct Header {
    byte_order: ByteOrder,
    ranges: Vec<ImageRange>,
    image_root: F,
    decoded_root: F,
}

/// Why bytes are not a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Too few or too many bytes.
    #[error("the program header is {0} bytes long, which is not what its list of ranges takes")]
    Length(usize),
    /// Made for another machine.
    #[error("the program header is for machine version {0}, and this program implements version {MACHINE_VERSION}: use the release that made it")]
    Version(u32),
    /// A byte that has two meanings has neither.
    #[error("the program header has {value} where {what} is 0 or 1")]
    Flag {
        /// Which byte.
        what: &'static str,
        /// Its value.
        value: u8,
    },
    /// Too many ranges.
    #[error("the program has {0} ranges of memory, and the limit is {MAX_RANGES}")]
    TooManyRanges(usize),
    /// Not whole pages.
    #[error("the range at {0:#010x} is not made of whole pages")]
    NotPages(u32),
    /// In the first 64 KiB, in a tape, or beyond the end of memory.
    #[error("the range at {0:#010x} lies where no image can be")]
    Place(u32),
    /// Not in order, overlapping, or one range written as two.
    #[error("the range at {0:#010x} does not come after the one before it, or continues it")]
    Order(u32),
    /// A root that is no element of the field in its one form.
    #[error("the program header has a root that is not a reduced field element")]
    Root,
    /// The program has no id.
    #[error(transparent)]
    Program(#[from] ProgramError),
}

impl Header {
    /// Byte order of the guest.
    pub fn byte_order(&self) -> ByteOrder {
        self.byte_order
    }

    /// The ranges of the image, in order.
    pub fn ranges(&self) -> &[ImageRange] {
        &self.ranges
    }

    /// Root of the image tree.
    pub fn image_root(&self) -> F {
        self.image_root
    }

    /// Root of the decoded tree.
    pub fn decoded_root(&self) -> F {
        self.decoded_root
    }

    /// The program id: SHA3-256 of a domain string and [`Header::to_bytes`].
    pub fn id(&self) -> [u8; 32] {
        Sha3_256::new()
            .chain_update(DOMAIN)
            .chain_update(self.to_bytes())
            .finalize()
            .into()
    }

    /// The one serialisation: machine version (4 bytes, as all numbers little-endian), byte order (1 if big), number of ranges (4), for each
    /// range first address (4), words (4) and executable (1), image root (32), decoded root (32).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MACHINE_VERSION.to_le_bytes().to_vec();
        bytes.push(u8::from(self.byte_order == ByteOrder::Big));
        bytes.extend((self.ranges.len() as u32).to_le_bytes());
        for range in &self.ranges {
            bytes.extend(range.first.to_le_bytes());
            bytes.extend(range.words.to_le_bytes());
            bytes.push(u8::from(range.executable));
        }
        bytes.extend(self.image_root.to_repr().as_ref() as &[u8]);
        bytes.extend(self.decoded_root.to_repr().as_ref() as &[u8]);
        bytes
    }

    /// Reads and checks a header; any two byte strings that are accepted are different headers.
    pub fn from_bytes(bytes: &[u8]) -> Result<Header, HeaderError> {
        let length = HeaderError::Length(bytes.len());
        let (head, rest) = bytes
            .split_first_chunk::<HEAD_BYTES>()
            .ok_or(length.clone())?;
        let version = number(&head[..4]);
        if version != MACHINE_VERSION {
            return Err(HeaderError::Version(version));
        }
        let byte_order = match flag("the byte order", head[4])? {
            true => ByteOrder::Big,
            false => ByteOrder::Little,
        };
        let count = number(&head[5..]) as usize;
        if count > MAX_RANGES {
            return Err(HeaderError::TooManyRanges(count));
        }
        if rest.len() != count * RANGE_BYTES + TAIL_BYTES {
            return Err(length);
        }
        let (ranges, roots) = rest.split_at(count * RANGE_BYTES);
        let ranges = ranges
            .chunks(RANGE_BYTES)
            .map(|bytes| {
                Ok(ImageRange {
                    first: number(&bytes[..4]),
                    words: number(&bytes[4..8]),
                    executable: flag("an executable flag", bytes[8])?,
                })
            })
            .collect::<Result<Vec<_>, HeaderError>>()?;
        check_ranges(&ranges)?;
        let (image_root, decoded_root) = roots.split_at(TAIL_BYTES / 2);
        Ok(Header {
            byte_order,
            ranges,
            image_root: root(image_root)?,
            decoded_root: root(decoded_root)?,
        })
    }

    /// A partition of all word addresses below 2^30 into regions, in order, and a sentinel region of the one address 2^30: what the header
    /// bus offers to the memory boundary.
    pub fn regions(&self) -> Vec<Region> {
        let region = |first: u32, words: u32, kind, executable| Region {
            first: u64::from(first / 4),
            end: u64::from(first / 4) + u64::from(words),
            kind,
            executable,
            lookups: 0,
        };
        let mut known: Vec<Region> = self
            .ranges
            .iter()
            .map(|r| region(r.first, r.words, Kind::Image, r.executable))
            .collect();
        known.extend(TAPES.map(|(kind, first, bytes)| region(first, bytes / 4, kind, false)));
        known.sort_by_key(|r| r.first);
        let end = u64::from(MEMORY_WORDS);
        known.push(Region {
            first: end,
            end: end + 1,
            kind: Kind::Zero,
            executable: false,
            lookups: 0,
        });
        let mut regions: Vec<Region> = Vec::new();
        let mut at = 0;
        for next in known {
            if at < next.first {
                regions.push(Region {
                    first: at,
                    end: next.first,
                    kind: Kind::Zero,
                    executable: false,
                    lookups: 0,
                });
            }
            at = next.end;
            regions.push(next);
        }
        regions
    }
}

/// Kind, first address and bytes of the tapes.
const TAPES: [(Kind, u32, u32); 3] = [
    (Kind::Public, PUBLIC_TAPE, PUBLIC_TAPE_BYTES),
    (Kind::Output, OUTPUT_TAPE, OUTPUT_TAPE_BYTES),
    (Kind::Private, PRIVATE_TAPE, PRIVATE_TAPE_BYTES),
];

/// Few, of whole pages, in order, disjoint, maximal, above the first 64 KiB and clear of the tapes.
fn check_ranges(ranges: &[ImageRange]) -> Result<(), HeaderError> {
    if ranges.len() > MAX_RANGES {
        return Err(HeaderError::TooManyRanges(ranges.len()));
    }
    let mut before: Option<(u64, bool)> = None;
    for range in ranges {
        let first = u64::from(range.first);
        let end = first + 4 * u64::from(range.words);
        if range.words == 0 || first % PAGE != 0 || end % PAGE != 0 {
            return Err(HeaderError::NotPages(range.first));
        }
        let in_tape = TAPES.iter().any(|(_, tape, bytes)| {
            let tape = u64::from(*tape);
            first < tape + u64::from(*bytes) && tape < end
        });
        if range.first < LOWEST_ADDRESS || end > 4 * u64::from(MEMORY_WORDS) || in_tape {
            return Err(HeaderError::Place(range.first));
        }
        let bad = before.is_some_and(|(at, executable)| {
            first < at || (first == at && executable == range.executable)
        });
        if bad {
            return Err(HeaderError::Order(range.first));
        }
        before = Some((end, range.executable));
    }
    Ok(())
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

fn flag(what: &'static str, value: u8) -> Result<bool, HeaderError> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(HeaderError::Flag { what, value }),
    }
}

fn root(bytes: &[u8]) -> Result<F, HeaderError> {
    let mut repr = <F as PrimeField>::Repr::default();
    repr.as_mut().copy_from_slice(bytes);
    F::from_repr_vartime(repr).ok_or(HeaderError::Root)
}

impl From<Header> for Vec<u8> {
    fn from(header: Header) -> Self {
        header.to_bytes()
    }
}

impl TryFrom<Vec<u8>> for Header {
    type Error = HeaderError;

    fn try_from(bytes: Vec<u8>) -> Result<Self, HeaderError> {
        Header::from_bytes(&bytes)
    }
}

#[cfg(test)]
mod tests;
