//! ELF files: the loader, what `check` finds, the tables of names and lines, and the first steps of what has been loaded.

use super::input::Input;
use super::patches::patched;
use std::sync::OnceLock;
use zkmips::check::Check;
use zkmips::{Executor, Inputs, Program};

const INSTRUCTIONS: u64 = 3_000;

/// The first byte says what the others are: a file, or changes of a C program with symbols and lines, or of a Go program.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    match input.u8() {
        1 => {
            let file = patched(
                include_bytes!("../../fixtures/c-sha256/mips/program.elf"),
                &mut input,
            );
            load(&file);
            check(&file);
        }
        2 => load(&patched(go(), &mut input)),
        _ => {
            load(input.0);
            check(input.0);
        }
    }
}

/// Not a part of the test's program, but it must be there.
fn go() -> &'static [u8] {
    static GO: OnceLock<Vec<u8>> = OnceLock::new();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures/go-hello/mipsle/program.elf"
    );
    GO.get_or_init(|| std::fs::read(path).expect("the fixture"))
}

/// A problem is found where and only where the loader finds one, but for those that show when the program runs.
fn check(file: &[u8]) {
    let check = Check::of(file);
    check.to_json();
    if check.is_provable() {
        assert!(Program::load(file).is_ok());
    }
}

fn load(file: &[u8]) {
    let program = match Program::load(file) {
        Ok(program) => program,
        Err(error) => {
            assert!(!error.to_string().contains('\n'));
            return;
        }
    };
    for range in program.image().ranges() {
        for address in [range.first, range.first + range.words * 2, range.last()] {
            program.place(address);
        }
    }
    program.address_of("main.main");
    let run = Executor::new(&program, Inputs::default());
    let run = run.limit(INSTRUCTIONS).profile().count().run(&mut ());
    let profile = run.expect("nothing but tapes can fail").profile;
    assert!(profile.is_some_and(|profile| profile.totals().0 <= INSTRUCTIONS));
}
