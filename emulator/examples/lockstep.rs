//! Runs a program here and under QEMU, instruction by instruction, and prints the first difference.
//!
//! ```text
//! cargo run --release -p zkmips-emulator --example lockstep -- program.elf [instructions] < input
//! cargo run --release -p zkmips-emulator --example lockstep -- random 17 mips
//! cargo run --release -p zkmips-emulator --example lockstep -- faults 17 mipsle
//! ```
//!
//! The second and third form take the random program with this number of the comparison tests. QEMU is stepped through its GDB
//! server. Programs must have one thread. At the start this machine gets QEMU's registers and stack. Where a system
//! call gives other results, that is printed and the run goes on with QEMU's. `$k0` and `$k1` are not compared.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "lockstep/gdb.rs"]
mod gdb;

use common::random_program::{faulting_program, plain_program};
use gdb::{Gdb, Stop};
use std::error::Error;
use std::io::Read;
use std::process::{Child, Command, ExitCode, Stdio};
use zkmips_emulator::constants::{SIGNAL_TRAMPOLINE, USER_END};
use zkmips_emulator::isa::{Op, REGISTER_NAMES};
use zkmips_emulator::{ByteOrder, Inputs, Machine, Program};

/// Most bytes of QEMU's stack that are copied.
const STACK_BYTES: u32 = 1 << 16;
/// Instructions of the kernel for one of the program, at most.
const KERNEL_LIMIT: u32 = 100_000_000;
/// Registers with the result of a system call: `$v0` and `$a3`; and those of the kernel.
const RESULT: [usize; 4] = [2, 7, 26, 27];
const SIGTRAP: u32 = 5;
const SIGFPE: u32 = 8;
/// Offset of the address in a `siginfo`.
const SI_ADDR: u32 = 12;
const HI: usize = 32;
const LO: usize = 33;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Registers 0 to 31, HI and LO.
type Registers = [u32; 34];

fn registers(machine: &Machine) -> Registers {
    std::array::from_fn(|i| match i {
        HI => machine.hi,
        LO => machine.lo,
        i => machine.regs[i],
    })
}

fn adopt(machine: &mut Machine, register: usize, value: u32) {
    match register {
        HI => machine.hi = value,
        LO => machine.lo = value,
        register => machine.regs[register] = value,
    }
}

fn name(register: usize) -> &'static str {
    match register {
        HI => "hi",
        LO => "lo",
        register => REGISTER_NAMES[register],
    }
}

/// Ends QEMU when it goes out of scope.
struct Qemu(Child);

impl Drop for Qemu {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Executes one instruction of the program, and what the kernel does about it.
fn step_here(machine: &mut Machine) -> Result<()> {
    for _ in 0..KERNEL_LIMIT {
        machine.step()?;
        let in_program = machine.program().instruction_at(machine.pc).is_some();
        if machine.pc < USER_END && in_program || machine.halted() {
            return Ok(());
        }
    }
    Err("the kernel does not come back: does the program wait?".into())
}

/// Linux names the branch if an overflow or a trap is in its delay slot, QEMU the slot: what the handler of this signal finds in its `siginfo` becomes
/// what it finds there.
fn blame_as_there(machine: &mut Machine, gdb: &mut Gdb, order: ByteOrder, handler: [u32; 2]) {
    let [signal, info] = handler;
    let at = info.wrapping_add(SI_ADDR);
    let word = |bytes: Vec<u8>| bytes.try_into().map(|bytes| order.word(bytes));
    let here = word(machine.memory.read_bytes(order, at, 4));
    let there = word(gdb.memory(at, 4));
    if let (SIGTRAP | SIGFPE, Ok(here), Ok(there)) = (signal, here, there) {
        if there == here.wrapping_add(4) {
            machine.memory.write_bytes(order, at, &order.bytes(there));
        }
    }
}

fn compare(file: &[u8], limit: u64) -> Result<bool> {
    let program = Program::load(file)?;
    let order = program.byte_order();
    let mut stdin = Vec::new();
    std::io::stdin().read_to_end(&mut stdin)?;
    let directory = tempfile::tempdir()?;
    let (path, socket) = (
        directory.path().join("program"),
        directory.path().join("gdb"),
    );
    let input = directory.path().join("input");
    std::fs::write(&path, file)?;
    std::fs::write(&input, &stdin)?;
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let name_of_qemu = match order {
        ByteOrder::Big => "qemu-mips",
        ByteOrder::Little => "qemu-mipsel",
    };
    let child = Command::new(name_of_qemu)
        .args(["-cpu", "24Kc", "-r", "5.0.0", "-0", "program", "-g"])
        .arg(&socket)
        .arg(&path)
        .current_dir(directory.path())
        .stdin(std::fs::File::open(&input)?)
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("{name_of_qemu} (package qemu-user): {error}"))?;
    let _qemu = Qemu(child);
    let mut gdb = Gdb::connect(&socket, order)?;

    let inputs = Inputs {
        stdin,
        ..Inputs::default()
    };
    let mut machine = Machine::new(&program, &inputs)?;
    while machine.pc >= USER_END {
        machine.step()?;
    }
    let (start, pc) = gdb.registers()?;
    for (register, value) in start.into_iter().enumerate() {
        adopt(&mut machine, register, value);
    }
    let bytes = gdb.memory(start[29], STACK_BYTES);
    machine.memory.write_bytes(order, start[29], &bytes);
    if machine.pc != pc {
        return Err(format!("starts at {:#x} here and {pc:#x} there", machine.pc).into());
    }

    for step in 0..limit {
        let at = machine.pc;
        let instruction = program.instruction_at(at);
        let is_call = instruction.is_some_and(|i| i.op == Op::Syscall);
        let before = registers(&machine);
        step_here(&mut machine)?;
        let behind = at.wrapping_add(4);
        let returned = is_call && machine.pc == behind;
        if returned {
            // QEMU gives back every register but those of the result; a kernel need not.
            for register in (0..34).filter(|register| !RESULT.contains(register)) {
                adopt(&mut machine, register, before[register]);
            }
        }
        let in_program = |pc| program.instruction_at(pc).is_some();
        let mut stop = gdb.step(at, in_program)?;
        // Of a branch that skips its delay slot QEMU makes two steps; of a system call or a fault and what follows one.
        while let Stop::Stepped(pc) = stop {
            match pc.wrapping_sub(machine.pc) as i32 {
                -8..=-4 => stop = gdb.step(pc, in_program)?,
                4..=8 => step_here(&mut machine)?,
                _ => break,
            }
        }
        if let Stop::Ended(status) = stop {
            println!("{step} steps, then the end: status {status} there");
            return match machine.halted() && machine.status() == status {
                true => Ok(true),
                false => {
                    Err(format!("here: pc {:#x}, status {}", machine.pc, machine.status()).into())
                }
            };
        }
        let ((there, pc), mut here) = (gdb.registers()?, registers(&machine));
        if returned && machine.pc == pc && here[..26] != there[..26] {
            println!("the system call at {at:#x} differs: going on with what it did there");
            for register in (0..34).filter(|register| !matches!(register, 26 | 27)) {
                let (ours, theirs) = (here[register], there[register]);
                if ours != theirs {
                    println!("  {}  {ours:08x} here, {theirs:08x} there", name(register));
                    adopt(&mut machine, register, theirs);
                }
            }
            here = registers(&machine);
        }
        let in_handler = |registers: &Registers| registers[31] == SIGNAL_TRAMPOLINE;
        if machine.pc == pc && in_handler(&here) && !in_handler(&before) {
            blame_as_there(&mut machine, &mut gdb, order, [here[4], here[5]]);
        }
        let differs = |&register: &usize| {
            let trampoline = register == 31 && in_handler(&here);
            !matches!(register, 26 | 27) && !trampoline && here[register] != there[register]
        };
        let different: Vec<usize> = (0..34).filter(differs).collect();
        if machine.pc == pc && different.is_empty() {
            continue;
        }
        println!("first difference, after step {step}:");
        if let Some(instruction) = instruction {
            println!("  {at:08x}  {}", instruction.at(at));
        }
        println!("  pc  {:08x} here, {pc:08x} there", machine.pc);
        for register in different {
            println!(
                "  {}  {:08x} here, {:08x} there",
                name(register),
                here[register],
                there[register]
            );
        }
        return Ok(false);
    }
    println!("{limit} steps without a difference");
    Ok(true)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let order = |name: &str| match name {
        "mipsle" => ByteOrder::Little,
        _ => ByteOrder::Big,
    };
    let result = match words.as_slice() {
        [kind @ ("random" | "faults"), seed, rest @ ..] => match seed.parse() {
            Ok(seed) => {
                let program = match *kind {
                    "random" => plain_program(seed),
                    _ => faulting_program(seed),
                };
                let order = rest.first().map_or(ByteOrder::Big, |name| order(name));
                compare(&program.elf(order), u64::MAX)
            }
            Err(_) => Err("the number of a random program is missing".into()),
        },
        [path, rest @ ..] => {
            let limit = rest.first().and_then(|text| text.parse().ok());
            std::fs::read(path)
                .map_err(|error| format!("{path}: {error}").into())
                .and_then(|file| compare(&file, limit.unwrap_or(u64::MAX)))
        }
        [] => Err("usage: lockstep PROGRAM [STEPS] | random SEED [mips|mipsle] | faults SEED [mips|mipsle]".into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("lockstep: {error}");
            ExitCode::from(2)
        }
    }
}
