//! Which files single commits changed, read one folder at a time: for a few commits of a large history.

use super::{
    Skipped,
    commits::{Row, skipped},
    objects::{Buffer, NONE, Number, Objects, Reader},
    pack::Kind,
};
use gix_object::TreeRefIter;
use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

/// A file that differs from its parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) commit: Number,
    pub(crate) path: Vec<u8>,
    /// The file as it is; none where it went.
    pub(crate) here: Option<Number>,
    /// The file as it is in each parent that has it.
    pub(crate) before: Vec<Number>,
}

/// A name in a folder: a folder or a file, and its object, where that is here.
type Listing = BTreeMap<(Vec<u8>, bool), Option<Number>>;

/// Reads folders and remembers the last of them.
pub(crate) struct Folders<'o> {
    objects: &'o Objects,
    reader: Reader,
    text: Buffer,
    read: HashMap<Number, Rc<Listing>>,
    pub(crate) skipped: Vec<Skipped>,
}

/// Folders that are remembered.
const REMEMBERED: usize = 4096;
/// Folders in folders beyond this depth are not followed.
const DEEPEST: usize = 512;

impl<'o> Folders<'o> {
    /// None read yet.
    pub(crate) fn new(objects: &'o Objects) -> Self {
        Self {
            objects,
            reader: Reader::default(),
            text: Buffer::default(),
            read: HashMap::new(),
            skipped: Vec::new(),
        }
    }

    /// The files in which a commit differs from its parents, given the trees of these.
    pub(crate) fn changes(&mut self, row: &Row, parents: &[Number], found: &mut Vec<Change>) {
        let parents: Vec<_> = parents.iter().map(|tree| Some(*tree)).collect();
        self.compare(row.number, &mut Vec::new(), Some(row.tree), &parents, found);
    }

    /// Every file of a tree, by path.
    pub(crate) fn files(&mut self, tree: Number) -> BTreeMap<Vec<u8>, Number> {
        let mut found = Vec::new();
        self.compare(NONE, &mut Vec::new(), Some(tree), &[], &mut found);
        let here = |change: Change| Some((change.path, change.here?));
        found.into_iter().filter_map(here).collect()
    }

    /// The file at a path of a tree.
    pub(crate) fn file(&mut self, tree: Number, path: &[u8]) -> Option<Number> {
        let mut at = tree;
        let mut parts = path.split(|byte| *byte == b'/').peekable();
        while let Some(part) = parts.next() {
            let folder = parts.peek().is_some();
            let next = self.listing(at).get(&(part.to_vec(), folder)).copied();
            at = next.flatten()?;
        }
        Some(at)
    }

    fn compare(
        &mut self,
        commit: Number,
        path: &mut Vec<u8>,
        here: Option<Number>,
        parents: &[Option<Number>],
        found: &mut Vec<Change>,
    ) {
        let same = !parents.is_empty() && parents.iter().all(|parent| *parent == here);
        let depth = path.iter().filter(|byte| **byte == b'/').count();
        if same || depth > DEEPEST {
            return;
        }
        let own = here.map(|tree| self.listing(tree)).unwrap_or_default();
        let others: Vec<_> = parents
            .iter()
            .map(|tree| tree.map(|tree| self.listing(tree)).unwrap_or_default())
            .collect();
        let mut names: Vec<&(Vec<u8>, bool)> = own.keys().collect();
        names.extend(others.iter().flat_map(|other| other.keys()));
        names.sort_unstable();
        names.dedup();
        for name in names {
            let inner = own.get(name).copied();
            let outer: Vec<_> = others.iter().map(|one| one.get(name).copied()).collect();
            if !outer.is_empty() && outer.iter().all(|one| *one == inner) {
                continue;
            }
            let (inner, outer): (_, Vec<_>) = (
                inner.flatten(),
                outer.into_iter().map(Option::flatten).collect(),
            );
            let before = path.len();
            path.extend_from_slice(&name.0);
            if name.1 {
                path.push(b'/');
                self.compare(commit, path, inner, &outer, found);
            } else {
                found.push(Change {
                    commit,
                    path: path.clone(),
                    here: inner,
                    before: outer.into_iter().flatten().collect(),
                });
            }
            path.truncate(before);
        }
    }

    fn listing(&mut self, tree: Number) -> Rc<Listing> {
        if let Some(known) = self.read.get(&tree) {
            return Rc::clone(known);
        }
        let mut listing = Listing::new();
        let why = match self.objects.read(tree, &mut self.reader, &mut self.text) {
            Ok(Kind::Tree) => {
                let kind = self.objects.object_id(tree).kind();
                let mut why = None;
                for entry in TreeRefIter::from_bytes(&self.text, kind) {
                    match entry {
                        Ok(entry) if entry.mode.is_commit() => {}
                        Ok(entry) => {
                            let name = (entry.filename.to_vec(), entry.mode.is_tree());
                            let number = self.objects.number(entry.oid.as_bytes());
                            listing.insert(name, number);
                        }
                        Err(_) => {
                            why = Some("it is malformed".to_owned());
                            break;
                        }
                    }
                }
                why
            }
            Ok(_) => Some("it is no folder".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(why) = why {
            self.skipped
                .push(skipped("folder", self.objects, tree, &why));
        }
        if self.read.len() >= REMEMBERED {
            self.read.clear();
        }
        let listing = Rc::new(listing);
        self.read.insert(tree, Rc::clone(&listing));
        listing
    }
}
