//! A small program, its honest run in segments, and what a proof would enforce on any other claim about it.

use super::super::{Recorder, Source};
use crate::{
    boundary::{self, Position},
    bus::{Bus, PARTS},
    chips::tables,
    lc::F,
    machine::{MachineError, SlotMachine},
    microcode::{self, Entry, REGISTERS},
    plan::{place, OneOff, Plan},
    segment::{Crossing, Segment},
    shape::{self, Capacities, Work},
    slot,
    state::State,
    statement::Statement,
    testing::{challenges, filled},
    tree::ProgramTrees,
    unit::UNITS,
};
use ff::Field;
use rayon::iter::ParallelIterator;
use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
    sync::{Arc, LazyLock, Mutex},
};
use zkmips_emulator::{
    constants::{EXCEPTION_VECTOR, HALT, RESET_VECTOR},
    elf, ByteOrder, Inputs, Program,
};
use zkmips_msm::Number;

/// Where the program begins.
pub const MAIN: u32 = RESET_VECTOR + 0x200;
/// Words that it reads and writes.
pub const DATA: u32 = 0x1000_0000;
/// The words at [`DATA`] at the start.
pub const WORDS: [u32; 3] = [0x8000_1234, 7, 0x0100_0000];

/// Enough for the run to cross borders, and for one-off parts to be spread over segments.
const CAPACITIES: Capacities = Capacities {
    slots: 24,
    units: [4; UNITS],
    raises: 1,
    fetch_faults: 1,
    batches: 4,
    private_words: 1,
    image_pages: 1,
    decoded_pages: 2,
    nodes: 6,
    range_block: 1 << 14,
};

/// Base columns of a state: seven words, two limbs for each register but `$0`.
pub const STATE_WIDTH: usize = 7 + 2 * (REGISTERS - 1);

#[rustfmt::skip]
fn text() -> Vec<u32> {
    let immediate = |op: u32, rt: u32, rs: u32, imm: u32| op << 26 | rs << 21 | rt << 16 | imm & 0xffff;
    let lui = |rt, imm| immediate(15, rt, 0, imm);
    let addiu = |rt, rs, imm| immediate(9, rt, rs, imm);
    let lw = |rt, offset, rs| immediate(35, rt, rs, offset);
    let sw = |rt, offset, rs| immediate(43, rt, rs, offset);
    let lb = |rt, offset, rs| immediate(32, rt, rs, offset);
    let register = |function: u32, rd: u32, rs: u32, rt: u32| rs << 21 | rt << 16 | rd << 11 | function;
    let j = |target: u32| 2 << 26 | (target & 0x0fff_ffff) >> 2;
    let main = [
        lui(8, DATA >> 16),
        lw(9, 0, 8),
        addiu(10, 9, 5),
        sw(10, 4, 8),
        lw(11, 4, 8),
        lui(12, 0xc000),
        lw(13, 0, 12),              // the private tape
        lui(14, 0x9000),
        lw(15, 0, 14),              // the public tape
        register(0x24, 16, 9, 10),  // and
        register(0x2b, 17, 9, 10),  // sltu
        immediate(4, 11, 10, 2),    // beq, taken
        addiu(18, 0, 1),
        addiu(18, 0, 2),            // left out
        immediate(5, 11, 10, 2),    // bne, not taken
        addiu(19, 0, 3),
        lw(20, 1, 8),               // unaligned
        lb(20, 11, 8),
        register(0x34, 0, 9, 10),   // teq, not taken
        0x0000_000c,                // syscall
        lui(21, 0xa000),
        sw(19, 0, 21),              // status 3
        sw(0, 4, 21),
    ];
    let clear = (8..=27).map(|rd| register(0x21, rd, 0, 0));
    let mut text = vec![0; 512];
    let mut put = |address: u32, words: &[u32]| {
        let at = ((address - RESET_VECTOR) / 4) as usize;
        text[at..at + words.len()].copy_from_slice(words);
    };
    put(RESET_VECTOR, &[j(MAIN)]);
    put(EXCEPTION_VECTOR, &[addiu(26, 26, 4), register(8, 0, 26, 0)]);
    put(HALT, &[j(HALT)]);
    let all: Vec<u32> = main.into_iter().chain(clear).chain([j(HALT), j(HALT)]).collect();
    put(MAIN, &all);
    text
}

/// The program with these words at [`DATA`].
pub fn program(data: &[u32]) -> Program {
    let order = ByteOrder::Big;
    Program::from_segments(
        order,
        &[
            elf::Segment::of_words(order, DATA, data, false),
            elf::Segment::of_words(order, RESET_VECTOR, &text(), true),
        ],
    )
}

/// Inputs that differ in what the program reads.
pub fn inputs(public: &[u8], private: &[u8]) -> Inputs {
    Inputs {
        stdin: private.to_vec(),
        public_input: public.to_vec(),
        ..Inputs::default()
    }
}

/// A program, its run, its segment.
pub struct Stage {
    pub plan: Plan,
    pub trees: ProgramTrees,
    pub segment: Segment,
    pub honest: Vec<Work>,
    /// What has been found out about segments of the honest run, which most cheats leave alone.
    known: Mutex<HashMap<usize, Arc<Known>>>,
}

/// A segment that satisfies its rows.
struct Known {
    base: Vec<F>,
    entering: F,
    leaving: F,
    crossings: Vec<Crossing>,
}

/// The run that everybody tries to forge.
pub static STAGE: LazyLock<Stage> =
    LazyLock::new(|| Stage::new(&WORDS, &inputs(b"public", b"private")));

impl Stage {
    pub fn new(data: &[u32], inputs: &Inputs) -> Self {
        let program = program(data);
        let trees = ProgramTrees::new(&program, microcode::decode).unwrap();
        let mut plan = Plan::new(
            Arc::new(program),
            &trees,
            inputs.clone(),
            CAPACITIES,
            |_| ControlFlow::Continue(()),
        )
        .unwrap();
        // A cheat may need more rows than the honest run.
        plan.schedule.rows = CAPACITIES.units;
        let mut stage = Stage {
            plan,
            trees,
            segment: shape::build(&CAPACITIES),
            honest: Vec::new(),
            known: Mutex::default(),
        };
        stage.honest = stage.run(|_, _| false);
        assert_eq!(stage.refusal(&stage.honest), None, "the honest run");
        stage
    }

    /// The run, in which `cheat` may change the machine before each slot, and say that it has executed the slot itself. All
    /// that follows is honest work on what it left, one-off parts included.
    pub fn run(&self, mut cheat: impl FnMut(&mut SlotMachine, &mut Recorder) -> bool) -> Vec<Work> {
        let plan = &self.plan;
        let n = plan.segments();
        let mut source = Source::new(plan, &self.segment).unwrap();
        let mut slot = |machine: &mut SlotMachine, recorder: &mut Recorder<'_>| {
            if cheat(machine, recorder) {
                return Ok::<(), MachineError>(());
            }
            machine.slot(recorder)
        };
        let mut works: Vec<Work> = (0..n)
            .map(|_| source.work_with(&mut slot).unwrap())
            .collect();
        let one_off = OneOff::new(&source.machine.census(), &self.trees, plan.statement()).unwrap();
        assert!(
            one_off.counts().segments(&CAPACITIES) <= n,
            "no room for the cheat"
        );
        let mut position = Position::default();
        let c = &CAPACITIES;
        for (i, work) in works.iter_mut().enumerate() {
            work.state.boundary = position;
            work.batches = place(&one_off.batches, c.batches, i, n).to_vec();
            for batch in &work.batches {
                position = batch.after(position);
            }
            work.private_words = place(&one_off.private_words, c.private_words, i, n).to_vec();
            let openings = &one_off.openings;
            work.image_pages = place(&openings.image_pages, c.image_pages, i, n).to_vec();
            work.decoded_pages = place(&openings.decoded_pages, c.decoded_pages, i, n).to_vec();
            work.nodes = place(&openings.nodes, c.nodes, i, n).to_vec();
            work.raises = place(&one_off.raises, c.raises, i, n).to_vec();
            work.fetch_faults = place(&one_off.fetch_faults, c.fetch_faults, i, n).to_vec();
        }
        works
    }

    /// Time and entry of each slot of the honest run.
    pub fn slots(&self) -> impl Iterator<Item = (u64, Entry)> + '_ {
        let rows = self.honest.iter().flat_map(|work| &work.slots);
        (1..).zip(rows.map(|row| row.entry))
    }

    /// When the instruction that is `number`th in the program's text executes its first micro-op.
    pub fn time_of(&self, number: u32) -> u64 {
        let mut slots = self.slots();
        let found = slots.find(|(_, entry)| entry.pc == MAIN + 4 * number);
        found.expect("it is executed").0
    }

    /// The micro-op of the instruction that is `number`th in the program's text.
    pub fn entry(&self, number: u32) -> Entry {
        self.trees.entry(MAIN + 4 * number, 0).unwrap()
    }

    /// Segment and row of a time.
    pub fn place_of(&self, time: u64) -> (usize, usize) {
        let slot = time as usize - 1;
        (slot / CAPACITIES.slots, slot % CAPACITIES.slots)
    }

    /// Position of the first base column of a slot.
    pub fn slot_column(&self, row: usize) -> usize {
        STATE_WIDTH + slot::WIDTH * row
    }

    /// Segment, batch and number in the batch of a word of the boundary.
    pub fn word(&self, address: u32) -> (usize, usize, usize) {
        for (i, work) in self.honest.iter().enumerate() {
            for (j, batch) in work.batches.iter().enumerate() {
                if let Some(k) = batch.words.iter().position(|w| w.address == address) {
                    return (i, j, k);
                }
            }
        }
        panic!("{address:#x} is not touched");
    }

    /// Position of the first base column of a word of the boundary.
    pub fn word_column(&self, batch: usize, word: usize) -> usize {
        // Five columns of the switch, four of the kind, two of the first word; five for each word; two of the batch's end.
        let batch_width = 5 + 4 + 2 + 5 * boundary::WORDS + 2;
        self.segment.first_base_column("boundary") + batch * batch_width + 11 + 5 * word
    }

    /// First and last word address of the region of an address.
    pub fn region_of(&self, address: u32) -> [u32; 2] {
        let regions = self.plan.statement().header().regions();
        let word = u64::from(address / 4);
        let region = regions.iter().find(|r| (r.first..r.end).contains(&word));
        let region = region.expect("regions cover all of memory");
        [region.first, region.end - 1].map(|a| a as u32)
    }

    /// Why the proof of a statement fails whose segments do this; `None` if it does not. `change` may alter base columns.
    pub fn refusal_of(
        &self,
        statement: &Statement,
        works: &[Work],
        change: impl Fn(usize, &mut Vec<F>),
    ) -> Option<String> {
        let big_endian = statement.header().byte_order() == ByteOrder::Big;
        let mut state = State::initial(big_endian, RESET_VECTOR).hash();
        let mut balance = Balance::default();
        for (i, work) in works.iter().enumerate() {
            let mut base = filled(|out| shape::fill(&CAPACITIES, &offering(work), None, out));
            change(i, &mut base);
            let segment = match self.satisfied(i, base, state) {
                Ok(segment) => segment,
                Err(why) => return Some(why),
            };
            for crossing in &segment.crossings {
                balance.add(crossing.bus, crossing.tuple, crossing.multiplicity);
            }
            state = segment.leaving;
        }
        let slots = works.len() * CAPACITIES.slots;
        let halted = State::halted(big_endian, HALT, slots as u64, boundary::END);
        let unfinished = (state != halted.hash()).then(|| "final state".to_string());
        for (bus, sign, tuple) in statement.terms().collect::<Vec<_>>() {
            let one = if sign > 0 { F::ONE } else { -F::ONE };
            *balance.sums.entry((bus, tuple)).or_insert(F::ZERO) += one;
        }
        let reasons: Vec<String> = unfinished.into_iter().chain(balance.refusal()).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// The rows of a segment, or the one that does not hold.
    fn satisfied(&self, i: usize, base: Vec<F>, entering: F) -> Result<Arc<Known>, String> {
        let known = self.known.lock().unwrap().get(&i).cloned();
        if let Some(known) = known.filter(|k| k.entering == entering && k.base == base) {
            return Ok(known);
        }
        let segment = &self.segment;
        let mut z = challenges();
        z[0] = entering;
        let pre = segment.expand(&base);
        let flat = segment.assignment(&pre, &z);
        if let Some(row) = segment.violation(&flat) {
            let (label, part) = (segment.label(row), segment.section_of(row));
            return Err(format!("row `{label}` in {part}, segment {i}"));
        }
        let terms = segment.output_terms(0);
        let found = Arc::new(Known {
            base,
            entering,
            leaving: terms.map(|(v, c)| flat[v as usize] * c).sum(),
            crossings: segment.crossings(&pre),
        });
        // The first to be looked at is the honest run's.
        let mut all = self.known.lock().unwrap();
        all.entry(i).or_insert_with(|| found.clone());
        Ok(found)
    }

    /// [`Stage::refusal_of`] the statement of the honest run.
    pub fn refusal(&self, works: &[Work]) -> Option<String> {
        self.refusal_of(self.plan.statement(), works, |_, _| ())
    }

    /// Asserts that a cheat is refused, and why.
    pub fn refuses(&self, what: &str, works: &[Work], why: &str) {
        expect(what, self.refusal(works), why);
    }

    /// [`Stage::refuses`] for a cheat that changes base columns of one segment of the honest run.
    pub fn refuses_columns(
        &self,
        what: &str,
        segment: usize,
        change: impl Fn(&mut Vec<F>),
        why: &str,
    ) {
        let changed = |i: usize, base: &mut Vec<F>| {
            if i == segment {
                change(base);
            }
        };
        let refusal = self.refusal_of(self.plan.statement(), &self.honest, changed);
        expect(what, refusal, why);
    }
}

/// Asserts that something was refused for this reason.
pub fn expect(what: &str, refusal: Option<String>, why: &str) {
    match refusal {
        None => panic!("accepted: {what}"),
        Some(reason) => assert!(reason.contains(why), "{what}: {reason}, not {why}"),
    }
}

/// Every fact on offer once: how often is the prover's choice, so the balance asks only whether a fact is on offer.
fn offering(work: &Work) -> Work {
    let mut work = work.clone();
    let ones = |counts: &mut dyn Iterator<Item = &mut u64>| counts.for_each(|m| *m = 1);
    for page in &mut work.image_pages {
        ones(&mut page.lookups.iter_mut());
    }
    for page in &mut work.decoded_pages {
        ones(&mut page.entries.iter_mut().map(|(_, m)| m));
        page.next_lookups = 1;
    }
    for node in &mut work.nodes {
        ones(&mut node.lookups.iter_mut());
    }
    for raise in &mut work.raises {
        raise.fetches = [1; 3];
    }
    for fault in &mut work.fetch_faults {
        fault.fetches = [1; 2];
    }
    for region in work.batches.iter_mut().filter_map(|b| b.switch.as_mut()) {
        region.lookups = 1;
    }
    work
}

/// What is left of all buses.
#[derive(Default)]
struct Balance {
    /// Facts that somebody offers, as often as one likes.
    offered: HashSet<(Bus, [F; PARTS])>,
    /// Everything else.
    sums: HashMap<(Bus, [F; PARTS]), F>,
    false_fact: Option<(Bus, [F; PARTS])>,
}

impl Balance {
    fn add(&mut self, bus: Bus, tuple: [F; PARTS], multiplicity: F) {
        if bus == Bus::Register {
            return; // A row of each segment says that these balance.
        }
        let consumed = multiplicity == -F::ONE;
        if tables::is_table(bus) {
            if !consumed || tables::position(bus, &tuple.map(Number::from)).is_none() {
                self.false_fact = Some((bus, tuple));
            }
        } else if bus.is_fact() && !consumed {
            self.offered.insert((bus, tuple));
        } else {
            *self.sums.entry((bus, tuple)).or_insert(F::ZERO) += multiplicity;
        }
    }

    fn refusal(&self) -> Option<String> {
        if let Some((bus, tuple)) = &self.false_fact {
            return Some(format!("false fact on {bus:?}: {tuple:?}"));
        }
        let left = self
            .sums
            .iter()
            .filter(|(key, m)| **m != F::ZERO && !self.offered.contains(*key));
        let mut names: Vec<String> = left
            .map(|((bus, tuple), _)| format!("{bus:?} {tuple:?}"))
            .collect();
        names.sort();
        (!names.is_empty()).then(|| format!("left on {}", names.join("; ")))
    }
}
