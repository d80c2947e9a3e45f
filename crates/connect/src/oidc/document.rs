//! Documents of an identity provider that cannot be used. What they say is never quoted whole.

/// A document of the identity provider that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} of the identity provider: {why}")]
pub struct DocumentError {
    /// Which.
    pub what: &'static str,
    /// What is wrong with it, by field.
    pub why: String,
}

impl DocumentError {
    pub(super) fn new(what: &'static str, why: impl Into<String>) -> Self {
        Self {
            what,
            why: why.into(),
        }
    }

    /// Where JSON breaks off. Its own message may quote what it found, and so a token.
    pub(super) fn json(what: &'static str, error: &serde_json::Error) -> Self {
        let why = format!(
            "line {} column {}: this is not the JSON that the standard asks for",
            error.line(),
            error.column()
        );
        Self { what, why }
    }
}
