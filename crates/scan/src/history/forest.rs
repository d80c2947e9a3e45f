//! The deltas of a pack as trees that grow from whole objects, walked so that each object is made once.

use super::{
    delta::Piece,
    inflate::Inflater,
    objects::{Buffer, NONE, Number, Objects, Packed, index},
    pack::{Entry, Kind},
};
use std::io;

/// The deltas of one pack, as far as they lead to wanted objects.
pub(crate) struct Forest {
    /// Entries that are stored whole and lead to something wanted, those with the most first.
    pub(crate) roots: Vec<u32>,
    starts: Vec<u32>,
    kids: Vec<u32>,
    weights: Vec<u32>,
}

impl Forest {
    /// The deltas of a pack that lead to wanted objects of one kind.
    pub(crate) fn of(
        objects: &Objects,
        packed: &Packed,
        kind: Kind,
        wanted: &dyn Fn(Number) -> bool,
    ) -> Self {
        let count = packed.bases.len();
        let of_kind = |entry: usize| {
            let number = packed.numbers.get(entry).copied().unwrap_or(NONE);
            objects.kind(number) == kind
        };
        let mut starts = vec![0u32; count.saturating_add(1)];
        for (entry, base) in packed.bases.iter().enumerate() {
            if *base != NONE && index(*base) != entry && of_kind(entry) {
                add(&mut starts, index(*base).saturating_add(1), 1);
            }
        }
        let mut sum = 0u32;
        for start in &mut starts {
            sum = sum.saturating_add(*start);
            *start = sum;
        }
        let mut kids = vec![NONE; index(sum)];
        let mut next = starts.clone();
        for (entry, base) in packed.bases.iter().enumerate() {
            if *base != NONE
                && index(*base) != entry
                && of_kind(entry)
                && let Some(at) = next.get_mut(index(*base))
            {
                if let Some(place) = kids.get_mut(index(*at)) {
                    *place = u32::try_from(entry).unwrap_or(NONE);
                }
                *at = at.saturating_add(1);
            }
        }
        drop(next);
        let mut found = Self {
            roots: Vec::new(),
            starts,
            kids,
            weights: vec![0; count],
        };
        let mut order: Vec<u32> = packed
            .bases
            .iter()
            .zip(0u32..)
            .filter(|(base, entry)| *base == entry && of_kind(index(*entry)))
            .map(|(_, entry)| entry)
            .collect();
        let roots = order.clone();
        let mut at = 0;
        while let Some(&entry) = order.get(at) {
            at = at.saturating_add(1);
            order.extend_from_slice(found.kids(entry));
        }
        for entry in order.into_iter().rev() {
            let number = packed.numbers.get(index(entry)).copied().unwrap_or(NONE);
            let below: u32 = found
                .kids(entry)
                .iter()
                .map(|kid| found.weight(*kid))
                .fold(0, u32::saturating_add);
            let own = u32::from(wanted(number));
            add(&mut found.weights, index(entry), below.saturating_add(own));
        }
        let Self {
            starts,
            kids,
            weights,
            ..
        } = &mut found;
        let weight = |entry: &u32| weights.get(index(*entry)).copied().unwrap_or(0);
        for pair in starts.windows(2) {
            if let [from, to] = pair
                && let Some(kids) = kids.get_mut(index(*from)..index(*to))
                && kids.len() > 1
            {
                kids.sort_by_key(weight);
            }
        }
        found.roots = roots
            .into_iter()
            .filter(|root| found.weight(*root) > 0)
            .collect();
        let mut roots = std::mem::take(&mut found.roots);
        roots.sort_by_key(|root| std::cmp::Reverse(found.weight(*root)));
        found.roots = roots;
        found
    }

    /// How many wanted objects an entry leads to, itself included.
    pub(crate) fn weight(&self, entry: u32) -> u32 {
        self.weights.get(index(entry)).copied().unwrap_or(0)
    }

    fn kids(&self, entry: u32) -> &[u32] {
        let from = self.starts.get(index(entry)).copied().unwrap_or(0);
        let to = self
            .starts
            .get(index(entry).saturating_add(1))
            .copied()
            .unwrap_or(from);
        self.kids.get(index(from)..index(to)).unwrap_or(&[])
    }
}

fn add(to: &mut [u32], at: usize, more: u32) {
    if let Some(place) = to.get_mut(at) {
        *place = place.saturating_add(more);
    }
}

/// Takes objects in the order in which they are made.
pub(crate) trait Visit {
    /// What is kept of an object for those that are told from it.
    type State;
    /// An object that is stored whole.
    fn whole(&mut self, number: Number, text: &[u8]) -> Self::State;
    /// An object that is told from another.
    fn told(
        &mut self,
        number: Number,
        text: &[u8],
        base: (&[u8], &Self::State),
        pieces: &[Piece],
    ) -> Self::State;
    /// An object that cannot be made, and how many wanted ones are lost with it.
    fn lost(&mut self, number: Number, count: u32, error: &io::Error);
}

/// Bytes of texts that one walk keeps at most.
const BUDGET: usize = 256 << 20;
/// Buffers that wait to be used again.
const SPARE: usize = 16;
/// A larger buffer is given back.
const SPARE_BYTES: usize = 4 << 20;

/// Walks from whole objects to all that are told from them. Kept between walks for its buffers.
#[derive(Default)]
pub(crate) struct Walker {
    inflater: Inflater,
    raw: Entry,
    pieces: Vec<Piece>,
    spare: Vec<Buffer>,
}

struct Frame<S> {
    entry: u32,
    next: usize,
    text: Buffer,
    state: S,
}

impl Walker {
    /// Makes every object that `root` leads to, a base before what is told from it.
    ///
    /// Texts that wait for their turn: at most one more than the binary logarithm of the number of objects,
    /// since what leads to the most is walked last, when its base is no longer needed.
    pub(crate) fn walk<V: Visit>(
        &mut self,
        objects: &Objects,
        packed: &Packed,
        forest: &Forest,
        root: u32,
        visit: &mut V,
    ) {
        let number = |entry: u32| packed.numbers.get(index(entry)).copied().unwrap_or(NONE);
        let Self {
            inflater,
            raw,
            pieces,
            spare,
        } = self;
        if let Err(error) = objects.inflate(packed, root, inflater, raw) {
            visit.lost(number(root), forest.weight(root), &error);
            return;
        }
        let mut text = spare.pop().unwrap_or_default();
        std::mem::swap(&mut text, &mut raw.bytes);
        let mut live = text.len();
        let state = visit.whole(number(root), &text);
        let mut stack = vec![Frame {
            entry: root,
            next: 0,
            text,
            state,
        }];
        while let Some(top) = stack.last_mut() {
            let kids = forest.kids(top.entry);
            let kid = kids.get(top.next).copied();
            top.next = top.next.saturating_add(1);
            let Some(kid) = kid else {
                let done = stack.pop();
                live = live.saturating_sub(give_back(spare, done));
                continue;
            };
            if forest.weight(kid) == 0 {
                continue;
            }
            let last = top.next >= kids.len();
            let mut text = spare.pop().unwrap_or_default();
            let made = objects
                .inflate(packed, kid, inflater, raw)
                .and_then(|()| objects.apply(&top.text, &raw.bytes, &mut text, pieces))
                .and_then(|()| {
                    if live.saturating_add(text.len()) > BUDGET {
                        return Err(io::Error::new(
                            io::ErrorKind::OutOfMemory,
                            format!("its chain needs more than {} MiB at once", BUDGET >> 20),
                        ));
                    }
                    Ok(())
                });
            let made = match made {
                Ok(()) => {
                    live = live.saturating_add(text.len());
                    let state = visit.told(number(kid), &text, (&top.text, &top.state), pieces);
                    Some(Frame {
                        entry: kid,
                        next: 0,
                        text,
                        state,
                    })
                }
                Err(error) => {
                    visit.lost(number(kid), forest.weight(kid), &error);
                    None
                }
            };
            if last {
                let done = stack.pop();
                live = live.saturating_sub(give_back(spare, done));
            }
            stack.extend(made);
        }
    }
}

fn give_back<S>(spare: &mut Vec<Buffer>, frame: Option<Frame<S>>) -> usize {
    let Some(frame) = frame else { return 0 };
    let len = frame.text.len();
    if spare.len() < SPARE && frame.text.capacity() <= SPARE_BYTES {
        spare.push(frame.text);
    }
    len
}
