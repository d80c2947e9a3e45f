//! The file of a watch list: read whole, refused unless it is exactly what was written.

use super::Known;
use sha2::{Digest, Sha256};
use std::ops::Range;
use tenure_model::watch::{Mark, WatchKeys};

/// How every list begins.
const MAGIC: &[u8; 8] = b"TENUREWL";
/// The only version so far.
const VERSION: u16 = 1;
/// Bytes before the marks: magic, version, flags, two counts, the two keys.
const HEAD: usize = 8 + 2 + 2 + 4 + 4 + 48;
/// Bytes of one mark: window, proof, length, after, and a byte that is 0, then where its names stand.
const EACH: usize = 4 + 16 + 2 + 1 + 1 + 4;
/// Bytes of the checksum.
const SUM: usize = 32;
/// The flag of a list with a window that has no digit.
const LETTERS_ONLY: u16 = 1;
/// The longest id or name, in bytes.
const LONGEST_NAME: usize = 255;

/// Why a file is no watch list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// It begins otherwise.
    #[error("is no watch list; `tenure watchlist export -o FILE` writes one")]
    Other,
    /// It is of a later version.
    #[error(
        "is a watch list of version {0}, and this program reads version 1; use a newer `tenure`"
    )]
    Version(u16),
    /// It is not whole, or was changed.
    #[error("is not whole ({0}); export it again")]
    Broken(&'static str),
    /// There is more than a file can hold.
    #[error("has {0}, more than one list can hold; make several")]
    TooMany(&'static str),
}

/// One key of a list that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchKey {
    /// What finds it.
    pub mark: Mark,
    /// The window has no digit.
    pub letters_only: bool,
    /// What it is known by.
    pub known: Known,
}

/// Writes a list. The same keys give the same bytes, in whatever order they come.
///
/// # Errors
/// There are more keys, or longer names in all, than a list can hold.
pub fn write(keys: &WatchKeys, mut all: Vec<WatchKey>) -> Result<Vec<u8>, WatchError> {
    all.sort_by(|a, b| (a.mark, &a.known).cmp(&(b.mark, &b.known)));
    all.dedup_by(|a, b| a.mark == b.mark);
    let mut names = Vec::new();
    let mut marks = Vec::with_capacity(all.len().saturating_mul(EACH));
    for key in &all {
        let at = u32::try_from(names.len()).map_err(|_| WatchError::TooMany("names"))?;
        for text in [&key.known.id, &key.known.name] {
            let text = cut(text.as_deref().unwrap_or_default());
            names.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
            names.extend_from_slice(text.as_bytes());
        }
        marks.extend_from_slice(&key.mark.window.to_le_bytes());
        marks.extend_from_slice(&key.mark.proof);
        marks.extend_from_slice(&key.mark.length.to_le_bytes());
        marks.extend_from_slice(&[key.mark.after, 0]);
        marks.extend_from_slice(&at.to_le_bytes());
    }
    let count = u32::try_from(all.len()).map_err(|_| WatchError::TooMany("keys"))?;
    let length = u32::try_from(names.len()).map_err(|_| WatchError::TooMany("names"))?;
    let flags = if all.iter().any(|key| key.letters_only) {
        LETTERS_ONLY
    } else {
        0
    };
    let mut bytes =
        Vec::with_capacity(HEAD.saturating_add(marks.len()).saturating_add(names.len()));
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&flags.to_le_bytes());
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&keys.to_bytes());
    bytes.extend_from_slice(&marks);
    bytes.extend_from_slice(&names);
    let sum = Sha256::digest(&bytes);
    bytes.extend_from_slice(sum.as_ref());
    Ok(bytes)
}

/// The start of a text, cut at a character so that one byte tells its length.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_NAME);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}

/// A list that was read: its bytes, and where things are.
pub(super) struct File {
    bytes: Vec<u8>,
    count: usize,
    flags: u16,
    /// Where the marks begin whose window hash begins with each value of 16 bits.
    starts: Vec<u32>,
}

impl File {
    /// The digest at its end, which was found to be right when it was read.
    pub(super) fn digest(&self) -> [u8; 32] {
        self.bytes.last_chunk().copied().unwrap_or_default()
    }

    pub(super) fn parse(bytes: Vec<u8>) -> Result<Self, WatchError> {
        if !bytes.starts_with(MAGIC) {
            return Err(WatchError::Other);
        }
        let version = number::<2>(&bytes, 8).map(u16::from_le_bytes);
        match version {
            Some(VERSION) => {}
            Some(other) => return Err(WatchError::Version(other)),
            None => return Err(WatchError::Broken("it ends in its head")),
        }
        let flags = number::<2>(&bytes, 10).map_or(0, u16::from_le_bytes);
        let size = |at| {
            number::<4>(&bytes, at)
                .map(u32::from_le_bytes)
                .and_then(|count| usize::try_from(count).ok())
                .ok_or(WatchError::Broken("it ends in its head"))
        };
        let (count, names) = (size(12)?, size(16)?);
        let whole = count.checked_mul(EACH).and_then(|marks| {
            marks
                .checked_add(HEAD)?
                .checked_add(names)?
                .checked_add(SUM)
        });
        if whole != Some(bytes.len()) {
            return Err(WatchError::Broken("its length is not what its head says"));
        }
        let (told, sum) = bytes.split_at(bytes.len().saturating_sub(SUM));
        if Sha256::digest(told).as_slice() != sum {
            return Err(WatchError::Broken("its checksum does not hold"));
        }
        if flags & !LETTERS_ONLY != 0 {
            return Err(WatchError::Broken("it has a flag that nobody knows"));
        }
        let mut file = Self {
            bytes,
            count,
            flags,
            starts: Vec::new(),
        };
        file.check()?;
        Ok(file)
    }

    /// Every mark is in order, and its names are there.
    fn check(&mut self) -> Result<(), WatchError> {
        let mut starts = vec![0u32; (1 << 16) + 1];
        let mut before: Option<Mark> = None;
        for at in 0..self.count {
            let mark = self.mark(at).ok_or(WatchError::Broken("a mark is cut"))?;
            if before.is_some_and(|before| before >= mark) {
                return Err(WatchError::Broken("its marks are not in order"));
            }
            if self.names(at).is_none() {
                return Err(WatchError::Broken("a name is cut, or is no text"));
            }
            let bucket = usize::try_from(mark.window >> 16).unwrap_or(0);
            if let Some(count) = starts.get_mut(bucket.saturating_add(1)) {
                *count = count.saturating_add(1);
            }
            before = Some(mark);
        }
        let mut sum = 0u32;
        for start in &mut starts {
            sum = sum.saturating_add(*start);
            *start = sum;
        }
        self.starts = starts;
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn has_letters_only(&self) -> bool {
        self.flags & LETTERS_ONLY != 0
    }

    pub(super) fn keys(&self) -> WatchKeys {
        WatchKeys::from_bytes(&number(&self.bytes, HEAD.saturating_sub(48)).unwrap_or([0; 48]))
    }

    pub(super) fn mark(&self, at: usize) -> Option<Mark> {
        if at >= self.count {
            return None;
        }
        let from = HEAD.checked_add(at.checked_mul(EACH)?)?;
        Some(Mark {
            window: u32::from_le_bytes(number(&self.bytes, from)?),
            proof: number(&self.bytes, from.checked_add(4)?)?,
            length: u16::from_le_bytes(number(&self.bytes, from.checked_add(20)?)?),
            after: *self.bytes.get(from.checked_add(22)?)?,
        })
    }

    /// The marks with this window hash.
    pub(super) fn with_window(&self, hash: u32) -> impl Iterator<Item = usize> + use<'_> {
        let bucket = usize::try_from(hash >> 16).unwrap_or(0);
        let start = |at: usize| {
            let start = self.starts.get(at).copied().unwrap_or(0);
            usize::try_from(start).unwrap_or(0)
        };
        let range: Range<usize> = start(bucket)..start(bucket.saturating_add(1));
        range.filter(move |at| self.mark(*at).is_some_and(|mark| mark.window == hash))
    }

    pub(super) fn known(&self, at: usize) -> Known {
        let told = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        self.names(at).map_or(
            Known {
                id: None,
                name: None,
            },
            |(id, name)| Known {
                id: told(id),
                name: told(name),
            },
        )
    }

    fn names(&self, at: usize) -> Option<(&str, &str)> {
        let from = HEAD.checked_add(at.checked_mul(EACH)?)?.checked_add(24)?;
        let offset = usize::try_from(u32::from_le_bytes(number(&self.bytes, from)?)).ok()?;
        let names = HEAD.checked_add(self.count.checked_mul(EACH)?)?;
        let end = self.bytes.len().checked_sub(SUM)?;
        let mut rest = self.bytes.get(names.checked_add(offset)?..end)?;
        let mut text = || {
            let (length, tail) = rest.split_first()?;
            let (text, tail) = tail.split_at_checked(usize::from(*length))?;
            rest = tail;
            std::str::from_utf8(text).ok()
        };
        Some((text()?, text()?))
    }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
