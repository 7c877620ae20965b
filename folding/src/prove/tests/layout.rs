//! The circuits themselves: their measures are pinned, and shape and witness allocate the same variables in the same order.
use super::toy::{params, PRE};
use crate::{
    prove::{
        circuit::{FoldInput, PrimaryCircuit, PrimaryInput, SecondaryCircuit, SecondaryInput},
        ivc::RunningProof,
    },
    ro::{F1, F2},
    step::ARITY,
    Commitment, Primary,
};
use ff::{Field, PrimeField};
use nova_snark::frontend::{
    num::AllocatedNum, ConstraintSystem, Index, LinearCombination, SynthesisError, Variable,
};
use sha3::{Digest, Sha3_256};

/// Hashes the full name of every variable and row in the order in which they appear.
struct Recorder<F> {
    hash: Sha3_256,
    path: Vec<String>,
    witness: bool,
    aux: usize,
    inputs: usize,
    _field: std::marker::PhantomData<F>,
}

impl<F: PrimeField> Recorder<F> {
    fn new(witness: bool) -> Self {
        let _field = std::marker::PhantomData;
        Self {
            hash: Sha3_256::new(),
            path: Vec::new(),
            witness,
            aux: 0,
            inputs: 0,
            _field,
        }
    }

    fn record(&mut self, kind: &str, name: String) {
        self.hash.update(kind);
        self.path
            .iter()
            .for_each(|part| self.hash.update(format!("/{part}")));
        self.hash.update(format!("/{name}\n"));
    }

    fn value(&self, f: impl FnOnce() -> Result<F, SynthesisError>) -> Result<(), SynthesisError> {
        if self.witness {
            f()?;
        }
        Ok(())
    }
}

impl<F: PrimeField> ConstraintSystem<F> for Recorder<F> {
    type Root = Self;

    fn alloc<V, A, AR>(&mut self, annotation: A, f: V) -> Result<Variable, SynthesisError>
    where
        V: FnOnce() -> Result<F, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.record("private", annotation().into());
        self.value(f)?;
        self.aux += 1;
        Ok(Variable::new_unchecked(Index::Aux(self.aux - 1)))
    }

    fn alloc_input<V, A, AR>(&mut self, annotation: A, f: V) -> Result<Variable, SynthesisError>
    where
        V: FnOnce() -> Result<F, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.record("public", annotation().into());
        self.value(f)?;
        self.inputs += 1;
        Ok(Variable::new_unchecked(Index::Input(self.inputs)))
    }

    fn enforce<A, AR, LA, LB, LC>(&mut self, annotation: A, _: LA, _: LB, _: LC)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
        LA: FnOnce(LinearCombination<F>) -> LinearCombination<F>,
        LB: FnOnce(LinearCombination<F>) -> LinearCombination<F>,
        LC: FnOnce(LinearCombination<F>) -> LinearCombination<F>,
    {
        self.record("row", annotation().into());
    }

    fn push_namespace<NR, N>(&mut self, name: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
        self.path.push(name().into());
    }

    fn pop_namespace(&mut self) {
        self.path.pop();
    }

    fn get_root(&mut self) -> &mut Self::Root {
        self
    }
}

fn order_of_primary(input: Option<&PrimaryInput>) -> (usize, [u8; 32]) {
    let mut cs = Recorder::<F1>::new(input.is_some());
    let circuit = PrimaryCircuit {
        consts: &params().consts.secondary,
    };
    let before = circuit.before_step(&mut cs, input).unwrap();
    let output = AllocatedNum::from_parts(Recorder::<F1>::one(), input.map(|_| F1::from(3)));
    circuit
        .after_step(&mut cs, before, &[output.clone(), output])
        .unwrap();
    (cs.aux, cs.hash.finalize().into())
}

fn order_of_secondary(input: Option<&SecondaryInput>) -> (usize, [u8; 32]) {
    let mut cs = Recorder::<F2>::new(input.is_some());
    let circuit = SecondaryCircuit {
        consts: &params().consts.primary,
    };
    circuit.synthesize(&mut cs, input).unwrap();
    (cs.aux, cs.hash.finalize().into())
}

#[test]
fn shape_and_witness_allocate_in_the_same_order() {
    let pp = params();
    let mut proof = RunningProof::start(pp, [F1::ONE; ARITY]);
    let (input, _) = proof.fold_secondary(pp, F1::ONE).unwrap();
    let shape = order_of_primary(None);
    assert_eq!(shape, order_of_primary(Some(&input)));
    let step_vars = super::toy::STEP_VARS;
    assert_eq!(pp.primary.shape.num_vars(), PRE + shape.0 + step_vars);

    let shape = order_of_secondary(None);
    for i in [0, 1, 7] {
        let fold = FoldInput {
            pp: F2::ONE,
            i,
            U: proof.primary.U.clone(),
            u: crate::split::SplitInstance {
                comm_pre: Commitment::<Primary>::default(),
                comm_post: Commitment::<Primary>::default(),
                X: vec![F1::ZERO; 2],
            },
            comm_T: Commitment::<Primary>::default(),
            r_in: F2::ONE,
            r_out: F2::ONE,
        };
        let input = SecondaryInput {
            fold,
            ic: F2::ONE,
            cheat: Default::default(),
        };
        assert_eq!(shape, order_of_secondary(Some(&input)));
    }
    assert_eq!(pp.secondary.shape.num_vars(), shape.0);
}

#[test]
fn the_measures_of_the_recursion_are_pinned() {
    // A change here changes every proof. If it is meant, raise the version in the parameters' domain string.
    let stats = params().stats();
    let recursion_rows = stats.primary_rows - stats.step_rows;
    let recursion_vars = stats.primary_vars - stats.step_vars;
    assert_eq!((recursion_rows, recursion_vars), (8209, 8209));
    assert_eq!((stats.secondary_rows, stats.secondary_vars), (9761, 9755));
    assert_eq!(stats.pre_len, PRE);
    assert_eq!(stats.padded, 1 << 14);
    let digest: String = params()
        .digest()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        digest,
        "2f940a63d2457083da1a73634ed73b82be30cdc76ae58f98c1e060b7570620a4"
    );
}
