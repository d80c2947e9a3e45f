//! Systems that keys serve, as a configuration database declares them: who owns them, what data they hold.

use crate::{facts::DataClass, place::Environment};

/// One application of a configuration database (CMDB).
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct System {
    /// The source, as the user named it, with the place in it.
    pub source: String,
    /// The name that keys use for it.
    pub name: String,
    /// Who is declared to own it: a name, an id or an e-mail address.
    pub owner: Option<String>,
    /// Who is declared to manage it.
    pub manager: Option<String>,
    /// How much the business depends on it, in the source's words.
    pub criticality: Option<String>,
    /// The declared classification of its data.
    pub data: Option<DataClass>,
    /// Its environment, where it has one.
    pub environment: Option<Environment>,
    /// It is declared to be out of service.
    pub retired: bool,
}

/// A name as far as two people write it alike.
#[must_use]
pub fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
