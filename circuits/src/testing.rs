//! What chip tests share: run rows and buses without any cryptography, and try to cheat.
//!
//! Soundness of a chip, as the tests see it: whatever single column is changed, either a row fails, or a tuple that crosses a
//! bus changes in a way that the rest of the proof refuses: a fact that is not true, or a tuple of a permutation bus that
//! nobody answers. What "nobody answers" means is told by the test: it gives the tuples the rest of the machine offers.

use crate::{
    builder::Builder,
    bus::{Bus, PARTS},
    chips::tables,
    lc::{Columns, Lc, F},
    segment::{Crossing, Segment},
};
use ff::{Field, PrimeField};
use std::collections::HashMap;
use zkmips_msm::Number;

/// A segment made of one chip row alone, without state.
pub fn lone(synthesize: impl FnOnce(&mut Builder)) -> Segment {
    let mut b = Builder::new();
    b.section("chip");
    synthesize(&mut b);
    let zero = Lc::zero();
    Segment::new(b, [&zero, &zero])
}

/// What a chip fills, as elements: a test may replace them by any others.
pub fn filled(fill: impl FnOnce(&mut Columns)) -> Vec<F> {
    let mut out = Columns::new();
    fill(&mut out);
    out.elements().collect()
}

impl Segment {
    /// [`Segment::fill_pre`] of elements.
    pub fn expand(&self, base: &[F]) -> Vec<F> {
        filled(|out| self.fill_pre(&Columns::from_elements(base), out))
    }
}

/// Some challenges.
pub fn challenges() -> [F; 4] {
    [
        F::ZERO,
        F::ZERO,
        F::from(0x1234_5678_9abc_def1).square(),
        F::from(0xfeed_beef_1357_9bd3).square(),
    ]
}

/// The small integer that a field element is, if it is below 2^64.
pub fn small(x: &F) -> Option<u64> {
    let bytes = x.to_repr();
    let bytes = bytes.as_ref();
    bytes[8..]
        .iter()
        .all(|b| *b == 0)
        .then(|| u64::from_le_bytes(bytes[..8].try_into().unwrap()))
}

/// Whether a consumed fact is true, for the buses whose facts are constants of the protocol.
pub fn is_true_fact(c: &Crossing) -> bool {
    tables::position(c.bus, &c.tuple.map(Number::from)).is_some()
}

/// The crossings of permutation (and program, image, tree, region) buses, merged: what the rest of the proof must answer.
pub fn demands(segment: &Segment, pre: &[F]) -> HashMap<(Bus, [F; PARTS]), F> {
    let mut sums = HashMap::new();
    for c in segment.crossings(pre) {
        if !tables::is_table(c.bus) {
            *sums.entry((c.bus, c.tuple)).or_insert(F::ZERO) += c.multiplicity;
        }
    }
    sums.retain(|_, m| *m != F::ZERO);
    sums
}

/// Why a witness is refused, if it is: a row that fails or a constant fact that is false.
pub fn refusal(segment: &Segment, pre: &[F]) -> Option<String> {
    let flat = segment.assignment(pre, &challenges());
    if let Some(row) = segment.violation(&flat) {
        return Some(format!("row {row}: {}", segment.label(row)));
    }
    segment
        .crossings(pre)
        .iter()
        .find(|c| tables::is_table(c.bus) && (c.multiplicity != -F::ONE || !is_true_fact(c)))
        .map(|c| format!("false fact or multiplicity: {c:?}"))
}

/// Asserts that base columns satisfy every row and every constant fact, and returns `pre`.
pub fn satisfied(segment: &Segment, base: &[F]) -> Vec<F> {
    let pre = segment.expand(base);
    if let Some(why) = refusal(segment, &pre) {
        panic!("an honest witness is refused: {why}");
    }
    pre
}

/// Changes every base column in turn (products are recomputed, as a prover would) by several amounts. Each change must be refused by a
/// row or a constant fact, or must change what the chip demands of the other buses; `acceptable` is told the new demands
/// and says whether the rest of the machine could answer them (it may allow, for instance, an idle row).
pub fn mutations_are_refused(
    segment: &Segment,
    base: &[F],
    acceptable: impl Fn(&HashMap<(Bus, [F; PARTS]), F>) -> bool,
) {
    mutations_of_columns_are_refused(segment, base, 0..base.len(), acceptable);
}

/// [`mutations_are_refused`] for some columns, for chips that repeat the same rows many times.
pub fn mutations_of_columns_are_refused(
    segment: &Segment,
    base: &[F],
    columns: impl IntoIterator<Item = usize>,
    acceptable: impl Fn(&HashMap<(Bus, [F; PARTS]), F>) -> bool,
) {
    satisfied(segment, base);
    let two16 = F::from(1 << 16);
    let half = F::from(2).invert().unwrap();
    let deltas = [
        F::ONE,
        -F::ONE,
        F::from(2),
        two16,
        -two16,
        F::from(1 << 32),
        -F::from(1 << 32),
        half,
        two16.invert().unwrap(),
    ];
    for column in columns {
        let candidates = deltas
            .iter()
            .map(|d| base[column] + d)
            .chain([F::ZERO, F::ONE])
            .filter(|v| *v != base[column]);
        for value in candidates {
            let mut mutant = base.to_vec();
            mutant[column] = value;
            let pre = segment.expand(&mutant);
            if refusal(segment, &pre).is_none() && acceptable(&demands(segment, &pre)) {
                panic!(
                    "column {column}: {:?} accepted in place of {:?}",
                    value, base[column]
                );
            }
        }
    }
}

/// What a slot asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispatched {
    /// Number of the operation, below 128.
    pub operation: u64,
    /// Slot time.
    pub time: u64,
    /// First operand, below 2^33.
    pub x: u64,
    /// Second operand.
    pub y: u32,
    /// Result.
    pub z: u32,
}

/// Unpacks a dispatch tuple; `None` if no slot produces it.
pub fn dispatched(tuple: &[F; PARTS]) -> Option<Dispatched> {
    let bytes = tuple[0].to_repr();
    let (low, high) = bytes.as_ref().split_at(16);
    let packed = u128::from_le_bytes(low.try_into().unwrap());
    let x = (packed & ((1 << 34) - 1)) as u64;
    let y = u32::try_from(packed >> 34 & ((1 << 33) - 1)).ok()?;
    let operation = u64::try_from(packed >> 67).ok()?;
    let time = small(&tuple[1]).filter(|t| *t < 1 << 32)?;
    let z = u32::try_from(small(&tuple[2])?).ok()?;
    let whole = high.iter().all(|b| *b == 0) && tuple[3..].iter().all(|part| *part == F::ZERO);
    (whole && x < 1 << 33 && operation < 128).then_some(Dispatched {
        operation,
        time,
        x,
        y,
        z,
    })
}
