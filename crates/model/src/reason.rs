//! The one short reason why a key has its verdict, for a table row.

use crate::{
    assessment::Key,
    day::Day,
    facts::Verdict,
    place::{Audience, Part},
};
use serde_json::Value;

impl Verdict {
    /// The finding as a reader knows it: what is to be done, and where one act has several causes, which.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::ProvenRevoked => "closed",
            Self::Exposed => "contain now",
            Self::NoLongerNeeded => "retire: not needed",
            Self::Unused => "retire: unused",
            Self::ExposureOpen => "rotate now",
            Self::Unowned => "assign owner",
            Self::HumanUse => "move person",
            Self::BorrowedIdentity => "rehome",
            Self::Public => "keep: public",
            Self::Replaceable => "migrate",
            Self::Later => "transitional: later",
            Self::Unassessed => "transitional: ask",
            Self::Minor => "keep: minor",
            Self::SharedTooWidely => "not acceptable",
            Self::Constrain => "transitional: build",
            Self::Irreplaceable => "permanent",
        }
    }
}

/// Why this key has its verdict, in a few words, and what stands behind a gate.
#[must_use]
pub fn reason(key: &Key) -> String {
    let then = key
        .verdict
        .outcome
        .then
        .filter(|then| *then != key.verdict.id)
        .map(|then| format!("then {}", then.title()));
    joined([Some(cause(key)), then])
}

/// Why this key has its verdict, in a few words.
#[must_use]
pub fn cause(key: &Key) -> String {
    let outcome = &key.verdict.outcome;
    match key.verdict.id {
        Verdict::ProvenRevoked => format!("proved by {}", source(key, "proof")),
        Verdict::Exposed => joined([Some(place(key)), used(key)]),
        Verdict::NoLongerNeeded => no_longer_needed(key),
        Verdict::Unused => match (key.last_used.value, key.created_at.value) {
            (Some(day), _) => format!("last used {}", short(day)),
            (None, Some(made)) => format!("never used since {}", short(made)),
            (None, None) => "never used".to_owned(),
        },
        Verdict::ExposureOpen => place(key),
        Verdict::Unowned => unowned(key),
        Verdict::HumanUse => "issued to a service, used by a person".to_owned(),
        Verdict::BorrowedIdentity => match &key.owner.value {
            Some(who) => format!("{who}'s own, and a workload uses it"),
            None => "a person's own, and a workload uses it".to_owned(),
        },
        Verdict::Public => "public by design, restricted at its provider".to_owned(),
        Verdict::Replaceable => outcome.to.map_or_else(
            || "a better way is there".to_owned(),
            |to| format!("can use {}", to.title()),
        ),
        Verdict::Later => later(key),
        Verdict::Unassessed => "nobody knows yet what could replace it".to_owned(),
        Verdict::Minor => "nothing replaces it, and little hangs on it".to_owned(),
        Verdict::SharedTooWidely => shared(key),
        Verdict::Constrain => constrain(key),
        Verdict::Irreplaceable => "nothing replaces it; isolated and monitored".to_owned(),
    }
}

/// A day as `7 Dec 2026`.
#[must_use]
pub fn short(day: Day) -> String {
    let text = day.to_string();
    let mut parts = text.splitn(3, '-');
    let (year, month, date) = (parts.next(), parts.next(), parts.next());
    let month = month
        .and_then(|month| month.parse::<usize>().ok())
        .and_then(|month| MONTHS.get(month.checked_sub(1)?));
    match (year, month, date) {
        (Some(year), Some(month), Some(date)) => {
            format!("{} {month} {year}", date.trim_start_matches('0'))
        }
        _ => text,
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn joined(parts: impl IntoIterator<Item = Option<String>>) -> String {
    let all: Vec<String> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    all.join("; ")
}

fn value<'k>(key: &'k Key, fact: &str) -> Option<&'k Value> {
    key.facts.get(fact).map(|note| &*note.value)
}

fn word<'k>(key: &'k Key, fact: &str) -> &'k str {
    value(key, fact).and_then(Value::as_str).unwrap_or_default()
}

fn source<'k>(key: &'k Key, fact: &str) -> &'k str {
    key.facts
        .get(fact)
        .map_or("a listing", |note| note.source.as_str())
}

fn used(key: &Key) -> Option<String> {
    key.last_used
        .value
        .map(|day| format!("used {}", short(day)))
}

/// The copy with the widest audience, or what was declared.
fn place(key: &Key) -> String {
    let widest = key
        .sightings
        .iter()
        .filter(|sighting| sighting.part == Part::Secret && sighting.audience != Audience::You)
        .max_by_key(|sighting| match sighting.audience {
            Audience::You => 0,
            Audience::Unknown => 1,
            Audience::Machine => 2,
            Audience::Repository => 3,
            Audience::Organisation => 4,
            Audience::Public => 5,
        });
    let Some(seen) = widest else {
        return format!("exposure {}", word(key, "exposure"))
            .trim_end()
            .to_owned();
    };
    let who = match seen.audience {
        Audience::Public => "public",
        Audience::Organisation => "all staff",
        Audience::Repository => "in git",
        Audience::Machine => "all users here",
        Audience::You | Audience::Unknown => "in a list",
    };
    let line = seen
        .line
        .map_or_else(String::new, |line| format!(":{line}"));
    let commit = seen
        .commit
        .as_ref()
        .map_or_else(String::new, |commit| format!("@{commit}"));
    format!("{who}: {}{line}{commit}", near_end(&seen.path))
}

/// The file and its folder: what tells places apart in little room.
fn near_end(path: &str) -> &str {
    let mut cuts = path.rmatch_indices('/').map(|(at, _)| at);
    let cut = cuts.nth(1).map(|at| at.saturating_add(1));
    cut.and_then(|at| path.get(at..)).unwrap_or(path)
}

fn no_longer_needed(key: &Key) -> String {
    if matches!(word(key, "status"), "inactive") {
        return "its provider says inactive".to_owned();
    }
    if word(key, "status") == "refused" {
        return "its provider refuses it".to_owned();
    }
    let ended = [
        ("integration", "retired", "its integration is retired"),
        ("issuer", "ended", "the contract with its provider ended"),
        ("holder", "ended", "the contract with its holder ended"),
    ];
    ended
        .iter()
        .find(|(fact, end, _)| word(key, fact) == *end)
        .map_or_else(
            || "its last consumer is gone".to_owned(),
            |(.., text)| (*text).to_owned(),
        )
}

fn unowned(key: &Key) -> String {
    let who = key.owner.value.as_deref().unwrap_or("its owner");
    match (word(key, "owner"), word(key, "owner_until").parse::<Day>()) {
        ("inactive", Ok(day)) => format!("{who} left {}", short(day)),
        ("inactive", Err(_)) => format!("{who} left"),
        (_, Ok(day)) if key.owner.value.is_some() => format!("{who} left {}", short(day)),
        _ if key.owner.value.is_some() => format!("{who} is not in the people list"),
        _ => "nobody answers for it".to_owned(),
    }
}

fn later(key: &Key) -> String {
    let note = key.verdict.outcome.to.and_then(|to| {
        key.options
            .iter()
            .find(|note| note.option == to)
            .map(|note| (to, &note.state))
    });
    let Some((to, state)) = note else {
        return "a better way comes".to_owned();
    };
    let later = state.get("later").and_then(Value::as_str);
    let needs = state.get("needs").and_then(Value::as_str);
    match (later, needs) {
        (Some(day), _) => format!(
            "{} from {}",
            to.title(),
            day.parse().map_or_else(|_| day.to_owned(), short)
        ),
        (None, Some(needs)) => format!("{} needs a {}", to.title(), needs.replace('_', " ")),
        (None, None) => format!("{}, some day", to.title()),
    }
}

fn shared(key: &Key) -> String {
    match value(key, "customer_tenants").and_then(Value::as_u64) {
        Some(tenants) if tenants >= 2 => format!("{tenants} customers behind one key"),
        _ => "several environments behind one key".to_owned(),
    }
}

fn constrain(key: &Key) -> String {
    let missing: Vec<&str> = [("isolated", "isolated"), ("monitored", "monitored")]
        .into_iter()
        .filter(|(fact, _)| value(key, fact).and_then(Value::as_bool) != Some(true))
        .map(|(_, text)| text)
        .collect();
    if word(key, "break_glass") == "true"
        || value(key, "break_glass").and_then(Value::as_bool) == Some(true)
    {
        return "break-glass, and not drilled, isolated and monitored".to_owned();
    }
    if missing.is_empty() {
        "nothing replaces it, and how widely it is shared is not known".to_owned()
    } else {
        format!("nothing replaces it; not {}", missing.join(", not "))
    }
}

#[cfg(test)]
mod tests;
