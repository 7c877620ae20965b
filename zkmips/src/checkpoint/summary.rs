//! What a checkpoint's file says about itself.

use super::{parse, Saved};
use crate::{hex, ProgramId};
use serde_json::{json, Value};
use zkmips_folding::prove::ivc::RunningProof;

/// Which run a checkpoint belongs to and how far it has come. Nothing of this is secret, unlike the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckpointSummary {
    /// Version of zkmips that wrote it.
    pub version: String,
    /// The program.
    pub program_id: ProgramId,
    /// Digest of the parameters.
    pub parameter_digest: [u8; 32],
    /// Name of the segment shape.
    pub shape: String,
    /// Segments of the run.
    pub segments: u64,
    /// Segments that the first pass has committed to.
    pub committed: u64,
    /// Segments that the second pass has folded.
    pub folded: u64,
}

impl CheckpointSummary {
    /// Reads a whole file, which anybody may have written. `None` if it is not one, or damaged.
    pub fn from_bytes(file: &[u8]) -> Option<Self> {
        let (run, body) = parse(file)?;
        let saved: Saved = bincode::deserialize(body).ok()?;
        let running = saved.running.as_deref().map(RunningProof::from_bytes);
        let folded = running.transpose().ok()?;
        Some(CheckpointSummary {
            version: run.version,
            program_id: ProgramId(run.program),
            parameter_digest: run.parameters,
            shape: run.shape,
            segments: run.segments,
            committed: saved.commitments.len() as u64,
            folded: folded.map_or(0, |running| running.segments()),
        })
    }

    /// All of it as a JSON object.
    pub fn to_json(&self) -> Value {
        json!({
            "version": self.version,
            "program_id": self.program_id,
            "parameter_digest": hex::encode(&self.parameter_digest),
            "shape": self.shape,
            "segments": self.segments,
            "committed": self.committed,
            "folded": self.folded,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{run, written};
    use super::*;

    #[test]
    fn a_checkpoint_says_what_it_belongs_to() {
        let directory = tempfile::tempdir().unwrap();
        let file = std::fs::read(written(directory.path()).path()).unwrap();
        let summary = CheckpointSummary::from_bytes(&file).unwrap();
        assert_eq!(summary.program_id, ProgramId(run().program));
        assert_eq!(summary.parameter_digest, run().parameters);
        assert_eq!((summary.shape.as_str(), summary.segments), ("small", 4));
        assert_eq!((summary.committed, summary.folded), (0, 0));
        assert_eq!(summary.to_json()["program_id"], "01".repeat(32));
        assert_eq!(CheckpointSummary::from_bytes(&file[1..]), None);
        assert_eq!(CheckpointSummary::from_bytes(&[]), None);
    }
}
