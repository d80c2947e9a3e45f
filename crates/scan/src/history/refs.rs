//! The names that hold history: branches, tags, remotes' branches, the heads of all work trees, stashes.

use super::{
    Skipped,
    layout::{Repository, printable, small},
};
use gix_hash::ObjectId;
use gix_ref::{Target, file::Store, store::init::Options};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A name and the object that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tip {
    /// The full name: `refs/heads/main`, `HEAD`, `stash@{0}`.
    pub name: String,
    /// A commit, or an annotated tag.
    pub id: ObjectId,
}

impl Tip {
    /// Whether it is a branch, a tag or a head, rather than a stash.
    #[must_use]
    pub fn is_current(&self) -> bool {
        !self.name.starts_with("stash@{") && self.name != "refs/stash"
    }
}

/// All names of a repository, in the order of the names, and what could not be read.
#[must_use]
pub fn tips(repository: &Repository) -> (Vec<Tip>, Vec<Skipped>) {
    let mut found: BTreeMap<String, ObjectId> = BTreeMap::new();
    let mut skipped = Vec::new();
    let store = Store::at_opts(
        repository.common.clone(),
        repository.hash,
        Options::default(),
    );
    let mut refused = |error: &dyn std::fmt::Display| {
        skipped.push(Skipped {
            what: "refs".to_owned(),
            reason: printable(&error.to_string()),
        });
    };
    match store.iter() {
        Err(error) => refused(&error),
        Ok(platform) => match platform.all() {
            Err(error) => refused(&error),
            Ok(all) => {
                for one in all {
                    match one {
                        Err(error) => refused(&error),
                        Ok(reference) => {
                            if let Target::Object(id) = reference.target {
                                let name = printable(&reference.name.as_bstr().to_string());
                                found.insert(name, id);
                            }
                        }
                    }
                }
            }
        },
    }
    let mut heads = vec![("HEAD".to_owned(), repository.git.join("HEAD"))];
    heads.extend(linked(&repository.common));
    for (name, path) in heads {
        // A head that names a branch is that branch; one of its own is a commit.
        if let Some(id) = small(&path).and_then(|text| id(text.trim(), repository)) {
            found.insert(name, id);
        }
    }
    let log = repository.common.join("logs").join("refs").join("stash");
    if let Some(text) = small(&log) {
        for (at, line) in text.lines().rev().enumerate() {
            let new = line.split(' ').nth(1).and_then(|new| id(new, repository));
            if let Some(new) = new {
                found.insert(format!("stash@{{{at}}}"), new);
            }
        }
    }
    let tips = found.into_iter().map(|(name, id)| Tip { name, id });
    (tips.collect(), skipped)
}

/// The commit that is checked out; none before the first.
pub(crate) fn head(repository: &Repository) -> Option<ObjectId> {
    let text = small(&repository.git.join("HEAD"))?;
    match text.trim().strip_prefix("ref: ") {
        None => id(text.trim(), repository),
        Some(name) => {
            let name = printable(name);
            let (tips, _) = tips(repository);
            tips.into_iter()
                .find(|tip| tip.name == name)
                .map(|tip| tip.id)
        }
    }
}

/// The heads of linked work trees.
fn linked(common: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(common.join("worktrees")) else {
        return Vec::new();
    };
    entries
        .flatten()
        .map(|entry| {
            let name = printable(&entry.file_name().to_string_lossy());
            (format!("worktrees/{name}/HEAD"), entry.path().join("HEAD"))
        })
        .collect()
}

/// An id in hex, of this repository's hash.
pub(crate) fn id(text: &str, repository: &Repository) -> Option<ObjectId> {
    let id = ObjectId::from_hex(text.as_bytes()).ok()?;
    (id.kind() == repository.hash && !id.is_null()).then_some(id)
}
