//! A folder or file to sightings: what is found, who can read it, what its place says, and what was not read.

mod audience;
pub(crate) mod catch;
mod codeowners;

use crate::progress::Progress;
use audience::Audiences;
pub use catch::Lens;
use catch::{Catch, Found, pair};
use codeowners::CodeOwners;
use rayon::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io,
    path::{Path, PathBuf},
};
use tenure_model::{
    assessment::Skipped,
    document::Place,
    place::{Audience, Environment, Liveness, Part, PlaceKind, Sighting, hints},
    watch::Kept,
};
use tenure_scan::{
    engine::Context,
    judge::Dismissal,
    reader::{self, Outcome},
    source::{
        files,
        git::WorkTree,
        opened::{self, Apart, Kind, Limits, Take},
    },
};

/// Audiences that a person declared for places, by path prefix.
pub type DeclaredPlaces = Vec<(PathBuf, Audience, String)>;

/// A file below a source that may be an inventory, with its bytes.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where it is.
    pub path: PathBuf,
    /// The same as a reader knows it.
    pub name: String,
    /// The source that it belongs to.
    pub source: String,
    /// Its path, relative to the source.
    pub relative: String,
}

/// What came of one folder or file.
#[derive(Debug, Default)]
pub struct Read {
    /// What was seen.
    pub sightings: Vec<Sighting>,
    /// Files that were searched.
    pub searched: u64,
    /// Files that are no text.
    pub binary: u64,
    /// What could not be read.
    pub skipped: Vec<Skipped>,
    /// Folders of tools that were left out, by name.
    pub left_out: BTreeMap<String, u64>,
    /// Candidates that are none, by reason.
    pub dismissed: BTreeMap<String, u64>,
    /// What a watch list can hold of the secrets.
    pub watched: Vec<Kept>,
}

/// The files of one source, listed and not yet read.
#[derive(Debug)]
pub struct Source {
    /// As the user named it.
    pub name: String,
    /// The folder that paths are relative to.
    pub root: PathBuf,
    /// No other source is assessed with it.
    alone: bool,
    /// How many of the first files are known credential places.
    known: usize,
    listing: files::Listing,
    trees: Vec<WorkTree>,
    /// Work trees whose index cannot be read.
    broken: Vec<(PathBuf, String)>,
}

impl Source {
    /// Files that are named one by one, all below `root`: what git knows of them is looked up once.
    #[must_use]
    pub(crate) fn of_files(root: &Path, named: &[PathBuf], exclude: &globset::GlobSet) -> Self {
        let mut listing = files::Listing::default();
        let mut entries: BTreeMap<String, files::Entry> = BTreeMap::new();
        for path in named {
            let full = root.join(path);
            let relative = relative(root, &full);
            entries.entry(relative.clone()).or_insert(files::Entry {
                path: full,
                relative,
                ignored: false,
            });
        }
        listing.entries = entries.into_values().collect();
        listing
            .entries
            .retain(|entry| !exclude.is_match(&entry.relative));
        let (trees, broken) = work_trees(root, &listing);
        Self {
            name: ".".to_owned(),
            root: root.to_owned(),
            alone: true,
            known: 0,
            listing,
            trees,
            broken,
        }
    }

    /// Lists what lies below a path.
    #[must_use]
    pub fn list(path: &Path, alone: bool, exclude: &globset::GlobSet) -> Self {
        let mut listing = files::list(path);
        listing
            .entries
            .retain(|entry| !exclude.is_match(&entry.relative));
        let root = if path.is_file() {
            path.parent()
                .filter(|parent| !parent.as_os_str().is_empty())
                .map_or_else(|| PathBuf::from("."), Path::to_owned)
        } else {
            path.to_owned()
        };
        let is_home = std::env::home_dir()
            .and_then(|home| home.canonicalize().ok())
            .is_some_and(|home| root.canonicalize().is_ok_and(|root| root == home));
        let known = if is_home {
            files::known_places_first(&mut listing.entries)
        } else {
            0
        };
        let (trees, broken) = work_trees(&root, &listing);
        Self {
            name: path.display().to_string(),
            root,
            alone,
            known,
            listing,
            trees,
            broken,
        }
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.listing.entries.len()
    }

    /// Whether there is no file at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listing.entries.is_empty()
    }

    /// The files.
    pub(crate) fn entries(&self) -> &[files::Entry] {
        &self.listing.entries
    }

    /// Whether its folder lies in a work tree of git, and how many lie below it.
    pub(crate) fn work_trees(&self) -> (bool, u64) {
        let at = |tree: &&WorkTree| tree.top == self.root;
        let inside = self.trees.iter().any(|tree| at(&tree));
        let below = self.trees.iter().filter(|tree| !at(tree)).count();
        (inside, u64::try_from(below).unwrap_or(u64::MAX))
    }

    /// Folders of tools that were left out, by name.
    pub(crate) fn left_out(&self) -> &BTreeMap<String, u64> {
        &self.listing.left_out
    }

    /// What could not be listed, and work trees that cannot be told from others.
    pub(crate) fn refused(&self) -> Vec<Skipped> {
        let broken = self.broken.iter().map(|(top, reason)| {
            let path = relative(&self.root, &top.join(".git"));
            (path, reason.clone())
        });
        broken
            .chain(self.listing.refused.iter().cloned())
            .map(|(path, reason)| Skipped {
                path: self.named(&path),
                reason,
            })
            .collect()
    }

    /// Files whose name ends as exports and spreadsheets do, and which are no test material.
    pub fn documents(&self) -> impl Iterator<Item = Document> {
        self.listing.entries.iter().filter_map(|entry| {
            let extension = Path::new(&entry.relative)
                .extension()?
                .to_str()?
                .to_ascii_lowercase();
            let known = matches!(
                extension.as_str(),
                "csv"
                    | "tsv"
                    | "json"
                    | "jsonl"
                    | "ndjson"
                    | "xlsx"
                    | "ods"
                    | "sarif"
                    | "yaml"
                    | "yml"
            );
            let hints = hints::of_path(&entry.relative);
            // Nothing else is called so, wherever it lies.
            let state = entry.relative.contains(".tfstate");
            let known = known || state;
            let named = extension == "sarif" || state;
            let plain = (hints.kind == PlaceKind::Config || named) && !hints.test_material;
            (known && plain).then(|| Document {
                path: entry.path.clone(),
                name: self.named(&entry.relative),
                source: self.name.clone(),
                relative: entry.relative.clone(),
            })
        })
    }

    /// A file of this source as a reader knows it: by its path below the only source, else with the source.
    pub(crate) fn named(&self, relative: &str) -> String {
        if self.alone {
            return relative.to_owned();
        }
        if self.listing.entries.len() == 1 && Path::new(&self.name).ends_with(relative) {
            return self.name.clone();
        }
        Path::new(&self.name).join(relative).display().to_string()
    }

    /// Searches every file. `inventories` are files that were read as such: in them only secrets count.
    #[must_use]
    pub fn search(
        &self,
        lens: Lens<'_>,
        inventories: &BTreeSet<PathBuf>,
        declared: &DeclaredPlaces,
        progress: &dyn Progress,
    ) -> Read {
        let audiences = self.audiences();
        let (first, rest) = self.listing.entries.split_at(self.known);
        let one = |entry: &files::Entry| {
            let read = self.search_one(entry, lens, inventories.contains(&entry.path));
            progress.file();
            read
        };
        let mut files: Vec<FileRead> = first.par_iter().map(one).collect();
        files.par_extend(rest.par_iter().map(one));
        let mut read = Read {
            skipped: self.refused(),
            left_out: self.listing.left_out.clone(),
            ..Read::default()
        };
        let mut owners = CodeOwners::default();
        for (entry, file) in self.listing.entries.iter().zip(files) {
            match file.outcome {
                Ok(Outcome::Searched) => read.searched = read.searched.saturating_add(1),
                Ok(Outcome::Binary) => read.binary = read.binary.saturating_add(1),
                Err(error) => read.skipped.push(Skipped {
                    path: self.named(&entry.relative),
                    reason: error.to_string(),
                }),
            }
            for (why, count) in file.dismissed {
                let sum = read.dismissed.entry(why.word().to_owned()).or_default();
                *sum = sum.saturating_add(count);
            }
            read.watched.extend(file.watched);
            if file.found.is_empty() {
                continue;
            }
            let around = self.around(&audiences, declared, &entry.path);
            let code_owners = around
                .tree
                .as_ref()
                .map_or_else(Vec::new, |(tree, inner)| owners.of(&tree.top, inner));
            let commit = around
                .commit()
                .map(|commit| commit.chars().take(7).collect::<String>());
            let (audience, why) = (around.audience, around.why);
            let place = Seen {
                source: &self.name,
                path: &entry.relative,
                hints: &file.hints,
                audience,
                why,
                commit,
                code_owners,
            };
            read.sightings
                .extend(file.found.into_iter().map(|found| place.sighting(found)));
        }
        read
    }

    /// Who can read the files of this source, by their modes and by git.
    pub(crate) fn audiences(&self) -> Audiences {
        Audiences::of(&self.root)
    }

    /// Who can read a file, and what git knows of it.
    pub(crate) fn around(
        &self,
        audiences: &Audiences,
        declared: &DeclaredPlaces,
        path: &Path,
    ) -> Around<'_> {
        let tree = self.tree_of(path);
        let tracked = tree
            .as_ref()
            .is_some_and(|(tree, inner)| tree.tracked.contains(inner));
        let (audience, why) = declared
            .iter()
            .filter(|(place, ..)| path.starts_with(place))
            .max_by_key(|(place, ..)| place.components().count())
            .map_or_else(
                || audiences.of_file(path, tracked),
                |(_, audience, source)| (*audience, format!("declared in {source}")),
            );
        Around {
            audience,
            why,
            tracked,
            tree,
        }
    }

    fn tree_of(&self, path: &Path) -> Option<(&WorkTree, String)> {
        let tree = self
            .trees
            .iter()
            .filter(|tree| path.starts_with(&tree.top))
            .max_by_key(|tree| tree.top.components().count())?;
        Some((tree, relative(&tree.top, path)))
    }

    /// What the path of a file says; of a file that is named alone, the path as the user named it.
    pub(crate) fn hints(&self, entry: &files::Entry) -> hints::Hints {
        if self.listing.entries.len() == 1 {
            hints::of_path(&last_parts(&entry.path))
        } else {
            hints::of_path(&entry.relative)
        }
    }

    fn search_one(&self, entry: &files::Entry, lens: Lens<'_>, inventory: bool) -> FileRead {
        let hints = self.hints(entry);
        let hints = hints::Hints {
            kind: if inventory {
                PlaceKind::Inventory
            } else {
                hints.kind
            },
            ..hints
        };
        let context = context(&hints);
        let mut sink = Catch::new(lens, &entry.relative);
        let outcome = pages(lens, entry, &mut sink)
            .unwrap_or_else(|| reader::search(lens.rules, &entry.path, context, &mut sink));
        let outcome = match catch::too_many(sink.over) {
            Some(problem) => outcome.and(Err(io::Error::other(problem))),
            None => outcome,
        };
        let mut found = sink.found;
        if inventory {
            // The rows speak for the ids, and cells without a known format are no assignments.
            found.retain(|one| one.part == Part::Secret && one.provider != "unknown");
        }
        pair(&mut found);
        let watched = found
            .iter()
            .filter_map(|one| {
                Some(Kept {
                    fingerprint: one.fingerprint.as_ref()?.as_str().to_owned(),
                    watched: one.watched?,
                })
            })
            .collect();
        FileRead {
            hints,
            outcome,
            found,
            watched,
            dismissed: sink.dismissed,
        }
    }
}

/// What is known of a file without reading it.
pub(crate) struct Around<'s> {
    /// Who can read it.
    pub(crate) audience: Audience,
    /// How that is known.
    pub(crate) why: String,
    /// Git tracks it.
    pub(crate) tracked: bool,
    /// The work tree that it lies in, and its path there.
    tree: Option<(&'s WorkTree, String)>,
}

impl Around<'_> {
    /// The commit that is checked out, in full, of a file that git tracks.
    pub(crate) fn commit(&self) -> Option<&str> {
        let (tree, _) = self.tree.as_ref().filter(|_| self.tracked)?;
        tree.commit.as_deref()
    }
}

/// Searches what a PDF says, where a file is one; lines are those of its pages.
fn pages<'l>(
    lens: Lens<'l>,
    entry: &files::Entry,
    sink: &mut Catch<'l>,
) -> Option<io::Result<Outcome>> {
    lens.apart?;
    let extension = Path::new(&entry.relative).extension()?;
    if !extension.eq_ignore_ascii_case("pdf") {
        return None;
    }
    let mut file = File::open(&entry.path).ok()?;
    let length = file.metadata().ok()?.len();
    let head = opened::head(&mut file).ok()?;
    let kind = opened::kind(&entry.relative, &head).filter(|kind| *kind == Kind::Pdf)?;
    let place = Place::of_file(&entry.relative, PlaceKind::Documentation);
    let mut said = Said {
        lens,
        sink,
        refused: None,
    };
    let read = opened::open(&place, kind, &mut file, Limits::of_file(length), &mut said);
    Some(read.and_then(|_| match said.refused {
        None => Ok(Outcome::Searched),
        Some(reason) => Err(io::Error::other(reason)),
    }))
}

/// Searches the texts of a PDF as they come.
struct Said<'s, 'l> {
    lens: Lens<'l>,
    sink: &'s mut Catch<'l>,
    /// Why something of it was not read, the first time.
    refused: Option<String>,
}

impl Take for Said<'_, '_> {
    fn document(&mut self, document: tenure_model::document::Document) {
        let context = context(&hints::of_path(""));
        let mut text = document.bytes.as_slice();
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let read = reader::search_from(self.lens.rules, &mut text, length, context, self.sink);
        if let Err(error) = read {
            self.refused(&document.place.path, error.to_string());
        }
    }

    fn refused(&mut self, _: &str, reason: String) {
        self.refused.get_or_insert(reason);
    }

    fn apart(&self) -> Option<&dyn Apart> {
        self.lens.apart
    }
}

/// What detection has to know of a text, by its path.
pub(crate) fn context(hints: &hints::Hints) -> Context {
    Context {
        code: hints.code,
        test_material: hints.test_material,
        encoded: hints.encoded,
    }
}

/// A path below a folder, with `/`.
fn relative(folder: &Path, path: &Path) -> String {
    let parts: Vec<_> = path
        .strip_prefix(folder)
        .unwrap_or(path)
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

/// The last parts of a path: what a file named alone has for context.
fn last_parts(path: &Path) -> String {
    const DEPTH: usize = 4;
    let all: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    let from = all.len().saturating_sub(DEPTH);
    all.get(from..).unwrap_or(&all).join("/")
}

/// The work trees that files of a listing lie in: above the root, at it, and below.
fn work_trees(root: &Path, listing: &files::Listing) -> (Vec<WorkTree>, Vec<(PathBuf, String)>) {
    let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
    for entry in &listing.entries {
        let mut folder = entry.path.parent();
        while let Some(one) = folder {
            if !one.starts_with(root) || !folders.insert(one.to_owned()) {
                break;
            }
            folder = one.parent();
        }
    }
    folders.insert(root.to_owned());
    let mut trees = Vec::new();
    let mut broken = Vec::new();
    let mut take = |folder: &Path| match WorkTree::at(folder) {
        Ok(Some(tree)) => {
            trees.push(tree);
            true
        }
        Ok(None) => false,
        Err(reason) => {
            broken.push((
                folder.to_owned(),
                format!("{reason}; what it tracks is not known"),
            ));
            true
        }
    };
    let mut at_root = false;
    for folder in &folders {
        at_root |= take(folder) && folder == root;
    }
    if !at_root
        && let Ok(full) = root.canonicalize()
        && let Some(top) = full
            .ancestors()
            .skip(1)
            .find(|top| top.join(".git").exists())
        && let Ok(Some(mut tree)) = WorkTree::at(top)
        && let Ok(inner) = full.strip_prefix(top)
    {
        // Paths are kept as the user named them, so the tree is cut down to what lies below the root.
        let prefix = format!("{}/", inner.display());
        tree.tracked = tree
            .tracked
            .iter()
            .filter_map(|path| path.strip_prefix(&prefix).map(str::to_owned))
            .collect();
        tree.top = root.to_owned();
        trees.push(tree);
    }
    (trees, broken)
}

struct FileRead {
    hints: hints::Hints,
    outcome: io::Result<Outcome>,
    found: Vec<Found>,
    watched: Vec<Kept>,
    dismissed: BTreeMap<Dismissal, u64>,
}

/// What all sightings of one file share.
struct Seen<'p> {
    source: &'p str,
    path: &'p str,
    hints: &'p hints::Hints,
    audience: Audience,
    why: String,
    commit: Option<String>,
    code_owners: Vec<String>,
}

impl Seen<'_> {
    fn sighting(&self, found: Found) -> Sighting {
        let named = found.variable.as_deref().and_then(hints::environment);
        Sighting {
            source: self.source.to_owned(),
            kind: self.hints.kind,
            path: self.path.to_owned(),
            line: Some(found.line),
            audience: self.audience,
            audience_why: self.why.clone(),
            liveness: Liveness::NotChecked,
            part: found.part,
            provider: found.provider,
            credential: found.credential,
            key_id: found.key_id,
            fingerprint: found.fingerprint,
            hint: found.hint,
            environment: environment(self.hints.environment, named),
            variable: found.variable,
            runtime: self.hints.runtime,
            purpose: self.hints.purpose,
            privileged_path: self.hints.privileged_path,
            commit: self.commit.clone(),
            code_owners: self.code_owners.clone(),
            test_mode: found.test_mode,
        }
    }
}

/// The path and the variable have to agree, else nothing is known.
fn environment(path: Option<Environment>, name: Option<Environment>) -> Option<Environment> {
    match (path, name) {
        (Some(a), Some(b)) if a != b => None,
        (path, name) => path.or(name),
    }
}
