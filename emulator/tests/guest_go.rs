//! The Go module for guests: its own tests, on this computer and in the machine, and its example.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use zkmips_emulator::{HostCall, Inputs, Machine, Observer, Outcome, Program};

const LIMIT: u64 = 100_000_000;

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

/// The markers of a run, in order.
#[derive(Default)]
struct Markers(Vec<String>);

impl Observer for Markers {
    fn host_call(&mut self, _instructions: u64, call: &HostCall) {
        if let HostCall::Marker(name) = call {
            self.0.push(String::from_utf8_lossy(name).into_owned());
        }
    }
}

/// Builds something for MIPS and runs it: status, output and markers. `None` if there is no Go.
fn run(
    build: &[&str],
    package: &str,
    order: &str,
    inputs: &Inputs,
) -> Option<(u32, Vec<u8>, Vec<String>)> {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("program");
    let arguments = [build, &["-o", out.to_str().unwrap(), package]].concat();
    let target = [
        ("GOOS", "linux"),
        ("GOARCH", order),
        ("GOMIPS", "softfloat"),
    ];
    go(&arguments, &target).then(|| {
        let program = Program::load(&std::fs::read(&out).unwrap()).unwrap();
        let mut machine = Machine::new(&program, inputs).unwrap();
        let mut markers = Markers::default();
        let outcome = machine.run_observed(LIMIT, &mut markers).unwrap();
        assert_eq!(outcome, Outcome::Halted);
        (machine.status(), machine.output(), markers.0)
    })
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
        let Some((status, output, markers)) = run(&["test", "-c"], ".", order, &inputs) else {
            return;
        };
        let output = String::from_utf8_lossy(&output);
        assert!(
            status == 0 && output.ends_with("PASS\n"),
            "{status} {output}"
        );
        assert_eq!(markers, ["a marker"]);
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
        let Some((status, output, markers)) = run(&["build"], "./examples/bid", order, &inputs)
        else {
            return;
        };
        assert_eq!(
            (status, String::from_utf8(output).unwrap().as_str()),
            (0, expected["output"].as_str().unwrap())
        );
        assert_eq!(markers, ["read", "decide"]);
        // One bid is not enough: a clean failure.
        let inputs = Inputs {
            stdin: stdin[..8].to_vec(),
            ..Inputs::default()
        };
        let (status, output, _) = run(&["build"], "./examples/bid", order, &inputs).unwrap();
        assert_eq!((status, output.len()), (1, 0));
    }
}
