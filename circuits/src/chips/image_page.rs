//! Pages of the initial image: 128 words.
//!
//! A row opens one page and offers its words on the image bus as `(word address, mark, word)`; the mark of words of the
//! image is 0 in every tuple that is consumed.
//!
//! Columns: `e` (enable), index, digest; for each word its low and high half and a multiplicity.
//!
//! | row | forces |
//! | --- | --- |
//! | `e` boolean | consumes the page once or not at all (condition 9) |
//! | consume `(0, index, digest, 0)` on the tree bus times `e` | the page is in the image tree, at level 0 |
//! | 256 lookups times `e` | every word has 32 bits (condition 5), and is bounded where it shares a hash element with six others (condition 2) |
//! | 128 times produce `(128 index + i, 1 - e, word)`, any multiplicity | words of a page that is not consumed carry mark 1: this does the work of `m (1 - e) = 0` |
//! | hash | digest = Poseidon(image page; index, words seven to an element) |
//!
//! The index is alone on its power of gamma and alone in its hash element.

use crate::{
    builder::Builder,
    bus::Bus,
    chip::Chip,
    lc::{pow2, Columns, Lc, F},
    poseidon::{hash, hash_rows, Domain},
    tree::Tree,
};
use ff::Field;

/// Words of a page.
pub const WORDS: usize = 128;
/// Words in a hash element: 224 bits.
const PACK: usize = 7;

/// Opens a page of the image.
#[derive(Debug, Clone, Copy)]
pub struct ImagePage;

/// A page to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its address divided by 512.
    pub index: u32,
    /// Its digest.
    pub digest: F,
    /// Its [`WORDS`] words.
    pub words: Vec<u32>,
    /// How often each is asked for.
    pub lookups: Vec<u64>,
}

/// Words as one hash element.
pub(crate) fn pack(words: &[u32]) -> F {
    words
        .iter()
        .rev()
        .fold(F::ZERO, |sum, w| sum * pow2(32) + F::from(u64::from(*w)))
}

/// The digest of a page.
pub fn digest(index: u32, words: &[u32]) -> F {
    let mut elements = vec![F::from(u64::from(index))];
    elements.extend(words.chunks(PACK).map(pack));
    hash(Domain::ImagePage, &elements)
}

impl Chip for ImagePage {
    const NAME: &'static str = "image page";
    type Event = Event;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let [index, digest] = b.columns();
        let place = Lc::from(Tree::Image.place(0));
        b.consume(
            "page",
            Bus::Tree,
            &e,
            &[place, index.clone(), digest.clone()],
        );
        let mut words = Vec::with_capacity(WORDS);
        for i in 0..WORDS as u64 {
            let word = b.word("word", &e);
            let lookups = b.column();
            let address = &index * WORDS as u64 + Lc::from(i);
            b.produce(
                "word of the image",
                Bus::Image,
                &lookups,
                &[address, 1 - &e, word.clone()],
            );
            words.push(word);
        }
        let mut elements = vec![index];
        elements.extend(words.chunks(PACK).map(|part| {
            (0..)
                .zip(part)
                .fold(Lc::zero(), |sum, (i, w)| sum + w * pow2(32 * i))
        }));
        let hash = hash_rows(b, "page hash", &e, Domain::ImagePage, &elements);
        b.zero("page digest", &(hash - digest));
    }

    fn fill(event: &Event, out: &mut Columns) {
        out.extend([1, event.index.into()]);
        out.push_element(event.digest);
        for (word, lookups) in event.words.iter().zip(&event.lookups) {
            let word = u64::from(*word);
            out.extend([word & 0xffff, word >> 16, *lookups]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bus::{tuple as padded, PARTS},
        chip::fill_idle,
        testing::{
            challenges, demands, filled, lone, mutations_of_columns_are_refused, refusal, satisfied,
        },
        tree::{node_digest, ARITY},
    };
    use rand::{Rng, SeedableRng};
    use std::collections::HashSet;

    fn base(event: &Event) -> Vec<F> {
        filled(|out| ImagePage::fill(event, out))
    }

    fn honest() -> Event {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let mut words: Vec<u32> = (0..WORDS).map(|_| rng.gen()).collect();
        words[..5].copy_from_slice(&[0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]);
        let index = 0x40_0123;
        Event {
            index,
            digest: digest(index, &words),
            words,
            lookups: (0..WORDS as u64).map(|i| i % 3).collect(),
        }
    }

    fn refused(base: &[F]) -> Option<String> {
        let segment = lone(ImagePage::synthesize);
        let pre = segment.expand(base);
        refusal(&segment, &pre)
    }

    fn tuple(event: &Event, i: usize) -> (Bus, [F; PARTS]) {
        let address = u64::from(event.index) * 128 + i as u64;
        let word = F::from(u64::from(event.words[i]));
        (Bus::Image, padded(&[F::from(address), F::ZERO, word]))
    }

    fn own(event: &Event) -> (Bus, [F; PARTS]) {
        let index = F::from(u64::from(event.index));
        (Bus::Tree, padded(&[F::ZERO, index, event.digest]))
    }

    #[test]
    fn a_page_offers_its_words() {
        let segment = lone(ImagePage::synthesize);
        let event = honest();
        let pre = satisfied(&segment, &base(&event));
        let mut now = demands(&segment, &pre);
        assert_eq!(now.remove(&own(&event)), Some(-F::ONE));
        for i in 0..WORDS {
            let m = now.remove(&tuple(&event, i)).unwrap_or(F::ZERO);
            assert_eq!(m, F::from(event.lookups[i]));
        }
        assert!(now.is_empty());
    }

    #[test]
    fn idle_is_all_zero() {
        let segment = lone(ImagePage::synthesize);
        let base = filled(|out| fill_idle(ImagePage::width(), out));
        let pre = satisfied(&segment, &base);
        assert!(demands(&segment, &pre).is_empty());
    }

    /// Whatever column is changed but the multiplicities, which are free: refused, or a tuple appears that is not true.
    #[test]
    fn mutations() {
        let segment = lone(ImagePage::synthesize);
        let event = honest();
        let mut truth: HashSet<_> = (0..WORDS).map(|i| tuple(&event, i)).collect();
        truth.insert(own(&event));
        let width = ImagePage::width();
        let columns = (0..3 + 21).chain(width - 6..width);
        let columns = columns.filter(|c| c % 3 != 2 || *c == 2);
        mutations_of_columns_are_refused(&segment, &base(&event), columns, |now| {
            now.keys().all(|t| truth.contains(t))
        });
    }

    /// 2^(16 + j) taken from one half and given to the next as 2^j: the hashed elements stay what they are and all rows hold, but a
    /// lookup is false. Within an element and across its words alike.
    #[test]
    fn halves_of_an_element_cannot_trade_bits() {
        let segment = lone(ImagePage::synthesize);
        let honest = base(&honest());
        let column = |half: usize| 3 + half / 2 * 3 + half % 2;
        let mut tried = 0;
        for low in (0..2 * WORDS - 1).filter(|h| h % (2 * PACK) != 2 * PACK - 1) {
            for amount in [F::ONE, -F::ONE, pow2(16), pow2(16).invert().unwrap()] {
                let mut forged = honest.clone();
                forged[column(low)] += amount * pow2(16);
                forged[column(low + 1)] -= amount;
                let pre = segment.expand(&forged);
                if tried % 97 == 0 {
                    let flat = segment.assignment(&pre, &challenges());
                    assert_eq!(segment.violation(&flat), None, "the cheat keeps all rows");
                }
                tried += 1;
                let false_fact = segment
                    .crossings(&pre)
                    .iter()
                    .any(|c| c.bus == Bus::Range && !crate::testing::is_true_fact(c));
                assert!(false_fact, "half {low}");
            }
        }
    }

    #[test]
    fn forged_pages_are_refused() {
        for cheat in [
            |e: &mut Event| e.index += 1,
            |e: &mut Event| e.words[0] ^= 1,
            |e: &mut Event| e.words.swap(0, 1),
            |e: &mut Event| e.words[WORDS - 1] ^= 1 << 31,
            |e: &mut Event| e.digest += F::ONE,
            |e: &mut Event| e.digest = F::ZERO,
            |e: &mut Event| {
                e.words = vec![0; WORDS];
                e.digest = F::ZERO;
            },
        ] {
            let mut event = honest();
            cheat(&mut event);
            assert!(refused(&base(&event)).is_some());
        }
    }

    /// A node whose children look like words has another digest.
    #[test]
    fn a_node_cannot_be_opened_as_a_page() {
        let mut event = honest();
        event.words = vec![0; WORDS];
        let mut children = [F::ZERO; ARITY];
        for (child, words) in children.iter_mut().zip(event.words.chunks_mut(PACK)) {
            words.fill(3);
            *child = pack(words);
        }
        event.digest = node_digest(0, event.index, &children);
        assert!(refused(&base(&event)).is_some());
        event.digest = digest(event.index, &event.words);
        assert_eq!(refused(&base(&event)), None, "only the digest is wrong");
    }

    /// Words of a page that is not consumed carry a mark that no consumer has.
    #[test]
    fn words_without_their_page_are_marked() {
        let segment = lone(ImagePage::synthesize);
        let mut forged = vec![F::ZERO; ImagePage::width()];
        forged[1] = F::from(7);
        forged[3] = F::from(99);
        forged[5] = F::ONE;
        let pre = segment.expand(&forged);
        let now = demands(&segment, &pre);
        assert!(now
            .keys()
            .all(|(bus, t)| *bus == Bus::Image && t[1] == F::ONE));
    }

    #[test]
    fn cost() {
        let segment = lone(ImagePage::synthesize);
        let nonlinear = (0..segment.num_rows())
            .filter(|r| segment.is_nonlinear(*r))
            .count();
        let columns = ImagePage::width();
        assert_eq!((segment.num_rows(), nonlinear, columns), (1331, 1303, 387));
    }
}
