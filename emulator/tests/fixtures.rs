//! Every checked-in fixture: output and exit status are QEMU's, the instruction count is pinned.
//!
//! With `UPDATE_EXPECTED=1` the counts in the `expected.json` files are replaced instead.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use zkmips_emulator::{Inputs, Machine, Outcome, Program};

/// More than any fixture takes: one that runs away is a failure, not a hang.
const LIMIT: u64 = 100_000_000;

fn directories() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut found: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .flat_map(|entry| {
            ["mips", "mipsle"].map(|order| entry.as_ref().unwrap().path().join(order))
        })
        .filter(|directory| directory.join("program.elf").exists())
        .collect();
    found.sort();
    found
}

fn expected_output(expected: &Value) -> Vec<u8> {
    if let Some(text) = expected["output"].as_str() {
        return text.as_bytes().to_vec();
    }
    let hex = expected["output_hex"]
        .as_str()
        .expect("output or output_hex");
    let byte = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

#[test]
fn fixtures_do_what_they_did() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let directories = directories();
    assert!(
        directories.len() >= 20,
        "only {} fixtures",
        directories.len()
    );
    let mut differences = Vec::new();
    for directory in directories {
        let name = directory.display();
        let program = Program::load(&fs::read(directory.join("program.elf")).unwrap()).unwrap();
        let inputs = Inputs {
            stdin: fs::read(directory.join("input")).unwrap(),
            ..Inputs::default()
        };
        let mut machine = Machine::new(&program, &inputs).unwrap();
        let outcome = machine.run(LIMIT).unwrap();
        assert_eq!(outcome, Outcome::Halted, "{name} does not end");
        let report = machine.report();
        let path = directory.join("expected.json");
        let mut expected: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&report.output),
            String::from_utf8_lossy(&expected_output(&expected)),
            "{name}"
        );
        assert_eq!(
            report.status.map(u64::from),
            expected["status"].as_u64(),
            "{name}"
        );
        let unknown: BTreeMap<u32, u64> = match expected.get("unknown_syscalls") {
            Some(calls) => serde_json::from_value(calls.clone()).unwrap(),
            None => BTreeMap::new(),
        };
        assert_eq!(report.unknown_syscalls, unknown, "{name}");
        assert!(
            report.diagnostics.is_empty(),
            "{name}: {:?}",
            report.diagnostics
        );
        // Nothing of the run may be left where the final state shows it.
        assert_eq!(machine.regs, [0; 32], "{name}");
        assert_eq!(
            (machine.hi, machine.lo, machine.user_local, machine.tick),
            (0, 0, 0, 0),
            "{name}"
        );
        if update {
            expected["instructions"] = report.instructions.into();
            let text = serde_json::to_string_pretty(&expected).unwrap() + "\n";
            fs::write(&path, text).unwrap();
        } else if expected["instructions"].as_u64() != Some(report.instructions) {
            differences.push(format!(
                "{name}: {} instructions, expected {}",
                report.instructions, expected["instructions"]
            ));
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}
