//! Nodes of the trees.
//!
//! A row opens one node: it consumes the node's tuple and offers those of its sixteen children. Tuples on the tree bus are
//! `(place, index, digest, mark)`; the place is `tree + 4 level` (plus 400 for each part of a decoded page before this one), and the mark is
//! 0 in every tuple that is consumed.
//!
//! Columns: `e` (enable), place, index, digest, 16 children, 16 multiplicities.
//!
//! | row | forces |
//! | --- | --- |
//! | `e` boolean | consumes the node once or not at all (condition 9) |
//! | consume `(place, index, digest, 0)` times `e` | somebody offers this node: the verifier (the root) or a node above |
//! | 16 times produce `(place - 4, 16 index + j, child, 1 - e)`, any multiplicity | children of a node that is not consumed carry mark 1, and nobody consumes a mark but 0; this does the work of `m (1 - e) = 0` in one row for all sixteen |
//! | hash | digest = Poseidon(node; place, index, children) |
//!
//! Every part of these tuples is alone on its power of gamma, and every hash element is one column, so nothing needs a bound
//! (condition 2). The digest binds what is below it: a tuple that is consumed was offered by a row that consumed its
//! parent, whose digest is the hash of it; the chain ends at a root of the verifier, as no chain of hashes closes. Levels are therefore those
//! of the honest tree: a page opened as a node, or a node as a page, needs a collision between hash domains.

use crate::{
    builder::Builder,
    bus::Bus,
    chip::Chip,
    lc::{Columns, Lc, F},
    poseidon::{hash_rows, Domain},
    tree::{ARITY, LEVEL_STEP},
};

/// Opens a node.
#[derive(Debug, Clone, Copy)]
pub struct Node;

/// A node to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Tree and level: [`Tree::place`](crate::tree::Tree::place).
    pub place: u64,
    /// Index in its level.
    pub index: u32,
    /// Its digest.
    pub digest: F,
    /// Digests of its children, 0 where there is none.
    pub children: [F; ARITY],
    /// How often each child is opened.
    pub lookups: [u64; ARITY],
}

impl Chip for Node {
    const NAME: &'static str = "node";
    type Event = Event;

    fn synthesize(b: &mut Builder) {
        let e = b.bit("enable");
        let [place, index, digest] = b.columns();
        let children: [Lc; ARITY] = b.columns();
        let lookups: [Lc; ARITY] = b.columns();
        let node = [place.clone(), index.clone(), digest.clone()];
        b.consume("node", Bus::Tree, &e, &node);
        for ((j, child), lookups) in (0..).zip(&children).zip(&lookups) {
            let tuple = [
                &place - LEVEL_STEP,
                &index * ARITY as u64 + Lc::from(j),
                child.clone(),
                1 - &e,
            ];
            b.produce("child", Bus::Tree, lookups, &tuple);
        }
        let mut elements = vec![place, index];
        elements.extend(children);
        let hash = hash_rows(b, "node hash", &e, Domain::Node, &elements);
        b.zero("node digest", &(hash - digest));
    }

    fn fill(event: &Event, out: &mut Columns) {
        out.extend([1, event.place, event.index.into()]);
        out.push_element(event.digest);
        event.children.iter().for_each(|x| out.push_element(*x));
        out.extend(event.lookups);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bus::{tuple as padded, PARTS},
        chip::fill_idle,
        chips::image_page,
        testing::{demands, filled, lone, mutations_of_columns_are_refused, refusal, satisfied},
        tree::{node_digest, PageTree, Tree},
    };
    use ff::Field;
    use std::collections::HashSet;

    fn base(event: &Event) -> Vec<F> {
        filled(|out| Node::fill(event, out))
    }

    fn tuple(place: u64, index: u32, digest: F) -> [F; PARTS] {
        padded(&[F::from(place), F::from(u64::from(index)), digest])
    }

    fn honest() -> Vec<Event> {
        let pages = (0..40).map(|i| (i * i * 977, F::from(u64::from(i) + 5).square()));
        let tree = PageTree::new(Tree::Image, pages.collect());
        tree.open(&[0, 977, 9 * 977].into())
    }

    fn refused(event: &Event) -> bool {
        let segment = lone(Node::synthesize);
        let pre = segment.expand(&base(event));
        refusal(&segment, &pre).is_some()
    }

    #[test]
    fn nodes_offer_their_children() {
        let segment = lone(Node::synthesize);
        for event in honest() {
            let pre = satisfied(&segment, &base(&event));
            let mut now = demands(&segment, &pre);
            let own = tuple(event.place, event.index, event.digest);
            assert_eq!(now.remove(&(Bus::Tree, own)), Some(-F::ONE));
            for j in (0..16).filter(|j| event.lookups[*j as usize] > 0) {
                let child = tuple(
                    event.place - 4,
                    16 * event.index + j,
                    event.children[j as usize],
                );
                assert_eq!(now.remove(&(Bus::Tree, child)), Some(F::ONE));
            }
            assert!(now.is_empty());
        }
    }

    #[test]
    fn idle_is_all_zero() {
        let segment = lone(Node::synthesize);
        let base = filled(|out| fill_idle(Node::width(), out));
        let pre = satisfied(&segment, &base);
        assert!(demands(&segment, &pre).is_empty());
    }

    /// Whatever column is changed but the multiplicities, which are free: refused, or a tuple appears that is not true.
    #[test]
    fn mutations() {
        let segment = lone(Node::synthesize);
        let event = &honest()[0];
        let mut truth: HashSet<[F; PARTS]> = (0..16)
            .map(|j| {
                tuple(
                    event.place - 4,
                    16 * event.index + j,
                    event.children[j as usize],
                )
            })
            .collect();
        truth.insert(tuple(event.place, event.index, event.digest));
        mutations_of_columns_are_refused(&segment, &base(event), 0..4 + ARITY, |now| {
            now.keys().all(|(_, t)| truth.contains(t))
        });
    }

    #[test]
    fn another_place_index_or_child_is_refused() {
        for cheat in [
            |e: &mut Event| e.place += 4,
            |e: &mut Event| e.place -= 4,
            |e: &mut Event| e.place += 1,
            |e: &mut Event| e.index += 1,
            |e: &mut Event| e.children.swap(0, 1),
            |e: &mut Event| e.children[15] = F::from(77),
            |e: &mut Event| e.digest = F::ZERO,
        ] {
            let mut event = honest()[0].clone();
            cheat(&mut event);
            assert!(refused(&event));
        }
    }

    /// An empty subtree has digest 0; a row of zeros does not open it.
    #[test]
    fn an_absent_node_cannot_be_opened() {
        let event = Event {
            place: 8,
            index: 3,
            digest: F::ZERO,
            children: [F::ZERO; ARITY],
            lookups: [0; ARITY],
        };
        assert!(refused(&event));
    }

    /// A page whose hashed elements look like a node's has another digest.
    #[test]
    fn a_page_cannot_be_opened_as_a_node() {
        let words: Vec<u32> = (0..image_page::WORDS as u32).collect();
        let mut children = [F::ZERO; ARITY];
        for (child, part) in children.iter_mut().zip(words.chunks(7)) {
            *child = image_page::pack(part);
        }
        let digest = image_page::digest(9, &words);
        for place in [0, 4] {
            let mut event = Event {
                place,
                index: 9,
                digest,
                children,
                lookups: [0; ARITY],
            };
            assert!(refused(&event));
            event.digest = node_digest(place, 9, &children);
            assert!(!refused(&event), "only the digest is wrong");
        }
    }

    /// Children of a node that is not consumed carry a mark that no consumer has.
    #[test]
    fn children_without_their_node_are_marked() {
        let segment = lone(Node::synthesize);
        let mut forged = vec![F::ZERO; Node::width()];
        forged[1] = F::from(4);
        forged[4] = F::from(1234);
        forged[4 + ARITY] = F::ONE;
        let pre = segment.expand(&forged);
        let marked = demands(&segment, &pre)
            .keys()
            .all(|(bus, t)| *bus == Bus::Tree && t[3] == F::ONE);
        assert!(marked);
    }

    #[test]
    fn cost() {
        let segment = lone(Node::synthesize);
        let nonlinear = (0..segment.num_rows())
            .filter(|r| segment.is_nonlinear(*r))
            .count();
        assert_eq!(
            (segment.num_rows(), nonlinear, Node::width()),
            (849, 823, 36)
        );
    }
}
