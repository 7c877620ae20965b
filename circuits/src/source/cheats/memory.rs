//! Conditions 3 and 4: memory, and its boundary.

use super::stage::{expect, DATA, STAGE, WORDS};
use crate::{
    boundary::{self, Kind, Word},
    chips::image_page,
    lc::F,
    shape::Work,
    unit::Unit,
};
use ff::Field;
use zkmips_emulator::constants::PUBLIC_TAPE;

#[test]
fn a_load_returns_what_was_stored() {
    let stage = &STAGE;
    let address = DATA / 4 + 1;
    let (store, load) = (stage.time_of(3), stage.time_of(4));
    let lost = stage.run(|machine, _| {
        if machine.time() == store + 1 {
            machine.poke(address, WORDS[1]);
        }
        false
    });
    stage.refuses("a store that is lost", &lost, "left on Memory");

    // The same, and the load says that it follows what came before the store.
    let mut stale = lost;
    let access = stale
        .iter_mut()
        .flat_map(|w| &mut w.units[Unit::Load as usize])
        .find(|a| a.dispatch.time == load)
        .unwrap();
    assert_eq!((access.old, access.old_time), (WORDS[1], store));
    access.old_time = 0;
    stage.refuses("a stale load", &stale, "left on Memory");

    // The load gives one value to the register and leaves another behind.
    let entry = stage.entry(4);
    let given = stage.run(|machine, recorder| {
        if machine.time() == load {
            machine.forge(entry, Some(77), recorder);
            return true;
        }
        false
    });
    stage.refuses("a load of another value", &given, "left on Dispatch");
    let mut both = given;
    let access = both
        .iter_mut()
        .flat_map(|w| &mut w.units[Unit::Load as usize])
        .find(|a| a.dispatch.time == load)
        .unwrap();
    access.old = 77;
    stage.refuses("a load of another word", &both, "left on Memory");
}

#[test]
fn an_access_follows_an_earlier_one() {
    let stage = &STAGE;
    let mut works = stage.honest.clone();
    let load = stage.time_of(4);
    let access = works
        .iter_mut()
        .flat_map(|w| &mut w.units[Unit::Load as usize])
        .find(|a| a.dispatch.time == load)
        .unwrap();
    access.old_time = load + 3;
    stage.refuses("a load from the future", &works, "false fact on Range");
}

#[test]
fn what_is_dispatched_is_done_once() {
    let stage = &STAGE;
    for unit in [Unit::Load, Unit::Store, Unit::ByteLoad, Unit::Logic] {
        let mut left_out = stage.honest.clone();
        let segment = (0..left_out.len())
            .find(|i| !left_out[*i].units[unit as usize].is_empty())
            .unwrap();
        let event = left_out[segment].units[unit as usize].pop().unwrap();
        stage.refuses("nobody does it", &left_out, "left on Dispatch");
        let mut twice = stage.honest.clone();
        let last = twice.len() - 1;
        twice[last].units[unit as usize].push(event);
        stage.refuses("done twice", &twice, "left on Dispatch");
    }
}

/// Condition 4: an address has one row. Here a second one ends before the first access, so that a load could be given its initial word again.
#[test]
fn no_address_lives_twice() {
    let stage = &STAGE;
    let address = DATA / 4 + 1;
    let (i, j, k) = stage.word(address);
    let mut works = stage.honest.clone();
    let words = &mut works[i].batches[j].words;
    let again = Word {
        time: 0,
        last: words[k].initial,
        ..words[k]
    };
    words.insert(k, again);
    // The second row skips one address back.
    let skip = stage.word_column(j, k + 1) + 1;
    let refusal = stage.refusal_of(stage.plan.statement(), &works, |segment, base| {
        if segment == i {
            base[skip] = -F::ONE;
        }
    });
    expect("an address twice", refusal, "false fact on Range");
}

#[test]
fn initial_words_are_those_of_the_image() {
    let stage = &STAGE;
    let address = DATA / 4;
    let mut works = stage.run(|machine, _| {
        if machine.time() == 1 {
            machine.poke(address, 99);
        }
        false
    });
    stage.refuses("another first value", &works, "left on Memory");
    let (i, j, k) = stage.word(address);
    works[i].batches[j].words[k].initial = 99;
    stage.refuses("another word of the image", &works, "left on Image");
    fn page(works: &mut [Work]) -> &mut image_page::Event {
        let page = works.iter_mut().find_map(|w| w.image_pages.first_mut());
        page.expect("the program reads its image")
    }
    page(&mut works).words[0] = 99;
    stage.refuses("another page", &works, "page digest");
    let page = page(&mut works);
    page.digest = image_page::digest(page.index, &page.words);
    stage.refuses("another page with its digest", &works, "left on Tree");
}

#[test]
fn regions_come_in_order_and_each_once() {
    let stage = &STAGE;
    // Each switch left out: the region before goes on.
    let switches: Vec<(usize, usize)> = stage
        .honest
        .iter()
        .enumerate()
        .flat_map(|(i, w)| {
            let switched = w
                .batches
                .iter()
                .enumerate()
                .filter(|(_, b)| b.switch.is_some());
            switched.map(move |(j, _)| (i, j)).collect::<Vec<_>>()
        })
        .collect();
    assert!(switches.len() > 8);
    for (i, j) in switches {
        let mut works = stage.honest.clone();
        works[i].batches[j].switch = None;
        assert!(stage.refusal(&works).is_some(), "switch {j} of segment {i}");
        // Another kind: words of the tapes and of the image that are free.
        for kind in [Kind::Zero, Kind::Private] {
            let mut works = stage.honest.clone();
            let region = works[i].batches[j].switch.as_mut().unwrap();
            if region.kind != kind {
                region.kind = kind;
                assert!(stage.refusal(&works).is_some(), "{kind:?} in segment {i}");
            }
        }
    }
}

/// A word at the sentinel, where a memory chip could reach it, moves the position beyond its end.
#[test]
fn no_word_lies_behind_memory() {
    let stage = &STAGE;
    let mut works = stage.honest.clone();
    let sentinel = works
        .iter_mut()
        .flat_map(|w| &mut w.batches)
        .find(|b| b.switch.is_some_and(|s| s.first == 1 << 30))
        .unwrap();
    sentinel.words.push(Word {
        address: 1 << 30,
        initial: 0,
        last: 0,
        time: 0,
    });
    stage.refuses("a word at 2^32", &works, "final state");
}

/// Condition 2: address, time and value are alone on their powers, so none can make up for another.
#[test]
fn address_and_time_do_not_trade_bits() {
    let stage = &STAGE;
    // The last word of its batch, so that the address may move: what is left of the region gets shorter.
    let (i, j, k) = stage.word(DATA / 4 + 2);
    assert_eq!(stage.honest[i].batches[j].words.len(), k + 1);
    // A word's columns: enable, what is skipped, the initial word, the time, the last word. Behind the words is what is left, low half first.
    let at = stage.word_column(j, k);
    let (skip, time, last) = (at + 1, at + 3, at + 4);
    let left = stage.word_column(j, boundary::WORDS);
    for bits in [0, 3, 6] {
        for [from, to] in [[skip, time], [skip, last], [time, last], [last, time]] {
            let trade = |base: &mut Vec<F>| {
                let moved = F::from(1 << bits);
                base[from] += moved;
                base[to] -= F::ONE;
                if from == skip {
                    base[left] -= moved;
                }
            };
            stage.refuses_columns("bits moved", i, trade, "Memory");
        }
    }
}

/// Condition 5: a word of the private tape has 32 bits, and nobody offers one at an address of the image.
#[test]
fn private_words_are_words_and_stay_private() {
    let stage = &STAGE;
    fn offered(works: &mut [Work]) -> &mut Vec<(u32, u32)> {
        let lot = works.iter_mut().find_map(|w| w.private_words.first_mut());
        &mut lot.expect("the program reads its private tape").words
    }
    let mut works = stage.honest.clone();
    offered(&mut works)[0].1 ^= 1;
    stage.refuses("another private word", &works, "left on Image");
    let mut works = stage.honest.clone();
    let address = offered(&mut works)[0].0;
    offered(&mut works)[0].0 += 1;
    stage.refuses("a private word elsewhere", &works, "left on Image");

    // A word of 33 bits at both ends, which the program may not have loaded.
    let (i, j, k) = stage.word(address);
    let lot = stage
        .honest
        .iter()
        .position(|w| !w.private_words.is_empty());
    let lot = lot.expect("the program reads its private tape");
    let high = stage.segment.first_base_column("private words") + 3;
    let boundary = stage.word_column(j, k);
    let long = |segment: usize, base: &mut Vec<F>| {
        if segment == lot {
            base[high] += F::from(1 << 16);
        }
        if segment == i {
            base[boundary + 2] += F::from(1 << 32);
        }
    };
    let refusal = stage.refusal_of(stage.plan.statement(), &stage.honest, long);
    expect("a word of 33 bits", refusal, "false fact on Range");

    // A word of the image or of the public tape that the prover makes up, offered as a private one.
    for address in [DATA / 4, PUBLIC_TAPE / 4] {
        let mut works = stage.run(|machine, _| {
            if machine.time() == 1 {
                machine.poke(address, 99);
            }
            false
        });
        let (i, j, k) = stage.word(address);
        works[i].batches[j].words[k].initial = 99;
        offered(&mut works).push((address, 99));
        stage.refuses("a made-up word", &works, "left on Image");
    }
}
