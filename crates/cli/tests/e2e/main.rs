//! The binary, run as a user runs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

mod backup;
mod bad_input;
mod bench;
mod contract;
mod detection;
mod edits;
mod governance;
mod merging;
mod owners;
mod register;
mod reports;
mod scan;
mod secrets;
mod serve;
mod surfaces;
mod tables;
mod validate;
mod vendor_lists;
mod watchlist;
