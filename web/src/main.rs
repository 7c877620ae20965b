//! The verifier as a program that reads one message and writes one, for a page that has no files: built for WebAssembly, it needs
//! nothing of its surroundings but standard input and output (`page/worker.js` is all there is of an operating system).
//!
//! Standard input is a list of byte strings, each with its length before it as a little-endian `u32`: the proof; or the proof, the
//! program's id as text, the description of the circuits, and the key files of Pallas and Vesta. Standard output is a JSON object: what to
//! load for a proof, or what it proves, or an error. No input makes it fail in another way.

use serde_json::{json, Value};
use std::io::{Read, Write};
use zkmips_verifier::{hex, shape_of, ProgramId, ProofFile, Statement, Verifier, VerifierParams};

fn main() -> std::io::Result<()> {
    let mut message = Vec::new();
    std::io::stdin().read_to_end(&mut message)?;
    let answer = answer(&message).unwrap_or_else(|error| json!({ "error": error }));
    writeln!(std::io::stdout(), "{answer}")
}

fn answer(message: &[u8]) -> Result<Value, String> {
    match parts(message).as_deref() {
        Some([proof]) => needs(proof),
        Some(&[proof, id, description, pallas, vesta]) => {
            check(proof, id, [description, pallas, vesta])
        }
        _ => Err("the page and the verifier do not fit together: reload the page".into()),
    }
}

/// The byte strings of a message.
fn parts(mut message: &[u8]) -> Option<Vec<&[u8]>> {
    let mut parts = Vec::new();
    while !message.is_empty() {
        let length = u32::from_le_bytes(message.split_off(..4)?.try_into().ok()?);
        parts.push(message.split_off(..usize::try_from(length).ok()?)?);
    }
    Some(parts)
}

fn decode(proof: &[u8]) -> Result<ProofFile, String> {
    ProofFile::from_bytes(proof).map_err(|error| error.to_string())
}

/// Which files the proof is checked with.
fn needs(proof: &[u8]) -> Result<Value, String> {
    let shape = shape_of(&decode(proof)?).map_err(|error| error.to_string())?;
    Ok(json!({ "shape": shape.name() }))
}

fn check(proof: &[u8], id: &[u8], files: [&[u8]; 3]) -> Result<Value, String> {
    let proof = decode(proof)?;
    let id = String::from_utf8_lossy(id);
    let id: ProgramId = id.trim().parse().map_err(|error| format!("{error}"))?;
    let shape = shape_of(&proof).map_err(|error| error.to_string())?;
    let [description, pallas, vesta] = files;
    let params = VerifierParams::from_files(shape, description, pallas, vesta)
        .map_err(|error| error.to_string())?;
    let statement = Verifier::new(&params)
        .verify(&proof, &id)
        .map_err(|error| error.to_string())?;
    Ok(shown(&statement))
}

fn shown(statement: &Statement) -> Value {
    let (args, env) = statement.public.start.strings().unzip();
    json!({
        "valid": true,
        "program_id": statement.program_id.to_string(),
        "args": args,
        "env": env,
        "public_input_hex": hex::encode(&statement.public.public_input),
        "status": statement.status,
        "output_hex": hex::encode(&statement.output),
        "segments": statement.segments,
        "text": statement.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_lists_of_byte_strings() {
        assert_eq!(parts(&[]), Some(vec![]));
        let message = [1, 0, 0, 0, 7, 0, 0, 0, 0];
        assert_eq!(parts(&message), Some(vec![&[7][..], &[]]));
        for end in [1, 3, 4, 6, 8] {
            assert_eq!(parts(&message[..end]), None);
        }
        assert_eq!(parts(&[0xff; 8]), None);
    }

    #[test]
    fn nonsense_is_answered() {
        for message in [
            &[][..],
            &[9],
            &[0, 0, 0, 0],
            &[0; 20],
            &[2, 0, 0, 0, b'z', b'k'],
        ] {
            assert!(!answer(message).unwrap_err().is_empty());
        }
    }
}
