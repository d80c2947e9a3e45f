//! The fields of one entry of a list, and what they become in a row.

use super::{
    imported::{Input, Problem},
    reading::{dates, guard},
};
use serde_json::Value;
use tenure_model::{
    explain::FactName,
    facts::Status,
    key::{Associate, Row, When},
};

/// One entry of a list, with its place. A field is a name, or a JSON pointer where it begins with `/`.
#[derive(Clone, Copy)]
pub(super) struct Entry<'e> {
    pub(super) value: &'e Value,
    pub(super) at: &'e str,
    pub(super) input: &'e Input<'e>,
}

impl<'e> Entry<'e> {
    pub(super) fn new(value: &'e Value, at: &'e str, input: &'e Input<'e>) -> Self {
        Self { value, at, input }
    }

    pub(super) fn field(&self, field: &str) -> Option<&'e Value> {
        if field.starts_with('/') {
            self.value.pointer(field)
        } else {
            self.value.get(field)
        }
    }

    /// Whether the field stands there, `null` included.
    pub(super) fn has(&self, field: &str) -> bool {
        self.field(field).is_some()
    }

    pub(super) fn text(&self, field: &str) -> Option<&'e str> {
        let text = self.field(field)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// A name that people gave, fit to be shown.
    pub(super) fn name(&self, field: &str) -> Option<String> {
        self.text(field).map(guard::name)
    }

    /// A text or number that the provider gave, fit to be shown.
    pub(super) fn who(&self, field: &str) -> Option<String> {
        match self.field(field)? {
            Value::Number(number) => Some(number.to_string()),
            _ => self.text(field).map(guard::id),
        }
    }

    pub(super) fn flag(&self, field: &str) -> Option<bool> {
        match self.field(field)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(word) => match word.trim().to_ascii_lowercase().as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// The texts of a list.
    pub(super) fn texts(&self, field: &str) -> Vec<&'e str> {
        let list = self.field(field).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    /// The public id. An entry without one cannot be told from others.
    pub(super) fn id(&self, field: &str) -> Result<String, Problem> {
        let id = self.who(field);
        id.filter(|id| id != "…").ok_or_else(|| {
            self.problem(
                field,
                format!("the entry has no `{}`", field.trim_start_matches('/')),
            )
        })
    }

    /// A point in time that can only have happened. Absent: not told; `null`: `when_null`.
    pub(super) fn past(
        &self,
        field: &str,
        when_null: When,
        when_absent: When,
    ) -> Result<When, Problem> {
        match self.moment(field, when_null, when_absent)? {
            When::On(day) if day > self.input.today => Err(self.problem(
                field,
                format!(
                    "{day} is after today ({}); check the date and the clock",
                    self.input.today
                ),
            )),
            when => Ok(when),
        }
    }

    /// A point in time: an ISO time stamp, or Unix time in seconds or milliseconds.
    pub(super) fn moment(
        &self,
        field: &str,
        when_null: When,
        when_absent: When,
    ) -> Result<When, Problem> {
        let text = match self.field(field) {
            None => return Ok(when_absent),
            Some(Value::Null) => return Ok(when_null),
            Some(Value::Number(number)) => number.to_string(),
            Some(value) => value.as_str().unwrap_or_default().trim().to_owned(),
        };
        if text.is_empty() {
            return Ok(when_null);
        }
        let day = dates::stamp(&text)
            .map(|(day, _)| day)
            .or_else(|| dates::day(&text, None).ok());
        day.map(When::On)
            .ok_or_else(|| self.problem(field, format!("`{}` is no date", guard::quoted(&text))))
    }

    /// A state by the words of the provider; a word that is not among them leaves it unknown.
    pub(super) fn status(&self, field: &str, words: &[(&str, Status)]) -> Option<Status> {
        let word = self.text(field)?;
        let known = words
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word));
        Some(known.map_or(Status::Unknown, |(_, status)| *status))
    }

    pub(super) fn problem(&self, field: &str, what: String) -> Problem {
        let field = field.trim_start_matches('/');
        let at = format!("{}/{field}", self.at.trim_end_matches('/'));
        Problem::new(at, what, "export the list again")
    }
}

/// A row with what every row of a list has.
pub(super) fn row(
    entry: &Entry<'_>,
    provider: &str,
    credential: Option<&str>,
    key_id: Option<String>,
) -> Row {
    Row {
        at: entry.at.to_owned(),
        provider: provider.to_owned(),
        credential: credential.map(str::to_owned),
        key_id,
        ..Row::default()
    }
}

/// Somebody who has to do with a key.
pub(super) fn associate(who: String, why: &str, machine: bool) -> Associate {
    Associate {
        who,
        why: why.to_owned(),
        machine,
    }
}

/// Names of scopes, roles or permissions for a message: short, and without a secret glued to one of them.
pub(super) fn listed(names: &[&str]) -> String {
    let holds = |name: &str| {
        let starts = name
            .char_indices()
            .filter(|(_, c)| !c.is_ascii_alphanumeric())
            .map(|(at, c)| at + c.len_utf8());
        std::iter::once(0)
            .chain(starts)
            .any(|at| name.get(at..).is_some_and(guard::has_secret_prefix))
    };
    let shown: Vec<&str> = names
        .iter()
        .map(|name| if holds(name) { "…" } else { *name })
        .collect();
    guard::quoted(&shown.join(", "))
}

/// What the provider shows of a secret, where it shows no more than a part.
pub(super) fn masked(text: &str) -> Option<String> {
    guard::is_masked(text).then(|| guard::name(text))
}

/// The last characters of a secret, as the provider shows them; at most eight.
pub(super) fn tail(text: &str) -> Option<String> {
    const LONGEST: usize = 8;
    let shown = text.len() <= LONGEST && text.chars().all(|c| c.is_ascii_graphic());
    shown.then(|| format!("…{text}"))
}

/// Says that the provider takes the key only from these addresses, where they are fewer than all.
pub(super) fn from_addresses(row: &mut Row, ranges: &[&str]) {
    let everywhere = |range: &&str| {
        let (address, prefix) = range.split_once('/').unwrap_or((range, ""));
        // Half of the internet is no restriction either.
        matches!(address, "*" | "0.0.0.0" | "::" | "")
            || prefix.parse().is_ok_and(|bits: u8| bits < 8)
    };
    if !ranges.is_empty() && !ranges.iter().any(everywhere) {
        row.declared
            .insert(FactName::SourceRestricted, Value::Bool(true));
        row.tags
            .insert("addresses".to_owned(), guard::name(&ranges.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_mean_everywhere_restrict_nothing() {
        let restricted = |ranges: &[&str]| {
            let mut row = Row::default();
            from_addresses(&mut row, ranges);
            row.declared.contains_key(&FactName::SourceRestricted)
        };
        assert!(restricted(&["192.0.2.7/32"]) && restricted(&["192.0.2.7"]));
        assert!(restricted(&["10.0.0.0/8", "2001:db8::/32"]));
        for all in [
            &["0.0.0.0/0"][..],
            &["::/0"],
            &["*"],
            &["192.0.2.7/32", "0.0.0.0/0"],
            &["0.0.0.0/1", "128.0.0.0/1"],
            &[],
        ] {
            assert!(!restricted(all), "{all:?}");
        }
    }

    #[test]
    fn a_secret_among_scopes_is_not_repeated() {
        let glued = "read_ghp_0123456789abcdefghijABCDEFGHIJ012345";
        assert_eq!(listed(&["api", glued, "read:org"]), "api, …, read:org");
    }
}
