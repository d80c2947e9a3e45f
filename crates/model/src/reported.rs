//! A copy of a key as a report or an export of another tool tells it, before its secret is fingerprinted and
//! dropped.

use crate::{
    place::{Audience, Liveness},
    secret::Secret,
};

/// One finding of another tool, or one secret that stands in an export.
#[derive(Debug, Clone)]
pub struct Reported {
    /// Where in the report it stands: `/0/Secret`, `line 3`.
    pub at: String,
    /// The tool, as it calls itself.
    pub tool: String,
    /// The tool's name for the kind of finding.
    pub rule: String,
    /// The provider's slug, and the credential kind's, that the rule's name surely stands for. Where the secret
    /// is there, its form decides.
    pub stands_for: Option<(String, Option<String>)>,
    /// The repository or other source that the tool searched, where the report says so.
    pub repository: Option<String>,
    /// The file that holds the copy; `None` where that is the report or export itself.
    pub path: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The commit that holds it.
    pub commit: Option<String>,
    /// The variable or attribute that holds it.
    pub variable: Option<String>,
    /// The public id, where the report names it.
    pub key_id: Option<String>,
    /// What the report shows of a secret that it hides.
    pub hint: Option<String>,
    /// The secret in plaintext, where the report has it: to be fingerprinted and dropped.
    pub secret: Option<Secret>,
    /// A text in which the secret stands, where the report has no more: to be searched and dropped.
    pub around: Option<Secret>,
    /// Who can read the copy.
    pub audience: Audience,
    /// How that is known.
    pub audience_why: String,
    /// What the tool says about whether it still works.
    pub liveness: Liveness,
}

impl Reported {
    /// A finding of which only the tool, the rule and the place in the report are known.
    #[must_use]
    pub fn new(tool: impl Into<String>, rule: impl Into<String>, at: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            tool: tool.into(),
            rule: rule.into(),
            stands_for: None,
            repository: None,
            path: None,
            line: None,
            commit: None,
            variable: None,
            key_id: None,
            hint: None,
            secret: None,
            around: None,
            audience: Audience::Unknown,
            audience_why: String::new(),
            liveness: Liveness::NotChecked,
        }
    }

    /// The report itself holds the secret in plaintext.
    #[must_use]
    pub fn is_plaintext(&self) -> bool {
        self.secret.is_some() || self.around.is_some()
    }
}
