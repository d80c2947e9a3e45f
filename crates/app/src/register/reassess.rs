//! Judging the keys of the register: all records, one identity, facts, verdicts; what did not change writes nothing.

use super::{Desk, Result};
use crate::{
    import::listings,
    judging::{Earlier, Judging, Signed},
};
use rayon::prelude::*;
use std::collections::BTreeMap;
use tenure_model::{
    assessment::{Key, Skipped},
    declare,
    exception::{ClassAcceptance, Exception, Subject},
    facts::Since,
    id::{ExceptionId, KeyId},
    identity,
    infer::Declaration,
    people::People,
    pick::Pick,
    system::System,
};
use tenure_store::{DeclaredKind, Evidence, Granted, Judged, Kept, RecordRef, Saved};

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
        self.put_owners(&mut groups, &ids).await?;
        self.put_stated(&mut groups, &ids).await?;
        let attested = self.store.attestations().await?;
        let (exceptions, classes) = self.in_force().await?;
        let judging = Judging::new(self.providers, self.policy, people.as_ref(), self.now.day());
        let Groups {
            known,
            ids,
            records,
        } = groups;
        let (keys, skipped): (Vec<Key>, Vec<Vec<Skipped>>) = known
            .into_par_iter()
            .zip(&ids)
            .map(|(key, ids)| {
                let signed = Signed {
                    exception: ids.iter().find_map(|id| exceptions.get(id)),
                    attested: ids
                        .iter()
                        .filter_map(|id| attested.get(id))
                        .max_by_key(|signed| signed.at),
                    classes: &classes,
                };
                let since = earliest(&since, ids);
                judging.judge_signed(key, Earlier::Register(since.as_ref()), signed)
            })
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
        for chunk in judged.chunks(usize::try_from(CHUNK).unwrap_or(usize::MAX)) {
            let mut txn = self.store.begin(&permit, self.now).await?;
            for (_, saved) in txn.save_keys(chunk).await? {
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

    /// Who was made to answer for a key here is a declared fact of it.
    async fn put_owners(&self, groups: &mut Groups, ids: &[KeyId]) -> Result<()> {
        let mut owners = BTreeMap::new();
        for chunk in ids.chunks(usize::try_from(CHUNK).unwrap_or(usize::MAX)) {
            for owner in self.store.owners(chunk).await? {
                owners.insert(owner.key.clone(), owner);
            }
        }
        for (key, ids) in groups.known.iter_mut().zip(&groups.ids) {
            if let Some(owner) = ids.iter().find_map(|id| owners.get(id)) {
                key.subject.declarations.push(Declaration {
                    source: format!(
                        "the register, {} on {}",
                        owner.assigned_by,
                        owner.assigned_at.day()
                    ),
                    owner: Some(owner.owner.clone()),
                    ..Declaration::default()
                });
            }
        }
        Ok(())
    }
}

impl Desk<'_> {
    /// What people state here is declared, with who said it and when.
    async fn put_stated(&self, groups: &mut Groups, ids: &[KeyId]) -> Result<()> {
        let mut stated: BTreeMap<KeyId, Vec<Declaration>> = BTreeMap::new();
        let today = self.now.day();
        for chunk in ids.chunks(usize::try_from(CHUNK).unwrap_or(usize::MAX)) {
            for one in self.store.stated(chunk).await? {
                let source = format!("the register, {} on {}", one.said_by, one.said_at.day());
                // What an earlier release took and this one does not is left out.
                if let Ok(declaration) = declare::stated(&source, &one.name, &one.value, today) {
                    stated.entry(one.key).or_default().push(declaration);
                }
            }
        }
        for (key, ids) in groups.known.iter_mut().zip(&groups.ids) {
            for id in ids {
                let said = stated.remove(id).unwrap_or_default();
                key.subject.declarations.extend(said);
            }
        }
        Ok(())
    }

    /// Every granted exception: those of keys by key, and the acceptances of classes.
    pub(crate) async fn in_force(&self) -> Result<InForce> {
        let (mut of_keys, mut classes) = (BTreeMap::new(), Vec::new());
        for granted in self.all_granted().await? {
            match (granted.key, granted.stored.exception) {
                (Some(key), exception) => {
                    of_keys.insert(key, exception);
                }
                (None, Exception::Class(class)) => {
                    if let Subject::Class { selector, .. } = class.signed().request().subject()
                        && let Ok(pick) = Pick::parse(selector)
                    {
                        classes.push((pick, class));
                    }
                }
                (None, _) => {}
            }
        }
        Ok((of_keys, classes))
    }

    /// Every exception that was granted and is neither ended nor superseded.
    pub(crate) async fn all_granted(&self) -> Result<Vec<Granted>> {
        let mut all: Vec<Granted> = Vec::new();
        loop {
            let last = all
                .last()
                .map(|one| ExceptionId::new(one.stored.exception.request().id()));
            let read = self.store.granted(last.as_ref(), CHUNK).await?;
            if read.is_empty() {
                return Ok(all);
            }
            all.extend(read);
        }
    }
}

/// The exceptions of keys, and the acceptances of classes.
pub(crate) type InForce = (BTreeMap<KeyId, Exception>, Vec<(Pick, ClassAcceptance)>);

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
