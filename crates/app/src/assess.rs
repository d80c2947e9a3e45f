//! The main job: everything below the given places, every given export, to one verdict per key.

use crate::{
    exclude::{self, BadGlob},
    import::{Asked, Inventories, PEOPLE},
    progress::Progress,
    reported,
    rule_files::RuleFiles,
    tree::{DeclaredPlaces, Document, Lens, Source},
    validate::Validation,
};
use rayon::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
};
use tenure_connect::importer::{self, ColumnMap};
use tenure_model::{
    assessment::{
        Assessment, BlastRadius, ControlNote, FactNotes, FactorNote, Key, SCHEMA, SightingNote,
        Skipped, SunsetNote, Unmerged, VerdictAnswer,
    },
    catalog::{Credential, Provider},
    classify::Factor,
    day::Day,
    decide::judge,
    declare::{self, DeclareError},
    edit,
    evaluate::{self, Evidence},
    explain::{self, Because, WouldChange},
    facts::{Since, Verdict},
    identity::{self, Known},
    infer::{self, Declaration, Inferred, World},
    key::{Basis, Coverage, CoverageState},
    note::{FactNote, OptionNote},
    people::People,
    policy::Policy,
    secret::Pepper,
    shared::Pool,
    summary,
    watch::Kept,
};
use tenure_scan::rule::{RuleError, Rules};

/// What is to be assessed, and by which rules.
pub struct Request<'r> {
    /// Folders and files.
    pub paths: &'r [PathBuf],
    /// Exports, with the kind where the user says it.
    pub imports: &'r [(Option<String>, PathBuf)],
    /// People lists.
    pub people: &'r [PathBuf],
    /// Facts files: name and text.
    pub facts: &'r [(String, String)],
    /// A saved column map for tables.
    pub columns: Option<ColumnMap>,
    /// Paths below the sources that are left out, as globs.
    pub exclude: &'r [String],
    /// An earlier assessment, from which findings keep the day on which they began.
    pub since: Option<&'r Assessment>,
    /// The catalogue.
    pub providers: &'r [Provider],
    /// The numbers in force.
    pub policy: &'r Policy,
    /// The key of fingerprints.
    pub pepper: &'r Pepper,
    /// The clock reading.
    pub today: Day,
    /// What to call the whole; the first folder's name where it is not given.
    pub title: Option<String>,
    /// How providers are asked whether keys live; none where nobody is asked.
    pub validation: Option<&'r Validation<'r>>,
}

/// What came of it.
pub struct Assessed {
    /// The assessment.
    pub assessment: Assessment,
    /// How the columns of tables were understood, by file.
    pub columns: Vec<(String, ColumnMap)>,
    /// What a watch list can hold of the secrets that were seen.
    pub watched: Vec<Kept>,
}

/// Why nothing was assessed.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    /// A path that is not there.
    #[error("{}: {error}", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
        /// The reason.
        error: std::io::Error,
    },
    /// A kind of import that does not exist.
    #[error("--import {kind}=…: there is no such kind{}; there are: {}", nearest.map(|n| format!(", did you mean `{n}`?")).unwrap_or_default(), importer::kinds().join(", "))]
    Kind {
        /// The kind.
        kind: String,
        /// The nearest one.
        nearest: Option<&'static str>,
    },
    /// A glob that cannot be read.
    #[error(transparent)]
    Exclude(#[from] BadGlob),
    /// A facts file that cannot be taken.
    #[error(transparent)]
    Facts(#[from] DeclareError),
    /// A format of the catalogue that cannot be used.
    #[error("catalogue: {0}")]
    Catalog(#[from] RuleError),
    /// Not one file could be read.
    #[error("nothing was read: {0}")]
    Nothing(String),
}

/// Assesses.
///
/// # Errors
/// A request that cannot be carried out, or nothing that could be read. A single file that cannot be read is
/// no error: it is named in `skipped`, and `complete` is false.
pub fn assess(request: &Request<'_>, progress: &dyn Progress) -> Result<Assessed, AssessError> {
    check(request)?;
    let rules = Rules::compile(request.providers)?;
    let lens = Lens {
        rules: &rules,
        providers: request.providers,
        pepper: request.pepper,
        policy: request.policy,
        rule_files: &RuleFiles::default(),
        validation: request.validation,
        apart: None,
    };
    let (declarations, places) = declarations(request)?;
    let exclude = exclude::globs(request.exclude)?;
    let alone = request.paths.len() == 1;
    progress.begin("listing files", 0);
    let sources: Vec<Source> = request
        .paths
        .iter()
        .map(|path| Source::list(path, alone, &exclude))
        .collect();
    let mut inventories = Inventories {
        given_columns: request.columns.clone(),
        ..Inventories::default()
    };
    progress.begin("reading inventories", 0);
    import(request, &sources, &mut inventories, lens);
    let files = sources.iter().map(Source::len).sum::<usize>();
    progress.begin("searching files", u64::try_from(files).unwrap_or(u64::MAX));
    let mut whole = Whole::default();
    for source in &sources {
        let read = source.search(lens, &inventories.read, &places, progress);
        whole.take(source, read);
    }
    progress.end();
    let refused = |part: &Coverage| part.state == CoverageState::NotCovered;
    if whole.files == 0 && inventories.coverage.iter().all(refused) {
        let skipped = whole.skipped.first().or(inventories.skipped.first());
        let why = skipped
            .map(|skipped| format!("{}: {}", skipped.path, skipped.reason))
            .or_else(|| {
                let part = inventories.coverage.first()?;
                Some(format!("{}: {}", part.source, part.reason.as_deref()?))
            });
        let binary = whole.binary;
        return Err(AssessError::Nothing(why.unwrap_or_else(|| match binary {
            0 => "there is no file in the given places".to_owned(),
            n => format!("none of the {n} files in the given places is text"),
        })));
    }
    Ok(put_together(
        request,
        declarations,
        inventories,
        whole,
        progress,
    ))
}

/// What cannot be right is refused before anything is read.
fn check(request: &Request<'_>) -> Result<(), AssessError> {
    let named = request
        .paths
        .iter()
        .chain(request.imports.iter().map(|(_, path)| path))
        .chain(request.people);
    for path in named {
        std::fs::metadata(path).map_err(|error| AssessError::Missing {
            path: path.clone(),
            error,
        })?;
    }
    let kinds = importer::kinds();
    for kind in request.imports.iter().filter_map(|(kind, _)| kind.as_ref()) {
        if !kinds.contains(&kind.as_str()) {
            return Err(AssessError::Kind {
                kind: kind.clone(),
                nearest: nearest(kind, &kinds),
            });
        }
    }
    Ok(())
}

/// The word that looks most like a mistyped one.
fn nearest(typed: &str, words: &[&'static str]) -> Option<&'static str> {
    const CLOSE: f64 = 0.7;
    words
        .iter()
        .map(|word| (strsim::jaro_winkler(typed, word), *word))
        .filter(|(likeness, _)| *likeness >= CLOSE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

type Declarations = Vec<(identity::Selector, Declaration)>;

fn declarations(request: &Request<'_>) -> Result<(Declarations, DeclaredPlaces), AssessError> {
    let mut keys = Vec::new();
    let mut places = Vec::new();
    for (name, text) in request.facts {
        let declared = declare::parse(name, text, request.today)?;
        keys.extend(declared.keys);
        for (path, audience) in declared.places {
            let path = Path::new(&path);
            if path.is_absolute() {
                places.push((path.to_owned(), audience, name.clone()));
            } else {
                places.extend(
                    request
                        .paths
                        .iter()
                        .map(|root| (root.join(path), audience, name.clone())),
                );
            }
        }
    }
    Ok((keys, places))
}

fn import(
    request: &Request<'_>,
    sources: &[Source],
    inventories: &mut Inventories,
    lens: Lens<'_>,
) {
    let named = |path: &PathBuf| Document {
        name: path.display().to_string(),
        source: path
            .parent()
            .map(|parent| parent.display().to_string())
            .unwrap_or_default(),
        relative: path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        path: path.clone(),
    };
    let exports = request.imports.iter().map(|(kind, path)| {
        let asked = kind.as_deref().map_or(Asked::Named, Asked::As);
        (named(path), asked)
    });
    let people = request.people.iter();
    let people = people.map(|path| (named(path), Asked::As(PEOPLE)));
    let asked: Vec<_> = exports.chain(people).collect();
    inventories.take(&asked, lens, request.today);
    let found = sources.iter().flat_map(Source::documents);
    let found: Vec<_> = found.map(|document| (document, Asked::Found)).collect();
    inventories.take(&found, lens, request.today);
}

/// What the search of all sources gave.
#[derive(Default)]
struct Whole {
    sightings: Vec<tenure_model::place::Sighting>,
    coverage: Vec<Coverage>,
    skipped: Vec<Skipped>,
    files: u64,
    binary: u64,
    left_out: BTreeMap<String, u64>,
    dismissed: BTreeMap<String, u64>,
    watched: Vec<Kept>,
}

impl Whole {
    fn take(&mut self, source: &Source, read: crate::tree::Read) {
        let state = if read.skipped.is_empty() {
            CoverageState::Complete
        } else {
            CoverageState::Partial
        };
        self.coverage.push(Coverage {
            source: source.name.clone(),
            part: "files".to_owned(),
            state,
            reason: match read.skipped.len() {
                0 => None,
                1 => Some("1 file or folder could not be read".to_owned()),
                n => Some(format!("{n} files and folders could not be read")),
            },
            rows: Some(read.searched),
            hash: None,
        });
        self.sightings.extend(read.sightings);
        self.skipped.extend(read.skipped);
        self.watched.extend(read.watched);
        self.files = self.files.saturating_add(read.searched);
        self.binary = self.binary.saturating_add(read.binary);
        add(&mut self.left_out, read.left_out);
        add(&mut self.dismissed, read.dismissed);
    }
}

fn add(sums: &mut BTreeMap<String, u64>, more: BTreeMap<String, u64>) {
    for (name, count) in more {
        let sum = sums.entry(name).or_default();
        *sum = sum.saturating_add(count);
    }
}

fn put_together(
    request: &Request<'_>,
    declarations: Declarations,
    inventories: Inventories,
    whole: Whole,
    progress: &dyn Progress,
) -> Assessed {
    let mut notes: Vec<String> = inventories.notes().collect();
    let mut watched = whole.watched;
    watched.extend(inventories.watched);
    let mut sightings = whole.sightings;
    let mut seen: BTreeSet<_> = sightings.iter().map(place_of).collect();
    // A copy of which only the file is known is any copy of that secret in it.
    seen.extend(sightings.iter().map(file_of));
    for sighting in inventories.sightings {
        if seen.insert(place_of(&sighting)) {
            seen.insert(file_of(&sighting));
            sightings.push(sighting);
        }
    }
    reported::put_to(&mut sightings, inventories.findings);
    if let Some(validation) = request.validation {
        notes.extend(validation.sightings(&mut sightings, progress));
    }
    let (mut known, pairs) = identity::merge(inventories.rows, sightings, &inventories.listings);
    for unused in identity::declare(&mut known, &declarations) {
        // Edits speak of the keys of every place, and this is one of them.
        if let Some((_, declaration)) = declarations.get(unused)
            && !declaration.source.starts_with(edit::SOURCE)
        {
            notes.push(format!("{} selects no key", declaration.source));
        }
    }
    identity::serve(&mut known, &inventories.systems);
    if inventories.people.is_none() {
        notes.push("owners unknown: no people list given".to_owned());
    }
    let mut skipped = whole.skipped;
    skipped.extend(inventories.skipped);
    let people = inventories.people.map(People::new);
    let world = World {
        people: people.as_ref(),
        today: request.today,
    };
    let digest = request.policy.digest();
    let earlier: BTreeMap<&str, &Key> = request
        .since
        .into_iter()
        .flat_map(|earlier| &earlier.keys)
        .map(|key| (key.id.as_str(), key))
        .collect();
    let pools = Pools::default();
    let by_slug: HashMap<&str, &Provider> = request
        .providers
        .iter()
        .map(|provider| (provider.provider.as_str(), provider))
        .collect();
    let ids: Vec<String> = known.iter().map(|key| key.id.clone()).collect();
    let (mut keys, refused): (Vec<Key>, Vec<Vec<Skipped>>) = known
        .into_par_iter()
        .map(|mut key| {
            let kind = kind_of(&by_slug, &key);
            let (inferred, refused) = infer_or_drop(&mut key, kind, &world);
            let since = request
                .since
                .map(|whole| (whole.today, earlier.get(key.id.as_str()).copied()));
            (
                judged(request, key, kind, inferred, since, &digest, &pools),
                refused,
            )
        })
        .unzip();
    skipped.extend(refused.into_iter().flatten());
    summary::sort(&mut keys);
    let unmerged = pairs
        .into_iter()
        .filter_map(|pair| {
            Some(Unmerged {
                a: ids.get(pair.a)?.clone(),
                b: ids.get(pair.b)?.clone(),
                why: pair.why,
            })
        })
        .collect();
    let mut coverage = inventories.coverage;
    coverage.extend(whole.coverage);
    let mut summary = summary::summarise(&keys, &coverage, request.today);
    summary.files = whole.files;
    summary.dismissed = whole.dismissed;
    notes.extend(left_out(whole.binary, &whole.left_out));
    summary.notes = notes;
    let whole_read = coverage.iter().all(|part| {
        matches!(
            part.state,
            CoverageState::Complete | CoverageState::NotOffered
        )
    });
    Assessed {
        assessment: Assessment {
            schema: SCHEMA.to_owned(),
            title: request
                .title
                .clone()
                .unwrap_or_else(|| title(request.paths)),
            complete: whole_read && skipped.is_empty(),
            today: request.today,
            policy: digest,
            policy_version: request.policy.version.clone(),
            keys,
            coverage,
            unmerged,
            skipped,
            summary,
        },
        columns: inventories.columns,
        watched,
    }
}

type PlaceOf = (String, String, Option<u32>, Option<String>);

/// The place of a copy without its line.
fn file_of(sighting: &tenure_model::place::Sighting) -> PlaceOf {
    let (source, path, _, print) = place_of(sighting);
    (source, path, None, print)
}

fn place_of(sighting: &tenure_model::place::Sighting) -> PlaceOf {
    (
        sighting.source.clone(),
        sighting.path.clone(),
        sighting.line,
        sighting
            .fingerprint
            .as_ref()
            .map(|print| print.as_str().to_owned()),
    )
}

fn left_out(binary: u64, folders: &BTreeMap<String, u64>) -> Vec<String> {
    let mut notes = Vec::new();
    if binary > 0 {
        let s = if binary == 1 { " is" } else { "s are" };
        notes.push(format!("{binary} file{s} no text and were not searched"));
    }
    for (name, count) in folders {
        let s = if *count == 1 { "" } else { "s" };
        notes.push(format!("{count} folder{s} named {name} left out"));
    }
    notes
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

fn judged(
    request: &Request<'_>,
    key: Known,
    kind: Option<&Credential>,
    inferred: Option<Inferred>,
    earlier: Option<(Day, Option<&Key>)>,
    digest: &str,
    pools: &Pools,
) -> Key {
    let mut inferred = inferred.unwrap_or_else(Inferred::nothing);
    let today = request.today;
    let mut since_notes = BTreeMap::new();
    if let Some((day, Some(earlier))) = earlier {
        begun(&mut inferred.since, &mut since_notes, earlier, day, today);
    }
    let judgement = judge(&inferred.facts, &inferred.since, request.policy, today);
    let mut outcome = explain::outcome(
        &inferred.facts,
        &inferred.since,
        &judgement,
        request.policy,
        digest,
        today,
    );
    pools.because.share_all(&mut outcome.because);
    pools.changes.share_all(&mut outcome.would_change);
    let controls = evaluate::evaluate(
        &judgement,
        Evidence {
            subject: &key.subject,
            inferred: &inferred,
            kind,
            policy: request.policy,
            today,
        },
    );
    let mut facts: FactNotes = inferred
        .notes
        .into_iter()
        .map(|(fact, mut note)| {
            pools.values.share_in(&mut note.value);
            (fact.word().into(), pools.facts.share(note.into()))
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
        options: pools.options.hold(inferred.options),
        verdict: VerdictAnswer {
            id: judgement.verdict,
            outcome,
        },
        controls: pools.controls.hold(controls),
        owner_candidates: inferred.owner_candidates,
        sightings: key.subject.sightings.into_iter().map(note).collect(),
        facts,
        disputes: inferred.disputes,
        merged: key.merged,
        sunsets: pools.sunsets.hold(kind.map(sunsets).unwrap_or_default()),
    }
}

/// A finding that stood at the earlier assessment began then, or on the day that it says itself.
fn begun(
    since: &mut Since,
    notes: &mut BTreeMap<Verdict, String>,
    earlier: &Key,
    day: Day,
    today: Day,
) {
    let kept = earlier.facts.iter().filter_map(|(name, note)| {
        let verdict: Verdict = name.strip_prefix("since.")?.parse().ok()?;
        let day: Day = note.value.as_str()?.parse().ok()?;
        Some((verdict, day))
    });
    // A day ahead would move a deadline later.
    let past = kept
        .chain([(earlier.verdict.id, day)])
        .filter(|(_, day)| *day <= today);
    for (verdict, day) in past {
        let earliest = since.of(verdict).map_or(day, |known| known.min(day));
        if since.of(verdict) != Some(earliest) {
            since.set(verdict, Some(earliest));
            notes.insert(verdict, "the earlier assessment".to_owned());
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

/// What to call the whole: the name of the first folder, with a capital.
fn title(paths: &[PathBuf]) -> String {
    let name = paths
        .first()
        .and_then(|path| path.canonicalize().ok())
        .and_then(|path| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
        })
        .unwrap_or_else(|| "Keys".to_owned());
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or(name)
}
