//! The `pre` columns of each segment, by executing the run again.

use crate::{
    boundary::Position,
    chip::{Access, Dispatch},
    chips::tables::{Histograms, LOGIC_BLOCKS},
    lc::{Columns, F},
    machine::{Events, MachineError, SlotMachine, SlotRecord},
    microcode::REGISTERS,
    plan::{place, Plan},
    schedule::AHEAD,
    segment::Segment,
    shape::{self, Work},
    slot::{self, port_time},
    state::State,
    unit::{Queues, ALL, UNITS},
};
use std::collections::VecDeque;
use zkmips_emulator::ByteOrder;
use zkmips_folding::prove::step::{PreSource, StepError};

/// Executes the planned run segment by segment. One source serves one pass; the first pass also finds how often each fact
/// of the constant tables is looked up and leaves that in the plan. Segments may be left out as far as their lookups are counted: that is how an
/// interrupted pass goes on.
pub struct Source<'a> {
    plan: &'a Plan,
    segment: &'a Segment,
    machine: SlotMachine,
    queues: Queues,
    boundary: Position,
    next: usize,
    /// The slots of the next segments, which chips may already serve.
    executed: VecDeque<Executed>,
    /// The last segments, executed ahead in the first pass because their tables need the lookups of all of them.
    ahead: VecDeque<Work>,
    /// Base columns of the segment that is filled; kept because fresh memory costs more than filling it.
    base: Columns,
}

/// The slots of a segment.
struct Executed {
    /// The state before them, the boundary's place apart.
    state: State,
    rows: Vec<slot::Row>,
    last_port: Vec<u16>,
    leaving: Vec<u32>,
}

/// Records of a segment's slots, and what they ask of chips.
struct Recorder<'a> {
    rows: Vec<slot::Row>,
    last_port: Vec<u16>,
    queues: &'a mut Queues,
}

impl Events for Recorder<'_> {
    fn slot(&mut self, record: &SlotRecord) {
        let index = self.rows.len();
        let e = &record.entry;
        let mut gaps = [0; 3];
        for (port, register) in [e.rs, e.rt, e.rd].into_iter().enumerate() {
            let now = port_time(index, port) as u16;
            let last = &mut self.last_port[usize::from(register)];
            gaps[port] = now - 1 - *last;
            *last = now;
        }
        self.rows.push(slot::Row {
            entry: *e,
            rs_value: record.rs_value,
            rt_value: record.rt_value,
            rd_old: record.rd_old,
            result: record.result,
            gaps,
        });
    }

    fn dispatch(&mut self, dispatch: &Dispatch) {
        self.queues.push(Access {
            dispatch: *dispatch,
            old: 0,
            new: 0,
            old_time: 0,
        });
    }

    fn access(&mut self, access: &Access) {
        self.queues.push(*access);
    }
}

impl<'a> Source<'a> {
    /// A source at the first segment.
    pub fn new(plan: &'a Plan, segment: &'a Segment) -> Result<Self, StepError> {
        Ok(Source {
            machine: SlotMachine::new(&plan.program, &plan.inputs).map_err(source)?,
            plan,
            segment,
            queues: Queues::default(),
            boundary: Position::default(),
            next: 0,
            executed: VecDeque::new(),
            ahead: VecDeque::new(),
            base: Columns::with_capacity(segment.base_columns()),
        })
    }

    fn state(&self) -> State {
        let m = &self.machine;
        State {
            registers: m.registers.to_vec(),
            pc: m.pc,
            next_pc: m.next_pc,
            step: m.step_number(),
            time: m.time(),
            big_endian: self.plan.statement().header().byte_order() == ByteOrder::Big,
            boundary: self.boundary,
        }
    }

    /// What the next segment works on.
    fn work(&mut self) -> Result<Work, StepError> {
        self.work_with(|machine, recorder| machine.slot(recorder))
    }

    /// Executes the slots of one more segment, each by `slot`.
    fn execute(
        &mut self,
        slot: &mut impl FnMut(&mut SlotMachine, &mut Recorder) -> Result<(), MachineError>,
    ) -> Result<(), StepError> {
        let slots = self.plan.capacities.slots;
        let state = self.state();
        let mut recorder = Recorder {
            rows: Vec::with_capacity(slots),
            last_port: vec![0; REGISTERS],
            queues: &mut self.queues,
        };
        for _ in 0..slots {
            slot(&mut self.machine, &mut recorder).map_err(source)?;
        }
        let Recorder {
            rows, last_port, ..
        } = recorder;
        self.executed.push_back(Executed {
            state,
            rows,
            last_port,
            leaving: self.machine.registers.to_vec(),
        });
        Ok(())
    }

    /// [`Source::work`], each slot executed by `slot`.
    fn work_with(
        &mut self,
        mut slot: impl FnMut(&mut SlotMachine, &mut Recorder) -> Result<(), MachineError>,
    ) -> Result<Work, StepError> {
        let c = &self.plan.capacities;
        let (i, n) = (self.next, self.plan.segments());
        while self.executed.len() <= AHEAD && i + self.executed.len() < n {
            self.execute(&mut slot)?;
        }
        let Some(mut executed) = self.executed.pop_front() else {
            return Err(StepError::NoSuchSegment {
                segment: i,
                segments: n,
            });
        };
        executed.state.boundary = self.boundary;
        let mut units: [Vec<Access>; UNITS] = Default::default();
        for ((taken, unit), rows) in units.iter_mut().zip(ALL).zip(self.plan.schedule.rows) {
            *taken = self.queues.take(unit, rows);
        }
        let plan = self.plan;
        let batches = place(&plan.batches, c.batches, i, n);
        for batch in batches {
            self.boundary = batch.after(self.boundary);
        }
        self.next += 1;
        Ok(Work {
            state: executed.state,
            slots: executed.rows,
            register_times: executed.last_port,
            leaving: executed.leaving,
            units,
            raises: place(&plan.raises, c.raises, i, n).to_vec(),
            fetch_faults: place(&plan.fetch_faults, c.fetch_faults, i, n).to_vec(),
            batches: batches.to_vec(),
            private_words: place(&plan.private_words, c.private_words, i, n).to_vec(),
            image_pages: place(&plan.image_pages, c.image_pages, i, n).to_vec(),
            decoded_pages: place(&plan.decoded_pages, c.decoded_pages, i, n).to_vec(),
            nodes: place(&plan.nodes, c.nodes, i, n).to_vec(),
            range_block: (i + c.range_blocks()).checked_sub(n),
            logic_block: (i + LOGIC_BLOCKS).checked_sub(n),
            last: i + 1 == n,
        })
    }

    /// The `pre` columns of the next segment, with multiplicities if they are known.
    fn columns(&mut self, work: &Work, histogram: Option<&Histograms>, out: &mut Columns) {
        self.base.clear();
        shape::fill(&self.plan.capacities, work, histogram, &mut self.base);
        self.segment.fill_pre(&self.base, out);
    }

    /// Counts the lookups of segment `i`, unless that was done before the pass was interrupted.
    fn count(&mut self, i: usize, pre: &Columns) -> Result<(), StepError> {
        let mut counted = self.plan.counted();
        if counted.segments == i {
            let lookups = self.segment.count_lookups(pre).map_err(source)?;
            counted.histograms.merge(lookups);
            counted.segments += 1;
        }
        Ok(())
    }

    /// The first pass over the segments with tables: all columns but the multiplicities, to count their lookups. `buffer` is left empty.
    fn count_ahead(&mut self, buffer: &mut Columns) -> Result<(), StepError> {
        while self.next < self.plan.segments() {
            let i = self.next;
            let work = self.work()?;
            self.columns(&work, None, buffer);
            self.count(i, buffer)?;
            buffer.clear();
            self.ahead.push_back(work);
        }
        // The second pass is another source over the same plan.
        let counted = std::mem::take(&mut *self.plan.counted());
        let _ = self.plan.histograms.set(counted.histograms);
        Ok(())
    }
}

fn source(error: impl std::error::Error + Send + Sync + 'static) -> StepError {
    StepError::Source(Box::new(error))
}

impl PreSource<F> for Source<'_> {
    fn segments(&self) -> usize {
        self.plan.segments()
    }

    fn fill_pre(&mut self, i: usize, out: &mut Columns) -> Result<(), StepError> {
        let plan = self.plan;
        let n = plan.segments();
        let counted = match plan.histograms.get() {
            Some(_) => n,
            None => plan.counted().segments,
        };
        let skipped = self.ahead.is_empty() && i <= counted;
        if i >= n || i != self.next - self.ahead.len() && !(i > self.next && skipped) {
            return Err(StepError::NoSuchSegment {
                segment: i,
                segments: n,
            });
        }
        while self.next < i {
            self.work()?;
        }
        let first_table = n - plan.capacities.table_segments();
        if i == first_table && plan.histograms.get().is_none() {
            self.count_ahead(out)?;
        }
        let work = match self.ahead.pop_front() {
            Some(work) => work,
            None => self.work()?,
        };
        let histogram = plan.histograms.get();
        self.columns(&work, histogram, out);
        if histogram.is_none() {
            self.count(i, out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod cheats;
