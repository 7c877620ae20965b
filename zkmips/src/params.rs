//! Public parameters.

use crate::{Cache, Phase, Progress};
use zkmips_circuits::shape::Shape;
use zkmips_circuits::step::SegmentStep;
use zkmips_folding::keys::{KeyCache, KeyProgress};
use zkmips_folding::params::{PublicParams, SetupError};

/// What prover and verifier must agree on for one shape of segments.
pub struct Params {
    shape: Shape,
    pp: PublicParams<SegmentStep>,
}

impl Params {
    /// Makes the parameters of a shape; keys come from the cache, which is filled with what is missing.
    pub fn setup(shape: Shape, cache: &Cache, progress: &dyn Progress) -> Result<Self, SetupError> {
        progress.at(Phase::Circuits, 0, None);
        let keys = KeyCache::at(cache.directory());
        let on_key = |key: KeyProgress| {
            progress.at(Phase::Keys, key.done as u64, Some(key.total as u64));
        };
        let pp = PublicParams::setup(shape.step(), &keys, &on_key)?;
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
