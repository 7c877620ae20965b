//! Public parameters.

use crate::whole_file::{Readers, WholeFile};
use crate::{hex, Cache, Phase, Progress};
use std::path::PathBuf;
use zkmips_circuits::shape::Shape;
use zkmips_circuits::step::SegmentStep;
use zkmips_folding::keys::KeyError;
use zkmips_folding::prove::cache::{KeyCache, KeyProgress};
use zkmips_folding::prove::params::{describe, PublicParams, SetupError};
use zkmips_folding::verifier_params::{self as folding, Description};
use zkmips_verifier::{ParametersError, VerifierParams};

/// What a prover needs for one shape of segments.
pub struct Params {
    shape: Shape,
    pp: PublicParams<SegmentStep>,
}

fn on_key(progress: &dyn Progress) -> impl Fn(KeyProgress) + Sync + '_ {
    |key| progress.at(Phase::Keys, key.done as u64, Some(key.total as u64))
}

impl Params {
    /// Makes the parameters of a shape; keys come from the cache, which is filled with what is missing.
    pub fn setup(shape: Shape, cache: &Cache, progress: &dyn Progress) -> Result<Self, SetupError> {
        progress.at(Phase::Circuits, 0, None);
        let keys = KeyCache::at(cache.directory());
        let pp = PublicParams::setup(shape.step(), &keys, &on_key(progress))?;
        Ok(Params { shape, pp })
    }

    /// The shape.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The digest that proofs name.
    pub fn digest(&self) -> &[u8; 32] {
        self.pp.digest()
    }

    pub(crate) fn pp(&self) -> &PublicParams<SegmentStep> {
        &self.pp
    }
}

/// Why a verifier has no parameters.
#[derive(Debug, thiserror::Error)]
pub enum VerifierSetupError {
    /// The circuits cannot be made.
    #[error(transparent)]
    Circuits(#[from] SetupError),
    /// The keys cannot be made or read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// They are not those that verifiers of this version accept.
    #[error(transparent)]
    Other(#[from] ParametersError),
}

/// What a verifier needs for one shape of segments. Keys and a description of the circuits come from the cache, which is filled with what
/// is missing. The cache need not be trusted: the digest of what verifiers use is compiled in.
pub fn verifier_params(
    shape: Shape,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<VerifierParams, VerifierSetupError> {
    let keys = KeyCache::at(cache.directory());
    let with_keys = |description| -> Result<_, VerifierSetupError> {
        let params = folding::VerifierParams::setup(description, &keys, &on_key(progress))?;
        Ok(VerifierParams::new(shape, params)?)
    };
    let path = file_of(shape, cache);
    let kept = std::fs::read(&path).ok();
    if let Some(kept) = kept.and_then(|bytes| Description::from_bytes(&bytes).ok()) {
        match with_keys(kept) {
            // Damaged, or of a version whose digest begins like this one's: it is made again.
            Err(VerifierSetupError::Other(_)) => {}
            other => return other,
        }
    }
    progress.at(Phase::Circuits, 0, None);
    let description = describe(&shape.step())?;
    let bytes = description.to_bytes();
    let params = with_keys(description)?;
    // Whoever cannot keep it makes it again the next time.
    let _ = WholeFile::create(&path, Readers::Everybody).and_then(|file| file.write(&bytes));
    Ok(params)
}

/// Where the description of a shape's circuits is kept: versions of this program do not disturb each other.
fn file_of(shape: Shape, cache: &Cache) -> PathBuf {
    let digest = VerifierParams::expected_digest(shape).unwrap_or_default();
    let name = format!("{}-{}.shape", shape.name(), hex::encode(&digest[..4]));
    cache.directory().join(name)
}
