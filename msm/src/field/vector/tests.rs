//! Every operation against the library's arithmetic, at the ends of the ranges that the callers may use.
use super::*;
use crate::{field::add_limbs, test_values::field_elements};
use halo2curves::pasta::{Fp, Fq};

/// `numbers / 2^256`: the element that the library holds as this number, reduced first.
fn element<F: PastaField>(number: &Limbs) -> F {
    F::from_limbs(canonical(&F::MODULUS_LIMBS, *number))
}

/// `2^-4`, the difference between the forms.
fn sixteenth<F: PastaField>() -> F {
    F::TWO_INV.square().square()
}

/// Numbers below 2^256: reduced ones, the same plus `p`, `2p`, and the ends of the range.
fn numbers<F: PastaField>() -> Vec<Limbs> {
    let p = F::MODULUS_LIMBS;
    let mut numbers = Vec::new();
    for element in field_elements::<F>(8) {
        let reduced = element.to_limbs();
        let once = add_limbs(&reduced, &p).0;
        numbers.extend([reduced, once, add_limbs(&once, &p).0]);
    }
    numbers.extend([p, [u64::MAX; 4], [u64::MAX, 0, u64::MAX, 0]]);
    numbers
}

/// The numbers in the lanes, which are below 2^256.
#[target_feature(enable = "avx512f,avx512ifma")]
fn read<F: PastaField>(k: Vector<F>, lanes: &Lanes) -> [Limbs; 8] {
    let mut limbs = [[0; 8]; 5];
    k.store_lanes(&mut limbs, lanes);
    assert!(limbs.iter().flatten().all(|limb| *limb <= MASK));
    k.to_limbs(lanes)
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn check_pair<F: PastaField>(k: Vector<F>, a: &[Limbs; 8], b: &[Limbs; 8]) {
    let (x, y) = (k.lanes_of(a), k.lanes_of(b));
    assert_eq!(read(k, &x), *a);
    let p = F::MODULUS_LIMBS;
    let two_p = add_limbs(&p, &p).0;

    // Up to 2^256 times 2^256: 16 p^2.
    let product = read(k, &k.product(&x, &y));
    let square = read(k, &k.carry(k.square(&x)));
    let both = read(
        k,
        &k.carry(k.sum_of_products([(&x, &y), (&y, &y), (&x, &x), (&y, &x)])),
    );
    // 4 (x + 4p) times what was just multiplied.
    let raised = k.carry(k.quadruple(k.sub_4p(x, k.number(0))));
    let reduced_product = k.product(&x, &y);
    let far = read(k, &k.product(&raised, &reduced_product));
    // Sums up to 6p are reduced to about 2p.
    let difference = read(k, &k.reduce(k.sub_4p(reduced_product, y)));
    let mirrored = read(
        k,
        &k.reduce(k.sub(k.sub_4p(k.square(&x), reduced_product), reduced_product)),
    );
    let negated = read(k, &k.reduce(k.negate_where(0b1010_1010, &reduced_product)));
    let once = read(k, &k.subtract_p_once(&reduced_product));
    for lane in 0..8 {
        let (a, b) = (element::<F>(&a[lane]), element::<F>(&b[lane]));
        let c = a * b * sixteenth::<F>();
        let below_2p = |found: &Limbs| crate::field::sub_limbs(found, &two_p).1;
        for (found, expected) in [
            (product[lane], c),
            (square[lane], a * a * sixteenth::<F>()),
            (both[lane], (a + b).square() * sixteenth::<F>()),
            (far[lane], F::from(4) * a * c * sixteenth::<F>()),
        ] {
            assert!(below_2p(&found));
            assert_eq!(element::<F>(&found), expected);
        }
        for (found, expected) in [
            (difference[lane], c - b),
            (mirrored[lane], a * a * sixteenth::<F>() - c.double()),
            (negated[lane], if lane % 2 == 1 { -c } else { c }),
        ] {
            // Below 2p + 2^216, and not zero as a number.
            let bound = add_limbs(&two_p, &[0, 0, 0, 1 << 24]).0;
            assert!(crate::field::sub_limbs(&found, &bound).1);
            assert!(!crate::field::is_zero(&found));
            assert_eq!(element::<F>(&found), expected);
        }
        assert_eq!(once[lane], element::<F>(&product[lane]).to_limbs());
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn check_layout<F: PastaField>(k: Vector<F>, a: &[Limbs; 8]) {
    let lanes = k.load_elements(a);
    let mut back = [[0; 4]; 8];
    k.store_elements(&mut back, &lanes);
    assert_eq!(back, *a);
    // The same order, and sixteen times the number, which does not fit 256 bits: divide it by 2^260 again.
    let times_16 = read(k, &k.product(&k.load_elements_16_times(a), &k.one()));
    let plain = read(k, &lanes);
    for (x, y) in times_16.iter().zip(&plain) {
        assert_eq!(element::<F>(x), element::<F>(y) * F::from(16));
    }
    let zero = k.all_zero(&lanes);
    let multiples = k.multiple_of_p(&lanes);
    for (lane, number) in plain.iter().enumerate() {
        assert_eq!(zero >> lane & 1 == 1, crate::field::is_zero(number));
        assert_eq!(multiples >> lane & 1 == 1, element::<F>(number) == F::ZERO);
    }
    let rows: [[u64; 8]; 8] = std::array::from_fn(|i| std::array::from_fn(|j| (8 * i + j) as u64));
    let columns = k.transpose(rows.map(|row| k.load(&row)));
    for (j, column) in columns.into_iter().enumerate() {
        let mut words = [0; 8];
        k.store(&mut words, column);
        assert_eq!(words, rows.map(|row| row[j]));
    }
    let names = std::array::from_fn(|i| (i as u32 * 0x1234_5677) >> (i % 3));
    let odd = k.odd_numbers(&names);
    for (lane, name) in names.iter().enumerate() {
        assert_eq!(u32::from(odd >> lane & 1), name & 1);
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn check_constants<F: PastaField>(k: Vector<F>) {
    let one = read(k, &k.one())[0];
    assert_eq!(element::<F>(&one), F::from(16));
    assert_eq!(element::<F>(&read(k, &k.times_16(3))[5]), F::from(3 * 256));
    let broadcast = read(k, &k.broadcast(&F::ZETA.to_limbs()));
    assert_eq!(broadcast, [F::ZETA.to_limbs(); 8]);
    // Multiplication by a number in this form is what the constant is for.
    let x = k.broadcast(&F::ZETA.to_limbs());
    assert_eq!(element::<F>(&read(k, &k.product(&x, &k.one()))[0]), F::ZETA);
}

fn check_inverses<F: PastaField>(numbers: &[Limbs; 8]) {
    let elements = numbers.map(|number| element::<F>(&number));
    let found = inverses_of_lanes::<F>(*numbers, 6);
    if elements.contains(&F::ZERO) {
        assert_eq!(found, None);
        return;
    }
    for (found, a) in found.unwrap().iter().zip(elements) {
        // Held as a 2^260: the element is a / 16, and the inverse of four times it is held as 16 times it.
        let a = a * sixteenth::<F>();
        let inverse = (a.double().double()).invert().unwrap();
        assert_eq!(element::<F>(found), inverse * F::from(16));
    }
}

fn all<F: PastaField>() {
    let Some(proof) = Ifma::detect() else {
        return;
    };
    let k = Vector::<F>::new(proof);
    let numbers = numbers::<F>();
    let eight = |start: usize, step: usize| -> [Limbs; 8] {
        std::array::from_fn(|i| numbers[(start + step * i) % numbers.len()])
    };
    // SAFETY: the processor was asked for the features.
    unsafe { check_constants(k) };
    for start in 0..numbers.len() {
        let a = eight(start, 1);
        check_inverses::<F>(&a);
        // SAFETY: as above.
        unsafe { check_layout(k, &a) };
        for step in [0, 1, 5] {
            for other in (0..numbers.len()).step_by(3) {
                // SAFETY: as above.
                unsafe { check_pair(k, &a, &eight(other, step)) };
            }
        }
    }
}

#[test]
fn lanes_compute_what_the_library_computes() {
    all::<Fp>();
    all::<Fq>();
}
