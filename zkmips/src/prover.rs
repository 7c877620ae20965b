//! Proving: plan, commit, fold, compress.

use crate::checkpoint::{self, Checkpoint, CheckpointError, Keeper, Run};
use crate::{Params, Phase, Program, ProgramId, Progress, ProofFile, PublicInputs, Statement};
use ff::PrimeField;
use serde::Serialize;
use std::time::{Duration, Instant};
use zkmips_circuits::demand::Demand;
use zkmips_circuits::header::HeaderError;
use zkmips_circuits::plan::{Plan, PlanError};
use zkmips_circuits::source::Source;
use zkmips_circuits::statement::StatementError;
use zkmips_emulator::constants::MACHINE_VERSION;
use zkmips_emulator::tape::TapeError;
use zkmips_emulator::Inputs;
use zkmips_folding::prove::ivc::{self, RunningProof};
use zkmips_folding::prove::pass1;
use zkmips_folding::prove::stats::{SegmentCounts, SegmentStats};
use zkmips_folding::prove::step::StepError;
use zkmips_verifier::ends::{ends, slots};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The program has no id.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// An input does not fit its tape.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// The run cannot be planned.
    #[error(transparent)]
    Plan(PlanError),
    /// [`Progress::go_on`] said so.
    #[error("stopped, as was asked")]
    Stopped,
    /// More than the machine's clock can count.
    #[error("the run takes {0} segments, more than a proof can have (2^32 instruction slots): give the program less to do")]
    TooLong(u64),
    /// The statement cannot be written down.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The witness cannot be filled.
    #[error(transparent)]
    Step(#[from] StepError),
    /// Folding failed.
    #[error(transparent)]
    Folding(zkmips_folding::prove::error::ProveError),
    /// There is a checkpoint, but not of this run.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The proof cannot be encoded.
    #[error("the proof cannot be encoded: {0}")]
    Encoding(String),
}

impl From<PlanError> for ProveError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Stopped => ProveError::Stopped,
            error => ProveError::Plan(error),
        }
    }
}

impl From<zkmips_folding::prove::error::ProveError> for ProveError {
    fn from(error: zkmips_folding::prove::error::ProveError) -> Self {
        match error {
            zkmips_folding::prove::error::ProveError::Stopped => ProveError::Stopped,
            error => ProveError::Folding(error),
        }
    }
}

/// Wall-clock time of each phase in seconds.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Seconds {
    /// Executing and planning.
    pub execute: f64,
    /// First pass.
    pub commit: f64,
    /// Second pass.
    pub fold: f64,
    /// Making the publishable proof.
    pub compress: f64,
    /// All of it.
    pub total: f64,
}

/// What a proof cost.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct ProveReport {
    /// Instructions of the run.
    pub instructions: u64,
    /// Words of memory that were touched.
    pub touched_words: u64,
    /// Number of segments.
    pub segments: u64,
    /// Time by phase.
    pub seconds: Seconds,
    /// Instructions divided by total time.
    pub instructions_per_second: f64,
    /// Rows with a cross term, those of the recursion and its second circuit included, per instruction. The first segment is folded into
    /// nothing and not counted: `None` if it is the only one, or if costs were not [counted](Prover::count).
    pub nonlinear_rows_per_instruction: Option<f64>,
    /// Full-size elements of the witness committed to in the segments, per instruction; a product with a power of gamma counts as what it is a multiple of,
    /// by which it is committed to. `None` if costs were not counted.
    pub full_size_elements_per_instruction: Option<f64>,
    /// Share of the recursion and its second circuit in the rows with a cross term; `None` as above.
    pub ivc_share: Option<f64>,
}

impl ProveReport {
    /// Adds what was spent on executing before the prover was asked, to find the shape for instance.
    pub fn add_execution(&mut self, seconds: f64) {
        self.seconds.execute += seconds;
        self.seconds.total += seconds;
        self.instructions_per_second = self.instructions as f64 / self.seconds.total.max(1e-9);
    }
}

/// A proof, what it says and what it cost.
pub struct Proved {
    /// The proof.
    pub file: ProofFile,
    /// What it says.
    pub statement: Statement,
    /// What it cost.
    pub report: ProveReport,
}

/// Makes proofs with segments of one shape.
pub struct Prover<'a> {
    params: &'a Params,
    progress: &'a dyn Progress,
    count: bool,
}

impl<'a> Prover<'a> {
    /// A prover with these parameters that tells `progress` how far it is.
    pub fn new(params: &'a Params, progress: &'a dyn Progress) -> Self {
        Prover {
            params,
            progress,
            count: false,
        }
    }

    /// Counts what the segments cost, for the report. That takes a little time.
    pub fn count(mut self, count: bool) -> Self {
        self.count = count;
        self
    }

    /// Proves the run of `program` on `inputs`.
    pub fn prove(&self, program: &Program, inputs: Inputs) -> Result<Proved, ProveError> {
        self.prove_or_resume(program, inputs, None)
    }

    /// [`Self::prove`] with a checkpoint: goes on where an earlier proof of the same run was interrupted, and keeps how far it has come. The
    /// checkpoint is left behind: remove it when the proof is safe.
    pub fn prove_or_resume(
        &self,
        program: &Program,
        inputs: Inputs,
        checkpoint: Option<&mut Checkpoint>,
    ) -> Result<Proved, ProveError> {
        let start = Instant::now();
        let inputs_digest = checkpoint::digest_of(&inputs);
        let shape = self.params.shape();
        let digest = self.params.digest();
        let pp = self.params.pp();
        let mut seconds = Seconds::default();
        let public = PublicInputs::of(&inputs, program.is_snapshot())?;

        self.progress.at(Phase::Program, 0, None);
        let (trees, header) = program.trees()?;
        self.progress.at(Phase::Execute, 0, None);
        let plan = Plan::new(
            program.shared_image(),
            trees,
            inputs,
            shape.capacities(),
            |slots| self.progress.step(Phase::Execute, slots, None),
        )?;
        let n = plan.segments() as u64;
        let slots = slots(shape, n).ok_or(ProveError::TooLong(n))?;
        let run = Run {
            version: checkpoint::VERSION.into(),
            program: header.id(),
            parameters: *digest,
            shape: shape.name().into(),
            inputs: inputs_digest,
            segments: n,
        };
        let mut keeper = Keeper::new(checkpoint, run, &plan, self.progress);
        let (committed, resumed) = keeper.resume()?;
        seconds.execute = lap(start, &seconds);

        let segment = &pp.step.segment;
        self.progress
            .at(Phase::Commit, committed.len() as u64, Some(n));
        let mut source = Source::new(&plan, segment)?;
        let commitments = pass1::commit_pass(pp, &mut source, committed, &mut |done| {
            keeper.keep(done, None);
            self.progress
                .step(Phase::Commit, done.len() as u64, Some(n))
        })?;
        // The emulator of a pass and what it has executed ahead.
        drop(source);
        seconds.commit = lap(start, &seconds);

        let folded = resumed.as_ref().map_or(0, RunningProof::segments);
        self.progress.at(Phase::Fold, folded, Some(n));
        let ends = ends(plan.statement(), digest, shape, n, slots, commitments.ic)?;
        let mut source = Source::new(&plan, segment)?;
        let mut totals = SegmentStats::default();
        let running = ivc::fold(
            pp,
            &mut source,
            &commitments,
            ends.first,
            resumed,
            self.count,
            &mut |running, stats| {
                totals += *stats;
                keeper.keep(&commitments.segments, Some(running));
                self.progress.step(Phase::Fold, running.segments(), Some(n))
            },
        )?;
        drop(source);
        if running.segments() < n {
            return Err(ProveError::Stopped);
        }
        seconds.fold = lap(start, &seconds);

        self.progress.at(Phase::Compress, 0, None);
        let proof = running.compress(pp)?;
        let proof = proof
            .to_bytes()
            .map_err(|error| ProveError::Encoding(error.to_string()))?;
        seconds.compress = lap(start, &seconds);
        seconds.total = start.elapsed().as_secs_f64();

        let tape = plan.statement().output_tape();
        let file = ProofFile {
            machine_version: MACHINE_VERSION,
            parameter_digest: *digest,
            shape: shape.name().to_owned(),
            header: header.to_bytes(),
            public,
            status: plan.statement().status(),
            output: output_bytes(program, tape),
            segments: n,
            chain: commitments.ic.to_repr().into(),
            proof,
        };
        Ok(Proved {
            statement: Statement::claimed(ProgramId(header.id()), &file),
            file,
            report: report(
                &plan,
                seconds,
                totals.counts,
                shape.capacities().slots as u64,
            ),
        })
    }
}

/// Seconds since the last lap.
fn lap(start: Instant, so_far: &Seconds) -> f64 {
    let laps = so_far.execute + so_far.commit + so_far.fold + so_far.compress;
    (start.elapsed() - Duration::from_secs_f64(laps).min(start.elapsed())).as_secs_f64()
}

/// The bytes that an output tape holds: status, length, bytes.
fn output_bytes(program: &Program, tape: &[u32]) -> Vec<u8> {
    let length = tape.get(1).copied().unwrap_or_default() as usize;
    let order = program.byte_order();
    let words = tape.iter().skip(2);
    let mut bytes: Vec<u8> = words.flat_map(|&word| order.bytes(word)).collect();
    bytes.truncate(length);
    bytes
}

fn report(plan: &Plan, seconds: Seconds, counts: Option<SegmentCounts>, slots: u64) -> ProveReport {
    let instructions = plan.instructions();
    let segments = plan.segments() as u64;
    // Instructions from the second segment on. Short runs whose last segments hold boundary and pages only are counted as a whole.
    let folded = instructions.checked_sub(slots).unwrap_or(instructions);
    let several = counts.filter(|_| segments > 1);
    let recursion = |c: &SegmentCounts| c.recursion_nonlinear_rows + c.secondary_nonlinear_rows;
    let rows = |c: &SegmentCounts| (c.step_nonlinear_rows + recursion(c)) as f64;
    ProveReport {
        instructions,
        touched_words: plan.touched_words() as u64,
        segments,
        seconds,
        instructions_per_second: instructions as f64 / seconds.total.max(1e-9),
        nonlinear_rows_per_instruction: several.map(|c| rows(&c) / folded.max(1) as f64),
        full_size_elements_per_instruction: counts
            .map(|c| (c.pre.full + c.post.full) as f64 / instructions.max(1) as f64),
        ivc_share: several.map(|c| recursion(&c) as f64 / rows(&c).max(1.0)),
    }
}

/// What a proof of this run would need: the shape is chosen by it ([`Demand::cheapest`]).
pub fn demand(
    program: &Program,
    inputs: &Inputs,
    progress: &dyn Progress,
) -> Result<Demand, ProveError> {
    progress.at(Phase::Program, 0, None);
    let (trees, _) = program.trees()?;
    progress.at(Phase::Execute, 0, None);
    let on_slots = |slots| progress.step(Phase::Execute, slots, None);
    Ok(Demand::of_run(program.image(), trees, inputs, on_slots)?)
}
