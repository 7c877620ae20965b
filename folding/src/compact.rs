//! Shapes in the form in which verifiers hold and load them: rows as a dense string of bytes, read anew each time they are evaluated.
//!
//! A shape is one list of *sections*. The first has its measures and the coefficients that occur, the others have [`ROWS`] rows each.
//! Sections are hashed, evaluated and made in parallel; the digest of a shape is the hash of the digests of its sections, so it binds every
//! entry. A row of a matrix is the number of its entries, then for each the difference of its column to the one before (to the first
//! of the row before, if it is the first), with two bits that say whether the coefficient is 1, -1 or another, whose index follows. All
//! numbers have seven bits in each byte. An entry takes about two bytes; synthesising the circuits takes a hundred times as long as reading it.
//!
//! Columns of the witness and public ones (`u`, then `X`) are apart: a verifier needs the latter first.
use crate::{
    r1cs::Matrix,
    split::{Measures, SplitShape},
    PastaEngine,
};
use ff::{Field, PrimeField};
use rayon::prelude::*;
use sha3::{Digest, Sha3_256};
use std::collections::HashMap;

/// Rows of a section.
const ROWS: usize = 1 << 12;
/// Bytes of the measures: four numbers, then that of the coefficients.
const HEAD: usize = 8 * 5;
/// Bytes of a coefficient.
const COEFFICIENT: usize = 32;
/// Largest number of rows, columns or coefficients of any shape: as many as the longest key has generators.
const MAX: u64 = 1 << 26;

/// The rows of both kinds of columns.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Section {
    /// First the columns of the witness, from `public` on the public ones.
    bytes: Vec<u8>,
    public: usize,
}

/// A shape whose matrices are `A`, `B` and `C`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactShape<E: PastaEngine> {
    measures: Measures,
    coefficients: Vec<E::Scalar>,
    sections: Vec<Section>,
}

/// Bytes that describe no shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes do not describe circuits")]
pub struct NotAShape;

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

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
const ONE: u64 = 0;
const MINUS_ONE: u64 = 1;
const OTHER: u64 = 2;

/// Writes the entries of a row that are in the given columns.
fn put_row<F: PrimeField>(
    out: &mut Vec<u8>,
    matrix: &Matrix<F>,
    row: usize,
    columns: std::ops::Range<usize>,
    known: &HashMap<Vec<u8>, u64>,
    first: &mut i64,
) {
    let entries = || {
        let all = matrix.scaled_row(row, F::ONE);
        all.filter(|(column, _)| columns.contains(column))
    };
    put(out, entries().count() as u64);
    let mut last = *first;
    for (i, (column, value)) in entries().enumerate() {
        let column = column as i64;
        let difference = column - last;
        last = column;
        if i == 0 {
            *first = column;
        }
        let zigzag = ((difference << 1) ^ (difference >> 63)) as u64;
        if value == F::ONE {
            put(out, zigzag << 2 | ONE);
        } else if value == -F::ONE {
            put(out, zigzag << 2 | MINUS_ONE);
        } else {
            put(out, zigzag << 2 | OTHER);
            put(out, known[value.to_repr().as_ref()]);
        }
    }
}

impl<E: PastaEngine> CompactShape<E> {
    /// Describes a shape.
    pub fn new(shape: &SplitShape<E>) -> Self {
        let measures = shape.measures();
        let matrices = shape.shape.matrices();
        // In the order in which they occur.
        let (mut coefficients, mut known) = (Vec::new(), HashMap::new());
        for (_, _, value) in matrices.iter().flat_map(|matrix| matrix.iter()) {
            if value != E::Scalar::ONE && value != -E::Scalar::ONE {
                known
                    .entry(value.to_repr().as_ref().to_vec())
                    .or_insert_with(|| {
                        coefficients.push(value);
                        coefficients.len() as u64 - 1
                    });
            }
        }
        let (vars, columns) = (measures.vars, measures.vars + 1 + measures.io);
        let section = |start: usize| {
            let mut section = Section {
                bytes: Vec::new(),
                public: 0,
            };
            for columns in [0..vars, vars..columns] {
                section.public = section.bytes.len();
                let mut first = [0; 3];
                for row in start..measures.rows.min(start + ROWS) {
                    for (matrix, first) in matrices.iter().zip(&mut first) {
                        let columns = columns.clone();
                        put_row(&mut section.bytes, matrix, row, columns, &known, first);
                    }
                }
            }
            section
        };
        let starts: Vec<usize> = (0..measures.rows).step_by(ROWS).collect();
        Self {
            measures,
            coefficients,
            sections: starts.into_par_iter().map(section).collect(),
        }
    }

    /// Numbers of rows and columns.
    pub fn measures(&self) -> Measures {
        self.measures
    }

    fn head(&self) -> Vec<u8> {
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

    /// Appends the shape to a file.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.head());
        for section in &self.sections {
            for length in [section.bytes.len(), section.public] {
                out.extend((length as u32).to_le_bytes());
            }
            out.extend(&section.bytes);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        r1cs::R1cs,
        ro::{F1, F2},
        tests::toy::params,
        Primary, Secondary,
    };
    use rand_core::OsRng;

    fn random<F: Field>(len: usize) -> Vec<F> {
        (0..len).map(|_| F::random(OsRng)).collect()
    }

    /// What the entries of the matrices themselves give.
    fn evaluates_like_the_matrices<E: PastaEngine>(shape: &SplitShape<E>) {
        let compact = CompactShape::new(shape);
        let mut file = Vec::new();
        compact.write(&mut file);
        let mut rest = &file[..];
        assert_eq!(CompactShape::read(&mut rest), Ok(compact.clone()));
        assert!(rest.is_empty());

        let Measures { rows, vars, io, .. } = compact.measures();
        let r = E::Scalar::random(OsRng);
        let at_rows: Vec<E::Scalar> = random(rows.next_power_of_two());
        let at_columns = random(vars.next_power_of_two());
        let mut value = E::Scalar::ZERO;
        let mut public = vec![E::Scalar::ZERO; 1 + io];
        let weights = [E::Scalar::ONE, r, r * r];
        for (matrix, weight) in shape.shape.matrices().into_iter().zip(weights) {
            for (row, column, entry) in matrix.iter() {
                let weighted = weight * at_rows[row] * entry;
                match column.checked_sub(vars) {
                    None => value += weighted * at_columns[column],
                    Some(column) => public[column] += weighted,
                }
            }
        }
        assert_eq!(compact.evaluate(&r, &at_rows, &at_columns), Ok(value));
        assert_eq!(compact.bind_rows_public(&r, &at_rows), Ok(public));
        // Tables that are too short for the shape.
        assert_eq!(
            compact.evaluate(&r, &at_rows[..rows - 1], &at_columns),
            Err(NotAShape)
        );
        assert_eq!(compact.evaluate(&r, &at_rows, &[]), Err(NotAShape));
    }

    #[test]
    fn a_compact_shape_evaluates_like_its_matrices() {
        evaluates_like_the_matrices::<Primary>(&params().primary);
        evaluates_like_the_matrices::<Secondary>(&params().secondary);
    }

    fn shape_of(entries: &[(usize, usize, F1)]) -> SplitShape<Primary> {
        let matrices = [entries, &[], &[]].map(|entries| Matrix::from_entries(entries, 2));
        SplitShape::new(R1cs::new(2, 2, matrices), 1).unwrap()
    }

    #[test]
    fn the_digest_binds_every_entry() {
        let value = |v: u64| F1::from(v);
        let mut seen = Vec::new();
        for entries in [
            vec![],
            vec![(0, 0, value(1))],
            vec![(0, 0, -value(1))],
            vec![(0, 0, value(2))],
            vec![(0, 0, value(3))],
            vec![(0, 1, value(1))],
            vec![(0, 4, value(1))],
            vec![(1, 0, value(1))],
            vec![(0, 0, value(1)), (0, 1, value(1))],
            vec![(0, 0, value(1)), (1, 1, value(1))],
            vec![(0, 0, value(2)), (1, 1, value(3))],
            vec![(0, 0, value(3)), (1, 1, value(2))],
        ] {
            let digest = CompactShape::new(&shape_of(&entries)).digest();
            assert!(!seen.contains(&digest), "{entries:?}");
            seen.push(digest);
        }
    }

    #[test]
    fn damaged_sections_are_errors() {
        let good = CompactShape::new(&params().secondary);
        let rows: Vec<F2> = random(good.measures.rows);
        let columns = random(good.measures.vars);
        let r = F2::ONE;
        let expected = good.evaluate(&r, &rows, &columns).unwrap();
        let mut bad = good.clone();
        let section = &mut bad.sections[0];
        section.public = 0;
        section.bytes.clear();
        assert_eq!(bad.evaluate(&r, &rows, &columns), Err(NotAShape));
        assert_eq!(bad.bind_rows_public(&r, &rows), Err(NotAShape));
        for place in 0..200 {
            let mut bad = good.clone();
            bad.sections[0].bytes[place] ^= 0x84;
            assert_ne!(bad.evaluate(&r, &rows, &columns), Ok(expected), "{place}");
        }
    }
}
