//! Proof files, up to the point where a verifier would begin to compute.

use super::input::Input;
use zkmips::{Header, ProofFile};
use zkmips_emulator::tape::output_tape;
use zkmips_folding::compress::CompressedProof;
use zkmips_folding::verifier_params::Description;

/// The first byte says what the others are: a proof file, a compressed proof, a header, a description of circuits. Each has one encoding.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    match input.u8() {
        1 => compressed(input.0),
        2 => {
            if let Ok(header) = Header::from_bytes(input.0) {
                assert_eq!(header.to_bytes(), input.0);
            }
        }
        3 => {
            if let Ok(description) = Description::from_bytes(input.0) {
                description.key_lengths();
                assert_eq!(description.to_bytes(), input.0);
            }
        }
        _ => file(input.0),
    }
}

fn compressed(bytes: &[u8]) {
    if let Ok(proof) = CompressedProof::from_bytes(bytes) {
        assert_eq!(proof.to_bytes().ok().as_deref(), Some(bytes));
    }
}

fn file(bytes: &[u8]) {
    let Ok(file) = ProofFile::from_bytes(bytes) else {
        return;
    };
    assert_eq!(file.to_bytes(), bytes);
    file.to_json();
    compressed(&file.proof);
    let Ok(header) = Header::from_bytes(&file.header) else {
        return;
    };
    header.id();
    let order = header.byte_order();
    let tapes = (
        file.public.tape(order),
        output_tape(order, file.status, &file.output),
    );
    if let (Ok(public), Ok(output)) = tapes {
        assert!(public.len() <= bytes.len() && output.len() <= bytes.len());
    }
}
