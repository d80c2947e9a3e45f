//! What is said of a key beside its facts: where they come from, who may own it, what was joined.

use crate::{facts::ReplacementOption, key::Basis};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The state of one replacement option for this key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct OptionNote {
    /// The option.
    pub option: ReplacementOption,
    /// Its state, as in a facts file.
    #[schemars(with = "crate::value::FactValue")]
    pub state: Value,
    /// The vendor offers it to machines today, whoever can use it here.
    pub offered: bool,
    /// Why.
    pub note: String,
    /// The source of that.
    pub source: Option<String>,
}

words! {
    /// How sure a guess is.
    pub enum Confidence { High = "high", Medium = "medium", Low = "low" }
}

/// Who may be the owner of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnerCandidate {
    /// The person.
    pub who: String,
    /// What points to them.
    pub why: String,
    /// How sure that is.
    pub confidence: Confidence,
}

/// One fact with its basis and source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct FactNote {
    /// The value, as in a facts file. Many keys have the same.
    #[schemars(with = "crate::value::FactValue")]
    pub value: Arc<Value>,
    /// How sure it is.
    pub basis: Basis,
    /// Where it comes from.
    pub source: String,
}

/// Two sources that say different things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dispute {
    /// The fact or field.
    pub fact: String,
    /// What was taken, and from where.
    pub taken: String,
    /// What else was said, and by whom.
    pub also: String,
}

words! {
    /// What told that two records are one key.
    pub enum JoinedBy {
        KeyId = "key_id", Fingerprint = "fingerprint", SlotAndCreation = "slot_and_creation", StandsBeside = "stands_beside",
    }
}

/// A record that was joined to a key, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Joined {
    /// The source of the record.
    pub source: String,
    /// What told.
    pub by: JoinedBy,
    /// How sure that is.
    pub confidence: Confidence,
}
