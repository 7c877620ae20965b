//! How many of each part a segment has, and the segment made of them.
//!
//! The order of the parts is written down twice in this file, next to each other: [`build`] for the rows and [`fill`] for
//! the witness. Everything else follows from it.

use crate::{
    boundary::{self, Batch, Position},
    builder::Builder,
    chip::{fill_idle, Access, Chip, Dispatch},
    chips::{
        and_table, decoded_page, fetch_fault, image_page, node, power_table, raise, range_block, DecodedPage, Divide, Equality,
        Fault, FetchFault, ImagePage, Logic, Memory, Multiply, Node, Order, Raise, Shift, Subword, Unaligned,
    },
    lc::{Lc, Var, F},
    microcode::REGISTERS,
    segment::Segment,
    slot,
    state::{self, State, StateLc},
    step::SegmentStep,
};

/// How many instances of each part a segment has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Capacities {
    /// Instruction slots.
    pub slots: usize,
    /// Word accesses.
    pub memory: usize,
    /// Byte and half-word accesses.
    pub subword: usize,
    /// lwl, lwr, swl, swr.
    pub unaligned: usize,
    /// Comparisons for equality.
    pub equality: usize,
    /// Comparisons of order.
    pub order: usize,
    /// Bitwise operations.
    pub logic: usize,
    /// Shifts.
    pub shift: usize,
    /// Products.
    pub multiply: usize,
    /// Quotients and remainders.
    pub divide: usize,
    /// Faulting accesses.
    pub fault: usize,
    /// Instructions that raise.
    pub raise: usize,
    /// Addresses that cannot be fetched.
    pub fetch_fault: usize,
    /// Batches of the memory boundary.
    pub batches: usize,
    /// Pages of the image.
    pub image_pages: usize,
    /// Decoded pages.
    pub decoded_pages: usize,
    /// Nodes of the trees.
    pub nodes: usize,
    /// Values in a block of the range table; a divisor of 2^16.
    pub range_block: usize,
}
