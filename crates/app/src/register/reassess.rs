//! Judging the keys of the register: all records, one identity, facts, verdicts; what did not change writes nothing.

use super::{Desk, Result};
use crate::{
    import::{listed, listings},
    judging::{Earlier, Judging, Signed},
};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tenure_model::{
    access::Unit,
    alias,
    ask::AskAnswer,
    assessment::{Key, Skipped},
    attest::Attestation,
    container::{self, Place, Rule, applied},
    declare, digest,
    exception::{ClassAcceptance, Exception, Subject},
    explain::FactName,
    facts::Since,
    id::{ExceptionId, KeyId, SourceId},
    identity::{self, Listing},
    infer::Declaration,
    people::{self, People},
    pick::Pick,
    policy::Policy,
    system::System,
};
use tenure_store::{
    Answered, DeclaredKind, Evidence, Granted, Judged, Kept, KeyStanding, Listed, Listings, Marks,
    Ownership, RecordRef, Saved, Stale, Weight,
};

/// What stands for the time of change of a record that a version wrote which kept none.
const OLD: i64 = 1;

/// How many records are read, and keys written, at once.
const CHUNK: u64 = 1000;

/// What judging the register did.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, schemars::JsonSchema)]
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

/// What keys are judged with, beside what is known of each.
struct Context {
    people: Option<People>,
    systems: Vec<System>,
    classes: Vec<(Pick, ClassAcceptance)>,
}

/// Keys as they are judged, with what they were put together from.
struct Worked {
    keys: Vec<Key>,
    same: Vec<Vec<KeyId>>,
    records: Vec<Vec<RecordRef>>,
    links: Vec<Vec<KeyId>>,
    ground: Vec<Ground>,
    skipped: Vec<Skipped>,
}

impl Reassessed {
    fn add(&mut self, more: Self) {
        self.keys = self.keys.saturating_add(more.keys);
        self.new = self.new.saturating_add(more.new);
        self.changed = self.changed.saturating_add(more.changed);
        self.skipped.extend(more.skipped);
    }
}

impl Desk<'_> {
    /// Judges again what may come out differently: the keys of which a source or a person said something since, and
    /// every key where policy, catalogue, people or systems are others than the last time, or the day is. A key whose
    /// digest did not change writes nothing.
    ///
    /// # Errors
    /// The database refuses; what was written until then stands, and the next time goes on there.
    pub async fn reassess(&self) -> Result<Reassessed> {
        let context = self.context().await?;
        let mut done = Reassessed::default();
        let basis = self.basis(&context);
        if self.store.judged_with().await?.as_ref() != Some(&basis) {
            done.add(self.judge_all(&context).await?);
            self.store.keep_judged_with(&basis).await?;
        }
        done.add(self.judge_stale(&context).await?);
        Ok(done)
    }

    /// Judges only the keys of which a source or a person said something since: what somebody waits for.
    ///
    /// # Errors
    /// As of [`Desk::reassess`].
    pub async fn settle(&self) -> Result<Reassessed> {
        self.judge_stale(&self.context().await?).await
    }

    async fn context(&self) -> Result<Context> {
        let people = self.store.people().await?;
        let systems: Vec<System> = self
            .store
            .declared(DeclaredKind::System)
            .await?
            .into_iter()
            .map(|declared| declared.body)
            .collect();
        Ok(Context {
            people: (!people.is_empty()).then(|| People::new(people)),
            systems,
            classes: self.classes_in_force().await?,
        })
    }

    /// A digest of all that every key is judged with.
    fn basis(&self, context: &Context) -> String {
        let people = context.people.as_ref();
        let all = format!(
            "{}\n{}\n{}\n{:?}\n{:?}\n{:?}\n{:?}",
            env!("CARGO_PKG_VERSION"),
            self.policy.digest(),
            self.now.day(),
            self.providers,
            people.map(People::all),
            context.systems,
            context.classes,
        );
        digest::of_bytes(all.as_bytes())
    }

    /// Which records are one key depends on all records, so that all are read.
    async fn judge_all(&self, context: &Context) -> Result<Reassessed> {
        let stale = Stale {
            records: self.records().await?,
            keys: Vec::new(),
        };
        let groups = Groups::of(stale.records.clone(), &self.store.listings().await?);
        let done = self.judge(groups, context).await?;
        self.store.settle(&stale).await?;
        Ok(done)
    }

    /// What changed since, with what can be the same key: everything that has an alias in common with it.
    async fn judge_stale(&self, context: &Context) -> Result<Reassessed> {
        let mut done = Reassessed::default();
        let heads = self.store.listings().await?;
        loop {
            let stale = self.store.stale(CHUNK).await?;
            if stale.is_empty() {
                return Ok(done);
            }
            let records = self.kin(&stale).await?;
            let groups = Groups::of(records, &heads);
            done.add(self.judge(groups, context).await?);
            self.store.settle(&stale).await?;
        }
    }

    /// The living records of the keys that are stale, and of all keys that they may be.
    async fn kin(&self, stale: &Stale) -> Result<Vec<Kept>> {
        let mut found: BTreeMap<RecordRef, Kept> = BTreeMap::new();
        let mut asked: (BTreeSet<String>, BTreeSet<KeyId>) = Default::default();
        let mut keys: BTreeSet<KeyId> = stale.keys.iter().map(|(key, _)| key.clone()).collect();
        let mut aliases: BTreeSet<String> = BTreeSet::new();
        for kept in &stale.records {
            keys.extend(kept.key.clone());
            aliases.extend(kept.evidence.kin());
        }
        while !(keys.is_empty() && aliases.is_empty()) {
            asked.0.extend(aliases.iter().cloned());
            asked.1.extend(keys.iter().cloned());
            let mut read = Vec::new();
            for chunk in chunks(keys) {
                read.extend(self.store.records_of(&chunk).await?);
            }
            for chunk in chunks(aliases) {
                read.extend(self.store.records_by_alias(&chunk).await?);
            }
            (keys, aliases) = (BTreeSet::new(), BTreeSet::new());
            for kept in read {
                if kept.gone_at.is_some() || found.contains_key(&kept.at) {
                    continue;
                }
                keys.extend(kept.key.clone().filter(|key| !asked.1.contains(key)));
                let kin = kept.evidence.kin().into_iter();
                aliases.extend(kin.filter(|alias| !asked.0.contains(alias)));
                found.insert(kept.at.clone(), kept);
            }
        }
        let living = |kept: &&Kept| kept.gone_at.is_none();
        for kept in stale.records.iter().filter(living) {
            found.entry(kept.at.clone()).or_insert_with(|| kept.clone());
        }
        // In the order of a run over all of them: the first record of a key leads.
        let sources = self.store.sources().await?;
        let place: BTreeMap<&SourceId, usize> =
            sources.iter().map(|one| &one.id).zip(0..).collect();
        let mut all: Vec<Kept> = found.into_values().collect();
        all.sort_by(|a, b| {
            let of = |at: &RecordRef| (place.get(&at.source).copied(), at.is_sighting);
            (of(&a.at), &a.at.identity).cmp(&(of(&b.at), &b.at.identity))
        });
        Ok(all)
    }

    /// Judges every key with another policy, and keeps nothing of it: each key as it would be, with its ids.
    pub(super) async fn try_all(&self, policy: &Policy) -> Result<Vec<(Key, Vec<KeyId>)>> {
        let tried = Desk { policy, ..*self };
        let context = tried.context().await?;
        let groups = Groups::of(tried.records().await?, &tried.store.listings().await?);
        let worked = tried.work_out(groups, &context).await?;
        Ok(worked.keys.into_iter().zip(worked.same).collect())
    }

    /// What is to be kept of keys; nothing is kept yet.
    async fn work_out(&self, mut groups: Groups, context: &Context) -> Result<Worked> {
        identity::serve(&mut groups.known, &context.systems);
        let same = self.store.identify(&groups.marks()).await?;
        let ids: Vec<KeyId> = same.iter().flatten().cloned().collect();
        let since = self.kept_since(&ids).await?;
        let ground = self.put_owners(&mut groups.known, &same, &ids).await?;
        self.put_stated(&mut groups.known, &same, &ids).await?;
        let (exceptions, attested) = self.signed_of(&ids).await?;
        let people = context.people.as_ref();
        let judging = Judging::new(self.providers, self.policy, people, self.now.day());
        let Groups {
            known,
            records,
            links,
        } = groups;
        let links: Vec<Vec<KeyId>> = links
            .into_iter()
            .map(|links| links.into_keys().collect())
            .collect();
        let (keys, skipped): (Vec<Key>, Vec<Vec<Skipped>>) = known
            .into_par_iter()
            .zip(&same)
            .map(|(key, ids)| {
                let signed = Signed {
                    exception: ids.iter().find_map(|id| exceptions.get(id)),
                    attested: ids
                        .iter()
                        .filter_map(|id| attested.get(id))
                        .max_by_key(|signed| signed.at),
                    classes: &context.classes,
                };
                let since = earliest(&since, ids);
                judging.judge_signed(key, Earlier::Register(since.as_ref()), signed)
            })
            .unzip();
        Ok(Worked {
            keys,
            same,
            records,
            links,
            ground,
            skipped: skipped.into_iter().flatten().collect(),
        })
    }

    async fn judge(&self, groups: Groups, context: &Context) -> Result<Reassessed> {
        let permit = self.permit_worker().await?;
        let people = context.people.as_ref();
        let Worked {
            keys,
            same,
            records,
            links,
            ground,
            skipped,
        } = self.work_out(groups, context).await?;
        let mut done = Reassessed {
            keys: u64::try_from(keys.len()).unwrap_or(u64::MAX),
            skipped,
            ..Reassessed::default()
        };
        let judged: Vec<Judged<'_>> = keys
            .iter()
            .zip(&records)
            .zip(same.iter().zip(&links))
            .map(|((key, records), (known, links))| Judged {
                key,
                records,
                known,
                links,
            })
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
            let standings: Vec<KeyStanding> = standings
                .map(|(((id, _), judged), ground)| ground.standing(id, judged.key, people))
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
            let from = all.len();
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
            let mine = all.get(from..).unwrap_or_default();
            if mine.iter().any(|kept| kept.stale_at == OLD) {
                let rows = mine.iter().filter_map(|kept| match &kept.evidence {
                    Evidence::Row(told) => Some(&**told),
                    Evidence::Sighting(_) => None,
                });
                let listed = listed(&source.name, rows);
                self.store.take_up(&source.id, mine, &listed).await?;
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
    async fn put_owners(
        &self,
        known: &mut [identity::Known],
        same: &[Vec<KeyId>],
        ids: &[KeyId],
    ) -> Result<Vec<Ground>> {
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
        let mut all = Vec::with_capacity(known.len());
        for (key, ids) in known.iter_mut().zip(same) {
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

impl Desk<'_> {
    /// What people state here is declared, with who said it and when.
    async fn put_stated(
        &self,
        known: &mut [identity::Known],
        same: &[Vec<KeyId>],
        ids: &[KeyId],
    ) -> Result<()> {
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
        for (key, ids) in known.iter_mut().zip(same) {
            for id in ids {
                let said = stated.remove(id).unwrap_or_default();
                key.subject.declarations.extend(said);
            }
        }
        Ok(())
    }

    /// What people signed of keys: granted exceptions, and attestations.
    async fn signed_of(&self, ids: &[KeyId]) -> Result<SignedOf> {
        let (mut exceptions, mut attested) = SignedOf::default();
        for chunk in ids.chunks(usize::try_from(CHUNK).unwrap_or(usize::MAX)) {
            for granted in self.store.granted_of(chunk).await? {
                if let Some(key) = granted.key {
                    exceptions.insert(key, granted.stored.exception);
                }
            }
            attested.extend(self.store.attestations(chunk).await?);
        }
        Ok((exceptions, attested))
    }

    /// The acceptances of classes that stand.
    async fn classes_in_force(&self) -> Result<Vec<(Pick, ClassAcceptance)>> {
        let mut classes = Vec::new();
        for stored in self.store.granted_classes().await? {
            if let Exception::Class(class) = stored.exception
                && let Subject::Class { selector, .. } = class.signed().request().subject()
                && let Ok(pick) = Pick::parse(selector)
            {
                classes.push((pick, class));
            }
        }
        Ok(classes)
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

/// What a key stands on beside what it is judged to be.
struct Ground {
    unit: Unit,
    /// Who was made to answer for it here.
    answer: Vec<String>,
    places: BTreeSet<Place>,
}

impl Ground {
    fn standing(&self, id: &KeyId, key: &Key, list: Option<&People>) -> KeyStanding {
        let owners = self.answer.iter().map(String::as_str);
        KeyStanding {
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

/// Granted exceptions and attestations, by key.
type SignedOf = (BTreeMap<KeyId, Exception>, BTreeMap<KeyId, Attestation>);

/// Keys, each with its records and the keys that those are of so far.
struct Groups {
    known: Vec<identity::Known>,
    records: Vec<Vec<RecordRef>>,
    links: Vec<BTreeMap<KeyId, Weight>>,
}

impl Groups {
    /// Puts records together. `heads` says what sources list whole: `kept` need not be all that they say, but has to
    /// have every record that names one of its keys.
    fn of(kept: Vec<Kept>, heads: &[Listings]) -> Self {
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
                    of_rows.push((one.at, one.key, one.stale_at));
                }
                Evidence::Sighting(seen) => {
                    sightings.push(*seen);
                    of_sightings.push((one.at, one.key, one.stale_at));
                }
            }
        }
        for head in heads {
            let at = per_source.get(head.source.as_str()).into_iter().flatten();
            let named = listings(&head.name, at.filter_map(|at| rows.get(*at)));
            all_listings.extend(head.of.iter().map(|one| whole(&head.name, one, &named)));
        }
        let merged = identity::merge_placed(rows, sightings, &all_listings);
        let mut links = vec![BTreeMap::new(); merged.known.len()];
        let mut records = vec![Vec::new(); merged.known.len()];
        for (place, (at, key, stale_at)) in merged
            .places
            .iter()
            .zip(of_rows.into_iter().chain(of_sightings))
        {
            if let (Some(links), Some(records)) = (links.get_mut(*place), records.get_mut(*place)) {
                if let Some(key) = key {
                    let links: &mut BTreeMap<KeyId, Weight> = links;
                    let weight = links.entry(key).or_default();
                    weight.0 += u64::from(stale_at == 0);
                    weight.1 += 1;
                }
                records.push(at);
            }
        }
        Self {
            known: merged.known,
            records,
            links,
        }
    }

    fn marks(&self) -> Vec<Marks> {
        let marks = self
            .known
            .iter()
            .zip(&self.links)
            .map(|(key, links)| Marks {
                aliases: alias::of_known(key),
                key_id: key.key_id.clone(),
                credential: key.credential.clone(),
                links: links
                    .iter()
                    .map(|(id, weight)| (id.clone(), *weight))
                    .collect(),
            });
        marks.collect()
    }
}

/// A listing of a source, with the ids that the rows at hand have of it.
fn whole(source: &str, one: &Listed, named: &[Listing]) -> Listing {
    let mine = named.iter().find(|listing| {
        listing.provider == one.provider
            && listing.credential == one.credential
            && listing.account == one.account
    });
    Listing {
        source: source.to_owned(),
        provider: one.provider.clone(),
        credential: one.credential.clone(),
        account: one.account.clone(),
        key_ids: mine
            .map(|listing| listing.key_ids.clone())
            .unwrap_or_default(),
    }
}

fn chunks<T>(all: BTreeSet<T>) -> Vec<Vec<T>> {
    let mut parts = Vec::new();
    let mut all = all.into_iter().peekable();
    while all.peek().is_some() {
        parts.push(all.by_ref().take(1000).collect());
    }
    parts
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
