//! The exceptions register: what is set aside for a while or for good, who asked, who signed, when it ends.

use crate::{
    control::Control,
    day::Day,
    facts::Verdict,
    id::{ExceptionId, KeyId},
    level::Level,
    moment::Moment,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

words! {
    /// What kind of exception it is.
    pub enum ExceptionKind {
        /// Ends on a day.
        Transitional = "transitional",
        /// Stands while its reviews are held.
        Permanent = "permanent",
        /// One statement for every minor key that a selector names.
        Class = "class",
    }
}
words! {
    /// Where an exception stands.
    pub enum ExceptionState {
        Requested = "requested", Approved = "approved", Denied = "denied", Withdrawn = "withdrawn", Ended = "ended",
        Expired = "expired", Superseded = "superseded", Reopened = "reopened", Lapsed = "lapsed",
    }
}
words! {
    /// How far the authority of an acceptor reaches.
    pub enum Authority { SystemRiskOwner = "system_risk_owner", Executive = "executive" }
}

/// One exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exception {
    /// Its id.
    pub id: ExceptionId,
    /// What kind.
    pub kind: ExceptionKind,
    /// The key; `None` for a class.
    pub key: Option<KeyId>,
    /// The selector of a class, as text.
    pub selector: Option<String>,
    /// Where it stands.
    pub state: ExceptionState,
    /// The finding that it sets aside.
    pub verdict: Verdict,
    /// The level at the time of asking.
    pub level: Level,
    /// The control that is bypassed.
    pub bypassed: Vec<Control>,
    /// Why.
    pub why: String,
    /// What stands in the way of a better answer.
    pub blocker: String,
    /// What is done instead.
    pub compensating: Vec<String>,
    /// Who asked.
    pub requested_by: String,
    /// When.
    pub requested_at: Moment,
    /// Who approved or denied.
    pub approver: Option<String>,
    /// When.
    pub decided_at: Option<Moment>,
    /// Who accepts the risk.
    pub acceptor: Option<String>,
    /// How far their authority reaches.
    pub authority: Option<Authority>,
    /// When.
    pub accepted_at: Option<Moment>,
    /// The day on which it ends; a transitional one always has it.
    pub ends_on: Option<Day>,
    /// The day of the next review; a permanent one always has it.
    pub review_on: Option<Day>,
    /// The rendered text that was signed.
    pub statement: String,
    /// SHA-256 of it.
    pub statement_digest: String,
    /// Digest of the facts that it was signed for.
    pub facts_digest: String,
    /// The exception that this one takes the place of.
    pub supersedes: Option<ExceptionId>,
    /// How often it was renewed.
    pub renewals: u32,
    /// How often the row was written; a change names the version that it saw.
    pub version: u64,
}
