//! What the tests are built from: rows, sightings, declarations and a kind, in few words.

use serde_json::Value;
use tenure_model::{
    catalog::{Credential, Provider},
    day::Day,
    decide::{Judgement, judge},
    explain::FactName,
    facts::{Facts, Since, Verdict},
    infer::{Declaration, Inferred, SourcedRow, Subject, World, infer},
    key::{Associate, Basis, Person, PersonState, Row},
    people::People,
    place::{Audience, Liveness, Part, PlaceKind, Sighting, hints},
    policy::Policy,
    secret::{Pepper, Secret},
};

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(crate) fn today() -> Day {
    day("2026-11-23")
}

/// One key under test.
#[derive(Clone, Default, Debug)]
pub(crate) struct Scene {
    pub(crate) subject: Subject,
    pub(crate) kind: Option<Credential>,
    pub(crate) people: Option<Vec<Person>>,
}

impl Scene {
    /// A row of a provider's whole listing.
    pub(crate) fn observed(self, change: impl FnOnce(&mut Row)) -> Self {
        self.row(Basis::Observed, true, change)
    }

    /// A row of a provider's listing that is not whole.
    pub(crate) fn observed_in_part(self, change: impl FnOnce(&mut Row)) -> Self {
        self.row(Basis::Observed, false, change)
    }

    /// A row of somebody's spreadsheet.
    pub(crate) fn tabled(self, change: impl FnOnce(&mut Row)) -> Self {
        self.row(Basis::Declared, false, change)
    }

    fn row(mut self, basis: Basis, complete: bool, change: impl FnOnce(&mut Row)) -> Self {
        let mut row = Row {
            provider: "acme".to_owned(),
            ..Row::default()
        };
        change(&mut row);
        let source = format!("source {}", self.subject.rows.len());
        self.subject.rows.push(SourcedRow {
            row,
            source,
            basis,
            complete,
        });
        // INVARIANT of `Subject`: observed rows come first.
        self.subject.rows.sort_by_key(|told| told.basis);
        self
    }

    /// A copy of the secret that its user alone can read.
    pub(crate) fn seen(mut self, path: &str, change: impl FnOnce(&mut Sighting)) -> Self {
        let mut sighting = sighting(path);
        change(&mut sighting);
        self.subject.sightings.push(sighting);
        self
    }

    /// A fact in a facts file.
    pub(crate) fn declares(self, fact: FactName, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.file(|declaration| {
            declaration.values.insert(fact, value);
        })
    }

    /// An entry of a facts file.
    pub(crate) fn file(mut self, change: impl FnOnce(&mut Declaration)) -> Self {
        let mut declaration = Declaration {
            source: "facts.toml key[0]".to_owned(),
            ..Declaration::default()
        };
        change(&mut declaration);
        self.subject.declarations.push(declaration);
        self
    }

    pub(crate) fn kind(mut self, tables: &str) -> Self {
        self.kind = Some(kind(tables));
        self
    }

    pub(crate) fn people(mut self, people: &[Person]) -> Self {
        self.people = Some(people.to_vec());
        self
    }

    pub(crate) fn infer(&self) -> Inferred {
        let people = self.people.clone().map(People::new);
        let world = World {
            people: people.as_ref(),
            today: today(),
        };
        infer(&self.subject, self.kind.as_ref(), &world).unwrap()
    }

    pub(crate) fn facts(&self) -> Facts {
        self.infer().facts
    }

    pub(crate) fn judged(&self) -> Judgement {
        let inferred = self.infer();
        judge(
            &inferred.facts,
            &inferred.since,
            &Policy::builtin(),
            today(),
        )
    }

    /// The basis on which a fact rests.
    pub(crate) fn basis(&self, fact: FactName) -> Option<Basis> {
        self.infer().notes.get(&fact).map(|note| note.basis)
    }
}

pub(crate) fn scene() -> Scene {
    Scene::default()
}

/// A copy at a path: what the path says is filled in, and its user alone can read it.
pub(crate) fn sighting(path: &str) -> Sighting {
    let hints = hints::of_path(path);
    Sighting {
        source: "repo".to_owned(),
        kind: hints.kind,
        path: path.to_owned(),
        line: Some(1),
        audience: Audience::You,
        audience_why: "a test".to_owned(),
        liveness: Liveness::NotChecked,
        part: Part::Secret,
        provider: "acme".to_owned(),
        credential: "api_key".to_owned(),
        key_id: None,
        fingerprint: Some(Pepper::new([7; 32]).fingerprint(&Secret::new(b"one key"))),
        hint: None,
        variable: None,
        runtime: hints.runtime,
        purpose: hints.purpose,
        privileged_path: hints.privileged_path,
        environment: hints.environment,
        commit: None,
        code_owners: Vec::new(),
        test_mode: false,
    }
}

/// The only public id of a key, in place of its secret.
pub(crate) fn public_half(sighting: &mut Sighting) {
    sighting.part = Part::KeyId;
    sighting.fingerprint = None;
}

/// A kind of the catalogue with these tables.
pub(crate) fn kind(tables: &str) -> Credential {
    let text = format!(
        "schema='tenure.provider/1'\nprovider='acme'\nname='Acme'\ncategory='test'\n\
         [[credential]]\nkind='api_key'\nname='API key'\nstands_on='static'\nnames=['ACME_KEY']\n{tables}"
    );
    Provider::parse("acme.toml", &text)
        .unwrap()
        .credentials
        .remove(0)
}

/// One fact of a kind.
pub(crate) fn fact(name: &str, value: &str) -> String {
    format!(
        "[credential.{name}]\nvalue='{value}'\nsource='https://acme.example/{name}'\nread_on='2026-11-01'\nbasis='documented'\n"
    )
}

/// One replacement option of a kind, with `rest` as further fields.
pub(crate) fn option(name: &str, rest: &str) -> String {
    format!(
        "[[credential.option]]\noption='{name}'\nread_on='2026-11-01'\nsource='https://acme.example'\nbasis='documented'\n{rest}\n"
    )
}

pub(crate) const FEDERATION: &str = "workload_identity_federation";

/// The vendor offers workload identity federation to machines.
pub(crate) fn federates() -> String {
    option(FEDERATION, "state='offered'\nfor='machine'")
}

pub(crate) fn person(id: &str, state: PersonState) -> Person {
    Person {
        id: id.to_owned(),
        email: Some(format!("{id}@acme.example")),
        state,
        ..Person::default()
    }
}

pub(crate) fn made_it(who: &str) -> Associate {
    Associate {
        who: who.to_owned(),
        why: "created it".to_owned(),
        machine: false,
    }
}

/// Whether a key with these facts would ever get this verdict, at its gate or behind it.
pub(crate) fn leads_to(judgement: &Judgement, verdict: Verdict) -> bool {
    judgement.verdict == verdict || judgement.then == Some(verdict)
}

pub(crate) fn due(facts: &Facts, since: &Since) -> Option<Day> {
    judge(facts, since, &Policy::builtin(), today()).due
}

pub(crate) fn kind_of(path: &str) -> PlaceKind {
    hints::of_path(path).kind
}
