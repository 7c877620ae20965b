//! Which pages user code and kernel may load from and store to without anybody having to look.
//!
//! Nothing here is a rule of the machine, in which only the first 64 KiB are out of bounds. A right that is missing sends an access the
//! long way, where the machine faults, asks for standard input, or notices that user code does what it would be killed for under Linux.

use crate::constants::*;
use std::ops::Range;

/// User code may load.
pub(crate) const USER_LOAD: u8 = 1;
/// User code may store.
pub(crate) const USER_STORE: u8 = 2;
/// The kernel may load.
pub(crate) const KERNEL_LOAD: u8 = 4;
/// The kernel may store.
pub(crate) const KERNEL_STORE: u8 = 8;

const USER: u8 = USER_LOAD | USER_STORE;
const KERNEL: u8 = KERNEL_LOAD | KERNEL_STORE;
/// log2 of the bytes of a page.
const PAGE_BITS: u32 = PAGE_BYTES.ilog2();
const PAGES: usize = 1 << (32 - PAGE_BITS);

/// Rights of every page of the address space.
pub(crate) struct Rights {
    pages: Box<[u8; PAGES]>,
}

/// Pages from one byte address to another, both page-aligned.
fn pages(start: u32, end: u32) -> Range<usize> {
    (start >> PAGE_BITS) as usize..(end >> PAGE_BITS) as usize
}

impl Rights {
    /// User code may do everything with user memory but store into the `code` ranges (first and last byte); the kernel may do everything
    /// that does not fault, with the same exception. The private tape is out of bounds as long as it is `unread`.
    pub(crate) fn new(code: &[(u32, u32)], unread: bool) -> Self {
        // A box made from a vector: an array would go over the stack.
        let all: Box<[u8]> = vec![KERNEL; PAGES].into();
        let mut rights = Rights {
            pages: all.try_into().unwrap_or_else(|_| Box::new([0; PAGES])),
        };
        rights.pages[pages(LOWEST_ADDRESS, USER_END)].fill(USER | KERNEL);
        rights.pages[pages(0, LOWEST_ADDRESS)].fill(0);
        for &(first, last) in code {
            rights.remove(first, last, USER_STORE | KERNEL_STORE);
        }
        if unread {
            rights.pages[(PRIVATE_TAPE >> PAGE_BITS) as usize..].fill(0);
        }
        rights
    }

    /// Whether one of these rights is there.
    #[inline(always)]
    pub(crate) fn has(&self, address: u32, right: u8) -> bool {
        self.pages[(address >> PAGE_BITS) as usize] & right != 0
    }

    /// The private tape has its contents now.
    pub(crate) fn supply_private_tape(&mut self) {
        self.pages[(PRIVATE_TAPE >> PAGE_BITS) as usize..].fill(KERNEL);
    }

    /// Sets what user code may do in a page-aligned range of user memory.
    pub(crate) fn set_user(&mut self, range: Range<u32>, right: u8) {
        let (start, end) = (range.start.max(LOWEST_ADDRESS), range.end.min(USER_END));
        if start < end {
            for page in &mut self.pages[pages(start, end)] {
                *page = *page & KERNEL | right & USER;
            }
        }
    }

    /// Removes rights from the pages that contain the bytes `first` to `last`.
    pub(crate) fn remove(&mut self, first: u32, last: u32, right: u8) {
        if first <= last {
            for page in
                &mut self.pages[(first >> PAGE_BITS) as usize..=(last >> PAGE_BITS) as usize]
            {
                *page &= !right;
            }
        }
    }
}
