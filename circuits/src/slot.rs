//! One instruction slot: fetch, two register reads, an addition or subtraction or a dispatch, a register write, the next address.
//!
//! What a slot does is what [`Entry`] says. Slots form a chain: `place = pc + 2^34 step` and `next_pc` go from one to the next, and between
//! segments through the [`state`](crate::state).
//!
//! # Columns
//! | column | meaning | bound |
//! | --- | --- | --- |
//! | `dispatch`, `minus`, `branch`, `jump`, `last`; `operation`, `immediate`, `target` | the entry's flags and fields | alone on their powers in the fetched tuple, whose producers are bounded |
//! | `rs`, `rt`, `rd` | register indices | alone on gamma in the register tuples, see below |
//! | `X`, `Y`, `old` | values of the three ports before | alone on their powers in the register tuples |
//! | `gap` (3) | local times between the tuple a port consumes and its own | a lookup each |
//! | `low`, `high` | the result, `z = low + 2^16 high` | a lookup each |
//! | `carry` | of the addition or subtraction | boolean row |
//!
//! # Rows
//! With `x = X + immediate`, `y = Y`, and port `p` of slot `j` at local time `t = 3 j + 1 + p`:
//!
//! | row | forces |
//! | --- | --- |
//! | `(place + 2^40 rs + 2^46 rt + 2^52 rd, operation, 0, immediate, target, dispatch, minus, branch, jump, last)` consumed on the program bus | the entry is one of the program's, or one that an exception put in its place (condition 6), so the flags are bits without rows of their own; the third part is the mark of an opened page |
//! | lookups of `low`, `high` | the result is below 2^32, whoever computes it (condition 5): chips need not check their `z` |
//! | three times a lookup of `gap`, `(t - 1 - gap, index, old)` consumed, `(t, index, new)` produced | a port takes what was last put there (condition 3): `new` is the old value for `rs` and `rt` and `z` for `rd` |
//! | `w = (2 minus + jump) y` | what the next row subtracts |
//! | `(1 - dispatch)(x + y - w + 2^32 (minus - carry) - z) = 0` | without dispatch `z` is `x + y`, `x - y` or `x` modulo 2^32: `carry` is a bit and `z` a word, so both are functions of `x` and `y` (condition 8) |
//! | `(x + 2^34 y + 2^67 operation, time + j, z)` produced `dispatch` times | with it, a chip consumes exactly this (condition 9) |
//! | `taken = branch z` | whether the branch is taken |
//! | `(jump + taken)(target + w - base)`, `base = next_pc + 4 last` | the next `next_pc` is `base` plus this: no entry has `minus` with `jump` or `branch`, so `w` is `jump y`, and `y` is 0 (register 0) if the jump has a target |
//! | `last (next_pc - on)`, `on = place + 2^34 (1 + 8 branch)` | the next place is `on` plus this: `next_pc` at step 0, or the same `pc` one or nine steps on |
//!
//! Every multiplicity is a constant or the decoded `dispatch` (condition 9), so a slot is never idle: after the halt slots go on executing the one
//! instruction at the halting address.
//!
//! # Bounds
//! (Condition 2.) What shares a part of the fetched tuple is bounded: `place` and the register indices. `place` and `next_pc` are chain values. `next_pc` was a fetched address, a bounded target, a register's value, or such a
//! value plus 4, hence below 2^33. A place is that with step 0, or a place that was fetched one or nine steps on: its step is hence below 64 and the
//! place below 2^40. With the indices, below 40, the whole part is below 2^58, on which [`crate::chips::decoded_page`] relies. Register indices arrive
//! alone on gamma from the register bus, whose first producers are the constants 0 to 39 and which always consumes what was
//! produced earlier, at the same index: an index that is none of these has no first producer. `x` is the sum of two words, `y` a word, both from buses
//! where they stand alone, so the three parts of the dispatch tuple's first element lie in `[0, 2^33)`, `[0, 2^32)`, `[0, 2^16)`. The slot's time is that of
//! the segment plus a constant.

use crate::{
    builder::Builder,
    bus::{Bus, PARTS},
    lc::{pow2, Columns, Lc},
    microcode::{Entry, FLAGS, FLAGS_PART, RD_SHIFT, RS_SHIFT, RT_SHIFT, STEP_SHIFT},
};

/// What flows from slot to slot.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Address of the instruction, and from bit 34 on the micro-op.
    pub place: Lc,
    /// Address of the instruction after it.
    pub next_pc: Lc,
}

/// Base columns of a slot.
pub const WIDTH: usize = 20;

/// A slot's witness.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The fetched entry.
    pub entry: Entry,
    /// Value of `rs`.
    pub rs_value: u32,
    /// Value of `rt`.
    pub rt_value: u32,
    /// Value of `rd` before.
    pub rd_old: u32,
    /// Value of `rd` after.
    pub result: u32,
    /// For each port, how many local times lie between the tuple it consumes and its own.
    pub gaps: [u16; 3],
}

/// Local time of a port of slot `index`: rs, rt, rd are ports 0, 1, 2. Time 0 is the entering value.
pub fn port_time(index: usize, port: usize) -> u64 {
    (3 * index + 1 + port) as u64
}

/// Writes slot `index` of a segment; `time` is the global time of the segment's first slot.
pub fn synthesize(b: &mut Builder, index: usize, time: &Lc, chain: &Chain) -> Chain {
    let one = Lc::from(1);
    let flags: [Lc; FLAGS] = b.columns();
    let [rs, rt, rd, operation, immediate, target] = b.columns();
    let [dispatch, minus, branch, jump, last] = &flags;

    let packed = &chain.place + &rs * pow2(RS_SHIFT) + &rt * pow2(RT_SHIFT) + &rd * pow2(RD_SHIFT);
    let fields = [
        packed,
        operation.clone(),
        Lc::zero(),
        immediate.clone(),
        target.clone(),
    ];
    let entry = program_tuple(fields, flags.clone());
    b.consume("fetch", Bus::Program, &one, &entry);

    let [rs_value, rt_value, rd_old] = b.columns();
    let gaps: [Lc; 3] = b.columns();
    let [low, high] = b.columns();
    b.range16("result", &one, &low);
    b.range16("result", &one, &high);
    let result = low + high * (1 << 16);
    let ports = [
        (&rs, &rs_value, &rs_value),
        (&rt, &rt_value, &rt_value),
        (&rd, &rd_old, &result),
    ];
    for (port, (register, old, new)) in ports.into_iter().enumerate() {
        let now = port_time(index, port);
        b.range16("the consumed tuple is older", &one, &gaps[port]);
        let then = Lc::from(now - 1) - &gaps[port];
        b.consume(
            "register before",
            Bus::Register,
            &one,
            &[then, register.clone(), old.clone()],
        );
        b.produce(
            "register after",
            Bus::Register,
            &one,
            &[Lc::from(now), register.clone(), new.clone()],
        );
    }

    let x = &rs_value + &immediate;
    let y = rt_value;
    let carry = b.bit("the carry is a bit");
    let subtracted = b.product("what is subtracted", &(minus * 2 + jump), &y);
    let sum = &x + &y - &subtracted + (minus - &carry) * pow2(32);
    b.row(
        "the result is the sum, if nothing is dispatched",
        &(1 - dispatch),
        &(sum - &result),
        &Lc::zero(),
    );
    let request = x + &y * pow2(34) + &operation * pow2(67);
    b.produce(
        "dispatch",
        Bus::Dispatch,
        dispatch,
        &[request, time + index as u64, result.clone()],
    );

    let taken = b.product("a branch is taken", branch, &result);
    let base = &chain.next_pc + last * 4;
    let leap = &target + subtracted - &base;
    let on = &chain.place + (branch * 8 + 1) * pow2(STEP_SHIFT);
    let advance = &chain.next_pc - &on;
    Chain {
        place: b.product_plus("place", last, &advance, &on),
        next_pc: b.product_plus("next_pc", &(jump + taken), &leap, &base),
    }
}

/// The tuple of a micro-op: place and registers, operation, mark, immediate and target, then the flags.
pub fn program_tuple(fields: [Lc; FLAGS_PART], flags: [Lc; FLAGS]) -> [Lc; PARTS] {
    let [place, operation, mark, immediate, target] = fields;
    let [dispatch, minus, branch, jump, last] = flags;
    [
        place, operation, mark, immediate, target, dispatch, minus, branch, jump, last,
    ]
}

/// Appends the base columns of a slot.
pub fn fill(row: &Row, out: &mut Columns) {
    let e = &row.entry;
    out.extend(e.flags().map(u64::from));
    out.extend([e.rs, e.rt, e.rd].map(u64::from));
    out.push(e.operation.number());
    out.extend([e.immediate, e.target].map(u64::from));
    out.extend([row.rs_value, row.rt_value, row.rd_old].map(u64::from));
    out.extend(row.gaps.map(u64::from));
    out.extend([row.result & 0xffff, row.result >> 16].map(u64::from));
    let (x, y) = (
        u64::from(row.rs_value) + u64::from(e.immediate),
        u64::from(row.rt_value),
    );
    let carry = match (e.dispatch || e.jump, e.minus) {
        (true, _) => false,
        (false, false) => x + y >= 1 << 32,
        (false, true) => x >= y,
    };
    out.push(u64::from(carry));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lc::F,
        microcode::{SINK, TICK},
        operation::Operation,
        segment::Segment,
        testing::{challenges, demands, filled, refusal, small},
    };
    use ff::Field;

    const PC: u32 = 0x0040_1000;
    const NEXT: u32 = 0x0040_2000;
    const TIME: u64 = 77;
    const INDEX: usize = 5;

    fn segment() -> Segment {
        let mut b = Builder::new();
        let [place, next_pc, time] = b.columns();
        b.section("slot");
        let after = synthesize(&mut b, INDEX, &time, &Chain { place, next_pc });
        let outputs = [after.place, after.next_pc];
        Segment::new(b, [&outputs[0], &outputs[1]])
    }

    fn plain() -> Entry {
        Entry {
            pc: PC,
            step: 2,
            rs: 3,
            rt: 4,
            rd: 5,
            dispatch: false,
            minus: false,
            branch: false,
            jump: false,
            jump_register: false,
            last: true,
            operation: Operation::None,
            immediate: 0,
            target: 0,
        }
    }

    fn base(entry: Entry, x: u32, y: u32, result: u32) -> Vec<F> {
        let row = Row {
            entry,
            rs_value: x,
            rt_value: y,
            rd_old: 99,
            result,
            gaps: [3, 0, 7],
        };
        let base = filled(|out| {
            out.extend([u64::from(PC) + (2 << STEP_SHIFT), u64::from(NEXT), TIME]);
            fill(&row, out);
        });
        assert_eq!(base.len(), 3 + WIDTH);
        base
    }

    /// `pc`, `next_pc`, step after the slot.
    fn after(segment: &Segment, pre: &[F]) -> (u64, u64, u64) {
        let mut post = vec![F::ZERO; segment.post_len()];
        segment.fill_post(pre, &challenges(), &mut post);
        let [place, next_pc] =
            [post[post.len() - 2], post[post.len() - 1]].map(|v| small(&v).unwrap());
        (
            place & ((1 << STEP_SHIFT) - 1),
            next_pc,
            place >> STEP_SHIFT,
        )
    }

    /// An entry, the values of its sources, its result, and `pc`, `next_pc` and step after it.
    type Case = (Entry, u32, u32, u32, (u64, u64, u64));

    fn cases() -> Vec<Case> {
        let next = u64::from(NEXT);
        let seq = (next, next + 4, 0);
        let p = plain();
        let target = 0x0040_8888;
        let branch = Entry {
            dispatch: true,
            branch: true,
            operation: Operation::Seq,
            rd: SINK,
            target,
            ..p
        };
        let minus = Entry { minus: true, ..p };
        vec![
            (p, 1, 2, 3, seq),
            (p, u32::MAX, 2, 1, seq),
            (p, u32::MAX, u32::MAX, u32::MAX - 1, seq),
            (
                Entry {
                    immediate: 0xffff_fff0,
                    rs: 0,
                    ..p
                },
                0,
                0x20,
                0x10,
                seq,
            ),
            (minus, 5, 3, 2, seq),
            (minus, 3, 5, u32::MAX - 1, seq),
            (minus, 3, 3, 0, seq),
            (Entry { rd: TICK, ..minus }, 0, u32::MAX, 1, seq),
            (
                Entry { last: false, ..p },
                1,
                2,
                3,
                (u64::from(PC), next, 3),
            ),
            (branch, 7, 7, 1, (next, u64::from(target), 0)),
            (branch, 7, 8, 0, seq),
            (
                Entry {
                    last: false,
                    ..branch
                },
                7,
                7,
                1,
                (u64::from(PC), u64::from(target), 11),
            ),
            (
                Entry {
                    last: false,
                    ..branch
                },
                7,
                8,
                0,
                (u64::from(PC), next, 11),
            ),
            (
                Entry {
                    jump: true,
                    target,
                    immediate: PC + 8,
                    rs: 0,
                    rt: 0,
                    ..p
                },
                0,
                0,
                PC + 8,
                (next, u64::from(target), 0),
            ),
            (
                Entry {
                    jump: true,
                    jump_register: true,
                    immediate: PC + 8,
                    rs: 0,
                    ..p
                },
                0,
                0x8765_4320,
                PC + 8,
                (next, 0x8765_4320, 0),
            ),
            (
                Entry {
                    dispatch: true,
                    operation: Operation::Lw,
                    immediate: 0xffff_fffc,
                    rt: 0,
                    ..p
                },
                0x1000_0004,
                0,
                0xdead_beef,
                seq,
            ),
        ]
    }

    #[test]
    fn honest_slots_hold_and_move_on() {
        let segment = segment();
        for (entry, x, y, result, expected) in cases() {
            let base = base(entry, x, y, result);
            let pre = segment.expand(&base);
            assert_eq!(refusal(&segment, &pre), None, "{entry:?}");
            assert_eq!(after(&segment, &pre), expected, "{entry:?}");
            assert!(
                demands(&segment, &pre).contains_key(&(Bus::Program, entry.tuple())),
                "{entry:?}"
            );
        }
    }

    /// Whatever column is changed: a row or a range lookup fails, or another entry is fetched, or another register tuple is consumed, or (with a
    /// dispatch) another operation is asked for. If all these are the same, so is everything that leaves the slot.
    #[test]
    fn a_changed_column_is_refused_or_asks_for_something_else() {
        let segment = segment();
        let deltas: Vec<F> = [0u32, 1, 2, 6, 12, 16, 32, 34, 40, 46, 52, 58, 64, 67]
            .iter()
            .flat_map(|s| [pow2(*s), -pow2(*s), pow2(*s).invert().unwrap()])
            .collect();
        for (entry, x, y, result, _) in cases() {
            let honest = base(entry, x, y, result);
            let pre = segment.expand(&honest);
            let wanted = demands(&segment, &pre);
            let consumed = |d: &std::collections::HashMap<(Bus, [F; PARTS]), F>| {
                let mut list: Vec<_> = d
                    .iter()
                    .filter(|((bus, _), m)| {
                        (*bus == Bus::Register && **m == -F::ONE)
                            || matches!(bus, Bus::Program | Bus::Dispatch)
                    })
                    .map(|((bus, t), _)| (*bus, t.map(|x| format!("{x:?}"))))
                    .collect();
                list.sort();
                list
            };
            for column in 3..honest.len() {
                for delta in &deltas {
                    let mut mutant = honest.clone();
                    mutant[column] += delta;
                    let changed = segment.expand(&mutant);
                    if refusal(&segment, &changed).is_some() {
                        continue;
                    }
                    let now = demands(&segment, &changed);
                    if consumed(&now) == consumed(&wanted) {
                        assert_eq!(now, wanted, "column {column} of {entry:?}");
                        assert_eq!(after(&segment, &changed), after(&segment, &pre));
                    }
                }
            }
        }
    }

    /// Moving 2^j between neighbours of the packed part of the fetch changes a register tuple's index. (Those of the place are the state's, `source/cheats/program.rs`.)
    #[test]
    fn fields_of_the_fetched_entry_cannot_trade_bits() {
        let segment = segment();
        let honest = base(plain(), 1, 2, 3);
        // Columns: three of the chain, five flags, then rs, rt, rd.
        for (low, high) in [(8usize, 9usize), (9, 10)] {
            let mut mutant = honest.clone();
            mutant[low] += F::from(64);
            mutant[high] -= F::ONE;
            let pre = segment.expand(&mutant);
            let asks = demands(&segment, &pre);
            assert!(
                asks.contains_key(&(Bus::Program, plain().tuple())),
                "the packed part is the same"
            );
            let index_known = |bus: &Bus, t: &[F; PARTS]| {
                *bus != Bus::Register || small(&t[1]).is_some_and(|i| i < 40)
            };
            let refused = refusal(&segment, &pre).is_some()
                || !asks.keys().all(|(bus, t)| index_known(bus, t));
            assert!(refused, "columns {low} and {high}");
        }
    }

    /// Flags that are no bits, with which all rows hold: no entry has them.
    #[test]
    fn flags_that_are_no_bits_are_fetched_by_nobody() {
        let segment = segment();
        let honest = base(plain(), 1, 2, 3);
        let (flags, entry) = (3..3 + FLAGS, plain().tuple());
        for (i, column) in flags.enumerate() {
            for delta in [F::from(2), -F::ONE, F::from(2).invert().unwrap()] {
                let mut mutant = honest.clone();
                mutant[column] += delta;
                let mut asked = entry;
                asked[FLAGS_PART + i] += delta;
                let pre = segment.expand(&mutant);
                let asks = demands(&segment, &pre);
                assert_eq!(asks.get(&(Bus::Program, asked)), Some(&-F::ONE));
                // Without a dispatch the result is the sum whatever the other flags are, but `minus` and `jump` change the sum.
                let sum_changes = i == 1 || i == 3;
                assert_eq!(refusal(&segment, &pre).is_some(), sum_changes, "flag {i}");
            }
        }
    }

    #[test]
    fn cost() {
        let segment = segment();
        let nonlinear = (0..segment.num_rows())
            .filter(|r| segment.is_nonlinear(*r))
            .count();
        // Ten of the non-linear rows are the powers of gamma and the segment's time, and four linear ones what denominators begin with: shared by all slots.
        assert_eq!((segment.num_rows(), nonlinear - 10), (48, 34));
    }
}
