//! The verifier is built without what only provers need.

use std::process::Command;

/// The crate's dependencies as Cargo would build them for it alone: a package and its features on each line.
fn dependencies() -> String {
    let tree = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--locked", "--offline", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p} {f}"])
        .output()
        .unwrap();
    assert!(tree.status.success(), "{tree:?}");
    String::from_utf8(tree.stdout).unwrap()
}

#[test]
fn provers_parts_and_their_dependencies_are_left_out() {
    let tree = dependencies();
    let line = |package: &str| {
        let mut lines = tree.lines();
        let found = lines.find(|line| line.split(' ').next() == Some(package));
        found.map(|line| line.rsplit(' ').next().unwrap_or_default())
    };
    for (package, feature) in [
        ("zkmips-circuits", "prove"),
        ("zkmips-folding", "prove"),
        ("zkmips-emulator", "run"),
    ] {
        let features = line(package).expect("a dependency");
        assert!(!features.split(',').any(|f| f == feature), "{package}");
    }
    // ELF files, tracing, debuggers, profiles and everything of the command.
    for package in [
        "zkmips",
        "object",
        "addr2line",
        "tracing",
        "gdbstub",
        "prost",
        "clap",
        "tempfile",
    ] {
        assert_eq!(line(package), None, "{package}");
    }
}
