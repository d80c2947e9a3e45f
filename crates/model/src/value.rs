//! What values look like whose type depends on what they are a value of. `serde_json::Value` says nothing of that, so that
//! schemas are made of these.

use crate::{day::Day, facts::Needs};
use schemars::JsonSchema;

/// The value of a fact, as a facts file has it.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub enum FactValue {
    /// Nobody knows, or nobody had said anything.
    Nothing(()),
    /// Yes or no.
    Flag(bool),
    /// A count, or days.
    Count(i64),
    /// A word of a vocabulary, a name, a day.
    Text(String),
    /// Several of them.
    Texts(Vec<String>),
    /// An option that comes later.
    Later {
        /// From which day.
        later: Option<Day>,
        /// What it waits for.
        #[serde(default)]
        needs: Option<Needs>,
    },
}
