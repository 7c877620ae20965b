//! Conditions 6 and 7: what is fetched, where the run goes, and exceptions.

use super::stage::{expect, DATA, MAIN, STAGE};
use crate::{
    chip::Chip,
    chips::{decoded_page, fetch_fault, raise},
    lc::F,
    machine::SlotMachine,
    microcode::{self, Entry},
    operation::Operation,
    shape::Work,
    slot,
    source::Recorder,
    tree::Tree,
};
use ff::Field;

/// The run in which entries of the prover's choice, with results of its choice, take the place of the slots from a time on.
fn forged(time: u64, entries: &[(Entry, Option<u32>)]) -> Vec<Work> {
    let entries = entries.to_vec();
    STAGE.run(move |machine: &mut SlotMachine, recorder: &mut Recorder| {
        let Some(i) = machine.time().checked_sub(time) else {
            return false;
        };
        let Some((entry, z)) = entries.get(i as usize) else {
            return false;
        };
        machine.forge(*entry, *z, recorder);
        true
    })
}

#[test]
fn only_entries_of_the_program_are_executed() {
    let stage = &STAGE;
    // The `and` of the program, otherwise.
    let time = stage.time_of(9);
    let entry = stage.entry(9);
    assert!(entry.last && entry.dispatch && !entry.branch);
    type Change = fn(&mut Entry);
    let changes: [(&str, Change); 7] = [
        ("other sources", |e| e.rs = 8),
        ("another destination", |e| e.rd = 22),
        ("another operation", |e| e.operation = Operation::Or),
        ("an addition", |e| {
            e.dispatch = false;
            e.operation = Operation::None;
        }),
        ("an immediate", |e| e.immediate = 1),
        ("a jump", |e| {
            e.jump = true;
            e.rt = 0;
            e.target = MAIN + 4 * 23;
        }),
        ("nothing", |e| {
            *e = Entry {
                last: true,
                ..Entry::nothing(e.pc)
            }
        }),
    ];
    for (what, change) in changes {
        let mut other = entry;
        change(&mut other);
        let refusal = stage.refusal(&forged(time, &[(other, None)]));
        assert!(refusal.is_some_and(|r| r.contains("Program")), "{what}");
    }
}

/// A page with another micro-op, and what is above it, as far up as the prover likes.
#[test]
fn pages_are_those_of_the_id() {
    let stage = &STAGE;
    let entry = stage.entry(2);
    let other = Entry {
        immediate: 6,
        ..entry
    };
    let mut works = forged(stage.time_of(2), &[(other, None)]);
    stage.refuses("another immediate", &works, "left on Program");
    let index = entry.pc / decoded_page::BYTES;
    let mut entries = stage.trees.decoded_page(index).unwrap().entries.clone();
    *entries.iter_mut().find(|e| **e == entry).unwrap() = other;
    fn pages(works: &mut [Work]) -> impl Iterator<Item = &mut decoded_page::Event> {
        works.iter_mut().flat_map(|w| &mut w.decoded_pages)
    }
    let page = pages(&mut works).find(|p| p.index == index).unwrap();
    for (offered, _) in &mut page.entries {
        if *offered == entry {
            *offered = other;
        }
    }
    stage.refuses("another page", &works, "page digest");
    let page = pages(&mut works).find(|p| p.index == index).unwrap();
    page.digest = decoded_page::digests(index, &entries)[0];
    let mut digest = page.digest;
    stage.refuses("another page with its digest", &works, "left on Tree");
    let mut child = index;
    for level in 1..=crate::tree::LEVELS {
        let place = Tree::Decoded.place(level);
        let node = works
            .iter_mut()
            .flat_map(|w| &mut w.nodes)
            .find(|n| n.place == place && n.index == child / 16)
            .unwrap();
        node.children[child as usize % 16] = digest;
        stage.refuses("another child", &works, "node digest");
        let node = works
            .iter_mut()
            .flat_map(|w| &mut w.nodes)
            .find(|n| n.place == place && n.index == child / 16)
            .unwrap();
        node.digest = crate::tree::node_digest(place, child / 16, &node.children);
        digest = node.digest;
        child /= 16;
        stage.refuses("another node with its digest", &works, "left on Tree");
    }
}

/// The run jumps to where no instruction is, finds one there, and comes back.
fn astray(pc: u32) -> (Entry, Vec<Work>) {
    let time = STAGE.time_of(9);
    let entry = Entry {
        last: true,
        ..Entry::nothing(pc)
    };
    let works = STAGE.run(|machine, recorder| {
        let here = machine.time() == time;
        if here {
            (machine.pc, machine.next_pc) = (pc, u64::from(machine.pc));
            machine.forge(entry, None, recorder);
        }
        here
    });
    (entry, works)
}

#[test]
fn data_is_not_executed() {
    let stage = &STAGE;
    for pc in [DATA, 0x100, MAIN + 2, 0xffff_fffc] {
        stage.refuses("a fetch from nowhere", &astray(pc).1, "left on Program");
    }
    let (word, mut works) = astray(DATA);
    // A page of its own does not help: nothing leads to it.
    let index = DATA / decoded_page::BYTES;
    let digests = decoded_page::digests(index, &[word]);
    let room = works
        .iter_mut()
        .find(|w| w.decoded_pages.is_empty())
        .unwrap();
    room.decoded_pages
        .extend(decoded_page::events(index, &[word], &digests, &[1]));
    let refusal = stage.refusal(&works).expect("a page of data");
    assert!(refusal.contains("Tree"), "{refusal}");
}

#[test]
fn branches_go_where_the_comparison_says() {
    let stage = &STAGE;
    for number in [11, 14] {
        let time = stage.time_of(number);
        let entry = stage.entry(number);
        let (segment, row) = stage.place_of(time);
        let taken = stage.honest[segment].slots[row].result;
        // The chip claims the contrary, and the run goes on from there.
        let works = forged(time, &[(entry, Some(1 - taken))]);
        stage.refuses(
            "a comparison turned round",
            &works,
            "`difference` in equality",
        );
        // The run goes the other way all by itself.
        let elsewhere = stage.run(|machine, _| {
            if machine.time() == time + 1 {
                machine.next_pc ^= 8;
            }
            false
        });
        stage.refuses("another way", &elsewhere, "left on Program");
        // A branch is taken if the result is 1; with 2 it would go twice as far.
        let elsewhere = forged(time, &[(entry, Some(2))]);
        let refusal = stage.refusal(&elsewhere).expect("a result that is no bit");
        assert!(
            refusal.contains("left on Dispatch") || refusal.contains("in equality"),
            "{refusal}"
        );
    }
}

#[test]
fn results_are_those_of_the_operation() {
    let stage = &STAGE;
    for (number, why) in [
        (2, "the result is the sum, if nothing is dispatched"),
        (9, "false fact on Logic"),
        (10, "left on Dispatch"),
    ] {
        let (segment, row) = stage.place_of(stage.time_of(number));
        let right = stage.honest[segment].slots[row].result;
        let works = forged(
            stage.time_of(number),
            &[(stage.entry(number), Some(right ^ 1))],
        );
        let refusal = stage.refusal(&works).expect("a wrong result");
        assert!(
            refusal.contains(why) || refusal.contains("Range"),
            "{number}: {refusal}"
        );
    }
}

/// The instruction that faults.
const UNALIGNED: u32 = 16;

#[test]
fn a_fault_cannot_be_passed_over() {
    let stage = &STAGE;
    let entry = stage.entry(UNALIGNED);
    let time = stage.time_of(UNALIGNED);
    for z in [None, Some(0)] {
        let works = forged(time, &[(entry, z)]);
        stage.refuses("an unaligned load", &works, "left on Dispatch");
    }
    // Nothing at all, or the end of the exception without its beginning.
    let [fault, save, leave] = microcode::raised(&entry);
    let with_raise = |entries: &[(Entry, Option<u32>)]| {
        let mut works = forged(time, entries);
        for work in &mut works {
            work.raises.clear();
        }
        let last = works.len() - 1;
        works[last].raises.push(raise::Event {
            entry,
            fetches: [1; 3],
        });
        works
    };
    let honest = with_raise(&[(fault, None), (save, None), (leave, None)]);
    assert_eq!(stage.refusal(&honest), None, "this is the honest run");
    let skipped = with_raise(&[(
        Entry {
            last: true,
            ..Entry::nothing(entry.pc)
        },
        None,
    )]);
    stage.refuses("nothing instead of a fault", &skipped, "left on Program");
    let partly = with_raise(&[(fault, None), (leave, None)]);
    stage.refuses("an exception that saves no pc", &partly, "left on Program");
    let elsewhere = Entry {
        immediate: save.pc + 4,
        ..save
    };
    let forged_save = with_raise(&[(fault, None), (elsewhere, None), (leave, None)]);
    stage.refuses(
        "an exception that saves another pc",
        &forged_save,
        "left on Program",
    );
    let jump = with_raise(&[(fault, Some(1)), (save, None), (leave, None)]);
    stage.refuses("a fault with a result", &jump, "left on Dispatch");
    // The entry that raises, with another `last` or a destination beyond its six bits.
    let (segment, raise) = (honest.len() - 1, stage.segment.first_base_column("raise"));
    for (what, column, delta, why) in [
        ("another last", 1, -F::ONE, "left on Program"),
        ("a last that is no bit", 1, F::ONE, "left on Program"),
        ("another code", 10, F::from(64), "false fact on Range"),
        ("another code", 10, -F::from(64), "false fact on Range"),
    ] {
        let refusal = stage.refusal_of(stage.plan.statement(), &honest, |i, base| {
            if i == segment {
                base[raise + column] += delta;
            }
        });
        expect(what, refusal, why);
    }
}

#[test]
fn exceptions_need_a_reason() {
    let stage = &STAGE;
    // A good load, a good byte load, a trap that does not hold.
    for (number, why) in [(1, "a reason"), (17, "a reason"), (18, "difference")] {
        let (entry, time) = (stage.entry(number), stage.time_of(number));
        let [fault, save, leave] = microcode::raised(&entry);
        let mut works = forged(time, &[(fault, None), (save, None), (leave, None)]);
        let room = works.iter_mut().find(|w| w.raises.is_empty()).unwrap();
        room.raises.push(raise::Event {
            entry,
            fetches: [1; 3],
        });
        let refusal = stage.refusal(&works).expect("an exception for nothing");
        assert!(refusal.contains(why), "{number}: {refusal}");
    }
    // An instruction that never raises.
    let (entry, time) = (stage.entry(9), stage.time_of(9));
    let [save, leave] = microcode::exception(entry.pc, 0);
    let works = forged(time, &[(save, None), (leave, None)]);
    stage.refuses("an exception from nowhere", &works, "left on Program");
    let mut works = works;
    let room = works
        .iter_mut()
        .find(|w| w.fetch_faults.is_empty())
        .unwrap();
    room.fetch_faults.push(fetch_fault::Event {
        pc: entry.pc,
        region: [0, u32::MAX >> 2],
        fetches: [1; 2],
    });
    stage.refuses("an address that can be fetched", &works, "left on Region");
    let region = stage.region_of(entry.pc);
    room_fault(&mut works).region = region;
    stage.refuses("its own region", &works, "left on Region");
}

fn room_fault(works: &mut [Work]) -> &mut fetch_fault::Event {
    let found = works.iter_mut().find_map(|w| w.fetch_faults.first_mut());
    found.expect("one was added")
}

/// `syscall` is an exception and nothing else.
#[test]
fn a_system_call_cannot_be_passed_over() {
    let stage = &STAGE;
    let time = stage.time_of(19);
    let nothing = Entry {
        last: true,
        ..Entry::nothing(MAIN + 4 * 19)
    };
    let works = forged(time, &[(nothing, None)]);
    stage.refuses("a system call left out", &works, "left on Program");
}

/// Unused entries of a page are at a step that no slot reaches: a slot that starts there is not entered from anywhere.
#[test]
fn the_chain_is_made_of_fetched_addresses() {
    let stage = &STAGE;
    let (segment, row) = stage.place_of(stage.time_of(9));
    let at = stage.slot_column(row);
    // Condition 2: 2^6 between the indices that share the fetched part.
    for (low, high) in [(5, 6), (6, 7)] {
        let trade = |base: &mut Vec<F>| {
            base[at + low] += F::from(64);
            base[at + high] -= F::ONE;
        };
        stage.refuses_columns("register indices", segment, trade, "registers balance");
    }
    // And between the place, which comes first in the state, and the lowest index of the first slot.
    let place = |base: &mut Vec<F>| {
        base[0] += F::from(1 << 40);
        base[stage.slot_column(0) + 5] -= F::ONE;
    };
    stage.refuses_columns("place", segment, place, "hashed");
}

/// Flags come from the page's code: neither a slot nor the page may tell others, and a page may not tell another code.
#[test]
fn flags_are_those_of_the_code() {
    let stage = &STAGE;
    // `lui $21, 0xa000`: a sum whose result the next instruction uses, with `last` alone.
    let (time, entry) = (stage.time_of(20), stage.entry(20));
    assert_eq!(entry.flags(), [false, false, false, false, true]);
    let (segment, row) = stage.place_of(time);
    let at = stage.slot_column(row);
    // With a second operand of 0, `minus` and the carry change nothing else in the slot.
    assert_eq!(stage.honest[segment].slots[row].rt_value, 0);
    let subtract = |base: &mut Vec<F>| {
        base[at + 1] = F::ONE;
        base[at + slot::WIDTH - 1] = F::ONE;
    };
    stage.refuses_columns("minus", segment, subtract, "left on Program");
    // The page's columns: six of the page, then for each entry eight limbs, the multiplicity, the code and five flags.
    let index = entry.pc / decoded_page::BYTES;
    let page_at = |work: &Work| {
        let found = work.decoded_pages.iter().enumerate();
        found.clone().find_map(|(i, page)| {
            let k = page.entries.iter().position(|(e, _)| *e == entry)?;
            (page.index == index).then_some(i * decoded_page::DecodedPage::width() + 6 + 15 * k)
        })
    };
    let (holder, offset) = (stage.honest.iter().enumerate())
        .find_map(|(i, work)| Some((i, page_at(work)?)))
        .expect("its page is opened");
    let page = stage.segment.first_base_column("decoded page") + offset;
    let forged = |code: u64, minus: u64| {
        stage.refusal_of(stage.plan.statement(), &stage.honest, |i, base| {
            if i == segment && minus == 1 {
                subtract(base);
            }
            if i == holder {
                assert_eq!(base[page + 9], F::from(32));
                base[page + 9] = F::from(code);
                base[page + 11] = F::from(minus);
            }
        })
    };
    assert_eq!(forged(32, 0), None, "this is the honest run");
    for (what, code, minus, why) in [
        (
            "flags that another code means",
            32,
            1,
            "false fact on Flags",
        ),
        ("flags that no code means", 32, 2, "false fact on Flags"),
        ("no code", 98, 1, "false fact on Flags"),
        // It means `minus` and `last`, but the control says 32: what is offered is no place of a slot.
        ("another code", 34, 1, "left on Program"),
    ] {
        expect(what, forged(code, minus), why);
    }
    // 48 means the same flags as 32; what the page then offers is 16 times 2^58 less, which the slot takes from its highest register.
    let refusal = stage.refusal_of(stage.plan.statement(), &stage.honest, |i, base| {
        if i == holder {
            base[page + 9] = F::from(48);
        }
        if i == segment {
            base[at + 7] -= F::from(16 * 64);
        }
    });
    expect("a register for the code", refusal, "registers balance");
}
