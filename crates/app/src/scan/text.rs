//! One text through the engine: what is found in it, how much was read, and whether it stood still meanwhile.

use crate::{
    progress::Progress,
    tree::{
        self,
        catch::{Catch, Found, Lens, pair},
    },
};
use std::{
    collections::BTreeMap,
    fs::{File, Metadata},
    io::{self, Read},
};
use tenure_model::place::hints::Hints;
use tenure_scan::{
    judge::Dismissal,
    reader::{self, Outcome},
    source::files,
};

/// What came of one text.
pub(super) struct TextRead {
    pub(super) outcome: Outcome,
    pub(super) found: Vec<Found>,
    pub(super) dismissed: BTreeMap<Dismissal, u64>,
}

/// What came of one file.
pub(super) struct FileRead {
    pub(super) read: Option<TextRead>,
    pub(super) bytes: u64,
    /// Why it was not read, or not whole.
    pub(super) problems: Vec<String>,
}

/// Searches what a reader gives.
pub(super) fn search(lens: Lens<'_>, from: &mut dyn Read, hints: &Hints) -> io::Result<TextRead> {
    let mut sink = Catch::new(lens);
    let outcome = reader::search_from(lens.rules, from, tree::context(hints), &mut sink)?;
    let mut found = sink.found;
    pair(&mut found);
    Ok(TextRead {
        outcome,
        found,
        dismissed: sink.dismissed,
    })
}

/// Searches a file, as long as it was when it was opened: one that grows meanwhile is not followed for ever.
pub(super) fn search_file(
    lens: Lens<'_>,
    entry: &files::Entry,
    hints: &Hints,
    progress: &dyn Progress,
) -> FileRead {
    let mut bytes = 0;
    let read = File::open(&entry.path).and_then(|file| {
        let before = file.metadata()?;
        // Files of the kernel have no length and hold something all the same.
        let most = before.len().saturating_add(SPARE);
        let mut counted = Counted::new((&file).take(most), progress);
        let read = search(lens, &mut counted, hints);
        bytes = counted.read;
        let read = read?;
        let whole =
            read.outcome == Outcome::Binary || stood_still(&before, &file.metadata()?, bytes);
        Ok((read, whole))
    });
    match read {
        Ok((read, whole)) => FileRead {
            read: Some(read),
            bytes,
            problems: if whole {
                Vec::new()
            } else {
                vec![CHANGED.to_owned()]
            },
        },
        Err(error) => FileRead {
            read: None,
            bytes,
            problems: vec![error.to_string()],
        },
    }
}

const CHANGED: &str = "it changed while it was read; what was read of it was searched";

/// How much more than its length is read of a file, in bytes.
const SPARE: u64 = 16 << 20;

/// Whether a file is the same after it was read as before.
fn stood_still(before: &Metadata, after: &Metadata, read: u64) -> bool {
    let modified = |meta: &Metadata| meta.modified().ok();
    before.len() == after.len() && modified(before) == modified(after) && read >= before.len()
}

/// Counts what is read, and tells it.
pub(super) struct Counted<'p, R> {
    inner: R,
    progress: &'p dyn Progress,
    pub(super) read: u64,
}

impl<'p, R: Read> Counted<'p, R> {
    pub(super) fn new(inner: R, progress: &'p dyn Progress) -> Self {
        Self {
            inner,
            progress,
            read: 0,
        }
    }
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        let bytes = u64::try_from(got).unwrap_or(u64::MAX);
        self.read = self.read.saturating_add(bytes);
        self.progress.bytes(bytes);
        Ok(got)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_file_that_changes_while_it_is_read_is_told_from_one_that_stands_still() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"0123456789").unwrap();
        let before = file.as_file().metadata().unwrap();
        assert!(stood_still(
            &before,
            &file.as_file().metadata().unwrap(),
            10
        ));
        // It was cut while it was read, and is as long as before again.
        assert!(!stood_still(&before, &before, 4));
        file.write_all(b"more").unwrap();
        assert!(!stood_still(
            &before,
            &file.as_file().metadata().unwrap(),
            10
        ));
        file.as_file().set_len(3).unwrap();
        assert!(!stood_still(
            &before,
            &file.as_file().metadata().unwrap(),
            10
        ));
    }
}
