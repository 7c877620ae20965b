//! The public half of a run's inputs: what a proof says about arguments, environment and public input.

use serde::{Deserialize, Serialize};
use zkmips_emulator::tape::{self, TapeError, DEFAULT_ENVIRONMENT, PROGRAM_NAME};
use zkmips_emulator::{ByteOrder, Inputs};

/// How the program starts, which decides what the public tape holds of arguments and environment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// At the entry point of its ELF file.
    Entry {
        /// Arguments after `argv[0]`, which is always `program`.
        args: Vec<String>,
        /// The whole environment, defaults included.
        env: Vec<String>,
    },
    /// Where a snapshot was taken. Its arguments and environment are part of the image and so of the program id.
    Snapshot,
}

impl Start {
    /// Arguments and environment; `None` where they are inside the image.
    pub fn strings(&self) -> Option<(&[String], &[String])> {
        match self {
            Start::Entry { args, env } => Some((args, env)),
            Start::Snapshot => None,
        }
    }
}

/// Everything public that goes into a run besides the program.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PublicInputs {
    /// Arguments and environment.
    pub start: Start,
    /// What the guest reads from file descriptor 3.
    pub public_input: Vec<u8>,
}

impl PublicInputs {
    /// The public half of `inputs`. A snapshot has no other arguments and environment than those inside it: what
    /// `inputs` says about them is not looked at.
    pub fn of(inputs: &Inputs, snapshot: bool) -> Result<Self, TapeError> {
        let start = if snapshot {
            Start::Snapshot
        } else {
            Start::Entry {
                args: inputs.args.clone(),
                env: inputs.environment()?,
            }
        };
        Ok(PublicInputs {
            start,
            public_input: inputs.public_input.clone(),
        })
    }

    /// Whether nothing but the defaults went in: no arguments, the default environment, no public input.
    pub fn is_default(&self) -> bool {
        let start = match &self.start {
            Start::Entry { args, env } => args.is_empty() && env == &DEFAULT_ENVIRONMENT,
            Start::Snapshot => true,
        };
        start && self.public_input.is_empty()
    }

    /// The words of the public tape.
    pub fn tape(&self, order: ByteOrder) -> Result<Vec<u32>, TapeError> {
        let (argv, environment) = match &self.start {
            Start::Entry { args, env } => {
                let args = args.iter().map(String::as_str);
                let argv: Vec<&str> = std::iter::once(PROGRAM_NAME).chain(args).collect();
                (
                    tape::terminated(argv.into_iter(), "an argument")?,
                    tape::terminated(env.iter().map(String::as_str), "an environment string")?,
                )
            }
            Start::Snapshot => (Vec::new(), Vec::new()),
        };
        tape::public_tape(order, &argv, &environment, &self.public_input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tape_is_the_one_the_guest_finds() {
        let inputs = Inputs {
            args: vec!["-n".into(), "3".into()],
            env: vec!["A=b".into(), "GOMAXPROCS=2".into()],
            public_input: b"public".to_vec(),
            stdin: b"secret".to_vec(),
        };
        for order in ByteOrder::ALL {
            let public = PublicInputs::of(&inputs, false).unwrap();
            assert_eq!(public.tape(order), inputs.public_tape(order));
            let snapshot = PublicInputs::of(&inputs, true).unwrap();
            let tape = tape::public_tape(order, &[], &[], b"public");
            assert_eq!(snapshot.tape(order), tape);
        }
    }

    #[test]
    fn defaults() {
        let default = Inputs::default();
        for snapshot in [false, true] {
            assert!(PublicInputs::of(&default, snapshot).unwrap().is_default());
        }
        for changed in [
            Inputs {
                args: vec![String::new()],
                ..default.clone()
            },
            Inputs {
                env: vec!["GOMAXPROCS=2".into()],
                ..default.clone()
            },
            Inputs {
                env: vec!["A=".into()],
                ..default.clone()
            },
            Inputs {
                public_input: vec![0],
                ..default.clone()
            },
        ] {
            assert!(!PublicInputs::of(&changed, false).unwrap().is_default());
        }
    }

    #[test]
    fn a_nul_inside_a_string_is_refused() {
        let start = Start::Entry {
            args: vec!["a\0b".into()],
            env: vec![],
        };
        let public = PublicInputs {
            start,
            public_input: vec![],
        };
        assert!(public.tape(ByteOrder::Big).is_err());
    }
}
