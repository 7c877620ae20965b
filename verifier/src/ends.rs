//! What ties a proof to its statement, computed in the same way by prover and verifier, from public data alone: the challenges and the
//! values with which the recursion starts and must end.

use ff::Field;
use zkmips_circuits::border::State;
use zkmips_circuits::capacities::Shape;
use zkmips_circuits::lc::F;
use zkmips_circuits::region::Position;
use zkmips_circuits::statement::{Statement, StatementError};
use zkmips_emulator::constants::{HALT, MACHINE_VERSION, MEMORY_WORDS, RESET_VECTOR};
use zkmips_emulator::ByteOrder;
use zkmips_folding::challenge::Challenges;
use zkmips_folding::ro::F2;
use zkmips_folding::step::ARITY;

/// A run has fewer slots than this: times are 32-bit values.
pub const MAX_SLOTS: u64 = 1 << 32;

/// First and last values of the recursion: state, sum, alpha, gamma.
pub struct Ends {
    pub first: [F; ARITY],
    pub last: [F; ARITY],
}

/// Slots of `segments` segments, if a run can have as many: one segment at least, and less than [`MAX_SLOTS`].
pub fn slots(shape: Shape, segments: u64) -> Option<u64> {
    let slots = segments.checked_mul(shape.capacities().slots as u64)?;
    (segments > 0 && slots < MAX_SLOTS).then_some(slots)
}

/// The challenges are a function of everything that the statement says and of the chain of commitments.
fn challenges(
    statement: &Statement,
    digest: &[u8; 32],
    shape: Shape,
    segments: u64,
    chain: F2,
) -> Challenges {
    let bytes =
        |tape: &[u32]| -> Vec<u8> { tape.iter().flat_map(|word| word.to_le_bytes()).collect() };
    // The status is the first word of the output tape.
    Challenges::derive(
        &[
            &MACHINE_VERSION.to_le_bytes(),
            digest,
            shape.name().as_bytes(),
            &statement.header().to_bytes(),
            &bytes(statement.public_tape()),
            &bytes(statement.output_tape()),
            &segments.to_le_bytes(),
        ],
        chain,
    )
}

/// The ends of the recursion for a run of `segments` segments, in which there are `slots` slots.
pub fn ends(
    statement: &Statement,
    digest: &[u8; 32],
    shape: Shape,
    segments: u64,
    slots: u64,
    chain: F2,
) -> Result<Ends, StatementError> {
    let Challenges { alpha, gamma } = challenges(statement, digest, shape, segments, chain);
    let big_endian = statement.header().byte_order() == ByteOrder::Big;
    let boundary = Position {
        next: MEMORY_WORDS.into(),
        end: u64::from(MEMORY_WORDS) + 1,
        kind: 0,
    };
    let initial = State::initial(big_endian, RESET_VECTOR).hash();
    let halted = State::halted(big_endian, HALT, slots, boundary).hash();
    let sum = statement.public_sum(alpha, gamma)?;
    Ok(Ends {
        first: [initial, F::ZERO, alpha, gamma],
        last: [halted, -sum, alpha, gamma],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_a_segment_and_fewer_slots_than_times() {
        for shape in Shape::ALL {
            let each = shape.capacities().slots as u64;
            let most = (MAX_SLOTS - 1) / each;
            assert_eq!(slots(shape, 0), None);
            assert_eq!(slots(shape, 1), Some(each));
            assert_eq!(slots(shape, most), Some(most * each));
            assert_eq!(slots(shape, most + 1), None);
            assert_eq!(slots(shape, u64::MAX), None);
        }
    }
}
