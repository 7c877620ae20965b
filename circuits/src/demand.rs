//! What a run asks of every part of a segment, whatever the shape: the prover chooses the shape by it.

use crate::{
    header::Header,
    machine::{Census, SlotMachine},
    plan::{segments_for, statement, OneOff, PlanError},
    shape::{Capacities, Shape},
    tree::ProgramTrees,
    unit::{Unit, UNITS},
};
use std::ops::ControlFlow;
use zkmips_emulator::{Inputs, Program};

/// Slots executed between two reports of progress.
const SLICE: u64 = 1 << 16;

/// How many of each part a run needs once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneOffCounts {
    /// Batches of the memory boundary.
    pub batches: usize,
    /// Instances of the chip for private words, 32 words each.
    pub private_words: usize,
    /// Pages of the image.
    pub image_pages: usize,
    /// Parts of decoded pages.
    pub decoded_pages: usize,
    /// Nodes of the trees.
    pub nodes: usize,
    /// Instructions that raise.
    pub raises: usize,
    /// Addresses that cannot be fetched.
    pub fetch_faults: usize,
}

impl OneOffCounts {
    /// Segments that these need.
    pub fn segments(&self, c: &Capacities) -> usize {
        let demands = [
            (self.batches, c.batches),
            (self.private_words, c.private_words),
            (self.image_pages, c.image_pages),
            (self.decoded_pages, c.decoded_pages),
            (self.nodes, c.nodes),
            (self.raises, c.raises),
            (self.fetch_faults, c.fetch_faults),
        ];
        demands
            .into_iter()
            .map(|(demand, capacity)| segments_for(demand, capacity))
            .fold(0, usize::max)
    }
}

/// The demand of a whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Slots until the halt.
    pub slots: u64,
    /// Instructions until the halt.
    pub instructions: u64,
    /// Words of memory that were touched.
    pub touched_words: usize,
    /// Operations for each unit's chip, in the order of [`crate::unit::ALL`].
    pub units: [u64; UNITS],
    /// Pages, nodes, batches and exceptions.
    pub one_off: OneOffCounts,
}

impl Demand {
    /// Executes the run and counts. `on_slots` is told now and then how many slots have been executed,
    /// and may stop the work.
    pub fn of_run(
        program: &Program,
        trees: &ProgramTrees,
        inputs: &Inputs,
        mut on_slots: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Self, PlanError> {
        let header = Header::with_trees(program, trees)?;
        let mut machine = SlotMachine::new(program, inputs)?;
        while !machine.halted() {
            machine.run(SLICE, &mut ())?;
            if on_slots(machine.time() - 1).is_break() {
                return Err(PlanError::Stopped);
            }
        }
        let statement = statement(&machine, header, program, inputs)?;
        let census = machine.census();
        let one_off = OneOff::new(&census, trees, &statement)?;
        Ok(Demand {
            slots: census.slots,
            instructions: census.instructions,
            touched_words: census.touched.len(),
            units: operations(&census),
            one_off: one_off.counts(),
        })
    }

    /// Segments that the run needs if chips can be used evenly; a plan may come to a few more (`schedule.rs`).
    pub fn segments(&self, c: &Capacities) -> u64 {
        let units = self.units.into_iter().zip(c.units);
        let chips = units.map(|(demand, capacity)| demand.div_ceil(capacity.max(1) as u64));
        let one_off = self.one_off.segments(c).max(c.table_segments()) as u64;
        chips
            .fold(self.slots.div_ceil(c.slots as u64), u64::max)
            .max(one_off)
    }

    /// The most memory in bytes that a proof of the run takes in this shape, on so many threads.
    pub fn memory(&self, shape: Shape, threads: usize) -> u64 {
        shape.memory(threads, self.touched_words as u64)
    }

    /// The shape in which the run is proved fastest.
    pub fn cheapest(&self) -> Shape {
        self.cheapest_of(Shape::ALL).unwrap_or(Shape::ALL[0])
    }

    /// The same among the shapes for which so many bytes of memory are enough, if there is one.
    pub fn cheapest_within(&self, memory: u64, threads: usize) -> Option<Shape> {
        let fits = |shape: &Shape| self.memory(*shape, threads) <= memory;
        self.cheapest_of(Shape::ALL.into_iter().filter(fits))
    }

    fn cheapest_of(&self, shapes: impl IntoIterator<Item = Shape>) -> Option<Shape> {
        let cost = |shape: &Shape| shape.cost(self.segments(&shape.capacities()));
        shapes.into_iter().min_by_key(cost)
    }
}

/// How often each unit is asked.
fn operations(census: &Census) -> [u64; UNITS] {
    let mut counts = [0; UNITS];
    for fetch in &census.fetches {
        if let Some(unit) = Unit::of(fetch.entry.operation) {
            counts[unit as usize] += fetch.count;
        }
    }
    counts
}
