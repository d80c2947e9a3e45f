//! What is signed: the text that a person reads, and its digest.

use super::{Request, Standing, Subject};
use crate::{access::visible, digest};
use serde::Serialize;

/// The text that is approved and accepted, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Statement {
    text: String,
    digest: String,
}

impl Statement {
    /// The text, lines with `\n` at their end.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text, in lower-case hex.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

impl Statement {
    /// A text of these lines.
    pub(crate) fn of_lines(lines: &[String]) -> Self {
        let text = lines.join("\n") + "\n";
        let digest = digest::of_bytes(text.as_bytes());
        Self { text, digest }
    }

    /// The lines that only one of two statements has, in the order in which they stand: what went with `-`, what came
    /// with `+`.
    #[must_use]
    pub fn difference(&self, now: &Self) -> Vec<String> {
        let only = |one: &Self, other: &Self, sign: char| -> Vec<String> {
            let theirs: Vec<&str> = other.text.lines().collect();
            let mine = one.text.lines().filter(|line| !theirs.contains(line));
            mine.map(|line| format!("{sign} {line}")).collect()
        };
        let mut all = only(self, now, '-');
        all.extend(only(now, self, '+'));
        all
    }
}

/// What people wrote, on one line: nobody writes a line of the statement that is not theirs to write.
pub(crate) fn line(text: &str) -> String {
    let shown: String = text
        .chars()
        .map(|c| if visible(c) { c } else { ' ' })
        .collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn of(request: &Request) -> Statement {
    let mut lines = vec![title(request)];
    match &request.subject {
        Subject::Transitional { key, .. } | Subject::Permanent { key, .. } => {
            about(key, &mut lines)
        }
        Subject::Class { selector, .. } => {
            lines.push(format!("Keys: {}", line(selector)));
            lines.push("Only keys whose verdict is `minor`, and never above B1.".to_owned());
        }
    }
    lines.push(format!(
        "Control bypassed: {}",
        line(&request.reasons.bypassed)
    ));
    lines.push(format!("Why it is needed: {}", line(&request.reasons.why)));
    lines.push(format!(
        "What stands in the way: {}",
        line(&request.reasons.blocker)
    ));
    lines.push("What is done in its place:".to_owned());
    lines.extend(
        request
            .reasons
            .compensating
            .iter()
            .map(|control| format!("- {}", line(control))),
    );
    let people = |people: &[crate::access::PersonId]| match people {
        [] => "nobody known".to_owned(),
        people => people
            .iter()
            .map(|person| person.as_str())
            .collect::<Vec<_>>()
            .join(", "),
    };
    lines.push(format!("Answers for it: {}", people(&request.owners)));
    lines.push(format!("Uses it: {}", people(&request.users)));
    lines.push(format!(
        "Requested by {} on {}",
        request.by,
        request.at.day()
    ));
    if let Some(operator) = &request.filed_by {
        lines.push(format!(
            "Put in at the machine by {}: two people sign it, whatever the level",
            line(operator)
        ));
    }
    if let Some(before) = &request.supersedes {
        let renewal = match request.renewals {
            0 => String::new(),
            times => format!(", renewal {times}"),
        };
        lines.push(format!("In place of {}{renewal}", line(before)));
    }
    lines.push(format!("Needs the signature of: {}", request.authority()));
    if let Some(key) = request.subject.standing() {
        lines.push(format!(
            "Facts {}, policy {}",
            line(&key.facts),
            line(&key.policy)
        ));
    }
    Statement::of_lines(&lines)
}

fn title(request: &Request) -> String {
    let id = line(&request.id);
    match &request.subject {
        Subject::Transitional { until, .. } => format!("Exception {id}: until {until}"),
        Subject::Permanent { review_days, .. } => {
            format!("Exception {id}: permanent, reviewed every {review_days} days")
        }
        Subject::Class { review_days, .. } => {
            format!("Acceptance {id} of a class of keys, reviewed every {review_days} days")
        }
    }
}

fn about(key: &Standing, lines: &mut Vec<String>) {
    lines.push(format!("Key: {} ({})", line(&key.name), line(&key.key)));
    lines.push(format!("Finding: {}, {}", key.verdict, key.level));
    lines.push("Because:".to_owned());
    lines.extend(key.because.iter().map(|fact| format!("- {}", line(fact))));
}
