//! The commands that the book shows outside of `console` blocks, which `book.rs` runs: indented lines, those of blocks without a language, and
//! what begins with `cargo run` in the text. Each is in the list below with what runs it, so a page with a new one fails, and so does a line of the
//! list whose command is gone.
#![cfg(unix)]

mod common;
use common::*;
use regex::Regex;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use By::*;

/// What runs a command.
enum By {
    /// A test of this file, where the probes succeed, with these words replaced. The commands of a page are run one after the other in one directory.
    This(
        &'static [&'static str],
        &'static [(&'static str, &'static str)],
    ),
    /// Other files, which have these words: a step of `.ci/run`, another test, or, where a command takes minutes or needs the network, the script whose
    /// work it is.
    Others(&'static [(&'static str, &'static str)]),
}

const GUEST: (&str, &str) = ("-o prog", "-o prog && zkmips check prog");
const EMULATED: (&str, &str) = (
    "program.elf < input",
    "fixtures/exit-3/mips/program.elf < fixtures/exit-3/mips/input",
);
const QEMU: &[&str] = &["qemu-mips --version", "qemu-mipsel --version"];
const ZIG: &[&str] = &["python3 -m ziglang version"];
const ZIG_AS: (&str, &str) = ("zig ", "python3 -m ziglang ");
const INSTALLED: (&str, &str) = (".ci/newcomer", "cargo install --quiet --locked --path cli ");
const NEWCOMER: By = Others(&[(
    ".ci/newcomer",
    "first=$(grep '^cargo run --release -- ' README.md)",
)]);
const DEBUGGED: By = Others(&[("cli/tests/debug.rs", "fn gdb_goes_forwards_and_backwards")]);
const REFUSED: By = Others(&[(
    "emulator/tests/guest_c.rs",
    "fn a_hard_float_library_is_refused",
)]);
const SHORT: (&str, &str) = (
    "--example speed",
    "--example speed -- fixtures/c-fib/mips/program.elf",
);

/// Page, command, what runs it.
const COMMANDS: &[(&str, &str, By)] = &[
    (
        "README.md",
        "cargo run --release -- prove fixtures/go-hello-snapshot/mips/program.elf -o hello.zkp < fixtures/go-hello/mips/input",
        NEWCOMER,
    ),
    (
        "README.md",
        "cargo run --release -- verify hello.zkp --program fixtures/go-hello-snapshot/mips/program.elf",
        NEWCOMER,
    ),
    (
        "README.md",
        "cargo test --release --workspace",
        Others(&[(".ci/run", "\ncargo test --release --workspace\n")]),
    ),
    (
        "README.md",
        "cargo install --locked --path cli --profile dist",
        Others(&[INSTALLED, ("packaging/deb", "cargo build --profile dist")]),
    ),
    (
        "README.md",
        "zkmips completions bash > ~/.local/share/bash-completion/completions/zkmips",
        This(&[], &[("~/.local/share/bash-completion/completions/", "")]),
    ),
    (
        "README.md",
        "zkmips man ~/.local/share/man/man1",
        This(&[], &[("~/.local/share/", "")]),
    ),
    (
        "docs/commands.md",
        "zkmips debug prog < input",
        DEBUGGED,
    ),
    (
        "docs/commands.md",
        "gdb-multiarch prog -ex 'target remote 127.0.0.1:1234'",
        DEBUGGED,
    ),
    (
        "docs/emulator.md",
        "ZKMIPS_RANDOM_INSTRUCTIONS=10000000 cargo test --release -p zkmips-emulator --test qemu random -- --nocapture",
        // The same tests, with fewer programs.
        Others(&[
            ("emulator/tests/qemu.rs", "fn random_"),
            ("emulator/tests/qemu.rs", "\"ZKMIPS_RANDOM_INSTRUCTIONS\""),
        ]),
    ),
    (
        "docs/emulator.md",
        "cargo run --release -p zkmips-emulator --example lockstep -- program.elf < input",
        This(QEMU, &[EMULATED]),
    ),
    (
        "docs/emulator.md",
        "cargo run --release -p zkmips-emulator --example lockstep -- random 17 mips",
        This(QEMU, &[]),
    ),
    (
        "docs/emulator.md",
        "cargo run --release -p zkmips-emulator --example lockstep -- faults 17 mipsle",
        This(QEMU, &[]),
    ),
    (
        "docs/emulator.md",
        "cargo run --release -p zkmips-emulator --example speed",
        This(&[], &[SHORT]),
    ),
    (
        "docs/guests.md",
        "GOOS=linux GOARCH=mips GOMIPS=softfloat go build -trimpath -o prog .",
        This(&["go version"], &[("-o prog .", "-o prog . && zkmips check prog")]),
    ),
    (
        "docs/guests.md",
        "mips-linux-gnu-gcc @guest-c/flags -T guest-c/link.ld -I guest-c prog.c guest-c/start.S guest-c/arithmetic.c -o prog",
        This(&["mips-linux-gnu-gcc --version"], &[GUEST]),
    ),
    (
        "docs/guests.md",
        "zig cc -target mips-linux-musleabi -mcpu=mips32r2+soft_float -O2 -static -s prog.c -o prog",
        This(ZIG, &[ZIG_AS, GUEST]),
    ),
    (
        "docs/guests.md",
        "zig c++ -target mips-linux-musleabi -mcpu=mips32r2+soft_float -O2 -static -s prog.cpp -o prog",
        This(ZIG, &[ZIG_AS, GUEST]),
    ),
    (
        "docs/guests.md",
        "mips-linux-gnu-gcc -O2 -static prog.c -o prog",
        REFUSED,
    ),
    ("docs/guests.md", "zkmips run prog", REFUSED),
    (
        "docs/guests.md",
        "RUSTC_BOOTSTRAP=1 cargo build --release --target mips-mti-none-elf",
        Others(&[("cli/templates/rust/Makefile", "RUSTC_BOOTSTRAP=1 $(CARGO) build --release --target $(TARGET)"), ("cli/tests/new.rs", "fn a_rust_project_passes_its_tests")]),
    ),
    (
        "docs/guests.md",
        "RUSTC_BOOTSTRAP=1 cargo build --release --target mips-unknown-linux-musl",
        Others(&[("fixtures/rust-std/build", "rust-std mips-unknown-linux-musl"), ("fixtures/regenerate", "for build in */build")]),
    ),
    (
        "docs/performance.md",
        "cargo run --release -p zkmips-msm --example compare",
        This(&[], &[("--example compare", "--example compare -- 1")]),
    ),
    (
        "docs/performance.md",
        "cargo run --release -p zkmips-circuits --example demand -- PROGRAM INPUT",
        This(&[], &[("PROGRAM INPUT", "fixtures/c-fib/mips/program.elf fixtures/c-fib/mips/input")]),
    ),
    (
        "docs/performance.md",
        "cargo run --release -p zkmips-circuits --example describe",
        This(&[], &[]),
    ),
    (
        "docs/performance.md",
        "cargo run --release -p zkmips-folding --example fold_speed",
        This(&[], &[("--example fold_speed", "--example fold_speed -- 8 2")]),
    ),
    (
        "docs/performance.md",
        "cargo run --release -p zkmips-emulator --example speed",
        This(&[], &[SHORT]),
    ),
    (
        "docs/tutorial.md",
        "cargo install --locked --path cli",
        Others(&[INSTALLED]),
    ),
    (
        "docs/verifier.md",
        "cargo build --release -p zkmips-verifier --target wasm32-unknown-unknown",
        Others(&[(".ci/run", "cargo build --release -p zkmips-verifier --target wasm32-unknown-unknown")]),
    ),
    (
        "docs/verifier.md",
        "web/build DIRECTORY",
        Others(&[("web/test", "\"web/build\", site")]),
    ),
    (
        "docs/verifier.md",
        "web/test",
        Others(&[(".ci/run", "\nweb/test")]),
    ),
];

/// The commands of a page, without what explains them. Where there are prompts, the lines without one are what is printed.
fn commands(page: &str) -> Vec<String> {
    let inline = Regex::new("`(cargo (?:run|test|build) [^`]+)`").unwrap();
    let comment = Regex::new(r"[ \t]{2,}#.*$").unwrap();
    let mut found = Vec::new();
    let mut language: Option<&str> = None;
    let mut prompts = false;
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("```") {
            language = language.is_none().then_some(rest);
            prompts = false;
            continue;
        }
        let shown = match language {
            Some("" | "sh") => Some(line),
            Some(_) => None,
            None => line.strip_prefix("    "),
        };
        let Some(shown) = shown else {
            prompts = false;
            if language.is_none() {
                found.extend(inline.captures_iter(line).map(|c| c[1].to_owned()));
            }
            continue;
        };
        let after_prompt = shown.strip_prefix("$ ");
        prompts |= after_prompt.is_some();
        let command = after_prompt.unwrap_or(if prompts { "" } else { shown });
        let command = comment.replace(command, "").trim().to_owned();
        if !command.is_empty() {
            found.push(command);
        }
    }
    found
}

/// The pages of the book and the one before it.
fn book() -> impl Iterator<Item = (String, String)> {
    let pages = pages().into_iter().filter_map(|page| {
        let name = page.strip_prefix(root()).unwrap().to_str().unwrap();
        let name = name.to_owned();
        (name == "README.md" || name.starts_with("docs/")).then_some((name, page))
    });
    pages.map(|(name, page)| (name, fs::read_to_string(page).unwrap()))
}

#[test]
fn every_command_is_run_by_something() {
    let mut missing = Vec::new();
    let mut shown = Vec::new();
    for (name, page) in book() {
        for command in commands(&page) {
            let known = |(at, line, _): &&(&str, &str, By)| *at == name && *line == command;
            if !COMMANDS.iter().any(|entry| known(&entry)) {
                missing.push(format!("{name}: {command}"));
            }
            shown.push((name.clone(), command));
        }
        // The other half of the commands.
        if page.contains("```console") {
            let run = format!("run_page(\"{name}\")");
            assert!(include_str!("book.rs").contains(&run), "{run}");
        }
    }
    assert!(missing.is_empty(), "nothing runs these: {missing:#?}");
    for (name, command, by) in COMMANDS {
        let there = shown.contains(&(name.to_string(), command.to_string()));
        assert!(there, "{name} does not show `{command}` any more");
        if let Others(files) = by {
            for (file, words) in *files {
                let text = fs::read_to_string(root().join(file)).unwrap();
                assert!(text.contains(words), "{file} does not have `{words}`");
            }
        }
    }
}

fn succeeds(command: &str) -> bool {
    let ended = Command::new("sh").args(["-c", command]).output().unwrap();
    ended.status.success()
}

/// Where Cargo puts what it builds.
fn target() -> PathBuf {
    let binary = assert_cmd::cargo::cargo_bin("zkmips");
    binary.ancestors().nth(2).unwrap().to_owned()
}

/// Builds the examples of all crates, as `cargo test --workspace` has done already: for each crate by itself dependencies have other features, and would
/// be built anew.
fn build_examples() {
    let mut build = Command::new(env!("CARGO"));
    build.current_dir(root()).env("CARGO_TARGET_DIR", target());
    build.args([
        "build",
        "--release",
        "--workspace",
        "--examples",
        "--offline",
    ]);
    let built = build.output().unwrap();
    let message = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{message}");
}

/// A command with the example that Cargo would run.
fn as_built(line: &str) -> String {
    let run =
        Regex::new(r"^cargo run --release -p zkmips-([a-z]+) --example ([a-z_]+)( -- )?").unwrap();
    let Some(found) = run.captures(line) else {
        return line.to_owned();
    };
    let (package, example) = (&found[1], &found[2]);
    let source = root().join(format!("{package}/examples/{example}.rs"));
    assert!(source.exists(), "{line}");
    let built = target().join("release/examples").join(example);
    format!("{} {}", built.display(), &line[found[0].len()..])
}

/// A directory with what the commands name.
fn prepare(directory: &Path) {
    for name in ["fixtures", "guest-c"] {
        symlink(root().join(name), directory.join(name)).unwrap();
    }
    for (name, text) in [
        ("go.mod", "module prog\n"),
        ("main.go", "package main\n\nfunc main() { println(1) }\n"),
        ("prog.c", "int main(void) { return 0; }\n"),
        (
            "prog.cpp",
            "#include <string>\n\nint main() { return std::string().size(); }\n",
        ),
    ] {
        fs::write(directory.join(name), text).unwrap();
    }
}

#[test]
fn commands_outside_of_screens_work() {
    build_examples();
    let mut done = Vec::new();
    let mut directories = BTreeMap::new();
    for (page, command, by) in COMMANDS {
        let This(probes, words) = by else { continue };
        if let Some(probe) = probes.iter().find(|probe| !succeeds(probe)) {
            println!("skipped: {command}: `{probe}` fails");
            continue;
        }
        let directory = directories.entry(page).or_insert_with(|| {
            let directory = tempfile::tempdir().unwrap();
            prepare(directory.path());
            directory
        });
        let mut line = command.to_string();
        for (from, to) in *words {
            assert!(line.contains(from), "{from} in {line}");
            line = line.replace(from, to);
        }
        let line = as_built(&line);
        // Pages may show the same command.
        if done.contains(&line) {
            continue;
        }
        let ended = with_zkmips_on_path(&mut Command::new("sh"))
            .current_dir(directory.path())
            .args(["-c", &line])
            .output()
            .unwrap();
        let printed = [ended.stdout, ended.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        assert!(ended.status.success(), "{page}: {line}\n{printed}");
        done.push(line);
    }
}
