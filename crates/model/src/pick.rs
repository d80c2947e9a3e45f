//! Which keys an acceptance of a class or a campaign is about: `provider=stripe account="Main account"`.

use crate::{assessment::Key, facts::Verdict, level::Level, place::Purpose};
use serde::{Deserialize, Serialize};
use std::fmt;

words! {
    /// What keys are picked by.
    pub enum By {
        Provider = "provider", Credential = "credential", Account = "account", Name = "name", System = "system",
        Owner = "owner", Purpose = "purpose", Verdict = "verdict", Level = "level",
    }
}

/// A pick: every part has to hold. Capitals do not matter; `level=B2` is B2 or above; `owner=none` is nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Pick(Vec<(By, String)>);

/// A text that picks no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {problem}")]
pub struct BadPick {
    /// Which part of it.
    pub part: String,
    /// What is wrong, and what to write.
    pub problem: String,
}

fn bad(part: &str, problem: impl Into<String>) -> BadPick {
    BadPick {
        part: part.to_owned(),
        problem: problem.into(),
    }
}

impl Pick {
    /// Reads `by=value` parts with blanks between them; a value with blanks stands in double quotes. At least one
    /// part, each name once.
    ///
    /// # Errors
    /// The part that cannot be taken.
    pub fn parse(text: &str) -> Result<Self, BadPick> {
        let mut parts: Vec<(By, String)> = Vec::new();
        for part in split(text)? {
            let Some((name, value)) = part.split_once('=') else {
                return Err(bad(&part, "write name=value, as in provider=stripe"));
            };
            let by: By = name
                .parse()
                .map_err(|error| bad(name, format!("{error}")))?;
            let value = value.trim();
            if value.is_empty() || value.chars().any(char::is_control) {
                return Err(bad(name, "write a value"));
            }
            let known = match by {
                By::Purpose => value.parse::<Purpose>().map(drop),
                By::Verdict => value.parse::<Verdict>().map(drop),
                By::Level => value.to_ascii_uppercase().parse::<Level>().map(drop),
                _ => Ok(()),
            };
            known.map_err(|error| bad(name, format!("{error}")))?;
            if parts.iter().any(|(known, _)| *known == by) {
                return Err(bad(name, "stands twice; write it once"));
            }
            parts.push((by, value.to_owned()));
        }
        if parts.is_empty() {
            return Err(bad(
                "the selector",
                "is empty; write name=value, as in provider=stripe",
            ));
        }
        parts.sort();
        Ok(Self(parts))
    }

    /// Whether it picks a key.
    #[must_use]
    pub fn fits(&self, key: &Key) -> bool {
        self.0.iter().all(|(by, wanted)| {
            let is = |value: Option<&str>| {
                value.is_some_and(|value| value.to_lowercase() == wanted.to_lowercase())
            };
            match by {
                By::Provider => is(Some(&key.provider)),
                By::Credential => is(key.credential.as_deref()),
                By::Account => is(key.account.as_deref()),
                By::Name => is(key.name.as_deref()),
                By::System => is(key.system.value.as_deref()),
                By::Owner => match key.owner.value.as_deref() {
                    None => wanted == "none",
                    owner => is(owner),
                },
                By::Purpose => is(Some(key.purpose.word())),
                By::Verdict => is(Some(key.verdict.id.word())),
                By::Level => wanted
                    .to_ascii_uppercase()
                    .parse::<Level>()
                    .is_ok_and(|level| key.verdict.outcome.level >= level),
            }
        })
    }
}

/// Parts between blanks, with what stands in double quotes held together.
fn split(text: &str) -> Result<Vec<String>, BadPick> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut is_quoted = false;
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            c if c.is_whitespace() && !is_quoted => {
                if !part.is_empty() {
                    parts.push(std::mem::take(&mut part));
                }
            }
            c => part.push(c),
        }
    }
    if is_quoted {
        return Err(bad(&part, "a double quote is not closed"));
    }
    if !part.is_empty() {
        parts.push(part);
    }
    Ok(parts)
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (by, value)) in self.0.iter().enumerate() {
            let blank = if at > 0 { " " } else { "" };
            if value.contains(char::is_whitespace) {
                write!(f, "{blank}{by}=\"{value}\"")?;
            } else {
                write!(f, "{blank}{by}={value}")?;
            }
        }
        Ok(())
    }
}

impl From<Pick> for String {
    fn from(pick: Pick) -> Self {
        pick.to_string()
    }
}

impl TryFrom<String> for Pick {
    type Error = BadPick;
    fn try_from(text: String) -> Result<Self, BadPick> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(text in ".{0,60}") {
            if let Ok(pick) = Pick::parse(&text) {
                prop_assert_eq!(Pick::parse(&pick.to_string()), Ok(pick));
            }
        }

        #[test]
        fn any_value_can_be_picked_by(value in "[a-zA-Z0-9 =/_.-]{1,20}") {
            prop_assume!(!value.trim().is_empty());
            let pick = Pick::parse(&format!("account=\"{value}\"")).unwrap();
            prop_assert_eq!(Pick::parse(&pick.to_string()), Ok(pick));
        }
    }

    #[test]
    fn what_cannot_be_taken_is_named() {
        let problem = |text: &str| Pick::parse(text).unwrap_err().to_string();
        assert!(problem("").contains("is empty"));
        assert!(problem("stripe").contains("name=value"));
        assert!(problem("provder=stripe").contains("provder"));
        assert!(problem("level=B9").starts_with("level"));
        assert!(problem("verdict=fine").starts_with("verdict"));
        assert!(problem("provider=a provider=b").contains("twice"));
        assert!(problem("name=\"a b").contains("not closed"));
        assert!(problem("name=").contains("write a value"));
    }
}
