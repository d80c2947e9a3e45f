//! The Merkle tree of RFC 6962, section 2.1, grown at its right edge.

use super::proof::NodeId;
use crate::digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use std::{borrow::Cow, fmt, str::FromStr};

/// A SHA-256 hash of a leaf or a node, written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, std::hash::Hash)]
pub struct Hash([u8; 32]);

/// A text that is not 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a hash of 64 lower-case hex digits")]
pub struct BadHash;

impl Hash {
    /// Takes 32 bytes as a hash.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&digest::hex(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = BadHash;

    fn from_str(text: &str) -> Result<Self, BadHash> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
            b'a'..=b'f' => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
            _ => None,
        };
        if text.len() != 64 {
            return Err(BadHash);
        }
        let mut bytes = [0u8; 32];
        for (to, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = pair else {
                return Err(BadHash);
            };
            let (high, low) = digit(*high).zip(digit(*low)).ok_or(BadHash)?;
            *to = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl schemars::JsonSchema for Hash {
    fn schema_name() -> Cow<'static, str> {
        "Hash".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{64}$"})
    }
}

/// The hash of a leaf: `SHA-256(0x00 || entry)`.
#[must_use]
pub fn leaf(entry: &[u8]) -> Hash {
    Hash::of(&[&[0], entry])
}

/// The hash of an inner node: `SHA-256(0x01 || left || right)`.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Hash::of(&[&[1], &left.0, &right.0])
}

/// The hash of a range whose perfect subtrees are given from left to right, largest first; of no subtree, the
/// hash of the empty tree.
#[must_use]
pub fn fold(subtrees: &[Hash]) -> Hash {
    let mut from_right = subtrees.iter().rev();
    let Some(last) = from_right.next() else {
        return Hash::of(&[]);
    };
    from_right.fold(*last, |right, left| node(left, &right))
}

/// A tree as far as growing it needs: its size and its perfect subtrees, largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    size: u64,
    // INVARIANT: one hash per bit that is set in `size`.
    frontier: Vec<Hash>,
}

impl Tree {
    /// A tree read back. `None` where the hashes are not as many as the size asks for.
    #[must_use]
    pub fn read_back(size: u64, frontier: Vec<Hash>) -> Option<Self> {
        (usize::try_from(size.count_ones()) == Ok(frontier.len()))
            .then_some(Self { size, frontier })
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its perfect subtrees, largest first.
    #[must_use]
    pub fn frontier(&self) -> &[Hash] {
        &self.frontier
    }

    /// The hash of the whole tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.frontier)
    }

    /// Appends a leaf; `made` gets every node that is now whole and can never change again, the leaf first.
    pub fn push(&mut self, leaf: Hash, mut made: impl FnMut(NodeId, Hash)) {
        let mut at = NodeId {
            level: 0,
            index: self.size,
        };
        let mut hash = leaf;
        made(at, hash);
        while at.index & 1 == 1 {
            let Some(left) = self.frontier.pop() else {
                break;
            };
            hash = node(&left, &hash);
            at = NodeId {
                level: at.level.saturating_add(1),
                index: at.index >> 1,
            };
            made(at, hash);
        }
        self.frontier.push(hash);
        self.size = self.size.saturating_add(1);
    }
}
