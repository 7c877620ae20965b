//! Millions of instructions per second of the emulator, of a plain interpreter and of QEMU's translator, measured in turn on this machine.
//!
//! ```text
//! cargo run --release -p zkmips-emulator --example speed            loops and fixtures
//! cargo run --release -p zkmips-emulator --example speed -- PROGRAM...
//! ```
//!
//! All run the same program; QEMU's instructions are counted as ours, without those of the guest kernel, whose work it does itself. Times are
//! those of the processor (Linux), so that what else the computer does matters less, and each number is the best of several runs. QEMU
//! starts a process and translates, so look at it on long programs.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "speed/plain.rs"]
mod plain;

use common::elf_file::{ElfFile, Part};
use common::{branch, bytes, imm, ins, li, r3, NOP};
use plain::Plain;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use zkmips_emulator::isa::Op;
use zkmips_emulator::{ByteOrder, Inputs, Machine, Program};

const RUNS: usize = 3;
/// Instructions that are worth measuring: shorter programs are run more than once, but not too often.
const ENOUGH: u64 = 50_000_000;
const MOST_REPEATS: u64 = 10;
const TEXT: u32 = 0x40_0000;
const DATA: u32 = 0x80_0000;
/// Times that the loops go round.
const ROUNDS: u32 = 10_000_000;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A program that executes `body` so many times and exits.
fn program_with_loop(body: &[u32]) -> Vec<u8> {
    let mut words = [li(16, ROUNDS), li(17, DATA)].concat();
    words.extend(body);
    words.push(imm(Op::Addiu, 16, 16, -1));
    words.push(branch(Op::Bne, 16, 0, -3 - body.len() as i32));
    words.push(NOP);
    words.extend([li(4, 0), li(2, 4246)].concat());
    words.push(ins(Op::Syscall, 0, 0, 0, 0));
    let order = ByteOrder::Big;
    let text = Part::text(TEXT, bytes(order, &words));
    let data = Part::data(DATA, vec![0; 4096], 4096);
    ElfFile::new(order, TEXT, vec![text, data]).build()
}

/// Sums, comparisons and shifts in registers.
fn register_loop() -> Vec<u8> {
    program_with_loop(&[
        r3(Op::Addu, 2, 3, 2),
        r3(Op::Sltu, 5, 2, 4),
        r3(Op::Xor, 6, 5, 2),
        ins(Op::Sll, 0, 6, 7, 3),
    ])
}

/// As many loads and stores as other instructions.
fn memory_loop() -> Vec<u8> {
    program_with_loop(&[
        imm(Op::Lw, 2, 17, 0),
        imm(Op::Addiu, 2, 2, 1),
        imm(Op::Sw, 2, 17, 0),
        imm(Op::Lbu, 3, 17, 5),
        imm(Op::Sb, 3, 17, 9),
    ])
}

struct Workload {
    name: String,
    file: Vec<u8>,
    input: Vec<u8>,
}

impl Workload {
    fn new(name: &str, file: Vec<u8>) -> Self {
        Workload {
            name: name.to_owned(),
            file,
            input: Vec::new(),
        }
    }

    /// A program in a file, with the file `input` beside it.
    fn of(path: &Path, name: String) -> Result<Self> {
        let file = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let input = std::fs::read(path.with_file_name("input")).unwrap_or_default();
        Ok(Workload { name, file, input })
    }
}

/// Clock ticks of `/proc/self/stat` in a second.
const TICKS: f64 = 100.0;

/// Processor time of this thread and of finished children in seconds; `None` where there is no `/proc`.
fn processor_seconds() -> Option<f64> {
    let own = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = own.split_whitespace().next()?.parse().ok()?;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name in parentheses: state, parent, ..., cutime and cstime.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some(nanoseconds / 1e9 + (ticks(13)? + ticks(14)?) / TICKS)
}

/// Seconds that something takes, and what it gives.
fn timed<T>(run: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let (start, processor) = (Instant::now(), processor_seconds());
    let value = run()?;
    let seconds = match (processor, processor_seconds()) {
        (Some(start), Some(end)) => end - start,
        _ => start.elapsed().as_secs_f64(),
    };
    Ok((seconds, value))
}

fn measure(workload: &Workload, directory: &Path) -> Result<()> {
    let program = Program::load(&workload.file)?;
    let inputs = Inputs {
        stdin: workload.input.clone(),
        ..Inputs::default()
    };
    let (path, input) = (directory.join("program"), directory.join("input"));
    std::fs::write(&path, &workload.file)?;
    std::fs::write(&input, &workload.input)?;
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let qemu = match program.byte_order() {
        ByteOrder::Big => "qemu-mips",
        ByteOrder::Little => "qemu-mipsel",
    };

    let mut counting = Machine::new(&program, &inputs)?;
    counting.count_touched_words();
    counting.run(u64::MAX)?;
    let kinds = counting.report().kinds.unwrap_or_default();
    let of_program: u64 = kinds.iter().map(|kind| kind.program).sum();

    let all = counting.instructions();
    let expected = (all, counting.status());
    let repeats = ENOUGH.div_ceil(all).min(MOST_REPEATS);
    let mut best = [f64::INFINITY; 4];
    for _ in 0..RUNS {
        let here = |watch: bool| -> Result<f64> {
            let machines: Result<Vec<Machine>> = (0..repeats)
                .map(|_| {
                    let mut machine = Machine::new(&program, &inputs)?;
                    if watch {
                        machine.watch_mappings(true);
                    }
                    Ok(machine)
                })
                .collect();
            let mut machines = machines?;
            let run = || {
                for machine in &mut machines {
                    machine.run(u64::MAX)?;
                }
                Ok(())
            };
            timed(run).map(|(seconds, ())| seconds)
        };
        let (proving, watching) = (here(false)?, here(true)?);
        let mut plain: Vec<Plain> = (0..repeats)
            .map(|_| Plain::new(&program, &inputs))
            .collect();
        let (interpreting, ()) = timed(|| {
            plain.iter_mut().for_each(Plain::run);
            Ok(())
        })?;
        if plain
            .iter()
            .any(|plain| (plain.instructions, plain.status()) != expected)
        {
            return Err(format!(
                "{}: the plain interpreter does something else",
                workload.name
            )
            .into());
        }
        let translating = timed(|| {
            for _ in 0..repeats {
                let mut command = Command::new(qemu);
                command.args(["-r", "5.0.0", "-0", "program", "-E", "GOMAXPROCS=1"]);
                command.args(["-E", "GODEBUG=asyncpreemptoff=1"]).arg(&path);
                command.current_dir(directory).env_clear();
                command
                    .stdin(std::fs::File::open(&input)?)
                    .stdout(Stdio::null())
                    .stderr(Stdio::null());
                command.status()?;
            }
            Ok(())
        });
        // It may not be installed.
        let translating = translating.map_or(f64::INFINITY, |(seconds, ())| seconds);
        for (best, seconds) in best
            .iter_mut()
            .zip([proving, watching, interpreting, translating])
        {
            *best = best.min(seconds);
        }
    }
    let rate =
        |count: u64, seconds: f64| format!("{:.0}", (count * repeats) as f64 / seconds / 1e6);
    println!(
        "| {} | {:.1} | {} | {} | {} | {} |",
        workload.name,
        all as f64 / 1e6,
        rate(all, best[0]),
        rate(all, best[1]),
        rate(all, best[2]),
        rate(of_program, best[3]),
    );
    Ok(())
}

fn main() -> Result<()> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut workloads = Vec::new();
    for path in &paths {
        workloads.push(Workload::of(path, path.display().to_string())?);
    }
    if paths.is_empty() {
        workloads.push(Workload::new("loop in registers", register_loop()));
        workloads.push(Workload::new("loop in memory", memory_loop()));
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
        for name in ["go-runtime/mips", "go-runtime/mipsle"] {
            let path = fixtures.join(name).join("program.elf");
            workloads.push(Workload::of(&path, name.to_owned())?);
        }
    }
    println!("| program | million instructions | emulator | watching mappings | plain interpreter | QEMU |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let directory = tempfile::tempdir()?;
    for workload in &workloads {
        measure(workload, directory.path())?;
    }
    Ok(())
}
