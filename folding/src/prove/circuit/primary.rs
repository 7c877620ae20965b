//! The primary circuit: runs the step and folds the last secondary instance.
use super::{
    gadgets::counted,
    instance::{alloc_point, AllocatedInstance, AllocatedRelaxed},
    FoldInput,
};
use crate::{
    prove::step::SplitStep,
    ro::F1,
    step::{ARITY, OUTPUTS},
    Secondary,
};
use nova_snark::{
    constants::NUM_HASH_BITS,
    frontend::{
        num::AllocatedNum, Assignment, Boolean, ConstraintSystem, SynthesisError, Variable,
    },
    gadgets::utils::{alloc_num_equals, alloc_zero, conditionally_select, le_bits_to_num},
    traits::{Engine, ROCircuitTrait, ROConstantsCircuit},
};
use std::ops::Range;

/// What one run of the primary circuit is told.
pub(crate) struct PrimaryInput {
    pub fold: FoldInput<Secondary>,
    pub z0: [F1; ARITY],
    /// State and sum so far; the challenges are those of `z0`.
    pub zi: [F1; OUTPUTS],
}

/// The circuit without its step. Variables are allocated in the order: `pre`, [`Self::before_step`], the step, [`Self::after_step`].
pub(crate) struct PrimaryCircuit<'a> {
    pub consts: &'a ROConstantsCircuit<Secondary>,
}

/// What the second part of the circuit needs from the first.
pub(crate) struct BeforeStep {
    pp: AllocatedNum<F1>,
    i_next: AllocatedNum<F1>,
    z0: Vec<AllocatedNum<F1>>,
    /// The step's input.
    pub z: Vec<AllocatedNum<F1>>,
    U: AllocatedRelaxed<Secondary>,
    r_out: AllocatedNum<F1>,
    other_hash: AllocatedNum<F1>,
}

/// Where the step lies in the circuit.
pub(crate) struct StepExtent {
    pub rows: Range<usize>,
    pub vars: Range<usize>,
    /// The variables that the step reads.
    pub inputs: [Variable; ARITY],
    /// The variables that the step returned.
    pub outputs: [Variable; OUTPUTS],
}

impl PrimaryCircuit<'_> {
    /// Emits the whole circuit for its shape. `measure` tells how many rows and private variables there are.
    pub fn shape<S: SplitStep<F1>, CS: ConstraintSystem<F1>>(
        &self,
        cs: &mut CS,
        step: &S,
        measure: impl Fn(&CS) -> (usize, usize),
    ) -> Result<StepExtent, SynthesisError> {
        let pre = (0..step.pre_len())
            .map(|_| cs.alloc(|| "pre", || Err(SynthesisError::AssignmentMissing)))
            .collect::<Result<Vec<Variable>, _>>()?;
        let before = self.before_step(cs, None)?;
        let inputs = std::array::from_fn(|k| before.z[k].get_variable());
        let (first_row, first_var) = measure(cs);
        let outputs = step.synthesize(cs, &pre, &before.z)?;
        let (end_row, end_var) = measure(cs);
        let extent = StepExtent {
            rows: first_row..end_row,
            vars: first_var..end_var,
            inputs,
            outputs: [outputs[0].get_variable(), outputs[1].get_variable()],
        };
        self.after_step(cs, before, &outputs)?;
        Ok(extent)
    }

    /// Checks the hash, folds and selects the input of the step.
    pub fn before_step<CS: ConstraintSystem<F1>>(
        &self,
        cs: &mut CS,
        input: Option<&PrimaryInput>,
    ) -> Result<BeforeStep, SynthesisError> {
        let fold = input.map(|input| &input.fold);
        let pp = AllocatedNum::alloc(cs.namespace(|| "pp"), || Ok(fold.get()?.pp))?;
        let i = AllocatedNum::alloc(cs.namespace(|| "i"), || Ok(F1::from(fold.get()?.i)))?;
        let mut values = |name: &str, len: usize, of: fn(&PrimaryInput) -> &[F1]| {
            (0..len)
                .map(|k| {
                    AllocatedNum::alloc(cs.namespace(|| format!("{name}[{k}]")), || {
                        Ok(of(input.get()?)[k])
                    })
                })
                .collect::<Result<Vec<_>, _>>()
        };
        let z0 = values("z0", ARITY, |input| &input.z0)?;
        let zi = values("zi", OUTPUTS, |input| &input.zi)?;
        let U = AllocatedRelaxed::alloc(cs.namespace(|| "U"), false, fold.map(|fold| &fold.U))?;
        let u = AllocatedInstance::alloc(cs.namespace(|| "u"), false, fold.map(|fold| &fold.u))?;
        let T = alloc_point(cs.namespace(|| "T"), fold.map(|fold| &fold.comm_T))?;
        let r_in = AllocatedNum::alloc(cs.namespace(|| "r_in"), || Ok(fold.get()?.r_in))?;
        let r_out = AllocatedNum::alloc(cs.namespace(|| "r_out"), || Ok(fold.get()?.r_out))?;

        let zero = alloc_zero(cs.namespace(|| "zero"));
        let base_case = Boolean::from(alloc_num_equals(cs.namespace(|| "base case"), &i, &zero)?);

        // Unless nothing has been done yet, the secondary instance carries the hash of what this circuit put out last.
        let hash = self.hash(cs.namespace(|| "input hash"), &pp, &i, &z0, &zi, &U, &r_in)?;
        cs.enforce(
            || "u.X[0] is the hash of the input",
            |lc| lc + u.X[0].get_variable() - hash.get_variable(),
            |_| base_case.not().lc(CS::one(), <F1 as ff::Field>::ONE),
            |lc| lc,
        );

        let limbs = u.limbs(cs.namespace(|| "u by limbs"))?;
        let folded = U.fold(cs.namespace(|| "fold"), self.consts, &pp, &u, &limbs, &T)?;
        let start = AllocatedRelaxed::zero(cs.namespace(|| "zero instance"), false)?;
        let U = AllocatedRelaxed::select(cs.namespace(|| "next U"), &base_case, &start, &folded)?;

        let i_next = counted(cs.namespace(|| "next i"), &i)?;
        // The challenges are not carried along: every step reads those of `z0`, which all hashes contain.
        let mut z = z0.clone();
        for (k, zi) in zi.iter().enumerate() {
            z[k] =
                conditionally_select(cs.namespace(|| format!("z[{k}]")), &z0[k], zi, &base_case)?;
        }
        let [_, other_hash] = u.X;
        Ok(BeforeStep {
            pp,
            i_next,
            z0,
            z,
            U,
            r_out,
            other_hash,
        })
    }

    /// Hashes and puts out. `outputs` are the step's results.
    pub fn after_step<CS: ConstraintSystem<F1>>(
        &self,
        cs: &mut CS,
        before: BeforeStep,
        outputs: &[AllocatedNum<F1>; OUTPUTS],
    ) -> Result<(), SynthesisError> {
        let BeforeStep {
            pp,
            i_next,
            z0,
            U,
            r_out,
            other_hash,
            ..
        } = before;
        let hash = self.hash(
            cs.namespace(|| "output hash"),
            &pp,
            &i_next,
            &z0,
            outputs,
            &U,
            &r_out,
        )?;
        other_hash.inputize(cs.namespace(|| "the other circuit's hash"))?;
        hash.inputize(cs.namespace(|| "this circuit's hash"))
    }

    #[allow(clippy::too_many_arguments)] // these are the hashed values
    fn hash<CS: ConstraintSystem<F1>>(
        &self,
        mut cs: CS,
        pp: &AllocatedNum<F1>,
        i: &AllocatedNum<F1>,
        z0: &[AllocatedNum<F1>],
        z: &[AllocatedNum<F1>],
        U: &AllocatedRelaxed<Secondary>,
        r: &AllocatedNum<F1>,
    ) -> Result<AllocatedNum<F1>, SynthesisError> {
        let mut ro = <Secondary as Engine>::ROCircuit::new(self.consts.clone());
        ro.absorb(pp);
        ro.absorb(i);
        z0.iter().chain(z).for_each(|z| ro.absorb(z));
        U.absorb(cs.namespace(|| "U"), &mut ro)?;
        ro.absorb(r);
        let bits = ro.squeeze(cs.namespace(|| "squeeze"), NUM_HASH_BITS, false)?;
        le_bits_to_num(cs.namespace(|| "hash"), &bits)
    }
}
