//! Keys as rows: the list of all keys, in the groups to which the picture links.

use super::{Shown, because};
use crate::report::{text, words};
use std::collections::BTreeSet;
use tenure_model::{
    assessment::{Assessment, Key},
    day::Day,
    decide::Urgency,
    horizon::{End, Enforcer, Fill, Horizon, Row, Span, end, fill, is_living, label},
    key::{Basis, Told},
};

/// One key in a table.
pub(super) struct KeyRow {
    /// Its number on this page, from 1.
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) link: Option<String>,
    pub(super) owner: String,
    pub(super) level: &'static str,
    pub(super) verdict: &'static str,
    pub(super) action: &'static str,
    pub(super) because: String,
    pub(super) due: String,
    pub(super) created: String,
    pub(super) used: String,
    pub(super) ends: String,
}

impl KeyRow {
    pub(super) fn of(assessment: &Assessment, at: usize, shown: &Shown) -> Option<Self> {
        let key = assessment.keys.get(at)?;
        let outcome = &key.verdict.outcome;
        let day = |day: Option<Day>| day.map_or_else(|| "–".to_owned(), |day| day.to_string());
        Some(Self {
            number: at + 1,
            name: text::brief(&label(key), 90),
            link: shown.link(at),
            owner: owner(key),
            level: outcome.level.word(),
            verdict: words::verdict(key.verdict.id),
            action: words::action(outcome.action),
            because: text::brief(&because(key), 130),
            due: if outcome.urgency == Urgency::Covered {
                "covered".to_owned()
            } else {
                day(outcome.due)
            },
            created: told(&key.created_at, "unknown"),
            used: told(&key.last_used, "never"),
            ends: if is_living(key) {
                ends(key, assessment.today)
            } else {
                "revoked".to_owned()
            },
        })
    }

    /// The link to its reasons, where they stand on this page.
    pub(super) fn why(&self) -> Option<&str> {
        self.link.as_deref().filter(|link| link.starts_with("why"))
    }
}

/// A permanent exception is always shown with its review date.
fn ends(key: &Key, today: Day) -> String {
    match end(key, today) {
        None => "none".to_owned(),
        Some((day, Enforcer::Expiry)) => format!("{day}, by its provider"),
        Some((day, Enforcer::Exception)) if fill(key, today) == Fill::SignedPermanent => {
            format!("permanent, review due {day}")
        }
        Some((day, Enforcer::Exception)) => format!("{day}, by its exception"),
    }
}

pub(super) fn owner(key: &Key) -> String {
    key.owner
        .value
        .as_ref()
        .map_or_else(|| "nobody".to_owned(), |owner| text::brief(owner, 48))
}

fn told(day: &Told<Day>, never: &str) -> String {
    match (day.value, day.basis) {
        (Some(day), _) => day.to_string(),
        (None, Basis::Observed) => never.to_owned(),
        (None, Basis::NotOffered) => "cannot tell".to_owned(),
        (None, _) => "unknown".to_owned(),
    }
}

/// All keys of one level, with or without an end.
pub(super) struct Group {
    pub(super) anchor: String,
    pub(super) heading: String,
    pub(super) keys: String,
    pub(super) fills: Vec<Filled>,
}

/// Those of them with one fill.
pub(super) struct Filled {
    pub(super) anchor: String,
    pub(super) heading: String,
    pub(super) rows: Vec<KeyRow>,
    pub(super) left: usize,
}

pub(super) fn groups(assessment: &Assessment, horizon: &Horizon, shown: &Shown) -> Vec<Group> {
    horizon
        .rows
        .iter()
        .flat_map(|row| {
            [End::Endless, End::Ending]
                .into_iter()
                .map(move |end| (row, end))
        })
        .filter_map(|(row, end)| {
            let keys: u64 = row
                .areas
                .iter()
                .filter(|area| area.end == end)
                .map(|area| area.keys)
                .sum();
            (keys > 0).then(|| Group {
                anchor: words::group_anchor(row.level, end),
                heading: format!("{}, {}", row.level, words::end(end)),
                keys: text::keys(keys),
                fills: Fill::ALL
                    .iter()
                    .filter_map(|fill| filled(assessment, row, end, *fill, shown))
                    .collect(),
            })
        })
        .collect()
}

fn filled(
    assessment: &Assessment,
    row: &Row,
    end: End,
    fill: Fill,
    shown: &Shown,
) -> Option<Filled> {
    let those: Vec<&Span> = row
        .spans
        .iter()
        .filter(|span| span.fill == fill && span.ending() == end)
        .collect();
    if those.is_empty() {
        return None;
    }
    let mut listed: Vec<usize> = those
        .iter()
        .map(|span| span.key)
        .filter(|at| shown.listed.contains(at))
        .collect();
    listed.sort_unstable();
    let keys = u64::try_from(those.len()).unwrap_or(u64::MAX);
    Some(Filled {
        anchor: words::area_anchor(row.level, end, fill),
        heading: format!("{}: {}", words::fill(fill), text::keys(keys)),
        left: those.len() - listed.len(),
        rows: listed
            .iter()
            .filter_map(|at| KeyRow::of(assessment, *at, shown))
            .collect(),
    })
}

/// Keys whose revocation is proved: listed, not drawn.
pub(super) fn closed(assessment: &Assessment, shown: &Shown) -> (Vec<KeyRow>, usize) {
    let closed = || {
        assessment
            .keys
            .iter()
            .enumerate()
            .filter(|(_, key)| !is_living(key))
            .map(|(at, _)| at)
    };
    let rows: Vec<KeyRow> = closed()
        .filter(|at| shown.listed.contains(at))
        .filter_map(|at| KeyRow::of(assessment, at, shown))
        .collect();
    let left = closed().count() - rows.len();
    (rows, left)
}

/// The keys that get a row: all, or a fair share of each group and then the most urgent.
pub(super) fn listed(assessment: &Assessment, most: usize) -> BTreeSet<usize> {
    let keys = &assessment.keys;
    if keys.len() <= most {
        return (0..keys.len()).collect();
    }
    let share = most / 60;
    let mut taken: std::collections::BTreeMap<_, usize> = std::collections::BTreeMap::new();
    let mut listed = BTreeSet::new();
    for (at, key) in keys.iter().enumerate() {
        let group = (
            key.verdict.outcome.level,
            end(key, assessment.today).is_some(),
            fill(key, assessment.today),
            is_living(key),
        );
        let taken = taken.entry(group).or_default();
        if *taken < share {
            *taken += 1;
            listed.insert(at);
        }
    }
    for at in 0..keys.len() {
        if listed.len() >= most {
            break;
        }
        listed.insert(at);
    }
    listed
}
