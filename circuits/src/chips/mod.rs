//! The chips: one file each, whose documentation is its manual page.

pub(crate) mod access;
pub mod decoded_page;
pub mod equality;
#[cfg(test)]
mod expected;
pub mod fault;
pub mod fetch_fault;
pub mod image_page;
pub mod memory;
pub mod node;
pub mod order;
pub mod raise;
#[cfg(test)]
mod reference;
pub mod subword;
pub mod trap;
pub mod unaligned;
pub(crate) mod words;

pub use decoded_page::DecodedPage;
pub use equality::Equality;
pub use image_page::ImagePage;
pub use node::Node;
pub use order::Order;
pub use trap::Trap;
