//! Instructions per second of the emulator on this machine: a loop in registers, or the program given as
//! argument (`speed PROGRAM < INPUT`).

use std::io::Read;
use std::time::Instant;
use zkmips_emulator::constants::RESET_VECTOR;
use zkmips_emulator::elf::Segment;
use zkmips_emulator::isa::{Instruction, Op};
use zkmips_emulator::{ByteOrder, HostCall, Inputs, Machine, Observer, Program};

/// `addu; sltu; xor; sll; addiu; bne; nop`, for ever.
fn register_loop() -> Program {
    let word = |op, rs, rt, rd, imm: i32| {
        let imm = imm as u32;
        Instruction {
            op,
            rs,
            rt,
            rd,
            imm,
        }
        .encode()
    };
    let words = [
        word(Op::Addu, 2, 3, 2, 0),
        word(Op::Sltu, 2, 4, 5, 0),
        word(Op::Xor, 5, 2, 6, 0),
        word(Op::Sll, 0, 6, 7, 3),
        word(Op::Addiu, 3, 3, 0, 1),
        word(Op::Bne, 3, 0, 0, -24),
        word(Op::Sll, 0, 0, 0, 0),
        word(Op::Beq, 0, 0, 0, -32),
        0,
    ];
    let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()).collect();
    let memory_bytes = bytes.len() as u32;
    let text = Segment {
        address: RESET_VECTOR,
        bytes,
        memory_bytes,
        executable: true,
    };
    Program::from_segments(ByteOrder::Big, &[text])
}

struct Terminal;

impl Observer for Terminal {
    fn host_call(&mut self, instructions: u64, call: &HostCall) {
        match call {
            HostCall::Stderr(bytes) => eprint!("{}", String::from_utf8_lossy(bytes)),
            HostCall::Deadlock | HostCall::UnknownCall(_) | HostCall::FatalSignal { .. } => {
                eprintln!("[{instructions}] {call:x?}")
            }
            _ => {}
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let program = match arguments.as_slice() {
        [program] => Program::load(&std::fs::read(program)?)?,
        _ => register_loop(),
    };
    let mut machine = Machine::with_stdin(&program, &Inputs::default(), || {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes)?;
        Ok(bytes)
    })?;
    let start = Instant::now();
    machine.run_observed(2_000_000_000, &mut Terminal)?;
    let seconds = start.elapsed().as_secs_f64();
    let report = machine.report();
    println!("{}", String::from_utf8_lossy(&report.output));
    println!(
        "status {:?}, {} instructions, {:.3} s, {:.1} million per second",
        report.status,
        report.instructions,
        seconds,
        report.instructions as f64 / seconds / 1e6
    );
    println!("pc {:#x} {:?}", machine.pc, program.function_at(machine.pc));
    println!("{:x?}", report.diagnostics);
    Ok(())
}
