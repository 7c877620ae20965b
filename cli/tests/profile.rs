//! `run --profile` and `run --flamegraph`.

mod common;
use common::*;
use std::fs;
use std::process::Command;

#[test]
fn profiles_are_for_pprof_and_for_the_eye() {
    let directory = tempfile::tempdir().unwrap();
    let profile = directory.path().join("p.pb.gz");
    let picture = directory.path().join("p.svg");
    let mut run = zkmips();
    run.arg("run").arg(program("go-hello", "mipsle"));
    run.arg("--profile").arg(&profile);
    run.arg("--flamegraph").arg(&picture);
    let input = fs::read(fixture("go-hello/mipsle/input")).unwrap();
    run.write_stdin(input).assert().success();
    assert_eq!(fs::read(&profile).unwrap()[..2], [0x1f, 0x8b]);
    let svg = fs::read_to_string(&picture).unwrap();
    for part in ["<svg", "main.main (", "runtime.main (", " rows"] {
        assert!(svg.contains(part), "`{part}` is missing in the picture");
    }
    assert!(svg.len() < 300_000, "{}", svg.len());

    let pprof = |arguments: &[&str]| {
        let mut command = Command::new("go");
        command
            .args(["tool", "pprof"])
            .args(arguments)
            .arg(&profile);
        Some(String::from_utf8(command.output().ok()?.stdout).unwrap())
    };
    // Where Go is installed, its own tool must understand it.
    let Some(top) = pprof(&["-top", "-cum", "-sample_index=instructions"]) else {
        return;
    };
    let expected = fs::read(fixture("go-hello/mipsle/expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
    let total = format!("of {} total", expected["instructions"]);
    has(
        &top,
        &[
            "Type: instructions",
            &total,
            "runtime.main",
            "kernel.exception",
        ],
    );
    let main = pprof(&["-peek", "^main.main$", "-sample_index=rows"]).unwrap();
    has(&main, &["Type: rows", "runtime.main", "fmt."]);
    let lines = pprof(&["-top", "-lines", "-focus=main.main", "-sample_index=rows"]).unwrap();
    has(&lines, &["main.go:"]);
}

#[test]
fn a_profile_is_of_a_whole_run_and_its_file_is_checked_first() {
    let fib = program("c-fib", "mips");
    let mut both = zkmips();
    both.arg("run")
        .arg(&fib)
        .args(["--profile", "p", "--trace"]);
    let output = both.output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    let stderr = String::from_utf8(output.stderr).unwrap();
    has(&stderr, &["--profile", "cannot be used with", "--trace"]);
    for option in ["--profile", "--flamegraph"] {
        let mut run = zkmips();
        let message = failure(run.arg("run").arg(&fib).args([option, "/absent/p"]), 73);
        has(&message, &["/absent/p", "no such file or directory"]);
    }
}
