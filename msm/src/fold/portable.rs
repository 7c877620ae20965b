//! A chunk of points, one after the other.
use super::{multiply, Exceptional, Lockstep, MULTIPLES};
use crate::{
    curve::{PastaCurve, PastaField},
    field::{portable::*, Limbs},
    point::AffinePoint,
};
use std::marker::PhantomData;

/// Coordinates apart.
#[derive(Clone, Default)]
struct Points {
    x: Vec<Limbs>,
    y: Vec<Limbs>,
}

impl Points {
    fn new<C>(points: &[AffinePoint<C>]) -> Self {
        let (x, y) = points.iter().map(|point| (point.x, point.y)).unzip();
        Self { x, y }
    }
}

/// Accumulators, kept multiples, and the memory of the shared inversion.
struct Chunk<F> {
    acc: Points,
    multiples: [Points; MULTIPLES],
    denominators: Vec<Limbs>,
    prefix: Vec<Limbs>,
    field: PhantomData<F>,
}

pub(super) fn fold<C: PastaCurve>(
    lo: &mut [AffinePoint<C>],
    hi: &[AffinePoint<C>],
    a: &[i8],
    b: &[i8],
) -> Result<(), Exceptional> {
    let mut chunk = Chunk::<C::Base> {
        acc: Points::new(hi),
        multiples: Default::default(),
        denominators: Vec::with_capacity(hi.len()),
        prefix: Vec::with_capacity(hi.len()),
        field: PhantomData,
    };
    multiply(&mut chunk, a, b)?;
    chunk.multiples[0] = Points::new(lo);
    chunk.add(0, false, false)?;
    for ((lo, x), y) in lo.iter_mut().zip(chunk.acc.x).zip(chunk.acc.y) {
        *lo = AffinePoint::new(x, y);
    }
    Ok(())
}

impl<F: PastaField> Lockstep for Chunk<F> {
    fn double(&mut self) {
        let Points { x, y } = &mut self.acc;
        self.denominators.clear();
        self.denominators.extend(y.iter().map(|y| add::<F>(y, y)));
        // No point has y = 0.
        let done = invert_each::<F>(&self.denominators, &mut self.prefix, |i, inverse| {
            let (x1, y1) = (x[i], y[i]);
            let square1 = square::<F>(&x1);
            let rise = add::<F>(&square1, &add::<F>(&square1, &square1));
            let slope = mul::<F>(&rise, &inverse);
            x[i] = sub::<F>(&square::<F>(&slope), &add::<F>(&x1, &x1));
            y[i] = sub::<F>(&mul::<F>(&slope, &sub::<F>(&x1, &x[i])), &y1);
        });
        assert!(done.is_some(), "a point of the curve has y = 0");
    }

    fn keep(&mut self, index: usize) {
        self.multiples[index].clone_from(&self.acc);
    }

    fn take(&mut self, index: usize, endomorphism: bool) {
        self.acc.clone_from(&self.multiples[index]);
        if endomorphism {
            let zeta = F::ZETA.to_limbs();
            self.acc.x.iter_mut().for_each(|x| *x = mul::<F>(&zeta, x));
        }
    }

    fn add(&mut self, index: usize, endomorphism: bool, negate: bool) -> Result<(), Exceptional> {
        let zeta = F::ZETA.to_limbs();
        let Points { x: xs, y: ys } = &self.multiples[index];
        let Points { x, y } = &mut self.acc;
        let image = |x: &Limbs| {
            if endomorphism {
                mul::<F>(&zeta, x)
            } else {
                *x
            }
        };
        self.denominators.clear();
        let differences = xs.iter().zip(&*x).map(|(xs, x)| sub::<F>(&image(xs), x));
        self.denominators.extend(differences);
        invert_each::<F>(&self.denominators, &mut self.prefix, |i, inverse| {
            let (x1, y1) = (x[i], y[i]);
            let y2 = if negate { neg::<F>(&ys[i]) } else { ys[i] };
            let slope = mul::<F>(&sub::<F>(&y2, &y1), &inverse);
            // x_1 + x_2 = 2 x_1 + denominator.
            let both = add::<F>(&add::<F>(&x1, &x1), &self.denominators[i]);
            x[i] = sub::<F>(&square::<F>(&slope), &both);
            y[i] = sub::<F>(&mul::<F>(&slope, &sub::<F>(&x1, &x[i])), &y1);
        })
        .ok_or(Exceptional)
    }
}

/// Calls `visit(i, 1 / values[i])` for every `i`, or nothing and `None` if one of the values is zero.
fn invert_each<F: PastaField>(
    values: &[Limbs],
    prefix: &mut Vec<Limbs>,
    mut visit: impl FnMut(usize, Limbs),
) -> Option<()> {
    prefix.clear();
    let mut product = F::ONE.to_limbs();
    for value in values {
        prefix.push(product);
        product = mul::<F>(&product, value);
    }
    let mut inverse = invert::<F>(&product)?;
    for i in (0..values.len()).rev() {
        visit(i, mul::<F>(&inverse, &prefix[i]));
        inverse = mul::<F>(&inverse, &values[i]);
    }
    Some(())
}
