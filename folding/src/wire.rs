//! How instances are written: a fixed number of points and scalars, no lengths, and no commitment to `pre` where there is none.
use crate::{
    split::{RelaxedSplitInstance, SplitInstance, NUM_IO},
    Commitment,
};
use bincode::Options;
use nova_snark::traits::Engine;
use serde::{ser::Error as _, Deserialize, Deserializer, Serialize, Serializer};

/// The encoding of all proofs: numbers of fixed size, nothing after the end, nothing beyond `limit` bytes.
pub(crate) fn options(limit: u64) -> impl Options {
    bincode::DefaultOptions::new()
        .with_fixint_encoding()
        .with_little_endian()
        .with_limit(limit)
        .reject_trailing_bytes()
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
struct Fresh<E: Engine> {
    comm_post: Commitment<E>,
    X: [E::Scalar; NUM_IO],
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
struct Relaxed<E: Engine> {
    comm_post: Commitment<E>,
    comm_E: Commitment<E>,
    X: [E::Scalar; NUM_IO],
    u: E::Scalar,
}

fn outputs<E: Engine, S: Serializer>(X: &[E::Scalar]) -> Result<[E::Scalar; NUM_IO], S::Error> {
    X.try_into()
        .map_err(|_| S::Error::custom("an instance has two public outputs"))
}

fn relaxed<E: Engine, S: Serializer>(U: &RelaxedSplitInstance<E>) -> Result<Relaxed<E>, S::Error> {
    Ok(Relaxed {
        comm_post: U.comm_post,
        comm_E: U.comm_E,
        X: outputs::<E, S>(&U.X)?,
        u: U.u,
    })
}

impl<E: Engine> Relaxed<E> {
    fn with_pre(self, comm_pre: Commitment<E>) -> RelaxedSplitInstance<E> {
        let Self {
            comm_post,
            comm_E,
            X,
            u,
        } = self;
        RelaxedSplitInstance {
            comm_pre,
            comm_post,
            comm_E,
            X: X.to_vec(),
            u,
        }
    }
}

/// A relaxed instance with a split witness.
pub(crate) mod split {
    use super::*;

    pub fn serialize<E: Engine, S: Serializer>(
        U: &RelaxedSplitInstance<E>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        (U.comm_pre, relaxed::<E, S>(U)?).serialize(serializer)
    }

    pub fn deserialize<'de, E: Engine, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<RelaxedSplitInstance<E>, D::Error> {
        let (comm_pre, rest) = <(Commitment<E>, Relaxed<E>)>::deserialize(deserializer)?;
        Ok(rest.with_pre(comm_pre))
    }
}

/// A relaxed instance whose witness is not split.
pub(crate) mod plain {
    use super::*;

    pub fn serialize<E: Engine, S: Serializer>(
        U: &RelaxedSplitInstance<E>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        relaxed::<E, S>(U)?.serialize(serializer)
    }

    pub fn deserialize<'de, E: Engine, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<RelaxedSplitInstance<E>, D::Error> {
        Ok(Relaxed::<E>::deserialize(deserializer)?.with_pre(Commitment::<E>::default()))
    }
}

/// A fresh instance whose witness is not split.
pub(crate) mod plain_fresh {
    use super::*;

    pub fn serialize<E: Engine, S: Serializer>(
        u: &SplitInstance<E>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Fresh::<E> {
            comm_post: u.comm_post,
            X: outputs::<E, S>(&u.X)?,
        }
        .serialize(serializer)
    }

    pub fn deserialize<'de, E: Engine, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SplitInstance<E>, D::Error> {
        let Fresh { comm_post, X } = Fresh::<E>::deserialize(deserializer)?;
        Ok(SplitInstance {
            comm_pre: Commitment::<E>::default(),
            comm_post,
            X: X.to_vec(),
        })
    }
}
