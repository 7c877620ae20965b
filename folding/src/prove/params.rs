//! Public parameters: the two shapes, the keys and their digest.
use crate::{
    compact::CompactShape,
    instances::Instances,
    keys::KeyError,
    prove::{
        cache::{KeyCache, ProgressFn},
        circuit::{PrimaryCircuit, SecondaryCircuit, StepExtent},
        nifs::Folding,
        r1cs::Collector,
        split::{SplitError, SplitShape},
        step::SplitStep,
    },
    ro::{pp, Constants, F1, F2},
    split::NUM_IO,
    step::{ARITY, OUTPUTS},
    verifier_params::{Description, VerifierParams},
    CommitmentKey, Primary, Secondary,
};
use nova_snark::frontend::{Index, SynthesisError};
use std::{ops::Range, sync::Arc};

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

/// All that prover and verifier must agree on, and what the prover derives from it. A verifier has [`VerifierParams`].
pub struct PublicParams<S> {
    pub step: S,
    pub primary: SplitShape<Primary>,
    pub secondary: SplitShape<Secondary>,
    pub ck_primary: Arc<CommitmentKey<Primary>>,
    pub ck_secondary: Arc<CommitmentKey<Secondary>>,
    /// The rows of the primary shape that belong to the step; the others are the recursion's.
    pub step_rows: Range<usize>,
    /// The variables that the step allocates.
    pub(crate) step_vars: Range<usize>,
    /// The variables by which the step reads `z`.
    pub(crate) step_inputs: [usize; ARITY],
    digest: [u8; 32],
    pub(crate) consts: &'static Constants,
}

/// The two circuits with a step in them.
struct Circuits {
    primary: SplitShape<Primary>,
    extent: StepExtent,
    secondary: SplitShape<Secondary>,
}

impl Circuits {
    /// Synthesises both.
    fn new<S: SplitStep<F1>>(step: &S) -> Result<Self, SetupError> {
        if step.pre_len() == 0 {
            return Err(SetupError::NoPre);
        }
        let consts = Constants::get();
        let (primary, secondary) =
            rayon::join(|| primary_shape(step, consts), || secondary_shape(consts));
        let (primary, extent) = primary?;
        Ok(Self {
            primary,
            extent,
            secondary: secondary?,
        })
    }

    /// What a verifier knows of them.
    fn described<S: SplitStep<F1>>(&self, step: &S) -> Description {
        let (primary, secondary) = rayon::join(
            || CompactShape::new(&self.primary),
            || CompactShape::new(&self.secondary),
        );
        Description {
            step: step.digest_bytes(),
            primary,
            secondary,
        }
    }
}

/// The circuits with this step in them, for verifiers.
pub fn describe<S: SplitStep<F1>>(step: &S) -> Result<Description, SetupError> {
    Ok(Circuits::new(step)?.described(step))
}

impl<S: SplitStep<F1>> PublicParams<S> {
    /// Synthesises both circuits, takes the keys from `keys` and digests it all.
    pub fn setup(step: S, keys: &KeyCache, progress: ProgressFn) -> Result<Self, SetupError> {
        let circuits = Circuits::new(&step)?;
        let step_inputs = [0, 1, 2, 3].map(|k| match circuits.extent.inputs[k].get_unchecked() {
            Index::Aux(i) => Some(i),
            Index::Input(_) => None,
        });
        let [Some(i0), Some(i1), Some(i2), Some(i3)] = step_inputs else {
            return Err(SetupError::InputsNotPrivate);
        };
        let verifier = VerifierParams::setup(circuits.described(&step), keys, progress)?;
        let Circuits {
            primary,
            extent,
            secondary,
        } = circuits;
        Ok(Self {
            step,
            step_rows: extent.rows,
            step_vars: extent.vars,
            step_inputs: [i0, i1, i2, i3],
            primary,
            secondary,
            digest: *verifier.digest(),
            ck_primary: verifier.ck_primary,
            ck_secondary: verifier.ck_secondary,
            consts: Constants::get(),
        })
    }
}

impl VerifierParams {
    /// The same with keys from a cache, in which those that are missing are made.
    pub fn setup(
        description: Description,
        keys: &KeyCache,
        progress: ProgressFn,
    ) -> Result<Self, KeyError> {
        let (primary, secondary) = description.key_lengths();
        let secondary = keys.get(secondary, progress)?;
        Ok(Self::new(
            description,
            keys.get(primary, progress)?,
            secondary,
        ))
    }
}

impl<S> PublicParams<S> {
    /// The parameter digest: it binds both shapes, `P`, the step's own bytes, and the keys.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    pub(crate) fn folding_primary(&self) -> Folding<'_, Primary> {
        Folding {
            instances: Instances {
                ck: &self.ck_primary,
                consts: &self.consts.primary,
                is_split: self.primary.is_split(),
                pp: self.pp().1,
            },
            shape: &self.primary,
        }
    }

    pub(crate) fn folding_secondary(&self) -> Folding<'_, Secondary> {
        Folding {
            instances: Instances {
                ck: &self.ck_secondary,
                consts: &self.consts.secondary,
                is_split: self.secondary.is_split(),
                pp: self.pp().0,
            },
            shape: &self.secondary,
        }
    }

    /// The digest as an element of the primary scalar field, and of the secondary.
    pub(crate) fn pp(&self) -> (F1, F2) {
        pp(&self.digest)
    }
}

fn primary_shape<S: SplitStep<F1>>(
    step: &S,
    consts: &Constants,
) -> Result<(SplitShape<Primary>, StepExtent), SetupError> {
    let circuit = PrimaryCircuit {
        consts: &consts.secondary,
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
    let mut shape = cs.finish();
    check_outputs(shape.num_io())?;
    let multiples = step.gamma_multiples();
    let multiples = multiples.iter().flatten();
    shape.mark_multiples(multiples.map(|place| extent.vars.start + *place as usize));
    Ok((SplitShape::new(shape, step.pre_len())?, extent))
}

fn secondary_shape(consts: &Constants) -> Result<SplitShape<Secondary>, SetupError> {
    let mut cs = Collector::new();
    SecondaryCircuit {
        consts: &consts.primary,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::{step::StepError, tests::toy::TOY};
    use nova_snark::frontend::{num::AllocatedNum, ConstraintSystem, Variable};
    use zkmips_msm::MixedVec;

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

        fn gamma_multiples(&self) -> Vec<Vec<u32>> {
            TOY.gamma_multiples()
        }

        fn fill_multiples(&self, k: usize, pre: &MixedVec<F1>, out: &mut MixedVec<F1>) {
            TOY.fill_multiples(k, pre, out);
        }

        fn digest_bytes(&self) -> Vec<u8> {
            self.name.to_vec()
        }
    }

    const HONEST: Variant = Variant {
        name: b"toy",
        announced: crate::prove::tests::toy::STEP_VARS,
        swapped: false,
    };

    #[test]
    fn a_step_that_does_not_keep_its_promises_is_refused() {
        let consts = Constants::get();
        let longer = Variant {
            announced: HONEST.announced + 1,
            ..HONEST
        };
        assert!(matches!(
            primary_shape(&longer, consts),
            Err(SetupError::PostLen { .. })
        ));
        let swapped = Variant {
            swapped: true,
            ..HONEST
        };
        assert!(matches!(
            primary_shape(&swapped, consts),
            Err(SetupError::OutputsNotLast)
        ));
    }
}
