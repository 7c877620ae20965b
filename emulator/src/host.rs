//! Host calls: what the kernel tells the outside world. They do nothing in the machine, so nothing here can change a run.

use crate::constants::OUTPUT_TAPE_BYTES;
use crate::kernel::call_arguments;
use crate::{ByteOrder, Memory};

/// A message of the kernel, sent by `pref 31, CODE($zero)` with its operands in `$a0` to `$a3`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HostCall {
    /// 1: bytes written to standard error.
    Stderr(Vec<u8>),
    /// 2: bytes written to standard output, for showing at once; the output itself is on the output tape.
    Stdout(Vec<u8>),
    /// 3: a system call that the kernel does not know, by number.
    UnknownCall(u32),
    /// 4: a system call begins.
    CallEntry {
        /// Number of the call.
        number: u32,
        /// Thread that makes it.
        thread: u32,
        /// `$a0` to `$a3` as the program passed them.
        arguments: [u32; 4],
    },
    /// 5: a system call ends.
    CallExit {
        /// Number of the call.
        number: u32,
        /// `$v0`: result or error number.
        result: u32,
        /// `$a3`: 1 if `result` is an error number.
        failed: u32,
    },
    /// 6: another thread continues.
    ThreadSwitch {
        /// Thread that ran.
        from: u32,
        /// Thread that runs now.
        to: u32,
    },
    /// 7: a marker that the guest set, for profiles.
    Marker(Vec<u8>),
    /// 8: all threads wait for each other.
    Deadlock,
    /// 9: a signal ends the program.
    FatalSignal {
        /// Signal number.
        signal: u32,
        /// Address of the instruction.
        pc: u32,
        /// Address it accessed, where that applies.
        address: u32,
        /// Thread that got it.
        thread: u32,
    },
    /// A code this version does not know.
    Other {
        /// The code.
        code: u32,
        /// `$a0` to `$a3`.
        operands: [u32; 4],
    },
}

impl HostCall {
    /// Makes the message from the registers. Lengths are cut to the size of the output tape: whatever the guest does, the
    /// host stays within its memory.
    pub(crate) fn new(order: ByteOrder, memory: &Memory, code: u32, regs: &[u32; 32]) -> Self {
        let operands = [regs[4], regs[5], regs[6], regs[7]];
        let [a0, a1, a2, a3] = operands;
        let bytes = || memory.read_bytes(order, a0, a1.min(OUTPUT_TAPE_BYTES) as usize);
        match code {
            1 => HostCall::Stderr(bytes()),
            2 => HostCall::Stdout(bytes()),
            3 => HostCall::UnknownCall(a0),
            4 => HostCall::CallEntry {
                number: a0,
                thread: a1,
                arguments: call_arguments(memory, regs),
            },
            5 => HostCall::CallExit {
                number: a0,
                result: a1,
                failed: a2,
            },
            6 => HostCall::ThreadSwitch { from: a0, to: a1 },
            7 => HostCall::Marker(bytes()),
            8 => HostCall::Deadlock,
            9 => HostCall::FatalSignal {
                signal: a0,
                pc: a1,
                address: a2,
                thread: a3,
            },
            _ => HostCall::Other { code, operands },
        }
    }
}

/// Somebody who listens to host calls.
pub trait Observer {
    /// Called for each host call with the number of instructions executed before it.
    fn host_call(&mut self, instructions: u64, call: &HostCall);
}

/// Listens to nothing.
impl Observer for () {
    fn host_call(&mut self, _instructions: u64, _call: &HostCall) {}
}
