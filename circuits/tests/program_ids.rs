//! Program ids of real programs.

use std::{collections::HashSet, path::PathBuf};
use zkmips_circuits::header::Header;
use zkmips_emulator::Program;

fn program(name: &str) -> Program {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(name)
        .join("program.elf");
    Program::load(&std::fs::read(&path).expect("the fixture is there")).expect("it loads")
}

/// Every instruction of the programs and of both kernels decodes to micro-ops that a page can hold, and the ids are those of the
/// contents: different for different programs and byte orders, the same each time.
#[test]
fn real_programs_have_ids() {
    let mut ids = HashSet::new();
    for name in ["c-fib/mips", "c-fib/mipsle", "c-libc/mips"] {
        let program = program(name);
        let header = Header::of(&program).expect("a valid program has a header");
        assert_eq!(header.byte_order(), program.byte_order());
        assert!(header.ranges().iter().copied().eq(program.ranges()));
        assert_eq!(Header::from_bytes(&header.to_bytes()), Ok(header.clone()));
        assert!(ids.insert(header.id()), "{name}");
    }
    assert!(!ids.insert(Header::of(&program("c-fib/mips")).unwrap().id()));
}
