//! Which chip does which operation, and what waits for it.
//!
//! A chip row may serve a slot of any segment, so operations wait in a queue per chip and each segment takes as many as it has
//! rows. What is left at the end needs more segments.

use crate::{chip::Access, operation::Operation, shape::Capacities};
use std::collections::VecDeque;

/// A chip that consumes dispatched operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Unit {
    /// lw, sw.
    Memory,
    /// Bytes and half-words.
    Subword,
    /// Equality.
    Equality,
    /// Order.
    Order,
    /// Bitwise operations.
    Logic,
    /// Shifts.
    Shift,
    /// Products.
    Multiply,
    /// Quotients and remainders.
    Divide,
    /// Faulting accesses.
    Fault,
}

/// Number of units.
pub const UNITS: usize = 9;

/// All units, in the order of their rows in a segment.
pub const ALL: [Unit; UNITS] = [
    Unit::Memory,
    Unit::Subword,
    Unit::Equality,
    Unit::Order,
    Unit::Logic,
    Unit::Shift,
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
            Lw | Sw => Unit::Memory,
            Lb | Lbu | Lh | Lhu | Lwl | Lwr | Sb | Sh | Swl | Swr => Unit::Subword,
            Seq | Sne | Teq | Tne | TakenTeq | TakenTne => Unit::Equality,
            Slt | Sltu | Sge | Sgeu | Tlt | Tltu | Tge | Tgeu | TakenTlt | TakenTltu | TakenTge | TakenTgeu => Unit::Order,
            And | Or | Xor | Nor => Unit::Logic,
            Sll | Srl | Sra | Rotr | Clz => Unit::Shift,
            MulLow | MulHigh | MulHighU => Unit::Multiply,
            Div | Rem | DivU | RemU => Unit::Divide,
            FaultLw | FaultLb | FaultLbu | FaultLh | FaultLhu | FaultLwl | FaultLwr | FaultSw | FaultSb | FaultSh | FaultSwl
            | FaultSwr => Unit::Fault,
        })
    }

    /// Rows for it in a segment.
    pub fn capacity(self, c: &Capacities) -> usize {
        match self {
            Unit::Memory => c.memory,
            Unit::Subword => c.subword,
            Unit::Equality => c.equality,
            Unit::Order => c.order,
            Unit::Logic => c.logic,
            Unit::Shift => c.shift,
            Unit::Multiply => c.multiply,
            Unit::Divide => c.divide,
            Unit::Fault => c.fault,
        }
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

    /// Takes what fits into one segment's rows of a unit.
    pub fn take(&mut self, unit: Unit, capacity: usize) -> Vec<Access> {
        let queue = &mut self.waiting[unit as usize];
        let n = capacity.min(queue.len());
        queue.drain(..n).collect()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.iter().all(VecDeque::is_empty)
    }
}
