//! Pass 0: the run is executed once, and everything that happens is given its place.
//!
//! The plan counts: how many segments the slots, the chips and the one-off parts need. It keeps nothing per
//! instruction; segments are filled later by executing again ([`Source`](crate::source::Source)). One-off parts (boundary, pages, nodes,
//! raising instructions, tables) lie in the last segments, so that their rows are all zero before, and cost nothing there.

use crate::{
    boundary::{self, Batch, Kind, Region, Word},
    chip::{Access, Dispatch},
    chips::{
        decoded_page, fetch_fault, image_page, node, private_words, raise, tables::Histograms,
    },
    demand::OneOffCounts,
    header::{Header, HeaderError},
    machine::{Census, Events, MachineError, Origin, SlotMachine, SlotRecord},
    microcode::BRANCH_STEPS,
    operation::Operation,
    schedule::{Arrivals, Schedule},
    shape::Capacities,
    state::State,
    statement::{Statement, StatementError},
    tree::{OpeningError, Openings, ProgramTrees},
    unit::Unit,
};
use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};
use zkmips_emulator::{
    constants::{HALT, OUTPUT_TAPE, OUTPUT_TAPE_BYTES, PUBLIC_TAPE},
    tape::TapeError,
    ByteOrder, Inputs, Program,
};

/// Why a run cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// An input does not fit its tape.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// The machine stopped.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The statement cannot be written down.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The program has no header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The program's trees do not hold what was executed.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// Whoever was told of the slots wanted no more.
    #[error("stopped, as was asked")]
    Stopped,
    /// The kernel left something behind that the proof would reveal.
    #[error("the run ended with register {0} not cleared: this program image was not made with the kernel of this release; load the ELF again")]
    NotCleared(usize),
}

/// Counts what the slots of a segment ask of each chip.
#[derive(Debug, Default)]
struct Asked(Arrivals);

impl Asked {
    fn add(&mut self, operation: Operation) {
        if let Some(unit) = Unit::of(operation) {
            self.0[unit as usize] += 1;
        }
    }
}

impl Events for Asked {
    fn slot(&mut self, _: &SlotRecord) {}

    fn dispatch(&mut self, dispatch: &Dispatch) {
        self.add(dispatch.operation);
    }

    fn access(&mut self, access: &Access) {
        self.add(access.dispatch.operation);
    }
}

/// The part of `items` that lies in segment `i` of `n`: each of the last segments holds `capacity` of them, in order.
pub(crate) fn place<T>(items: &[T], capacity: usize, i: usize, n: usize) -> &[T] {
    let needed = segments_for(items.len(), capacity);
    let Some(k) = (i + needed).checked_sub(n) else {
        return &[];
    };
    &items[k * capacity..items.len().min((k + 1) * capacity)]
}

/// Segments needed for `items` when each holds `capacity`.
pub(crate) fn segments_for(items: usize, capacity: usize) -> usize {
    items.div_ceil(capacity.max(1))
}

/// How often each fact of the constant tables is looked up in the first segments: what a first pass that was interrupted must know to
/// go on. Private data.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Lookups {
    /// Segments that were counted.
    pub(crate) segments: usize,
    pub(crate) histograms: Histograms,
}

/// Where everything goes. Holds private data.
#[derive(Debug)]
pub struct Plan {
    pub(crate) program: Arc<Program>,
    pub(crate) inputs: Inputs,
    pub(crate) capacities: Capacities,
    pub(crate) batches: Vec<Batch>,
    pub(crate) private_words: Vec<private_words::Event>,
    pub(crate) image_pages: Vec<image_page::Event>,
    pub(crate) decoded_pages: Vec<decoded_page::Event>,
    pub(crate) nodes: Vec<node::Event>,
    pub(crate) raises: Vec<raise::Event>,
    pub(crate) fetch_faults: Vec<fetch_fault::Event>,
    /// How often each fact of the constant tables is looked up: known after the first pass over the segments.
    pub(crate) histograms: OnceLock<Histograms>,
    /// What the first pass has counted of that so far.
    pub(crate) counted: Mutex<Lookups>,
    statement: Statement,
    pub(crate) schedule: Schedule,
    instructions: u64,
}

impl Plan {
    /// Executes the run and places everything. `on_slots` is told now and then how many slots have been executed,
    /// and may stop the work.
    pub fn new(
        program: Arc<Program>,
        trees: &ProgramTrees,
        inputs: Inputs,
        capacities: Capacities,
        mut on_slots: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Self, PlanError> {
        let c = capacities;
        let header = Header::with_trees(&program, trees)?;
        let mut machine = SlotMachine::new(&program, &inputs)?;
        let mut instructions = None;
        let mut run_segment = |machine: &mut SlotMachine| {
            let mut asked = Asked::default();
            for _ in 0..c.slots {
                machine.slot(&mut asked)?;
                if instructions.is_none() && machine.halted() {
                    instructions = Some(machine.instructions());
                }
            }
            match on_slots(machine.time() - 1) {
                ControlFlow::Continue(()) => Ok(asked.0),
                ControlFlow::Break(()) => Err(PlanError::Stopped),
            }
        };
        let mut arrivals = Vec::new();
        while !machine.halted() {
            arrivals.push(run_segment(&mut machine)?);
        }
        let statement = statement(&machine, header, &program, &inputs)?;
        let one_off = OneOff::new(&machine.census(), trees, &statement)?;
        let enough = one_off.counts().segments(&c).max(c.table_segments());
        let schedule = Schedule::new(&arrivals, &c, enough.max(arrivals.len()));
        // The slots after the halt fetch the same entry again and again; nothing else changes.
        for _ in arrivals.len()..schedule.segments {
            run_segment(&mut machine)?;
        }
        let one_off = OneOff::new(&machine.census(), trees, &statement)?;
        Ok(Plan {
            program,
            inputs,
            capacities,
            batches: one_off.batches,
            private_words: one_off.private_words,
            image_pages: one_off.openings.image_pages,
            decoded_pages: one_off.openings.decoded_pages,
            nodes: one_off.openings.nodes,
            raises: one_off.raises,
            fetch_faults: one_off.fetch_faults,
            histograms: OnceLock::new(),
            counted: Mutex::default(),
            statement,
            schedule,
            instructions: instructions.unwrap_or_default(),
        })
    }

    /// What the first pass has counted so far.
    pub fn lookups(&self) -> Lookups {
        match self.histograms.get() {
            Some(histograms) => Lookups {
                segments: self.schedule.segments,
                histograms: histograms.clone(),
            },
            None => self.counted().clone(),
        }
    }

    /// Lets the first pass go on with what it counted when it was interrupted, unless that cannot be of this run. Not to be called once a
    /// pass has begun.
    pub fn resume(&self, lookups: Lookups) -> bool {
        if lookups.segments > self.schedule.segments || !lookups.histograms.is_whole() {
            return false;
        }
        if lookups.segments == self.schedule.segments {
            let _ = self.histograms.set(lookups.histograms);
        } else {
            *self.counted() = lookups;
        }
        true
    }

    pub(crate) fn counted(&self) -> MutexGuard<'_, Lookups> {
        // What a thread that panicked was counting belongs to a pass that failed.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What will be proved.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// What the run must end in.
    pub fn final_state(&self) -> State {
        let big_endian = self.statement.header().byte_order() == ByteOrder::Big;
        State::halted(
            big_endian,
            HALT,
            (self.schedule.segments * self.capacities.slots) as u64,
            boundary::END,
        )
    }

    /// Number of segments.
    pub fn segments(&self) -> usize {
        self.schedule.segments
    }

    /// Instructions until the halt.
    pub fn instructions(&self) -> u64 {
        self.instructions
    }

    /// Words of memory that were touched.
    pub fn touched_words(&self) -> usize {
        self.batches.iter().map(|b| b.words.len()).sum()
    }
}

/// What a run that has halted states.
pub(crate) fn statement(
    machine: &SlotMachine,
    header: Header,
    program: &Program,
    inputs: &Inputs,
) -> Result<Statement, PlanError> {
    check_cleared(machine)?;
    let public = public_tape(program, inputs)?;
    Ok(Statement::new(header, public, output_tape(machine))?)
}

/// The public tape of a run.
fn public_tape(program: &Program, inputs: &Inputs) -> Result<Vec<u32>, TapeError> {
    if program.is_snapshot() {
        zkmips_emulator::tape::public_tape(program.byte_order(), &[], &[], &inputs.public_input)
    } else {
        inputs.public_tape(program.byte_order())
    }
}

/// The words of the output tape: status, length, bytes.
fn output_tape(machine: &SlotMachine) -> Vec<u32> {
    let first = OUTPUT_TAPE / 4;
    let bytes = machine.word(first + 1).min(OUTPUT_TAPE_BYTES - 8);
    (first..first + 2 + bytes.div_ceil(4))
        .map(|address| machine.word(address))
        .collect()
}

/// The final state is public, so the kernel clears all of it.
fn check_cleared(machine: &SlotMachine) -> Result<(), PlanError> {
    match machine.registers.iter().position(|r| *r != 0) {
        Some(register) => Err(PlanError::NotCleared(register)),
        None => Ok(()),
    }
}

/// The parts that a run needs once.
pub(crate) struct OneOff {
    pub(crate) batches: Vec<Batch>,
    pub(crate) private_words: Vec<private_words::Event>,
    pub(crate) openings: Openings,
    pub(crate) raises: Vec<raise::Event>,
    pub(crate) fetch_faults: Vec<fetch_fault::Event>,
}

impl OneOff {
    pub(crate) fn new(
        census: &Census,
        trees: &ProgramTrees,
        statement: &Statement,
    ) -> Result<Self, PlanError> {
        let mut regions = statement.header().regions();
        let words = boundary_words(census, statement);
        let fetch_faults = fetch_faults(census, &mut regions);
        let words_of = |kind: Kind| {
            let regions = regions.iter().filter(move |r| r.kind == kind);
            regions.flat_map(|r| {
                let start = words.partition_point(|w| u64::from(w.address) < r.first);
                let end = words.partition_point(|w| u64::from(w.address) < r.end);
                &words[start..end]
            })
        };
        let image_words = words_of(Kind::Image).map(|w| w.address);
        let private: Vec<_> = words_of(Kind::Private)
            .map(|w| (w.address, w.initial))
            .collect();
        let mut fetches: BTreeMap<(u32, u8), u64> = BTreeMap::new();
        for fetch in census
            .fetches
            .iter()
            .filter(|f| f.origin == Origin::Decoded)
        {
            *fetches
                .entry((fetch.entry.pc, fetch.entry.step))
                .or_default() += fetch.count;
        }
        let raises = raises(census, trees);
        for event in &raises {
            // The raise chip looks the normal entry up once.
            *fetches
                .entry((event.entry.pc, event.entry.step))
                .or_default() += 1;
        }
        let openings = trees.openings(
            image_words,
            fetches
                .into_iter()
                .map(|((pc, step), count)| (pc, step, count)),
        )?;
        Ok(OneOff {
            batches: boundary::batches(&regions, &words),
            private_words: private
                .chunks(private_words::WORDS)
                .map(|words| private_words::Event {
                    words: words.to_vec(),
                })
                .collect(),
            openings,
            raises,
            fetch_faults,
        })
    }

    /// How many there are.
    pub(crate) fn counts(&self) -> OneOffCounts {
        OneOffCounts {
            batches: self.batches.len(),
            private_words: self.private_words.len(),
            image_pages: self.openings.image_pages.len(),
            decoded_pages: self.openings.decoded_pages.len(),
            nodes: self.openings.nodes.len(),
            raises: self.raises.len(),
            fetch_faults: self.fetch_faults.len(),
        }
    }
}

/// All words of the boundary in order: those touched, and those of the statement's tapes that were not.
fn boundary_words(census: &Census, statement: &Statement) -> Vec<Word> {
    let mut words: BTreeMap<u32, Word> = BTreeMap::new();
    let mut untouched = |first: u32, tape: &[u32], initial: bool| {
        for (address, value) in (first..).zip(tape) {
            let word = Word {
                address,
                initial: if initial { *value } else { 0 },
                last: if initial { *value } else { 0 },
                time: 0,
            };
            words.insert(address, word);
        }
    };
    untouched(PUBLIC_TAPE / 4, statement.public_tape(), true);
    untouched(OUTPUT_TAPE / 4, statement.output_tape(), false);
    for word in &census.touched {
        words.insert(
            word.address,
            Word {
                address: word.address,
                initial: word.first,
                last: word.last,
                time: u64::from(word.time),
            },
        );
    }
    words.into_values().collect()
}

/// Instructions that raised, each once.
fn raises(census: &Census, trees: &ProgramTrees) -> Vec<raise::Event> {
    let raised: BTreeMap<(u32, u8), u64> = census
        .fetches
        .iter()
        .filter(|f| f.origin == Origin::Raised)
        .map(|f| ((f.entry.pc, f.entry.step), f.count))
        .collect();
    let count = |pc, step| raised.get(&(pc, step)).copied().unwrap_or_default();
    census
        .fetches
        .iter()
        .filter(|f| f.origin == Origin::Raised && Unit::of(f.entry.operation).is_some())
        .filter_map(|f| {
            let (pc, step) = (f.entry.pc, f.entry.step);
            let entry = trees.entry(pc, step)?;
            let after = step + BRANCH_STEPS;
            Some(raise::Event {
                entry,
                fetches: [f.count, count(pc, after), count(pc, after + 1)],
            })
        })
        .collect()
}

/// Addresses from which nothing could be fetched, each once; their regions are looked up.
fn fetch_faults(census: &Census, regions: &mut [Region]) -> Vec<fetch_fault::Event> {
    let mut events: BTreeMap<u32, [u64; 2]> = BTreeMap::new();
    for fetch in census
        .fetches
        .iter()
        .filter(|f| f.origin == Origin::FetchFault)
    {
        events.entry(fetch.entry.pc).or_default()[usize::from(fetch.entry.step)] = fetch.count;
    }
    events
        .into_iter()
        .map(|(pc, fetches)| {
            let word = u64::from(pc / 4);
            let found = regions
                .iter_mut()
                .find(|r| (r.first..r.end).contains(&word));
            let mut region = [0; 2];
            if let Some(r) = found.filter(|_| fetch_fault::needs_region(pc)) {
                r.lookups += 1;
                region = [r.first, r.end - 1].map(|a| a as u32);
            }
            fetch_fault::Event {
                pc,
                region,
                fetches,
            }
        })
        .collect()
}
