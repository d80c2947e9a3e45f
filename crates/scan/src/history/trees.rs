//! Folders, as far as they lead to files with findings.

use super::{
    Skipped,
    commits::skipped,
    delta::Piece,
    forest::{Forest, Visit, Walker},
    objects::{Buffer, NONE, Number, Objects, Reader, Spot, index},
    pack::Kind,
};
use gix_object::TreeRefIter;
use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;
use std::{
    io,
    sync::{Mutex, PoisonError},
};

/// The number of a name.
pub(crate) type Name = u32;

/// Names, each once.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<Box<[u8]>, Name>,
    names: Vec<Box<[u8]>>,
}

impl Names {
    /// The number of a name, new or known.
    pub(crate) fn number(&mut self, name: &[u8]) -> Name {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(NONE);
        self.names.push(name.into());
        self.numbers.insert(name.into(), number);
        number
    }

    /// The name of a number.
    pub(crate) fn name(&self, number: Name) -> &[u8] {
        self.names.get(index(number)).map_or(&[], AsRef::as_ref)
    }
}

/// A name in a folder and what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) name: Name,
    pub(crate) to: Number,
    pub(crate) folder: bool,
}

/// Folders by the number of their object, each with its folders and its files with findings.
pub(crate) struct Trees {
    pub(crate) names: Names,
    starts: HashMap<Number, (usize, usize)>,
    edges: Vec<Edge>,
    pub(crate) skipped: Vec<Skipped>,
}

impl Trees {
    /// Reads every folder of the repository and keeps what can lead to one of `blobs`, which are sorted; needs a
    /// survey.
    pub(crate) fn all(objects: &Objects, blobs: &[Number]) -> Self {
        let names = Mutex::new(Names::default());
        let sieve = Sieve::of(objects, blobs);
        let mut found = Self {
            names: Names::default(),
            starts: HashMap::new(),
            edges: Vec::new(),
            skipped: Vec::new(),
        };
        let new = || Read {
            objects,
            sieve: &sieve,
            names: &names,
            known: HashMap::new(),
            rows: Vec::new(),
            edges: Vec::new(),
            skipped: Vec::new(),
        };
        for packed in &objects.packs {
            let forest = Forest::of(objects, packed, Kind::Tree, &|_| true);
            let all: Vec<_> = forest
                .roots
                .par_chunks(32)
                .with_max_len(1)
                .map_init(Walker::default, |walker, roots| {
                    let mut visit = new();
                    for root in roots {
                        walker.walk(objects, packed, &forest, *root, &mut visit);
                    }
                    (visit.rows, visit.edges, visit.skipped)
                })
                .collect();
            for one in all {
                found.take(one);
            }
        }
        let mut visit = new();
        let mut reader = Reader::default();
        let mut text = Buffer::default();
        for number in (0u32..).take(objects.len()) {
            if matches!(objects.spot(number), Some(Spot::Loose(_)))
                && objects.kind(number) == Kind::Tree
            {
                match objects.read(number, &mut reader, &mut text) {
                    Ok(_) => visit.whole(number, &text),
                    Err(error) => visit.lost(number, 1, &error),
                }
            }
        }
        found.take((visit.rows, visit.edges, visit.skipped));
        found.names = names.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.keep_what_leads_somewhere(blobs);
        found
    }

    /// What a folder holds that leads to a file with findings, in the order of the numbers of the names.
    pub(crate) fn edges(&self, tree: Number) -> &[Edge] {
        self.starts
            .get(&tree)
            .and_then(|(from, to)| self.edges.get(*from..*to))
            .unwrap_or(&[])
    }

    fn take(&mut self, (rows, edges, skipped): (Vec<(Number, usize)>, Vec<Edge>, Vec<Skipped>)) {
        let mut from = self.edges.len();
        self.edges.extend(edges);
        self.starts.reserve(rows.len());
        for (tree, count) in rows {
            let to = from.saturating_add(count);
            self.starts.insert(tree, (from, to));
            from = to;
        }
        self.skipped.extend(skipped);
    }

    /// Drops every edge that leads to no file with findings.
    fn keep_what_leads_somewhere(&mut self, blobs: &[Number]) {
        let mut parents: HashMap<Number, Vec<Number>> = HashMap::new();
        let mut ahead: Vec<Number> = Vec::new();
        let mut leads: HashSet<Number> = HashSet::new();
        for (tree, (from, to)) in &self.starts {
            for edge in self.edges.get(*from..*to).unwrap_or(&[]) {
                if edge.folder {
                    parents.entry(edge.to).or_default().push(*tree);
                } else if leads.insert(*tree) {
                    ahead.push(*tree);
                }
            }
        }
        while let Some(tree) = ahead.pop() {
            for parent in parents.get(&tree).into_iter().flatten() {
                if leads.insert(*parent) {
                    ahead.push(*parent);
                }
            }
        }
        drop(parents);
        let mut kept: Vec<Edge> = Vec::new();
        let old = std::mem::take(&mut self.edges);
        self.starts.retain(|tree, (from, to)| {
            if !leads.contains(tree) {
                return false;
            }
            let start = kept.len();
            kept.extend(old.get(*from..*to).unwrap_or(&[]).iter().filter(|edge| {
                if edge.folder {
                    leads.contains(&edge.to)
                } else {
                    blobs.binary_search(&edge.to).is_ok()
                }
            }));
            if let Some(kept) = kept.get_mut(start..) {
                kept.sort_unstable();
            }
            (*from, *to) = (start, kept.len());
            true
        });
        self.edges = kept;
    }
}

/// Tells quickly that an id is none of those that are looked for.
struct Sieve<'o> {
    objects: &'o Objects,
    blobs: &'o [Number],
    bits: Vec<u64>,
}

impl<'o> Sieve<'o> {
    const BITS: usize = 1 << 19;

    fn of(objects: &'o Objects, blobs: &'o [Number]) -> Self {
        let mut bits = vec![0u64; Self::BITS / 64];
        for blob in blobs {
            let at = Self::at(objects.id(*blob));
            if let Some(word) = bits.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
        }
        Self {
            objects,
            blobs,
            bits,
        }
    }

    fn at(id: &[u8]) -> usize {
        match id {
            [.., a, b, c] => {
                (usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)) % Self::BITS
            }
            _ => 0,
        }
    }

    fn blob(&self, id: &[u8]) -> Option<Number> {
        let at = Self::at(id);
        let word = self.bits.get(at / 64).copied().unwrap_or(0);
        if word & (1 << (at % 64)) == 0 {
            return None;
        }
        let number = self.objects.number(id)?;
        self.blobs.binary_search(&number).is_ok().then_some(number)
    }
}

struct Read<'a> {
    objects: &'a Objects,
    sieve: &'a Sieve<'a>,
    names: &'a Mutex<Names>,
    known: HashMap<Box<[u8]>, Name>,
    rows: Vec<(Number, usize)>,
    edges: Vec<Edge>,
    skipped: Vec<Skipped>,
}

impl Read<'_> {
    fn name(&mut self, name: &[u8]) -> Name {
        if let Some(number) = self.known.get(name) {
            return *number;
        }
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let number = names.number(name);
        drop(names);
        self.known.insert(name.into(), number);
        number
    }
}

impl Visit for Read<'_> {
    type State = ();

    fn whole(&mut self, number: Number, text: &[u8]) {
        let kind = self.objects.object_id(number).kind();
        let before = self.edges.len();
        for entry in TreeRefIter::from_bytes(text, kind) {
            let Ok(entry) = entry else {
                let why = "it is malformed; its later files have no path";
                let one = skipped("folder", self.objects, number, why);
                self.skipped.push(one);
                break;
            };
            let folder = entry.mode.is_tree();
            let to = if folder {
                self.objects.number(entry.oid.as_bytes())
            } else {
                self.sieve.blob(entry.oid.as_bytes())
            };
            if let Some(to) = to {
                let name = self.name(entry.filename);
                self.edges.push(Edge { name, to, folder });
            }
        }
        let count = self.edges.len().saturating_sub(before);
        if count > 0 {
            self.rows.push((number, count));
        }
    }

    fn told(&mut self, number: Number, text: &[u8], _: (&[u8], &()), _: &[Piece]) {
        self.whole(number, text);
    }

    fn lost(&mut self, number: Number, count: u32, error: &io::Error) {
        let why = format!("{error} ({count} folders are lost with it)");
        let one = skipped("folder", self.objects, number, &why);
        self.skipped.push(one);
    }
}
