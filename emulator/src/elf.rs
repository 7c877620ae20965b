//! Reading ELF files: what a program consists of, and why one cannot be run here.
//!
//! Every byte of the file is untrusted; whatever it holds, the answer is an [`ElfImage`] or a [`LoadError`].

use crate::constants::{
    INFORMATION_PAGE, LOWEST_ADDRESS, PAGE_BYTES, PIE_BASE, RESET_VECTOR, USER_END, USER_IMAGE_END,
};
use crate::{ByteOrder, LoadError};
use object::elf::{self, FileHeader32};
use object::read::elf::{Dyn, FileHeader, ProgramHeader, SectionHeader, Sym};
use object::Endianness;
use std::ops::Range;

/// Longest file that is read.
pub const MAX_FILE_BYTES: usize = 256 << 20;
/// Most bytes of a file that are loaded into memory.
pub const MAX_IMAGE_BYTES: u64 = 128 << 20;

/// A piece of memory as the file describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// First byte address.
    pub address: u32,
    /// Contents; the rest up to `memory_bytes` is zero.
    pub bytes: Vec<u8>,
    /// Size in memory, at least `bytes.len()`.
    pub memory_bytes: u32,
    /// Whether instructions may be fetched from it.
    pub executable: bool,
}

impl Segment {
    /// A piece that is made of these words, from a word address on.
    pub fn of_words(order: ByteOrder, address: u32, words: &[u32], executable: bool) -> Segment {
        let bytes: Vec<u8> = words.iter().flat_map(|&word| order.bytes(word)).collect();
        Segment {
            address,
            memory_bytes: bytes.len() as u32,
            bytes,
            executable,
        }
    }
}

/// A function or object of the symbol table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symbol {
    /// First byte address.
    pub address: u32,
    /// Size in bytes; 0 if the file does not say.
    pub size: u32,
    /// Name as in the file.
    pub name: String,
    /// Whether it is code.
    pub function: bool,
}

/// What is needed of an ELF file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ElfImage {
    /// Byte order from the header.
    pub byte_order: ByteOrder,
    /// Entry point.
    pub entry: u32,
    /// Loadable segments in order of address, disjoint.
    pub segments: Vec<Segment>,
    /// Address of the program headers in memory; 0 if no segment contains them.
    pub program_headers: u32,
    /// Size of a program header.
    pub program_header_size: u32,
    /// Number of program headers.
    pub program_header_count: u32,
    /// Named symbols with an address, in order of address.
    pub symbols: Vec<Symbol>,
    /// Addresses of the sections that hold instructions, as the file says; empty if it has no section table.
    pub code: Vec<Range<u32>>,
}

fn damaged(error: object::Error) -> LoadError {
    LoadError::Damaged(error.to_string())
}

/// Reads an ELF file whose segments must lie from `low` up to but not including `high`.
pub fn parse(data: &[u8], low: u32, high: u32) -> Result<ElfImage, LoadError> {
    read(data, low, high, &mut Err)
}

/// Every reason why a file is no program for this machine, and what it consists of as far as that can be told nevertheless.
pub fn examine(data: &[u8]) -> (Option<ElfImage>, Vec<LoadError>) {
    let high = match is_snapshot(data) {
        true => INFORMATION_PAGE + PAGE_BYTES,
        false => USER_IMAGE_END,
    };
    let mut refusals = Vec::new();
    let image = read(data, LOWEST_ADDRESS, high, &mut |refusal| {
        // A linker is asked for in two places.
        let dynamic = |refusal: &LoadError| matches!(refusal, LoadError::Dynamic(_));
        let known =
            refusals.contains(&refusal) || dynamic(&refusal) && refusals.iter().any(dynamic);
        if !known && refusals.len() < MAX_REFUSALS {
            refusals.push(refusal);
        }
        Ok(())
    });
    match image {
        Ok(image) => (Some(image), refusals),
        Err(refusal) => {
            refusals.push(refusal);
            (None, refusals)
        }
    }
}

/// Most reasons that [`examine`] gives.
const MAX_REFUSALS: usize = 20;

/// Reads an ELF file. `refuse` is told what is wrong with it as long as reading can go on, and says whether it should.
fn read(
    data: &[u8],
    low: u32,
    high: u32,
    refuse: &mut dyn FnMut(LoadError) -> Result<(), LoadError>,
) -> Result<ElfImage, LoadError> {
    if data.len() > MAX_FILE_BYTES {
        return Err(LoadError::TooLarge {
            bytes: data.len() as u64,
            limit: MAX_FILE_BYTES as u64,
        });
    }
    let byte_order = identify(data)?;
    let header = FileHeader32::<Endianness>::parse(data).map_err(damaged)?;
    let endian = header.endian().map_err(damaged)?;
    for problem in flavour(header.e_flags(endian)) {
        refuse(problem)?;
    }
    let base = match header.e_type(endian) {
        elf::ET_EXEC => 0,
        elf::ET_DYN => PIE_BASE,
        elf::ET_REL => return Err(LoadError::NotExecutable("an object file")),
        elf::ET_CORE => return Err(LoadError::NotExecutable("a core dump")),
        _ => return Err(LoadError::NotExecutable("of an unknown kind")),
    };
    let headers = header.program_headers(endian, data).map_err(damaged)?;

    let mut segments = Vec::new();
    let mut program_headers = 0;
    for program_header in headers {
        let contents = || {
            program_header.data(endian, data).map_err(|()| {
                LoadError::Damaged("a segment lies beyond the end of the file".into())
            })
        };
        match program_header.p_type(endian) {
            elf::PT_INTERP => {
                let name = contents()?;
                let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
                let name = &name[..name.len().min(80)];
                refuse(LoadError::Dynamic(
                    String::from_utf8_lossy(name).escape_debug().to_string(),
                ))?;
            }
            elf::PT_DYNAMIC => {
                let entries = program_header.dynamic(endian, data).ok().flatten();
                let mut entries = entries.unwrap_or_default().iter();
                if entries.any(|entry| entry.d_tag(endian) == elf::DT_NEEDED) {
                    refuse(LoadError::Dynamic("shared libraries".into()))?;
                }
            }
            elf::PT_MIPS_ABIFLAGS => {
                if let Err(problem) = check_abi_flags(contents()?) {
                    refuse(problem)?;
                }
            }
            elf::PT_LOAD => {
                let address = program_header.p_vaddr(endian) as u64 + base as u64;
                let memory_bytes = program_header.p_memsz(endian);
                let end = address + memory_bytes as u64;
                if memory_bytes == 0 {
                    continue;
                }
                if address < low as u64 || end > high as u64 {
                    refuse(LoadError::OutOfRange {
                        start: address,
                        end,
                        low,
                        high,
                    })?;
                    continue;
                }
                let bytes = contents()?;
                if bytes.len() as u64 > memory_bytes as u64 {
                    return Err(LoadError::Damaged(
                        "a segment is larger than its memory".into(),
                    ));
                }
                let offset = program_header.p_offset(endian) as u64;
                let table = header.e_phoff(endian) as u64;
                if table >= offset && table < offset + bytes.len() as u64 {
                    program_headers = (address + table - offset) as u32;
                }
                segments.push(Segment {
                    address: address as u32,
                    bytes: bytes.to_vec(),
                    memory_bytes,
                    executable: program_header.p_flags(endian) & elf::PF_X != 0,
                });
            }
            _ => {}
        }
        let total: u64 = segments
            .iter()
            .map(|s: &Segment| s.bytes.len() as u64)
            .sum();
        if total > MAX_IMAGE_BYTES {
            return Err(LoadError::TooLarge {
                bytes: total,
                limit: MAX_IMAGE_BYTES,
            });
        }
    }
    if segments.is_empty() {
        return Err(LoadError::Damaged("no loadable segment".into()));
    }
    segments.sort_by_key(|segment| segment.address);
    for pair in segments.windows(2) {
        // Ends are at most `high`, so the sum does not wrap.
        if pair[0].address + pair[0].memory_bytes > pair[1].address {
            refuse(LoadError::Overlap(pair[1].address))?;
        }
    }

    let entry = header.e_entry(endian).wrapping_add(base);
    let in_code = |s: &Segment| {
        s.executable && entry >= s.address && entry - s.address < s.bytes.len() as u32
    };
    if !entry.is_multiple_of(4) || !segments.iter().any(in_code) {
        refuse(LoadError::BadEntry(entry))?;
    }
    Ok(ElfImage {
        byte_order,
        entry,
        segments,
        program_headers,
        program_header_size: header.e_phentsize(endian) as u32,
        program_header_count: headers.len() as u32,
        symbols: symbols(header, endian, data, base),
        code: code(header, endian, data, base),
    })
}

/// Looks at the first bytes: an ELF file, 32 bits, MIPS, and which byte order.
fn identify(data: &[u8]) -> Result<ByteOrder, LoadError> {
    if !data.starts_with(&elf::ELFMAG) {
        return Err(LoadError::NotElf);
    }
    let Some(start) = data.get(..20) else {
        return Err(LoadError::Damaged("the header is cut off".into()));
    };
    let byte_order = match start[5] {
        elf::ELFDATA2MSB => ByteOrder::Big,
        elf::ELFDATA2LSB => ByteOrder::Little,
        _ => return Err(LoadError::Damaged("unknown byte order".into())),
    };
    let pair = [start[18], start[19]];
    let machine = match byte_order {
        ByteOrder::Big => u16::from_be_bytes(pair),
        ByteOrder::Little => u16::from_le_bytes(pair),
    };
    let wide = match start[4] {
        elf::ELFCLASS32 => false,
        elf::ELFCLASS64 => true,
        _ => return Err(LoadError::Damaged("unknown word size".into())),
    };
    let name = match machine {
        elf::EM_MIPS if !wide => return Ok(byte_order),
        elf::EM_MIPS => "64-bit MIPS".into(),
        elf::EM_X86_64 => "x86-64".into(),
        elf::EM_386 => "32-bit x86".into(),
        elf::EM_AARCH64 => "64-bit ARM".into(),
        elf::EM_ARM => "32-bit ARM".into(),
        elf::EM_RISCV => "RISC-V".into(),
        number => format!("another processor (ELF machine {number})"),
    };
    Err(LoadError::WrongMachine(name))
}

/// What `e_flags` says that the machine cannot run.
fn flavour(flags: u32) -> impl Iterator<Item = LoadError> {
    use LoadError::{HardFloat, WrongFlavour};
    // Bits that `object` does not name.
    let (mips16, micro_mips) = (0x0400_0000, 0x0200_0000);
    // No ABI at all is o32, too.
    let old_abi = !matches!(flags & elf::EF_MIPS_ABI, 0 | elf::EF_MIPS_ABI_O32);
    let architecture = match flags & elf::EF_MIPS_ARCH {
        elf::EF_MIPS_ARCH_1 | elf::EF_MIPS_ARCH_2 => None,
        elf::EF_MIPS_ARCH_32 | elf::EF_MIPS_ARCH_32R2 => None,
        elf::EF_MIPS_ARCH_32R6 | elf::EF_MIPS_ARCH_64R6 => Some("release 6"),
        _ => Some("64-bit instructions"),
    };
    let bit = |mask: u32, problem: LoadError| (flags & mask != 0).then_some(problem);
    [
        architecture.map(WrongFlavour),
        bit(elf::EF_MIPS_ABI2, WrongFlavour("the n32 ABI")),
        old_abi.then_some(WrongFlavour("the o64 or EABI calling convention")),
        bit(mips16, WrongFlavour("MIPS16 code")),
        bit(micro_mips, WrongFlavour("microMIPS code")),
        bit(elf::EF_MIPS_FP64, HardFloat),
    ]
    .into_iter()
    .flatten()
}

/// Refuses a floating-point ABI. Layout of `.MIPS.abiflags`: version (2 bytes), level, revision, three register sizes, floating-point ABI,
/// all single bytes, so that the byte order does not matter.
fn check_abi_flags(bytes: &[u8]) -> Result<(), LoadError> {
    let (Some(&revision), Some(&float)) = (bytes.get(3), bytes.get(7)) else {
        return Err(LoadError::Damaged("the ABI flags are cut off".into()));
    };
    // 0 is "any": no floating-point value crosses a function; 3 is soft-float.
    if float != 0 && float != 3 {
        return Err(LoadError::HardFloat);
    }
    if revision > 2 {
        return Err(LoadError::WrongFlavour("a release after 2"));
    }
    Ok(())
}

/// Where the sections with instructions are, if there is a readable section table.
fn code(
    header: &FileHeader32<Endianness>,
    endian: Endianness,
    data: &[u8],
    base: u32,
) -> Vec<Range<u32>> {
    let Ok(sections) = header.sections(endian, data) else {
        return Vec::new();
    };
    let mut code: Vec<Range<u32>> = sections
        .iter()
        .filter(|section| {
            let wanted = elf::SHF_ALLOC | elf::SHF_EXECINSTR;
            section.sh_flags(endian) & wanted == wanted
                && section.sh_type(endian) == elf::SHT_PROGBITS
        })
        .filter_map(|section| {
            let start = section.sh_addr(endian).checked_add(base)?;
            Some(start..start.checked_add(section.sh_size(endian))?)
        })
        .collect();
    code.sort_by_key(|range| range.start);
    code
}

/// The symbol table if there is a readable one: names are for people, so a damaged table is no reason to refuse.
fn symbols(
    header: &FileHeader32<Endianness>,
    endian: Endianness,
    data: &[u8],
    base: u32,
) -> Vec<Symbol> {
    let Ok(sections) = header.sections(endian, data) else {
        return Vec::new();
    };
    let Ok(table) = sections.symbols(endian, data, elf::SHT_SYMTAB) else {
        return Vec::new();
    };
    // Names that are longer than the file together are the work of somebody who wants memory to run out.
    let mut budget = data.len();
    let mut symbols = Vec::new();
    for symbol in table.iter() {
        let kind = symbol.st_type();
        let known = matches!(kind, elf::STT_FUNC | elf::STT_OBJECT | elf::STT_NOTYPE);
        if !known || symbol.is_undefined(endian) || symbol.st_name(endian) == 0 {
            continue;
        }
        let Ok(name) = symbol.name(endian, table.strings()) else {
            break;
        };
        let Some(left) = budget.checked_sub(name.len()) else {
            break;
        };
        budget = left;
        let section = object::SectionIndex(symbol.st_shndx(endian) as usize);
        let section = sections.section(section);
        let function = kind == elf::STT_FUNC
            || kind == elf::STT_NOTYPE
                && section.is_ok_and(|s| s.sh_flags(endian) & elf::SHF_EXECINSTR != 0);
        let address = symbol.st_value(endian).wrapping_add(base);
        if !name.is_empty() && (address < USER_END || base == 0) {
            symbols.push(Symbol {
                address,
                size: symbol.st_size(endian),
                name: String::from_utf8_lossy(name).into_owned(),
                function,
            });
        }
    }
    symbols.sort_by(|a, b| (a.address, &a.name).cmp(&(b.address, &b.name)));
    symbols
}

/// Whether a file claims to be a snapshot: its entry point is the machine's reset vector, where no user program starts.
pub(crate) fn is_snapshot(data: &[u8]) -> bool {
    let Some(Ok(entry)) = data.get(24..28).map(<[u8; 4]>::try_from) else {
        return false;
    };
    identify(data).is_ok_and(|order| order.word(entry) == RESET_VECTOR)
}

/// Writes an executable of whole pages, each segment given by first address, bytes and executable flag.
pub(crate) fn write_executable(
    order: ByteOrder,
    entry: u32,
    segments: &[(u32, Vec<u8>, bool)],
) -> Vec<u8> {
    let half = |value: u16| match order {
        ByteOrder::Big => value.to_be_bytes(),
        ByteOrder::Little => value.to_le_bytes(),
    };
    let mut file = elf::ELFMAG.to_vec();
    let data_encoding = match order {
        ByteOrder::Big => elf::ELFDATA2MSB,
        ByteOrder::Little => elf::ELFDATA2LSB,
    };
    file.extend([elf::ELFCLASS32, data_encoding, elf::EV_CURRENT]);
    file.resize(16, 0);
    file.extend([half(elf::ET_EXEC), half(elf::EM_MIPS)].concat());
    let flags = elf::EF_MIPS_ARCH_32R2 | elf::EF_MIPS_ABI_O32;
    for word in [elf::EV_CURRENT as u32, entry, HEADER_BYTES, 0, flags] {
        file.extend(order.bytes(word));
    }
    let count = segments.len() as u16;
    let sizes = [
        HEADER_BYTES as u16,
        PROGRAM_HEADER_BYTES as u16,
        count,
        0,
        0,
        0,
    ];
    file.extend(sizes.map(half).concat());
    let headers = HEADER_BYTES + PROGRAM_HEADER_BYTES * segments.len() as u32;
    let mut offset = headers.next_multiple_of(PAGE_BYTES);
    for (address, bytes, executable) in segments {
        let size = bytes.len() as u32;
        let rights = elf::PF_R | if *executable { elf::PF_X } else { elf::PF_W };
        for word in [
            elf::PT_LOAD,
            offset,
            *address,
            *address,
            size,
            size,
            rights,
            PAGE_BYTES,
        ] {
            file.extend(order.bytes(word));
        }
        offset += size;
    }
    file.resize(headers.next_multiple_of(PAGE_BYTES) as usize, 0);
    for (_, bytes, _) in segments {
        file.extend(bytes);
    }
    file
}

const HEADER_BYTES: u32 = 52;
const PROGRAM_HEADER_BYTES: u32 = 32;
