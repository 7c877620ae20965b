//! Programs as prover and verifier see them: the image, its trees, its id, and names for people.

use crate::go_table::GoTable;
use crate::lines::{has_lines, Lines};
use crate::ProgramId;
use std::sync::{Arc, OnceLock};
use zkmips_circuits::header::{Header, HeaderError};
use zkmips_circuits::microcode;
use zkmips_circuits::tree::ProgramTrees;
use zkmips_emulator::{ByteOrder, LoadError};

/// A guest program with the kernel that serves it. Cheap to clone.
#[derive(Clone)]
pub struct Program {
    image: Arc<zkmips_emulator::Program>,
    go: Arc<GoTable>,
    /// The file, if it has debugging information.
    debug: Option<Arc<[u8]>>,
    trees: Arc<OnceLock<(ProgramTrees, Header)>>,
}

impl Program {
    /// Loads an ELF file or a snapshot.
    pub fn load(file: &[u8]) -> Result<Program, LoadError> {
        let image = zkmips_emulator::Program::load(file)?;
        let go = GoTable::read(file, &image);
        // A Go program's own table serves better.
        let debug = go.is_empty() && has_lines(file);
        Ok(Program {
            image: Arc::new(image),
            go: Arc::new(go),
            debug: debug.then(|| file.into()),
            trees: Arc::default(),
        })
    }

    /// The image as the emulator runs it.
    pub fn image(&self) -> &zkmips_emulator::Program {
        &self.image
    }

    pub(crate) fn shared_image(&self) -> Arc<zkmips_emulator::Program> {
        Arc::clone(&self.image)
    }

    /// Byte order of the guest.
    pub fn byte_order(&self) -> ByteOrder {
        self.image.byte_order()
    }

    /// Whether the program is a start-up snapshot.
    pub fn is_snapshot(&self) -> bool {
        self.image.is_snapshot()
    }

    /// Arguments (the first is the program's name) and environment inside a snapshot.
    pub fn recorded_arguments(&self) -> Option<(Vec<String>, Vec<String>)> {
        let strings = |bytes: Vec<u8>| {
            let text = bytes.strip_suffix(&[0]).map(String::from_utf8_lossy);
            text.map_or(Vec::new(), |text| {
                text.split('\0').map(str::to_owned).collect()
            })
        };
        let (argv, environment) = self.image.recorded_arguments()?;
        Some((strings(argv), strings(environment)))
    }

    /// The trees over the image and its decoded code, and the header that names them. Made once, from every byte of the image.
    pub(crate) fn trees(&self) -> Result<&(ProgramTrees, Header), HeaderError> {
        if let Some(known) = self.trees.get() {
            return Ok(known);
        }
        let trees = ProgramTrees::new(&self.image, microcode::decode)?;
        let header = Header::with_trees(&self.image, &trees)?;
        Ok(self.trees.get_or_init(|| (trees, header)))
    }

    /// The header, which proofs carry.
    pub fn header(&self) -> Result<&Header, HeaderError> {
        Ok(&self.trees()?.1)
    }

    /// The program id.
    pub fn id(&self) -> Result<ProgramId, HeaderError> {
        Ok(ProgramId(self.header()?.id()))
    }

    /// Address of a function, by symbol or, in a Go program without symbols, by its line table.
    pub fn address_of(&self, name: &str) -> Option<u32> {
        let symbol = self.image.address_of(name);
        symbol.or_else(|| self.go.address_of(name))
    }

    /// What a Go program knows about its functions; empty for others.
    pub(crate) fn go(&self) -> &GoTable {
        &self.go
    }

    /// Source lines, ready to be asked for: from a Go program's own table, else from debugging information, which is read now.
    pub(crate) fn lines(&self) -> SourceLines<'_> {
        let debug = self.debug.as_deref();
        SourceLines {
            go: &self.go,
            debug: debug.and_then(|file| Lines::read(file, self.byte_order())),
        }
    }

    /// The function that contains an address and the distance from its start, as `name+0x10`. What a file says is not sent to a terminal
    /// as it is.
    pub fn place(&self, address: u32) -> Option<String> {
        let (name, distance) = self.function_at(address)?;
        let name = printable(&name);
        Some(match distance {
            0 => name,
            distance => format!("{name}+{distance:#x}"),
        })
    }

    /// The name of the function that contains an address.
    pub(crate) fn function_name(&self, address: u32) -> Option<String> {
        let (name, _) = self.function_at(address)?;
        Some(printable(&name))
    }

    /// Where the function that contains an address begins.
    pub(crate) fn function_start(&self, address: u32) -> Option<u32> {
        let symbol = self.image.function_at(address);
        let start = symbol.map(|(symbol, _)| symbol.address);
        start.or_else(|| self.go.start_of(address))
    }

    fn function_at(&self, address: u32) -> Option<(String, u32)> {
        let symbol = self.image.function_at(address);
        let symbol = symbol.map(|(symbol, distance)| (symbol.name.clone(), distance));
        symbol.or_else(|| self.go_function_at(address))
    }

    fn go_function_at(&self, address: u32) -> Option<(String, u32)> {
        self.image.instruction_at(address)?;
        let (start, name) = self.go.function_at(address)?;
        Some((name, address - start))
    }
}

/// Where the source lines of a program come from.
pub(crate) struct SourceLines<'a> {
    go: &'a GoTable,
    debug: Option<Lines<'a>>,
}

impl SourceLines<'_> {
    /// File and line of an instruction, fit for a terminal.
    pub fn at(&self, address: u32) -> Option<(String, u32)> {
        let line = self.go.line(address);
        let (file, line) = line.or_else(|| self.debug.as_ref()?.line(address))?;
        Some((printable(&file), line))
    }
}

/// A text without characters that a terminal would act on.
pub(crate) fn printable(text: &str) -> String {
    let harmless = |c: char| if c.is_control() { '?' } else { c };
    text.chars().map(harmless).collect()
}
