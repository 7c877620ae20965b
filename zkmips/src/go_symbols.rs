//! Function names of Go programs, stripped ones included: the runtime needs its line table, so it is always there.
//!
//! Layout of `.gopclntab` since Go 1.20 (`internal/abi`, `debug/gosym` of the Go sources): a header of magic, two zero bytes, instruction
//! quantum, pointer size, then pointer-sized words: number of functions, number of files, text address (zero in newer releases),
//! offsets of names, compilation units, files, pc data and functions. The function table has a pair of 32-bit words for each
//! function: offset of its code from the start of text and offset of its record, whose second word is the offset of its name.

use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSection};

const MAGIC: u32 = 0xffff_fff1;
/// Words of the header, the first eight bytes included.
const WORDS: usize = 10;
/// Longest name that is looked at.
const MAX_NAME: usize = 1000;

/// Address and name of the functions in the order of the table; empty if the file has no table that can be read. The file
/// is untrusted: nothing here panics or reads outside it.
pub fn functions(file: &[u8]) -> Vec<(u32, String)> {
    read(file).unwrap_or_default()
}

fn read(file: &[u8]) -> Option<Vec<(u32, String)>> {
    let elf = ElfFile32::<Endianness>::parse(file).ok()?;
    let little = elf.endianness() == Endianness::Little;
    let table = elf.section_by_name(".gopclntab")?.data().ok()?;
    let word = |at: usize| -> Option<u32> {
        let bytes = *table.get(at..)?.first_chunk()?;
        Some(if little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    };
    if word(0)? != MAGIC || table.get(4..8)? != [0, 0, 4, 4] || table.len() < 4 * WORDS {
        return None;
    }
    let count = word(8)? as usize;
    let text = match word(16)? {
        0 => elf.section_by_name(".text")?.address() as u32,
        text => text,
    };
    let names = table.get(word(20)? as usize..)?;
    let entries = word(36)? as usize;
    if count > table.len() / 8 {
        return None;
    }
    // Names are in the table: together they are not longer, unless somebody wants memory to run out.
    let mut budget = table.len();
    (0..count)
        .map(|i| {
            let entry = entries.checked_add(8 * i)?;
            let address = text.wrapping_add(word(entry)?);
            let record = entries.checked_add(word(entry + 4)? as usize)?;
            let name = names.get(word(record.checked_add(4)?)? as usize..)?;
            let name = &name[..name.len().min(MAX_NAME)];
            let end = name.iter().position(|&byte| byte == 0)?;
            budget = budget.checked_sub(end)?;
            Some((address, String::from_utf8_lossy(&name[..end]).into_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn fixture(name: &str) -> Vec<u8> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
        std::fs::read(root.join(name).join("program.elf")).unwrap()
    }

    #[test]
    fn stripped_go_programs_have_names() {
        for name in ["go-hello/mips", "go-hello/mipsle", "go-runtime/mips"] {
            let file = fixture(name);
            let found = functions(&file);
            let program = zkmips_emulator::Program::load(&file).unwrap();
            let address_of = |name: &str| found.iter().find(|f| f.1 == name).map(|f| f.0);
            let start = address_of("_rt0_mips_linux").or(address_of("_rt0_mipsle_linux"));
            assert_eq!(start, Some(program.entry()), "{name}");
            let main = address_of("main.main").unwrap();
            assert!(program.instruction_at(main).is_some());
        }
    }

    #[test]
    fn other_files_have_none() {
        assert!(functions(&fixture("c-fib/mips")).is_empty());
        assert!(functions(b"nonsense").is_empty());
    }

    #[test]
    fn damage_is_survived() {
        let file = fixture("go-hello/mips");
        let at = file
            .windows(8)
            .position(|w| w == [0xff, 0xff, 0xff, 0xf1, 0, 0, 4, 4])
            .unwrap();
        for word in 0..WORDS {
            for value in [0, 1, 0x7fff_ffff, u32::MAX] {
                let mut changed = file.clone();
                changed[at + 4 * word..][..4].copy_from_slice(&value.to_be_bytes());
                functions(&changed);
            }
        }
        for cut in [60, 1000, at + 20, at + 100, file.len() - 300] {
            functions(&file[..cut]);
        }
    }
}
