//! Ctrl-C at any moment: no broken file, and a line that says how to go on.
#![cfg(unix)]

mod common;
use common::*;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What Ctrl-C sends; the last lines on standard error, from the answer on.
fn interrupt(mut child: Child) -> String {
    let number = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &number]).status();
    assert!(sent.unwrap().success());
    let mut stderr = String::new();
    if let Some(mut rest) = child.stderr.take() {
        rest.read_to_string(&mut stderr).unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(130), "{stderr}");
    let at = stderr.find("zkmips: interrupted");
    stderr[at.unwrap_or_else(|| panic!("{stderr}"))..].to_owned()
}

/// Waits for a line on standard error that has this in it.
fn wait_for(child: &mut Child, text: &str) {
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "no `{text}`");
    }
    // What the reader has read ahead is not the answer, which comes later.
    child.stderr = Some(stderr.into_inner());
}

/// Names of the files in a directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn an_interrupted_prover_says_how_to_go_on_and_does() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("kept/zkmips.checkpoint");
    let command = format!("prove {}", program("c-sha256", "mips").display());
    // In the first pass, then in the second, which begins after some ten segments.
    for checkpoints in [2, 20] {
        let mut child = prove("c-sha256", directory.path()).spawn().unwrap();
        wait_for_checkpoints(&mut child, &file, checkpoints);
        let said = interrupt(child);
        has(
            &said,
            &[
                "the work is kept in",
                "zkmips.checkpoint",
                "go on with",
                &command,
            ],
        );
        assert_eq!(names(&directory.path().join("kept")), ["zkmips.checkpoint"]);
        assert_eq!(names(directory.path()), ["kept"]);
    }
    let last = prove("c-sha256", directory.path()).output().unwrap();
    let said = String::from_utf8(last.stderr).unwrap();
    assert!(last.status.success(), "{said}");
    has(&said, &["going on from", "folding"]);
    assert_eq!(names(directory.path()), ["kept", "p.zkp"]);
}

#[test]
fn without_a_checkpoint_the_work_is_lost_and_that_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = prove_small("c-sha256", directory.path()).spawn().unwrap();
    wait_for(&mut child, "folding");
    let said = interrupt(child);
    has(
        &said,
        &[
            "all of it is lost",
            "--checkpoint DIR would have kept the work",
        ],
    );
    assert!(names(directory.path()).is_empty());
}

#[test]
fn keys_are_whole_or_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let setup = || {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("zkmips"));
        command.args(["setup", "--shape", "small", "--cache"]);
        command.arg(directory.path()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let mut child = setup();
    wait_for(&mut child, "making commitment keys");
    let said = interrupt(child);
    has(
        &said,
        &[
            "what is finished is kept",
            "the same command makes the rest",
        ],
    );
    let unfinished = |name: &String| name.ends_with(".tmp");
    assert!(!names(directory.path()).iter().any(unfinished));
}

#[test]
fn a_run_is_interrupted_while_it_waits_for_input() {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("zkmips"));
    command.arg("run").arg(program("go-hello", "mips"));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(interrupt(child), "zkmips: interrupted\n");
    drop(stdin);
}
