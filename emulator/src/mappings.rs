//! What the kernel has mapped for the program, read from the kernel's own table: whether an access of user code would have been
//! allowed under Linux. The machine itself has no protection; this is for people.

use crate::constants::*;
use crate::rights::{Rights, USER_LOAD, USER_STORE};
use crate::{ImageRange, Memory, Program};
use std::ops::Range;

/// The main stack, of which the kernel's table has only what is there at the start.
const STACK: Range<u32> = 0x7f80_0000..USER_END;
/// Words of an entry of the table: first address, address after the last, protection.
const ENTRY: u32 = 3;
/// `PROT_READ`, `PROT_WRITE`, `PROT_EXEC`.
const PROT_READ: u32 = 1;
const PROT_WRITE: u32 = 2;
const PROT_EXEC: u32 = 4;
/// What the kernel gives the whole image at the start, whatever the ELF segments say.
const IMAGE: u32 = PROT_READ | PROT_WRITE | PROT_EXEC;
/// Words of the information page: program headers (address, size, number), lowest address.
const INFO_HEADERS: u32 = 3;
const INFO_LOWEST: u32 = 7;
const PT_LOAD: u32 = 1;
const PF_W: u32 = 2;
/// More program headers than any linker writes.
const MAX_HEADERS: u32 = 64;

/// An entry of the kernel's table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Mapping {
    start: u32,
    end: u32,
    protection: u32,
}

/// The kernel's table as it was when it was last looked at.
pub(crate) struct Mappings {
    /// Byte address of the table and how many entries it can have.
    table: u32,
    room: u32,
    known: Vec<Mapping>,
    /// Code, to which stores mean nothing whatever the protection.
    code: Vec<(u32, u32)>,
    /// Parts of the image that are not writable, code included, first and last byte.
    constant: Vec<(u32, u32)>,
    /// Whether the table may have changed.
    pub(crate) stale: bool,
}

impl Mappings {
    /// `None` if the program's kernel has no table of that name.
    pub(crate) fn of(program: &Program) -> Option<Self> {
        let table = program.kernel_symbol("mapped")?;
        let user_code = |r: &ImageRange| r.executable && r.first < USER_END;
        let code = program.ranges().filter(user_code);
        let code: Vec<(u32, u32)> = code.map(|range| (range.first, range.last())).collect();
        let mut constant = constant_parts(program);
        constant.extend(&code);
        Some(Mappings {
            table: table.address,
            room: (table.size / 4).saturating_sub(1) / ENTRY,
            known: Vec::new(),
            code,
            constant,
            stale: true,
        })
    }

    /// Nothing is mapped but the stack.
    pub(crate) fn clear(&mut self, rights: &mut Rights) {
        self.known.clear();
        self.stale = true;
        rights.set_user(LOWEST_ADDRESS..STACK.start, 0);
    }

    /// Makes the rights of user code those of the table. The table is guest memory, so it may hold anything.
    pub(crate) fn refresh(&mut self, memory: &Memory, rights: &mut Rights) {
        self.stale = false;
        let word = |index: u32| memory.read((self.table / 4).wrapping_add(index));
        let count = word(0).min(self.room);
        let mut now: Vec<Mapping> = (0..count)
            .map(|i| Mapping {
                start: word(1 + ENTRY * i) / PAGE_BYTES * PAGE_BYTES,
                end: word(2 + ENTRY * i).min(STACK.start) / PAGE_BYTES * PAGE_BYTES,
                protection: word(3 + ENTRY * i),
            })
            .filter(|mapping| mapping.start < mapping.end)
            .collect();
        now.sort();
        let missing = |from: &[Mapping], wanted: &Mapping| from.binary_search(wanted).is_err();
        // Ranges of one table are disjoint: what stays is not disturbed by what goes, and then comes what is new.
        for gone in self.known.iter().filter(|m| missing(&now, m)) {
            rights.set_user(gone.start..gone.end, 0);
        }
        for new in now.iter().filter(|m| missing(&self.known, m)) {
            rights.set_user(new.start..new.end, right(new.protection));
            let parts: &[_] = match new.protection {
                IMAGE => &self.constant,
                _ => &self.code,
            };
            for &(first, last) in parts {
                rights.remove(first.max(new.start), last.min(new.end - 1), USER_STORE);
            }
        }
        self.known = now;
    }

    /// Whether an address is mapped, with whatever protection.
    pub(crate) fn contains(&self, address: u32) -> bool {
        let inside = |m: &Mapping| m.start <= address && address < m.end;
        STACK.contains(&address) || self.known.iter().any(inside)
    }
}

fn right(protection: u32) -> u8 {
    match (protection & PROT_WRITE != 0, protection & IMAGE != 0) {
        (true, _) => USER_LOAD | USER_STORE,
        (false, true) => USER_LOAD,
        (false, false) => 0,
    }
}

/// First and last byte of the pages of the image that belong to no writable segment, by the program headers in memory.
fn constant_parts(program: &Program) -> Vec<(u32, u32)> {
    let info = |index: u32| program.image_word(INFORMATION_PAGE + 4 * index);
    let (Some(headers), Some(size), Some(count), Some(lowest)) = (
        info(INFO_HEADERS),
        info(INFO_HEADERS + 1),
        info(INFO_HEADERS + 2),
        info(INFO_LOWEST),
    ) else {
        return Vec::new();
    };
    // In words: type, offset, address, physical address, size in the file, size in memory, flags.
    let loads: Vec<(u32, u32, bool)> = (0..count.min(MAX_HEADERS))
        .filter_map(|i| {
            let at = headers.checked_add(size.checked_mul(i)?)?;
            let field = |index: u32| program.image_word(at.checked_add(4 * index)?);
            let load = field(0)? == PT_LOAD;
            load.then_some((field(2)?, field(5)?, field(6)? & PF_W != 0))
        })
        .collect();
    let Some(linked) = loads.iter().map(|load| load.0).min() else {
        return Vec::new();
    };
    // A position-independent program lies elsewhere than it was linked.
    let moved = lowest.wrapping_sub(linked / PAGE_BYTES * PAGE_BYTES);
    let page = |address: u32| address / PAGE_BYTES * PAGE_BYTES;
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for &(address, bytes, writable) in &loads {
        let first = page(address.wrapping_add(moved));
        let Some(end) = address.wrapping_add(moved).checked_add(bytes) else {
            continue;
        };
        if !writable && bytes != 0 {
            parts.push((first, page(end - 1) + (PAGE_BYTES - 1)));
        }
    }
    // Pages that a writable segment shares are writable.
    for &(address, bytes, writable) in &loads {
        let start = page(address.wrapping_add(moved));
        let Some(end) = address.wrapping_add(moved).checked_add(bytes) else {
            continue;
        };
        if writable && bytes != 0 {
            let last = page(end - 1) + (PAGE_BYTES - 1);
            for part in &mut parts {
                if part.0 <= last && part.1 >= start {
                    if start > part.0 {
                        part.1 = start - 1;
                    } else {
                        part.0 = last.saturating_add(1);
                    }
                }
            }
        }
    }
    parts
}
