//! Prints what runs ask of every part and how many segments of each shape they need: what capacities are chosen by.
//!
//!     cargo run --release -p zkmips-circuits --example demand -- PROGRAM INPUT [PROGRAM INPUT ..]

use std::{error::Error, fs, ops::ControlFlow};
use zkmips_circuits::{demand::Demand, microcode, shape::Shape, tree::ProgramTrees, unit::ALL};
use zkmips_emulator::{Inputs, Program};

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    for pair in files.chunks_exact(2) {
        let program = Program::load(&fs::read(&pair[0])?)?;
        let inputs = Inputs {
            stdin: fs::read(&pair[1])?,
            ..Inputs::default()
        };
        let trees = ProgramTrees::new(&program, microcode::decode)?;
        print(
            &pair[0],
            &Demand::of_run(&program, &trees, &inputs, |_| ControlFlow::Continue(()))?,
        );
    }
    Ok(())
}

fn print(name: &str, d: &Demand) {
    let Demand {
        instructions,
        slots,
        ..
    } = d;
    println!("{name}: {instructions} instructions, {slots} slots");
    println!("  {:?}", d.one_off);
    let per_mille = |count: u64| 1000.0 * count as f64 / d.slots as f64;
    let units = ALL.iter().zip(d.units).filter(|(_, count)| *count > 0);
    let units: Vec<String> = units
        .map(|(unit, count)| format!("{unit:?} {:.1}", per_mille(count)))
        .collect();
    println!("  of a thousand slots: {}", units.join(", "));
    for shape in Shape::ALL {
        let c = shape.capacities();
        println!(
            "  {}: {} segments, {} for slots alone",
            shape.name(),
            d.segments(&c),
            d.slots.div_ceil(c.slots as u64)
        );
    }
    println!("  cheapest: {}", d.cheapest().name());
}
