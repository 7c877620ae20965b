//! What the arithmetic operations do, written plainly, and what every test of their chips needs.

use crate::{
    bus::{Bus, PARTS},
    chip::{fill_idle, Chip, Dispatch},
    lc::F,
    operation::Operation::{self, *},
    segment::Segment,
    testing::{demands, dispatched, filled, lone, mutations_are_refused, refusal, satisfied},
};
use ff::{Field, PrimeField};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;

/// Every operation of the arithmetic chips.
pub const ALL: [Operation; 34] = [
    Slt, Sltu, Seq, Sge, Sgeu, Sne, Tlt, Tltu, Teq, Tge, Tgeu, Tne, And, Or, Xor, Nor, Sll, Srl,
    Sra, Rotr, Clz, MulLow, MulHigh, MulHighU, Div, Rem, DivU, RemU, TakenTlt, TakenTltu, TakenTeq,
    TakenTge, TakenTgeu, TakenTne,
];

/// Values at which things break.
pub const EDGES: [u32; 13] = [
    0,
    1,
    2,
    31,
    32,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_ffff,
];

/// `z`; `None` if the operation never ends that way (a trap that is, or is not, to be taken).
pub fn result(operation: Operation, x: u32, y: u32) -> Option<u32> {
    let (sx, sy) = (x as i32, y as i32);
    let (wide, swide) = (
        u64::from(x) * u64::from(y),
        i64::from(sx).wrapping_mul(i64::from(sy)),
    );
    let trap = |taken: bool, condition: bool| (taken == condition).then_some(0);
    Some(match operation {
        Slt => (sx < sy).into(),
        Sltu => (x < y).into(),
        Seq => (x == y).into(),
        Sge => (sx >= sy).into(),
        Sgeu => (x >= y).into(),
        Sne => (x != y).into(),
        Tlt | TakenTlt => return trap(operation == TakenTlt, sx < sy),
        Tltu | TakenTltu => return trap(operation == TakenTltu, x < y),
        Teq | TakenTeq => return trap(operation == TakenTeq, x == y),
        Tge | TakenTge => return trap(operation == TakenTge, sx >= sy),
        Tgeu | TakenTgeu => return trap(operation == TakenTgeu, x >= y),
        Tne | TakenTne => return trap(operation == TakenTne, x != y),
        And => x & y,
        Or => x | y,
        Xor => x ^ y,
        Nor => !(x | y),
        Sll => y << (x % 32),
        Srl => y >> (x % 32),
        Sra => (sy >> (x % 32)) as u32,
        Rotr => y.rotate_right(x % 32),
        Clz => y.leading_zeros(),
        MulLow => x.wrapping_mul(y),
        MulHigh => (swide >> 32) as u32,
        MulHighU => (wide >> 32) as u32,
        Div if y == 0 => x,
        Div => sx.wrapping_div(sy) as u32,
        Rem if y == 0 => 0,
        Rem => sx.wrapping_rem(sy) as u32,
        DivU => x.checked_div(y).unwrap_or(x),
        RemU => x.checked_rem(y).unwrap_or(0),
        _ => return Option::None,
    })
}

pub fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

/// Operands: edges with edges, equal ones, neighbours, random ones.
pub fn pairs() -> Vec<(u32, u32)> {
    let mut rng = rng();
    let mut pairs: Vec<_> = EDGES
        .into_iter()
        .flat_map(|x| EDGES.into_iter().map(move |y| (x, y)))
        .collect();
    for _ in 0..40 {
        let (x, y) = (rng.next_u32(), rng.next_u32());
        let small = rng.gen_range(0..64);
        pairs.extend([
            (x, y),
            (x, x),
            (x, x.wrapping_add(1)),
            (small, y),
            (y, small),
        ]);
        pairs.push((x, y >> rng.gen_range(0..32)));
    }
    pairs
}

/// What a slot asks for, if the operation ends that way. [`Clz`] has no first operand.
pub fn event(operation: Operation, x: u32, y: u32, time: u64) -> Option<Dispatch> {
    let x = if operation == Clz { 0 } else { x };
    Some(Dispatch {
        operation,
        time,
        x: x.into(),
        y,
        z: result(operation, x, y)?,
    })
}

/// What a prover may add to one part of a packed sum and take from another.
pub fn shifts() -> Vec<F> {
    let powers = [0, 1, 2, 5, 8, 15, 16, 17, 29, 30, 31, 32];
    let inverse = |k: u64| F::TWO_INV.pow_vartime([k]);
    powers
        .into_iter()
        .map(|k| F::from(1u64 << k))
        .chain([inverse(1), inverse(16), inverse(34)])
        .flat_map(|s| [s, -s])
        .collect()
}

/// The low bits of an element's canonical integer.
pub fn low_bits(value: F, bits: u32) -> u64 {
    let bytes = value.to_repr();
    let low = u64::from_le_bytes(bytes.as_ref()[..8].try_into().unwrap());
    low & ((1 << bits) - 1)
}

/// Two limbs for any element: the right ones if it has 32 bits, else the low one right if it is small.
pub fn split(value: F) -> [F; 2] {
    let low = F::from(low_bits(value, 16));
    [low, (value - low) * F::TWO_INV.pow_vartime([16])]
}

/// Whether the rest of the machine would answer these demands although they are wrong.
pub fn is_hole(demands: &HashMap<(Bus, [F; PARTS]), F>) -> bool {
    let calls: Vec<_> = demands.iter().collect();
    let [((Bus::Dispatch, tuple), multiplicity)] = calls[..] else {
        return !calls.is_empty();
    };
    if *multiplicity != -F::ONE {
        return true;
    }
    let Some(d) = dispatched(tuple) else {
        return false;
    };
    let (Some(operation), Ok(x)) = (
        ALL.into_iter().find(|o| o.number() == d.operation),
        u32::try_from(d.x),
    ) else {
        return false;
    };
    // By decoding, nothing but loads and stores has operands above 32 bits, and clz has no first operand.
    !(operation == Clz && x != 0) && result(operation, x, d.y) != Some(d.z)
}

/// A chip that a cheating prover works on, or several with the same columns.
pub struct Trial(Vec<Segment>);

impl Trial {
    pub fn new<C: Chip>() -> Self {
        Trial(vec![lone(C::synthesize)])
    }

    /// The same attacks on another chip, too.
    pub fn and<C: Chip>(mut self) -> Self {
        self.0.push(lone(C::synthesize));
        self
    }

    /// Asserts that a witness is refused, or asks for what is right, or for what nobody would answer.
    pub fn refuses(&self, base: &[F]) {
        for segment in &self.0 {
            let pre = segment.expand(base);
            if refusal(segment, &pre).is_none() {
                let demands = demands(segment, &pre);
                let call = demands.keys().next().and_then(|(_, t)| dispatched(t));
                assert!(!is_hole(&demands), "accepted: {call:?}, {base:?}");
            }
        }
    }
}

/// What holds of every chip: see [`honest`], [`mutations`] and [`size`].
pub fn basics<C: Chip<Event = Dispatch>>(
    operations: &[Operation],
    serves: impl Fn(Operation) -> bool,
    measures: (usize, usize, usize),
) {
    honest::<C>(operations, serves);
    mutations::<C>(operations);
    assert_eq!(size::<C>(), measures);
}

/// Honest rows hold and ask for exactly the event; idle rows hold and ask for nothing; each operation is served as told.
fn honest<C: Chip<Event = Dispatch>>(operations: &[Operation], serves: impl Fn(Operation) -> bool) {
    for operation in ALL {
        assert_eq!(serves(operation), operations.contains(&operation));
    }
    let segment = lone(C::synthesize);
    let idle = filled(|out| fill_idle(C::width(), out));
    let pre = satisfied(&segment, &idle);
    assert!(demands(&segment, &pre).is_empty());
    assert!(pre.iter().all(|v| *v == F::ZERO));
    for (i, (x, y)) in pairs().into_iter().enumerate() {
        for &operation in operations {
            let Some(event) = event(operation, x, y, i as u64 * 0x0123_4567 % (1 << 32)) else {
                continue;
            };
            let base = filled(|out| C::fill(&event, out));
            assert_eq!(base.len(), C::width());
            let demands = demands(&segment, &satisfied(&segment, &base));
            let calls: Vec<_> = demands.iter().collect();
            let [((Bus::Dispatch, tuple), m)] = calls[..] else {
                panic!("{operation:?} demands {demands:?}");
            };
            let d = dispatched(tuple).expect("an honest tuple");
            assert_eq!(
                (d.operation, d.time, d.x, d.y, d.z, *m),
                (operation.number(), event.time, event.x, y, event.z, -F::ONE)
            );
        }
    }
}

/// No single column of some honest rows can be changed.
fn mutations<C: Chip<Event = Dispatch>>(operations: &[Operation]) {
    let segment = lone(C::synthesize);
    let sample = pairs().into_iter().step_by(23);
    for (x, y) in sample.chain([(5, 5), (0, 0), (0x8000_0000, 0xffff_ffff)]) {
        for event in operations.iter().filter_map(|o| event(*o, x, y, 77)) {
            let base = filled(|out| C::fill(&event, out));
            mutations_are_refused(&segment, &base, is_hole);
        }
    }
}

/// Rows, non-linear rows and `pre` columns of one instance, the shared powers of gamma apart.
fn size<C: Chip>() -> (usize, usize, usize) {
    let segment = |instances| {
        lone(|b| {
            for _ in 0..instances {
                C::synthesize(b);
            }
        })
    };
    let count = |s: &Segment| {
        let nonlinear = (0..s.num_rows()).filter(|r| s.is_nonlinear(*r)).count();
        (s.num_rows(), nonlinear, s.pre_used())
    };
    let (one, two) = (count(&segment(1)), count(&segment(2)));
    (two.0 - one.0, two.1 - one.1, two.2 - one.2)
}
