//! What tests share; never shipped: made-up keys, the disguises in which a key can leave a program, databases.

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

pub mod database;
pub mod disguise;
pub mod judged;
pub mod mail;
pub mod permit;
pub mod sample;
pub mod server;
