//! How many of each part a segment has, and the segment made of them.
//!
//! The order of the parts is written down twice in this file, next to each other: [`build`] for the rows and [`fill`] for
//! the witness. Everything else follows from it.

use crate::{
    boundary::{self, Batch},
    builder::Builder,
    chip::{fill_idle, Access, Chip, OrderedChip},
    chips::{
        decoded_page,
        fault::Fault,
        fetch_fault::{self, FetchFault},
        image_page,
        memory::{Load, Store},
        node, private_words,
        raise::{self, Raise},
        subword::{ByteLoad, ByteStore, HalfLoad, HalfStore},
        tables::{self, Histograms},
        unaligned::Unaligned,
        DecodedPage, Divide, Equality, EqualityTrap, ImagePage, LeadingZeros, Logic, Multiply,
        Node, Order, OrderTrap, PrivateWords, Shift, Unsigned,
    },
    lc::{Columns, Lc, Var},
    segment::Segment,
    slot,
    state::{self, State, StateLc},
    step::SegmentStep,
    unit::{Unit, ALL, UNITS},
};
use std::sync::LazyLock;
use zkmips_emulator::constants::MACHINE_VERSION;

pub use crate::capacities::{Capacities, Shape};

impl Capacities {
    /// Segments that hold a block of the range table: one block each, together every 16-bit value.
    pub fn range_blocks(&self) -> usize {
        tables::RANGE / self.range_block
    }

    /// How many of the last segments hold multiplicities of tables.
    pub fn table_segments(&self) -> usize {
        self.range_blocks().max(tables::LOGIC_BLOCKS)
    }
}

/// What one segment works on. The lists are at most as long as the capacities.
#[derive(Clone, Debug)]
pub struct Work {
    /// The state in which the segment is entered.
    pub state: State,
    /// One row per slot.
    pub slots: Vec<slot::Row>,
    /// Local time of each register's last port.
    pub register_times: Vec<u16>,
    /// The registers at the end.
    pub leaving: Vec<u32>,
    /// What each unit's chip does here.
    pub units: [Vec<Access>; UNITS],
    /// Raising instructions.
    pub raises: Vec<raise::Event>,
    /// Addresses that cannot be fetched.
    pub fetch_faults: Vec<fetch_fault::Event>,
    /// Batches of the memory boundary.
    pub batches: Vec<Batch>,
    /// Words of the private tape.
    pub private_words: Vec<private_words::Event>,
    /// Image pages.
    pub image_pages: Vec<image_page::Event>,
    /// Parts of decoded pages.
    pub decoded_pages: Vec<decoded_page::Event>,
    /// Tree nodes.
    pub nodes: Vec<node::Event>,
    /// The block of the range table that this segment holds, if it holds one.
    pub range_block: Option<usize>,
    /// The block of the logic table that this segment holds, if it holds one.
    pub logic_block: Option<usize>,
    /// Whether this is the last segment, which holds the small tables' multiplicities.
    pub last: bool,
}

fn repeat<C: Chip>(b: &mut Builder, count: usize) {
    b.section(C::NAME);
    for _ in 0..count {
        C::synthesize(b);
    }
}

fn repeat_ordered<C: OrderedChip>(b: &mut Builder, big_endian: &Lc, count: usize) {
    b.section(C::NAME);
    for _ in 0..count {
        C::synthesize(b, big_endian);
    }
}

fn build_unit(b: &mut Builder, unit: Unit, big_endian: &Lc, count: usize) {
    match unit {
        Unit::Load => repeat::<Load>(b, count),
        Unit::Store => repeat::<Store>(b, count),
        Unit::ByteLoad => repeat_ordered::<ByteLoad>(b, big_endian, count),
        Unit::ByteStore => repeat_ordered::<ByteStore>(b, big_endian, count),
        Unit::HalfLoad => repeat_ordered::<HalfLoad>(b, big_endian, count),
        Unit::HalfStore => repeat_ordered::<HalfStore>(b, big_endian, count),
        Unit::Unaligned => repeat_ordered::<Unaligned>(b, big_endian, count),
        Unit::Equality => repeat::<Equality>(b, count),
        Unit::Unsigned => repeat::<Unsigned>(b, count),
        Unit::Order => repeat::<Order>(b, count),
        Unit::EqualityTrap => repeat::<EqualityTrap>(b, count),
        Unit::OrderTrap => repeat::<OrderTrap>(b, count),
        Unit::Logic => repeat::<Logic>(b, count),
        Unit::Shift => repeat::<Shift>(b, count),
        Unit::LeadingZeros => repeat::<LeadingZeros>(b, count),
        Unit::Multiply => repeat::<Multiply>(b, count),
        Unit::Divide => repeat::<Divide>(b, count),
        Unit::Fault => repeat::<Fault>(b, count),
    }
}

/// Writes a segment down.
pub fn build(c: &Capacities) -> Segment {
    let mut b = Builder::new();
    b.section("state");
    let entering = state::enter(&mut b);
    let hash = state::hash_rows(&mut b, &entering);
    b.zero(
        "the entering state is the one hashed",
        &(hash - Lc::from(Var::StateIn)),
    );

    b.section("slot");
    let mut chain = entering.chain.clone();
    for index in 0..c.slots {
        chain = slot::synthesize(&mut b, index, &entering.time, &chain);
    }
    b.section("registers");
    let registers = state::close_registers(&mut b, &entering.registers);
    let local = b.local_sum();
    b.zero("the segment's registers balance", &local);

    for (unit, count) in ALL.into_iter().zip(c.units) {
        build_unit(&mut b, unit, &entering.big_endian, count);
    }
    repeat::<Raise>(&mut b, c.raises);
    repeat::<FetchFault>(&mut b, c.fetch_faults);
    b.section("boundary");
    let mut boundary = entering.boundary.clone();
    for _ in 0..c.batches {
        boundary = boundary::synthesize(&mut b, &boundary);
    }
    repeat::<PrivateWords>(&mut b, c.private_words);
    repeat::<ImagePage>(&mut b, c.image_pages);
    repeat::<DecodedPage>(&mut b, c.decoded_pages);
    repeat::<Node>(&mut b, c.nodes);
    b.section("tables");
    tables::synthesize_range_block(&mut b, c.range_block);
    tables::synthesize_logic_block(&mut b);
    tables::synthesize_shift_table(&mut b);
    tables::synthesize_power_table(&mut b);
    tables::synthesize_flags_table(&mut b);

    b.section("leaving state");
    let leaving = StateLc {
        registers,
        chain,
        time: &entering.time + c.slots as u64,
        big_endian: entering.big_endian,
        boundary,
    };
    let hash = state::hash_rows(&mut b, &leaving);
    let sum = Lc::from(Var::SumIn) + b.global_sum();
    Segment::new(b, [&hash, &sum])
}

fn fill_chip<C: Chip>(
    events: impl ExactSizeIterator<Item = impl std::borrow::Borrow<C::Event>>,
    count: usize,
    out: &mut Columns,
) {
    let idle = count - events.len();
    for event in events {
        C::fill(event.borrow(), out);
    }
    if idle > 0 {
        fill_idle(idle * C::width(), out);
    }
}

fn fill_ordered<C: OrderedChip<Event = Access>>(
    events: &[Access],
    big_endian: bool,
    count: usize,
    out: &mut Columns,
) {
    for event in events {
        C::fill(event, big_endian, out);
    }
    if count > events.len() {
        fill_idle((count - events.len()) * C::width(), out);
    }
}

fn fill_unit(unit: Unit, events: &[Access], big_endian: bool, count: usize, out: &mut Columns) {
    let dispatched = || events.iter().map(|a| a.dispatch);
    match unit {
        Unit::Load => fill_chip::<Load>(events.iter(), count, out),
        Unit::Store => fill_chip::<Store>(events.iter(), count, out),
        Unit::ByteLoad => fill_ordered::<ByteLoad>(events, big_endian, count, out),
        Unit::ByteStore => fill_ordered::<ByteStore>(events, big_endian, count, out),
        Unit::HalfLoad => fill_ordered::<HalfLoad>(events, big_endian, count, out),
        Unit::HalfStore => fill_ordered::<HalfStore>(events, big_endian, count, out),
        Unit::Unaligned => fill_ordered::<Unaligned>(events, big_endian, count, out),
        Unit::Equality => fill_chip::<Equality>(dispatched(), count, out),
        Unit::Unsigned => fill_chip::<Unsigned>(dispatched(), count, out),
        Unit::Order => fill_chip::<Order>(dispatched(), count, out),
        Unit::EqualityTrap => fill_chip::<EqualityTrap>(dispatched(), count, out),
        Unit::OrderTrap => fill_chip::<OrderTrap>(dispatched(), count, out),
        Unit::Logic => fill_chip::<Logic>(dispatched(), count, out),
        Unit::Shift => fill_chip::<Shift>(dispatched(), count, out),
        Unit::LeadingZeros => fill_chip::<LeadingZeros>(dispatched(), count, out),
        Unit::Multiply => fill_chip::<Multiply>(dispatched(), count, out),
        Unit::Divide => fill_chip::<Divide>(dispatched(), count, out),
        Unit::Fault => fill_chip::<Fault>(dispatched(), count, out),
    }
}

/// Appends the base columns of a segment. The constant tables' multiplicities come from `histograms`; without one they are zero.
pub fn fill(c: &Capacities, work: &Work, histograms: Option<&Histograms>, out: &mut Columns) {
    work.state.fill(out);
    for row in &work.slots {
        slot::fill(row, out);
    }
    state::fill_registers(&work.register_times, &work.leaving, out);
    for ((unit, count), events) in ALL.into_iter().zip(c.units).zip(&work.units) {
        fill_unit(unit, events, work.state.big_endian, count, out);
    }
    fill_chip::<Raise>(work.raises.iter(), c.raises, out);
    fill_chip::<FetchFault>(work.fetch_faults.iter(), c.fetch_faults, out);
    let mut position = work.state.boundary;
    let idle = Batch::default();
    for i in 0..c.batches {
        boundary::fill(work.batches.get(i).unwrap_or(&idle), &mut position, out);
    }
    fill_chip::<PrivateWords>(work.private_words.iter(), c.private_words, out);
    fill_chip::<ImagePage>(work.image_pages.iter(), c.image_pages, out);
    fill_chip::<DecodedPage>(work.decoded_pages.iter(), c.decoded_pages, out);
    fill_chip::<Node>(work.nodes.iter(), c.nodes, out);
    fill_tables(c, work, histograms, out);
}

/// The multiplicities: of a block of the range and of the logic table in each of the segments that hold one, of the small tables in the last segment.
fn fill_tables(c: &Capacities, work: &Work, histograms: Option<&Histograms>, out: &mut Columns) {
    static NONE: LazyLock<Histograms> = LazyLock::new(Histograms::default);
    let held = |here: bool| histograms.filter(|_| here).unwrap_or(&NONE);
    let range = work.range_block.unwrap_or(0);
    let multiplicities = held(work.range_block.is_some()).range_block(c.range_block, range);
    tables::fill_range_block(range, multiplicities, out);
    let logic = work.logic_block.unwrap_or(0);
    let multiplicities = held(work.logic_block.is_some()).logic_block(logic);
    tables::fill_logic_block(logic, multiplicities, out);
    let small = held(work.last).small();
    out.extend(small.into_iter().flatten().copied());
}

impl Shape {
    /// The segment as a step of the recursion.
    pub fn step(self) -> SegmentStep {
        let capacities = self.capacities();
        SegmentStep {
            segment: build(&capacities),
            description: format!(
                "zkmips machine {MACHINE_VERSION}, shape {}, {capacities:?}",
                self.name()
            )
            .into_bytes(),
        }
    }
}
