//! The examples do what they say: one proves, the other checks, and a request that nobody waits for ends.

#[allow(dead_code)] // `main`
#[path = "../examples/prove_service.rs"]
mod prove_service;
#[allow(dead_code)]
#[path = "../examples/verify_service.rs"]
mod verify_service;

use prove_service::serve;
use std::path::{Path, PathBuf};
use verify_service::check;
use zkmips::{Cache, Params, Program, ProgramId, Shape};

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/secret/mips");
    std::fs::read(folder.join(name)).unwrap()
}

#[test]
fn one_proves_and_the_other_checks() {
    let kept = std::env::var_os("ZKMIPS_CACHE").map(PathBuf::from);
    let cache = Cache::at(kept.unwrap_or(Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys")));
    let params = Params::setup(Shape::Small, &cache, &()).unwrap();
    let program = Program::load(&fixture("program.elf")).unwrap();
    let serve = |seconds| serve(&params, &program, fixture("input"), seconds).unwrap();
    assert!(serve(Some(0.0)).is_none(), "nobody waits");

    let proof = serve(None).expect("there is time").file.to_bytes();
    let id = program.id().unwrap();
    let statement = check(&proof, &id, &cache).unwrap();
    assert_eq!(statement.program_id, id);
    assert!(!statement.output.is_empty());

    let mut other: ProgramId = id;
    other.0[0] ^= 1;
    let refused = check(&proof, &other, &cache).unwrap_err().to_string();
    assert!(refused.contains("the proof is about program"), "{refused}");
}
