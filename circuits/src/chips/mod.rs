//! The chips: one file each, whose documentation is its manual page.

pub(crate) mod access;
pub mod equality;
#[cfg(test)]
mod expected;
pub mod fault;
pub mod fetch_fault;
pub mod memory;
pub mod order;
pub mod raise;
#[cfg(test)]
mod reference;
pub mod subword;
pub mod trap;
pub mod unaligned;
pub(crate) mod words;

pub use equality::Equality;
pub use order::Order;
pub use trap::Trap;
