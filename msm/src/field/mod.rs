//! Arithmetic of the Pasta fields: numbers of four 64-bit limbs, and constants that are derived from the modulus.
pub(crate) mod inverse;
pub(crate) mod portable;
#[cfg(target_arch = "x86_64")]
pub(crate) mod vector;

/// A number below 2^256, least significant limb first.
pub(crate) type Limbs = [u64; 4];

/// The inverse of `-n` modulo 2^64, for odd `n`.
pub(crate) const fn negated_inverse(n: u64) -> u64 {
    // Newton's iteration doubles the number of correct bits, of which an odd number has three to begin with.
    let mut x = n;
    let mut i = 0;
    while i < 5 {
        x = x.wrapping_mul(2u64.wrapping_sub(n.wrapping_mul(x)));
        i += 1;
    }
    x.wrapping_neg()
}

/// `a - b` modulo 2^256, and whether `a < b`.
#[inline(always)]
pub(crate) fn sub_limbs(a: &Limbs, b: &Limbs) -> (Limbs, bool) {
    let (mut difference, mut borrow) = ([0; 4], false);
    for i in 0..4 {
        // Compilers find the chain of subtractions with borrow in this form.
        let (limb, first) = a[i].overflowing_sub(b[i]);
        let (limb, second) = limb.overflowing_sub(u64::from(borrow));
        difference[i] = limb;
        borrow = first | second;
    }
    (difference, borrow)
}

/// `a + b` modulo 2^256, and whether there is a carry.
#[inline(always)]
pub(crate) fn add_limbs(a: &Limbs, b: &Limbs) -> (Limbs, bool) {
    let (mut sum, mut carry) = ([0; 4], 0);
    for i in 0..4 {
        let wide = u128::from(a[i]) + u128::from(b[i]) + carry;
        sum[i] = wide as u64;
        carry = wide >> 64;
    }
    (sum, carry != 0)
}

/// `2^exponent mod p`.
pub(crate) const fn power_of_two(p: &Limbs, exponent: u32) -> Limbs {
    let mut x = [1, 0, 0, 0];
    let mut step = 0;
    while step < exponent {
        // Twice x, which is below 2^256, and the same less p.
        let mut reduced = [0; 4];
        let (mut carry, mut borrow) = (0, 0);
        let mut i = 0;
        while i < 4 {
            let doubled = x[i] << 1 | carry;
            carry = x[i] >> 63;
            x[i] = doubled;
            let difference = doubled as i128 - p[i] as i128 - borrow;
            reduced[i] = difference as u64;
            borrow = (difference < 0) as i128;
            i += 1;
        }
        if borrow == 0 {
            x = reduced;
        }
        step += 1;
    }
    x
}

/// True if all limbs are zero.
#[inline(always)]
pub(crate) const fn is_zero(a: &Limbs) -> bool {
    a[0] | a[1] | a[2] | a[3] == 0
}

/// The remainder modulo `p` of a number that is a small multiple of `p` at most.
#[inline(always)]
pub(crate) fn canonical(p: &Limbs, mut a: Limbs) -> Limbs {
    loop {
        let (reduced, borrow) = sub_limbs(&a, p);
        if borrow {
            return a;
        }
        a = reduced;
    }
}
