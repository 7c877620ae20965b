//! Vectors of field elements that are mostly small integers, such as a witness before any challenge.
//!
//! An integer takes one machine word instead of four and is neither converted to the field's internal form nor back.
use crate::{
    curve::PastaField,
    field::{sub_limbs, Limbs},
    recode::{FieldScalars, Scalars, Sizes},
};

/// Words from here on stand for elements that are not small: the word less this is their place among those.
const FIRST_LARGE: i64 = 1 << 62;

/// A vector of field elements. Small integers, those between -2^62 and 2^62, are kept as such.
///
/// A vector has one form, so equal forms are equal vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MixedVec<F> {
    words: Vec<i64>,
    large: Vec<F>,
}

/// A field element, as an integer if it is known to be a small one.
#[derive(Clone, Copy, Debug)]
pub enum Number<F> {
    /// An integer.
    Integer(i128),
    /// An element that is not a small integer.
    Element(F),
}

/// Zero.
impl<F> Default for Number<F> {
    fn default() -> Self {
        Self::Integer(0)
    }
}

impl<F: PastaField> From<F> for Number<F> {
    fn from(x: F) -> Self {
        match FieldScalars(&[x]).magnitude(0) {
            None => Self::Integer(0),
            Some(([low, 0, 0, 0], negative)) if low < FIRST_LARGE as u64 => {
                let magnitude = i128::from(low);
                Self::Integer(if negative { -magnitude } else { magnitude })
            }
            Some(_) => Self::Element(x),
        }
    }
}

impl<F: PastaField> Number<F> {
    /// The integer, if it is between -2^62 and 2^62.
    #[inline]
    pub fn small(self) -> Option<i64> {
        match self {
            Self::Integer(x) => i64::try_from(x).ok().filter(|x| is_small(*x)),
            Self::Element(_) => None,
        }
    }

    /// The element.
    pub fn element(self) -> F {
        match self {
            Self::Integer(x) => from_integer(x),
            Self::Element(x) => x,
        }
    }
}

impl<F> Default for MixedVec<F> {
    fn default() -> Self {
        Self {
            words: Vec::new(),
            large: Vec::new(),
        }
    }
}

impl<F> MixedVec<F> {
    /// The empty vector.
    pub fn new() -> Self {
        Self::default()
    }

    /// The empty vector, with room for `n` elements.
    pub fn with_capacity(n: usize) -> Self {
        Self {
            words: Vec::with_capacity(n),
            large: Vec::new(),
        }
    }

    /// Makes room for `n` more elements.
    pub fn reserve_exact(&mut self, n: usize) {
        self.words.reserve_exact(n);
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Removes all elements and keeps their memory.
    pub fn clear(&mut self) {
        self.words.clear();
        self.large.clear();
    }

    /// A word for each element: the element itself if it is small, else 2^62 plus its place in [`Self::large`].
    pub fn words(&self) -> &[i64] {
        &self.words
    }

    /// The elements that are not small, in order.
    pub fn large(&self) -> &[F] {
        &self.large
    }

    /// Appends zeros until there are `len` elements. There are no more than that.
    pub fn pad(&mut self, len: usize) {
        assert!(self.len() <= len, "zeros are added, nothing is taken away");
        self.words.resize(len, 0);
    }

    /// The element at `i`, if it is small.
    #[inline(always)]
    pub fn small(&self, i: usize) -> Option<i64> {
        let word = self.words[i];
        (word < FIRST_LARGE).then_some(word)
    }

    fn push_large(&mut self, x: F) {
        self.words.push(FIRST_LARGE + self.large.len() as i64);
        self.large.push(x);
    }
}

impl<F: PastaField> MixedVec<F> {
    /// Appends an integer.
    #[inline]
    pub fn push(&mut self, x: u64) {
        if x < FIRST_LARGE as u64 {
            self.words.push(x as i64);
        } else {
            self.push_large(from_u64(x));
        }
    }

    /// Appends an integer that may be negative, or larger.
    #[inline]
    pub fn push_integer(&mut self, x: i128) {
        match i64::try_from(x) {
            Ok(x) if is_small(x) => self.words.push(x),
            _ => self.push_large(from_integer(x)),
        }
    }

    /// Appends any element.
    pub fn push_element(&mut self, x: F) {
        self.push_number(Number::from(x));
    }

    /// Appends some elements of another vector.
    pub fn extend_from(&mut self, other: &Self, range: std::ops::Range<usize>) {
        for word in &other.words[range] {
            if *word < FIRST_LARGE {
                self.words.push(*word);
            } else {
                self.push_large(other.large[(word - FIRST_LARGE) as usize]);
            }
        }
    }

    /// The element at `i`.
    #[inline(always)]
    pub fn element(&self, i: usize) -> F {
        self.element_of(self.words[i])
    }

    #[inline(always)]
    fn element_of(&self, word: i64) -> F {
        match word {
            FIRST_LARGE.. => self.large[(word - FIRST_LARGE) as usize],
            0.. => from_u64(word as u64),
            _ => -from_u64::<F>(word.unsigned_abs()),
        }
    }

    /// All elements.
    pub fn elements(&self) -> impl ExactSizeIterator<Item = F> + '_ {
        self.words.iter().map(|word| self.element_of(*word))
    }

    /// Appends a number.
    pub fn push_number(&mut self, x: Number<F>) {
        match x {
            Number::Integer(x) => self.push_integer(x),
            Number::Element(x) => self.push_large(x),
        }
    }

    /// How many elements have how many bits.
    pub fn sizes(&self) -> Sizes {
        Sizes::of(self)
    }

    /// The vector with these elements.
    pub fn from_elements(elements: &[F]) -> Self {
        let mut out = Self::with_capacity(elements.len());
        elements.iter().for_each(|x| out.push_element(*x));
        out
    }
}

impl<F: PastaField> Extend<u64> for MixedVec<F> {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, integers: I) {
        let integers = integers.into_iter();
        self.words.reserve(integers.size_hint().0);
        integers.for_each(|x| self.push(x));
    }
}

impl<F: PastaField> Scalars for MixedVec<F> {
    fn len(&self) -> usize {
        self.words.len()
    }

    #[inline(always)]
    fn magnitude(&self, i: usize) -> Option<(Limbs, bool)> {
        match self.words[i] {
            0 => None,
            word @ FIRST_LARGE.. => {
                FieldScalars(&self.large).magnitude((word - FIRST_LARGE) as usize)
            }
            word => Some(([word.unsigned_abs(), 0, 0, 0], word < 0)),
        }
    }
}

fn is_small(x: i64) -> bool {
    x.unsigned_abs() < FIRST_LARGE as u64
}

/// `4 d` for the modulus `2^254 + d`.
const fn four_d<F: PastaField>() -> [u64; 2] {
    let [low, high, ..] = F::MODULUS_LIMBS;
    [low << 2, high << 2 | low >> 62]
}

/// A 64-bit integer as a field element.
///
/// Elements are held as `x 2^256 mod p`, and `2^256 = -4 d`, so this takes two products of words instead of a product of elements.
#[inline(always)]
fn from_u64<F: PastaField>(x: u64) -> F {
    if x == 0 {
        return F::ZERO;
    }
    let [d0, d1] = four_d::<F>().map(u128::from);
    let low = u128::from(x) * d0;
    let high = u128::from(x) * d1 + (low >> 64);
    let product = [low as u64, high as u64, (high >> 64) as u64, 0];
    F::from_limbs(sub_limbs(&F::MODULUS_LIMBS, &product).0)
}

/// [`from_u64`] for 128 bits, with a sign.
fn from_integer<F: PastaField>(x: i128) -> F {
    let magnitude = x.unsigned_abs();
    let high: F = from_u64((magnitude >> 64) as u64);
    let mut sum: F = from_u64(magnitude as u64);
    if high != F::ZERO {
        sum += high * from_u64::<F>(1 << 32).square();
    }
    if x < 0 {
        -sum
    } else {
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        msm, msm_mixed, msm_of_remaining, point::AffinePoint, test_values::field_elements,
    };
    use ff::{Field, PrimeField};
    use halo2curves::{
        group::Curve,
        pasta::{Fp, Fq, PallasAffine, VestaAffine},
    };

    /// Integers on both sides of every bound, and their opposites.
    fn edges() -> Vec<i128> {
        let powers = [0, 1, 2, 16, 31, 32, 61, 62, 63, 64, 65, 100, 126];
        let near = powers.iter().flat_map(|n| {
            let power = 1i128 << n;
            [power - 1, power, power + 1]
        });
        near.flat_map(|x| [x, -x])
            .chain([i128::MAX, i128::MIN])
            .collect()
    }

    /// The element as the library makes it.
    fn element<F: PrimeField>(x: i128) -> F {
        let magnitude = F::from_u128(x.unsigned_abs());
        if x < 0 {
            -magnitude
        } else {
            magnitude
        }
    }

    fn one_form<F: PastaField>() {
        let (mut integers, mut elements) = (MixedVec::<F>::new(), MixedVec::new());
        let mut expected = Vec::new();
        for x in edges() {
            integers.push_integer(x);
            if let Ok(small) = u64::try_from(x) {
                integers.push(small);
                elements.push_element(element(x));
                expected.push(element(x));
            }
            elements.push_element(element(x));
            expected.push(element::<F>(x));
        }
        for x in field_elements::<F>(20) {
            integers.push_element(x);
            elements.push_element(x);
            expected.push(x);
        }
        integers.pad(expected.len() + 3);
        elements.pad(expected.len() + 3);
        expected.resize(expected.len() + 3, F::ZERO);
        assert_eq!(integers, elements);
        assert_eq!(MixedVec::from_elements(&expected), elements);
        assert!(elements.elements().eq(expected.iter().copied()));
        for (i, x) in expected.iter().enumerate() {
            assert_eq!(elements.element(i), *x);
            let number = Number::from(*x);
            assert_eq!(number.element(), *x);
            assert_eq!(number.small(), elements.small(i));
            if let Some(small) = elements.small(i) {
                assert_eq!(element::<F>(small.into()), *x);
            }
        }
        let mut parts = MixedVec::new();
        parts.extend_from(&elements, 0..40);
        parts.extend_from(&elements, 40..elements.len());
        assert_eq!(parts, elements);
        let smalls = elements.words().len() - elements.large().len();
        assert!(smalls > 40 && elements.large().len() > 20);
        elements.clear();
        assert!(elements.is_empty() && elements == MixedVec::new());
    }

    #[test]
    fn a_vector_has_one_form() {
        one_form::<Fp>();
        one_form::<Fq>();
    }

    #[test]
    fn numbers_know_whether_they_are_small() {
        let bound = i128::from(FIRST_LARGE);
        let small = |x| Number::<Fp>::Integer(x).small().map(i128::from);
        assert_eq!(small(bound - 1), Some(bound - 1));
        assert_eq!(small(1 - bound), Some(1 - bound));
        for x in [bound, -bound, 1 << 64, i128::MAX, i128::MIN] {
            assert_eq!(small(x), None);
        }
    }

    fn sums_agree<C: crate::PastaCurve>() {
        let mut scalars: Vec<C::ScalarExt> = edges().into_iter().map(element).collect();
        scalars.extend(field_elements::<C::ScalarExt>(20));
        let points: Vec<AffinePoint<C>> = (1..=scalars.len() as u64)
            .map(|i| (C::generator() * C::ScalarExt::from(i)).to_affine().into())
            .collect();
        let mixed = MixedVec::from_elements(&scalars);
        assert_eq!(msm_mixed(&mixed, &points), msm(&scalars, &points));
        let zeros = MixedVec::from_elements(&vec![C::ScalarExt::ZERO; points.len()]);
        assert_eq!(msm_mixed(&zeros, &points), C::CurveExt::default());

        // Every third left out, which is as if it were zero; sizes are those of the others.
        let left_out: Vec<bool> = (0..scalars.len()).map(|i| i % 3 == 1).collect();
        let (sum, sizes) = msm_of_remaining(&scalars, &left_out, &points);
        for (scalar, _) in scalars.iter_mut().zip(&left_out).filter(|(_, out)| **out) {
            *scalar = C::ScalarExt::ZERO;
        }
        assert_eq!(sum, msm(&scalars, &points));
        let all = MixedVec::from_elements(&scalars).sizes();
        let zeros = scalars.iter().filter(|x| **x == C::ScalarExt::ZERO).count();
        assert_eq!(all.with_bits(0..=0), zeros);
        assert_eq!(sizes.with_bits(0..=0), 0);
        for bits in 1..=256 {
            assert_eq!(sizes.with_bits(bits..=bits), all.with_bits(bits..=bits));
        }
    }

    #[test]
    fn sums_of_multiples_are_those_of_the_elements() {
        sums_agree::<PallasAffine>();
        sums_agree::<VestaAffine>();
    }
}
