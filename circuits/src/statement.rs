//! What a proof states, and the terms that the verifier adds to the sum.
//!
//! The verifier's tuples, each with a multiplicity that is a constant of the protocol:
//!
//! | bus | tuple | multiplicity |
//! | --- | --- | --- |
//! | tree | `(place of a root, 0, root)` for both trees | +1 |
//! | header | `(first, last, kind, executable)` for each region of the partition, the sentinel included | +1 |
//! | image | `(word address, 0, word)` for each word of the public tape | +1 |
//! | output tape | `(word address, 0, word)` for each word of the output tape | -1 |
//!
//! The memory boundary takes the words of image and public tape from one bus: their addresses never meet, since no image range of a
//! valid header touches a tape, and since the image tree that an id stands for has pages in its ranges only.

use crate::{
    bus::{tuple, Bus, PARTS},
    header::Header,
    lc::F,
    tree::{Tree, LEVELS},
};
use ff::{BatchInverter, Field};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use zkmips_emulator::constants::{OUTPUT_TAPE, OUTPUT_TAPE_BYTES, PUBLIC_TAPE, PUBLIC_TAPE_BYTES};

/// "The program with this header, given this public tape and some private tape, halts and leaves this output tape."
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    header: Header,
    public_tape: Vec<u32>,
    output_tape: Vec<u32>,
}

/// Why a statement cannot be checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// A tape longer than its region, or without its first words.
    #[error("{what} has {words} words, and must have {least} to {most}")]
    TapeLength {
        /// Which tape.
        what: &'static str,
        /// Its words.
        words: usize,
        /// Fewest.
        least: usize,
        /// Most.
        most: usize,
    },
    /// One of the verifier's own terms has no value: no honest proof has such challenges, but for an event of negligible probability.
    #[error("a denominator of the verifier's sum is zero: the challenges are not those of an honest proof; prove again")]
    ZeroDenominator,
}

/// Bus, multiplicity (1 or -1) and parts.
pub type Term = (Bus, i8, [F; PARTS]);

/// `(word address, 0, word)` for each word of a tape.
fn tape_terms(
    bus: Bus,
    sign: i8,
    start: u32,
    tape: &[u32],
) -> impl IndexedParallelIterator<Item = Term> + '_ {
    tape.par_iter().enumerate().map(move |(i, word)| {
        let parts = [u64::from(start / 4) + i as u64, 0, u64::from(*word)];
        (bus, sign, tuple(&parts.map(F::from)))
    })
}

/// Terms that are inverted together.
const CHUNK: usize = 1 << 12;

impl Statement {
    /// The statement of a header and the words of both public tapes, as `zkmips_emulator::tape` lays them out.
    pub fn new(
        header: Header,
        public_tape: Vec<u32>,
        output_tape: Vec<u32>,
    ) -> Result<Self, StatementError> {
        let check = |what, tape: &[u32], least, bytes: u32| {
            let most = bytes as usize / 4;
            let words = tape.len();
            if (least..=most).contains(&words) {
                Ok(())
            } else {
                Err(StatementError::TapeLength {
                    what,
                    words,
                    least,
                    most,
                })
            }
        };
        check("the public tape", &public_tape, 1, PUBLIC_TAPE_BYTES)?;
        check("the output tape", &output_tape, 2, OUTPUT_TAPE_BYTES)?;
        Ok(Statement {
            header,
            public_tape,
            output_tape,
        })
    }

    /// The program's header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Words of the public tape.
    pub fn public_tape(&self) -> &[u32] {
        &self.public_tape
    }

    /// Words of the output tape; the first is the exit status.
    pub fn output_tape(&self) -> &[u32] {
        &self.output_tape
    }

    /// The exit status.
    pub fn status(&self) -> u32 {
        self.output_tape.first().copied().unwrap_or_default()
    }

    /// The verifier's tuples.
    pub fn terms(&self) -> impl IndexedParallelIterator<Item = Term> + '_ {
        let header = &self.header;
        let roots = [
            (Tree::Image, header.image_root()),
            (Tree::Decoded, header.decoded_root()),
        ];
        let mut first: Vec<_> = roots
            .map(|(tree, root)| {
                let place = F::from(tree.place(LEVELS));
                (Bus::Tree, 1, tuple(&[place, F::ZERO, root]))
            })
            .into();
        first.extend(header.regions().iter().map(|r| {
            let parts = [r.first, r.end - 1, r.kind as u64, u64::from(r.executable)];
            (Bus::Header, 1, tuple(&parts.map(F::from)))
        }));
        first
            .into_par_iter()
            .chain(tape_terms(Bus::Image, 1, PUBLIC_TAPE, &self.public_tape))
            .chain(tape_terms(
                Bus::OutputTape,
                -1,
                OUTPUT_TAPE,
                &self.output_tape,
            ))
    }

    /// The verifier's part of the sum: a proof whose segments sum to `s` is accepted only if `s` plus this is zero.
    pub fn public_sum(&self, alpha: F, gamma: F) -> Result<F, StatementError> {
        let powers: Vec<F> = std::iter::successors(Some(F::ONE), |p| Some(*p * gamma))
            .take(PARTS + 1)
            .collect();
        self.terms()
            .chunks(CHUNK)
            .map(|terms| {
                let mut denominators: Vec<F> = terms
                    .iter()
                    .map(|(bus, _, tuple)| {
                        let parts = tuple.iter().zip(&powers);
                        let tag = powers[PARTS] * F::from(bus.tag());
                        parts.fold(alpha + tag, |sum, (part, power)| match *part == F::ZERO {
                            true => sum,
                            false => sum + *part * power,
                        })
                    })
                    .collect();
                if denominators.contains(&F::ZERO) {
                    return Err(StatementError::ZeroDenominator);
                }
                let mut scratch = vec![F::ZERO; denominators.len()];
                BatchInverter::invert_with_external_scratch(&mut denominators, &mut scratch);
                Ok(terms
                    .iter()
                    .zip(&denominators)
                    .map(|((_, sign, _), inverse)| if *sign < 0 { -inverse } else { *inverse })
                    .sum::<F>())
            })
            .try_reduce(|| F::ZERO, |a, b| Ok(a + b))
    }
}
