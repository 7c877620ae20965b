//! The fixtures reach every part of the kernel: each system call of its table, each of its functions, and most of its instructions
//! (the others are errors that programs do not make). `fixtures/prove-all` proves these same runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use zkmips_emulator::constants::KERNEL_START;
use zkmips_emulator::{elf, kernel_image, ByteOrder, HostCall, Inputs, Machine, Observer, Program};

/// Of the o32 ABI.
const FIRST_CALL: u32 = 4000;
/// What of the kernel's instructions has to be reached, in percent.
const SHARE: usize = 85;
/// Functions that are inlined wherever they are used.
const INLINED: [&str; 3] = ["set_user_local", "rotate", "duplicate_from"];

/// What runs have reached.
struct Reached {
    calls: BTreeSet<u32>,
    instructions: Vec<bool>,
}

impl Observer for Reached {
    fn host_call(&mut self, _instructions: u64, call: &HostCall) {
        if let HostCall::CallEntry { number, .. } = call {
            self.calls.insert(*number - FIRST_CALL);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Numbers of the calls in the kernel's table.
fn table() -> BTreeSet<u32> {
    let source = fs::read_to_string(root().join("kernel/src/calls.c")).unwrap();
    let entries = source.lines().filter_map(|line| {
        let number = line.trim().strip_prefix("CALL(")?.split(',').next()?;
        number.parse().ok()
    });
    entries.collect()
}

/// Runs a big-endian program to its end.
fn run(directory: &Path, reached: &mut Reached) {
    let program = Program::load(&fs::read(directory.join("program.elf")).unwrap()).unwrap();
    let stdin = fs::read(directory.join("input")).unwrap();
    let inputs = Inputs {
        stdin,
        ..Inputs::default()
    };
    let mut machine = Machine::new(&program, &inputs).unwrap();
    loop {
        if let Some(word) = machine.pc.checked_sub(KERNEL_START) {
            reached.instructions[word as usize / 4] = true;
        }
        if machine.halted() {
            return;
        }
        machine.run_observed(1, reached).unwrap();
    }
}

#[test]
fn the_fixtures_reach_every_call_and_function_of_the_kernel() {
    let image = elf::parse(kernel_image(ByteOrder::Big), KERNEL_START, u32::MAX).unwrap();
    let text: u32 = image
        .code
        .iter()
        .map(|part| part.end - KERNEL_START)
        .max()
        .unwrap();
    let mut reached = Reached {
        calls: BTreeSet::new(),
        instructions: vec![false; text as usize / 4],
    };
    let entry_of = |address: u32| (address - KERNEL_START) as usize / 4;
    for entry in fs::read_dir(root().join("fixtures")).unwrap() {
        let directory = entry.unwrap().path().join("mips");
        if directory.join("program.elf").exists() {
            run(&directory, &mut reached);
        }
    }
    let mut unused = table();
    assert!(unused.len() > 100, "{} calls in the table", unused.len());
    unused.retain(|number| !reached.calls.contains(number));
    assert!(unused.is_empty(), "calls that no fixture makes: {unused:?}");
    let outside: Vec<&str> = image
        .symbols
        .iter()
        .filter(|s| s.function && !reached.instructions[entry_of(s.address)])
        .map(|s| s.name.as_str())
        .collect();
    assert_eq!(outside, INLINED, "functions that no fixture enters");
    let count = reached.instructions.iter().filter(|&&r| r).count();
    let share = count * 100 / reached.instructions.len();
    assert!(share >= SHARE, "{share}% of the kernel's instructions");
}
