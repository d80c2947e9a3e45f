//! Known keys without plaintext: a list of marks (`model::watch`), and copies of the keys found by it. The file
//! is described in `docs/watchlist.md`.

mod file;
mod window;

pub use file::{WatchError, WatchKey, write};
pub use window::window;

use crate::run;
use std::ops::Range;
use tenure_model::watch::{WINDOW, WatchKeys, WindowHash};

/// A watch list, ready to look with.
pub struct Watch {
    file: file::File,
    keys: WatchKeys,
    hash: WindowHash,
    /// Which window hashes there are at all: one bit for each value of their first bits.
    filter: Vec<u64>,
    /// How many bits of a hash the filter goes by.
    bits: u32,
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
        let count = u64::try_from(file.len()).unwrap_or(u64::MAX);
        // Sixteen bits a key, so that one window in sixteen goes on by chance.
        let bits = count
            .saturating_mul(16)
            .next_power_of_two()
            .ilog2()
            .clamp(12, 28);
        let mut filter = vec![0u64; 1usize << (bits - 6)];
        let mut afters = Vec::new();
        for at in 0..file.len() {
            let Some(mark) = file.mark(at) else { continue };
            let (word, bit) = place(mark.window, bits);
            if let Some(word) = filter.get_mut(word) {
                *word |= bit;
            }
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
            bits,
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

    /// Copies of keys whose window lies in `run`, a run of token bytes of `text`.
    pub fn copies(
        &self,
        text: &[u8],
        run: Range<usize>,
        mut each: impl FnMut(Range<usize>, Known),
    ) {
        let Some(bytes) = text.get(run.clone()) else {
            return;
        };
        let mut digit = None;
        for (at, byte) in bytes.iter().enumerate() {
            if byte.is_ascii_digit() {
                digit = Some(at);
            }
            let Some(from) = at.checked_sub(WINDOW - 1) else {
                continue;
            };
            // Nearly every window of a list has a digit, and few words of a text have.
            if !self.file.has_letters_only() && digit.is_none_or(|digit| digit < from) {
                continue;
            }
            let Some(window) = bytes
                .get(from..)
                .and_then(|ahead| ahead.first_chunk::<WINDOW>())
            else {
                continue;
            };
            let hash = self.hash.of(window);
            let (word, bit) = place(hash, self.bits);
            if self.filter.get(word).is_none_or(|word| word & bit == 0) {
                continue;
            }
            let end = run.start.saturating_add(at).saturating_add(1);
            for (span, at) in self.confirmed(text, end, hash) {
                each(span, self.file.known(at));
            }
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

/// Word and bit of a hash in the filter.
fn place(hash: u32, bits: u32) -> (usize, u64) {
    let place = hash >> (32 - bits);
    (
        usize::try_from(place >> 6).unwrap_or(0),
        1u64 << (place & 63),
    )
}

const _: () = assert!(WINDOW == run::LEAST, "every window lies in a run");

#[cfg(test)]
mod tests;
