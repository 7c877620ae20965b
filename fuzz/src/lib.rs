//! What is fuzzed: one function of bytes for each thing that reads what anybody may have written. None may panic, hang or take memory
//! without bound, and what else each must do is asserted in it.
//!
//! `cargo fuzz` calls them through `fuzz_targets`; the test `zkmips/tests/corpora.rs` includes this file and calls them with the kept
//! corpora.

pub mod checkpoint;
pub mod elf;
#[allow(dead_code)] // shared with tests that use more of it
#[path = "../../emulator/tests/common/elf_file.rs"]
mod elf_file;
mod input;
pub mod instruction;
pub mod kernel;
mod patches;
pub mod proof;
pub mod snapshot;
