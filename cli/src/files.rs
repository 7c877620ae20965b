//! Reading and writing files, so that what is there is always whole.

use crate::failure::{reason, Failure, CANNOT_CREATE, DATA, NO_INPUT};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zkmips::whole_file::{Readers, WholeFile};
use zkmips::Program;

/// Longest program file, as the loader has it.
const MAX_PROGRAM_BYTES: u64 = 256 << 20;
/// Longest public input that fits the tape.
const MAX_PUBLIC_INPUT: u64 = 64 << 20;

/// Whether a path stands for standard input or output.
fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads a file of at most `limit` bytes; `-` is standard input.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut read_from = |source: &mut dyn Read| source.take(limit + 1).read_to_end(&mut bytes);
    let result = if is_dash(path) {
        read_from(&mut io::stdin().lock())
    } else {
        File::open(path).and_then(|mut file| read_from(&mut file))
    };
    result.map_err(|error| Failure::about(path, NO_INPUT, reason(&error)))?;
    if bytes.len() as u64 > limit {
        let message = format!("longer than {limit} bytes, which nothing that belongs here can be");
        return Err(Failure::about(path, DATA, message));
    }
    Ok(bytes)
}

/// Reads a file that should be a program.
pub fn read_program(path: &Path) -> Result<Vec<u8>, Failure> {
    read(path, MAX_PROGRAM_BYTES)
}

/// Reads and loads a program.
pub fn load(path: &Path) -> Result<Program, Failure> {
    let bytes = read_program(path)?;
    Program::load(&bytes).map_err(|error| Failure::about(path, DATA, error))
}

/// Reads the public input, if there is one.
pub fn public_input(path: Option<&Path>) -> Result<Vec<u8>, Failure> {
    path.map_or(Ok(Vec::new()), |path| read(path, MAX_PUBLIC_INPUT))
}

/// A file that will be written: known to be possible before work is done for it.
pub struct Output {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Stdout,
    /// A device or a pipe: written to as it is.
    Special,
    /// Written under another name in its directory and then renamed: at any moment the file is the old one or the new one.
    Regular {
        target: PathBuf,
    },
}

impl Output {
    /// Checks that the file can be written. Nothing is left behind.
    pub fn prepare(path: &Path) -> Result<Output, Failure> {
        let fail = |error: io::Error| Failure::about(path, CANNOT_CREATE, reason(&error));
        let kind = if is_dash(path) {
            Kind::Stdout
        } else {
            match fs::metadata(path) {
                Ok(metadata) if metadata.is_dir() => {
                    return Err(fail(io::ErrorKind::IsADirectory.into()))
                }
                Ok(metadata) if !metadata.is_file() => Kind::Special,
                // Through a symbolic link, so that the link stays one.
                Ok(_) => Kind::Regular {
                    target: fs::canonicalize(path).map_err(fail)?,
                },
                Err(_) => Kind::Regular {
                    target: path.to_owned(),
                },
            }
        };
        if let Kind::Regular { target } = &kind {
            drop(WholeFile::create(target, Readers::Everybody).map_err(fail)?);
        }
        Ok(Output {
            path: path.to_owned(),
            kind,
        })
    }

    /// Its name for messages.
    pub fn name(&self) -> String {
        match self.kind {
            Kind::Stdout => "standard output".into(),
            _ => self.path.display().to_string(),
        }
    }

    /// Writes it.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let result = match &self.kind {
            Kind::Stdout => return stdout(bytes),
            Kind::Special => File::options()
                .write(true)
                .open(&self.path)
                .and_then(|mut file| file.write_all(bytes)),
            Kind::Regular { target } => {
                WholeFile::create(target, Readers::Everybody).and_then(|file| file.write(bytes))
            }
        };
        result.map_err(|error| Failure::about(&self.path, CANNOT_CREATE, reason(&error)))
    }
}

/// Where a stream of text goes: a file, standard output (`-`) or, without a name, standard error.
pub fn stream(path: Option<&Path>) -> Result<Box<dyn Write>, Failure> {
    Ok(match path {
        None => Box::new(io::BufWriter::new(io::stderr())),
        Some(path) if is_dash(path) => Box::new(io::BufWriter::new(io::stdout())),
        Some(path) => {
            let file = File::create(path);
            let file = file.map_err(|e| Failure::about(path, CANNOT_CREATE, reason(&e)))?;
            Box::new(io::BufWriter::new(file))
        }
    })
}

/// Writes to standard output.
pub fn stdout(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let result = stdout.write_all(bytes).and_then(|()| stdout.flush());
    result.map_err(|error| Failure::stdout(&error))
}

/// The name of a file made from `program`, in the current directory.
pub fn derived(program: &Path, ending: &str) -> PathBuf {
    let stem = program.file_stem().unwrap_or("program".as_ref());
    Path::new(stem).with_extension(ending)
}
