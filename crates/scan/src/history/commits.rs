//! Commits and annotated tags: who, when, what came before, and what their messages hold.

use super::{
    Skipped,
    cache::Cache,
    delta::Piece,
    forest::{Forest, Visit, Walker},
    layout::printable,
    look::{Hit, Look},
    objects::{Buffer, NONE, Number, Objects, Reader, Spot},
    pack::Kind,
    refs::Tip,
    texts::{look_whole, message},
};
use gix_hash::ObjectId;
use gix_object::{CommitRef, TagRef};
use rayon::prelude::*;
use std::{
    collections::{BTreeMap, BinaryHeap, HashMap, HashSet},
    io,
    sync::Arc,
};

/// A commit as a finding tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: ObjectId,
    /// Who wrote it: `Name <mail>`, control characters made visible.
    pub author: String,
    /// When it was written, in seconds since 1970.
    pub authored: i64,
    /// The author's distance from UTC then, in seconds.
    pub offset: i32,
    /// When it was committed, in seconds since 1970.
    pub committed: i64,
    /// What came before is not here: the edge of a shallow clone, or missing objects.
    pub edge: bool,
}

/// A commit as a walk needs it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) number: Number,
    pub(crate) tree: Number,
    pub(crate) parents: Vec<Number>,
    pub(crate) commit: Arc<Commit>,
    /// What its message holds.
    pub(crate) hits: Vec<Hit>,
}

/// Commits by the number of their object.
#[derive(Debug, Default)]
pub(crate) struct Commits {
    pub(crate) rows: HashMap<Number, Row>,
    pub(crate) skipped: Vec<Skipped>,
}

impl Commits {
    /// All commits of the repository; needs a survey.
    pub(crate) fn all<L: Look>(objects: &Objects, look: &L, cache: &Cache) -> Self {
        let mut found = Self::default();
        for packed in &objects.packs {
            let forest = Forest::of(objects, packed, Kind::Commit, &|_| true);
            let all: Vec<_> = forest
                .roots
                .par_iter()
                .with_min_len(64)
                .map_init(Walker::default, |walker, root| {
                    let mut visit = Read {
                        objects,
                        look,
                        cache,
                        rows: Vec::new(),
                        skipped: Vec::new(),
                    };
                    walker.walk(objects, packed, &forest, *root, &mut visit);
                    (visit.rows, visit.skipped)
                })
                .collect();
            for (rows, skipped) in all {
                found
                    .rows
                    .extend(rows.into_iter().map(|row| (row.number, row)));
                found.skipped.extend(skipped);
            }
        }
        let mut one = One::new(cache);
        for number in (0u32..).take(objects.len()) {
            if matches!(objects.spot(number), Some(Spot::Loose(_)))
                && objects.kind(number) == Kind::Commit
            {
                one.read(objects, look, number, &mut found);
            }
        }
        found
    }

    /// The commits that `from` reaches and `without` does not; each is read on its own, and no survey is needed.
    /// Where clocks went backwards, more commits than asked for may be in it.
    pub(crate) fn between<L: Look>(
        objects: &Objects,
        look: &L,
        from: &[Number],
        without: &[Number],
    ) -> (Self, HashSet<Number>) {
        let mut found = Self::default();
        let none = Cache::default();
        let mut one = One::new(&none);
        let mut barred: HashSet<Number> = without.iter().copied().collect();
        let mut queue = BinaryHeap::new();
        for number in from.iter().chain(without) {
            queue.push((one.read(objects, look, *number, &mut found), *number));
        }
        // Newest first, until only what is not wanted is ahead.
        while queue.iter().any(|(_, number)| !barred.contains(number))
            && let Some((_, number)) = queue.pop()
        {
            let bar = barred.contains(&number);
            let parents = found
                .rows
                .get(&number)
                .map(|row| row.parents.clone())
                .unwrap_or_default();
            for parent in parents {
                let new = !found.rows.contains_key(&parent);
                if (bar && barred.insert(parent)) || new {
                    queue.push((one.read(objects, look, parent, &mut found), parent));
                }
            }
        }
        let wanted = found
            .rows
            .keys()
            .copied()
            .filter(|number| !barred.contains(number))
            .collect();
        (found, wanted)
    }

    /// The commits that `from` reaches and that were committed at `time` or later, in seconds since 1970.
    pub(crate) fn since<L: Look>(
        objects: &Objects,
        look: &L,
        from: &[Number],
        time: i64,
    ) -> (Self, HashSet<Number>) {
        let mut found = Self::default();
        let none = Cache::default();
        let mut one = One::new(&none);
        let mut wanted = HashSet::new();
        let mut ahead = from.to_vec();
        while let Some(number) = ahead.pop() {
            if one.read(objects, look, number, &mut found) >= time
                && wanted.insert(number)
                && let Some(row) = found.rows.get(&number)
            {
                ahead.extend(&row.parents);
            }
        }
        (found, wanted)
    }

    /// Reads single commits that are not read yet.
    pub(crate) fn add<L: Look>(&mut self, objects: &Objects, look: &L, numbers: &[Number]) {
        let none = Cache::default();
        let mut one = One::new(&none);
        for number in numbers {
            one.read(objects, look, *number, self);
        }
    }

    /// The commits that tips reach, oldest first; commits of one second in the order of their ids.
    pub(crate) fn reached(&self, tips: impl IntoIterator<Item = Number>) -> Vec<&Row> {
        let mut seen = HashSet::new();
        let mut ahead: Vec<Number> = tips.into_iter().collect();
        let mut found = Vec::new();
        while let Some(number) = ahead.pop() {
            if let Some(row) = self.rows.get(&number)
                && seen.insert(number)
            {
                ahead.extend(&row.parents);
                found.push(row);
            }
        }
        found.sort_by_key(|row| (row.commit.committed, row.number));
        found
    }
}

/// What names stand for.
#[derive(Debug, Default)]
pub(crate) struct Tips {
    /// Commits, with the names that stand for each.
    pub(crate) commits: BTreeMap<Number, Vec<Tip>>,
    /// Folders and files that a name stands for without a commit.
    pub(crate) others: Vec<(Tip, Number, Kind)>,
    /// Annotated tags with what their messages hold.
    pub(crate) tags: Vec<(Tip, Number, Vec<Hit>)>,
    pub(crate) skipped: Vec<Skipped>,
}

/// How many tags on tags are followed.
const TAGS: usize = 16;

impl Tips {
    /// Follows names to what they stand for.
    pub(crate) fn of<L: Look>(objects: &Objects, look: &L, tips: &[Tip]) -> Self {
        let mut found = Self::default();
        let mut reader = Reader::default();
        let mut text = Buffer::default();
        for tip in tips {
            let mut id = tip.id;
            for _ in 0..TAGS {
                let Some(number) = objects.number(id.as_slice()) else {
                    found.skipped.push(Skipped {
                        what: tip.name.clone(),
                        reason: format!("it stands for {id}, which is not here"),
                    });
                    break;
                };
                match objects.read(number, &mut reader, &mut text) {
                    Ok(Kind::Commit) => {
                        let names = found.commits.entry(number).or_default();
                        names.push(tip.clone());
                        break;
                    }
                    Ok(Kind::Tag) => match TagRef::from_bytes(&text, id.kind()) {
                        Ok(tag) => {
                            let hits = look_whole(look, tag.message);
                            found.tags.push((tip.clone(), number, hits));
                            id = tag.target();
                        }
                        Err(_) => {
                            found
                                .skipped
                                .push(skipped("tag", objects, number, "it is malformed"));
                            break;
                        }
                    },
                    Ok(kind) => {
                        found.others.push((tip.clone(), number, kind));
                        break;
                    }
                    Err(error) => {
                        let why = error.to_string();
                        found.skipped.push(skipped("object", objects, number, &why));
                        break;
                    }
                }
            }
        }
        found
    }
}

pub(crate) fn skipped(kind: &str, objects: &Objects, number: Number, why: &str) -> Skipped {
    Skipped {
        what: format!("{kind} {}", objects.object_id(number)),
        reason: why.to_owned(),
    }
}

struct Read<'a, L> {
    objects: &'a Objects,
    look: &'a L,
    cache: &'a Cache,
    rows: Vec<Row>,
    skipped: Vec<Skipped>,
}

impl<L: Look> Visit for Read<'_, L> {
    type State = ();

    fn whole(&mut self, number: Number, text: &[u8]) {
        match row(self.objects, self.look, self.cache, number, text) {
            Some(row) => self.rows.push(row),
            None => {
                let one = skipped("commit", self.objects, number, "it is malformed");
                self.skipped.push(one);
            }
        }
    }

    fn told(&mut self, number: Number, text: &[u8], _: (&[u8], &()), _: &[Piece]) {
        self.whole(number, text);
    }

    fn lost(&mut self, number: Number, count: u32, error: &io::Error) {
        let why = format!("{error} ({count} commits are lost with it)");
        let one = skipped("commit", self.objects, number, &why);
        self.skipped.push(one);
    }
}

struct One<'c> {
    cache: &'c Cache,
    reader: Reader,
    text: Buffer,
}

impl<'c> One<'c> {
    fn new(cache: &'c Cache) -> Self {
        Self {
            cache,
            reader: Reader::default(),
            text: Buffer::default(),
        }
    }

    /// Reads a commit that is not read yet. Gives when it was committed.
    fn read<L: Look>(
        &mut self,
        objects: &Objects,
        look: &L,
        number: Number,
        found: &mut Commits,
    ) -> i64 {
        if let Some(row) = found.rows.get(&number) {
            return row.commit.committed;
        }
        let why = match objects.read(number, &mut self.reader, &mut self.text) {
            Ok(Kind::Commit) => match row(objects, look, self.cache, number, &self.text) {
                Some(row) => {
                    let time = row.commit.committed;
                    found.rows.insert(number, row);
                    return time;
                }
                None => "it is malformed".to_owned(),
            },
            Ok(_) => "it is no commit".to_owned(),
            Err(error) => error.to_string(),
        };
        found.skipped.push(skipped("commit", objects, number, &why));
        i64::MIN
    }
}

fn row<L: Look>(
    objects: &Objects,
    look: &L,
    cache: &Cache,
    number: Number,
    text: &[u8],
) -> Option<Row> {
    let id = objects.object_id(number);
    let read = CommitRef::from_bytes(text, id.kind()).ok()?;
    let author = read.author().ok()?;
    let time = author.time().unwrap_or_default();
    let all: Vec<_> = read
        .parents()
        .map(|parent| objects.number(parent.as_slice()))
        .collect();
    let parents: Vec<Number> = all.iter().copied().flatten().collect();
    let who = format!("{} <{}>", author.name, author.email);
    Some(Row {
        number,
        tree: objects.number(read.tree().as_slice()).unwrap_or(NONE),
        commit: Arc::new(Commit {
            id,
            author: printable(&who),
            authored: time.seconds,
            offset: time.offset,
            committed: read.time().map_or(time.seconds, |time| time.seconds),
            edge: parents.len() < all.len(),
        }),
        parents,
        hits: if cache.knows(number) {
            cache.hits(number).to_vec()
        } else {
            look_whole(look, message(text))
        },
    })
}
