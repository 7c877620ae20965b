//! How a segment is written down: columns, rows, products and terms of the sum.
//!
//! Chips call this interface once per row instance, for the shape alone; values never pass through it. A witness is
//! made by filling the base columns in the order in which they were allocated; everything else (products, inverses)
//! is computed from what was written here, so rows and witness cannot disagree.

use crate::{
    bus::{Bus, PARTS},
    compact::{Coefficients, LcList},
    lc::{Lc, Var, F},
};
use std::collections::HashMap;

/// How a `pre` column gets its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PreSource {
    /// Filled by the chip.
    Base,
    /// The next product of `pre_products`.
    Product,
}

/// Computes late columns from the values of some combinations; a pure function that appends as many as were announced.
pub type Block = fn(inputs: &[F], out: &mut Vec<F>);

/// Late columns that are computed together.
#[derive(Clone, Debug)]
pub(crate) struct LateBlock {
    /// Index of the first.
    pub first: u32,
    /// How many.
    pub outputs: u32,
    /// What they are computed from, as a range of `late_inputs`.
    pub inputs: std::ops::Range<usize>,
    pub compute: Block,
}

/// A part of the segment, for counting: a chip, a table, the boundary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Name of the part.
    pub name: &'static str,
    /// Index of its first row and one past its last.
    pub rows: (u32, u32),
    /// Index of its first `pre` column and one past its last.
    pub pre: (u32, u32),
    /// Index of its first term and one past its last.
    pub terms: (u32, u32),
}

/// Collects one segment.
#[derive(Debug, Default)]
pub struct Builder {
    pub(crate) table: Coefficients,
    pub(crate) pre: Vec<PreSource>,
    /// Factors and summand of each.
    pub(crate) pre_products: [LcList; 3],
    pub(crate) scaled: [LcList; 2],
    pub(crate) late: u32,
    pub(crate) late_blocks: Vec<LateBlock>,
    pub(crate) late_inputs: LcList,
    pub(crate) inverses: [LcList; 2],
    pub(crate) tail: [LcList; 2],
    pub(crate) rows: [LcList; 3],
    pub(crate) labels: Vec<&'static str>,
    pub(crate) term_bus: Vec<Bus>,
    pub(crate) term_parts: [LcList; PARTS],
    pub(crate) base: u32,
    pub(crate) sections: Vec<Section>,
    /// For each power of gamma, the late columns that are products of it and `pre` columns, and which of the late products they are.
    pub(crate) gamma_multiples: Vec<Vec<u32>>,
    pub(crate) gamma_products: Vec<Vec<u32>>,
    /// `gamma^2` and so on, as far as they were needed.
    gamma_powers: Vec<Lc>,
    /// Variables times powers of gamma, and sums of them.
    scaled_variables: HashMap<(usize, Var), Var>,
    scaled_sums: HashMap<(usize, Lc), Var>,
    /// What the denominators of each bus begin with.
    offsets: HashMap<Bus, Var>,
    local: Vec<Var>,
    global: Vec<Var>,
}

impl Builder {
    /// An empty segment.
    pub fn new() -> Self {
        Self::default()
    }

    /// A new column that the chip fills; `pre`, so committed before the challenges.
    pub fn column(&mut self) -> Lc {
        self.base += 1;
        self.new_pre(PreSource::Base).into()
    }

    /// `n` new columns.
    pub fn columns<const N: usize>(&mut self) -> [Lc; N] {
        std::array::from_fn(|_| self.column())
    }

    fn new_pre(&mut self, source: PreSource) -> Var {
        self.pre.push(source);
        Var::Pre(self.pre.len() as u32 - 1)
    }

    /// The row `a * b = c`.
    pub fn row(&mut self, label: &'static str, a: &Lc, b: &Lc, c: &Lc) {
        for (list, lc) in self.rows.iter_mut().zip([a, b, c]) {
            list.push(lc, &mut self.table);
        }
        self.labels.push(label);
    }

    /// The linear row `x = 0`.
    pub fn zero(&mut self, label: &'static str, x: &Lc) {
        self.row(label, x, &Lc::from(1), &Lc::zero());
    }

    /// `x * (1 - x) = 0`.
    pub fn boolean(&mut self, label: &'static str, x: &Lc) {
        self.row(label, x, &(1 - x), &Lc::zero());
    }

    /// A new boolean column.
    pub fn bit(&mut self, label: &'static str) -> Lc {
        let x = self.column();
        self.boolean(label, &x);
        x
    }

    /// The product of two combinations of `pre` columns, as a `pre` column of its own that is computed, not filled.
    pub fn product(&mut self, label: &'static str, a: &Lc, b: &Lc) -> Lc {
        self.product_plus(label, a, b, &Lc::zero())
    }

    /// A product of combinations of `pre` columns plus a third one, as a column like that of [`Self::product`].
    pub fn product_plus(&mut self, label: &'static str, a: &Lc, b: &Lc, plus: &Lc) -> Lc {
        assert!(
            [a, b, plus].into_iter().all(only_pre),
            "{label}: a pre product has pre factors"
        );
        for (list, lc) in self.pre_products.iter_mut().zip([a, b, plus]) {
            list.push(lc, &mut self.table);
        }
        let sum = Lc::from(self.new_pre(PreSource::Product));
        self.row(label, a, b, &(&sum - plus));
        sum
    }

    /// A product that may depend on the challenges (powers of gamma, hash intermediates).
    pub fn late_product(&mut self, label: &'static str, a: &Lc, b: &Lc) -> Lc {
        for (list, lc) in self.scaled.iter_mut().zip([a, b]) {
            list.push(lc, &mut self.table);
        }
        self.late += 1;
        let c = Lc::from(Var::Scaled(self.late - 1));
        self.row(label, a, b, &c);
        c
    }

    /// Columns computed together, natively, from earlier ones: the caller writes the rows that determine them. For hashes, whose
    /// rows have fewer non-zeros if values are named that no single product gives.
    pub fn late_block(&mut self, inputs: &[Lc], outputs: usize, compute: Block) -> Vec<Var> {
        let start = self.late_inputs.len();
        for lc in inputs {
            self.late_inputs.push(lc, &mut self.table);
        }
        let first = self.late;
        self.late += outputs as u32;
        self.late_blocks.push(LateBlock {
            first,
            outputs: outputs as u32,
            inputs: start..self.late_inputs.len(),
            compute,
        });
        (first..self.late).map(Var::Scaled).collect()
    }

    /// A product that may depend on the sum; computed last.
    pub fn tail_product(&mut self, label: &'static str, a: &Lc, b: &Lc) -> Lc {
        for (list, lc) in self.tail.iter_mut().zip([a, b]) {
            list.push(lc, &mut self.table);
        }
        let c = Lc::from(Var::Tail(self.tail[0].len() as u32 - 1));
        self.row(label, a, b, &c);
        c
    }

    /// `gamma^power * x`. Products are shared: the same column scaled by the same power is one row in the whole segment,
    /// and constants cost nothing.
    pub fn scale(&mut self, power: usize, x: &Lc) -> Lc {
        if power == 0 {
            return x.clone();
        }
        let gamma = self.gamma_power(power);
        let (constant, rest) = x.split_constant();
        let scaled = match rest.terms() {
            [] => Lc::zero(),
            [(v, c)] => {
                let scaled = match self.scaled_variables.get(&(power, *v)) {
                    Some(known) => *known,
                    None => {
                        let new = self.scaled_variable(power, &gamma, &(*v).into());
                        self.scaled_variables.insert((power, *v), new);
                        new
                    }
                };
                Lc::from(scaled) * *c
            }
            _ => {
                let key = (power, rest);
                let scaled = match self.scaled_sums.get(&key) {
                    Some(known) => *known,
                    None => {
                        let new = self.scaled_variable(power, &gamma, &key.1);
                        self.scaled_sums.insert(key, new);
                        new
                    }
                };
                scaled.into()
            }
        };
        gamma * constant + scaled
    }

    /// A new variable `gamma^power * x`.
    fn scaled_variable(&mut self, power: usize, gamma: &Lc, x: &Lc) -> Var {
        if self.gamma_multiples.len() < power {
            self.gamma_multiples.resize(power, Vec::new());
            self.gamma_products.resize(power, Vec::new());
        }
        self.gamma_multiples[power - 1].push(self.late);
        self.gamma_products[power - 1].push(self.scaled[0].len() as u32);
        self.late_product("gamma power", gamma, x).terms()[0].0
    }

    fn gamma_power(&mut self, power: usize) -> Lc {
        let gamma = Lc::from(Var::Gamma);
        while self.gamma_powers.len() + 1 < power {
            let last = self.gamma_powers.last().unwrap_or(&gamma).clone();
            let next = self.late_product("gamma power", &last, &gamma);
            self.gamma_powers.push(next);
        }
        match power {
            0 | 1 => gamma,
            _ => self.gamma_powers[power - 2].clone(),
        }
    }

    /// `alpha + gamma^PARTS tag`, what all denominators of a bus begin with, as a column: a linear row, and a product less in each of those.
    fn offset(&mut self, bus: Bus) -> Lc {
        if let Some(known) = self.offsets.get(&bus) {
            return (*known).into();
        }
        let sum = Lc::from(Var::Alpha) + self.gamma_power(PARTS) * bus.tag();
        let offset = self.late_product("start of a bus's denominators", &sum, &Lc::from(1));
        self.offsets.insert(bus, offset.terms()[0].0);
        offset
    }

    /// Adds `multiplicity / D(tuple)` to the sum of the bus: one row and one inverse.
    /// All of multiplicity and tuple must be `pre` (condition 1); only the register bus has a sum of its own.
    pub fn term(&mut self, label: &'static str, bus: Bus, multiplicity: &Lc, tuple: &[Lc]) {
        assert!(
            only_pre(multiplicity) && tuple.iter().all(only_pre),
            "{label}: tuples and multiplicities are pre"
        );
        assert!(
            tuple.len() <= bus.parts(),
            "{label}: too many parts for {bus:?}"
        );
        let mut d = self.offset(bus);
        for (power, part) in tuple.iter().enumerate() {
            d = d + self.scale(power, part);
        }
        self.term_bus.push(bus);
        for (i, list) in self.term_parts.iter_mut().enumerate() {
            list.push(tuple.get(i).unwrap_or(&Lc::zero()), &mut self.table);
        }
        let [m_list, d_list] = &mut self.inverses;
        m_list.push(multiplicity, &mut self.table);
        d_list.push(&d, &mut self.table);
        let inverse = Var::Inverse(m_list.len() as u32 - 1);
        self.row(label, &inverse.into(), &d, multiplicity);
        if bus == Bus::Register {
            self.local.push(inverse);
        } else {
            self.global.push(inverse);
        }
    }

    /// Produces the tuple `multiplicity` times.
    pub fn produce(&mut self, label: &'static str, bus: Bus, multiplicity: &Lc, tuple: &[Lc]) {
        self.term(label, bus, multiplicity, tuple);
    }

    /// Consumes the tuple `multiplicity` times.
    pub fn consume(&mut self, label: &'static str, bus: Bus, multiplicity: &Lc, tuple: &[Lc]) {
        self.term(label, bus, &-multiplicity, tuple);
    }

    /// `x < 2^16` if `enable` is one.
    pub fn range16(&mut self, label: &'static str, enable: &Lc, x: &Lc) {
        self.consume(label, Bus::Range, enable, std::slice::from_ref(x));
    }

    /// `x < 2^bits` for `bits <= 16` if `enable` is one: `x` is an integer below 2^16 and so is `x * 2^(16 - bits)`.
    pub fn range(&mut self, label: &'static str, enable: &Lc, x: &Lc, bits: u32) {
        assert!(bits <= 16);
        self.range16(label, enable, x);
        if bits < 16 {
            self.range16(label, enable, &(x * (1u64 << (16 - bits))));
        }
    }

    /// A new value of 32 bits from two new 16-bit columns (low, high).
    pub fn word(&mut self, label: &'static str, enable: &Lc) -> Lc {
        let [low, high] = self.columns();
        self.range16(label, enable, &low);
        self.range16(label, enable, &high);
        low + high * (1 << 16)
    }

    /// Begins a part of the segment; ends at the next call or at the end.
    pub fn section(&mut self, name: &'static str) {
        self.close_section();
        let at = (
            self.labels.len() as u32,
            self.pre.len() as u32,
            self.term_bus.len() as u32,
        );
        self.sections.push(Section {
            name,
            rows: (at.0, at.0),
            pre: (at.1, at.1),
            terms: (at.2, at.2),
        });
    }

    pub(crate) fn close_section(&mut self) {
        if let Some(last) = self.sections.last_mut() {
            last.rows.1 = self.labels.len() as u32;
            last.pre.1 = self.pre.len() as u32;
            last.terms.1 = self.term_bus.len() as u32;
        }
    }

    /// All inverses of the segment-local register sum so far.
    pub fn local_sum(&self) -> Lc {
        Lc::sum_of(self.local.iter().copied())
    }

    /// All inverses of the global sum so far.
    pub fn global_sum(&self) -> Lc {
        Lc::sum_of(self.global.iter().copied())
    }

    /// Number of base columns so far.
    pub fn base_columns(&self) -> usize {
        self.base as usize
    }
}

fn only_pre(lc: &Lc) -> bool {
    lc.terms()
        .iter()
        .all(|(v, _)| matches!(v, Var::One | Var::Pre(_)))
}
