//! Checkpoints: files that an interrupted prover left, and states of a run.

use super::input::Input;
use sha3::{Digest, Sha3_256};
use std::sync::OnceLock;
use zkmips::{CheckpointSummary, Inputs, Program, CHECKPOINT_MAGIC};
use zkmips_circuits::machine::{Checkpoint, SlotMachine};

const SLOTS: u64 = 2_000;

/// The first byte says what the others are: a state of a run, or a file without its digest, which whoever changes a file can compute.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    match input.u8() {
        1 => state(input.0),
        2 => file(input.0),
        _ => {
            let mut bytes = CHECKPOINT_MAGIC.to_vec();
            bytes.extend(input.0);
            bytes.extend(Sha3_256::digest(&bytes));
            file(&bytes);
        }
    }
}

fn file(bytes: &[u8]) {
    if let Some(summary) = CheckpointSummary::from_bytes(bytes) {
        assert!(bytes.starts_with(CHECKPOINT_MAGIC));
        summary.to_json();
    }
}

fn program() -> &'static Program {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    let file = include_bytes!("../../fixtures/c-fib/mips/program.elf");
    PROGRAM.get_or_init(|| Program::load(file).expect("the fixture"))
}

/// A state that is accepted can be run on from, and is the one that was read.
fn state(bytes: &[u8]) {
    let Ok(from) = bincode::deserialize::<Checkpoint>(bytes) else {
        return;
    };
    let Ok(mut machine) = SlotMachine::resume(program().image(), &Inputs::default(), &from) else {
        return;
    };
    let again = machine.checkpoint();
    assert_eq!(
        (again.pc, again.next_pc, again.step),
        (from.pc, from.next_pc, from.step)
    );
    assert_eq!((again.time, &again.registers), (from.time, &from.registers));
    // Only time can run out.
    if let Ok(slots) = machine.run(SLOTS, &mut ()) {
        assert!(slots <= SLOTS);
    }
}
