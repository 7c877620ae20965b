//! The kernel against those who want it to fail: provers with arbitrary private tapes, programs with arbitrary calls.
//!
//! A fault inside the kernel would enter the vector with an address of kernel text: the kernel reports it as a signal
//! at such an address, or loops.

use std::path::Path;
use zkmips_emulator::constants::{KERNEL_START, PRIVATE_TAPE, PRIVATE_TAPE_BYTES};
use zkmips_emulator::{ByteOrder, Inputs, Machine, Outcome, Program, RunReport};

fn load(path: &str) -> Program {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    Program::load(&std::fs::read(path).unwrap()).unwrap()
}

fn finish(mut machine: Machine) -> RunReport {
    assert_eq!(machine.run(50_000_000).unwrap(), Outcome::Halted);
    assert_eq!(machine.regs, [0; 32]);
    let report = machine.report();
    if let Some(signal) = report.fatal_signal {
        assert!(signal.pc < KERNEL_START, "fault in the kernel: {signal:x?}");
    }
    report
}

/// A run on a private tape of any words instead of the one the host would make.
fn run_on_tape(program: &Program, tape: &[u32]) -> RunReport {
    let mut start = Machine::new(program, &Inputs::default())
        .unwrap()
        .checkpoint();
    start.memory.write_words(PRIVATE_TAPE / 4, tape);
    start.private_input = Some(Vec::new());
    finish(Machine::resume(program, start, || unreachable!()))
}

#[test]
fn a_length_on_the_private_tape_beyond_its_region_is_cut() {
    const READ: usize = 4096 * 11; // what the program reads at most
    let digits: Vec<u8> = (0..READ as u32 + 64)
        .map(|i| {
            if i % 7 == 6 {
                b'\n'
            } else {
                b'0' + (i * i % 89 % 10) as u8
            }
        })
        .collect();
    for (order, name) in [(ByteOrder::Big, "mips"), (ByteOrder::Little, "mipsle")] {
        let program = load(&format!("fixtures/c-sort/{name}/program.elf"));
        for length in [
            0,
            1,
            3,
            20,
            READ as u32 - 1,
            READ as u32 + 1,
            PRIVATE_TAPE_BYTES - 5,
            PRIVATE_TAPE_BYTES - 4,
            PRIVATE_TAPE_BYTES - 3,
            PRIVATE_TAPE_BYTES,
            0x7fff_ffff,
            0x8000_0000,
            u32::MAX - 3,
            u32::MAX,
        ] {
            let mut tape = vec![length];
            tape.extend(order.pack(&digits));
            let report = run_on_tape(&program, &tape);
            let honest = Inputs {
                stdin: digits[..READ.min(length as usize)].to_vec(),
                ..Inputs::default()
            };
            let expected = finish(Machine::new(&program, &honest).unwrap());
            assert_eq!(report.output, expected.output, "{name}, length {length:#x}");
            assert_eq!(report.status, expected.status, "{name}, length {length:#x}");
        }
    }
}

#[test]
fn no_system_call_faults_in_the_kernel() {
    let mut ended = 0;
    for (order, name) in [(ByteOrder::Big, "mips"), (ByteOrder::Little, "mipsle")] {
        let program = load(&format!("kernel/test/calls-{name}.elf"));
        for seed in 1..=20u32 {
            let inputs = Inputs {
                stdin: order.bytes(seed.wrapping_mul(0x9e37_79b9)).to_vec(),
                ..Inputs::default()
            };
            let report = finish(Machine::new(&program, &inputs).unwrap());
            assert_eq!(report.fatal_signal, None, "{name}, seed {seed}");
            if report.deadlock {
                assert_eq!(report.status, Some(134), "{name}, seed {seed}");
            } else {
                assert_eq!(report.status, Some(0), "{name}, seed {seed}");
                assert!(report.output.ends_with(b"ok\n"), "{name}, seed {seed}");
                ended += 1;
            }
        }
    }
    assert!(ended >= 10, "only {ended} runs came to their end");
}
