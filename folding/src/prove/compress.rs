//! How a running proof becomes a compressed one.
use super::{
    error::ProveError,
    ivc::RunningProof,
    nifs::{Folding, Running},
    params::PublicParams,
    relation::Products,
    spartan,
};
use crate::{
    compress::{CompressedProof, Hidden, HiddenPlain},
    PastaEngine,
};

/// Folds with a random instance, takes out the blinders and proves.
fn hide<E: PastaEngine>(
    folding: &Folding<E>,
    digest: &[u8; 32],
    mut running: Running<E>,
) -> Result<Hidden<E>, ProveError> {
    running.products = Products::default();
    let random = folding.random_instance()?;
    let comm_T = folding.fold_relaxed(&mut running, &random)?;
    // What is not needed any more would be in the way: the argument has vectors of its own.
    let random = random.U;
    let blinders = running.W.blinders();
    let U = folding.instances.unblind(&running.U, &blinders);
    let proof = spartan::prove(folding.instances.ck, folding.shape, digest, &U, running.W)?;
    Ok(Hidden {
        random,
        comm_T,
        blinders,
        proof,
    })
}

impl RunningProof {
    /// Makes the publishable proof. The running proof, which is private, is used up: its witness is folded further, and freed.
    pub fn compress<S>(self, pp: &PublicParams<S>) -> Result<CompressedProof, ProveError> {
        if self.i == 0 {
            return Err(ProveError::NoSegments);
        }
        if !self.fits(pp) {
            return Err(ProveError::WrongStart);
        }
        let (primary, mut secondary) = (self.primary, self.secondary);
        let (U_primary, U_secondary) = (primary.U.clone(), secondary.U.clone());
        let primary = hide(&pp.folding_primary(), pp.digest(), primary)?;
        let folding = pp.folding_secondary();
        secondary.restore_products(&pp.secondary)?;
        let last = folding.fold(&mut secondary, &self.u_secondary, &self.w_secondary)?;
        let Hidden {
            random,
            comm_T,
            blinders,
            proof,
        } = hide(&folding, pp.digest(), secondary)?;
        Ok(CompressedProof {
            n: self.i,
            ic: self.ic,
            r_primary: self.r_primary,
            r_secondary: self.r_secondary,
            U_primary,
            U_secondary,
            u_secondary: self.u_secondary,
            T_last: last.comm_T,
            primary,
            secondary: HiddenPlain {
                random,
                comm_T,
                blinders,
                proof,
            },
        })
    }
}
