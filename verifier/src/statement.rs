//! What a proof says, for people.

use crate::inputs::{PublicInputs, Start};
use crate::{ProgramId, ProofFile};
use std::fmt;
use zkmips_emulator::tape::DEFAULT_ENVIRONMENT;

/// There is a private input on which this program, given these public inputs, writes this output and ends with this status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// Which program.
    pub program_id: ProgramId,
    /// Its arguments, environment and public input.
    pub public: PublicInputs,
    /// Its exit status.
    pub status: u32,
    /// What it writes to standard output.
    pub output: Vec<u8>,
    /// Segments that the run was cut into: a proof shows roughly how long the run was.
    pub segments: u64,
}

impl Statement {
    /// What a proof file claims about the program with this id.
    pub fn claimed(program_id: ProgramId, file: &ProofFile) -> Self {
        Statement {
            program_id,
            public: file.public.clone(),
            status: file.status,
            output: file.output.clone(),
            segments: file.segments,
        }
    }
}

/// Bytes in a summary before it says how many more there are.
const SHOWN: usize = 200;

/// Bytes as a quoted string, cut if long.
pub fn quoted(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(SHOWN)];
    match bytes.len() - shown.len() {
        0 => format!("\"{}\"", shown.escape_ascii()),
        more => format!("\"{}\"... and {more} bytes more", shown.escape_ascii()),
    }
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    texts.join(" ")
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "program {}", self.program_id)?;
        match &self.public.start {
            Start::Snapshot => writeln!(
                f,
                "which is a snapshot: arguments and environment are inside it"
            )?,
            Start::Entry { args, env } => {
                match args.as_slice() {
                    [] => writeln!(f, "without arguments")?,
                    args => writeln!(f, "with arguments {}", list(args))?,
                }
                if env != &DEFAULT_ENVIRONMENT {
                    writeln!(f, "in environment {}", list(env))?;
                }
            }
        }
        match self.public.public_input.as_slice() {
            [] => {}
            input => writeln!(f, "with public input {}", quoted(input))?,
        }
        writeln!(f, "on a private input that this does not reveal")?;
        match self.output.as_slice() {
            [] => writeln!(f, "writes nothing")?,
            output => writeln!(f, "writes {}", quoted(output))?,
        }
        write!(f, "and exits with status {}", self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_reads_as_a_sentence() {
        let statement = Statement {
            program_id: ProgramId([0x11; 32]),
            public: PublicInputs {
                start: Start::Entry {
                    args: vec!["a b".into()],
                    env: vec!["X=1".into()],
                },
                public_input: b"seen".to_vec(),
            },
            status: 3,
            output: b"hi\n\xff".to_vec(),
            segments: 1,
        };
        let text = statement.to_string();
        for part in [
            "1111",
            "\"a b\"",
            "X=1",
            "\"seen\"",
            "\"hi\\n\\xff\"",
            "status 3",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(quoted(&[b'x'; 1000]).ends_with("... and 800 bytes more"));
    }
}
