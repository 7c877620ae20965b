//! What the prover chooses the shape by.

use std::{ops::ControlFlow, path::PathBuf, sync::Arc};
use zkmips_circuits::{
    demand::Demand, microcode, plan::Plan, shape::Shape, tree::ProgramTrees, unit::ALL,
};
use zkmips_emulator::{Inputs, Program};

fn fixture(name: &str) -> (Program, ProgramTrees, Inputs) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(name)
        .join("mips");
    let program = Program::load(&std::fs::read(folder.join("program.elf")).unwrap()).unwrap();
    let trees = ProgramTrees::new(&program, microcode::decode).unwrap();
    let inputs = Inputs {
        stdin: std::fs::read(folder.join("input")).unwrap(),
        ..Inputs::default()
    };
    (program, trees, inputs)
}

fn demand(name: &str) -> Demand {
    let (program, trees, inputs) = fixture(name);
    Demand::of_run(&program, &trees, &inputs, |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn the_segments_that_demand_foretells_are_those_that_a_plan_has() {
    for name in ["c-fib", "c-sha256", "crash", "c-divide"] {
        let (program, trees, inputs) = fixture(name);
        let demand =
            Demand::of_run(&program, &trees, &inputs, |_| ControlFlow::Continue(())).unwrap();
        let program = Arc::new(program);
        for shape in [Shape::Small, Shape::Medium] {
            let c = shape.capacities();
            let plan = Plan::new(program.clone(), &trees, inputs.clone(), c, |_| {
                ControlFlow::Continue(())
            })
            .unwrap();
            let (foretold, planned) = (demand.segments(&c), plan.segments() as u64);
            // A plan has more only if operations arrive late and wait.
            let waiting = foretold..=foretold + 2;
            assert!(waiting.contains(&planned), "{name} {shape:?} {planned}");
            assert_eq!(demand.instructions, plan.instructions());
        }
    }
}

/// `fixtures/prove-all` proves all fixtures: no chip and no other part of a segment goes without.
#[test]
fn the_fixtures_use_every_chip() {
    let mut units = [0; ALL.len()];
    let mut instructions = 0;
    for folder in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures")).unwrap() {
        let folder = folder.unwrap();
        if !folder.path().join("mips/program.elf").exists() {
            continue;
        }
        let demand = demand(folder.file_name().to_str().unwrap());
        for (sum, count) in units.iter_mut().zip(demand.units) {
            *sum += count;
        }
        instructions += demand.instructions;
    }
    assert!(instructions > 1_000_000);
    let idle: Vec<_> = ALL.iter().zip(units).filter(|(_, n)| *n == 0).collect();
    assert!(idle.is_empty(), "chips that no fixture uses: {idle:?}");
}

#[test]
fn the_smallest_program_takes_four_small_segments() {
    let demand = demand("c-fib");
    assert_eq!(demand.cheapest(), Shape::Small);
    assert_eq!(demand.segments(&Shape::Small.capacities()), 4);
}

#[test]
fn longer_runs_are_cheaper_in_larger_segments() {
    let short = demand("c-fib");
    let times = |k: u64| Demand {
        slots: k * short.slots,
        units: short.units.map(|count| k * count),
        ..short
    };
    assert_eq!(times(40).cheapest(), Shape::Medium);
    assert_eq!(times(4000).cheapest(), Shape::Large);
}

#[test]
fn memory_limits_the_choice() {
    let short = demand("c-fib");
    let long = Demand {
        slots: 4000 * short.slots,
        ..short
    };
    let needs = |shape| long.memory(shape, 2);
    assert!(needs(Shape::Small) < needs(Shape::Medium));
    assert!(needs(Shape::Medium) < needs(Shape::Large));
    assert!(needs(Shape::Large) < 1_000_000_000);
    for (within, shape) in [
        (u64::MAX, Some(Shape::Large)),
        (needs(Shape::Large), Some(Shape::Large)),
        (needs(Shape::Large) - 1, Some(Shape::Medium)),
        (needs(Shape::Medium) - 1, Some(Shape::Small)),
        (needs(Shape::Small) - 1, None),
    ] {
        assert_eq!(long.cheapest_within(within, 2), shape);
    }
    // The memory of the program and of every thread counts.
    let touching = Demand {
        touched_words: 1 << 28,
        ..long
    };
    assert!(touching.memory(Shape::Small, 2) > 16 << 30);
    assert!(long.memory(Shape::Small, 3) > needs(Shape::Small));
}

#[test]
fn what_is_scarce_decides() {
    let mut demand = demand("c-fib");
    let small = Shape::Small.capacities();
    let divide = ALL.iter().position(|u| format!("{u:?}") == "Divide");
    let divide = divide.expect("there is a divider");
    demand.units[divide] = 100 * small.units[divide] as u64;
    assert_eq!(demand.segments(&small), 100);
    demand.one_off.image_pages = 200 * small.image_pages;
    assert_eq!(demand.segments(&small), 200);
}
