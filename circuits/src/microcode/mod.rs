//! Instructions as micro-ops: the rules that a decoded page is made by.
//!
//! [`Entry`] is what one slot does, [`decode()`] writes an instruction as entries, [`raised`] and [`fetch_fault`] say what happens instead
//! when an instruction raises an exception or cannot be fetched.

mod decode;
mod entry;
mod raise;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub use entry::*;
pub use raise::{can_raise, exception, fault_of, fetch_fault, raised};
