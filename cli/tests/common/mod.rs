//! Running the command, and small ELF files that it must refuse.
#![allow(dead_code)] // every test file uses its own part

use assert_cmd::Command;
use std::path::{Path, PathBuf};

/// The command with a cache of its own tests: keys are made once for all of them.
pub fn zkmips() -> Command {
    let mut command = Command::cargo_bin("zkmips").unwrap();
    command.env("ZKMIPS_CACHE", cache());
    command
}

/// Where the tests keep keys.
pub fn cache() -> PathBuf {
    std::env::var_os("ZKMIPS_CACHE")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys"))
}

/// A file of a fixture.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(name)
}

/// The program of a fixture for a byte order.
pub fn program(name: &str, order: &str) -> PathBuf {
    fixture(name).join(order).join("program.elf")
}

/// Runs a command that must fail with this status and one line on standard error, and nothing else anywhere; gives that line.
#[track_caller]
pub fn failure(command: &mut Command, status: i32) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("zkmips: "), "{stderr}");
    assert!(output.stdout.is_empty());
    stderr
}

/// Asserts that a text has all of these parts.
#[track_caller]
pub fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }
}
