//! What forms and links have in common: what was typed, what is wrong with it, and acts that a caller may do now.

use tenure_app::report::text;

/// What is wrong with one field. Shown at the top of the form and beside the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong, and what to do.
    pub text: String,
}

/// A form that came back: nobody types anything twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// What was typed, by field.
    pub values: Vec<(&'static str, String)>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

impl Typed {
    /// What was typed into a field.
    #[must_use]
    pub fn value(&self, field: &str) -> &str {
        self.values
            .iter()
            .find(|(name, _)| *name == field)
            .map_or("", |(_, value)| value)
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn problem(&self, field: &str) -> Option<&str> {
        self.problems
            .iter()
            .find(|problem| problem.field == field)
            .map(|problem| problem.text.as_str())
    }
}

/// Something that the caller may do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// It as an order: `Ask for an exception`.
    pub label: String,
    /// Why it is right now, in a few words.
    pub why: Option<String>,
    /// How it is done.
    pub how: How,
}

/// How something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// A page is opened; nothing changes.
    Open(String),
    /// A form is sent at once, to this address, with these hidden fields.
    Send(String, Vec<(&'static str, String)>),
}

impl Act {
    /// An act that opens a page.
    #[must_use]
    pub fn open(label: &str, why: Option<&str>, address: String) -> Self {
        Self {
            label: label.to_owned(),
            why: why.map(str::to_owned),
            how: How::Open(address),
        }
    }
}

/// One value that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// It is chosen now.
    pub chosen: bool,
}

/// The host of an address that may be made a link: one of the web and nothing else.
#[must_use]
pub fn web(source: &str) -> Option<&str> {
    let rest = source.strip_prefix("https://")?;
    rest.split(['/', '?', '#'])
        .next()
        .filter(|host| !host.is_empty())
}

/// The address of a key's page.
#[must_use]
pub fn key(id: &str) -> String {
    format!("/keys/{}", text::segment(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_the_web_becomes_a_link() {
        assert_eq!(web("https://docs.example/a?b"), Some("docs.example"));
        for other in [
            "javascript:alert(1)",
            "http://x",
            "https://",
            "//x",
            "github:a/b",
        ] {
            assert_eq!(web(other), None, "{other}");
        }
    }
}
