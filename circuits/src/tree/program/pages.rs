//! A tree over pages.

use crate::{
    chips::node,
    lc::F,
    poseidon::{hash, Domain},
    tree::{Tree, ARITY, LEVELS},
};
use ff::Field;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const ARITY_BITS: u32 = ARITY.ilog2();

/// The digest of a node.
pub fn node_digest(place: u64, index: u32, children: &[F; ARITY]) -> F {
    let mut elements = vec![F::from(place), F::from(u64::from(index))];
    elements.extend(children);
    hash(Domain::Node, &elements)
}

/// The digests of a tree over pages, absent ones left out.
#[derive(Clone, Debug)]
pub struct PageTree {
    tree: Tree,
    levels: Vec<BTreeMap<u32, F>>,
}

impl PageTree {
    /// The tree over pages with these indices and digests.
    pub fn new(tree: Tree, pages: BTreeMap<u32, F>) -> Self {
        let mut levels = vec![pages];
        for level in 1..=LEVELS {
            let below = levels.last().expect("the pages at least");
            let mut nodes: BTreeMap<u32, [F; ARITY]> = BTreeMap::new();
            if level == LEVELS {
                // The root is always a node that can be opened, even that of a tree without pages.
                nodes.insert(0, [F::ZERO; ARITY]);
            }
            for (index, digest) in below {
                let node = nodes.entry(index >> ARITY_BITS).or_insert([F::ZERO; ARITY]);
                node[*index as usize % ARITY] = *digest;
            }
            let place = tree.place(level);
            let nodes: Vec<(u32, [F; ARITY])> = nodes.into_iter().collect();
            levels.push(
                nodes
                    .par_iter()
                    .map(|(index, children)| (*index, node_digest(place, *index, children)))
                    .collect(),
            );
        }
        PageTree { tree, levels }
    }

    /// The root's digest.
    pub fn root(&self) -> F {
        self.digest(LEVELS, 0)
    }

    /// The digest of a node or page, 0 if absent.
    pub fn digest(&self, level: u32, index: u32) -> F {
        self.levels[level as usize]
            .get(&index)
            .copied()
            .unwrap_or(F::ZERO)
    }

    /// The nodes on the way to the given pages, each once; the root always.
    pub fn open(&self, pages: &BTreeSet<u32>) -> Vec<node::Event> {
        let mut opened = pages.clone();
        let mut events = Vec::new();
        for level in 1..=LEVELS {
            let mut above: BTreeSet<u32> = opened.iter().map(|i| i >> ARITY_BITS).collect();
            if level == LEVELS {
                above.insert(0);
            }
            for index in &above {
                let child = |j: usize| index << ARITY_BITS | j as u32;
                events.push(node::Event {
                    place: self.tree.place(level),
                    index: *index,
                    digest: self.digest(level, *index),
                    children: std::array::from_fn(|j| self.digest(level - 1, child(j))),
                    lookups: std::array::from_fn(|j| u64::from(opened.contains(&child(j)))),
                });
            }
            opened = above;
        }
        events
    }
}
