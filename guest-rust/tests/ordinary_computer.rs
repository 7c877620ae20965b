//! The example on the computer at hand: what it writes, and each way to end.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Examples are built before tests, next to them.
fn example() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples/typed")
}

fn run(end: u8, rest: &[u8]) -> Output {
    let mut child = Command::new(example())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&[end]).unwrap();
    stdin.write_all(rest).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// x = 258, y = [1, 0xfffe], true, 0.75
const INPUT: &[u8] = b"\x00\x00\x01\x02\x00\x01\xff\xfe\x01\x3f\xe8\x00\x00\x00\x00\x00\x00";
/// x = -258, y = [0xfffe, 1], false, 1.5, 1, 2; outside the machine, without a public input
const OUTPUT: &[u8] = b"\xff\xff\xfe\xfe\xff\xfe\x00\x01\x00\x3f\xf8\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02false\n";

#[test]
fn values_are_read_and_committed() {
    let output = run(0, INPUT);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, OUTPUT);
    assert_eq!(output.stderr, b"so far, so good\n");
}

#[test]
fn failures_are_clean() {
    for (end, status, message) in [
        (1, 1, "the input ends too early\n"),
        (2, 1, "on purpose\n"),
        (3, 101, "in the end\n"),
    ] {
        let output = run(end, INPUT);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{stderr}");
        assert!(stderr.ends_with(message), "{stderr}");
        assert_eq!(output.stdout, OUTPUT, "what was written before is not lost");
    }
    let short = run(0, &INPUT[..5]);
    assert_eq!(short.status.code(), Some(1));
    assert!(short.stdout.is_empty());
}
