//! Counting while a program runs, and naming what was counted when it has ended.

use super::cost::Costs;
use super::stacks::{Node, Stacks};
use super::{Location, Profile, Sample};
use crate::program::printable;
use crate::Program;
use std::collections::{BTreeMap, HashMap};
use zkmips_emulator::constants::{EXCEPTION_VECTOR, KERNEL_START};
use zkmips_emulator::{HostCall, Machine, Observer, Outcome, RunError};

/// `$k0`.
const K0: usize = 26;
/// Markers that are told apart; what comes behind more is counted with the last.
const MAX_MARKERS: usize = 1 << 12;
/// Longest name of a marker, in bytes.
const MAX_MARKER: usize = 256;

/// Instructions executed one behind the other.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Stretch {
    node: Node,
    marker: u32,
    first: u32,
    count: u32,
    /// Whether the last of them raised an exception.
    raised: bool,
}

/// Counts every instruction of a run.
pub struct Recorder {
    stacks: Stacks,
    /// What is being executed now, and how often everything else was.
    current: Option<Stretch>,
    stretches: HashMap<Stretch, u64>,
    /// Names of markers; the first stands for none.
    markers: Vec<Option<String>>,
    marker: u32,
}

/// Passes on what the kernel says, and keeps markers.
struct Hearing<'a> {
    observer: &'a mut dyn Observer,
    marker: Option<String>,
}

impl Observer for Hearing<'_> {
    fn host_call(&mut self, instructions: u64, call: &HostCall) {
        if let HostCall::Marker(name) = call {
            let name = String::from_utf8_lossy(&name[..name.len().min(MAX_MARKER)]);
            self.marker = Some(printable(&name));
        }
        self.observer.host_call(instructions, call);
    }
}

impl Recorder {
    /// Before the first instruction.
    pub fn new() -> Self {
        Recorder {
            stacks: Stacks::new(),
            current: None,
            stretches: HashMap::new(),
            markers: vec![None],
            marker: 0,
        }
    }

    /// Executes at most `limit` instructions and counts them.
    pub fn run(
        &mut self,
        program: &Program,
        machine: &mut Machine,
        limit: u64,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, RunError> {
        let mut hearing = Hearing {
            observer,
            marker: None,
        };
        for _ in 0..limit {
            let (pc, before) = (machine.pc, machine.instructions());
            let outcome = machine.run_observed(1, &mut hearing)?;
            if machine.instructions() == before {
                return Ok(outcome);
            }
            let raised = machine.pc == EXCEPTION_VECTOR && machine.regs[K0] == pc;
            self.count(pc, raised);
            let instruction = program.image().instruction_at(pc);
            self.stacks
                .executed(program, machine, pc, instruction, raised);
            if let Some(marker) = hearing.marker.take() {
                self.set_marker(marker);
            }
            if outcome != Outcome::LimitReached {
                return Ok(outcome);
            }
        }
        Ok(Outcome::LimitReached)
    }

    fn count(&mut self, pc: u32, raised: bool) {
        let (node, marker) = (self.stacks.node(), self.marker);
        match &mut self.current {
            Some(s)
                if (s.node, s.marker, s.raised) == (node, marker, false)
                    && pc.wrapping_sub(s.first) == 4 * s.count =>
            {
                s.count += 1;
                s.raised = raised;
            }
            current => {
                let done = current.replace(Stretch {
                    node,
                    marker,
                    first: pc,
                    count: 1,
                    raised,
                });
                if let Some(done) = done {
                    *self.stretches.entry(done).or_default() += 1;
                }
            }
        }
    }

    fn set_marker(&mut self, name: String) {
        let known = self.markers.iter().position(|m| m.as_ref() == Some(&name));
        let index = match known {
            Some(index) => index,
            None if self.markers.len() < MAX_MARKERS => {
                self.markers.push(Some(name));
                self.markers.len() - 1
            }
            None => return,
        };
        self.marker = index as u32;
    }

    /// Names everything.
    pub fn finish(mut self, program: &Program) -> Profile {
        if let Some(last) = self.current.take() {
            *self.stretches.entry(last).or_default() += 1;
        }
        let costs = Costs::get();
        // By callers, marker and address: instructions and rows.
        let mut counts = BTreeMap::<(Node, u32, u32), (u64, u64)>::new();
        let mut rows = HashMap::new();
        for (stretch, times) in &self.stretches {
            for index in 0..stretch.count {
                let pc = stretch.first.wrapping_add(4 * index);
                let raised = stretch.raised && index + 1 == stretch.count;
                let each = *rows
                    .entry((pc, raised))
                    .or_insert_with(|| costs.of(program.image(), pc, raised));
                let count = counts
                    .entry((stretch.node, stretch.marker, pc))
                    .or_default();
                count.0 += times;
                count.1 += times * each;
            }
        }
        let mut places = BTreeMap::new();
        for &(node, _, pc) in counts.keys() {
            let callers = self.stacks.tree.callers(node);
            for address in callers.into_iter().chain([pc]) {
                places.insert(address, 0);
            }
        }
        for (index, place) in places.values_mut().enumerate() {
            *place = index;
        }
        let samples = counts
            .into_iter()
            .map(|((node, marker, pc), (instructions, rows))| {
                let stack = [pc].into_iter().chain(self.stacks.tree.callers(node));
                Sample {
                    stack: stack.map(|address| places[&address]).collect(),
                    marker: self.markers[marker as usize].clone(),
                    instructions,
                    rows,
                }
            })
            .collect();
        let lines = program.lines();
        let locations = places
            .keys()
            .map(|&address| Location {
                address,
                function: self.function(program, address),
                line: lines.at(address),
                kernel: address >= KERNEL_START,
            })
            .collect();
        Profile { locations, samples }
    }

    /// A name for the function at an address.
    fn function(&self, program: &Program, address: u32) -> String {
        let name = program.function_name(address).unwrap_or_else(|| {
            let entry = self.stacks.entries.range(..=address).next_back();
            format!("{:#010x}", entry.copied().unwrap_or(address))
        });
        match address >= KERNEL_START {
            true => format!("kernel.{name}"),
            false => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Executor, Inputs};
    use std::path::Path;

    /// A fixture's program and the profile of its run, with the number of instructions that the run reported.
    fn profiled(name: &str) -> (Program, Inputs, Profile, u64) {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
        let file = |kind: &str| std::fs::read(directory.join(name).join(kind)).unwrap();
        let program = Program::load(&file("program.elf")).unwrap();
        let inputs = Inputs {
            stdin: file("input"),
            ..Inputs::default()
        };
        let executor = Executor::new(&program, inputs.clone()).profile();
        let execution = executor.run(&mut ()).unwrap();
        let instructions = execution.report.instructions;
        (program, inputs, execution.profile.unwrap(), instructions)
    }

    /// The samples whose innermost functions are these.
    fn under<'a>(
        profile: &'a Profile,
        functions: &'a [&str],
    ) -> impl Iterator<Item = &'a Sample> + 'a {
        let name = |at: usize| profile.locations[at].function.as_str();
        profile.samples.iter().filter(move |sample| {
            let stack: Vec<&str> = sample.stack.iter().map(|&at| name(at)).collect();
            stack.starts_with(functions)
        })
    }

    #[test]
    fn a_stripped_go_program_is_counted_to_the_last_instruction() {
        let (program, inputs, profile, instructions) = profiled("go-hello/mips");
        let expected: serde_json::Value = serde_json::from_slice(include_bytes!(
            "../../../fixtures/go-hello/mips/expected.json"
        ))
        .unwrap();
        assert_eq!(expected["instructions"], instructions);
        // The same numbers as the prover's own machine counts, slot by slot.
        let demand = crate::demand(&program, &inputs, &()).unwrap();
        let rows = Costs::get().of_demand(&demand);
        assert_eq!(profile.totals(), (instructions, rows));

        let (_, main) = (0..)
            .zip(&profile.locations)
            .find(|l| l.1.function == "main.main")
            .unwrap();
        let (file, line) = main.line.as_ref().unwrap();
        let source = include_str!("../../../fixtures/go-hello/main.go");
        assert!(file.ends_with("main.go") && (*line as usize) < source.lines().count());
        // Frames of goroutine, scheduler and kernel.
        let main = under(&profile, &["main.main", "runtime.main"]);
        assert!(main.map(|s| s.instructions).sum::<u64>() > 100);
        for stack in [
            &["runtime.schedinit", "runtime.rt0_go"][..],
            &["kernel.sys_rt_sigaction", "kernel.system_call"],
            &[
                "runtime.schedule",
                "runtime.mstart1",
                "runtime.mstart0",
                "runtime.mstart",
            ],
        ] {
            assert!(under(&profile, stack).next().is_some(), "{stack:?}");
        }
        // Every call is under the function that makes it, so nothing but entry points and what the kernel starts is at the root.
        let outermost = profile.samples.iter().map(|s| s.stack[s.stack.len() - 1]);
        let mut roots: Vec<&str> = outermost
            .map(|at| profile.locations[at].function.as_str())
            .collect();
        roots.sort();
        roots.dedup();
        assert!(roots.len() < 12, "{roots:?}");
    }

    #[test]
    fn markers_divide_a_run() {
        let (_, _, profile, instructions) = profiled("guest-c-example/mips");
        let count = |marker: Option<&str>| -> u64 {
            let marked = profile
                .samples
                .iter()
                .filter(|s| s.marker.as_deref() == marker);
            marked.map(|s| s.instructions).sum()
        };
        let counts = [None, Some("read"), Some("decide")].map(count);
        assert!(counts.iter().all(|&count| count > 100), "{counts:?}");
        assert_eq!(counts.iter().sum::<u64>(), instructions);
        let folded = profile.folded();
        assert!(
            folded
                .iter()
                .any(|line| line.starts_with("decide;__start;main;")),
            "{folded:?}"
        );
    }

    #[test]
    fn calls_that_do_not_return_in_order_are_put_right() {
        let (_, _, profile, instructions) = profiled("go-runtime/mips");
        assert_eq!(profile.totals().0, instructions);
        // After panics, recoveries and switches the functions of the program are still under its main.
        let chain = ["main.spin", "main.main", "runtime.main"];
        assert!(under(&profile, &chain).next().is_some());
        let (_, _, again, _) = profiled("go-runtime/mips");
        assert!(profile == again, "the same run has the same profile");
    }
}
