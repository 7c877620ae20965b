//! Public parameters: the two shapes, the keys and their digest.
use crate::{
    circuit::{PrimaryCircuit, SecondaryCircuit, StepExtent},
    keys::{self, KeyCache, KeyError, ProgressFn},
    nifs::Folding,
    r1cs::{Collector, Matrix},
    relation::NUM_IO,
    ro::{truncate, F1, F2},
    split::{SplitError, SplitShape},
    step::{SplitStep, ARITY, OUTPUTS},
    CommitmentKey, PastaEngine, Primary, Secondary,
};
use ff::PrimeField;
use nova_snark::{
    frontend::{Index, SynthesisError},
    traits::{Engine, ROConstants, ROConstantsCircuit},
};
use rayon::prelude::*;
use sha3::{Digest, Sha3_256};
use std::ops::Range;

/// Distinguishes this recursion from any other with the same shapes.
const DOMAIN: &[u8] = b"zkmips folding parameters 1";

/// Why parameters could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Split(#[from] SplitError),
    #[error("the step commits to no pre columns")]
    NoPre,
    #[error("the step allocates {found} variables and announces {announced}")]
    PostLen { announced: usize, found: usize },
    #[error("the last variables of the step are not its outputs")]
    OutputsNotLast,
    #[error("the inputs of the step are not private variables")]
    InputsNotPrivate,
    #[error("a circuit has {0} public outputs instead of two")]
    PublicOutputs(usize),
    #[error(transparent)]
    Synthesis(#[from] SynthesisError),
}

/// All that prover and verifier must agree on, and what is derived from it.
pub struct PublicParams<S> {
    pub step: S,
    pub primary: SplitShape<Primary>,
    pub secondary: SplitShape<Secondary>,
    pub ck_primary: CommitmentKey<Primary>,
    pub ck_secondary: CommitmentKey<Secondary>,
    /// The rows of the primary shape that belong to the step; the others are the recursion's.
    pub step_rows: Range<usize>,
    /// The variables that the step allocates.
    pub(crate) step_vars: Range<usize>,
    /// The variables by which the step reads `z`.
    pub(crate) step_inputs: [usize; ARITY],
    digest: [u8; 32],
    pub(crate) consts: Constants,
}

/// Constants of the sponges, for use outside and inside circuits.
pub(crate) struct Constants {
    /// Over the base field of the primary curve: hashes of primary instances.
    pub primary: ROConstants<Primary>,
    pub primary_circuit: ROConstantsCircuit<Primary>,
    /// Over the base field of the secondary curve: hashes of secondary instances.
    pub secondary: ROConstants<Secondary>,
    pub secondary_circuit: ROConstantsCircuit<Secondary>,
}

impl Constants {
    /// Making constants takes a while, so each curve's are made once; inside and outside circuits they are the same.
    fn new() -> Self {
        let (primary, secondary) = rayon::join(
            ROConstants::<Primary>::default,
            ROConstants::<Secondary>::default,
        );
        Self {
            primary_circuit: primary.clone(),
            primary,
            secondary_circuit: secondary.clone(),
            secondary,
        }
    }
}

impl<S: SplitStep<F1>> PublicParams<S> {
    /// Synthesises both circuits, takes the keys from `keys` and digests it all.
    pub fn setup(step: S, keys: &KeyCache, progress: ProgressFn) -> Result<Self, SetupError> {
        if step.pre_len() == 0 {
            return Err(SetupError::NoPre);
        }
        let consts = Constants::new();
        let (primary, extent) = primary_shape(&step, &consts)?;
        let step_inputs = [0, 1, 2, 3].map(|k| match extent.inputs[k].get_unchecked() {
            Index::Aux(i) => Some(i),
            Index::Input(_) => None,
        });
        let [Some(i0), Some(i1), Some(i2), Some(i3)] = step_inputs else {
            return Err(SetupError::InputsNotPrivate);
        };
        let secondary = secondary_shape(&consts)?;
        let ck_primary = keys.get::<Primary>(key_len(&primary), progress)?;
        let ck_secondary = keys.get::<Secondary>(key_len(&secondary), progress)?;
        let digest = digest(&step, &primary, &secondary);
        Ok(Self {
            step,
            step_rows: extent.rows,
            step_vars: extent.vars,
            step_inputs: [i0, i1, i2, i3],
            primary,
            secondary,
            ck_primary,
            ck_secondary,
            digest,
            consts,
        })
    }
}

impl<S> PublicParams<S> {
    /// The parameter digest: it binds both shapes, `P`, the step's own bytes, and the keys by label and length.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    pub(crate) fn folding_primary(&self) -> Folding<'_, Primary> {
        Folding {
            ck: &self.ck_primary,
            consts: &self.consts.primary,
            shape: &self.primary,
            pp: truncate(&self.digest),
        }
    }

    pub(crate) fn folding_secondary(&self) -> Folding<'_, Secondary> {
        Folding {
            ck: &self.ck_secondary,
            consts: &self.consts.secondary,
            shape: &self.secondary,
            pp: truncate(&self.digest),
        }
    }

    /// The digest as an element of the primary scalar field, and of the secondary.
    pub(crate) fn pp(&self) -> (F1, F2) {
        (truncate(&self.digest), truncate(&self.digest))
    }
}

/// Generators needed to commit to a witness or an error term, and for the opening proof, which pads to a power of two.
fn key_len<E: Engine>(shape: &SplitShape<E>) -> usize {
    shape
        .shape
        .num_vars()
        .max(shape.shape.num_cons())
        .next_power_of_two()
}

fn primary_shape<S: SplitStep<F1>>(
    step: &S,
    consts: &Constants,
) -> Result<(SplitShape<Primary>, StepExtent), SetupError> {
    let circuit = PrimaryCircuit {
        consts: &consts.secondary_circuit,
    };
    let mut cs = Collector::new();
    let extent = circuit.shape(&mut cs, step, Collector::measure)?;
    let (announced, found) = (step.post_len(), extent.vars.len());
    if announced != found {
        return Err(SetupError::PostLen { announced, found });
    }
    for (k, output) in extent.outputs.iter().enumerate() {
        if output.get_unchecked() != Index::Aux(extent.vars.end - OUTPUTS + k) {
            return Err(SetupError::OutputsNotLast);
        }
    }
    let shape = cs.finish();
    check_outputs(shape.num_io())?;
    Ok((SplitShape::new(shape, step.pre_len())?, extent))
}

fn secondary_shape(consts: &Constants) -> Result<SplitShape<Secondary>, SetupError> {
    let mut cs = Collector::new();
    SecondaryCircuit {
        consts: &consts.primary_circuit,
    }
    .synthesize(&mut cs, None)?;
    let shape = cs.finish();
    check_outputs(shape.num_io())?;
    Ok(SplitShape::new(shape, 0)?)
}

fn check_outputs(num_io: usize) -> Result<(), SetupError> {
    match num_io {
        NUM_IO => Ok(()),
        other => Err(SetupError::PublicOutputs(other)),
    }
}

fn digest<S: SplitStep<F1>>(
    step: &S,
    primary: &SplitShape<Primary>,
    secondary: &SplitShape<Secondary>,
) -> [u8; 32] {
    let (a, b) = rayon::join(|| shape_digest(primary), || shape_digest(secondary));
    let step = step.digest_bytes();
    let mut hash = Sha3_256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(DOMAIN);
    part(&a);
    part(&b);
    part(&step);
    part(keys::LABEL);
    part(Primary::CURVE.as_bytes());
    part(&(key_len(primary) as u64).to_le_bytes());
    part(Secondary::CURVE.as_bytes());
    part(&(key_len(secondary) as u64).to_le_bytes());
    hash.finalize().into()
}

/// Digest of the measures and the three matrices of a shape.
fn shape_digest<E: Engine>(shape: &SplitShape<E>) -> [u8; 32] {
    let matrices = &shape.shape;
    let digests: Vec<_> = matrices
        .matrices()
        .into_par_iter()
        .map(matrix_digest)
        .collect();
    let mut hash = Sha3_256::new();
    for measure in [
        matrices.num_cons(),
        matrices.num_vars(),
        matrices.num_io(),
        shape.pre_len,
    ] {
        hash.update((measure as u64).to_le_bytes());
    }
    digests.iter().for_each(|digest| hash.update(digest));
    hash.finalize().into()
}

/// Digest of the entries in their order: row and column, then the coefficient, for which +-1 have a short form.
fn matrix_digest<F: PrimeField>(matrix: &Matrix<F>) -> [u8; 32] {
    let minus_one = -F::ONE;
    let mut hash = Sha3_256::new();
    let mut buffer = Vec::with_capacity(1 << 16);
    for (row, column, value) in matrix.iter() {
        buffer.extend((row as u64).to_le_bytes());
        buffer.extend((column as u64).to_le_bytes());
        if value == F::ONE {
            buffer.push(1);
        } else if value == minus_one {
            buffer.push(2);
        } else {
            buffer.push(0);
            buffer.extend(value.to_repr().as_ref());
        }
        if buffer.len() > (1 << 16) - 64 {
            hash.update(&buffer);
            buffer.clear();
        }
    }
    hash.update(&buffer);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        r1cs::R1cs,
        step::StepError,
        tests::toy::{params, TOY},
    };
    use nova_snark::frontend::{num::AllocatedNum, ConstraintSystem, Variable};

    /// The toy with another description, another announced length, or outputs that are not last.
    struct Variant {
        name: &'static [u8],
        announced: usize,
        swapped: bool,
    }

    impl SplitStep<F1> for Variant {
        fn pre_len(&self) -> usize {
            TOY.pre_len()
        }

        fn synthesize<CS: ConstraintSystem<F1>>(
            &self,
            cs: &mut CS,
            pre: &[Variable],
            z: &[AllocatedNum<F1>],
        ) -> Result<[AllocatedNum<F1>; OUTPUTS], SynthesisError> {
            let [a, b] = TOY.synthesize(cs, pre, z)?;
            Ok(if self.swapped { [b, a] } else { [a, b] })
        }

        fn post_len(&self) -> usize {
            self.announced
        }

        fn fill_post(&self, pre: &[F1], z: &[F1], out: &mut [F1]) -> Result<(), StepError> {
            TOY.fill_post(pre, z, out)
        }

        fn digest_bytes(&self) -> Vec<u8> {
            self.name.to_vec()
        }
    }

    const HONEST: Variant = Variant {
        name: b"toy",
        announced: crate::tests::toy::STEP_VARS,
        swapped: false,
    };

    #[test]
    fn the_digest_binds_shapes_prefix_and_description() {
        let pp = params();
        let base = digest(&HONEST, &pp.primary, &pp.secondary);
        assert_eq!(base, *pp.digest());
        let renamed = Variant {
            name: b"other",
            ..HONEST
        };
        assert_ne!(base, digest(&renamed, &pp.primary, &pp.secondary));
        let mut longer = pp.primary.clone();
        longer.pre_len += 8;
        assert_ne!(base, digest(&HONEST, &longer, &pp.secondary));

        // The matrices in other places.
        let shape = &pp.primary.shape;
        let [A, B, C] = shape.matrices().map(Clone::clone);
        let shape = R1cs::new(shape.num_vars(), NUM_IO, [B, A, C]);
        let exchanged = SplitShape {
            shape,
            pre_len: pp.primary.pre_len,
        };
        assert_ne!(base, digest(&HONEST, &exchanged, &pp.secondary));
    }

    #[test]
    fn the_digest_of_a_matrix_binds_every_entry() {
        let value = |v: u64| F1::from(v);
        let digests: Vec<_> = [
            vec![],
            vec![(0, 0, value(1))],
            vec![(0, 0, -value(1))],
            vec![(0, 0, value(2))],
            vec![(0, 1, value(1))],
            vec![(1, 0, value(1))],
            vec![(0, 0, value(1)), (0, 1, value(1))],
            vec![(0, 0, value(1)), (1, 1, value(1))],
        ]
        .iter()
        .map(|entries| matrix_digest(&Matrix::from_entries(entries, 2)))
        .collect();
        for (i, digest) in digests.iter().enumerate() {
            assert!(!digests[..i].contains(digest), "matrix {i}");
        }
    }

    #[test]
    fn a_step_that_does_not_keep_its_promises_is_refused() {
        let consts = Constants::new();
        let longer = Variant {
            announced: HONEST.announced + 1,
            ..HONEST
        };
        assert!(matches!(
            primary_shape(&longer, &consts),
            Err(SetupError::PostLen { .. })
        ));
        let swapped = Variant {
            swapped: true,
            ..HONEST
        };
        assert!(matches!(
            primary_shape(&swapped, &consts),
            Err(SetupError::OutputsNotLast)
        ));
    }
}
