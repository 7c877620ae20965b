//! A machine that does what a cheating prover likes, for tests.

use super::{
    operate::{added, evaluate, is_access},
    Events, SlotMachine, SlotRecord,
};
use crate::{chip::Dispatch, microcode::Entry};

impl SlotMachine {
    /// Changes a word of memory behind everybody's back.
    pub(crate) fn poke(&mut self, address: u32, value: u32) {
        self.memory.cell(address).value = value;
    }

    /// Executes this entry whatever stands at `(pc, step)`, with this result if one is given.
    pub(crate) fn forge(&mut self, entry: Entry, z: Option<u32>, events: &mut impl Events) {
        let rs_value = self.register(entry.rs);
        let rt_value = self.register(entry.rt);
        let mut dispatch = Dispatch {
            operation: entry.operation,
            time: self.time,
            x: u64::from(rs_value) + u64::from(entry.immediate),
            y: rt_value,
            z: 0,
        };
        let x = dispatch.x as u32;
        let result = if !entry.dispatch {
            z.unwrap_or(added(&entry, x, rt_value))
        } else if is_access(entry.operation) {
            self.access(&mut dispatch, z, events);
            dispatch.z
        } else {
            dispatch.z = z.unwrap_or_else(|| evaluate(entry.operation, x, rt_value));
            events.dispatch(&dispatch);
            dispatch.z
        };
        events.slot(&SlotRecord {
            time: self.time,
            entry,
            next_pc: self.next_pc,
            rs_value,
            rt_value,
            rd_old: self.register(entry.rd),
            result,
        });
        self.registers[usize::from(entry.rd)] = result;
        self.advance(&entry, rt_value, result);
    }
}
