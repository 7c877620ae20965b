//! Arithmetic on vectors of field elements, on all threads. All results are fully reduced, so they are the same with every backend.
mod portable;
#[cfg(target_arch = "x86_64")]
mod vector;

use crate::{
    backend::{Backend, Kernels},
    curve::PastaField,
    field::Limbs,
};
use rayon::prelude::*;

/// Elements that are worth a task of their own.
const TASK: usize = 1 << 12;

/// Products of a constraint system's matrices with one `z`, and the `u` of that `z`.
#[derive(Clone, Copy, Debug)]
pub struct MatrixProducts<'a, F> {
    /// `A z`
    pub az: &'a [F],
    /// `B z`
    pub bz: &'a [F],
    /// `C z`
    pub cz: &'a [F],
    /// The entry of `z` that stands for one.
    pub u: F,
}

/// The same in internal form, for the rows of one task.
#[derive(Clone, Copy)]
struct Rows<'a> {
    az: &'a [Limbs],
    bz: &'a [Limbs],
    cz: &'a [Limbs],
    u: Limbs,
}

impl<'a> Rows<'a> {
    fn of<F: PastaField>(products: &MatrixProducts<'a, F>, start: usize, end: usize) -> Self {
        Self {
            az: F::limbs_of(&products.az[start..end]),
            bz: F::limbs_of(&products.bz[start..end]),
            cz: F::limbs_of(&products.cz[start..end]),
            u: products.u.to_limbs(),
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn range(&self, range: std::ops::Range<usize>) -> Self {
        Self {
            az: &self.az[range.clone()],
            bz: &self.bz[range.clone()],
            cz: &self.cz[range],
            u: self.u,
        }
    }
}

/// All panic if slices differ in length.
impl Backend {
    /// `a[i] += r b[i]`
    pub fn axpy<F: PastaField>(self, a: &mut [F], r: F, b: &[F]) {
        assert_eq!(a.len(), b.len());
        let r = r.to_limbs();
        F::limbs_of_mut(a)
            .par_chunks_mut(TASK)
            .zip(F::limbs_of(b).par_chunks(TASK))
            .for_each(|(a, b)| match self.0 {
                Kernels::Portable => portable::axpy::<F>(a, &r, b),
                #[cfg(target_arch = "x86_64")]
                Kernels::Ifma(proof) => vector::axpy::<F>(proof, a, &r, b),
            });
    }

    /// `out[i] = a[i] b[i]`
    pub fn multiply<F: PastaField>(self, out: &mut [F], a: &[F], b: &[F]) {
        assert!(out.len() == a.len() && out.len() == b.len());
        F::limbs_of_mut(out)
            .par_chunks_mut(TASK)
            .zip(F::limbs_of(a).par_chunks(TASK))
            .zip(F::limbs_of(b).par_chunks(TASK))
            .for_each(|((out, a), b)| match self.0 {
                Kernels::Portable => portable::multiply::<F>(out, a, b),
                #[cfg(target_arch = "x86_64")]
                Kernels::Ifma(proof) => vector::multiply::<F>(proof, out, a, b),
            });
    }

    /// Nova's cross term: `out = Az_1 o Bz_2 + Az_2 o Bz_1 - u_1 Cz_2 - u_2 Cz_1`.
    pub fn cross_term<F: PastaField>(
        self,
        out: &mut [F],
        first: &MatrixProducts<F>,
        second: &MatrixProducts<F>,
    ) {
        for products in [first, second] {
            for vector in [products.az, products.bz, products.cz] {
                assert_eq!(vector.len(), out.len());
            }
        }
        F::limbs_of_mut(out)
            .par_chunks_mut(TASK)
            .enumerate()
            .for_each(|(i, out)| {
                let (start, end) = (i * TASK, i * TASK + out.len());
                let first = Rows::of(first, start, end);
                let second = Rows::of(second, start, end);
                match self.0 {
                    Kernels::Portable => portable::cross_term::<F>(out, first, second),
                    #[cfg(target_arch = "x86_64")]
                    Kernels::Ifma(proof) => vector::cross_term::<F>(proof, out, first, second),
                }
            });
    }

    /// `sum_i a[i] b[i]`
    pub fn inner_product<F: PastaField>(self, a: &[F], b: &[F]) -> F {
        assert_eq!(a.len(), b.len());
        F::limbs_of(a)
            .par_chunks(TASK)
            .zip(F::limbs_of(b).par_chunks(TASK))
            .map(|(a, b)| {
                F::from_limbs(match self.0 {
                    Kernels::Portable => portable::inner_product::<F>(a, b),
                    #[cfg(target_arch = "x86_64")]
                    Kernels::Ifma(proof) => vector::inner_product::<F>(proof, a, b),
                })
            })
            .reduce(|| F::ZERO, |a, b| a + b)
    }

    /// Replaces every element by its inverse; zeros stay.
    pub fn batch_invert<F: PastaField>(self, elements: &mut [F]) {
        F::limbs_of_mut(elements)
            .par_chunks_mut(TASK)
            .for_each(|elements| match self.0 {
                Kernels::Portable => portable::batch_invert::<F>(elements),
                #[cfg(target_arch = "x86_64")]
                Kernels::Ifma(proof) => vector::batch_invert::<F>(proof, elements),
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_values::{field_elements, rng};
    use halo2curves::pasta::{Fp, Fq};
    use rand_core::RngCore;

    /// Vectors in which every edge meets every other, and zeros.
    fn vectors<F: PastaField, const N: usize>(len: usize) -> [Vec<F>; N] {
        let values = field_elements::<F>(30);
        let mut rng = rng();
        [(); N].map(|()| {
            (0..len)
                .map(|_| values[rng.next_u32() as usize % values.len()])
                .collect()
        })
    }

    fn agrees_with_the_library<F: PastaField>() {
        for len in [0, 1, 7, 8, 9, 31, 32, 33, 1000, TASK + 77] {
            let [a, b, c, d, e, f] = vectors::<F, 6>(len);
            for (backend, r) in Backend::all()
                .into_iter()
                .flat_map(|backend| field_elements(3).into_iter().map(move |r| (backend, r)))
            {
                let mut found = a.clone();
                backend.axpy(&mut found, r, &b);
                let expected = a.iter().zip(&b).map(|(a, b)| *a + r * b);
                assert!(expected.eq(found.iter().copied()), "{}", backend.name());

                let (first, second) = (
                    MatrixProducts {
                        az: &a,
                        bz: &b,
                        cz: &c,
                        u: r,
                    },
                    MatrixProducts {
                        az: &d,
                        bz: &e,
                        cz: &f,
                        u: F::ONE - r,
                    },
                );
                backend.cross_term(&mut found, &first, &second);
                for i in 0..len {
                    let expected = a[i] * e[i] + d[i] * b[i] - r * f[i] - (F::ONE - r) * c[i];
                    assert_eq!(found[i], expected, "{}", backend.name());
                }
                if len > 100 {
                    break;
                }
            }
            for backend in Backend::all() {
                let mut found = vec![F::ONE; len];
                backend.multiply(&mut found, &a, &b);
                assert!(found.iter().zip(&a).zip(&b).all(|((x, a), b)| *x == *a * b));
                let sum = found.iter().fold(F::ZERO, |sum, x| sum + x);
                assert_eq!(backend.inner_product(&a, &b), sum, "{}", backend.name());
                let mut found = a.clone();
                backend.batch_invert(&mut found);
                for (x, a) in found.iter().zip(&a) {
                    assert_eq!(*x, a.invert().unwrap_or(F::ZERO), "{}", backend.name());
                }
            }
        }
    }

    #[test]
    fn vectors_are_computed_as_the_library_computes_elements() {
        agrees_with_the_library::<Fp>();
        agrees_with_the_library::<Fq>();
    }
}
