//! The prover writes the public tape's form into the proof: with arguments for an ELF file, without any for a snapshot. A program
//! that is started with the other form must not run, or a proof could pass for one about the usual arguments.

use std::path::PathBuf;
use zkmips_emulator::{
    constants::PUBLIC_TAPE, tape::public_tape, ByteOrder, Inputs, Machine, Outcome, Program,
};

fn status(fixture: &str, folder: &str, order: ByteOrder, argv: &[u8]) -> u32 {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(fixture)
        .join(folder);
    let program = Program::load(&std::fs::read(path.join("program.elf")).unwrap()).unwrap();
    let mut machine = Machine::new(&program, &Inputs::default()).unwrap();
    let tape = public_tape(order, argv, &[], &[]).unwrap();
    machine.memory.write_words(PUBLIC_TAPE / 4, &tape);
    assert_eq!(machine.run(10_000_000).unwrap(), Outcome::Halted);
    assert!(argv.is_empty() || fixture.contains("snapshot") || machine.status() == 0);
    machine.status()
}

#[test]
fn a_program_runs_only_with_the_form_of_tape_that_its_kind_has() {
    for (folder, order) in [("mips", ByteOrder::Big), ("mipsle", ByteOrder::Little)] {
        assert_eq!(status("c-fib", folder, order, b"program\0"), 0);
        assert_eq!(status("c-fib", folder, order, b""), 127);
        assert_eq!(status("go-hello-snapshot", folder, order, b""), 0);
        assert_eq!(
            status("go-hello-snapshot", folder, order, b"program\0"),
            127
        );
    }
}
