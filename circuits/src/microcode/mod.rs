//! Instructions as micro-ops: the rules that a decoded page is made by.

mod entry;

pub use entry::*;
