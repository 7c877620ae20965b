//! Inputs, host calls, checkpoints and the count of touched words.

mod common;
use common::*;
use std::cell::Cell;
use zkmips_emulator::constants::*;
use zkmips_emulator::isa::Op;
use zkmips_emulator::{
    ByteOrder, Checkpoint, DiagnosticKind, HostCall, Inputs, Machine, Observer, Program, RunError,
};

/// `lui $4, upper half; lw $2, 0($4); lw $3, 4($4)`
fn reader(order: ByteOrder, address: u32) -> Program {
    let words = [
        ins(Op::Lui, 0, 4, 0, address),
        imm(Op::Lw, 2, 4, 0),
        imm(Op::Lw, 3, 4, 4),
    ];
    Program::from_segments(order, &[code(order, RESET_VECTOR, &words)])
}

#[test]
fn standard_input_is_asked_for_once_and_only_when_read() {
    let order = ByteOrder::Little;
    let asked = Cell::new(0);
    let program = reader(order, PRIVATE_TAPE);
    let mut machine = Machine::with_stdin(&program, &Inputs::default(), || {
        asked.set(asked.get() + 1);
        Ok(b"abc".to_vec())
    })
    .unwrap();
    machine.step().unwrap();
    assert_eq!((asked.get(), machine.private_input()), (0, None));
    machine.run(2).unwrap();
    assert_eq!(asked.get(), 1);
    assert_eq!(machine.private_input(), Some(&b"abc"[..]));
    assert_eq!(machine.regs[2..4], [3, 0x0063_6261]);
}

#[test]
fn a_failure_to_read_standard_input_stays_a_failure() {
    let program = reader(ByteOrder::Little, PRIVATE_TAPE);
    let fail = || Err(std::io::ErrorKind::PermissionDenied.into());
    let mut machine = Machine::with_stdin(&program, &Inputs::default(), fail).unwrap();
    for _ in 0..2 {
        assert!(matches!(machine.run(3), Err(RunError::Stdin(_))));
        assert_eq!((machine.pc, machine.instructions()), (RESET_VECTOR + 4, 1));
    }
}

#[test]
fn the_public_tape_is_there_from_the_start() {
    let order = ByteOrder::Big;
    let inputs = Inputs {
        args: vec!["x".into()],
        public_input: b"public".to_vec(),
        ..Inputs::default()
    };
    let mut machine = Machine::new(&reader(order, PUBLIC_TAPE), &inputs).unwrap();
    let tape = inputs.public_tape(order).unwrap();
    for (index, &word) in tape.iter().enumerate() {
        assert_eq!(machine.memory.read(PUBLIC_TAPE / 4 + index as u32), word);
    }
    machine.run(3).unwrap();
    assert_eq!(machine.regs[2..4], tape[..2]);
}

#[derive(Default)]
struct Listener(Vec<(u64, HostCall)>);

impl Observer for Listener {
    fn host_call(&mut self, instructions: u64, call: &HostCall) {
        self.0.push((instructions, call.clone()));
    }
}

#[test]
fn host_calls_reach_the_observer_from_kernel_text_only() {
    let order = ByteOrder::Big;
    let call = |code: i32| imm(Op::Pref, 31, 0, code);
    let words: Vec<u32> = (1..=9).map(call).chain([call(77)]).collect();
    let mut machine = machine_with(order, &words, &[(4, 0x2_0000), (5, 2), (6, 3), (7, 4)]);
    machine.memory.write_bytes(order, 0x2_0000, b"hi");
    let before = machine.checkpoint();
    let mut listener = Listener::default();
    machine.run_observed(10, &mut listener).unwrap();
    let address = 0x2_0000;
    let expected = [
        HostCall::Stderr(b"hi".to_vec()),
        HostCall::Stdout(b"hi".to_vec()),
        HostCall::UnknownCall(address),
        HostCall::CallEntry {
            number: address,
            thread: 2,
            arguments: [0, 0, 3, 4],
        },
        HostCall::CallExit {
            number: address,
            result: 2,
            failed: 3,
        },
        HostCall::ThreadSwitch {
            from: address,
            to: 2,
        },
        HostCall::Marker(b"hi".to_vec()),
        HostCall::Deadlock,
        HostCall::FatalSignal {
            signal: address,
            pc: 2,
            address: 3,
            thread: 4,
        },
        HostCall::Other {
            code: 77,
            operands: [address, 2, 3, 4],
        },
    ];
    let heard: Vec<_> = listener.0.iter().map(|(_, call)| call.clone()).collect();
    assert_eq!(heard, expected);
    assert_eq!(listener.0[3].0, 3);
    let report = machine.report();
    assert_eq!(report.unknown_syscalls.get(&address), Some(&1));
    assert!(report.deadlock);
    assert_eq!(
        report
            .fatal_signal
            .map(|s| (s.signal, s.pc, s.address, s.thread)),
        Some((address, 2, 3, 4))
    );
    // For the machine they are no-ops.
    assert_eq!(
        (machine.regs, &machine.memory),
        (before.regs, &before.memory)
    );

    let user = Program::from_segments(order, &[code(order, 0x2_0000, &words)]);
    let mut machine = Machine::new(&user, &Inputs::default()).unwrap();
    (machine.pc, machine.next_pc) = (0x2_0000, 0x2_0004);
    let mut listener = Listener::default();
    machine.run_observed(10, &mut listener).unwrap();
    assert_eq!(machine.instructions(), 10);
    assert!(listener.0.is_empty());
}

#[test]
fn a_checkpoint_continues_where_the_run_was() {
    let order = ByteOrder::Big;
    let program = reader(order, PRIVATE_TAPE);
    let inputs = Inputs {
        stdin: b"secret".to_vec(),
        ..Inputs::default()
    };
    let mut whole = Machine::new(&program, &inputs).unwrap();
    whole.run(3).unwrap();
    for cut in 0..=3 {
        let mut first = Machine::new(&program, &inputs).unwrap();
        first.run(cut).unwrap();
        let text = serde_json::to_string(&first.checkpoint()).unwrap();
        let checkpoint: Checkpoint = serde_json::from_str(&text).unwrap();
        let mut second = Machine::resume(&program, checkpoint, || Ok(b"secret".to_vec()));
        second.run(3 - cut).unwrap();
        assert_eq!(second.checkpoint(), whole.checkpoint());
    }
}

#[test]
fn touched_words_are_those_loaded_or_stored() {
    let words = [
        imm(Op::Sb, 0, 4, 1),
        imm(Op::Lw, 2, 4, 0),
        imm(Op::Sw, 2, 4, 8),
        imm(Op::Lw, 2, 0, 0),
    ];
    let mut machine = machine_with(ByteOrder::Big, &words, &[(4, 0x2_0000)]);
    assert_eq!(machine.report().touched_words, None);
    machine.count_touched_words();
    machine.run(4).unwrap();
    assert_eq!(machine.touched_words(), Some(vec![0x8000, 0x8002]));
    assert_eq!(machine.report().touched_words, Some(2));
}

#[test]
fn user_access_to_system_memory_is_noted() {
    let order = ByteOrder::Big;
    let words = [imm(Op::Lw, 2, 4, 0)];
    for (address, noted) in [
        (0x7fff_fffc, false),
        (KERNEL_START, true),
        (OUTPUT_TAPE, true),
        (0xffff_fffc, true),
    ] {
        let program = Program::from_segments(order, &[code(order, 0x2_0000, &words)]);
        let mut machine = Machine::new(&program, &Inputs::default()).unwrap();
        (machine.pc, machine.next_pc, machine.regs[4]) = (0x2_0000, 0x2_0004, address);
        machine.step().unwrap();
        let kinds: Vec<_> = machine
            .report()
            .diagnostics
            .iter()
            .map(|d| d.kind)
            .collect();
        assert_eq!(
            kinds == [DiagnosticKind::SystemAccess],
            noted,
            "{address:#x}"
        );
    }
}
