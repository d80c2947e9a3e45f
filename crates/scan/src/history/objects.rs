//! Every object of a repository under one number, wherever it lies: packs, loose files, alternates.

use super::{
    Skipped, delta,
    inflate::Inflater,
    layout::{Repository, printable},
    loose,
    pack::{self, Entry, Kind, Pack, Stored, broken, too_large},
};
use gix_hash::ObjectId;
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The number of an object: its rank among all ids of the repository.
pub(crate) type Number = u32;
/// Bytes of an object; a secret may be among them, so they are wiped in the end.
pub(crate) type Buffer = zeroize::Zeroizing<Vec<u8>>;
/// No entry.
pub(crate) const NONE: u32 = u32::MAX;
/// The longest chain of deltas that is followed; git itself makes none beyond 4095 (git-pack-objects(1)).
pub(crate) const DEEPEST: usize = 4096;
/// The largest index that is read, in bytes.
const LARGEST_INDEX: u64 = 4 << 30;

/// Where an object lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Spot {
    /// In a pack: which, and the entry's rank there by offset.
    Pack(u32, u32),
    /// A file of its own, in which folder of objects.
    Loose(u32),
}

/// The entries of one pack, in the order of their offsets.
pub(crate) struct Packed {
    pub(crate) pack: Pack,
    /// The name of its file.
    pub(crate) name: String,
    pub(crate) offsets: Vec<u64>,
    pub(crate) numbers: Vec<Number>,
    /// The same the other way round, for deltas that name their base.
    by_number: OnceLock<HashMap<Number, u32>>,
    /// The entry that each is a delta on; itself where it is stored whole; `NONE` where that is missing. Empty
    /// before a survey.
    pub(crate) bases: Vec<u32>,
}

/// What an entry is told from.
pub(crate) enum Base {
    Whole(Kind),
    Entry(u32),
    Missing,
}

impl Packed {
    /// The entry that holds an object.
    fn entry_of(&self, number: Number) -> Option<u32> {
        let by_number = self.by_number.get_or_init(|| {
            let all = self.numbers.iter().copied().zip(0u32..);
            all.collect()
        });
        by_number.get(&number).copied()
    }

    /// Where the entry ends, in bytes.
    pub(crate) fn end(&self, entry: u32) -> u64 {
        let next = usize::try_from(entry).map_or(usize::MAX, |entry| entry.saturating_add(1));
        self.offsets
            .get(next)
            .copied()
            .unwrap_or_else(|| self.pack.end())
    }
}

/// All objects of a repository.
pub(crate) struct Objects {
    /// Width of an id, in bytes.
    pub(crate) width: usize,
    ids: Vec<u8>,
    fan: Vec<u32>,
    pub(crate) spots: Vec<Spot>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) packs: Vec<Packed>,
    loose: Vec<PathBuf>,
    pub(crate) skipped: Vec<Skipped>,
    /// The largest object that is read, in bytes.
    pub(crate) limit: u64,
}

/// What is needed to read objects one at a time; used again and again.
#[derive(Default)]
pub(crate) struct Reader {
    inflater: Inflater,
    entry: Entry,
    base: Buffer,
    pieces: Vec<delta::Piece>,
}

impl Objects {
    /// Finds every object: its id and where it lies.
    pub(crate) fn of(repository: &Repository, limit: u64) -> Self {
        let width = repository.hash.len_in_bytes();
        let mut found = Self {
            width,
            ids: Vec::new(),
            fan: Vec::new(),
            spots: Vec::new(),
            kinds: Vec::new(),
            packs: Vec::new(),
            loose: repository.object_folders.clone(),
            skipped: repository.skipped.clone(),
            limit,
        };
        let mut rows: Vec<([u8; 32], Spot)> = Vec::new();
        for folder in &repository.object_folders {
            found.find_packs(&folder.join("pack"), &mut rows);
        }
        for (at, folder) in (0u32..).zip(&repository.object_folders) {
            rows.extend(
                loose::ids(folder, width)
                    .into_iter()
                    .map(|id| (padded(&id), Spot::Loose(at))),
            );
        }
        rows.sort_unstable();
        found.count(&rows);
        drop(rows);
        found
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.spots.len()
    }

    /// The id of an object, as bytes.
    pub(crate) fn id(&self, number: Number) -> &[u8] {
        let from = index(number).saturating_mul(self.width);
        self.ids
            .get(from..from.saturating_add(self.width))
            .unwrap_or(&[])
    }

    /// The id of an object.
    pub(crate) fn object_id(&self, number: Number) -> ObjectId {
        ObjectId::try_from(self.id(number)).unwrap_or_else(|_| ObjectId::null(gix_hash::Kind::Sha1))
    }

    /// The number of an id; none where the object is not here.
    pub(crate) fn number(&self, id: &[u8]) -> Option<Number> {
        if id.len() != self.width {
            return None;
        }
        let bucket = bucket(id);
        let mut low = index(*self.fan.get(bucket)?);
        let mut high = index(*self.fan.get(bucket.saturating_add(1))?);
        while low < high {
            let middle = low.midpoint(high);
            let number = u32::try_from(middle).ok()?;
            match self.id(number).cmp(id) {
                std::cmp::Ordering::Less => low = middle.saturating_add(1),
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(number),
            }
        }
        None
    }

    /// What an object is.
    pub(crate) fn kind(&self, number: Number) -> Kind {
        self.kinds
            .get(index(number))
            .copied()
            .unwrap_or(Kind::Unknown)
    }

    /// Where an object lies.
    pub(crate) fn spot(&self, number: Number) -> Option<Spot> {
        self.spots.get(index(number)).copied()
    }

    /// Reads one object.
    ///
    /// # Errors
    /// It is broken, its chain of deltas is, or it is larger than the limit.
    pub(crate) fn read(
        &self,
        number: Number,
        reader: &mut Reader,
        text: &mut Buffer,
    ) -> io::Result<Kind> {
        match self.spot(number) {
            None => Err(broken("it is not there")),
            Some(Spot::Loose(folder)) => {
                let path = self.loose_path(folder, number);
                loose::read(&path, self.limit, &mut reader.inflater, text)
            }
            Some(Spot::Pack(at, entry)) => {
                let packed = self
                    .packs
                    .get(index(at))
                    .ok_or_else(|| broken("it is not there"))?;
                self.read_packed(packed, entry, reader, text)
            }
        }
    }

    fn read_packed(
        &self,
        packed: &Packed,
        entry: u32,
        reader: &mut Reader,
        text: &mut Buffer,
    ) -> io::Result<Kind> {
        let mut chain = vec![entry];
        let mut at = entry;
        let kind = loop {
            match self.stored(packed, at)? {
                Base::Whole(kind) => break kind,
                Base::Entry(base) if chain.len() < DEEPEST => {
                    chain.push(base);
                    at = base;
                }
                Base::Entry(_) => return Err(broken("its chain of deltas has no end")),
                Base::Missing => {
                    return Err(broken("the object that it is told from is missing"));
                }
            }
        };
        let Reader {
            inflater,
            entry: raw,
            base,
            pieces,
        } = reader;
        let mut first = true;
        while let Some(at) = chain.pop() {
            self.inflate(packed, at, inflater, raw)?;
            if first {
                std::mem::swap(text, &mut raw.bytes);
                first = false;
            } else {
                std::mem::swap(text, base);
                self.apply(base, &raw.bytes, text, pieces)?;
            }
        }
        Ok(kind)
    }

    /// How an entry of a pack is stored.
    ///
    /// # Errors
    /// Its head cannot be read.
    pub(crate) fn stored(&self, packed: &Packed, entry: u32) -> io::Result<Base> {
        let offset = packed.offsets.get(index(entry)).copied();
        let offset = offset.ok_or_else(|| broken("it is not there"))?;
        Ok(match packed.pack.head(offset)?.stored {
            Stored::Whole(kind) => Base::Whole(kind),
            Stored::Before(back) => offset
                .checked_sub(back)
                .and_then(|base| packed.offsets.binary_search(&base).ok())
                .and_then(|base| u32::try_from(base).ok())
                .filter(|base| *base != entry)
                .map_or(Base::Missing, Base::Entry),
            Stored::On(id) => self
                .number(&id)
                .and_then(|number| packed.entry_of(number))
                .filter(|base| *base != entry)
                .map_or(Base::Missing, Base::Entry),
        })
    }

    /// Reads and inflates one entry of a pack: an object, or a delta.
    ///
    /// # Errors
    /// It is broken, or larger than the limit.
    pub(crate) fn inflate(
        &self,
        packed: &Packed,
        entry: u32,
        inflater: &mut Inflater,
        raw: &mut Entry,
    ) -> io::Result<()> {
        let offset = packed
            .offsets
            .get(index(entry))
            .copied()
            .ok_or_else(|| broken("it is not there"))?;
        packed
            .pack
            .entry(offset, packed.end(entry), self.limit, inflater, raw)
    }

    /// Makes a text from its base and a delta, within the limit.
    ///
    /// # Errors
    /// The delta is broken, or makes more than the limit.
    pub(crate) fn apply(
        &self,
        base: &[u8],
        delta: &[u8],
        text: &mut Buffer,
        pieces: &mut Vec<delta::Piece>,
    ) -> io::Result<()> {
        let (_, size, _) = delta::sizes(delta).map_err(broken)?;
        if size > self.limit {
            return Err(too_large(self.limit));
        }
        delta::apply(base, delta, self.limit, text, pieces).map_err(broken)
    }

    pub(crate) fn loose_path(&self, folder: u32, number: Number) -> PathBuf {
        let hex = self.object_id(number).to_string();
        let (first, rest) = hex.split_at(hex.len().min(2));
        self.loose
            .get(index(folder))
            .map(|folder| folder.join(first).join(rest))
            .unwrap_or_default()
    }

    /// Finds the packs of a folder. A pack that goes while it is opened was packed anew by git, so the folder is
    /// listed again.
    fn find_packs(&mut self, folder: &Path, rows: &mut Vec<([u8; 32], Spot)>) {
        let (packs, known, told) = (self.packs.len(), rows.len(), self.skipped.len());
        for last in [false, false, true] {
            let mut gone = false;
            for path in indexes(folder) {
                if let Err(error) = self.find_pack(&path, rows) {
                    gone |= error.kind() == io::ErrorKind::NotFound;
                    self.skipped.push(Skipped {
                        what: printable(&path.to_string_lossy()),
                        reason: error.to_string(),
                    });
                }
            }
            if !gone || last {
                return;
            }
            self.packs.truncate(packs);
            rows.truncate(known);
            self.skipped.truncate(told);
        }
    }

    fn find_pack(&mut self, path: &Path, rows: &mut Vec<([u8; 32], Spot)>) -> io::Result<()> {
        if fs::metadata(path)?.len() > LARGEST_INDEX {
            return Err(too_large(LARGEST_INDEX));
        }
        let read = pack::index(&fs::read(path)?, self.width).map_err(broken)?;
        let file = path.with_extension("pack");
        let pack = Pack::open(&file, self.width)?;
        let at = u32::try_from(self.packs.len()).unwrap_or(NONE);
        let mut order: Vec<(u64, u32)> = read.offsets.iter().copied().zip(0u32..).collect();
        order.sort_unstable();
        if order
            .last()
            .is_some_and(|(offset, _)| *offset >= pack.end())
        {
            return Err(broken("the index points beyond the end of its pack"));
        }
        if rows.len().saturating_add(order.len()) >= index(NONE) {
            return Err(broken("more than four thousand million objects"));
        }
        // Room at once: to grow step by step touches twice as much memory.
        rows.reserve(order.len());
        for ((_, row), entry) in order.iter().zip(0u32..) {
            let from = index(*row).saturating_mul(self.width);
            let id = read.ids.get(from..from.saturating_add(self.width));
            rows.push((padded(id.unwrap_or(&[])), Spot::Pack(at, entry)));
        }
        self.packs.push(Packed {
            pack,
            name: printable(&file.file_name().unwrap_or_default().to_string_lossy()),
            numbers: vec![NONE; order.len()],
            by_number: OnceLock::new(),
            bases: Vec::new(),
            offsets: order.into_iter().map(|(offset, _)| offset).collect(),
        });
        Ok(())
    }

    /// Gives each id its number. Of several copies the first stays: a pack before a file.
    fn count(&mut self, rows: &[([u8; 32], Spot)]) {
        let mut before = None;
        self.ids.reserve(rows.len().saturating_mul(self.width));
        self.spots.reserve(rows.len());
        for (id, spot) in rows {
            if before != Some(id) {
                self.ids
                    .extend_from_slice(id.get(..self.width).unwrap_or(id));
                self.spots.push(*spot);
                before = Some(id);
            }
            let number = u32::try_from(self.spots.len().saturating_sub(1)).unwrap_or(NONE);
            if let Spot::Pack(pack, entry) = spot
                && let Some(packed) = self.packs.get_mut(index(*pack))
                && let Some(place) = packed.numbers.get_mut(index(*entry))
            {
                *place = number;
            }
        }
        let mut sizes = vec![0u32; 1 << 16];
        for id in self.ids.chunks_exact(self.width.max(1)) {
            if let Some(size) = sizes.get_mut(bucket(id)) {
                *size = size.saturating_add(1);
            }
        }
        self.fan = std::iter::once(0)
            .chain(sizes.iter().scan(0u32, |sum, size| {
                *sum = sum.saturating_add(*size);
                Some(*sum)
            }))
            .collect();
    }
}

/// The indexes of a folder of packs, in the order of their names; those that git is still writing begin with a
/// dot.
fn indexes(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."))
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "idx"))
        .collect();
    found.sort();
    found
}

/// A number as an index.
pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn bucket(id: &[u8]) -> usize {
    match id {
        [one, two, ..] => usize::from(*one) << 8 | usize::from(*two),
        _ => 0,
    }
}

fn padded(id: &[u8]) -> [u8; 32] {
    let mut padded = [0; 32];
    for (to, from) in padded.iter_mut().zip(id) {
        *to = *from;
    }
    padded
}
