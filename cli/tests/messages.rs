//! Each thing that can go wrong before anything is proved has one line that names it and says what to do.

mod common;
use common::*;
use std::fs;
use std::path::{Path, PathBuf};

/// Changes bytes of a program and writes it where the test can use it.
fn changed(directory: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut bytes = fs::read(program("c-fib", "mips")).unwrap();
    change(&mut bytes);
    let path = directory.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn be32(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// The program header with this number.
fn program_header(bytes: &[u8], number: usize) -> usize {
    be32(bytes, 28) + 32 * number
}

/// Where in the file an address of the program is.
fn code_offset(bytes: &[u8], address: usize) -> usize {
    let header = (0..be32(bytes, 42) & 0xffff)
        .map(|number| program_header(bytes, number))
        .find(|&h| {
            let (kind, first, size) = (be32(bytes, h), be32(bytes, h + 8), be32(bytes, h + 16));
            kind == 1 && (first..first + size).contains(&address)
        })
        .unwrap();
    be32(bytes, header + 4) + address - be32(bytes, header + 8)
}

#[test]
fn files_that_are_no_programs() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let x86 = changed(directory, "x86", |bytes| {
        bytes[4..6].copy_from_slice(&[2, 1]);
        bytes[18..20].copy_from_slice(&[0x3e, 0]);
    });
    let truncated = changed(directory, "truncated", |bytes| bytes.truncate(200));
    // The first program header becomes one that names a dynamic linker, or one with a floating-point ABI.
    let dynamic = changed(directory, "dynamic", |bytes| {
        let header = program_header(bytes, 0);
        let end = bytes.len() as u32;
        bytes.extend(b"/lib/ld.so.1\0");
        bytes[header..header + 4].copy_from_slice(&3u32.to_be_bytes());
        bytes[header + 4..header + 8].copy_from_slice(&end.to_be_bytes());
        bytes[header + 16..header + 20].copy_from_slice(&13u32.to_be_bytes());
    });
    let hard_float = changed(directory, "hard-float", |bytes| {
        let header = program_header(bytes, 0);
        let end = bytes.len() as u32;
        // Version, level 32, release 2, register sizes, double-precision hard float.
        bytes.extend([0, 0, 32, 2, 1, 2, 0, 1]);
        bytes.extend([0; 16]);
        bytes[header..header + 4].copy_from_slice(&0x7000_0003u32.to_be_bytes());
        bytes[header + 4..header + 8].copy_from_slice(&end.to_be_bytes());
        bytes[header + 16..header + 20].copy_from_slice(&24u32.to_be_bytes());
    });
    let text = directory.join("text");
    fs::write(&text, "#!/bin/sh\n").unwrap();
    let missing = directory.join("missing");
    for (path, status, parts) in [
        (&x86, 65, ["an ELF file for x86-64", "GOARCH=mips"]),
        (&truncated, 65, ["truncated or damaged", "copy it again"]),
        (&dynamic, 65, ["dynamically linked", "CGO_ENABLED=0"]),
        (&hard_float, 65, ["hard-float", "GOMIPS=softfloat"]),
        (&text, 65, ["not an ELF file", "GOOS=linux"]),
        (&missing, 66, ["no such file", "check the name"]),
        (
            &directory.to_path_buf(),
            66,
            ["is a directory", "name a file"],
        ),
    ] {
        let mut said = Vec::new();
        for command in ["run", "prove", "id", "snapshot", "inspect"] {
            let message = failure(zkmips().arg(command).arg(path), status);
            has(&message, &[path.to_str().unwrap()]);
            has(&message, &parts);
            said.push(message);
        }
        assert!(said.iter().all(|message| *message == said[0]));
        if status == 65 {
            // `check` says the same, and may know more.
            let check = zkmips().arg("check").arg(path).output().unwrap();
            assert_eq!(check.status.code(), Some(65));
            let stdout = String::from_utf8(check.stdout).unwrap();
            let reason = said[0].split_once(": ").unwrap().1;
            let reason = reason.strip_prefix(path.to_str().unwrap()).unwrap();
            has(&stdout, &[&format!("problem{reason}"), "not provable"]);
        } else {
            assert_eq!(failure(zkmips().arg("check").arg(path), status), said[0]);
        }
    }
}

#[test]
fn what_check_says() {
    let directory = tempfile::tempdir().unwrap();
    let go = program("go-hello", "mipsle");
    let good = zkmips().arg("check").arg(&go).output().unwrap();
    assert_eq!(good.status.code(), Some(0));
    assert!(good.stderr.is_empty());
    let text = String::from_utf8(good.stdout).unwrap();
    has(
        &text,
        &[
            "system calls: exit, read, write",
            "provable (little-endian",
            "made by Go",
        ],
    );

    // A floating-point instruction at the entry point: nothing but a look at the code can tell.
    let bad = changed(directory.path(), "fpu", |bytes| {
        let at = code_offset(bytes, be32(bytes, 24));
        bytes[at..at + 4].copy_from_slice(&0x4602_0000u32.to_be_bytes());
    });
    // A run gets no further, and says the same.
    let run = zkmips().arg("run").arg(&bad).output().unwrap();
    assert_eq!(run.status.code(), Some(128 + 4));
    let stderr = String::from_utf8(run.stderr).unwrap();
    has(
        &stderr,
        &["SIGILL", "in __start", "-msoft-float", "`zkmips check`"],
    );

    let report = directory.path().join("report.json");
    let mut check = zkmips();
    check
        .arg("check")
        .arg(&bad)
        .arg("--json")
        .arg("--report")
        .arg(&report);
    let output = check.output().unwrap();
    assert_eq!(output.status.code(), Some(65));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let reported: serde_json::Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    assert_eq!(json, reported);
    assert_eq!(json["provable"], false);
    assert_eq!(json["byte_order"], "mips");
    let finding = &json["findings"][0];
    assert_eq!(finding["kind"], "floating_point_instruction");
    assert_eq!(finding["severity"], "problem");
    assert_eq!(finding["places"][0]["function"], "__start");
    has(finding["remedy"].as_str().unwrap(), &["-msoft-float"]);
}

#[test]
fn a_command_line_that_makes_no_sense() {
    for arguments in [
        &["prove"][..],
        &["frobnicate"],
        &["run", "x", "--no-such-option"],
        &["verify", "x", "--id", "12"],
        &["run", "x", "--threads", "0"],
    ] {
        zkmips().args(arguments).assert().code(64);
    }
    let fib = program("c-fib", "mips");
    let bad_env = failure(zkmips().arg("run").arg(&fib).args(["--env", "nothing"]), 65);
    has(&bad_env, &["`nothing`", "NAME=value"]);
    let shape = failure(
        zkmips().arg("prove").arg(&fib).args(["--shape", "round"]),
        64,
    );
    has(&shape, &["`round`", "small", "large"]);
    let input = failure(
        zkmips()
            .arg("run")
            .arg(&fib)
            .args(["--public-input", "/absent"]),
        66,
    );
    has(&input, &["/absent", "no such file"]);
}

#[test]
fn the_output_is_checked_before_the_work() {
    let fib = program("c-fib", "mips");
    for command in ["prove", "snapshot"] {
        let message = failure(
            zkmips().arg(command).arg(&fib).args(["-o", "/absent/p"]),
            73,
        );
        has(&message, &["/absent/p", "no such file or directory"]);
        let message = failure(zkmips().arg(command).arg(&fib).args(["-o", "/"]), 73);
        has(&message, &["is a directory"]);
    }
    let mut run = zkmips();
    let message = failure(run.arg("run").arg(&fib).args(["--report", "/absent/r"]), 73);
    has(&message, &["/absent/r"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let go = program("go-hello", "mips");
    let mut snapshot = zkmips();
    snapshot.arg("snapshot").arg(&go).args(["-o", "/dev/full"]);
    let message = failure(&mut snapshot, 73);
    has(&message, &["/dev/full", "no space left", "write elsewhere"]);
    assert!(
        !fs::metadata("/dev/full").unwrap().is_file(),
        "devices are not replaced by files"
    );

    let fib = program("c-fib", "mips");
    for command in ["run", "id", "check", "inspect"] {
        let mut report = zkmips();
        report
            .arg(command)
            .arg(&fib)
            .args(["--report", "/dev/full"]);
        let output = report.output().unwrap();
        assert_eq!(output.status.code(), Some(73), "{command}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        has(&stderr, &["/dev/full", "no space left", "write elsewhere"]);

        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("zkmips"))
            .arg(command)
            .arg(&fib)
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(74), "{command}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        has(
            &stderr,
            &["cannot write to standard output", "no space left"],
        );
    }
}

/// `li $v0, 4999; syscall; li $v0, 4246; li $a0, 0; syscall`, in place of what c-fib starts with.
#[test]
fn an_unsupported_system_call_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let path = changed(directory.path(), "call", |bytes| {
        let at = code_offset(bytes, be32(bytes, 24));
        // 4002 is fork, which there is a name for.
        let code = [
            0x2402_0fa2u32,
            0x0000_000c,
            0x2402_1096,
            0x2404_0005,
            0x0000_000c,
        ];
        for (i, word) in code.iter().enumerate() {
            bytes[at + 4 * i..][..4].copy_from_slice(&word.to_be_bytes());
        }
    });
    let report = directory.path().join("report.json");
    let output = zkmips()
        .arg("run")
        .arg(&path)
        .arg("--report")
        .arg(&report)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    has(
        &stderr,
        &["unsupported system call fork (4002), once", "ENOSYS"],
    );
    let report: serde_json::Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    assert_eq!(report["unknown_syscalls"][0]["number"], 4002);
    assert_eq!(report["unknown_syscalls"][0]["times"], 1);
    assert_eq!(report["status"], 5);
}

#[cfg(unix)]
#[test]
fn nobody_reads_what_is_said() {
    let mut run = std::process::Command::new(assert_cmd::cargo::cargo_bin("zkmips"));
    run.arg("run").arg(program("crash", "mips"));
    let mut child = run
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(141));
}

/// A run that fails is proved like any other, and the person who proves it is told.
#[test]
fn a_crash_is_told_and_proved() {
    let directory = tempfile::tempdir().unwrap();
    let crash = program("crash", "mips");
    let proof = directory.path().join("p.zkp");
    let mut prove = zkmips();
    prove.arg("prove").arg(&crash).arg("-o").arg(&proof);
    let proved = prove.args(["--shape", "small", "-q"]).output().unwrap();
    let said = String::from_utf8(proved.stderr).unwrap();
    assert_eq!(proved.status.code(), Some(0), "{said}");
    let story = ["zkmips: the program crashed: SIGSEGV", " in main", "139"];
    has(&said, &story);
    let mut verify = zkmips();
    verify
        .arg("verify")
        .arg(&proof)
        .arg("--program")
        .arg(&crash);
    let refused = verify.args(["--status", "0"]).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    has(&said, &["139"]);
}
