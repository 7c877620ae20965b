//! The chips: one file each, whose documentation is its manual page.

pub(crate) mod access;
pub mod fault;
pub mod fetch_fault;
pub mod memory;
pub mod raise;
#[cfg(test)]
mod reference;
pub mod subword;
pub mod unaligned;
