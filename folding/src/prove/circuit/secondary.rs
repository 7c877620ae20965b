//! The secondary circuit: folds the last primary instance and carries the chain of `pre` commitments.
use super::{
    gadgets::counted,
    instance::{alloc_point, AllocatedInstance, AllocatedRelaxed},
    FoldInput,
};
use crate::{prove::pass1::CHAIN_START, ro::F2, Primary};
use ff::Field;
use nova_snark::{
    constants::NUM_HASH_BITS,
    frontend::{num::AllocatedNum, Assignment, Boolean, ConstraintSystem, SynthesisError},
    gadgets::utils::{
        alloc_constant, alloc_num_equals, alloc_zero, conditionally_select, le_bits_to_num,
    },
    traits::{Engine, ROCircuitTrait, ROConstantsCircuit, ROMode},
};

/// What one run of the secondary circuit is told.
pub(crate) struct SecondaryInput {
    pub fold: FoldInput<Primary>,
    /// `IC_i`
    pub ic: F2,
    #[cfg(test)]
    pub cheat: Cheat,
}

/// Values that a cheating prover of the tests puts in place of the honest ones. The rows do not change.
#[cfg(test)]
#[derive(Default)]
pub(crate) struct Cheat {
    /// What is linked, instead of the folded commitment.
    pub linked: Option<crate::Commitment<Primary>>,
    /// Where the chain starts.
    pub start: Option<F2>,
}

pub(crate) struct SecondaryCircuit<'a> {
    pub consts: &'a ROConstantsCircuit<Primary>,
}

#[cfg(test)]
impl Cheat {
    fn start(&self, honest: AllocatedNum<F2>) -> AllocatedNum<F2> {
        match self.start {
            Some(value) => AllocatedNum::from_parts(honest.get_variable(), Some(value)),
            None => honest,
        }
    }

    fn linked(
        &self,
        honest: &nova_snark::gadgets::ecc::AllocatedPoint<Primary>,
    ) -> nova_snark::gadgets::ecc::AllocatedPoint<Primary> {
        use nova_snark::traits::commitment::CommitmentTrait;
        let mut point = honest.clone();
        if let Some(linked) = &self.linked {
            let (x, y, is_identity) = linked.to_coordinates();
            let flag = if is_identity { F2::ONE } else { F2::ZERO };
            for (number, value) in [
                (&mut point.x, x),
                (&mut point.y, y),
                (&mut point.is_infinity, flag),
            ] {
                *number = AllocatedNum::from_parts(number.get_variable(), Some(value));
            }
        }
        point
    }
}

impl SecondaryCircuit<'_> {
    /// Emits the circuit; its step is trivial.
    pub fn synthesize<CS: ConstraintSystem<F2>>(
        &self,
        cs: &mut CS,
        input: Option<&SecondaryInput>,
    ) -> Result<(), SynthesisError> {
        let fold = input.map(|input| &input.fold);
        let pp = AllocatedNum::alloc(cs.namespace(|| "pp"), || Ok(fold.get()?.pp))?;
        let i = AllocatedNum::alloc(cs.namespace(|| "i"), || Ok(F2::from(fold.get()?.i)))?;
        let U = AllocatedRelaxed::alloc(cs.namespace(|| "U"), true, fold.map(|fold| &fold.U))?;
        let u = AllocatedInstance::alloc(cs.namespace(|| "u"), true, fold.map(|fold| &fold.u))?;
        let T = alloc_point(cs.namespace(|| "T"), fold.map(|fold| &fold.comm_T))?;
        let ic = AllocatedNum::alloc(cs.namespace(|| "ic"), || Ok(input.get()?.ic))?;
        let r_in = AllocatedNum::alloc(cs.namespace(|| "r_in"), || Ok(fold.get()?.r_in))?;
        let r_out = AllocatedNum::alloc(cs.namespace(|| "r_out"), || Ok(fold.get()?.r_out))?;

        let zero = alloc_zero(cs.namespace(|| "zero"));
        let base_case = Boolean::from(alloc_num_equals(cs.namespace(|| "base case"), &i, &zero)?);

        // Unless nothing has been done yet, the primary instance carries the hash of what this circuit put out last.
        let hash = self.hash(cs.namespace(|| "input hash"), &pp, &i, &U, &ic, &r_in)?;
        cs.enforce(
            || "u.X[0] is the hash of the input",
            |lc| lc + u.X[0].get_variable() - hash.get_variable(),
            |_| base_case.not().lc(CS::one(), F2::ONE),
            |lc| lc,
        );

        let limbs = u.limbs(cs.namespace(|| "u by limbs"))?;
        let folded = U.fold(cs.namespace(|| "fold"), self.consts, &pp, &u, &limbs, &T)?;
        let first = AllocatedRelaxed::from_fresh(cs.namespace(|| "first instance"), &u, &limbs)?;
        let U = AllocatedRelaxed::select(cs.namespace(|| "next U"), &base_case, &first, &folded)?;

        // The link is made from the very point that is folded, in the base case too, and the chain starts at a constant.
        let start = alloc_constant(cs.namespace(|| "start of the chain"), &CHAIN_START)?;
        let pre = u.pre.as_ref().ok_or(SynthesisError::AssignmentMissing)?;
        #[cfg(test)]
        let (start, pre) = match input {
            Some(input) => (&input.cheat.start(start), &input.cheat.linked(pre)),
            None => (&start, pre),
        };
        #[cfg(not(test))]
        let start = &start;
        let ic = conditionally_select(cs.namespace(|| "chain so far"), start, &ic, &base_case)?;
        let mut ro =
            <Primary as Engine>::ROCircuit::new_with_mode(self.consts.clone(), ROMode::Narrow);
        ro.absorb(&ic);
        pre.absorb_in_ro(&mut ro)?;
        let ic_next = ro.squeeze_scalar(cs.namespace(|| "link"))?;

        let i_next = counted(cs.namespace(|| "next i"), &i)?;
        let hash = self.hash(
            cs.namespace(|| "output hash"),
            &pp,
            &i_next,
            &U,
            &ic_next,
            &r_out,
        )?;
        let [_, other_hash] = u.X;
        other_hash.inputize(cs.namespace(|| "the other circuit's hash"))?;
        hash.inputize(cs.namespace(|| "this circuit's hash"))
    }

    fn hash<CS: ConstraintSystem<F2>>(
        &self,
        mut cs: CS,
        pp: &AllocatedNum<F2>,
        i: &AllocatedNum<F2>,
        U: &AllocatedRelaxed<Primary>,
        ic: &AllocatedNum<F2>,
        r: &AllocatedNum<F2>,
    ) -> Result<AllocatedNum<F2>, SynthesisError> {
        let mut ro = <Primary as Engine>::ROCircuit::new(self.consts.clone());
        ro.absorb(pp);
        ro.absorb(i);
        U.absorb(cs.namespace(|| "U"), &mut ro)?;
        ro.absorb(ic);
        ro.absorb(r);
        let bits = ro.squeeze(cs.namespace(|| "squeeze"), NUM_HASH_BITS, false)?;
        le_bits_to_num(cs.namespace(|| "hash"), &bits)
    }
}
