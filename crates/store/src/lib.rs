//! The register's rows and its log, on SQLite and PostgreSQL; what stays on the machine between two runs.
//!
//! Everything is changed by [`Store::begin`], writes, and [`Txn::commit`] with what changed, which is an event of
//! the log in the same transaction. No rule is decided here.

mod db;
mod dialect;
pub mod state;
mod txn;

pub use db::{FILE, Fault, Place, Result, Store, StoreError};
pub use txn::{Head, Txn};
