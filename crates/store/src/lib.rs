//! The register's rows and its log, on SQLite and PostgreSQL; what stays on the machine between two runs.
//!
//! Everything is changed by [`Store::begin`], writes, and [`Txn::commit`] with what changed, which is an event of
//! the log in the same transaction. No rule is decided here.

mod accounts;
mod audit;
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
mod sources;
pub mod state;
mod txn;

pub use accounts::{Account, Answer, Login, Standing, StoredToken, new_account_id};
pub use db::{FILE, Fault, Place, Result, Store, StoreError};
pub use declared::{Declared, DeclaredKind};
pub use exceptions::{ExceptionState, StoredException, new_exception_id};
pub use imports::{Counts, Evidence, Finished, Import, NewImport, Record};
pub use jobs::{JobCounts, Lease, MOST_ATTEMPTS, NewJob};
pub use keys::{Decision, FactRow, Judged, Kept, RecordRef, Registered, Saved};
pub use log::{Entry, EventFilter};
pub use people::Ownership;
pub use runs::Run;
pub use sources::Source;
pub use txn::{Head, Txn};
