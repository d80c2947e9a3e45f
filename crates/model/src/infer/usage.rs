//! Time: when a key was made, used, and ends; and what its provider says about it.

use super::{Ballot, Subject, World, declarations_of};
use crate::{
    day::Day,
    explain::FactName,
    facts::Status,
    key::{Basis, Told, When},
    place::Liveness,
};
use serde_json::json;

/// When a key was made, used, and ends.
pub(super) struct Usage {
    pub(super) created_at: Told<Day>,
    pub(super) last_used: Told<Day>,
    pub(super) expires_at: Told<Day>,
}

pub(super) fn usage(subject: &Subject, ballot: &mut Ballot) -> Usage {
    let mut created_at = told(subject, |row| row.created, |_, new| new);
    if let (Some(day), Some(source)) = (created_at.value, &created_at.source) {
        ballot.say(
            FactName::CreatedAt,
            day.to_string(),
            created_at.basis,
            source,
        );
    }
    let declared = declarations_of(subject, FactName::CreatedAt)
        .find_map(|(value, source)| Some((value.as_str()?.parse().ok()?, source)));
    if let (None, Some((day, source))) = (created_at.value, declared) {
        created_at = Told::new(day, Basis::Declared, source);
    }
    // The latest use that a source of the same strength saw is the last use.
    let mut last_used = told(
        subject,
        |row| row.last_used,
        |old, new| match (old, new) {
            (When::On(a), When::On(b)) => When::On(a.max(b)),
            (When::On(a), _) => When::On(a),
            (_, new) => new,
        },
    );
    let declared = declarations_of(subject, FactName::LastUsed).next();
    match (last_used.basis, declared) {
        (Basis::Observed | Basis::Declared, _) => {
            let source = last_used.source.clone().unwrap_or_default();
            ballot.say(
                FactName::LastUsed,
                json!({"offered": true, "at": last_used.value}),
                last_used.basis,
                source,
            );
        }
        (_, Some((value, source))) => {
            ballot.say(FactName::LastUsed, value.clone(), Basis::Declared, source);
            let offered = value.get("offered") == Some(&json!(true));
            let at = value
                .get("at")
                .and_then(|at| at.as_str())
                .and_then(|at| at.parse().ok());
            last_used = Told {
                value: at,
                basis: if offered {
                    Basis::Declared
                } else {
                    Basis::NotOffered
                },
                source: Some(source.to_owned()),
            };
        }
        (..) => {
            ballot.say(
                FactName::LastUsed,
                json!({"offered": false}),
                last_used.basis,
                "no source tells last use",
            );
        }
    }
    let expires_at = told(subject, |row| row.expires, |_, new| new);
    Usage {
        created_at,
        last_used,
        expires_at,
    }
}

/// What the strongest row says about a point in time; `NotOffered` and `Unknown` say nothing.
fn told(
    subject: &Subject,
    of: impl Fn(&crate::key::Row) -> When,
    join: impl Fn(When, When) -> When,
) -> Told<Day> {
    let mut best: Option<(When, Basis, &str)> = None;
    let mut could_tell = false;
    for row in &subject.rows {
        let when = of(&row.row);
        could_tell |= when == When::Unknown;
        if matches!(when, When::NotOffered | When::Unknown) {
            continue;
        }
        best = match best {
            Some((old, basis, source)) if basis < row.basis => Some((old, basis, source)),
            // INVARIANT of `Subject`: observed rows come first, so this one is as strong.
            Some((old, basis, source)) => {
                let joined = join(old, when);
                Some((
                    joined,
                    basis,
                    if joined == old { source } else { &row.source },
                ))
            }
            None => Some((when, row.basis, &row.source)),
        };
    }
    match best {
        Some((When::On(day), basis, source)) => Told::new(day, basis, source),
        Some((_, basis, source)) => Told {
            value: None,
            basis,
            source: Some(source.to_owned()),
        },
        None if could_tell || subject.rows.is_empty() => Told::unknown(),
        None => Told {
            value: None,
            basis: Basis::NotOffered,
            source: None,
        },
    }
}

/// The provider's state. P1 only from a whole listing of the same account, never from a declaration.
pub(super) fn status(subject: &Subject, usage: &Usage, world: &World<'_>, ballot: &mut Ballot) {
    // Two answers of the provider that contradict each other prove nothing: nobody knows which came later.
    let active = subject
        .rows
        .iter()
        .any(|row| row.basis == Basis::Observed && row.row.status == Some(Status::Active));
    // A key that its provider accepted is active, whatever a list says.
    let accepted = subject
        .sightings
        .iter()
        .any(|sighting| sighting.liveness == Liveness::Live);
    if accepted {
        ballot.say(
            FactName::Status,
            Status::Active.word(),
            Basis::Observed,
            "the provider accepted the key",
        );
    }
    let active = active || accepted;
    for row in &subject.rows {
        let Some(status) = row.row.status.filter(|s| *s != Status::Unknown) else {
            continue;
        };
        ballot.say(FactName::Status, status.word(), row.basis, &row.source);
        if matches!(status, Status::Inactive | Status::Refused)
            && row.basis == Basis::Observed
            && row.complete
            && !active
        {
            ballot.say(FactName::Proof, "P1", Basis::Observed, &row.source);
        }
    }
    if let Some(listing) = subject.absent_from.as_ref().filter(|_| !active) {
        ballot.say(FactName::Proof, "P1", Basis::Observed, listing.clone());
        let secret_at_hand = subject
            .sightings
            .iter()
            .any(|sighting| sighting.fingerprint.is_some());
        if !secret_at_hand {
            ballot.say(
                FactName::ProbePossible,
                false,
                Basis::Inferred,
                "only the provider's listing is at hand",
            );
        }
    }
    let ended = usage.expires_at.value.is_some_and(|day| day <= world.today);
    if ended && usage.expires_at.basis == Basis::Observed {
        let source = usage.expires_at.source.clone().unwrap_or_default();
        ballot.say(
            FactName::Status,
            Status::Refused.word(),
            Basis::Inferred,
            format!("expired, {source}"),
        );
    }
}
