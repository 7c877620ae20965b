//! Whole programs in the slot machine and in the emulator: the same output, state and instruction count.

use std::{path::PathBuf, time::Instant};
use zkmips_circuits::{
    machine::{Census, SlotMachine},
    microcode::REGISTERS,
};
use zkmips_emulator::{Inputs, Machine, Program};

fn fixture(name: &str, arch: &str) -> (Program, Inputs, PathBuf) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(name)
        .join(arch);
    let program = Program::load(&std::fs::read(folder.join("program.elf")).unwrap()).unwrap();
    let stdin = std::fs::read(folder.join("input")).unwrap_or_default();
    let inputs = Inputs {
        stdin,
        ..Inputs::default()
    };
    (program, inputs, folder)
}

fn compare(name: &str, arch: &str) -> Census {
    let (program, inputs, folder) = fixture(name, arch);
    let mut emulator = Machine::new(&program, &inputs).unwrap();
    emulator.count_touched_words();
    emulator.run(u64::MAX).unwrap();

    let mut slots = SlotMachine::new(&program, &inputs).unwrap();
    let start = Instant::now();
    slots.run(u64::MAX, &mut ()).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert!(slots.halted() && emulator.halted());

    let expected: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let census = slots.census();
    assert_eq!(census.instructions, expected["instructions"]);
    assert_eq!(census.instructions, emulator.instructions());
    // The final state is a constant of the protocol: temporaries and the sink included.
    assert_eq!(slots.registers, [0; REGISTERS]);
    assert_eq!(emulator.regs, [0; 32]);

    assert_eq!(emulator.status(), expected["status"]);
    for (page, words) in emulator.memory.pages() {
        for (offset, &word) in words.iter().enumerate() {
            let address = page << 10 | offset as u32;
            assert_eq!(slots.word(address), word, "{address:#x}");
        }
    }
    let touched: Vec<u32> = census.touched.iter().map(|w| w.address).collect();
    assert_eq!(Some(touched), emulator.touched_words());
    println!(
        "{name} {arch}: {} instructions, {:.4} slots each, {} words, {:.1} million slots/s",
        census.instructions,
        census.slots as f64 / census.instructions as f64,
        census.touched.len(),
        census.slots as f64 / seconds / 1e6
    );
    census
}

#[test]
fn programs_in_c() {
    for arch in ["mips", "mipsle"] {
        for name in ["c-fib", "c-divide", "c-sha256", "c-sort", "exit-3", "crash"] {
            compare(name, arch);
        }
    }
}

#[test]
fn the_go_runtime() {
    compare("go-runtime", "mips");
}

#[test]
fn programs_in_go() {
    for arch in ["mips", "mipsle"] {
        let census = compare("go-hello", arch);
        assert!((census.slots as f64) < 1.035 * census.instructions as f64);
    }
}
