//! Whole runs in segments, without cryptography: every row of every segment holds, state flows from segment to segment, and over the
//! run every tuple that is produced is consumed.

use ff::{Field, PrimeField};
use rayon::iter::ParallelIterator;
use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
    path::PathBuf,
    sync::Arc,
};
use zkmips_circuits::{
    bus::{Bus, PARTS},
    lc::{Columns, F},
    microcode,
    plan::Plan,
    shape::Shape,
    source::Source,
    state::State,
    tree::ProgramTrees,
};
use zkmips_emulator::{constants::RESET_VECTOR, ByteOrder, Inputs, Program};
use zkmips_folding::prove::step::PreSource;

fn plan(name: &str, arch: &str, shape: Shape) -> Plan {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(name)
        .join(arch);
    let program = Program::load(&std::fs::read(folder.join("program.elf")).unwrap()).unwrap();
    let inputs = Inputs {
        stdin: std::fs::read(folder.join("input")).unwrap_or_default(),
        ..Inputs::default()
    };
    let trees = ProgramTrees::new(&program, microcode::decode).unwrap();
    Plan::new(
        Arc::new(program),
        &trees,
        inputs,
        shape.capacities(),
        |_| ControlFlow::Continue(()),
    )
    .unwrap()
}

/// Runs all segments; the leftovers of all buses, empty if the run balances.
fn leftovers(plan: &Plan, shape: Shape) -> HashMap<(Bus, [F; PARTS]), F> {
    let step = shape.step();
    let segment = &step.segment;
    let big_endian = plan.statement().header().byte_order() == ByteOrder::Big;
    let challenges = [
        F::from(0x1234_5678_9abc_def1).square(),
        F::from(0xfeed_beef_1357_9bd3).square(),
    ];
    let [alpha, gamma] = challenges;
    let mut z = [
        State::initial(big_endian, RESET_VECTOR).hash(),
        F::ZERO,
        alpha,
        gamma,
    ];
    let mut sums: HashMap<(Bus, [F; PARTS]), F> = HashMap::new();
    // Two sources, as in the two passes of the prover: they must agree.
    let mut first = Source::new(plan, segment).unwrap();
    let mut digests = Vec::new();
    for i in 0..plan.segments() {
        let mut pre = Columns::new();
        first.fill_pre(i, &mut pre).unwrap();
        digests.push(pre.elements().fold(F::ZERO, |sum, v| sum * gamma + v));
    }
    let mut second = Source::new(plan, segment).unwrap();
    for (i, digest) in digests.iter().enumerate() {
        let mut pre = Columns::new();
        second.fill_pre(i, &mut pre).unwrap();
        let pre: Vec<F> = pre.elements().collect();
        assert_eq!(
            pre.iter().fold(F::ZERO, |sum, v| sum * gamma + v),
            *digest,
            "segment {i} differs between passes"
        );
        let flat = segment.assignment(&pre, &z);
        if let Some(row) = segment.violation(&flat) {
            panic!(
                "segment {i}, row {row}: {} in {}",
                segment.label(row),
                segment.section_of(row)
            );
        }
        for c in segment.crossings(&pre) {
            if c.bus != Bus::Register {
                *sums.entry((c.bus, c.tuple)).or_insert(F::ZERO) += c.multiplicity;
            }
        }
        let mut post = vec![F::ZERO; segment.post_len()];
        segment.fill_post(&pre, &z, &mut post);
        z[0] = post[post.len() - 2];
        z[1] = post[post.len() - 1];
    }
    assert_eq!(z[0], plan.final_state().hash(), "the final state");
    let public = plan.statement().public_sum(alpha, gamma).unwrap();
    let public_terms: Vec<_> = plan.statement().terms().collect();
    for (bus, sign, tuple) in public_terms {
        *sums.entry((bus, tuple)).or_insert(F::ZERO) += if sign > 0 { F::ONE } else { -F::ONE };
    }
    sums.retain(|_, m| *m != F::ZERO);
    if sums.is_empty() {
        assert_eq!(z[1] + public, F::ZERO, "the sum");
    }
    sums
}

fn balances(name: &str, arch: &str) -> usize {
    let shape = Shape::Small;
    let plan = plan(name, arch, shape);
    let left = leftovers(&plan, shape);
    let mut shown: Vec<_> = left
        .iter()
        .map(|((bus, t), m)| format!("{bus:?} {t:x?} times {m:?}"))
        .collect();
    shown.sort();
    shown.truncate(40);
    assert!(
        left.is_empty(),
        "{name} {arch}: {} tuples left, such as {shown:#?}",
        left.len()
    );
    plan.segments()
}

/// The prover commits to these columns by the small number.
#[test]
fn multiples_of_gamma_are_those_of_small_numbers() {
    let plan = plan("c-fib", "mips", Shape::Small);
    let step = Shape::Small.step();
    let segment = &step.segment;
    let gamma = F::from(0xfeed_beef_1357_9bd3).square();
    let mut pre = Columns::new();
    let mut source = Source::new(&plan, segment).unwrap();
    source.fill_pre(0, &mut pre).unwrap();
    let elements: Vec<F> = pre.elements().collect();
    let mut post = vec![F::ZERO; segment.post_len()];
    let z = [F::ONE, F::ONE, gamma.cube(), gamma];
    segment.fill_post(&elements, &z, &mut post);
    let is_small = |x: F| x.to_repr()[16..].iter().all(|byte| *byte == 0);
    let (mut seen, mut factor) = (HashSet::new(), F::ONE);
    let (mut small, mut large, mut fills_the_field) = (0, 0, 0);
    for (k, places) in (1..).zip(segment.gamma_multiples()) {
        factor *= gamma;
        let mut numbers = Columns::new();
        segment.fill_multiples(k, &pre, &mut numbers);
        assert_eq!(numbers.len(), places.len());
        for (place, number) in places.iter().zip(numbers.elements()) {
            assert!(seen.insert(*place), "each place once");
            let value = post[*place as usize];
            assert_eq!(value, factor * number, "a multiple of gamma^{k}");
            if is_small(number) || is_small(-number) {
                small += 1;
                fills_the_field += usize::from(!is_small(value) && !is_small(-value));
            } else {
                large += 1;
            }
        }
    }
    // Of a slot's 34 rows fifteen are such products, half of them bits or zero. Those of digests are not small.
    assert!(fills_the_field > 9 * 464, "{fills_the_field}");
    assert!(20 * large < small, "{large} of {small}");
}

#[test]
fn small_programs_balance() {
    for arch in ["mips", "mipsle"] {
        assert!(balances("c-fib", arch) <= 4);
        balances("crash", arch);
        balances("c-divide", arch);
    }
}
