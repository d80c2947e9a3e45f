//! Where a repository keeps its things: work trees, bare repositories, linked work trees, alternates.
//!
//! Source: gitrepository-layout(5), <https://git-scm.com/docs/gitrepository-layout>, read 2026-11-26.

use super::Skipped;
use gix_hash::Kind;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// A repository on disk.
#[derive(Debug, Clone)]
pub struct Repository {
    /// The folder of this work tree: `HEAD`, `index`.
    pub git: PathBuf,
    /// The folder that linked work trees share: refs, objects, settings.
    pub common: PathBuf,
    /// The work tree's top; none for a bare repository.
    pub top: Option<PathBuf>,
    /// The hash that names its objects.
    pub hash: Kind,
    /// Folders of objects: its own first, then alternates.
    pub object_folders: Vec<PathBuf>,
    /// Commits whose parents were left out on purpose (`git clone --depth`), as written in `shallow`.
    pub shallow: bool,
    /// Objects were left out on purpose (`git clone --filter`): what is missing is at the remote.
    pub partial: bool,
    /// Parts that could not be read.
    pub skipped: Vec<Skipped>,
}

/// Why a folder cannot be read as a repository.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none.
    #[error("{path}: no git repository here; name its top folder, or a bare repository")]
    None {
        /// The folder.
        path: PathBuf,
    },
    /// It uses something that is not known here.
    #[error("{path}: {what}; only sha1 and sha256 repositories are read")]
    Unknown {
        /// The repository.
        path: PathBuf,
        /// What it uses.
        what: String,
    },
    /// The system refuses.
    #[error("{path}: {source}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The longest small file of git's own that is read, in bytes.
const SMALL: u64 = 16 << 20;
/// How many alternates are followed, as a bound on circles (git itself stops at five levels).
const ALTERNATES: usize = 64;

impl Repository {
    /// The repository at a folder: the top of a work tree, a `.git` folder, or a bare repository.
    ///
    /// # Errors
    /// There is none, or it names a hash that is not known.
    pub fn at(folder: &Path) -> Result<Self, OpenError> {
        let (git, top) = git_folder(folder).ok_or_else(|| OpenError::None {
            path: folder.to_owned(),
        })?;
        let common =
            small(&git.join("commondir")).map_or_else(|| git.clone(), |text| git.join(text.trim()));
        let settings = Settings::read(&common.join("config"));
        let hash = settings.hash().map_err(|other| OpenError::Unknown {
            path: folder.to_owned(),
            what: format!("its objects are named by {}", printable(other)),
        })?;
        let mut skipped = Vec::new();
        if let Some(other) = settings.ref_storage.filter(|format| format != "files") {
            skipped.push(Skipped {
                what: "refs".to_owned(),
                reason: format!(
                    "they are kept as {}, which is not read; `git refs migrate --ref-format=files` makes them readable",
                    printable(&other)
                ),
            });
        }
        let mut found = Self {
            object_folders: vec![common.join("objects")],
            shallow: common.join("shallow").exists(),
            partial: settings.promisor,
            git,
            common,
            top,
            hash,
            skipped,
        };
        found.follow_alternates();
        Ok(found)
    }

    /// Adds folders of objects: those of a push that is not yet accepted (`GIT_OBJECT_DIRECTORY`,
    /// `GIT_ALTERNATE_OBJECT_DIRECTORIES`; git-receive-pack(1), "Quarantine Environment").
    #[must_use]
    pub fn with_objects(mut self, folders: impl IntoIterator<Item = PathBuf>) -> Self {
        let own = std::mem::take(&mut self.object_folders);
        self.object_folders = folders.into_iter().chain(own).collect();
        self.follow_alternates();
        self
    }

    fn follow_alternates(&mut self) {
        let mut seen = BTreeSet::new();
        let mut ahead: Vec<PathBuf> = std::mem::take(&mut self.object_folders);
        ahead.reverse();
        while let Some(folder) = ahead.pop() {
            let real = fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone());
            if !seen.insert(real) {
                continue;
            }
            if seen.len() > ALTERNATES {
                self.skipped.push(Skipped {
                    what: printable(&folder.to_string_lossy()),
                    reason: format!("more than {ALTERNATES} folders of objects"),
                });
                return;
            }
            if !folder.is_dir() {
                self.skipped.push(Skipped {
                    what: printable(&folder.to_string_lossy()),
                    reason: "a folder of objects that is not there".to_owned(),
                });
                continue;
            }
            let text = small(&folder.join("info").join("alternates")).unwrap_or_default();
            let others = text
                .lines()
                .filter(|line| !line.is_empty() && !line.starts_with('#'));
            ahead.extend(others.map(|line| folder.join(line)));
            self.object_folders.push(folder);
        }
    }
}

/// What of the settings bears on reading.
#[derive(Debug, Default)]
struct Settings {
    object_format: Option<String>,
    ref_storage: Option<String>,
    promisor: bool,
}

impl Settings {
    /// Reads the lines that matter; includes never bear on them (git-config(1)).
    fn read(path: &Path) -> Self {
        let mut found = Self::default();
        let text = small(path).unwrap_or_default();
        let mut section = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[') {
                let name = name.split([']', ' ', '"']).next().unwrap_or_default();
                section = name.to_ascii_lowercase();
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, "true"));
            let value = value.trim().trim_matches('"').to_ascii_lowercase();
            match (section.as_str(), key.trim().to_ascii_lowercase().as_str()) {
                ("extensions", "objectformat") => found.object_format = Some(value),
                ("extensions", "refstorage") => found.ref_storage = Some(value),
                ("extensions", "partialclone") => found.promisor = true,
                ("remote", "promisor") if value == "true" => found.promisor = true,
                _ => {}
            }
        }
        found
    }
}

impl Settings {
    /// How objects are named.
    ///
    /// # Errors
    /// The name of a hash that is not known.
    fn hash(&self) -> Result<Kind, &str> {
        match self.object_format.as_deref() {
            None | Some("sha1") => Ok(Kind::Sha1),
            Some("sha256") => Ok(Kind::Sha256),
            Some(other) => Err(other),
        }
    }
}

/// How objects are named in the repository with this common folder of git's own files; SHA-1 where that is not known.
pub(crate) fn hash_of(common: &Path) -> Kind {
    let settings = Settings::read(&common.join("config"));
    settings.hash().unwrap_or(Kind::Sha1)
}

/// The folder of git's own files, and the work tree's top.
fn git_folder(folder: &Path) -> Option<(PathBuf, Option<PathBuf>)> {
    let dot = folder.join(".git");
    if let Ok(meta) = fs::metadata(&dot) {
        if meta.is_dir() && dot.join("HEAD").exists() {
            return Some((dot, Some(folder.to_owned())));
        }
        if meta.is_file() {
            let text = small(&dot)?;
            let target = folder.join(text.strip_prefix("gitdir:")?.trim());
            return target
                .join("HEAD")
                .exists()
                .then(|| (target, Some(folder.to_owned())));
        }
    }
    let bare = folder.join("HEAD").exists() && folder.join("objects").is_dir();
    if bare {
        return Some((folder.to_owned(), None));
    }
    let linked = folder.join("HEAD").exists() && folder.join("commondir").exists();
    linked.then(|| (folder.to_owned(), None))
}

/// A small text of git's own; none where it is not there, not text, or not small.
pub(crate) fn small(path: &Path) -> Option<String> {
    let meta = fs::metadata(path).ok()?;
    (meta.is_file() && meta.len() <= SMALL)
        .then(|| fs::read_to_string(path).ok())
        .flatten()
}

/// Untrusted text with control characters made visible.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let shown: Vec<char> = if c.is_control() {
                c.escape_default().collect()
            } else {
                vec![c]
            };
            shown
        })
        .collect()
}
