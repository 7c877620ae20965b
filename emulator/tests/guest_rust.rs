//! The crate for Rust guests: its own tests on this computer, with its standard library and without, by a plain Cargo. What
//! it does in the machine, the fixtures rust-nostd and rust-std show, and here with other inputs.

use std::path::Path;
use std::process::Command;
use zkmips_emulator::{HostCall, Inputs, Machine, Observer, Outcome, Program};

/// What only the person who runs a program sees: markers and messages.
#[derive(Default)]
struct Seen {
    markers: Vec<Vec<u8>>,
    messages: Vec<u8>,
}

impl Observer for Seen {
    fn host_call(&mut self, _instructions: u64, call: &HostCall) {
        match call {
            HostCall::Marker(name) => self.markers.push(name.clone()),
            HostCall::Stderr(bytes) => self.messages.extend(bytes),
            _ => {}
        }
    }
}

/// Runs a fixture: status, output and what is seen besides.
fn run(fixture: &str, stdin: &[u8], public_input: &[u8]) -> (u32, Vec<u8>, Seen) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(fixture);
    let program = Program::load(&std::fs::read(path.join("program.elf")).unwrap()).unwrap();
    let inputs = Inputs {
        stdin: stdin.to_vec(),
        public_input: public_input.to_vec(),
        ..Inputs::default()
    };
    let mut machine = Machine::new(&program, &inputs).unwrap();
    let mut seen = Seen::default();
    let outcome = machine.run_observed(10_000_000, &mut seen).unwrap();
    assert_eq!(outcome, Outcome::Halted);
    (machine.status(), machine.output(), seen)
}

#[test]
fn without_the_standard_library() {
    for order in ["mips", "mipsle"] {
        let fixture = format!("rust-nostd/{order}");
        let (status, output, seen) = run(&fixture, b"abcbdab\nbdcaba", b"");
        assert_eq!((status, output), (0, vec![0, 0, 0, 4]));
        assert_eq!(seen.markers, [b"compare"]);
        // An error is a clean failure with a message.
        let (status, output, seen) = run(&fixture, b"only one line", b"");
        assert_eq!((status, output.len()), (1, 0));
        assert_eq!(seen.messages, b"two lines, please\n");
        // A long input makes the heap grow and the buffer move.
        let long = [vec![b'x'; 3000], vec![b'\n', b'x']].concat();
        assert_eq!(run(&fixture, &long, b"").1, [0, 0, 0, 1]);
    }
}

#[test]
fn with_the_standard_library() {
    for order in ["mips", "mipsle"] {
        let fixture = format!("rust-std/{order}");
        let (status, output, seen) = run(&fixture, b"\x01\x00\x02\x00\x03a b\n", &[0, 0, 0, 7]);
        let output = String::from_utf8_lossy(&output).into_owned();
        assert!(
            output.starts_with(
                "arguments [\"program\"], public input Ok(7)\nfirst 1, second [2, 3]\n"
            ),
            "{output}"
        );
        assert_eq!(seen.markers, [&b"words"[..], b"threads"]);
        let messages = String::from_utf8_lossy(&seen.messages).into_owned();
        assert!(
            messages.ends_with("there is no thousandth line\n"),
            "{messages}"
        );
        assert_eq!(status, 101);
        // Too little input: an error, and what was written before is kept.
        let (status, output, seen) = run(&fixture, b"\x01", &[]);
        assert_eq!(status, 1);
        assert!(output.starts_with(b"arguments"));
        assert_eq!(seen.messages, b"the input ends too early\n");
    }
}

#[test]
fn the_crate_works_on_an_ordinary_computer() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-rust/Cargo.toml");
    for features in [&[][..], &["--features", "std"]] {
        let output = Command::new(env!("CARGO"))
            .args(["test", "--offline", "--manifest-path"])
            .arg(&manifest)
            .args(features)
            .env(
                "CARGO_TARGET_DIR",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("guest-rust"),
            )
            .output()
            .unwrap();
        let [stdout, stderr] = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(output.status.success(), "{features:?}: {stdout}{stderr}");
    }
}
