//! Checkpoints: a proof under way, kept in a file so that a killed prover goes on where it was.
//!
//! A checkpoint holds witnesses and blinders: it is as private as the input. Its file can be read by its owner only and is replaced in one
//! step, so what is there is always whole: the state after some segment, in the first pass or in the second. It names the run it
//! belongs to; everything else about the run (plan, columns) is a function of program and inputs and is computed again.

mod summary;
pub use summary::CheckpointSummary;

use crate::whole_file::{Readers, WholeFile};
use crate::{hex, Progress};
use serde::{Deserialize, Serialize};
use sha3::{Digest, Sha3_256};
use std::{
    fs, io,
    path::PathBuf,
    time::{Duration, Instant},
};
use zkmips_circuits::plan::{Lookups, Plan};
use zkmips_emulator::Inputs;
use zkmips_folding::prove::{ivc::RunningProof, pass1::PreCommitment};

/// Name of the file in the directory that the user chose.
const FILE: &str = "zkmips.checkpoint";
/// What every file starts with.
pub const MAGIC: &[u8; 8] = b"ZKMCKP01";
const DIGEST: usize = 32;
/// What a checkpoint's meaning depends on: the release, and a number that counts the changes between releases.
pub(crate) const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+checkpoint.4");
/// Time between two checkpoints if nobody says otherwise.
pub const EVERY: Duration = Duration::from_secs(15);

/// Why there is no checkpoint, or none that fits.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The directory or the file in it cannot be used.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not written by this program, or damaged since.
    #[error("{path}: not a whole checkpoint; remove it to start again", path = path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// Of another program, input, shape or version.
    #[error("{path}: this checkpoint is for another {what}; name another directory, or remove the file to start again", path = path.display())]
    Other {
        /// Which file.
        path: PathBuf,
        /// What differs.
        what: String,
    },
}

/// What a checkpoint belongs to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub version: String,
    pub program: [u8; 32],
    pub parameters: [u8; 32],
    pub shape: String,
    /// Digest of arguments, environment, public and private input.
    pub inputs: [u8; 32],
    pub segments: u64,
}

impl Run {
    /// What of this run is different in the run of a checkpoint.
    fn difference(&self, found: &Run) -> Option<String> {
        if self.version != found.version {
            return Some(format!("version, {}", found.version));
        }
        if self.program != found.program {
            return Some(format!("program, {}", hex::encode(&found.program)));
        }
        if self.shape != found.shape || self.parameters != found.parameters {
            return Some(format!("shape, `{}`", found.shape.escape_debug()));
        }
        if self.inputs != found.inputs {
            return Some("input of this program".into());
        }
        (self != found).then(|| format!("run, of {} segments", found.segments))
    }
}

/// Digest of everything that a run reads, each part with its length.
pub(crate) fn digest_of(inputs: &Inputs) -> [u8; 32] {
    let mut hash = Sha3_256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for strings in [&inputs.args, &inputs.env] {
        add(&(strings.len() as u64).to_le_bytes());
        strings.iter().for_each(|string| add(string.as_bytes()));
    }
    add(&inputs.public_input);
    add(&inputs.stdin);
    hash.finalize().into()
}

/// How far a proof has come.
#[derive(Serialize, Deserialize)]
pub(crate) struct Saved {
    /// What was looked up in the segments committed to so far.
    pub lookups: Lookups,
    /// What the first pass has left so far.
    pub commitments: Vec<PreCommitment>,
    /// The second pass, if it has begun, as [`RunningProof::to_bytes`] writes it.
    pub running: Option<Vec<u8>>,
}

/// [`Saved`] before it is.
#[derive(Serialize)]
pub(crate) struct Saving<'a> {
    pub lookups: &'a Lookups,
    pub commitments: &'a [PreCommitment],
    pub running: Option<Vec<u8>>,
}

/// A directory for one checkpoint.
#[derive(Debug)]
pub struct Checkpoint {
    directory: PathBuf,
    every: Duration,
    last: Instant,
}

impl Checkpoint {
    /// A checkpoint in this directory, which is made if it does not exist, written when `every` has passed since the last time.
    pub fn at(directory: impl Into<PathBuf>, every: Duration) -> Result<Self, CheckpointError> {
        let directory = directory.into();
        let made = {
            let mut builder = fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.recursive(true).create(&directory)
        };
        match made {
            Ok(()) => Ok(Checkpoint {
                directory,
                every,
                last: Instant::now(),
            }),
            Err(source) => Err(CheckpointError::Io {
                path: directory,
                source,
            }),
        }
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.directory.join(FILE)
    }

    /// Whether it is time to write.
    pub(crate) fn due(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    /// Reads the checkpoint, if there is one, and checks that it is this run's.
    pub(crate) fn read(&self, run: &Run) -> Result<Option<Saved>, CheckpointError> {
        let path = self.path();
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(CheckpointError::Io { path, source }),
            Ok(bytes) => bytes,
        };
        let Some((found, body)) = parse(&bytes) else {
            return Err(CheckpointError::Damaged { path });
        };
        if let Some(what) = run.difference(&found) {
            return Err(CheckpointError::Other { path, what });
        }
        match bincode::deserialize(body) {
            Ok(saved) => Ok(Some(saved)),
            Err(_) => Err(CheckpointError::Damaged { path }),
        }
    }

    /// Replaces the checkpoint. If that fails, the old one is still there.
    pub(crate) fn write(&mut self, run: &Run, state: &Saving) -> Result<(), CheckpointError> {
        // Also after a failure: a full disk is asked again later, not after every segment.
        self.last = Instant::now();
        let encode = |error: bincode::Error| self.failure(io::Error::other(error));
        let mut bytes = MAGIC.to_vec();
        let head = bincode::serialize(run).map_err(encode)?;
        bytes.extend((head.len() as u64).to_le_bytes());
        bytes.extend(head);
        bincode::serialize_into(&mut bytes, state).map_err(encode)?;
        let digest = Sha3_256::digest(&bytes);
        bytes.extend(digest);
        WholeFile::create(&self.path(), Readers::Owner)
            .and_then(|file| file.write(&bytes))
            .map_err(|error| self.failure(error))
    }

    fn failure(&self, source: io::Error) -> CheckpointError {
        CheckpointError::Io {
            path: self.path(),
            source,
        }
    }

    /// Removes the checkpoint: the proof is where it belongs.
    pub fn remove(self) -> Result<(), CheckpointError> {
        let path = self.path();
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(CheckpointError::Io { path, source })
            }
            _ => Ok(()),
        }
    }
}

/// Keeps one run's checkpoint, if there is to be one.
pub(crate) struct Keeper<'a> {
    checkpoint: Option<&'a mut Checkpoint>,
    run: Run,
    plan: &'a Plan,
    progress: &'a dyn Progress,
}

impl<'a> Keeper<'a> {
    pub fn new(
        checkpoint: Option<&'a mut Checkpoint>,
        run: Run,
        plan: &'a Plan,
        progress: &'a dyn Progress,
    ) -> Self {
        Keeper {
            checkpoint,
            run,
            plan,
            progress,
        }
    }

    /// What an interrupted proof of the run has left: the first pass, and the second if it had begun.
    pub fn resume(
        &mut self,
    ) -> Result<(Vec<PreCommitment>, Option<RunningProof>), CheckpointError> {
        let Some(checkpoint) = &self.checkpoint else {
            return Ok((Vec::new(), None));
        };
        let Some(saved) = checkpoint.read(&self.run)? else {
            return Ok((Vec::new(), None));
        };
        if !self.plan.resume(saved.lookups) {
            let path = checkpoint.path();
            return Err(CheckpointError::Damaged { path });
        }
        let running = saved.running.as_deref().map(RunningProof::from_bytes);
        let damaged = |_| CheckpointError::Damaged {
            path: checkpoint.path(),
        };
        let running = running.transpose().map_err(damaged)?;
        let (phase, done) = match &running {
            Some(running) => ("folding", running.segments()),
            None => ("committing", saved.commitments.len() as u64),
        };
        self.progress.tell(&format!(
            "going on from {}: {phase}, {done} of {} segments done",
            checkpoint.path().display(),
            self.run.segments
        ));
        Ok((saved.commitments, running))
    }

    /// Writes how far the proof has come, if it is time to. A proof need not fail because its checkpoint cannot be written.
    pub fn keep(&mut self, commitments: &[PreCommitment], running: Option<&RunningProof>) {
        let Some(checkpoint) = self.checkpoint.as_mut().filter(|c| c.due()) else {
            return;
        };
        let written = running.map(RunningProof::to_bytes).transpose();
        let written = written.map_err(|error| checkpoint.failure(io::Error::other(error)));
        let written = written.and_then(|running| {
            let state = Saving {
                lookups: &self.plan.lookups(),
                commitments,
                running,
            };
            checkpoint.write(&self.run, &state)
        });
        if let Err(error) = written {
            self.progress.tell(&format!(
                "no checkpoint could be written ({error}), so an interrupted proof would go on from an earlier one: free some space there, or see who may write to it"
            ));
        }
    }
}

/// The run of a whole checkpoint, and the rest.
fn parse(bytes: &[u8]) -> Option<(Run, &[u8])> {
    let (content, digest) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
    if Sha3_256::digest(content).as_slice() != digest {
        return None;
    }
    let (length, rest) = content.strip_prefix(MAGIC)?.split_at_checked(8)?;
    let length = u64::from_le_bytes(length.try_into().ok()?);
    let (head, body) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((bincode::deserialize(head).ok()?, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    pub fn run() -> Run {
        Run {
            version: "1".into(),
            program: [1; 32],
            parameters: [2; 32],
            shape: "small".into(),
            inputs: [3; 32],
            segments: 4,
        }
    }

    fn empty() -> Lookups {
        Lookups::default()
    }

    pub fn written(directory: &Path) -> Checkpoint {
        let mut checkpoint = Checkpoint::at(directory, Duration::ZERO).unwrap();
        let lookups = empty();
        let state = Saving {
            lookups: &lookups,
            commitments: &[],
            running: None,
        };
        checkpoint.write(&run(), &state).unwrap();
        checkpoint
    }

    #[test]
    fn what_was_written_is_read_and_then_gone() {
        let directory = tempfile::tempdir().unwrap();
        let checkpoint = written(&directory.path().join("made/for it"));
        let saved = checkpoint.read(&run()).unwrap().unwrap();
        assert_eq!(saved.lookups, empty());
        assert!(saved.commitments.is_empty() && saved.running.is_none());
        let path = checkpoint.path();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        checkpoint.remove().unwrap();
        assert!(!path.exists());
        let again = Checkpoint::at(directory.path(), Duration::ZERO).unwrap();
        assert!(again.read(&run()).unwrap().is_none());
        again.remove().unwrap();
    }

    #[test]
    fn a_checkpoint_of_another_run_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let checkpoint = written(directory.path());
        type Change = fn(&mut Run);
        let others: [(&str, Change); 6] = [
            ("version, 1", |r| r.version = "2".into()),
            ("program, 0101", |r| r.program = [7; 32]),
            ("shape, `small`", |r| r.shape = "large".into()),
            ("shape, `small`", |r| r.parameters = [7; 32]),
            ("input", |r| r.inputs = [7; 32]),
            ("of 4 segments", |r| r.segments = 5),
        ];
        for (message, change) in others {
            let mut other = run();
            change(&mut other);
            let Err(error) = checkpoint.read(&other) else {
                panic!("{message} is accepted")
            };
            assert!(error.to_string().contains(message), "{error}");
        }
    }

    #[test]
    fn a_checkpoint_that_cannot_be_written_leaves_the_old_one() {
        let directory = tempfile::tempdir().unwrap();
        let mut checkpoint = written(directory.path());
        let old = fs::read(checkpoint.path()).unwrap();
        let lookups = empty();
        let state = Saving {
            lookups: &lookups,
            commitments: &[],
            running: None,
        };
        // Another directory that does not exist stands for a full disk: the new file cannot be made.
        checkpoint.directory = directory.path().join("gone");
        let error = checkpoint.write(&run(), &state).unwrap_err();
        assert!(error.to_string().contains("zkmips.checkpoint"), "{error}");
        assert_eq!(fs::read(directory.path().join(FILE)).unwrap(), old);
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let checkpoint = written(directory.path());
        let whole = fs::read(checkpoint.path()).unwrap();
        for place in [0, 9, 30, whole.len() / 2, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[place] ^= 1;
            fs::write(checkpoint.path(), &bytes).unwrap();
            let error = checkpoint.read(&run()).err().unwrap();
            assert!(matches!(error, CheckpointError::Damaged { .. }));
        }
        for length in [0, 1, 40, whole.len() - 1] {
            fs::write(checkpoint.path(), &whole[..length]).unwrap();
            assert!(checkpoint.read(&run()).is_err());
        }
    }

    #[test]
    fn every_input_counts() {
        let base = Inputs {
            args: vec!["ab".into(), "c".into()],
            env: vec!["d=e".into()],
            public_input: b"f".to_vec(),
            stdin: b"g".to_vec(),
        };
        let changes: [fn(&mut Inputs); 6] = [
            |i| i.args = vec!["a".into(), "bc".into()],
            |i| i.args = vec!["ab".into()],
            |i| i.env.clear(),
            |i| i.public_input = b"fg".to_vec(),
            |i| i.stdin.clear(),
            |i| std::mem::swap(&mut i.public_input, &mut i.stdin),
        ];
        for change in changes {
            let mut other = base.clone();
            change(&mut other);
            assert_ne!(digest_of(&base), digest_of(&other));
        }
    }
}
