//! A service that checks proofs of one program, whose id it was configured with.
//!
//!     cargo run --release -p zkmips --example verify_service -- ID PROOF

use std::{error::Error, fs};
use zkmips::{
    shape_of, verifier_params, Cache, Inputs, ProgramId, ProofFile, PublicInputs, Statement,
    Verifier,
};

/// Whether these bytes, which may come from anybody, are a proof that the program exits with 0, and what it printed then.
pub fn check(bytes: &[u8], id: &ProgramId, cache: &Cache) -> Result<Statement, Box<dyn Error>> {
    let proof = ProofFile::from_bytes(bytes)?;
    // The prover chose them: compare what you expect before you believe the rest.
    let expected = PublicInputs::of(&Inputs::default(), false)?;
    let in_snapshot = PublicInputs::of(&Inputs::default(), true)?;
    if proof.public != expected && proof.public != in_snapshot {
        return Err("made with other arguments, environment or public input".into());
    }
    // A service keeps the parameters of each shape between requests.
    let params = verifier_params(shape_of(&proof)?, cache, &())?;
    let statement = Verifier::new(&params).verify(&proof, id)?;
    if statement.status != 0 {
        return Err(format!("the program failed with status {}", statement.status).into());
    }
    Ok(statement)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [id, proof] = arguments.as_slice() else {
        return Err("usage: verify_service ID PROOF".into());
    };
    let statement = check(&fs::read(proof)?, &id.parse()?, &Cache::of_user()?)?;
    println!("proved: {}", String::from_utf8_lossy(&statement.output));
    Ok(())
}
