//! What the opening argument needs of a curve beyond nova-snark's traits: the generators as affine points, their coordinates,
//! a multi-scalar multiplication over them, and the cube-root endomorphism of `y^2 = x^3 + b`.
use crate::{Commitment, CommitmentKey, Primary, Secondary};
use ff::WithSmallOrderMulGroup;
use nova_snark::{
    provider::{
        pasta::{pallas, vesta},
        traits::{DlogGroup, DlogGroupExt},
    },
    traits::{commitment::CommitmentTrait, Engine},
};

/// An affine point of engine `E`'s curve.
pub type Affine<E> = <<E as Engine>::GE as DlogGroup>::AffineGroupElement;

/// An engine whose Pedersen commitments can be opened by the inner-product argument of this module.
pub trait SpartanEngine: Engine<GE: DlogGroup> {
    /// A cube root of unity of the base field: `(x, y) -> (ENDO_BASE x, y)` is an endomorphism of the curve.
    const ENDO_BASE: Self::Base;
    /// The scalar by which that endomorphism multiplies every point.
    const ENDO_SCALAR: Self::Scalar;

    /// The generators of a commitment key, without the blinding generator.
    fn generators(ck: &CommitmentKey<Self>) -> &[Affine<Self>];

    /// `sum_i scalars[i] points[i]`; both slices have the same length.
    fn msm(scalars: &[Self::Scalar], points: &[Affine<Self>]) -> Self::GE;

    /// The coordinates of a point; `(0, 0)` for the identity.
    fn coordinates(point: &Affine<Self>) -> (Self::Base, Self::Base);

    /// The point with these coordinates, which the caller knows to be on the curve; `(0, 0)` is the identity.
    fn from_coordinates(x: Self::Base, y: Self::Base) -> Affine<Self>;

    /// The group element of a commitment.
    fn group_element(commitment: &Commitment<Self>) -> Self::GE {
        let (x, y, is_identity) = commitment.to_coordinates();
        if is_identity {
            Self::GE::zero()
        } else {
            Self::GE::group(&Self::from_coordinates(x, y))
        }
    }
}

macro_rules! pasta_engine {
    ($engine:ty, $curve:ident) => {
        impl SpartanEngine for $engine {
            const ENDO_BASE: Self::Base = <$curve::Base as WithSmallOrderMulGroup<3>>::ZETA;
            const ENDO_SCALAR: Self::Scalar = <$curve::Scalar as WithSmallOrderMulGroup<3>>::ZETA;

            fn generators(ck: &CommitmentKey<Self>) -> &[Affine<Self>] {
                ck.generators()
            }

            fn msm(scalars: &[Self::Scalar], points: &[Affine<Self>]) -> Self::GE {
                Self::GE::vartime_multiscalar_mul(scalars, points)
            }

            fn coordinates(point: &Affine<Self>) -> (Self::Base, Self::Base) {
                (point.x, point.y)
            }

            fn from_coordinates(x: Self::Base, y: Self::Base) -> Affine<Self> {
                $curve::Affine { x, y }
            }
        }
    };
}

pasta_engine!(Primary, pallas);
pasta_engine!(Secondary, vesta);

#[cfg(test)]
mod tests {
    use super::*;
    use ff::Field;
    use rand_core::OsRng;

    fn endomorphism_is_multiplication<E: SpartanEngine>() {
        let point = E::GE::gen() * E::Scalar::random(OsRng);
        let (x, y) = E::coordinates(&point.affine());
        let image = E::GE::group(&E::from_coordinates(E::ENDO_BASE * x, y));
        assert_eq!(image, point * E::ENDO_SCALAR);
        let zeta = E::ENDO_SCALAR;
        assert_eq!(zeta.square() + zeta + E::Scalar::ONE, E::Scalar::ZERO);
    }

    #[test]
    fn the_two_cube_roots_belong_together() {
        endomorphism_is_multiplication::<Primary>();
        endomorphism_is_multiplication::<Secondary>();
    }
}
