//! The lines of what can be watched for, one per secret in the order of fingerprints: taken in without reading what
//! they say.

use std::{
    collections::{BTreeMap, HashSet},
    io::{self, BufRead, Write},
};
use tenure_model::watch::Kept;

/// How every line begins.
const START: &[u8] = b"{\"fingerprint\":\"";

/// Lines to be kept, by their fingerprints; the last of a fingerprint counts.
pub(super) type New = BTreeMap<String, Vec<u8>>;

/// The lines of what was seen.
pub(super) fn lines(kept: &[Kept]) -> io::Result<New> {
    kept.iter()
        .map(|one| Ok((one.fingerprint.clone(), serde_json::to_vec(one)?)))
        .collect()
}

/// Whether each of them is there already, word for word.
pub(super) fn has_all(before: impl BufRead, new: &New) -> io::Result<bool> {
    let mut missing: HashSet<&[u8]> = new.values().map(Vec::as_slice).collect();
    each(before, |line| {
        missing.remove(line);
        Ok(!missing.is_empty())
    })?;
    Ok(missing.is_empty())
}

/// Writes what was there and what is new, in order; a new line takes the place of the one of the same fingerprint.
pub(super) fn merge(before: impl BufRead, new: &New, out: &mut impl Write) -> io::Result<()> {
    let mut new = new.iter().peekable();
    let mut put = |line: &[u8]| {
        out.write_all(line)?;
        out.write_all(b"\n")
    };
    each(before, |line| {
        let fingerprint = fingerprint(line);
        let mut replaced = false;
        while let Some((name, text)) = new.next_if(|(name, _)| name.as_bytes() <= fingerprint) {
            replaced |= name.as_bytes() == fingerprint;
            put(text)?;
        }
        if !replaced {
            put(line)?;
        }
        Ok(true)
    })?;
    new.try_for_each(|(_, text)| put(text))
}

/// Goes through the lines that are not empty, while it is wanted.
fn each(
    mut from: impl BufRead,
    mut go_on: impl FnMut(&[u8]) -> io::Result<bool>,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if from.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if !text.is_empty() && !go_on(text)? {
            return Ok(());
        }
    }
}

/// The fingerprint of a line; the line itself where it begins otherwise, which reading it will say.
fn fingerprint(line: &[u8]) -> &[u8] {
    let rest = line.strip_prefix(START).unwrap_or(line);
    rest.split(|byte| *byte == b'"').next().unwrap_or(rest)
}
