//! System calls of Linux/MIPS o32.

use core::arch::asm;

const UNAME: u32 = 4122;
const PRCTL: u32 = 4192;
/// An option of prctl that only the machine's kernel knows; Linux answers EINVAL.
const MARKER: u32 = 0x7a6b_0001;

/// A system call with three arguments: its result, or the error number.
///
/// # Safety
/// What the call does to memory must be what its arguments allow.
unsafe fn call(number: u32, arguments: [u32; 3]) -> Result<u32, i32> {
    let [a, b, c] = arguments;
    let (result, failed): (u32, u32);
    // SAFETY: the clobbers are those of the kernel's interface; memory is the caller's promise.
    unsafe {
        asm!(
            "syscall",
            inlateout("$2") number => result,
            in("$4") a,
            in("$5") b,
            in("$6") c,
            lateout("$7") failed,
            lateout("$3") _, lateout("$8") _, lateout("$9") _, lateout("$10") _, lateout("$11") _, lateout("$12") _,
            lateout("$13") _, lateout("$14") _, lateout("$15") _, lateout("$24") _, lateout("$25") _,
            options(nostack)
        );
    }
    if failed == 0 {
        Ok(result)
    } else {
        Err(result as i32)
    }
}

pub fn marker(name: &str) {
    // SAFETY: the call reads the text and nothing else.
    let _ = unsafe { call(PRCTL, [MARKER, name.as_ptr() as u32, name.len() as u32]) };
}

pub fn inside() -> bool {
    /// Length of a field of `struct utsname`; the second is the name of the computer.
    const FIELD: usize = 65;
    let mut names = [0u8; 6 * FIELD];
    // SAFETY: the call writes a `struct utsname`, which `names` has room for.
    let known = unsafe { call(UNAME, [names.as_mut_ptr() as u32, 0, 0]) };
    known.is_ok() && names[FIELD..].starts_with(b"zkmips\0")
}

/// Calls that a standard library would make.
#[cfg(not(feature = "std"))]
pub mod bare {
    use super::call;

    const READ: u32 = 4003;
    const WRITE: u32 = 4004;
    const BRK: u32 = 4045;
    const EXIT_GROUP: u32 = 4246;

    /// Reads at most as many bytes as the buffer has; their number, 0 at the end.
    pub fn read(descriptor: u32, buffer: &mut [u8]) -> Result<usize, i32> {
        // SAFETY: the call writes to the buffer and not beyond it.
        let length = unsafe {
            call(
                READ,
                [descriptor, buffer.as_mut_ptr() as u32, buffer.len() as u32],
            )
        };
        length.map(|length| length as usize)
    }

    /// Writes some of the bytes; their number.
    pub fn write(descriptor: u32, bytes: &[u8]) -> Result<usize, i32> {
        // SAFETY: the call reads the bytes and nothing else.
        let written = unsafe {
            call(
                WRITE,
                [descriptor, bytes.as_ptr() as u32, bytes.len() as u32],
            )
        };
        written.map(|length| length as usize)
    }

    /// Moves the end of the program's data up to an address, unless that is 0; where it is now.
    ///
    /// # Safety
    /// Nothing that is in use lies behind the address.
    pub unsafe fn brk(address: usize) -> Result<usize, i32> {
        // SAFETY: what the call takes away is nobody's, says the caller.
        let end = unsafe { call(BRK, [address as u32, 0, 0]) };
        end.map(|end| end as usize)
    }

    /// Ends the program.
    pub fn exit(status: i32) -> ! {
        // SAFETY: nothing runs after the call.
        let _ = unsafe { call(EXIT_GROUP, [status as u32, 0, 0]) };
        unreachable!()
    }
}
