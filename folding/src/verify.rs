//! What is verified in the same way for running and compressed proofs.
use crate::{
    error::VerifyError,
    ro::{self, pp, Constants, F1, F2},
    split::{RelaxedSplitInstance, SplitInstance},
    step::{ARITY, OUTPUTS},
    Commitment, Primary, Secondary,
};
use nova_snark::gadgets::utils::field_switch;

/// What is checked in the same way for running and compressed proofs: the last hashes of both circuits.
pub(crate) struct Claim<'a> {
    pub n: u64,
    pub z0: &'a [F1; ARITY],
    /// The final state and sum.
    pub zn: [F1; OUTPUTS],
    pub ic: F2,
    pub U_primary: &'a RelaxedSplitInstance<Primary>,
    pub U_secondary: &'a RelaxedSplitInstance<Secondary>,
    pub u_secondary: &'a SplitInstance<Secondary>,
    pub r_primary: F1,
    pub r_secondary: F2,
}

impl Claim<'_> {
    /// Checks that the last secondary instance carries the hash of everything claimed.
    ///
    /// It is the only instance that is looked at fresh: the hash of the primary circuit in it vouches for the running secondary
    /// instance, its own hash for the running primary one. (Checking a fresh primary instance instead, or the two hashes in two
    /// instances that are not tied together, is the mistake described in 2023/969.)
    pub fn check_hashes(&self, digest: &[u8; 32]) -> Result<(), VerifyError> {
        let identity = Commitment::<Secondary>::default();
        let well_formed = self.U_primary.X.len() == 2
            && self.U_secondary.X.len() == 2
            && self.u_secondary.X.len() == 2
            // The secondary witness is not split: no part of it may hide in the other commitment.
            && self.U_secondary.comm_pre == identity
            && self.u_secondary.comm_pre == identity
            // `u` and the fresh outputs are hashed as elements of the other field, so they must be small enough to be themselves.
            && has_running_u(self.U_primary)
            && has_running_u(self.U_secondary)
            && self.u_secondary.X.iter().all(ro::fits_hash);
        if !well_formed {
            return Err(VerifyError::Malformed);
        }
        let (pp1, pp2) = pp(digest);
        let consts = Constants::get();
        let primary = ro::primary_hash(
            &consts.secondary,
            pp1,
            self.n,
            self.z0,
            &self.zn,
            self.U_secondary,
            self.r_primary,
        );
        if field_switch::<F1, F2>(primary) != self.u_secondary.X[0] {
            return Err(VerifyError::PrimaryHash);
        }
        let secondary = ro::secondary_hash(
            &consts.primary,
            pp2,
            self.n,
            self.U_primary,
            self.ic,
            self.r_secondary,
        );
        if secondary != self.u_secondary.X[1] {
            return Err(VerifyError::SecondaryHash);
        }
        Ok(())
    }
}

/// Checks that a proof has the number of segments that is claimed.
pub(crate) fn check_segments(found: u64, expected: u64) -> Result<(), VerifyError> {
    if expected == 0 {
        return Err(VerifyError::NoSegments);
    }
    if found != expected {
        return Err(VerifyError::Segments { found, expected });
    }
    Ok(())
}

/// State and sum of `zn`, whose challenges must be those of `z0`.
pub(crate) fn final_outputs(
    z0: &[F1; ARITY],
    zn: &[F1; ARITY],
) -> Result<[F1; OUTPUTS], VerifyError> {
    if z0[OUTPUTS..] != zn[OUTPUTS..] {
        return Err(VerifyError::FinalValues);
    }
    Ok([zn[0], zn[1]])
}

/// A relaxed instance whose `u` is a sum of challenges, as every running instance has: its hash then determines it.
pub(crate) fn has_running_u<E: nova_snark::traits::Engine>(U: &RelaxedSplitInstance<E>) -> bool {
    use ff::PrimeFieldBits;
    U.u.to_le_bits()
        .iter()
        .skip(RUNNING_U_BITS)
        .all(|bit| !*bit)
}

/// 2^40 segments, each with a challenge of 128 bits, and some room.
const RUNNING_U_BITS: usize = 192;
