//! Source lines from the debugging information (DWARF) that a program may have. Whatever is wrong with it, there are no lines.

use addr2line::gimli::{self, EndianSlice, RunTimeEndian};
use addr2line::Context;
use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectKind, ObjectSection};
use zkmips_emulator::constants::PIE_BASE;
use zkmips_emulator::ByteOrder;

/// Lines of one program, ready to be asked for.
pub struct Lines<'a> {
    context: Context<EndianSlice<'a, RunTimeEndian>>,
    /// How far the program is from where it was linked.
    moved: u32,
}

/// Whether a file says it has lines.
pub fn has_lines(file: &[u8]) -> bool {
    let elf = ElfFile32::<Endianness>::parse(file);
    elf.is_ok_and(|elf| elf.section_by_name(".debug_line").is_some())
}

impl<'a> Lines<'a> {
    /// Reads what a file has.
    pub fn read(file: &'a [u8], order: ByteOrder) -> Option<Self> {
        let elf = ElfFile32::<Endianness>::parse(file).ok()?;
        let endian = match order {
            ByteOrder::Big => RunTimeEndian::Big,
            ByteOrder::Little => RunTimeEndian::Little,
        };
        let section = |id: gimli::SectionId| -> Result<_, gimli::Error> {
            let section = elf.section_by_name(id.name());
            let data = section.and_then(|section| section.data().ok());
            Ok(EndianSlice::new(data.unwrap_or_default(), endian))
        };
        let dwarf = gimli::Dwarf::load(section).ok()?;
        let moved = match elf.kind() {
            ObjectKind::Dynamic => PIE_BASE,
            _ => 0,
        };
        Some(Lines {
            context: Context::from_dwarf(dwarf).ok()?,
            moved,
        })
    }

    /// File and line of an instruction.
    pub fn line(&self, address: u32) -> Option<(String, u32)> {
        let address = address.checked_sub(self.moved)?;
        let location = self.context.find_location(address.into()).ok()??;
        Some((location.file?.to_owned(), location.line?))
    }
}
