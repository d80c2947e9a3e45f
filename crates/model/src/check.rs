//! What asking a provider about one key came to.

use crate::place::Liveness;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer for one key, without anything of the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Who was asked: host and port; null where nobody was.
    pub host: Option<String>,
    /// The status of the answer (RFC 9110); null where there was none.
    pub status: Option<u16>,
    /// As whom the key acts, as the provider puts it.
    pub subject: Option<String>,
    /// With which rights, as the provider names them.
    pub rights: Vec<String>,
    /// What the result rests on, or why there is none.
    pub why: String,
}

/// A result: the state, and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// One of the five states.
    pub liveness: Liveness,
    /// The rest.
    pub check: Check,
}

impl Checked {
    /// A result without an answer.
    #[must_use]
    pub fn without_answer(liveness: Liveness, host: Option<String>, why: String) -> Self {
        Self {
            liveness,
            check: Check {
                host,
                status: None,
                subject: None,
                rights: Vec::new(),
                why,
            },
        }
    }
}
