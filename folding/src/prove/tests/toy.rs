//! The step of the tests, with parameters made once.
pub use super::squares::{Columns, Squares, TABLE};
use crate::{
    challenge::Challenges,
    prove::{
        cache::KeyCache,
        error::ProveError,
        ivc::{fold, RunningProof},
        params::{describe, PublicParams},
        pass1::{commit_pass, Commitments},
    },
    ro::{F1, F2},
    step::{ARITY, OUTPUTS},
    verifier_params::{Description, VerifierParams},
};
use ff::Field;
use std::{ops::ControlFlow, sync::OnceLock};

/// Lookups per segment.
pub const LOOKUPS: usize = 20;
/// `x` and `y` of each lookup, then the multiplicities: 56 = 32 + 16 + 8 columns.
pub const PRE: usize = 2 * LOOKUPS + TABLE;
/// Variables that the step allocates.
pub const STEP_VARS: usize = 2 * LOOKUPS + TABLE + OUTPUTS;
/// The step.
pub const TOY: Squares = Squares { lookups: LOOKUPS };

/// An honest run of `n` segments.
pub fn honest(n: usize) -> Columns {
    Columns::honest(TOY, n)
}

/// Parameters of the toy step, made once.
pub fn params() -> &'static PublicParams<Squares> {
    static PARAMS: OnceLock<PublicParams<Squares>> = OnceLock::new();
    PARAMS.get_or_init(|| PublicParams::setup(TOY, &KeyCache::in_memory(), &|_| ()).unwrap())
}

/// What a verifier of the toy has, made once from a file.
pub fn verifier_params() -> &'static VerifierParams {
    static PARAMS: OnceLock<VerifierParams> = OnceLock::new();
    PARAMS.get_or_init(|| {
        let file = describe(&TOY).unwrap().to_bytes();
        let description = Description::from_bytes(&file).unwrap();
        VerifierParams::setup(description, &KeyCache::in_memory(), &|_| ()).unwrap()
    })
}

pub fn commit(source: &mut Columns) -> Commitments {
    commit_pass(params(), source, Vec::new(), &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap()
}

/// The second pass over all segments.
pub fn fold_all(
    source: &mut Columns,
    commitments: &Commitments,
    z0: [F1; ARITY],
) -> Result<RunningProof, ProveError> {
    let mut go_on = |_: &_, _: &_| ControlFlow::Continue(());
    fold(params(), source, commitments, z0, None, false, &mut go_on)
}

/// The challenges that a verifier derives for a run of `n` segments of the toy.
pub fn challenges(n: usize, ic: F2) -> Challenges {
    Challenges::derive(&[params().digest(), &(n as u64).to_le_bytes()], ic)
}

/// The initial values of a run: state and sum are zero.
pub fn initial(challenges: Challenges) -> [F1; ARITY] {
    [F1::ZERO, F1::ZERO, challenges.alpha, challenges.gamma]
}

/// The final values that a verifier demands: `n` segments counted, and a sum of zero.
pub fn last(n: usize, challenges: Challenges) -> [F1; ARITY] {
    [
        F1::from(n as u64),
        F1::ZERO,
        challenges.alpha,
        challenges.gamma,
    ]
}
