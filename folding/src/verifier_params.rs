//! What a verifier needs, and nothing else: the rows of both circuits in a compact form, the keys, the digest of it all.
//!
//! The rows follow from the step, but synthesising them takes long and needs the prover's code, so verifiers may load them from a file
//! ([`Description`]), and the keys too. Neither is trusted: the parameter digest binds every byte that is used of them, every hash and
//! transcript contains that digest, and a verifier compares it with the one it was built with.
use crate::{
    compact::{CompactShape, NotAShape},
    instances::Instances,
    keys::{self, Key, KeyCache, KeyError, ProgressFn},
    params::{pp, Constants},
    ro::{F1, F2},
    CommitmentKey, PastaEngine, Primary, Secondary,
};
use sha3::{Digest, Sha3_256};
use std::sync::Arc;

/// Distinguishes this recursion from any other with the same shapes.
const DOMAIN: &[u8] = b"zkmips folding parameters 2";
/// What a file with a description starts with.
const MAGIC: &[u8; 8] = b"ZKMSHP01";

/// Both circuits with a step in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The step's own bytes.
    pub step: Vec<u8>,
    pub primary: CompactShape<Primary>,
    pub secondary: CompactShape<Secondary>,
}

impl Description {
    /// The contents of a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend((self.step.len() as u32).to_le_bytes());
        out.extend(&self.step);
        self.primary.write(&mut out);
        self.secondary.write(&mut out);
        out
    }

    /// Reads what [`Self::to_bytes`] has written. Whether these are the circuits that a verifier means is a matter of
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

    /// The same with keys from a cache, in which those that are missing are made.
    pub fn setup(
        description: Description,
        keys: &KeyCache,
        progress: ProgressFn,
    ) -> Result<Self, KeyError> {
        let (primary, secondary) = description.key_lengths();
        let secondary = keys.get(secondary, progress)?;
        Ok(Self::new(
            description,
            keys.get(primary, progress)?,
            secondary,
        ))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        params::describe,
        r1cs::R1cs,
        split::SplitShape,
        tests::toy::{params, verifier_params, TOY},
    };
    use rand_core::{OsRng, RngCore};

    fn digest_of(description: &Description) -> [u8; 32] {
        let keys = KeyCache::in_memory();
        let params = VerifierParams::setup(description.clone(), &keys, &|_| ());
        *params.unwrap().digest()
    }

    #[test]
    fn prover_and_verifier_have_one_digest() {
        assert_eq!(params().digest(), verifier_params().digest());
    }

    #[test]
    fn the_digest_binds_shapes_prefix_description_and_keys() {
        let good = describe(&TOY).unwrap();
        let base = *params().digest();
        assert_eq!(base, digest_of(&good));
        let mut renamed = good.clone();
        renamed.step.push(b'.');
        assert_ne!(base, digest_of(&renamed));

        let mut longer = params().primary.clone();
        longer.pre_len += 8;
        // The matrices in other places.
        let shape = &params().primary.shape;
        let [A, B, C] = shape.matrices().map(Clone::clone);
        let exchanged = SplitShape {
            shape: R1cs::new(shape.num_vars(), shape.num_io(), [B, A, C]),
            pre_len: params().primary.pre_len,
        };
        for other in [longer, exchanged] {
            let mut description = good.clone();
            description.primary = CompactShape::new(&other);
            assert_ne!(base, digest_of(&description));
        }

        let (len, other_len) = good.key_lengths();
        let keys = KeyCache::in_memory();
        let primary = keys.get(len, &|_| ()).unwrap();
        let secondary = keys.get(other_len, &|_| ()).unwrap();
        let mut other = primary.clone();
        other.digest[31] ^= 1;
        let with =
            |primary| *VerifierParams::new(good.clone(), primary, secondary.clone()).digest();
        assert_eq!(with(primary), base);
        assert_ne!(with(other), base);
    }

    /// Whoever makes the file can choose every byte of it: another circuit has another digest, or is none.
    #[test]
    fn a_forged_file_has_another_digest() {
        let good = describe(&TOY).unwrap();
        let file = good.to_bytes();
        assert_eq!(Description::from_bytes(&file).unwrap(), good);
        let digest = |d: &Description| (d.step.clone(), d.primary.digest(), d.secondary.digest());
        let honest = digest(&good);
        for i in 0..300 {
            let mut bad = file.clone();
            // The beginning of the file, where the lengths are, and places all over it.
            let place = match i {
                0..100 => i,
                _ => OsRng.next_u64() as usize % file.len(),
            };
            bad[place] ^= 1 << (OsRng.next_u32() % 8);
            if let Ok(description) = Description::from_bytes(&bad) {
                assert_ne!(digest(&description), honest, "byte {place}");
            }
        }
        for end in [0, 7, 12, 100, file.len() / 2, file.len() - 1] {
            assert_eq!(Description::from_bytes(&file[..end]), Err(NotAShape));
        }
        assert!(Description::from_bytes(&[&file[..], &[0]].concat()).is_err());
    }
}
