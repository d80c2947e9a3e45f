//! What a key is, how it is judged, and what may happen to it: types and pure functions.
//!
//! This crate knows no database, no network, no clock and no randomness. Rules take values and a
//! clock reading and return values, so that an old decision can be replayed to the byte.

#[macro_use]
pub mod word;

pub mod access;
pub mod alias;
pub mod allow;
pub mod answers;
pub mod ask;
pub mod assessment;
pub mod attest;
pub mod backlog;
pub mod baseline;
pub mod bearer;
pub mod brief;
pub mod catalog;
pub mod cell;
pub mod check;
pub mod classify;
pub mod container;
pub mod contract;
pub mod control;
pub mod day;
pub mod decide;
pub mod declare;
pub mod diff;
pub mod digest;
pub mod document;
pub mod durable;
pub mod edit;
pub mod evaluate;
pub mod event;
pub mod exception;
pub mod explain;
pub mod facts;
pub mod horizon;
pub mod id;
pub mod identity;
pub mod infer;
pub mod key;
pub mod key_request;
pub mod level;
pub mod log;
pub mod moment;
pub mod note;
pub mod ocsf;
pub mod people;
pub mod pick;
pub mod place;
pub mod policy;
pub mod reason;
pub mod reported;
#[cfg(test)]
mod sample;
pub mod scan;
pub mod secret;
pub mod session;
pub mod setup_link;
pub mod shared;
pub mod summary;
pub mod system;
pub mod token;
pub mod value;
pub mod watch;
