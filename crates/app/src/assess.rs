//! The main job: everything below the given places, every given export, to one verdict per key.

use crate::{
    exclude::{self, BadGlob},
    import::{Asked, Inventories, PEOPLE},
    judging::{Earlier, Judging},
    progress::Progress,
    reported,
    rule_files::RuleFiles,
    tree::{DeclaredPlaces, Document, Lens, Source},
    validate::Validation,
};
use rayon::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};
use tenure_connect::importer::{self, ColumnMap};
use tenure_model::{
    assessment::{Assessment, Key, SCHEMA, Skipped, Unmerged},
    catalog::Provider,
    day::Day,
    declare::{self, DeclareError},
    edit, identity,
    infer::Declaration,
    key::{Coverage, CoverageState},
    people::People,
    policy::Policy,
    secret::Pepper,
    summary,
    watch::Kept,
};
use tenure_scan::{
    rule::{RuleError, Rules},
    source::opened::Apart,
};

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
    /// What reads PDF; without one they count as files that are no text.
    pub apart: Option<&'r dyn Apart>,
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
        apart: request.apart,
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
pub(crate) fn nearest<'w>(typed: &str, words: &[&'w str]) -> Option<&'w str> {
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
    let judging = Judging::new(
        request.providers,
        request.policy,
        people.as_ref(),
        request.today,
    );
    let earlier: BTreeMap<&str, &Key> = request
        .since
        .into_iter()
        .flat_map(|earlier| &earlier.keys)
        .map(|key| (key.id.as_str(), key))
        .collect();
    let ids: Vec<String> = known.iter().map(|key| key.id.clone()).collect();
    let (mut keys, refused): (Vec<Key>, Vec<Vec<Skipped>>) = known
        .into_par_iter()
        .map(|key| {
            let earlier = match request.since {
                Some(whole) => {
                    Earlier::Assessment(whole.today, earlier.get(key.id.as_str()).copied())
                }
                None => Earlier::Nothing,
            };
            judging.judge(key, earlier)
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
            policy: judging.digest().to_owned(),
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
