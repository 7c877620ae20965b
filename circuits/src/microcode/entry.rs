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
/// operation, or without one `x + y` (`x - y` with `minus`, `x` with `jump`, so that a jump can link) modulo 2^32: that is
/// `x + (1 - 2 minus - jump) y`, as the two never come together.
/// `base = next_pc + 4` if `last`, else `next_pc`. The next instruction address becomes `target + Y` if `jump`, `target` if `branch` and the
/// result is 1; else `base`. A jump has either target 0, and is a `jump_register`, or `rt` 0, the register whose value is 0.
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
    /// The next instruction address is set, to target and second operand, which the result leaves out.
    pub jump: bool,
    /// To the second operand alone. Slots need not know: one of the two is 0.
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
/// Bit positions inside the control of a decoded micro-op: step, `rs`, `rt`, `rd`, and from here on the flags' code.
pub const FLAGS_SHIFT: u32 = RD_SHIFT + 6 - STEP_SHIFT;
/// Codes of flags: one bit each for dispatch, minus, branch, jump, jump_register, last.
pub const FLAG_CODES: usize = 1 << 6;
/// Number of flags in a program tuple: dispatch, minus, branch, jump, last.
pub const FLAGS: usize = 5;
/// The first part of a program tuple that is a flag.
pub const FLAGS_PART: usize = PARTS - FLAGS;

/// The flags that have a code.
pub fn flags_of(code: usize) -> [bool; FLAGS] {
    [0, 1, 2, 3, 5].map(|bit| code >> bit & 1 == 1)
}

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

    /// The flags that a slot is told, in the order of the tuple.
    pub fn flags(&self) -> [bool; FLAGS] {
        [self.dispatch, self.minus, self.branch, self.jump, self.last]
    }

    /// Whether the slot's rows mean what it says. Subtracting, branching and jumping share products, so only one of them is done. A jump
    /// adds the second operand to its target, so one of them is 0; and register 0 is that because nothing writes it.
    pub fn is_well_formed(&self) -> bool {
        let operand = match (self.jump, self.jump_register) {
            (true, true) => self.target == 0,
            (true, false) => self.rt == 0,
            (false, register) => !register,
        };
        let [_, minus, branch, jump, _] = self.flags().map(u8::from);
        operand && minus + branch + jump <= 1 && self.rd != 0
    }

    /// Step and registers: 24 bits.
    fn place(&self) -> u32 {
        u32::from(self.step)
            | u32::from(self.rs) << (RS_SHIFT - STEP_SHIFT)
            | u32::from(self.rt) << (RT_SHIFT - STEP_SHIFT)
            | u32::from(self.rd) << (RD_SHIFT - STEP_SHIFT)
    }

    /// What a decoded page says of step, registers and flags: 30 bits.
    pub fn control(&self) -> u32 {
        let [dispatch, minus, branch, jump, last] = self.flags();
        let bits = [dispatch, minus, branch, jump, self.jump_register, last];
        let code = (0..).zip(bits).map(|(i, bit)| u32::from(bit) << i);
        self.place() | code.sum::<u32>() << FLAGS_SHIFT
    }

    /// The tuple on the program bus: `(pc + 2^34 step + ..., operation, 0, immediate, target, flags...)`.
    pub fn tuple(&self) -> [F; PARTS] {
        let place = F::from(u64::from(self.place())) * pow2(STEP_SHIFT);
        let [dispatch, minus, branch, jump, last] = self.flags().map(|f| F::from(u64::from(f)));
        [
            F::from(u64::from(self.pc)) + place,
            F::from(self.operation.number()),
            F::from(0),
            F::from(u64::from(self.immediate)),
            F::from(u64::from(self.target)),
            dispatch,
            minus,
            branch,
            jump,
            last,
        ]
    }
}
