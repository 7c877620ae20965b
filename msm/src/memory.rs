//! Memory for long vectors.
//!
//! The points of a bucket lie anywhere in a key of many megabytes. With pages of 4 KiB most reads of a point miss the processor's cache of page addresses, too;
//! with pages of 2 MiB none does. And memory that a sum needs for itself costs one fault instead of 512.

/// An empty vector with room for `len` entries, in large pages where the system has them.
pub fn with_room<T>(len: usize) -> Vec<T> {
    let vector = Vec::with_capacity(len);
    prefer_large_pages(&vector);
    vector
}

/// So many copies of a value, in the same way.
pub fn filled<T: Clone>(value: T, len: usize) -> Vec<T> {
    let mut vector = with_room(len);
    vector.resize(len, value);
    vector
}

#[cfg(target_os = "linux")]
fn prefer_large_pages<T>(vector: &Vec<T>) {
    const PAGE: usize = 4096;
    let memory = vector.as_ptr_range();
    let start = (memory.start as usize).next_multiple_of(PAGE);
    let end = (memory.start as usize + vector.capacity() * size_of::<T>()) & !(PAGE - 1);
    if start < end {
        // SAFETY: the pages from `start` to `end` lie within the vector's own allocation, and the advice changes neither what they hold
        // nor whether they may be used. An error, as on systems without such pages, leaves everything as it was.
        unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn prefer_large_pages<T>(_: &Vec<T>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room() {
        for len in [0, 1, 511, 512, 513, 1 << 20] {
            let mut vector = with_room(len);
            assert!(vector.is_empty() && vector.capacity() >= len);
            let first = vector.as_ptr();
            vector.extend(0..len as u64);
            assert_eq!(vector.as_ptr(), first);
            assert!(vector.iter().copied().eq(0..len as u64));
        }
    }
}
