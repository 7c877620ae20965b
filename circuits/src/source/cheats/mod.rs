//! Cheats on a whole run, by the numbers of the soundness conditions: each is carried through as far as a prover could, so that only
//! what the condition is about stands in the way, and each must be refused for that reason. Where a cheat is a matter of one chip
//! alone, the chip's own tests have it: all sorts of wrong results (7, 8), parts that trade bits (2), idle rows that offer facts (9).

mod memory;
mod program;
mod stage;
mod state;
mod statement;

use stage::STAGE;

/// The judge accepts what it should: the honest run.
#[test]
fn the_honest_run_is_accepted() {
    let stage = &STAGE;
    assert_eq!(stage.refusal(&stage.honest), None);
    assert!(stage.honest.len() >= 4);
    assert!(stage.honest.iter().any(|w| !w.raises.is_empty()));
    let status = stage.plan.statement().status();
    assert_eq!(status, 3);
}
