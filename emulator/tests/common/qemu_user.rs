//! Programs under QEMU and under the kernel.

use std::process::{Command, Stdio};
use zkmips_emulator::{ByteOrder, Machine, Outcome, Program};

pub fn qemu(order: ByteOrder) -> Option<&'static str> {
    let name = match order {
        ByteOrder::Big => "qemu-mips",
        ByteOrder::Little => "qemu-mipsel",
    };
    let found = Command::new(name)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !found.is_ok_and(|status| status.success()) {
        println!("skipped: {name} is not installed (Debian package qemu-user)");
        return None;
    }
    Some(name)
}

/// Standard output of a program under QEMU and its status, 128 + signal if one ended it.
pub fn run_qemu(name: &str, file: &[u8]) -> (Vec<u8>, i32) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("program");
    std::fs::write(&path, file).unwrap();
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    std::fs::set_permissions(&path, permissions).unwrap();
    // A guest that dies leaves its core in the working directory.
    let output = Command::new(name)
        .args(["-cpu", "24Kc"])
        .arg(&path)
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
    // QEMU ends with the host's signal; of those that matter here only SIGBUS has another number on MIPS.
    pub const HOST_SIGBUS: i32 = 7;
    let mips = |signal| if signal == HOST_SIGBUS { 10 } else { signal };
    let status = output
        .status
        .code()
        .or(signal.map(|signal| 128 + mips(signal)));
    (output.stdout, status.unwrap())
}

/// Standard output of a program here, under the kernel, and its status.
pub fn run_kernel(file: &[u8]) -> (Vec<u8>, i32) {
    let program = Program::load(file).unwrap();
    let mut machine = Machine::new(&program, &Default::default()).unwrap();
    assert_eq!(machine.run(100_000_000).unwrap(), Outcome::Halted);
    (machine.output(), machine.status() as i32)
}
