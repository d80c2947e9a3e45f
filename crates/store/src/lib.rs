//! The register's rows and its log, on SQLite and PostgreSQL; what stays on the machine between two runs.
//!
//! Everything is changed by [`Store::begin`], writes, and [`Txn::commit`] with what changed, which is an event of
//! the log in the same transaction. No rule is decided here.

mod asks;
mod audit;
mod backlog;
mod containers;
mod db;
mod declared;
mod dialect;
mod exceptions;
mod imports;
mod jobs;
pub mod key_list;
mod keys;
mod log;
mod people;
mod runs;
mod scope;
mod sources;
mod stale;
pub mod state;
mod txn;

pub use asks::{Answered, Ask, Asked, SaidOf};
pub use containers::{Standing, StoredRule};
pub use db::{FILE, Fault, Place, Result, Store, StoreError};
pub use declared::{Declared, DeclaredKind};
pub use exceptions::{ExceptionState, StoredException, new_exception_id};
pub use imports::{Counts, Evidence, Finished, Import, NewImport, Record};
pub use jobs::{JobCounts, Lease, MOST_ATTEMPTS, NewJob};
pub use keys::{Decision, FactRow, Judged, Kept, Marks, RecordRef, Registered, Saved, Weight};
pub use log::{Entry, EventFilter};
pub use people::Ownership;
pub use runs::Run;
pub use scope::Scope;
pub use sources::{Listed, Listings, Source};
pub use stale::Stale;
pub use txn::{Head, Txn};
