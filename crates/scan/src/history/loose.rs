//! Objects in files of their own.

use super::{
    inflate::Inflater,
    pack::{Kind, broken, too_large},
};
use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

/// The longest head: a word and a size in decimal digits.
const LONGEST_HEAD: usize = 64;
/// Compressed bytes that surely hold it.
const START: u64 = 256;

/// The ids of the loose objects of a folder, sorted.
pub(crate) fn ids(folder: &Path, width: usize) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for first in 0..=u8::MAX {
        let Ok(entries) = fs::read_dir(folder.join(format!("{first:02x}"))) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(rest) = name.to_str().and_then(unhex) else {
                continue;
            };
            if rest.len().saturating_add(1) == width {
                let mut id = vec![first];
                id.extend(rest);
                found.push(id);
            }
        }
    }
    found.sort_unstable();
    found
}

/// What the object in a file is.
///
/// # Errors
/// The file cannot be read, or is no object.
pub(crate) fn kind(path: &Path, inflater: &mut Inflater) -> io::Result<Kind> {
    let mut start = Vec::new();
    File::open(path)?.take(START).read_to_end(&mut start)?;
    let mut text = [0; LONGEST_HEAD];
    let got = inflater.start(&start, &mut text).map_err(broken)?;
    head(text.get(..got).unwrap_or(&text))
        .map(|(kind, ..)| kind)
        .map_err(broken)
}

/// Reads the object in a file.
///
/// # Errors
/// The file cannot be read, is no object, or is larger than `limit` bytes.
pub(crate) fn read(
    path: &Path,
    limit: u64,
    inflater: &mut Inflater,
    text: &mut Vec<u8>,
) -> io::Result<Kind> {
    let file = File::open(path)?;
    if file.metadata()?.len() > limit.saturating_add(1 << 16) {
        return Err(too_large(limit));
    }
    let mut compressed = Vec::new();
    file.take(limit.saturating_add(1 << 16))
        .read_to_end(&mut compressed)?;
    object(&compressed, limit, inflater, text)
}

/// Reads an object from its compressed bytes.
///
/// # Errors
/// It is no object, or larger than `limit` bytes.
pub(crate) fn object(
    compressed: &[u8],
    limit: u64,
    inflater: &mut Inflater,
    text: &mut Vec<u8>,
) -> io::Result<Kind> {
    let mut start = [0; LONGEST_HEAD];
    let got = inflater.start(compressed, &mut start).map_err(broken)?;
    let start = start.get(..got).unwrap_or(&start);
    let (kind, size, len) = head(start).map_err(broken)?;
    if size > limit {
        return Err(too_large(limit));
    }
    let size = usize::try_from(size).map_err(|_| too_large(limit))?;
    let known = start.get(len..).unwrap_or(&[]);
    if known.len() > size {
        return Err(broken("it is longer than it says"));
    }
    text.clear();
    text.extend_from_slice(known);
    text.resize(size, 0);
    let rest = text.get_mut(known.len()..).unwrap_or_default();
    inflater.rest(compressed, rest).map_err(broken)?;
    Ok(kind)
}

/// The word and the size before an object, and their length with the closing zero.
fn head(text: &[u8]) -> Result<(Kind, u64, usize), &'static str> {
    const NONE: &str = "it does not begin as an object does";
    let zero = text.iter().position(|byte| *byte == 0).ok_or(NONE)?;
    let words = text.get(..zero).unwrap_or(&[]);
    let words = std::str::from_utf8(words).map_err(|_| NONE)?;
    let (word, size) = words.split_once(' ').ok_or(NONE)?;
    let kind = match word {
        "blob" => Kind::Blob,
        "tree" => Kind::Tree,
        "commit" => Kind::Commit,
        "tag" => Kind::Tag,
        _ => return Err(NONE),
    };
    Ok((
        kind,
        size.parse().map_err(|_| NONE)?,
        zero.saturating_add(1),
    ))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits?;
    if digits.len() % 2 != 0 {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect()
}
