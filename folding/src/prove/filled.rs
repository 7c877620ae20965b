//! A segment's witness, in buffers that serve one segment after the other.
//!
//! All that does not depend on the recursion is there early: `pre`, the step's own variables and the products of its rows. So a
//! segment can be filled while the one before it is folded. The recursion's part follows when that is done.
use crate::{
    prove::{
        circuit::{PrimaryCircuit, PrimaryInput},
        error::ProveError,
        params::PublicParams,
        pass1::{digest_columns, fill, PreCommitment},
        relation::Products,
        step::{PreSource, SplitStep},
    },
    ro::F1,
    step::{ARITY, OUTPUTS},
    Primary,
};
use ff::Field;
use nova_snark::frontend::{num::AllocatedNum, util_cs::witness_cs::WitnessCS, ConstraintSystem};
use zkmips_msm::{memory::with_room, MixedVec};

/// A primary witness and the products of its rows.
pub(crate) struct Filled {
    /// The `pre` columns as their source gives them.
    pre: MixedVec<F1>,
    /// `(W, 1, X)`
    pub z: Vec<F1>,
    pub products: Products<Primary>,
    /// State and sum after the step.
    pub outputs: [F1; OUTPUTS],
}

impl Filled {
    /// Buffers for segments of these parameters.
    pub fn new<S>(pp: &PublicParams<S>) -> Self {
        let shape = &pp.primary.shape;
        Self {
            pre: MixedVec::with_capacity(pp.primary.pre_len),
            z: with_room(shape.num_vars() + 1 + shape.num_io()),
            products: Products::zero(shape.num_cons()),
            outputs: [F1::ZERO; OUTPUTS],
        }
    }

    /// Fills all of segment `i` but the recursion's part. `z = [state, sum, alpha, gamma]` is what the step reads. The `pre` columns
    /// must be those that were committed to.
    pub fn fill<S: SplitStep<F1>>(
        &mut self,
        pp: &PublicParams<S>,
        source: &mut dyn PreSource<F1>,
        i: usize,
        z: &[F1; ARITY],
        committed: &PreCommitment,
    ) -> Result<(), ProveError> {
        fill(pp, source, i, &mut self.pre)?;
        if digest_columns(&self.pre) != committed.digest {
            return Err(ProveError::PreChanged(i));
        }
        self.z.clear();
        self.z.extend(self.pre.elements());
        self.fill_step(pp, z)
    }

    /// Fills the step's variables after `pre`, which is all there is.
    pub fn fill_step<S: SplitStep<F1>>(
        &mut self,
        pp: &PublicParams<S>,
        z: &[F1; ARITY],
    ) -> Result<(), ProveError> {
        let (shape, P) = (&pp.primary.shape, pp.primary.pre_len);
        self.z.resize(shape.num_vars(), F1::ZERO);
        self.z.push(F1::ONE);
        self.z
            .resize(shape.num_vars() + 1 + shape.num_io(), F1::ZERO);
        for (column, value) in pp.step_inputs.iter().zip(z) {
            self.z[*column] = *value;
        }
        let (pre, rest) = self.z.split_at_mut(P);
        let post = &mut rest[pp.step_vars.start - P..pp.step_vars.end - P];
        pp.step.fill_post(pre, z, post)?;
        self.outputs.copy_from_slice(&post[post.len() - OUTPUTS..]);
        self.products.multiply(shape, &self.z, pp.step_rows.clone());
        Ok(())
    }

    /// Runs the recursion's part of the circuit, which completes the witness. Returns the public outputs.
    pub fn complete<S>(
        &mut self,
        pp: &PublicParams<S>,
        input: &PrimaryInput,
    ) -> Result<Vec<F1>, ProveError> {
        let (num_vars, P) = (pp.primary.shape.num_vars(), pp.primary.pre_len);
        let circuit = PrimaryCircuit {
            consts: &pp.consts.secondary,
        };
        let own = num_vars - P - pp.step_vars.len();
        let mut cs = WitnessCS::<F1>::with_capacity(own, pp.primary.shape.num_io());
        let before = circuit.before_step(&mut cs, Some(input))?;
        let middle = cs.aux_assignment().len();
        // The variables are never read: a witness has values, not rows.
        let outputs = self
            .outputs
            .map(|value| AllocatedNum::from_parts(WitnessCS::<F1>::one(), Some(value)));
        circuit.after_step(&mut cs, before, &outputs)?;
        let (values, X) = (cs.aux_assignment(), cs.input_assignment()[1..].to_vec());
        if values.len() != own || middle != pp.step_vars.start - P {
            return Err(ProveError::WitnessLen {
                segment: input.fold.i as usize,
                found: values.len(),
                expected: own,
            });
        }
        self.z[P..pp.step_vars.start].copy_from_slice(&values[..middle]);
        self.z[pp.step_vars.end..num_vars].copy_from_slice(&values[middle..]);
        self.z[num_vars + 1..].copy_from_slice(&X);
        let rows = &pp.step_rows;
        let shape = &pp.primary.shape;
        for rows in [0..rows.start, rows.end..shape.num_cons()] {
            self.products.multiply(shape, &self.z, rows);
        }
        Ok(X)
    }

    /// The `pre` columns as their source gave them.
    pub fn pre(&self) -> &MixedVec<F1> {
        &self.pre
    }

    /// The witness.
    pub fn W<S>(&self, pp: &PublicParams<S>) -> &[F1] {
        &self.z[..pp.primary.shape.num_vars()]
    }
}
