//! The multi-scalar multiplication against nova-snark's and against `pasta_curves`, on random and on adversarial inputs.
use ff::{Field, PrimeField};
use halo2curves::{
    group::{prime::PrimeCurveAffine, Curve},
    pasta::{PallasAffine, VestaAffine},
    CurveAffine,
};
use nova_snark::provider::traits::DlogGroupExt;
use pasta_curves::arithmetic::CurveAffine as _;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use zkmips_msm::{msm_small_with, msm_with, AffinePoint, Backend, PastaCurve};

/// A curve that the other libraries know, too.
trait Known:
    PastaCurve<CurveExt: DlogGroupExt<Scalar = Self::ScalarExt, AffineGroupElement = Self>>
{
    /// The sum as `pasta_curves` computes it, term by term.
    fn independent(scalars: &[Self::ScalarExt], points: &[Self]) -> Self;
}

macro_rules! known {
    ($affine:ident, $module:ident, $base:ident, $scalar:ident) => {
        impl Known for $affine {
            fn independent(scalars: &[Self::ScalarExt], points: &[Self]) -> Self {
                use pasta_curves::{$base, $module, $scalar};
                let sum = scalars
                    .iter()
                    .zip(points)
                    .map(|(scalar, point)| {
                        let scalar = $scalar::from_repr(scalar.to_repr().into()).unwrap();
                        let [x, y] = [point.x, point.y]
                            .map(|c| $base::from_repr(c.to_repr().into()).unwrap());
                        let point = $module::Affine::from_xy(x, y);
                        // The library has no coordinates for the identity.
                        Option::<$module::Affine>::from(point)
                            .map_or($module::Point::default(), |point| point * scalar)
                    })
                    .fold($module::Point::default(), |a, b| a + b);
                let sum = pasta_curves::group::Curve::to_affine(&sum);
                let coordinates = Option::from(sum.coordinates());
                coordinates.map_or(
                    Self::identity(),
                    |c: pasta_curves::arithmetic::Coordinates<_>| {
                        let [x, y] = [c.x(), c.y()]
                            .map(|c| PrimeField::from_repr(c.to_repr().into()).unwrap());
                        Self::from_xy(x, y).unwrap()
                    },
                )
            }
        }
    };
}

known!(PallasAffine, pallas, Fp, Fq);
known!(VestaAffine, vesta, Fq, Fp);

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Different points: multiples of the generator by successive powers.
fn points<C: Known>(n: usize, seed: u64) -> Vec<C> {
    let mut rng = rng(seed);
    let (mut point, step) = (
        C::generator() * C::ScalarExt::random(&mut rng),
        (C::generator() * C::ScalarExt::random(&mut rng)).to_affine(),
    );
    let projective: Vec<_> = (0..n)
        .map(|_| {
            point += step;
            point
        })
        .collect();
    let mut affine = vec![C::identity(); n];
    C::CurveExt::batch_normalize(&projective, &mut affine);
    affine
}

/// Checks all backends against nova-snark's function, and small sums against `pasta_curves`.
fn check<C: Known>(scalars: &[C::ScalarExt], points: &[C], what: &str) {
    let expected = C::CurveExt::vartime_multiscalar_mul(scalars, points);
    if scalars.len() <= 70 {
        assert_eq!(
            expected.to_affine(),
            C::independent(scalars, points),
            "the references disagree: {what}"
        );
    }
    let converted: Vec<AffinePoint<C>> = points.iter().map(|p| (*p).into()).collect();
    for backend in Backend::all() {
        let found = msm_with(backend, scalars, &converted);
        assert!(bool::from(found.to_affine().is_on_curve()));
        assert_eq!(
            found,
            expected,
            "{what}, {} terms, {}",
            points.len(),
            backend.name()
        );
    }
}

/// Scalars at the edges.
fn edges<C: Known>() -> Vec<C::ScalarExt> {
    let one = C::ScalarExt::ONE;
    let half = C::ScalarExt::TWO_INV;
    let mut edges = vec![C::ScalarExt::ZERO, one, -one, half, half - one, -half];
    for bits in [1, 7, 8, 12, 13, 15, 16, 31, 32, 63, 64, 127, 128, 252, 253] {
        let power = C::ScalarExt::from(2).pow([bits]);
        edges.extend([power, power - one, -power, one - power]);
    }
    edges
}

fn random_scalars<C: Known>(n: usize, seed: u64) -> Vec<C::ScalarExt> {
    let mut rng = rng(seed);
    (0..n).map(|_| C::ScalarExt::random(&mut rng)).collect()
}

fn sizes<C: Known>() {
    let all = points::<C>((1 << 17) + 1, 1);
    for n in [0, 1, 2, 3, 15, 16, 17, 63, 64, 65, 1000, (1 << 17) + 1] {
        check(&random_scalars::<C>(n, n as u64), &all[..n], "random");
    }
}

#[test]
fn random_sums_of_many_sizes_pallas() {
    sizes::<PallasAffine>();
}

#[test]
fn random_sums_of_many_sizes_vesta() {
    sizes::<VestaAffine>();
}

fn equal_scalars<C: Known>() {
    let all = points::<C>(1000, 2);
    for scalar in edges::<C>() {
        for n in [1, 2, 65] {
            check(&vec![scalar; n], &all[..n], "equal scalars");
        }
        let mut some = vec![scalar; 1000];
        some[123..456].fill(C::ScalarExt::ZERO);
        check(&some, &all, "equal scalars and zeros");
    }
    let edges = edges::<C>();
    check(&edges, &all[..edges.len()], "edges");
    let random = random_scalars::<C>(1, 3)[0];
    check(&[random; 1000], &all, "equal random scalars");
}

#[test]
fn equal_scalars_at_the_edges() {
    equal_scalars::<PallasAffine>();
    equal_scalars::<VestaAffine>();
}

fn adversarial_points<C: Known>() {
    let n = 1000;
    let different = points::<C>(n, 4);
    let (p, q) = (different[0], different[1]);
    let alternate = |a: C, b: C| (0..n).map(|i| if i % 2 == 0 { a } else { b }).collect();
    let zeta: Vec<C> = different
        .iter()
        .flat_map(|p| {
            // Three points with the same ordinate.
            let c = p.coordinates().unwrap();
            let cube_root = <C::Base as ff::WithSmallOrderMulGroup<3>>::ZETA;
            let once = C::from_xy(cube_root * c.x(), *c.y()).unwrap();
            let twice = C::from_xy(cube_root.square() * c.x(), *c.y()).unwrap();
            [*p, once, twice]
        })
        .take(n)
        .collect();
    let mut sparse = different.clone();
    sparse
        .iter_mut()
        .step_by(3)
        .for_each(|p| *p = C::identity());
    let families: [(&str, Vec<C>); 7] = [
        ("one point", vec![p; n]),
        ("a point and its opposite", alternate(p, -p)),
        ("two points", alternate(p, q)),
        ("only the identity", vec![C::identity(); n]),
        ("points and the identity", sparse),
        ("equal ordinates", zeta),
        (
            "each point and then its opposite",
            different.iter().flat_map(|p| [*p, -*p]).take(n).collect(),
        ),
    ];
    let random = random_scalars::<C>(n, 5);
    let signs: Vec<C::ScalarExt> = (0..n)
        .map(|i| [C::ScalarExt::ONE, -C::ScalarExt::ONE][i % 2])
        .collect();
    for (what, points) in &families {
        for m in [2, 3, 64, n] {
            check(&random[..m], &points[..m], what);
            check(&signs[..m], &points[..m], what);
            check(&vec![C::ScalarExt::ONE; m], &points[..m], what);
            check(&vec![random[0]; m], &points[..m], what);
        }
    }
}

#[test]
fn identity_repeated_and_opposite_points() {
    adversarial_points::<PallasAffine>();
    adversarial_points::<VestaAffine>();
}

/// Small multiples of one point as points, mixed sizes of scalars: buckets and their sums meet everything.
fn structured<C: Known>(seed: u64) {
    let mut rng = rng(seed);
    let n = 1 + rng.next_u32() as usize % 300;
    let families = 1 + rng.next_u32() % 5;
    let generators = points::<C>(families as usize, seed ^ 1);
    let edges = edges::<C>();
    let kinds = rng.next_u32();
    let (mut scalars, mut points) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let generator = generators[rng.next_u32() as usize % generators.len()];
        let multiple = C::ScalarExt::from(u64::from(rng.next_u32() % 4));
        let point = (generator * multiple).to_affine();
        points.push(if rng.next_u32() & 1 == 0 {
            point
        } else {
            -point
        });
        // Some kinds of scalars only.
        let kind = loop {
            let kind = rng.next_u32() % 6;
            if kinds >> kind & 1 == 1 || kinds & 63 == 0 {
                break kind;
            }
        };
        let small = rng.next_u64();
        scalars.push(match kind {
            0 => C::ScalarExt::ZERO,
            1 => C::ScalarExt::from(small & 1),
            2 => C::ScalarExt::from(small & 0xffff),
            3 => -C::ScalarExt::from(small >> (small % 64)),
            4 => edges[small as usize % edges.len()],
            _ => C::ScalarExt::random(&mut rng),
        });
    }
    check(&scalars, &points, &format!("structure {seed}"));
}

#[test]
fn random_structures() {
    for seed in 0..150 {
        structured::<PallasAffine>(seed);
        structured::<VestaAffine>(seed);
    }
}

fn small_integers<C: Known>() {
    let mut rng = rng(6);
    let n = 3000;
    let points = points::<C>(n, 7);
    let converted: Vec<AffinePoint<C>> = points.iter().map(|p| (*p).into()).collect();
    for bits in [1, 8, 16, 31, 32, 63, 64] {
        let wide: Vec<u64> = (0..n)
            .map(|i| {
                if i % 3 == 0 {
                    0
                } else {
                    rng.next_u64() >> (64 - bits)
                }
            })
            .collect();
        let elements: Vec<C::ScalarExt> = wide.iter().map(|x| C::ScalarExt::from(*x)).collect();
        check(&elements, &points, "small integers");
        let expected = msm_with(Backend::portable(), &elements, &converted);
        for backend in Backend::all() {
            assert_eq!(msm_small_with(backend, &wide, &converted), expected);
            if bits <= 32 {
                let narrow: Vec<u32> = wide.iter().map(|x| *x as u32).collect();
                assert_eq!(msm_small_with(backend, &narrow, &converted), expected);
            }
        }
    }
}

#[test]
fn small_integers_agree_with_field_elements() {
    small_integers::<PallasAffine>();
    small_integers::<VestaAffine>();
}

fn raw_bytes<C: Known>() {
    let points = points::<C>(3, 8);
    for point in points.into_iter().chain([C::identity()]) {
        let converted = AffinePoint::from(point);
        assert_eq!(converted.to_affine(), point);
        let bytes = converted.to_raw_bytes();
        assert_eq!(AffinePoint::from_raw_bytes(&bytes), Some(converted));
        let mut wrong = bytes;
        wrong[40] ^= 1;
        assert_eq!(AffinePoint::<C>::from_raw_bytes(&wrong), None);
        // The abscissa plus the modulus is the same number, written otherwise.
        let mut unreduced = bytes;
        let modulus = (-C::Base::ONE).to_repr();
        let mut carry = 1;
        for (byte, p) in unreduced[..32].iter_mut().zip(modulus.as_ref()) {
            carry += u16::from(*byte) + u16::from(*p);
            *byte = carry as u8;
            carry >>= 8;
        }
        assert_eq!(AffinePoint::<C>::from_raw_bytes(&unreduced), None);
    }
}

#[test]
fn raw_points_are_checked() {
    raw_bytes::<PallasAffine>();
    raw_bytes::<VestaAffine>();
}
