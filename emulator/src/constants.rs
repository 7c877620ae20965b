//! The addresses and sizes that make up the machine, each one a constant of the statement that is proved.
//!
//! All addresses are byte addresses unless a name says `WORD`.

/// Version of the machine's rules. It is part of every program id; any change of meaning of an
/// instruction, an address or a tape must change it.
pub const MACHINE_VERSION: u32 = 1;

/// Bytes in a page of the image; image ranges are made of whole pages.
pub const PAGE_BYTES: u32 = 4096;
/// Words in a page of the image.
pub const PAGE_WORDS: u32 = PAGE_BYTES / 4;
/// Number of words of the address space, 2^30.
pub const MEMORY_WORDS: u32 = 1 << 30;

/// Every access below this address raises an exception, so that a nil dereference is seen.
pub const LOWEST_ADDRESS: u32 = 0x0001_0000;
/// Where a position-independent executable (`ET_DYN` without interpreter) is placed.
pub const PIE_BASE: u32 = 0x0040_0000;
/// User images end below this address: above it are anonymous mappings (growing down) and the main stack.
pub const USER_IMAGE_END: u32 = 0x7c00_0000;
/// First address that does not belong to the user.
pub const USER_END: u32 = 0x8000_0000;

/// Initial `pc` of every machine.
pub const RESET_VECTOR: u32 = 0x8000_0000;
/// Where every exception continues.
pub const EXCEPTION_VECTOR: u32 = 0x8000_0080;
/// Return address of signal handlers.
pub const SIGNAL_TRAMPOLINE: u32 = 0x8000_0100;
/// The machine has halted when `pc` and `next_pc` are both this address, which holds `j HALT`.
pub const HALT: u32 = 0x8000_0180;

/// First address of the kernel's text, data and stack.
pub const KERNEL_START: u32 = 0x8000_0000;
/// First address after the kernel's memory.
pub const KERNEL_END: u32 = 0x8040_0000;

/// The page by which the loader tells the kernel about the image.
pub const INFORMATION_PAGE: u32 = 0x8040_0000;
/// First word of the information page.
pub const INFORMATION_MAGIC: u32 = 0x7a6b_6d31;
/// Kind of image in the information page: start at an ELF entry point.
pub const INFORMATION_KIND_ELF: u32 = 0;
/// Kind of image in the information page: continue from a snapshot.
pub const INFORMATION_KIND_SNAPSHOT: u32 = 1;

/// Most separate executable ranges of a program.
pub const MAX_CODE_RANGES: usize = 8;

/// Public tape: argv, environment and public input.
pub const PUBLIC_TAPE: u32 = 0x9000_0000;
/// Size of the public tape's region.
pub const PUBLIC_TAPE_BYTES: u32 = 64 << 20;
/// Output tape: exit status, length and bytes of standard output.
pub const OUTPUT_TAPE: u32 = 0xa000_0000;
/// Size of the output tape's region.
pub const OUTPUT_TAPE_BYTES: u32 = 64 << 20;
/// Private tape: length and bytes of standard input.
pub const PRIVATE_TAPE: u32 = 0xc000_0000;
/// Size of the private tape's region: everything up to the end of the address space.
pub const PRIVATE_TAPE_BYTES: u32 = 1 << 30;

/// The `hint` field by which a `pref` in kernel text is a host call.
pub const HOST_CALL_HINT: u8 = 31;
