//! Conditions 4, 5 and 12: what the verifier adds, and what the private side may choose.

use super::stage::{expect, inputs, Stage, STAGE, WORDS};
use crate::{header::Header, statement::Statement};
use zkmips_emulator::constants::PRIVATE_TAPE;

/// The statement of another run, proved by the honest one's segments.
fn refuses_statement(what: &str, statement: &Statement, why: &str) {
    let refusal = STAGE.refusal_of(statement, &STAGE.honest, |_, _| ());
    expect(what, refusal, why);
}

#[test]
fn another_private_input_proves_the_same_statement() {
    let other = Stage::new(&WORDS, &inputs(b"public", b"something else"));
    assert_eq!(STAGE.plan.statement(), other.plan.statement());
    assert_eq!(STAGE.refusal(&other.honest), None);
}

#[test]
fn a_private_word_is_the_same_for_all_who_read_it() {
    let stage = &STAGE;
    let works = &mut stage.honest.clone();
    let (i, j, k) = stage.word(PRIVATE_TAPE / 4);
    let word = &mut works[i].batches[j].words[k];
    word.initial ^= 1 << 31;
    stage.refuses("another word than is offered", works, "left on Image");
    let lot = works.iter_mut().find_map(|w| w.private_words.first_mut());
    lot.expect("the tape is read").words[0].1 ^= 1 << 31;
    stage.refuses("another word than is read", works, "left on Memory");
}

#[test]
fn other_outputs_are_refused() {
    let honest = STAGE.plan.statement();
    let with = |output: &[u32]| {
        Statement::new(
            honest.header().clone(),
            honest.public_tape().to_vec(),
            output.to_vec(),
        )
        .unwrap()
    };
    assert_eq!(honest.output_tape(), [3, 0]);
    for (what, output) in [
        ("another status", vec![0, 0]),
        ("another length", vec![3, 1]),
        ("a word more", vec![3, 0, 7]),
    ] {
        refuses_statement(what, &with(&output), "left on OutputTape");
    }
    // A word that nobody wrote is zero at the end, and nobody has looked at it: the boundary must have it all the same.
    refuses_statement("a zero more", &with(&[3, 0, 0]), "left on OutputTape");
}

#[test]
fn other_public_inputs_are_refused() {
    let honest = STAGE.plan.statement();
    for i in 0..honest.public_tape().len() {
        let mut public = honest.public_tape().to_vec();
        public[i] ^= 1 << (i % 32);
        let other = Statement::new(
            honest.header().clone(),
            public,
            honest.output_tape().to_vec(),
        );
        refuses_statement("another public word", &other.unwrap(), "left on Image");
    }
    let mut longer = honest.public_tape().to_vec();
    longer.push(0);
    let other = Statement::new(
        honest.header().clone(),
        longer,
        honest.output_tape().to_vec(),
    );
    refuses_statement("a public word that is left out", &other.unwrap(), "Image");
}

#[test]
fn other_programs_are_refused() {
    // Another word in the data; another root; another range.
    let mut data = WORDS;
    data[1] += 1;
    let other = Stage::new(&data, &inputs(b"public", b"private"));
    refuses_statement("another image", other.plan.statement(), "left on Tree");

    let honest = STAGE.plan.statement();
    let bytes = honest.header().to_bytes();
    let with = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        let header = Header::from_bytes(&bytes).unwrap();
        let tapes = [honest.public_tape(), honest.output_tape()].map(<[u32]>::to_vec);
        let [public, output] = tapes;
        Statement::new(header, public, output).unwrap()
    };
    // Version, byte order, count, then first, words and executable of each range, then the roots.
    let end = bytes.len();
    for (what, at, why) in [
        ("the other byte order", 4, "hashed"),
        ("data that is executable", 9 + 8, "left on Header"),
        ("another image root", end - 64, "left on Tree"),
        ("another decoded root", end - 32, "left on Tree"),
    ] {
        refuses_statement(what, &with(at), why);
    }
}

#[test]
fn fewer_or_more_segments_are_refused() {
    let stage = &STAGE;
    let n = stage.honest.len();
    let first = &stage.honest[..n - 1];
    stage.refuses("the last segment left out", first, "final state");
    let mut twice = stage.honest.clone();
    twice.push(stage.honest[n - 1].clone());
    stage.refuses("the last segment twice", &twice, "hashed");
    stage.refuses("no segment", &[], "final state");
}
