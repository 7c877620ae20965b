//! Pass 0: the run is executed once, and everything that happens is given its place.
//!
//! The plan counts: how many segments the slots, the chips' queues and the one-off parts need. It keeps nothing per
//! instruction; segments are filled later by executing again ([`Source`](crate::source::Source)). One-off parts (boundary, pages, nodes,
//! raising instructions, tables) lie in the last segments, so that their rows are all zero before, and cost nothing there.

use crate::{
    boundary::{self, Batch, Word},
    chips::{decoded_page, fetch_fault, image_page, node, raise},
    header::Header,
    machine::{Census, MachineError, SlotMachine},
    shape::Capacities,
    statement::{Statement, StatementError},
    tables::Histograms,
    tree::Openings,
    unit::{self, UNITS},
};
use std::sync::{Arc, OnceLock};
use zkmips_emulator::{Inputs, Program};

/// Why a run cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The machine stopped.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The run does not end.
    #[error("the program did not end within {0} million instruction slots; raise the limit with --max-slots if it should run longer")]
    TooLong(u64),
    /// The statement cannot be written down.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

/// Where everything goes.
#[derive(Debug)]
pub struct Plan {
    pub(crate) program: Arc<Program>,
    pub(crate) inputs: Inputs,
    pub(crate) capacities: Capacities,
    pub(crate) statement: Statement,
    pub(crate) batches: Vec<Batch>,
    pub(crate) image_pages: Vec<image_page::Event>,
    pub(crate) decoded_pages: Vec<decoded_page::Event>,
    pub(crate) nodes: Vec<node::Event>,
    pub(crate) raises: Vec<raise::Event>,
    pub(crate) fetch_faults: Vec<fetch_fault::Event>,
    /// How often each fact of the constant tables is looked up: known after the first pass over the segments.
    pub(crate) histograms: OnceLock<Histograms>,
    segments: usize,
    slots: u64,
    instructions: u64,
}

/// Segments needed for `items` when each holds `capacity`.
fn segments_for(items: usize, capacity: usize) -> usize {
    items.div_ceil(capacity.max(1))
}

/// Counts what arrives for each chip, segment by segment, and what is still waiting.
#[derive(Debug, Default)]
struct Backlog {
    arrived: [u64; UNITS],
    waiting: [u64; UNITS],
}
