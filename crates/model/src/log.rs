//! The log that nobody can edit: an RFC 6962 Merkle tree over the canonical bytes of events, signed
//! checkpoints, and proofs. Bytes only; `store` keeps them.

pub mod export;
pub mod note;
pub mod proof;
pub mod tree;

pub use note::{Checkpoint, Signer, Verifier};
pub use proof::{Bad, NodeId};
pub use tree::{Hash, Tree, leaf};

#[cfg(test)]
mod tests;
