//! Profiles: which instructions a run executed, under which callers, and what they cost in a proof.
//!
//! A profile is exact: every instruction of the run is counted, the kernel's included, so the same run has the same profile.

mod cost;
mod pprof;
mod recorder;
mod stacks;

pub(crate) use recorder::Recorder;

/// What a run did, by place and callers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Profile {
    /// Places in code, in order of address.
    pub locations: Vec<Location>,
    /// What was counted, in order of place and callers.
    pub samples: Vec<Sample>,
}

/// A place in code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Location {
    /// Address of an instruction.
    pub address: u32,
    /// The function that it belongs to: the name of a symbol, or else the address where the function begins. Functions of the kernel
    /// begin with `kernel.`.
    pub function: String,
    /// Source file and line, if they are known.
    pub line: Option<(String, u32)>,
    /// Whether it is the kernel's.
    pub kernel: bool,
}

/// How often an instruction was executed under the same callers, behind the same marker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sample {
    /// Indices of [`Profile::locations`]: the instruction, then the calls that led to it, the innermost first.
    pub stack: Vec<usize>,
    /// The last marker that the program had set.
    pub marker: Option<String>,
    /// Instructions executed.
    pub instructions: u64,
    /// Non-linear rows that they take in a proof: of their slots and of the chips that do the work. What a run pays once (memory that it
    /// touches, pages of code, tables) and what each segment adds is not among these.
    pub rows: u64,
}

impl Profile {
    /// All instructions and all rows.
    pub fn totals(&self) -> (u64, u64) {
        self.samples.iter().fold((0, 0), |(instructions, rows), s| {
            (instructions + s.instructions, rows + s.rows)
        })
    }

    /// Stacks of function names, the outermost first and separated by semicolons, a space, and rows: what flame graphs are made
    /// of. Markers come first.
    pub fn folded(&self) -> Vec<String> {
        let mut lines = std::collections::BTreeMap::<String, u64>::new();
        for sample in &self.samples {
            let calls = sample.stack.iter().rev();
            let functions = calls.filter_map(|&at| self.locations.get(at));
            let names = functions.map(|location| location.function.replace(';', ":"));
            let marker = sample.marker.iter().map(|m| m.replace(';', ":"));
            let stack: Vec<String> = marker.chain(names).collect();
            *lines.entry(stack.join(";")).or_default() += sample.rows;
        }
        let lines = lines.into_iter();
        lines
            .map(|(stack, rows)| format!("{stack} {rows}"))
            .collect()
    }
}
