//! Inverses by Bernstein and Yang's division steps ("Fast constant-time gcd computation and modular inversion", 2019/266), without their
//! constant time: steps that only halve are taken together.
//!
//! A step maps an odd `f`, a number `g` and a counter to numbers with the same greatest common divisor up to signs. What 62 steps do
//! depends on the lowest 62 bits of `f` and `g`, and is a matrix, divided by 2^62, that is then applied to the whole numbers, and modulo `p` to
//! the two numbers that say which multiples of the input `f` and `g` are.
use super::{canonical, is_zero, negated_inverse, portable::mul, power_of_two, Limbs};
use crate::curve::PastaField;

/// Bits of a limb of [`Wide`], and steps that are taken at once.
const BITS: u32 = 62;
const MASK: u64 = (1 << BITS) - 1;

/// A number to the base 2^62: the last limb is signed, the others are in `0..2^62`.
type Wide = [i64; 5];

const fn wide(a: &Limbs) -> Wide {
    let limbs = [
        a[0],
        a[0] >> 62 | a[1] << 2,
        a[1] >> 60 | a[2] << 4,
        a[2] >> 58 | a[3] << 6,
        a[3] >> 56,
    ];
    let mut wide = [0; 5];
    let mut i = 0;
    while i < 5 {
        wide[i] = (limbs[i] & MASK) as i64;
        i += 1;
    }
    wide
}

/// The matrix of 62 steps, times 2^62. The absolute values of a row add up to at most 2^62.
struct Matrix {
    /// What becomes of `f`.
    first: [i64; 2],
    /// What becomes of `g`.
    second: [i64; 2],
}

/// Takes 62 steps with the lowest bits of `f` and `g`. The counter is Bernstein and Yang's `delta`.
#[inline(always)]
fn steps(delta: &mut i64, mut f: u64, mut g: u64) -> Matrix {
    let (mut first, mut second) = ([1i64, 0], [0i64, 1]);
    let mut left = BITS;
    loop {
        let halvings = (g | u64::MAX << left).trailing_zeros();
        g >>= halvings;
        first = first.map(|x| x << halvings);
        *delta += i64::from(halvings);
        left -= halvings;
        if left == 0 {
            return Matrix { first, second };
        }
        if *delta > 0 {
            *delta = -*delta;
            (f, g) = (g, f.wrapping_neg());
            (first, second) = (second, first.map(|x| -x));
        }
        // Until the next exchange, which is 1 - delta steps away, g only gets multiples of f. They are found together: f is its own inverse
        // modulo 8, and f (2 - f^2) is the inverse modulo 64.
        let together = left.min((1 - *delta).min(6) as u32);
        let inverse = f.wrapping_mul(2u64.wrapping_sub(f.wrapping_mul(f)));
        let multiple = g.wrapping_neg().wrapping_mul(inverse) & ((1 << together) - 1);
        g = g.wrapping_add(f.wrapping_mul(multiple));
        second[0] += first[0] * multiple as i64;
        second[1] += first[1] * multiple as i64;
    }
}

/// `(row[0] a + row[1] b + m c) / 2^62`, where the division leaves no remainder.
#[inline(always)]
fn combine(row: &[i64; 2], a: &Wide, b: &Wide, m: i64, c: &Wide) -> Wide {
    let product = |x: i64, y: i64| i128::from(x) * i128::from(y);
    let mut result = [0; 5];
    let mut sum = 0;
    for i in 0..5 {
        sum += product(row[0], a[i]) + product(row[1], b[i]) + product(m, c[i]);
        if i > 0 {
            result[i - 1] = (sum as u64 & MASK) as i64;
        }
        sum >>= BITS;
    }
    result[4] = sum as i64;
    result
}

/// The same for `m p` with that `m` in `-2^61..2^61` with which the division leaves no remainder.
#[inline(always)]
fn combine_modulo<F: PastaField>(row: &[i64; 2], a: &Wide, b: &Wide) -> Wide {
    let low = (row[0].wrapping_mul(a[0])).wrapping_add(row[1].wrapping_mul(b[0])) as u64;
    let m = low.wrapping_mul(const { negated_inverse(F::MODULUS_LIMBS[0]) });
    let m = ((m << (64 - BITS)) as i64) >> (64 - BITS);
    combine(row, a, b, m, const { &wide(&F::MODULUS_LIMBS) })
}

/// The inverse of an element below `p`, in the library's form; `None` for zero.
pub(crate) fn invert<F: PastaField>(a: &Limbs) -> Option<Limbs> {
    if is_zero(a) {
        return None;
    }
    let p = const { &wide(&F::MODULUS_LIMBS) };
    let (mut f, mut g) = (*p, wide(a));
    // f = d a and g = e a modulo p.
    let (mut d, mut e) = ([0; 5], [1, 0, 0, 0, 0]);
    let mut delta = 1;
    // At most 12 rounds (741 steps, loc. cit., theorem 11.2), each of which adds at most p / 2 to the absolute values of d and e.
    while g != [0; 5] {
        let Matrix { first, second } = steps(&mut delta, f[0] as u64, g[0] as u64);
        (f, g) = (
            combine(&first, &f, &g, 0, p),
            combine(&second, &f, &g, 0, p),
        );
        (d, e) = (
            combine_modulo::<F>(&first, &d, &e),
            combine_modulo::<F>(&second, &d, &e),
        );
    }
    // f is the greatest common divisor, 1 or -1; so d or -d is the inverse, between -7p and 7p.
    let sign = if f[4] < 0 { -1 } else { 1 };
    let inverse = carried(d.map(|limb| i128::from(sign * limb)));
    // All multiples of p but one or two.
    let quotient = i128::from((inverse[4] >> (254 - 4 * BITS)) - 1);
    let reduced = carried(std::array::from_fn(|i| {
        i128::from(inverse[i]) - quotient * i128::from(p[i])
    }));
    let [r0, r1, r2, r3, r4] = reduced.map(|limb| limb as u64);
    let inverse = canonical(
        &F::MODULUS_LIMBS,
        [
            r0 | r1 << 62,
            r1 >> 2 | r2 << 60,
            r2 >> 4 | r3 << 58,
            r3 >> 6 | r4 << 56,
        ],
    );
    // What was inverted is x 2^256, and what is wanted is 2^256 / x; the product divides by 2^256 once more.
    Some(mul::<F>(
        &inverse,
        const { &power_of_two(&F::MODULUS_LIMBS, 768) },
    ))
}

/// The number with these limbs, which may be out of their range.
#[inline(always)]
fn carried(limbs: [i128; 5]) -> Wide {
    let mut sum = 0;
    let mut result = limbs.map(|limb| {
        sum = (sum >> BITS) + limb;
        (sum as u64 & MASK) as i64
    });
    result[4] = sum as i64;
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{field::sub_limbs, test_values::rng};
    use halo2curves::pasta::{Fp, Fq};

    fn products_are_one<F: PastaField>() {
        let mut rng = rng();
        let one = F::ONE.to_limbs();
        for i in 0..2_000 {
            // Of all lengths.
            let mut a = F::random(&mut rng).to_limbs();
            a[3] >>= i % 64;
            if i % 3 == 0 {
                a[2] = 0;
            }
            let inverse = invert::<F>(&a).unwrap();
            assert_eq!(canonical(&F::MODULUS_LIMBS, inverse), inverse);
            assert_eq!(mul::<F>(&a, &inverse), one);
        }
        // The smallest and the largest.
        for k in 1..100 {
            let (opposite, _) = sub_limbs(&F::MODULUS_LIMBS, &[k, 0, 0, 0]);
            for a in [[k, 0, 0, 0], opposite] {
                assert_eq!(mul::<F>(&a, &invert::<F>(&a).unwrap()), one);
            }
        }
        assert_eq!(invert::<F>(&[0; 4]), None);
        assert_eq!(invert::<F>(&one), Some(one));
    }

    #[test]
    fn an_element_times_its_inverse_is_one() {
        products_are_one::<Fp>();
        products_are_one::<Fq>();
    }
}
