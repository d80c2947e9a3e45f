//! Looks at every text once: whole where it is stored whole, and where it is told from another only at what
//! changed, with what surrounds it; the rest carries over.

use super::{
    Skipped,
    delta::Piece,
    forest::{Forest, Visit, Walker},
    look::{AROUND, Hit, LINE, Look},
    objects::{Number, Objects, Reader, Spot},
    pack::Kind,
    window::{Known, carry, find_marks, is_cut, lines, widen},
};
use crate::{
    decode::utf16,
    reader::{HEAD, PDF},
};
use rayon::prelude::*;
use std::{
    io,
    ops::{AddAssign, Range},
};
use zeroize::Zeroizing;

/// Findings of one text that are followed: bounds what a text made of nothing else can cost.
const MOST_HITS: usize = 4096;

/// Is told how far a search is. Called from several threads.
pub trait Progress: Sync {
    /// So many texts will be looked at.
    fn ahead(&self, texts: u64);
    /// One text of so many bytes is done.
    fn text(&self, bytes: u64);
}

impl Progress for () {
    fn ahead(&self, _: u64) {}
    fn text(&self, _: u64) {}
}

/// What looking cost.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Texts that were asked for.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes that were looked at.
    pub looked: u64,
    /// Texts that are no text.
    pub binary: u64,
    /// Texts that were looked at in an earlier run with the same rules, and not again.
    pub known: u64,
    /// Findings, each once per text.
    pub hits: u64,
}

impl AddAssign for Stats {
    fn add_assign(&mut self, more: Self) {
        self.blobs = self.blobs.saturating_add(more.blobs);
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.looked = self.looked.saturating_add(more.looked);
        self.binary = self.binary.saturating_add(more.binary);
        self.known = self.known.saturating_add(more.known);
        self.hits = self.hits.saturating_add(more.hits);
    }
}

/// What came of looking at texts.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// The texts with findings, in the order of their numbers.
    pub(crate) hits: Vec<(Number, Vec<Hit>)>,
    pub(crate) stats: Stats,
    /// The texts that were looked at, in no order.
    pub(crate) seen: Vec<Number>,
    pub(crate) skipped: Vec<Skipped>,
}

impl Looked {
    fn join(mut self, mut more: Self) -> Self {
        self.hits.append(&mut more.hits);
        self.seen.append(&mut more.seen);
        self.stats += more.stats;
        self.skipped.append(&mut more.skipped);
        self
    }

    fn in_order(mut self) -> Self {
        self.hits.sort_by_key(|(number, _)| *number);
        self.hits.dedup_by_key(|(number, _)| *number);
        self.skipped.sort();
        self
    }
}

/// How a text that is told from another is looked at.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Only where it changed.
    #[default]
    Changes,
    /// In full, as a check on the other way.
    Full,
}

/// Looks at all wanted texts; needs a survey of the objects.
pub(crate) fn look_at_all<L: Look>(
    objects: &Objects,
    look: &L,
    depth: Depth,
    wanted: &(dyn Fn(Number) -> bool + Sync),
    progress: &dyn Progress,
) -> Looked {
    let of_kind = |number: Number| objects.kind(number) == Kind::Blob && wanted(number);
    let ahead = (0u32..)
        .take(objects.len())
        .filter(|number| of_kind(*number));
    progress.ahead(u64::try_from(ahead.count()).unwrap_or(u64::MAX));
    let new = || Texts {
        objects,
        look,
        depth,
        wanted: &of_kind,
        progress,
        looked: Looked::default(),
    };
    let mut all = Looked::default();
    for packed in &objects.packs {
        let forest = Forest::of(objects, packed, Kind::Blob, &of_kind);
        let found = forest
            .roots
            .par_iter()
            .with_max_len(1)
            .map_init(Walker::default, |walker, root| {
                let mut visit = new();
                walker.walk(objects, packed, &forest, *root, &mut visit);
                visit.looked
            })
            .reduce(Looked::default, Looked::join);
        all = all.join(found);
    }
    let loose: Vec<Number> = (0u32..)
        .take(objects.len())
        .filter(|number| matches!(objects.spot(*number), Some(Spot::Loose(_))) && of_kind(*number))
        .collect();
    all.join(look_at_each(objects, look, depth, &loose, progress))
        .in_order()
}

/// Looks at single texts, each in full; needs no survey.
pub(crate) fn look_at_each<L: Look>(
    objects: &Objects,
    look: &L,
    depth: Depth,
    numbers: &[Number],
    progress: &dyn Progress,
) -> Looked {
    let wanted = |_: Number| true;
    numbers
        .par_iter()
        .map_init(
            || (Reader::default(), Zeroizing::default()),
            |(reader, text), number| {
                let mut visit = Texts {
                    objects,
                    look,
                    depth,
                    wanted: &wanted,
                    progress,
                    looked: Looked::default(),
                };
                match objects.read(*number, reader, text) {
                    Ok(Kind::Blob) => {
                        visit.whole(*number, text);
                    }
                    Ok(_) => {}
                    Err(error) => visit.lost(*number, 1, &error),
                }
                visit.looked
            },
        )
        .reduce(Looked::default, Looked::join)
        .in_order()
}

/// What of an object is looked at: the message of a commit or tag; a file, UTF-16 as UTF-8.
pub(crate) fn message_or_text(kind: Kind, object: &[u8]) -> Zeroizing<Vec<u8>> {
    match kind {
        Kind::Commit | Kind::Tag => Zeroizing::new(message(object).to_vec()),
        _ => utf16(object).unwrap_or_else(|| Zeroizing::new(object.to_vec())),
    }
}

/// The part of a text in which something at a known place is found again.
pub(crate) fn window_of(text: &[u8], span: &Range<usize>) -> Range<usize> {
    let near = span.start.min(text.len()).saturating_sub(AROUND)
        ..span.end.saturating_add(AROUND).min(text.len());
    lines(text, &near, LINE)
}

/// The message of a commit or an annotated tag: what follows the first empty line.
pub(crate) fn message(object: &[u8]) -> &[u8] {
    memchr::memmem::find(object, b"\n\n")
        .and_then(|at| object.get(at.saturating_add(2)..))
        .unwrap_or(&[])
}

/// The one window that is all of a text.
pub(crate) fn whole(text: &[u8]) -> [Range<usize>; 1] {
    std::array::from_fn(|_| 0..text.len())
}

/// Finds what there is in one whole text.
pub(crate) fn look_whole<L: Look>(look: &L, text: &[u8]) -> Vec<Hit> {
    let mut hits = Vec::new();
    look.look(text, &whole(text), &mut |hit| hits.push(hit));
    in_order(&mut hits);
    hits
}

struct Texts<'a, L> {
    objects: &'a Objects,
    look: &'a L,
    depth: Depth,
    wanted: &'a (dyn Fn(Number) -> bool + Sync),
    progress: &'a dyn Progress,
    looked: Looked,
}

impl<L: Look> Texts<'_, L> {
    /// Looks at all of a text. None where nothing of it may carry over.
    fn all_of(&mut self, number: Number, text: &[u8]) -> Option<Known> {
        if !(self.wanted)(number) {
            return None;
        }
        self.count(number, text);
        if let Some(text) = utf16(text) {
            self.add_looked(text.len());
            let mut hits = look_whole(self.look, &text);
            self.keep(number, &mut hits);
            return None;
        }
        if is_binary(text) {
            if self.look.opens(text) {
                self.opened(number, text);
            } else {
                self.looked.stats.binary = self.looked.stats.binary.saturating_add(1);
            }
            return None;
        }
        self.add_looked(text.len());
        let mut known = Known {
            hits: look_whole(self.look, text),
            marks: Vec::new(),
        };
        find_marks(text, 0..text.len(), self.look.openers(), &mut known.marks);
        known.marks.sort_unstable();
        self.keep(number, &mut known.hits);
        Some(known)
    }

    /// Looks at what lies in a container. One that was not read whole is looked at again in the next run.
    fn opened(&mut self, number: Number, file: &[u8]) {
        self.add_looked(file.len());
        let mut hits = Vec::new();
        if let Err(reason) = self.look.unpack(file, &mut |hit| hits.push(hit)) {
            self.looked.seen.pop();
            self.looked.skipped.push(Skipped {
                what: format!("blob {}", self.objects.object_id(number)),
                reason,
            });
        }
        self.keep(number, &mut hits);
    }

    /// Looks into windows, and into more of the text where something reaches the edge of one.
    fn look_into(&mut self, text: &[u8], windows: &[Range<usize>], hits: &mut Vec<Hit>) {
        let mut windows = windows.to_vec();
        let mut step = LINE;
        while !windows.is_empty() {
            self.add_looked(windows.iter().map(ExactSizeIterator::len).sum());
            let mut found = Vec::new();
            self.look.look(text, &windows, &mut |hit| found.push(hit));
            let mut cut = vec![false; windows.len()];
            for hit in &found {
                let at = windows.partition_point(|window| window.end <= hit.span.start);
                if let (Some(window), Some(cut)) = (windows.get(at), cut.get_mut(at)) {
                    *cut |= is_cut(text, window, &hit.span);
                }
            }
            hits.extend(found.into_iter().filter(|hit| {
                let at = windows.partition_point(|window| window.end <= hit.span.start);
                !cut.get(at).copied().unwrap_or(false)
            }));
            step = step.saturating_mul(4);
            windows = windows
                .into_iter()
                .zip(cut)
                .filter(|(_, cut)| *cut)
                .map(|(window, _)| {
                    window.start.saturating_sub(step)
                        ..window.end.saturating_add(step).min(text.len())
                })
                .collect();
            widen(text, &mut windows, step);
        }
    }

    fn count(&mut self, number: Number, text: &[u8]) {
        self.looked.seen.push(number);
        self.progress.text(len(text));
        let stats = &mut self.looked.stats;
        stats.blobs = stats.blobs.saturating_add(1);
        stats.bytes = stats.bytes.saturating_add(len(text));
    }

    fn add_looked(&mut self, bytes: usize) {
        let stats = &mut self.looked.stats;
        stats.looked = stats
            .looked
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    fn keep(&mut self, number: Number, hits: &mut Vec<Hit>) {
        if hits.len() > MOST_HITS {
            hits.truncate(MOST_HITS);
            self.looked.skipped.push(Skipped {
                what: format!("blob {}", self.objects.object_id(number)),
                reason: format!(
                    "it holds more than {MOST_HITS} findings; those behind are left out"
                ),
            });
        }
        if !hits.is_empty() {
            let more = u64::try_from(hits.len()).unwrap_or(u64::MAX);
            self.looked.stats.hits = self.looked.stats.hits.saturating_add(more);
            self.looked.hits.push((number, hits.to_vec()));
        }
    }
}

impl<L: Look> Visit for Texts<'_, L> {
    type State = Option<Known>;

    fn whole(&mut self, number: Number, text: &[u8]) -> Self::State {
        self.all_of(number, text)
    }

    fn told(
        &mut self,
        number: Number,
        text: &[u8],
        (base, known): (&[u8], &Self::State),
        pieces: &[Piece],
    ) -> Self::State {
        let Some(known) = known.as_ref().filter(|_| self.depth == Depth::Changes) else {
            return self.all_of(number, text);
        };
        if !(self.wanted)(number) || is_binary(text) || utf16(text).is_some() {
            return self.all_of(number, text);
        }
        let carried = carry(base, known, text, pieces, self.look.openers());
        let again: usize = carried.windows.iter().map(ExactSizeIterator::len).sum();
        if again > text.len() / 8 * 7 {
            return self.all_of(number, text);
        }
        self.count(number, text);
        let mut known = carried.known;
        self.look_into(text, &carried.windows, &mut known.hits);
        in_order(&mut known.hits);
        self.keep(number, &mut known.hits);
        Some(known)
    }

    fn lost(&mut self, number: Number, count: u32, error: &io::Error) {
        let id = self.objects.object_id(number);
        let others = match count {
            0 | 1 => String::new(),
            more => format!("; {} more are told from it", more.saturating_sub(1)),
        };
        self.looked.skipped.push(Skipped {
            what: format!("blob {id}"),
            reason: format!("{error}{others}"),
        });
    }
}

fn in_order(hits: &mut Vec<Hit>) {
    hits.sort_by(|one, other| {
        (one.span.start, one.span.end, one.identity).cmp(&(
            other.span.start,
            other.span.end,
            other.identity,
        ))
    });
    hits.dedup();
}

/// As for files: a zero byte near the start, or a PDF, which may have none there.
pub(crate) fn is_binary(text: &[u8]) -> bool {
    text.starts_with(PDF) || memchr::memchr(0, text.get(..HEAD).unwrap_or(text)).is_some()
}

fn len(text: &[u8]) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}
