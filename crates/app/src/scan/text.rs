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
    io::{self, Read, Seek, SeekFrom},
};
use tenure_model::{
    document::{Document, Origin, Place},
    place::{
        PlaceKind,
        hints::{self, Hints},
    },
};
use tenure_scan::{
    judge::Dismissal,
    reader::{self, Outcome},
    source::{
        files,
        opened::{self, Apart, Limits, Take},
    },
};

/// What came of one text.
pub(super) struct TextRead {
    pub(super) outcome: Outcome,
    pub(super) found: Vec<Found>,
    pub(super) dismissed: BTreeMap<Dismissal, u64>,
}

/// What came of one file.
#[derive(Default)]
pub(super) struct FileRead {
    /// What was searched, each with its place where that is not the file itself.
    pub(super) texts: Vec<(Option<Place>, TextRead)>,
    /// It was opened, whatever was in it.
    pub(super) opened: bool,
    pub(super) bytes: u64,
    /// What of it was not read, or not whole, and why.
    pub(super) problems: Vec<(String, String)>,
}

/// Searches what a reader gives.
pub(super) fn search(
    lens: Lens<'_>,
    from: &mut dyn Read,
    hints: &Hints,
    path: &str,
) -> io::Result<TextRead> {
    let mut sink = Catch::new(lens, path);
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
    place: &Place,
    hints: &Hints,
    progress: &dyn Progress,
) -> FileRead {
    let mut texts = Texts {
        lens,
        file: FileRead::default(),
    };
    let mut bytes = 0;
    let whole = File::open(&entry.path).and_then(|file| {
        let before = file.metadata()?;
        let mut counted = Counted::new(&file, progress);
        let head = opened::head(&mut counted)?;
        let known = opened::kind(&place.path, &head);
        let limits = Limits::of_file(before.len());
        let done = match known {
            Some(kind) => opened::open(place, kind, &mut counted, limits, &mut texts)?,
            None => false,
        };
        if !done {
            counted.seek(SeekFrom::Start(0))?;
            counted.read = 0;
            // Files of the kernel have no length and hold something all the same.
            let most = before.len().saturating_add(SPARE);
            let read = search(lens, &mut (&mut counted).take(most), hints, &place.path)?;
            texts.file.texts.push((None, read));
        }
        bytes = counted.read;
        texts.file.opened = done;
        let binary = texts
            .file
            .texts
            .iter()
            .all(|(_, read)| read.outcome == Outcome::Binary);
        let read_all = done || binary || bytes >= before.len();
        Ok(read_all && stood_still(&before, &file.metadata()?))
    });
    let mut file = texts.file;
    file.bytes = bytes;
    match whole {
        Ok(true) => {}
        Ok(false) => file.problems.push((place.path.clone(), CHANGED.to_owned())),
        Err(error) => file.problems.push((place.path.clone(), error.to_string())),
    }
    file
}

/// Searches what a source gives, one text after the other: none is held longer than that.
struct Texts<'l> {
    lens: Lens<'l>,
    file: FileRead,
}

impl Take for Texts<'_> {
    fn document(&mut self, document: Document) {
        let inner = document.place.path.rsplit('!').next().unwrap_or_default();
        let of_file = matches!(
            document.place.origin,
            Origin::File | Origin::Archived | Origin::Layer
        );
        let hints = match document.place.kind {
            PlaceKind::Notebook => hints::of_path("x.ipynb"),
            _ if of_file => hints::of_path(inner),
            // What people and machines say is no program and no test.
            _ => hints::of_path(""),
        };
        let read = search(
            self.lens,
            &mut document.bytes.as_slice(),
            &hints,
            &document.place.path,
        );
        match read {
            Ok(read) if read.outcome == Outcome::Searched => {
                self.file.texts.push((Some(document.place), read));
            }
            Ok(_) => {}
            Err(error) => self.refused(&document.place.path, error.to_string()),
        }
    }

    fn refused(&mut self, path: &str, reason: String) {
        self.file.problems.push((path.to_owned(), reason));
    }

    fn apart(&self) -> Option<&dyn Apart> {
        self.lens.apart
    }
}

const CHANGED: &str = "it changed while it was read; what was read of it was searched";

/// How much more than its length is read of a file, in bytes.
const SPARE: u64 = 16 << 20;

/// Whether a file is the same after it was read as before.
fn stood_still(before: &Metadata, after: &Metadata) -> bool {
    let modified = |meta: &Metadata| meta.modified().ok();
    before.len() == after.len() && modified(before) == modified(after)
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

impl<R: Seek> Seek for Counted<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
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
        assert!(stood_still(&before, &file.as_file().metadata().unwrap()));
        file.write_all(b"more").unwrap();
        assert!(!stood_still(&before, &file.as_file().metadata().unwrap()));
        file.as_file().set_len(3).unwrap();
        assert!(!stood_still(&before, &file.as_file().metadata().unwrap()));
    }
}
