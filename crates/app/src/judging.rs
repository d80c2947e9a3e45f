//! From one key, as identity puts it together, to its verdict: the same for an assessment and for the register.

use std::collections::{BTreeMap, HashMap};
use tenure_model::{
    assessment::{
        BlastRadius, ControlNote, FactNotes, FactorNote, Key, SightingNote, Skipped, SunsetNote,
        VerdictAnswer,
    },
    catalog::{Credential, Provider},
    classify::Factor,
    day::Day,
    decide::judge,
    evaluate::{self, Evidence},
    explain::{self, Because, WouldChange},
    facts::{Since, Verdict},
    identity::Known,
    infer::{self, Inferred, World},
    key::Basis,
    note::{FactNote, OptionNote},
    people::People,
    policy::Policy,
    shared::Pool,
};

/// Who says since when a finding has stood, where nobody declared it.
const REGISTER: &str = "the register";

/// What holds for every key that is judged together.
pub(crate) struct Judging<'j> {
    by_slug: HashMap<&'j str, &'j Provider>,
    world: World<'j>,
    policy: &'j Policy,
    digest: String,
    pools: Pools,
}

/// What is known of since when findings have stood.
#[derive(Clone, Copy)]
pub(crate) enum Earlier<'e> {
    /// Nothing is.
    Nothing,
    /// An assessment of that day, and this key in it.
    Assessment(Day, Option<&'e Key>),
    /// What the register kept.
    Register(Option<&'e Since>),
}

impl<'j> Judging<'j> {
    pub(crate) fn new(
        providers: &'j [Provider],
        policy: &'j Policy,
        people: Option<&'j People>,
        today: Day,
    ) -> Self {
        Self {
            by_slug: providers
                .iter()
                .map(|provider| (provider.provider.as_str(), provider))
                .collect(),
            world: World { people, today },
            policy,
            digest: policy.digest(),
            pools: Pools::default(),
        }
    }

    /// The digest of the policy.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// Infers the facts of a key and judges it; and says what had to be left out.
    pub(crate) fn judge(&self, mut key: Known, earlier: Earlier<'_>) -> (Key, Vec<Skipped>) {
        let kind = kind_of(&self.by_slug, &key);
        let (inferred, skipped) = infer_or_drop(&mut key, kind, &self.world);
        (self.judged(key, kind, inferred, earlier), skipped)
    }

    fn judged(
        &self,
        key: Known,
        kind: Option<&Credential>,
        inferred: Option<Inferred>,
        earlier: Earlier<'_>,
    ) -> Key {
        let mut inferred = inferred.unwrap_or_else(Inferred::nothing);
        let today = self.world.today;
        let mut since_notes = BTreeMap::new();
        let since = &mut inferred.since;
        match earlier {
            Earlier::Assessment(day, Some(earlier)) => {
                begun(
                    since,
                    &mut since_notes,
                    found(earlier, day),
                    "the earlier assessment",
                    today,
                );
            }
            Earlier::Register(Some(kept)) => {
                let days = Verdict::ALL
                    .iter()
                    .filter_map(|verdict| Some((*verdict, kept.of(*verdict)?)));
                begun(since, &mut since_notes, days, REGISTER, today);
            }
            Earlier::Assessment(_, None) | Earlier::Register(None) | Earlier::Nothing => {}
        }
        if let Earlier::Register(_) = earlier {
            // A finding that is new stands since today, so that tomorrow it says the same of itself.
            let found = judge(&inferred.facts, &inferred.since, self.policy, today).verdict;
            if inferred.since.of(found).is_none() {
                inferred.since.set(found, Some(today));
                since_notes.insert(found, REGISTER.to_owned());
            }
        }
        let judgement = judge(&inferred.facts, &inferred.since, self.policy, today);
        let mut outcome = explain::outcome(
            &inferred.facts,
            &inferred.since,
            &judgement,
            self.policy,
            &self.digest,
            today,
        );
        self.pools.because.share_all(&mut outcome.because);
        self.pools.changes.share_all(&mut outcome.would_change);
        let controls = evaluate::evaluate(
            &judgement,
            Evidence {
                subject: &key.subject,
                inferred: &inferred,
                kind,
                policy: self.policy,
                today,
            },
        );
        let mut facts: FactNotes = inferred
            .notes
            .into_iter()
            .map(|(fact, mut note)| {
                self.pools.values.share_in(&mut note.value);
                (fact.word().into(), self.pools.facts.share(note.into()))
            })
            .collect();
        for verdict in Verdict::ALL {
            if let Some(day) = inferred.since.of(*verdict) {
                let name = format!("since.{verdict}");
                let source = since_notes
                    .get(verdict)
                    .cloned()
                    .unwrap_or_else(|| "declared".to_owned());
                facts.insert(
                    name.into(),
                    FactNote {
                        value: serde_json::Value::from(day.to_string()).into(),
                        basis: Basis::Declared,
                        source,
                    }
                    .into(),
                );
            }
        }
        let nearest_change = outcome
            .would_change
            .iter()
            .find(|change| change.level < outcome.level)
            .cloned();
        Key {
            id: key.id,
            provider: key.provider,
            credential: key.credential,
            key_id: key.key_id,
            name: key.name,
            hint: key.hint,
            fingerprint: key.fingerprint,
            account: key.account,
            owner: inferred.owner,
            system: inferred.system,
            note: key.subject.declarations.iter().find_map(|d| d.note.clone()),
            created_at: inferred.created_at,
            last_used: inferred.last_used,
            expires_at: inferred.expires_at,
            purpose: inferred.purpose,
            runtimes: inferred.runtimes,
            blast_radius: BlastRadius {
                level: judgement.radius.level,
                set_by: judgement.radius.set_by,
                factors: Factor::ALL
                    .iter()
                    .zip(judgement.radius.counts)
                    .map(|(factor, count)| FactorNote {
                        factor: *factor,
                        counts: count.value,
                        assumed: count.assumed,
                    })
                    .collect(),
                nearest_change,
            },
            options: self.pools.options.hold(inferred.options),
            verdict: VerdictAnswer {
                id: judgement.verdict,
                outcome,
            },
            controls: self.pools.controls.hold(controls),
            owner_candidates: inferred.owner_candidates,
            sightings: key.subject.sightings.into_iter().map(note).collect(),
            facts,
            disputes: inferred.disputes,
            merged: key.merged,
            sunsets: self
                .pools
                .sunsets
                .hold(kind.map(sunsets).unwrap_or_default()),
        }
    }
}

/// What the catalogue knows of this kind; where a provider has one kind only, that one.
fn kind_of<'p>(by_slug: &HashMap<&str, &'p Provider>, key: &Known) -> Option<&'p Credential> {
    let provider = by_slug.get(key.provider.as_str())?;
    match &key.credential {
        Some(kind) => provider
            .credentials
            .iter()
            .find(|known| known.kind == *kind),
        None => {
            let mut told = provider
                .credentials
                .iter()
                .filter(|known| known.detected_by.is_none());
            told.next().filter(|_| told.next().is_none())
        }
    }
}

/// Derives the facts. Declared values that the contract refuses are dropped and named.
fn infer_or_drop(
    key: &mut Known,
    kind: Option<&Credential>,
    world: &World<'_>,
) -> (Option<Inferred>, Vec<Skipped>) {
    let mut skipped = Vec::new();
    for attempt in 0..2 {
        match infer::infer(&key.subject, kind, world) {
            Ok(inferred) => return (Some(inferred), skipped),
            Err(error) => {
                let source = key
                    .subject
                    .rows
                    .first()
                    .map(|told| told.source.clone())
                    .or_else(|| key.subject.declarations.first().map(|d| d.source.clone()))
                    .unwrap_or_else(|| key.id.clone());
                skipped.push(Skipped {
                    path: source,
                    reason: format!("{error}; this was left out"),
                });
                for told in &mut key.subject.rows {
                    told.row.declared.clear();
                    if attempt > 0 {
                        told.row.created = tenure_model::key::When::Unknown;
                        told.row.last_used = tenure_model::key::When::Unknown;
                    }
                }
                key.subject.declarations.clear();
            }
        }
    }
    (infer::infer(&key.subject, kind, world).ok(), skipped)
}

/// What many keys say alike is held once.
#[derive(Default)]
struct Pools {
    because: Pool<Because>,
    changes: Pool<WouldChange>,
    options: Pool<OptionNote>,
    controls: Pool<ControlNote>,
    sunsets: Pool<SunsetNote>,
    facts: Pool<FactNote>,
    values: Pool<serde_json::Value>,
}

/// The findings of a key at an earlier assessment, each with the day on which it began.
fn found(earlier: &Key, day: Day) -> impl Iterator<Item = (Verdict, Day)> {
    let kept = earlier.facts.iter().filter_map(|(name, note)| {
        let verdict: Verdict = name.strip_prefix("since.")?.parse().ok()?;
        let day: Day = note.value.as_str()?.parse().ok()?;
        Some((verdict, day))
    });
    kept.chain([(earlier.verdict.id, day)])
}

/// A finding that stood earlier began then, or on the day that it says itself.
fn begun(
    since: &mut Since,
    notes: &mut BTreeMap<Verdict, String>,
    days: impl Iterator<Item = (Verdict, Day)>,
    who: &str,
    today: Day,
) {
    // A day ahead would move a deadline later.
    for (verdict, day) in days.filter(|(_, day)| *day <= today) {
        let earliest = since.of(verdict).map_or(day, |known| known.min(day));
        if since.of(verdict) != Some(earliest) {
            since.set(verdict, Some(earliest));
            notes.insert(verdict, who.to_owned());
        }
    }
}

fn note(sighting: tenure_model::place::Sighting) -> SightingNote {
    SightingNote {
        source: sighting.source,
        kind: sighting.kind,
        path: sighting.path,
        line: sighting.line,
        audience: sighting.audience,
        audience_why: sighting.audience_why,
        liveness: sighting.liveness,
        part: sighting.part,
        commit: sighting.commit,
    }
}

fn sunsets(kind: &Credential) -> Vec<SunsetNote> {
    kind.sunsets
        .iter()
        .map(|sunset| SunsetNote {
            effect: sunset.effect.word().to_owned(),
            on: sunset.on.clone(),
            whom: sunset.whom.clone(),
            source: sunset.evidence.source.clone().unwrap_or_default(),
        })
        .collect()
}
