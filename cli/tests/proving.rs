//! `prove` and `verify`, as people use them.

mod common;
use common::*;
use serde_json::Value;
use std::fs;
use std::path::Path;
use zkmips::Shape;

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn too_little_memory_is_refused_with_what_would_do() {
    let directory = tempfile::tempdir().unwrap();
    let mut prove = zkmips();
    prove
        .args(["prove", "--quiet", "--threads", "2", "--max-memory", "20M"])
        .arg(program("c-fib", "mips"))
        .arg("-o")
        .arg(directory.path().join("p.zkp"));
    let line = failure(&mut prove, 64);
    let least = Shape::Small.memory(2, 300).div_ceil(1 << 20);
    has(&line, &["20M", "small", &format!("--max-memory {least}M")]);
    has(&line, &["--threads 1"]);

    // Who names the shape has chosen.
    let mut prove = zkmips();
    prove.args(["prove", "--max-memory", "1T", "--shape", "small"]);
    let output = prove.arg(program("c-fib", "mips")).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
}

#[test]
fn prove_then_verify() {
    let directory = tempfile::tempdir().unwrap();
    let (proof, report) = (
        directory.path().join("p.zkp"),
        directory.path().join("report"),
    );
    let fib = program("c-fib", "mipsle");
    let expected = json(&fixture("c-fib").join("mipsle/expected.json"));

    let mut prove = zkmips();
    prove
        .arg("prove")
        .arg(&fib)
        .arg("-o")
        .arg(&proof)
        .arg("--report")
        .arg(&report);
    let output = prove
        .args(["--shape", "small", "--threads", "2", "--", "one"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert!(output.stdout.is_empty());
    has(
        &stderr,
        &[
            "proved that",
            "arguments \"one\"",
            "exits with status 0",
            "instructions per second",
        ],
    );
    assert!(
        !stderr.contains('\u{1b}') && !stderr.contains('\r'),
        "no bars where there is no terminal"
    );
    let proved = json(&report);
    assert_eq!(proved["status"], 0);
    assert_eq!(proved["shape"], "small");
    assert_eq!(proved["program_id"], expected["program_id"]);
    assert_eq!(
        proved["proof_bytes"].as_u64(),
        Some(fs::metadata(&proof).unwrap().len())
    );
    for name in ["execute", "commit", "fold", "compress", "total"] {
        assert!(proved["seconds"][name].as_f64().unwrap() > 0.0, "{name}");
    }
    // The memory that --max-memory counts with is enough, where the system tells how much it was.
    let most = proved["most_memory_bytes"].as_u64().unwrap();
    if let Some(peak) = proved["peak_memory_bytes"].as_u64() {
        assert!(peak <= most, "{peak} bytes of {most}");
    }

    // By id, with the arguments repeated; the output is the guest's and nothing else.
    let id = expected["program_id"].as_str().unwrap();
    let mut verify = zkmips();
    verify
        .arg("verify")
        .arg(&proof)
        .args(["--id", id, "--status", "0", "--report"])
        .arg(&report);
    let output = verify.args(["--", "one"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        expected["output"].as_str().unwrap()
    );
    has(&stderr, &["valid", id, "\"one\"", "status 0"]);
    let verified = json(&report);
    assert_eq!(verified["valid"], true);
    assert_eq!(verified["args"], serde_json::json!(["one"]));
    assert_eq!(
        verified["output_hex"].as_str().unwrap().len(),
        2 * output_len(&expected)
    );

    // Accepting any input, by program, from a pipe, comparing the output, without vector instructions.
    let wanted = directory.path().join("output");
    fs::write(&wanted, expected["output"].as_str().unwrap()).unwrap();
    let mut verify = zkmips();
    verify
        .args(["verify", "-", "--any-input", "--portable", "--program"])
        .arg(&fib)
        .arg("--output")
        .arg(&wanted);
    verify
        .write_stdin(fs::read(&proof).unwrap())
        .assert()
        .success();

    refusals(directory.path(), &proof, &fib, id);
    damage(directory.path(), &proof, id);

    let inspected = zkmips().arg("inspect").arg(&proof).output().unwrap();
    has(
        &String::from_utf8(inspected.stdout).unwrap(),
        &["proof, format 1", "has not been checked", id, "small"],
    );
}

fn output_len(expected: &Value) -> usize {
    expected["output"].as_str().unwrap().len()
}

/// A valid proof of something other than what was asked.
fn refusals(directory: &Path, proof: &Path, fib: &Path, id: &str) {
    let verify = || {
        let mut verify = zkmips();
        verify.arg("verify").arg(proof).arg("--quiet");
        verify
    };
    let unnamed = failure(&mut verify(), 64);
    has(&unnamed, &["--program FILE or --id ID", id]);
    let defaults = failure(verify().args(["--id", id]), 1);
    has(
        &defaults,
        &[
            "the proof is for arguments [\"one\"], not []",
            "--any-input",
        ],
    );
    let other = failure(verify().args(["--id", id, "--", "two"]), 1);
    has(&other, &["not [\"two\"]"]);
    let env = failure(verify().args(["--id", id, "--env", "A=1", "--", "one"]), 1);
    has(&env, &["environment", "A=1"]);
    let status = failure(
        verify().args(["--id", id, "--any-input", "--status", "1"]),
        1,
    );
    has(&status, &["for exit status 0, not 1"]);
    let output = directory.join("other");
    fs::write(&output, "other").unwrap();
    let output = failure(
        verify()
            .args(["--id", id, "--any-input", "--output"])
            .arg(&output),
        1,
    );
    has(&output, &["another output"]);
    let sort = program("c-sort", "mips");
    let both = failure(verify().args(["--id", id, "--program"]).arg(&sort), 64);
    has(&both, &["--id and --program differ"]);
    let report = directory.join("refused");
    let mut other = verify();
    other
        .arg("--program")
        .arg(&sort)
        .arg("--any-input")
        .arg("--report")
        .arg(&report);
    let other = failure(&mut other, 1);
    has(
        &other,
        &["the proof is about program", id, "ask for another proof"],
    );
    assert_eq!(json(&report)["valid"], false);
    assert!(verify()
        .arg("--program")
        .arg(fib)
        .arg("--any-input")
        .output()
        .unwrap()
        .status
        .success());
}

/// Files that are no proof any more.
fn damage(directory: &Path, proof: &Path, id: &str) {
    let bytes = fs::read(proof).unwrap();
    let path = directory.join("damaged");
    let verify = |bytes: &[u8], status| {
        fs::write(&path, bytes).unwrap();
        let mut verify = zkmips();
        verify
            .arg("verify")
            .arg(&path)
            .args(["--quiet", "--any-input", "--id", id]);
        let message = failure(&mut verify, status);
        has(&message, &[path.to_str().unwrap()]);
        message
    };
    let mut changed = bytes.clone();
    let middle = bytes.len() - 1000;
    changed[middle] ^= 4;
    verify(&changed, 1);
    let cut = verify(&bytes[..bytes.len() - 1], 65);
    has(&cut, &["the proof file is damaged", "copy it again"]);
    let mut longer = bytes.clone();
    longer.push(0);
    has(&verify(&longer, 65), &["1 bytes follow its end"]);
    let mut version = bytes.clone();
    version[8] = 9;
    has(
        &verify(&version, 65),
        &["format 9", "use the zkmips that made it"],
    );
    version[8] = bytes[8];
    version[12] = 9;
    has(&verify(&version, 65), &["machine version 9"]);
    has(&verify(b"\x7fELF", 65), &["not a zkmips proof"]);
    let missing = failure(zkmips().args(["verify", "/absent", "--id", id]), 66);
    has(&missing, &["/absent", "no such file"]);
}

/// A guest in another language than C: Rust without its standard library, which reads its private input.
#[test]
fn a_rust_program_is_proved() {
    let directory = tempfile::tempdir().unwrap();
    let proof = directory.path().join("p.zkp");
    let fixture = fixture("rust-nostd").join("mipsle");
    let expected = json(&fixture.join("expected.json"));
    let mut prove = zkmips();
    prove
        .arg("prove")
        .arg(fixture.join("program.elf"))
        .args(["--shape", "small", "-o"])
        .arg(&proof)
        .write_stdin(fs::read(fixture.join("input")).unwrap())
        .assert()
        .success();
    let mut verify = zkmips();
    let id = expected["program_id"].as_str().unwrap();
    verify.arg("verify").arg(&proof).args(["--id", id]);
    let output = verify.args(["--status", "0"]).output().unwrap();
    assert!(output.status.success());
    assert_eq!(
        output.stdout,
        expected["output"].as_str().unwrap().as_bytes()
    );
}
