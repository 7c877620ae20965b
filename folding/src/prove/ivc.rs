//! The second pass: fills, commits and folds one segment after the other.
use crate::{
    error::DecodeError,
    prove::{
        circuit::{FoldInput, PrimaryInput, SecondaryCircuit, SecondaryInput},
        error::ProveError,
        filled::Filled,
        nifs::{CrossTerm, FreshWitness, Running},
        params::PublicParams,
        pass1::{chain_next, Commitments, PreCommitment, CHAIN_START},
        post::PostKey,
        split::{commit_post, SplitWitness},
        stats::{non_zero, SegmentCounts, SegmentStats, SegmentTimes, ValueCounts},
        step::{PreSource, SplitStep},
    },
    ro::{F1, F2},
    split::SplitInstance,
    step::{ARITY, OUTPUTS},
    wire, Commitment, Primary, Secondary,
};
use bincode::Options;
use ff::Field;
use nova_snark::frontend::util_cs::witness_cs::WitnessCS;
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

    /// Folds one more segment. `T` is a buffer; with `count` the statistics have counts.
    fn prove_segment<S: SplitStep<F1>>(
        &mut self,
        pp: &PublicParams<S>,
        filled: &mut Filled,
        committed: &PreCommitment,
        (post_key, T): (&mut PostKey, &mut Vec<F1>),
        count: bool,
    ) -> Result<SegmentStats, ProveError> {
        let mut time = SegmentTimes::default();
        let start = Instant::now();
        let r_primary = F1::random(&mut OsRng);
        let (input, secondary) = self.fold_secondary(pp, r_primary)?;
        let X = filled.complete(pp, &input)?;
        time.recursion = start.elapsed();

        let start = Instant::now();
        let r_post = F1::random(&mut OsRng);
        let W = filled.W(pp);
        let comm_post = post_key.commit(pp, filled.pre(), W, &r_post);
        time.commit_post = start.elapsed();

        let u = SplitInstance {
            comm_pre: committed.comm_pre,
            comm_post,
            X,
        };
        let w = FreshWitness {
            W,
            products: &filled.products,
            r_pre: committed.r_pre,
            r_post,
        };
        self.absorb_primary(pp, u, w, T, &mut time)?;
        self.zi = filled.outputs;
        self.r_primary = r_primary;
        self.i += 1;

        let mut counts = None;
        if count {
            let mut found = SegmentCounts {
                pre: ValueCounts::of(&filled.pre().sizes()),
                post: post_key.counts(),
                secondary_nonlinear_rows: secondary.map_or(0, |cross| non_zero(&cross.T)),
                ..Default::default()
            };
            // The first segment leaves the buffer empty.
            if !T.is_empty() {
                let step = &pp.step_rows;
                found.step_nonlinear_rows = non_zero(&T[step.clone()]);
                found.recursion_nonlinear_rows =
                    non_zero(&T[..step.start]) + non_zero(&T[step.end..]);
            }
            counts = Some(found);
        }
        Ok(SegmentStats { counts, time })
    }

    /// Folds the last secondary instance, if there is one, and says what the primary circuit is told about it.
    pub(crate) fn fold_secondary<S>(
        &mut self,
        pp: &PublicParams<S>,
        r_out: F1,
    ) -> Result<(PrimaryInput, Option<CrossTerm<Secondary>>), ProveError> {
        let U = self.secondary.U.clone();
        let mut cross = None;
        if self.i > 0 {
            let (running, w) = (&mut self.secondary, &self.w_secondary);
            cross = Some(pp.folding_secondary().fold(running, &self.u_secondary, w)?);
        }
        let fold = FoldInput {
            pp: pp.pp().0,
            i: self.i,
            U,
            u: self.u_secondary.clone(),
            comm_T: cross.as_ref().map_or_else(Default::default, |c| c.comm_T),
            r_in: self.r_primary,
            r_out,
        };
        let input = PrimaryInput {
            fold,
            z0: self.z0,
            zi: self.zi,
        };
        Ok((input, cross))
    }

    /// Folds a new primary instance and runs the secondary circuit on it.
    fn absorb_primary<S: Sync>(
        &mut self,
        pp: &PublicParams<S>,
        u: SplitInstance<Primary>,
        w: FreshWitness<Primary>,
        T: &mut Vec<F1>,
        time: &mut SegmentTimes,
    ) -> Result<(), ProveError> {
        let start = Instant::now();
        let folding = pp.folding_primary();
        let U = self.primary.U.clone();
        let cross = (self.i > 0).then(|| {
            let buffer = std::mem::take(T);
            folding.cross(&self.primary, w.products, buffer)
        });
        time.cross_term = start.elapsed();

        // The secondary circuit folds the commitments itself: it need not wait for the witness to be folded.
        let start = Instant::now();
        let ic_next = chain_next(&pp.consts.primary, self.ic, &u.comm_pre);
        let r_out = F2::random(&mut OsRng);
        let input = SecondaryInput {
            fold: FoldInput {
                pp: pp.pp().1,
                i: self.i,
                U,
                u: u.clone(),
                comm_T: cross.as_ref().map_or_else(Default::default, |c| c.comm_T),
                r_in: self.r_secondary,
                r_out,
            },
            ic: self.ic,
            #[cfg(test)]
            cheat: Default::default(),
        };
        let running = &mut self.primary;
        let (secondary, ()) = rayon::join(
            || secondary_instance(pp, &input),
            || match &cross {
                Some(cross) => folding.absorb(running, &u, w, cross),
                None => *running = Running::from_fresh(&pp.primary, &u, w),
            },
        );
        (self.u_secondary, self.w_secondary) = secondary?;
        if let Some(cross) = cross {
            *T = cross.T;
        }
        self.ic = ic_next;
        self.r_secondary = r_out;
        time.fold = start.elapsed();
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

/// Runs the secondary circuit and commits to its witness.
pub(crate) fn secondary_instance<S>(
    pp: &PublicParams<S>,
    input: &SecondaryInput,
) -> Result<(SplitInstance<Secondary>, SplitWitness<Secondary>), ProveError> {
    let shape = &pp.secondary.shape;
    let mut cs = WitnessCS::<F2>::with_capacity(shape.num_vars(), shape.num_io());
    SecondaryCircuit {
        consts: &pp.consts.primary,
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
/// `on_segment` sees the proof after each segment, to store it or to stop; a stopped proof is returned as far as it came. With
/// `count` the statistics have counts.
pub fn fold<S: SplitStep<F1>>(
    pp: &PublicParams<S>,
    source: &mut dyn PreSource<F1>,
    commitments: &Commitments,
    z0: [F1; ARITY],
    resume: Option<RunningProof>,
    count: bool,
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
    // The witness of one segment is filled while the one before it is folded, which is serial in part.
    let mut current = Filled::new(pp);
    let mut next = Filled::new(pp);
    let mut post_key = PostKey::new(pp, &z0);
    let mut T = Vec::new();
    let first = proof.i as usize;
    if let Some(committed) = commitments.segments.get(first) {
        current.fill(pp, source, first, &proof.output(), committed)?;
    }
    for (i, committed) in commitments.segments.iter().enumerate().skip(first) {
        let [state, sum] = current.outputs;
        let z = [state, sum, z0[2], z0[3]];
        let (stats, filled) = rayon::join(
            || proof.prove_segment(pp, &mut current, committed, (&mut post_key, &mut T), count),
            || match commitments.segments.get(i + 1) {
                Some(committed) => next.fill(pp, source, i + 1, &z, committed),
                None => Ok(()),
            },
        );
        if on_segment(&proof, &stats?).is_break() {
            break;
        }
        filled?;
        std::mem::swap(&mut current, &mut next);
    }
    Ok(proof)
}
