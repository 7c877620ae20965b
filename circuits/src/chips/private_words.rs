//! Words of the private tape.
//!
//! Any word of 32 bits may be there at the start: a row bounds some and offers them on the image bus as `(word address, mark, word)`. The mark
//! is 2 ([`PRIVATE_MARK`]), which the [`boundary`](crate::boundary) consumes for words of the private tape and for no others, so that what is offered here
//! never takes the place of a word of the image or of the public tape.
//!
//! Columns: `e` (enable); for each of [`WORDS`] words its address, its low and high half, and a multiplicity.
//!
//! | row | forces |
//! | --- | --- |
//! | `e` boolean | the mark is 1 or 2 |
//! | two lookups of each word times `e` | the word has 32 bits (condition 5) |
//! | `(address, 1 + e, word)` produced, any multiplicity | with `e = 0` nothing is bounded, and the mark is the one that nobody consumes |
//!
//! Nothing bounds the address and nobody counts how often it occurs: address, mark and word are each alone on a power of gamma (condition 2), the boundary takes one
//! word for each address, and which one is the prover's to choose.

use crate::{boundary::PRIVATE_MARK, builder::Builder, bus::Bus, chip::Chip, lc::Columns};

/// Words of one instance.
pub const WORDS: usize = 32;

/// Offers words of the private tape.
#[derive(Debug, Clone, Copy)]
pub struct PrivateWords;

/// At most [`WORDS`] of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Word addresses, and the words.
    pub words: Vec<(u32, u32)>,
}

impl Chip for PrivateWords {
    const NAME: &'static str = "private words";
    type Event = Event;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let mark = &e * (PRIVATE_MARK - 1) + 1;
        for _ in 0..WORDS {
            let address = b.column();
            let word = b.word("private word", &e);
            let lookups = b.column();
            b.produce(
                "word of the private tape",
                Bus::Image,
                &lookups,
                &[address, mark.clone(), word],
            );
        }
    }

    fn fill(event: &Event, out: &mut Columns) {
        out.push(1);
        for (address, word) in &event.words {
            let word = u64::from(*word);
            out.extend([u64::from(*address), word & 0xffff, word >> 16, 1]);
        }
        out.pad(out.len() + 4 * (WORDS - event.words.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bus::{tuple, PARTS},
        chip::fill_idle,
        lc::{pow2, F},
        testing::{demands, filled, lone, mutations_are_refused, refusal, satisfied, small},
    };
    use ff::Field;
    use std::collections::HashMap;

    const FIRST: u32 = 0x3000_0000;

    fn honest() -> Vec<F> {
        let words = [0, 1, 0xffff, 0x1_0000, 0x8000_0000, u32::MAX];
        let event = Event {
            words: (FIRST..).zip(words).collect(),
        };
        filled(|out| PrivateWords::fill(&event, out))
    }

    /// Whether all that somebody may consume is words of 32 bits with the private mark.
    fn harmless(demands: &HashMap<(Bus, [F; PARTS]), F>) -> bool {
        let word = |t: &[F; PARTS]| small(&t[2]).is_some_and(|w| w < 1 << 32);
        demands.keys().all(|(bus, t)| {
            *bus == Bus::Image && (t[1] == F::ONE || t[1] == F::from(PRIVATE_MARK) && word(t))
        })
    }

    #[test]
    fn words_are_offered_once_with_their_mark() {
        let segment = lone(PrivateWords::synthesize);
        let now = demands(&segment, &satisfied(&segment, &honest()));
        assert_eq!(now.len(), 6);
        assert!(harmless(&now));
        let last = [FIRST + 5, 2, u32::MAX].map(|x| F::from(u64::from(x)));
        assert_eq!(now.get(&(Bus::Image, tuple(&last))), Some(&F::ONE));
    }

    #[test]
    fn idle_is_all_zero() {
        let segment = lone(PrivateWords::synthesize);
        let base = filled(|out| fill_idle(PrivateWords::width(), out));
        assert!(demands(&segment, &satisfied(&segment, &base)).is_empty());
    }

    /// Address and multiplicity are free, and so is the word, as long as it has 32 bits.
    #[test]
    fn mutations() {
        let segment = lone(PrivateWords::synthesize);
        mutations_are_refused(&segment, &honest(), |now| !harmless(now));
    }

    /// A word of 33 bits, a high half that makes up for a low one of 17, a fraction.
    #[test]
    fn longer_words_are_refused() {
        let segment = lone(PrivateWords::synthesize);
        let refused = |low: F, high: F| {
            let mut forged = honest();
            (forged[2], forged[3]) = (low, high);
            refusal(&segment, &segment.expand(&forged)).is_some()
        };
        assert!(refused(F::ZERO, pow2(16)));
        assert!(refused(pow2(16), F::ONE));
        assert!(refused(-F::ONE, F::ONE));
        assert!(refused(F::ZERO, pow2(16).invert().unwrap()));
    }

    /// Without `e` nothing is looked up, and the mark is not the private one.
    #[test]
    fn unbounded_words_are_marked() {
        let segment = lone(PrivateWords::synthesize);
        let mut forged = honest();
        forged[0] = F::ZERO;
        forged[3] = pow2(40);
        let now = demands(&segment, &satisfied(&segment, &forged));
        assert_eq!(now.len(), 6);
        assert!(now.keys().all(|(_, t)| t[1] == F::ONE));
        // A mark that no boolean gives.
        for e in [F::from(2), -F::ONE, F::from(2).invert().unwrap()] {
            forged[0] = e;
            assert!(refusal(&segment, &segment.expand(&forged)).is_some());
        }
    }

    #[test]
    fn cost() {
        let segment = lone(PrivateWords::synthesize);
        let nonlinear = (0..segment.num_rows())
            .filter(|r| segment.is_nonlinear(*r))
            .count();
        let found = (segment.num_rows(), nonlinear, PrivateWords::width());
        // A boolean and the powers and multiple of gamma that all words share; four rows for each word. What two buses' denominators begin with is linear.
        let nonlinear = 1 + PARTS + 4 * WORDS;
        assert_eq!(found, (nonlinear + 2, nonlinear, 1 + 4 * WORDS));
    }
}
