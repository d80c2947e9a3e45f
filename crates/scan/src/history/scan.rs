//! A history from its first commit to what stands now, or a part of it.

use super::{
    Skipped,
    cache::Cache,
    changes::{Change, Folders},
    commits::{Commit, Commits, Row, Tips},
    layout::{Repository, printable},
    look::{Hit, Look},
    objects::{NONE, Number, Objects},
    pack::Kind,
    presence::Presences,
    refs::{self, Tip},
    staged::peel,
    tell::MESSAGE,
    texts::{Depth, Looked, Progress, Stats, look_at_all, look_at_each},
    trees::Trees,
};
use gix_hash::ObjectId;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

/// How a history is searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Which commits.
    pub scope: Scope,
    /// Also what no name reaches any more; with [`Scope::All`] alone.
    pub unreachable: bool,
    /// Whether texts are looked at where they changed, or in full.
    pub depth: Depth,
    /// The largest file that is read, in bytes.
    pub limit: u64,
    /// Where it is noted what was looked at, so that it is not looked at again; with [`Scope::All`] alone. Never a
    /// file of the repository itself.
    pub cache: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scope: Scope::All,
            unreachable: false,
            depth: Depth::Changes,
            limit: 64 << 20,
            cache: None,
        }
    }
}

/// Which commits of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All that any name reaches.
    All,
    /// Those that any name reaches and that were committed then or later, in seconds since 1970.
    Since(i64),
    /// Those that one set of commits reaches and another does not: `A..B`, or what a push brings.
    Between {
        /// The later ones.
        from: Vec<ObjectId>,
        /// The earlier ones; what they reach is left out.
        without: Vec<ObjectId>,
    },
}

/// Where in a history something stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A file at a path, control characters made visible.
    File(String),
    /// A file as it would be committed now, at a path.
    Staged(String),
    /// The message of a commit.
    Message(ObjectId),
    /// The message of an annotated tag, by the name of the tag.
    Tag(String),
    /// A file or message that no name reaches any more.
    Unreachable(ObjectId),
}

/// A finding in a history: one secret at one place.
#[derive(Debug)]
pub struct Finding<F> {
    /// What was found.
    pub found: F,
    /// Where.
    pub place: Place,
    /// An object that holds it: the file at a tip where there is one, else the last that brought it in.
    pub object: ObjectId,
    /// Commits that have it there while none of their parents has, oldest first.
    pub introduced: Vec<Arc<Commit>>,
    /// Commits that do not have it there while a parent has, oldest first.
    pub removed: Vec<Arc<Commit>>,
    /// Names under which it stands there now: full names of branches and tags, `HEAD`.
    pub tips: Vec<String>,
}

/// What a history holds.
#[derive(Debug)]
pub struct Report<F> {
    /// In the order of their places.
    pub findings: Vec<Finding<F>>,
    /// What was not read.
    pub skipped: Vec<Skipped>,
    /// Commits that were looked at.
    pub commits: u64,
    /// What looking at files cost.
    pub stats: Stats,
}

/// Searches a history.
pub fn scan<L: Look>(
    repository: &Repository,
    look: &L,
    options: &Options,
    progress: &dyn Progress,
) -> Report<L::Found> {
    let (names, mut skipped) = refs::tips(repository);
    let mut search = Search::of(repository, look, options, &names);
    search.skipped.append(&mut skipped);
    match &options.scope {
        Scope::All => search.all(options, progress),
        Scope::Since(time) => {
            let from: Vec<Number> = search.tips.commits.keys().copied().collect();
            let (commits, wanted) = Commits::since(&search.objects, look, &from, *time);
            search.part(commits, &wanted, options.depth, progress);
        }
        Scope::Between { from, without } => {
            let mut from = peel(&search, look, from);
            let mut without = peel(&search, look, without);
            search.skipped.append(&mut from.skipped);
            search.skipped.append(&mut without.skipped);
            let numbers = |tips: &Tips| tips.commits.keys().copied().collect::<Vec<Number>>();
            let (commits, wanted) =
                Commits::between(&search.objects, look, &numbers(&from), &numbers(&without));
            let known: HashSet<Number> = without.tags.iter().map(|(_, tag, _)| *tag).collect();
            from.tags.retain(|(_, tag, _)| !known.contains(tag));
            search.tips.tags = from.tags;
            search.part(commits, &wanted, options.depth, progress);
            search.report_tags();
        }
    }
    search.report(repository)
}

pub(crate) struct Search<'l, L: Look> {
    pub(crate) look: &'l L,
    pub(crate) objects: Objects,
    pub(crate) tips: Tips,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) findings: Vec<Finding<L::Found>>,
    pub(crate) stats: Stats,
    pub(crate) commits: u64,
}

impl<L: Look> Search<'_, L> {
    /// Searches these objects, with names that are already read.
    pub(crate) fn of<'l>(
        repository: &Repository,
        look: &'l L,
        options: &Options,
        names: &[Tip],
    ) -> Search<'l, L> {
        let objects = Objects::of(repository, options.limit);
        Search {
            look,
            tips: Tips::of(&objects, look, names),
            objects,
            skipped: Vec::new(),
            findings: Vec::new(),
            stats: Stats::default(),
            commits: 0,
        }
    }

    fn all(&mut self, options: &Options, progress: &dyn Progress) {
        self.objects.survey();
        let cache = options.cache.as_ref().map_or_else(Cache::default, |path| {
            Cache::read(path, &self.objects, self.look)
        });
        let mut commits = Commits::all(&self.objects, self.look, &cache);
        self.skipped.append(&mut commits.skipped);
        let looked = look_at_all(
            &self.objects,
            self.look,
            options.depth,
            &|number| !cache.knows(number),
            progress,
        );
        let seen = looked.seen.clone();
        let mut hits = self.take_looked(looked);
        self.use_cache(&cache, &mut hits);
        if let Some(path) = &options.cache {
            self.write_cache(path, &commits, &hits, &seen, &cache);
        }
        let rows = commits.reached(self.tips.commits.keys().copied());
        self.commits = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let mut blobs: Vec<Number> = hits.keys().copied().collect();
        blobs.sort_unstable();
        let mut presences = Presences::new(self.look, &hits);
        if !blobs.is_empty() {
            let mut trees = Trees::all(&self.objects, &blobs);
            self.skipped.append(&mut trees.skipped);
            presences.walk(&trees, &rows);
            presences.mark_tips(&trees, &commits.rows, &self.tips);
        }
        let reached = std::mem::take(&mut presences.reached);
        self.report_files(presences, &commits, &hits, Place::File);
        self.report_messages(rows.iter().copied());
        self.report_tags();
        if options.unreachable {
            let lost = blobs.iter().filter(|blob| !reached.contains(blob));
            for blob in lost {
                self.report_lost(*blob, hits.get(blob).map_or(&[], Vec::as_slice), "");
            }
            let known: HashSet<Number> = rows.iter().map(|row| row.number).collect();
            let mut lost: Vec<&Row> = commits
                .rows
                .values()
                .filter(|row| !known.contains(&row.number))
                .collect();
            lost.sort_by_key(|row| row.number);
            for row in lost {
                self.report_lost(row.number, &row.hits, MESSAGE);
            }
        }
    }

    /// Adds what was found in files in earlier runs.
    fn use_cache(&mut self, cache: &Cache, hits: &mut HashMap<Number, Vec<Hit>>) {
        for number in (0u32..).take(self.objects.len()) {
            if cache.knows(number) && self.objects.kind(number) == Kind::Blob {
                self.stats.known = self.stats.known.saturating_add(1);
                let known = cache.hits(number);
                if !known.is_empty() {
                    hits.insert(number, known.to_vec());
                }
            }
        }
    }

    fn write_cache(
        &mut self,
        path: &Path,
        commits: &Commits,
        hits: &HashMap<Number, Vec<Hit>>,
        seen: &[Number],
        cache: &Cache,
    ) {
        let mut looked: Vec<Number> = (0u32..)
            .take(self.objects.len())
            .filter(|number| cache.knows(*number))
            .chain(seen.iter().copied())
            .chain(commits.rows.keys().copied())
            .collect();
        looked.sort_unstable();
        looked.dedup();
        let looked = looked.into_iter();
        let files = hits.iter().map(|(number, hits)| (*number, hits.as_slice()));
        let messages = commits.rows.values();
        let messages = messages.map(|row| (row.number, row.hits.as_slice()));
        let all = files.chain(messages);
        let digest = self.look.digest();
        if let Err(error) = Cache::write(path, &self.objects, digest, looked, all) {
            self.skipped.push(Skipped {
                what: printable(&path.to_string_lossy()),
                reason: format!("what was looked at cannot be noted there: {error}"),
            });
        }
    }

    /// Some commits, by what each changed.
    pub(crate) fn part(
        &mut self,
        mut commits: Commits,
        wanted: &HashSet<Number>,
        depth: Depth,
        progress: &dyn Progress,
    ) {
        let tips: Vec<Number> = self.tips.commits.keys().copied().collect();
        commits.add(&self.objects, self.look, &tips);
        let commits = &commits;
        self.skipped.extend(commits.skipped.iter().cloned());
        let mut rows: Vec<&Row> = wanted
            .iter()
            .filter_map(|number| commits.rows.get(number))
            .collect();
        rows.sort_by_key(|row| (row.commit.committed, row.number));
        self.commits = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let mut folders = Folders::new(&self.objects);
        let mut changes = Vec::new();
        for row in &rows {
            let parents: Vec<Number> = row
                .parents
                .iter()
                .filter_map(|parent| commits.rows.get(parent))
                .map(|parent| parent.tree)
                .collect();
            folders.changes(row, &parents, &mut changes);
        }
        let here = changes.iter().filter_map(|change| change.here);
        let here = distinct(here);
        progress.ahead(u64::try_from(here.len()).unwrap_or(u64::MAX));
        let looked = look_at_each(&self.objects, self.look, depth, &here, progress);
        let mut hits: HashMap<Number, Vec<Hit>> = looked.hits.iter().cloned().collect();
        // What a parent held matters only where there is something to compare.
        let paths: BTreeSet<&[u8]> = changes
            .iter()
            .filter(|change| change.here.is_some_and(|blob| hits.contains_key(&blob)))
            .map(|change| change.path.as_slice())
            .collect();
        let mut more: Vec<Number> = changes
            .iter()
            .filter(|change| paths.contains(change.path.as_slice()))
            .flat_map(|change| change.before.iter().copied())
            .collect();
        let mut stands: Vec<(Vec<u8>, Number, Vec<&Tip>)> = Vec::new();
        for path in &paths {
            for (commit, names) in &self.tips.commits {
                let tree = commits.rows.get(commit).map(|row| row.tree);
                if let Some(blob) = tree.and_then(|tree| folders.file(tree, path)) {
                    let names = names.iter().filter(|tip| tip.is_current()).collect();
                    stands.push((path.to_vec(), blob, names));
                    more.push(blob);
                }
            }
        }
        more.retain(|blob| !hits.contains_key(blob));
        let compared = look_at_each(&self.objects, self.look, depth, &distinct(more), &());
        hits.extend(compared.hits.iter().cloned());
        let mut skipped = std::mem::take(&mut folders.skipped);
        let mut presences = Presences::new(self.look, &hits);
        for change in &changes {
            let Change {
                commit,
                path,
                here,
                before,
            } = change;
            presences.change(*commit, path, *here, before);
        }
        presences.found.retain(|_, one| !one.introduced.is_empty());
        let new: HashSet<(u32, u128)> = presences.found.keys().copied().collect();
        for (path, blob, names) in &stands {
            presences.stands(path, *blob, names);
        }
        presences.found.retain(|key, _| new.contains(key));
        self.skipped.append(&mut skipped);
        self.take_looked(looked);
        self.skipped.extend(compared.skipped);
        self.report_files(presences, commits, &hits, Place::File);
        self.report_messages(rows.into_iter());
    }

    pub(crate) fn take_looked(&mut self, mut looked: Looked) -> HashMap<Number, Vec<Hit>> {
        self.stats += looked.stats;
        self.skipped.append(&mut looked.skipped);
        looked.hits.into_iter().collect()
    }
}

fn distinct(numbers: impl IntoIterator<Item = Number>) -> Vec<Number> {
    let all: BTreeSet<Number> = numbers.into_iter().filter(|one| *one != NONE).collect();
    all.into_iter().collect()
}
