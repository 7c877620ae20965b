//! What is installed beside the command: completions and manual pages, made from the same definitions.

mod common;
use common::*;
use std::fs;

/// The commands, as `--help` lists them.
fn commands() -> Vec<String> {
    let help = zkmips().arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let names = list
        .lines()
        .map_while(|line| line.split_whitespace().next());
    let names: Vec<String> = names.map(str::to_owned).filter(|n| n != "help").collect();
    assert!(names.len() > 10, "{names:?}");
    names
}

#[test]
fn shells_complete_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let output = zkmips().args(["completions", shell]).output().unwrap();
        assert!(output.status.success());
        let script = String::from_utf8(output.stdout).unwrap();
        let option = if shell == "fish" {
            "flamegraph"
        } else {
            "--flamegraph"
        };
        assert!(script.contains(option), "{shell}");
        for command in commands() {
            assert!(script.contains(&command), "{command} in {shell}");
        }
    }
    // The shell itself must be able to read its script.
    let script = zkmips().args(["completions", "bash"]).output().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("script");
    fs::write(&path, script.stdout).unwrap();
    if let Ok(checked) = std::process::Command::new("bash")
        .arg("-n")
        .arg(&path)
        .output()
    {
        assert!(checked.status.success());
    }
    let refused = zkmips().args(["completions", "csh"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(64));
}

#[test]
fn every_command_has_a_manual_page() {
    let directory = tempfile::tempdir().unwrap();
    let pages = directory.path().join("made/man1");
    zkmips().arg("man").arg(&pages).assert().success();
    let read = |name: &str| fs::read_to_string(pages.join(name)).unwrap();
    has(&read("zkmips.1"), &[".TH zkmips 1", "GOMIPS=softfloat"]);
    for command in commands() {
        let page = read(&format!("zkmips-{command}.1"));
        assert!(page.contains(".SH SYNOPSIS"), "{command}");
    }
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let message = failure(zkmips().arg("man").arg(file.join("x")), 73);
    has(&message, &["file/x"]);
}
