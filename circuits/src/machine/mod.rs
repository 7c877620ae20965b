//! The machine of the proof: the same machine as the emulator's, one micro-op at a time.
//!
//! The emulator runs instructions; the circuits prove slots. [`SlotMachine`] executes slots and tells an [`Events`] all that the circuits
//! need to know about each: the entry that was fetched, the values at the register ports, the dispatched operation and,
//! for an access, the word before and after and when it was last touched. It keeps nothing of a slot once it is over, so its memory
//! grows with the touched memory and the code that ran, never with the length of the run.

mod census;
mod code;
#[cfg(test)]
mod forge;
mod memory;
mod operate;
#[cfg(test)]
mod tests;

pub use census::{Census, Fetch, Origin, TouchedWord};
pub use operate::{evaluate, holds};

use crate::{
    chip::{Access, Dispatch},
    microcode::{can_raise, Entry, Register, REGISTERS, SINK},
};
use code::Code;
use memory::TimedMemory;
use operate::{accessed, added, faults, is_access};
use serde::{Deserialize, Serialize};
use zkmips_emulator::{
    constants::{HALT, PRIVATE_TAPE, PUBLIC_TAPE, RESET_VECTOR},
    tape::{private_tape, public_tape, TapeError},
    Inputs, Memory, Program,
};

/// The time of the last slot that a run may have: times are below 2^32 on the memory bus.
pub const LAST_TIME: u64 = u32::MAX as u64;

/// Why a slot machine cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// An input does not fit its tape.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// No time is left.
    #[error("the run takes more than 2^32 - 1 slots, the longest that can be proved")]
    TooLong,
    /// A checkpoint is not a state of a run of this program.
    #[error("the checkpoint does not belong to this program: {0}")]
    Foreign(&'static str),
}

/// One slot, as it was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotRecord {
    /// When: 1 for the first slot of the run.
    pub time: u64,
    /// The micro-op; `pc` and step before the slot are its.
    pub entry: Entry,
    /// The next instruction address before the slot.
    pub next_pc: u64,
    /// Value of the first source.
    pub rs_value: u32,
    /// Value of the second source.
    pub rt_value: u32,
    /// Value of the destination before.
    pub rd_old: u32,
    /// Value of the destination after.
    pub result: u32,
}

/// Who listens to a slot machine. For each slot first its operation, if it has one, then the slot itself.
pub trait Events {
    /// A slot.
    fn slot(&mut self, record: &SlotRecord);
    /// An operation that is no access to memory: the faulting ones are among these.
    fn dispatch(&mut self, dispatch: &Dispatch);
    /// An access to memory.
    fn access(&mut self, access: &Access);
}

/// Listens to nothing.
impl Events for () {
    fn slot(&mut self, _: &SlotRecord) {}
    fn dispatch(&mut self, _: &Dispatch) {}
    fn access(&mut self, _: &Access) {}
}

/// The state of a run between two slots, to go on from with the same program and inputs. Holds private data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The registers, indexed as on the register bus.
    pub registers: Vec<u32>,
    /// Address of the instruction.
    pub pc: u32,
    /// The next instruction address.
    pub next_pc: u64,
    /// Which micro-op of it comes next.
    pub step: u8,
    /// Time of the next slot.
    pub time: u64,
    /// Instructions completed.
    pub instructions: u64,
    /// Touched words in order of address: word address, value, time of the last access.
    pub words: Vec<(u32, u32, u32)>,
}

/// Executes micro-ops.
#[derive(Clone, Debug)]
pub struct SlotMachine {
    /// The registers, indexed as on the register bus. The first is always 0.
    pub registers: [u32; REGISTERS],
    /// Address of the instruction.
    pub pc: u32,
    /// The next instruction address. Not reduced: where `pc` is one of the last four bytes it is 2^32 or a little more, but nothing can be
    /// fetched there, and the exception sets it anew before it could become `pc`.
    pub next_pc: u64,
    step: u8,
    time: u64,
    instructions: u64,
    memory: TimedMemory,
    code: Code,
    lane_flip: u32,
}

impl SlotMachine {
    /// A machine before its first slot, with all tapes in memory.
    pub fn new(program: &Program, inputs: &Inputs) -> Result<Self, MachineError> {
        let order = program.byte_order();
        let mut initial = program.initial_memory();
        let public = if program.is_snapshot() {
            public_tape(order, &[], &[], &inputs.public_input)?
        } else {
            inputs.public_tape(order)?
        };
        initial.write_words(PUBLIC_TAPE / 4, &public);
        initial.write_words(PRIVATE_TAPE / 4, &private_tape(order, &inputs.stdin)?);
        Ok(SlotMachine::over(program, initial))
    }

    /// A machine before its first slot over a memory.
    fn over(program: &Program, initial: Memory) -> Self {
        SlotMachine {
            registers: [0; REGISTERS],
            pc: RESET_VECTOR,
            next_pc: u64::from(RESET_VECTOR) + 4,
            step: 0,
            time: 1,
            instructions: 0,
            memory: TimedMemory::new(initial),
            code: Code::new(program),
            lane_flip: program.byte_order().lane_flip(),
        }
    }

    /// A machine that goes on from a checkpoint. Its [`SlotMachine::census`] counts fetches from there on.
    pub fn resume(
        program: &Program,
        inputs: &Inputs,
        from: &Checkpoint,
    ) -> Result<Self, MachineError> {
        let mut machine = SlotMachine::new(program, inputs)?;
        machine.registers = from
            .registers
            .as_slice()
            .try_into()
            .map_err(|_| MachineError::Foreign("number of registers"))?;
        if machine.registers[0] != 0 {
            return Err(MachineError::Foreign("register 0"));
        }
        if machine.code.find(from.pc, from.step).is_none() {
            return Err(MachineError::Foreign("no such micro-op"));
        }
        if from.next_pc > u64::from(u32::MAX) + 4 {
            return Err(MachineError::Foreign("next instruction address"));
        }
        if from.time == 0 || from.time > LAST_TIME + 1 {
            return Err(MachineError::Foreign("time"));
        }
        for &(address, value, time) in &from.words {
            if time == 0 || u64::from(time) >= from.time || address >> 30 != 0 {
                return Err(MachineError::Foreign("touched words"));
            }
            let cell = machine.memory.cell(address);
            (cell.value, cell.time) = (value, time);
        }
        (machine.pc, machine.next_pc, machine.step) = (from.pc, from.next_pc, from.step);
        (machine.time, machine.instructions) = (from.time, from.instructions);
        Ok(machine)
    }

    /// The state now.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            registers: self.registers.to_vec(),
            pc: self.pc,
            next_pc: self.next_pc,
            step: self.step,
            time: self.time,
            instructions: self.instructions,
            words: self
                .memory
                .touched()
                .map(|w| (w.address, w.last, w.time))
                .collect(),
        }
    }

    /// Which micro-op of the instruction at `pc` comes next; 0 between instructions.
    pub fn step_number(&self) -> u8 {
        self.step
    }

    /// Time of the next slot, one more than the slots executed.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// Instructions completed.
    pub fn instructions(&self) -> u64 {
        self.instructions
    }

    /// The word at a word address, now.
    pub fn word(&self, address: u32) -> u32 {
        self.memory.read(address)
    }

    /// Whether the program has ended. Slots can still be executed, and change nothing but the time.
    pub fn halted(&self) -> bool {
        self.pc == HALT && self.next_pc == u64::from(HALT) && self.step == 0
    }

    /// What has been executed and touched.
    pub fn census(&self) -> Census {
        Census::new(
            self.time - 1,
            self.instructions,
            self.code.fetches(),
            self.memory.touched().collect(),
        )
    }

    /// Executes at most `slots` slots, none after the program has ended. Returns how many.
    pub fn run(&mut self, slots: u64, events: &mut impl Events) -> Result<u64, MachineError> {
        let mut done = 0;
        while done < slots && !self.halted() {
            self.slot(events)?;
            done += 1;
        }
        Ok(done)
    }

    /// Accesses the word of a dispatched operation, which gets its result, or the one that is claimed.
    #[inline(always)]
    fn access(&mut self, dispatch: &mut Dispatch, claimed: Option<u32>, events: &mut impl Events) {
        let cell = self.memory.cell(dispatch.x as u32 >> 2);
        let (old, old_time) = (cell.value, u64::from(cell.time));
        let (z, new) = accessed(dispatch, old, self.lane_flip);
        (cell.value, cell.time) = (new, self.time as u32);
        dispatch.z = claimed.unwrap_or(z);
        events.access(&Access {
            dispatch: *dispatch,
            old,
            new,
            old_time,
        });
    }

    /// Executes one slot.
    pub fn slot(&mut self, events: &mut impl Events) -> Result<(), MachineError> {
        if self.time > LAST_TIME {
            return Err(MachineError::TooLong);
        }
        let mut index = self.code.fetch(self.pc, self.step);
        let mut entry = *self.code.entry(index);
        let rs_value = self.register(entry.rs);
        let rt_value = self.register(entry.rt);
        let mut dispatch = Dispatch {
            operation: entry.operation,
            time: self.time,
            x: u64::from(rs_value) + u64::from(entry.immediate),
            y: rt_value,
            z: 0,
        };
        let result = if entry.dispatch {
            if can_raise(entry.operation) && faults(&dispatch) {
                index = self.code.fault(index);
                entry = *self.code.entry(index);
                dispatch.operation = entry.operation;
                events.dispatch(&dispatch);
            } else if is_access(entry.operation) {
                self.access(&mut dispatch, None, events);
            } else {
                dispatch.z = evaluate(entry.operation, dispatch.x as u32, dispatch.y);
                events.dispatch(&dispatch);
            }
            dispatch.z
        } else {
            added(&entry, dispatch.x as u32, rt_value)
        };
        self.code.count(index);
        events.slot(&SlotRecord {
            time: self.time,
            entry,
            next_pc: self.next_pc,
            rs_value,
            rt_value,
            rd_old: self.register(entry.rd),
            result,
        });
        self.registers[usize::from(entry.rd.min(SINK))] = result;
        self.advance(&entry, rt_value, result);
        Ok(())
    }

    #[inline(always)]
    fn register(&self, register: Register) -> u32 {
        self.registers[usize::from(register.min(SINK))]
    }

    /// Moves `pc`, the next instruction address and the step.
    #[inline(always)]
    fn advance(&mut self, entry: &Entry, rt_value: u32, result: u32) {
        let next_pc = if entry.jump {
            u64::from(entry.target) + u64::from(rt_value)
        } else if entry.branch && result == 1 {
            u64::from(entry.target)
        } else if entry.last {
            self.next_pc + 4
        } else {
            self.next_pc
        };
        if entry.last {
            self.pc = self.next_pc as u32;
            self.step = 0;
            self.instructions += 1;
        } else {
            self.step = entry.following_step();
        }
        self.next_pc = next_pc;
        self.time += 1;
    }
}
