//! The Go module for guests: its own tests, on this computer and in the machine, and its example.

mod common;

use common::guest;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use zkmips_emulator::Inputs;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// `go` with arguments in the module; false if there is no Go.
fn go(arguments: &[&str], environment: &[(&str, &str)]) -> bool {
    let output = Command::new("go")
        .args(arguments)
        .current_dir(root().join("guest-go"))
        .envs([("GOFLAGS", ""), ("GOWORK", "off"), ("GOPROXY", "off")])
        .envs(environment.iter().copied())
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: go: {error}");
            return false;
        }
    };
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(
        output.status.success(),
        "go {arguments:?}: {stdout}{stderr}"
    );
    true
}

/// Builds something for MIPS and runs it. `None` if there is no Go.
fn run(build: &[&str], package: &str, order: &str, inputs: &Inputs) -> Option<guest::Ended> {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("program");
    let arguments = [build, &["-o", out.to_str().unwrap(), package]].concat();
    let target = [
        ("GOOS", "linux"),
        ("GOARCH", order),
        ("GOMIPS", "softfloat"),
    ];
    go(&arguments, &target).then(|| guest::run(&std::fs::read(&out).unwrap(), inputs))
}

#[test]
fn the_module_is_in_order() {
    let _ = go(&["vet", "./..."], &[]) && go(&["test", "./..."], &[]);
}

#[test]
fn its_tests_pass_in_the_machine() {
    for order in ["mips", "mipsle"] {
        let inputs = Inputs {
            public_input: vec![1, 2, 3, 4],
            ..Inputs::default()
        };
        let Some(ended) = run(&["test", "-c"], ".", order, &inputs) else {
            return;
        };
        let output = String::from_utf8_lossy(&ended.output);
        assert!(
            ended.status == 0 && output.ends_with("PASS\n"),
            "{} {output}",
            ended.status
        );
        assert_eq!(ended.markers, ["a marker"]);
    }
}

/// The example does what the one for C does: inputs and outputs are the same in all languages.
#[test]
fn the_example_agrees_with_that_for_c() {
    let fixture = root().join("fixtures/guest-c-example/mips");
    let expected: Value =
        serde_json::from_slice(&std::fs::read(fixture.join("expected.json")).unwrap()).unwrap();
    let stdin = std::fs::read(fixture.join("input")).unwrap();
    for order in ["mips", "mipsle"] {
        let inputs = Inputs {
            stdin: stdin.clone(),
            ..Inputs::default()
        };
        let Some(ended) = run(&["build"], "./examples/bid", order, &inputs) else {
            return;
        };
        let output = expected["output"].as_str().unwrap().as_bytes();
        assert_eq!((ended.status, &ended.output[..]), (0, output));
        assert_eq!(ended.markers, ["read", "decide"]);
        // One bid is not enough: a clean failure.
        let inputs = Inputs {
            stdin: stdin[..8].to_vec(),
            ..Inputs::default()
        };
        let ended = run(&["build"], "./examples/bid", order, &inputs).unwrap();
        assert_eq!((ended.status, ended.output.len()), (1, 0));
    }
}
