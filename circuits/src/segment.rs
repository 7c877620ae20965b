//! A finished segment: its rows as matrices, and its witness computed without closures.

use crate::{
    builder::{Builder, LateBlock, PreSource, Section},
    bus::{Bus, PARTS},
    chips::tables::{is_table, Histograms, NotAFact},
    compact::{Assignment, Coefficients, Layout, LcList, HEAD},
    lc::{Columns, Lc, Var, F},
};
use ff::Field;
use rayon::prelude::*;
use zkmips_msm::{Backend, Number};

/// A segment whose rows are fixed.
#[derive(Debug)]
pub struct Segment {
    layout: Layout,
    table: Coefficients,
    pre: Vec<PreSource>,
    pre_products: [LcList; 3],
    scaled: [LcList; 2],
    late_blocks: Vec<LateBlock>,
    late_inputs: LcList,
    gamma_multiples: Vec<Vec<u32>>,
    gamma_products: Vec<Vec<u32>>,
    inverses: [LcList; 2],
    tail: [LcList; 2],
    rows: [LcList; 3],
    labels: Vec<&'static str>,
    term_bus: Vec<Bus>,
    term_parts: [LcList; PARTS],
    sections: Vec<Section>,
    /// The terms on the buses of the constant tables.
    table_terms: Vec<usize>,
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

/// The product, which is not worth computing if it is by zero or one.
#[inline(always)]
fn product(a: F, b: F) -> F {
    if a == F::ZERO || b == F::ONE {
        return a;
    }
    if a == F::ONE {
        return b;
    }
    a * b
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
        let table_terms = (0..b.term_bus.len())
            .filter(|i| is_table(b.term_bus[*i]))
            .collect();
        Segment {
            layout,
            table_terms,
            table: b.table,
            pre: b.pre,
            pre_products: b.pre_products,
            scaled: b.scaled,
            late_blocks: b.late_blocks,
            late_inputs: b.late_inputs,
            gamma_multiples: b.gamma_multiples,
            gamma_products: b.gamma_products,
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

    /// Expands base columns to all `pre` columns, padding included, and appends them to the empty `out`.
    pub fn fill_pre(&self, base: &Columns, out: &mut Columns) {
        assert_eq!(
            base.len(),
            self.base,
            "the filler supplies every base column"
        );
        assert!(out.is_empty(), "columns have their places");
        out.reserve_exact(self.pre_len());
        let (mut next_base, mut next_product) = (0, 0);
        for sources in self.pre.chunk_by(|a, b| a == b) {
            match sources[0] {
                PreSource::Base => {
                    let first = next_base;
                    next_base += sources.len();
                    out.extend_from(base, first..next_base);
                }
                PreSource::Product => {
                    for _ in sources {
                        self.push_product(next_product, out);
                        next_product += 1;
                    }
                }
            }
        }
        out.pad(self.pre_len());
    }

    /// Appends the column that is product `i` of `pre` columns.
    fn push_product(&self, i: usize, out: &mut Columns) {
        let number = |list: &LcList| list.number(i, &self.table, out);
        let [a, b, plus] = self.pre_products.each_ref().map(number);
        if let (Number::Integer(a), Number::Integer(b), Number::Integer(plus)) = (a, b, plus) {
            if let Some(sum) = a.checked_mul(b).and_then(|ab| ab.checked_add(plus)) {
                return out.push_integer(sum);
            }
        }
        out.push_element(a.element() * b.element() + plus.element());
    }

    fn known<'a>(&self, pre: &'a [F], z: &[F], post: &'a [F]) -> Assignment<'a> {
        Assignment {
            head: [F::ONE, z[0], z[1], z[2], z[3]],
            pre,
            post,
            pre_len: self.layout.pre,
        }
    }

    /// Computes everything after `pre`; `z = [state, sum, alpha, gamma]`. The last two values are `z'[0]`, `z'[1]`.
    pub fn fill_post(&self, pre: &[F], z: &[F], post: &mut [F]) {
        assert_eq!(pre.len(), self.pre_len());
        assert_eq!(post.len(), self.post_len());
        let (scaled, inverses) = (self.layout.scaled as usize, self.inverses[0].len());
        self.fill_scaled(pre, z, post);
        let (known, rest) = post.split_at_mut(scaled);
        let known = self.known(pre, z, known);
        let chunk = inverses.div_ceil(8 * rayon::current_num_threads()).max(1);
        rest[..inverses]
            .par_chunks_mut(chunk)
            .enumerate()
            .for_each(|(i, out)| self.fractions(i * chunk, &known, out));
        for i in 0..self.tail[0].len() {
            let known = self.known(pre, z, post);
            let value = self.product(&self.tail, i, &known);
            post[scaled + inverses + i] = value;
        }
        let outputs = post.len() - 2;
        for i in 0..2 {
            let known = self.known(pre, z, post);
            post[outputs + i] = self.state_out.evaluate(i, &self.table, &known);
        }
    }

    /// Products with powers of gamma and the blocks between them, in order.
    fn fill_scaled(&self, pre: &[F], z: &[F], post: &mut [F]) {
        let (mut at, mut next_product) = (0, 0);
        let mut inputs = Vec::new();
        let mut outputs = Vec::new();
        let products = |until: usize, at: &mut usize, next: &mut usize, post: &mut [F]| {
            while *at < until {
                let value = self.product(&self.scaled, *next, &self.known(pre, z, post));
                post[*at] = value;
                *at += 1;
                *next += 1;
            }
        };
        for block in &self.late_blocks {
            products(block.first as usize, &mut at, &mut next_product, post);
            let known = self.known(pre, z, post);
            inputs.clear();
            inputs.extend(
                block
                    .inputs
                    .clone()
                    .map(|i| self.late_inputs.evaluate(i, &self.table, &known)),
            );
            outputs.clear();
            (block.compute)(&inputs, &mut outputs);
            let end = at + block.outputs as usize;
            post[at..end].copy_from_slice(&outputs);
            at = end;
        }
        let end = self.layout.scaled as usize;
        products(end, &mut at, &mut next_product, post);
    }

    fn product(&self, lists: &[LcList; 2], i: usize, known: &Assignment) -> F {
        let [a, b] = lists;
        let b = b.evaluate(i, &self.table, known);
        if b == F::ZERO {
            return F::ZERO;
        }
        product(a.evaluate(i, &self.table, known), b)
    }

    /// The flat assignment `[1, z[0], z[1], alpha, gamma, pre.., scaled.., inverses.., tail..]`.
    pub fn assignment(&self, pre: &[F], z: &[F]) -> Vec<F> {
        let mut post = vec![F::ZERO; self.post_len()];
        self.fill_post(pre, z, &mut post);
        let mut flat = self.known(pre, z, &[]).head.to_vec();
        flat.extend_from_slice(pre);
        flat.extend_from_slice(&post[..post.len() - 2]);
        flat
    }

    /// `m / d` of the terms from `first` on; zero where d is zero (the row then fails unless m is zero too). A term that is not
    /// there, one with m = 0, costs nothing.
    fn fractions(&self, first: usize, known: &Assignment, out: &mut [F]) {
        let [m_list, d_list] = &self.inverses;
        let mut present = Vec::with_capacity(out.len());
        let mut multiplicities = Vec::with_capacity(out.len());
        let mut values = Vec::with_capacity(out.len());
        for (i, v) in out.iter_mut().enumerate() {
            *v = F::ZERO;
            let m = m_list.evaluate(first + i, &self.table, known);
            if m != F::ZERO {
                present.push(i as u32);
                multiplicities.push(m);
                values.push(d_list.evaluate(first + i, &self.table, known));
            }
        }
        Backend::current().batch_invert(&mut values);
        let minus_one = -F::ONE;
        for ((i, m), v) in present.iter().zip(&multiplicities).zip(&values) {
            out[*i as usize] = if *m == minus_one { -v } else { product(*m, *v) };
        }
    }

    /// The first row that does not hold, if any.
    pub fn violation(&self, flat: &[F]) -> Option<usize> {
        let (head, rest) = flat.split_at(HEAD as usize);
        let (pre, post) = rest.split_at(self.pre_len());
        let known = self.known(pre, &head[1..], post);
        (0..self.num_rows()).into_par_iter().find_first(|&i| {
            let [a, b, c] = [0, 1, 2].map(|m| self.rows[m].evaluate(i, &self.table, &known));
            a * b != c
        })
    }

    /// Every tuple with a non-zero multiplicity that crosses a bus.
    pub fn crossings(&self, pre: &[F]) -> Vec<Crossing> {
        let known = self.known(pre, &[F::ZERO; 4], &[]);
        (0..self.term_bus.len())
            .into_par_iter()
            .filter_map(|i| {
                let multiplicity = self.inverses[0].evaluate(i, &self.table, &known);
                (!bool::from(multiplicity.is_zero())).then(|| Crossing {
                    bus: self.term_bus[i],
                    multiplicity,
                    tuple: std::array::from_fn(|p| {
                        self.term_parts[p].evaluate(i, &self.table, &known)
                    }),
                })
            })
            .collect()
    }

    /// Counts every tuple that is consumed from a constant table.
    pub fn count_lookups(&self, pre: &Columns) -> Result<Histograms, NotAFact> {
        let count = |mut counts: Histograms, i: &usize| {
            let value = |list: &LcList| list.number(*i, &self.table, pre);
            if value(&self.inverses[0]).small() == Some(-1) {
                let bus = self.term_bus[*i];
                let mut tuple = [Number::default(); PARTS];
                let tuple = &mut tuple[..bus.parts()];
                for (part, list) in tuple.iter_mut().zip(&self.term_parts) {
                    *part = value(list);
                }
                counts.count(bus, tuple)?;
            }
            Ok(counts)
        };
        let chunk = self
            .table_terms
            .len()
            .div_ceil(rayon::current_num_threads());
        self.table_terms
            .par_chunks(chunk.max(1))
            .map(|terms| terms.iter().try_fold(Histograms::default(), count))
            .try_reduce(Histograms::default, |mut a, b| {
                a.merge(b);
                Ok(a)
            })
    }

    /// Position of a variable in the flat assignment.
    pub fn position(&self, v: Var) -> usize {
        self.layout.position(v) as usize
    }

    /// For each power of gamma, which of the variables after `pre` are products of it and `pre` columns.
    pub fn gamma_multiples(&self) -> &[Vec<u32>] {
        &self.gamma_multiples
    }

    /// Appends what the variables of entry `k - 1` of [`Self::gamma_multiples`] are products of with `gamma^k`.
    pub fn fill_multiples(&self, k: usize, pre: &Columns, out: &mut Columns) {
        let [_, numbers] = &self.scaled;
        for i in &self.gamma_products[k - 1] {
            out.push_number(numbers.number(*i as usize, &self.table, pre));
        }
    }

    /// The bus of each term, in order.
    pub fn term_buses(&self) -> &[Bus] {
        &self.term_bus
    }
}
