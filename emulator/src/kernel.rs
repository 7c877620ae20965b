//! The kernel images that are part of every program: one per byte order, built from `kernel/` and checked in there.

use crate::ByteOrder;

/// The ELF file of the kernel for a byte order.
pub fn kernel_image(byte_order: ByteOrder) -> &'static [u8] {
    match byte_order {
        ByteOrder::Big => include_bytes!("../../kernel/image/kernel-mips.elf"),
        ByteOrder::Little => include_bytes!("../../kernel/image/kernel-mipsle.elf"),
    }
}
