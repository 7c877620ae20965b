//! What goes into the transcript, and in which order.
use super::SpartanError;
use crate::{
    split::{Measures, RelaxedSplitInstance},
    PastaEngine,
};
use nova_snark::{
    provider::traits::DlogGroup,
    traits::{Engine, Group, TranscriptEngineTrait, TranscriptReprTrait},
};

/// Bytes absorbed as they are.
struct Bytes(Vec<u8>);

impl<G: Group> TranscriptReprTrait<G> for Bytes {
    fn to_transcript_bytes(&self) -> Vec<u8> {
        self.0.clone()
    }
}

/// A transcript that has absorbed the whole statement: parameter digest, measures of the shape, commitments, `u` and `X`.
///
/// Every item has a fixed length, or a length fixed by the measures, so the encoding is injective.
pub(crate) fn begin<E: PastaEngine>(
    measures: &Measures,
    digest: &[u8; 32],
    instance: &RelaxedSplitInstance<E>,
) -> E::TE {
    let mut transcript = E::TE::new(b"zkmips split spartan");
    transcript.absorb(b"digest", &Bytes(digest.to_vec()));
    let Measures {
        rows,
        vars,
        io,
        pre_len,
    } = *measures;
    let measures = [rows, vars, io, pre_len];
    let measures = measures.iter().flat_map(|&m| (m as u64).to_le_bytes());
    transcript.absorb(b"shape", &Bytes(measures.collect()));
    transcript.absorb(b"C_pre", &instance.comm_pre);
    transcript.absorb(b"C_post", &instance.comm_post);
    transcript.absorb(b"C_E", &instance.comm_E);
    transcript.absorb(b"u", &instance.u);
    transcript.absorb(b"X", &instance.X.as_slice());
    transcript
}

/// Absorbs a point by its coordinates and a flag for the identity.
pub(crate) fn absorb_point<E: PastaEngine>(
    transcript: &mut E::TE,
    label: &'static [u8],
    point: &E::GE,
) {
    let (x, y, is_identity) = point.to_coordinates();
    let mut bytes = x.to_transcript_bytes();
    bytes.extend(y.to_transcript_bytes());
    bytes.push(is_identity.into());
    transcript.absorb(label, &Bytes(bytes));
}

/// `count` challenges.
pub(crate) fn squeeze_vec<E: Engine>(
    transcript: &mut E::TE,
    label: &'static [u8],
    count: usize,
) -> Result<Vec<E::Scalar>, SpartanError> {
    (0..count).map(|_| Ok(transcript.squeeze(label)?)).collect()
}
