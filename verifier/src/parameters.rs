//! What verifiers know of the circuits.

use crate::hex;
use zkmips_circuits::capacities::Shape;
use zkmips_folding::compact::NotAShape;
use zkmips_folding::keys::{Key, KeyError};
use zkmips_folding::verifier_params::{self as folding, Description};

/// A line for each shape: its name, a space, the digest of its parameters. A test makes the parameters and compares.
const DIGESTS: &str = include_str!("../parameters.txt");

/// What a verifier needs for one shape of segments. The digest that binds it all is the one that this crate was built with.
#[derive(Clone, Debug)]
pub struct VerifierParams {
    shape: Shape,
    params: folding::VerifierParams,
}

/// Why there are no parameters.
#[derive(Debug, thiserror::Error)]
pub enum ParametersError {
    /// The file is not one.
    #[error(transparent)]
    NotAShape(#[from] NotAShape),
    /// A key file is not one.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The files say something else than they should.
    #[error("these are not the parameters of shape `{0}` that this version of zkmips has")]
    Other(&'static str),
}

impl VerifierParams {
    /// The digest that the parameters of a shape have.
    pub fn expected_digest(shape: Shape) -> Option<[u8; 32]> {
        let of_shape = |line: &str| {
            line.strip_prefix(shape.name())?
                .strip_prefix(' ')
                .map(hex::decode)
        };
        DIGESTS.lines().find_map(of_shape)??.try_into().ok()
    }

    /// Accepts parameters if their digest is the expected one.
    pub fn new(shape: Shape, params: folding::VerifierParams) -> Result<Self, ParametersError> {
        if Self::expected_digest(shape) != Some(*params.digest()) {
            return Err(ParametersError::Other(shape.name()));
        }
        Ok(VerifierParams { shape, params })
    }

    /// From the contents of a file that describes the circuits and of the key files of both curves, which may come from anyone.
    pub fn from_files(
        shape: Shape,
        description: &[u8],
        pallas: &[u8],
        vesta: &[u8],
    ) -> Result<Self, ParametersError> {
        let description = Description::from_bytes(description)?;
        let (primary, secondary) = description.key_lengths();
        let (primary, secondary) = (
            Key::from_file(pallas, primary)?,
            Key::from_file(vesta, secondary)?,
        );
        Self::new(
            shape,
            folding::VerifierParams::new(description, primary, secondary),
        )
    }

    /// The shape.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The digest that proofs name.
    pub fn digest(&self) -> &[u8; 32] {
        self.params.digest()
    }

    pub(crate) fn folding(&self) -> &folding::VerifierParams {
        &self.params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shape_has_a_digest_of_its_own() {
        let digests = Shape::ALL.map(|shape| VerifierParams::expected_digest(shape).unwrap());
        for (i, digest) in digests.iter().enumerate() {
            assert!(!digests[..i].contains(digest));
        }
        assert_eq!(DIGESTS.lines().count(), digests.len());
    }
}
