//! Telling somebody how far a long computation has come.

use std::ops::ControlFlow;

/// What takes time. The unit that progress is counted in is given for each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Phase {
    /// Making commitment keys, in points.
    Keys,
    /// Synthesising the circuits and digesting them.
    Circuits,
    /// Hashing the program into its id.
    Program,
    /// Executing and planning, in instruction slots.
    Execute,
    /// First pass: committing, in segments.
    Commit,
    /// Second pass: folding, in segments.
    Fold,
    /// Making the publishable proof.
    Compress,
}

impl Phase {
    /// One word for it.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Keys => "keys",
            Phase::Circuits => "circuits",
            Phase::Program => "program",
            Phase::Execute => "execute",
            Phase::Commit => "commit",
            Phase::Fold => "fold",
            Phase::Compress => "compress",
        }
    }

    /// What is counted.
    pub fn unit(self) -> &'static str {
        match self {
            Phase::Keys => "points",
            Phase::Execute => "slots",
            Phase::Commit | Phase::Fold => "segments",
            Phase::Circuits | Phase::Program | Phase::Compress => "",
        }
    }
}

/// Somebody who wants to know.
pub trait Progress: Sync {
    /// A phase has come to `done` units, of `total` if that is known. Phases come one after the other; the first call for one says that
    /// it begins.
    fn at(&self, phase: Phase, done: u64, total: Option<u64>);

    /// Asked now and then, at least once a segment: `false` ends the work with an error that says so.
    fn go_on(&self) -> bool {
        true
    }

    /// Something that a person should know, in one sentence.
    fn tell(&self, sentence: &str) {
        let _ = sentence;
    }
}

impl dyn Progress + '_ {
    /// [`Progress::at`], and whether to go on.
    pub(crate) fn step(&self, phase: Phase, done: u64, total: Option<u64>) -> ControlFlow<()> {
        self.at(phase, done, total);
        match self.go_on() {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    }
}

/// Nobody wants to know.
impl Progress for () {
    fn at(&self, _: Phase, _: u64, _: Option<u64>) {}
}
