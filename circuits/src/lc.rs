//! Linear combinations over the variables of one segment.

use ff::Field;
use nova_snark::provider::pasta::pallas;
use std::ops::{Add, Mul, Neg, Sub};
use zkmips_msm::MixedVec;

/// The field of the segment circuit: the scalar field of Pallas.
pub type F = pallas::Scalar;

/// Values of `pre` columns, in order.
pub type Columns = MixedVec<F>;

/// A variable of the segment.
///
/// `Pre` columns are committed before the challenges exist; the other kinds depend on them. The order of the kinds is the
/// order in which values are computed: scaled products need only `Pre` and the challenges, inverses need scaled products,
/// the tail needs inverses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Var {
    /// The constant one.
    One,
    /// `z[0]`: the hash of the entering state.
    StateIn,
    /// `z[1]`: the entering value of the sum.
    SumIn,
    /// `z[2]`: the challenge of the sum's denominators.
    Alpha,
    /// `z[3]`: the challenge that separates the parts of a tuple.
    Gamma,
    /// A column committed before the challenges.
    Pre(u32),
    /// A product of earlier columns and powers of gamma, or an intermediate of a hash.
    Scaled(u32),
    /// The value `m / d` of a term of the sum.
    Inverse(u32),
    /// What is computed after the sum.
    Tail(u32),
}

/// A linear combination, sorted by variable, without zero coefficients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lc {
    terms: Vec<(Var, F)>,
}

impl Lc {
    /// Zero.
    pub fn zero() -> Self {
        Self::default()
    }

    /// A constant.
    pub fn constant(c: F) -> Self {
        Self::term(Var::One, c)
    }

    /// `coefficient * variable`.
    pub fn term(variable: Var, coefficient: F) -> Self {
        if bool::from(coefficient.is_zero()) {
            return Self::zero();
        }
        Lc {
            terms: vec![(variable, coefficient)],
        }
    }

    /// The sum of distinct variables given in increasing order, each with coefficient one.
    pub fn sum_of(variables: impl Iterator<Item = Var>) -> Self {
        let terms: Vec<_> = variables.map(|v| (v, F::ONE)).collect();
        debug_assert!(terms.windows(2).all(|w| w[0].0 < w[1].0));
        Lc { terms }
    }

    /// A combination of distinct variables given in increasing order.
    pub fn from_sorted(mut terms: Vec<(Var, F)>) -> Self {
        debug_assert!(terms.windows(2).all(|w| w[0].0 < w[1].0));
        terms.retain(|(_, c)| !bool::from(c.is_zero()));
        Lc { terms }
    }

    /// The terms, sorted by variable.
    pub fn terms(&self) -> &[(Var, F)] {
        &self.terms
    }

    /// Whether no variable occurs.
    pub fn is_constant(&self) -> bool {
        self.terms.iter().all(|(v, _)| *v == Var::One)
    }

    /// Splits off the constant part.
    pub fn split_constant(&self) -> (F, Lc) {
        match self.terms.first() {
            Some((Var::One, c)) => (
                *c,
                Lc {
                    terms: self.terms[1..].to_vec(),
                },
            ),
            _ => (F::ZERO, self.clone()),
        }
    }

    /// The value under an assignment.
    pub fn evaluate(&self, value: impl Fn(Var) -> F) -> F {
        let mut sum = F::ZERO;
        for (v, c) in &self.terms {
            let x = value(*v);
            sum += if *c == F::ONE { x } else { x * c };
        }
        sum
    }

    fn merge(&self, other: &Lc, factor: F) -> Lc {
        let (mut i, mut j) = (0, 0);
        let (a, b) = (&self.terms, &other.terms);
        let mut terms = Vec::with_capacity(a.len() + b.len());
        while i < a.len() || j < b.len() {
            if j == b.len() || (i < a.len() && a[i].0 < b[j].0) {
                terms.push(a[i]);
                i += 1;
            } else if i == a.len() || b[j].0 < a[i].0 {
                terms.push((b[j].0, b[j].1 * factor));
                j += 1;
            } else {
                let c = a[i].1 + b[j].1 * factor;
                if !bool::from(c.is_zero()) {
                    terms.push((a[i].0, c));
                }
                i += 1;
                j += 1;
            }
        }
        Lc { terms }
    }
}

impl From<Var> for Lc {
    fn from(v: Var) -> Self {
        Lc::term(v, F::ONE)
    }
}

impl From<u64> for Lc {
    fn from(c: u64) -> Self {
        Lc::constant(F::from(c))
    }
}

impl From<&Lc> for Lc {
    fn from(lc: &Lc) -> Self {
        lc.clone()
    }
}

macro_rules! binary {
    ($op:ident, $method:ident, $factor:expr) => {
        impl $op<&Lc> for &Lc {
            type Output = Lc;
            fn $method(self, other: &Lc) -> Lc {
                self.merge(other, $factor)
            }
        }
        impl $op<Lc> for &Lc {
            type Output = Lc;
            fn $method(self, other: Lc) -> Lc {
                self.merge(&other, $factor)
            }
        }
        impl $op<&Lc> for Lc {
            type Output = Lc;
            fn $method(self, other: &Lc) -> Lc {
                self.merge(other, $factor)
            }
        }
        impl $op<Lc> for Lc {
            type Output = Lc;
            fn $method(self, other: Lc) -> Lc {
                self.merge(&other, $factor)
            }
        }
        impl $op<u64> for Lc {
            type Output = Lc;
            fn $method(self, other: u64) -> Lc {
                self.merge(&Lc::from(other), $factor)
            }
        }
        impl $op<u64> for &Lc {
            type Output = Lc;
            fn $method(self, other: u64) -> Lc {
                self.merge(&Lc::from(other), $factor)
            }
        }
        impl $op<Lc> for u64 {
            type Output = Lc;
            fn $method(self, other: Lc) -> Lc {
                Lc::from(self).merge(&other, $factor)
            }
        }
        impl $op<&Lc> for u64 {
            type Output = Lc;
            fn $method(self, other: &Lc) -> Lc {
                Lc::from(self).merge(other, $factor)
            }
        }
    };
}

binary!(Add, add, F::ONE);
binary!(Sub, sub, -F::ONE);

impl Mul<F> for &Lc {
    type Output = Lc;
    fn mul(self, factor: F) -> Lc {
        Lc::zero().merge(self, factor).without_zeros()
    }
}

impl Lc {
    fn without_zeros(mut self) -> Lc {
        self.terms.retain(|(_, c)| !bool::from(c.is_zero()));
        self
    }
}

impl Mul<F> for Lc {
    type Output = Lc;
    fn mul(self, factor: F) -> Lc {
        &self * factor
    }
}

impl Mul<u64> for &Lc {
    type Output = Lc;
    fn mul(self, factor: u64) -> Lc {
        self * F::from(factor)
    }
}

impl Mul<u64> for Lc {
    type Output = Lc;
    fn mul(self, factor: u64) -> Lc {
        &self * F::from(factor)
    }
}

impl Neg for Lc {
    type Output = Lc;
    fn neg(self) -> Lc {
        &self * -F::ONE
    }
}

impl Neg for &Lc {
    type Output = Lc;
    fn neg(self) -> Lc {
        self * -F::ONE
    }
}

/// `2^n` as a field element.
pub fn pow2(n: u32) -> F {
    match n {
        0..64 => F::from(1 << n),
        _ => F::from(1 << 63) * pow2(n - 63),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two() {
        let mut power = F::ONE;
        for n in 0..260 {
            assert_eq!(pow2(n), power);
            power = power.double();
        }
    }
}
