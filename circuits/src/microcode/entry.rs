//! A decoded micro-op: what one slot does.

use crate::{
    bus::PARTS,
    lc::{pow2, F},
    operation::Operation,
};

/// Index of a register on the register bus: 0 to 31 are the general registers.
pub type Register = u8;
/// HI.
pub const HI: Register = 32;
/// LO.
pub const LO: Register = 33;
/// UserLocal.
pub const USER_LOCAL: Register = 34;
/// Tick.
pub const TICK: Register = 35;
/// Micro-op temporaries. No instruction reads one that it did not write; `add $0,$0,$0` leaves them 0.
pub const T0: Register = 36;
/// See [`T0`].
pub const T1: Register = 37;
/// See [`T0`].
pub const T2: Register = 38;
/// Where a slot writes that has no destination, `$0` included.
pub const SINK: Register = 39;
pub use crate::border::{REGISTERS, STEP_SHIFT};

/// How far a micro-op with `branch` moves the step. More than the micro-ops of any instruction, so that what follows it meets
/// nothing else: the two halves of a branch-likely, and the exception that takes the place of an instruction.
pub const BRANCH_STEPS: u8 = 9;

/// A micro-op at `(pc, step)`.
///
/// With `X`, `Y` the values of `rs`, `rt`: `x = X + immediate`, `y = Y`. The result, written to `rd`, is the `z` of the dispatched
/// operation, or without one `x + y` (`x - y` with `minus`, `x` with `jump_register`, so that a jump can link) modulo 2^32: that is
/// `x + (1 - 2 minus - jump_register) y`, as the two never come together.
/// `base = next_pc + 4` if `last`, else `next_pc`. The next instruction address becomes `target` if `jump`, or if `branch` and the
/// result is 1; `target + Y` with `jump_register` (which comes with `jump` and target 0); else `base`.
/// If `last`, `pc` becomes the old `next_pc` and the step 0; else `pc` stays and the step grows by 1, by 9 with `branch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entry {
    /// Address of the instruction.
    pub pc: u32,
    /// Which of its micro-ops, below 32.
    pub step: u8,
    /// First source.
    pub rs: Register,
    /// Second source.
    pub rt: Register,
    /// Destination, never 0.
    pub rd: Register,
    /// The result comes from a chip.
    pub dispatch: bool,
    /// Subtract instead of adding.
    pub minus: bool,
    /// The next instruction address depends on the result, which is then 0 or 1.
    pub branch: bool,
    /// The next instruction address is set.
    pub jump: bool,
    /// It is set to the second operand, which the result leaves out.
    pub jump_register: bool,
    /// Last micro-op of the instruction.
    pub last: bool,
    /// The operation dispatched.
    pub operation: Operation,
    /// Added to the first source.
    pub immediate: u32,
    /// Where a branch or jump leads.
    pub target: u32,
}

/// Bit positions inside the first part of a program tuple: `pc`, then the step at [`STEP_SHIFT`], then these above it.
pub const RS_SHIFT: u32 = STEP_SHIFT + 6;
/// See [`STEP_SHIFT`].
pub const RT_SHIFT: u32 = RS_SHIFT + 6;
/// See [`STEP_SHIFT`].
pub const RD_SHIFT: u32 = RT_SHIFT + 6;
/// The flags from here up: dispatch, minus, branch, jump, jump_register, last.
pub const FLAGS_SHIFT: u32 = RD_SHIFT + 6;
/// Number of flags.
pub const FLAGS: usize = 6;

impl Entry {
    /// A micro-op at step 0 that does nothing and does not end the instruction.
    pub fn nothing(pc: u32) -> Self {
        Entry {
            pc,
            step: 0,
            rs: 0,
            rt: 0,
            rd: SINK,
            dispatch: false,
            minus: false,
            branch: false,
            jump: false,
            jump_register: false,
            last: false,
            operation: Operation::None,
            immediate: 0,
            target: 0,
        }
    }

    /// The step of the micro-op that follows, if the instruction goes on.
    pub fn following_step(&self) -> u8 {
        self.step + if self.branch { BRANCH_STEPS } else { 1 }
    }

    /// The flags in the order of their bits.
    pub fn flags(&self) -> [bool; FLAGS] {
        [
            self.dispatch,
            self.minus,
            self.branch,
            self.jump,
            self.jump_register,
            self.last,
        ]
    }

    /// Whether the slot's rows mean what it says: subtracting shares a product with jumping and branching, so it comes with neither.
    pub fn is_well_formed(&self) -> bool {
        !(self.minus && (self.jump || self.branch))
    }

    /// Everything of the first part of the tuple but `pc`, shifted down: 30 bits.
    pub fn control(&self) -> u32 {
        let flags = self
            .flags()
            .iter()
            .enumerate()
            .fold(0, |acc, (i, f)| acc | u32::from(*f) << i);
        u32::from(self.step)
            | u32::from(self.rs) << (RS_SHIFT - STEP_SHIFT)
            | u32::from(self.rt) << (RT_SHIFT - STEP_SHIFT)
            | u32::from(self.rd) << (RD_SHIFT - STEP_SHIFT)
            | flags << (FLAGS_SHIFT - STEP_SHIFT)
    }

    /// The tuple on the program bus: `(pc + 2^34 control, operation, 0, immediate, target)`.
    pub fn tuple(&self) -> [F; PARTS] {
        [
            F::from(u64::from(self.pc)) + F::from(u64::from(self.control())) * pow2(STEP_SHIFT),
            F::from(self.operation.number()),
            F::from(0),
            F::from(u64::from(self.immediate)),
            F::from(u64::from(self.target)),
        ]
    }
}
