//! From an inventory to facts: one rule per fact, each value with its basis and source.
//!
//! Observed beats declared beats inferred; a disagreement is shown, not hidden. What nobody said stays
//! unknown, and "not found" is never "no".

mod exposure;
mod options;
mod owner;
mod purpose;
mod reach;
mod usage;

use crate::{
    catalog::Credential,
    day::Day,
    explain::FactName,
    facts::{Case, DataClass, Facts, FactsError, Since, Verdict},
    key::{Basis, Row, Told},
    note::{Dispute, FactNote, OptionNote, OwnerCandidate},
    people::People,
    place::{Purpose, Runtime, Sighting},
    system::System,
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// A row with what its source is.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SourcedRow {
    /// What the source says.
    pub row: Row,
    /// The source, as the user named it, with the place in it.
    pub source: String,
    /// `Observed` for a provider's export, `Declared` for a spreadsheet.
    pub basis: Basis,
    /// The source is a whole listing of its account.
    pub complete: bool,
}

/// Facts that a person declared for this key in a facts file.
#[derive(Debug, Clone, Default)]
pub struct Declaration {
    /// The file and place.
    pub source: String,
    /// Section 9 facts by name.
    pub values: BTreeMap<FactName, Value>,
    /// The declared owner.
    pub owner: Option<String>,
    /// The declared system.
    pub system: Option<String>,
    /// The declared purpose.
    pub purpose: Option<Purpose>,
    /// What somebody noted about it: shown, and no fact.
    pub note: Option<String>,
    /// Runtimes of the workloads that use it.
    pub runtimes: Vec<Runtime>,
    /// Since when findings have stood.
    pub since: Vec<(Verdict, Day)>,
}

/// Everything that is known about one key.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// What exports and inventories say, observed first.
    pub rows: Vec<SourcedRow>,
    /// Where copies were seen.
    pub sightings: Vec<Sighting>,
    /// What a facts file declares.
    pub declarations: Vec<Declaration>,
    /// The systems that it is said to serve, as a configuration database declares them.
    pub systems: Vec<System>,
    /// A whole listing of its account does not name it.
    pub absent_from: Option<String>,
}

/// What holds for every key of a run.
#[derive(Debug, Clone, Copy)]
pub struct World<'w> {
    /// The people list; `None` where none was given.
    pub people: Option<&'w People>,
    /// The clock reading.
    pub today: Day,
}

/// The facts of one key, and how each of them came about.
#[derive(Debug, Clone)]
pub struct Inferred {
    /// The facts.
    pub facts: Facts,
    /// Since when each finding has stood, as far as declared.
    pub since: Since,
    /// Basis and source of each fact that somebody spoke to.
    pub notes: BTreeMap<FactName, FactNote>,
    /// Disagreements.
    pub disputes: Vec<Dispute>,
    /// What the key is for.
    pub purpose: Purpose,
    /// Where its known consumers run.
    pub runtimes: Vec<Runtime>,
    /// The options, with notes.
    pub options: Vec<OptionNote>,
    /// The accountable person.
    pub owner: Told<String>,
    /// Who may be.
    pub owner_candidates: Vec<OwnerCandidate>,
    /// The system it serves.
    pub system: Told<String>,
    /// When it was issued.
    pub created_at: Told<Day>,
    /// When it was last used.
    pub last_used: Told<Day>,
    /// When it ends.
    pub expires_at: Told<Day>,
}

impl Inferred {
    /// Nothing is known: every fact has its default.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            facts: Facts::default(),
            since: Since::default(),
            notes: BTreeMap::new(),
            disputes: Vec::new(),
            purpose: Purpose::Unknown,
            runtimes: Vec::new(),
            options: Vec::new(),
            owner: Told::unknown(),
            owner_candidates: Vec::new(),
            system: Told::unknown(),
            created_at: Told::unknown(),
            last_used: Told::unknown(),
            expires_at: Told::unknown(),
        }
    }
}

/// One voice for one fact.
#[derive(Debug, Clone)]
struct Vote {
    value: Value,
    basis: Basis,
    source: String,
}

/// What everybody says about every fact.
#[derive(Debug, Default)]
struct Ballot(BTreeMap<FactName, Vec<Vote>>);

impl Ballot {
    fn say(
        &mut self,
        fact: FactName,
        value: impl Into<Value>,
        basis: Basis,
        source: impl Into<String>,
    ) {
        self.0.entry(fact).or_default().push(Vote {
            value: value.into(),
            basis,
            source: source.into(),
        });
    }

    fn votes(&self, fact: FactName) -> &[Vote] {
        self.0.get(&fact).map_or(&[], Vec::as_slice)
    }

    /// The strongest voice, and the voices that contradict it.
    fn settle(&self, fact: FactName) -> Option<(&Vote, Vec<&Vote>)> {
        let votes = self.votes(fact);
        let best = votes
            .iter()
            .reduce(|best, vote| if vote.basis < best.basis { vote } else { best })?;
        Some((
            best,
            votes
                .iter()
                .filter(|vote| vote.value != best.value)
                .collect(),
        ))
    }
}

impl Subject {
    /// Names, tags, systems and variables: the words that people use for this key.
    fn spoken_names(&self) -> Vec<&str> {
        let rows = self.rows.iter().flat_map(|told| {
            let row = &told.row;
            row.name
                .iter()
                .chain(&row.system)
                .map(String::as_str)
                .chain(row.tags.values().map(String::as_str))
        });
        let declared = self
            .declarations
            .iter()
            .flat_map(|d| d.system.iter().map(String::as_str));
        rows.chain(declared)
            .chain(self.sightings.iter().filter_map(|s| s.variable.as_deref()))
            .collect()
    }
}

/// Derives the facts of one key.
///
/// # Errors
/// A declared value that the contract does not know, or a day that lies in the future.
pub fn infer(
    subject: &Subject,
    kind: Option<&Credential>,
    world: &World<'_>,
) -> Result<Inferred, FactsError> {
    let mut ballot = Ballot::default();
    declared(subject, &mut ballot);
    let purpose = purpose::purpose(subject, kind);
    purpose::privilege(subject, kind, &mut ballot);
    purpose::privileged_path(subject, kind, purpose, &mut ballot);
    let usage = usage::usage(subject, &mut ballot);
    usage::status(subject, &usage, world, &mut ballot);
    exposure::exposure(subject, &mut ballot);
    exposure::publishable(subject, kind, &mut ballot);
    reach::environments(subject, &mut ballot);
    reach::tenants(purpose, subject, &mut ballot);
    reach::data(subject, &mut ballot);
    let owner = owner::owner(subject, world, &mut ballot);
    owner::parties(subject, kind, &mut ballot);
    options::stands_on(kind, &mut ballot);
    let runtimes = options::consumers(subject);
    let options = options::options(kind, &runtimes, &ballot);

    let mut document = Map::new();
    let mut notes = BTreeMap::new();
    let mut disputes = owner.disputes;
    for fact in ballot.0.keys() {
        let Some((best, others)) = ballot.settle(*fact) else {
            continue;
        };
        put(&mut document, *fact, best.value.clone());
        notes.insert(
            *fact,
            FactNote {
                value: Arc::new(best.value.clone()),
                basis: best.basis,
                source: best.source.clone(),
            },
        );
        disputes.extend(
            others
                .into_iter()
                .filter(|vote| vote.basis != Basis::Inferred)
                .map(|vote| Dispute {
                    fact: fact.word().to_owned(),
                    taken: format!("{} ({})", best.value, best.source),
                    also: format!("{} ({})", vote.value, vote.source),
                }),
        );
    }
    for note in &options {
        let name = format!("options.{}", note.option);
        if let Ok(fact) = name.parse::<FactName>() {
            put(&mut document, fact, note.state.clone());
        }
    }
    document.insert("id".to_owned(), json!("key"));
    let case = Case::from_deserializer(Value::Object(document), world.today)?;
    Ok(Inferred {
        facts: case.facts,
        since: since(subject, world.today),
        notes,
        disputes,
        purpose,
        runtimes: runtimes.into_iter().collect(),
        options,
        owner: owner.owner,
        owner_candidates: owner.candidates,
        system: system(subject),
        created_at: usage.created_at,
        last_used: usage.last_used,
        expires_at: usage.expires_at,
    })
}

/// Whether declared values are what the contract knows.
///
/// # Errors
/// The fact that is not.
pub(crate) fn check(values: &BTreeMap<FactName, Value>, today: Day) -> Result<(), FactsError> {
    let mut document = Map::new();
    for (fact, value) in values {
        put(&mut document, *fact, value.clone());
    }
    document.insert("id".to_owned(), json!("key"));
    Case::from_deserializer(Value::Object(document), today).map(|_| ())
}

/// Puts a value where the facts file has it.
fn put(document: &mut Map<String, Value>, fact: FactName, value: Value) {
    match fact.word().split_once('.') {
        None => {
            document.insert(fact.word().to_owned(), value);
        }
        Some((outer, inner)) => {
            let outer = document.entry(outer).or_insert_with(|| json!({}));
            if let Some(map) = outer.as_object_mut() {
                map.insert(inner.to_owned(), value);
            }
        }
    }
}

/// What persons declared, in spreadsheets and facts files. Proof never comes from a declaration.
fn declared(subject: &Subject, ballot: &mut Ballot) {
    // These are settled by rules of their own, since a declaration may raise them and not lower them,
    // or stands beside other evidence.
    let apart = |fact: &FactName| {
        matches!(
            fact,
            FactName::Proof
                | FactName::Exposure
                | FactName::Publishable
                | FactName::TestMode
                | FactName::PrivilegedPath
                | FactName::LastUsed
        )
    };
    // Who says that nobody knows says nothing: what another source knows counts.
    let said = |fact: &FactName, value: &Value| {
        !apart(fact) && !value.is_null() && *value != json!("unknown")
    };
    // Of two that say so, whoever speaks of this key alone before a table of many: as of owners.
    for declaration in &subject.declarations {
        for (fact, value) in declaration.values.iter().filter(|(f, v)| said(f, v)) {
            ballot.say(*fact, value.clone(), Basis::Declared, &declaration.source);
        }
    }
    for told in &subject.rows {
        for (fact, value) in told.row.declared.iter().filter(|(f, v)| said(f, v)) {
            ballot.say(*fact, value.clone(), Basis::Declared, &told.source);
        }
    }
    // What is declared about its system is declared about the key, behind what is declared about itself.
    let strictest = subject
        .systems
        .iter()
        .filter_map(|system| Some((system.data?, system)))
        .reduce(|worst, one| if one.0 > worst.0 { one } else { worst });
    if let Some((data, system)) = strictest.filter(|(data, _)| *data != DataClass::Unknown) {
        ballot.say(FactName::Data, data.word(), Basis::Declared, &system.source);
    }
    let mut systems = subject.systems.iter();
    if let Some(first) = systems.next().filter(|system| system.retired)
        && systems.all(|system| system.retired)
    {
        ballot.say(
            FactName::Integration,
            "retired",
            Basis::Declared,
            &first.source,
        );
    }
}

/// What was declared for one of the facts with a rule of its own.
fn declarations_of(subject: &Subject, fact: FactName) -> impl Iterator<Item = (&Value, &str)> {
    let rows = subject
        .rows
        .iter()
        .filter_map(move |told| Some((told.row.declared.get(&fact)?, told.source.as_str())));
    let files = subject
        .declarations
        .iter()
        .filter_map(move |d| Some((d.values.get(&fact)?, d.source.as_str())));
    rows.chain(files)
}

/// Since when findings have stood, as declared, in tables in tags named `since.<verdict>`. The earliest of
/// several days counts, and no day ahead: a deadline never moves later.
fn since(subject: &Subject, today: Day) -> Since {
    let mut since = Since::default();
    let mut add = |verdict: Verdict, day: Day| {
        if day > today {
            return;
        }
        let earliest = since.of(verdict).map_or(day, |known| known.min(day));
        since.set(verdict, Some(earliest));
    };
    for declaration in &subject.declarations {
        for (verdict, day) in &declaration.since {
            add(*verdict, *day);
        }
    }
    for (name, value) in subject.rows.iter().flat_map(|told| &told.row.tags) {
        let verdict = name
            .strip_prefix("since.")
            .and_then(|verdict| verdict.parse().ok());
        if let (Some(verdict), Ok(day)) = (verdict, value.parse()) {
            add(verdict, day);
        }
    }
    since
}

fn system(subject: &Subject) -> Told<String> {
    let declared = subject
        .declarations
        .iter()
        .find_map(|d| Some((d.system.clone()?, Basis::Declared, d.source.clone())));
    let rows = || {
        subject
            .rows
            .iter()
            .find_map(|told| Some((told.row.system.clone()?, told.basis, told.source.clone())))
    };
    declared
        .or_else(rows)
        .map_or_else(Told::unknown, |(value, basis, source)| {
            Told::new(value, basis, source)
        })
}
