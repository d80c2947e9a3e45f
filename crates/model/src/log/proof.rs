//! Inclusion and consistency proofs, RFC 6962 sections 2.1.1 and 2.1.2 (verified as RFC 9162, sections 2.1.3.2
//! and 2.1.4.2, says). A proof is planned here as nodes, fetched by whoever keeps them, and folded.

use super::tree::{Hash, fold, node};

/// A perfect subtree: `2^level` leaves, of which the first is leaf `index * 2^level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// The height over the leaves.
    pub level: u8,
    /// The position among the nodes of that height.
    pub index: u64,
}

/// A proof that proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// Asked for what is not in the tree.
    #[error("the tree has only {size} events")]
    OutOfRange {
        /// The size of the tree.
        size: u64,
    },
    /// Too short or too long.
    #[error("the proof does not have as many hashes as the tree asks for")]
    Length,
    /// It leads elsewhere.
    #[error("the proof does not lead to the root")]
    Root,
}

/// The largest power of two smaller than `n`, for `n` of at least two.
fn split(n: u64) -> u64 {
    1 << n.saturating_sub(1).checked_ilog2().unwrap_or(0)
}

/// The perfect subtrees that make up the leaves from `from` up to but without `to`, from left to right. The
/// range is one that the recursion of RFC 6962 meets, so that each is as large as its place allows.
fn cover(from: u64, to: u64) -> Vec<NodeId> {
    let (mut at, mut nodes) = (from, Vec::new());
    while at < to {
        let level = to.saturating_sub(at).ilog2();
        nodes.push(NodeId {
            level: u8::try_from(level).unwrap_or(u8::MAX),
            index: at >> level,
        });
        at = at.saturating_add(1 << level);
    }
    nodes
}

/// One hash of a proof: the perfect subtrees that it is folded from.
pub type Element = Vec<NodeId>;

/// What proves that leaf `index` is in the tree of `size` leaves, from the leaf upward.
///
/// # Errors
/// There is no such leaf.
pub fn inclusion(index: u64, size: u64) -> Result<Vec<Element>, Bad> {
    range(index, index.saturating_add(1), size)
}

/// What proves that a range of leaves, itself a node of the tree, is in the tree of `size` leaves.
///
/// # Errors
/// There is no such node.
pub fn range(from: u64, to: u64, size: u64) -> Result<Vec<Element>, Bad> {
    let (mut low, mut high) = (0, size);
    let mut path = Vec::new();
    while (low, high) != (from, to) {
        if high.saturating_sub(low) < 2 || from < low || high < to || from >= to {
            return Err(Bad::OutOfRange { size });
        }
        let middle = low.saturating_add(split(high.saturating_sub(low)));
        if to <= middle {
            path.push(cover(middle, high));
            high = middle;
        } else if middle <= from {
            path.push(cover(low, middle));
            low = middle;
        } else {
            return Err(Bad::OutOfRange { size });
        }
    }
    path.reverse();
    Ok(path)
}

/// The root to which the hash of a range leads by its proof.
fn lead(from: u64, to: u64, size: u64, hash: Hash, proof: &[Hash]) -> Result<Hash, Bad> {
    // Which side each hash of the proof stands on, from the root down.
    let (mut low, mut high) = (0, size);
    let mut sides = Vec::new();
    while (low, high) != (from, to) {
        if high.saturating_sub(low) < 2 || from < low || high < to || from >= to {
            return Err(Bad::OutOfRange { size });
        }
        let middle = low.saturating_add(split(high.saturating_sub(low)));
        let is_left = to <= middle;
        sides.push(is_left);
        if is_left {
            high = middle;
        } else {
            low = middle;
        }
    }
    if sides.len() != proof.len() {
        return Err(Bad::Length);
    }
    Ok(sides
        .iter()
        .rev()
        .zip(proof)
        .fold(hash, |hash, (is_left, sibling)| {
            if *is_left {
                node(&hash, sibling)
            } else {
                node(sibling, &hash)
            }
        }))
}

/// Checks that a leaf is in the tree of this root.
///
/// # Errors
/// It is not, as far as this proof shows.
pub fn check_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    root: Hash,
    proof: &[Hash],
) -> Result<(), Bad> {
    check_range(index, index.saturating_add(1), leaf, size, root, proof)
}

/// Checks that a range of leaves with this hash is in the tree of this root.
///
/// # Errors
/// It is not, as far as this proof shows.
pub fn check_range(
    from: u64,
    to: u64,
    hash: Hash,
    size: u64,
    root: Hash,
    proof: &[Hash],
) -> Result<(), Bad> {
    if lead(from, to, size, hash, proof)? == root {
        Ok(())
    } else {
        Err(Bad::Root)
    }
}

/// What proves that the tree of `size` leaves begins with the tree of `earlier` leaves. Nothing is needed where
/// they are one, or the earlier is empty.
///
/// # Errors
/// The earlier is larger.
pub fn consistency(earlier: u64, size: u64) -> Result<Vec<Element>, Bad> {
    if earlier > size {
        return Err(Bad::OutOfRange { size });
    }
    if earlier == 0 || earlier == size {
        return Ok(Vec::new());
    }
    let (mut low, mut high) = (0u64, size);
    let mut path = Vec::new();
    let mut is_whole = true;
    while high != earlier {
        let middle = low.saturating_add(split(high.saturating_sub(low)));
        if earlier <= middle {
            path.push(cover(middle, high));
            high = middle;
        } else {
            path.push(cover(low, middle));
            low = middle;
            is_whole = false;
        }
    }
    if !is_whole {
        path.push(cover(low, high));
    }
    path.reverse();
    Ok(path)
}

/// Checks that the tree of `root` begins with the tree of `earlier_root`.
///
/// # Errors
/// It does not, as far as this proof shows.
pub fn check_consistency(
    earlier: u64,
    earlier_root: Hash,
    size: u64,
    root: Hash,
    proof: &[Hash],
) -> Result<(), Bad> {
    if earlier > size {
        return Err(Bad::OutOfRange { size });
    }
    if earlier == 0 || earlier == size {
        let same = earlier == 0 || earlier_root == root;
        return match (proof.is_empty(), same) {
            (false, _) => Err(Bad::Length),
            (true, false) => Err(Bad::Root),
            (true, true) => Ok(()),
        };
    }
    let mut rest = proof.iter();
    let first = if earlier.is_power_of_two() {
        earlier_root
    } else {
        *rest.next().ok_or(Bad::Length)?
    };
    let (mut at, mut last) = (earlier.saturating_sub(1), size.saturating_sub(1));
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut old, mut new) = (first, first);
    for hash in rest {
        if last == 0 {
            return Err(Bad::Length);
        }
        if at & 1 == 1 || at == last {
            old = node(hash, &old);
            new = node(hash, &new);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            new = node(&new, hash);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    if last != 0 {
        return Err(Bad::Length);
    }
    if old == earlier_root && new == root {
        Ok(())
    } else {
        Err(Bad::Root)
    }
}

/// The hashes of a planned proof, each folded from what `fetch` gives for its nodes. `None` where one is missing.
pub fn made(plan: &[Element], mut fetch: impl FnMut(NodeId) -> Option<Hash>) -> Option<Vec<Hash>> {
    plan.iter()
        .map(|element| {
            let hashes: Option<Vec<Hash>> = element.iter().map(|node| fetch(*node)).collect();
            hashes.map(|hashes| fold(&hashes))
        })
        .collect()
}

/// The perfect subtrees of a whole tree.
#[must_use]
pub fn whole(size: u64) -> Element {
    cover(0, size)
}
