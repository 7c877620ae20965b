//! A finished segment: its rows as matrices, and its witness computed without closures.

use crate::{
    builder::{Builder, LateBlock, PreSource, Section},
    bus::{Bus, PARTS},
    chips::tables::is_table,
    compact::{Coefficients, Layout, LcList, HEAD},
    lc::{Lc, Var, F},
};
use ff::Field;
use rayon::prelude::*;

/// A segment whose rows are fixed.
#[derive(Debug)]
pub struct Segment {
    layout: Layout,
    table: Coefficients,
    pre: Vec<PreSource>,
    pre_products: [LcList; 2],
    scaled: [LcList; 2],
    late_blocks: Vec<LateBlock>,
    late_inputs: LcList,
    inverses: [LcList; 2],
    tail: [LcList; 2],
    rows: [LcList; 3],
    labels: Vec<&'static str>,
    term_bus: Vec<Bus>,
    term_parts: [LcList; PARTS],
    sections: Vec<Section>,
    base: usize,
    state_out: LcList,
}

/// A tuple that crosses a bus: its multiplicity (positive for a producer) and its parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Crossing {
    /// The bus.
    pub bus: Bus,
    /// Producer +, consumer -.
    pub multiplicity: F,
    /// The parts.
    pub tuple: [F; PARTS],
}

/// The smallest sum of at most three powers of two that is at least `n`.
pub fn dyadic_length(n: usize) -> usize {
    let mut rest = n;
    let mut total = 0;
    for block in 0..3 {
        if rest == 0 {
            break;
        }
        let largest = if block == 2 {
            rest.next_power_of_two()
        } else {
            1 << rest.ilog2()
        };
        total += largest;
        rest = rest.saturating_sub(largest);
    }
    total
}

impl Segment {
    /// Finishes a segment. `outputs` are `z'[0]` and `z'[1]` as combinations of its variables.
    pub fn new(mut b: Builder, outputs: [&Lc; 2]) -> Self {
        b.close_section();
        let layout = Layout {
            pre: dyadic_length(b.pre.len()) as u32,
            scaled: b.late,
            inverses: b.inverses[0].len() as u32,
            tail: b.tail[0].len() as u32,
        };
        let mut state_out = LcList::default();
        for lc in outputs {
            state_out.push(lc, &mut b.table);
        }
        let all = b
            .pre_products
            .iter_mut()
            .chain(&mut b.scaled)
            .chain(&mut b.inverses)
            .chain(&mut b.tail)
            .chain(&mut b.rows)
            .chain(&mut b.term_parts)
            .chain([&mut b.late_inputs, &mut state_out]);
        for list in all {
            list.flatten(&layout);
        }
        Segment {
            layout,
            table: b.table,
            pre: b.pre,
            pre_products: b.pre_products,
            scaled: b.scaled,
            late_blocks: b.late_blocks,
            late_inputs: b.late_inputs,
            inverses: b.inverses,
            tail: b.tail,
            rows: b.rows,
            labels: b.labels,
            term_bus: b.term_bus,
            term_parts: b.term_parts,
            sections: b.sections,
            base: b.base as usize,
            state_out,
        }
    }

    /// Number of `pre` columns, padding included: a sum of at most three powers of two.
    pub fn pre_len(&self) -> usize {
        self.layout.pre as usize
    }

    /// Number of `pre` columns in use.
    pub fn pre_used(&self) -> usize {
        self.pre.len()
    }

    /// Number of variables after `pre`, the two outputs included.
    pub fn post_len(&self) -> usize {
        self.layout.len() - (HEAD + self.layout.pre) as usize + 2
    }

    /// Number of base columns a filler must supply.
    pub fn base_columns(&self) -> usize {
        self.base
    }

    /// Number of rows, the two output rows apart.
    pub fn num_rows(&self) -> usize {
        self.labels.len()
    }

    /// Parts of the segment, for counting.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Label of a row.
    pub fn label(&self, row: usize) -> &'static str {
        self.labels[row]
    }

    /// Name of the part that a row belongs to.
    pub fn section_of(&self, row: usize) -> &'static str {
        self.sections
            .iter()
            .rev()
            .find(|s| s.rows.0 as usize <= row)
            .map_or("", |s| s.name)
    }

    /// Index of the first base column of a part.
    #[cfg(test)]
    pub(crate) fn first_base_column(&self, part: &str) -> usize {
        let section = self.sections.iter().find(|s| s.name == part);
        let before = &self.pre[..section.expect("a part of the segment").pre.0 as usize];
        before.iter().filter(|s| **s == PreSource::Base).count()
    }

    /// Whether a row has two non-constant factors.
    pub fn is_nonlinear(&self, row: usize) -> bool {
        !self.rows[0].is_constant(row) && !self.rows[1].is_constant(row)
    }

    /// Non-zeros of the three matrices.
    pub fn non_zeros(&self) -> [usize; 3] {
        [0, 1, 2].map(|i| self.rows[i].non_zeros())
    }

    /// Row `i` of matrix A, B or C: (position in the flat assignment, coefficient).
    pub fn row_terms(&self, matrix: usize, row: usize) -> impl Iterator<Item = (u32, F)> + '_ {
        self.rows[matrix]
            .terms(row)
            .map(|(v, c)| (v, self.table.get(c)))
    }

    /// `z'[i]` as (position in the flat assignment, coefficient).
    pub fn output_terms(&self, i: usize) -> impl Iterator<Item = (u32, F)> + '_ {
        self.state_out.terms(i).map(|(v, c)| (v, self.table.get(c)))
    }

    /// Expands base columns to all `pre` columns, padding included.
    pub fn fill_pre(&self, base: &[F], out: &mut Vec<F>) {
        assert_eq!(
            base.len(),
            self.base,
            "the filler supplies every base column"
        );
        // The products read the flat assignment, whose head (one, z, challenges) they do not touch but for the constant.
        let mut flat = vec![F::ZERO; (HEAD + self.layout.pre) as usize];
        flat[0] = F::ONE;
        let (mut next_base, mut next_product) = (0, 0);
        for (i, source) in self.pre.iter().enumerate() {
            flat[HEAD as usize + i] = match source {
                PreSource::Base => {
                    next_base += 1;
                    base[next_base - 1]
                }
                PreSource::Product => {
                    next_product += 1;
                    let [a, b] = &self.pre_products;
                    a.evaluate(next_product - 1, &self.table, &flat)
                        * b.evaluate(next_product - 1, &self.table, &flat)
                }
            };
        }
        out.extend_from_slice(&flat[HEAD as usize..]);
    }

    /// Computes everything after `pre`; `z = [state, sum, alpha, gamma]`. The last two values are `z'[0]`, `z'[1]`.
    pub fn fill_post(&self, pre: &[F], z: &[F], out: &mut Vec<F>) {
        let flat = self.assignment(pre, z);
        out.extend_from_slice(&flat[(HEAD + self.layout.pre) as usize..]);
        for i in 0..2 {
            out.push(self.state_out.evaluate(i, &self.table, &flat));
        }
    }

    /// The flat assignment `[1, z[0], z[1], alpha, gamma, pre.., scaled.., inverses.., tail..]`.
    pub fn assignment(&self, pre: &[F], z: &[F]) -> Vec<F> {
        assert_eq!(pre.len(), self.layout.pre as usize);
        let mut flat = Vec::with_capacity(self.layout.len());
        flat.extend_from_slice(&[F::ONE, z[0], z[1], z[2], z[3]]);
        flat.extend_from_slice(pre);
        let products = |lists: &[LcList; 2], range: std::ops::Range<usize>, flat: &mut Vec<F>| {
            for i in range {
                let value = lists[0].evaluate(i, &self.table, flat)
                    * lists[1].evaluate(i, &self.table, flat);
                flat.push(value);
            }
        };
        let late = flat.len();
        let mut next_product = 0;
        for block in &self.late_blocks {
            let before = block.first as usize - (flat.len() - late);
            products(&self.scaled, next_product..next_product + before, &mut flat);
            next_product += before;
            let inputs: Vec<F> = block
                .inputs
                .clone()
                .map(|i| self.late_inputs.evaluate(i, &self.table, &flat))
                .collect();
            let end = flat.len() + block.outputs as usize;
            (block.compute)(&inputs, &mut flat);
            assert_eq!(flat.len(), end, "a late block computes what it announced");
        }
        products(&self.scaled, next_product..self.scaled[0].len(), &mut flat);
        let count = self.inverses[0].len();
        let chunk = count.div_ceil(rayon::current_num_threads()).max(1);
        let values: Vec<Vec<F>> = (0..count)
            .collect::<Vec<_>>()
            .par_chunks(chunk)
            .map(|range| self.fractions(range[0]..range[0] + range.len(), &flat))
            .collect();
        flat.extend(values.into_iter().flatten());
        products(&self.tail, 0..self.tail[0].len(), &mut flat);
        flat
    }

    /// `m / d` of a range of terms; zero where d is zero (the row then fails unless m is zero too).
    fn fractions(&self, range: std::ops::Range<usize>, flat: &[F]) -> Vec<F> {
        let [m_list, d_list] = &self.inverses;
        let mut values: Vec<F> = range
            .clone()
            .map(|i| d_list.evaluate(i, &self.table, flat))
            .collect();
        let mut scratch = vec![F::ZERO; values.len()];
        ff::BatchInverter::invert_with_external_scratch(&mut values, &mut scratch);
        for (i, v) in range.zip(&mut values) {
            *v *= m_list.evaluate(i, &self.table, flat);
        }
        values
    }

    /// The first row that does not hold, if any.
    pub fn violation(&self, flat: &[F]) -> Option<usize> {
        (0..self.num_rows()).into_par_iter().find_first(|&i| {
            let [a, b, c] = [0, 1, 2].map(|m| self.rows[m].evaluate(i, &self.table, flat));
            a * b != c
        })
    }

    /// Every tuple with a non-zero multiplicity that crosses a bus.
    pub fn crossings(&self, pre: &[F]) -> Vec<Crossing> {
        let mut flat = vec![F::ONE, F::ZERO, F::ZERO, F::ZERO, F::ZERO];
        flat.extend_from_slice(pre);
        (0..self.term_bus.len())
            .into_par_iter()
            .filter_map(|i| {
                let multiplicity = self.inverses[0].evaluate(i, &self.table, &flat);
                (!bool::from(multiplicity.is_zero())).then(|| Crossing {
                    bus: self.term_bus[i],
                    multiplicity,
                    tuple: std::array::from_fn(|p| {
                        self.term_parts[p].evaluate(i, &self.table, &flat)
                    }),
                })
            })
            .collect()
    }

    /// Every tuple that is consumed from a constant table.
    pub fn lookups(&self, pre: &[F]) -> Vec<(Bus, [F; PARTS])> {
        let mut flat = vec![F::ONE, F::ZERO, F::ZERO, F::ZERO, F::ZERO];
        flat.extend_from_slice(pre);
        let consumed = |i: &usize| {
            is_table(self.term_bus[*i])
                && self.inverses[0].evaluate(*i, &self.table, &flat) == -F::ONE
        };
        (0..self.term_bus.len())
            .into_par_iter()
            .filter(consumed)
            .map(|i| {
                let tuple =
                    std::array::from_fn(|p| self.term_parts[p].evaluate(i, &self.table, &flat));
                (self.term_bus[i], tuple)
            })
            .collect()
    }

    /// Position of a variable in the flat assignment.
    pub fn position(&self, v: Var) -> usize {
        self.layout.position(v) as usize
    }

    /// The bus of each term, in order.
    pub fn term_buses(&self) -> &[Bus] {
        &self.term_bus
    }
}
