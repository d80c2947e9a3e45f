//! What changed between two assessments of the same places.

use crate::{
    assessment::{Assessment, Key},
    day::Day,
    facts::Verdict,
    horizon::label,
    key::CoverageState,
    level::Level,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The schema name.
pub const SCHEMA: &str = "tenure.diff/1";

words! {
    /// What became of a key.
    pub enum Change {
        Appeared = "appeared", Gone = "gone", NotSeen = "not_seen", Worse = "worse", Better = "better", Other = "other",
    }
}

/// One key that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub key: String,
    /// What became of it.
    pub change: Change,
    /// Verdict and level before; none where it was not there.
    pub before: Option<Standing>,
    /// Verdict and level now; none where it is not there.
    pub now: Option<Standing>,
    /// What else differs, by name.
    pub fields: Vec<Field>,
}

/// What is decided about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The verdict.
    pub verdict: Verdict,
    /// The level.
    pub level: Level,
}

/// A value that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The field or fact.
    pub name: String,
    /// Its value before, as text.
    pub before: String,
    /// Its value now, as text.
    pub now: String,
}

/// The whole difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// The day of the earlier assessment.
    pub from: Day,
    /// The day of the later one.
    pub to: Day,
    /// Another policy was in force.
    pub policy_changed: bool,
    /// Keys that are not what they were, the worst first.
    pub keys: Vec<Changed>,
    /// Keys that are what they were.
    pub same: u64,
    /// Sources that were read whole before and are not now, with the reason.
    pub lost_sources: Vec<(String, String)>,
}

/// Compares two assessments. A key that is not there any more counts as gone only where everything was read:
/// else it was not seen.
#[must_use]
pub fn diff(before: &Assessment, now: &Assessment) -> Diff {
    let earlier: BTreeMap<&str, &Key> = before.keys.iter().map(|k| (k.id.as_str(), k)).collect();
    let later: BTreeSet<&str> = now.keys.iter().map(|k| k.id.as_str()).collect();
    let mut keys = Vec::new();
    let mut same = 0u64;
    for key in &now.keys {
        match earlier.get(key.id.as_str()) {
            None => keys.push(changed(
                key,
                Change::Appeared,
                None,
                Some(standing(key)),
                vec![],
            )),
            Some(old) => match compare(old, key) {
                Some(one) => keys.push(one),
                None => same = same.saturating_add(1),
            },
        }
    }
    let gone = before
        .keys
        .iter()
        .filter(|key| !later.contains(key.id.as_str()));
    for key in gone {
        let change = if now.complete {
            Change::Gone
        } else {
            Change::NotSeen
        };
        keys.push(changed(key, change, Some(standing(key)), None, vec![]));
    }
    keys.sort_by(|a, b| {
        let rank = |one: &Changed| {
            let level = one.now.or(one.before).map(|standing| standing.level);
            let order = match one.change {
                Change::Worse => 0,
                Change::Appeared => 1,
                Change::NotSeen => 2,
                Change::Other => 3,
                Change::Better => 4,
                Change::Gone => 5,
            };
            (order, std::cmp::Reverse(level))
        };
        (rank(a), &a.key, &a.id).cmp(&(rank(b), &b.key, &b.id))
    });
    Diff {
        schema: SCHEMA,
        from: before.today,
        to: now.today,
        policy_changed: before.policy != now.policy,
        keys,
        same,
        lost_sources: lost(before, now),
    }
}

fn standing(key: &Key) -> Standing {
    Standing {
        verdict: key.verdict.id,
        level: key.verdict.outcome.level,
    }
}

fn changed(
    key: &Key,
    change: Change,
    before: Option<Standing>,
    now: Option<Standing>,
    fields: Vec<Field>,
) -> Changed {
    Changed {
        id: key.id.clone(),
        key: label(key),
        change,
        before,
        now,
        fields,
    }
}

fn compare(old: &Key, new: &Key) -> Option<Changed> {
    let (before, now) = (standing(old), standing(new));
    let fields = fields(old, new);
    if before == now && fields.is_empty() {
        return None;
    }
    // A higher level is worse whatever the verdict; at one level an earlier rule is a worse finding, but for
    // the proof that a key is dead.
    let rank = |standing: Standing| match standing.verdict {
        Verdict::ProvenRevoked => u8::MAX,
        verdict => Verdict::ALL
            .iter()
            .position(|known| *known == verdict)
            .and_then(|at| u8::try_from(at).ok())
            .unwrap_or(u8::MAX),
    };
    let change = match (
        rank(now) == u8::MAX,
        now.level.cmp(&before.level),
        rank(now).cmp(&rank(before)),
    ) {
        (true, ..) if before.verdict != now.verdict => Change::Better,
        (_, std::cmp::Ordering::Greater, _) => Change::Worse,
        (_, std::cmp::Ordering::Less, _) => Change::Better,
        (_, _, std::cmp::Ordering::Less) => Change::Worse,
        (_, _, std::cmp::Ordering::Greater) => Change::Better,
        _ => Change::Other,
    };
    Some(changed(new, change, Some(before), Some(now), fields))
}

/// What a reader would call a change: facts, owner, system, end, and where copies are. Last use moves every
/// day and is none.
fn fields(old: &Key, new: &Key) -> Vec<Field> {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    let day = |value: Option<Day>| value.map_or_else(|| "none".to_owned(), |day| day.to_string());
    let mut pairs = vec![
        ("owner", text(&old.owner.value), text(&new.owner.value)),
        ("system", text(&old.system.value), text(&new.system.value)),
        (
            "created_at",
            day(old.created_at.value),
            day(new.created_at.value),
        ),
        (
            "expires_at",
            day(old.expires_at.value),
            day(new.expires_at.value),
        ),
        (
            "copies",
            old.sightings.len().to_string(),
            new.sightings.len().to_string(),
        ),
    ];
    let names = old.facts.keys().chain(new.facts.keys());
    let names: BTreeSet<&str> = names.map(AsRef::as_ref).collect();
    let skipped =
        |name: &str| name == "last_used" || name == "created_at" || name.starts_with("since.");
    let value = |key: &Key, name: &str| {
        key.facts
            .get(name)
            .map_or_else(|| "nobody says".to_owned(), |note| note.value.to_string())
    };
    for name in names.into_iter().filter(|name| !skipped(name)) {
        pairs.push((name, value(old, name), value(new, name)));
    }
    pairs
        .into_iter()
        .filter(|(_, before, now)| before != now)
        .map(|(name, before, now)| Field {
            name: name.to_owned(),
            before,
            now,
        })
        .collect()
}

fn lost(before: &Assessment, now: &Assessment) -> Vec<(String, String)> {
    let whole: BTreeSet<(&str, &str)> = before
        .coverage
        .iter()
        .filter(|part| part.state == CoverageState::Complete)
        .map(|part| (part.source.as_str(), part.part.as_str()))
        .collect();
    let mut lost: Vec<(String, String)> = now
        .coverage
        .iter()
        .filter(|part| {
            whole.contains(&(part.source.as_str(), part.part.as_str()))
                && matches!(
                    part.state,
                    CoverageState::Partial | CoverageState::NotCovered
                )
        })
        .map(|part| (part.source.clone(), part.reason.clone().unwrap_or_default()))
        .collect();
    let still: BTreeSet<&str> = now
        .coverage
        .iter()
        .map(|part| part.source.as_str())
        .collect();
    let missing: BTreeSet<&str> = whole
        .iter()
        .map(|(source, _)| *source)
        .filter(|source| !still.contains(source))
        .collect();
    lost.extend(
        missing
            .into_iter()
            .map(|source| (source.to_owned(), "was not given this time".to_owned())),
    );
    lost
}
