//! Into the register: exports, people lists, configuration databases, and what a search of folders sees.

use super::{Desk, RegisterError, Result};
use crate::{
    assess::nearest,
    exclude,
    import::{Asked, Inventories, PEOPLE, listed},
    progress::Progress,
    reported,
    rule_files::RuleFiles,
    tree::{self, Document, Lens},
};
use std::{collections::BTreeSet, path::Path};
use tenure_connect::importer;
use tenure_model::{
    access::Action,
    alias::Identities,
    assessment::Skipped,
    catalog::Provider,
    day::Day,
    digest,
    id::RunId,
    key::{Coverage, CoverageState, Person},
    policy::Policy,
    secret::Pepper,
    system::{self, System},
    watch::Kept,
};
use tenure_scan::rule::Rules;
use tenure_store::{Counts, DeclaredKind, Evidence, NewImport, Record};

/// How many records are written at once.
const CHUNK: usize = 1000;

/// By what files are read.
#[derive(Clone, Copy)]
pub struct Reading<'r> {
    /// The catalogue.
    pub providers: &'r [Provider],
    /// The numbers in force.
    pub policy: &'r Policy,
    /// The key of fingerprints.
    pub pepper: &'r Pepper,
    /// The clock reading.
    pub today: Day,
}

/// What one source says, read and not yet written. No secret is in it.
#[derive(Debug)]
pub struct Taken {
    source: NewImport,
    records: Vec<Record>,
    people: Option<Vec<Person>>,
    systems: Vec<System>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// What could not be taken.
    pub skipped: Vec<Skipped>,
    /// What a watch list can hold of the secrets that were seen.
    pub watched: Vec<Kept>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Imported {
    /// Its run.
    pub run: RunId,
    /// How many records the source has.
    pub records: u64,
    /// How many of them an earlier attempt had written already.
    pub resumed: u64,
    /// What it did.
    #[serde(flatten)]
    pub counts: Counts,
    /// How many people are new, different or gone.
    pub people: usize,
    /// How many systems are new or different.
    pub systems: usize,
}

impl Taken {
    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Reads an export of a kind. `name` is what the source is known by from import to import: exports of one list
    /// that differ in their file names are given one.
    ///
    /// # Errors
    /// There is no such kind or file, or nothing of it can be used.
    pub fn export(reading: Reading<'_>, kind: &str, file: &Path, name: &str) -> Result<Self> {
        let kinds = importer::kinds();
        let Some(kind) = kinds.iter().find(|known| **known == kind) else {
            return Err(RegisterError::Kind {
                kind: kind.to_owned(),
                nearest: nearest(kind, &kinds),
            });
        };
        let bytes = std::fs::read(file)
            .map_err(|error| RegisterError::Nothing(format!("{}: {error}", file.display())))?;
        let hash = digest::of_bytes(&bytes);
        drop(zeroize::Zeroizing::new(bytes));
        let rules = compiled(reading.providers)?;
        let document = Document {
            path: file.to_owned(),
            name: name.to_owned(),
            source: name.to_owned(),
            relative: file
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
        };
        let mut all = Inventories::default();
        all.take(
            &[(document, Asked::As(kind))],
            reading.lens(&rules, &RuleFiles::default()),
            reading.today,
        );
        let refused = |part: &Coverage| part.state == CoverageState::NotCovered;
        if all.coverage.iter().all(refused) && all.rows.is_empty() && all.people.is_none() {
            let first = all.skipped.first();
            let why = first.map_or("is not an export of this kind", |skipped| {
                skipped.reason.as_str()
            });
            return Err(RegisterError::Nothing(format!("{}: {why}", file.display())));
        }
        let notes = all.notes().collect();
        let mut sightings = all.sightings;
        reported::put_to(&mut sightings, all.findings);
        let accounts: BTreeSet<&str> = all
            .rows
            .iter()
            .filter_map(|told| told.row.account.as_deref())
            .collect();
        let account = match accounts.first() {
            Some(only) if accounts.len() == 1 => (*only).to_owned(),
            _ => String::new(),
        };
        // What an empty or broken list does not name is not gone.
        let complete = !all.rows.is_empty()
            && all.skipped.is_empty()
            && all.rows.iter().all(|told| told.complete);
        let mut identities = Identities::default();
        let rows = all.rows.into_iter().map(|told| Record {
            identity: identities.of_row(&told),
            evidence: Evidence::Row(Box::new(told)),
        });
        let mut records: Vec<Record> = rows.collect();
        records.extend(seen(sightings));
        Ok(Self {
            source: NewImport {
                kind: (*kind).to_owned(),
                name: name.to_owned(),
                account,
                hash,
                complete,
                coverage: all.coverage,
            },
            records,
            people: all.people.filter(|_| *kind == PEOPLE),
            systems: all.systems,
            notes,
            skipped: all.skipped,
            watched: all.watched,
        })
    }

    /// Searches a folder or file for copies of keys.
    ///
    /// # Errors
    /// There is no such place, or nothing of it can be read.
    pub fn place(
        reading: Reading<'_>,
        path: &Path,
        leave_out: &[String],
        progress: &dyn Progress,
    ) -> Result<Self> {
        std::fs::metadata(path)
            .map_err(|error| RegisterError::Nothing(format!("{}: {error}", path.display())))?;
        let exclude =
            exclude::globs(leave_out).map_err(|error| RegisterError::Nothing(error.to_string()))?;
        let rules = compiled(reading.providers)?;
        let source = tree::Source::list(path, true, &exclude);
        progress.begin(
            "searching files",
            u64::try_from(source.len()).unwrap_or(u64::MAX),
        );
        let rule_files = RuleFiles::default();
        let lens = reading.lens(&rules, &rule_files);
        let read = source.search(lens, &BTreeSet::new(), &Vec::new(), progress);
        progress.end();
        let is_whole = read.skipped.is_empty();
        if read.searched == 0 {
            let why = format!("{}: no text file was read", path.display());
            return Err(RegisterError::Nothing(why));
        }
        let records = seen(read.sightings);
        let said: Vec<&str> = records
            .iter()
            .map(|record| record.identity.as_str())
            .collect();
        let name = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let name = name.display().to_string();
        Ok(Self {
            source: NewImport {
                kind: "files".to_owned(),
                account: String::new(),
                // What was found, not every byte that was read: the same findings go on where they were cut off.
                hash: digest::of(&said),
                complete: is_whole,
                coverage: vec![Coverage {
                    source: name.clone(),
                    part: "files".to_owned(),
                    state: if is_whole {
                        CoverageState::Complete
                    } else {
                        CoverageState::Partial
                    },
                    reason: (!is_whole).then(|| {
                        format!("{} files or folders could not be read", read.skipped.len())
                    }),
                    rows: Some(read.searched),
                    hash: None,
                }],
                name,
            },
            records,
            people: None,
            systems: Vec::new(),
            notes: Vec::new(),
            skipped: read.skipped,
            watched: read.watched,
        })
    }
}

fn compiled(providers: &[Provider]) -> Result<Rules> {
    Rules::compile(providers).map_err(|error| RegisterError::Catalog(error.to_string()))
}

fn seen(sightings: Vec<tenure_model::place::Sighting>) -> Vec<Record> {
    let mut identities = Identities::default();
    sightings
        .into_iter()
        .map(|sighting| Record {
            identity: identities.of_sighting(&sighting),
            evidence: Evidence::Sighting(Box::new(sighting)),
        })
        .collect()
}

impl<'r> Reading<'r> {
    fn lens(self, rules: &'r Rules, rule_files: &'r RuleFiles) -> Lens<'r> {
        Lens {
            rules,
            providers: self.providers,
            pepper: self.pepper,
            policy: self.policy,
            rule_files,
            validation: None,
            apart: None,
        }
    }
}

impl Desk<'_> {
    /// Writes what one source says. What an earlier attempt wrote of the same content is passed over; what a source
    /// that was read whole no longer names is gone from it. Keys are judged by [`Desk::reassess`].
    ///
    /// # Errors
    /// The caller may not, or the database refuses: what was written until then stands, and the next attempt goes on
    /// there.
    pub async fn import(&self, taken: &Taken) -> Result<Imported> {
        let action = if taken.source.kind == "files" {
            Action::ScanRun
        } else {
            Action::ImportRun
        };
        let permit = self.permit_all(action).await?;
        let people_permit = match &taken.people {
            Some(_) => Some(self.permit_all(Action::PeopleManage).await?),
            None => None,
        };
        let store = self.store;
        let mut import = store.begin_import(&permit, self.now, &taken.source).await?;
        let resumed = import.done;
        let left = taken
            .records
            .get(usize::try_from(resumed).unwrap_or(usize::MAX)..)
            .unwrap_or_default();
        for chunk in left.chunks(CHUNK) {
            store.import(&mut import, &permit, self.now, chunk).await?;
        }
        let run = import.run.clone();
        let records = import.done;
        let mut people = 0;
        if let (Some(list), Some(permit)) = (&taken.people, people_permit) {
            let mut txn = store.begin(&permit, self.now).await?;
            people = txn.set_people(list).await?;
            txn.commit_noted().await?;
        }
        let mut systems = 0;
        if !taken.systems.is_empty() {
            let mut txn = store.begin(&permit, self.now).await?;
            for one in &taken.systems {
                let id = format!("{}|{}", taken.source.name, system::plain(&one.name));
                let name = &taken.source.name;
                let kind = DeclaredKind::System;
                if txn.declare(kind, &id, &one.name, one, name).await? {
                    systems += 1;
                }
            }
            txn.commit_noted().await?;
        }
        let rows = taken
            .records
            .iter()
            .filter_map(|record| match &record.evidence {
                Evidence::Row(told) => Some(&**told),
                Evidence::Sighting(_) => None,
            });
        let listings = listed(&taken.source.name, rows);
        let finished = store
            .finish_import(import, &permit, self.now, &listings)
            .await?;
        Ok(Imported {
            run,
            records,
            resumed,
            counts: finished.counts,
            people,
            systems,
        })
    }
}
