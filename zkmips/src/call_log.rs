//! The last system calls of a run, for people who want to know how it came to its end.

use crate::syscalls;
use std::collections::VecDeque;
use zkmips_emulator::HostCall;

/// Calls remembered.
const REMEMBERED: usize = 12;

/// A system call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// Its number.
    pub number: u32,
    /// The thread that made it.
    pub thread: u32,
    /// `$a0` to `$a3`.
    pub arguments: [u32; 4],
    /// `$v0`, and whether it is an error number; `None` if the call has not come back.
    pub result: Option<(u32, bool)>,
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |value: u32| match value as i32 {
            small @ -4096..=0xffff => small.to_string(),
            _ => format!("{value:#x}"),
        };
        let count = syscalls::arguments(self.number);
        let arguments: Vec<String> = self.arguments[..count.min(4)]
            .iter()
            .map(|&argument| shown(argument))
            .collect();
        let more = if count > 4 { ", ..." } else { "" };
        let name = syscalls::name(self.number);
        write!(f, "{name}({}{more})", arguments.join(", "))?;
        match self.result {
            None => Ok(()),
            Some((error, true)) => write!(f, " = {}", syscalls::error(error)),
            Some((value, false)) => write!(f, " = {}", shown(value)),
        }
    }
}

/// The last calls, the latest at the end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CallLog {
    calls: VecDeque<Call>,
    thread: u32,
}

impl CallLog {
    /// Takes note of what the kernel says.
    pub fn hear(&mut self, call: &HostCall) {
        match *call {
            HostCall::CallEntry {
                number,
                thread,
                arguments,
            } => {
                self.thread = thread;
                if self.calls.len() == REMEMBERED {
                    self.calls.pop_front();
                }
                self.calls.push_back(Call {
                    number,
                    thread,
                    arguments,
                    result: None,
                });
            }
            HostCall::ThreadSwitch { to, .. } => self.thread = to,
            HostCall::CallExit {
                number,
                result,
                failed,
            } => {
                let mine = |c: &&mut Call| {
                    c.thread == self.thread && c.number == number && c.result.is_none()
                };
                if let Some(call) = self.calls.iter_mut().rev().find(mine) {
                    call.result = Some((result, failed != 0));
                }
            }
            _ => {}
        }
    }

    /// The calls remembered, the latest at the end.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u32, thread: u32, arguments: [u32; 4]) -> HostCall {
        HostCall::CallEntry {
            number,
            thread,
            arguments,
        }
    }

    fn exit(number: u32, result: u32, failed: u32) -> HostCall {
        HostCall::CallExit {
            number,
            result,
            failed,
        }
    }

    #[test]
    fn results_go_to_the_thread_that_asked() {
        let mut log = CallLog::default();
        let far = 0x7b00_0000;
        for call in [
            entry(4090, 1000, [0, 4096, 3, 0x802]),
            exit(4090, far, 0),
            entry(4238, 1000, [far, 128, 0, 0]),
            HostCall::ThreadSwitch {
                from: 1000,
                to: 1001,
            },
            entry(4003, 1001, [7, far, 10, 0]),
            exit(4003, 9, 1),
            entry(4246, 1001, [2, 0, 0, 0]),
        ] {
            log.hear(&call);
        }
        let text: Vec<String> = log.calls().map(Call::to_string).collect();
        assert_eq!(
            text,
            [
                "mmap(0, 4096, 3, 2050, ...) = 0x7b000000",
                "futex(0x7b000000, 128, 0, 0, ...)",
                "read(7, 0x7b000000, 10) = EBADF",
                "exit_group(2)"
            ]
        );
        for _ in 0..100 {
            log.hear(&entry(4020, 1, [0; 4]));
        }
        assert_eq!(log.calls().count(), REMEMBERED);
    }
}
