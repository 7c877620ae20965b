//! Points as the multi-scalar multiplication stores them: one cache line each.
use crate::{
    curve::{PastaCurve, PastaField},
    field::{self, portable, Limbs},
};
use std::marker::PhantomData;

/// An affine point whose coordinates fill one cache line, in the curve library's own form; `(0, 0)` is the identity.
///
/// The points that can be had outside this crate are on the curve, their coordinates reduced. Inside, sums made by the vector
/// backend have coordinates below `2p + 2^216` that are not reduced ([`Self::reduced`] does it).
#[repr(C, align(64))]
pub struct AffinePoint<C> {
    pub(crate) x: Limbs,
    pub(crate) y: Limbs,
    curve: PhantomData<C>,
}

impl<C> Clone for AffinePoint<C> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for AffinePoint<C> {}

impl<C> PartialEq for AffinePoint<C> {
    fn eq(&self, other: &Self) -> bool {
        (self.x, self.y) == (other.x, other.y)
    }
}

impl<C> Eq for AffinePoint<C> {}

impl<C: PastaCurve> std::fmt::Debug for AffinePoint<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to_affine().fmt(f)
    }
}

impl<C: PastaCurve> From<C> for AffinePoint<C> {
    #[inline]
    fn from(point: C) -> Self {
        let (x, y) = point.to_xy();
        Self::new(x.to_limbs(), y.to_limbs())
    }
}

impl<C> AffinePoint<C> {
    /// The neutral element.
    pub const IDENTITY: Self = Self::new([0; 4], [0; 4]);

    #[inline(always)]
    pub(crate) const fn new(x: Limbs, y: Limbs) -> Self {
        Self {
            x,
            y,
            curve: PhantomData,
        }
    }

    /// Whether this is the identity: no other point has `y = 0`, and no coordinate that is not reduced is stored as zero.
    #[inline(always)]
    pub fn is_identity(&self) -> bool {
        field::is_zero(&self.y) && field::is_zero(&self.x)
    }
}

impl<C: PastaCurve> AffinePoint<C> {
    /// The point of the curve library.
    ///
    /// # Panics
    ///
    /// If the point is not on the curve, which would be a fault of this crate.
    pub fn to_affine(&self) -> C {
        if self.is_identity() {
            return C::identity();
        }
        let Self { x, y, .. } = self.reduced();
        Option::from(C::from_xy(C::Base::from_limbs(x), C::Base::from_limbs(y)))
            .expect("a sum of points of the curve is on the curve")
    }

    /// Both coordinates, `(0, 0)` for the identity.
    pub fn coordinates(&self) -> (C::Base, C::Base) {
        let Self { x, y, .. } = self.reduced();
        (C::Base::from_limbs(x), C::Base::from_limbs(y))
    }

    /// The point with the coordinates in two times 32 bytes of the library's internal form, little endian.
    ///
    /// `None` if a coordinate is not reduced or the point is neither on the curve nor the identity.
    pub fn from_raw_bytes(bytes: &[u8; 64]) -> Option<Self> {
        let limb = |i: usize| {
            let mut limb = [0; 8];
            limb.copy_from_slice(&bytes[8 * i..8 * (i + 1)]);
            u64::from_le_bytes(limb)
        };
        let point = Self::new([0, 1, 2, 3].map(limb), [4, 5, 6, 7].map(limb));
        let below_p = |a: &Limbs| field::sub_limbs(a, &C::Base::MODULUS_LIMBS).1;
        (below_p(&point.x) && below_p(&point.y) && (point.is_identity() || point.is_on_curve()))
            .then_some(point)
    }

    /// The coordinates as [`Self::from_raw_bytes`] reads them.
    pub fn to_raw_bytes(&self) -> [u8; 64] {
        let Self { x, y, .. } = self.reduced();
        let mut bytes = [0; 64];
        for (bytes, limb) in bytes.chunks_exact_mut(8).zip(x.iter().chain(&y)) {
            bytes.copy_from_slice(&limb.to_le_bytes());
        }
        bytes
    }

    /// `y^2 = x^3 + b`, for reduced coordinates.
    fn is_on_curve(&self) -> bool {
        let Self { x, y, .. } = self;
        let cube = portable::mul::<C::Base>(&portable::square::<C::Base>(x), x);
        portable::square::<C::Base>(y) == portable::add::<C::Base>(&cube, &C::b().to_limbs())
    }

    /// The same point with reduced coordinates.
    pub(crate) fn reduced(&self) -> Self {
        let p = &C::Base::MODULUS_LIMBS;
        Self::new(field::canonical(p, self.x), field::canonical(p, self.y))
    }
}
