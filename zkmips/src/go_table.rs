//! Function names, source lines and frame sizes of Go programs, stripped ones included: the runtime needs its line table, so it is always
//! there.
//!
//! Layout of `.gopclntab` since Go 1.20 (`internal/abi`, `runtime/symtab.go` of the Go sources): a header of magic, two zero bytes, instruction
//! quantum, pointer size, then pointer-sized words: number of functions, number of files, text address (zero in newer releases),
//! offsets of names, compilation units, files, pc data and functions. The function table has a pair of 32-bit words for each
//! function: offset of its code from the start of text and offset of its record. A record: offset of the code, offset of the name,
//! argument size, deferreturn, then the offsets in the pc data of frame size, file and line, then a count and the index of the
//! compilation unit. Pc data are pairs of varints: change of the value (zigzag) and number of instructions for which it holds.

use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSection};
use zkmips_emulator::constants::USER_END;
use zkmips_emulator::ByteOrder;

const MAGIC: u32 = 0xffff_fff1;
/// Behind the magic: zeros, instruction quantum, pointer size.
const MAGIC_END: [u8; 4] = [0, 0, 4, 4];
/// Words of the header, the first eight bytes included.
const WORDS: usize = 10;
/// Longest name that is looked at.
const MAX_NAME: usize = 1000;
/// Most steps of a walk through pc data.
const MAX_STEPS: usize = 1 << 20;
/// Words of the header with the number of functions, the start of text and the offsets of the parts.
const COUNT: usize = 2;
const TEXT: usize = 4;
const NAMES: usize = 5;
const UNITS: usize = 6;
const FILES: usize = 7;
const PC_DATA: usize = 8;
const FUNCTIONS: usize = 9;
/// Words of a function's record.
const RECORD_NAME: usize = 1;
const RECORD_FRAME: usize = 4;
const RECORD_FILE: usize = 5;
const RECORD_LINE: usize = 6;
const RECORD_UNIT: usize = 8;
/// Word of the runtime's module data, which begins with the address of the table, with the start of text.
const MODULE_TEXT: u32 = 22;

/// The line table of a Go program. Everything in it is untrusted: nothing here panics or reads outside it.
#[derive(Default)]
pub struct GoTable {
    order: Option<ByteOrder>,
    table: Vec<u8>,
    /// Address and offset of the record of each function, in order of address.
    functions: Vec<(u32, usize)>,
}

impl GoTable {
    /// Reads the table of a file whose image is given; empty if there is none that can be read.
    pub fn read(file: &[u8], image: &zkmips_emulator::Program) -> GoTable {
        let table = GoTable::of_file(file);
        if !table.is_empty() {
            return table;
        }
        let found = in_memory(image);
        let order = image.byte_order();
        let table = found.and_then(|(table, text)| GoTable::parse(order, table, text));
        table.unwrap_or_default()
    }

    /// Reads the table in a section of a file; empty if there is none that can be read.
    pub fn of_file(file: &[u8]) -> GoTable {
        let read = || {
            let elf = ElfFile32::<Endianness>::parse(file).ok()?;
            let order = match elf.endianness() {
                Endianness::Big => ByteOrder::Big,
                Endianness::Little => ByteOrder::Little,
            };
            let table = elf.section_by_name(".gopclntab")?.data().ok()?;
            let text = elf.section_by_name(".text");
            GoTable::parse(order, table.to_vec(), text.map(|t| t.address() as u32))
        };
        read().unwrap_or_default()
    }

    fn parse(order: ByteOrder, table: Vec<u8>, text: Option<u32>) -> Option<GoTable> {
        if table.len() < 4 * WORDS || table.get(4..8)? != MAGIC_END {
            return None;
        }
        let mut go = GoTable {
            order: Some(order),
            table,
            functions: Vec::new(),
        };
        if go.word(0)? != MAGIC {
            return None;
        }
        let count = go.header(COUNT)?;
        let text = match go.header(TEXT)? {
            0 => text?,
            text => text as u32,
        };
        let entries = go.header(FUNCTIONS)?;
        if count > go.table.len() / 8 {
            return None;
        }
        let functions: Option<Vec<_>> = (0..count)
            .map(|i| {
                let entry = entries.checked_add(8 * i)?;
                let address = text.wrapping_add(go.word(entry)?);
                let record = entries.checked_add(go.word(entry + 4)? as usize)?;
                Some((address, record))
            })
            .collect();
        go.functions = functions?;
        go.functions.sort();
        Some(go)
    }

    /// The word at a byte offset.
    fn word(&self, at: usize) -> Option<u32> {
        let bytes = *self.table.get(at..)?.first_chunk()?;
        Some(self.order?.word(bytes))
    }

    /// A word of the header, as an offset or count.
    fn header(&self, index: usize) -> Option<usize> {
        Some(self.word(4 * index)? as usize)
    }

    /// A word of a function's record.
    fn field(&self, record: usize, index: usize) -> Option<u32> {
        self.word(record.checked_add(4 * index)?)
    }

    /// The NUL-terminated bytes at an offset of a part.
    fn bytes(&self, part: usize, offset: u32) -> Option<&[u8]> {
        let text = self.table.get(part.checked_add(offset as usize)?..)?;
        let text = &text[..text.len().min(MAX_NAME)];
        let end = text.iter().position(|&byte| byte == 0)?;
        Some(&text[..end])
    }

    /// The name of the function with this record.
    fn name(&self, record: usize) -> Option<&[u8]> {
        self.bytes(self.header(NAMES)?, self.field(record, RECORD_NAME)?)
    }

    /// Whether there is anything in it.
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// Address and name of every function. Names are in the table: together they are not longer than it, unless somebody wants memory
    /// to run out.
    pub fn functions(&self) -> Vec<(u32, String)> {
        let mut budget = self.table.len();
        let named = self.functions.iter().map_while(|&(address, record)| {
            let name = self.name(record)?;
            budget = budget.checked_sub(name.len())?;
            Some((address, String::from_utf8_lossy(name).into_owned()))
        });
        named.collect()
    }

    /// Address of the function with this name.
    pub fn address_of(&self, name: &str) -> Option<u32> {
        let mut functions = self.functions.iter();
        let named = |f: &&(u32, usize)| self.name(f.1) == Some(name.as_bytes());
        functions.find(named).map(|f| f.0)
    }

    /// Start and record of the function that contains an address.
    fn function(&self, address: u32) -> Option<(u32, usize)> {
        let after = self.functions.partition_point(|f| f.0 <= address);
        let function = *self.functions.get(after.checked_sub(1)?)?;
        // Behind the last function comes what has no name.
        let distance = address - function.0;
        (after < self.functions.len() || distance < 1 << 16).then_some(function)
    }

    /// Where the function that contains an address begins.
    pub fn start_of(&self, address: u32) -> Option<u32> {
        self.function(address).map(|f| f.0)
    }

    /// The function that contains an address: its start and its name.
    pub fn function_at(&self, address: u32) -> Option<(u32, String)> {
        let (start, record) = self.function(address)?;
        let name = String::from_utf8_lossy(self.name(record)?);
        Some((start, name.into_owned()))
    }

    /// File and line of an instruction.
    pub fn line(&self, address: u32) -> Option<(String, u32)> {
        let (start, record) = self.function(address)?;
        let line = self.value(start, record, RECORD_LINE, address)?;
        let file = self.value(start, record, RECORD_FILE, address)?;
        let unit = self.field(record, RECORD_UNIT)?;
        let index = unit.checked_add_signed(file)? as usize;
        let units = self.header(UNITS)?;
        let offset = self.word(units.checked_add(index.checked_mul(4)?)?)?;
        let file = self.bytes(self.header(FILES)?, offset)?;
        let file = String::from_utf8_lossy(file).into_owned();
        u32::try_from(line).ok().map(|line| (file, line))
    }

    /// Bytes of the frame at an instruction: how far `$sp` is below where it was when the function was called.
    pub fn frame_size(&self, address: u32) -> Option<u32> {
        let (start, record) = self.function(address)?;
        let size = self.value(start, record, RECORD_FRAME, address)?;
        u32::try_from(size).ok()
    }

    /// The value at `address` of the pc data that a word of a function's record points to.
    fn value(&self, start: u32, record: usize, field: usize, address: u32) -> Option<i32> {
        let offset = self.field(record, field)? as usize;
        if offset == 0 {
            return None;
        }
        let data = self
            .table
            .get(self.header(PC_DATA)?.checked_add(offset)?..)?;
        let mut bytes = data.iter();
        let mut varint = || -> Option<u32> {
            let mut value = 0u32;
            for shift in (0..32).step_by(7) {
                let byte = *bytes.next()?;
                value |= u32::from(byte & 127) << shift;
                if byte < 128 {
                    return Some(value);
                }
            }
            None
        };
        let (mut value, mut pc) = (-1i32, start);
        for step in 0..MAX_STEPS {
            let change = varint()?;
            if change == 0 && step > 0 {
                return None;
            }
            let sign = (change & 1).wrapping_neg();
            value = value.wrapping_add((change >> 1 ^ sign) as i32);
            pc = pc.checked_add(varint()?.checked_mul(4)?)?;
            if address < pc {
                return Some(value);
            }
        }
        None
    }
}

/// The table of a program without sections, such as a snapshot: its bytes up to the end of its range, and the start of text.
fn in_memory(image: &zkmips_emulator::Program) -> Option<(Vec<u8>, Option<u32>)> {
    let order = image.byte_order();
    let header = order.word(MAGIC_END);
    let user = || image.ranges().enumerate().filter(|r| r.1.first < USER_END);
    let (address, words) = user().find_map(|(index, range)| {
        let words = image.range_words(index);
        let at = words.windows(2).position(|w| w == [MAGIC, header])?;
        Some((range.first + 4 * at as u32, &words[at..]))
    })?;
    let names = address.wrapping_add(*words.get(NAMES)?);
    let text = user().find_map(|(index, range)| {
        let words = image.range_words(index);
        let at = words.windows(2).position(|w| w == [address, names])?;
        image.image_word((range.first + 4 * at as u32).checked_add(4 * MODULE_TEXT)?)
    });
    let bytes = words.iter().flat_map(|&word| order.bytes(word)).collect();
    Some((bytes, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use zkmips_emulator::Program;

    fn fixture(name: &str) -> Vec<u8> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
        std::fs::read(root.join(name).join("program.elf")).unwrap()
    }

    fn table(file: &[u8]) -> (GoTable, Program) {
        let program = Program::load(file).unwrap();
        (GoTable::read(file, &program), program)
    }

    #[test]
    fn stripped_go_programs_have_names_and_lines() {
        for name in [
            "go-hello/mips",
            "go-hello/mipsle",
            "go-runtime/mips",
            "go-hello-snapshot/mips",
            "go-hello-snapshot/mipsle",
        ] {
            let (table, program) = table(&fixture(name));
            let start = table.address_of("_rt0_mips_linux");
            let start = start.or(table.address_of("_rt0_mipsle_linux"));
            if !program.is_snapshot() {
                assert_eq!(start, Some(program.entry()), "{name}");
            }
            let main = table.address_of("main.main").unwrap();
            assert!(program.instruction_at(main).is_some());
            let (file, line) = table.line(main).unwrap();
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/go-hello/main.go");
            if name.starts_with("go-hello") {
                let source = std::fs::read_to_string(source).unwrap();
                let text = source.lines().nth(line as usize - 1).unwrap();
                assert_eq!((file.ends_with("main.go"), text), (true, "func main() {"));
            }
            // At its first instruction a function has no frame; some way in it has.
            assert_eq!(table.frame_size(main), Some(0));
            let sizes = (0..20).filter_map(|i| table.frame_size(main + 4 * i));
            assert!(sizes.max() > Some(0));
        }
    }

    #[test]
    fn other_files_have_none() {
        assert!(table(&fixture("c-fib/mips")).0.is_empty());
        let program = Program::load(&fixture("c-fib/mips")).unwrap();
        assert!(GoTable::read(b"nonsense", &program).is_empty());
    }

    #[test]
    fn damage_is_survived() {
        let file = fixture("go-hello/mips");
        let program = Program::load(&file).unwrap();
        let at = file
            .windows(8)
            .position(|w| w == [0xff, 0xff, 0xff, 0xf1, 0, 0, 4, 4])
            .unwrap();
        let read = |file: &[u8]| {
            let table = GoTable::read(file, &program);
            for address in [0, program.entry(), program.entry() + 8, u32::MAX] {
                table.line(address);
                table.frame_size(address);
            }
        };
        for word in 0..WORDS {
            for value in [0, 1, 0x7fff_ffff, u32::MAX] {
                let mut changed = file.clone();
                changed[at + 4 * word..][..4].copy_from_slice(&value.to_be_bytes());
                read(&changed);
            }
        }
        for cut in [60, 1000, at + 20, at + 100, file.len() - 300] {
            read(&file[..cut]);
        }
        // Nonsense in the pc data and in the records.
        let word =
            |index: usize| u32::from_be_bytes(file[at + 4 * index..][..4].try_into().unwrap());
        for part in [PC_DATA, FUNCTIONS] {
            for value in [0, 0x7f, 0x80, 0xff] {
                let mut changed = file.clone();
                let start = at + word(part) as usize;
                let end = (start + 100_000).min(changed.len());
                changed[start..end].fill(value);
                read(&changed);
            }
        }
    }
}
