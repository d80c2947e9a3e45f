//! The history of a git repository, read from its object database: what was ever committed, who brought it in,
//! and whether it is still there.
//!
//! Packs are read directly. An object that is stored whole is looked at whole; one that is told as a delta from
//! another is looked at only where it differs, and what was found in the rest carries over. No other program is
//! run, and nothing is written.

mod cache;
mod changes;
mod commits;
mod delta;
mod detect;
mod forest;
mod inflate;
mod layout;
mod look;
mod loose;
mod objects;
mod pack;
mod presence;
mod refs;
mod revision;
mod scan;
mod staged;
mod survey;
mod tell;
mod texts;
mod trees;
mod window;

pub use commits::Commit;
pub use detect::Detect;
pub use gix_hash::ObjectId;
pub(crate) use layout::hash_of;
pub use layout::{OpenError, Repository};
pub use look::{AROUND, Hit, LINE, Look, NEAR, Opener};
pub use refs::{Tip, tips};
pub use revision::{RevisionError, revision};
pub use scan::{Finding, Options, Place, Report, Scope, scan};
pub use staged::{PushError, pushed, staged};
pub use texts::{Depth, Progress, Stats};

/// The parsers of git's own bytes, for those who test them.
pub mod format {
    pub use super::{
        delta::{Piece, apply},
        pack::{Head, Index, Kind, Stored, head, index},
    };
}

/// Something that was not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// What: a file of git's own, an object by its id.
    pub what: String,
    /// Why not.
    pub reason: String,
}
