//! The histories of scanned repositories: which part of them is searched, and their findings as places.

use super::{ScanError, eyes::Eyes, grouped::Grouped, shown};
use crate::{
    progress::Progress,
    tree::catch::{Found, Lens, pair},
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use tenure_model::{
    day::Day,
    document::{Origin, Place},
    place::{Audience, PlaceKind, hints},
};
use tenure_scan::history::{
    self, Commit, Finding, ObjectId, OpenError, Options, Report, Repository, Scope, Skipped,
    pushed, revision, staged,
};

/// What of the histories is searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum History {
    /// Nothing: files alone.
    None,
    /// All that any name reaches, beside the files.
    All {
        /// Also what no name reaches.
        unreachable: bool,
    },
    /// What was committed on this day or later, or what this commit does not reach, beside the files.
    Since(String),
    /// What a commit would bring in, and nothing else.
    Staged,
    /// What the commits of `A..B` brought in, and nothing else.
    Between(String),
    /// What a push brings, by the lines that git gives to a pre-receive hook, and nothing else.
    Pushed(String),
}

impl History {
    /// Whether files that lie in the given places are searched too.
    #[must_use]
    pub fn with_files(&self) -> bool {
        matches!(self, Self::None | Self::All { .. } | Self::Since(_))
    }
}

/// A repository whose history is searched.
pub(super) struct Past {
    /// The source that it belongs to, as the user named it.
    pub(super) source: String,
    repository: Repository,
    part: Part,
}

enum Part {
    Commits { scope: Scope, unreachable: bool },
    Staged,
}

/// Opens the repository of a place. None where there is none and none is needed.
pub(super) fn open(path: &Path, history: &History) -> Result<Option<Past>, ScanError> {
    let at = if history.with_files() {
        path.is_dir().then(|| path.to_owned())
    } else {
        top(path)
    };
    let missing = || ScanError::NoRepository(path.to_owned());
    let Some(folder) = at.filter(|_| *history != History::None) else {
        return match history {
            History::None | History::All { unreachable: false } => Ok(None),
            _ => Err(missing()),
        };
    };
    let repository = match Repository::at(&folder) {
        Ok(repository) => repository,
        Err(OpenError::None { .. }) => {
            return match history {
                History::All { unreachable: false } => Ok(None),
                _ => Err(missing()),
            };
        }
        Err(error) => return Err(ScanError::History(error.to_string())),
    };
    let part = part(&repository, history)?;
    let repository = match history {
        History::Pushed(_) => repository.with_objects(quarantine()),
        _ => repository,
    };
    Ok(Some(Past {
        source: path.display().to_string(),
        repository,
        part,
    }))
}

/// The nearest folder, from here upward, that is a repository.
fn top(path: &Path) -> Option<PathBuf> {
    let full = path.canonicalize().ok()?;
    let top = full
        .ancestors()
        .find(|folder| Repository::at(folder).is_ok());
    top.map(Path::to_owned)
}

/// Where the objects of a push lie that is not accepted yet (git-receive-pack(1), "Quarantine Environment",
/// <https://git-scm.com/docs/git-receive-pack>, read 2026-11-26).
fn quarantine() -> Vec<PathBuf> {
    let own = std::env::var_os("GIT_OBJECT_DIRECTORY").into_iter();
    let others = std::env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES");
    let others = others.iter().flat_map(std::env::split_paths);
    own.map(PathBuf::from).chain(others).collect()
}

fn part(repository: &Repository, history: &History) -> Result<Part, ScanError> {
    let commit = |name: &str| {
        revision(repository, name).map_err(|error| ScanError::History(error.to_string()))
    };
    let scope = match history {
        History::None | History::All { .. } => Scope::All,
        History::Staged => return Ok(Part::Staged),
        History::Since(since) => match since.parse::<Day>() {
            Ok(day) => {
                const SECONDS: i64 = 24 * 60 * 60;
                let days = day.since(Day::from_unix_seconds(0));
                Scope::Since(days.saturating_mul(SECONDS))
            }
            Err(_) => Scope::Between {
                from: history::tips(repository)
                    .0
                    .into_iter()
                    .map(|tip| tip.id)
                    .collect(),
                without: vec![commit(since)?],
            },
        },
        History::Between(range) => {
            let ends = range
                .split_once("..")
                .filter(|(_, to)| !to.starts_with('.'));
            let (from, to) = ends.ok_or_else(|| {
                ScanError::History(format!("`{range}` is no range; write it as `A..B`"))
            })?;
            let or_head = |name: &str| commit(if name.is_empty() { "HEAD" } else { name });
            Scope::Between {
                without: vec![or_head(from)?],
                from: vec![or_head(to)?],
            }
        }
        History::Pushed(lines) => {
            pushed(repository, lines).map_err(|error| ScanError::History(error.to_string()))?
        }
    };
    Ok(Part::Commits {
        scope,
        unreachable: matches!(history, History::All { unreachable: true }),
    })
}

impl Past {
    /// Whether it has no work tree: then its folder holds nothing but git's own files.
    pub(super) fn is_bare(&self) -> bool {
        self.repository.top.is_none()
    }

    /// Where it is noted what of this repository was looked at: never in the repository itself, which could hide
    /// what it likes.
    fn cache(&self, folder: Option<&Path>) -> Option<PathBuf> {
        let folder = folder?;
        let own = self.repository.common.canonicalize().ok()?;
        let place = folder.canonicalize().ok()?;
        let top = self.repository.top.as_ref();
        let inside = place.starts_with(&own)
            || top
                .and_then(|top| top.canonicalize().ok())
                .is_some_and(|top| place.starts_with(top));
        let name = tenure_model::digest::of_bytes(own.as_os_str().as_encoded_bytes());
        (!inside).then(|| place.join(name))
    }

    /// Searches it. `cache` is a folder of the user's own.
    pub(super) fn search(
        &self,
        grouped: &mut Grouped<'_>,
        lens: Lens<'_>,
        cache: Option<&Path>,
        exclude: &globset::GlobSet,
        progress: &dyn Progress,
    ) {
        let eyes = Eyes::new(lens);
        let heard = Heard(progress);
        let report = match &self.part {
            Part::Staged => staged(&self.repository, &eyes, &Options::default()),
            Part::Commits { scope, unreachable } => {
                let options = Options {
                    scope: scope.clone(),
                    unreachable: *unreachable,
                    cache: self.cache(cache),
                    ..Options::default()
                };
                history::scan(&self.repository, &eyes, &options, &heard)
            }
        };
        self.tell(report, grouped, exclude);
    }

    fn tell(
        &self,
        report: Report<Option<Found>>,
        grouped: &mut Grouped<'_>,
        exclude: &globset::GlobSet,
    ) {
        let stats = &mut grouped.stats;
        let blobs = report.stats.blobs.saturating_add(report.stats.known);
        stats.blobs = stats.blobs.saturating_add(blobs);
        stats.bytes = stats.bytes.saturating_add(report.stats.bytes);
        stats.commits = stats.commits.saturating_add(report.commits);
        let parts = self.repository.skipped.iter().chain(&report.skipped);
        for one in parts.filter(|one| self.matters(one)) {
            let path = shown(&self.source, &format!(".git: {}", one.what));
            grouped.skip(&path, one.reason.clone());
        }
        let mut findings = report.findings.into_iter().peekable();
        while let Some(first) = findings.next() {
            let place = self.place(&first);
            let (at, object) = (first.place, first.object);
            let mut found: Vec<Found> = first.found.into_iter().collect();
            let stories = (ids(&first.introduced), ids(&first.removed));
            // A secret and its public id belong together where they came and went together.
            while let Some(more) = findings.next_if(|more| {
                more.place == at
                    && more.object == object
                    && (ids(&more.introduced), ids(&more.removed)) == stories
            }) {
                found.extend(more.found);
            }
            if let history::Place::File(path) | history::Place::Staged(path) = &at
                && exclude.is_match(path)
            {
                continue;
            }
            let commits: Vec<String> = stories.0.iter().map(ToString::to_string).collect();
            let rule_files = grouped.lens.rule_files;
            let path = match &at {
                history::Place::File(path) | history::Place::Staged(path) => path,
                _ => &place.path,
            };
            // A rule of a file stands under its own name, which no format has.
            found.retain(|one| {
                one.provider != "unknown"
                    || !rule_files.allow_commits(&one.credential, path, &commits)
            });
            pair(&mut found);
            let members: BTreeSet<Option<String>> =
                found.iter().map(|one| one.member.clone()).collect();
            for member in members {
                let mut here = place.clone();
                if let Some(member) = &member {
                    here.path = format!("{}!{member}", here.path);
                }
                let all = found.extract_if(.., |one| one.member == member);
                grouped.take_past(&self.source, &here, all.collect());
            }
        }
    }

    /// What is staged is here whatever was left out of a clone.
    fn matters(&self, one: &Skipped) -> bool {
        let clone = matches!(one.what.as_str(), "commits" | "objects");
        !(clone && matches!(self.part, Part::Staged))
    }

    fn place<F>(&self, finding: &Finding<F>) -> Place {
        let (path, origin, kind) = match &finding.place {
            history::Place::File(path) => {
                let origin = Origin::Version {
                    removed: finding.removed.last().map(|commit| commit.id.to_string()),
                    tips: spoken(&finding.tips),
                };
                (shown(&self.source, path), origin, PlaceKind::Commit)
            }
            history::Place::Staged(path) => {
                let path = shown(&self.source, path);
                let kind = hints::of_path(&path).kind;
                (path, Origin::Staged, kind)
            }
            // Commits get new ids when they are rebased, and decisions go by this path.
            history::Place::Message(_) => (
                "commit message".to_owned(),
                Origin::CommitMessage,
                PlaceKind::Commit,
            ),
            history::Place::Tag(name) => {
                let tag = name.strip_prefix("refs/tags/").unwrap_or(name).to_owned();
                let path = format!("tag {tag}");
                (path, Origin::TagMessage { tag }, PlaceKind::Commit)
            }
            history::Place::Unreachable(id) => {
                let path = format!("object {}", short(id));
                (path, Origin::Unreachable, PlaceKind::Commit)
            }
        };
        let commit = finding.introduced.first();
        let at_tip = match &finding.place {
            history::Place::File(_) => Some(!finding.tips.is_empty()),
            history::Place::Message(_) | history::Place::Tag(_) => Some(true),
            history::Place::Staged(_) => None,
            history::Place::Unreachable(_) => Some(false),
        };
        Place {
            origin,
            commit: commit.map(|commit| commit.id.to_string()),
            author: commit.map(|commit| commit.author.clone()),
            date: commit.map(|commit| day(commit)),
            at_tip,
            audience: Audience::Repository,
            audience_why: "in the history of the repository".to_owned(),
            ..Place::of_file(path, kind)
        }
    }
}

fn ids(commits: &[std::sync::Arc<Commit>]) -> Vec<ObjectId> {
    commits.iter().map(|commit| commit.id).collect()
}

fn short(id: &ObjectId) -> String {
    id.to_string().chars().take(12).collect()
}

/// The day of the author's own calendar.
fn day(commit: &Commit) -> Day {
    Day::from_unix_seconds(commit.authored.saturating_add(i64::from(commit.offset)))
}

/// Names as people say them: branches first, then the branches of remotes, tags and heads.
fn spoken(tips: &[String]) -> Vec<String> {
    let mut all: Vec<(u8, String)> = tips
        .iter()
        .map(|tip| {
            let of = |start: &str| tip.strip_prefix(start).map(str::to_owned);
            if let Some(name) = of("refs/heads/") {
                (0, name)
            } else if let Some(name) = of("refs/remotes/") {
                (1, name)
            } else if let Some(name) = of("refs/tags/") {
                (2, format!("tag {name}"))
            } else {
                (3, tip.clone())
            }
        })
        .collect();
    all.sort();
    all.dedup();
    all.into_iter().map(|(_, name)| name).collect()
}

/// Passes on how far a history is.
struct Heard<'p>(&'p dyn Progress);

impl history::Progress for Heard<'_> {
    fn ahead(&self, texts: u64) {
        self.0.begin("reading history", texts);
    }

    fn text(&self, bytes: u64) {
        self.0.bytes(bytes);
        self.0.file();
    }
}
