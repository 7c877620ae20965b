//! What crosses the border between two segments: the words of the state and their hash. The rows are in `state.rs`.

use crate::{
    lc::{pow2, F},
    poseidon,
    region::Position,
};

/// Number of registers on the register bus.
pub const REGISTERS: usize = 40;

/// Where a place, in the state and in a program tuple, has the number of its micro-op, above the address.
pub const STEP_SHIFT: u32 = 34;

/// Registers per hash element.
pub(crate) const PACK: usize = 7;

/// The words of the state.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct State {
    /// All registers of the register bus; index 0 is 0.
    pub registers: Vec<u32>,
    /// Address of the instruction.
    pub pc: u32,
    /// Address of the next one; 2^32 can occur if `pc` is the last word.
    pub next_pc: u64,
    /// Micro-op.
    pub step: u8,
    /// Time of the next slot.
    pub time: u64,
    /// Whether the guest is big-endian.
    pub big_endian: bool,
    /// Where the boundary stands.
    pub boundary: Position,
}

impl State {
    /// What a run starts from.
    pub fn initial(big_endian: bool, reset: u32) -> Self {
        State {
            registers: vec![0; REGISTERS],
            pc: reset,
            next_pc: u64::from(reset) + 4,
            step: 0,
            time: 1,
            big_endian,
            boundary: Position::default(),
        }
    }

    /// What a run of `slots` slots must end in.
    pub fn halted(big_endian: bool, halt: u32, slots: u64, boundary: Position) -> Self {
        State {
            registers: vec![0; REGISTERS],
            pc: halt,
            next_pc: u64::from(halt),
            step: 0,
            time: 1 + slots,
            big_endian,
            boundary,
        }
    }

    /// The words that are not registers.
    pub(crate) fn others(&self) -> [u64; 7] {
        [
            u64::from(self.pc) + (u64::from(self.step) << STEP_SHIFT),
            self.next_pc,
            self.time,
            u64::from(self.big_endian),
            self.boundary.next,
            self.boundary.end,
            u64::from(self.boundary.kind),
        ]
    }

    /// The hash that the recursion carries as `z[0]`.
    pub fn hash(&self) -> F {
        let mut elements: Vec<F> = self.others().map(F::from).to_vec();
        elements.extend(self.registers[1..].chunks(PACK).map(|part| {
            part.iter()
                .enumerate()
                .map(|(i, w)| F::from(u64::from(*w)) * pow2(32 * i as u32))
                .sum::<F>()
        }));
        poseidon::hash(poseidon::Domain::State, &elements)
    }
}
