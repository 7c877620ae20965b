//! The compressed proof: zero-knowledge, and logarithmic in the size of a segment but for the verifier's pass over the matrices.
//!
//! 1. The last secondary instance is folded into the running one.
//! 2. Both running instances are folded with random ones (`prove/zk.rs`), and their blinders are taken out one by one.
//! 3. Each is proved by [`crate::spartan`], for the primary with the claim that `post` is zero on the columns of `pre`.
use crate::{
    error::{DecodeError, VerifyError},
    instances::{fold_instance, Blinders},
    ro::{F1, F2},
    spartan::{self, SpartanProof},
    split::{RelaxedSplitInstance, SplitInstance, NUM_IO},
    step::ARITY,
    verifier_params::VerifierParams,
    verify::{check_segments, final_outputs, Claim},
    wire, Commitment, PastaEngine, Primary, Secondary,
};
use bincode::Options;
use serde::{Deserialize, Serialize};

/// Longest encoding that is looked at: proofs are about 20 KiB.
const MAX_BYTES: u64 = 1 << 20;

/// A proof that can be published. What it shows is listed in [`Self::verify`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompressedProof {
    /// Number of segments.
    pub(crate) n: u64,
    /// `IC_n`, from which the challenges are derived.
    pub(crate) ic: F2,
    pub(crate) r_primary: F1,
    pub(crate) r_secondary: F2,
    #[serde(with = "wire::split")]
    pub(crate) U_primary: RelaxedSplitInstance<Primary>,
    #[serde(with = "wire::plain")]
    pub(crate) U_secondary: RelaxedSplitInstance<Secondary>,
    #[serde(with = "wire::plain_fresh")]
    pub(crate) u_secondary: SplitInstance<Secondary>,
    /// Cross term of folding `u_secondary` into `U_secondary`.
    pub(crate) T_last: Commitment<Secondary>,
    pub(crate) primary: Hidden<Primary>,
    pub(crate) secondary: HiddenPlain<Secondary>,
}

/// A running instance folded with a random one, and the proof of the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct Hidden<E: PastaEngine> {
    #[serde(with = "wire::split")]
    pub(crate) random: RelaxedSplitInstance<E>,
    pub(crate) comm_T: Commitment<E>,
    pub(crate) blinders: Blinders<E>,
    pub(crate) proof: SpartanProof<E>,
}

/// The same for an instance whose witness is not split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub(crate) struct HiddenPlain<E: PastaEngine> {
    #[serde(with = "wire::plain")]
    pub(crate) random: RelaxedSplitInstance<E>,
    pub(crate) comm_T: Commitment<E>,
    pub(crate) blinders: Blinders<E>,
    pub(crate) proof: SpartanProof<E>,
}

impl CompressedProof {
    /// Number of segments, as the proof claims.
    pub fn segments(&self) -> u64 {
        self.n
    }

    /// The end of the chain, as the proof claims. The challenges in `z_0` must be derived from it.
    pub fn ic(&self) -> F2 {
        self.ic
    }

    /// The encoding of the proof.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DecodeError> {
        Ok(wire::options(MAX_BYTES).serialize(self)?)
    }

    /// Decodes bytes from anywhere. Points are on their curve, numbers reduced, nothing follows.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let proof: Self = wire::options(MAX_BYTES).deserialize(bytes)?;
        if proof.to_bytes()? != bytes {
            return Err(DecodeError::NotCanonical);
        }
        Ok(proof)
    }

    /// Checks that there are `n` segments which lead from `z0` to `zn`, and that the chain of their `pre` commitments ends in `ic`.
    ///
    /// The caller derives the challenges `z0[2..]` from the statement, `n` and [`Self::ic`], and passes that `ic`.
    pub fn verify(
        &self,
        pp: &VerifierParams,
        n: u64,
        z0: &[F1; ARITY],
        zn: &[F1; ARITY],
        ic: F2,
    ) -> Result<(), VerifyError> {
        check_segments(self.n, n)?;
        if self.ic != ic {
            return Err(VerifyError::Chain);
        }
        let claim = Claim {
            n,
            z0,
            zn: final_outputs(z0, zn)?,
            ic,
            U_primary: &self.U_primary,
            U_secondary: &self.U_secondary,
            u_secondary: &self.u_secondary,
            r_primary: self.r_primary,
            r_secondary: self.r_secondary,
        };
        claim.check_hashes(pp.digest())?;
        if self.primary.random.X.len() != NUM_IO || self.secondary.random.X.len() != NUM_IO {
            return Err(VerifyError::Malformed);
        }

        let (primary, secondary) = (pp.instances_primary(), pp.instances_secondary());
        let r = secondary.challenge(&self.u_secondary, &self.T_last);
        let U_secondary = fold_instance(&self.U_secondary, &self.u_secondary, &self.T_last, r);
        let HiddenPlain {
            random,
            comm_T,
            blinders,
            proof,
        } = &self.secondary;
        let U_secondary = secondary.fold_relaxed_instances(&U_secondary, random, comm_T);
        let U_secondary = secondary.unblind(&U_secondary, blinders);
        let check_secondary = || {
            spartan::verify::<Secondary>(
                &pp.ck_secondary,
                &pp.secondary,
                pp.digest(),
                &U_secondary,
                proof,
            )
        };

        let Hidden {
            random,
            comm_T,
            blinders,
            proof,
        } = &self.primary;
        let U_primary = primary.fold_relaxed_instances(&self.U_primary, random, comm_T);
        let U_primary = primary.unblind(&U_primary, blinders);
        let check_primary = || {
            spartan::verify::<Primary>(&pp.ck_primary, &pp.primary, pp.digest(), &U_primary, proof)
        };

        let (primary, secondary) = rayon::join(check_primary, check_secondary);
        primary.map_err(|error| VerifyError::PrimarySpartan(error.to_string()))?;
        secondary.map_err(|error| VerifyError::SecondarySpartan(error.to_string()))
    }
}
