//! The kernel: a guest that makes any calls with any arguments and then executes anything, on any private tape.

use super::elf_file::{ElfFile, Part};
use super::input::Input;
use zkmips::{ByteOrder, Inputs};
use zkmips_emulator::constants::*;
use zkmips_emulator::{HostCall, Machine, Observer, Program};

const TEXT: u32 = 0x0040_0000;
const TABLE: u32 = 0x0050_0000;
const DATA: u32 = 0x0060_0000;
const DATA_BYTES: u32 = 0x4000;
/// Number and arguments of a call.
const CALL_WORDS: usize = 7;
const MOST_CALLS: u8 = 48;
const INSTRUCTIONS: u64 = 60_000;
/// Calls after which user code runs at an address or on a stack of the guest's choice, kernel text and data included: `signal`,
/// `sigaction`, `sigreturn`, `clone`, `rt_sigreturn`, `rt_sigaction`.
const WILD: [u32; 6] = [4048, 4067, 4119, 4120, 4193, 4194];

/// Whether all user code so far is the loop over the table.
struct Tame(bool);

impl Observer for Tame {
    fn host_call(&mut self, _: u64, call: &HostCall) {
        if let HostCall::CallEntry { number, .. } = call {
            self.0 &= !WILD.contains(number);
        }
    }
}

/// Byte order; length on the private tape; number of calls; the calls; number of words of code; the code; the rest is data, and standard
/// input behind its length.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let order = ByteOrder::ALL[usize::from(input.u8() % 2)];
    let length = number(&mut input);
    let calls: Vec<u32> = (0..input.u8() % MOST_CALLS)
        .flat_map(|_| {
            let kind = u32::from(input.u16());
            let arguments: [u32; CALL_WORDS - 1] = std::array::from_fn(|_| number(&mut input));
            std::iter::once(4000 + kind % 400).chain(arguments)
        })
        .collect();
    let code: Vec<u32> = (0..input.u8() % 32).map(|_| input.u32()).collect();
    let rest = input.0;

    let program = Program::load(&guest(order, &calls, &code, rest)).expect("a good ELF file");
    let machine = Machine::new(&program, &Inputs::default()).expect("no inputs");
    // The private tape that the machine would make is an honest one.
    let mut start = machine.checkpoint();
    start.private_input = Some(Vec::new());
    start.memory.write(PRIVATE_TAPE / 4, length);
    start
        .memory
        .write_words(PRIVATE_TAPE / 4 + 1, &order.pack(rest));
    let mut machine = Machine::resume(&program, start, || Ok(Vec::new()));
    let mut tame = Tame(code.is_empty());
    while machine.instructions() < INSTRUCTIONS && !machine.halted() {
        let run = machine.run_observed(1, &mut tame);
        run.expect("the tape is there");
        // Code of the guest's own may jump into the kernel or write into its memory.
        if tame.0 && machine.pc == EXCEPTION_VECTOR {
            let from = machine.regs[26];
            assert!(
                from < KERNEL_START,
                "an exception in the kernel at {from:#x}"
            );
        }
    }
    machine.threads();
    let report = machine.report();
    assert_eq!(report.status.is_some(), machine.halted());
}

/// An argument: small, near the end of something, or any.
fn number(input: &mut Input) -> u32 {
    let kind = input.u8();
    let offset = u32::from(kind >> 4);
    match kind & 15 {
        0 => offset,
        1 => offset.wrapping_neg(),
        2 => 1 << (2 * offset),
        3 => DATA + 4 * offset,
        4 => DATA + u32::from(input.u16()) % DATA_BYTES,
        5 => DATA + DATA_BYTES - offset,
        6 => USER_END - offset,
        7 => USER_END + offset,
        8 => TEXT + 4 * offset,
        9 => LOWEST_ADDRESS - offset,
        10 => [PUBLIC_TAPE, PRIVATE_TAPE, OUTPUT_TAPE, INFORMATION_PAGE][kind as usize >> 6],
        11 => 0x7fff_0000 + PAGE_BYTES * offset,
        12 => PAGE_BYTES * offset,
        13 => 16 * offset,
        14 => u32::from(input.u16()),
        _ => input.u32(),
    }
}

/// Makes the calls of a table, then executes `code`, then ends.
fn guest(order: ByteOrder, calls: &[u32], code: &[u32], data: &[u8]) -> Vec<u8> {
    let end = TABLE + 4 * calls.len() as u32;
    let mut text = vec![
        0x3c10_0000 | TABLE >> 16,  // lui $16, TABLE
        0x3c11_0000 | end >> 16,    // lui $17, end
        0x3631_0000 | end & 0xffff, // ori $17, $17, end
        0x27bd_ff00,                // addiu $sp, $sp, -256
        0x1211_000d,                // loop: beq $16, $17, done
        0x8e02_0000,                // lw $2, 0($16)
        0x8e04_0004,                // lw $4, 4($16)
        0x8e05_0008,                // lw $5, 8($16)
        0x8e06_000c,                // lw $6, 12($16)
        0x8e07_0010,                // lw $7, 16($16)
        0x8e08_0014,                // lw $8, 20($16)
        0xafa8_0010,                // sw $8, 16($sp)
        0x8e08_0018,                // lw $8, 24($16)
        0xafa8_0014,                // sw $8, 20($sp)
        0x2610_001c,                // addiu $16, $16, 28
        0x0000_000c,                // syscall
        0x1000_fff3,                // b loop
        0x0000_0000,                // nop
    ];
    text.extend(code);
    // done: exit_group(0)
    text.extend([0x2402_1096, 0x2404_0000, 0x0000_000c, 0x1000_ffff, 0]);
    let bytes = |words: &[u32]| words.iter().flat_map(|&word| order.bytes(word)).collect();
    let mut data = data.to_vec();
    data.truncate(DATA_BYTES as usize);
    // A part has at least one byte in the file.
    let table = Part::data(
        TABLE,
        bytes(&[calls, &[0]].concat()),
        4 * (calls.len() as u32 + 1),
    );
    data.push(0);
    let parts = vec![
        Part::text(TEXT, bytes(&text)),
        table,
        Part::data(DATA, data, DATA_BYTES + PAGE_BYTES),
    ];
    ElfFile::new(order, TEXT, parts).build()
}
