//! The name of a program for those who hold no copy of it.

use crate::hex;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Hash of a program's header: machine version, byte order, ranges and contents of the image, how its code decodes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProgramId(pub [u8; 32]);

/// Text that is not a program id.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a program id is 64 hexadecimal digits, as `zkmips id PROGRAM` prints them")]
pub struct ProgramIdError;

impl FromStr for ProgramId {
    type Err = ProgramIdError;

    fn from_str(text: &str) -> Result<Self, ProgramIdError> {
        let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text));
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(ProgramId).ok_or(ProgramIdError)
    }
}

impl TryFrom<String> for ProgramId {
    type Error = ProgramIdError;

    fn try_from(text: String) -> Result<Self, ProgramIdError> {
        text.parse()
    }
}

impl From<ProgramId> for String {
    fn from(id: ProgramId) -> String {
        id.to_string()
    }
}

impl fmt::Display for ProgramId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for ProgramId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let id = ProgramId(std::array::from_fn(|i| 8 * i as u8));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(format!("0x{id}").parse(), Ok(id));
        for bad in ["", "00", &id.to_string()[1..], &format!("{id}0")] {
            assert_eq!(bad.parse::<ProgramId>(), Err(ProgramIdError));
        }
    }
}
