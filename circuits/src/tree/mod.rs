//! The two trees of a program, natively: the pages of its initial image, and its executable pages decoded.
//!
//! Both are 16-ary with six levels of nodes above the pages, so all of memory fits: 2^23 image pages of 512 bytes, 2^24 decoded pages of
//! 256 bytes. A node's place (tree and level) and index are part of what is hashed. What is absent has digest 0, which is no hash anyone
//! can open.
//!
//! | number | value |
//! | --- | --- |
//! | place of a node or page | `tree + 4 level`; tree 0 is the image, 1 the decoded program; pages are at level 0, the root at 6 |
//! | place of part `k` of a decoded page | `1 + 400 k` |
//! | index of a page | its address divided by 512 (image) or 256 (decoded) |
//! | index of child `j` of a node | `16 index + j` |
//!
//! The verifier produces each root once (place, index 0, digest), so every run consumes it with one [`node`] and so opens both roots, even of a tree
//! without pages. Which other nodes and pages are opened is the plan's choice; each once, as its facts can be used any number of times.

mod program;

use crate::{
    chips::node,
    lc::F,
    poseidon::{hash, Domain},
};
use ff::Field;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

pub use program::{DecodedPage, Decoder, OpeningError, Openings, ProgramError, ProgramTrees};

/// Children of a node.
pub const ARITY: usize = 16;
/// Levels of nodes; pages are at level 0 and the root at this one.
pub const LEVELS: u32 = 6;
const ARITY_BITS: u32 = ARITY.ilog2();

/// One of the two trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Tree {
    /// Pages of the initial image.
    Image = 0,
    /// Decoded pages.
    Decoded = 1,
}

/// By how much the place of a decoded page's continuation exceeds that of the part before.
pub const PART_STEP: u64 = 400;
/// By how much a node's place exceeds that of its children.
pub const LEVEL_STEP: u64 = 4;

impl Tree {
    /// The first part of the tuple of a node or page at this level: tree and level in one number.
    pub fn place(self, level: u32) -> u64 {
        self as u64 + LEVEL_STEP * u64::from(level)
    }
}

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

#[cfg(test)]
mod tests;
