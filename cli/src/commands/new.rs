//! `zkmips new`

use crate::args::{Language, New};
use crate::failure::{reason, Failure, CANNOT_CREATE, USAGE};
use crate::{files, Context};
use serde_json::json;
use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// A file of a project: where it goes and what is in it. `{{name}}` stands for the project's name in those of `cli/templates`.
type Template = (&'static str, &'static str);

const COMMON: [Template; 3] = [
    (
        "README.md",
        include_str!("../../templates/common/README.md"),
    ),
    (
        ".gitignore",
        include_str!("../../templates/common/gitignore"),
    ),
    ("input", include_str!("../../templates/common/input")),
];

const GO: [Template; 4] = [
    ("Makefile", include_str!("../../templates/go/Makefile")),
    ("go.mod", include_str!("../../templates/go/go.mod")),
    ("main.go", include_str!("../../templates/go/main.go")),
    (
        "main_test.go",
        include_str!("../../templates/go/main_test.go"),
    ),
];

const C: [Template; 8] = [
    ("Makefile", include_str!("../../templates/c/Makefile")),
    ("main.c", include_str!("../../templates/c/main.c")),
    ("test", include_str!("../../templates/c/test")),
    ("zkmips/zkmips.h", include_str!("../../../guest-c/zkmips.h")),
    ("zkmips/start.S", include_str!("../../../guest-c/start.S")),
    (
        "zkmips/arithmetic.c",
        include_str!("../../../guest-c/arithmetic.c"),
    ),
    ("zkmips/link.ld", include_str!("../../../guest-c/link.ld")),
    ("zkmips/flags", include_str!("../../../guest-c/flags")),
];

const RUST: [Template; 14] = [
    ("Makefile", include_str!("../../templates/rust/Makefile")),
    (
        "Cargo.toml",
        include_str!("../../templates/rust/Cargo.toml"),
    ),
    (
        ".cargo/config.toml",
        include_str!("../../templates/rust/config.toml"),
    ),
    ("src/main.rs", include_str!("../../templates/rust/main.rs")),
    (
        "zkmips/Cargo.toml",
        include_str!("../../../guest-rust/Cargo.toml"),
    ),
    ("zkmips/link.ld", include_str!("../../../guest-c/link.ld")),
    (
        "zkmips/src/lib.rs",
        include_str!("../../../guest-rust/src/lib.rs"),
    ),
    (
        "zkmips/src/bare.rs",
        include_str!("../../../guest-rust/src/bare.rs"),
    ),
    (
        "zkmips/src/encoding.rs",
        include_str!("../../../guest-rust/src/encoding.rs"),
    ),
    (
        "zkmips/src/heap.rs",
        include_str!("../../../guest-rust/src/heap.rs"),
    ),
    (
        "zkmips/src/hosted.rs",
        include_str!("../../../guest-rust/src/hosted.rs"),
    ),
    (
        "zkmips/src/input.rs",
        include_str!("../../../guest-rust/src/input.rs"),
    ),
    (
        "zkmips/src/run.rs",
        include_str!("../../../guest-rust/src/run.rs"),
    ),
    (
        "zkmips/src/system.rs",
        include_str!("../../../guest-rust/src/system.rs"),
    ),
];

/// Files that are run.
const EXECUTABLE: [&str; 1] = ["test"];

/// The files of a language, and what its README says about tools.
fn templates(language: Language) -> (&'static [Template], &'static str) {
    match language {
        Language::Go => (&GO, "Needs Go 1.21 or later. Nothing but its standard library is used."),
        Language::C => (
            &C,
            "Needs `mips-linux-gnu-gcc` (Debian: `apt install gcc-mips-linux-gnu`), or Clang or Zig: `make MIPS_CC=...`. The directory `zkmips` holds start-up code and a
header, which says what there is instead of a C library.",
        ),
        Language::Rust => (
            &RUST,
            "Needs `ld.lld` and Rust with the source of its library (Debian: `apt install lld rustc-web cargo-web rust-web-src`), which is built along. The directory
`zkmips` holds the crate for guests.",
        ),
    }
}

/// Names that serve as a directory, a Go module, a Cargo package and a target of make.
fn check(name: &str) -> Result<(), Failure> {
    let letters = name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    // Taken by the files of a project, by Cargo or by Go.
    let taken = [
        "test", "input", "native", "main", "src", "zkmips", "target", "core", "std", "alloc",
        "build", "help", "run", "prove", "verify", "id", "clean",
    ];
    if !letters
        || !name.starts_with(|c: char| c.is_ascii_lowercase())
        || name.len() > 64
        || taken.contains(&name)
    {
        let name = name.escape_debug();
        let message = format!("`{name}` cannot be the name of a project: take lower-case letters, digits, `-` and `_`, a letter first, and no name that is used inside");
        return Err(Failure::new(USAGE, message));
    }
    Ok(())
}

fn write(directory: &Path, args: &New) -> io::Result<()> {
    let (templates, tools) = templates(args.lang);
    for (path, text) in COMMON.iter().chain(templates) {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap_or(directory))?;
        fs::write(
            &path,
            text.replace("{{name}}", &args.name)
                .replace("{{tools}}", tools),
        )?;
    }
    #[cfg(unix)]
    for path in EXECUTABLE
        .map(|name| directory.join(name))
        .iter()
        .filter(|path| path.exists())
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

pub fn new(context: &Context, args: New) -> Result<ExitCode, Failure> {
    check(&args.name)?;
    let directory = Path::new(&args.name);
    // Made first and alone, so that nothing that is there already is touched.
    fs::create_dir(directory).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::AlreadyExists => "is there already: take another name".to_owned(),
            _ => reason(&error),
        };
        Failure::about(directory, CANNOT_CREATE, why)
    })?;
    write(directory, &args).map_err(|error| {
        // Half a project would be in the way of the next attempt.
        let _ = fs::remove_dir_all(directory);
        Failure::about(directory, CANNOT_CREATE, reason(&error))
    })?;
    let name = &args.name;
    files::stdout(format!("made {name}: cd {name} && make run\n").as_bytes())?;
    context.report(&json!({ "directory": name }))?;
    Ok(ExitCode::SUCCESS)
}
