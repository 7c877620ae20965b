//! How circuits are written in the form in which verifiers read them, which is that of [`crate::compact`].
use super::{r1cs::Matrix, split::SplitShape};
use crate::{
    compact::{CompactShape, Section, MINUS_ONE, ONE, OTHER, ROWS},
    verifier_params::{Description, MAGIC},
    PastaEngine,
};
use ff::{Field, PrimeField};
use rayon::prelude::*;
use std::collections::HashMap;

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

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
}

impl Description {
    /// The contents of a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend((self.step.len() as u32).to_le_bytes());
        out.extend(&self.step);
        self.primary.write(&mut out);
        self.secondary.write(&mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compact::NotAShape,
        prove::{r1cs::R1cs, tests::toy::params},
        ro::{F1, F2},
        split::Measures,
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
