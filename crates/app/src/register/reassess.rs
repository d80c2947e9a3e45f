//! Judging the keys of the register: all records, one identity, facts, verdicts; what did not change writes nothing.

use super::{Desk, Result};
use crate::{
    import::listings,
    judging::{Earlier, Judging},
};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tenure_model::{
    access::Unit,
    ask::AskAnswer,
    assessment::{Key, Skipped},
    container::{self, Place, Rule, applied},
    explain::FactName,
    facts::Since,
    id::KeyId,
    identity,
    infer::Declaration,
    people::{self, People},
    system::System,
};
use tenure_store::{
    Answered, DeclaredKind, Evidence, Judged, Kept, Ownership, RecordRef, Saved, Standing,
};

/// How many records are read, and keys written, at once.
const CHUNK: u64 = 1000;

/// What judging the register did.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Reassessed {
    /// How many keys there are.
    pub keys: u64,
    /// How many of them were not known.
    pub new: u64,
    /// How many are different now.
    pub changed: u64,
    /// What had to be left out.
    pub skipped: Vec<Skipped>,
}

impl Desk<'_> {
    /// Judges every key again. Which records are one key depends on all records, so that all are read; a key whose
    /// digest did not change writes nothing.
    ///
    /// # Errors
    /// The database refuses; what was written until then stands.
    pub async fn reassess(&self) -> Result<Reassessed> {
        let permit = self.permit_worker().await?;
        let records = self.records().await?;
        let people = self.store.people().await?;
        let people = (!people.is_empty()).then(|| People::new(people));
        let systems: Vec<System> = self
            .store
            .declared(DeclaredKind::System)
            .await?
            .into_iter()
            .map(|declared| declared.body)
            .collect();
        let mut groups = Groups::of(records);
        identity::serve(&mut groups.known, &systems);
        let ids: Vec<KeyId> = groups.ids.iter().flatten().cloned().collect();
        let since = self.kept_since(&ids).await?;
        let ground = self.put_owners(&mut groups, &ids).await?;
        let judging = Judging::new(self.providers, self.policy, people.as_ref(), self.now.day());
        let Groups {
            known,
            ids,
            records,
        } = groups;
        let (keys, skipped): (Vec<Key>, Vec<Vec<Skipped>>) = known
            .into_par_iter()
            .zip(&ids)
            .map(|(key, ids)| judging.judge(key, Earlier::Register(earliest(&since, ids).as_ref())))
            .unzip();
        let mut done = Reassessed {
            keys: u64::try_from(keys.len()).unwrap_or(u64::MAX),
            skipped: skipped.into_iter().flatten().collect(),
            ..Reassessed::default()
        };
        let judged: Vec<Judged<'_>> = keys
            .iter()
            .zip(&records)
            .map(|(key, records)| Judged { key, records })
            .collect();
        if !judged.is_empty() {
            let mut txn = self.store.begin(&permit, self.now).await?;
            txn.keep_policy(self.policy).await?;
            txn.commit_noted().await?;
        }
        let size = usize::try_from(CHUNK).unwrap_or(usize::MAX);
        for (chunk, ground) in judged.chunks(size).zip(ground.chunks(size)) {
            let mut txn = self.store.begin(&permit, self.now).await?;
            let saved = txn.save_keys(chunk).await?;
            let standings = saved.iter().zip(chunk).zip(ground);
            let standings: Vec<Standing> = standings
                .map(|(((id, _), judged), ground)| ground.standing(id, judged.key, people.as_ref()))
                .collect();
            // In the transaction of a new key: nobody sees it in another unit in between.
            txn.place_keys(&standings).await?;
            for (_, saved) in saved {
                match saved {
                    Saved::New => done.new = done.new.saturating_add(1),
                    Saved::Changed => done.changed = done.changed.saturating_add(1),
                    Saved::Same => {}
                }
            }
            txn.commit_noted().await?;
        }
        Ok(done)
    }

    /// Every record that a source still names.
    async fn records(&self) -> Result<Vec<Kept>> {
        let mut all = Vec::new();
        for source in self.store.sources().await? {
            for is_sighting in [false, true] {
                let mut after: Option<String> = None;
                loop {
                    let read = self
                        .store
                        .records_in(&source.id, after.as_deref(), CHUNK)
                        .await?;
                    let mine: Vec<Kept> = read
                        .into_iter()
                        .filter(|kept| kept.at.is_sighting == is_sighting)
                        .collect();
                    let Some(last) = mine.last() else { break };
                    after = Some(last.at.identity.clone());
                    all.extend(mine);
                }
            }
        }
        Ok(all)
    }

    async fn kept_since(&self, ids: &[KeyId]) -> Result<BTreeMap<KeyId, Since>> {
        let mut since = BTreeMap::new();
        for chunk in ids.chunks(usize::try_from(CHUNK).unwrap_or(usize::MAX)) {
            since.extend(self.store.since(chunk).await?);
        }
        Ok(since)
    }

    /// Who was made to answer for a key here is a declared fact of it: by name, else by the rule of a container. Gives
    /// what keys stand on, in the order of the groups.
    async fn put_owners(&self, groups: &mut Groups, ids: &[KeyId]) -> Result<Vec<Ground>> {
        let rules = self.store.container_rules().await?;
        let plain: Vec<Rule> = rules.iter().map(|stored| stored.rule.clone()).collect();
        let mut owners: BTreeMap<KeyId, Ownership> = BTreeMap::new();
        for chunk in ids.chunks(usize::try_from(CHUNK).unwrap_or(usize::MAX)) {
            for owner in self.store.owners(chunk).await? {
                owners.insert(owner.key.clone(), owner);
            }
        }
        let mut said: BTreeMap<KeyId, Answered> = BTreeMap::new();
        for chunk in ids.chunks(usize::try_from(CHUNK).unwrap_or(usize::MAX)) {
            // The earliest first: the last word counts.
            for one in self.store.said_of(chunk).await? {
                said.insert(one.key, one.answered);
            }
        }
        let mut all = Vec::with_capacity(groups.known.len());
        for (key, ids) in groups.known.iter_mut().zip(&groups.ids) {
            let places = container::places(&key.subject);
            let applied = applied(&plain, &places);
            let by_rule = applied.owner.and_then(|rule| {
                let stored = rules.iter().find(|stored| stored.rule == *rule)?;
                Some((
                    rule.owner.clone()?,
                    rule.backup.clone(),
                    format!("{}: {}", rule.container, stored.said_by),
                    stored.said_at,
                ))
            });
            let named = ids.iter().find_map(|id| owners.get(id)).map(|owner| {
                let (by, at) = (owner.assigned_by.clone(), owner.assigned_at);
                (owner.owner.clone(), owner.backup.clone(), by, at)
            });
            let off = ids.iter().find_map(|id| said.get(id)).filter(|said| {
                // Who was made to answer for it since then decides anew.
                said.answer == AskAnswer::CanBeTurnedOff
                    && named.as_ref().is_none_or(|(.., at)| *at <= said.at)
            });
            if let Some(off) = off {
                key.subject.declarations.push(Declaration {
                    source: format!("{} answered on {}", off.by, off.at.day()),
                    values: BTreeMap::from([(FactName::Integration, "retired".into())]),
                    ..Declaration::default()
                });
            }
            let mut answer = Vec::new();
            if let Some((owner, backup, by, at)) = named.or(by_rule) {
                key.subject.declarations.push(Declaration {
                    source: format!("the register, {by} on {}", at.day()),
                    owner: Some(owner.clone()),
                    ..Declaration::default()
                });
                answer.push(owner);
                answer.extend(backup);
            }
            all.push(Ground {
                unit: applied.unit(),
                answer,
                places,
            });
        }
        Ok(all)
    }
}

/// What a key stands on beside what it is judged to be.
struct Ground {
    unit: Unit,
    /// Who was made to answer for it here.
    answer: Vec<String>,
    places: BTreeSet<Place>,
}

impl Ground {
    fn standing(&self, id: &KeyId, key: &Key, list: Option<&People>) -> Standing {
        let owners = self.answer.iter().map(String::as_str);
        Standing {
            key: id.clone(),
            unit: self.unit.clone(),
            people: owners
                .chain(key.owner.value.as_deref())
                .flat_map(|owner| people::callers(owner, list))
                .collect(),
            places: self.places.clone(),
        }
    }
}

/// Keys with the ids that the register has for them, and their records.
struct Groups {
    known: Vec<identity::Known>,
    ids: Vec<Vec<KeyId>>,
    records: Vec<Vec<RecordRef>>,
}

impl Groups {
    fn of(kept: Vec<Kept>) -> Self {
        let mut all_listings = Vec::new();
        let (mut rows, mut sightings) = (Vec::new(), Vec::new());
        let (mut of_rows, mut of_sightings) = (Vec::new(), Vec::new());
        let mut per_source: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for one in kept {
            match one.evidence {
                Evidence::Row(told) => {
                    let source = one.at.source.to_string();
                    per_source.entry(source).or_default().push(rows.len());
                    rows.push(*told);
                    of_rows.push((one.at, one.key));
                }
                Evidence::Sighting(seen) => {
                    sightings.push(*seen);
                    of_sightings.push((one.at, one.key));
                }
            }
        }
        for at in per_source.values() {
            let mine = || at.iter().filter_map(|at| rows.get(*at));
            // The name that the user knows, without the line.
            let name = mine().next().map_or("", |told| {
                let line = told.row.at.as_str();
                told.source
                    .strip_suffix(line)
                    .unwrap_or(&told.source)
                    .trim_end()
            });
            all_listings.extend(listings(name, mine()));
        }
        let merged = identity::merge_placed(rows, sightings, &all_listings);
        let mut ids = vec![Vec::new(); merged.known.len()];
        let mut records = vec![Vec::new(); merged.known.len()];
        for (place, (at, key)) in merged
            .places
            .iter()
            .zip(of_rows.into_iter().chain(of_sightings))
        {
            if let (Some(ids), Some(records)) = (ids.get_mut(*place), records.get_mut(*place)) {
                let ids: &mut Vec<KeyId> = ids;
                if let Some(key) = key
                    && !ids.contains(&key)
                {
                    ids.push(key);
                }
                records.push(at);
            }
        }
        Self {
            known: merged.known,
            ids,
            records,
        }
    }
}

/// Since when findings of a key have stood, under whichever of its ids.
fn earliest(since: &BTreeMap<KeyId, Since>, ids: &[KeyId]) -> Option<Since> {
    let mut all: Option<Since> = None;
    for known in ids.iter().filter_map(|id| since.get(id)) {
        let sum = all.get_or_insert_default();
        for verdict in tenure_model::facts::Verdict::ALL {
            if let Some(day) = known.of(*verdict) {
                let earlier = sum.of(*verdict).map_or(day, |other| other.min(day));
                sum.set(*verdict, Some(earlier));
            }
        }
    }
    all
}
