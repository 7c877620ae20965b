//! The state between two segments, written down once.
//!
//! | word | initial | final |
//! | --- | --- | --- |
//! | place: `pc + 2^34 step` | reset vector, step 0 | the halting address, step 0 |
//! | `next_pc` | reset vector + 4 | the halting address |
//! | time of the next slot | 1 | 1 + n K |
//! | registers 1 to 31, HI, LO, UserLocal, Tick, three temporaries, sink | 0 | 0 |
//! | byte order (1 = big endian) | of the header | the same |
//! | boundary position | 0 | 2^30 |
//! | end and kind of the boundary's current region | 0, 0 | 2^30 + 1, 0 (the sentinel's) |
//!
//! The sum is `z[1]` of the recursion and not part of the hash: it is the only part that depends on the challenges.
//!
//! # Rows
//! | row | forces |
//! | --- | --- |
//! | two lookups for each register but 0 | entering registers are words |
//! | hash of the seven other words and of the registers, seven to an element | equals `z[0]`: the segment continues from where the one before it stopped (condition 12) |
//! | 40 times `(0, index, entering value)` produced on the register bus | what the first port of each register takes |
//! | 40 times a lookup of a time, `(time, index, leaving value)` consumed | what its last port left |
//! | the sum of all terms of the register bus is 0 | register tuples balance inside the segment: their times are local to it (condition 3) |
//! | hash of the leaving words | is `z[0]` for the next segment |
//!
//! Register 0 enters and leaves as the constant 0 and nothing writes it: the decoder gives an instruction whose destination is `$0` the sink instead.
//! The byte order leaves as it entered (condition 14), the time as it entered plus K, the boundary as the last batch left it.
//!
//! # Bounds
//! Registers share hash elements, seven to an element; each is bounded on the entering side by two range lookups, and on the
//! leaving side because it arrives alone on its power of gamma from the register bus, whose producers are all bounded (condition 2). Every other word has a
//! hash element of its own, so it needs no bound to be hashed injectively.

use crate::{
    border::{PACK, REGISTERS},
    builder::Builder,
    bus::Bus,
    lc::{pow2, Columns, Lc},
    poseidon,
    slot::Chain,
};

pub use crate::border::State;

/// The state's words as linear combinations.
#[derive(Clone, Debug)]
pub struct StateLc {
    /// All registers; index 0 is the constant zero.
    pub registers: Vec<Lc>,
    /// Place and `next_pc`.
    pub chain: Chain,
    /// Time of the next slot.
    pub time: Lc,
    /// Byte order.
    pub big_endian: Lc,
    /// Boundary: next, end, kind.
    pub boundary: [Lc; 3],
}

impl State {
    /// Appends the base columns of the entering state.
    pub fn fill(&self, out: &mut Columns) {
        out.extend(self.others());
        for w in &self.registers[1..] {
            out.extend([w & 0xffff, w >> 16].map(u64::from));
        }
    }
}

/// Allocates the entering state; its registers are range-checked.
pub fn enter(b: &mut Builder) -> StateLc {
    let one = Lc::from(1);
    let [place, next_pc, time, big_endian, next, end, kind] = b.columns();
    let mut registers = vec![Lc::zero()];
    registers.extend((1..REGISTERS).map(|_| b.word("entering register", &one)));
    StateLc {
        registers,
        chain: Chain { place, next_pc },
        time,
        big_endian,
        boundary: [next, end, kind],
    }
}

/// Produces the entering registers at local time 0, consumes the leaving ones at a range-checked time; returns the leaving ones.
pub fn close_registers(b: &mut Builder, entering: &[Lc]) -> Vec<Lc> {
    let one = Lc::from(1);
    let mut leaving = vec![Lc::zero()];
    for (index, value) in entering.iter().enumerate() {
        let register = Lc::from(index as u64);
        b.produce(
            "entering register",
            Bus::Register,
            &one,
            &[Lc::zero(), register.clone(), value.clone()],
        );
        let time = b.column();
        b.range16("last time of a register", &one, &time);
        // Register 0 has no column: nobody writes it, so it leaves as the constant it entered as.
        let last = if index == 0 { Lc::zero() } else { b.column() };
        b.consume(
            "leaving register",
            Bus::Register,
            &one,
            &[time, register, last.clone()],
        );
        if index > 0 {
            leaving.push(last);
        }
    }
    leaving
}

/// Appends the base columns of [`close_registers`]: last times and leaving values.
pub fn fill_registers(times: &[u16], leaving: &[u32], out: &mut Columns) {
    for (index, (time, value)) in times.iter().zip(leaving).enumerate() {
        out.push(u64::from(*time));
        if index > 0 {
            out.push(u64::from(*value));
        }
    }
}

/// The hash of a state in rows.
pub fn hash_rows(b: &mut Builder, state: &StateLc) -> Lc {
    let mut elements = vec![
        state.chain.place.clone(),
        state.chain.next_pc.clone(),
        state.time.clone(),
        state.big_endian.clone(),
    ];
    elements.extend(state.boundary.iter().cloned());
    elements.extend(state.registers[1..].chunks(PACK).map(|part| {
        part.iter()
            .enumerate()
            .fold(Lc::zero(), |sum, (i, w)| sum + w * pow2(32 * i as u32))
    }));
    poseidon::hash_rows(b, "state", &Lc::from(1), poseidon::Domain::State, &elements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        boundary::Position,
        lc::{Var, F},
        segment::{Crossing, Segment},
        testing::{challenges, filled, refusal, small},
    };
    use ff::Field;

    fn some_state() -> State {
        State {
            registers: (0..REGISTERS as u32).map(|i| i * 0x0765_4321).collect(),
            pc: 0x0040_0000,
            next_pc: 1 << 32,
            step: 3,
            time: 1 << 33,
            big_endian: true,
            boundary: Position {
                next: 5,
                end: 1 << 30,
                kind: 4,
            },
        }
    }

    /// A segment without slots: the registers leave as they entered.
    fn segment() -> Segment {
        let mut b = Builder::new();
        let mut state = enter(&mut b);
        let hash_in = hash_rows(&mut b, &state);
        b.zero("entering state", &(hash_in - Lc::from(Var::StateIn)));
        state.registers = close_registers(&mut b, &state.registers);
        let local = b.local_sum();
        b.zero("registers balance", &local);
        let hash_out = hash_rows(&mut b, &state);
        Segment::new(b, [&hash_out, &Lc::zero()])
    }

    fn witness(state: &State, leaving: &[u32]) -> Vec<F> {
        filled(|out| {
            state.fill(out);
            fill_registers(&[0; REGISTERS], leaving, out);
        })
    }

    fn violation(segment: &Segment, base: &[F], z: [F; 4]) -> Option<String> {
        let pre = segment.expand(base);
        let flat = segment.assignment(&pre, &z);
        segment
            .violation(&flat)
            .map(|row| segment.label(row).to_string())
    }

    #[test]
    fn rows_hash_like_the_native_state_and_registers_pass_through() {
        let state = some_state();
        let segment = segment();
        let mut z = challenges();
        z[0] = state.hash();
        let base = witness(&state, &state.registers);
        assert_eq!(violation(&segment, &base, z), None);
        let pre = segment.expand(&base);
        let mut post = vec![F::ZERO; segment.post_len()];
        segment.fill_post(&pre, &z, &mut post);
        assert_eq!(post[post.len() - 2], state.hash());
    }

    #[test]
    fn another_register_cannot_leave() {
        let state = some_state();
        let mut z = challenges();
        z[0] = state.hash();
        for register in [1, 31, TICK_INDEX, REGISTERS - 1] {
            let mut leaving = state.registers.clone();
            leaving[register] ^= 1;
            let base = witness(&state, &leaving);
            assert_eq!(
                violation(&segment(), &base, z).as_deref(),
                Some("registers balance"),
                "register {register}"
            );
        }
    }

    const TICK_INDEX: usize = crate::microcode::TICK as usize;

    /// 2^32 moved from a register to its neighbour in the same hash element keeps the hash; the range lookups refuse it.
    #[test]
    fn registers_of_one_element_cannot_trade_bits() {
        let state = some_state();
        let mut base = witness(&state, &state.registers);
        // Seven other words, then two limbs a register.
        base[7 + 1] += pow2(16);
        base[7 + 2] -= F::ONE;
        let segment = segment();
        let pre = segment.expand(&base);
        let mut z = challenges();
        z[0] = state.hash();
        let flat = segment.assignment(&pre, &z);
        let hashes_alike = segment
            .violation(&flat)
            .is_none_or(|row| segment.label(row) == "registers balance");
        assert!(hashes_alike, "the cheat keeps the hash");
        let range_false =
            |c: &Crossing| c.bus == Bus::Range && small(&c.tuple[0]).is_none_or(|x| x >= 1 << 16);
        assert!(segment.crossings(&pre).iter().any(range_false));
        assert!(refusal(&segment, &pre).is_some());
    }

    #[test]
    fn every_word_is_hashed() {
        let state = some_state();
        let mut changed = vec![state.clone(); 8];
        changed[0].pc ^= 4;
        changed[1].next_pc ^= 4;
        changed[2].step ^= 1;
        changed[3].time += 1;
        changed[4].big_endian = false;
        changed[5].boundary.next += 1;
        changed[6].boundary.end += 1;
        changed[7].boundary.kind += 1;
        changed.extend((1..REGISTERS).map(|i| {
            let mut s = state.clone();
            s.registers[i] ^= 1 << 31;
            s
        }));
        for other in changed {
            assert_ne!(other.hash(), state.hash());
        }
    }
}
