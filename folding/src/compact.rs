//! Shapes in the form in which verifiers hold and load them: rows as a dense string of bytes, read anew each time they are evaluated.
//!
//! A shape is one list of *sections*. The first has its measures and the coefficients that occur, the others have [`ROWS`] rows each.
//! Sections are hashed, evaluated and made in parallel; the digest of a shape is the hash of the digests of its sections, so it binds every
//! entry. A row of a matrix is the number of its entries, then for each the difference of its column to the one before (to the first
//! of the row before, if it is the first), with two bits that say whether the coefficient is 1, -1 or another, whose index follows. All
//! numbers have seven bits in each byte. An entry takes about two bytes; synthesising the circuits takes a hundred times as long as reading it.
//!
//! Columns of the witness and public ones (`u`, then `X`) are apart: a verifier needs the latter first.
use crate::{split::Measures, PastaEngine};
use ff::{Field, PrimeField};
use rayon::prelude::*;
use sha3::{Digest, Sha3_256};

/// Rows of a section.
pub(crate) const ROWS: usize = 1 << 12;
/// Bytes of the measures: four numbers, then that of the coefficients.
const HEAD: usize = 8 * 5;
/// Bytes of a coefficient.
const COEFFICIENT: usize = 32;
/// Largest number of rows, columns or coefficients of any shape: as many as the longest key has generators.
const MAX: u64 = 1 << 26;

/// The rows of both kinds of columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// First the columns of the witness, from `public` on the public ones.
    pub(crate) bytes: Vec<u8>,
    pub(crate) public: usize,
}

/// A shape whose matrices are `A`, `B` and `C`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactShape<E: PastaEngine> {
    pub(crate) measures: Measures,
    pub(crate) coefficients: Vec<E::Scalar>,
    pub(crate) sections: Vec<Section>,
}

/// Bytes that describe no shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes do not describe circuits")]
pub struct NotAShape;

/// Takes a number of at most 35 bits.
#[inline(always)]
fn take(bytes: &mut &[u8]) -> Result<u64, NotAShape> {
    let mut number = 0;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, rest) = bytes.split_first().ok_or(NotAShape)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(NotAShape)
}

/// How a coefficient is written.
pub(crate) const ONE: u64 = 0;
pub(crate) const MINUS_ONE: u64 = 1;
pub(crate) const OTHER: u64 = 2;

impl<E: PastaEngine> CompactShape<E> {
    /// Numbers of rows and columns.
    pub fn measures(&self) -> Measures {
        self.measures
    }

    pub(crate) fn head(&self) -> Vec<u8> {
        let Measures {
            rows,
            vars,
            io,
            pre_len,
        } = self.measures;
        let mut head = Vec::new();
        for number in [rows, vars, io, pre_len, self.coefficients.len()] {
            head.extend((number as u64).to_le_bytes());
        }
        for value in &self.coefficients {
            head.extend(value.to_repr().as_ref());
        }
        head
    }

    /// Binds the measures and every entry of the matrices.
    pub fn digest(&self) -> [u8; 32] {
        let of_section = |section: &Section| -> [u8; 32] {
            let public = (section.public as u64).to_le_bytes();
            let hash = Sha3_256::new().chain_update(public);
            hash.chain_update(&section.bytes).finalize().into()
        };
        let sections: Vec<[u8; 32]> = self.sections.par_iter().map(of_section).collect();
        // The number of sections follows from that of the rows.
        let hash = Sha3_256::new().chain_update(Sha3_256::digest(self.head()));
        hash.chain_update(sections.as_flattened()).finalize().into()
    }

    /// Takes a shape from the beginning of a file. Only the measures and coefficients are looked at; no more is allocated than there
    /// are bytes.
    pub(crate) fn read(bytes: &mut &[u8]) -> Result<Self, NotAShape> {
        let head = bytes.split_off(..HEAD).ok_or(NotAShape)?;
        let mut numbers = [0; 5];
        for (number, bytes) in numbers.iter_mut().zip(head.as_chunks().0) {
            let value = u64::from_le_bytes(*bytes);
            if value > MAX {
                return Err(NotAShape);
            }
            *number = value as usize;
        }
        let [rows, vars, io, pre_len, coefficients] = numbers;
        let coefficients = (bytes
            .split_off(..coefficients * COEFFICIENT)
            .ok_or(NotAShape)?)
        .chunks(COEFFICIENT)
        .map(|bytes| {
            let mut repr = <E::Scalar as PrimeField>::Repr::default();
            repr.as_mut().copy_from_slice(bytes);
            Option::from(E::Scalar::from_repr(repr)).ok_or(NotAShape)
        })
        .collect::<Result<_, _>>()?;
        let mut sections = Vec::new();
        for _ in 0..rows.div_ceil(ROWS) {
            let mut length = || -> Result<usize, NotAShape> {
                let length = bytes.split_off(..4).ok_or(NotAShape)?;
                let length = u32::from_le_bytes(length.try_into().map_err(|_| NotAShape)?);
                Ok(length as usize)
            };
            let (length, public) = (length()?, length()?);
            if public > length {
                return Err(NotAShape);
            }
            let bytes = bytes.split_off(..length).ok_or(NotAShape)?.to_vec();
            sections.push(Section { bytes, public });
        }
        Ok(Self {
            measures: Measures {
                rows,
                vars,
                io,
                pre_len,
            },
            coefficients,
            sections,
        })
    }

    /// `sum_ij rows[i] (A + r B + r^2 C)[i][j] columns[j]` over the columns of the witness.
    pub fn evaluate(
        &self,
        r: &E::Scalar,
        rows: &[E::Scalar],
        columns: &[E::Scalar],
    ) -> Result<E::Scalar, NotAShape> {
        let task = |(section, rows): (&Section, &[E::Scalar])| {
            let mut sum = E::Scalar::ZERO;
            let mut bytes = &section.bytes[..section.public];
            let mut first = [0; 3];
            for at_row in rows {
                let mut dots = [E::Scalar::ZERO; 3];
                for (dot, first) in dots.iter_mut().zip(&mut first) {
                    self.visit(&mut bytes, first, |column, coefficient| {
                        let x = columns.get(column).ok_or(NotAShape)?;
                        add_multiple(dot, x, coefficient);
                        Ok(())
                    })?;
                }
                let [a, b, c] = dots;
                sum += (a + *r * (b + *r * c)) * at_row;
            }
            Ok(sum)
        };
        (self.sections.par_iter())
            .zip(self.in_sections(rows)?)
            .map(task)
            .try_reduce(|| E::Scalar::ZERO, |a, b| Ok(a + b))
    }

    /// `sum_i rows[i] (A + r B + r^2 C)[i][j]` for every public column `j`.
    pub fn bind_rows_public(
        &self,
        r: &E::Scalar,
        rows: &[E::Scalar],
    ) -> Result<Vec<E::Scalar>, NotAShape> {
        let columns = 1 + self.measures.io;
        let weights = [E::Scalar::ONE, *r, r.square()];
        let zero = || vec![E::Scalar::ZERO; columns];
        let task = |(section, rows): (&Section, &[E::Scalar])| {
            let mut sums = [zero(), zero(), zero()];
            let mut bytes = &section.bytes[section.public..];
            let mut first = [0; 3];
            for at_row in rows {
                for (sums, first) in sums.iter_mut().zip(&mut first) {
                    self.visit(&mut bytes, first, |column, coefficient| {
                        let column = column.checked_sub(self.measures.vars).ok_or(NotAShape)?;
                        let sum = sums.get_mut(column).ok_or(NotAShape)?;
                        add_multiple(sum, at_row, coefficient);
                        Ok(())
                    })?;
                }
            }
            Ok(sums)
        };
        let add = |mut a: [Vec<E::Scalar>; 3], b: [Vec<E::Scalar>; 3]| {
            let b = b.iter().flatten();
            a.iter_mut().flatten().zip(b).for_each(|(a, b)| *a += b);
            Ok(a)
        };
        let sums = (self.sections.par_iter())
            .zip(self.in_sections(rows)?)
            .map(task)
            .try_reduce(|| [zero(), zero(), zero()], add)?;
        let joined = |column: usize| (0..3).map(|k| weights[k] * sums[k][column]).sum();
        Ok((0..columns).map(joined).collect())
    }

    /// The values of the rows of each section.
    fn in_sections<'a>(
        &self,
        rows: &'a [E::Scalar],
    ) -> Result<rayon::slice::Chunks<'a, E::Scalar>, NotAShape> {
        let rows = rows.get(..self.measures.rows).ok_or(NotAShape)?;
        Ok(rows.par_chunks(ROWS))
    }

    /// Shows the entries of one row of one matrix. A coefficient that is neither 1 nor -1 is shown as such.
    #[inline(always)]
    fn visit(
        &self,
        bytes: &mut &[u8],
        first: &mut i64,
        mut show: impl FnMut(usize, Coefficient<E::Scalar>) -> Result<(), NotAShape>,
    ) -> Result<(), NotAShape> {
        let entries = take(bytes)?;
        let mut column = *first;
        for i in 0..entries {
            let code = take(bytes)?;
            let zigzag = code >> 2;
            column += (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
            if i == 0 {
                *first = column;
            }
            let coefficient = match code & 3 {
                ONE => Coefficient::One,
                MINUS_ONE => Coefficient::MinusOne,
                OTHER => {
                    let index = take(bytes)? as usize;
                    Coefficient::Other(self.coefficients.get(index).ok_or(NotAShape)?)
                }
                _ => return Err(NotAShape),
            };
            show(usize::try_from(column).map_err(|_| NotAShape)?, coefficient)?;
        }
        Ok(())
    }
}

enum Coefficient<'a, F> {
    One,
    MinusOne,
    Other(&'a F),
}

#[inline(always)]
fn add_multiple<F: Field>(sum: &mut F, x: &F, coefficient: Coefficient<F>) {
    match coefficient {
        Coefficient::One => *sum += x,
        Coefficient::MinusOne => *sum -= x,
        Coefficient::Other(value) => *sum += *value * x,
    }
}
