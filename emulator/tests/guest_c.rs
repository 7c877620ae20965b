//! Freestanding C with `guest-c`: what start-up costs, and that every compiler makes the same of it.

mod common;

use common::guest;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use zkmips_emulator::{Inputs, Machine, Program};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn example(file: &str) -> PathBuf {
    root().join("fixtures/guest-c-example").join(file)
}

fn input() -> Vec<u8> {
    std::fs::read(example("mips/input")).unwrap()
}

/// The output that every build of the example has.
fn expected() -> String {
    let expected: Value =
        serde_json::from_slice(&std::fs::read(example("mips/expected.json")).unwrap()).unwrap();
    hex(expected["output"].as_str().unwrap().as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// From the machine's first instruction to that of `main`: the kernel's start and, of these, eight instructions of the program's own.
const UNTIL_MAIN: u64 = 500;

#[test]
fn main_is_reached_soon() {
    for order in ["mips", "mipsle"] {
        let file = std::fs::read(example(order).join("program.elf")).unwrap();
        let program = Program::load(&file).unwrap();
        let main = program.address_of("main").expect("main");
        let mut machine = Machine::new(&program, &Inputs::default()).unwrap();
        let mut entered = None;
        while machine.pc != main {
            if machine.pc == program.entry() {
                entered = Some(machine.instructions());
            }
            machine.step().unwrap();
            assert!(
                machine.instructions() < UNTIL_MAIN,
                "{order}: not in main after {UNTIL_MAIN} instructions"
            );
        }
        assert_eq!(machine.instructions() - entered.unwrap(), 8, "{order}");
    }
}

/// The build lines of guest-c/README.md: compiler and options, then for both byte orders the target.
const COMPILERS: [(&[&str], [&[&str]; 2]); 4] = [
    (&["mips-linux-gnu-gcc"], [&[], &["-EL"]]),
    (&["mipsel-linux-gnu-gcc"], [&["-EB"], &[]]),
    (
        &["clang", "-fuse-ld=lld"],
        [&["--target=mips-linux-gnu"], &["--target=mipsel-linux-gnu"]],
    ),
    (
        &[
            "python3",
            "-m",
            "ziglang",
            "cc",
            "-mcpu=mips32r2+soft_float",
            "-Wl,-w",
        ],
        [
            &["-target", "mips-freestanding-eabi"],
            &["-target", "mipsel-freestanding-eabi"],
        ],
    ),
];

#[test]
fn every_compiler_makes_the_same_program() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("program");
    for (compiler, targets) in COMPILERS {
        for target in targets {
            let mut command = Command::new(compiler[0]);
            command
                .args(&compiler[1..])
                .args(target)
                .current_dir(root());
            if !works(&compiler[..compiler.len().min(4)]) {
                println!("skipped: {compiler:?} is not installed");
                continue;
            }
            command.args(["@guest-c/flags", "-T", "guest-c/link.ld", "-Iguest-c"]);
            command
                .args(["-Wall", "-Wextra", "-Werror"])
                .arg(example("guest-c-example.c"));
            command
                .args(["guest-c/start.S", "guest-c/arithmetic.c", "-o"])
                .arg(&out);
            let built = command.output().unwrap();
            let stderr = String::from_utf8_lossy(&built.stderr);
            assert!(built.status.success(), "{command:?}: {stderr}");
            assert_eq!(stderr, "", "{command:?}");

            let inputs = Inputs {
                stdin: input(),
                ..Inputs::default()
            };
            let ended = guest::run(&std::fs::read(&out).unwrap(), &inputs);
            assert_eq!((ended.status, hex(&ended.output)), (0, expected()));
        }
    }
}

/// Whether a compiler is there: asks it for its version.
fn works(command: &[&str]) -> bool {
    let tool = if command[0] == "python3" {
        command
    } else {
        &command[..1]
    };
    let status = Command::new(tool[0])
        .args(&tool[1..])
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// The public input: a reserve price, which leaves three of the six bids.
#[test]
fn the_public_input_is_read() {
    for order in ["mips", "mipsle"] {
        let program = std::fs::read(example(order).join("program.elf")).unwrap();
        let inputs = Inputs {
            stdin: input(),
            public_input: 512u64.to_be_bytes().to_vec(),
            ..Inputs::default()
        };
        let ended = guest::run(&program, &inputs);
        assert_eq!(ended.markers, ["read", "decide"]);
        let output = "000000030000010000000006000000aaaaaaabfc";
        assert_eq!((ended.status, hex(&ended.output).as_str()), (0, output));
    }
}

/// The same source on an ordinary computer, with its C library.
#[test]
fn the_example_runs_on_an_ordinary_computer() {
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("program");
    let mut compile = Command::new("cc");
    compile
        .args(["-Wall", "-Wextra", "-Werror", "-I"])
        .arg(root().join("guest-c"));
    match compile
        .arg(example("guest-c-example.c"))
        .arg("-o")
        .arg(&out)
        .status()
    {
        Ok(status) => assert!(status.success()),
        Err(error) => {
            println!("skipped: cc: {error}");
            return;
        }
    }
    let run = |input: PathBuf| {
        let input = std::fs::File::open(input).unwrap();
        Command::new(&out).stdin(input).output().unwrap()
    };
    let good = run(example("mips/input"));
    assert!(good.status.success());
    assert_eq!(hex(&good.stdout), expected());
    let bad = run("/dev/null".into());
    assert_eq!(bad.status.code(), Some(1));
    assert_eq!(bad.stderr, b"fewer than two bids reach the reserve\n");
    assert!(bad.stdout.is_empty());
}

/// Debian's C library for MIPS uses the floating-point unit: a program linked with it is refused, and told why.
#[test]
fn a_hard_float_library_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let (source, out) = (scratch.path().join("main.c"), scratch.path().join("main"));
    std::fs::write(
        &source,
        "#include <stdio.h>\nint main(void) { return puts(\"hello\") < 0; }\n",
    )
    .unwrap();
    let mut compile = Command::new("mips-linux-gnu-gcc");
    compile.arg("-static").arg(&source).arg("-o").arg(&out);
    match compile.output() {
        Ok(output) if output.status.success() => {}
        _ => {
            println!("skipped: no mips-linux-gnu-gcc with a C library");
            return;
        }
    }
    let error = Program::load(&std::fs::read(&out).unwrap()).unwrap_err();
    assert_eq!(error, zkmips_emulator::LoadError::HardFloat);
    assert!(error.to_string().contains("soft-float libc"), "{error}");
}
