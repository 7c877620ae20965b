//! Words among the instructions that the machine does not have.

use super::code::{Code, Place};
use super::flow::{is_padding, reached, Reach};
use super::{Finding, Severity};
use zkmips_emulator::isa::{decode, Op};

/// What sort of instruction a word is that [`decode`] does not know. Source: the opcode tables of the *MIPS32* and *MIPS64 Architecture for
/// Programmers, Volume II*, releases 2 and 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    FloatingPoint,
    SixtyFour,
    Vector,
    Privileged,
    Other,
}

impl Sort {
    const ALL: [Sort; 5] = [
        Sort::FloatingPoint,
        Sort::SixtyFour,
        Sort::Vector,
        Sort::Privileged,
        Sort::Other,
    ];

    fn of(word: u32) -> Sort {
        let function = word & 63;
        match word >> 26 {
            // Arithmetic, fused arithmetic, loads, stores, moves on a condition code.
            0x11 | 0x13 | 0x31 | 0x35 | 0x39 | 0x3d => Sort::FloatingPoint,
            0x00 if function == 0x01 => Sort::FloatingPoint,
            0x00 if matches!(function, 0x14..=0x17 | 0x1c..=0x1f | 0x2c..=0x2f | 0x38..=0x3f) => {
                Sort::SixtyFour
            }
            0x18..=0x1b | 0x27 | 0x2c | 0x2d | 0x34 | 0x37 | 0x3c | 0x3f => Sort::SixtyFour,
            0x1f if matches!(function, 0x01..=0x07 | 0x24) => Sort::SixtyFour,
            0x1e => Sort::Vector,
            0x1f if matches!(function, 0x0a..=0x1f | 0x30..=0x38) => Sort::Vector,
            0x10 | 0x2f => Sort::Privileged,
            _ => Sort::Other,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Sort::FloatingPoint => "floating_point_instruction",
            Sort::SixtyFour => "64_bit_instruction",
            Sort::Vector => "vector_instruction",
            Sort::Privileged => "privileged_instruction",
            Sort::Other => "unknown_instruction",
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Sort::FloatingPoint => {
                "floating-point instructions, and the machine has no floating-point unit"
            }
            Sort::SixtyFour => "64-bit instructions, and the machine has 32 bits",
            Sort::Vector => "DSP or MSA instructions, which MIPS32 release 2 does not have",
            Sort::Privileged => "instructions for operating systems",
            Sort::Other => "words that are no instruction of MIPS32 release 2",
        }
    }

    fn remedy(self, go: bool) -> &'static str {
        match self {
            Sort::FloatingPoint if go => "build it with GOMIPS=softfloat",
            Sort::FloatingPoint => {
                "compile it and its libraries with -msoft-float (Go: GOMIPS=softfloat)"
            }
            Sort::SixtyFour | Sort::Vector | Sort::Other => {
                "compile it and its libraries for MIPS32 release 2 (C: -march=mips32r2)"
            }
            Sort::Privileged => "remove them: the program runs in user mode",
        }
    }
}

/// What to do about a word, if it is no instruction of the machine.
pub fn remedy(word: u32) -> Option<&'static str> {
    (decode(word).op == Op::Reserved).then(|| Sort::of(word).remedy(false))
}

/// One finding for each sort that occurs: a problem if control gets to such a word, a warning if it is not seen to, as it may be data.
pub fn findings(code: &Code, go: bool) -> Vec<Finding> {
    let reached = reached(code);
    // For each sort the words that may be data, and those that are instructions.
    let mut found = vec![[(0, Vec::new()), (0, Vec::new())]; Sort::ALL.len()];
    for (position, (address, word)) in code.words().enumerate() {
        let data = is_padding(word) || reached[position] == Reach::Data;
        if data || decode(word).op != Op::Reserved {
            continue;
        }
        let certain = reached[position] == Reach::Code;
        let (count, places) = &mut found[Sort::of(word) as usize][usize::from(certain)];
        *count += 1;
        if places.len() < Place::MOST {
            places.push(code.place(address));
        }
    }
    let mut findings = Vec::new();
    for (sort, [doubtful, certain]) in Sort::ALL.into_iter().zip(found) {
        // Who has some to remove will find the others.
        if certain.0 > 0 {
            findings.push(Finding {
                kind: sort.kind(),
                severity: Severity::Problem,
                problem: sort.describe().into(),
                remedy: sort.remedy(go).into(),
                count: certain.0,
                places: certain.1,
            });
        } else if doubtful.0 > 0 {
            findings.push(Finding {
                kind: sort.kind(),
                severity: Severity::Warning,
                problem: format!("words that may be data, or {}", sort.describe()),
                remedy: format!("if it is code, {}", sort.remedy(go)),
                count: doubtful.0,
                places: doubtful.1,
            });
        }
    }
    findings
}
