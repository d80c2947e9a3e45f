//! The policy: every number that the rules use, versioned, and stored by digest with each decision.

use crate::{day::Day, digest, level::Level};
use serde::{Deserialize, Serialize};

/// The schema name of a policy file.
pub const SCHEMA: &str = "tenure.policy/1";

/// The policy in force where none is named, as text.
pub const DEFAULT_TOML: &str = include_str!("policy.default.toml");

/// Days by level; `other` is for the levels below those named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByLevel {
    /// Days at B4.
    pub b4: u32,
    /// Days at B3.
    pub b3: u32,
    /// Days at B2; the same as `other` where the file leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b2: Option<u32>,
    /// Days at every other level.
    pub other: u32,
}

impl ByLevel {
    /// The days for one level.
    #[must_use]
    pub fn at(&self, level: Level) -> i64 {
        i64::from(match level {
            Level::B4 => self.b4,
            Level::B3 => self.b3,
            Level::B2 => self.b2.unwrap_or(self.other),
            Level::B1 | Level::B0 => self.other,
        })
    }
}

/// When a key counts as unused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dormancy {
    /// Days without use that always have to pass.
    pub at_least_days: u32,
    /// The share of the expected rhythm that has to pass, in percent.
    pub rhythm_percent: u32,
    /// Days after which any rhythm has run out.
    pub at_most_days: u32,
}

/// How long evidence stays fresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "EvidencePolicy")]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// A passed revocation drill lowers the level for this many days.
    pub revocation_drill_days: u32,
    /// A break-glass key must have been drilled within this many days.
    pub break_glass_drill_days: u32,
    /// Days within which an owner confirms a key.
    pub attestation_days: ByLevel,
    /// Rotation interval.
    pub rotation_days: ByLevel,
    /// The targeted risk analysis that the rotation interval rests on.
    pub rotation_analysis: String,
}

/// Days until each finding is due, from the day it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "DuePolicy")]
#[serde(deny_unknown_fields)]
pub struct Due {
    /// `exposed`.
    pub exposed: u32,
    /// `no_longer_needed`.
    pub no_longer_needed: u32,
    /// `unused`.
    pub unused: u32,
    /// `no_longer_needed` and `unused` with any exposure in effect.
    pub retire_with_exposure: u32,
    /// `exposure_open`.
    pub exposure_open: ByLevel,
    /// `unowned`.
    pub unowned: ByLevel,
    /// `human_use`.
    pub human_use: u32,
    /// `borrowed_identity`.
    pub borrowed_identity: u32,
    /// `borrowed_identity`: this many days before the owner leaves, if that is earlier.
    pub before_owner_leaves: u32,
    /// `replaceable`.
    pub replaceable: ByLevel,
    /// `later`: the cap, whatever date the option names.
    pub later_cap: ByLevel,
    /// `unassessed`, `constrain`, `shared_too_widely`, `irreplaceable`: to get it signed.
    pub to_sign: u32,
    /// A finding this many days ahead or fewer is `due` rather than `planned`.
    pub soon: u32,
}

/// Days until a kept key is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "ReviewPolicy")]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// `public`.
    pub public: u32,
    /// `minor`.
    pub minor: u32,
    /// `irreplaceable`.
    pub irreplaceable: ByLevel,
}

/// What of a key may be shown to tell it from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "HintPolicy")]
#[serde(deny_unknown_fields)]
pub struct Hint {
    /// Show the kind's fixed prefix.
    pub prefix: bool,
    /// Show this many last characters, at most 4.
    pub last: u8,
}

/// How the keys are worked off that nobody answered for when the register began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "BacklogPolicy")]
#[serde(deny_unknown_fields)]
pub struct Backlog {
    /// The day on which it was counted; the day on which the register was made where the file leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Day>,
    /// Days from then until a key needs somebody who answers for it.
    pub due: ByLevel,
    /// About how many keys one person is asked in a week, at most.
    pub weekly_cap: u32,
    /// Days between a question and its reminder, and between reminders.
    pub remind_days: u32,
    /// After so many reminders the manager is asked.
    pub reminders: u32,
}

impl Backlog {
    /// What holds where a policy says nothing.
    pub const STANDARD: Self = Self {
        baseline: None,
        due: ByLevel {
            b4: 14,
            b3: 30,
            b2: Some(60),
            other: 90,
        },
        weekly_cap: 25,
        remind_days: 7,
        reminders: 2,
    };
}

/// All numbers in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The edition of this policy, a text of your choice.
    pub version: String,
    /// When a key counts as unused.
    pub dormancy: Dormancy,
    /// How long evidence stays fresh.
    pub evidence: Evidence,
    /// When findings are due.
    pub due: Due,
    /// When kept keys are reviewed.
    pub review: Review,
    /// What of a key may be shown.
    pub hint: Hint,
    /// How the backlog is worked off; [`Backlog::STANDARD`] where the file leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backlog: Option<Backlog>,
}

/// What is wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct PolicyError {
    /// The path of the field, or `line N`.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Policy {
    /// Reads a policy file. Every number has to be there: a policy is never half of a default.
    ///
    /// # Errors
    /// Names the field that is missing, unknown or out of range.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let deserializer = toml::Deserializer::parse(text).map_err(|error| PolicyError {
            field: position(text, error.span()),
            problem: error.message().to_owned(),
        })?;
        let policy: Self = serde_path_to_error::deserialize(deserializer).map_err(|error| {
            let path = error.path().to_string();
            let inner = error.into_inner();
            PolicyError {
                field: if path == "." {
                    position(text, inner.span())
                } else {
                    path
                },
                problem: inner.message().to_owned(),
            }
        })?;
        policy.checked()
    }

    /// The built-in policy.
    #[must_use]
    pub fn builtin() -> Self {
        #[expect(
            clippy::expect_used,
            reason = "the text is part of the binary and a test reads it"
        )]
        Self::parse(DEFAULT_TOML).expect("the built-in policy is well formed")
    }

    /// SHA-256 over the RFC 8785 canonical JSON of the whole policy, in lower-case hex.
    #[must_use]
    pub fn digest(&self) -> String {
        digest::of(self)
    }

    /// How the backlog is worked off.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        self.backlog.unwrap_or(Backlog::STANDARD)
    }

    /// Days without use after which a key with this rhythm is unused.
    #[must_use]
    pub fn dormancy_days(&self, expected_every_days: Option<u64>) -> i64 {
        let d = &self.dormancy;
        let rhythm = expected_every_days
            .unwrap_or(0)
            .saturating_mul(u64::from(d.rhythm_percent))
            .div_ceil(100)
            .min(u64::from(u32::MAX));
        i64::try_from(rhythm)
            .unwrap_or(i64::MAX)
            .max(i64::from(d.at_least_days))
            .min(i64::from(d.at_most_days))
    }

    /// Whether something that happened on `day` is at most `within` days old on `today`.
    #[must_use]
    pub fn fresh(day: Option<Day>, within: u32, today: Day) -> bool {
        day.is_some_and(|day| (0..=i64::from(within)).contains(&today.since(day)))
    }

    fn checked(self) -> Result<Self, PolicyError> {
        let refuse = |field: &str, problem: &str| {
            Err(PolicyError {
                field: field.to_owned(),
                problem: problem.to_owned(),
            })
        };
        if self.schema != SCHEMA {
            return refuse("schema", "write `tenure.policy/1`");
        }
        if self.version.trim().is_empty() {
            return refuse(
                "version",
                "is empty; name this edition, for example with a date",
            );
        }
        if self.dormancy.at_most_days < self.dormancy.at_least_days {
            return refuse(
                "dormancy.at_most_days",
                "is smaller than dormancy.at_least_days",
            );
        }
        if self.hint.last > 4 {
            return refuse("hint.last", "shows more of a key than 4 characters");
        }
        let backlog = self.backlog();
        for (field, number) in [
            ("backlog.weekly_cap", backlog.weekly_cap),
            ("backlog.remind_days", backlog.remind_days),
        ] {
            if number == 0 {
                return refuse(field, "is 0; write 1 or more");
            }
        }
        for (field, days) in [
            ("backlog.due", &backlog.due),
            ("due.exposure_open", &self.due.exposure_open),
            ("due.unowned", &self.due.unowned),
            ("due.replaceable", &self.due.replaceable),
            ("due.later_cap", &self.due.later_cap),
            ("review.irreplaceable", &self.review.irreplaceable),
            ("evidence.attestation_days", &self.evidence.attestation_days),
            ("evidence.rotation_days", &self.evidence.rotation_days),
        ] {
            let falling = [Level::B4, Level::B3, Level::B2, Level::B1].map(|level| days.at(level));
            if !falling.is_sorted() {
                return refuse(field, "gives a higher level more time than a lower one");
            }
        }
        Ok(self)
    }
}

fn position(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let upto = span.and_then(|span| text.get(..span.start)).unwrap_or("");
    format!(
        "line {}",
        upto.bytes()
            .filter(|b| *b == b'\n')
            .count()
            .saturating_add(1)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_policy_reads_and_has_a_stable_digest() {
        let policy = Policy::builtin();
        assert_eq!(
            policy.digest(),
            Policy::parse(DEFAULT_TOML).unwrap().digest()
        );
        assert_eq!(policy.digest().len(), 64);
    }

    #[test]
    fn a_changed_number_changes_the_digest_and_a_comment_does_not() {
        let policy = Policy::builtin();
        let commented = Policy::parse(&format!("# mine\n{DEFAULT_TOML}")).unwrap();
        assert_eq!(policy.digest(), commented.digest());
        let changed =
            Policy::parse(&DEFAULT_TOML.replace("human_use = 14", "human_use = 15")).unwrap();
        assert_ne!(policy.digest(), changed.digest());
    }

    #[test]
    fn errors_name_the_field() {
        let err = |from: &str, to: &str| {
            assert!(DEFAULT_TOML.contains(from), "{from}");
            Policy::parse(&DEFAULT_TOML.replacen(from, to, 1))
                .unwrap_err()
                .to_string()
        };
        assert!(err("human_use = 14", "human_uze = 14").contains("human_uze"));
        assert!(err("human_use = 14", "").contains("human_use"));
        assert!(err("human_use = 14", "human_use = \"x\"").starts_with("due.human_use"));
        assert!(err("human_use = 14", "human_use = = 2").starts_with("line "));
        let backwards = err("at_most_days = 400", "at_most_days = 89");
        assert!(
            backwards.starts_with("dormancy.at_most_days"),
            "{backwards}"
        );
        let one_length = DEFAULT_TOML.replacen("at_most_days = 400", "at_most_days = 90", 1);
        assert!(Policy::parse(&one_length).is_ok());
        assert!(err("last = 4", "last = 12").starts_with("hint.last"));
        assert!(
            err("exposure_open = { b4 = 2", "exposure_open = { b4 = 200")
                .starts_with("due.exposure_open")
        );
        assert!(err("tenure.policy/1", "tenure.policy/9").starts_with("schema"));
        let backlog = |text: &str| {
            let text = format!("{DEFAULT_TOML}\n[backlog]\n{text}");
            Policy::parse(&text).map_err(|error| error.to_string())
        };
        let good = "due = { b4 = 7, b3 = 14, other = 30 }\nweekly_cap = 5\nremind_days = 3\nreminders = 1\n";
        let dated = backlog(&format!("baseline = \"2026-12-01\"\n{good}")).unwrap();
        assert_eq!(dated.backlog().weekly_cap, 5);
        assert_ne!(dated.digest(), Policy::builtin().digest());
        let bad = |from: &str, to: &str| backlog(&good.replacen(from, to, 1)).unwrap_err();
        assert!(bad("weekly_cap = 5", "weekly_cap = 0").starts_with("backlog.weekly_cap"));
        assert!(bad("b4 = 7", "b4 = 70").starts_with("backlog.due"));
        assert!(bad("reminders = 1", "").contains("reminders"));
    }

    #[test]
    fn dormancy_follows_the_rhythm_between_its_bounds() {
        let policy = Policy::builtin();
        for (rhythm, days) in [
            (None, 90),
            (Some(0), 90),
            (Some(30), 90),
            (Some(73), 92),
            (Some(365), 400),
            (Some(u64::MAX), 400),
            (Some(100), 125),
        ] {
            assert_eq!(policy.dormancy_days(rhythm), days, "{rhythm:?}");
        }
    }
}
