//! From an inventory to facts: every row of DECISION.md section 10, and every "never" in it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

#[path = "infer/build.rs"]
mod build;
#[path = "infer/declared.rs"]
mod declared;
#[path = "infer/exposure.rs"]
mod exposure;
#[path = "infer/monotone.rs"]
mod monotone;
#[path = "infer/options.rs"]
mod options;
#[path = "infer/owner.rs"]
mod owner;
#[path = "infer/privilege.rs"]
mod privilege;
#[path = "infer/reach.rs"]
mod reach;
#[path = "infer/status.rs"]
mod status;
#[path = "infer/usage.rs"]
mod usage;
