//! The crate for Rust guests: its own tests on this computer, with its standard library and without, by a plain Cargo. What
//! it does in the machine, the fixtures rust-nostd and rust-std show.

use std::path::Path;
use std::process::Command;

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
