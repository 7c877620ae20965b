//! The two byte orders of MIPS. Memory is made of 32-bit words in the guest's order; only accesses
//! narrower than a word, and bytes coming from files, need to know it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Byte order of a program, taken from its ELF header and part of its program id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub enum ByteOrder {
    /// `mips`: the byte at the lowest address is the most significant one.
    Big,
    /// `mipsle`: the byte at the lowest address is the least significant one.
    Little,
}

impl ByteOrder {
    /// Both orders, for tests and tables.
    pub const ALL: [ByteOrder; 2] = [ByteOrder::Big, ByteOrder::Little];

    /// The word whose bytes, in address order, are `bytes`.
    pub fn word(self, bytes: [u8; 4]) -> u32 {
        match self {
            ByteOrder::Big => u32::from_be_bytes(bytes),
            ByteOrder::Little => u32::from_le_bytes(bytes),
        }
    }

    /// The bytes of `word` in address order.
    pub fn bytes(self, word: u32) -> [u8; 4] {
        match self {
            ByteOrder::Big => word.to_be_bytes(),
            ByteOrder::Little => word.to_le_bytes(),
        }
    }

    /// What to exclusive-or with the low two bits of an address to get the byte's lane.
    #[inline(always)]
    pub fn lane_flip(self) -> u32 {
        match self {
            ByteOrder::Big => 3,
            ByteOrder::Little => 0,
        }
    }

    /// Lane of a byte address within its word: 0 is the least significant byte.
    #[inline(always)]
    pub fn lane(self, address: u32) -> u32 {
        (address & 3) ^ self.lane_flip()
    }

    /// Packs a byte stream into words so that a guest's `lb` at base + i reads byte i; the last word is zero-padded.
    pub fn pack(self, bytes: &[u8]) -> Vec<u32> {
        bytes
            .chunks(4)
            .map(|chunk| {
                let mut word = [0; 4];
                word[..chunk.len()].copy_from_slice(chunk);
                self.word(word)
            })
            .collect()
    }

    /// The name `GOARCH` uses.
    pub fn goarch(self) -> &'static str {
        match self {
            ByteOrder::Big => "mips",
            ByteOrder::Little => "mipsle",
        }
    }
}

impl fmt::Display for ByteOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ByteOrder::Big => "big-endian",
            ByteOrder::Little => "little-endian",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_pads_with_zero_bytes() {
        let bytes = [0x11, 0x22, 0x33, 0x44, 0x55];
        assert_eq!(ByteOrder::Big.pack(&bytes), [0x1122_3344, 0x5500_0000]);
        assert_eq!(ByteOrder::Little.pack(&bytes), [0x4433_2211, 0x0000_0055]);
    }

    #[test]
    fn lanes_name_the_byte_a_load_reads() {
        for order in ByteOrder::ALL {
            let word = order.word([0xa0, 0xa1, 0xa2, 0xa3]);
            for address in 0..4 {
                assert_eq!(word >> (8 * order.lane(address)) & 0xff, 0xa0 + address);
            }
            assert_eq!(order.bytes(word), [0xa0, 0xa1, 0xa2, 0xa3]);
        }
    }
}
