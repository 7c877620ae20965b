//! The crate for Rust guests: its own tests on this computer, with its standard library and without, by a plain Cargo. What
//! it does in the machine, the fixtures rust-nostd and rust-std show, and here with other inputs.

mod common;

use common::guest;
use std::path::Path;
use std::process::Command;
use zkmips_emulator::Inputs;

/// Runs a fixture with other inputs.
fn run(fixture: &str, stdin: &[u8], public_input: &[u8]) -> guest::Ended {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(fixture);
    let inputs = Inputs {
        stdin: stdin.to_vec(),
        public_input: public_input.to_vec(),
        ..Inputs::default()
    };
    guest::run(&std::fs::read(path.join("program.elf")).unwrap(), &inputs)
}

#[test]
fn without_the_standard_library() {
    for order in ["mips", "mipsle"] {
        let fixture = format!("rust-nostd/{order}");
        let ended = run(&fixture, b"abcbdab\nbdcaba", b"");
        assert_eq!((ended.status, ended.output), (0, vec![0, 0, 0, 4]));
        assert_eq!(ended.markers, ["compare"]);
        // An error is a clean failure with a message.
        let ended = run(&fixture, b"only one line", b"");
        assert_eq!((ended.status, ended.output.len()), (1, 0));
        assert_eq!(ended.messages, "two lines, please\n");
        // A long input makes the heap grow and the buffer move.
        let long = [vec![b'x'; 3000], vec![b'\n', b'x']].concat();
        assert_eq!(run(&fixture, &long, b"").output, [0, 0, 0, 1]);
    }
}

#[test]
fn with_the_standard_library() {
    for order in ["mips", "mipsle"] {
        let fixture = format!("rust-std/{order}");
        let ended = run(&fixture, b"\x01\x00\x02\x00\x03a b\n", &[0, 0, 0, 7]);
        let output = String::from_utf8_lossy(&ended.output).into_owned();
        assert!(
            output.starts_with(
                "arguments [\"program\"], public input Ok(7)\nfirst 1, second [2, 3]\n"
            ),
            "{output}"
        );
        assert_eq!(ended.markers, ["words", "threads"]);
        let messages = ended.messages;
        assert!(
            messages.ends_with("there is no thousandth line\n"),
            "{messages}"
        );
        assert_eq!(ended.status, 101);
        // Too little input: an error, and what was written before is kept.
        let ended = run(&fixture, b"\x01", &[]);
        assert_eq!(ended.status, 1);
        assert!(ended.output.starts_with(b"arguments"));
        assert_eq!(ended.messages, "the input ends too early\n");
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
