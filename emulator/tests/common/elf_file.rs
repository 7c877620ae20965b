//! Writes small ELF files, good and bad ones.

use zkmips_emulator::ByteOrder;

pub const PT_LOAD: u32 = 1;
pub const PT_DYNAMIC: u32 = 2;
pub const PT_INTERP: u32 = 3;
pub const PT_ABIFLAGS: u32 = 0x7000_0003;

/// A program header and its contents.
#[derive(Clone)]
pub struct Part {
    pub kind: u32,
    pub address: u32,
    pub bytes: Vec<u8>,
    pub memory_bytes: u32,
    /// 1 execute, 2 write, 4 read
    pub flags: u32,
}

impl Part {
    pub fn text(address: u32, bytes: Vec<u8>) -> Part {
        let memory_bytes = bytes.len() as u32;
        Part {
            kind: PT_LOAD,
            address,
            bytes,
            memory_bytes,
            flags: 5,
        }
    }

    pub fn data(address: u32, bytes: Vec<u8>, memory_bytes: u32) -> Part {
        Part {
            kind: PT_LOAD,
            address,
            bytes,
            memory_bytes,
            flags: 6,
        }
    }

    pub fn other(kind: u32, bytes: Vec<u8>) -> Part {
        Part {
            kind,
            ..Part::text(0, bytes)
        }
    }
}

/// An ELF file with the fields that the tests vary.
#[derive(Clone)]
pub struct ElfFile {
    pub order: ByteOrder,
    pub class: u8,
    pub kind: u16,
    pub machine: u16,
    pub flags: u32,
    pub entry: u32,
    pub parts: Vec<Part>,
}

impl ElfFile {
    /// An executable for MIPS32 release 2, o32.
    pub fn new(order: ByteOrder, entry: u32, parts: Vec<Part>) -> ElfFile {
        ElfFile {
            order,
            class: 1,
            kind: 2,
            machine: 8,
            flags: 0x7000_1000,
            entry,
            parts,
        }
    }

    fn half(&self, value: u16) -> [u8; 2] {
        match self.order {
            ByteOrder::Big => value.to_be_bytes(),
            ByteOrder::Little => value.to_le_bytes(),
        }
    }

    pub fn build(&self) -> Vec<u8> {
        let mut file = vec![0x7f, b'E', b'L', b'F', self.class];
        file.push(match self.order {
            ByteOrder::Big => 2,
            ByteOrder::Little => 1,
        });
        file.push(1);
        file.resize(16, 0);
        file.extend(self.half(self.kind));
        file.extend(self.half(self.machine));
        for word in [1, self.entry, 52, 0, self.flags] {
            file.extend(self.order.bytes(word));
        }
        for half in [52, 32, self.parts.len() as u16, 40, 0, 0] {
            file.extend(self.half(half));
        }
        // Offsets are congruent to addresses modulo the page size, as Linux demands.
        let mut end = 52 + 32 * self.parts.len() as u32;
        let mut offsets = Vec::new();
        for part in &self.parts {
            let offset = end.next_multiple_of(4096) + part.address % 4096;
            offsets.push(offset);
            end = offset + part.bytes.len() as u32;
            let size = part.bytes.len() as u32;
            #[rustfmt::skip]
            let header = [part.kind, offset, part.address, part.address, size, part.memory_bytes, part.flags, 4096];
            for word in header {
                file.extend(self.order.bytes(word));
            }
        }
        for (part, offset) in self.parts.iter().zip(offsets) {
            file.resize(offset as usize, 0);
            file.extend(&part.bytes);
        }
        file
    }
}

/// A `.MIPS.abiflags` record with the given revision and floating-point ABI.
pub fn abi_flags(revision: u8, float: u8) -> Vec<u8> {
    let mut bytes = vec![0, 0, 32, revision, 1, 0, 0, float];
    bytes.resize(24, 0);
    bytes
}
