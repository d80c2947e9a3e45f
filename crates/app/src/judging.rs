//! From one key, as identity puts it together, to its verdict: the same for an assessment and for the register.

use std::collections::{BTreeMap, HashMap};
use tenure_model::{
    assessment::ControlState,
    attest::Attestation,
    control::Control,
    exception::{ClassAcceptance, Exception, Standing, Status, Subject},
    explain::{FactName, Outcome},
    level::Level,
    note::Dispute,
    pick::Pick,
};
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

/// What people signed about a key in the register. Elsewhere nothing is.
#[derive(Clone, Copy, Default)]
pub(crate) struct Signed<'s> {
    /// Its exception.
    pub(crate) exception: Option<&'s Exception>,
    /// What was last signed of it in a campaign.
    pub(crate) attested: Option<&'s Attestation>,
    /// The acceptances of classes.
    pub(crate) classes: &'s [(Pick, ClassAcceptance)],
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
    pub(crate) fn judge(&self, key: Known, earlier: Earlier<'_>) -> (Key, Vec<Skipped>) {
        self.judge_signed(key, earlier, Signed::default())
    }

    /// The same with what people signed about it.
    pub(crate) fn judge_signed(
        &self,
        mut key: Known,
        earlier: Earlier<'_>,
        signed: Signed<'_>,
    ) -> (Key, Vec<Skipped>) {
        let kind = kind_of(&self.by_slug, &key);
        let (inferred, skipped) = infer_or_drop(&mut key, kind, &self.world);
        (self.judged(key, kind, inferred, earlier, signed), skipped)
    }

    fn judged(
        &self,
        key: Known,
        kind: Option<&Credential>,
        inferred: Option<Inferred>,
        earlier: Earlier<'_>,
        signed: Signed<'_>,
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
        if let Earlier::Register(_) = earlier {
            only_what_is_signed(&mut inferred);
        }
        if let Some(exception) = signed.exception {
            let (verdict, outcome) = self.outcome(&inferred);
            put_exception(&mut inferred, exception, verdict, &outcome, today);
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
                attested: signed.attested,
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
        let mut judged = Key {
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
        };
        self.accept_class(&mut judged, signed.classes);
        judged
    }

    fn outcome(&self, inferred: &Inferred) -> (Verdict, Outcome) {
        let (facts, since, today) = (&inferred.facts, &inferred.since, self.world.today);
        let judgement = judge(facts, since, self.policy, today);
        let outcome = explain::outcome(facts, since, &judgement, self.policy, &self.digest, today);
        (judgement.verdict, outcome)
    }

    /// A minor key of an accepted class has somebody's signature and a day on which that is reviewed.
    fn accept_class(&self, key: &mut Key, classes: &[(Pick, ClassAcceptance)]) {
        let (verdict, level): (Verdict, Level) = (key.verdict.id, key.verdict.outcome.level);
        let today = self.world.today;
        let Some((_, class)) = classes
            .iter()
            .find(|(pick, class)| class.covers(verdict, level, today) && pick.fits(key))
        else {
            return;
        };
        let id = class.signed().request().id();
        let by = class.signed().acceptance().by();
        let met = |id, why| ControlNote {
            id,
            state: ControlState::Met,
            since: None,
            why,
        };
        let notes = [
            met(
                Control::FormalRiskAcceptance,
                format!("accepted with its class by {by}, {id}"),
            ),
            met(
                Control::ScheduledReview,
                format!("its class, {id}, is reviewed by {}", class.review_due()),
            ),
        ];
        key.controls.extend(self.pools.controls.hold(notes.into()));
        key.controls.sort_by_key(|note| note.id);
    }
}

/// In the register an exception is what people signed there; what a list says of one is a dispute.
fn only_what_is_signed(inferred: &mut Inferred) {
    if inferred.facts.exception.take().is_none() {
        return;
    }
    if let Some(note) = inferred.notes.remove(&FactName::Exception) {
        inferred.disputes.push(Dispute {
            fact: FactName::Exception.word().to_owned(),
            taken: format!("none ({REGISTER}: nobody signed it there)"),
            also: format!("{} ({})", note.value, note.source),
        });
    }
}

/// An exception is a fact of its key as long as it holds; where it does not hold any more, the key says why.
fn put_exception(
    inferred: &mut Inferred,
    exception: &Exception,
    verdict: Verdict,
    outcome: &Outcome,
    today: Day,
) {
    let request = exception.request();
    let Some(then) = request.subject().standing() else {
        return;
    };
    let standing = Standing::of(&then.key, &then.name, verdict, outcome).to_compare(then);
    let until = exception.approved_until(&standing, today);
    inferred.facts.exception = until.map(|until| tenure_model::facts::Exception {
        approved_until: Some(until),
    });
    let value = until.map_or(
        serde_json::Value::Null,
        |until| serde_json::json!({"approved_until": until}),
    );
    let status = exception.status(Some(&standing), today);
    let told = status.map_or_else(String::new, |status| status_text(exception, status));
    let note = tenure_model::note::FactNote {
        value: value.into(),
        basis: Basis::Declared,
        source: format!("{REGISTER}: {} {told}", request.id()),
    };
    inferred.notes.insert(FactName::Exception, note);
}

/// The state of a granted exception in a few words, always with its date.
pub(crate) fn status_text(exception: &Exception, status: Status) -> String {
    let is_permanent = matches!(exception.request().subject(), Subject::Permanent { .. });
    match (status, exception) {
        (Status::InForce { .. }, Exception::Permanent(granted)) => {
            format!("permanent, review due {}", granted.review_due())
        }
        (Status::InForce { .. }, Exception::Class(granted)) => {
            format!("in force, review due {}", granted.review_due())
        }
        (Status::InForce { until }, _) => format!("approved until {until}"),
        (Status::ReaffirmDue { by }, _) => format!("to be reaffirmed by {by}: its acceptor left"),
        (Status::Lapsed { until }, _) => format!("lapsed, its review was missed; ends {until}"),
        (Status::Reopened(why), _) => match why {
            tenure_model::exception::Reopened::LevelRose { from, to } => {
                format!("reopened: signed at {from}, and it is {to} now")
            }
            tenure_model::exception::Reopened::StatementChanged => {
                "reopened: what was signed is not what is true now".to_owned()
            }
        },
        (Status::Expired { on }, _) if is_permanent => format!("expired on {on} without a review"),
        (Status::Expired { on }, _) => format!("expired on {on}"),
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
