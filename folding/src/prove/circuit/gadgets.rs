//! Numbers of the other field as four 64-bit limbs.
use ff::{PrimeField, PrimeFieldBits};
use nova_snark::{
    constants::{BN_LIMB_WIDTH, BN_N_LIMBS, NUM_HASH_BITS},
    frontend::{
        num::AllocatedNum, AllocatedBit, Assignment, ConstraintSystem, LinearCombination,
        SynthesisError,
    },
    gadgets::{
        nonnative::{
            bignat::{nat_to_limbs, BigNat, BigNatParams},
            util::{f_to_nat, Num},
        },
        utils::le_bits_to_num,
    },
    traits::{Engine, Group},
};

/// The order of `E`'s group as a constant: products with it are linear rows.
pub(super) fn order<E: Engine, CS: ConstraintSystem<E::Base>>(
) -> Result<BigNat<E::Base>, SynthesisError> {
    let value = E::GE::group_params().2;
    let limbs: Vec<E::Base> = nat_to_limbs(&value, BN_LIMB_WIDTH, BN_N_LIMBS)?;
    let mut params = BigNatParams::new(BN_LIMB_WIDTH, BN_N_LIMBS);
    // Tells the reductions how small a quotient can be.
    params.min_bits = value.bits() as usize;
    Ok(BigNat {
        limbs: limbs
            .iter()
            .map(|limb| LinearCombination::zero() + (*limb, CS::one()))
            .collect(),
        limb_values: Some(limbs),
        value: Some(value),
        params,
    })
}

/// `i + 1`.
pub(super) fn counted<F: PrimeField, CS: ConstraintSystem<F>>(
    mut cs: CS,
    i: &AllocatedNum<F>,
) -> Result<AllocatedNum<F>, SynthesisError> {
    let next = AllocatedNum::alloc(cs.namespace(|| "i + 1"), || {
        Ok(*i.get_value().get()? + F::ONE)
    })?;
    cs.enforce(
        || "i is counted",
        |lc| lc,
        |lc| lc,
        |lc| lc + i.get_variable() + CS::one() - next.get_variable(),
    );
    Ok(next)
}

/// Zero, without a variable.
pub(super) fn zero<F: PrimeField>() -> BigNat<F> {
    BigNat {
        limbs: vec![LinearCombination::zero(); BN_N_LIMBS],
        limb_values: Some(vec![F::ZERO; BN_N_LIMBS]),
        value: Some(0.into()),
        params: BigNatParams::new(BN_LIMB_WIDTH, BN_N_LIMBS),
    }
}

/// Splits a hash of 250 bits into limbs and enforces that it has no more bits.
///
/// The bound matters: with 256 bits a number would have several decompositions, and the folded public output could then differ
/// from the one that was hashed.
pub(super) fn hash_to_limbs<F: PrimeFieldBits, CS: ConstraintSystem<F>>(
    mut cs: CS,
    hash: &AllocatedNum<F>,
) -> Result<BigNat<F>, SynthesisError> {
    let limbs = BigNat::alloc_from_nat(
        cs.namespace(|| "limbs"),
        || {
            hash.get_value()
                .as_ref()
                .map(f_to_nat)
                .ok_or(SynthesisError::AssignmentMissing)
        },
        BN_LIMB_WIDTH,
        BN_N_LIMBS,
    )?;
    for (i, limb) in limbs.as_limbs().iter().enumerate() {
        let bits = BN_LIMB_WIDTH.min(NUM_HASH_BITS - i * BN_LIMB_WIDTH);
        limb.fits_in_bits(cs.namespace(|| format!("limb {i} in range")), bits)?;
    }
    let sum = weighted_sum(&limbs.limbs);
    cs.enforce(
        || "limbs add up",
        |lc| lc,
        |lc| lc,
        |lc| lc + &sum - hash.get_variable(),
    );
    Ok(limbs)
}

/// `sum of 2^(64 i) limb_i`
pub(super) fn weighted_sum<F: PrimeField>(limbs: &[LinearCombination<F>]) -> LinearCombination<F> {
    let radix = F::from(1 << 32).square();
    let mut weight = F::ONE;
    limbs.iter().fold(LinearCombination::zero(), |sum, limb| {
        let sum = sum + (weight, limb);
        weight *= radix;
        sum
    })
}

/// The 128 bits of a challenge as two limbs.
pub(super) fn challenge_limbs<F: PrimeFieldBits, CS: ConstraintSystem<F>>(
    mut cs: CS,
    bits: &[AllocatedBit],
) -> Result<BigNat<F>, SynthesisError> {
    let limbs = bits
        .chunks(BN_LIMB_WIDTH)
        .enumerate()
        .map(|(i, bits)| le_bits_to_num(cs.namespace(|| format!("limb {i}")), bits))
        .collect::<Result<Vec<_>, _>>()?;
    let values: Option<Vec<F>> = limbs.iter().map(AllocatedNum::get_value).collect();
    let value = values.as_ref().map(|values| {
        values.iter().rev().fold(0.into(), |sum, limb| {
            (sum << BN_LIMB_WIDTH) + f_to_nat(limb)
        })
    });
    Ok(BigNat {
        limbs: limbs
            .iter()
            .map(|limb| LinearCombination::from_variable(limb.get_variable()))
            .collect(),
        limb_values: values,
        value,
        params: BigNatParams::new(BN_LIMB_WIDTH, limbs.len()),
    })
}

/// Each limb as a variable, to be absorbed.
pub(super) fn limb_variables<F: PrimeField, CS: ConstraintSystem<F>>(
    mut cs: CS,
    number: &BigNat<F>,
) -> Result<Vec<AllocatedNum<F>>, SynthesisError> {
    number
        .as_limbs()
        .iter()
        .enumerate()
        .map(|(i, limb): (usize, &Num<F>)| {
            limb.as_allocated_num(cs.namespace(|| format!("limb {i}")))
        })
        .collect()
}
