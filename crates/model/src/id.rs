//! Ids of the register, each its own type, so that the id of one thing cannot stand for another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes a text as an id.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )+ };
}

ids! {
    /// A key, for as long as the register knows it: `k` and hex digits. Survives every re-import.
    KeyId,
    /// A source: one export of one account, one searched tree.
    SourceId,
    /// One run of an import, a scan, an assessment.
    RunId,
    /// A piece of work for the workers.
    JobId,
    /// An exception of the register.
    ExceptionId,
    /// A person, by the id of the people list.
    PersonId,
    /// A question to a person about keys.
    AskId,
}
