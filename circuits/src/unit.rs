//! Which chip does which operation, and what waits for it.
//!
//! A chip row may serve a slot of any segment, so operations wait in a queue per chip and each segment takes as many as the
//! schedule says (`schedule.rs`).

use crate::{chip::Access, operation::Operation};
use std::collections::VecDeque;

/// A chip that consumes dispatched operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[repr(usize)]
pub enum Unit {
    /// lw.
    Load,
    /// sw.
    Store,
    /// lb, lbu.
    ByteLoad,
    /// sb.
    ByteStore,
    /// lh, lhu.
    HalfLoad,
    /// sh.
    HalfStore,
    /// lwl, lwr, swl, swr.
    Unaligned,
    /// Equality.
    Equality,
    /// Unsigned order.
    Unsigned,
    /// Signed order.
    Order,
    /// Traps on equality, taken or not.
    EqualityTrap,
    /// Traps on order, taken or not.
    OrderTrap,
    /// Bitwise operations.
    Logic,
    /// Shifts.
    Shift,
    /// clz.
    LeadingZeros,
    /// Products.
    Multiply,
    /// Quotients and remainders.
    Divide,
    /// Faulting accesses.
    Fault,
}

pub use crate::capacities::UNITS;

/// All units, in the order of their rows in a segment.
pub const ALL: [Unit; UNITS] = [
    Unit::Load,
    Unit::Store,
    Unit::ByteLoad,
    Unit::ByteStore,
    Unit::HalfLoad,
    Unit::HalfStore,
    Unit::Unaligned,
    Unit::Equality,
    Unit::Unsigned,
    Unit::Order,
    Unit::EqualityTrap,
    Unit::OrderTrap,
    Unit::Logic,
    Unit::Shift,
    Unit::LeadingZeros,
    Unit::Multiply,
    Unit::Divide,
    Unit::Fault,
];

impl Unit {
    /// The chip that does an operation; none for [`Operation::None`].
    #[rustfmt::skip]
    pub fn of(operation: Operation) -> Option<Unit> {
        use Operation::*;
        Some(match operation {
            None => return Option::None,
            Lw => Unit::Load,
            Sw => Unit::Store,
            Lb | Lbu => Unit::ByteLoad,
            Sb => Unit::ByteStore,
            Lh | Lhu => Unit::HalfLoad,
            Sh => Unit::HalfStore,
            Lwl | Lwr | Swl | Swr => Unit::Unaligned,
            Seq | Sne => Unit::Equality,
            Sltu | Sgeu => Unit::Unsigned,
            Slt | Sge => Unit::Order,
            Teq | Tne | TakenTeq | TakenTne => Unit::EqualityTrap,
            Tlt | Tltu | Tge | Tgeu | TakenTlt | TakenTltu | TakenTge | TakenTgeu => Unit::OrderTrap,
            And | Or | Xor | Nor => Unit::Logic,
            Sll | Srl | Sra | Rotr => Unit::Shift,
            Clz => Unit::LeadingZeros,
            MulLow | MulHigh | MulHighU => Unit::Multiply,
            Div | Rem | DivU | RemU => Unit::Divide,
            FaultLw | FaultLb | FaultLbu | FaultLh | FaultLhu | FaultLwl | FaultLwr => Unit::Fault,
            FaultSw | FaultSb | FaultSh | FaultSwl | FaultSwr => Unit::Fault,
        })
    }
}

/// Operations that wait for a chip row. An operation that touches no memory has zeros in the memory part.
#[derive(Clone, Debug, Default)]
pub struct Queues {
    waiting: [VecDeque<Access>; UNITS],
}

impl Queues {
    /// Adds one.
    pub fn push(&mut self, access: Access) {
        if let Some(unit) = Unit::of(access.dispatch.operation) {
            self.waiting[unit as usize].push_back(access);
        }
    }

    /// Takes what is there for so many rows of a unit.
    pub fn take(&mut self, unit: Unit, rows: usize) -> Vec<Access> {
        let queue = &mut self.waiting[unit as usize];
        let n = rows.min(queue.len());
        queue.drain(..n).collect()
    }
}
