//! The contract `tenure.assessment/1`: what `tenure assess` found, decided and could not see.

use crate::{
    classify::{Factor, Level, SetBy},
    control::Control,
    day::Day,
    explain::{Outcome, WouldChange},
    facts::Verdict,
    key::{Coverage, Told},
    note::{Dispute, FactNote, Joined, OptionNote, OwnerCandidate},
    place::{Audience, Liveness, PlaceKind, Purpose, Runtime},
    shared::Shared,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{borrow::Cow, collections::BTreeMap};

/// The schema name.
pub const SCHEMA: &str = "tenure.assessment/1";

/// A whole assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assessment {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The name of what was assessed.
    pub title: String,
    /// Every source was read whole.
    pub complete: bool,
    /// The day that the rules went by.
    pub today: Day,
    /// Digest of the policy in force.
    pub policy: String,
    /// The edition of the policy.
    pub policy_version: String,
    /// Every key, most urgent first.
    pub keys: Vec<Key>,
    /// What each source covers.
    pub coverage: Vec<Coverage>,
    /// Pairs that may be the same key and were left apart.
    pub unmerged: Vec<Unmerged>,
    /// What was not read, and why.
    pub skipped: Vec<Skipped>,
    /// Counts.
    pub summary: Summary,
}

/// Facts by name, with what is said of each.
pub type FactNotes = BTreeMap<Cow<'static, str>, Shared<FactNote>>;

/// One key, its facts and its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Key {
    /// Stable across runs over the same sources.
    pub id: String,
    /// The provider's slug; `unknown` for generic secrets and private keys.
    pub provider: String,
    /// The credential kind's slug.
    pub credential: Option<String>,
    /// The public id that the provider gives it.
    pub key_id: Option<String>,
    /// The name that people know it by.
    pub name: Option<String>,
    /// What may be shown of the secret.
    pub hint: Option<String>,
    /// The keyed fingerprint of the secret.
    pub fingerprint: Option<String>,
    /// The account, organisation, project or repository.
    pub account: Option<String>,
    /// The accountable person.
    pub owner: Told<String>,
    /// The system it serves.
    pub system: Told<String>,
    /// What somebody noted about it.
    #[serde(default)]
    pub note: Option<String>,
    /// When it was issued.
    pub created_at: Told<Day>,
    /// When it was last used: no value with basis `observed` means never.
    pub last_used: Told<Day>,
    /// When the provider ends it: no value with basis `observed` means never.
    pub expires_at: Told<Day>,
    /// What it is for.
    pub purpose: Purpose,
    /// Where its known consumers run.
    pub runtimes: Vec<Runtime>,
    /// How bad it is.
    pub blast_radius: BlastRadius,
    /// What could replace it.
    pub options: Vec<Shared<OptionNote>>,
    /// What is decided.
    pub verdict: VerdictAnswer,
    /// The controls it needs, evaluated.
    pub controls: Vec<Shared<ControlNote>>,
    /// Who may be the owner.
    pub owner_candidates: Vec<OwnerCandidate>,
    /// Where copies were seen.
    pub sightings: Vec<SightingNote>,
    /// Every fact that went into the verdict and is not a default, by name.
    pub facts: FactNotes,
    /// Sources that disagree.
    pub disputes: Vec<Dispute>,
    /// Records that were joined to this key, and what told that they are one.
    pub merged: Vec<Joined>,
    /// Vendor dates that end this kind of key.
    pub sunsets: Vec<Shared<SunsetNote>>,
}

impl Key {
    /// The facts of this key as a facts file (`tenure.facts/1`): `tenure decide` judges them the same.
    #[must_use]
    pub fn facts_document(&self) -> Value {
        let mut document = Map::new();
        document.insert("schema".to_owned(), "tenure.facts/1".into());
        document.insert("id".to_owned(), self.id.as_str().into());
        let options = self
            .options
            .iter()
            .map(|note| (format!("options.{}", note.option), note.state.clone()));
        let facts = self
            .facts
            .iter()
            .map(|(name, note)| (name.to_string(), Value::clone(&note.value)));
        for (name, value) in options.chain(facts) {
            match name.split_once('.') {
                None => {
                    document.insert(name, value);
                }
                Some((outer, inner)) => {
                    let outer = document
                        .entry(outer)
                        .or_insert_with(|| Value::Object(Map::new()));
                    if let Some(map) = outer.as_object_mut() {
                        map.insert(inner.to_owned(), value);
                    }
                }
            }
        }
        Value::Object(document)
    }
}

/// The answer of the decision, with the verdict's id as `id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VerdictAnswer {
    /// The verdict's id.
    pub id: Verdict,
    /// Its consequences.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The blast radius, with its factors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlastRadius {
    /// The level.
    pub level: Level,
    /// What set it.
    pub set_by: SetBy,
    /// Each factor.
    pub factors: Vec<FactorNote>,
    /// The nearest change of one fact that lowers the level.
    pub nearest_change: Option<Shared<WouldChange>>,
}

/// One factor of the blast radius.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FactorNote {
    /// The factor.
    pub factor: Factor,
    /// What it counts, 0 to 4.
    pub counts: u8,
    /// An input is unknown.
    pub assumed: bool,
}

words! {
    /// The state of one control.
    pub enum ControlState { Met = "met", Failing = "failing", Unknown = "unknown", NotApplicable = "not_applicable" }
}

/// One control, evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ControlNote {
    /// The control.
    pub id: Control,
    /// Its state.
    pub state: ControlState,
    /// Since when it has been failing.
    pub since: Option<Day>,
    /// Why.
    pub why: String,
}

/// A copy that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SightingNote {
    /// The source that was searched.
    pub source: String,
    /// What kind of place it is.
    pub kind: PlaceKind,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// Who can read it.
    pub audience: Audience,
    /// How that is known.
    pub audience_why: String,
    /// Whether the copy still works.
    pub liveness: Liveness,
    /// Which half was seen: the `secret` or only the public `key_id`.
    pub part: crate::place::Part,
    /// The commit that was checked out.
    pub commit: Option<String>,
}

/// A date on which the vendor ends this kind of key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct SunsetNote {
    /// `no_new` or `refused`.
    pub effect: String,
    /// `YYYY-MM-DD` or `YYYY-MM`.
    pub on: String,
    /// Which of them, where the vendor does not mean all.
    pub whom: Option<String>,
    /// The source.
    pub source: String,
}

/// Two keys that may be one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unmerged {
    /// The id of the one.
    pub a: String,
    /// The id of the other.
    pub b: String,
    /// Why they may be one, and why that is not sure.
    pub why: String,
}

/// Something that was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    /// The file or folder.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// One change that ends or decides several keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The change as a sentence.
    pub text: String,
    /// The keys it ends, most urgent first.
    pub keys: Vec<String>,
    /// How many of them are at B3 or B4.
    pub high: u64,
}

/// The counts that open a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// All keys.
    pub keys: u64,
    /// Keys whose revocation is not proved.
    pub living: u64,
    /// Providers with at least one key, `unknown` not counted.
    pub providers: u64,
    /// Living keys that nothing ends.
    pub endless: u64,
    /// Living keys that somebody signed for.
    pub signed: u64,
    /// Living keys that a better way could end: one is offered now or later, for these consumers.
    pub better_way: u64,
    /// Living keys that can change production.
    pub change_production: u64,
    /// Living keys at B3 or B4.
    pub high: u64,
    /// Keys per verdict, in the order of the rules.
    pub by_verdict: BTreeMap<Verdict, u64>,
    /// Keys per level.
    pub by_level: BTreeMap<Level, u64>,
    /// Sources read whole.
    pub sources_whole: u64,
    /// All sources.
    pub sources: u64,
    /// Files that were searched.
    pub files: u64,
    /// Candidates that were dismissed, by reason.
    pub dismissed: BTreeMap<String, u64>,
    /// Said once about the whole: for example that no people list was given.
    pub notes: Vec<String>,
    /// The changes that end the most keys, most first, at most ten.
    pub changes: Vec<Change>,
}
