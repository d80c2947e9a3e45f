//! The Horizon: which keys stand at which time and what ends them, as exact counts.
//!
//! Time runs from five years before today to thirteen months after it, in calendar months. An end
//! counts only where something enforces it: the provider's expiry, or an exception that somebody
//! approved. A computed due date ends nothing.

use crate::{
    assessment::{Assessment, Key},
    classify::Level,
    day::Day,
    decide::Urgency,
    facts::Verdict,
    key::Basis,
};
use jiff::{ToSpan, civil::Date};
use serde_json::Value;
use std::collections::BTreeMap;

/// Months before today.
pub const MONTHS_BACK: i32 = 60;
/// Months after today.
pub const MONTHS_AHEAD: i32 = 13;
/// The position of today among the points.
pub const TODAY: usize = 60;
/// The rows, from top to bottom.
pub const LEVELS: [Level; 5] = [Level::B4, Level::B3, Level::B2, Level::B1, Level::B0];

words! {
    /// What is to become of a key, in the order in which areas lie from top to bottom.
    pub enum Fill { ToBeEnded = "to_be_ended", BetterWay = "better_way", TimeBoxed = "time_boxed", SignedPermanent = "signed_permanent" }
}
words! {
    /// Whether something ends a key.
    pub enum End { Ending = "ending", Endless = "endless" }
}
words! {
    /// What enforces an end.
    pub enum Enforcer { Expiry = "expiry", Exception = "exception" }
}
words! {
    /// How finely the keys are drawn: by how many there are.
    pub enum Detail { Labelled = "labelled", Bars = "bars", Silhouette = "silhouette" }
}

/// The whole picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Horizon {
    /// The day of the assessment.
    pub today: Day,
    /// The days at which counts are taken, ascending: the first is five years back, the one at
    /// [`TODAY`] is today, the last is thirteen months ahead.
    pub points: Vec<Day>,
    /// Keys whose revocation is not proved.
    pub living: u64,
    /// Keys whose revocation is proved: not drawn.
    pub closed: u64,
    /// How finely to draw.
    pub detail: Detail,
    /// B4 to B0, always five.
    pub rows: Vec<Row>,
    /// The dates on which vendors end a kind of key, ascending.
    pub flags: Vec<Flag>,
    /// The day of the previous assessment, where its outline is given.
    pub previous: Option<Day>,
}

/// The keys of one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The level.
    pub level: Level,
    /// Every living key of this level: ending ones first, by fill and end.
    pub spans: Vec<Span>,
    /// The eight areas, from top to bottom: ending, then endless, each by fill.
    pub areas: Vec<Area>,
    /// How many keys the previous assessment saw standing at each point.
    pub outline: Option<Vec<u64>>,
}

/// One key in the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its position in the assessment.
    pub key: usize,
    /// Its id.
    pub id: Box<str>,
    /// The name that stands beside it.
    pub label: String,
    /// What is to become of it.
    pub fill: Fill,
    /// When it was issued; `None` where its age is unknown.
    pub created: Option<Day>,
    /// The enforced end, always after today.
    pub end: Option<(Day, Enforcer)>,
    /// The computed due date: a tick, never an end.
    pub due: Option<Day>,
}

/// The keys of one level with one fill, with or without an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// What is to become of them.
    pub fill: Fill,
    /// Whether something ends them.
    pub end: End,
    /// All of them; each stands today.
    pub keys: u64,
    /// Those of unknown age: drawn from today on, with a hatched stub before it.
    pub unknown_age: u64,
    /// How many stand at each point. Before today keys of unknown age are left out.
    pub standing: Vec<u64>,
}

/// A date on which a vendor ends a kind of key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The day, or the first day of the month.
    pub day: Day,
    /// The date as the vendor gives it.
    pub on: String,
    /// `no_new` or `refused`.
    pub effect: String,
    /// Which of them, where the vendor does not mean all.
    pub whom: Option<String>,
    /// The provider.
    pub provider: String,
    /// The credential kind.
    pub credential: Option<String>,
    /// The living keys that it concerns.
    pub keys: u64,
}

/// Where the living keys are at one point in time. The four add up to all living keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Drawn at this point.
    pub standing: u64,
    /// Issued later.
    pub not_yet: u64,
    /// Ended by then.
    pub ended: u64,
    /// Before today: of unknown age.
    pub unknown_age: u64,
}

impl Horizon {
    /// The picture of an assessment, with the outline of a previous one where there is one.
    #[must_use]
    pub fn of(assessment: &Assessment, previous: Option<&Assessment>) -> Self {
        let today = assessment.today;
        let points = points(today);
        let living = assessment.keys.iter().filter(|key| is_living(key)).count();
        let rows = LEVELS
            .iter()
            .map(|level| {
                let mut spans: Vec<Span> = assessment
                    .keys
                    .iter()
                    .enumerate()
                    .filter(|(_, key)| is_living(key) && key.verdict.outcome.level == *level)
                    .map(|(at, key)| Span::of(at, key, today))
                    .collect();
                spans.sort_by_key(|span| {
                    (
                        span.ending(),
                        span.fill,
                        span.end.map(|end| end.0),
                        span.created.is_none(),
                        span.created,
                        span.key,
                    )
                });
                Row {
                    level: *level,
                    areas: areas(&spans, &points, today),
                    outline: previous.map(|previous| outline(previous, *level, &points)),
                    spans,
                }
            })
            .collect();
        Self {
            today,
            points,
            living: count(living),
            closed: count(assessment.keys.len().saturating_sub(living)),
            detail: match living {
                0..=40 => Detail::Labelled,
                41..=300 => Detail::Bars,
                _ => Detail::Silhouette,
            },
            rows,
            flags: flags(assessment),
            previous: previous.map(|previous| previous.today),
        }
    }

    /// Living keys that nothing ends.
    #[must_use]
    pub fn endless(&self) -> u64 {
        self.areas()
            .filter(|area| area.end == End::Endless)
            .map(|area| area.keys)
            .sum()
    }

    /// Living keys with one fill.
    #[must_use]
    pub fn with_fill(&self, fill: Fill) -> u64 {
        self.areas()
            .filter(|area| area.fill == fill)
            .map(|area| area.keys)
            .sum()
    }

    /// Living keys whose age nobody knows.
    #[must_use]
    pub fn unknown_age(&self) -> u64 {
        self.areas().map(|area| area.unknown_age).sum()
    }

    /// Where all living keys are at one of the points.
    #[must_use]
    pub fn tally(&self, point: usize) -> Tally {
        let Some(day) = self.points.get(point) else {
            return Tally::default();
        };
        let standing = self
            .areas()
            .filter_map(|area| area.standing.get(point))
            .sum();
        let spans = || self.rows.iter().flat_map(|row| &row.spans);
        let past = *day < self.today;
        Tally {
            standing,
            not_yet: count(
                spans()
                    .filter(|span| span.created.is_some_and(|created| created > *day))
                    .count(),
            ),
            ended: count(
                spans()
                    .filter(|span| span.end.is_some_and(|(end, _)| end <= *day))
                    .count(),
            ),
            unknown_age: if past { self.unknown_age() } else { 0 },
        }
    }

    fn areas(&self) -> impl Iterator<Item = &Area> {
        self.rows.iter().flat_map(|row| &row.areas)
    }
}

impl Row {
    /// How many keys it has.
    #[must_use]
    pub fn keys(&self) -> u64 {
        count(self.spans.len())
    }

    /// How many of them nothing ends.
    #[must_use]
    pub fn endless(&self) -> u64 {
        self.areas
            .iter()
            .filter(|area| area.end == End::Endless)
            .map(|area| area.keys)
            .sum()
    }

    /// The keys whose enforced end lies within the picture.
    #[must_use]
    pub fn ends_until(&self, last: Day) -> u64 {
        count(
            self.spans
                .iter()
                .filter(|span| span.end.is_some_and(|(day, _)| day <= last))
                .count(),
        )
    }

    /// The keys whose computed due date lies in `from..until`.
    #[must_use]
    pub fn due_within(&self, from: Day, until: Day) -> u64 {
        count(
            self.spans
                .iter()
                .filter(|span| span.due.is_some_and(|day| day >= from && day < until))
                .count(),
        )
    }
}

impl Span {
    fn of(at: usize, key: &Key, today: Day) -> Self {
        Self {
            key: at,
            id: key.id.as_str().into(),
            label: short_label(key),
            fill: fill(key, today),
            // A source that dates a key after today is wrong; the key stands today all the same.
            created: key.created_at.value.map(|day| day.min(today)),
            end: end(key, today),
            due: key.verdict.outcome.due,
        }
    }

    /// Whether something ends it.
    #[must_use]
    pub fn ending(&self) -> End {
        if self.end.is_some() {
            End::Ending
        } else {
            End::Endless
        }
    }

    fn stands(&self, day: Day, today: Day) -> bool {
        let issued = match self.created {
            Some(created) => created <= day,
            None => day >= today,
        };
        issued && self.end.is_none_or(|(end, _)| end > day)
    }
}

/// Whether the revocation of a key is not proved.
#[must_use]
pub fn is_living(key: &Key) -> bool {
    key.verdict.id != Verdict::ProvenRevoked
}

/// The name that a reader knows a key by.
#[must_use]
pub fn label(key: &Key) -> String {
    let short = short_label(key);
    match &key.hint {
        Some(hint) if !short.contains(hint.as_str()) => format!("{short} {hint}"),
        _ => short,
    }
}

/// The same without the hint at its secret, unless nothing else tells it apart.
#[must_use]
pub fn short_label(key: &Key) -> String {
    let named = key.name.as_ref().or(key.key_id.as_ref());
    let name = named.or(key.hint.as_ref()).unwrap_or(&key.id);
    format!("{} {name}", key.provider)
}

/// What is to become of a key.
///
/// Only a signature makes a key permanent or time-boxed: an irreplaceable key that nobody signed for
/// is still to be ended, or to be signed for.
#[must_use]
pub fn fill(key: &Key, today: Day) -> Fill {
    let outcome = &key.verdict.outcome;
    let signed = signed_until(key).is_some_and(|day| day > today);
    match key.verdict.id {
        Verdict::Irreplaceable | Verdict::Public | Verdict::Minor if signed => {
            Fill::SignedPermanent
        }
        _ if outcome.urgency == Urgency::Covered && signed => Fill::TimeBoxed,
        Verdict::Replaceable | Verdict::Later => Fill::BetterWay,
        Verdict::Unowned | Verdict::HumanUse | Verdict::BorrowedIdentity
            if matches!(outcome.then, Some(Verdict::Replaceable | Verdict::Later)) =>
        {
            Fill::BetterWay
        }
        _ => Fill::ToBeEnded,
    }
}

/// The day until which somebody signed for a key, if that signature counts for its verdict.
#[must_use]
pub fn signed_until(key: &Key) -> Option<Day> {
    let counts = key.verdict.outcome.urgency == Urgency::Covered
        || matches!(key.verdict.id, Verdict::Public | Verdict::Minor);
    let until = key
        .facts
        .get("exception")?
        .value
        .get("approved_until")
        .and_then(Value::as_str)?;
    counts.then(|| until.parse().ok()).flatten()
}

/// The first enforced end of a key after today.
#[must_use]
pub fn end(key: &Key, today: Day) -> Option<(Day, Enforcer)> {
    let expiry = key
        .expires_at
        .value
        .filter(|_| matches!(key.expires_at.basis, Basis::Observed | Basis::Declared))
        .map(|day| (day, Enforcer::Expiry));
    let exception = signed_until(key).map(|day| (day, Enforcer::Exception));
    expiry
        .into_iter()
        .chain(exception)
        .filter(|(day, _)| *day > today)
        .min()
}

fn points(today: Day) -> Vec<Day> {
    (-MONTHS_BACK..=MONTHS_AHEAD)
        .map(|months| {
            let date = today
                .date()
                .checked_add(months.months())
                .unwrap_or_else(|_| today.date());
            day_of(date)
        })
        .collect()
}

fn day_of(date: Date) -> Day {
    let epoch = Date::constant(1970, 1, 1);
    Day::from_unix_seconds(date.duration_since(epoch).as_secs())
}

fn areas(spans: &[Span], points: &[Day], today: Day) -> Vec<Area> {
    let mut areas = Vec::with_capacity(8);
    for end in End::ALL {
        for fill in Fill::ALL {
            let those = || {
                spans
                    .iter()
                    .filter(|span| span.fill == *fill && span.ending() == *end)
            };
            areas.push(Area {
                fill: *fill,
                end: *end,
                keys: count(those().count()),
                unknown_age: count(those().filter(|span| span.created.is_none()).count()),
                standing: points
                    .iter()
                    .map(|day| count(those().filter(|span| span.stands(*day, today)).count()))
                    .collect(),
            });
        }
    }
    areas
}

fn outline(previous: &Assessment, level: Level, points: &[Day]) -> Vec<u64> {
    let spans: Vec<Span> = previous
        .keys
        .iter()
        .enumerate()
        .filter(|(_, key)| is_living(key) && key.verdict.outcome.level == level)
        .map(|(at, key)| Span::of(at, key, previous.today))
        .collect();
    points
        .iter()
        .map(|day| {
            count(
                spans
                    .iter()
                    .filter(|span| span.stands(*day, previous.today))
                    .count(),
            )
        })
        .collect()
}

fn flags(assessment: &Assessment) -> Vec<Flag> {
    let mut flags: BTreeMap<(Day, &str, Option<&str>, &str), Flag> = BTreeMap::new();
    for key in assessment.keys.iter().filter(|key| is_living(key)) {
        for sunset in &key.sunsets {
            let whole = if sunset.on.len() == 7 {
                format!("{}-01", sunset.on)
            } else {
                sunset.on.clone()
            };
            let Ok(day) = whole.parse::<Day>() else {
                continue;
            };
            flags
                .entry((
                    day,
                    &key.provider,
                    key.credential.as_deref(),
                    &sunset.effect,
                ))
                .or_insert_with(|| Flag {
                    day,
                    on: sunset.on.clone(),
                    effect: sunset.effect.clone(),
                    whom: sunset.whom.clone(),
                    provider: key.provider.clone(),
                    credential: key.credential.clone(),
                    keys: 0,
                })
                .keys += 1;
        }
    }
    flags.into_values().collect()
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
