//! Multi-scalar multiplication for Pallas and Vesta, and arithmetic on vectors of their fields.
//!
//! Everything has two implementations that give the same results: portable code, and one for processors with AVX-512 IFMA, which is
//! chosen once at run time ([`backend::Backend`]). This is the only crate of the project that uses `unsafe`.
//!
//! How it works: signed digits ([`recode`]), buckets ([`buckets`]) that grow side by side ([`segmented_sum`]) by affine
//! additions that share an inversion ([`add`]). The vector arithmetic and its bounds are explained in `VECTOR.md`.
//!
//! Sources: Pippenger's method as described by Bernstein, Doumen, Lange and Oosterwijk (2012/549, section 4); Montgomery's simultaneous
//! inversion (1987); Gueron and Krasnov, "Accelerating big integer arithmetic using Intel IFMA extensions" (2016).
#![warn(missing_docs)]

mod add;
pub mod backend;
mod buckets;
pub mod curve;
mod field;
mod fold;
pub mod memory;
mod mixed;
mod msm;
mod point;
mod recode;
mod segmented_sum;
pub mod slices;
mod sqrt;
#[cfg(test)]
mod test_values;

pub use backend::Backend;
pub use curve::{PastaCurve, PastaField};
pub use fold::EndoScalar;
pub use mixed::{MixedVec, Number};
pub use msm::{msm, msm_mixed, msm_of_remaining, msm_small, msm_small_with, msm_with};
pub use point::AffinePoint;
pub use recode::Sizes;
