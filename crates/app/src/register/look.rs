//! Reading the register: the list, one key, its history.

use super::{Desk, Result};
use std::collections::BTreeSet;
use tenure_model::{
    access::{Action, Involved, Object, PersonId, Unit},
    assessment::{Assessment, Key, SCHEMA},
    id::KeyId,
    key::CoverageState,
    summary,
};
use tenure_store::{
    Decision, Entry as Logged, EventFilter, FactRow, Ownership, Registered, StoredException,
    key_list::{Cursor, Facet, Filter, Page, Sort},
};

/// How many rows are read at once.
const CHUNK: u64 = 1000;

/// One key with what people said of it.
#[derive(Debug, Clone)]
pub struct KeyRecord {
    /// What was last said of it.
    pub registered: Registered,
    /// Who was made to answer for it here.
    pub assigned: Option<Ownership>,
    /// Its exceptions, newest first.
    pub exceptions: Vec<StoredException>,
}

/// What happened to one key.
#[derive(Debug, Clone)]
pub struct History {
    /// Its facts over time, the present first.
    pub facts: Vec<FactRow>,
    /// What was decided, newest first.
    pub decisions: Vec<Decision>,
    /// Its events, newest first.
    pub events: Vec<Logged>,
}

impl Desk<'_> {
    /// One page of keys, of those that the caller may see.
    ///
    /// # Errors
    /// The caller may see none, or the database refuses.
    pub async fn list(
        &self,
        filter: &Filter,
        sort: Sort,
        after: Option<&Cursor>,
        most: u64,
    ) -> Result<Page> {
        let scope = self.scope().await?;
        let page = self.store.key_page(&scope, filter, sort, after, most);
        Ok(page.await?)
    }

    /// How many keys there are, of those that the caller may see, up to [`tenure_store::key_list::MOST_COUNTED`] and one.
    ///
    /// # Errors
    /// As of [`Desk::list`].
    pub async fn count(&self, filter: &Filter) -> Result<u64> {
        let scope = self.scope().await?;
        Ok(self.store.key_count(&scope, filter).await?)
    }

    /// How many living keys have each value of a facet, of those that the caller may see.
    ///
    /// # Errors
    /// As of [`Desk::list`].
    pub async fn facet(&self, facet: Facet, most: u64) -> Result<Vec<(String, u64)>> {
        let scope = self.scope().await?;
        Ok(self.store.facet(&scope, facet, most).await?)
    }

    /// Every living key that the caller may see as one assessment, as `tenure assess` gives it. What sources cover is
    /// told to those who may see sources.
    ///
    /// # Errors
    /// As of [`Desk::list`].
    pub async fn assessment(&self) -> Result<Assessment> {
        let scope = self.scope().await?;
        let mut living = Vec::new();
        let mut after: Option<Cursor> = None;
        loop {
            let page = self
                .store
                .key_page(
                    &scope,
                    &Filter::default(),
                    Sort::Name,
                    after.as_ref(),
                    CHUNK,
                )
                .await?;
            living.extend(page.entries.into_iter().map(|entry| entry.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut keys: Vec<Key> = Vec::with_capacity(living.len());
        for chunk in living.chunks(usize::try_from(CHUNK).unwrap_or(usize::MAX)) {
            let read = self.store.keys_of(chunk).await?;
            keys.extend(read.into_iter().map(|one| one.key));
        }
        summary::sort(&mut keys);
        let mut coverage = self.store.coverage().await?;
        let complete = coverage.iter().all(|part| {
            matches!(
                part.state,
                CoverageState::Complete | CoverageState::NotOffered
            )
        });
        let all = Object::unit(Unit::whole());
        if !self.access.allows(self.caller, Action::SourceView, &all) {
            coverage.clear();
        }
        let today = self.now.day();
        let summary = summary::summarise(&keys, &coverage, today);
        Ok(Assessment {
            schema: SCHEMA.to_owned(),
            title: "Register".to_owned(),
            complete,
            today,
            policy: self.policy.digest(),
            policy_version: self.policy.version.clone(),
            keys,
            coverage,
            unmerged: Vec::new(),
            skipped: Vec::new(),
            summary,
        })
    }

    /// One key. An id that led to another key before they were joined gives that key.
    ///
    /// # Errors
    /// There is no such key, the caller may not see it, or the database refuses.
    pub async fn key(&self, id: &KeyId) -> Result<KeyRecord> {
        let registered = self.seen(Action::KeyView, id).await?;
        let id = registered.id.clone();
        let owners = self.store.owners(std::slice::from_ref(&id)).await?;
        Ok(KeyRecord {
            assigned: owners.into_iter().next(),
            exceptions: self.store.exceptions_of(&id).await?,
            registered,
        })
    }

    /// What happened to one key, at most `most` events.
    ///
    /// # Errors
    /// As of [`Desk::key`].
    pub async fn history(&self, id: &KeyId, most: u64) -> Result<History> {
        let id = self.seen(Action::KeyView, id).await?.id;
        let about = EventFilter {
            about: Some(id.to_string()),
            ..EventFilter::default()
        };
        Ok(History {
            facts: self.store.facts(&id).await?,
            decisions: self.store.decisions(&id).await?,
            events: self.store.events(&about, None, most).await?,
        })
    }

    /// A key on which the caller may act so.
    async fn seen(&self, action: Action, id: &KeyId) -> Result<Registered> {
        let registered = self.store.key(id).await?;
        self.permit(action, &self.object(&registered).await?)
            .await?;
        Ok(registered)
    }

    /// A key as rules of access see it.
    pub(crate) async fn object(&self, registered: &Registered) -> Result<Object> {
        let id = &registered.id;
        let key = &registered.key;
        let (unit, people) = self.store.key_standing(id).await?;
        let assigned = self.store.owners(std::slice::from_ref(id)).await?;
        let assigned = assigned
            .iter()
            .flat_map(|one| [Some(one.owner.as_str()), one.backup.as_deref()])
            .flatten();
        let owners: BTreeSet<PersonId> = assigned
            .chain(key.owner.value.as_deref())
            .filter_map(|owner| PersonId::new(owner).ok())
            .chain(people)
            .collect();
        let involved = Involved {
            owners: owners.into_iter().collect(),
            ..Involved::default()
        };
        let level = key.verdict.outcome.level;
        Ok(Object::key(id.as_str(), unit, level, involved))
    }
}
