//! Snapshots: they go on as the program would have, and are refused where they could not.

mod common;
use common::elf_file::*;
use common::*;
use zkmips_emulator::constants::*;
use zkmips_emulator::isa::{Instruction, Op};
use zkmips_emulator::snapshot::{take, SnapshotError};
use zkmips_emulator::{ByteOrder, Inputs, LoadError, Machine, Outcome, Program};

const TEXT: u32 = 0x40_0000;
const DATA: u32 = 0x41_0000;

/// A system call; clobbers `$2`.
fn call(number: u32, a0: u32, a1: u32, a2: u32) -> Vec<u32> {
    let syscall = ins(Op::Syscall, 0, 0, 0, 0);
    [
        &li(4, a0)[..],
        &li(5, a1),
        &li(6, a2),
        &li(2, number),
        &[syscall],
    ]
    .concat()
}

const READ: u32 = 4003;
const WRITE: u32 = 4004;
const EXIT: u32 = 4246;

/// Start-up: sums 1 to 1000 into `$16`, HI and memory, does `extra`, jumps to the main part, which reads standard input, adds the sum to
/// its first byte, writes the input and argv and exits with status 7. The address of the main part comes with it.
fn program(order: ByteOrder, extra: &[u32]) -> (Vec<u8>, u32) {
    let mut words = vec![
        imm(Op::Lw, 20, 29, 4),
        imm(Op::Addiu, 17, 0, 1000),
        r3(Op::Addu, 16, 16, 17),
        imm(Op::Addiu, 17, 17, -1),
        branch(Op::Bgtz, 17, 0, -4),
        NOP,
        r3(Op::Mthi, 0, 16, 0),
    ];
    words.extend(li(18, DATA + 0x3000));
    words.push(imm(Op::Sw, 16, 18, 0));
    words.extend(extra);
    let main = TEXT + 4 * (words.len() as u32 + 2);
    words.push(ins(Op::J, 0, 0, 0, main));
    words.push(NOP);
    words.extend(call(READ, 0, DATA, 16));
    words.push(r3(Op::Addu, 19, 2, 0));
    words.push(r3(Op::Mfhi, 8, 0, 0));
    words.push(imm(
        Op::Lbu,
        9,
        18,
        if order == ByteOrder::Big { 3 } else { 0 },
    ));
    words.push(r3(Op::Subu, 8, 8, 16));
    words.extend(li(10, DATA));
    words.push(imm(Op::Lbu, 11, 10, 0));
    words.push(r3(Op::Addu, 11, 11, 9));
    words.push(r3(Op::Addu, 11, 11, 8));
    words.push(imm(Op::Sb, 11, 10, 0));
    words.extend(call(WRITE, 1, DATA, 5));
    words.extend([
        r3(Op::Addu, 5, 20, 0),
        imm(Op::Addiu, 2, 0, WRITE as i32),
        ins(Op::Syscall, 0, 0, 0, 0),
    ]);
    words.extend(call(EXIT, 7, 0, 0));
    let parts = vec![
        Part::text(TEXT, bytes(order, &words)),
        Part::data(DATA, vec![1; 16], 0x8000),
    ];
    (ElfFile::new(order, TEXT, parts).build(), main)
}

fn inputs() -> Inputs {
    Inputs {
        args: vec!["one".into()],
        env: vec!["A=1".into()],
        public_input: b"public".to_vec(),
        stdin: b"input".to_vec(),
    }
}

fn run(program: &Program) -> (Vec<u8>, u32, u64) {
    let mut machine = Machine::new(program, &inputs()).unwrap();
    assert_eq!(machine.run(1_000_000).unwrap(), Outcome::Halted);
    (machine.output(), machine.status(), machine.instructions())
}

#[test]
fn a_snapshot_does_what_the_program_would_have_done() {
    for order in ByteOrder::ALL {
        let (file, main) = program(order, &[]);
        let original = Program::load(&file).unwrap();
        let (output, status, instructions) = run(&original);
        // 1 + ... + 1000 = 500500, whose lowest byte is 20; `u` + 20 is 0x7d for `i`.
        assert_eq!((&output[..5], status), (&b"\x7dnput"[..], 7));
        assert_eq!(&output[5..], b"progr");
        let snapshot = take(&original, &inputs(), main, 1_000_000).unwrap();
        let program = Program::load(&snapshot.image).unwrap();
        assert!(program.is_snapshot());
        assert_eq!(program.byte_order(), order);
        assert_eq!(program.entry(), TEXT);
        let (argv, environment) = program.recorded_arguments().unwrap();
        assert_eq!(argv, b"program\0one\0");
        assert!(environment.ends_with(b"A=1\0"));
        let (again, same, rest) = run(&program);
        assert_eq!((again, same), (output, status));
        assert!(snapshot.instructions > 3000 && rest < instructions - snapshot.instructions + 200);
        // The same for everybody, whatever the inputs that are not part of it.
        let mut other = inputs();
        (other.stdin, other.public_input) = (vec![], vec![]);
        assert_eq!(take(&original, &other, main, 1_000_000).unwrap(), snapshot);
    }
}

#[test]
fn points_that_cannot_be_snapshots_are_refused() {
    let order = ByteOrder::Big;
    let attempt = |extra: &[u32], at: Option<u32>, limit| {
        let (file, main) = program(order, extra);
        let program = Program::load(&file).unwrap();
        take(&program, &inputs(), at.unwrap_or(main), limit).unwrap_err()
    };
    use SnapshotError as E;
    let million = 1_000_000;
    assert!(matches!(
        attempt(&call(READ, 0, DATA, 4), None, million),
        E::ReadStdin(_)
    ));
    assert!(matches!(
        attempt(&call(READ, 3, DATA, 4), None, million),
        E::ReadPublicInput(_)
    ));
    assert!(matches!(
        attempt(&call(WRITE, 1, DATA, 4), None, million),
        E::WroteOutput(_)
    ));
    assert!(matches!(
        attempt(&call(EXIT, 1, 0, 0), None, million),
        E::Ended { status: 1, .. }
    ));
    assert!(matches!(
        attempt(&[], None, 100),
        E::NotReached {
            instructions: 100,
            ..
        }
    ));
    assert!(matches!(
        attempt(&[], Some(TEXT + 20), million),
        E::DelaySlot(_)
    ));
    for address in [DATA, KERNEL_START, TEXT + 2] {
        assert!(matches!(
            attempt(&[], Some(address), million),
            E::NotCode(_)
        ));
    }
    let store = [&li(8, TEXT)[..], &[imm(Op::Sw, 8, 8, 0)]].concat();
    assert!(matches!(
        attempt(&store, None, million),
        E::StoredIntoCode(_)
    ));

    let (file, main) = program(order, &[]);
    let original = Program::load(&file).unwrap();
    let mut long = inputs();
    long.args.push("x".repeat(5000));
    assert!(matches!(
        take(&original, &long, main, million),
        Err(E::TooLong { .. })
    ));
    let snapshot = take(&original, &inputs(), main, million).unwrap();
    let again = Program::load(&snapshot.image).unwrap();
    assert!(matches!(
        take(&again, &inputs(), main, million),
        Err(E::Snapshot)
    ));
}

#[test]
fn a_snapshot_with_another_kernel_is_refused() {
    let (file, main) = program(ByteOrder::Little, &[]);
    let original = Program::load(&file).unwrap();
    let image = take(&original, &inputs(), main, 1_000_000).unwrap().image;
    let vector = original.image_word(EXCEPTION_VECTOR).unwrap().to_le_bytes();
    let code: Vec<u8> = [
        vector,
        original
            .image_word(EXCEPTION_VECTOR + 4)
            .unwrap()
            .to_le_bytes(),
    ]
    .concat();
    let at = image.windows(8).position(|window| window == code).unwrap();
    let mut changed = image.clone();
    changed[at..at + 4].copy_from_slice(&Instruction::NOP.encode().to_le_bytes());
    assert!(matches!(
        Program::load(&changed),
        Err(LoadError::ForeignSnapshot(_))
    ));
    // Damage anywhere in the headers is an answer, not a panic.
    for at in 0..400 {
        let mut changed = image.clone();
        changed[at] ^= 0x41;
        let _ = Program::load(&changed);
        let _ = Program::load(&image[..at]);
    }
}
