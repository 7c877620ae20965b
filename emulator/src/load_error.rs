//! Why a file is not a program for this machine.

use crate::constants::MAX_CODE_RANGES;
use crate::ByteOrder;
use std::fmt;

/// Why a file is not a program for this machine. Each message names the [problem](LoadError::problem) and the
/// [remedy](LoadError::remedy).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoadError {
    /// The file does not start with the ELF magic.
    NotElf,
    /// The file ends before what its headers promise.
    Damaged(String),
    /// An ELF for another processor or word size.
    WrongMachine(String),
    /// An instruction set or ABI beyond MIPS32 release 2, o32.
    WrongFlavour(&'static str),
    /// The file uses the floating-point unit.
    HardFloat,
    /// The file wants a dynamic linker.
    Dynamic(String),
    /// Object file, shared library without entry point, core.
    NotExecutable(&'static str),
    /// A segment outside the range that user programs have.
    OutOfRange {
        /// First address.
        start: u64,
        /// Address after the last.
        end: u64,
        /// Lowest address allowed.
        low: u32,
        /// Address after the highest allowed.
        high: u32,
    },
    /// Two segments share an address.
    Overlap(u32),
    /// The entry point is not code.
    BadEntry(u32),
    /// Executable pages in more separate places than the kernel keeps track of.
    ScatteredCode(usize),
    /// More bytes than the machine takes.
    TooLarge {
        /// Bytes there are.
        bytes: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// A snapshot that this version did not make.
    ForeignSnapshot(&'static str),
    /// A kernel of the other byte order was given.
    KernelByteOrder {
        /// Byte order of the program.
        program: ByteOrder,
        /// Byte order of the kernel image.
        kernel: ByteOrder,
    },
}

impl LoadError {
    /// What is wrong with the file.
    pub fn problem(&self) -> String {
        match self {
            Self::NotElf => "not an ELF file".into(),
            Self::Damaged(what) => format!("the ELF file is truncated or damaged ({what})"),
            Self::WrongMachine(machine) => format!("an ELF file for {machine}"),
            Self::WrongFlavour(what) => format!("a MIPS file that uses {what}"),
            Self::HardFloat => {
                "a hard-float program, and the machine has no floating-point unit".into()
            }
            Self::Dynamic(linker) => {
                format!("a dynamically linked program (it asks for {linker})")
            }
            Self::NotExecutable(kind) => format!("not an executable but {kind}"),
            Self::OutOfRange {
                start,
                end,
                low,
                high,
            } => format!(
                "a segment at {start:#010x} to {end:#010x} lies outside {low:#010x} to {high:#010x}, where programs can be"
            ),
            Self::Overlap(address) => format!("two segments both contain address {address:#010x}"),
            Self::BadEntry(entry) => {
                format!("the entry point {entry:#010x} is not in an executable segment")
            }
            Self::ScatteredCode(ranges) => format!(
                "executable pages in {ranges} separate places, and the limit is {MAX_CODE_RANGES}"
            ),
            Self::TooLarge { bytes, limit } => {
                format!("a program of {bytes} bytes, and the limit is {limit}")
            }
            Self::ForeignSnapshot(what) => {
                format!("a snapshot made by another version, or damaged ({what})")
            }
            Self::KernelByteOrder { program, kernel } => {
                format!("the program is {program} but the kernel image is {kernel}")
            }
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NotElf => {
                "give a program built with GOOS=linux GOARCH=mips or mipsle, GOMIPS=softfloat"
            }
            Self::Damaged(_) => "build or copy it again",
            Self::WrongMachine(_) => {
                "build it for 32-bit MIPS (Go: GOOS=linux GOARCH=mips or mipsle, GOMIPS=softfloat)"
            }
            Self::WrongFlavour(_) => {
                "build it for MIPS32 release 2 and the o32 ABI (C: -march=mips32r2 -mabi=32)"
            }
            Self::HardFloat => {
                "build it with GOMIPS=softfloat (C: -msoft-float and a soft-float libc)"
            }
            Self::Dynamic(_) => "link it statically (Go: CGO_ENABLED=0; C: -static)",
            Self::NotExecutable(_) => "give the linked program",
            Self::OutOfRange { .. } => "link it at another address",
            Self::Overlap(_) | Self::BadEntry(_) => "link the program again",
            Self::ScatteredCode(_) => "link all code into one segment",
            Self::TooLarge { .. } => "strip it (Go: -ldflags=-s -w)",
            Self::ForeignSnapshot(_) => "take the snapshot again from the original program",
            Self::KernelByteOrder { .. } => "use the kernel image of the program's byte order",
        }
    }

    /// The kind of problem in one word, for reports that programs read.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotElf => "not_elf",
            Self::Damaged(_) => "damaged",
            Self::WrongMachine(_) => "wrong_machine",
            Self::WrongFlavour(_) => "wrong_flavour",
            Self::HardFloat => "hard_float",
            Self::Dynamic(_) => "dynamic",
            Self::NotExecutable(_) => "not_executable",
            Self::OutOfRange { .. } => "out_of_range",
            Self::Overlap(_) => "overlap",
            Self::BadEntry(_) => "bad_entry",
            Self::ScatteredCode(_) => "scattered_code",
            Self::TooLarge { .. } => "too_large",
            Self::ForeignSnapshot(_) => "foreign_snapshot",
            Self::KernelByteOrder { .. } => "kernel_byte_order",
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem(), self.remedy())
    }
}

impl std::error::Error for LoadError {}
