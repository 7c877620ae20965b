//! The instructions, each as a method that proves that it may be used.
//!
//! All methods are always inlined, so that they are compiled with the features of the kernel that uses them; a kernel is a function
//! with `#[target_feature(enable = "avx512f,avx512ifma")]` that has been given a [`Vector`].
use crate::point::AffinePoint;
use core::arch::x86_64::*;
use std::marker::PhantomData;

/// Eight 64-bit words.
pub(crate) type Words = __m512i;

/// Proof that the processor has AVX-512 F and IFMA: only [`Ifma::detect`] makes one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ifma(());

impl Ifma {
    /// Asks the processor.
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma"))
            .then_some(Self(()))
    }
}

/// Arithmetic of the field `F` in lanes.
pub(crate) struct Vector<F>(Ifma, PhantomData<F>);

impl<F> Clone for Vector<F> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Vector<F> {}

/// One method for each instruction whose operands are all words.
macro_rules! instructions {
    ($($name:ident($($operand:ident),*) = $intrinsic:ident;)*) => {$(
        #[inline(always)]
        pub(super) fn $name(self, $($operand: Words),*) -> Words {
            // SAFETY: the instruction belongs to AVX-512 F or IFMA, and `self` proves that the processor has both.
            unsafe { $intrinsic($($operand),*) }
        }
    )*};
}

impl<F> Vector<F> {
    #[inline(always)]
    pub(crate) fn new(proof: Ifma) -> Self {
        Self(proof, PhantomData)
    }

    instructions! {
        low(sum, a, b) = _mm512_madd52lo_epu64;
        high(sum, a, b) = _mm512_madd52hi_epu64;
        plus(a, b) = _mm512_add_epi64;
        minus(a, b) = _mm512_sub_epi64;
        and(a, b) = _mm512_and_si512;
        or(a, b) = _mm512_or_si512;
        select(places, table) = _mm512_permutexvar_epi64;
        even_words(a, b) = _mm512_unpacklo_epi64;
        odd_words(a, b) = _mm512_unpackhi_epi64;
    }

    #[inline(always)]
    pub(crate) fn zero(self) -> Words {
        // SAFETY: AVX-512 F, which `self` proves.
        unsafe { _mm512_setzero_si512() }
    }

    #[inline(always)]
    pub(super) fn all(self, word: u64) -> Words {
        // SAFETY: AVX-512 F, which `self` proves.
        unsafe { _mm512_set1_epi64(word as i64) }
    }

    #[inline(always)]
    pub(super) fn shift_right<const N: u32>(self, a: Words) -> Words {
        // SAFETY: AVX-512 F, which `self` proves.
        unsafe { _mm512_srli_epi64::<N>(a) }
    }

    #[inline(always)]
    pub(super) fn shift_right_signed<const N: u32>(self, a: Words) -> Words {
        // SAFETY: AVX-512 F, which `self` proves.
        unsafe { _mm512_srai_epi64::<N>(a) }
    }

    #[inline(always)]
    pub(super) fn shift_left<const N: u32>(self, a: Words) -> Words {
        // SAFETY: AVX-512 F, which `self` proves.
        unsafe { _mm512_slli_epi64::<N>(a) }
    }

    /// Quarters 0 and 2 of `a`, then of `b`.
    #[inline(always)]
    pub(super) fn even_quarters(self, a: Words, b: Words) -> Words {
        // SAFETY: AVX-512 F, which `self` proves.
        unsafe { _mm512_shuffle_i64x2::<0b10_00_10_00>(a, b) }
    }

    /// Quarters 1 and 3 of `a`, then of `b`.
    #[inline(always)]
    pub(super) fn odd_quarters(self, a: Words, b: Words) -> Words {
        // SAFETY: AVX-512 F, which `self` proves.
        unsafe { _mm512_shuffle_i64x2::<0b11_01_11_01>(a, b) }
    }

    /// Quarters 0 of `a` and `b`, then quarters 1.
    #[inline(always)]
    pub(super) fn interleave_low_quarters(self, a: Words, b: Words) -> Words {
        // SAFETY: AVX-512 F, which `self` proves.
        unsafe { _mm512_permutex2var_epi64(a, _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), b) }
    }

    /// Quarters 2 of `a` and `b`, then quarters 3.
    #[inline(always)]
    pub(super) fn interleave_high_quarters(self, a: Words, b: Words) -> Words {
        // SAFETY: AVX-512 F, which `self` proves.
        unsafe { _mm512_permutex2var_epi64(a, _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15), b) }
    }

    /// The lanes in which the words are equal.
    #[inline(always)]
    pub(super) fn equal(self, a: Words, b: Words) -> u8 {
        // SAFETY: AVX-512 F, which `self` proves.
        unsafe { _mm512_cmpeq_epi64_mask(a, b) }
    }

    /// The lanes in which the word is negative.
    #[inline(always)]
    pub(super) fn negative(self, a: Words) -> u8 {
        // SAFETY: AVX-512 F, which `self` proves.
        unsafe { _mm512_cmplt_epi64_mask(a, self.zero()) }
    }

    /// `b` in the lanes of the mask, `a` in the others.
    #[inline(always)]
    pub(super) fn blend(self, mask: u8, a: Words, b: Words) -> Words {
        // SAFETY: AVX-512 F, which `self` proves.
        unsafe { _mm512_mask_blend_epi64(mask, a, b) }
    }

    /// `-a` in the lanes of the mask, `a` in the others.
    #[inline(always)]
    pub(super) fn opposite_words(self, mask: u8, a: Words) -> Words {
        // SAFETY: AVX-512 F, which `self` proves.
        unsafe { _mm512_mask_sub_epi64(a, mask, self.zero(), a) }
    }

    /// Eight words in a row.
    #[inline(always)]
    pub(crate) fn load(self, words: &[u64; 8]) -> Words {
        // SAFETY: AVX-512 F, which `self` proves; the reference is to 64 readable bytes, and the load needs no alignment.
        unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
    }

    /// Writes eight words in a row.
    #[inline(always)]
    pub(crate) fn store(self, words: &mut [u64; 8], value: Words) {
        // SAFETY: AVX-512 F, which `self` proves; the reference is to 64 writable bytes, and the store needs no alignment.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), value) }
    }

    /// A point as eight words: its abscissa, then its ordinate.
    #[inline(always)]
    pub(crate) fn load_point<C>(self, point: &AffinePoint<C>) -> Words {
        // SAFETY: AVX-512 F, which `self` proves; the reference is to an aligned struct of 64 bytes, two arrays of four words in
        // their order (`repr(C)`).
        unsafe { _mm512_load_si512(std::ptr::from_ref(point).cast()) }
    }

    /// Writes a point.
    #[inline(always)]
    pub(crate) fn store_point<C>(self, point: &mut AffinePoint<C>, words: Words) {
        // SAFETY: as for `load_point`; any words are valid limbs.
        unsafe { _mm512_store_si512(std::ptr::from_mut(point).cast(), words) }
    }

    /// The lanes in which the number is odd.
    #[inline(always)]
    pub(crate) fn odd_numbers(self, numbers: &[u32; 8]) -> u8 {
        // SAFETY: AVX-512 F (and AVX, which it contains), which `self` proves; the reference is to 32 readable bytes, and the load needs
        // no alignment.
        unsafe {
            let words = _mm512_cvtepu32_epi64(_mm256_loadu_si256(numbers.as_ptr().cast()));
            _mm512_test_epi64_mask(words, _mm512_set1_epi64(1))
        }
    }
}
