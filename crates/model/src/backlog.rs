//! The keys that nobody answers for, over time: those that were there when it began, and those that came since.

use crate::{day::Day, level::Level, policy::Backlog};
use serde::Serialize;

/// A key as the backlog counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Its name.
    pub name: String,
    /// How bad it is.
    pub level: Level,
    /// When it came to be known.
    pub added: Day,
    /// Since when no source names it any more.
    pub gone: Option<Day>,
    /// The times in which somebody answered for it: from, until; `None` where it still holds.
    pub owned: Vec<(Day, Option<Day>)>,
}

impl Counted {
    /// Whether it was there at the end of a day without anybody who answers for it.
    #[must_use]
    pub fn is_open(&self, day: Day) -> bool {
        let holds = |(from, until): &(Day, Option<Day>)| {
            *from <= day && until.is_none_or(|until| until > day)
        };
        self.added <= day
            && self.gone.is_none_or(|gone| gone > day)
            && !self.owned.iter().any(holds)
    }

    /// The day since which it is without an owner, where it is on `day`.
    fn open_since(&self, day: Day) -> Day {
        let ended = self.owned.iter().filter_map(|(_, until)| *until);
        ended
            .filter(|until| *until <= day)
            .max()
            .unwrap_or(self.added)
    }
}

/// One point of the two burn-downs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(rename = "BacklogPoint")]
pub struct Point {
    /// The day, at its end.
    pub day: Day,
    /// Keys of the backlog without an owner.
    pub backlog: u64,
    /// Keys that came after the baseline, without an owner.
    pub since: u64,
}

/// How it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(rename = "BacklogStanding")]
pub struct Standing {
    /// The day on which the backlog was counted first.
    pub baseline: Day,
    /// How many keys had no owner on that day.
    pub began: u64,
    /// One point a week from the baseline, and one for today.
    pub points: Vec<Point>,
    /// Keys of the backlog that are past their term.
    pub overdue: u64,
    /// The next term of a key of the backlog.
    pub next_due: Option<Day>,
    /// Keys without an owner that came, or lost theirs, after the baseline: what the ratchet does not allow.
    pub new: Vec<String>,
    /// Whether the ratchet holds: no new key without an owner.
    pub holds: bool,
}

/// How many new keys are named.
const NAMED: usize = 20;

/// Counts the backlog as of `today`.
#[must_use]
pub fn standing(keys: &[Counted], policy: &Backlog, baseline: Day, today: Day) -> Standing {
    let is_old = |key: &Counted| key.is_open(baseline);
    let point = |day: Day| {
        let open = |old: bool| {
            let n = keys
                .iter()
                .filter(|key| is_old(key) == old && key.is_open(day))
                .count();
            u64::try_from(n).unwrap_or(u64::MAX)
        };
        Point {
            day,
            backlog: open(true),
            since: open(false),
        }
    };
    let mut days = Vec::new();
    let mut day = baseline;
    while day < today {
        days.push(day);
        day = day.plus(7);
    }
    days.push(today.max(baseline));
    let open: Vec<&Counted> = keys.iter().filter(|key| key.is_open(today)).collect();
    let (old, new): (Vec<&Counted>, Vec<&Counted>) = open.into_iter().partition(|key| is_old(key));
    let due = |key: &&Counted| {
        // Who answered once and no longer does: the term begins with that day.
        let from = key.open_since(today).max(baseline);
        from.plus(policy.due.at(key.level))
    };
    let (past, ahead): (Vec<Day>, Vec<Day>) = old.iter().map(due).partition(|due| *due < today);
    let mut names: Vec<String> = new.iter().map(|key| key.name.clone()).collect();
    names.sort();
    let holds = names.is_empty();
    names.truncate(NAMED);
    Standing {
        baseline,
        began: point(baseline).backlog,
        points: days.into_iter().map(point).collect(),
        overdue: u64::try_from(past.len()).unwrap_or(u64::MAX),
        next_due: ahead.into_iter().min(),
        new: names,
        holds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn key(name: &str, level: Level, added: &str, owned: &[(&str, Option<&str>)]) -> Counted {
        Counted {
            name: name.to_owned(),
            level,
            added: day(added),
            gone: None,
            owned: owned
                .iter()
                .map(|(from, until)| (day(from), until.map(day)))
                .collect(),
        }
    }

    #[test]
    fn two_burn_downs_and_a_ratchet() {
        let policy = Policy::builtin().backlog();
        let mut keys = vec![
            key("old", Level::B4, "2026-11-01", &[]),
            key("assigned", Level::B1, "2026-11-01", &[("2026-11-10", None)]),
            key("always", Level::B1, "2026-11-01", &[("2026-11-01", None)]),
        ];
        let base = day("2026-11-02");
        let got = standing(&keys, &policy, base, day("2026-11-18"));
        let told: Vec<(String, u64, u64)> = got
            .points
            .iter()
            .map(|point| (point.day.to_string(), point.backlog, point.since))
            .collect();
        assert_eq!(
            told,
            [
                ("2026-11-02".to_owned(), 2, 0),
                ("2026-11-09".to_owned(), 2, 0),
                ("2026-11-16".to_owned(), 1, 0),
                ("2026-11-18".to_owned(), 1, 0)
            ]
        );
        assert!(got.holds);
        // 14 days at B4: the 16th is the last of them.
        assert_eq!((got.began, got.overdue, got.next_due), (2, 1, None));
        let before = standing(&keys, &policy, base, day("2026-11-16"));
        assert_eq!(
            (before.overdue, before.next_due),
            (0, Some(day("2026-11-16")))
        );

        // A new key without owner, and one that lost its owner, break the ratchet; one that is gone does not.
        keys.push(key("new", Level::B1, "2026-11-12", &[]));
        keys.push(key(
            "left",
            Level::B1,
            "2026-11-01",
            &[("2026-11-01", Some("2026-11-14"))],
        ));
        keys.push(Counted {
            gone: Some(day("2026-11-15")),
            ..key("brief", Level::B1, "2026-11-13", &[])
        });
        let got = standing(&keys, &policy, base, day("2026-11-18"));
        assert_eq!(got.new, ["left", "new"]);
        assert!(!got.holds);
        assert_eq!(got.points[3].since, 2);
        assert_eq!(got.points[3].backlog, 1, "told apart");
    }

    #[test]
    fn the_first_day_is_a_point_of_its_own() {
        let policy = Policy::builtin().backlog();
        let base = day("2026-11-02");
        let got = standing(
            &[key("k", Level::B2, "2026-11-02", &[])],
            &policy,
            base,
            base,
        );
        assert_eq!(got.points.len(), 1);
        assert_eq!(got.next_due, Some(day("2027-01-01")), "60 days at B2");
    }
}
