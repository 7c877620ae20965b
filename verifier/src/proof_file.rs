//! The proof file: a proof together with everything public that it speaks about.
//!
//! | part | encoding |
//! | --- | --- |
//! | magic, format version | 8 bytes, `u32` |
//! | machine version, parameter digest | `u32`, 32 bytes |
//! | shape | text |
//! | program header | bytes; its hash is the program id |
//! | start | 0: arguments, environment (each a list of texts); 1: a snapshot |
//! | public input | bytes |
//! | exit status, output | `u32`, bytes |
//! | segments | `u64` |
//! | end of the chain of commitments | 32 bytes |
//! | compressed proof | bytes |
//!
//! Numbers are little-endian; bytes and texts have their length before them as a `u32`, lists their number of texts.

use crate::codec::{put_bytes, put_texts, CodecError, Reader};
use crate::hex;
use crate::inputs::{PublicInputs, Start};
use serde_json::json;
use zkmips_emulator::constants::{MACHINE_VERSION, OUTPUT_TAPE_BYTES, PUBLIC_TAPE_BYTES};

/// What every proof file starts with.
pub const MAGIC: [u8; 8] = *b"zkmipsPF";
/// The one format that this version writes and reads.
pub const FORMAT_VERSION: u32 = 1;
/// No proof file is longer than this: both tapes at their fullest, each string with its own length, and the rest.
pub const MAX_FILE_BYTES: u64 = 5 * PUBLIC_TAPE_BYTES as u64 + OUTPUT_TAPE_BYTES as u64 + (2 << 20);

const MAX_SHAPE_BYTES: u32 = 64;
const MAX_HEADER_BYTES: u32 = 1 << 16;
const MAX_PROOF_BYTES: u32 = 1 << 20;

/// A proof and what it claims. Nothing in it is true before [`Verifier::verify`](crate::Verifier::verify) has said so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProofFile {
    /// Version of the machine's rules.
    pub machine_version: u32,
    /// Digest of the public parameters.
    pub parameter_digest: [u8; 32],
    /// Name of the segment shape.
    pub shape: String,
    /// Header of the program.
    pub header: Vec<u8>,
    /// Arguments, environment, public input.
    pub public: PublicInputs,
    /// Exit status.
    pub status: u32,
    /// Bytes the program wrote to standard output.
    pub output: Vec<u8>,
    /// Number of segments.
    pub segments: u64,
    /// End of the chain of commitments, from which the challenges are derived.
    pub chain: [u8; 32],
    /// The compressed proof.
    pub proof: Vec<u8>,
}

/// Why bytes are not a proof file that this version reads.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// Something else altogether.
    #[error("not a zkmips proof: give a file that `zkmips prove` wrote")]
    NotAProof,
    /// Written by a version with another format.
    #[error("a proof in format {0}, and this zkmips reads format {FORMAT_VERSION}: use the zkmips that made it, or prove again")]
    Format(u32),
    /// Of a machine with other rules.
    #[error("a proof about machine version {0}, and this zkmips knows version {MACHINE_VERSION}: use the zkmips that made it, or prove again")]
    Machine(u32),
    /// The parts do not fit together.
    #[error("the proof file is damaged: {0}; copy it again")]
    Damaged(#[from] CodecError),
}

impl ProofFile {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(FORMAT_VERSION.to_le_bytes());
        out.extend(self.machine_version.to_le_bytes());
        out.extend(self.parameter_digest);
        put_bytes(&mut out, self.shape.as_bytes());
        put_bytes(&mut out, &self.header);
        match &self.public.start {
            Start::Entry { args, env } => {
                out.push(0);
                put_texts(&mut out, args);
                put_texts(&mut out, env);
            }
            Start::Snapshot => out.push(1),
        }
        put_bytes(&mut out, &self.public.public_input);
        out.extend(self.status.to_le_bytes());
        put_bytes(&mut out, &self.output);
        out.extend(self.segments.to_le_bytes());
        out.extend(self.chain);
        put_bytes(&mut out, &self.proof);
        out
    }

    /// Reads a file that anybody may have written. Different bytes are different files: there is one encoding.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        if reader.array("the magic").ok() != Some(MAGIC) {
            return Err(DecodeError::NotAProof);
        }
        match reader.u32("the format version")? {
            FORMAT_VERSION => {}
            other => return Err(DecodeError::Format(other)),
        }
        let machine_version = reader.u32("the machine version")?;
        if machine_version != MACHINE_VERSION {
            return Err(DecodeError::Machine(machine_version));
        }
        let parameter_digest = reader.array("the parameter digest")?;
        let shape = reader.text(MAX_SHAPE_BYTES, "the shape")?.to_owned();
        let header = reader
            .bytes(MAX_HEADER_BYTES, "the program header")?
            .to_vec();
        let start = match reader.byte("the kind of start")? {
            0 => Start::Entry {
                args: reader.texts(PUBLIC_TAPE_BYTES, "the arguments")?,
                env: reader.texts(PUBLIC_TAPE_BYTES, "the environment")?,
            },
            1 => Start::Snapshot,
            value => {
                return Err(CodecError::Value {
                    what: "the kind of start",
                    value: value.into(),
                }
                .into())
            }
        };
        let public_input = reader
            .bytes(PUBLIC_TAPE_BYTES, "the public input")?
            .to_vec();
        let file = ProofFile {
            machine_version,
            parameter_digest,
            shape,
            header,
            public: PublicInputs {
                start,
                public_input,
            },
            status: reader.u32("the exit status")?,
            output: reader.bytes(OUTPUT_TAPE_BYTES, "the output")?.to_vec(),
            segments: reader.u64("the number of segments")?,
            chain: reader.array("the chain")?,
            proof: reader
                .bytes(MAX_PROOF_BYTES, "the compressed proof")?
                .to_vec(),
        };
        reader.end()?;
        Ok(file)
    }

    /// Everything in the file as a JSON object; bytes are hexadecimal.
    pub fn to_json(&self) -> serde_json::Value {
        let strings = self.public.start.strings();
        let (args, env) = strings.unwrap_or_default();
        json!({
            "format": FORMAT_VERSION,
            "machine_version": self.machine_version,
            "parameter_digest": hex::encode(&self.parameter_digest),
            "shape": self.shape,
            "program_header_hex": hex::encode(&self.header),
            "snapshot": strings.is_none(),
            "args": args,
            "env": env,
            "public_input_hex": hex::encode(&self.public.public_input),
            "status": self.status,
            "output_hex": hex::encode(&self.output),
            "segments": self.segments,
            "chain_hex": hex::encode(&self.chain),
            "proof_hex": hex::encode(&self.proof),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> ProofFile {
        ProofFile {
            machine_version: MACHINE_VERSION,
            parameter_digest: [7; 32],
            shape: "small".into(),
            header: vec![1, 2, 3],
            public: PublicInputs {
                start: Start::Entry {
                    args: vec!["-n".into(), String::new()],
                    env: vec!["A=b".into()],
                },
                public_input: b"public".to_vec(),
            },
            status: 3,
            output: b"hello\n".to_vec(),
            segments: 2,
            chain: [9; 32],
            proof: vec![5; 100],
        }
    }

    fn snapshot() -> ProofFile {
        let mut file = example();
        file.public.start = Start::Snapshot;
        file
    }

    #[test]
    fn what_is_written_is_read() {
        for file in [example(), snapshot()] {
            assert_eq!(ProofFile::from_bytes(&file.to_bytes()), Ok(file));
        }
    }

    /// No byte can be changed, cut off or added without being noticed here or changing what is read.
    #[test]
    fn every_byte_counts_and_none_makes_it_panic() {
        for file in [example(), snapshot()] {
            let bytes = file.to_bytes();
            for at in 0..bytes.len() {
                assert!(ProofFile::from_bytes(&bytes[..at]).is_err());
                for change in [1, 0x80, 0xff] {
                    let mut changed = bytes.clone();
                    changed[at] ^= change;
                    assert_ne!(ProofFile::from_bytes(&changed).as_ref(), Ok(&file));
                }
            }
            let mut longer = bytes;
            longer.push(0);
            let trailing = DecodeError::Damaged(CodecError::Trailing(1));
            assert_eq!(ProofFile::from_bytes(&longer), Err(trailing));
        }
    }

    #[test]
    fn other_versions_are_named() {
        let mut bytes = example().to_bytes();
        bytes[8] = 2;
        let error = ProofFile::from_bytes(&bytes).unwrap_err();
        assert_eq!(error, DecodeError::Format(2));
        assert!(error.to_string().contains("format 2"));
        bytes[8] = 1;
        bytes[12] = 9;
        let error = ProofFile::from_bytes(&bytes).unwrap_err();
        assert_eq!(error, DecodeError::Machine(9));
        assert_eq!(
            ProofFile::from_bytes(b"\x7fELF"),
            Err(DecodeError::NotAProof)
        );
    }

    #[test]
    fn lengths_beyond_their_limits_are_refused_before_anything_is_allocated() {
        let file = example();
        let bytes = file.to_bytes();
        let shape = 8 + 4 + 4 + 32;
        let header = shape + 4 + file.shape.len();
        let args = header + 4 + file.header.len() + 1;
        for (at, limit) in [
            (shape, MAX_SHAPE_BYTES),
            (header, MAX_HEADER_BYTES),
            (args, PUBLIC_TAPE_BYTES),
        ] {
            for length in [limit, limit + 1, u32::MAX] {
                let mut changed = bytes.clone();
                changed[at..at + 4].copy_from_slice(&length.to_le_bytes());
                let error = ProofFile::from_bytes(&changed).unwrap_err();
                let DecodeError::Damaged(error) = error else {
                    panic!("{error}")
                };
                let too_long = matches!(error, CodecError::TooLong { .. });
                assert_eq!(too_long, length > limit, "{error}");
            }
        }
    }

    #[test]
    fn strings_are_strings() {
        for bad in [&b"a\0"[..], b"\xff\xfe"] {
            let mut file = example();
            file.shape = "ab".into();
            let mut bytes = file.to_bytes();
            let at = 8 + 4 + 4 + 32 + 4;
            bytes[at..at + 2].copy_from_slice(bad);
            let error = DecodeError::Damaged(CodecError::NotText("the shape"));
            assert_eq!(ProofFile::from_bytes(&bytes), Err(error));
        }
    }

    #[test]
    fn json_has_everything() {
        let json = example().to_json();
        assert_eq!(json["output_hex"], "68656c6c6f0a");
        assert_eq!(json["args"], json!(["-n", ""]));
        assert_eq!(json["proof_hex"].as_str().map(str::len), Some(200));
        assert_eq!(snapshot().to_json()["snapshot"], true);
    }
}
