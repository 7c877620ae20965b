//! # Exceptions
//! The entries that take the place of a decoded one.
//!
//! An exception saves `pc` in `$k0` and goes to the vector. That is two micro-ops, X and L: X writes `$k0` and points the next instruction
//! address at the vector without ending the instruction, L ends it, so that `pc` takes that address. Words that always raise
//! decode to them; the raise chip and the fetch-fault chip offer them for everything else, once they have proved why.

use super::entry::{Entry, SINK};
use crate::operation::Operation;
use zkmips_emulator::constants::EXCEPTION_VECTOR;

/// `$k0`.
const K0: u8 = 26;

/// The operation that stands for this one when it faults or its trap is taken; `None` if it never does.
pub fn fault_of(operation: Operation) -> Option<Operation> {
    use Operation::*;
    Some(match operation {
        Lw => FaultLw,
        Lb => FaultLb,
        Lbu => FaultLbu,
        Lh => FaultLh,
        Lhu => FaultLhu,
        Lwl => FaultLwl,
        Lwr => FaultLwr,
        Sw => FaultSw,
        Sb => FaultSb,
        Sh => FaultSh,
        Swl => FaultSwl,
        Swr => FaultSwr,
        Tlt => TakenTlt,
        Tltu => TakenTltu,
        Teq => TakenTeq,
        Tge => TakenTge,
        Tgeu => TakenTgeu,
        Tne => TakenTne,
        _ => return Option::None,
    })
}

/// Whether an operation can raise an exception: loads, stores and traps.
pub fn can_raise(operation: Operation) -> bool {
    fault_of(operation).is_some()
}

/// X and L: the exception as micro-ops at `(pc, step)` and `(pc, step + 1)`.
pub fn exception(pc: u32, step: u8) -> [Entry; 2] {
    [
        Entry {
            step,
            rd: K0,
            immediate: pc,
            jump: true,
            target: EXCEPTION_VECTOR,
            ..Entry::nothing(pc)
        },
        Entry {
            step: step + 1,
            last: true,
            ..Entry::nothing(pc)
        },
    ]
}

/// What happens at a `pc` from which nothing can be fetched.
pub fn fetch_fault(pc: u32) -> [Entry; 2] {
    exception(pc, 0)
}

/// F, X and L: what takes the place of a load, store or trap that raises. F dispatches the proof of the fault, whose result 0 is not
/// written and takes no branch; but a branch moves the step by 9, so X and L come at steps that nothing else leads to.
///
/// # Panics
/// If the operation of `entry` cannot raise.
pub fn raised(entry: &Entry) -> [Entry; 3] {
    let operation = fault_of(entry.operation).expect("loads, stores and traps raise");
    let fault = Entry {
        operation,
        rd: SINK,
        branch: true,
        last: false,
        ..*entry
    };
    let [save, leave] = exception(entry.pc, fault.following_step());
    [fault, save, leave]
}
