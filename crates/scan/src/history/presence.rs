//! Where each finding stood, which commits brought it in and which took it out, and where it stands now.

use super::{
    commits::{Row, Tips},
    look::{Hit, Look},
    objects::{NONE, Number},
    refs::Tip,
    trees::{Edge, Name, Trees},
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Folders in folders beyond this depth are not followed.
const DEEPEST: usize = 512;

/// A finding at a path.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    /// Commits that have it while none of their parents has, oldest first.
    pub(crate) introduced: Vec<Number>,
    /// Commits that do not have it while a parent has, oldest first.
    pub(crate) removed: Vec<Number>,
    /// Names under which it stands now.
    pub(crate) tips: BTreeSet<String>,
    /// A file that holds it: at a tip where there is one, else where it last came in.
    pub(crate) blob: Option<Number>,
}

/// All findings by path and identity.
pub(crate) struct Presences<'a, L> {
    look: &'a L,
    hits: &'a HashMap<Number, Vec<Hit>>,
    paths: HashMap<Vec<u8>, u32>,
    /// The paths, with the class of each.
    pub(crate) listed: Vec<(Vec<u8>, u8)>,
    /// By path and identity.
    pub(crate) found: HashMap<(u32, u128), Presence>,
    /// Files that some commit or name has.
    pub(crate) reached: HashSet<Number>,
}

impl<'a, L: Look> Presences<'a, L> {
    /// None yet.
    pub(crate) fn new(look: &'a L, hits: &'a HashMap<Number, Vec<Hit>>) -> Self {
        Self {
            look,
            hits,
            paths: HashMap::new(),
            listed: Vec::new(),
            found: HashMap::new(),
            reached: HashSet::new(),
        }
    }

    /// Compares each commit with its parents.
    pub(crate) fn walk(&mut self, trees: &Trees, rows: &[&Row]) {
        let roots: HashMap<Number, Number> =
            rows.iter().map(|row| (row.number, row.tree)).collect();
        for row in rows {
            let parents: Vec<Option<Number>> = row
                .parents
                .iter()
                .filter_map(|parent| roots.get(parent))
                .map(|tree| Some(*tree).filter(|tree| *tree != NONE))
                .collect();
            let here = Some(row.tree).filter(|tree| *tree != NONE);
            let mut walk = Compare {
                trees,
                commit: row.number,
                path: Vec::new(),
                presences: self,
            };
            walk.folder(here, &parents);
        }
    }

    /// Notes what stands at the tips.
    pub(crate) fn mark_tips(&mut self, trees: &Trees, rows: &HashMap<Number, Row>, tips: &Tips) {
        let mut by_tree: BTreeMap<Number, Vec<&Tip>> = BTreeMap::new();
        for (commit, names) in &tips.commits {
            if let Some(row) = rows.get(commit) {
                let names = names.iter().filter(|tip| tip.is_current());
                by_tree.entry(row.tree).or_default().extend(names);
            }
        }
        for (tip, number, kind) in &tips.others {
            match kind {
                super::pack::Kind::Tree => by_tree.entry(*number).or_default().push(tip),
                _ => self.stands(tip.name.as_bytes(), *number, &[tip]),
            }
        }
        for (tree, names) in by_tree {
            if !names.is_empty() {
                self.mark(trees, tree, &mut Vec::new(), &names);
            }
        }
    }

    fn mark(&mut self, trees: &Trees, tree: Number, path: &mut Vec<Name>, tips: &[&Tip]) {
        if path.len() > DEEPEST {
            return;
        }
        for edge in trees.edges(tree) {
            path.push(edge.name);
            if edge.folder {
                self.mark(trees, edge.to, path, tips);
            } else {
                self.stands(&join(trees, path), edge.to, tips);
            }
            path.pop();
        }
    }

    pub(crate) fn stands(&mut self, path: &[u8], blob: Number, tips: &[&Tip]) {
        let path = self.path(path);
        self.reached.insert(blob);
        for identity in self.identities(path, [blob]) {
            let one = self.found.entry((path, identity)).or_default();
            if one.tips.is_empty() {
                one.blob = Some(blob);
            }
            one.tips.extend(tips.iter().map(|tip| tip.name.clone()));
        }
    }

    /// A file changed in a commit: what it holds here, and in the parents.
    pub(crate) fn change(
        &mut self,
        commit: Number,
        path: &[u8],
        here: Option<Number>,
        before: &[Number],
    ) {
        let path = self.path(path);
        self.reached.extend(here);
        let now = self.identities(path, here);
        let then = self.identities(path, before.iter().copied());
        for identity in now.difference(&then) {
            let one = self.found.entry((path, *identity)).or_default();
            one.introduced.push(commit);
            one.blob = here;
        }
        for identity in then.difference(&now) {
            let one = self.found.entry((path, *identity)).or_default();
            one.removed.push(commit);
            if one.blob.is_none() {
                let holds = |blob: &&Number| {
                    let hits = self.hits.get(blob).into_iter().flatten();
                    hits.into_iter().any(|hit| hit.identity == *identity)
                };
                one.blob = before.iter().find(holds).copied();
            }
        }
    }

    fn path(&mut self, path: &[u8]) -> u32 {
        if let Some(number) = self.paths.get(path) {
            return *number;
        }
        let number = u32::try_from(self.listed.len()).unwrap_or(NONE);
        let class = self.look.class(&String::from_utf8_lossy(path));
        self.paths.insert(path.to_owned(), number);
        self.listed.push((path.to_owned(), class));
        number
    }

    fn identities(&self, path: u32, blobs: impl IntoIterator<Item = Number>) -> BTreeSet<u128> {
        let class = self
            .listed
            .get(super::objects::index(path))
            .map_or(0, |(_, class)| *class);
        blobs
            .into_iter()
            .filter_map(|blob| self.hits.get(&blob))
            .flatten()
            .filter(|hit| hit.classes & (1 << class) != 0)
            .map(|hit| hit.identity)
            .collect()
    }
}

fn join(trees: &Trees, path: &[Name]) -> Vec<u8> {
    let parts: Vec<&[u8]> = path.iter().map(|name| trees.names.name(*name)).collect();
    parts.join(&b'/')
}

struct Compare<'w, 'a, L> {
    trees: &'w Trees,
    commit: Number,
    path: Vec<Name>,
    presences: &'w mut Presences<'a, L>,
}

impl<L: Look> Compare<'_, '_, L> {
    /// One folder as it is here, and as it is in each parent.
    fn folder(&mut self, here: Option<Number>, parents: &[Option<Number>]) {
        let same = !parents.is_empty() && parents.iter().all(|parent| *parent == here);
        if same || self.path.len() > DEEPEST {
            return;
        }
        let edges = |tree: Option<Number>| tree.map_or(&[][..], |tree| self.trees.edges(tree));
        let own = edges(here);
        let others: Vec<&[Edge]> = parents.iter().map(|parent| edges(*parent)).collect();
        let shared = |edge: &&Edge| {
            !others.is_empty() && others.iter().all(|other| other.binary_search(edge).is_ok())
        };
        let mut names: Vec<Name> = own
            .iter()
            .filter(|edge| !shared(edge))
            .map(|edge| edge.name)
            .collect();
        for other in &others {
            let gone = other.iter().filter(|edge| own.binary_search(edge).is_err());
            names.extend(gone.map(|edge| edge.name));
        }
        names.sort_unstable();
        names.dedup();
        for name in names {
            let find = |edges: &[Edge], folder: bool| {
                let from = edges.partition_point(|edge| edge.name < name);
                let same = edges.get(from..).unwrap_or(&[]).iter();
                same.take_while(|edge| edge.name == name)
                    .find(|edge| edge.folder == folder)
                    .map(|edge| edge.to)
            };
            self.path.push(name);
            let inner = find(own, true);
            let outer: Vec<_> = others.iter().map(|edges| find(edges, true)).collect();
            if inner.is_some() || outer.iter().any(Option::is_some) {
                self.folder(inner, &outer);
            }
            let inner = find(own, false);
            let outer: Vec<_> = others.iter().map(|edges| find(edges, false)).collect();
            let same = !outer.is_empty() && outer.iter().all(|one| *one == inner);
            if !same && (inner.is_some() || outer.iter().any(Option::is_some)) {
                let path = join(self.trees, &self.path);
                let before: Vec<Number> = outer.into_iter().flatten().collect();
                self.presences.change(self.commit, &path, inner, &before);
            }
            self.path.pop();
        }
    }
}
