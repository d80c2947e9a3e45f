//! What tests share; never shipped: made-up keys, and the disguises in which a key can leave a program.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "for tests alone"
)]

pub mod disguise;
pub mod sample;
pub mod server;
