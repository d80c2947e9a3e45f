//! Known keys without plaintext: a list of marks (`model::watch`), and copies of the keys found by it. The file
//! is described in `docs/watchlist.md`.

mod file;
mod window;

pub use file::{WatchError, WatchKey, write};
pub use window::window;

use crate::run;
use std::ops::Range;
use tenure_model::watch::{LANES, WINDOW, WatchKeys, WindowHash};
use zeroize::Zeroizing;

/// A watch list, ready to look with.
pub struct Watch {
    file: file::File,
    keys: WatchKeys,
    hash: WindowHash,
    filter: Filter,
    /// How many bytes stand behind a window, for each way that occurs.
    afters: Vec<usize>,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch")
            .field("keys", &self.len())
            .finish_non_exhaustive()
    }
}

/// A key of the list that a text holds a copy of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// Its id in the register, where it has one.
    pub id: Option<String>,
    /// Its name as it was imported, where it has one.
    pub name: Option<String>,
}

impl Watch {
    /// Reads a list.
    ///
    /// # Errors
    /// Says what is wrong with the file, and what to do.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, WatchError> {
        let file = file::File::parse(bytes)?;
        let mut filter = Filter::for_keys(file.len());
        let mut afters = Vec::new();
        for at in 0..file.len() {
            let Some(mark) = file.mark(at) else { continue };
            filter.add(mark.window);
            let after = usize::from(mark.after);
            if !afters.contains(&after) {
                afters.push(after);
            }
        }
        let keys = file.keys();
        Ok(Self {
            hash: keys.windows(),
            keys,
            file,
            filter,
            afters,
        })
    }

    /// How many keys it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.file.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What tells this list from every other: the SHA-256 that its file ends with.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.file.digest()
    }

    /// Whether a text as a whole is one of the keys.
    #[must_use]
    pub fn knows(&self, secret: &[u8]) -> Option<Known> {
        self.afters.iter().find_map(|after| {
            let end = secret.len().checked_sub(*after)?;
            let window: &[u8; WINDOW] = secret.get(..end)?.last_chunk()?;
            self.confirmed(secret, end, self.hash.of(window))
                .find(|(span, _)| *span == (0..secret.len()))
                .map(|(_, at)| self.file.known(at))
        })
    }

    /// Looks for copies in one text.
    #[must_use]
    pub fn search<'w, 't>(&'w self, text: &'t [u8]) -> Search<'w, 't> {
        Search {
            watch: self,
            text,
            windows: Zeroizing::new([[0; WINDOW]; LANES]),
            ends: [0; LANES],
            waiting: 0,
        }
    }

    /// The keys with a window of this hash that stand whole in the text, the window ending at `end`.
    fn confirmed<'w>(
        &'w self,
        text: &'w [u8],
        end: usize,
        hash: u32,
    ) -> impl Iterator<Item = (Range<usize>, usize)> + use<'w> {
        self.file.with_window(hash).filter_map(move |at| {
            let mark = self.file.mark(at)?;
            let end = end.checked_add(usize::from(mark.after))?;
            let start = end.checked_sub(usize::from(mark.length))?;
            let whole = text.get(start..end)?;
            (self.keys.proof(whole) == mark.proof).then_some((start..end, at))
        })
    }
}

/// A search for copies in one text: windows wait until some can be hashed at once.
pub struct Search<'w, 't> {
    watch: &'w Watch,
    text: &'t [u8],
    windows: Zeroizing<[[u8; WINDOW]; LANES]>,
    ends: [usize; LANES],
    waiting: usize,
}

impl Search<'_, '_> {
    /// Takes a run of token bytes of the text. Copies come to `each` in no order, some of them later.
    pub fn run(&mut self, run: Range<usize>, each: &mut dyn FnMut(Range<usize>, Known)) {
        let text = self.text;
        let Some(bytes) = text.get(run.clone()) else {
            return;
        };
        let letters_only = self.watch.file.has_letters_only();
        let mut digit = None;
        for (at, byte) in bytes.iter().enumerate() {
            if byte.is_ascii_digit() {
                digit = Some(at);
            }
            let Some(from) = at.checked_sub(WINDOW - 1) else {
                continue;
            };
            // Nearly every window of a list has a digit, and few words of a text have.
            if !letters_only && digit.is_none_or(|digit| digit < from) {
                continue;
            }
            let ahead = bytes.get(from..).unwrap_or_default();
            let slot = self.windows.get_mut(self.waiting);
            let end = self.ends.get_mut(self.waiting);
            let (Some(window), Some(slot), Some(end)) = (ahead.first_chunk(), slot, end) else {
                continue;
            };
            *slot = *window;
            *end = run.start.saturating_add(at).saturating_add(1);
            self.waiting = self.waiting.saturating_add(1);
            if self.waiting == LANES {
                self.hash(each);
            }
        }
    }

    /// What still waits.
    pub fn finish(mut self, each: &mut dyn FnMut(Range<usize>, Known)) {
        self.hash(each);
    }

    fn hash(&mut self, each: &mut dyn FnMut(Range<usize>, Known)) {
        let hashes = self.watch.hash.of_each(&self.windows);
        let found = hashes.map(|hash| self.watch.filter.may_have(hash));
        let waiting = std::mem::take(&mut self.waiting);
        let ends = self.ends.iter().zip(hashes).zip(found).take(waiting);
        for ((end, hash), _) in ends.filter(|(_, found)| *found) {
            for (span, at) in self.watch.confirmed(self.text, *end, hash) {
                each(span, self.watch.file.known(at));
            }
        }
    }
}

/// Which window hashes there are at all: a Bloom filter of which each hash has two bits in one word, so that
/// a look at it is a look at one place. A million keys take 1 MiB, and one hash in twenty passes by chance.
struct Filter {
    words: Vec<u64>,
    /// How many bits the number of a word has.
    bits: u32,
}

impl Filter {
    fn for_keys(keys: usize) -> Self {
        let bits = (keys / 8).max(64).next_power_of_two().ilog2().min(20);
        Self {
            words: vec![0; 1 << bits],
            bits,
        }
    }

    /// The word goes by the first bits of a hash, the two bits in it by the last ones.
    fn place(&self, hash: u32) -> (usize, u64) {
        let word = usize::try_from(hash >> (32 - self.bits)).unwrap_or(0);
        (word, 1 << (hash & 63) | 1 << (hash >> 6 & 63))
    }

    fn add(&mut self, hash: u32) {
        let (word, bits) = self.place(hash);
        if let Some(word) = self.words.get_mut(word) {
            *word |= bits;
        }
    }

    fn may_have(&self, hash: u32) -> bool {
        let (word, bits) = self.place(hash);
        self.words.get(word).is_some_and(|word| word & bits == bits)
    }
}

const _: () = assert!(WINDOW == run::LEAST, "every window lies in a run");

#[cfg(test)]
mod tests;
