//! The hashes of the recursion, computed outside the circuits. The circuits compute the same ones row by row.
use crate::{
    split::{RelaxedSplitInstance, SplitInstance},
    step::{ARITY, OUTPUTS},
    Commitment, Primary, Secondary,
};
use ff::{PrimeField, PrimeFieldBits};
use nova_snark::{
    constants::{BN_LIMB_WIDTH, BN_N_LIMBS, NUM_CHALLENGE_BITS, NUM_HASH_BITS},
    gadgets::utils::{base_as_scalar, scalar_as_base},
    traits::{AbsorbInROTrait, Engine, ROConstants, ROTrait},
};
use std::sync::OnceLock;

/// Scalars of the primary curve: the field of the step circuit.
pub type F1 = <Primary as Engine>::Scalar;
/// Scalars of the secondary curve, in which the coordinates of primary commitments and the chain live.
pub type F2 = <Secondary as Engine>::Scalar;

/// A digest that fits both fields: the first 250 bits of 32 bytes.
pub fn truncate<F: PrimeField>(digest: &[u8; 32]) -> F {
    let mut bytes = *digest;
    bytes[31] &= (1 << (NUM_HASH_BITS - 31 * 8)) - 1;
    let mut value = F::ZERO;
    for chunk in bytes.chunks(8).rev() {
        let word = u64::from_le_bytes(chunk.try_into().expect("32 is a multiple of 8"));
        value = value * F::from(1 << 32) * F::from(1 << 32) + F::from(word);
    }
    value
}

/// Constants of the sponges, which are the same outside and inside circuits.
pub(crate) struct Constants {
    /// Over the base field of the primary curve: hashes of primary instances.
    pub primary: ROConstants<Primary>,
    /// Over the base field of the secondary curve: hashes of secondary instances.
    pub secondary: ROConstants<Secondary>,
}

impl Constants {
    /// Making constants takes a while, so each curve's are made once.
    pub fn get() -> &'static Self {
        static CONSTANTS: OnceLock<Constants> = OnceLock::new();
        // Outside the lock: a thread that waits for its other half may do other work, which may need the same lock.
        if let Some(made) = CONSTANTS.get() {
            return made;
        }
        let (primary, secondary) = rayon::join(
            ROConstants::<Primary>::default,
            ROConstants::<Secondary>::default,
        );
        CONSTANTS.get_or_init(|| Self { primary, secondary })
    }
}

/// The digest as an element of the primary scalar field, and of the secondary.
pub(crate) fn pp(digest: &[u8; 32]) -> (F1, F2) {
    (truncate(digest), truncate(digest))
}

/// The limbs by which a scalar is absorbed where it need not fit the base field.
pub(crate) fn limbs<E: Engine>(x: &E::Scalar) -> [E::Base; BN_N_LIMBS] {
    const _: () = assert!(BN_LIMB_WIDTH == 64 && BN_N_LIMBS == 4);
    let repr = x.to_repr();
    let bytes = repr.as_ref();
    std::array::from_fn(|i| {
        let word: [u8; 8] = bytes[8 * i..8 * i + 8]
            .try_into()
            .expect("a scalar has 32 bytes");
        E::Base::from(u64::from_le_bytes(word))
    })
}

/// Absorbs a running instance: its commitments, `u` as a base element (it is a sum of 128-bit challenges), `X` by limbs.
fn absorb_running<E: Engine>(U: &RelaxedSplitInstance<E>, split: bool, ro: &mut E::RO) {
    if split {
        U.comm_pre.absorb_in_ro(ro);
    }
    U.comm_post.absorb_in_ro(ro);
    U.comm_E.absorb_in_ro(ro);
    ro.absorb(scalar_as_base::<E>(U.u));
    for x in &U.X {
        limbs::<E>(x).into_iter().for_each(|limb| ro.absorb(limb));
    }
}

/// The output hash of the primary circuit: `H(pp, n, z_0, z_n, U_secondary, r_n)`, of which 250 bits are kept. Of `z_n` only state
/// and sum are absorbed: its challenges are those of `z_0`, and so 24 elements, one permutation, suffice.
pub(crate) fn primary_hash(
    consts: &ROConstants<Secondary>,
    pp: F1,
    n: u64,
    z0: &[F1; ARITY],
    zn: &[F1; OUTPUTS],
    U: &RelaxedSplitInstance<Secondary>,
    r: F1,
) -> F1 {
    let mut ro = <Secondary as Engine>::RO::new(consts.clone());
    ro.absorb(pp);
    ro.absorb(F1::from(n));
    z0.iter().chain(zn).for_each(|z| ro.absorb(*z));
    absorb_running(U, false, &mut ro);
    ro.absorb(r);
    ro.squeeze(NUM_HASH_BITS, false)
}

/// The output hash of the secondary circuit: `H(pp, n, U_primary, IC_n, r_n)`, of which 250 bits are kept.
///
/// The secondary step is trivial: its `z_0` and `z_n` are empty.
pub(crate) fn secondary_hash(
    consts: &ROConstants<Primary>,
    pp: F2,
    n: u64,
    U: &RelaxedSplitInstance<Primary>,
    ic: F2,
    r: F2,
) -> F2 {
    let mut ro = <Primary as Engine>::RO::new(consts.clone());
    ro.absorb(pp);
    ro.absorb(F2::from(n));
    absorb_running(U, true, &mut ro);
    ro.absorb(ic);
    ro.absorb(r);
    ro.squeeze(NUM_HASH_BITS, false)
}

/// The challenge that folds the fresh instance `u` with cross term `T`: 128 bits of `H(pp, u, T)`.
///
/// The running instance need not be absorbed: `u.X[0]` or `u.X[1]` is a hash of it.
pub(crate) fn fold_challenge<E: Engine>(
    consts: &ROConstants<E>,
    pp: E::Base,
    split: bool,
    u: &SplitInstance<E>,
    comm_T: &Commitment<E>,
) -> E::Scalar {
    let mut ro = E::RO::new(consts.clone());
    ro.absorb(pp);
    if split {
        u.comm_pre.absorb_in_ro(&mut ro);
    }
    u.comm_post.absorb_in_ro(&mut ro);
    u.X.iter().for_each(|x| ro.absorb(scalar_as_base::<E>(*x)));
    comm_T.absorb_in_ro(&mut ro);
    base_as_scalar::<E>(ro.squeeze(NUM_CHALLENGE_BITS, false))
}

/// True if a public output is what a circuit's 250-bit hash can be.
pub(crate) fn fits_hash<F: PrimeFieldBits>(x: &F) -> bool {
    x.to_le_bits().iter().skip(NUM_HASH_BITS).all(|bit| !*bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_same_number_in_both_fields() {
        let digest: [u8; 32] = std::array::from_fn(|i| 255 - i as u8);
        let (a, b): (F1, F2) = (truncate(&digest), truncate(&digest));
        assert_eq!(a.to_repr().as_ref(), b.to_repr().as_ref());
        assert!(fits_hash(&a));
        assert_eq!(a.to_repr().as_ref()[..31], digest[..31]);
        assert_eq!(a.to_repr().as_ref()[31], digest[31] & 3);
    }
}
