//! One page for each owner, to print and to hand over.

use super::{Shown, keys::KeyRow};
use crate::report::text;
use std::{cmp::Reverse, collections::BTreeMap};
use tenure_model::{
    assessment::{Assessment, Key},
    classify::Level,
    decide::Urgency,
    facts::Verdict,
    horizon::is_living,
};

/// All owners with keys, and the keys without.
pub(super) struct Owners {
    pub(super) pages: Vec<Sheet>,
    pub(super) unowned: Vec<Sheet>,
    pub(super) unowned_keys: String,
    /// Owners or places for whom there is no page.
    pub(super) left: usize,
}

/// The keys of one owner, or the unowned keys of one place.
pub(super) struct Sheet {
    pub(super) anchor: String,
    pub(super) name: String,
    pub(super) keys: String,
    pub(super) urgent: String,
    pub(super) high: String,
    pub(super) rows: Vec<KeyRow>,
    pub(super) left: usize,
}

impl Owners {
    pub(super) fn of(
        assessment: &Assessment,
        shown: &Shown,
        most_rows: usize,
        most_pages: usize,
    ) -> Self {
        let mut owned: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut unowned: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, key) in assessment.keys.iter().enumerate() {
            if !is_living(key) {
                continue;
            }
            match &key.owner.value {
                Some(owner) if key.verdict.id != Verdict::Unowned => {
                    owned.entry(owner).or_default().push(at);
                }
                _ => unowned.entry(container(key)).or_default().push(at),
            }
        }
        let unowned_keys: usize = unowned.values().map(Vec::len).sum();
        let sheets = owned.len() + unowned.len();
        let pages = sheets.min(most_pages).max(1);
        let rows = (most_rows / pages).max(5);
        let fit_owned = most_pages.min(owned.len());
        let fit_unowned = (most_pages / 2)
            .max(most_pages - fit_owned)
            .min(unowned.len());
        let fit_owned = fit_owned.min(most_pages.saturating_sub(fit_unowned).max(most_pages / 2));
        let make = |kind: &str, groups: Vec<(String, Vec<usize>)>, most: usize| -> Vec<Sheet> {
            let mut groups = groups;
            groups.sort_by_key(|(name, keys)| {
                (
                    Reverse(count(assessment, keys, is_urgent)),
                    Reverse(keys.len()),
                    name.clone(),
                )
            });
            groups.truncate(most);
            groups
                .into_iter()
                .enumerate()
                .map(|(at, (name, keys))| {
                    let anchor = format!("{kind}-{}", at + 1);
                    sheet(assessment, shown, anchor, &name, &keys, rows)
                })
                .collect()
        };
        let owned: Vec<(String, Vec<usize>)> = owned
            .into_iter()
            .map(|(name, keys)| (name.to_owned(), keys))
            .collect();
        let pages = make("owner", owned, fit_owned);
        let unowned = make("unowned", unowned.into_iter().collect(), fit_unowned);
        Self {
            left: sheets - pages.len() - unowned.len(),
            pages,
            unowned,
            unowned_keys: text::counted(unowned_keys),
        }
    }
}

/// Where an unowned key belongs: whoever answers for that place can name its owner.
fn container(key: &Key) -> String {
    key.account.as_ref().map_or_else(
        || format!("{}, account unknown", key.provider),
        |account| format!("{} {account}", key.provider),
    )
}

fn is_urgent(key: &Key) -> bool {
    matches!(
        key.verdict.outcome.urgency,
        Urgency::Now | Urgency::Overdue | Urgency::Due
    )
}

fn count(assessment: &Assessment, keys: &[usize], test: fn(&Key) -> bool) -> usize {
    keys.iter()
        .filter(|at| assessment.keys.get(**at).is_some_and(test))
        .count()
}

fn sheet(
    assessment: &Assessment,
    shown: &Shown,
    anchor: String,
    name: &str,
    keys: &[usize],
    most: usize,
) -> Sheet {
    let high = count(assessment, keys, |key| {
        key.verdict.outcome.level >= Level::B3
    });
    Sheet {
        anchor,
        name: text::brief(name, 80),
        keys: text::keys(u64::try_from(keys.len()).unwrap_or(u64::MAX)),
        urgent: text::counted(count(assessment, keys, is_urgent)),
        high: text::counted(high),
        left: keys.len().saturating_sub(most),
        rows: keys
            .iter()
            .take(most)
            .filter_map(|at| KeyRow::of(assessment, *at, shown))
            .collect(),
    }
}
