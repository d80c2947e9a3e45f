//! The register's rows and its log, on SQLite and PostgreSQL; what stays on the machine between two runs.
//!
//! Everything is changed by [`Store::begin`], writes, and [`Txn::commit`] with what changed, which is an event of
//! the log in the same transaction. No rule is decided here.

mod accounts;
mod asks;
mod audit;
mod backlog;
mod carried;
mod comments;
mod containers;
mod db;
mod declared;
mod dialect;
mod dump;
mod exceptions;
mod imports;
mod jobs;
pub mod key_list;
mod key_requests;
mod keys;
mod log;
mod notices;
mod pack;
mod people;
mod reviews;
mod runs;
mod scope;
mod sources;
mod stale;
pub mod state;
mod stated;
mod txn;

pub use accounts::{Account, Answer, Login, Standing, StoredToken, new_account_id};
pub use asks::{Answered, Ask, Asked, SaidOf};
pub use carried::{Carried, Staged, carried};
pub use comments::{About, Attachment, Comment};
pub use containers::{KeyStanding, StoredRule};
pub use db::{FILE, Fault, Place, Result, Store, StoreError};
pub use declared::{Declared, DeclaredKind};
pub use dump::{Contents, Filled, Snapshot, check};
pub use exceptions::{ExceptionState, Granted, StoredException, new_exception_id};
pub use imports::{Counts, Evidence, Finished, Import, NewImport, Record};
pub use jobs::{JobCounts, Lease, MOST_ATTEMPTS, NewJob};
pub use key_requests::{StoredRequest, new_key_request_id};
pub use keys::{Decision, FactRow, Judged, Kept, Marks, RecordRef, Registered, Saved, Weight};
pub use log::{Entry, EventFilter};
pub use notices::ChannelState;
pub use people::Ownership;
pub use reviews::{StoredReview, new_review_id};
pub use runs::Run;
pub use scope::Scope;
pub use sources::{Listed, Listings, Source};
pub use stale::Stale;
pub use stated::Stated;
pub use txn::{Head, Txn};
