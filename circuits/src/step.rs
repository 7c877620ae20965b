//! A segment as a step of the recursion.

use crate::{compact::HEAD, lc::F, segment::Segment};
use nova_snark::frontend::{
    num::AllocatedNum, ConstraintSystem, LinearCombination, SynthesisError, Variable,
};
use zkmips_folding::prove::step::{SplitStep, StepError};
use zkmips_msm::MixedVec;

/// A segment, with the bytes that bind its capacities into the parameter digest.
#[derive(Debug)]
pub struct SegmentStep {
    /// The segment.
    pub segment: Segment,
    /// Name and capacities of the shape, and the machine version.
    pub description: Vec<u8>,
}

impl SplitStep<F> for SegmentStep {
    fn pre_len(&self) -> usize {
        self.segment.pre_len()
    }

    fn synthesize<CS: ConstraintSystem<F>>(
        &self,
        cs: &mut CS,
        pre: &[Variable],
        z: &[AllocatedNum<F>],
    ) -> Result<[AllocatedNum<F>; 2], SynthesisError> {
        let s = &self.segment;
        // The flat assignment's variables, in its order.
        let mut variables = vec![CS::one()];
        variables.extend(z.iter().map(AllocatedNum::get_variable));
        debug_assert_eq!(variables.len(), HEAD as usize);
        variables.extend_from_slice(pre);
        for _ in 0..s.post_len() - 2 {
            variables.push(cs.alloc(|| "post", || Err(SynthesisError::AssignmentMissing))?);
        }
        let combine = |terms: &mut dyn Iterator<Item = (u32, F)>| {
            terms.fold(LinearCombination::zero(), |lc, (position, c)| {
                lc + (c, variables[position as usize])
            })
        };
        for row in 0..s.num_rows() {
            cs.enforce(
                || s.label(row),
                |_| combine(&mut s.row_terms(0, row)),
                |_| combine(&mut s.row_terms(1, row)),
                |_| combine(&mut s.row_terms(2, row)),
            );
        }
        let mut output = |i: usize| {
            let z = AllocatedNum::alloc(cs.namespace(|| format!("output {i}")), || {
                Err(SynthesisError::AssignmentMissing)
            })?;
            cs.enforce(
                || format!("output {i}"),
                |_| combine(&mut s.output_terms(i)),
                |lc| lc + CS::one(),
                |lc| lc + z.get_variable(),
            );
            Ok(z)
        };
        Ok([output(0)?, output(1)?])
    }

    fn post_len(&self) -> usize {
        self.segment.post_len()
    }

    fn fill_post(&self, pre: &[F], z: &[F], out: &mut [F]) -> Result<(), StepError> {
        self.segment.fill_post(pre, z, out);
        Ok(())
    }

    fn gamma_multiples(&self) -> Vec<Vec<u32>> {
        self.segment.gamma_multiples().to_vec()
    }

    fn fill_multiples(&self, k: usize, pre: &MixedVec<F>, out: &mut MixedVec<F>) {
        self.segment.fill_multiples(k, pre, out);
    }

    fn digest_bytes(&self) -> Vec<u8> {
        self.description.clone()
    }
}
