//! What takes the place of a load, store or trap that raises an exception.
//!
//! Exceptions are other entries at the same `(pc, step)`. A row consumes the normal entry N, as a fact, and derives three from it:
//!
//! | entry | at step | what it does |
//! | --- | --- | --- |
//! | F | that of N | dispatches N's operation plus 64, on the same operands; writes nothing; does not end the instruction; has `branch`, with which the step grows by 9 (its result is 0, so no branch is taken) |
//! | X | + 9 | `$k0 := pc`, the next instruction address is the exception vector |
//! | L | + 10 | ends the instruction |
//!
//! Nothing else leads to X and L, for the steps from 9 behind a raising micro-op on belong to no other entry of its instruction: **the decoder keeps
//! them free and lets an instruction raise in one micro-op only.** F is of use only where a chip consumes what it dispatches, with the result 0: the
//! fault chip for loads and stores, the comparisons for traps that are taken, and both prove that the exception is due. Where it
//! is due, N's own operation has no row (condition 7).
//!
//! # Columns
//! `e`; `last`, `trap`; how often F, X, L are fetched; N's `pc` in two limbs, `step`, `sources` (both register indices), `rd`, `operation`,
//! `immediate`, `target`.
//!
//! # Rows
//! | row | forces |
//! | --- | --- |
//! | `e`, `trap` boolean | multiplicity of N (condition 9), which operations |
//! | `m (1 - e) = 0`, three times | nothing is derived from nothing (condition 9) |
//! | lookups of `pc`'s limbs, `step < 2^5`, `sources < 2^12`, `rd < 2^6` | part 0 of N is below 2^58 and comes apart in one way (condition 2), and the parts of X and L stay in place, as `step + 10` is below 2^6 |
//! | lookups of `v` and `v + 2^16 - 12 + 6 trap`, `v = operation - 1 - 23 trap` | the operation is 1 to 12, loads and stores, or 24 to 29, traps |
//! | N consumed, F, X and L produced | operation, immediate, target and flags of N arrive alone on their powers; its flags are `dispatch` and perhaps `last` |

use crate::{
    builder::Builder,
    bus::{Bus, PARTS},
    chip::Chip,
    lc::{pow2, Columns, Lc},
    microcode::{Entry, BRANCH_STEPS, FLAGS, RD_SHIFT, RS_SHIFT, SINK, STEP_SHIFT},
    operation::{Operation, RAISED},
    slot::program_tuple,
};
use zkmips_emulator::constants::EXCEPTION_VECTOR;

/// `$k0`.
const K0: u64 = 26;
// Flags by their place in `Entry::flags`.
const DISPATCH: usize = 0;
const BRANCH: usize = 2;
const JUMP: usize = 3;
const LAST: usize = 4;

/// A micro-op that raised, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The normal entry of the raising micro-op.
    pub entry: Entry,
    /// How often F, X and L are fetched.
    pub fetches: [u64; 3],
}

/// The raise chip.
#[derive(Debug, Clone, Copy)]
pub struct Raise;

/// Part 0 of a program tuple.
fn head(pc: &Lc, step: &Lc, sources: &Lc, rd: &Lc) -> Lc {
    pc + step * pow2(STEP_SHIFT) + sources * pow2(RS_SHIFT) + rd * pow2(RD_SHIFT)
}

/// These flags and no other.
fn flags(set: &[usize]) -> [Lc; FLAGS] {
    std::array::from_fn(|i| Lc::from(u64::from(set.contains(&i))))
}

/// The tuples of X and L at `(pc, step)` and `(pc, step + 1)`: `pc` is below 2^32, `step + 1` below 2^6.
pub(crate) fn exception(pc: &Lc, step: &Lc) -> [[Lc; PARTS]; 2] {
    let zero = Lc::zero();
    let [sink, k0] = [u64::from(SINK), K0].map(Lc::from);
    let save = head(pc, step, &zero, &k0);
    let vector = Lc::from(u64::from(EXCEPTION_VECTOR));
    let leave = head(pc, &(step + 1), &zero, &sink);
    [
        program_tuple(
            [save, zero.clone(), zero.clone(), pc.clone(), vector],
            flags(&[JUMP]),
        ),
        program_tuple(
            [leave, zero.clone(), zero.clone(), zero.clone(), zero],
            flags(&[LAST]),
        ),
    ]
}

/// The tuples are produced as often as the prover likes, if `e` is one.
pub(crate) fn derive<const N: usize>(
    b: &mut Builder,
    e: &Lc,
    multiplicities: &[Lc; N],
    tuples: &[[Lc; PARTS]; N],
) {
    for (m, tuple) in multiplicities.iter().zip(tuples) {
        b.row("nothing from nothing", m, &(1 - e), &Lc::zero());
        b.produce("derived entry", Bus::Program, m, tuple);
    }
}

impl Chip for Raise {
    const NAME: &'static str = "raise";
    type Event = Event;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let last = b.column();
        let trap = b.bit("trap");
        let fetches: [Lc; 3] = b.columns();
        let pc = b.word("pc", &e);
        let [step, sources, rd, operation, immediate, target] = b.columns();
        b.range("step", &e, &step, 5);
        b.range("sources", &e, &sources, 12);
        b.range("rd", &e, &rd, 6);
        let [first, first_trap] = [Operation::Lw, Operation::Tlt].map(Operation::number);
        let offset = &operation - first - &trap * (first_trap - first);
        let (accesses, traps) = (12, 6);
        b.range16("operation is one that raises", &e, &offset);
        b.range16(
            "operation is one that raises",
            &e,
            &(offset + ((1 << 16) - accesses) + trap * (accesses - traps)),
        );

        let zero = Lc::zero();
        let mut normal_flags = flags(&[DISPATCH]);
        normal_flags[LAST] = last;
        let fields = [
            head(&pc, &step, &sources, &rd),
            operation.clone(),
            zero.clone(),
            immediate.clone(),
            target.clone(),
        ];
        let normal = program_tuple(fields, normal_flags);
        b.consume("normal entry", Bus::Program, &e, &normal);
        let fields = [
            head(&pc, &step, &sources, &Lc::from(u64::from(SINK))),
            operation + u64::from(RAISED),
            zero,
            immediate,
            target,
        ];
        let fault = program_tuple(fields, flags(&[DISPATCH, BRANCH]));
        let [save, leave] = exception(&pc, &(step + u64::from(BRANCH_STEPS)));
        let derived = [fault, save, leave];
        derive(b, &e, &fetches, &derived);
    }

    fn fill(event: &Event, out: &mut Columns) {
        let entry = &event.entry;
        let operation = entry.operation.number();
        let trap = operation >= Operation::Tlt.number();
        out.extend([1, u64::from(entry.last), u64::from(trap)]);
        out.extend(event.fetches);
        let pc = u64::from(entry.pc);
        out.extend([
            pc & 0xffff,
            pc >> 16,
            u64::from(entry.step),
            u64::from(entry.rs) | u64::from(entry.rt) << 6,
            u64::from(entry.rd),
            operation,
            u64::from(entry.immediate),
            u64::from(entry.target),
        ]);
    }
}

#[cfg(test)]
mod tests;
