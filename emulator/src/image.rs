//! Programs: the pages that the loader puts into memory before the first instruction.
//!
//! A program is the guest's ELF file, the kernel and the information page, as a short list of ranges of whole pages. Memory outside the
//! ranges is zero at the start, the part of bss after the last page that has bytes in the file included.

use crate::constants::*;
use crate::elf::{self, ElfImage, Segment, Symbol};
use crate::isa::{decode, Instruction, Op};
use crate::snapshot::RECORDED;
use crate::{kernel_image, ByteOrder, ImageRange, LoadError, Memory};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A range with its contents and, if it is executable, its instructions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Block {
    pub(crate) range: ImageRange,
    words: Vec<u32>,
    pub(crate) code: Vec<Instruction>,
}

/// A program ready to run: immutable and cheap to clone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Program {
    byte_order: ByteOrder,
    entry: u32,
    pub(crate) blocks: Arc<[Block]>,
    symbols: Arc<[Symbol]>,
}

impl Program {
    /// Loads a guest program, an ELF file, together with the built-in kernel of its byte order; or a
    /// [snapshot](crate::snapshot), which has kernel and information page inside.
    pub fn load(program: &[u8]) -> Result<Program, LoadError> {
        if elf::is_snapshot(program) {
            return Program::load_snapshot(program);
        }
        let user = elf::parse(program, LOWEST_ADDRESS, USER_IMAGE_END)?;
        let kernel = kernel_image(user.byte_order);
        Program::join(user, kernel)
    }

    /// Loads a guest program together with another kernel image, both ELF files.
    pub fn load_with_kernel(program: &[u8], kernel: &[u8]) -> Result<Program, LoadError> {
        let user = elf::parse(program, LOWEST_ADDRESS, USER_IMAGE_END)?;
        Program::join(user, kernel)
    }

    fn load_snapshot(file: &[u8]) -> Result<Program, LoadError> {
        let image = elf::parse(file, LOWEST_ADDRESS, INFORMATION_PAGE + PAGE_BYTES)?;
        let kernel_file = elf::parse(kernel_image(image.byte_order), KERNEL_START, KERNEL_END)?;
        let kernel = Program::from_segments(image.byte_order, &kernel_file.segments);
        let program = Program::from_segments(image.byte_order, &image.segments);
        if !program.is_snapshot() {
            return Err(LoadError::ForeignSnapshot(
                "no information page of a snapshot",
            ));
        }
        let kernel_code = |program: &Program| -> Vec<(u32, Vec<u32>)> {
            let pages = program
                .pages()
                .filter(|page| page.2 && page.0 >= KERNEL_START);
            pages.map(|page| (page.0, page.1.to_vec())).collect()
        };
        if kernel_code(&program) != kernel_code(&kernel) {
            return Err(LoadError::ForeignSnapshot(
                "its kernel is not this version's",
            ));
        }
        let entry = program.image_word(INFORMATION_PAGE + 8).unwrap_or_default();
        Ok(Program {
            entry,
            symbols: kernel_file.symbols.into(),
            ..program
        })
    }

    fn join(user: ElfImage, kernel: &[u8]) -> Result<Program, LoadError> {
        let kernel = elf::parse(kernel, KERNEL_START, KERNEL_END)?;
        if user.byte_order != kernel.byte_order {
            return Err(LoadError::KernelByteOrder {
                program: user.byte_order,
                kernel: kernel.byte_order,
            });
        }
        let byte_order = user.byte_order;
        let mut information = information_words(&user);
        let entry = user.entry;
        let mut segments = user.segments;
        segments.extend(kernel.segments);
        segments.push(Segment {
            address: INFORMATION_PAGE,
            bytes: vec![0; PAGE_BYTES as usize],
            memory_bytes: PAGE_BYTES,
            executable: false,
        });
        let mut blocks = blocks(byte_order, &segments);
        information.extend(code_words(&blocks, entry)?);
        // The last page of all.
        if let Some(block) = blocks.last_mut() {
            let start = block.words.len() - PAGE_WORDS as usize;
            block.words[start..][..information.len()].copy_from_slice(&information);
        }
        let mut symbols = user.symbols;
        symbols.extend(kernel.symbols);
        Ok(Program {
            byte_order,
            entry,
            blocks: blocks.into(),
            symbols: symbols.into(),
        })
    }

    /// A program made of nothing but the given disjoint segments: no kernel, no information page. It starts at the
    /// reset vector like every other; for tests of machine and circuits.
    pub fn from_segments(byte_order: ByteOrder, segments: &[Segment]) -> Program {
        Program {
            byte_order,
            entry: RESET_VECTOR,
            blocks: blocks(byte_order, segments).into(),
            symbols: Arc::new([]),
        }
    }

    /// Byte order of the guest.
    pub fn byte_order(&self) -> ByteOrder {
        self.byte_order
    }

    /// Entry point of the guest's ELF file. The machine itself starts at [`RESET_VECTOR`].
    pub fn entry(&self) -> u32 {
        self.entry
    }

    /// Whether the image is a snapshot, which has its arguments and environment inside.
    pub fn is_snapshot(&self) -> bool {
        self.image_word(INFORMATION_PAGE) == Some(INFORMATION_MAGIC)
            && self.image_word(INFORMATION_PAGE + 4) == Some(INFORMATION_KIND_SNAPSHOT)
    }

    /// The argv and environment that a snapshot has inside, as NUL-terminated strings one after the other; `None` if
    /// the program is no snapshot or its record is damaged.
    pub fn recorded_arguments(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        if !self.is_snapshot() {
            return None;
        }
        let page: Vec<u8> = (INFORMATION_PAGE..INFORMATION_PAGE + PAGE_BYTES)
            .step_by(4)
            .filter_map(|address| self.image_word(address))
            .flat_map(|word| self.byte_order.bytes(word))
            .collect();
        let length = |word| {
            self.image_word(INFORMATION_PAGE + 4 * word)
                .map(|n| n as usize)
        };
        let argv = length(RECORDED)?;
        let environment = length(RECORDED + 1)?;
        let bytes = page.get(4 * (RECORDED as usize + 2)..)?;
        let (argv, rest) = bytes.split_at_checked(argv)?;
        Some((argv.to_vec(), rest.get(..environment)?.to_vec()))
    }

    /// The ranges of the image: in order of address, disjoint, whole pages.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = ImageRange> + '_ {
        self.blocks.iter().map(|block| block.range)
    }

    /// Contents of the range with this position in [`Program::ranges`].
    pub fn range_words(&self, range: usize) -> &[u32] {
        &self.blocks[range].words
    }

    /// Pages of the image in order of address: byte address, words, executable flag.
    pub fn pages(&self) -> impl Iterator<Item = (u32, &[u32], bool)> + '_ {
        self.blocks.iter().flat_map(|block| {
            let pages = block.words.chunks(PAGE_WORDS as usize);
            (block.range.first..)
                .step_by(PAGE_BYTES as usize)
                .zip(pages)
                .map(|(address, words)| (address, words, block.range.executable))
        })
    }

    /// The word of the image that contains a byte address; `None` outside the image.
    pub fn image_word(&self, address: u32) -> Option<u32> {
        let block = self.block(address)?;
        block
            .words
            .get(((address - block.range.first) / 4) as usize)
            .copied()
    }

    /// What executing at `address` means; `None` is a fetch fault: an unaligned address or one outside the executable
    /// pages. A `sync` is a no-op here if the word before it, in executable pages, is a branch or jump.
    pub fn instruction_at(&self, address: u32) -> Option<Instruction> {
        let block = self.block(address)?;
        if !address.is_multiple_of(4) {
            return None;
        }
        block
            .code
            .get(((address - block.range.first) / 4) as usize)
            .copied()
    }

    fn block(&self, address: u32) -> Option<&Block> {
        let after = self
            .blocks
            .partition_point(|block| block.range.first <= address);
        let block = &self.blocks[after.checked_sub(1)?];
        block.range.contains(address).then_some(block)
    }

    /// Memory before the first instruction, tapes not included.
    pub fn initial_memory(&self) -> Memory {
        let mut memory = Memory::new();
        for block in self.blocks.iter() {
            memory.write_words(block.range.first / 4, &block.words);
        }
        memory
    }

    /// Symbols of program and kernel in order of address.
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// Address of the symbol with this name; of several, a function before anything else.
    pub fn address_of(&self, name: &str) -> Option<u32> {
        let named = |symbol: &&Symbol| symbol.name == name;
        let function = self.symbols.iter().filter(named).find(|s| s.function);
        function
            .or_else(|| self.symbols.iter().find(named))
            .map(|symbol| symbol.address)
    }

    /// A symbol of the kernel.
    pub(crate) fn kernel_symbol(&self, name: &str) -> Option<&Symbol> {
        let start = self.symbols.partition_point(|s| s.address < KERNEL_START);
        self.symbols[start..].iter().find(|s| s.name == name)
    }

    /// The function that contains an address, and the distance from its start.
    pub fn function_at(&self, address: u32) -> Option<(&Symbol, u32)> {
        let after = self
            .symbols
            .partition_point(|symbol| symbol.address <= address);
        let function = self.symbols[..after].iter().rev().find(|s| s.function)?;
        let distance = address - function.address;
        (function.size == 0 || distance < function.size).then_some((function, distance))
    }
}

/// The words the kernel reads to start a program, but for those of [`code_words`], which follow.
fn information_words(user: &ElfImage) -> Vec<u32> {
    // Segments end at or below `USER_IMAGE_END`: rounding up cannot wrap.
    let ends = user.segments.iter().map(|s| s.address + s.memory_bytes);
    let end = ends.max().unwrap_or(LOWEST_ADDRESS);
    let lowest = user.segments.first().map_or(LOWEST_ADDRESS, |s| s.address);
    vec![
        INFORMATION_MAGIC,
        INFORMATION_KIND_ELF,
        user.entry,
        user.program_headers,
        user.program_header_size,
        user.program_header_count,
        end.next_multiple_of(PAGE_BYTES),
        lowest / PAGE_BYTES * PAGE_BYTES,
    ]
}

/// Where the kernel may look for the instruction that raised an exception: first address and length in bytes of each executable range
/// of the program, the one with the entry point first, and zeros up to the [`MAX_CODE_RANGES`] that there is room for.
fn code_words(blocks: &[Block], entry: u32) -> Result<Vec<u32>, LoadError> {
    let mut code: Vec<ImageRange> = blocks
        .iter()
        .map(|block| block.range)
        .filter(|range| range.executable && range.first < USER_END)
        .collect();
    if code.len() > MAX_CODE_RANGES {
        return Err(LoadError::ScatteredCode(code.len()));
    }
    code.sort_by_key(|range| !range.contains(entry));
    let mut words: Vec<u32> = code.iter().flat_map(|r| [r.first, 4 * r.words]).collect();
    words.resize(2 * MAX_CODE_RANGES, 0);
    Ok(words)
}

/// Cuts segments into pages and joins neighbours of the same kind. A page that two segments share is executable if one
/// of them is, as under Linux.
fn blocks(byte_order: ByteOrder, segments: &[Segment]) -> Vec<Block> {
    let mut pages: BTreeMap<u32, (bool, Vec<u8>)> = BTreeMap::new();
    for segment in segments {
        let mut address = segment.address;
        let mut bytes = segment.bytes.as_slice();
        while !bytes.is_empty() {
            let offset = (address % PAGE_BYTES) as usize;
            let length = bytes.len().min(PAGE_BYTES as usize - offset);
            let (executable, page) = pages
                .entry(address / PAGE_BYTES)
                .or_insert_with(|| (false, vec![0; PAGE_BYTES as usize]));
            *executable |= segment.executable;
            page[offset..offset + length].copy_from_slice(&bytes[..length]);
            bytes = &bytes[length..];
            address = address.wrapping_add(length as u32);
        }
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (number, (executable, page)) in pages {
        let first = number * PAGE_BYTES;
        let joins = |block: &Block| {
            block.range.executable == executable && block.range.last().wrapping_add(1) == first
        };
        if !blocks.last().is_some_and(joins) {
            blocks.push(Block {
                range: ImageRange {
                    first,
                    words: 0,
                    executable,
                },
                words: Vec::new(),
                code: Vec::new(),
            });
        }
        if let Some(block) = blocks.last_mut() {
            block.words.extend(byte_order.pack(&page));
            block.range.words += PAGE_WORDS;
        }
    }
    for block in blocks.iter_mut().filter(|block| block.range.executable) {
        block.code = instructions(&block.words);
    }
    blocks
}

/// Decodes a whole executable range. A `sync` behind a branch or jump would be preempted in a delay slot, from which nothing
/// can be resumed: it does nothing. The word before the first is not executable, or it would be in this range.
fn instructions(words: &[u32]) -> Vec<Instruction> {
    let mut delay_slot = false;
    words
        .iter()
        .map(|&word| {
            let instruction = decode(word);
            let silent = delay_slot && instruction.op == Op::Sync;
            delay_slot = instruction.op.is_branch_or_jump();
            if silent {
                Instruction::NOP
            } else {
                instruction
            }
        })
        .collect()
}
