//! The prover of [`crate::spartan`], where the argument is explained.
mod claims;
mod ipa;
mod matrix;
mod sumcheck;

use super::split::{RelaxedSplitWitness, SplitShape};
use crate::{
    spartan::{
        claims::{Claims, Values},
        columns_claim, joining_challenge, transcript, SpartanError, SpartanProof, Variables,
    },
    split::RelaxedSplitInstance,
    CommitmentKey, PastaEngine,
};
use ff::Field;
use matrix::JointMatrix;
use nova_snark::{
    spartan::polys::{eq::EqPolynomial, multilinear::MultilinearPolynomial},
    traits::TranscriptEngineTrait,
};
use rayon::prelude::*;

fn padded<F: Field>(mut vector: Vec<F>, vars: usize) -> Vec<F> {
    vector.resize(1 << vars, F::ZERO);
    vector
}

/// Proves that the vectors of `witness` satisfy the relation and are those committed in `instance`.
///
/// * `ck`: at least as many generators as rows and as variables, each rounded up to a power of two.
/// * `digest`: binds the shape, the key and everything else the verifier fixes beforehand.
/// * `instance`: commitments with zero blinder; those of `witness` are not read. That the commitments are those of the vectors is not
///   checked: if they are not, the proof is rejected.
pub fn prove<E: PastaEngine>(
    ck: &CommitmentKey<E>,
    shape: &SplitShape<E>,
    digest: &[u8; 32],
    instance: &RelaxedSplitInstance<E>,
    witness: RelaxedSplitWitness<E>,
) -> Result<SpartanProof<E>, SpartanError> {
    let variables = Variables::new(ck, &shape.measures(), instance)?;
    let r1cs = &shape.shape;
    if witness.W.len() != r1cs.num_vars() || witness.E.len() != r1cs.num_cons() {
        return Err(SpartanError::InstanceLength);
    }
    check_rows(shape, instance, &witness)?;
    let mut post = witness.W.clone();
    post[..shape.pre_len].fill(E::Scalar::ZERO);
    let padded = |v: Vec<E::Scalar>| padded(v, variables.larger());
    let vectors = Vectors {
        w: padded(witness.W),
        post: padded(post),
        e: padded(witness.E),
    };
    prove_vectors(ck, shape, digest, instance, vectors)
}

/// `A z o B z = u C z + E`, row by row.
fn check_rows<E: PastaEngine>(
    shape: &SplitShape<E>,
    instance: &RelaxedSplitInstance<E>,
    witness: &RelaxedSplitWitness<E>,
) -> Result<(), SpartanError> {
    let z = [&witness.W[..], &[instance.u], &instance.X].concat();
    let [az, bz, cz] = shape.shape.multiply(&z);
    let holds = |i: usize| az[i] * bz[i] == instance.u * cz[i] + witness.E[i];
    if (0..az.len()).into_par_iter().all(holds) {
        Ok(())
    } else {
        Err(SpartanError::Unsatisfied)
    }
}

/// What the prover opens `C_pre + C_post`, `C_post` and `C_E` to; `2^l` entries each.
pub(crate) struct Vectors<F> {
    pub(crate) w: Vec<F>,
    pub(crate) post: Vec<F>,
    pub(crate) e: Vec<F>,
}

/// Runs the prover on any vectors, whether they satisfy the claims or not.
pub(crate) fn prove_vectors<E: PastaEngine>(
    ck: &CommitmentKey<E>,
    shape: &SplitShape<E>,
    digest: &[u8; 32],
    instance: &RelaxedSplitInstance<E>,
    vectors: Vectors<E::Scalar>,
) -> Result<SpartanProof<E>, SpartanError> {
    let variables = Variables::new(ck, &shape.measures(), instance)?;
    let r1cs = &shape.shape;
    let mut transcript = transcript::begin(&shape.measures(), digest, instance);
    // Those parts of the vectors that have a row or a column.
    let w = &vectors.w[..1 << variables.columns];
    let e = &vectors.e[..1 << variables.rows];

    let z = [&w[..r1cs.num_vars()], &[instance.u], &instance.X].concat();
    let [az, bz, cz] = r1cs.multiply(&z).map(|v| padded(v, variables.rows));
    drop(z);
    let relaxed = |(cz, e): (&E::Scalar, &E::Scalar)| instance.u * cz + e;

    let tau = transcript::squeeze_vec::<E>(&mut transcript, b"tau", variables.rows)?;
    let mut summand = sumcheck::RowErrors {
        eq: EqPolynomial::evals_from_points(&tau),
        a: az,
        b: bz,
        c: cz.par_iter().zip(e).map(relaxed).collect(),
    };
    let (rows, r_x, _) = sumcheck::prove::<E, 3>(
        E::Scalar::ZERO,
        variables.rows,
        &mut summand,
        &mut transcript,
    )?;
    let eval_E = MultilinearPolynomial::evaluate_with(e, &r_x);
    let eval_Cz = MultilinearPolynomial::evaluate_with(&cz, &r_x);
    let at_rows = [summand.a[0], summand.b[0], eval_Cz, eval_E];
    drop((summand, cz));
    transcript.absorb(b"rows", &at_rows.as_slice());

    let r = transcript.squeeze(b"r")?;
    let rows_table = EqPolynomial::evals_from_points(&r_x);
    let (bound, public) = JointMatrix::new(r1cs, r).bind_rows(&rows_table);
    drop(rows_table);
    let claim = columns_claim(&at_rows, &r, &public, instance);
    let mut summand = sumcheck::Products(vec![[padded(bound, variables.columns), w.to_vec()]]);
    let (columns, r_y, _) =
        sumcheck::prove::<E, 2>(claim, variables.columns, &mut summand, &mut transcript)?;
    let eval_W = summand.0[0][1][0];
    drop(summand);
    transcript.absorb(b"W", &eval_W);

    let claims = Claims::new::<E>(
        &shape.measures(),
        &r_x,
        &r_y,
        eval_W,
        eval_E,
        &mut transcript,
    )?;
    let vars = variables.larger();
    let Vectors { w, post, e } = vectors;
    let mut summand = claims.summand(w.clone(), post.clone(), e.clone());
    let (claim_rounds, point, _) =
        sumcheck::prove::<E, 2>(claims.sum(), vars, &mut summand, &mut transcript)?;
    let values = Values {
        w: summand.0[0][0][0],
        e: summand.0[1][0][0],
        post: summand.0[2][0][0],
    };
    drop(summand);
    let c = joining_challenge::<E>(&values, &mut transcript)?;
    let joined = |((w, q), e): ((&E::Scalar, &E::Scalar), &E::Scalar)| *w + c * (*q + c * e);
    let vector = w.par_iter().zip(&post).zip(&e).map(joined).collect();
    drop((w, post, e));
    let opening = ipa::prove::<E>(ck.generators(), vector, &point, &mut transcript)?;
    Ok(SpartanProof {
        rows,
        at_rows,
        columns,
        eval_W,
        claims: claim_rounds,
        values,
        opening,
    })
}

#[cfg(test)]
mod tests;
