//! Evaluation points that lie in a sub-cube of the hypercube's domain: high-order coordinates 0 or 1, the others free.
//!
//! One form serves all claims of the proof. A vector of `2^k` entries seen as the start of a longer one is evaluated in block 0; a
//! dyadic block of a prefix is evaluated in the block of its own index.
use ff::PrimeField;

/// The point `(bits of block, tail)`, the high-order bit of `block` first.
#[derive(Clone, Debug)]
pub(crate) struct CubePoint<F> {
    /// Index of the block of `2^tail.len()` entries.
    pub block: usize,
    /// The low-order coordinates, high-order one first.
    pub tail: Vec<F>,
}

impl<F: PrimeField> CubePoint<F> {
    /// A point for the first `2^tail.len()` entries.
    pub(crate) fn first_block(tail: &[F]) -> Self {
        Self {
            block: 0,
            tail: tail.to_vec(),
        }
    }

    /// `eq(self, point)`; `point` has at least as many coordinates as the tail.
    pub(crate) fn eq(&self, point: &[F]) -> F {
        let (high, low) = point.split_at(point.len() - self.tail.len());
        let head = high.iter().enumerate().map(|(i, r)| {
            if (self.block >> (high.len() - 1 - i)) & 1 == 1 {
                *r
            } else {
                F::ONE - r
            }
        });
        let tail = self.tail.iter().zip(low).map(|(t, r)| {
            let both = *t * r;
            F::ONE - t - r + both.double()
        });
        head.chain(tail).product()
    }
}
