//! The exposure scan: places to findings, one per secret, each with every place where it was seen.

mod eyes;
mod grouped;
mod past;
mod text;

use crate::{
    exclude::{self, BadGlob},
    progress::Progress,
    tree::{DeclaredPlaces, Source, catch},
};
use grouped::Grouped;
use past::Past;
use rayon::prelude::*;
use std::{
    collections::BTreeSet,
    io::Read,
    path::{Component, Path, PathBuf},
};
use tenure_model::{
    catalog::Provider,
    day::Day,
    document::{Origin, Place},
    place::{Audience, Liveness, PlaceKind},
    scan::{SCHEMA, Scan, Stats},
    watch::Kept,
};
use tenure_scan::rule::{RuleError, Rules};

pub use catch::Lens;
pub use past::History;
pub use tenure_scan::source::opened::Apart;

/// The rules that no provider's file holds.
pub const GENERIC: [&str; 5] = [
    "generic_secret",
    "json_web_token",
    "known_key",
    "private_key",
    "url_password",
];

/// Why nothing was scanned.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A path that is not there.
    #[error("{}: {error}", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
        /// The reason.
        error: std::io::Error,
    },
    /// A glob that cannot be read.
    #[error(transparent)]
    Exclude(#[from] BadGlob),
    /// A format of the catalogue that cannot be used.
    #[error("catalogue: {0}")]
    Catalog(#[from] RuleError),
    /// A rule that does not exist.
    #[error("no rule, provider or kind is called `{name}`{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Rule {
        /// The name.
        name: String,
        /// The nearest one.
        nearest: Option<String>,
    },
    /// A part of a history was asked for where there is none.
    #[error("{}: no git repository here", .0.display())]
    NoRepository(PathBuf),
    /// A history that cannot be read as it was asked for.
    #[error("{0}")]
    History(String),
    /// Nothing could be read.
    #[error("nothing was read: {0}")]
    Nothing(String),
}

/// The places to search, listed and not yet read: up to here, no rule is needed.
pub struct Places {
    sources: Vec<Source>,
    /// Standard input is one of them.
    stream: bool,
    pasts: Vec<Past>,
    /// Files count too, not a part of a history alone.
    with_files: bool,
    exclude: globset::GlobSet,
    /// What a reader should know of the places.
    notes: Vec<String>,
    /// No history of them is left unread.
    whole: bool,
}

/// What of the findings counts.
pub struct Wanted<'w> {
    /// Only these rules, providers or kinds; all where there is none.
    pub only: &'w [String],
    /// Not these.
    pub without: &'w [String],
    /// `tenure:allow` counts.
    pub allow: bool,
    /// The day that ends are held against.
    pub today: Day,
    /// The folder where it is noted what of histories was looked at; none to look at everything.
    pub cache: Option<&'w Path>,
}

/// What came of it.
pub struct Scanned {
    /// The scan.
    pub scan: Scan,
    /// Every path that was searched to its end, as findings name it.
    pub read: BTreeSet<String>,
    /// No history that decisions may be about is left unread, or read in part.
    pub whole: bool,
    /// What a watch list can hold of what was found.
    pub watched: Vec<Kept>,
}

/// Compiles the formats of the catalogue.
///
/// # Errors
/// Names the format that cannot be compiled.
pub fn rules(providers: &[Provider]) -> Result<Rules, ScanError> {
    Ok(Rules::compile(providers)?)
}

/// Nothing but what watch lists and rule files lead to.
///
/// # Errors
/// None in practice.
pub fn no_rules() -> Result<Rules, ScanError> {
    Ok(Rules::none()?)
}

/// Lists what lies at the given paths, with the histories of repositories; `-` is standard input.
///
/// # Errors
/// A path that is not there, a glob that cannot be read, a part of a history that is not there, or no file at all.
pub fn list(paths: &[PathBuf], exclude: &[String], past: &History) -> Result<Places, ScanError> {
    let exclude = exclude::globs(exclude)?;
    let stream = paths.iter().any(|path| path == Path::new("-"));
    let here = std::env::current_dir().ok();
    let (mut sources, mut named) = (Vec::new(), Vec::new());
    let (mut pasts, mut notes, mut whole) = (Vec::new(), Vec::new(), past.with_files());
    for path in paths.iter().filter(|path| *path != Path::new("-")) {
        let meta = std::fs::metadata(path).map_err(|error| ScanError::Missing {
            path: path.clone(),
            error,
        })?;
        let (mut bare, mut opened) = (false, false);
        if let Some(one) = past::open(path, past)? {
            bare = one.is_bare();
            opened = true;
            pasts.push(one);
        }
        if bare || !past.with_files() {
            continue;
        }
        let below = |path: &Path| {
            path.components()
                .all(|part| !matches!(part, Component::ParentDir))
        };
        let inside = match &here {
            Some(here) if path.is_absolute() => path.strip_prefix(here).ok().map(Path::to_owned),
            Some(_) => Some(path.clone()),
            None => None,
        };
        match inside.filter(|path| meta.is_file() && below(path)) {
            Some(inner) => named.push(inner),
            None => {
                let source = Source::list(path, paths.len() == 1, &exclude);
                let (inside, below) = source.work_trees();
                whole &= opened || !inside;
                if *past != History::None && meta.is_dir() {
                    notes.extend(unread(&source.name, inside && !opened, below));
                }
                sources.push(source);
            }
        }
    }
    if let (false, Some(here)) = (named.is_empty(), here) {
        let source = Source::of_files(&here, &named, &exclude);
        whole &= !source.work_trees().0;
        sources.insert(0, source);
    }
    let places = Places {
        stream,
        sources,
        pasts,
        with_files: past.with_files(),
        exclude,
        notes,
        whole: whole && matches!(past, History::None | History::All { .. }),
    };
    if places.files() == 0 && !stream && places.pasts.is_empty() {
        let refused = places.sources.iter().flat_map(Source::refused).next();
        return Err(ScanError::Nothing(refused.map_or_else(
            || "there is no file in the given places".to_owned(),
            |one| format!("{}: {}", one.path, one.reason),
        )));
    }
    Ok(places)
}

impl Places {
    /// How many files there are.
    #[must_use]
    pub fn files(&self) -> u64 {
        let files = self.sources.iter().map(Source::len).sum::<usize>();
        u64::try_from(files).unwrap_or(u64::MAX)
    }

    /// How many bytes the files have.
    fn bytes(&self) -> u64 {
        self.sources
            .iter()
            .flat_map(Source::entries)
            .filter_map(|entry| std::fs::metadata(&entry.path).ok())
            .fold(0, |sum, meta| sum.saturating_add(meta.len()))
    }

    /// Searches all of them; `input` is read where `-` was given.
    ///
    /// # Errors
    /// A rule that does not exist, or nothing that could be read. A single file that cannot be read is no error:
    /// it is named in `skipped`, and `complete` is false.
    pub fn search(
        &self,
        lens: Lens<'_>,
        wanted: &Wanted<'_>,
        input: &mut dyn Read,
        progress: &dyn Progress,
    ) -> Result<Scanned, ScanError> {
        check_rules(lens, wanted)?;
        let mut grouped = Grouped::new(lens, wanted);
        self.notes.iter().for_each(|note| grouped.note(note));
        progress.begin("scanning", self.files());
        if progress.is_watched() {
            progress.ahead(self.bytes());
        }
        if self.stream {
            stream(&mut grouped, lens, input, progress);
        }
        for source in &self.sources {
            folder(&mut grouped, source, lens, progress);
        }
        let skipped = grouped.skipped();
        for past in &self.pasts {
            past.search(&mut grouped, lens, wanted.cache, &self.exclude, progress);
        }
        progress.end();
        let whole = self.whole && grouped.skipped() == skipped;
        for (file, problem) in lens.rule_files.left_out() {
            grouped.skip(file, format!("left out: {problem}"));
        }
        let scanned = grouped.finish(self.with_files)?;
        Ok(Scanned { whole, ..scanned })
    }
}

/// Which histories near a folder are not looked at.
fn unread(name: &str, inside: bool, below: u64) -> Vec<String> {
    let inside = inside.then(|| {
        format!("the history of the repository that {name} lies in was not looked at; name its top folder")
    });
    let below = (below > 0).then(|| {
        let (count, verb) = match below {
            1 => ("the history of one repository".to_owned(), "was"),
            n => (format!("the histories of {n} repositories"), "were"),
        };
        format!("{count} below {name} {verb} not looked at; name their top folders")
    });
    inside.into_iter().chain(below).collect()
}

/// Standard input: one text, or a container.
fn stream(
    grouped: &mut Grouped<'_>,
    lens: Lens<'_>,
    input: &mut dyn Read,
    progress: &dyn Progress,
) {
    let place = Place {
        origin: Origin::Stream,
        audience_why: "nobody says where it comes from".to_owned(),
        audience: Audience::Unknown,
        ..Place::of_file("-", PlaceKind::Stream)
    };
    let file = text::search_stream(lens, input, &place, progress);
    grouped.stats.bytes = grouped.stats.bytes.saturating_add(file.bytes);
    if file.bytes == 0 && file.problems.is_empty() {
        grouped.skip("-", "standard input is empty".to_owned());
        return;
    }
    for (path, problem) in file.problems {
        grouped.skip(&path, problem);
    }
    if file.opened {
        grouped.file(&place.path);
    }
    for (inner, read) in file.texts {
        let here = inner.unwrap_or_else(|| place.clone());
        grouped.take(".", &here, read, !file.opened);
    }
}

/// Every file of a folder.
fn folder(grouped: &mut Grouped<'_>, source: &Source, lens: Lens<'_>, progress: &dyn Progress) {
    let audiences = source.audiences();
    let nowhere = DeclaredPlaces::new();
    let files: Vec<_> = source
        .entries()
        .par_iter()
        .map(|entry| {
            let hints = source.hints(entry);
            let place = Place::of_file(shown(&source.name, &entry.relative), hints.kind);
            let read = text::search_file(lens, entry, &place, &hints, progress);
            progress.file();
            (place, read)
        })
        .collect();
    for one in source.refused() {
        grouped.skip(&shown(&source.name, &one.path), one.reason);
    }
    for (folder, count) in source.left_out() {
        let sum = grouped.stats.left_out.entry(folder.clone()).or_default();
        *sum = sum.saturating_add(*count);
    }
    for (entry, (place, file)) in source.entries().iter().zip(files) {
        grouped.stats.bytes = grouped.stats.bytes.saturating_add(file.bytes);
        for (path, problem) in file.problems {
            grouped.skip(&path, problem);
        }
        if file.opened {
            grouped.file(&place.path);
        }
        let mut around = None;
        for (inner, read) in file.texts {
            let mut here = inner.unwrap_or_else(|| place.clone());
            if !read.found.is_empty() {
                let around =
                    around.get_or_insert_with(|| source.around(&audiences, &nowhere, &entry.path));
                here.commit = around.commit().map(str::to_owned);
                here.at_tip = around.tracked.then_some(true);
                if here.audience_why.is_empty() {
                    here.audience = around.audience;
                    here.audience_why = around.why.clone();
                }
            }
            grouped.take(&source.name, &here, read, !file.opened);
        }
    }
}

/// A path as findings name it: below the folder where the scan was started, or relative to a source that is named
/// by its full path. The same checkout gives the same paths on every machine.
fn shown(source: &str, relative: &str) -> String {
    let folder = Path::new(source);
    let parts: Vec<_> = folder
        .components()
        .filter(|part| !matches!(part, Component::CurDir))
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    if folder.is_absolute() || parts.is_empty() {
        return relative.to_owned();
    }
    let joined = parts.join("/");
    if joined == relative || joined.ends_with(&format!("/{relative}")) {
        joined
    } else {
        format!("{joined}/{relative}")
    }
}

fn check_rules(lens: Lens<'_>, wanted: &Wanted<'_>) -> Result<(), ScanError> {
    let mut names: BTreeSet<String> = GENERIC.iter().map(|name| (*name).to_owned()).collect();
    names.extend(lens.rule_files.ids().into_iter().map(str::to_owned));
    for provider in lens.providers {
        names.insert(provider.provider.clone());
        for kind in &provider.credentials {
            names.insert(kind.kind.clone());
            names.insert(catch::rule(&provider.provider, &kind.kind));
        }
    }
    for name in wanted.only.iter().chain(wanted.without) {
        if !names.contains(name) {
            const CLOSE: f64 = 0.8;
            let nearest = names
                .iter()
                .map(|known| (strsim::jaro_winkler(name, known), known))
                .filter(|(likeness, _)| *likeness >= CLOSE)
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .map(|(_, known)| known.clone());
            return Err(ScanError::Rule {
                name: name.clone(),
                nearest,
            });
        }
    }
    Ok(())
}

/// A scan that found nothing yet.
fn empty(today: Day) -> Scan {
    Scan {
        schema: SCHEMA.to_owned(),
        complete: true,
        today,
        findings: Vec::new(),
        stale: Vec::new(),
        skipped: Vec::new(),
        notes: Vec::new(),
        stats: Stats::default(),
    }
}

/// No copy was tried at its provider.
const UNCHECKED: Liveness = Liveness::NotChecked;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_the_same_on_every_machine() {
        for (source, relative, path) in [
            (".", "src/a.py", "src/a.py"),
            ("./", "a.py", "a.py"),
            ("src", "a.py", "src/a.py"),
            ("./src/", "x/a.py", "src/x/a.py"),
            ("/builds/x", "a.py", "a.py"),
            ("../other/k.env", "k.env", "../other/k.env"),
        ] {
            assert_eq!(shown(source, relative), path, "{source} {relative}");
        }
    }
}
