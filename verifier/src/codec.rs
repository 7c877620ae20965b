//! Reading bytes from anywhere: every length is compared with a limit and with what is left before anything is allocated.

/// Why a piece could not be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodecError {
    /// The bytes end inside the piece.
    #[error("it ends in the middle of {0}")]
    Truncated(&'static str),
    /// A length beyond its limit.
    #[error("{what} has length {length}, and the limit is {limit}")]
    TooLong {
        /// Which piece.
        what: &'static str,
        /// Its length.
        length: u64,
        /// Most it may be.
        limit: u64,
    },
    /// A string that is not one.
    #[error("{0} is not a UTF-8 string without NUL")]
    NotText(&'static str),
    /// A value without a meaning.
    #[error("{what} has the value {value}, which means nothing")]
    Value {
        /// Which piece.
        what: &'static str,
        /// Its value.
        value: u64,
    },
    /// Bytes after the end.
    #[error("{0} bytes follow its end")]
    Trailing(usize),
}

/// What is left to read.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader(bytes)
    }

    pub fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(CodecError::Truncated(what))?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], CodecError> {
        let (taken, rest) = self
            .0
            .split_first_chunk()
            .ok_or(CodecError::Truncated(what))?;
        self.0 = rest;
        Ok(*taken)
    }

    pub fn byte(&mut self, what: &'static str) -> Result<u8, CodecError> {
        Ok(self.array::<1>(what)?[0])
    }

    pub fn u32(&mut self, what: &'static str) -> Result<u32, CodecError> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    pub fn u64(&mut self, what: &'static str) -> Result<u64, CodecError> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    fn length(&mut self, limit: u32, what: &'static str) -> Result<usize, CodecError> {
        let length = self.u32(what)?;
        if length > limit {
            return Err(CodecError::TooLong {
                what,
                length: length.into(),
                limit: limit.into(),
            });
        }
        Ok(length as usize)
    }

    /// A length of four bytes and as many bytes.
    pub fn bytes(&mut self, limit: u32, what: &'static str) -> Result<&'a [u8], CodecError> {
        let length = self.length(limit, what)?;
        self.take(length, what)
    }

    /// Bytes that are a string without NUL.
    pub fn text(&mut self, limit: u32, what: &'static str) -> Result<&'a str, CodecError> {
        let text = std::str::from_utf8(self.bytes(limit, what)?).ok();
        text.filter(|text| !text.contains('\0'))
            .ok_or(CodecError::NotText(what))
    }

    /// A number of strings and the strings.
    pub fn texts(&mut self, limit: u32, what: &'static str) -> Result<Vec<String>, CodecError> {
        let count = self.length(limit, what)?;
        // Each string takes four bytes or more: a count that cannot be true allocates nothing.
        if count > self.0.len() / 4 {
            return Err(CodecError::Truncated(what));
        }
        (0..count)
            .map(|_| self.text(limit, what).map(str::to_owned))
            .collect()
    }

    pub fn end(self) -> Result<(), CodecError> {
        match self.0.len() {
            0 => Ok(()),
            more => Err(CodecError::Trailing(more)),
        }
    }
}

/// Appends a length of four bytes and the bytes. Everything that is written has been checked to be far below 2^32.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend(bytes);
}

/// Appends a number of strings and the strings.
pub fn put_texts(out: &mut Vec<u8>, texts: &[String]) {
    out.extend((texts.len() as u32).to_le_bytes());
    for text in texts {
        put_bytes(out, text.as_bytes());
    }
}
