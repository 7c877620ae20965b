//! The two fields and the two curves: what the kernels must know of `halo2curves`' types.
//!
//! Field elements are held by that library as four 64-bit limbs, least significant first, of `x * 2^256 mod p`, fully reduced.
use crate::{segmented_sum::Workspace, sqrt::RootTables};
use ff::{FromUniformBytes, PrimeField, WithSmallOrderMulGroup};
use halo2curves::{
    pasta::{Fp, Fq, PallasAffine, VestaAffine},
    CurveAffine,
};
use std::{cell::RefCell, sync::OnceLock};

pub(crate) mod sealed {
    use crate::{segmented_sum::Workspace, sqrt::RootTables};

    pub trait Sealed {
        /// The tables for square roots, made when first asked for.
        fn root_tables() -> &'static RootTables;
    }

    /// Where the memory that sums of points work in is kept, one per thread.
    pub trait Workspaces: Sized {
        /// `f` must not call this function again.
        fn with_workspace<T>(f: impl FnOnce(&mut Workspace<Self>) -> T) -> T;
    }
}

/// One of the two Pasta fields.
///
/// Both moduli are `2^254 + d` with `d < 2^126` and are 1 modulo 2^32; the kernels rely on it.
pub trait PastaField:
    PrimeField + WithSmallOrderMulGroup<3> + FromUniformBytes<64> + sealed::Sealed
{
    /// The modulus, least significant limb first.
    const MODULUS_LIMBS: [u64; 4];

    /// The element whose internal form is `limbs`, a number below the modulus.
    fn from_limbs(limbs: [u64; 4]) -> Self;

    /// The internal form: `x * 2^256 mod p`.
    fn to_limbs(self) -> [u64; 4];

    /// The internal forms of all elements.
    fn limbs_of(elements: &[Self]) -> &[[u64; 4]];

    /// The internal forms of all elements; whoever writes must leave numbers below the modulus.
    fn limbs_of_mut(elements: &mut [Self]) -> &mut [[u64; 4]];
}

/// Pallas or Vesta: `y^2 = x^3 + 5`, of prime order, so that no point has `y = 0`.
pub trait PastaCurve:
    CurveAffine<Base: PastaField, ScalarExt: PastaField> + sealed::Workspaces
{
    /// Both coordinates, `(0, 0)` for the identity.
    fn to_xy(self) -> (Self::Base, Self::Base);
}

macro_rules! pasta_field {
    ($field:ty, $limbs:expr) => {
        impl sealed::Sealed for $field {
            fn root_tables() -> &'static RootTables {
                static TABLES: OnceLock<RootTables> = OnceLock::new();
                TABLES.get_or_init(RootTables::new::<$field>)
            }
        }

        // What the casts below need: the array is the only field of the struct and fills it.
        const _: () = assert!(
            size_of::<$field>() == size_of::<[u64; 4]>()
                && align_of::<$field>() == align_of::<[u64; 4]>()
        );

        impl PastaField for $field {
            const MODULUS_LIMBS: [u64; 4] = $limbs;

            #[inline(always)]
            fn from_limbs(limbs: [u64; 4]) -> Self {
                Self(limbs)
            }

            #[inline(always)]
            fn to_limbs(self) -> [u64; 4] {
                self.0
            }

            #[inline]
            fn limbs_of(elements: &[Self]) -> &[[u64; 4]] {
                // SAFETY: the struct consists of one array and has its size and alignment (asserted above), so the array is at
                // offset zero and the slices have the same layout. The lifetime and the number of elements are kept.
                unsafe { std::slice::from_raw_parts(elements.as_ptr().cast(), elements.len()) }
            }

            #[inline]
            fn limbs_of_mut(elements: &mut [Self]) -> &mut [[u64; 4]] {
                // SAFETY: as above; the array is a public field, so any content of it is a valid value of the struct.
                unsafe {
                    std::slice::from_raw_parts_mut(elements.as_mut_ptr().cast(), elements.len())
                }
            }
        }
    };
}

pasta_field!(
    Fp,
    [0x992d_30ed_0000_0001, 0x2246_98fc_094c_f91b, 0, 1 << 62]
);
pasta_field!(
    Fq,
    [0x8c46_eb21_0000_0001, 0x2246_98fc_0994_a8dd, 0, 1 << 62]
);

macro_rules! pasta_curve {
    ($affine:ty, $base:ty) => {
        impl sealed::Workspaces for $affine {
            fn with_workspace<T>(f: impl FnOnce(&mut Workspace<Self>) -> T) -> T {
                thread_local! {
                    static WORKSPACE: RefCell<Workspace<$affine>> = RefCell::default();
                }
                WORKSPACE.with_borrow_mut(f)
            }
        }

        impl PastaCurve for $affine {
            #[inline]
            fn to_xy(self) -> ($base, $base) {
                (self.x, self.y)
            }
        }
    };
}

pasta_curve!(PallasAffine, Fp);
pasta_curve!(VestaAffine, Fq);

#[cfg(test)]
mod tests {
    use super::*;

    fn modulus<F: PastaField>() {
        let hex: String = F::MODULUS_LIMBS
            .iter()
            .rev()
            .map(|limb| format!("{limb:016x}"))
            .collect();
        assert_eq!(format!("0x{hex}"), F::MODULUS);
        let [low, second, third, fourth] = F::MODULUS_LIMBS;
        assert_eq!((low as u32, third, fourth), (1, 0, 1 << 62));
        assert!(second < 1 << 62);
    }

    #[test]
    fn the_moduli_are_the_librarys() {
        modulus::<Fp>();
        modulus::<Fq>();
    }

    #[test]
    fn slices_show_the_internal_form() {
        let mut elements = [Fp::from(7), -Fp::from(1), Fp::from(0)];
        let limbs = elements.map(PastaField::to_limbs);
        assert_eq!(Fp::limbs_of(&elements), limbs);
        Fp::limbs_of_mut(&mut elements).reverse();
        assert_eq!(elements, [Fp::from(0), -Fp::from(1), Fp::from(7)]);
    }
}
