//! The contract `tenure.scan/1`: what `tenure scan` found, and what it could not read.

use crate::{
    assessment::Skipped,
    check::Check,
    day::Day,
    place::{Audience, Liveness, PlaceKind},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The schema name.
pub const SCHEMA: &str = "tenure.scan/1";

/// A whole scan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scan {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Everything in the given places was read whole.
    pub complete: bool,
    /// The day that ends of decisions were held against.
    pub today: Day,
    /// One per secret, those that are new first, then by place.
    pub findings: Vec<Finding>,
    /// Decisions of the baseline whose key is not at their place any more.
    pub stale: Vec<Decision>,
    /// What was not read whole, and why.
    pub skipped: Vec<Skipped>,
    /// What a reader should know of the whole.
    pub notes: Vec<String>,
    /// Counts and times.
    pub stats: Stats,
}

words! {
    /// Whether somebody has decided about a finding already.
    pub enum Standing {
        /// Nobody has.
        New = "new",
        /// The baseline holds it.
        Known = "known",
        /// `tenure:allow` stands beside it and counts.
        Allowed = "allowed",
    }
}

/// One secret, with all places where it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The durable id: the same for the same key on every machine, whatever the line, file or commit.
    pub id: String,
    /// The rule that found it: `provider/credential`, or `generic_secret` and the like.
    pub rule: String,
    /// The provider's slug; `unknown` where no format vouches.
    pub provider: String,
    /// The credential kind's slug.
    pub credential: String,
    /// The same for people: `Stripe: secret key`.
    pub title: String,
    /// The key of the register that this is a copy of.
    pub known_key: Option<KnownKey>,
    /// The public id that stands beside the secret.
    pub key_id: Option<String>,
    /// The keyed fingerprint of the secret, under the pepper of the user who scans.
    pub fingerprint: String,
    /// What may be shown of the secret.
    pub hint: Option<String>,
    /// Whether it still works.
    pub liveness: Liveness,
    /// What asking its provider came to; null where nobody was asked.
    pub check: Option<Check>,
    /// The most pressing standing of its places.
    pub standing: Standing,
    /// Where it was seen.
    pub places: Vec<Seen>,
}

/// A key of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KnownKey {
    /// Its id, where it has one.
    pub id: Option<String>,
    /// Its name, as imported.
    pub name: Option<String>,
}

/// One copy of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// The source that was searched, as the user named it.
    pub source: String,
    /// What kind of place it is.
    pub kind: PlaceKind,
    /// The path, relative to the source; what lies in a container stands after `!`.
    pub path: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column where the secret begins, in characters from 1.
    pub column: Option<u32>,
    /// The commit that brought it, or that is checked out.
    pub commit: Option<String>,
    /// Who brought it.
    pub author: Option<String>,
    /// When.
    pub date: Option<Day>,
    /// Whether a branch still holds it; null where there is no history.
    pub at_tip: Option<bool>,
    /// Who can read it.
    pub audience: Audience,
    /// The place as a sentence.
    pub sentence: String,
    /// Whether somebody has decided about it.
    pub standing: Standing,
    /// What stands beside it.
    pub allow: Option<AllowNote>,
}

/// A `tenure:allow` beside a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AllowNote {
    /// The reason that it gives.
    pub reason: Option<String>,
    /// The last day on which it counts.
    pub until: Option<Day>,
    /// Why it does not count.
    pub objection: Option<String>,
}

/// One decision: this key may be known at this place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The durable id of the key.
    pub id: String,
    /// The path where it was seen.
    pub path: String,
    /// The rule that found it, for people.
    pub rule: String,
    /// What may be shown of the secret, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Why it was decided so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last day on which it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

/// Counts, and the times of this run, which alone differ from run to run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Stats {
    /// Bytes that were read.
    pub bytes: u64,
    /// Texts that were searched: files, members of archives, messages, versions in a history.
    pub blobs: u64,
    /// Files that were searched.
    pub files: u64,
    /// Files that are no text.
    pub binary: u64,
    /// Commits that were looked at.
    pub commits: u64,
    /// Folders of tools that were left out, by name.
    pub left_out: BTreeMap<String, u64>,
    /// Candidates that are no secret, by reason.
    pub dismissed: BTreeMap<String, u64>,
    /// Keys whose provider was to be asked, by what came of it; empty without `--validate`.
    pub validated: BTreeMap<String, u64>,
    /// Requests that were sent to providers, controls among them.
    pub requests: u64,
    /// Elapsed time in seconds.
    pub wall: f64,
    /// Processor time of all threads in seconds; null where the system does not tell.
    pub cpu: Option<f64>,
}

impl Finding {
    /// Where it was seen first, in the order of places.
    fn first(&self) -> Option<(&str, &str, Option<u32>, Option<u32>)> {
        let place = self.places.first()?;
        Some((&place.source, &place.path, place.line, place.column))
    }

    /// Sets the standing of the whole from its places.
    pub fn settle(&mut self) {
        self.standing = self
            .places
            .iter()
            .map(|place| place.standing)
            .min()
            .unwrap_or(Standing::New);
    }
}

impl Scan {
    /// Sorts findings: new ones first, then by their first place, then by id.
    pub fn sort(&mut self) {
        self.findings.sort_by(|a, b| {
            a.standing
                .cmp(&b.standing)
                .then_with(|| a.first().cmp(&b.first()))
                .then_with(|| (&a.id, &a.fingerprint).cmp(&(&b.id, &b.fingerprint)))
        });
    }

    /// How many findings stand so.
    #[must_use]
    pub fn count(&self, standing: Standing) -> u64 {
        let count = self
            .findings
            .iter()
            .filter(|finding| finding.standing == standing)
            .count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}
