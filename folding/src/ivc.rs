//! The second pass: fills, commits and folds one segment after the other.
use crate::{
    circuit::{FoldInput, PrimaryCircuit, PrimaryInput, SecondaryCircuit, SecondaryInput},
    error::{DecodeError, ProveError},
    nifs::Running,
    params::PublicParams,
    pass1::{digest_columns, fill, Commitments, PreCommitment},
    ro::{chain_next, CHAIN_START, F1, F2},
    split::{commit_post, RelaxedSplitInstance, SplitInstance, SplitWitness},
    stats::{non_zero, SegmentStats, ValueCounts},
    step::{PreSource, SplitStep, ARITY, OUTPUTS},
    wire, Commitment, Primary, Secondary,
};
use bincode::Options;
use ff::Field;
use nova_snark::frontend::{num::AllocatedNum, util_cs::witness_cs::WitnessCS, ConstraintSystem};
use rand_core::OsRng;
use serde::{Deserialize, Serialize};
use std::{ops::ControlFlow, time::Instant};

/// A proof of the first segments of a run, which can be continued. It contains witnesses: it is private data.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct RunningProof {
    /// Segments folded so far.
    pub(crate) i: u64,
    pub(crate) z0: [F1; ARITY],
    /// State and sum so far.
    pub(crate) zi: [F1; OUTPUTS],
    /// `IC_i`
    pub(crate) ic: F2,
    pub(crate) primary: Running<Primary>,
    pub(crate) secondary: Running<Secondary>,
    /// The last secondary instance, not yet folded.
    pub(crate) u_secondary: SplitInstance<Secondary>,
    pub(crate) w_secondary: SplitWitness<Secondary>,
    /// The random elements of the last two output hashes.
    pub(crate) r_primary: F1,
    pub(crate) r_secondary: F2,
}

/// Witness and public outputs of one run of the primary circuit.
pub(crate) struct PrimaryTrace {
    pub W: Vec<F1>,
    pub X: Vec<F1>,
    pub outputs: [F1; OUTPUTS],
}

impl RunningProof {
    /// A proof of nothing yet, from `z0 = [state, sum, alpha, gamma]` on.
    pub fn start<S: SplitStep<F1>>(pp: &PublicParams<S>, z0: [F1; ARITY]) -> Self {
        Self {
            i: 0,
            z0,
            zi: [z0[0], z0[1]],
            ic: CHAIN_START,
            primary: Running::zero(&pp.primary),
            secondary: Running::zero(&pp.secondary),
            u_secondary: SplitInstance {
                comm_pre: Commitment::<Secondary>::default(),
                comm_post: Commitment::<Secondary>::default(),
                X: vec![F2::ZERO; pp.secondary.shape.num_io()],
            },
            w_secondary: SplitWitness {
                W: vec![F2::ZERO; pp.secondary.shape.num_vars()],
                r_pre: F2::ZERO,
                r_post: F2::ZERO,
            },
            r_primary: F1::ZERO,
            r_secondary: F2::ZERO,
        }
    }

    /// Segments folded so far.
    pub fn segments(&self) -> u64 {
        self.i
    }

    /// `z` after the last segment.
    pub fn output(&self) -> [F1; ARITY] {
        [self.zi[0], self.zi[1], self.z0[2], self.z0[3]]
    }

    /// The end of the chain of commitments so far.
    pub fn ic(&self) -> F2 {
        self.ic
    }

    /// The encoding of the proof, to be continued later. It is private data.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DecodeError> {
        Ok(wire::options(u64::MAX).serialize(self)?)
    }

    /// Decodes [`Self::to_bytes`]. Whether the proof fits the parameters is checked where it is used.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(wire::options(bytes.len() as u64).deserialize(bytes)?)
    }

    /// Folds one more segment, whose `pre` columns were committed to in the first pass.
    pub fn prove_segment<S: SplitStep<F1>>(
        &mut self,
        pp: &PublicParams<S>,
        pre: Vec<F1>,
        committed: &PreCommitment,
    ) -> Result<SegmentStats, ProveError> {
        let segment = self.i as usize;
        if pre.len() != pp.primary.pre_len {
            return Err(ProveError::PreLen {
                segment,
                found: pre.len(),
                expected: pp.primary.pre_len,
            });
        }
        if digest_columns(&pre) != committed.digest {
            return Err(ProveError::PreChanged(segment));
        }
        let mut stats = SegmentStats {
            pre: ValueCounts::of(&pre),
            ..Default::default()
        };

        let start = Instant::now();
        let r_primary = F1::random(&mut OsRng);
        let (input, secondary_rows) = self.fold_secondary(pp, r_primary)?;
        stats.secondary_nonlinear_rows = secondary_rows;
        let trace = primary_trace(pp, &input, pre)?;
        stats.time.fill = start.elapsed();

        let start = Instant::now();
        let r_post = F1::random(&mut OsRng);
        let P = pp.primary.pre_len;
        let comm_post = commit_post::<Primary>(&pp.ck_primary, &trace.W, P, &r_post);
        stats.post = ValueCounts::of(&trace.W[P..]);
        stats.time.commit_post = start.elapsed();

        let u = SplitInstance {
            comm_pre: committed.comm_pre,
            comm_post,
            X: trace.X,
        };
        let w = SplitWitness {
            W: trace.W,
            r_pre: committed.r_pre,
            r_post,
        };
        self.absorb_primary(pp, u, w, &mut stats)?;
        self.zi = trace.outputs;
        self.r_primary = r_primary;
        self.i += 1;
        Ok(stats)
    }

    /// Folds the last secondary instance, if there is one, and says what the primary circuit is told about it, and how many rows
    /// had a cross term.
    pub(crate) fn fold_secondary<S>(
        &mut self,
        pp: &PublicParams<S>,
        r_out: F1,
    ) -> Result<(PrimaryInput, usize), ProveError> {
        let U = self.secondary.U.clone();
        let (comm_T, rows) = if self.i == 0 {
            (Commitment::<Secondary>::default(), 0)
        } else {
            let folded = pp.folding_secondary().fold(
                &mut self.secondary,
                &self.u_secondary,
                &self.w_secondary,
            )?;
            (folded.comm_T, non_zero(&folded.T))
        };
        let fold = FoldInput {
            pp: pp.pp().0,
            i: self.i,
            U,
            u: self.u_secondary.clone(),
            comm_T,
            r_in: self.r_primary,
            r_out,
        };
        Ok((
            PrimaryInput {
                fold,
                z0: self.z0,
                zi: self.zi,
            },
            rows,
        ))
    }

    /// Folds a new primary instance and runs the secondary circuit on it.
    pub(crate) fn absorb_primary<S>(
        &mut self,
        pp: &PublicParams<S>,
        u: SplitInstance<Primary>,
        w: SplitWitness<Primary>,
        stats: &mut SegmentStats,
    ) -> Result<(), ProveError> {
        let start = Instant::now();
        let U = self.primary.U.clone();
        let comm_T = if self.i == 0 {
            self.primary = Running::from_fresh(&pp.primary, &u, w)?;
            Commitment::<Primary>::default()
        } else {
            let folded = pp.folding_primary().fold(&mut self.primary, &u, &w)?;
            stats.count_cross_terms(&folded.T, &pp.step_rows);
            folded.comm_T
        };
        stats.time.fold = start.elapsed();

        let start = Instant::now();
        let ic_next = chain_next(&pp.consts.primary, self.ic, &u.comm_pre);
        let r_out = F2::random(&mut OsRng);
        let fold = FoldInput {
            pp: pp.pp().1,
            i: self.i,
            U,
            u,
            comm_T,
            r_in: self.r_secondary,
            r_out,
        };
        let input = SecondaryInput {
            fold,
            ic: self.ic,
            #[cfg(test)]
            cheat: Default::default(),
        };
        let (u, w) = secondary_instance(pp, &input)?;
        self.u_secondary = u;
        self.w_secondary = w;
        self.ic = ic_next;
        self.r_secondary = r_out;
        stats.time.secondary = start.elapsed();
        Ok(())
    }

    /// Whether the vectors have the lengths of the parameters' shapes; a file may hold anything.
    pub(crate) fn fits<S>(&self, pp: &PublicParams<S>) -> bool {
        self.primary.fits(&pp.primary)
            && self.secondary.fits(&pp.secondary)
            && self.u_secondary.X.len() == pp.secondary.shape.num_io()
            && self.w_secondary.W.len() == pp.secondary.shape.num_vars()
    }
}

/// Runs the primary circuit natively: its variables in the order of the shape.
pub(crate) fn primary_trace<S: SplitStep<F1>>(
    pp: &PublicParams<S>,
    input: &PrimaryInput,
    pre: Vec<F1>,
) -> Result<PrimaryTrace, ProveError> {
    let segment = input.fold.i as usize;
    let expected = pp.primary.shape.num_vars();
    let circuit = PrimaryCircuit {
        consts: &pp.consts.secondary_circuit,
    };
    let own = expected.saturating_sub(pre.len() + pp.step.post_len());
    let mut cs = WitnessCS::<F1>::with_capacity(own, pp.primary.shape.num_io());
    let [mut state, mut sum, alpha, gamma] = input.z0;
    if input.fold.i > 0 {
        [state, sum] = input.zi;
    }
    let z = [state, sum, alpha, gamma];
    let mut post = Vec::with_capacity(pp.step.post_len());
    let (before, filled) = rayon::join(
        || circuit.before_step(&mut cs, Some(input)),
        || pp.step.fill_post(&pre, &z, &mut post),
    );
    let before = before?;
    filled?;
    let outputs: [F1; OUTPUTS] = match post.last_chunk() {
        Some(outputs) if post.len() == pp.step.post_len() => *outputs,
        _ => {
            let (found, expected) = (post.len(), pp.step.post_len());
            return Err(ProveError::WitnessLen {
                segment,
                found,
                expected,
            });
        }
    };
    let middle = cs.aux_assignment().len();
    // The variables are never read: a witness has values, not rows.
    let variables =
        outputs.map(|value| AllocatedNum::from_parts(WitnessCS::<F1>::one(), Some(value)));
    circuit.after_step(&mut cs, before, &variables)?;

    let mut W = pre;
    W.reserve_exact(expected.saturating_sub(W.len()));
    W.extend_from_slice(&cs.aux_assignment()[..middle]);
    W.append(&mut post);
    W.extend_from_slice(&cs.aux_assignment()[middle..]);
    if W.len() != expected {
        return Err(ProveError::WitnessLen {
            segment,
            found: W.len(),
            expected,
        });
    }
    Ok(PrimaryTrace {
        W,
        X: cs.input_assignment()[1..].to_vec(),
        outputs,
    })
}

/// Runs the secondary circuit and commits to its witness.
pub(crate) fn secondary_instance<S>(
    pp: &PublicParams<S>,
    input: &SecondaryInput,
) -> Result<(SplitInstance<Secondary>, SplitWitness<Secondary>), ProveError> {
    let shape = &pp.secondary.shape;
    let mut cs = WitnessCS::<F2>::with_capacity(shape.num_vars(), shape.num_io());
    SecondaryCircuit {
        consts: &pp.consts.primary_circuit,
    }
    .synthesize(&mut cs, Some(input))?;
    let W = cs.aux_assignment().to_vec();
    if W.len() != shape.num_vars() {
        let (segment, found, expected) = (input.fold.i as usize, W.len(), shape.num_vars());
        return Err(ProveError::WitnessLen {
            segment,
            found,
            expected,
        });
    }
    let w = SplitWitness {
        W,
        r_pre: F2::ZERO,
        r_post: F2::random(&mut OsRng),
    };
    let comm_post = commit_post::<Secondary>(&pp.ck_secondary, &w.W, 0, &w.r_post);
    let X = cs.input_assignment()[1..].to_vec();
    Ok((
        SplitInstance {
            comm_pre: Commitment::<Secondary>::default(),
            comm_post,
            X,
        },
        w,
    ))
}

/// The second pass: folds the segments of `source` from `z0 = [state, sum, alpha, gamma]` on, or continues `resume`.
///
/// `on_segment` sees the proof after each segment, to store it or to stop; a stopped proof is returned as far as it came.
pub fn fold<S: SplitStep<F1>>(
    pp: &PublicParams<S>,
    source: &mut dyn PreSource<F1>,
    commitments: &Commitments,
    z0: [F1; ARITY],
    resume: Option<RunningProof>,
    on_segment: &mut dyn FnMut(&RunningProof, &SegmentStats) -> ControlFlow<()>,
) -> Result<RunningProof, ProveError> {
    let total = commitments.segments.len();
    if total == 0 {
        return Err(ProveError::NoSegments);
    }
    let mut proof = RunningProof::start(pp, z0);
    if let Some(resume) = resume {
        if resume.i as usize > total || source.segments() != total {
            return Err(ProveError::WrongPosition {
                have: resume.i as usize,
                total,
            });
        }
        let ic = commitments.segments[..resume.i as usize]
            .iter()
            .fold(CHAIN_START, |ic, segment| {
                chain_next(&pp.consts.primary, ic, &segment.comm_pre)
            });
        if resume.z0 != proof.z0 || resume.ic != ic || !resume.fits(pp) {
            return Err(ProveError::WrongStart);
        }
        proof = resume;
        proof.primary.restore_products(&pp.primary)?;
        proof.secondary.restore_products(&pp.secondary)?;
    } else if source.segments() != total {
        return Err(ProveError::WrongPosition {
            have: source.segments(),
            total,
        });
    }
    for (i, committed) in commitments
        .segments
        .iter()
        .enumerate()
        .skip(proof.i as usize)
    {
        let mut pre = Vec::with_capacity(pp.primary.shape.num_vars());
        fill(pp, source, i, &mut pre)?;
        let stats = proof.prove_segment(pp, pre, committed)?;
        if on_segment(&proof, &stats).is_break() {
            break;
        }
    }
    Ok(proof)
}

/// A relaxed instance whose `u` is a sum of challenges, as every running instance has: its hash then determines it.
pub(crate) fn has_running_u<E: nova_snark::traits::Engine>(U: &RelaxedSplitInstance<E>) -> bool {
    use ff::PrimeFieldBits;
    U.u.to_le_bits()
        .iter()
        .skip(RUNNING_U_BITS)
        .all(|bit| !*bit)
}

/// 2^40 segments, each with a challenge of 128 bits, and some room.
const RUNNING_U_BITS: usize = 192;
