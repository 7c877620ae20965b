//! `run`, `id`, `inspect`, `snapshot` and `setup` on programs that work.

mod common;
use common::*;
use serde_json::Value;
use std::fs;

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn a_run_is_like_running_the_program() {
    for order in ["mips", "mipsle"] {
        let input = fs::read(fixture("go-hello").join(order).join("input")).unwrap();
        let expected =
            json(&fs::read(fixture("go-hello").join(order).join("expected.json")).unwrap());
        let mut run = zkmips();
        let run = run
            .arg("run")
            .arg(program("go-hello", order))
            .write_stdin(input);
        let output = run.output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            expected["output"].as_str().unwrap()
        );
        assert!(output.stderr.is_empty());
        let exit = zkmips()
            .arg("run")
            .arg(program("exit-3", order))
            .output()
            .unwrap();
        assert_eq!(exit.status.code(), Some(3));
    }
}

#[test]
fn standard_input_is_not_read_by_a_program_that_does_not() {
    // A pipe that stays open: reading it would wait for ever.
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("zkmips"))
        .arg("run")
        .arg(program("c-fib", "mips"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take();
    assert!(child.wait().unwrap().success());
    drop(stdin);
}

/// Ids are pinned: they depend on the file, the kernel and the decoder, and on nothing else. Go programs take seconds each, so only one
/// of them is looked at here (`fixtures/prove-all` looks at all).
#[test]
fn ids_are_those_of_the_fixtures() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut found = 0;
    for entry in fs::read_dir(fixture(".")).unwrap() {
        for order in ["mips", "mipsle"] {
            let directory = entry.as_ref().unwrap().path().join(order);
            let program = directory.join("program.elf");
            let Ok(size) = fs::metadata(&program).map(|metadata| metadata.len()) else {
                continue;
            };
            if size > 1_000_000 && !update && !directory.ends_with("go-hello/mips") {
                continue;
            }
            let output = zkmips().arg("id").arg(&program).output().unwrap();
            assert!(output.status.success());
            let id = String::from_utf8(output.stdout).unwrap();
            let path = directory.join("expected.json");
            let mut expected = json(&fs::read(&path).unwrap());
            if update {
                expected["program_id"] = id.trim().into();
                fs::write(&path, format!("{expected:#}\n")).unwrap();
            }
            assert_eq!(expected["program_id"], id.trim(), "{}", path.display());
            found += 1;
        }
    }
    assert!(found >= 19, "only {found} fixtures");
}

#[test]
fn snapshots_of_stripped_go_programs_skip_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image");
    let report = directory.path().join("report");
    let go = program("go-hello", "mipsle");
    let mut snapshot = zkmips();
    snapshot
        .arg("snapshot")
        .arg(&go)
        .arg("-o")
        .arg(&image)
        .arg("--report")
        .arg(&report);
    snapshot.args(["--env", "A=1", "--", "one"]);
    snapshot.assert().success();
    let skipped = json(&fs::read(&report).unwrap())["instructions"]
        .as_u64()
        .unwrap();
    assert!(skipped > 400_000, "{skipped}");

    let expected = json(&fs::read(fixture("go-hello/mipsle/expected.json")).unwrap());
    let input = fs::read(fixture("go-hello/mipsle/input")).unwrap();
    let mut run = zkmips();
    run.arg("run").arg(&image).arg("--report").arg(&report);
    let output = run.write_stdin(input).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        expected["output"].as_str().unwrap()
    );
    let short = json(&fs::read(&report).unwrap());
    assert_ne!(short["program_id"], expected["program_id"]);
    let instructions = |report: &Value| report["instructions"].as_u64().unwrap();
    assert!(instructions(&short) < instructions(&expected) / 5);

    let inspected = zkmips()
        .arg("inspect")
        .arg(&image)
        .arg("--json")
        .output()
        .unwrap();
    let inspected = json(&inspected.stdout);
    assert_eq!(inspected["kind"], "snapshot");
    assert_eq!(inspected["args"], serde_json::json!(["one"]));
    assert_eq!(inspected["program_id"], short["program_id"]);

    let refused = failure(zkmips().arg("run").arg(&image).args(["--", "two"]), 64);
    has(
        &refused,
        &["arguments and environment of a snapshot are fixed"],
    );
    let again = failure(
        zkmips()
            .arg("snapshot")
            .arg(&image)
            .args(["--at", "0x11000"]),
        65,
    );
    has(&again, &["is a snapshot already"]);
    let unknown = failure(
        zkmips()
            .arg("snapshot")
            .arg(&go)
            .args(["--at", "main.absent"]),
        65,
    );
    has(&unknown, &["no symbol main.absent", "--at"]);
}

#[test]
fn inspecting_a_program() {
    let mut inspect = zkmips();
    let output = inspect
        .arg("inspect")
        .arg(program("c-fib", "mips"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    has(
        &text,
        &["program, big-endian", "program id", "0x80000000", "code"],
    );
}

#[test]
fn the_cache_is_listed_and_cleaned() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("pallas.key"), [0; 1234]).unwrap();
    let mut list = zkmips();
    let list = list
        .args(["setup", "--list", "--cache"])
        .arg(directory.path())
        .output()
        .unwrap();
    has(
        &String::from_utf8(list.stdout).unwrap(),
        &["1,234", "pallas.key"],
    );
    let mut clean = zkmips();
    clean
        .args(["setup", "--clean", "--cache"])
        .arg(directory.path());
    clean.assert().success();
    assert!(!directory.path().join("pallas.key").exists());
}

#[test]
fn help_teaches() {
    let output = zkmips().arg("--help").output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    has(
        &text,
        &[
            "Examples:",
            "zkmips prove ./prog -o p.zkp",
            "GOMIPS=softfloat",
            "verify",
        ],
    );
    for command in [
        "run", "prove", "verify", "id", "inspect", "snapshot", "setup", "new",
    ] {
        zkmips().args([command, "--help"]).assert().success();
    }
}
