//! The counts that open a report, and the few changes that end the most keys.

use crate::{
    assessment::{Change, Key, Summary},
    classify::Level,
    day::Day,
    decide::Urgency,
    facts::{PrivilegedPath, ReplacementOption, Verdict},
    horizon::{Fill, end, fill, is_living, signed_until},
    key::{Coverage, CoverageState},
    note::OptionNote,
    shared::Shared,
};
use std::collections::{BTreeMap, BTreeSet};

/// How many changes are named.
const MOST_CHANGES: usize = 10;

/// The most urgent first: what is to be done now, then by due date, then by level, then by name.
pub fn sort(keys: &mut [Key]) {
    keys.sort_unstable_by(|a, b| {
        let rank = |key: &Key| {
            let outcome = &key.verdict.outcome;
            let urgency = match outcome.urgency {
                Urgency::Now => 0,
                Urgency::Overdue => 1,
                Urgency::Due => 2,
                Urgency::Planned => 3,
                Urgency::Covered => 4,
                Urgency::None => 5,
            };
            (
                urgency,
                outcome.due.is_none(),
                outcome.due,
                std::cmp::Reverse(outcome.level),
                key.verdict.id,
            )
        };
        rank(a)
            .cmp(&rank(b))
            .then_with(|| (&a.provider, &a.name, &a.id).cmp(&(&b.provider, &b.name, &b.id)))
    });
}

/// Counts sorted keys.
#[must_use]
pub fn summarise(keys: &[Key], coverage: &[Coverage], today: Day) -> Summary {
    let living = || keys.iter().filter(|key| is_living(key));
    let count = |of: &dyn Fn(&Key) -> bool| {
        u64::try_from(living().filter(|key| of(key)).count()).unwrap_or(u64::MAX)
    };
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let mut by_verdict: BTreeMap<Verdict, u64> = BTreeMap::new();
    let mut by_level: BTreeMap<Level, u64> = BTreeMap::new();
    for key in keys {
        let verdict = by_verdict.entry(key.verdict.id).or_default();
        *verdict = verdict.saturating_add(1);
        let level = by_level.entry(key.verdict.outcome.level).or_default();
        *level = level.saturating_add(1);
    }
    let sources: BTreeSet<&str> = coverage.iter().map(|part| part.source.as_str()).collect();
    let not_whole: BTreeSet<&str> = coverage
        .iter()
        .filter(|part| {
            matches!(
                part.state,
                CoverageState::Partial | CoverageState::NotCovered
            )
        })
        .map(|part| part.source.as_str())
        .collect();
    Summary {
        keys: number(keys.len()),
        living: count(&|_| true),
        providers: number(
            keys.iter()
                .map(|key| key.provider.as_str())
                .filter(|provider| *provider != "unknown")
                .collect::<BTreeSet<_>>()
                .len(),
        ),
        endless: count(&|key| end(key, today).is_none()),
        signed: count(&|key| signed_until(key).is_some_and(|until| until > today)),
        better_way: count(&|key| fill(key, today) == Fill::BetterWay),
        change_production: count(&|key| changes_production(key)),
        high: count(&|key| key.verdict.outcome.level >= Level::B3),
        by_verdict,
        by_level,
        sources_whole: number(sources.len().saturating_sub(not_whole.len())),
        sources: number(sources.len()),
        files: 0,
        dismissed: BTreeMap::new(),
        notes: Vec::new(),
        changes: changes(keys),
    }
}

/// It lies on a path that can change what runs in production.
fn changes_production(key: &Key) -> bool {
    let fact = |name: &str| {
        key.facts
            .get(name)
            .and_then(|note| note.value.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let path: Option<PrivilegedPath> = fact("privileged_path").parse().ok();
    matches!(
        path,
        Some(
            PrivilegedPath::Deployment
                | PrivilegedPath::Publishing
                | PrivilegedPath::AdminConnector
        )
    ) || fact("privilege") == "admin"
}

/// What one piece of work ends: keys that one change at one place makes unnecessary.
fn changes(keys: &[Key]) -> Vec<Change> {
    let mut groups: BTreeMap<String, Vec<&Key>> = BTreeMap::new();
    for key in keys {
        if let Some(text) = ending(key) {
            groups.entry(text).or_default().push(key);
        }
    }
    let mut changes: Vec<Change> = groups
        .into_iter()
        .map(|(text, keys)| Change {
            text,
            high: u64::try_from(
                keys.iter()
                    .filter(|key| key.verdict.outcome.level >= Level::B3)
                    .count(),
            )
            .unwrap_or(u64::MAX),
            keys: keys.into_iter().map(|key| key.id.clone()).collect(),
        })
        .collect();
    changes.sort_by_key(|change| {
        (
            std::cmp::Reverse(change.high),
            std::cmp::Reverse(change.keys.len()),
            change.text.clone(),
        )
    });
    changes.truncate(MOST_CHANGES);
    changes
}

/// The change that ends this key, as one sentence shared by all keys that it ends. Moving a runtime to its own
/// identity is one piece of work for all providers that accept it; every other option is work per provider.
fn ending(key: &Key) -> Option<String> {
    let provider = &key.provider;
    let at = key.account.as_deref().map_or_else(
        || provider.clone(),
        |account| format!("{provider} {account}"),
    );
    let moved = |to: ReplacementOption| match (to, key.runtimes.as_slice()) {
        (ReplacementOption::WorkloadIdentityFederation, [one]) => {
            format!(
                "let jobs on {} prove who they are (OIDC), and end their keys",
                one.title()
            )
        }
        _ => format!("move {provider} keys to {}", to.title()),
    };
    match key.verdict.id {
        Verdict::Replaceable => key.verdict.outcome.to.map(moved),
        Verdict::Exposed => Some("contain and revoke what is exposed".to_owned()),
        Verdict::NoLongerNeeded | Verdict::Unused => Some(format!("turn off what is idle at {at}")),
        Verdict::Unowned
        | Verdict::ExposureOpen
        | Verdict::HumanUse
        | Verdict::BorrowedIdentity
            if key.verdict.outcome.then == Some(Verdict::Replaceable) =>
        {
            let now = |note: &&Shared<OptionNote>| {
                note.state == "now" && note.option != ReplacementOption::Gateway
            };
            key.options.iter().find(now).map(|note| moved(note.option))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
