//! The two inputs as streams of bytes.

use crate::world;
use alloc::vec::Vec;
use core::fmt;

/// Why a value could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// The input ended before the value did.
    Ended,
    /// The system refused, with this error number.
    System(i32),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Ended => formatter.write_str("the input ends too early"),
            Error::System(number) => write!(formatter, "the input cannot be read: error {number}"),
        }
    }
}

impl core::error::Error for Error {}

/// An input. There is one of each kind however often it is asked for: what has been read is gone.
#[derive(Debug)]
pub struct Input {
    public: bool,
}

/// The private input, which is standard input.
pub fn private_input() -> Input {
    Input { public: false }
}

/// The public input, which is empty outside the machine: there, descriptor 3 may be anything.
pub fn public_input() -> Input {
    Input { public: true }
}

impl Input {
    /// Reads up to as many bytes as the buffer takes; 0 at the end of the input.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if self.public {
            world::read_public(buffer)
        } else {
            world::read_private(buffer)
        }
    }

    /// Fills the buffer.
    ///
    /// # Errors
    /// If the input ends before, or the system refuses.
    pub fn read_exact(&mut self, mut buffer: &mut [u8]) -> Result<(), Error> {
        while !buffer.is_empty() {
            match self.read(buffer)? {
                0 => return Err(Error::Ended),
                length => buffer = &mut buffer[length..],
            }
        }
        Ok(())
    }

    /// Appends everything up to the end of the input.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        loop {
            let start = bytes.len();
            if bytes.capacity() - start < 64 {
                bytes.reserve(512);
            }
            bytes.resize(bytes.capacity(), 0);
            let length = self.read(&mut bytes[start..]);
            bytes.truncate(start + *length.as_ref().unwrap_or(&0));
            if length? == 0 {
                return Ok(());
            }
        }
    }
}

#[cfg(feature = "std")]
impl std::io::Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        Input::read(self, buffer).map_err(|error| match error {
            Error::System(number) => std::io::Error::from_raw_os_error(number),
            Error::Ended => std::io::ErrorKind::UnexpectedEof.into(),
        })
    }
}
