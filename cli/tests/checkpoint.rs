//! A prover that is killed goes on where it was.

mod common;
use common::*;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// The line that says from where it goes on, if it does; the prover goes on running.
fn resumed(child: &mut Child) -> String {
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let mut lines = stderr.lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("going on from"));
    // Somebody must read the rest, or the prover stops when the pipe is full.
    std::thread::spawn(move || lines.for_each(drop));
    line.expect("it goes on")
}

/// Kills a prover without a chance to tidy up.
fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_killed_prover_goes_on_and_the_proof_is_valid() {
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().join("kept/zkmips.checkpoint");
    let proof = directory.path().join("p.zkp");

    // In the first pass, then in the second.
    let mut first = prove("c-sha256", directory.path()).spawn().unwrap();
    wait_for_checkpoints(&mut first, &kept, 3);
    kill(first);
    let mut again = prove("c-sha256", directory.path()).spawn().unwrap();
    has(&resumed(&mut again), &["committing", "segments done"]);
    wait_for_checkpoints(&mut again, &kept, 20);
    kill(again);
    assert!(kept.exists() && !proof.exists());

    let inspected = zkmips().arg("inspect").arg(&kept).output().unwrap();
    let text = String::from_utf8(inspected.stdout).unwrap();
    let expected = fs::read(fixture("c-sha256").join("mips/expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
    let id = expected["program_id"].as_str().unwrap();
    has(
        &text,
        &["checkpoint of a proof", id, "of shape small", "folded"],
    );

    // Meanwhile, nothing else is taken for it.
    let other = prove("c-fib", directory.path()).output().unwrap();
    assert_eq!(other.status.code(), Some(65));
    has(
        &String::from_utf8(other.stderr).unwrap(),
        &["zkmips.checkpoint", "another program", "remove the file"],
    );
    let mut input = prove("c-sha256", directory.path());
    let input = input.stdin(Stdio::null()).output().unwrap();
    assert_eq!(input.status.code(), Some(65));
    has(
        &String::from_utf8(input.stderr).unwrap(),
        &["another input"],
    );

    let mut last = prove("c-sha256", directory.path()).spawn().unwrap();
    has(&resumed(&mut last), &["folding", "segments done"]);
    assert!(last.wait().unwrap().success());
    assert!(!kept.exists(), "private data is removed");
    let verified = zkmips()
        .arg("verify")
        .arg(&proof)
        .arg("--program")
        .arg(program("c-sha256", "mips"))
        .output()
        .unwrap();
    assert!(verified.status.success());
    let output = String::from_utf8(verified.stdout).unwrap();
    assert_eq!(expected["output"], output.as_str());
}

#[test]
fn what_is_in_the_way_of_a_checkpoint_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("kept"), "a file").unwrap();
    let output = prove("c-fib", directory.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(73));
    let stderr = String::from_utf8(output.stderr).unwrap();
    has(&stderr, &["kept"]);
}
