//! What another policy would do: every key is judged with it, and nothing of that is kept.

use super::{Desk, Result};
use std::collections::BTreeMap;
use tenure_model::{
    access::Action, day::Day, facts::Verdict, id::KeyId, level::Level, policy::Policy,
};
use tenure_store::key_list::Entry;

/// How many keys are told by name.
const TOLD: usize = 200;

/// What another policy would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatIf {
    /// The digest of what was tried.
    pub digest: String,
    /// How many keys were judged.
    pub keys: u64,
    /// How many keys have which verdict, now and then.
    pub verdicts: BTreeMap<Verdict, (u64, u64)>,
    /// Keys that would be judged differently, the highest level first; not more than 200.
    pub changed: Vec<Moved>,
    /// How many more would be.
    pub left: u64,
}

/// A key that would be judged differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The key.
    pub id: KeyId,
    /// What people call it.
    pub name: String,
    /// Its level then.
    pub level: Level,
    /// Its verdict now, and when something is due.
    pub before: (Verdict, Option<Day>),
    /// The same then.
    pub after: (Verdict, Option<Day>),
}

impl Desk<'_> {
    /// Judges every key with another policy.
    ///
    /// # Errors
    /// The caller may not see the policy and every key, or the database refuses.
    pub async fn what_if(&self, policy: &Policy) -> Result<WhatIf> {
        self.permit_all(Action::PolicyView).await?;
        self.permit_all(Action::KeyList).await?;
        let tried = self.try_all(policy).await?;
        let ids: Vec<KeyId> = tried.iter().flat_map(|(_, ids)| ids.clone()).collect();
        let mut now: BTreeMap<KeyId, Entry> = BTreeMap::new();
        for chunk in ids.chunks(1000) {
            let entries = self.store.entries_of(chunk).await?.into_iter();
            now.extend(entries.map(|entry| (entry.id.clone(), entry)));
        }
        let mut told = WhatIf {
            digest: policy.digest(),
            keys: u64::try_from(tried.len()).unwrap_or(u64::MAX),
            verdicts: BTreeMap::new(),
            changed: Vec::new(),
            left: 0,
        };
        for (key, ids) in tried {
            let outcome = &key.verdict.outcome;
            let after = (key.verdict.id, outcome.due);
            let then = &mut told.verdicts.entry(after.0).or_default().1;
            *then = then.saturating_add(1);
            let Some(entry) = ids.iter().find_map(|id| now.get(id)) else {
                continue;
            };
            let before = (entry.verdict, entry.due);
            let was = &mut told.verdicts.entry(before.0).or_default().0;
            *was = was.saturating_add(1);
            if before != after || entry.level != outcome.level {
                told.changed.push(Moved {
                    id: entry.id.clone(),
                    name: entry.label.clone(),
                    level: outcome.level,
                    before,
                    after,
                });
            }
        }
        told.changed
            .sort_by(|a, b| (b.level, &a.name).cmp(&(a.level, &b.name)));
        let left = told.changed.len().saturating_sub(TOLD);
        told.left = u64::try_from(left).unwrap_or(u64::MAX);
        told.changed.truncate(TOLD);
        Ok(told)
    }
}
