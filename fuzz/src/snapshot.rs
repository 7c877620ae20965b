//! Snapshots: changed ones, as programs and as what goes on from the registers inside.

use super::input::Input;
use super::patches::patched;
use std::sync::OnceLock;
use zkmips::{snapshot, Executor, Inputs, Program};

const INSTRUCTIONS: u64 = 20_000;

/// Snapshots of a small program in both byte orders.
fn whole() -> &'static [Vec<u8>; 2] {
    static WHOLE: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let files: [&[u8]; 2] = [
            include_bytes!("../../fixtures/c-sort/mips/program.elf"),
            include_bytes!("../../fixtures/c-sort/mipsle/program.elf"),
        ];
        files.map(|file| {
            let program = Program::load(file).expect("the fixture");
            let main = program.address_of("main").expect("a C program");
            let taken = snapshot::take(program.image(), &Inputs::default(), main, 1_000_000);
            taken.expect("a program that runs").image
        })
    })
}

/// The first byte chooses the byte order, the second is the length of standard input, which follows; the rest are changes.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let file = &whole()[usize::from(input.u8() % 2)];
    let length = input.u8().into();
    let stdin = input.bytes(length).to_vec();
    let Ok(program) = Program::load(&patched(file, &mut input)) else {
        return;
    };
    program.recorded_arguments();
    let inputs = Inputs {
        stdin,
        ..Inputs::default()
    };
    let run = Executor::new(&program, inputs)
        .limit(INSTRUCTIONS)
        .run(&mut ());
    assert!(run.is_ok_and(|run| run.report.instructions <= INSTRUCTIONS));
}
