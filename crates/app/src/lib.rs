//! Use cases: the only place where rules meet I/O.

pub mod catalog;
pub mod progress;
pub mod tree;
