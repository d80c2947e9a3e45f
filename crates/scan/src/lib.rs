//! Bytes in, candidates out. Sees neither a database nor a network.

pub mod rule;
