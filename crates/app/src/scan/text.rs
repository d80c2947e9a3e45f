//! One text through the engine: what is found in it, how much was read, and whether it stood still meanwhile.

use crate::{
    progress::Progress,
    tree::{
        self,
        catch::{self, Catch, Found, Lens, pair},
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
        opened::{self, Apart, Kind, Limits, Take},
    },
};
use zeroize::Zeroizing;

/// What came of one text.
pub(super) struct TextRead {
    pub(super) outcome: Outcome,
    pub(super) found: Vec<Found>,
    pub(super) dismissed: BTreeMap<Dismissal, u64>,
    /// How many more were found than are held.
    pub(super) over: u64,
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

/// Searches what a reader gives, which may be `expected` bytes.
pub(super) fn search(
    lens: Lens<'_>,
    from: &mut dyn Read,
    expected: u64,
    hints: &Hints,
    path: &str,
) -> io::Result<TextRead> {
    let mut sink = Catch::new(lens, path);
    let outcome = reader::search_from(lens.rules, from, expected, tree::context(hints), &mut sink)?;
    let mut found = sink.found;
    pair(&mut found);
    Ok(TextRead {
        outcome,
        found,
        dismissed: sink.dismissed,
        over: sink.over,
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
    let mut texts = Texts::new(lens);
    let mut bytes = 0;
    let whole = File::open(&entry.path).and_then(|file| {
        let before = file.metadata()?;
        let mut counted = Counted::new(&file, progress);
        // Files of the kernel have no length and hold something all the same. Of others no more is read than their
        // length, so that nothing has to be asked for their end.
        let most = match before.len() {
            0 => SPARE,
            length => length,
        };
        let mut head = opened::head(&mut (&mut counted).take(most))?;
        let limits = Limits::of_file(before.len());
        let mut done = false;
        if let Some(kind) = opened::kind(&place.path, &head) {
            done = opened::open(place, kind, &mut counted, limits, &mut texts)?;
            if !done {
                counted.seek(SeekFrom::Start(0))?;
                counted.read = 0;
                head.clear();
            }
        }
        if !done {
            let mut whole = head.as_slice().chain(&mut counted).take(most);
            let read = search(lens, &mut whole, before.len(), hints, &place.path)?;
            texts.took(None, read);
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
    let mut file = texts.finish(&place.path);
    file.bytes = bytes;
    match whole {
        Ok(true) => {}
        Ok(false) => file.problems.push((place.path.clone(), CHANGED.to_owned())),
        Err(error) => file.problems.push((place.path.clone(), error.to_string())),
    }
    file
}

/// Searches a stream. What has to be read from anywhere in it is held in memory, up to a limit.
pub(super) fn search_stream(
    lens: Lens<'_>,
    input: &mut dyn Read,
    place: &Place,
    progress: &dyn Progress,
) -> FileRead {
    let mut texts = Texts::new(lens);
    let mut counted = Counted::new(input, progress);
    let whole = stream(&mut texts, &mut counted, place, LONGEST_HELD);
    let mut file = texts.finish(&place.path);
    file.bytes = counted.read;
    if let Err(error) = whole {
        file.problems.push((place.path.clone(), error.to_string()));
    }
    file
}

/// Bytes of a stream that are held, where it is a container.
const LONGEST_HELD: u64 = 512 << 20;

fn stream(texts: &mut Texts<'_>, input: &mut dyn Read, place: &Place, most: u64) -> io::Result<()> {
    let hints = hints::of_path(&place.path);
    let mut held = Zeroizing::new(Vec::new());
    input.take(opened::HEAD as u64).read_to_end(&mut held)?;
    let known = opened::kind(&place.path, &held);
    if let Some(kind) = known {
        input.take(most).read_to_end(&mut held)?;
        let mut more = [0u8; 1];
        let longer = input.read(&mut more)?;
        if longer == 0 {
            let limits = Limits::of_file(u64::try_from(held.len()).unwrap_or(u64::MAX));
            let mut from = io::Cursor::new(held.as_slice());
            if opened::open(place, kind, &mut from, limits, texts)? {
                texts.file.opened = true;
                return Ok(());
            }
        } else if matches!(kind, Kind::Zip | Kind::Tar | Kind::Pdf) {
            return Err(io::Error::other(format!(
                "standard input is a container of more than {} MiB; save it, and name the file",
                most >> 20
            )));
        }
        held.extend_from_slice(more.get(..longer).unwrap_or_default());
    }
    let mut whole = held.as_slice().chain(input);
    let read = search(texts.lens, &mut whole, 0, &hints, &place.path)?;
    texts.took(None, read);
    Ok(())
}

/// Searches what a source gives, one text after the other: none is held longer than that.
pub(super) struct Texts<'l> {
    lens: Lens<'l>,
    file: FileRead,
    /// How many findings are held of all of them.
    held: usize,
    /// How many more there were.
    over: u64,
}

impl<'l> Texts<'l> {
    pub(super) fn new(lens: Lens<'l>) -> Self {
        Self {
            lens,
            file: FileRead::default(),
            held: 0,
            over: 0,
        }
    }

    pub(super) fn took(&mut self, place: Option<Place>, mut read: TextRead) {
        let room = catch::MOST.saturating_sub(self.held);
        let more = read.found.len().saturating_sub(room);
        read.found.truncate(room);
        self.held = self.held.saturating_add(read.found.len());
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        self.over = self.over.saturating_add(read.over).saturating_add(more);
        self.file.texts.push((place, read));
    }

    pub(super) fn finish(mut self, path: &str) -> FileRead {
        let problem = catch::too_many(self.over);
        self.file
            .problems
            .extend(problem.map(|problem| (path.to_owned(), problem)));
        self.file
    }
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
        let length = u64::try_from(document.bytes.len()).unwrap_or(u64::MAX);
        let read = search(
            self.lens,
            &mut document.bytes.as_slice(),
            length,
            &hints,
            &document.place.path,
        );
        match read {
            Ok(read) if read.outcome == Outcome::Searched => {
                self.took(Some(document.place), read);
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

/// How much is read of a file that says it is empty, in bytes.
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

    #[test]
    fn a_stream_that_is_a_container_is_held_up_to_a_limit() {
        let rules = tenure_scan::rule::Rules::compile(&[]).unwrap();
        let pepper = tenure_model::secret::Pepper::new([7; 32]);
        let policy = tenure_model::policy::Policy::builtin();
        let lens = Lens {
            rules: &rules,
            providers: &[],
            pepper: &pepper,
            policy: &policy,
            rule_files: &crate::rule_files::RuleFiles::default(),
            validation: None,
            apart: None,
        };
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        zip.start_file("a/.env", zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(b"A=1\n").unwrap();
        let zip = zip.finish().unwrap().into_inner();
        let place = Place::of_file("-", PlaceKind::Stream);
        let go = |bytes: &[u8], most: u64| {
            let mut texts = Texts::new(lens);
            let whole = stream(&mut texts, &mut &bytes[..], &place, most);
            (whole, texts.finish("-"))
        };
        let (whole, file) = go(&zip, 1 << 20);
        whole.unwrap();
        let inner = file.texts[0].0.clone().unwrap();
        assert_eq!(inner.sentence(Some(1)), "standard input!a/.env, line 1");
        // A text is never too long.
        let (whole, file) = go(&b"text\n".repeat(10_000), 8);
        whole.unwrap();
        assert!(!file.opened && file.texts.len() == 1);
        let mut long = zip;
        long.extend(vec![0; 20_000]);
        let error = go(&long, 8).0.unwrap_err();
        assert!(error.to_string().contains("save it"), "{error}");
    }
}
