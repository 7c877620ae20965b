//! Start-up snapshots: run a program once up to some point of its own code and make memory and registers a program
//! that starts there. A Go program needs more than half a million instructions before `main.main`.
//!
//! A snapshot is an ELF file whose segments are the memory at that point, kernel and information page included. The
//! information page holds the registers and, for people, argv and environment, which are part of the image and so of
//! its id. Whoever has the original program makes the same snapshot with the same arguments, byte for byte.

use crate::constants::*;
use crate::elf::write_executable;
use crate::tape::{Inputs, TapeError};
use crate::{ByteOrder, Machine, Program, RunError};

/// First word of the registers in the information page: 32 general registers, HI, LO, UserLocal, Tick, pc.
pub const REGISTERS: u32 = 24;
/// Word of the information page with the byte length of argv; that of the environment follows, then the bytes of both.
pub const RECORDED: u32 = REGISTERS + 37;

/// Why there is no snapshot at this point.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The program is a snapshot already.
    #[error("the program is a snapshot already: take the snapshot from the original program")]
    Snapshot,
    /// The address is not user code.
    #[error("address {0:#010x} is not in the program's code: give a symbol or address of a function of the program")]
    NotCode(u32),
    /// The program ended first.
    #[error("the program ended with status {status} after {instructions} instructions without reaching {at:#010x}: choose an earlier point")]
    Ended {
        /// Where the snapshot was to be.
        at: u32,
        /// Exit status.
        status: u32,
        /// Instructions executed.
        instructions: u64,
    },
    /// The limit was reached first.
    #[error("{at:#010x} was not reached within {instructions} instructions: choose an earlier point or raise the limit")]
    NotReached {
        /// Where the snapshot was to be.
        at: u32,
        /// Instructions executed.
        instructions: u64,
    },
    /// The address was reached in a delay slot.
    #[error("{0:#010x} is in the delay slot of a branch: choose the start of a function")]
    DelaySlot(u32),
    /// Standard input had been read.
    #[error("the program reads standard input before {0:#010x}, and a snapshot cannot hold private input: choose an earlier point")]
    ReadStdin(u32),
    /// The public input had been read.
    #[error("the program reads the public input before {0:#010x}, and it is not known yet: choose an earlier point")]
    ReadPublicInput(u32),
    /// Something had been written to standard output.
    #[error("the program writes output before {0:#010x}, and a snapshot would lose it: choose an earlier point")]
    WroteOutput(u32),
    /// An executable page is not what it was.
    #[error("the program stores into its code before {0:#010x}: choose an earlier point")]
    StoredIntoCode(u32),
    /// argv and environment do not fit.
    #[error("argument list and environment take {bytes} bytes but a snapshot holds {limit}: make them shorter")]
    TooLong {
        /// Bytes there are.
        bytes: usize,
        /// Bytes there may be.
        limit: usize,
    },
    /// The run failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// An input does not fit its tape.
    #[error(transparent)]
    Tape(#[from] TapeError),
}

/// A snapshot and what it saves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// The ELF file.
    pub image: Vec<u8>,
    /// Instructions that a run of the snapshot does not execute any more.
    pub instructions: u64,
}

/// Runs `program` with the arguments and environment of `inputs` until it is about to execute the instruction at `at`
/// for the first time, at most `limit` instructions, and makes a snapshot of that state.
pub fn take(
    program: &Program,
    inputs: &Inputs,
    at: u32,
    limit: u64,
) -> Result<Snapshot, SnapshotError> {
    if program.is_snapshot() {
        return Err(SnapshotError::Snapshot);
    }
    if at >= USER_END || program.instruction_at(at).is_none() {
        return Err(SnapshotError::NotCode(at));
    }
    let (argv, environment) = (inputs.argv_bytes()?, inputs.environment_bytes()?);
    let recorded = [argv.as_slice(), environment.as_slice()].concat();
    let room = (PAGE_BYTES - 4 * (RECORDED + 2)) as usize;
    if recorded.len() > room {
        return Err(SnapshotError::TooLong {
            bytes: recorded.len(),
            limit: room,
        });
    }
    // What is read of either input ends the attempt, so that their contents do not matter.
    let inputs = Inputs {
        public_input: Vec::new(),
        stdin: Vec::new(),
        ..inputs.clone()
    };
    let mut machine = Machine::new(program, &inputs)?;
    machine.count_touched_words();
    while machine.pc != at {
        let instructions = machine.instructions();
        if machine.halted() {
            let status = machine.status();
            return Err(SnapshotError::Ended {
                at,
                status,
                instructions,
            });
        }
        if instructions == limit {
            return Err(SnapshotError::NotReached { at, instructions });
        }
        machine.step()?;
    }
    check(&machine, at, argv.len(), environment.len())?;

    let order = program.byte_order();
    let information = INFORMATION_PAGE / 4;
    machine
        .memory
        .write(information + 1, INFORMATION_KIND_SNAPSHOT);
    let special = [machine.hi, machine.lo, machine.user_local, machine.tick, at];
    let registers = [machine.regs.as_slice(), &special].concat();
    machine
        .memory
        .write_words(information + REGISTERS, &registers);
    let lengths = [argv.len() as u32, environment.len() as u32];
    machine.memory.write_words(information + RECORDED, &lengths);
    let words = order.pack(&recorded);
    machine
        .memory
        .write_words(information + RECORDED + 2, &words);
    Ok(Snapshot {
        image: write_executable(order, RESET_VECTOR, &segments(&machine)),
        instructions: machine.instructions(),
    })
}

/// Whether everything the machine knows at this point belongs to program, arguments and environment.
fn check(machine: &Machine, at: u32, argv: usize, environment: usize) -> Result<(), SnapshotError> {
    if machine.next_pc != at.wrapping_add(4) {
        return Err(SnapshotError::DelaySlot(at));
    }
    if machine.private_input().is_some() {
        return Err(SnapshotError::ReadStdin(at));
    }
    // The length of the public input lies behind the tape's own length and the two other parts.
    let length = PUBLIC_TAPE / 4 + 3 + (argv.div_ceil(4) + environment.div_ceil(4)) as u32;
    let touched = machine.touched_words().unwrap_or_default();
    let tape = (PUBLIC_TAPE + PUBLIC_TAPE_BYTES) / 4;
    if touched.iter().any(|&word| word >= length && word < tape) {
        return Err(SnapshotError::ReadPublicInput(at));
    }
    let output = |page: u32| (OUTPUT_TAPE..OUTPUT_TAPE + OUTPUT_TAPE_BYTES).contains(&(page << 12));
    let mut pages = machine.memory.pages();
    if pages.any(|(page, words)| output(page) && words.iter().any(|&word| word != 0)) {
        return Err(SnapshotError::WroteOutput(at));
    }
    let program = machine.program();
    for (address, words, executable) in program.pages() {
        let now = (address / 4..).take(words.len());
        if executable
            && now
                .zip(words)
                .any(|(word, &was)| machine.memory.read(word) != was)
        {
            return Err(SnapshotError::StoredIntoCode(at));
        }
    }
    Ok(())
}

/// Runs with fewer pages of zeros between them are joined: the list of ranges is part of every proof, and pages of
/// zeros cost it nothing.
const JOINED_PAGES: u32 = 64;

/// The memory of image, user and kernel, in runs of pages of one kind: first address, bytes, executable flag.
/// Pages of zeros are left out where they are many, if they are not code.
fn segments(machine: &Machine) -> Vec<(u32, Vec<u8>, bool)> {
    let program = machine.program();
    let order: ByteOrder = program.byte_order();
    let mut segments: Vec<(u32, Vec<u8>, bool)> = Vec::new();
    for (page, words) in machine.memory.pages() {
        let address = page << 12;
        let executable = program.instruction_at(address).is_some();
        let zero = words.iter().all(|&word| word == 0);
        if address > INFORMATION_PAGE || zero && !executable {
            continue;
        }
        let gap = |first: u32, run: &[u8]| address - (first + run.len() as u32);
        match segments.last_mut() {
            Some((first, run, false))
                if !executable && gap(*first, run) < JOINED_PAGES * PAGE_BYTES =>
            {
                run.resize((address - *first) as usize, 0);
            }
            Some((first, run, true)) if executable && gap(*first, run) == 0 => {}
            _ => segments.push((address, Vec::new(), executable)),
        }
        if let Some((_, run, _)) = segments.last_mut() {
            run.extend(words.iter().flat_map(|&word| order.bytes(word)));
        }
    }
    segments
}
