//! Exposures: copies where they ought not to be, by secret, with what can be done beside them.

use super::{Result, form, form::Act, frame::Frame, shown::filters};
use askama::Template;
use std::collections::BTreeSet;
use tenure_app::report::{text, words};
use tenure_model::{
    assessment::{Key, SightingNote},
    day::Day,
    decide::Urgency,
    facts::Verdict,
    horizon::label,
    level::Level,
    place::{Audience, Liveness, Part},
};

/// The page. Filled by keys with at least one copy whose audience is wider than one user, most urgent first; acts by
/// asking `access` for each.
#[derive(Template)]
#[template(path = "exposures.html")]
pub struct Exposures {
    /// What stands around it.
    pub frame: Frame,
    /// One for each secret.
    pub secrets: Vec<Secret>,
    /// There are others, before or after these.
    pub part: bool,
    /// Where the next page begins, as an address.
    pub next: Option<String>,
    /// Sources whose places were not read whole: what they hold is not counted as none.
    pub unseen: BTreeSet<String>,
}

impl Exposures {
    /// What stands here, as a sentence: a part of the list never speaks for the whole of it.
    fn says(&self) -> String {
        match (self.secrets.len(), self.part) {
            (0, false) => "No copy of a key is known that more than one user can read.".to_owned(),
            (0, true) => {
                "None of these keys has a copy that more than one user can read.".to_owned()
            }
            (n, part) => format!(
                "{}{}, with copies that more people can read than may use the key.",
                text::plural(u64::try_from(n).unwrap_or(u64::MAX), "secret", "secrets"),
                if part { " on this page" } else { "" },
            ),
        }
    }
}

/// One secret with its copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// The key's id.
    pub id: String,
    /// The key's name.
    pub name: String,
    /// The provider's slug.
    pub provider: String,
    /// The finding.
    pub verdict: Verdict,
    /// How bad it is.
    pub level: Level,
    /// How pressing it is.
    pub urgency: Urgency,
    /// When it is due.
    pub due: Option<Day>,
    /// Who answers for it; empty where nobody does.
    pub owner: String,
    /// The copies, widest audience first.
    pub copies: Vec<SightingNote>,
    /// How many more there are.
    pub left: u64,
    /// What the caller may do now, the right thing first.
    pub acts: Vec<Act>,
}

/// Copies of one secret that are shown.
const SHOWN: usize = 8;

/// How wide an audience is.
const fn width(audience: Audience) -> u8 {
    match audience {
        Audience::You => 0,
        Audience::Machine => 1,
        Audience::Unknown => 2,
        Audience::Repository => 3,
        Audience::Organisation => 4,
        Audience::Public => 5,
    }
}

impl Secret {
    /// A key with its copies; `None` where no copy of its secret is read by more than one user.
    #[must_use]
    pub fn of(key: &Key, acts: Vec<Act>) -> Option<Self> {
        let mut copies: Vec<SightingNote> = key
            .sightings
            .iter()
            .filter(|copy| copy.part == Part::Secret && copy.audience != Audience::You)
            .cloned()
            .collect();
        if copies.is_empty() {
            return None;
        }
        copies.sort_by_key(|copy| std::cmp::Reverse(width(copy.audience)));
        let left = copies.len().saturating_sub(SHOWN);
        copies.truncate(SHOWN);
        let outcome = &key.verdict.outcome;
        Some(Self {
            id: key.id.clone(),
            name: label(key),
            provider: key.provider.clone(),
            verdict: key.verdict.id,
            level: outcome.level,
            urgency: outcome.urgency,
            due: outcome.due,
            owner: key.owner.value.clone().unwrap_or_default(),
            copies,
            left: u64::try_from(left).unwrap_or(u64::MAX),
            acts,
        })
    }

    /// `3 copies, read by everyone in the organisation; one of them works`.
    fn says(&self) -> String {
        let n = u64::try_from(self.copies.len())
            .unwrap_or(u64::MAX)
            .saturating_add(self.left);
        let widest = match self.copies.first().map(|copy| copy.audience) {
            Some(Audience::Unknown) | None => "nobody knows who can read them".to_owned(),
            Some(audience) => format!("read by {audience}"),
        };
        let works = |state: Liveness| self.copies.iter().any(|copy| copy.liveness == state);
        let lives = if works(Liveness::Live) {
            "; a copy works"
        } else if works(Liveness::Refused) {
            "; its provider refuses it"
        } else {
            "; nobody asked its provider whether it works"
        };
        format!("{}, {widest}{lives}", text::plural(n, "copy", "copies"))
    }
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render(view: &Exposures) -> Result<String> {
    view.render()
}
