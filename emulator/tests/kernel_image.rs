//! The checked-in kernel images are what the sources give, byte for byte.

use std::path::Path;
use std::process::Command;

#[test]
fn kernel_images_are_built_from_the_sources() {
    let kernel = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernel");
    for compiler in ["mips-linux-gnu-gcc", "mipsel-linux-gnu-gcc"] {
        // Another release of the compiler gives other code, which is no fault of the images.
        let version = Command::new(compiler).arg("-dumpversion").output();
        let version =
            version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        match version.as_deref() {
            Ok("12") => {}
            Ok(other) => {
                println!("skipped: {compiler} is version {other}, the images are built with 12");
                return;
            }
            Err(_) => {
                println!("skipped: {compiler} is not installed");
                return;
            }
        }
    }
    let fresh = tempfile::tempdir().unwrap();
    let make = Command::new("make")
        .arg("-C")
        .arg(&kernel)
        .arg(format!("OUT={}", fresh.path().display()))
        .output()
        .expect("make");
    assert!(
        make.status.success(),
        "{}",
        String::from_utf8_lossy(&make.stderr)
    );
    for name in ["kernel-mips.elf", "kernel-mipsle.elf"] {
        let checked_in = std::fs::read(kernel.join("image").join(name)).unwrap();
        let built = std::fs::read(fresh.path().join(name)).unwrap();
        assert!(
            checked_in == built,
            "{name} differs from its sources: run `make -C kernel` and commit the images"
        );
    }
}
