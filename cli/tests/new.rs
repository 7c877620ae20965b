//! `zkmips new`: projects that build, run, prove and pass their tests as they stand, where the compilers are.

mod common;
use common::*;
use std::path::Path;
use std::process::{Command, Output};

/// Makes a project called `thing` in a directory.
fn make_project(directory: &Path, language: &str) {
    zkmips()
        .current_dir(directory)
        .args(["new", "thing", "--lang", language])
        .assert()
        .success();
}

/// Runs make in the project, with the `zkmips` of these tests first on PATH.
fn make(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("make");
    with_zkmips_on_path(&mut command);
    // Cargo's own variables would be inherited by the Cargo that builds the project.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO") || name == "RUSTFLAGS" {
            command.env_remove(name);
        }
    }
    command
        .args(["--no-print-directory", "-C"])
        .arg(directory.join("thing"))
        .args(arguments)
        .output()
        .expect("make")
}

/// Runs make, which must succeed; gives standard output.
#[track_caller]
fn made(directory: &Path, arguments: &[&str]) -> String {
    let output = make(directory, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "make {arguments:?}: {stdout}{stderr}"
    );
    stdout
}

fn installed(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        println!("skipped: {program} is not installed");
    }
    there
}

#[test]
fn a_c_project_is_proved_and_verified() {
    if !installed("mips-linux-gnu-gcc") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    make_project(directory.path(), "c");
    made(directory.path(), &["test"]);
    has(
        &made(directory.path(), &["run"]),
        &["4294967297 is a product"],
    );
    made(directory.path(), &["prove"]);
    has(
        &made(directory.path(), &["verify"]),
        &["4294967297 is a product"],
    );
    assert_eq!(
        made(directory.path(), &["id"])
            .lines()
            .last()
            .unwrap()
            .len(),
        64
    );
    made(directory.path(), &["clean"]);
}

#[test]
fn a_go_project_passes_its_tests() {
    if Command::new("go").arg("version").output().is_err() {
        println!("skipped: go is not installed");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    make_project(directory.path(), "go");
    made(directory.path(), &["test", "thing.snapshot"]);
    has(
        &made(directory.path(), &["run"]),
        &["4294967297 is a product"],
    );
}

#[test]
fn a_rust_project_passes_its_tests() {
    // Debian's Cargo, which has the source of the library.
    let source = Path::new("/usr/lib/rustlib/src/rust/library");
    if !installed("/usr/bin/cargo") || !installed("ld.lld") || !source.exists() {
        println!("skipped: Rust with the source of its library is not installed");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    make_project(directory.path(), "rust");
    let output = make(
        directory.path(),
        &["build", "CARGO=/usr/bin/cargo", "RUSTC=/usr/bin/rustc"],
    );
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() && stderr.contains("index.crates.io") {
        println!("skipped: the library's dependencies cannot be downloaded");
        return;
    }
    assert!(output.status.success(), "{stderr}");
    made(directory.path(), &["test"]);
    has(
        &made(directory.path(), &["run"]),
        &["4294967297 is a product"],
    );
}

#[test]
fn what_is_there_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    make_project(directory.path(), "c");
    let mut new = zkmips();
    let again = failure(
        new.current_dir(&directory)
            .args(["new", "thing", "--lang", "go"]),
        73,
    );
    has(&again, &["thing", "is there already", "another name"]);
    for name in ["../thing", "Thing", "1", "", "test", "a b", "-"] {
        let mut new = zkmips();
        let refused = failure(
            new.current_dir(&directory)
                .args(["new", "--lang", "c", "--", name]),
            64,
        );
        has(&refused, &["cannot be the name of a project"]);
    }
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1);
}
