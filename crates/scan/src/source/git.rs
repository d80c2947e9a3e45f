//! What git knows of a work tree: which files it tracks, and which commit is checked out.

use crate::history::hash_of;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// A git work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkTree {
    /// Its top folder.
    pub top: PathBuf,
    /// Tracked paths, relative to the top, with `/`.
    pub tracked: BTreeSet<String>,
    /// The commit that is checked out, in full.
    pub commit: Option<String>,
}

/// The longest file of git's own that is read, in bytes.
const LONGEST: u64 = 256 << 20;

impl WorkTree {
    /// The work tree whose top is `folder`, if there is one.
    ///
    /// # Errors
    /// Why its index cannot be read: then nobody knows what it tracks.
    pub fn at(folder: &Path) -> Result<Option<Self>, String> {
        let Some(git) = git_folder(folder) else {
            return Ok(None);
        };
        let index = git.join("index");
        let tracked = if index.exists() {
            if std::fs::metadata(&index).is_ok_and(|meta| meta.len() > LONGEST) {
                return Err("the git index is larger than 256 MiB".to_owned());
            }
            let file = gix_index::File::at(
                &index,
                hash_of(&common_folder(&git)),
                false,
                gix_index::decode::Options::default(),
            )
            .map_err(|error| format!("the git index cannot be read: {error}"))?;
            file.entries()
                .iter()
                .map(|entry| entry.path(&file).to_string())
                .collect()
        } else {
            BTreeSet::new()
        };
        Ok(Some(Self {
            top: folder.to_owned(),
            tracked,
            commit: head(&git),
        }))
    }
}

/// The folder of git's own files: `.git`, or where the file `.git` points (worktrees, submodules).
fn git_folder(folder: &Path) -> Option<PathBuf> {
    let dot = folder.join(".git");
    let meta = std::fs::symlink_metadata(&dot).ok()?;
    if meta.is_dir() {
        return dot.join("HEAD").exists().then_some(dot);
    }
    if !meta.is_file() || meta.len() > 4096 {
        return None;
    }
    let text = std::fs::read_to_string(&dot).ok()?;
    let target = folder.join(text.strip_prefix("gitdir:")?.trim());
    target.join("HEAD").exists().then_some(target)
}

/// What several work trees of one repository share.
fn common_folder(git: &Path) -> PathBuf {
    small(git.join("commondir")).map_or_else(|| git.to_owned(), |text| git.join(text.trim()))
}

fn small(path: PathBuf) -> Option<String> {
    let meta = std::fs::metadata(&path).ok()?;
    (meta.is_file() && meta.len() < 16 << 20)
        .then(|| std::fs::read_to_string(&path).ok())
        .flatten()
}

fn head(git: &Path) -> Option<String> {
    let commit = |text: &str| {
        let text = text.trim();
        (matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit()))
            .then(|| text.to_owned())
    };
    let head = small(git.join("HEAD"))?;
    let Some(name) = head.trim().strip_prefix("ref: ") else {
        return commit(&head);
    };
    let plain = name
        .split('/')
        .all(|part| !part.is_empty() && part != ".." && part != ".");
    if !plain {
        return None;
    }
    let common = common_folder(git);
    [git, &common]
        .iter()
        .find_map(|folder| commit(&small(folder.join(name))?))
        .or_else(|| {
            let packed = small(common.join("packed-refs"))?;
            packed.lines().find_map(|line| {
                let (id, of) = line.split_once(' ')?;
                (of == name).then(|| commit(id)).flatten()
            })
        })
}
