//! The two engines of the cycle: nova-snark's fields, sponges and transcripts, and commitments with the arithmetic of `zkmips-msm`.
use crate::pedersen::CommitmentEngine;
use halo2curves::CurveExt;
use nova_snark::{
    provider::{
        keccak::Keccak256Transcript,
        pasta::{pallas, vesta},
        poseidon::{PoseidonRO, PoseidonROCircuit},
        traits::DlogGroup,
    },
    traits::Engine,
};
use serde::{Deserialize, Serialize};
use zkmips_msm::{AffinePoint, PastaCurve, PastaField};

/// An engine over one of the Pasta curves.
pub trait PastaEngine:
    Engine<
    Scalar: PastaField,
    Base: PastaField,
    GE: DlogGroup<AffineGroupElement = Self::Affine>
            + CurveExt<AffineExt = Self::Affine, ScalarExt = Self::Scalar>,
    CE = CommitmentEngine<Self>,
>
{
    /// Name of the curve. It is hashed to the generators, and names files.
    const CURVE: &'static str;
    /// An affine point of the curve.
    type Affine: PastaCurve<ScalarExt = Self::Scalar, Base = Self::Base, CurveExt = Self::GE>;
}

/// A generator of engine `E`'s commitment scheme.
pub type Generator<E> = AffinePoint<<E as PastaEngine>::Affine>;

macro_rules! engine {
    ($(#[$doc:meta])* $engine:ident, $curve:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $engine;

        impl Engine for $engine {
            type Base = $curve::Base;
            type Scalar = $curve::Scalar;
            type GE = $curve::Point;
            type RO = PoseidonRO<Self::Base>;
            type ROCircuit = PoseidonROCircuit<Self::Base>;
            type RO2 = PoseidonRO<Self::Scalar>;
            type RO2Circuit = PoseidonROCircuit<Self::Scalar>;
            type TE = Keccak256Transcript<Self>;
            type CE = CommitmentEngine<Self>;
        }

        impl PastaEngine for $engine {
            const CURVE: &'static str = stringify!($curve);
            type Affine = $curve::Affine;
        }
    };
}

engine!(
    /// Commitments are points of Pallas.
    PallasEngine,
    pallas
);
engine!(
    /// Commitments are points of Vesta.
    VestaEngine,
    vesta
);
