//! A whole small program: trees, header, openings, chips, boundary and the verifier's terms balance.

use super::*;
use crate::{
    boundary::{self, Position, Word},
    bus::{Bus, PARTS},
    chip::Chip,
    chips::{DecodedPage as DecodedChip, ImagePage, Node},
    header::Header,
    lc::{Lc, F},
    microcode::{Entry, SINK},
    operation::Operation,
    segment::Segment,
    statement::Statement,
    testing::{challenges, demands, filled, lone, satisfied},
    tree::{ARITY, LEVEL_STEP},
};
use ff::Field;
use std::collections::{BTreeSet, HashMap};
use zkmips_emulator::{
    constants::{OUTPUT_TAPE, PUBLIC_TAPE},
    elf::Segment as Piece,
    ByteOrder, Program,
};

/// Some decoder: as many micro-ops as the low two bits of the word say, and one more if the word before is odd.
fn decode(word: u32, pc: u32, before: Option<u32>) -> Vec<Entry> {
    let n = 1 + word % 4 + before.unwrap_or(0) % 2;
    (0..n as u8)
        .map(|step| Entry {
            pc,
            step,
            rs: 1,
            rt: 2,
            rd: SINK,
            dispatch: false,
            minus: false,
            branch: false,
            jump: false,
            jump_register: false,
            last: u32::from(step) == n - 1,
            operation: Operation::None,
            immediate: word,
            target: before.unwrap_or(0),
        })
        .collect()
}

fn program() -> Program {
    let piece = |address: u32, n: u32, executable| Piece {
        address,
        bytes: (0..n).map(|i| (i * i / 7 + address) as u8).collect(),
        memory_bytes: n,
        executable,
    };
    let pieces = [
        piece(0x0040_0100, 0x1234, true),
        piece(0x0040_4000, 0x800, false),
        piece(0x8000_0000, 0x1000, true),
    ];
    Program::from_segments(ByteOrder::Little, &pieces)
}

fn small_tree(pages: &[u32]) -> PageTree {
    let digest = |i: &u32| (*i, F::from(1000 + u64::from(*i)));
    PageTree::new(Tree::Decoded, pages.iter().map(digest).collect())
}

#[test]
fn openings_are_consistent_with_the_root_and_each_other() {
    let pages = [0, 1, 17, 0x40_0000, 0xff_ffff];
    let tree = small_tree(&pages);
    let events = tree.open(&[1, 0xff_ffff].into());
    // Both paths are apart below the root: five nodes each.
    assert_eq!(events.len(), 11);
    let mut produced = vec![(25, 0, tree.root())];
    for e in events.iter().rev() {
        assert_eq!(e.digest, node_digest(e.place, e.index, &e.children));
        let at = produced
            .iter()
            .position(|p| *p == (e.place, e.index, e.digest));
        produced.remove(at.expect("opened by its parent or the verifier"));
        for (j, child) in e.children.iter().enumerate() {
            for _ in 0..e.lookups[j] {
                produced.push((e.place - LEVEL_STEP, 16 * e.index + j as u32, *child));
            }
        }
    }
    assert_eq!(
        produced,
        [
            (1, 0xff_ffff, F::from(1000 + 0xff_ffff)),
            (1, 1, F::from(1001))
        ]
    );
}

#[test]
fn the_root_is_opened_even_if_nothing_is_touched() {
    let tree = small_tree(&[]);
    let events = tree.open(&BTreeSet::new());
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].digest, tree.root());
    assert_eq!(tree.root(), node_digest(25, 0, &[F::ZERO; ARITY]));
}

#[test]
fn place_and_index_change_a_digest() {
    let children = [F::ONE; ARITY];
    let here = node_digest(4, 7, &children);
    assert_ne!(here, node_digest(5, 7, &children));
    assert_ne!(here, node_digest(8, 7, &children));
    assert_ne!(here, node_digest(4, 8, &children));
    assert_ne!(small_tree(&[3]).root(), small_tree(&[4]).root());
}

fn trees() -> ProgramTrees {
    ProgramTrees::new(&program(), decode).unwrap()
}

#[test]
fn pages_hold_the_image_and_the_decoded_code() {
    let (program, trees) = (program(), trees());
    for (first, words, executable) in program.pages() {
        for (address, word) in (first / 4..).zip(words).step_by(61) {
            let openings = trees.openings([address], []).unwrap();
            let page = &openings.image_pages[0];
            assert_eq!(page.words[address as usize % 128], *word);
            let decoded = trees.decoded_page(4 * address / 256);
            assert_eq!(decoded.is_some(), executable);
            if let Some(decoded) = decoded {
                let before = program.image_word(4 * address - 4);
                let expected = decode(*word, 4 * address, before);
                let here = decoded.entries.iter().filter(|e| e.pc == 4 * address);
                assert!(here.eq(&expected), "{address:x}");
            }
        }
    }
    assert!(trees.openings([0x0040_2000 / 4], []).is_err());
    assert!(trees.openings([], [(0x0040_4000, 0, 1)]).is_err());
    assert!(trees.openings([], [(0x0040_0100, 9, 1)]).is_err());
}

#[test]
fn the_root_binds_every_word_and_micro_op() {
    let trees = trees();
    let other = ProgramTrees::new(&program(), |word, pc, before| {
        let mut entries = decode(word, pc, before);
        if pc == 0x8000_0f00 {
            entries[0].immediate ^= 1;
        }
        entries
    })
    .unwrap();
    assert_eq!(other.image_root(), trees.image_root());
    assert_ne!(other.decoded_root(), trees.decoded_root());
}

#[test]
fn microcode_must_be_well_formed() {
    for spoil in [
        |e: &mut Vec<Entry>| e.push(e[0]),
        |e: &mut Vec<Entry>| e[0].pc += 4,
        |e: &mut Vec<Entry>| e[0].step = 32,
        |e: &mut Vec<Entry>| e.clear(),
        |e: &mut Vec<Entry>| (e[0].minus, e[0].jump, e[0].rt) = (true, true, 0),
        |e: &mut Vec<Entry>| (e[0].minus, e[0].branch) = (true, true),
        |e: &mut Vec<Entry>| (e[0].jump, e[0].branch, e[0].rt) = (true, true, 0),
        |e: &mut Vec<Entry>| (e[0].jump, e[0].rt) = (true, 2),
        |e: &mut Vec<Entry>| (e[0].jump, e[0].jump_register, e[0].target) = (true, true, 4),
        |e: &mut Vec<Entry>| e[0].jump_register = true,
        |e: &mut Vec<Entry>| e[0].rd = 0,
    ] {
        let trees = ProgramTrees::new(&program(), |word, pc, before| {
            let mut entries = decode(word, pc, before);
            if pc == 0x8000_0040 {
                spoil(&mut entries);
            }
            entries
        });
        assert_eq!(trees.err(), Some(ProgramError::BadMicrocode(0x8000_0040)));
    }
}

/// Everything that a run's one-off chips, its boundary and the verifier put on the buses, slots and memory chips apart.
struct Balance {
    sums: HashMap<(Bus, [F; PARTS]), F>,
}

impl Balance {
    fn add<C: Chip>(&mut self, events: &[C::Event]) {
        let segment = lone(C::synthesize);
        for event in events {
            let base = filled(|out| C::fill(event, out));
            let pre = satisfied(&segment, &base);
            self.add_all(demands(&segment, &pre));
        }
    }

    fn add_all(&mut self, tuples: impl IntoIterator<Item = ((Bus, [F; PARTS]), F)>) {
        for (tuple, m) in tuples {
            *self.sums.entry(tuple).or_insert(F::ZERO) += m;
        }
        self.sums.retain(|_, m| *m != F::ZERO);
    }
}

const FETCHES: [(u32, u8, u64); 4] = [
    (0x0040_0104, 0, 3),
    (0x0040_0108, 0, 9),
    (0x0040_11fc, 0, 1),
    (0x8000_0000, 0, 2),
];

fn balance(statement: &Statement, words: &[Word]) -> Balance {
    let trees = trees();
    let image = words.iter().map(|w| w.address).filter(|a| {
        let image = |r: &boundary::Region| r.kind == boundary::Kind::Image;
        let a = u64::from(*a);
        let regions = statement.header().regions();
        regions
            .iter()
            .any(|r| image(r) && r.first <= a && a < r.end)
    });
    let openings = trees.openings(image.collect::<Vec<_>>(), FETCHES).unwrap();
    let mut balance = Balance {
        sums: HashMap::new(),
    };
    balance.add::<Node>(&openings.nodes);
    balance.add::<ImagePage>(&openings.image_pages);
    balance.add::<DecodedChip>(&openings.decoded_pages);

    let batches = boundary::batches(&statement.header().regions(), words);
    let mut b = crate::builder::Builder::new();
    let mut chain: [Lc; 3] = b.columns();
    for _ in &batches {
        chain = boundary::synthesize(&mut b, &chain);
    }
    let segment = Segment::new(b, [&chain[0], &chain[1]]);
    let mut position = Position::default();
    let base = filled(|out| {
        out.pad(3);
        for batch in &batches {
            boundary::fill(batch, &mut position, out);
        }
    });
    assert_eq!(
        position,
        Position {
            next: 1 << 30,
            end: (1 << 30) + 1,
            kind: 0
        }
    );
    let pre = satisfied(&segment, &base);
    balance.add_all(demands(&segment, &pre));
    balance
}

fn statement() -> Statement {
    let header = Header::with_trees(&program(), &trees()).unwrap();
    Statement::new(header, vec![2, 0xffff_ffff, 5], vec![1, 0]).unwrap()
}

/// Touched words that nobody changes: image, bss, both tapes.
fn words(statement: &Statement) -> Vec<Word> {
    let program = program();
    let still = |address: u32, value| Word {
        address,
        initial: value,
        last: value,
        time: 0,
    };
    let image = [
        0x0040_0000u32,
        0x0040_0104,
        0x0040_0108,
        0x0040_4ffc,
        0x8000_0ffc,
    ]
    .map(|a| still(a / 4, program.image_word(a).unwrap()));
    let public = (PUBLIC_TAPE / 4..).zip(statement.public_tape());
    let mut words = image.to_vec();
    words.push(still(0x0041_0000 / 4, 0));
    words.extend(public.map(|(a, w)| still(a, *w)));
    words.sort_by_key(|w| w.address);
    // The output is written at some time; who wrote it is not part of this test.
    words.extend(
        (OUTPUT_TAPE / 4..)
            .zip(statement.output_tape())
            .map(|(a, w)| Word {
                address: a,
                initial: 0,
                last: *w,
                time: 0,
            }),
    );
    words
}

/// What is left after the verifier's terms: fetched micro-ops, and the memory tuples of output words that were written.
fn left(balance: &Balance, statement: &Statement) -> HashMap<(Bus, [F; PARTS]), F> {
    let mut all = Balance {
        sums: balance.sums.clone(),
    };
    let terms: Vec<_> = statement.terms().collect();
    all.add_all(terms.into_iter().map(|(bus, sign, tuple)| {
        let m = if sign < 0 { -F::ONE } else { F::ONE };
        ((bus, tuple), m)
    }));
    all.sums
        .retain(|(bus, _), _| !matches!(bus, Bus::Program | Bus::Memory));
    all.sums
}

#[test]
fn chips_boundary_and_verifier_balance() {
    let statement = statement();
    let balance = balance(&statement, &words(&statement));
    assert_eq!(left(&balance, &statement), HashMap::new());
    for (pc, step, count) in FETCHES {
        let before = program().image_word(pc - 4);
        let word = program().image_word(pc).unwrap();
        let entry = decode(word, pc, before)[usize::from(step)];
        let offered = balance.sums.get(&(Bus::Program, entry.tuple()));
        assert_eq!(offered, Some(&F::from(count)));
    }
}

/// The same in one number: the sum of all fractions, the verifier's included, is zero.
#[test]
fn public_sum_is_the_sum_of_the_terms() {
    let statement = statement();
    let [_, _, alpha, gamma] = challenges();
    let denominator = |bus: Bus, tuple: &[F; PARTS]| {
        let mut power = F::ONE;
        let mut d = alpha;
        for part in tuple {
            d += power * part;
            power *= gamma;
        }
        d + power * F::from(bus.tag())
    };
    let sums = balance(&statement, &words(&statement)).sums;
    let machine: F = sums
        .iter()
        .filter(|((bus, _), _)| !matches!(bus, Bus::Program | Bus::Memory))
        .map(|((bus, tuple), m)| *m * denominator(*bus, tuple).invert().unwrap())
        .sum();
    assert_eq!(
        machine + statement.public_sum(alpha, gamma).unwrap(),
        F::ZERO
    );
}

#[test]
fn another_output_or_input_does_not_balance() {
    let honest = statement();
    let balance = balance(&honest, &words(&honest));
    let header = honest.header().clone();
    for (public, output) in [
        (vec![2, 0xffff_ffff, 5], vec![0, 0]),
        (vec![2, 0xffff_ffff, 5], vec![1, 0, 0]),
        (vec![2, 0xffff_ffff, 6], vec![1, 0]),
        (vec![2, 0xffff_ffff], vec![1, 0]),
        (vec![2, 0xffff_ffff, 5, 0], vec![1, 0]),
    ] {
        let other = Statement::new(header.clone(), public, output).unwrap();
        assert_ne!(left(&balance, &other), HashMap::new());
    }
}

#[test]
fn a_zero_denominator_is_refused() {
    let statement = statement();
    let gamma = F::from(3);
    let power = gamma.pow_vartime([PARTS as u64]);
    // The second root's tuple, the first header tuple, a public word and an output word.
    let place = F::from(25) + gamma.square() * statement.header().decoded_root();
    let tape = |start: u32, word: u64| F::from(u64::from(start / 4)) + F::from(9 * word);
    for (bus, tuple) in [
        (Bus::Tree, place),
        (Bus::Header, gamma * F::from(0x0010_0000 - 1)),
        (Bus::Image, tape(PUBLIC_TAPE, 2)),
        (Bus::OutputTape, tape(OUTPUT_TAPE, 1)),
    ] {
        let alpha = -(tuple + power * F::from(bus.tag()));
        assert_eq!(
            statement.public_sum(alpha, gamma),
            Err(crate::statement::StatementError::ZeroDenominator),
            "{bus:?}"
        );
    }
}

#[test]
fn tapes_have_their_lengths_checked() {
    let header = statement().header().clone();
    let new = |public: usize, output: usize| {
        Statement::new(header.clone(), vec![0; public], vec![0; output]).is_ok()
    };
    assert!(new(1, 2) && new(1 << 24, 1 << 24));
    assert!(!new(0, 2) && !new(1, 1) && !new((1 << 24) + 1, 2) && !new(1, (1 << 24) + 1));
}
