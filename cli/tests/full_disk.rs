//! A disk that is full when the work is done. Needs a file system of its own, which Linux lets users mount in a namespace; where it does
//! not, the devices and failing writers of other tests must do.
#![cfg(target_os = "linux")]

mod common;
use common::*;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs `zkmips` with a small file system mounted at a directory, and lists what is in it afterwards; `None` if mounting is not allowed.
fn with_full_disk(directory: &Path, script: &str) -> Option<Output> {
    let namespace = ["--user", "--map-root-user", "--mount", "sh", "-c"];
    let mount = r#"mount -t tmpfs -o size=48k none "$1" || exit 99"#;
    let mut command = Command::new("unshare");
    command.args(namespace).arg(format!(
        "{mount}\n{script}\nstatus=$?; ls -A \"$1\" >&2; exit $status"
    ));
    command.arg("sh").arg(directory);
    command.arg(assert_cmd::cargo::cargo_bin("zkmips"));
    command.arg(program("c-fib", "mips"));
    command.env("ZKMIPS_CACHE", cache()).stdin(Stdio::null());
    let output = command.output().ok()?;
    let refused = output.status.code() == Some(99)
        || String::from_utf8_lossy(&output.stderr).starts_with("unshare:");
    (!refused).then_some(output)
}

#[test]
fn a_proof_that_does_not_fit_is_not_half_written() {
    let directory = tempfile::tempdir().unwrap();
    let disk = directory.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let script = r#""$2" prove "$3" --shape small -q -o "$1/p.zkp" --checkpoint "$1/../kept""#;
    // The proof is longer than what fits, and `-q` leaves nothing but the failure.
    let Some(output) = with_full_disk(
        &disk,
        &format!("head -c 40000 /dev/zero >\"$1/filler\"\n{script}"),
    ) else {
        return;
    };
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(73), "{said}");
    let expected = [
        "p.zkp: no space left",
        "free some or write elsewhere",
        "the work is kept in",
        "zkmips.checkpoint",
    ];
    has(&said, &expected);
    assert!(
        said.ends_with("\nfiller\n"),
        "nothing but what was there: {said}"
    );
}

#[test]
fn a_checkpoint_that_does_not_fit_is_said_and_the_proof_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let disk = directory.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let script =
        r#""$2" prove "$3" --shape small -o "$1/../p.zkp" --checkpoint "$1" --checkpoint-every 0"#;
    let Some(output) = with_full_disk(&disk, script) else {
        return;
    };
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let expected = [
        "no checkpoint could be written",
        "zkmips.checkpoint",
        "No space left",
        "free some space there",
    ];
    has(&said, &expected);
    assert!(directory.path().join("p.zkp").exists());
}
