//! What an instruction costs in a proof: the non-linear rows of its slots and of the chips that they ask.
//!
//! The numbers are counted in the circuits themselves, not written down a second time.

use std::sync::OnceLock;
use zkmips_circuits::microcode::{can_raise, decode, fetch_fault, raised, Entry};
use zkmips_circuits::shape::{build, Capacities};
use zkmips_circuits::unit::{Unit, ALL, UNITS};
use zkmips_emulator::Program;

/// Sections of a segment before those of the units: state, slots, registers.
const SLOT_SECTION: usize = 1;
const FIRST_UNIT: usize = 3;

/// Non-linear rows for each slot and for each operation of a chip.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Costs {
    slot: u64,
    units: [u64; UNITS],
}

impl Costs {
    /// The costs of this version's circuits; counted when first asked for.
    pub fn get() -> &'static Costs {
        static COSTS: OnceLock<Costs> = OnceLock::new();
        COSTS.get_or_init(Costs::count)
    }

    /// What one instance more of each part adds to a small segment.
    fn count() -> Costs {
        let one = sections(1);
        let two = sections(2);
        let more = |section: usize| {
            let rows = |sections: &[u64]| sections.get(section).copied().unwrap_or_default();
            rows(&two).saturating_sub(rows(&one))
        };
        let mut units = [0; UNITS];
        for (position, unit) in ALL.into_iter().enumerate() {
            units[unit as usize] = more(FIRST_UNIT + position);
        }
        Costs {
            slot: more(SLOT_SECTION),
            units,
        }
    }

    /// Rows of the instruction at `pc`, which has raised an exception or not.
    pub fn of(&self, program: &Program, pc: u32, has_raised: bool) -> u64 {
        let word = program.instruction_at(pc).and(program.image_word(pc));
        let Some(word) = word else {
            return self.sum(&fetch_fault(pc));
        };
        let before = pc.wrapping_sub(4);
        let previous = program
            .instruction_at(before)
            .and(program.image_word(before));
        let entries = decode(word, pc, previous);
        let first = entries.iter().position(|entry| can_raise(entry.operation));
        match first.filter(|_| has_raised) {
            // What comes before it was executed, then what takes its place.
            Some(at) => self.sum(&entries[..at]) + self.sum(&raised(&entries[at])),
            None => self.sum(&entries),
        }
    }

    /// Rows of all slots and operations of a run.
    #[cfg(test)]
    pub fn of_demand(&self, demand: &crate::Demand) -> u64 {
        let units = demand.units.iter().zip(self.units);
        self.slot * demand.slots + units.map(|(count, rows)| count * rows).sum::<u64>()
    }

    fn sum(&self, entries: &[Entry]) -> u64 {
        let unit = |entry: &Entry| Unit::of(entry.operation).map_or(0, |u| self.units[u as usize]);
        entries.iter().map(|entry| self.slot + unit(entry)).sum()
    }
}

/// Non-linear rows of each section of a segment with `count` instances of everything that costs depend on.
fn sections(count: usize) -> Vec<u64> {
    let segment = build(&Capacities {
        slots: count,
        units: [count; UNITS],
        raises: 0,
        fetch_faults: 0,
        batches: 0,
        private_words: 0,
        image_pages: 0,
        decoded_pages: 0,
        nodes: 0,
        range_block: 1,
    });
    let nonlinear = |rows: (u32, u32)| {
        let rows = rows.0 as usize..rows.1 as usize;
        rows.filter(|&row| segment.is_nonlinear(row)).count() as u64
    };
    let sections = segment.sections().iter();
    sections.map(|section| nonlinear(section.rows)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use zkmips_emulator::constants::{EXCEPTION_VECTOR, RESET_VECTOR};
    use zkmips_emulator::elf::Segment;
    use zkmips_emulator::ByteOrder;

    /// The numbers of the pinned description of the small shape, divided by its capacities.
    #[test]
    fn costs_are_those_of_the_pinned_description() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../circuits/tests/shapes.txt");
        let text = std::fs::read_to_string(path).unwrap();
        let costs = Costs::get();
        let names = [
            (Unit::Load, "load"),
            (Unit::Store, "store"),
            (Unit::ByteLoad, "byte load"),
            (Unit::ByteStore, "byte store"),
            (Unit::Unaligned, "unaligned"),
            (Unit::Equality, "equality"),
            (Unit::Order, "order"),
            (Unit::Logic, "logic"),
            (Unit::Shift, "shift"),
            (Unit::Multiply, "multiply"),
            (Unit::Divide, "divide"),
            (Unit::Fault, "fault"),
        ];
        let capacities = zkmips_circuits::shape::Shape::Small.capacities();
        for (unit, name) in names {
            let line = text.lines().find(|l| {
                l.strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with("  "))
            });
            let numbers = line.unwrap()[name.len()..].split_whitespace();
            let rows: u64 = numbers.skip(1).map(|n| n.parse().unwrap()).next().unwrap();
            let each = rows / capacities.units[unit as usize] as u64;
            assert_eq!(costs.units[unit as usize], each, "{name}");
        }
        // The pinned test of the slot.
        assert_eq!(costs.slot, 34);
    }

    #[test]
    fn an_instruction_costs_its_slots_and_chips() {
        let words = [
            0x0043_2021u32, // addu: one slot
            0x8c43_0000,    // lw
            0x0043_001a,    // div: two slots
            0x0000_000c,    // syscall: the two slots of an exception
            0x0043_0034,    // teq
        ];
        let text = Segment::of_words(ByteOrder::Big, RESET_VECTOR, &words, true);
        let program = Program::from_segments(ByteOrder::Big, &[text]);
        let costs = Costs::get();
        let unit = |unit: Unit| costs.units[unit as usize];
        let of = |index: u32, raised| costs.of(&program, RESET_VECTOR + 4 * index, raised);
        assert_eq!(of(0, false), costs.slot);
        assert_eq!(of(1, false), costs.slot + unit(Unit::Load));
        assert_eq!(of(1, true), 3 * costs.slot + unit(Unit::Fault));
        assert_eq!(of(2, false), 2 * (costs.slot + unit(Unit::Divide)));
        assert_eq!(of(3, true), 2 * costs.slot);
        assert_eq!(of(4, false), costs.slot + unit(Unit::EqualityTrap));
        assert_eq!(of(4, true), 3 * costs.slot + unit(Unit::EqualityTrap));
        let nowhere = costs.of(&program, EXCEPTION_VECTOR + 0x10_0000, true);
        assert_eq!(nowhere, 2 * costs.slot);
    }
}
