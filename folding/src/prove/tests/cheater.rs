//! A prover that follows the protocol except where a test tells it not to.
use super::toy::{self, params, verifier_params, Squares};
use crate::{
    compress::{CompressedProof, Hidden, HiddenPlain},
    error::VerifyError,
    prove::{
        circuit::{FoldInput, PrimaryInput, SecondaryInput},
        filled::Filled,
        ivc::{secondary_instance, RunningProof},
        nifs::{fold_vectors, Folding, FreshWitness, Running},
        params::PublicParams,
        pass1::{chain_next, PreCommitment},
        relation::Products,
        spartan::{self, Vectors},
        split::{commit_post, SplitWitness},
    },
    ro::{F1, F2},
    split::SplitInstance,
    step::ARITY,
    Commitment, PastaEngine, Primary,
};
use ff::Field;
use rand_core::OsRng;

/// One segment of a cheating prover.
pub struct Step<'a> {
    /// The columns in the witness, and the commitment that is passed off as theirs.
    pub pre: Vec<F1>,
    pub committed: PreCommitment,
    /// Number of steps that the secondary circuit believes it has made.
    pub secondary_i: u64,
    /// Changes the primary instance before it is folded.
    pub instance: &'a dyn Fn(&mut SplitInstance<Primary>),
    /// Changes what the secondary circuit is told.
    pub secondary: &'a dyn Fn(&mut SecondaryInput),
}

impl Step<'_> {
    pub fn honest(proof: &RunningProof, pre: Vec<F1>, committed: PreCommitment) -> Self {
        let secondary_i = proof.segments();
        Self {
            pre,
            committed,
            secondary_i,
            instance: &|_| (),
            secondary: &|_| (),
        }
    }
}

/// A witness of the primary circuit with these columns, whatever was committed to, and its public outputs.
pub fn primary_witness(
    proof: &RunningProof,
    input: &PrimaryInput,
    pre: Vec<F1>,
) -> (Filled, Vec<F1>) {
    let pp = params();
    let mut filled = Filled::new(pp);
    filled.z.extend(pre);
    filled.fill_step(pp, &proof.output()).unwrap();
    let X = filled.complete(pp, input).unwrap();
    (filled, X)
}

/// Makes one step of the recursion with the changes that `step` asks for.
pub fn make(proof: &mut RunningProof, step: Step) {
    let pp = params();
    let r_out = F1::random(&mut OsRng);
    let (input, _) = proof.fold_secondary(pp, r_out).unwrap();
    let (filled, X) = primary_witness(proof, &input, step.pre);
    let W = filled.W(pp).to_vec();
    let r_post = F1::random(&mut OsRng);
    let comm_post = commit_post::<Primary>(&pp.ck_primary, &W, pp.primary.pre_len, &r_post);
    let mut u = SplitInstance {
        comm_pre: step.committed.comm_pre,
        comm_post,
        X,
    };
    let w = SplitWitness {
        W,
        r_pre: step.committed.r_pre,
        r_post,
    };
    (step.instance)(&mut u);
    proof.zi = filled.outputs;
    proof.r_primary = r_out;
    fold_primary(proof, u, w, step.secondary_i, step.secondary);
}

/// Folds a primary instance and runs the secondary circuit on it.
pub fn fold_primary(
    proof: &mut RunningProof,
    u: SplitInstance<Primary>,
    w: SplitWitness<Primary>,
    secondary_i: u64,
    change: &dyn Fn(&mut SecondaryInput),
) {
    let pp = params();
    let U = proof.primary.U.clone();
    let comm_T = if secondary_i == 0 {
        let z = pp.primary.assignment(&w.W, F1::ONE, &u.X).unwrap();
        let rows = &pp.primary.shape;
        let mut products = Products::zero(rows.num_cons());
        products.multiply(rows, &z, 0..rows.num_cons());
        let fresh = FreshWitness {
            W: &w.W,
            products: &products,
            r_pre: w.r_pre,
            r_post: w.r_post,
        };
        proof.primary = Running::from_fresh(&pp.primary, &u, fresh);
        Commitment::<Primary>::default()
    } else {
        pp.folding_primary()
            .fold(&mut proof.primary, &u, &w)
            .unwrap()
            .comm_T
    };
    let r_out = F2::random(&mut OsRng);
    let (r_in, comm_pre) = (proof.r_secondary, u.comm_pre);
    let fold = FoldInput {
        pp: pp.pp().1,
        i: secondary_i,
        U,
        u,
        comm_T,
        r_in,
        r_out,
    };
    let mut input = SecondaryInput {
        fold,
        ic: proof.ic,
        cheat: Default::default(),
    };
    change(&mut input);
    let linked = input.cheat.linked.unwrap_or(comm_pre);
    let ic = if secondary_i == 0 {
        input.cheat.start.unwrap_or(F2::ZERO)
    } else {
        input.ic
    };
    proof.ic = chain_next(&pp.consts.primary, ic, &linked);
    (proof.u_secondary, proof.w_secondary) = secondary_instance(pp, &input).unwrap();
    proof.r_secondary = r_out;
    proof.i += 1;
}

/// Columns that the challenges `c` show to be balanced although the first lookup is not in the table: the sum of the segment is that
/// of `pre`. This is what a prover can do who knows the challenges before it commits.
pub fn forge(pre: &[F1], z0: &[F1; ARITY]) -> Vec<F1> {
    let (alpha, gamma) = (z0[2], z0[3]);
    let mut forged = pre.to_vec();
    forged[0] = F1::from(100);
    forged[1] = F1::ZERO;
    let share = |x: F1, y: F1| (alpha + x + gamma * y).invert().unwrap();
    let gain = share(forged[0], forged[1]) - share(pre[0], pre[1]);
    // The multiplicity of row 0 of the table, whose term is m / alpha, makes up for it.
    forged[2 * toy::LOOKUPS] += gain * alpha;
    forged
}

/// Compresses a proof even if its witnesses do not satisfy the rows or do not open the commitments.
pub fn compress(proof: &RunningProof) -> CompressedProof {
    compress_with(proof, None)
}

/// The same, with an opening of `comm_post` that need not vanish on the prefix.
pub fn compress_with(proof: &RunningProof, post: Option<Vec<F1>>) -> CompressedProof {
    let pp: &PublicParams<Squares> = params();
    let folding = pp.folding_secondary();
    let mut secondary = proof.secondary.clone();
    let last = folding
        .fold(&mut secondary, &proof.u_secondary, &proof.w_secondary)
        .unwrap();
    let Hidden {
        random,
        comm_T,
        blinders,
        proof: spartan,
    } = hide(&folding, pp.digest(), secondary, None);
    CompressedProof {
        n: proof.i,
        ic: proof.ic,
        r_primary: proof.r_primary,
        r_secondary: proof.r_secondary,
        U_primary: proof.primary.U.clone(),
        U_secondary: proof.secondary.U.clone(),
        u_secondary: proof.u_secondary.clone(),
        T_last: last.comm_T,
        primary: hide(
            &pp.folding_primary(),
            pp.digest(),
            proof.primary.clone(),
            post,
        ),
        secondary: HiddenPlain {
            random,
            comm_T,
            blinders,
            proof: spartan,
        },
    }
}

fn hide<E: PastaEngine>(
    folding: &Folding<E>,
    digest: &[u8; 32],
    mut running: Running<E>,
    post: Option<Vec<E::Scalar>>,
) -> Hidden<E> {
    let P = folding.shape.pre_len;
    let without_prefix = |W: &[E::Scalar]| {
        let mut post = W.to_vec();
        post[..P].fill(E::Scalar::ZERO);
        post
    };
    let mut post = post.unwrap_or_else(|| without_prefix(&running.W.W));
    let random = folding.random_instance().unwrap();
    let U_before = running.U.clone();
    let comm_T = folding.fold_relaxed(&mut running, &random).unwrap();
    let r = folding
        .instances
        .relaxed_challenge(&U_before, &random.U, &comm_T);
    fold_vectors(&mut post, &without_prefix(&random.W.W), r);

    // An error term that makes the rows hold, whatever the commitment to it says.
    let Products { Az, Bz, Cz } = folding
        .shape
        .products(&running.W.W, running.U.u, &running.U.X)
        .unwrap();
    running.W.E = (0..Az.len())
        .map(|i| Az[i] * Bz[i] - running.U.u * Cz[i])
        .collect();

    let blinders = running.W.blinders();
    let U = folding.instances.unblind(&running.U, &blinders);
    let len = running.W.W.len().max(running.W.E.len()).next_power_of_two();
    let padded = |mut vector: Vec<E::Scalar>| {
        vector.resize(len, E::Scalar::ZERO);
        vector
    };
    let vectors = Vectors {
        w: padded(running.W.W),
        post: padded(post),
        e: padded(running.W.E),
    };
    let proof =
        spartan::prove_vectors(folding.instances.ck, folding.shape, digest, &U, vectors).unwrap();
    Hidden {
        random: random.U,
        comm_T,
        blinders,
        proof,
    }
}

/// What both verifiers say to a claim about `n` segments.
pub fn verdicts(
    proof: &RunningProof,
    compressed: &CompressedProof,
    n: u64,
    z0: &[F1; ARITY],
    zn: &[F1; ARITY],
    ic: F2,
) -> [Result<(), VerifyError>; 2] {
    [
        proof.verify(params(), n, z0, zn, ic),
        compressed.verify(verifier_params(), n, z0, zn, ic),
    ]
}
