//! Each trap that was met in public code, as a cheat that is carried out and must be rejected by both verifiers.
use super::{
    cheater::{
        compress, compress_with, fold_primary, forge, make, primary_witness, verdicts, Step,
    },
    toy::{challenges, commit, honest, initial, last, params, verifier_params, Columns},
};
use crate::{
    error::{Unsatisfied, VerifyError},
    prove::{
        ivc::RunningProof,
        nifs::Running,
        pass1::{chain_next, digest_columns, Commitments, PreCommitment, CHAIN_START},
        split::{commit_post, commit_pre, RelaxedSplitWitness, SplitWitness},
    },
    ro::{self, F1, F2},
    spartan::SpartanError,
    split::SplitInstance,
    step::ARITY,
    Primary,
};
use ff::Field;
use nova_snark::gadgets::utils::field_switch;
use rand_core::OsRng;
use zkmips_msm::MixedVec;

/// An honest run up to the second pass.
struct Setting {
    columns: Columns,
    commitments: Commitments,
    z0: [F1; ARITY],
    zn: [F1; ARITY],
}

fn setting(n: usize) -> Setting {
    let mut columns = honest(n);
    let commitments = commit(&mut columns);
    let c = challenges(n, commitments.ic);
    Setting {
        columns,
        commitments,
        z0: initial(c),
        zn: last(n, c),
    }
}

impl Setting {
    fn start(&self) -> RunningProof {
        RunningProof::start(params(), self.z0)
    }

    fn step(&self, proof: &RunningProof) -> Step<'static> {
        let i = proof.segments() as usize;
        Step::honest(
            proof,
            self.columns.0[i].clone(),
            self.commitments.segments[i].clone(),
        )
    }

    fn honest_to(&self, n: u64) -> RunningProof {
        let mut proof = self.start();
        while proof.segments() < n {
            let step = self.step(&proof);
            make(&mut proof, step);
        }
        proof
    }

    /// The same step with columns forged for the challenges, under a commitment of their own.
    fn forged_step(&self, proof: &RunningProof) -> Step<'static> {
        let mut step = self.step(proof);
        step.pre = forge(&step.pre, &self.z0);
        step.committed = commitment_to(&step.pre);
        step
    }

    fn verdicts(&self, proof: &RunningProof) -> [Result<(), VerifyError>; 2] {
        let n = self.columns.0.len() as u64;
        verdicts(
            proof,
            &compress(proof),
            n,
            &self.z0,
            &self.zn,
            self.commitments.ic,
        )
    }
}

fn commitment_to(pre: &[F1]) -> PreCommitment {
    let r_pre = F1::random(&mut OsRng);
    let comm_pre = commit_pre::<Primary>(&params().ck_primary, pre, &r_pre);
    PreCommitment {
        comm_pre,
        r_pre,
        digest: digest_columns(&MixedVec::from_elements(pre)),
    }
}

fn spartan_primary(error: SpartanError) -> Result<(), VerifyError> {
    Err(VerifyError::PrimarySpartan(error.to_string()))
}

fn spartan_secondary(error: SpartanError) -> Result<(), VerifyError> {
    Err(VerifyError::SecondarySpartan(error.to_string()))
}

#[test]
fn the_cheater_that_does_not_cheat_is_accepted() {
    let setting = setting(3);
    assert_eq!(setting.verdicts(&setting.honest_to(3)), [Ok(()), Ok(())]);
}

#[test]
fn columns_chosen_after_the_challenges_satisfy_the_step() {
    // Without the chain of commitments the forged columns pass: this is what it is there for.
    let setting = setting(1);
    let mut proof = setting.start();
    let step = setting.forged_step(&proof);
    make(&mut proof, step);
    let (z0, zn) = (&setting.z0, &setting.zn);
    assert_eq!(
        verdicts(&proof, &compress(&proof), 1, z0, zn, proof.ic()),
        [Ok(()), Ok(())]
    );
}

#[test]
fn the_chain_in_the_proof_is_compared_with_the_one_behind_the_challenges() {
    let setting = setting(2);
    let mut proof = setting.honest_to(1);
    let step = setting.forged_step(&proof);
    make(&mut proof, step);
    assert_ne!(proof.ic(), setting.commitments.ic);
    assert_eq!(
        setting.verdicts(&proof),
        [Err(VerifyError::Chain), Err(VerifyError::Chain)]
    );

    // Nor does it help to write the expected value into the proof: the secondary hash contains the other.
    proof.ic = setting.commitments.ic;
    let expected = || Err(VerifyError::SecondaryHash);
    assert_eq!(setting.verdicts(&proof), [expected(), expected()]);
}

#[test]
fn the_chained_commitment_is_the_folded_one() {
    let setting = setting(2);

    // The chain gets the commitment of the first pass, the fold that of the forged columns.
    for at in [0, 1] {
        let mut proof = setting.honest_to(at);
        let promised = setting.commitments.segments[at as usize].comm_pre;
        let relabel = |input: &mut crate::prove::circuit::SecondaryInput| {
            input.cheat.linked = Some(promised);
        };
        let step = Step {
            secondary: &relabel,
            ..setting.forged_step(&proof)
        };
        make(&mut proof, step);
        while proof.segments() < 2 {
            let step = setting.step(&proof);
            make(&mut proof, step);
        }
        assert_eq!(proof.ic(), setting.commitments.ic);
        let [recursive, compressed] = setting.verdicts(&proof);
        match at {
            0 => assert!(matches!(
                recursive,
                Err(VerifyError::SecondaryRunning(Unsatisfied::Row(_)))
            )),
            _ => {
                assert!(matches!(
                    recursive,
                    Err(VerifyError::SecondaryLast(Unsatisfied::Row(_)))
                ))
            }
        }
        assert_eq!(compressed, spartan_secondary(SpartanError::Opening));
    }

    // Both get the commitment of the first pass, but the witness has the forged columns.
    let mut proof = setting.honest_to(1);
    let mut step = setting.forged_step(&proof);
    step.committed = setting.commitments.segments[1].clone();
    make(&mut proof, step);
    assert_eq!(proof.ic(), setting.commitments.ic);
    let [recursive, compressed] = setting.verdicts(&proof);
    assert_eq!(
        recursive,
        Err(VerifyError::Primary(Unsatisfied::CommitmentPre))
    );
    assert_eq!(compressed, spartan_primary(SpartanError::Opening));
}

#[test]
fn pre_cannot_be_changed_through_the_other_commitment() {
    // The instance keeps the commitment of the first pass. The difference to the forged columns goes into `comm_post`, on the
    // generators of `pre`, so that the sum of both commits to a witness that satisfies every row.
    let setting = setting(1);
    let pp = params();
    let P = pp.primary.pre_len;
    let honest = &setting.columns.0[0];
    let forged = forge(honest, &setting.z0);
    let committed = &setting.commitments.segments[0];
    let mut proof = setting.start();
    let r_out = F1::random(&mut OsRng);
    let (input, _) = proof.fold_secondary(pp, r_out).unwrap();
    let (filled, X) = primary_witness(&proof, &input, forged.clone());
    let W = filled.W(pp).to_vec();
    let mut post = W.clone();
    for ((post, forged), honest) in post.iter_mut().zip(&forged).zip(honest) {
        *post = *forged - *honest;
    }
    let r_post = F1::random(&mut OsRng);
    let comm_post = commit_post::<Primary>(&pp.ck_primary, &post, 0, &r_post);
    let u = SplitInstance {
        comm_pre: committed.comm_pre,
        comm_post,
        X,
    };
    let w = SplitWitness {
        W,
        r_pre: committed.r_pre,
        r_post,
    };
    (proof.zi, proof.r_primary) = (filled.outputs, r_out);
    fold_primary(&mut proof, u, w, 0, &|_| ());

    // The sum of the commitments is one to the forged witness: an opening of it alone would be accepted.
    let Running { U, W, .. } = &proof.primary;
    let sum = commit_post::<Primary>(&pp.ck_primary, &W.W, 0, &(W.r_pre + W.r_post));
    assert_eq!(U.comm_pre + U.comm_post, sum);
    assert_eq!(proof.ic(), setting.commitments.ic);
    assert_eq!(post[P..], W.W[P..]);

    let compressed = compress_with(&proof, Some(post));
    let (z0, zn, ic) = (&setting.z0, &setting.zn, setting.commitments.ic);
    let [recursive, compressed] = verdicts(&proof, &compressed, 1, z0, zn, ic);
    assert_eq!(
        recursive,
        Err(VerifyError::Primary(Unsatisfied::CommitmentPre))
    );
    assert_eq!(compressed, spartan_primary(SpartanError::Claims));
    // And with an opening of `comm_post` that does vanish on the prefix, the commitments are not those of the vectors.
    let [_, compressed] = setting.verdicts(&proof);
    assert_eq!(compressed, spartan_primary(SpartanError::Opening));
}

#[test]
fn the_chain_starts_at_the_constant() {
    let setting = setting(1);
    let chosen = F2::random(&mut OsRng);

    // As the witness of the last link: the base case does not look at it.
    let mut proof = setting.start();
    let step = Step {
        secondary: &|input| input.ic = chosen,
        ..setting.step(&proof)
    };
    make(&mut proof, step);
    assert_eq!(setting.verdicts(&proof), [Ok(()), Ok(())]);
    let link = setting.commitments.segments[0].comm_pre;
    proof.ic = chain_next(&params().consts.primary, chosen, &link);
    let compressed = compress(&proof);
    let wrong = || Err(VerifyError::SecondaryHash);
    let (z0, zn) = (&setting.z0, &setting.zn);
    assert_eq!(
        verdicts(&proof, &compressed, 1, z0, zn, proof.ic),
        [wrong(), wrong()]
    );

    // As the value of the constant: its row does not hold.
    let mut proof = setting.start();
    let step = Step {
        secondary: &|input| input.cheat.start = Some(chosen),
        ..setting.step(&proof)
    };
    make(&mut proof, step);
    assert_ne!(chosen, CHAIN_START);
    let compressed = compress(&proof);
    let [recursive, compressed] = verdicts(&proof, &compressed, 1, z0, zn, proof.ic);
    assert!(matches!(
        recursive,
        Err(VerifyError::SecondaryLast(Unsatisfied::Row(_)))
    ));
    assert_eq!(compressed, spartan_secondary(SpartanError::Opening));
}

#[test]
fn challenges_of_the_provers_choice_are_rejected() {
    // Challenges for which the prover prepared forged columns before it committed to anything.
    let mut columns = honest(1);
    let mine = [F1::ZERO, F1::ZERO, F1::from(7), F1::from(11)];
    columns.0[0] = forge(&columns.0[0], &mine);
    let commitments = commit(&mut columns);
    let mut proof = RunningProof::start(params(), mine);
    let step = Step::honest(
        &proof,
        columns.0[0].clone(),
        commitments.segments[0].clone(),
    );
    make(&mut proof, step);
    let compressed = compress(&proof);
    let ic = commitments.ic;
    let mine_n = [F1::ONE, F1::ZERO, mine[2], mine[3]];
    assert_eq!(
        verdicts(&proof, &compressed, 1, &mine, &mine_n, ic),
        [Ok(()), Ok(())]
    );

    let c = challenges(1, ic);
    assert_eq!(
        verdicts(&proof, &compressed, 1, &initial(c), &last(1, c), ic),
        [
            Err(VerifyError::InitialValues),
            Err(VerifyError::PrimaryHash)
        ]
    );
    // Challenges that change on the way are no better.
    assert_eq!(
        verdicts(&proof, &compressed, 1, &initial(c), &mine_n, ic),
        [
            Err(VerifyError::InitialValues),
            Err(VerifyError::FinalValues)
        ]
    );
}

#[test]
fn both_circuits_count_the_same_segments() {
    let setting = setting(3);

    // The secondary circuit starts again at the second segment, so that the first is not in the chain.
    let mut proof = setting.honest_to(1);
    for i in 0..2 {
        let step = Step {
            secondary_i: i,
            ..setting.step(&proof)
        };
        make(&mut proof, step);
    }
    let compressed = compress(&proof);
    let pp = params();
    let folded = pp
        .primary
        .is_sat_relaxed(&pp.ck_primary, &proof.primary.U, &proof.primary.W);
    assert_eq!(folded, Ok(()));
    let (z0, zn) = (&setting.z0, &setting.zn);
    let wrong = || Err(VerifyError::SecondaryHash);
    assert_eq!(
        verdicts(&proof, &compressed, 3, z0, zn, proof.ic),
        [wrong(), wrong()]
    );
    // As a proof of two segments it has the wrong primary hash.
    let mut renamed = proof.clone();
    renamed.i = 2;
    let wrong = || Err(VerifyError::PrimaryHash);
    let verdict = verdicts(&renamed, &compress(&renamed), 2, z0, zn, proof.ic);
    assert_eq!(verdict, [wrong(), wrong()]);

    // In the last step it jumps to the right number: the hash of its input does not match.
    let mut proof = setting.honest_to(1);
    for i in [0, 2] {
        let step = Step {
            secondary_i: i,
            ..setting.step(&proof)
        };
        make(&mut proof, step);
    }
    let compressed = compress(&proof);
    let [recursive, compressed] = verdicts(&proof, &compressed, 3, z0, zn, proof.ic);
    assert!(matches!(
        recursive,
        Err(VerifyError::SecondaryLast(Unsatisfied::Row(_)))
    ));
    assert_eq!(compressed, spartan_secondary(SpartanError::Opening));
}

#[test]
fn the_attack_on_two_cycles_fails() {
    // 2023/969: the two halves of a proof are each consistent, but not tied to each other. Here the false half is a claim that the
    // run ends in a state it does not end in, with a hash over a running secondary instance that is fine.
    let setting = setting(2);
    let pp = params();
    let honest = setting.honest_to(2);
    let mut zn = setting.zn;
    zn[0] += F1::from(40);
    let (z0, ic) = (&setting.z0, setting.commitments.ic);
    let false_hash = ro::primary_hash(
        &pp.consts.secondary,
        pp.pp().0,
        2,
        z0,
        &[zn[0], zn[1]],
        &honest.secondary.U,
        honest.r_primary,
    );

    // Put into the last secondary instance as its first output: its rows do not hold.
    let mut proof = honest.clone();
    proof.zi = [zn[0], zn[1]];
    proof.u_secondary.X[0] = field_switch::<F1, F2>(false_hash);
    let [recursive, compressed] = verdicts(&proof, &compress(&proof), 2, z0, &zn, ic);
    assert!(matches!(
        recursive,
        Err(VerifyError::SecondaryLast(Unsatisfied::Row(_)))
    ));
    assert_eq!(compressed, spartan_secondary(SpartanError::Opening));

    // Handed through by the secondary circuit, which is satisfied: the primary instance that carries it is folded in.
    let mut proof = setting.honest_to(1);
    let secondary = honest.secondary.clone();
    let r_primary = F1::random(&mut OsRng);
    let hash = ro::primary_hash(
        &pp.consts.secondary,
        pp.pp().0,
        2,
        z0,
        &[zn[0], zn[1]],
        &secondary.U,
        r_primary,
    );
    let put = |u: &mut SplitInstance<Primary>| u.X[1] = hash;
    let step = Step {
        instance: &put,
        ..setting.step(&proof)
    };
    make(&mut proof, step);
    proof.zi = [zn[0], zn[1]];
    proof.secondary = secondary;
    proof.r_primary = r_primary;
    let [recursive, compressed] = verdicts(&proof, &compress(&proof), 2, z0, &zn, ic);
    assert!(
        matches!(recursive, Err(VerifyError::Primary(Unsatisfied::Row(_)))),
        "{recursive:?}"
    );
    assert_eq!(compressed, spartan_primary(SpartanError::Opening));

    // The bad instance kept out of the running one after it was hashed: the secondary hash does not match.
    let mut split = proof.clone();
    split.primary = honest.primary.clone();
    let wrong = || Err(VerifyError::SecondaryHash);
    assert_eq!(
        verdicts(&split, &compress(&split), 2, z0, &zn, ic),
        [wrong(), wrong()]
    );
}

#[test]
fn every_commitment_has_a_blinder_of_its_own() {
    let setting = setting(2);
    let pp = params();
    let proof = setting.honest_to(2);
    let again = commit(&mut setting.columns.clone());
    let mut blinders: Vec<F1> = setting
        .commitments
        .segments
        .iter()
        .map(|s| s.r_pre)
        .collect();
    blinders.extend(again.segments.iter().map(|s| s.r_pre));
    let RelaxedSplitWitness {
        r_pre, r_post, r_E, ..
    } = proof.primary.W.clone();
    let pub_primary = proof.clone().compress(pp).unwrap();
    let again = proof.clone().compress(pp).unwrap();
    for b in [&pub_primary.primary.blinders, &again.primary.blinders] {
        blinders.extend([b.pre, b.post, b.E]);
    }
    blinders.extend([r_pre, r_post, r_E, F1::ZERO]);
    for (i, a) in blinders.iter().enumerate() {
        assert!(!blinders[..i].contains(a), "blinder {i} is used twice");
    }
    let mut blinders = vec![F2::ZERO, proof.w_secondary.r_post];
    let W = &proof.secondary.W;
    blinders.extend([W.r_post, W.r_E]);
    for b in [&pub_primary.secondary.blinders, &again.secondary.blinders] {
        assert_eq!(b.pre, F2::ZERO);
        blinders.extend([b.post, b.E]);
    }
    for (i, a) in blinders.iter().enumerate() {
        assert!(
            !blinders[..i].contains(a),
            "secondary blinder {i} is used twice"
        );
    }

    // Two proofs of the same run share no commitment and no hash but what the running proof fixes.
    assert_ne!(pub_primary.primary.random, again.primary.random);
    assert_ne!(pub_primary.primary.comm_T, again.primary.comm_T);
    assert_ne!(pub_primary.secondary.comm_T, again.secondary.comm_T);
    assert_ne!(pub_primary.T_last, again.T_last);

    // They come out one by one: an exchange, or a shift from one to another, is noticed.
    let (z0, zn, ic) = (&setting.z0, &setting.zn, setting.commitments.ic);
    pub_primary
        .verify(verifier_params(), 2, z0, zn, ic)
        .unwrap();
    let mut swapped = pub_primary.clone();
    let b = &mut swapped.primary.blinders;
    std::mem::swap(&mut b.pre, &mut b.post);
    let mut shifted = pub_primary.clone();
    shifted.primary.blinders.pre += F1::ONE;
    shifted.primary.blinders.post -= F1::ONE;
    for bad in [swapped, shifted] {
        assert!(matches!(
            bad.verify(verifier_params(), 2, z0, zn, ic),
            Err(VerifyError::PrimarySpartan(_))
        ));
    }
    let mut prefixed = pub_primary;
    prefixed.secondary.blinders.pre += F2::ONE;
    assert_eq!(
        prefixed.verify(verifier_params(), 2, z0, zn, ic),
        spartan_secondary(SpartanError::UnexpectedPrefix)
    );
}
