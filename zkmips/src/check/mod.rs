//! Is a program provable? Reads an ELF file without running it and says what stands in the way, where, and what to do about it.
//!
//! Three kinds of findings: a [`Severity::Problem`] is certain, a [`Severity::Warning`] may be a false alarm (words that only look like
//! instructions), a [`Severity::Note`] is good to know. A file without problems is loaded by [`crate::Program::load`], and one that is not
//! loaded has the loader's reason among its problems.
//!
//! The file is untrusted: nothing here panics, and work and memory are bounded by its size.

mod calls;
mod code;
mod flow;
mod unsupported;

pub use calls::{SystemCall, SystemCalls};
pub use code::Place;

use crate::go_table::GoTable;
use crate::Program;
pub(crate) use unsupported::remedy;

use code::Code;
use serde_json::{json, Value};
use std::fmt;
use zkmips_emulator::elf::examine;
use zkmips_emulator::{ByteOrder, LoadError};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The program cannot be run or proved as it is.
    Problem,
    /// It may be impossible to run or prove a part of it.
    Warning,
    /// Something to know.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Problem => "problem",
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

/// Something about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable name for programs that read reports.
    pub kind: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What there is.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
    /// How often it occurs; 1 for what concerns the file as a whole.
    pub count: u64,
    /// Where it occurs: the first places, [`Place::MOST`] at most.
    pub places: Vec<Place>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.problem)?;
        for (i, place) in self.places.iter().enumerate() {
            f.write_str(if i == 0 { ", at " } else { ", " })?;
            write!(f, "{place}")?;
        }
        if self.count > self.places.len() as u64 && !self.places.is_empty() {
            write!(f, " and {} more", self.count - self.places.len() as u64)?;
        }
        write!(f, ": {}", self.remedy)
    }
}

/// What a look at a file has shown.
#[derive(Debug, Clone, Default)]
pub struct Check {
    /// Byte order, if the file is for 32-bit MIPS.
    pub byte_order: Option<ByteOrder>,
    /// Whether the Go compiler made it.
    pub go: bool,
    /// Instruction words that were looked at.
    pub instructions: u64,
    /// Functions with a name.
    pub functions: u64,
    /// Problems first.
    pub findings: Vec<Finding>,
    /// The system calls that the code makes.
    pub system_calls: SystemCalls,
}

impl Check {
    /// Looks at a file.
    pub fn of(file: &[u8]) -> Check {
        let (image, refusals) = examine(file);
        let mut check = Check {
            findings: refusals.iter().map(refusal).collect(),
            ..Check::default()
        };
        let Some(image) = image else {
            return check;
        };
        check.byte_order = Some(image.byte_order);
        if refusals.is_empty() {
            match Program::load(file) {
                // Memory of a program that has been looked at before, and where its code ends nothing says.
                Ok(program) if program.is_snapshot() => return check,
                Ok(_) => {}
                Err(error) => {
                    check.findings.push(refusal(&error));
                    if matches!(error, LoadError::ForeignSnapshot(_)) {
                        return check;
                    }
                }
            }
        }
        if refusals
            .iter()
            .any(|r| matches!(r, LoadError::WrongFlavour(_)))
        {
            // The code is for another decoder.
            return check;
        }
        let go_functions = GoTable::of_file(file).functions();
        check.go = !go_functions.is_empty();
        let code = Code::new(image, go_functions);
        check.instructions = code.len() as u64;
        check.functions = code.functions().len() as u64;
        check
            .findings
            .extend(unsupported::findings(&code, check.go));
        check.system_calls = SystemCalls::of(&code, check.go);
        check.findings.extend(check.system_calls.finding());
        check.findings.sort_by_key(|finding| finding.severity);
        check
    }

    /// Whether nothing certain stands in the way.
    pub fn is_provable(&self) -> bool {
        let is_problem = |finding: &Finding| finding.severity == Severity::Problem;
        !self.findings.iter().any(is_problem)
    }

    /// Everything, with names that stay.
    pub fn to_json(&self) -> Value {
        let places = |places: &[Place]| -> Value { places.iter().map(Place::to_json).collect() };
        let findings = self.findings.iter().map(|finding| {
            json!({
                "kind": finding.kind,
                "severity": finding.severity.to_string(),
                "problem": finding.problem,
                "remedy": finding.remedy,
                "count": finding.count,
                "places": places(&finding.places),
            })
        });
        let calls = self.system_calls.known.values().map(|call| {
            json!({
                "number": call.number,
                "name": call.name(),
                "supported": call.supported,
                "count": call.count,
                "places": places(&call.places),
            })
        });
        json!({
            "provable": self.is_provable(),
            "byte_order": self.byte_order.map(ByteOrder::goarch),
            "go": self.go,
            "instructions": self.instructions,
            "functions": self.functions,
            "findings": findings.collect::<Value>(),
            "system_calls": calls.collect::<Value>(),
            "unresolved_system_calls": self.system_calls.unresolved,
        })
    }
}

/// What the loader says.
fn refusal(error: &LoadError) -> Finding {
    Finding {
        kind: error.kind(),
        severity: Severity::Problem,
        problem: error.problem(),
        remedy: error.remedy().into(),
        count: 1,
        places: Vec::new(),
    }
}
