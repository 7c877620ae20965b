//! The heap of programs without a standard library: blocks of powers of two, freed ones kept in a list for each size.
//!
//! Every touched word costs something in a proof, so memory is used again before new memory is asked for, and nothing is
//! cleared twice.

use crate::system::bare::brk;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::null_mut;

/// Smallest block: room for the link of a free one, and the largest alignment that is common.
const SMALLEST: usize = 8;
/// The program break moves by at least so many bytes: a system call costs more than untouched memory.
const STEP: usize = 1 << 20;

struct Heap(UnsafeCell<State>);

struct State {
    /// First free block of 2^i bytes; a free block starts with the address of the next.
    free: [*mut u8; 32],
    /// Memory that has not been used yet.
    fresh: usize,
    end: usize,
}

// SAFETY: a program without a standard library has one thread.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(State {
    free: [null_mut(); 32],
    fresh: 0,
    end: 0,
}));

/// Binary logarithm of the block for a layout. Blocks are aligned to their size.
fn class(layout: Layout) -> usize {
    let size = layout.size().max(layout.align()).max(SMALLEST);
    size.next_power_of_two().trailing_zeros() as usize
}

impl State {
    /// Memory that nobody has used, aligned to its size; zero as Linux gives it.
    fn fresh(&mut self, size: usize) -> *mut u8 {
        let Some(start) = self.fresh.checked_next_multiple_of(size) else {
            return null_mut();
        };
        let Some(end) = start.checked_add(size) else {
            return null_mut();
        };
        if end > self.end && !self.grow(size, end) {
            return null_mut();
        }
        let start = self.fresh.next_multiple_of(size);
        self.fresh = start + size;
        start as *mut u8
    }

    /// Moves the break so that a block of this size fits.
    fn grow(&mut self, size: usize, end: usize) -> bool {
        if self.end == 0 {
            // SAFETY: nothing moves.
            let Ok(start) = (unsafe { brk(0) }) else {
                return false;
            };
            (self.fresh, self.end) = (start, start);
        }
        let needed = self
            .fresh
            .checked_next_multiple_of(size)
            .and_then(|start| start.checked_add(size));
        let Some(wanted) = needed.map(|needed| needed.max(end).max(self.end.saturating_add(STEP)))
        else {
            return false;
        };
        // SAFETY: the break moves up: `wanted` is behind the old one.
        match unsafe { brk(wanted) } {
            Ok(end) if end >= wanted => {
                self.end = end;
                true
            }
            _ => false,
        }
    }

    fn take(&mut self, class: usize) -> Option<*mut u8> {
        let block = self.free[class];
        if block.is_null() {
            return None;
        }
        // SAFETY: a free block begins with the address of the next one, and is aligned for that.
        self.free[class] = unsafe { *block.cast::<*mut u8>() };
        Some(block)
    }
}

// SAFETY: blocks are as large and as aligned as asked for and belong to one owner until they are freed.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let class = class(layout);
        // SAFETY: one thread, and nothing below allocates.
        let state = unsafe { &mut *self.0.get() };
        match state.take(class) {
            Some(block) => block,
            None => state.fresh(1 << class),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let class = class(layout);
        // SAFETY: one thread, and nothing below allocates.
        let state = unsafe { &mut *self.0.get() };
        match state.take(class) {
            Some(block) => {
                // SAFETY: the block has at least as many bytes.
                unsafe { block.write_bytes(0, layout.size()) };
                block
            }
            None => state.fresh(1 << class),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let class = class(layout);
        // SAFETY: one thread; the block was given out with this layout, so it has room for the link and the alignment of one.
        unsafe {
            let state = &mut *self.0.get();
            *block.cast::<*mut u8>() = state.free[class];
            state.free[class] = block;
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size is one that a layout can have.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if class(new) == class(layout) {
            return block;
        }
        // SAFETY: both blocks have at least the smaller size, and they are different ones.
        unsafe {
            let to = self.alloc(new);
            if !to.is_null() {
                to.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
            to
        }
    }
}
