//! The rounds, natively, with every value that the rows name.

use super::{
    constants::{Layer, State, PARAMETERS},
    wide::{dot, integer, Integer},
    FULL_ROUNDS, WIDTH,
};
use crate::lc::F;
use ff::Field;

/// Everything after the first key is added, with all keys multiplied by `one`: with `one` zero, zeros stay zeros, which is what
/// idle rows need. `record` is told the variables of [`super::rows`], in their order.
pub(super) fn rounds(state: &mut State, one: F, mut record: impl FnMut(F)) {
    let p = &*PARAMETERS;
    let key = |k: &F| if one == F::ONE { *k } else { one * k };
    let full = |state: &mut State, layer: &Layer, keys: &[F], record: &mut dyn FnMut(F)| {
        for s in state.iter_mut() {
            *s = power5(*s, record);
        }
        *state = layer.apply(state);
        for (s, k) in state.iter_mut().zip(keys) {
            *s += key(k);
        }
        state.iter().for_each(|s| record(*s));
    };
    let half = FULL_ROUNDS / 2;
    for r in 1..half {
        full(state, &p.mix, &p.full_keys[r], &mut record);
    }
    full(state, &p.bridge, &p.partial_keys[..1], &mut record);
    let mut terms: Vec<Integer> = state[1..].iter().map(integer).collect();
    for (i, weights) in p.first_weights.iter().enumerate() {
        terms.push(integer(&power5(state[0], &mut record)));
        let next = p.partial_keys.get(i + 1).unwrap_or(&p.full_keys[half][0]);
        state[0] = dot(weights, &terms) + key(next);
        record(state[0]);
    }
    let outputs = &terms[WIDTH - 1..];
    let keys = &p.full_keys[half][1..];
    for ((s, k), weights) in state[1..].iter_mut().zip(keys).zip(&p.rest_weights) {
        *s += dot(weights, outputs) + key(k);
        record(*s);
    }
    for r in half + 1..=FULL_ROUNDS {
        let keys = p.full_keys.get(r).map_or(&[][..], |k| k);
        full(state, &p.mix, keys, &mut record);
    }
}

fn power5(x: F, record: &mut dyn FnMut(F)) -> F {
    let x2 = x.square();
    let x4 = x2.square();
    record(x2);
    record(x4);
    x4 * x
}
