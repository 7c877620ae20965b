//! Instances of the other curve inside a circuit, and their folding.
use super::gadgets::{challenge_limbs, hash_to_limbs, limb_variables, order, weighted_sum, zero};
use crate::split::{RelaxedSplitInstance, SplitInstance};
use ff::Field;
use nova_snark::{
    constants::{BN_LIMB_WIDTH, BN_N_LIMBS, NUM_CHALLENGE_BITS},
    frontend::{num::AllocatedNum, Assignment, Boolean, ConstraintSystem, SynthesisError},
    gadgets::{
        ecc::AllocatedPoint,
        nonnative::{bignat::BigNat, util::f_to_nat},
        utils::{alloc_scalar_as_base, conditionally_select, conditionally_select_bignat},
    },
    traits::{commitment::CommitmentTrait, Engine, ROCircuitTrait, ROConstantsCircuit},
};

/// A fresh instance. `pre` is absent where the witness is not split.
pub(super) struct AllocatedInstance<E: Engine> {
    pub pre: Option<AllocatedPoint<E>>,
    pub post: AllocatedPoint<E>,
    pub X: [AllocatedNum<E::Base>; 2],
}

/// A running instance.
pub(super) struct AllocatedRelaxed<E: Engine> {
    pre: Option<AllocatedPoint<E>>,
    post: AllocatedPoint<E>,
    E: AllocatedPoint<E>,
    u: AllocatedNum<E::Base>,
    X: [BigNat<E::Base>; 2],
}

/// A point that the prover names; it is on the curve or the identity.
pub(super) fn alloc_point<E: Engine, CS: ConstraintSystem<E::Base>>(
    mut cs: CS,
    point: Option<&crate::Commitment<E>>,
) -> Result<AllocatedPoint<E>, SynthesisError> {
    let point = AllocatedPoint::alloc(
        cs.namespace(|| "point"),
        point.map(|point| point.to_coordinates()),
    )?;
    point.check_on_curve(cs.namespace(|| "on curve"))?;
    Ok(point)
}

impl<E: Engine> AllocatedInstance<E> {
    pub fn alloc<CS: ConstraintSystem<E::Base>>(
        mut cs: CS,
        split: bool,
        u: Option<&SplitInstance<E>>,
    ) -> Result<Self, SynthesisError> {
        let pre = match split {
            true => Some(alloc_point(
                cs.namespace(|| "comm_pre"),
                u.map(|u| &u.comm_pre),
            )?),
            false => None,
        };
        let post = alloc_point(cs.namespace(|| "comm_post"), u.map(|u| &u.comm_post))?;
        let X0 = alloc_scalar_as_base::<E, _>(cs.namespace(|| "X[0]"), u.map(|u| u.X[0]))?;
        let X1 = alloc_scalar_as_base::<E, _>(cs.namespace(|| "X[1]"), u.map(|u| u.X[1]))?;
        Ok(Self {
            pre,
            post,
            X: [X0, X1],
        })
    }

    /// The public outputs by limbs, as a running instance has them.
    pub fn limbs<CS: ConstraintSystem<E::Base>>(
        &self,
        mut cs: CS,
    ) -> Result<[BigNat<E::Base>; 2], SynthesisError> {
        Ok([
            hash_to_limbs(cs.namespace(|| "X[0]"), &self.X[0])?,
            hash_to_limbs(cs.namespace(|| "X[1]"), &self.X[1])?,
        ])
    }
}

impl<E: Engine> AllocatedRelaxed<E> {
    /// The running instance that goes into a step. That its points are on the curve and its limbs in range was enforced when they
    /// were computed: the hash of the last step binds them.
    pub fn alloc<CS: ConstraintSystem<E::Base>>(
        mut cs: CS,
        split: bool,
        U: Option<&RelaxedSplitInstance<E>>,
    ) -> Result<Self, SynthesisError> {
        let mut point = |name: &str, point: Option<&crate::Commitment<E>>| {
            AllocatedPoint::alloc(
                cs.namespace(|| name.to_owned()),
                point.map(|point| point.to_coordinates()),
            )
        };
        let pre = match split {
            true => Some(point("comm_pre", U.map(|U| &U.comm_pre))?),
            false => None,
        };
        let post = point("comm_post", U.map(|U| &U.comm_post))?;
        let E = point("comm_E", U.map(|U| &U.comm_E))?;
        let u = alloc_scalar_as_base::<E, _>(cs.namespace(|| "u"), U.map(|U| U.u))?;
        let mut limbs = |i: usize| {
            BigNat::alloc_from_nat(
                cs.namespace(|| format!("X[{i}]")),
                || {
                    U.map(|U| f_to_nat(&U.X[i]))
                        .ok_or(SynthesisError::AssignmentMissing)
                },
                BN_LIMB_WIDTH,
                BN_N_LIMBS,
            )
        };
        let X = [limbs(0)?, limbs(1)?];
        Ok(Self { pre, post, E, u, X })
    }

    /// The zero instance, from which the primary circuit starts.
    pub fn zero<CS: ConstraintSystem<E::Base>>(
        mut cs: CS,
        split: bool,
    ) -> Result<Self, SynthesisError> {
        let identity = AllocatedPoint::default(cs.namespace(|| "identity"))?;
        Ok(Self {
            pre: split.then(|| identity.clone()),
            post: identity.clone(),
            E: identity.clone(),
            u: identity.x,
            X: [zero(), zero()],
        })
    }

    /// A fresh instance, relaxed: no error term, `u = 1`.
    pub fn from_fresh<CS: ConstraintSystem<E::Base>>(
        mut cs: CS,
        fresh: &AllocatedInstance<E>,
        limbs: &[BigNat<E::Base>; 2],
    ) -> Result<Self, SynthesisError> {
        Ok(Self {
            pre: fresh.pre.clone(),
            post: fresh.post.clone(),
            E: AllocatedPoint::default(cs.namespace(|| "no error term"))?,
            u: AllocatedNum::one::<CS>(),
            X: limbs.clone(),
        })
    }

    pub fn absorb<CS: ConstraintSystem<E::Base>>(
        &self,
        mut cs: CS,
        ro: &mut E::ROCircuit,
    ) -> Result<(), SynthesisError> {
        if let Some(pre) = &self.pre {
            pre.absorb_in_ro(ro)?;
        }
        self.post.absorb_in_ro(ro)?;
        self.E.absorb_in_ro(ro)?;
        ro.absorb(&self.u);
        for (i, x) in self.X.iter().enumerate() {
            for limb in limb_variables(cs.namespace(|| format!("X[{i}]")), x)? {
                ro.absorb(&limb);
            }
        }
        Ok(())
    }

    /// Folds `fresh` with the challenge `r = H(pp, fresh, T)`, each commitment on its own.
    pub fn fold<CS: ConstraintSystem<E::Base>>(
        &self,
        mut cs: CS,
        consts: &ROConstantsCircuit<E>,
        pp: &AllocatedNum<E::Base>,
        fresh: &AllocatedInstance<E>,
        fresh_limbs: &[BigNat<E::Base>; 2],
        T: &AllocatedPoint<E>,
    ) -> Result<Self, SynthesisError> {
        let mut ro = E::ROCircuit::new(consts.clone());
        ro.absorb(pp);
        if let Some(pre) = &fresh.pre {
            pre.absorb_in_ro(&mut ro)?;
        }
        fresh.post.absorb_in_ro(&mut ro)?;
        fresh.X.iter().for_each(|x| ro.absorb(x));
        T.absorb_in_ro(&mut ro)?;
        let r_bits = ro.squeeze(cs.namespace(|| "challenge"), NUM_CHALLENGE_BITS, false)?;
        let r = challenge_limbs(cs.namespace(|| "challenge by limbs"), &r_bits)?;

        let mut fold_point = |name: &str, a: &AllocatedPoint<E>, b: &AllocatedPoint<E>| {
            let mut cs = cs.namespace(|| format!("fold {name}"));
            let scaled = b.scalar_mul(cs.namespace(|| "r b"), &r_bits)?;
            a.add(cs.namespace(|| "a + r b"), &scaled)
        };
        let pre = match (&self.pre, &fresh.pre) {
            (Some(a), Some(b)) => Some(fold_point("comm_pre", a, b)?),
            _ => None,
        };
        let post = fold_point("comm_post", &self.post, &fresh.post)?;
        let E = fold_point("comm_E", &self.E, T)?;

        let u = AllocatedNum::alloc(cs.namespace(|| "u + r"), || {
            let radix = E::Base::from(1 << 32).square();
            let r = r
                .limb_values
                .as_ref()
                .ok_or(SynthesisError::AssignmentMissing)?;
            Ok(*self.u.get_value().get()? + r[0] + radix * r[1])
        })?;
        let r_sum = weighted_sum(&r.limbs);
        cs.enforce(
            || "u is folded",
            |lc| lc,
            |lc| lc,
            |lc| lc + self.u.get_variable() + &r_sum - u.get_variable(),
        );

        let order = order::<E, CS>()?;
        let mut fold_output = |i: usize| {
            let mut cs = cs.namespace(|| format!("fold X[{i}]"));
            let (_, scaled) = fresh_limbs[i].mult_mod(cs.namespace(|| "r x"), &r, &order)?;
            self.X[i]
                .add(&scaled)?
                .red_mod(cs.namespace(|| "reduce"), &order)
        };
        let X = [fold_output(0)?, fold_output(1)?];
        Ok(Self { pre, post, E, u, X })
    }

    /// `condition ? a : b`
    pub fn select<CS: ConstraintSystem<E::Base>>(
        mut cs: CS,
        condition: &Boolean,
        a: &Self,
        b: &Self,
    ) -> Result<Self, SynthesisError> {
        let mut point = |name: &str, a: &AllocatedPoint<E>, b: &AllocatedPoint<E>| {
            AllocatedPoint::conditionally_select(cs.namespace(|| name.to_owned()), a, b, condition)
        };
        let pre = match (&a.pre, &b.pre) {
            (Some(a), Some(b)) => Some(point("comm_pre", a, b)?),
            _ => None,
        };
        let post = point("comm_post", &a.post, &b.post)?;
        let E = point("comm_E", &a.E, &b.E)?;
        let u = conditionally_select(cs.namespace(|| "u"), &a.u, &b.u, condition)?;
        let mut limbs = |i: usize| {
            conditionally_select_bignat(
                cs.namespace(|| format!("X[{i}]")),
                &a.X[i],
                &b.X[i],
                condition,
            )
        };
        let X = [limbs(0)?, limbs(1)?];
        Ok(Self { pre, post, E, u, X })
    }
}
