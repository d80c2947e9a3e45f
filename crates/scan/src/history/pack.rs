//! Packs and their indexes, read at positions: nothing is mapped, so that the pages of a large pack never
//! count as memory in use, and a file that shrinks while it is read is an error and no fault.
//!
//! Source: gitformat-pack(5), <https://git-scm.com/docs/gitformat-pack>, read 2026-11-26.

use super::inflate::Inflater;
use std::{fs::File, io, path::Path};

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// A commit.
    Commit,
    /// A folder.
    Tree,
    /// A file's content.
    Blob,
    /// An annotated tag.
    Tag,
    /// Not known: its base is missing or broken.
    Unknown,
}

/// How an entry of a pack is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// Whole.
    Whole(Kind),
    /// As a delta on the entry that starts so many bytes before it.
    Before(u64),
    /// As a delta on a named object.
    On(Vec<u8>),
}

/// The head of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How it is stored.
    pub stored: Stored,
    /// Its size when inflated (of the delta, where it is one), in bytes.
    pub size: u64,
    /// The length of the head itself, in bytes.
    pub len: usize,
}

/// The longest head: ten bytes of type and size, and an id of 32 bytes.
const LONGEST_HEAD: usize = 48;

/// Reads the head of an entry.
///
/// # Errors
/// It ends too soon or holds a type that is not defined.
pub fn head(bytes: &[u8], width: usize) -> Result<Head, &'static str> {
    const SHORT: &str = "an entry ends too soon";
    let mut at = 0usize;
    let mut next = || {
        let byte = bytes.get(at).copied().ok_or(SHORT);
        at = at.saturating_add(1);
        byte
    };
    let first = next()?;
    let mut size = u64::from(first & 0x0f);
    let mut shift = 4u32;
    let mut byte = first;
    while byte & 0x80 != 0 {
        byte = next()?;
        if shift > 56 {
            return Err("an entry states a size beyond all bounds");
        }
        size |= u64::from(byte & 0x7f) << shift;
        shift = shift.saturating_add(7);
    }
    let stored = match (first >> 4) & 7 {
        1 => Stored::Whole(Kind::Commit),
        2 => Stored::Whole(Kind::Tree),
        3 => Stored::Whole(Kind::Blob),
        4 => Stored::Whole(Kind::Tag),
        6 => {
            let mut byte = next()?;
            let mut back = u64::from(byte & 0x7f);
            while byte & 0x80 != 0 {
                byte = next()?;
                back = back
                    .checked_add(1)
                    .and_then(|back| back.checked_mul(128))
                    .and_then(|back| back.checked_add(u64::from(byte & 0x7f)))
                    .ok_or("an entry's base lies beyond all bounds")?;
            }
            Stored::Before(back)
        }
        7 => {
            let id = bytes.get(at..at.saturating_add(width)).ok_or(SHORT)?;
            at = at.saturating_add(width);
            Stored::On(id.to_vec())
        }
        _ => return Err("an entry of a type that is not defined"),
    };
    Ok(Head {
        stored,
        size,
        len: at,
    })
}

/// What an index tells: ids in their order, and where each object starts in the pack.
#[derive(Debug, PartialEq, Eq)]
pub struct Index {
    /// The ids one after the other, sorted, each as wide as the hash.
    pub ids: Vec<u8>,
    /// The start of each, in the same order, in bytes.
    pub offsets: Vec<u64>,
}

/// Reads an index, version 1 or 2.
///
/// # Errors
/// It is of another version, too short, or out of order.
pub fn index(bytes: &[u8], width: usize) -> Result<Index, &'static str> {
    const SHORT: &str = "the index ends too soon";
    const MAGIC: &[u8] = b"\xfftOc";
    let part = |from: usize, len: usize| {
        let end = from.checked_add(len).ok_or(SHORT)?;
        bytes.get(from..end).ok_or(SHORT)
    };
    let second = bytes.starts_with(MAGIC);
    if second && part(4, 4)? != [0, 0, 0, 2] {
        return Err("the index is of a version that is not known");
    }
    let fan = if second { 8 } else { 0 };
    let mut before = 0;
    for table in part(fan, 1024)?.chunks_exact(4) {
        let count = be32(table);
        if count < before {
            return Err("the index is out of order");
        }
        before = count;
    }
    let count = usize::try_from(before).map_err(|_| SHORT)?;
    let body = fan.saturating_add(1024);
    let wide = |each: usize| count.checked_mul(each).ok_or(SHORT);
    let (ids, offsets) = if second {
        let ids = part(body, wide(width)?)?.to_vec();
        let crcs = body.saturating_add(ids.len());
        let small = part(crcs.saturating_add(wide(4)?), wide(4)?)?;
        let large = crcs.saturating_add(wide(8)?);
        let mut offsets = Vec::with_capacity(count);
        for entry in small.chunks_exact(4) {
            let value = be32(entry);
            offsets.push(if value & 0x8000_0000 == 0 {
                u64::from(value)
            } else {
                let row = usize::try_from(value & 0x7fff_ffff).map_err(|_| SHORT)?;
                let at = row.checked_mul(8).ok_or(SHORT)?;
                let wide = part(large.saturating_add(at), 8)?;
                wide.iter()
                    .fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte))
            });
        }
        (ids, offsets)
    } else {
        let rows = part(body, wide(width.saturating_add(4))?)?;
        let mut ids = Vec::with_capacity(wide(width)?);
        let mut offsets = Vec::with_capacity(count);
        for row in rows.chunks_exact(width.saturating_add(4)) {
            let (offset, id) = row.split_at(4);
            offsets.push(u64::from(be32(offset)));
            ids.extend_from_slice(id);
        }
        (ids, offsets)
    };
    let ordered = ids
        .chunks_exact(width)
        .zip(ids.chunks_exact(width).skip(1))
        .all(|(one, next)| one <= next);
    if !ordered {
        return Err("the index is out of order");
    }
    // The checksums of the pack and of the index itself close it.
    let used = if second {
        width.saturating_add(8)
    } else {
        width.saturating_add(4)
    };
    part(body.saturating_add(wide(used)?), width.saturating_mul(2))?;
    Ok(Index { ids, offsets })
}

fn be32(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0u32, |sum, byte| (sum << 8) | u32::from(*byte))
}

/// A pack on disk.
#[derive(Debug)]
pub(crate) struct Pack {
    file: File,
    /// The end of its entries, in bytes; the checksum follows.
    end: u64,
    width: usize,
}

/// An entry that was read and inflated.
#[derive(Default)]
pub(crate) struct Entry {
    compressed: Vec<u8>,
    /// The object, or the delta.
    pub(crate) bytes: zeroize::Zeroizing<Vec<u8>>,
}

impl Pack {
    /// Opens a pack.
    ///
    /// # Errors
    /// The system's, or it is no pack.
    pub(crate) fn open(path: &Path, width: usize) -> io::Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let mut start = [0; 12];
        read_at(&file, 0, &mut start)?;
        let known = matches!(start, [b'P', b'A', b'C', b'K', 0, 0, 0, 2 | 3, ..]);
        let end = len.checked_sub(u64::try_from(width).unwrap_or(u64::MAX));
        match end.filter(|_| known) {
            Some(end) => Ok(Self { file, end, width }),
            None => Err(broken("no pack of a known version")),
        }
    }

    /// Behind the last entry, in bytes.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// The head of the entry at `offset`.
    ///
    /// # Errors
    /// It cannot be read, or is broken.
    pub(crate) fn head(&self, offset: u64) -> io::Result<Head> {
        let mut bytes = [0; LONGEST_HEAD];
        let room = usize::try_from(self.end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let part = bytes.get_mut(..room.min(LONGEST_HEAD)).unwrap_or_default();
        read_at(&self.file, offset, part)?;
        head(part, self.width).map_err(broken)
    }

    /// Reads the entry between two offsets.
    ///
    /// # Errors
    /// It cannot be read, is broken, or is larger than `limit` bytes when inflated.
    pub(crate) fn entry(
        &self,
        offset: u64,
        end: u64,
        limit: u64,
        inflater: &mut Inflater,
        entry: &mut Entry,
    ) -> io::Result<()> {
        let len = end
            .checked_sub(offset)
            .filter(|_| end <= self.end)
            .ok_or_else(|| broken("an entry lies outside of its pack"))?;
        if len > limit.saturating_add(limit / 8).saturating_add(1 << 16) {
            return Err(too_large(limit));
        }
        entry
            .compressed
            .resize(usize::try_from(len).unwrap_or(0), 0);
        read_at(&self.file, offset, &mut entry.compressed)?;
        let head = head(&entry.compressed, self.width).map_err(broken)?;
        if head.size > limit {
            return Err(too_large(limit));
        }
        let size = usize::try_from(head.size).map_err(|_| too_large(limit))?;
        entry.bytes.resize(size, 0);
        let stream = entry.compressed.get(head.len..).unwrap_or(&[]);
        inflater
            .exactly(stream, &mut entry.bytes)
            .map_err(|why| broken(format!("an entry is broken: {why}")))
    }
}

/// An error about content.
pub(crate) fn broken(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}

/// An error about size.
pub(crate) fn too_large(limit: u64) -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("it is larger than {} MiB", limit >> 20),
    )
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut offset: u64, mut bytes: &mut [u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let got = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if got == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        offset = offset.saturating_add(u64::try_from(got).unwrap_or(u64::MAX));
        bytes = bytes.get_mut(got..).unwrap_or_default();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_with_their_sizes_and_bases() {
        // A blob of 0x123 bytes: low four bits first, then seven.
        assert_eq!(
            head(&[0xb3, 0x12], 20).unwrap(),
            Head {
                stored: Stored::Whole(Kind::Blob),
                size: 0x123,
                len: 2
            }
        );
        // An offset of two bytes adds one at each continuation.
        let two = head(&[0x60, 0x80, 0x00], 20).unwrap();
        assert_eq!(two.stored, Stored::Before(128));
        assert!(head(&[0x00], 20).is_err());
        assert!(head(&[0x70, 1, 2], 20).is_err());
        assert!(head(&[0xff; 20], 20).is_err());
    }

    #[test]
    fn an_index_that_is_out_of_order_or_cut_is_an_error() {
        let mut bytes = b"\xfftOc\0\0\0\x02".to_vec();
        bytes.extend([0u8, 0, 0, 1].repeat(256));
        bytes.extend([7; 20]);
        bytes.extend([0; 4]);
        bytes.extend([0, 0, 0, 12]);
        bytes.extend([9; 40]);
        let read = index(&bytes, 20).unwrap();
        assert_eq!((read.ids, read.offsets), (vec![7; 20], vec![12]));
        for cut in 0..bytes.len() {
            assert!(index(&bytes[..cut], 20).is_err(), "{cut}");
        }
        bytes[8] = 1;
        assert!(index(&bytes, 20).is_err());
    }
}
