//! Verification of a running proof: the two hashes, then all three instances with their witnesses. Who can do this sees the witnesses, so it is
//! the prover who does.
use super::{ivc::RunningProof, params::PublicParams};
use crate::{
    error::VerifyError,
    ro::{F1, F2},
    step::ARITY,
    verify::{check_segments, final_outputs, Claim},
};

impl RunningProof {
    /// Checks that `n` segments lead from `z0` to `zn` and that the chain of their `pre` commitments ends in `ic`.
    ///
    /// `z0` and `zn` must contain the challenges that were derived from `ic`: that is what the caller compares.
    pub fn verify<S>(
        &self,
        pp: &PublicParams<S>,
        n: u64,
        z0: &[F1; ARITY],
        zn: &[F1; ARITY],
        ic: F2,
    ) -> Result<(), VerifyError> {
        check_segments(self.i, n)?;
        if self.z0 != *z0 {
            return Err(VerifyError::InitialValues);
        }
        let zn = final_outputs(z0, zn)?;
        if self.zi != zn {
            return Err(VerifyError::FinalValues);
        }
        if self.ic != ic {
            return Err(VerifyError::Chain);
        }
        let claim = Claim {
            n,
            z0,
            zn,
            ic,
            U_primary: &self.primary.U,
            U_secondary: &self.secondary.U,
            u_secondary: &self.u_secondary,
            r_primary: self.r_primary,
            r_secondary: self.r_secondary,
        };
        claim.check_hashes(pp.digest())?;
        pp.primary
            .is_sat_relaxed(&pp.ck_primary, &self.primary.U, &self.primary.W)
            .map_err(VerifyError::Primary)?;
        pp.secondary
            .is_sat_relaxed(&pp.ck_secondary, &self.secondary.U, &self.secondary.W)
            .map_err(VerifyError::SecondaryRunning)?;
        pp.secondary
            .is_sat(&pp.ck_secondary, &self.u_secondary, &self.w_secondary)
            .map_err(VerifyError::SecondaryLast)
    }
}
