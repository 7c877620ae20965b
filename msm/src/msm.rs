//! The entry points: sums of multiples.
use crate::{
    buckets::Windows,
    curve::PastaCurve,
    mixed::MixedVec,
    point::AffinePoint,
    recode::{
        digits_needed, Digits, FieldScalars, Magnitudes, RemainingScalars, Scalars, Sizes,
        SmallScalars, MAX_WIDTH,
    },
    Backend,
};
use halo2curves::group::Group;
use rayon::prelude::*;

/// Fewest scalars that are read by one task.
const MIN_PART: usize = 1 << 10;

/// `sum_i scalars[i] points[i]`.
///
/// Zeros cost next to nothing, and a scalar of `b` bits, or whose opposite has `b` bits, costs a `b / 254` part of a large one.
///
/// # Panics
///
/// If the slices differ in length or have 2^31 entries or more.
pub fn msm<C: PastaCurve>(scalars: &[C::ScalarExt], points: &[AffinePoint<C>]) -> C::CurveExt {
    msm_with(Backend::current(), scalars, points)
}

/// [`msm`] with a given backend.
pub fn msm_with<C: PastaCurve>(
    backend: Backend,
    scalars: &[C::ScalarExt],
    points: &[AffinePoint<C>],
) -> C::CurveExt {
    sum(backend, &FieldScalars(scalars), points).0
}

/// [`msm`] for unsigned integers, which need not become elements of the scalar field.
pub fn msm_small<C: PastaCurve, T: Copy + Into<u64> + Sync>(
    scalars: &[T],
    points: &[AffinePoint<C>],
) -> C::CurveExt {
    msm_small_with(Backend::current(), scalars, points)
}

/// [`msm_small`] with a given backend.
pub fn msm_small_with<C: PastaCurve, T: Copy + Into<u64> + Sync>(
    backend: Backend,
    scalars: &[T],
    points: &[AffinePoint<C>],
) -> C::CurveExt {
    sum(backend, &SmallScalars(scalars), points).0
}

/// [`msm`] for a vector that is held as integers where it can be.
pub fn msm_mixed<C: PastaCurve>(
    scalars: &MixedVec<C::ScalarExt>,
    points: &[AffinePoint<C>],
) -> C::CurveExt {
    sum(Backend::current(), scalars, points).0
}

/// [`msm`] without the scalars for which `left_out` says so, and the sizes of the others. Those that are zero are not counted.
///
/// # Panics
///
/// As [`msm`], or if there are fewer marks than scalars.
pub fn msm_of_remaining<C: PastaCurve>(
    scalars: &[C::ScalarExt],
    left_out: &[bool],
    points: &[AffinePoint<C>],
) -> (C::CurveExt, Sizes) {
    let elements = FieldScalars(scalars);
    let scalars = RemainingScalars { elements, left_out };
    sum(Backend::current(), &scalars, points)
}

fn sum<C: PastaCurve>(
    backend: Backend,
    scalars: &impl Scalars,
    points: &[AffinePoint<C>],
) -> (C::CurveExt, Sizes) {
    assert_eq!(scalars.len(), points.len(), "one scalar for each point");
    assert!(points.len() < 1 << 31, "names of points have 31 bits");
    let part = points
        .len()
        .div_ceil(rayon::current_num_threads())
        .max(MIN_PART);
    let magnitudes: Vec<Magnitudes> = (0..points.len().div_ceil(part))
        .into_par_iter()
        .map(|i| {
            let range = i * part..points.len().min((i + 1) * part);
            // The identity contributes nothing, and the additions rely on not meeting it.
            Magnitudes::new(scalars, range, |i| points[i].is_identity())
        })
        .collect();
    let mut sizes = Sizes::default();
    for part in &magnitudes {
        for (sum, count) in sizes.0.iter_mut().zip(&part.histogram) {
            *sum += u64::from(*count);
        }
    }
    let Some(bits) = sizes.0.iter().rposition(|count| *count > 0) else {
        return (C::CurveExt::identity(), sizes);
    };
    let c = width(&sizes.0, bits as u32);
    let windows = digits_needed(bits as u32, c) as usize;
    let parts: Vec<Digits> = magnitudes
        .par_iter()
        .map(|part| Digits::new(part, c, windows))
        .collect();
    drop(magnitudes);
    let buckets = Windows {
        kernels: backend.0,
        points,
        parts: &parts,
        c,
    };
    (buckets.sum(windows), sizes)
}

/// The width of digits with which there is least to add. `histogram[b]` scalars have `b` bits, none more than `bits`.
fn width(histogram: &[u64; 257], bits: u32) -> u32 {
    // In what a digit costs, which is read, sorted and added: two additions for each bucket cost 11/6 of that, as measured with 85,000 and 145,000 large scalars; and a
    // constant for each digit position.
    let cost = |c: u32| {
        let digits: u64 = (1u32..)
            .zip(&histogram[1..])
            .map(|(b, count)| count * u64::from(digits_needed(b, c)))
            .sum();
        let windows = u64::from(digits_needed(bits, c));
        digits + windows * (((1 << (c - 1)) * 11) / 6 + 120)
    };
    (2..=MAX_WIDTH)
        .min_by_key(|c| cost(*c))
        .expect("some widths are considered")
}
