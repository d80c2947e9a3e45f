//! What would be committed now, and what a push brings: the two places where a key can still be stopped.

use super::{
    Skipped,
    changes::Folders,
    commits::{Commits, Tips},
    layout::{Repository, printable},
    look::Look,
    objects::{NONE, Number},
    presence::Presences,
    refs,
    scan::{Options, Place, Report, Scope, Search},
    texts::look_at_each,
};
use gix_hash::ObjectId;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
};

/// The largest index that is read, in bytes.
const LARGEST_INDEX: u64 = 1 << 30;

/// Finds what is staged and was not in the file of the same path before: what a commit would bring in.
pub fn staged<L: Look>(repository: &Repository, look: &L, options: &Options) -> Report<L::Found> {
    let mut search = Search::of(repository, look, options, &[]);
    let entries = match entries(repository) {
        Ok(entries) => entries,
        Err(reason) => {
            search.skipped.push(Skipped {
                what: "index".to_owned(),
                reason,
            });
            return search.report(repository);
        }
    };
    let mut folders = Folders::new(&search.objects);
    let head = head_tree(repository, &search, look);
    let committed: BTreeMap<Vec<u8>, Number> =
        head.map_or_else(BTreeMap::new, |tree| folders.files(tree));
    let mut skipped = std::mem::take(&mut folders.skipped);
    let mut changes: Vec<(Vec<u8>, Number, Option<Number>)> = Vec::new();
    for (path, id) in entries {
        let before = committed.get(&path).copied();
        match search.objects.number(id.as_slice()) {
            Some(here) if before == Some(here) => {}
            Some(here) => changes.push((path, here, before)),
            None => skipped.push(Skipped {
                what: printable(&String::from_utf8_lossy(&path)),
                reason: format!("it is staged as {id}, which is not here"),
            }),
        }
    }
    let all: BTreeSet<Number> = changes
        .iter()
        .flat_map(|(_, here, before)| std::iter::once(*here).chain(*before))
        .collect();
    let all: Vec<Number> = all.into_iter().collect();
    let looked = look_at_each(&search.objects, look, options.depth, &all, &());
    let hits: HashMap<_, _> = search.take_looked(looked);
    let mut presences = Presences::new(look, &hits);
    for (path, here, before) in &changes {
        let before: Vec<Number> = before.iter().copied().collect();
        presences.change(NONE, path, Some(*here), &before);
    }
    presences.found.retain(|_, one| !one.introduced.is_empty());
    search.skipped.append(&mut skipped);
    search.report_files(presences, &Commits::default(), &hits, Place::Staged);
    search.report(repository)
}

/// The staged files, by path; of a file with conflicts nothing is staged yet.
fn entries(repository: &Repository) -> Result<BTreeMap<Vec<u8>, ObjectId>, String> {
    let path = repository.git.join("index");
    let Ok(meta) = fs::metadata(&path) else {
        return Ok(BTreeMap::new());
    };
    if meta.len() > LARGEST_INDEX {
        return Err(format!("it is larger than {} MiB", LARGEST_INDEX >> 20));
    }
    let options = gix_index::decode::Options::default();
    let file = gix_index::File::at(&path, repository.hash, false, options)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    let later = gix_index::entry::Flags::INTENT_TO_ADD;
    let found = file.entries().iter().filter(|entry| {
        let staged = entry.stage_raw() == 0 && !entry.flags.contains(later);
        staged && !entry.mode.is_submodule() && !entry.mode.is_sparse()
    });
    Ok(found
        .map(|entry| (entry.path(&file).to_vec(), entry.id))
        .collect())
}

fn head_tree<L: Look>(repository: &Repository, search: &Search<'_, L>, look: &L) -> Option<Number> {
    let id = refs::head(repository)?;
    let number = search.objects.number(id.as_slice())?;
    let (commits, _) = Commits::between(&search.objects, look, &[number], &[number]);
    let tree = commits.rows.get(&number)?.tree;
    (tree != NONE).then_some(tree)
}

/// A line of what git tells a pre-receive hook that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} of what git tells the hook is no `old new ref`; pass standard input on as it comes"
)]
pub struct PushError {
    /// The line, from 1.
    pub line: usize,
}

/// The commits that a push brings, by the lines that git gives to a pre-receive hook (githooks(5)): what the new
/// ids reach and no name of the repository does yet.
///
/// The objects of a push that is not yet accepted lie apart: see [`Repository::with_objects`].
///
/// # Errors
/// Names the line that cannot be read.
pub fn pushed(repository: &Repository, lines: &str) -> Result<Scope, PushError> {
    let (mut from, mut without) = (Vec::new(), Vec::new());
    for (line, text) in lines.lines().enumerate() {
        let fail = PushError {
            line: line.saturating_add(1),
        };
        let mut words = text.split(' ');
        let (Some(old), Some(new), Some(_)) = (words.next(), words.next(), words.next()) else {
            return Err(fail);
        };
        for (word, ids) in [(old, &mut without), (new, &mut from)] {
            match ObjectId::from_hex(word.as_bytes()) {
                Ok(id) if id.kind() != repository.hash => return Err(fail),
                Ok(id) if id.is_null() => {}
                Ok(id) => ids.push(id),
                Err(_) => return Err(fail),
            }
        }
    }
    let (tips, _) = refs::tips(repository);
    without.extend(tips.into_iter().map(|tip| tip.id));
    Ok(Scope::Between { from, without })
}

/// Commits that ids stand for, annotated tags followed; with what the messages of these tags hold.
pub(crate) fn peel<L: Look>(search: &Search<'_, L>, look: &L, ids: &[ObjectId]) -> Tips {
    let tips: Vec<_> = ids
        .iter()
        .map(|id| refs::Tip {
            name: id.to_string(),
            id: *id,
        })
        .collect();
    Tips::of(&search.objects, look, &tips)
}
