//! Histories made by git, read by us: the same findings as looking at every file of every commit in full.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    reason = "a test"
)]

mod clones;
mod equal;
mod hostile;
mod made;
mod marker;
mod parts;
