//! The server: who may call what, what is refused, and how it is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

mod account;
mod acts;
mod api;
mod document;
mod governance;
mod login;
mod matrix;
mod pages;
mod refused;
mod roles;
mod setup;
mod tls;
mod whole;
