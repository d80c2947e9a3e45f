//! Proof: the log, its head, and that nobody edited it.

use super::{Result, frame::Frame, happened::Happened, shown::filters};
use askama::Template;
use tenure_app::report::text;
use tenure_model::moment::Moment;

/// The page. Filled by the log's head, its last signed checkpoint and one page of events.
#[derive(Template)]
#[template(path = "proof.html")]
pub struct Proof {
    /// What stands around it.
    pub frame: Frame,
    /// The head of the log; `None` where it is empty, or not for the caller to see.
    pub head: Option<Head>,
    /// What verifying it said, where it was asked for just now.
    pub verified: Option<Verified>,
    /// One page of events, newest first, each with its index.
    pub events: Vec<(u64, Happened)>,
    /// What the events are narrowed by.
    pub asked: Asked,
    /// Where the next page begins, as an address.
    pub next: Option<String>,
    /// The caller may have the log verified.
    pub may_verify: bool,
    /// The caller may take it along.
    pub may_export: bool,
}

/// The head of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many events it has.
    pub size: u64,
    /// The root of the tree (RFC 6962), in hex.
    pub root: String,
    /// Its checkpoint (C2SP tlog-checkpoint), as text.
    pub checkpoint: String,
    /// The key that verifies it, as text.
    pub public_key: String,
}

/// What verifying the log said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// When.
    pub at: Moment,
    /// Everything is as it was signed.
    pub whole: bool,
    /// It as a sentence; where it is not whole, the index of the first event that is wrong.
    pub says: String,
}

/// What the events are narrowed by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Who did it.
    pub who: String,
    /// What happened, by its word.
    pub what: String,
    /// The id of what it is about.
    pub about: String,
    /// Those that were refused alone.
    pub denied: bool,
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render(view: &Proof) -> Result<String> {
    view.render()
}
