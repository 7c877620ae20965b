//! Pedersen commitments `sum_i v_i G_i + r H`, for nova-snark's traits.
//!
//! Commitments are hashed, absorbed and written as those of nova-snark's own scheme.
use crate::{
    engine::{Generator, PastaEngine},
    generators::generator,
};
use ff::Field;
use nova_snark::{
    errors::NovaError,
    gadgets::utils::to_bignat_repr,
    provider::{ptau::PtauFileError, traits::DlogGroup},
    traits::{
        commitment::{CommitmentEngineTrait, CommitmentTrait, Len},
        AbsorbInRO2Trait, AbsorbInROTrait, Engine, ROTrait, TranscriptReprTrait,
    },
};
use num_integer::Integer;
use num_traits::ToPrimitive;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::{
    io::{Read, Seek, Write},
    marker::PhantomData,
    ops::{Add, Mul, MulAssign, Range},
    sync::atomic::{AtomicBool, Ordering},
};
use zkmips_msm::{memory::with_room, msm, msm_small, AffinePoint};

/// Bytes of one generator: two coordinates of 32 bytes in the field's internal form.
pub const GENERATOR_BYTES: usize = 64;

/// The generators, in the form in which sums of their multiples are computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct CommitmentKey<E: PastaEngine> {
    generators: Vec<Generator<E>>,
    blinding: Generator<E>,
}

/// The generator that hides what is committed to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct DerandKey<E: Engine> {
    blinding: E::GE,
}

/// A point of engine `E`'s curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Commitment<E: Engine> {
    point: E::GE,
}

/// The commitment scheme of engine `E`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitmentEngine<E>(PhantomData<E>);

/// Bytes that are not a key: points not on the curve, or of the wrong length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not points of the curve")]
pub struct NotAKey;

impl<E: PastaEngine> CommitmentKey<E> {
    /// The key with the given points, each [`GENERATOR_BYTES`] long, the blinding generator first. Checks that they are on the curve.
    pub fn from_raw_bytes(bytes: &[u8]) -> Result<Self, NotAKey> {
        let (points, []) = bytes.as_chunks::<GENERATOR_BYTES>() else {
            return Err(NotAKey);
        };
        let [first, rest @ ..] = points else {
            return Err(NotAKey);
        };
        let mut generators = with_room(rest.len());
        let valid = AtomicBool::new(true);
        generators.par_extend(rest.par_iter().with_min_len(1 << 8).map(|bytes| {
            AffinePoint::from_raw_bytes(bytes).unwrap_or_else(|| {
                valid.store(false, Ordering::Relaxed);
                AffinePoint::IDENTITY
            })
        }));
        let blinding = AffinePoint::from_raw_bytes(first).ok_or(NotAKey)?;
        if !valid.into_inner() {
            return Err(NotAKey);
        }
        Ok(Self {
            generators,
            blinding,
        })
    }

    /// The generators `1..=len` of a label, and its generator 0 for blinding.
    pub fn of_label(label: &[u8], len: usize) -> Self {
        let mut generators = with_room(len);
        generators.par_extend(
            (1..=len as u64)
                .into_par_iter()
                .map(|i| generator::<E>(label, i)),
        );
        Self {
            generators,
            blinding: generator::<E>(label, 0),
        }
    }

    /// The points as [`Self::from_raw_bytes`] reads them.
    pub fn to_raw_bytes(&self) -> Vec<u8> {
        std::iter::once(&self.blinding)
            .chain(&self.generators)
            .flat_map(AffinePoint::to_raw_bytes)
            .collect()
    }

    /// The generators, without the blinding generator.
    pub fn generators(&self) -> &[Generator<E>] {
        &self.generators
    }

    /// Commits to `values` with the generators from `first` on.
    ///
    /// # Panics
    ///
    /// If the key has fewer than `first + values.len()` generators.
    pub fn commit_at(
        &self,
        first: usize,
        values: &[E::Scalar],
        blinder: &E::Scalar,
    ) -> Commitment<E> {
        let generators = &self.generators[first..first + values.len()];
        self.blind(msm(values, generators), blinder)
    }

    /// Commits to unsigned integers with the generators from `first` on.
    ///
    /// # Panics
    ///
    /// If the key has fewer than `first + values.len()` generators.
    pub fn commit_small_at<T: Copy + Into<u64> + Sync>(
        &self,
        first: usize,
        values: &[T],
        blinder: &E::Scalar,
    ) -> Commitment<E> {
        let generators = &self.generators[first..first + values.len()];
        self.blind(msm_small(values, generators), blinder)
    }

    fn blinding(&self) -> E::GE {
        E::GE::group(&self.blinding.to_affine())
    }

    /// Adds a multiple of the blinding generator.
    pub(crate) fn blind(&self, sum: E::GE, blinder: &E::Scalar) -> Commitment<E> {
        let point = if bool::from(blinder.is_zero()) {
            sum
        } else {
            let blinding: E::GE = self.blinding() * *blinder;
            sum + blinding
        };
        Commitment { point }
    }
}

impl<E: PastaEngine> TryFrom<Vec<u8>> for CommitmentKey<E> {
    type Error = NotAKey;

    fn try_from(bytes: Vec<u8>) -> Result<Self, NotAKey> {
        Self::from_raw_bytes(&bytes)
    }
}

impl<E: PastaEngine> From<CommitmentKey<E>> for Vec<u8> {
    fn from(key: CommitmentKey<E>) -> Self {
        key.to_raw_bytes()
    }
}

impl<E: PastaEngine> Len for CommitmentKey<E> {
    fn length(&self) -> usize {
        self.generators.len()
    }
}

impl<E: Engine> Commitment<E> {
    /// The group element.
    pub fn point(&self) -> E::GE {
        self.point
    }
}

impl<E: PastaEngine> CommitmentTrait<E> for Commitment<E> {
    fn to_coordinates(&self) -> (E::Base, E::Base, bool) {
        self.point.to_coordinates()
    }
}

impl<E: PastaEngine> Default for Commitment<E> {
    fn default() -> Self {
        Self {
            point: E::GE::zero(),
        }
    }
}

impl<E: PastaEngine> TranscriptReprTrait<E::GE> for Commitment<E> {
    fn to_transcript_bytes(&self) -> Vec<u8> {
        let (x, y, is_identity) = self.point.to_coordinates();
        let mut bytes = x.to_transcript_bytes();
        bytes.extend(y.to_transcript_bytes());
        bytes.push(is_identity.into());
        bytes
    }
}

/// The flag that says whether a point is the identity, as a field element.
fn flag<F: Field>(is_identity: bool) -> F {
    if is_identity {
        F::ONE
    } else {
        F::ZERO
    }
}

impl<E: PastaEngine> AbsorbInROTrait<E> for Commitment<E> {
    fn absorb_in_ro(&self, ro: &mut E::RO) {
        let (x, y, is_identity) = self.point.to_coordinates();
        ro.absorb(x);
        ro.absorb(y);
        ro.absorb(flag(is_identity));
    }
}

impl<E: PastaEngine> AbsorbInRO2Trait<E> for Commitment<E> {
    fn absorb_in_ro2(&self, ro: &mut E::RO2) {
        let (x, y, is_identity) = self.point.to_coordinates();
        for coordinate in [x, y] {
            for limb in to_bignat_repr(&coordinate) {
                ro.absorb(limb);
            }
        }
        ro.absorb(flag(is_identity));
    }
}

impl<E: PastaEngine> MulAssign<E::Scalar> for Commitment<E> {
    fn mul_assign(&mut self, scalar: E::Scalar) {
        self.point *= scalar;
    }
}

impl<E: PastaEngine> Mul<E::Scalar> for Commitment<E> {
    type Output = Self;

    fn mul(mut self, scalar: E::Scalar) -> Self {
        self *= scalar;
        self
    }
}

impl<E: PastaEngine> Add for Commitment<E> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            point: self.point + other.point,
        }
    }
}

impl<E: PastaEngine> CommitmentEngineTrait<E> for CommitmentEngine<E> {
    type CommitmentKey = CommitmentKey<E>;
    type DerandKey = DerandKey<E>;
    type Commitment = Commitment<E>;

    fn load_setup(
        reader: &mut (impl Read + Seek),
        _label: &'static [u8],
        n: usize,
    ) -> Result<CommitmentKey<E>, PtauFileError> {
        let mut bytes = vec![0; (n.next_power_of_two() + 1) * GENERATOR_BYTES];
        reader.read_exact(&mut bytes)?;
        CommitmentKey::from_raw_bytes(&bytes).map_err(|NotAKey| PtauFileError::PointNotOnCurve)
    }

    fn save_setup(
        ck: &CommitmentKey<E>,
        writer: &mut (impl Write + Seek),
    ) -> Result<(), PtauFileError> {
        Ok(writer.write_all(&ck.to_raw_bytes())?)
    }

    fn setup(label: &'static [u8], n: usize) -> Result<CommitmentKey<E>, NovaError> {
        Ok(CommitmentKey::of_label(label, n.next_power_of_two()))
    }

    fn derand_key(ck: &CommitmentKey<E>) -> DerandKey<E> {
        DerandKey {
            blinding: ck.blinding(),
        }
    }

    fn commit(ck: &CommitmentKey<E>, v: &[E::Scalar], r: &E::Scalar) -> Commitment<E> {
        ck.commit_at(0, v, r)
    }

    fn commit_sparse_binary(
        ck: &CommitmentKey<E>,
        non_zero_indices: &[usize],
        r: &E::Scalar,
    ) -> Commitment<E> {
        Self::commit_sparse(
            ck,
            non_zero_indices,
            &vec![E::Scalar::ONE; non_zero_indices.len()],
            r,
        )
    }

    fn commit_sparse(
        ck: &CommitmentKey<E>,
        indices: &[usize],
        scalars: &[E::Scalar],
        r: &E::Scalar,
    ) -> Commitment<E> {
        let generators: Vec<_> = indices.iter().map(|i| ck.generators[*i]).collect();
        ck.blind(msm(scalars, &generators), r)
    }

    fn commit_small<T: Integer + Into<u64> + Copy + Sync + ToPrimitive>(
        ck: &CommitmentKey<E>,
        v: &[T],
        r: &E::Scalar,
    ) -> Commitment<E> {
        ck.commit_small_at(0, v, r)
    }

    fn commit_small_range<T: Integer + Into<u64> + Copy + Sync + ToPrimitive>(
        ck: &CommitmentKey<E>,
        v: &[T],
        r: &E::Scalar,
        range: Range<usize>,
        _max_num_bits: usize,
    ) -> Commitment<E> {
        ck.commit_small_at(range.start, &v[range], r)
    }

    fn derandomize(dk: &DerandKey<E>, commit: &Commitment<E>, r: &E::Scalar) -> Commitment<E> {
        let blinding: E::GE = dk.blinding * *r;
        Commitment {
            point: commit.point - blinding,
        }
    }

    fn ck_to_coordinates(ck: &CommitmentKey<E>) -> Vec<(E::Base, E::Base)> {
        ck.generators
            .iter()
            .map(|generator| {
                assert!(!generator.is_identity(), "a generator is the identity");
                generator.coordinates()
            })
            .collect()
    }

    fn ck_to_group_elements(ck: &CommitmentKey<E>) -> Vec<E::GE> {
        ck.generators
            .iter()
            .map(|generator| {
                assert!(!generator.is_identity(), "a generator is the identity");
                E::GE::group(&generator.to_affine())
            })
            .collect()
    }

    fn ck_derive_by_address(
        ck: &CommitmentKey<E>,
        addresses: &[usize],
        table_size: usize,
    ) -> Result<CommitmentKey<E>, NovaError> {
        if addresses.len() > ck.generators.len() {
            return Err(NovaError::InvalidCommitmentKeyLength);
        }
        let mut sums = vec![E::GE::zero(); table_size];
        for (address, generator) in addresses.iter().zip(&ck.generators) {
            let sum = sums.get_mut(*address).ok_or(NovaError::InvalidIndex)?;
            *sum += E::GE::group(&generator.to_affine());
        }
        Ok(CommitmentKey {
            generators: sums.par_iter().map(|sum| sum.affine().into()).collect(),
            blinding: ck.blinding,
        })
    }
}

#[cfg(test)]
mod tests;
