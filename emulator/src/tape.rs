//! Tapes: how inputs and outputs lie in guest memory. Emulator, prover and verifier all use these functions.
//!
//! * public tape: number of words that follow; then for argv, environment and public input each: byte length, bytes;
//! * private tape: byte length, bytes of standard input;
//! * output tape: exit status, byte length, bytes of standard output.
//!
//! Bytes are packed into words in the guest's byte order, the last word of each part padded with zero bytes. argv and environment are
//! NUL-terminated strings one after the other. A length is one word.

use crate::constants::{OUTPUT_TAPE_BYTES, PRIVATE_TAPE_BYTES, PUBLIC_TAPE_BYTES};
use crate::ByteOrder;
use serde::{Deserialize, Serialize};

/// `argv[0]` of every program, so that nothing depends on the name of a file.
pub const PROGRAM_NAME: &str = "program";

/// What every program finds in its environment unless the user sets the same variable: Go's settings
/// for one hart without signals from outside. They are the host's, so that ids and counts do not depend on the language of a program.
pub const DEFAULT_ENVIRONMENT: [&str; 2] = ["GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1"];

/// Everything a run depends on besides the program.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Inputs {
    /// Arguments after `argv[0]`. Public.
    pub args: Vec<String>,
    /// Environment as `NAME=value`, added to [`DEFAULT_ENVIRONMENT`]. Public.
    pub env: Vec<String>,
    /// What the guest reads from file descriptor 3. Public.
    pub public_input: Vec<u8>,
    /// Standard input. Private.
    pub stdin: Vec<u8>,
}

/// An input that does not fit its tape.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TapeError {
    /// A string with a NUL byte inside.
    #[error(
        "{0} contains a NUL byte, which no argument or environment string can hold: remove it"
    )]
    NulByte(&'static str),
    /// An environment string without a name.
    #[error("environment string `{0}` is not of the form NAME=value")]
    NotAnAssignment(String),
    /// More than a tape holds.
    #[error("{what} takes {bytes} bytes but its tape holds only {capacity}: make it smaller")]
    TooLarge {
        /// Which input.
        what: &'static str,
        /// Bytes it would take.
        bytes: u64,
        /// Bytes there are.
        capacity: u64,
    },
}

impl Inputs {
    /// argv as it lies on the tape: `program` and the arguments, each with its NUL.
    pub fn argv_bytes(&self) -> Result<Vec<u8>, TapeError> {
        let args = self.args.iter().map(String::as_str);
        terminated(std::iter::once(PROGRAM_NAME).chain(args), "an argument")
    }

    /// The environment the guest sees: the defaults that are not replaced, then the user's strings in their order.
    pub fn environment(&self) -> Result<Vec<String>, TapeError> {
        let mut result = Vec::new();
        let name = |text: &str| text.split('=').next().unwrap_or_default().to_owned();
        for text in &self.env {
            if name(text).is_empty() || !text.contains('=') {
                return Err(TapeError::NotAnAssignment(text.clone()));
            }
        }
        for default in DEFAULT_ENVIRONMENT {
            if !self.env.iter().any(|text| name(text) == name(default)) {
                result.push(default.to_owned());
            }
        }
        result.extend(self.env.iter().cloned());
        Ok(result)
    }

    /// The environment as it lies on the tape, each string with its NUL.
    pub fn environment_bytes(&self) -> Result<Vec<u8>, TapeError> {
        let environment = self.environment()?;
        terminated(
            environment.iter().map(String::as_str),
            "an environment string",
        )
    }

    /// The public tape of a program that starts at its ELF entry point.
    pub fn public_tape(&self, order: ByteOrder) -> Result<Vec<u32>, TapeError> {
        public_tape(
            order,
            &self.argv_bytes()?,
            &self.environment_bytes()?,
            &self.public_input,
        )
    }
}

/// Strings one after the other, each with its NUL, as argv and environment lie on the tape; `what` names them in errors.
pub fn terminated<'a>(
    strings: impl Iterator<Item = &'a str>,
    what: &'static str,
) -> Result<Vec<u8>, TapeError> {
    let mut bytes = Vec::new();
    for string in strings {
        if string.contains('\0') {
            return Err(TapeError::NulByte(what));
        }
        bytes.extend_from_slice(string.as_bytes());
        bytes.push(0);
    }
    Ok(bytes)
}

/// Appends a part: its byte length and its packed bytes.
fn part(
    tape: &mut Vec<u32>,
    order: ByteOrder,
    bytes: &[u8],
    what: &'static str,
    capacity: u32,
) -> Result<(), TapeError> {
    if bytes.len() as u64 > capacity as u64 {
        return Err(TapeError::TooLarge {
            what,
            bytes: bytes.len() as u64,
            capacity: capacity as u64,
        });
    }
    tape.push(bytes.len() as u32);
    tape.extend(order.pack(bytes));
    Ok(())
}

/// Words of the public tape from its first address on.
///
/// `argv` and `environment` are strings with their NULs; both are empty for a snapshot, which has recorded its own.
pub fn public_tape(
    order: ByteOrder,
    argv: &[u8],
    environment: &[u8],
    public_input: &[u8],
) -> Result<Vec<u32>, TapeError> {
    let capacity = PUBLIC_TAPE_BYTES;
    let mut tape = vec![0];
    part(&mut tape, order, argv, "the argument list", capacity)?;
    part(&mut tape, order, environment, "the environment", capacity)?;
    part(&mut tape, order, public_input, "the public input", capacity)?;
    let bytes = 4 * tape.len() as u64;
    if bytes > capacity as u64 {
        return Err(TapeError::TooLarge {
            what: "argument list, environment and public input together",
            bytes,
            capacity: capacity as u64,
        });
    }
    tape[0] = tape.len() as u32 - 1;
    Ok(tape)
}

/// Words of the private tape from its first address on.
pub fn private_tape(order: ByteOrder, stdin: &[u8]) -> Result<Vec<u32>, TapeError> {
    let mut tape = Vec::with_capacity(1 + stdin.len().div_ceil(4));
    part(
        &mut tape,
        order,
        stdin,
        "standard input",
        PRIVATE_TAPE_BYTES - 4,
    )?;
    Ok(tape)
}

/// Most bytes that a program can write to standard output.
pub const OUTPUT_CAPACITY: u32 = OUTPUT_TAPE_BYTES - 8;

/// Words of the output tape from its first address on, as a program leaves them when it ends with
/// `status` having written `output`.
pub fn output_tape(order: ByteOrder, status: u32, output: &[u8]) -> Result<Vec<u32>, TapeError> {
    let mut tape = vec![status];
    part(&mut tape, order, output, "the output", OUTPUT_CAPACITY)?;
    Ok(tape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_tape_vectors() {
        let inputs = Inputs {
            args: vec!["-n".into(), "3".into()],
            env: vec!["A=b".into()],
            public_input: vec![0xfe, 0xff],
            stdin: vec![],
        };
        // "program\0" "-n\0" "3\0", "GOMAXPROCS=1\0GODEBUG=asyncpreemptoff=1\0A=b\0", fe ff
        let big = inputs.public_tape(ByteOrder::Big).unwrap();
        #[rustfmt::skip]
        let expected = [
            19,
            13, 0x7072_6f67, 0x7261_6d00, 0x2d6e_0033, 0,
            43, 0x474f_4d41, 0x5850_524f, 0x4353_3d31, 0x0047_4f44, 0x4542_5547, 0x3d61_7379, 0x6e63_7072,
            0x6565_6d70, 0x746f_6666, 0x3d31_0041, 0x3d62_0000,
            2, 0xfeff_0000,
        ];
        assert_eq!(big, expected);
        let little = inputs.public_tape(ByteOrder::Little).unwrap();
        assert_eq!(little[..5], [19, 13, 0x676f_7270, 0x006d_6172, 0x3300_6e2d]);
        assert_eq!(little[18..], [2, 0x0000_fffe]);
    }

    #[test]
    fn empty_parts_are_their_lengths_alone() {
        for order in ByteOrder::ALL {
            assert_eq!(public_tape(order, &[], &[], &[]).unwrap(), [3, 0, 0, 0]);
            assert_eq!(private_tape(order, &[]).unwrap(), [0]);
            assert_eq!(output_tape(order, 3, &[]).unwrap(), [3, 0]);
        }
    }

    #[test]
    fn private_and_output_tape_vectors() {
        assert_eq!(
            private_tape(ByteOrder::Big, b"hello").unwrap(),
            [5, 0x6865_6c6c, 0x6f00_0000]
        );
        assert_eq!(
            private_tape(ByteOrder::Little, b"hello").unwrap(),
            [5, 0x6c6c_6568, 0x0000_006f]
        );
        assert_eq!(
            output_tape(ByteOrder::Big, 139, b"ok\n").unwrap(),
            [139, 3, 0x6f6b_0a00]
        );
        assert_eq!(
            output_tape(ByteOrder::Little, 139, b"ok\n").unwrap(),
            [139, 3, 0x000a_6b6f]
        );
    }

    #[test]
    fn a_users_setting_replaces_the_default() {
        let mut inputs = Inputs::default();
        assert_eq!(inputs.environment().unwrap(), DEFAULT_ENVIRONMENT);
        inputs.env = vec!["GODEBUG=gctrace=1".into(), "X=".into()];
        assert_eq!(
            inputs.environment().unwrap(),
            ["GOMAXPROCS=1", "GODEBUG=gctrace=1", "X="]
        );
    }

    #[test]
    fn bad_strings_are_named() {
        let mut inputs = Inputs {
            args: vec!["a\0b".into()],
            ..Inputs::default()
        };
        let error = inputs.public_tape(ByteOrder::Big).unwrap_err();
        assert_eq!(error, TapeError::NulByte("an argument"));
        inputs.args.clear();
        for bad in ["NAME", "=value", ""] {
            inputs.env = vec![bad.into()];
            let error = inputs.public_tape(ByteOrder::Big).unwrap_err();
            assert_eq!(error, TapeError::NotAnAssignment(bad.into()));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let room = PUBLIC_TAPE_BYTES as usize - 16;
        assert!(public_tape(ByteOrder::Big, &[], &[], &vec![0; room]).is_ok());
        let error = public_tape(ByteOrder::Big, &[], &[], &vec![0; room + 1]).unwrap_err();
        assert!(matches!(error, TapeError::TooLarge { .. }));
        let error = output_tape(ByteOrder::Big, 0, &vec![0; OUTPUT_CAPACITY as usize + 1]);
        assert!(error.is_err());
    }
}
