//! Running the command, and small ELF files that it must refuse.
#![allow(dead_code)] // every test file uses its own part

use assert_cmd::Command;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Stdio};
use std::time::{Duration, Instant};

/// The command with a cache of its own tests: keys are made once for all of them.
pub fn zkmips() -> Command {
    let mut command = Command::cargo_bin("zkmips").unwrap();
    command.env("ZKMIPS_CACHE", cache());
    command
}

/// Gives a command the `zkmips` of these tests, first on PATH, and their cache.
pub fn with_zkmips_on_path(command: &mut std::process::Command) -> &mut std::process::Command {
    let binary = assert_cmd::cargo::cargo_bin("zkmips");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        std::iter::once(binary.parent().unwrap().to_owned()).chain(std::env::split_paths(&path)),
    );
    command
        .env("PATH", path.unwrap())
        .env("ZKMIPS_CACHE", cache())
}

/// Where the tests keep keys.
pub fn cache() -> PathBuf {
    std::env::var_os("ZKMIPS_CACHE")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys"))
}

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// Every page of the repository.
pub fn pages() -> Vec<PathBuf> {
    let listed = process::Command::new("git")
        .current_dir(root())
        .args(["ls-files", "*.md"])
        .output()
        .expect("git");
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed
        .lines()
        .filter(|page| !page.contains("templates/"))
        .map(|page| root().join(page))
        .collect()
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

/// `prove` of a program in small segments, with nothing else said.
pub fn prove_small(name: &str, directory: &Path) -> process::Command {
    let mut command = process::Command::new(assert_cmd::cargo::cargo_bin("zkmips"));
    for (variable, value) in zkmips().get_envs() {
        command.env(variable, value.unwrap_or_default());
    }
    command
        .arg("prove")
        .arg(program(name, "mips"))
        .arg("-o")
        .arg(directory.join("p.zkp"))
        .args(["--shape", "small"])
        .stdin(fs::File::open(fixture(name).join("mips/input")).unwrap())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// The same with a checkpoint after every segment.
pub fn prove(name: &str, directory: &Path) -> process::Command {
    let mut command = prove_small(name, directory);
    command
        .args(["--checkpoint-every", "0", "--checkpoint"])
        .arg(directory.join("kept"));
    command
}

/// Waits until the checkpoint of a prover has been replaced `times` times.
#[track_caller]
pub fn wait_for_checkpoints(child: &mut Child, file: &Path, times: usize) {
    let start = Instant::now();
    let (mut seen, mut last) = (0, None);
    while seen < times {
        assert!(start.elapsed() < Duration::from_secs(300), "no checkpoint");
        assert!(child.try_wait().unwrap().is_none(), "it was too fast");
        let changed = fs::metadata(file).and_then(|m| m.modified()).ok();
        if changed.is_some() && changed != last {
            seen += 1;
            last = changed;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
