//! The same assessment without a name in it: people, names, places and sources become stable
//! pseudonyms, dates and decisions stay.
//!
//! Free text may hold anything, so none of it is kept: what the rules say is said again from the
//! typed facts, and the rest is withheld.

use crate::catalog;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use tenure_model::{
    assessment::{
        Assessment, Change, ControlNote, FactNotes, Key, SCHEMA, SightingNote, Skipped, SunsetNote,
        Unmerged,
    },
    day::Day,
    explain::{self, Answer, Because, FactName, Outcome, WouldChange},
    facts::{Case, OptionState},
    key::{Coverage, Told},
    note::{Dispute, FactNote, Joined, OptionNote, OwnerCandidate},
    policy::Policy,
    shared::Shared,
};

/// What stands where a text was withheld.
const WITHHELD: &str = "withheld";

/// An assessment in which nothing of the original names is left.
#[must_use]
pub fn anonymise(assessment: &Assessment) -> Assessment {
    let mut names = Names::new();
    let policy = Policy::builtin();
    let today = assessment.today;
    // Keys come first, so that their numbers are their places in the list.
    for key in &assessment.keys {
        names.of("key", &key.id);
    }
    let keys: Vec<Key> = assessment
        .keys
        .iter()
        .map(|key| anonymous_key(key, &mut names, &policy, today))
        .collect();
    let mut summary = assessment.summary.clone();
    summary.changes = assessment
        .summary
        .changes
        .iter()
        .enumerate()
        .map(|(at, change)| anonymous_change(at, change, &mut names))
        .collect();
    summary.notes = vec![WITHHELD.to_owned(); summary.notes.len()];
    summary.dismissed = (1..)
        .zip(summary.dismissed.values())
        .map(|(at, count)| (format!("reason {at}"), *count))
        .collect();
    Assessment {
        schema: SCHEMA.to_owned(),
        title: "an organisation (anonymised)".to_owned(),
        complete: assessment.complete,
        today,
        policy: digest_or_nothing(&assessment.policy),
        policy_version: if assessment.policy_version == policy.version {
            policy.version.clone()
        } else {
            "own".to_owned()
        },
        keys,
        coverage: assessment
            .coverage
            .iter()
            .map(|coverage| Coverage {
                source: names.of("source", &coverage.source),
                part: names.of("part", &coverage.part),
                state: coverage.state,
                reason: coverage.reason.as_ref().map(|_| WITHHELD.to_owned()),
                rows: coverage.rows,
                hash: None,
            })
            .collect(),
        unmerged: assessment
            .unmerged
            .iter()
            .map(|pair| Unmerged {
                a: names.of("key", &pair.a),
                b: names.of("key", &pair.b),
                why: WITHHELD.to_owned(),
            })
            .collect(),
        skipped: assessment
            .skipped
            .iter()
            .map(|skipped| Skipped {
                path: names.of("skipped", &skipped.path),
                reason: WITHHELD.to_owned(),
            })
            .collect(),
        summary,
    }
}

/// The pseudonyms given so far, and the words of the catalogue, which name nobody.
struct Names {
    given: BTreeMap<(&'static str, String), usize>,
    counts: BTreeMap<&'static str, usize>,
    public: BTreeSet<String>,
}

impl Names {
    fn new() -> Self {
        let providers = catalog::load(None).unwrap_or_default();
        let mut public: BTreeSet<String> = ["unknown".to_owned()].into();
        for provider in providers {
            public.extend(provider.credentials.into_iter().map(|kind| kind.kind));
            public.insert(provider.provider);
        }
        Self {
            given: BTreeMap::new(),
            counts: BTreeMap::new(),
            public,
        }
    }

    /// `person-3`: the same original of one kind always gets the same pseudonym.
    fn of(&mut self, kind: &'static str, original: &str) -> String {
        let next = self.counts.get(kind).copied().unwrap_or(0) + 1;
        let number = *self
            .given
            .entry((kind, original.to_owned()))
            .or_insert(next);
        if number == next {
            self.counts.insert(kind, next);
        }
        format!("{kind}-{number}")
    }

    fn maybe(&mut self, kind: &'static str, original: Option<&String>) -> Option<String> {
        original.map(|original| self.of(kind, original))
    }

    /// A word of the catalogue as it is, any other as a pseudonym.
    fn word(&mut self, kind: &'static str, word: &str) -> String {
        if self.public.contains(word) {
            word.to_owned()
        } else {
            self.of(kind, word)
        }
    }

    fn told(&mut self, kind: &'static str, told: &Told<String>) -> Told<String> {
        Told {
            value: self.maybe(kind, told.value.as_ref()),
            basis: told.basis,
            source: self.maybe("source", told.source.as_ref()),
        }
    }

    fn day(&mut self, told: &Told<Day>) -> Told<Day> {
        Told {
            value: told.value,
            basis: told.basis,
            source: self.maybe("source", told.source.as_ref()),
        }
    }
}

fn anonymous_key(key: &Key, names: &mut Names, policy: &Policy, today: Day) -> Key {
    let again = decide_again(key, policy, today);
    let mut blast_radius = key.blast_radius.clone();
    blast_radius.nearest_change = key
        .blast_radius
        .nearest_change
        .as_ref()
        .map(|change| anonymous_would(change, again.as_ref()).into());
    let mut verdict = key.verdict.clone();
    verdict.outcome = anonymous_outcome(&key.verdict.outcome, again.as_ref());
    let id = names.of("key", &key.id);
    Key {
        provider: names.word("provider", &key.provider),
        credential: key.credential.as_ref().map(|kind| names.word("kind", kind)),
        key_id: names.maybe("key-id", key.key_id.as_ref()),
        name: key.name.as_ref().map(|_| id.clone()),
        id,
        hint: None,
        fingerprint: None,
        account: names.maybe("account", key.account.as_ref()),
        owner: names.told("person", &key.owner),
        system: names.told("system", &key.system),
        created_at: names.day(&key.created_at),
        last_used: names.day(&key.last_used),
        expires_at: names.day(&key.expires_at),
        purpose: key.purpose,
        runtimes: key.runtimes.clone(),
        blast_radius,
        options: key
            .options
            .iter()
            .map(|option| OptionNote {
                option: option.option,
                state: if serde_json::from_value::<OptionState>(option.state.clone()).is_ok() {
                    option.state.clone()
                } else {
                    Value::Null
                },
                offered: option.offered,
                note: WITHHELD.to_owned(),
                source: names.maybe("source", option.source.as_ref()),
            })
            .map(Shared::new)
            .collect(),
        verdict,
        controls: key
            .controls
            .iter()
            .map(|control| ControlNote {
                why: WITHHELD.to_owned(),
                ..ControlNote::clone(control)
            })
            .map(Shared::new)
            .collect(),
        owner_candidates: key
            .owner_candidates
            .iter()
            .map(|candidate| OwnerCandidate {
                who: names.of("person", &candidate.who),
                why: WITHHELD.to_owned(),
                confidence: candidate.confidence,
            })
            .collect(),
        sightings: key
            .sightings
            .iter()
            .map(|sighting| anonymous_sighting(sighting, names))
            .collect(),
        facts: anonymous_facts(key, names, today),
        disputes: key
            .disputes
            .iter()
            .map(|dispute| Dispute {
                fact: fact_name(&dispute.fact),
                taken: WITHHELD.to_owned(),
                also: WITHHELD.to_owned(),
            })
            .collect(),
        merged: key
            .merged
            .iter()
            .map(|joined| Joined {
                source: names.of("source", &joined.source),
                ..joined.clone()
            })
            .collect(),
        note: key.note.as_ref().map(|_| WITHHELD.to_owned()),
        sunsets: key
            .sunsets
            .iter()
            .filter_map(|sunset| anonymous_sunset(sunset))
            .map(Shared::new)
            .collect(),
    }
}

fn anonymous_sighting(sighting: &SightingNote, names: &mut Names) -> SightingNote {
    let repository = names.of("repo", &sighting.source);
    let file = names.of("file", &format!("{}\0{}", sighting.source, sighting.path));
    SightingNote {
        source: names.of("source", &sighting.source),
        path: format!("{repository}/{file}"),
        audience_why: WITHHELD.to_owned(),
        commit: None,
        ..sighting.clone()
    }
}

/// The vendor's date: public, but only in the forms that the contract knows.
fn anonymous_sunset(sunset: &SunsetNote) -> Option<SunsetNote> {
    let known = matches!(sunset.effect.as_str(), "no_new" | "refused");
    let dated = matches!(sunset.on.len(), 7 | 10)
        && sunset.on.chars().all(|c| c.is_ascii_digit() || c == '-');
    (known && dated).then(|| SunsetNote {
        source: "the catalogue".to_owned(),
        ..sunset.clone()
    })
}

/// The facts of the contract with values of the contract; nothing else.
fn anonymous_facts(key: &Key, names: &mut Names, today: Day) -> FactNotes {
    key.facts
        .iter()
        .filter(|(name, note)| case([(name.as_ref(), &*note.value)], today).is_some())
        .map(|(name, note)| {
            let note = FactNote {
                value: note.value.clone(),
                basis: note.basis,
                source: names.of("source", &note.source),
            };
            (name.clone(), note.into())
        })
        .collect()
}

fn fact_name(name: &str) -> String {
    name.parse::<FactName>()
        .map_or_else(|_| WITHHELD.to_owned(), |name| name.to_string())
}

/// A case from single facts, if each is one of the contract.
fn case<'a>(facts: impl IntoIterator<Item = (&'a str, &'a Value)>, today: Day) -> Option<Case> {
    let mut document = Map::new();
    let mut options = Map::new();
    document.insert("id".to_owned(), Value::from("k"));
    for (name, value) in facts {
        name.parse::<FactName>().ok()?;
        match name.strip_prefix("options.") {
            Some(option) => options.insert(option.to_owned(), value.clone()),
            None => document.insert(name.to_owned(), value.clone()),
        };
    }
    document.insert("options".to_owned(), Value::Object(options));
    Case::parse(&Value::Object(document).to_string(), today).ok()
}

/// The answer to the same facts, for its words.
fn decide_again(key: &Key, policy: &Policy, today: Day) -> Option<Answer> {
    let recorded = key
        .facts
        .iter()
        .map(|(name, note)| (name.as_ref(), &*note.value));
    let read = key.verdict.outcome.because.iter();
    let read = read.map(|because| (because.fact.as_str(), &because.value));
    let known = recorded.filter(|(name, _)| name.parse::<FactName>().is_ok());
    let case = case(known.chain(read), today)?;
    Some(explain::answer(&case, policy, "", today))
}

fn anonymous_outcome(outcome: &Outcome, again: Option<&Answer>) -> Outcome {
    Outcome {
        because: outcome
            .because
            .iter()
            .map(|because| anonymous_because(because, again).into())
            .collect(),
        would_change: outcome
            .would_change
            .iter()
            .map(|change| anonymous_would(change, again).into())
            .collect(),
        policy: digest_or_nothing(&outcome.policy),
        facts: digest_or_nothing(&outcome.facts),
        ..outcome.clone()
    }
}

fn anonymous_because(because: &Because, again: Option<&Answer>) -> Because {
    let same = again.and_then(|again| {
        let mut said = again.outcome.because.iter();
        said.find(|said| said.fact == because.fact && said.value == because.value)
    });
    same.map_or_else(
        || Because {
            fact: fact_name(&because.fact),
            value: Value::Null,
            text: WITHHELD.to_owned(),
        },
        |same| Because::clone(same),
    )
}

fn anonymous_would(change: &WouldChange, again: Option<&Answer>) -> WouldChange {
    let same = again.and_then(|again| {
        let mut said = again.outcome.would_change.iter();
        said.find(|said| said.fact == change.fact && said.to == change.to)
    });
    let text = format!(
        "if {} were different: {} at {}",
        fact_name(&change.fact).replace(['_', '.'], " "),
        change.verdict.word().replace('_', " "),
        change.level
    );
    WouldChange {
        fact: fact_name(&change.fact),
        to: same.map_or(Value::Null, |same| same.to.clone()),
        text: same.map_or(text, |same| same.text.clone()),
        ..change.clone()
    }
}

fn anonymous_change(at: usize, change: &Change, names: &mut Names) -> Change {
    Change {
        text: format!("Change {} (its text is withheld)", at + 1),
        keys: change.keys.iter().map(|id| names.of("key", id)).collect(),
        high: change.high,
    }
}

/// A digest says nothing about names; anything else in its place might.
fn digest_or_nothing(digest: &str) -> String {
    let is_digest = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
    if is_digest {
        digest.to_owned()
    } else {
        String::new()
    }
}
