//! A key as sources tell it: rows of exports and inventories, with what each source can never tell.

use crate::{
    day::Day,
    explain::FactName,
    facts::{IssuedTo, Privilege, Status},
    place::Runtime,
    secret::{Fingerprint, Secret},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// How sure a fact is. Observed beats declared beats inferred.
    pub enum Basis {
        Observed = "observed", Declared = "declared", Inferred = "inferred", Unknown = "unknown", NotOffered = "not_offered",
    }
}

/// A value with its basis and its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Told<T> {
    /// The value; `None` where the basis is unknown or not offered, or where a source says "never".
    pub value: Option<T>,
    /// How sure it is.
    pub basis: Basis,
    /// Which import, scan, rule or person said so.
    pub source: Option<String>,
}

impl<T> Told<T> {
    /// Nobody said anything.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            value: None,
            basis: Basis::Unknown,
            source: None,
        }
    }

    /// A value from a source.
    #[must_use]
    pub fn new(value: T, basis: Basis, source: impl Into<String>) -> Self {
        Self {
            value: Some(value),
            basis,
            source: Some(source.into()),
        }
    }
}

/// What one source says about a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// This source can never tell.
    #[default]
    NotOffered,
    /// It could tell, and does not know for this key.
    Unknown,
    /// It says that this never happened, or never will.
    Never,
    /// On this day.
    On(Day),
}

/// Somebody who has to do with a key, by what a source shows: a hint at its owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Associate {
    /// A user name, id or e-mail address, as the source writes it.
    pub who: String,
    /// What they did, for example `created it` or `owner tag`.
    pub why: String,
    /// The source says that this is a machine user, a bot or a service account.
    pub machine: bool,
}

/// One key as one source tells it. Written without its secret: a store keeps the fingerprint alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Row {
    /// Where in the source it stands: `line 3` or `/data/0`.
    pub at: String,
    /// The provider's slug, as in the catalogue, or as the source names it.
    pub provider: String,
    /// The credential kind's slug in the catalogue.
    pub credential: Option<String>,
    /// The account, organisation, project or repository that it belongs to.
    pub account: Option<String>,
    /// The public id that the provider gives it.
    pub key_id: Option<String>,
    /// Another identity within the account where there is no key id, such as `deploy-bot slot 1`.
    pub slot: Option<String>,
    /// The name that people know it by.
    pub name: Option<String>,
    /// What the source shows of the secret (`…7QXM`, a redacted value).
    pub hint: Option<String>,
    /// When it was issued.
    pub created: When,
    /// The creation time to the second as Unix time, to match a slot with a key id.
    pub created_second: Option<i64>,
    /// When it was last used. `Never` only where the source says so.
    pub last_used: When,
    /// When it ends. `Never` only where the source says so.
    pub expires: When,
    /// Its state at the provider.
    pub status: Option<Status>,
    /// What it may do, where the source shows it, and how the source puts it.
    pub privilege: Option<(Privilege, String)>,
    /// Whom the provider ties it to.
    pub issued_to: Option<IssuedTo>,
    /// The declared owner: a user name or an e-mail address.
    pub owner: Option<String>,
    /// The system that it serves.
    pub system: Option<String>,
    /// Creators, tags, users: candidates for the owner.
    pub associates: Vec<Associate>,
    /// Free text and tags that say something about purpose or environment.
    pub tags: BTreeMap<String, String>,
    /// Runtimes of the workloads that use it.
    pub runtimes: Vec<Runtime>,
    /// Section 9 facts by name, as declared in this source.
    pub declared: BTreeMap<FactName, serde_json::Value>,
    /// A secret that stood in the source: to be fingerprinted and dropped.
    #[serde(skip)]
    pub secret: Option<Secret>,
    /// The fingerprint, once made.
    pub fingerprint: Option<Fingerprint>,
}

impl Row {
    /// Whose slot it names: `ci-deploy slot 1` is one of `ci-deploy`.
    #[must_use]
    pub fn slot_user(&self) -> Option<&str> {
        let (user, _) = self.slot.as_deref()?.rsplit_once(" slot ")?;
        Some(user)
    }

    /// The names by which a row with an id may know its user.
    #[must_use]
    pub fn users(&self) -> BTreeSet<&str> {
        let slot = self.slot_user().or(self.slot.as_deref());
        slot.into_iter()
            .chain(self.name.as_deref())
            .chain(self.tags.get("user").map(String::as_str))
            .collect()
    }
}

words! {
    /// How much of one part of a source was read.
    pub enum CoverageState { Complete = "complete", Partial = "partial", NotCovered = "not_covered", NotOffered = "not_offered" }
}

/// What one source says it covers. "Not covered" is never "none".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// The source, as the user named it.
    pub source: String,
    /// Which part of it, in the source's terms: `access keys`, `last use`.
    pub part: String,
    /// How much was read.
    pub state: CoverageState,
    /// Why not all.
    pub reason: Option<String>,
    /// How many rows were read.
    pub rows: Option<u64>,
    /// SHA-256 of the file.
    pub hash: Option<String>,
}

/// A person of the people list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The id in the people list.
    pub id: String,
    /// The e-mail address, lower case.
    pub email: Option<String>,
    /// User names by which sources may know them.
    pub names: Vec<String>,
    /// The id or e-mail address of the manager.
    pub manager: Option<String>,
    /// Their state.
    pub state: PersonState,
    /// The day on which they leave.
    pub until: Option<Day>,
}

words! {
    /// The state of a person.
    #[derive(Default)]
    pub enum PersonState { #[default] Active = "active", OnLeave = "on_leave", Inactive = "inactive" }
}
