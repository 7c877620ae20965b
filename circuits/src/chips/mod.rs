//! The chips: one file each, whose documentation is its manual page.

pub mod access;
pub mod decoded_page;
pub mod divide;
pub mod equality;
#[cfg(test)]
mod expected;
pub mod fault;
pub mod fetch_fault;
pub mod image_page;
pub mod leading_zeros;
pub mod logic;
pub mod memory;
pub mod multiply;
pub mod node;
pub mod order;
pub mod private_words;
pub mod raise;
#[cfg(test)]
mod reference;
pub mod shift;
pub mod subword;
pub mod tables;
pub mod unaligned;
pub mod unsigned;
pub mod words;

pub use decoded_page::DecodedPage;
pub use divide::Divide;
pub use equality::{Equality, EqualityTrap};
pub use image_page::ImagePage;
pub use leading_zeros::LeadingZeros;
pub use logic::Logic;
pub use multiply::Multiply;
pub use node::Node;
pub use order::{Order, OrderTrap};
pub use private_words::PrivateWords;
pub use shift::Shift;
pub use unsigned::Unsigned;
