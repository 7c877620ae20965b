//! What memory operations do, written plainly, and a judge of the demands that a memory chip's row makes.

use crate::{
    builder::Builder,
    bus::{tuple, Bus, PARTS},
    chip::{Access, Dispatch},
    lc::{Lc, F},
    microcode::FLAGS_PART,
    operation::Operation::{self, Lb, Lbu, Lh, Lhu, Lw, Lwl, Lwr, Sb, Sh, Sw, Swl, Swr},
    segment::Segment,
    testing::{demands, dispatched, refusal, small, Dispatched},
};
use ff::{Field, PrimeField};
use rand::Rng;
use std::collections::HashMap;

/// Values at which things break.
pub const EDGES: [u32; 12] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
];

/// The byte at an address inside a word, counted from the low end.
fn lane(address: u64, big_endian: bool) -> u32 {
    let k = (address & 3) as u32;
    if big_endian {
        3 - k
    } else {
        k
    }
}

/// Whether the access faults.
pub fn faults(operation: Operation, x: u64) -> bool {
    let address = x & 0xffff_ffff;
    let mask = match operation {
        Lw | Sw => 3,
        Lh | Lhu | Sh => 1,
        _ => 0,
    };
    address < 0x1_0000 || address & mask != 0
}

/// `(z, word after)`.
pub fn apply(operation: Operation, x: u64, y: u32, old: u32, big_endian: bool) -> (u32, u32) {
    let s = 8 * lane(x, big_endian);
    let half = s & 16;
    // Bytes of the word at the end that lwl and swl use and of the other end; a shift by 32 gives 0.
    let (up, down) = (24 - s, s);
    let shl = |v: u32, n: u32| ((u64::from(v)) << n) as u32;
    let low = |n: u32| ((1u64 << n) - 1) as u32;
    match operation {
        Lw => (old, old),
        Lb => ((old >> s) as u8 as i8 as u32, old),
        Lbu => ((old >> s) & 0xff, old),
        Lh => ((old >> half) as u16 as i16 as u32, old),
        Lhu => ((old >> half) & 0xffff, old),
        Lwl => (shl(old, up) | (y & low(up)), old),
        Lwr => ((old >> down) | (y & !low(32 - down)), old),
        Sw => (y, y),
        Sb => (y, (old & !shl(0xff, s)) | shl(y & 0xff, s)),
        Sh => (y, (old & !shl(0xffff, half)) | shl(y & 0xffff, half)),
        Swl => (y, (y >> up) | (old & !low(32 - up))),
        Swr => (y, shl(y, down) | (old & low(down))),
        _ => panic!("{operation:?} is not an access"),
    }
}

/// What is wrong with the demands of a memory chip's row: `None` if nobody could answer them, or if they are what the machine does.
///
/// The rest of the machine answers dispatch tuples that a slot produces and memory tuples at word addresses from 0 to 2^30 - 1
/// with a 32-bit value and any time.
pub fn flaw(wanted: &HashMap<(Bus, [F; PARTS]), F>, big_endian: bool) -> Option<String> {
    let (mut calls, mut before, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for ((bus, parts), m) in wanted {
        match bus {
            Bus::Dispatch if *m == -F::ONE => calls.push(dispatched(parts)?),
            Bus::Memory if *m == -F::ONE => {
                let [address, then, value] = [0, 1, 2].map(|i| small(&parts[i]));
                let (address, then) = (address.filter(|a| *a < 1 << 30)?, then?);
                before.push((address, then, u32::try_from(value?).ok()?));
            }
            Bus::Memory if *m == F::ONE => after.push(*parts),
            _ => return Some(format!("multiplicity {m:?} on {bus:?}")),
        }
    }
    let (&[call], &[(address, then, old)], &[produced]) = (&calls[..], &before[..], &after[..])
    else {
        return (!wanted.is_empty()).then(|| format!("not one access: {wanted:?}"));
    };
    let Dispatched {
        operation,
        time,
        x,
        y,
        z,
    } = call;
    let accesses = [Lw, Lb, Lbu, Lh, Lhu, Lwl, Lwr, Sw, Sb, Sh, Swl, Swr];
    let Some(operation) = accesses.into_iter().find(|o| o.number() == operation) else {
        return Some(format!("serves operation {operation}"));
    };
    if !matches!(operation, Lwl | Lwr | Sw | Sb | Sh | Swl | Swr) && y != 0 {
        return None;
    }
    let (value, new) = apply(operation, x, y, old, big_endian);
    let expected = tuple(&[address, time, u64::from(new)].map(F::from));
    let right = !faults(operation, x)
        && address == (x & 0xffff_ffff) >> 2
        && then < time
        && z == value
        && produced == expected;
    (!right).then(|| {
        format!(
            "{call:?} on {old:#x} of time {then} at {address:#x} gives {value:#x} and {produced:?}"
        )
    })
}

/// An access as the machine makes it.
pub fn access(
    operation: Operation,
    x: u64,
    y: u32,
    old: u32,
    (old_time, time): (u64, u64),
    big_endian: bool,
) -> Access {
    let (z, new) = apply(operation, x, y, old, big_endian);
    Access {
        dispatch: Dispatch {
            operation,
            time,
            x,
            y,
            z,
        },
        old,
        new,
        old_time,
    }
}

/// Accesses of these operations, random and at the edges, none of which faults.
pub fn accesses(operations: &[Operation], big_endian: bool, rng: &mut impl Rng) -> Vec<Access> {
    let mut result = Vec::new();
    let times = [
        (0, 1),
        (0, 0xffff_ffff),
        (7, 8),
        (1, 0x1_0001),
        (5, 0x1_0006),
    ];
    let addresses = [0x1_0000, 0x1_fffc, 0x7fff_fffc, 0x8000_0000, 0xffff_fffc];
    for &operation in operations {
        let loads = matches!(operation, Lw | Lb | Lbu | Lh | Lhu);
        for i in 0..160 {
            let aligned = if i < 80 {
                addresses[i % addresses.len()]
            } else {
                rng.gen_range(0x1_0000..1u64 << 32) & !3
            };
            let word = |rng: &mut dyn rand::RngCore| match rng.next_u32() % 3 {
                0 => EDGES[rng.next_u32() as usize % EDGES.len()],
                _ => rng.next_u32(),
            };
            let x = aligned + ((i as u64 / 2) & 3) + ((i as u64 & 1) << 32);
            let (y, old) = (word(rng), word(rng));
            let y = if loads { 0 } else { y };
            if !faults(operation, x) {
                let time = times[i % times.len()];
                result.push(access(operation, x, y, old, time, big_endian));
            }
        }
    }
    result
}

/// Whether a cheating witness gets through: neither refused nor unanswerable nor right. Says what is wrong.
pub fn hole(segment: &Segment, base: &[F], big_endian: bool) -> Option<String> {
    let pre = segment.expand(base);
    match refusal(segment, &pre) {
        Some(_) => None,
        None => flaw(&demands(segment, &pre), big_endian),
    }
}

/// Rows, non-linear rows and columns that one more instance costs (the powers of gamma are made once in a segment).
pub fn cost(synthesize: impl Fn(&mut Builder)) -> (usize, usize, usize) {
    let [one, two] = [1, 2].map(|n| {
        let mut b = Builder::new();
        let (rows, columns) = (0..n).fold((0, 0), |_, _| {
            synthesize(&mut b);
            (b.rows[0].len(), b.pre.len())
        });
        let segment = Segment::new(b, [&Lc::zero(), &Lc::zero()]);
        let nonlinear = (0..rows).filter(|r| segment.is_nonlinear(*r)).count();
        (rows, nonlinear, columns)
    });
    (two.0 - one.0, two.1 - one.1, two.2 - one.2)
}

/// Unpacks a program tuple: `None` if no decoded page holds such an entry, whatever its operation.
pub fn fetched(tuple: &[F; PARTS]) -> Option<Fetched> {
    let bytes = tuple[0].to_repr();
    let (low, high) = bytes.as_ref().split_at(16);
    let packed = u128::from_le_bytes(low.try_into().unwrap());
    let pc = u32::try_from(packed & ((1 << 34) - 1)).ok()?;
    let control = u32::try_from(packed >> 34).ok()?;
    let [operation, immediate, target] =
        [1, 3, 4].map(|i| small(&tuple[i]).filter(|v| *v < 1 << 32));
    let whole = high.iter().all(|b| *b == 0) && tuple[2] == F::ZERO && control < 1 << 24;
    let field = |shift: u32| (control >> shift & 63) as u8;
    let flags = (0..)
        .zip(&tuple[FLAGS_PART..])
        .try_fold(0, |flags, (i, part)| {
            let bit = small(part).filter(|bit| *bit < 2)?;
            Some(flags | (bit as u8) << i)
        });
    whole.then_some(Fetched {
        pc,
        step: field(0),
        registers: [field(6), field(12), field(18)],
        flags: flags?,
        operation: operation?,
        immediate: immediate?,
        target: target?,
    })
}

/// A decoded entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched {
    pub pc: u32,
    pub step: u8,
    pub registers: [u8; 3],
    /// Bits in the order of the tuple: dispatch, minus, branch, jump, last.
    pub flags: u8,
    pub operation: u64,
    pub immediate: u64,
    pub target: u64,
}

/// X and L at `(pc, step)`.
pub fn exception(pc: u32, step: u8) -> [Fetched; 2] {
    let save = Fetched {
        pc,
        step,
        registers: [0, 0, 26],
        flags: 0b01000,
        operation: 0,
        immediate: u64::from(pc),
        target: 0x8000_0080,
    };
    let leave = Fetched {
        step: step + 1,
        registers: [0, 0, 39],
        flags: 0b10000,
        immediate: 0,
        target: 0,
        ..save
    };
    [save, leave]
}
