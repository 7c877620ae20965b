//! One element at a time, in the library's own form (`x * 2^256 mod p`, fully reduced), with multiplications that know the modulus.
//!
//! `p = 2^254 + p_1 2^64 + p_0`. In Montgomery's reduction the multiples of the third limb vanish and those of the fourth are shifts,
//! so a round needs three multiplications instead of five.
pub(crate) use super::inverse::invert;
use super::{add_limbs, negated_inverse, sub_limbs, Limbs};
use crate::curve::PastaField;

/// `a + b c + carry` as a low and a high word. It cannot overflow: `(2^64 - 1)^2 + 2 (2^64 - 1) = 2^128 - 1`.
#[inline(always)]
const fn mac(a: u64, b: u64, c: u64, carry: u64) -> (u64, u64) {
    let wide = a as u128 + b as u128 * c as u128 + carry as u128;
    (wide as u64, (wide >> 64) as u64)
}

/// `a + b + carry` as a low and a high word.
#[inline(always)]
const fn adc(a: u64, b: u64, carry: u64) -> (u64, u64) {
    let wide = a as u128 + b as u128 + carry as u128;
    (wide as u64, (wide >> 64) as u64)
}

/// `a` if the condition holds, else `b`, without a branch: conditions are as good as random.
#[inline(always)]
pub(crate) fn select(condition: bool, a: Limbs, b: Limbs) -> Limbs {
    std::array::from_fn(|i| std::hint::select_unpredictable(condition, a[i], b[i]))
}

/// `2p`.
#[inline(always)]
pub(crate) const fn twice<F: PastaField>() -> Limbs {
    let [p0, p1, p2, p3] = F::MODULUS_LIMBS;
    [
        p0 << 1,
        p1 << 1 | p0 >> 63,
        p2 << 1 | p1 >> 63,
        p3 << 1 | p2 >> 63,
    ]
}

/// `a` if it is below the modulus, else `a - p`, for `a < 2p`.
#[inline(always)]
fn reduce_once<F: PastaField>(a: Limbs) -> Limbs {
    let (reduced, borrow) = sub_limbs(&a, &F::MODULUS_LIMBS);
    select(borrow, a, reduced)
}

/// `(t + m p) / 2^64` for the `m` below 2^64 that makes it an integer; `t` has five limbs and so has the sum before the division.
#[inline(always)]
fn reduction_round<F: PastaField>(t: [u64; 5]) -> [u64; 4] {
    let p = F::MODULUS_LIMBS;
    let m = t[0].wrapping_mul(const { negated_inverse(F::MODULUS_LIMBS[0]) });
    let (_, carry) = mac(t[0], m, p[0], 0);
    let (r0, carry) = mac(t[1], m, p[1], carry);
    let (r1, carry) = adc(t[2], 0, carry);
    let (r2, carry) = adc(t[3], m << 62, carry);
    // Below 2^256 because t < 2^320 - 2^64 p in every use.
    let r3 = t[4].wrapping_add(m >> 2).wrapping_add(carry);
    [r0, r1, r2, r3]
}

/// `a b / 2^256 mod p`, fully reduced, for `a < 2p` and `a b < 2^256 p`, such as one factor below `2p` and one below `p`.
#[inline(always)]
pub(crate) fn mul<F: PastaField>(a: &Limbs, b: &Limbs) -> Limbs {
    reduce_once::<F>(mul_loosely::<F>(a, b))
}

/// A number below `a b / 2^256 + p` that is congruent to `a b / 2^256`, for `a < 2p`.
///
/// Between rounds the sum stays below `a + p + 1 < 2^256`, and `a b_i` adds less than `2^64 a`, so five limbs hold it.
#[inline(always)]
pub(crate) fn mul_loosely<F: PastaField>(a: &Limbs, b: &Limbs) -> Limbs {
    let mut t = [0; 4];
    for &b in b {
        let (t0, carry) = mac(t[0], a[0], b, 0);
        let (t1, carry) = mac(t[1], a[1], b, carry);
        let (t2, carry) = mac(t[2], a[2], b, carry);
        let (t3, t4) = mac(t[3], a[3], b, carry);
        t = reduction_round::<F>([t0, t1, t2, t3, t4]);
    }
    t
}

/// `a^2 / 2^256 mod p`, fully reduced, for `a < p`.
#[inline(always)]
pub(crate) fn square<F: PastaField>(a: &Limbs) -> Limbs {
    reduce_once::<F>(square_loosely::<F>(a))
}

/// A number of at most `a^2 / 2^256 + p` that is congruent to `a^2 / 2^256`, for `a < 1.9p`.
#[inline(always)]
pub(crate) fn square_loosely<F: PastaField>(a: &Limbs) -> Limbs {
    // The products of different limbs, then twice them, then the squares: below 2^510.
    let (t1, carry) = mac(0, a[0], a[1], 0);
    let (t2, carry) = mac(0, a[0], a[2], carry);
    let (t3, t4) = mac(0, a[0], a[3], carry);
    let (t3, carry) = mac(t3, a[1], a[2], 0);
    let (t4, t5) = mac(t4, a[1], a[3], carry);
    let (t5, t6) = mac(t5, a[2], a[3], 0);

    let t7 = t6 >> 63;
    let t6 = (t6 << 1) | (t5 >> 63);
    let t5 = (t5 << 1) | (t4 >> 63);
    let t4 = (t4 << 1) | (t3 >> 63);
    let t3 = (t3 << 1) | (t2 >> 63);
    let t2 = (t2 << 1) | (t1 >> 63);
    let t1 = t1 << 1;

    let (t0, carry) = mac(0, a[0], a[0], 0);
    let (t1, carry) = adc(t1, 0, carry);
    let (t2, carry) = mac(t2, a[1], a[1], carry);
    let (t3, carry) = adc(t3, 0, carry);
    let (t4, carry) = mac(t4, a[2], a[2], carry);
    let (t5, carry) = adc(t5, 0, carry);
    let (t6, carry) = mac(t6, a[3], a[3], carry);
    let t7 = t7 + carry;

    // The first is at most p, the upper half below a^2 / 2^256.
    add_limbs(&montgomery_low::<F>([t0, t1, t2, t3]), &[t4, t5, t6, t7]).0
}

/// `(t + m p) / 2^256` for the `m` below 2^256 that makes it an integer: at most `p`, as `t < 2^256`.
#[inline(always)]
fn montgomery_low<F: PastaField>(t: Limbs) -> Limbs {
    let mut t = t;
    for _ in 0..4 {
        t = reduction_round::<F>([t[0], t[1], t[2], t[3], 0]);
    }
    t
}

/// The integer below `p` that an element stands for.
#[inline(always)]
pub(crate) fn to_integer<F: PastaField>(a: &Limbs) -> Limbs {
    // At most p, and congruent to a / 2^256: it could be p only for a = 0, whose m is zero.
    montgomery_low::<F>(*a)
}

/// `a + b` for `a, b < p`.
#[inline(always)]
pub(crate) fn add<F: PastaField>(a: &Limbs, b: &Limbs) -> Limbs {
    reduce_once::<F>(add_limbs(a, b).0)
}

/// `a - b` for `a, b < p`.
#[inline(always)]
pub(crate) fn sub<F: PastaField>(a: &Limbs, b: &Limbs) -> Limbs {
    let (difference, borrow) = sub_limbs(a, b);
    let raised = add_limbs(&difference, &F::MODULUS_LIMBS).0;
    select(borrow, raised, difference)
}

/// `a - b + p` for `a, b < p`, or for any of which this is below 2^256.
#[inline(always)]
pub(crate) fn sub_loosely<F: PastaField>(a: &Limbs, b: &Limbs) -> Limbs {
    add_limbs(&sub_limbs(a, b).0, &F::MODULUS_LIMBS).0
}

/// The remainder modulo `p` of a number below 2^256.
#[inline(always)]
pub(crate) fn reduce<F: PastaField>(a: Limbs) -> Limbs {
    // 2^256 < 4p.
    let (reduced, borrow) = sub_limbs(&a, &twice::<F>());
    reduce_once::<F>(select(borrow, a, reduced))
}

/// `-a` for `a < p`.
#[inline(always)]
pub(crate) fn neg<F: PastaField>(a: &Limbs) -> Limbs {
    sub::<F>(&[0; 4], a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::canonical;
    use crate::test_values::field_elements;
    use halo2curves::pasta::{Fp, Fq};

    fn agrees_with_the_library<F: PastaField>() {
        for a in [[u64::MAX; 4], twice::<F>(), F::MODULUS_LIMBS] {
            assert_eq!(reduce::<F>(a), canonical(&F::MODULUS_LIMBS, a));
        }
        let elements = field_elements::<F>(40);
        for a in &elements {
            let limbs = a.to_limbs();
            assert_eq!(F::from_limbs(square::<F>(&limbs)), a.square());
            assert_eq!(F::from_limbs(neg::<F>(&limbs)), -*a);
            assert_eq!(
                invert::<F>(&limbs).map(F::from_limbs),
                Option::from(a.invert())
            );
            let integer: Vec<u8> = to_integer::<F>(&limbs)
                .iter()
                .flat_map(|limb| limb.to_le_bytes())
                .collect();
            assert_eq!(integer, a.to_repr().as_ref());
            for b in &elements {
                let (x, y) = (limbs, b.to_limbs());
                assert_eq!(F::from_limbs(mul::<F>(&x, &y)), *a * b);
                assert_eq!(F::from_limbs(add::<F>(&x, &y)), *a + b);
                assert_eq!(F::from_limbs(sub::<F>(&x, &y)), *a - b);
                // What is reduced loosely is congruent and within its bounds.
                let p = &F::MODULUS_LIMBS;
                let loose = [
                    (mul_loosely::<F>(&x, &y), *a * b),
                    (square_loosely::<F>(&x), a.square()),
                    (sub_loosely::<F>(&x, &y), *a - b),
                ];
                for (loose, expected) in loose {
                    assert!(sub_limbs(&loose, &twice::<F>()).1);
                    assert_eq!(F::from_limbs(canonical(p, loose)), expected);
                }
                let (thrice, carry) = add_limbs(&add_limbs(&x, &y).0, &x);
                assert!(!carry);
                assert_eq!(F::from_limbs(reduce::<F>(thrice)), a.double() + b);
                // One factor may be a sum that was not reduced.
                let (sum, carry) = add_limbs(&x, &y);
                assert!(!carry);
                assert_eq!(F::from_limbs(mul::<F>(&sum, &x)), (*a + b) * a);
                assert_eq!(F::from_limbs(mul::<F>(&x, &sum)), (*a + b) * a);
            }
        }
    }

    #[test]
    fn arithmetic_agrees_with_the_library() {
        agrees_with_the_library::<Fp>();
        agrees_with_the_library::<Fq>();
    }
}
