//! What a verifier needs, and nothing else: the rows of both circuits in a compact form, the keys, the digest of it all.
//!
//! The rows follow from the step, but synthesising them takes long and needs the prover's code, so verifiers may load them from a file
//! ([`Description`]), and the keys too. Neither is trusted: the parameter digest binds every byte that is used of them, every hash and
//! transcript contains that digest, and a verifier compares it with the one it was built with.
use crate::{
    compact::{CompactShape, NotAShape},
    instances::Instances,
    keys::{self, Key},
    ro::{pp, Constants, F1, F2},
    CommitmentKey, PastaEngine, Primary, Secondary,
};
use sha3::{Digest, Sha3_256};
use std::sync::Arc;

/// Distinguishes this recursion from any other with the same shapes.
const DOMAIN: &[u8] = b"zkmips folding parameters 2";
/// What a file with a description starts with.
pub(crate) const MAGIC: &[u8; 8] = b"ZKMSHP01";

/// Both circuits with a step in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The step's own bytes.
    pub step: Vec<u8>,
    pub primary: CompactShape<Primary>,
    pub secondary: CompactShape<Secondary>,
}

impl Description {
    /// Reads the contents of a file. Whether these are the circuits that a verifier means is a matter of
    /// [`VerifierParams::digest`].
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, NotAShape> {
        let bytes = &mut bytes;
        if bytes.split_off(..MAGIC.len()) != Some(MAGIC) {
            return Err(NotAShape);
        }
        let length = bytes.split_off(..4).ok_or(NotAShape)?;
        let length = u32::from_le_bytes(length.try_into().map_err(|_| NotAShape)?);
        let step = bytes
            .split_off(..length as usize)
            .ok_or(NotAShape)?
            .to_vec();
        let (primary, secondary) = (CompactShape::read(bytes)?, CompactShape::read(bytes)?);
        if !bytes.is_empty() {
            return Err(NotAShape);
        }
        Ok(Self {
            step,
            primary,
            secondary,
        })
    }

    /// Binds both shapes, the step's own bytes and the keys.
    fn digest(&self, primary: &Key<Primary>, secondary: &Key<Secondary>) -> [u8; 32] {
        let (a, b) = rayon::join(|| self.primary.digest(), || self.secondary.digest());
        let mut hash = Sha3_256::new();
        for part in [
            DOMAIN,
            &a,
            &b,
            &self.step,
            keys::LABEL,
            &primary.digest,
            &secondary.digest,
        ] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// Numbers of generators that the two keys have.
    pub fn key_lengths(&self) -> (usize, usize) {
        (key_len(&self.primary), key_len(&self.secondary))
    }
}

/// Generators needed to commit to a witness or an error term, and for the opening proof, which pads to a power of two.
fn key_len<E: PastaEngine>(shape: &CompactShape<E>) -> usize {
    let measures = shape.measures();
    measures.vars.max(measures.rows).next_power_of_two()
}

/// All that a verifier needs.
#[derive(Clone, Debug)]
pub struct VerifierParams {
    pub(crate) primary: CompactShape<Primary>,
    pub(crate) secondary: CompactShape<Secondary>,
    pub(crate) ck_primary: Arc<CommitmentKey<Primary>>,
    pub(crate) ck_secondary: Arc<CommitmentKey<Secondary>>,
    digest: [u8; 32],
}

impl VerifierParams {
    /// Puts the parts together. Whether they are the right ones only the digest tells.
    pub fn new(description: Description, primary: Key<Primary>, secondary: Key<Secondary>) -> Self {
        // The sponges' constants take a while, and every check needs them.
        let (digest, _) = rayon::join(|| description.digest(&primary, &secondary), Constants::get);
        Self {
            digest,
            primary: description.primary,
            secondary: description.secondary,
            ck_primary: primary.ck,
            ck_secondary: secondary.ck,
        }
    }

    /// The parameter digest.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    pub(crate) fn instances_primary(&self) -> Instances<'_, Primary> {
        Instances {
            ck: &self.ck_primary,
            consts: &Constants::get().primary,
            is_split: self.primary.measures().pre_len > 0,
            pp: self.pp().1,
        }
    }

    pub(crate) fn instances_secondary(&self) -> Instances<'_, Secondary> {
        Instances {
            ck: &self.ck_secondary,
            consts: &Constants::get().secondary,
            is_split: self.secondary.measures().pre_len > 0,
            pp: self.pp().0,
        }
    }

    /// The digest as an element of the primary scalar field, and of the secondary.
    fn pp(&self) -> (F1, F2) {
        pp(&self.digest)
    }
}
