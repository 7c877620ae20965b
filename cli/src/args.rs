//! The command line, as clap reads it and as `--help` teaches it.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use zkmips::ProgramId;

const EXAMPLES: &str = "\
Examples:
  echo secret | zkmips run ./prog              what does it do?
  echo secret | zkmips prove ./prog -o p.zkp   prove it, without showing the input
  zkmips verify p.zkp --program ./prog         is it true? prints the output
  zkmips verify p.zkp --id $(zkmips id ./prog) the same, without the program

A program is an ELF file built with GOOS=linux GOARCH=mips (or mipsle) GOMIPS=softfloat go build, a static soft-float C program for
MIPS32, or a snapshot of one. Standard input is private. Standard output, exit status, arguments, environment and --public-input are
public. Standard error is shown and not proved.";

/// Prove what unmodified Go and C programs print, without showing their input.
#[derive(Debug, Parser)]
#[command(name = "zkmips", version, after_help = EXAMPLES, max_term_width = 120)]
pub struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
pub struct Common {
    /// Write a JSON object with the results to this file
    #[arg(long, value_name = "FILE", global = true)]
    pub report: Option<PathBuf>,
    /// Keep commitment keys here instead of in the user's cache directory [env: ZKMIPS_CACHE]
    #[arg(long, value_name = "DIR", global = true)]
    pub cache: Option<PathBuf>,
    /// Use this many threads instead of one for each processor
    #[arg(long, value_name = "N", global = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print no progress, only results and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Execute a program and show what it writes
    Run(Run),
    /// Prove what a program writes and how it exits
    Prove(Prove),
    /// Check a proof and print the output that it proves
    Verify(Verify),
    /// Print the id by which a verifier knows a program
    Id(Id),
    /// Tell whether a program can be proved, and what to do if not
    Check(Check),
    /// Show what a proof, a snapshot, a program or a checkpoint holds
    Inspect(Inspect),
    /// Skip start-up: write an image of a program that has run up to a point
    Snapshot(Snapshot),
    /// Make the commitment keys now, list them or remove them
    Setup(Setup),
    /// Start a project: a program, a test and a Makefile that proves it
    New(New),
    /// Let GDB control a program: breakpoints, steps and watches, forwards and backwards
    Debug(Debug),
    /// Print a script that completes command lines in a shell
    Completions(Completions),
    /// Write the manual pages
    Man(Man),
}

/// What is public about a run.
#[derive(Debug, Default, Args)]
pub struct PublicOptions {
    /// File that the guest reads from descriptor 3
    #[arg(long, value_name = "FILE")]
    pub public_input: Option<PathBuf>,
    /// Environment variable for the guest; can be given more than once
    #[arg(long, short, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// Arguments for the guest, after `--`
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The exit status is the guest's. The guest reads standard input as its private input."
)]
pub struct Run {
    /// ELF file or snapshot
    pub program: PathBuf,
    #[command(flatten)]
    pub public: PublicOptions,
    /// Print a table to standard error: instructions by kind, memory, what a proof would take
    #[arg(long)]
    pub stats: bool,
    /// Write a line for each instruction to this file, or to standard error: address, function, instruction, what it wrote
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub trace: Option<Option<PathBuf>>,
    /// Trace only the first N instructions
    #[arg(long, value_name = "N", requires = "trace")]
    pub trace_limit: Option<u64>,
    /// Write a profile for `go tool pprof` to this file: every instruction, with its callers, and the rows that it takes in a proof
    #[arg(long, value_name = "FILE", conflicts_with = "trace")]
    pub profile: Option<PathBuf>,
    /// Write a flame graph (SVG) of the rows that a proof takes to this file
    #[arg(long, value_name = "FILE", conflicts_with = "trace")]
    pub flamegraph: Option<PathBuf>,
    /// Go on where Linux would raise SIGSEGV: wild pointers, writes to constants, stores into code
    #[arg(long)]
    pub permissive: bool,
    /// Stop after this many instructions
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: echo secret | zkmips prove ./prog -o p.zkp -- -n 3

The proof says nothing about the private input but that it exists. It does show output, exit status, arguments, environment, public
input and the number of segments, which is roughly the length of the run."
)]
pub struct Prove {
    /// ELF file or snapshot
    pub program: PathBuf,
    /// File for the proof, `-` for standard output [default: name of the program with the ending .zkp, in this directory]
    #[arg(long, short, value_name = "PROOF")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub public: PublicOptions,
    /// Shape of the segments: small for short runs, large for long ones [default: what is fastest for the run]
    #[arg(long)]
    pub shape: Option<String>,
    /// Take no more memory than this, as 800M or 2G (of 1,024 K each): the fastest shape is chosen that needs less
    #[arg(long, value_name = "SIZE", value_parser = crate::size::parse, conflicts_with = "shape")]
    pub max_memory: Option<u64>,
    /// Go on where Linux would raise SIGSEGV: wild pointers, writes to constants, stores into code
    #[arg(long)]
    pub permissive: bool,
    /// Use no vector instructions, as ZKMIPS_PORTABLE=1 does: slower, the same results
    #[arg(long)]
    pub portable: bool,
    /// Directory in which to keep how far the proof is: interrupted, the same command goes on there. Private data, removed at the end
    #[arg(long, value_name = "DIR")]
    pub checkpoint: Option<PathBuf>,
    /// Time between two checkpoints
    #[arg(long, value_name = "SECONDS", default_value_t = zkmips::CHECKPOINT_EVERY.as_secs())]
    pub checkpoint_every: u64,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Prints the proved output to standard output and the rest of the statement to standard error. Exits with 0 if the proof is
valid, whatever the status of the guest: add --status 0 to demand success.

A prover could choose arguments, environment or public input that make a program say anything. So a proof with others than the defaults is
refused unless you repeat the ones you expect, as for `prove`, or accept whatever they are with --any-input."
)]
pub struct Verify {
    /// Proof, `-` for standard input
    pub proof: PathBuf,
    /// The program's id, as `zkmips id` prints it
    #[arg(long, value_name = "ID")]
    pub id: Option<ProgramId>,
    /// The program itself; its id is computed
    #[arg(long, value_name = "PROGRAM")]
    pub program: Option<PathBuf>,
    #[command(flatten)]
    pub public: PublicOptions,
    /// Accept whatever arguments, environment and public input the proof has; they are printed
    #[arg(long, conflicts_with_all = ["public_input", "env", "args"])]
    pub any_input: bool,
    /// Fail unless the proved output is exactly this file
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Fail unless the guest exited with this status
    #[arg(long, value_name = "N")]
    pub status: Option<u32>,
    /// Use no vector instructions, as ZKMIPS_PORTABLE=1 does: slower, the same results
    #[arg(long)]
    pub portable: bool,
}

#[derive(Debug, Args)]
pub struct Id {
    /// ELF file or snapshot
    pub program: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: zkmips check ./prog && zkmips prove ./prog

Reads the file without running it: processor, byte order, linking, floating point, instructions, and the system calls that the code makes.
Each finding comes with its remedy. A problem is certain; a warning may be a false alarm; a note is good to know. Exits with 0 if there is
no problem, else with 65.")]
pub struct Check {
    /// ELF file or snapshot
    pub program: PathBuf,
    /// Print everything as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Inspect {
    /// Proof, snapshot, ELF file or checkpoint; `-` for standard input
    pub file: PathBuf,
    /// Print everything as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: zkmips snapshot ./prog --at main.main -o prog.snapshot

A Go program executes half a million instructions before main.main. Proofs of a snapshot skip them. The snapshot has an id of its own, which
anybody can compute by taking the same snapshot of the same program. Arguments and environment are fixed when it is taken."
)]
pub struct Snapshot {
    /// ELF file
    pub program: PathBuf,
    /// Function or address (0x...) where runs of the snapshot begin [default: main.main, or else main]
    #[arg(long, value_name = "SYMBOL")]
    pub at: Option<String>,
    /// File for the snapshot [default: name of the program with the ending .snapshot, in this directory]
    #[arg(long, short, value_name = "IMAGE")]
    pub output: Option<PathBuf>,
    /// Environment variable for the guest; can be given more than once
    #[arg(long, short, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// Give up after this many instructions
    #[arg(long, value_name = "N", default_value_t = 1_000_000_000)]
    pub limit: u64,
    /// Arguments for the guest, after `--`
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Keys come from hashing a label: nobody has to be trusted, everybody makes the same ones. `prove` and `verify` make what is
missing, so this command is never necessary."
)]
pub struct Setup {
    /// Shape to prepare; the keys of the large one serve all
    #[arg(long, default_value = "large")]
    pub shape: String,
    /// List the files in the cache and do nothing
    #[arg(long, conflicts_with = "clean")]
    pub list: bool,
    /// Remove the files in the cache
    #[arg(long)]
    pub clean: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: zkmips new hello --lang go && cd hello && make run prove verify

Writes a directory of that name. It builds with the compiler alone: go, mips-linux-gnu-gcc, or cargo with the source of Rust's library."
)]
pub struct New {
    /// Name of the project and of its directory
    pub name: String,
    /// Language of the program
    #[arg(long, value_enum, default_value_t = Language::Go)]
    pub lang: Language,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: zkmips debug ./prog < input
and elsewhere: gdb-multiarch ./prog -ex 'target remote 127.0.0.1:1234'

The program waits at its first instruction. Steps over system calls execute the kernel as well. Runs are deterministic, so reverse-step and
reverse-continue work at any time, after a crash too. Exits as the program does.")]
pub struct Debug {
    /// ELF file or snapshot
    pub program: PathBuf,
    #[command(flatten)]
    pub public: PublicOptions,
    /// Address at which to wait for the debugger; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:1234")]
    pub listen: String,
    /// Wait at a Unix socket with this name instead
    #[arg(long, value_name = "PATH", conflicts_with = "listen")]
    pub socket: Option<PathBuf>,
    /// Go on where Linux would raise SIGSEGV: wild pointers, writes to constants, stores into code
    #[arg(long)]
    pub permissive: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example: zkmips completions bash > ~/.local/share/bash-completion/completions/zkmips"
)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: zkmips man ~/.local/share/man/man1 && man zkmips-prove")]
pub struct Man {
    /// Directory for them, which is made if it does not exist
    pub directory: PathBuf,
}

/// Languages for which there is a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Go, with its standard library
    Go,
    /// C, without a library
    C,
    /// Rust, without its standard library
    Rust,
}
