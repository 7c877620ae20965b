//! `zkmips debug`, by its own line to a debugger and, where it is installed, by GDB.

mod common;
use common::*;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A program that waits for a debugger, and the address at which it does.
fn waiting(name: &str, options: &[&str]) -> (Child, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("zkmips"));
    command
        .arg("debug")
        .arg(program(name, "mips"))
        .args(options);
    command.stdin(std::fs::File::open(fixture(name).join("mips/input")).unwrap());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    has(&line, &["zkmips: waiting for a debugger: gdb-multiarch "]);
    // What it says later must have somewhere to go.
    child.stderr = Some(stderr.into_inner());
    let (_, address) = line.trim_end().split_once("target remote ").unwrap();
    (child, address.trim_end_matches('\'').to_owned())
}

/// Standard output and exit status.
fn end(mut child: Child) -> (String, Option<i32>) {
    let mut output = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut output).unwrap();
    (output, child.wait().unwrap().code())
}

const FREE: [&str; 2] = ["--listen", "127.0.0.1:0"];

#[test]
fn the_status_is_that_of_the_program() {
    // Go on; kill; go away without a word.
    for (packet, status) in [("$c#63", 3), ("$k#6b", 0), ("", 3)] {
        let (child, address) = waiting("exit-3", &FREE);
        let mut line = TcpStream::connect(address).unwrap();
        line.write_all(packet.as_bytes()).unwrap();
        if packet == "$c#63" {
            let mut said = [0; 8];
            line.read_exact(&mut said).unwrap();
            assert_eq!(&said, b"+$W03#ba");
        }
        drop(line);
        assert_eq!(end(child).1, Some(status), "{packet}");
    }
}

#[test]
fn addresses_that_cannot_be_had() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let exit = program("exit-3", "mips");
    let mut debug = zkmips();
    let message = failure(
        debug.arg("debug").arg(&exit).args(["--listen", &address]),
        73,
    );
    has(&message, &[&address, "in use", "--listen HOST:PORT"]);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    std::fs::write(&path, "").unwrap();
    let mut debug = zkmips();
    let message = failure(debug.arg("debug").arg(&exit).arg("--socket").arg(&path), 73);
    has(&message, &["socket", "is there already", "name another"]);
}

#[test]
fn gdb_goes_forwards_and_backwards() {
    let Ok(version) = Command::new("gdb-multiarch").arg("--version").output() else {
        return;
    };
    assert!(version.status.success());
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let (child, address) = waiting("c-sort", &["--socket", socket.to_str().unwrap()]);
    let mut gdb = Command::new("gdb-multiarch");
    gdb.args(["-nx", "-batch", "-ex", "set confirm off", "-ex"]);
    gdb.arg(format!("target remote {address}"));
    for command in [
        "break sift",
        "continue",
        "backtrace",
        "x/i $pc",
        "stepi",
        "stepi",
        "reverse-stepi",
        "reverse-stepi",
        "continue",
        "reverse-continue",
        "watch *(int *)&values",
        "delete 1",
        "continue",
        "info registers sp",
        "delete",
        "continue",
    ] {
        gdb.args(["-ex", &format!("echo [{command}]\\n"), "-ex", command]);
    }
    let output = gdb.arg(program("c-sort", "mips")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = |command: &str| {
        let (_, after) = text.split_once(&format!("[{command}]")).unwrap();
        after.split_once("\n[").unwrap_or((after, "")).0.to_owned()
    };
    has(&said("backtrace"), &["#0 ", "in sift", "#1 ", "in main"]);
    has(&said("x/i $pc"), &["<sift"]);
    has(&said("reverse-continue"), &["Breakpoint 1, ", "in sift"]);
    // The last command of the list: the last text.
    let (_, end_of_it) = text.rsplit_once("[continue]").unwrap();
    has(end_of_it, &["exited normally"]);
    has(&text, &["Hardware watchpoint 2", "Old value", "New value"]);
    let (shown, status) = end(child);
    assert_eq!(status, Some(0), "{text}");
    let expected = std::fs::read(fixture("c-sort/mips/expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
    assert_eq!(expected["output"], shown, "{text}");
}
