//! The soundness conditions that are about the circuit's form. Those about runs are tested with whole runs next to the source of segments,
//! those about one chip in the chip.

use ff::Field;
use std::collections::HashMap;
use zkmips_circuits::{
    bus::PARTS,
    describe::describe,
    lc::{Var, F},
    segment::Segment,
    shape::{self, Shape},
};

/// Where variables stand in the flat assignment.
struct Places {
    alpha: usize,
    gamma: usize,
    pre: usize,
    scaled: usize,
    inverses: usize,
    tail: usize,
}

impl Places {
    fn new(segment: &Segment) -> Self {
        let at = |v| segment.position(v);
        Places {
            alpha: at(Var::Alpha),
            gamma: at(Var::Gamma),
            pre: at(Var::Pre(0)),
            scaled: at(Var::Scaled(0)),
            inverses: at(Var::Inverse(0)),
            tail: at(Var::Tail(0)),
        }
    }

    /// A column committed before the challenges, or the constant one.
    fn is_pre(&self, position: usize) -> bool {
        position == 0 || (self.pre..self.scaled).contains(&position)
    }

    fn is_inverse(&self, position: usize) -> bool {
        (self.inverses..self.tail).contains(&position)
    }
}

type Terms = Vec<(usize, F)>;

fn row(segment: &Segment, i: usize) -> [Terms; 3] {
    [0, 1, 2].map(|m| {
        let terms = segment.row_terms(m, i);
        terms.map(|(v, c)| (v as usize, c)).collect()
    })
}

/// The variable that a combination is, with coefficient one.
fn single(terms: &Terms) -> Option<usize> {
    match terms[..] {
        [(v, c)] if c == F::ONE => Some(v),
        _ => None,
    }
}

/// Condition 1, and with it 10: each term of the sum is one row `inverse D = m`. In `m` there are `pre` columns only; in `D` there are
/// `alpha` and the tag of the bus with its power of `gamma`, which a row puts together, `pre` columns, powers of `gamma`, and products of the two, each given by
/// its own row. Nothing else is in the sum.
#[test]
fn terms_are_made_of_pre_columns() {
    let segment = shape::build(&Shape::Small.capacities());
    let p = Places::new(&segment);
    let rows: Vec<[Terms; 3]> = (0..segment.num_rows()).map(|i| row(&segment, i)).collect();

    // What each late column is, where a row says that it is a product.
    let mut products: HashMap<usize, Vec<usize>> = HashMap::new();
    for (i, [_, _, c]) in rows.iter().enumerate() {
        if let Some(v) = single(c).filter(|v| (p.scaled..p.inverses).contains(v)) {
            products.entry(v).or_default().push(i);
        }
    }
    // gamma^1, and what is a product of two such powers.
    let mut powers: HashMap<usize, u32> = HashMap::from([(p.gamma, 1)]);
    let mut scaled: HashMap<usize, u32> = HashMap::new();
    for v in p.scaled..p.inverses {
        for i in products.get(&v).into_iter().flatten() {
            let [a, b, _] = &rows[*i];
            let power = |terms: &Terms| single(terms).and_then(|v| powers.get(&v).copied());
            match (power(a), power(b)) {
                (Some(x), Some(y)) => {
                    powers.insert(v, x + y);
                }
                (Some(x), None) if b.iter().all(|(v, _)| p.is_pre(*v)) => {
                    scaled.insert(v, x);
                }
                _ => {}
            }
        }
    }
    assert_eq!(powers.len(), PARTS, "gamma to that of the tag");
    // `alpha + gamma^PARTS tag`, by tag.
    let mut offsets: HashMap<usize, F> = HashMap::new();
    for (v, defining) in &products {
        for i in defining {
            let [a, b, _] = &rows[*i];
            if let ([(alpha, one), (power, tag)], Some(0)) = (&a[..], single(b)) {
                if (*alpha, *one) == (p.alpha, F::ONE) && powers.get(power) == Some(&(PARTS as u32))
                {
                    assert_eq!(defining.len(), 1, "one row says what it is");
                    offsets.insert(*v, *tag);
                }
            }
        }
    }

    let mut seen = vec![0; segment.term_buses().len()];
    for (i, [a, b, c]) in rows.iter().enumerate() {
        let inverse = a.iter().chain(b).chain(c).any(|(v, _)| p.is_inverse(*v));
        // A row that says that inverses add up to something is linear: the registers of the segment.
        if !inverse || segment.label(i) == "the segment's registers balance" {
            continue;
        }
        let term = single(a).filter(|v| p.is_inverse(*v));
        let term = term.expect("an inverse occurs in the row of its term alone") - p.inverses;
        seen[term] += 1;
        assert!(
            c.iter().all(|(v, _)| p.is_pre(*v)),
            "multiplicity in row {i}"
        );
        let mut starts = 0;
        for (v, c) in b {
            if let Some(tag) = offsets.get(v) {
                let bus = segment.term_buses()[term];
                assert_eq!((*c, *tag), (F::ONE, F::from(bus.tag())), "row {i}");
                starts += 1;
                continue;
            }
            let below = |power: Option<&u32>| power.is_some_and(|x| *x < PARTS as u32);
            assert!(
                p.is_pre(*v) || below(powers.get(v)) || below(scaled.get(v)),
                "denominator in row {i}: {}",
                segment.label(i)
            );
        }
        assert_eq!(starts, 1, "row {i}");
    }
    assert!(seen.iter().all(|n| *n == 1), "one row for each term");
}

/// The sum that leaves is the one that entered and all terms but those of registers, each once; the state that leaves knows nothing of either.
#[test]
fn what_leaves_is_the_sum_and_a_hash() {
    let segment = shape::build(&Shape::Small.capacities());
    let p = Places::new(&segment);
    let mut sum: Terms = segment
        .output_terms(1)
        .map(|(v, c)| (v as usize, c))
        .collect();
    sum.retain(|(v, _)| *v != segment.position(Var::SumIn));
    let registers = segment
        .term_buses()
        .iter()
        .filter(|bus| **bus == zkmips_circuits::bus::Bus::Register)
        .count();
    assert_eq!(sum.len(), segment.term_buses().len() - registers);
    assert!(sum.iter().all(|(v, c)| p.is_inverse(*v) && *c == F::ONE));

    // From the hash back to what it is made of: no row of the leaving state's hash mentions challenges, the sum or a term.
    let hash = segment
        .sections()
        .iter()
        .find(|s| s.name == "leaving state");
    let (from, to) = hash.expect("a part of the segment").rows;
    let mut hashed = 0;
    for i in from as usize..to as usize {
        for (v, _) in row(&segment, i).iter().flatten() {
            let intermediate = (p.scaled..p.inverses).contains(v);
            assert!(p.is_pre(*v) || intermediate, "row {i} of the state's hash");
            hashed += usize::from((p.pre..p.scaled).contains(v));
        }
    }
    // Every register, and the words that the chains lead to.
    assert!(hashed >= 39 + 6, "{hashed} columns are hashed");
}

/// Condition 11: rows are written without a witness in sight. What is pinned is what every prover and verifier builds.
#[test]
fn shapes_are_as_pinned() {
    let mut text = String::new();
    for shape in Shape::ALL {
        text.push_str(&describe(shape));
        text.push('\n');
    }
    let pinned = include_str!("shapes.txt");
    assert_eq!(
        text, pinned,
        "\nRows have changed. If they should, write the new description to circuits/tests/shapes.txt:\n\
         cargo run --release -p zkmips-circuits --example describe > circuits/tests/shapes.txt\n"
    );
    let again = describe(Shape::Small);
    assert!(text.starts_with(&again), "built twice, the same");
}

/// Each shape fills a power of two: the compressed proof's cost goes with it. The recursion adds columns of its own to a segment's
/// (`folding/src/prove/tests/layout.rs` counts them).
#[test]
fn shapes_fit_their_powers_of_two() {
    const RECURSION: usize = 8_209;
    for (shape, log) in Shape::ALL.into_iter().zip([17, 18, 19]) {
        let segment = shape::build(&shape.capacities());
        let columns = segment.pre_len() + segment.post_len() + RECURSION;
        let rows = segment.num_rows() + RECURSION;
        assert!(
            columns.max(rows) <= 1 << log,
            "{shape:?}: {columns} columns, {rows} rows"
        );
        assert!(columns > 1 << (log - 1), "{shape:?} could be halved");
    }
}
