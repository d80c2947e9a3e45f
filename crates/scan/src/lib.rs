//! Bytes in, candidates out. Sees neither a database nor a network.
//!
//! A [`engine::Candidate`] holds its secret in a zeroizing type and is handed to a sink, which makes a
//! fingerprint of it and drops it.

pub mod binding;
pub mod decode;
pub mod engine;
pub mod history;
pub mod judge;
pub mod letters;
pub mod name;
pub mod private_key;
pub mod reader;
pub mod rule;
pub mod run;
pub mod source;
pub mod watchlist;
pub mod web_token;
