//! The kept inputs of the fuzzers, through the functions that the fuzzers call.

#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let inputs = std::fs::read_dir(directory.join(target)).unwrap();
    let mut replayed = 0;
    for input in inputs {
        let path = input.unwrap().path();
        // The name of the input that fails is the last.
        println!("{}", path.display());
        run(&std::fs::read(&path).unwrap());
        replayed += 1;
    }
    assert!(replayed > 10, "{target} has {replayed} inputs");
}

#[test]
fn elf_files() {
    replay("elf", fuzz::elf::run);
}

#[test]
fn proofs() {
    replay("proof", fuzz::proof::run);
}

#[test]
fn snapshots() {
    replay("snapshot", fuzz::snapshot::run);
}

#[test]
fn checkpoints() {
    replay("checkpoint", fuzz::checkpoint::run);
}

#[test]
fn instructions() {
    replay("instruction", fuzz::instruction::run);
}

#[test]
fn kernel_calls() {
    replay("kernel", fuzz::kernel::run);
}
