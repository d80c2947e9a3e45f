//! `tenure:allow reason="…" until=2027-01-31`: what somebody wrote beside a key that may stay where it is.
//!
//! A reason has to be given; the end is optional and is kept to. It counts on its own line and for the line after.

use crate::day::Day;

/// The words that begin it.
pub const MARK: &str = "tenure:allow";

/// The longest reason that is kept, in characters.
const LONGEST: usize = 200;

/// What stands beside a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// Why the key may stay.
    pub reason: Option<String>,
    /// The last day on which it counts.
    pub until: Option<Day>,
    /// What is wrong with it; then it does not count.
    pub problem: Option<String>,
}

impl Allow {
    /// Reads it from a line, if it stands there.
    #[must_use]
    pub fn of_line(line: &str) -> Option<Self> {
        let (_, rest) = line.split_once(MARK)?;
        if rest.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':')) {
            return None;
        }
        let mut allow = Self {
            reason: None,
            until: None,
            problem: None,
        };
        if let Some(reason) = value(rest, "reason") {
            let reason: String = reason.trim().chars().take(LONGEST).collect();
            allow.reason = (!reason.is_empty()).then_some(reason);
        }
        match value(rest, "until")
            .map(|text| text.parse::<Day>().map_err(|error| error.to_string()))
        {
            Some(Ok(day)) => allow.until = Some(day),
            Some(Err(problem)) => allow.problem = Some(format!("until={problem}")),
            None => {}
        }
        if allow.reason.is_none() {
            allow.problem = Some("it gives no reason; write reason=\"…\"".to_owned());
        }
        Some(allow)
    }

    /// Why it does not count on this day; nothing where it does.
    #[must_use]
    pub fn objection(&self, today: Day) -> Option<String> {
        if let Some(problem) = &self.problem {
            return Some(problem.clone());
        }
        self.until
            .filter(|until| *until < today)
            .map(|until| format!("it ended on {until}"))
    }
}

/// The value of `name=…` in a text: in quotes of either kind, which may be escaped, or up to the next space.
fn value<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = text;
    loop {
        let at = rest.find(name)?;
        let before = rest.get(..at)?.chars().next_back();
        let after = rest.get(at.saturating_add(name.len())..)?;
        rest = after;
        let begins = before.is_none_or(|c| c.is_whitespace() || c == ',');
        let Some(set) = after.strip_prefix('=').filter(|_| begins) else {
            continue;
        };
        let bare = set.trim_start_matches('\\');
        let quote = bare.chars().next().filter(|c| matches!(c, '"' | '\''));
        return match quote {
            Some(quote) => {
                let inner = bare.get(1..)?;
                let end = inner.find(quote).unwrap_or(inner.len());
                Some(inner.get(..end)?.trim_end_matches('\\'))
            }
            None => set
                .split(|c: char| c.is_whitespace() || matches!(c, ',' | '"' | '\''))
                .next(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_reason_and_an_end_are_read() {
        let allow =
            Allow::of_line("key = x # tenure:allow reason=\"sandbox, no data\" until=2027-01-31")
                .unwrap();
        assert_eq!(allow.reason.as_deref(), Some("sandbox, no data"));
        assert_eq!(allow.until, Some(day("2027-01-31")));
        assert_eq!(allow.objection(day("2027-01-31")), None);
        assert_eq!(
            allow.objection(day("2027-02-01")).as_deref(),
            Some("it ended on 2027-01-31")
        );
        let json = Allow::of_line(r#""note": "tenure:allow until=2027-01-31 reason=\"made up\"""#)
            .unwrap();
        assert_eq!(json.reason.as_deref(), Some("made up"));
        assert_eq!(json.until, Some(day("2027-01-31")));
        let bare = Allow::of_line("// tenure:allow reason=sandbox").unwrap();
        assert_eq!(
            (bare.reason.as_deref(), bare.problem),
            (Some("sandbox"), None)
        );
    }

    #[test]
    fn without_a_reason_or_with_a_bad_end_it_does_not_count() {
        let today = day("2026-11-23");
        for line in [
            "tenure:allow",
            "tenure:allow reason=\"\"",
            "tenure:allow until=2027-01-31",
            "tenure:allow unreason=\"x\"",
            "tenure:allow reason=\"x\" until=soon",
            "tenure:allow reason=\"x\" until=",
            "tenure:allow reason=\"x\" until=2026-11-22",
        ] {
            assert!(
                Allow::of_line(line).unwrap().objection(today).is_some(),
                "{line}"
            );
        }
        assert_eq!(Allow::of_line("tenure:allowed reason=\"x\""), None);
        assert_eq!(Allow::of_line("tenure allow"), None);
    }
}
