//! What a shape consists of, in numbers: the text that is pinned in the repository, so that every change of rows shows up in review.

use crate::{lc::F, segment::Segment, shape::Shape};
use sha3::{Digest, Sha3_256};
use std::fmt::Write;

/// A table of the parts of a shape (rows, non-linear rows, `pre` columns, terms), totals, and a digest of all rows.
pub fn describe(shape: Shape) -> String {
    let segment = crate::shape::build(&shape.capacities());
    let mut text = String::new();
    let mut line = |name: &str, numbers: [usize; 4]| {
        let [rows, nonlinear, pre, terms] = numbers;
        writeln!(text, "{name:<16}{rows:>9}{nonlinear:>12}{pre:>9}{terms:>9}")
            .expect("writing to a string");
    };
    let mut total = [0; 4];
    for s in segment.sections() {
        let nonlinear = (s.rows.0..s.rows.1)
            .filter(|r| segment.is_nonlinear(*r as usize))
            .count();
        let size = |(from, to): (u32, u32)| (to - from) as usize;
        let numbers = [size(s.rows), nonlinear, size(s.pre), size(s.terms)];
        line(s.name, numbers);
        total.iter_mut().zip(numbers).for_each(|(t, n)| *t += n);
    }
    line("all", total);
    let variables = segment.pre_len() + segment.post_len();
    let non_zeros = segment.non_zeros();
    format!(
        "shape {}\n{:<16}{:>9}{:>12}{:>9}{:>9}\n{text}pre, padded {}; variables {variables}; non-zeros {non_zeros:?}\nrows sha3-256 {}\n",
        shape.name(),
        "part",
        "rows",
        "non-linear",
        "pre",
        "terms",
        segment.pre_len(),
        digest(&segment)
    )
}

/// Digest of all rows and of what leaves the segment: positions and coefficients.
fn digest(segment: &Segment) -> String {
    let mut hash = Sha3_256::new();
    let mut add = |terms: &mut dyn Iterator<Item = (u32, F)>| {
        for (position, coefficient) in terms {
            hash.update(position.to_le_bytes());
            hash.update(ff::PrimeField::to_repr(&coefficient).as_ref());
        }
        hash.update([0xff]);
    };
    for row in 0..segment.num_rows() {
        for matrix in 0..3 {
            add(&mut segment.row_terms(matrix, row));
        }
    }
    for output in 0..2 {
        add(&mut segment.output_terms(output));
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
