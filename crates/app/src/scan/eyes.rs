//! What looks at a history: the formats of the catalogue and the rule files that were named.

use super::text::{self, Texts};
use crate::tree::catch::{Catch, Found, Lens};
use std::{
    hash::{BuildHasher, RandomState},
    io::Cursor,
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};
use tenure_model::{
    digest,
    document::Place,
    place::{Part, PlaceKind, hints},
};
use tenure_scan::{
    engine::Sink as _,
    history::{Detect, Hit, Look, Opener},
    source::{
        opened::{self, Apart, Kind, Limits},
        pdf::Part as PdfPart,
    },
};

/// Looks with a lens. What is found has become a fingerprint by the time it leaves here.
pub(super) struct Eyes<'l> {
    lens: Lens<'l>,
    detect: Detect<'l>,
    patient: Option<Patient<'l>>,
    keys: [RandomState; 2],
}

/// Every class of paths: of a rule file, the path is asked when a finding is taken.
const EVERYWHERE: u32 = u32::MAX;
/// Bytes around a finding in which a rule finds it again.
const AROUND: usize = 512;

impl<'l> Eyes<'l> {
    pub(super) fn new(lens: Lens<'l>) -> Self {
        Self {
            lens,
            detect: Detect::new(lens.rules, digest_of(lens)),
            patient: lens.apart.map(Patient::new),
            keys: [RandomState::new(), RandomState::new()],
        }
    }

    /// A number for a secret of a rule, keyed anew in each run.
    fn identity(&self, file: usize, rule: &str, secret: &[u8]) -> u128 {
        let [one, two] = &self.keys;
        let of = |state: &RandomState| u128::from(state.hash_one((file, rule, secret)));
        of(one) << 64 | of(two)
    }

    /// What the rule files find again at a place of a text.
    fn foreign(&self, text: &[u8], hit: &Hit, path: &str) -> Option<Found> {
        let from = hit.span.start.saturating_sub(AROUND);
        let to = hit.span.end.saturating_add(AROUND).min(text.len());
        let near = lines(text, from..to);
        [near, 0..text.len()]
            .into_iter()
            .find_map(|window| {
                let part = text.get(window.clone())?;
                let all = self.lens.rule_files.candidates(part, path);
                let mut candidate = all.into_iter().find(|candidate| {
                    window.start.saturating_add(candidate.offset) == hit.span.start
                        && candidate.length == hit.span.len()
                })?;
                let passed = text.get(..window.start).unwrap_or_default();
                let breaks = passed.iter().filter(|byte| **byte == b'\n').count();
                let breaks = u32::try_from(breaks).unwrap_or(u32::MAX);
                candidate.offset = hit.span.start;
                candidate.line = candidate.line.saturating_add(breaks);
                Some(candidate)
            })
            .and_then(|candidate| self.caught(candidate, text, path))
    }

    /// What lies in a container, and why it was not read whole.
    fn unpacked(&self, file: &[u8]) -> (Vec<Found>, Option<String>) {
        let Some(kind) = container(file) else {
            return (Vec::new(), None);
        };
        let length = u64::try_from(file.len()).unwrap_or(u64::MAX);
        // There may be very many versions of it.
        let limits = Limits {
            depth: 2,
            members: 10_000,
            bytes: length.saturating_mul(50).clamp(16 << 20, 512 << 20),
            text: 32 << 20,
        };
        let place = Place::of_file("", PlaceKind::Commit);
        let mut texts = Texts::new(Lens {
            apart: self.patient.as_ref().map(|patient| patient as &dyn Apart),
            ..self.lens
        });
        let mut problem = None;
        match opened::open(&place, kind, &mut Cursor::new(file), limits, &mut texts) {
            Ok(true) => {}
            Ok(false) => {
                match text::search(self.lens, &mut &file[..], length, &hints::of_path(""), "") {
                    Ok(read) => texts.took(None, read),
                    Err(error) => problem = Some(error.to_string()),
                }
            }
            Err(error) => problem = Some(error.to_string()),
        }
        let read = texts.finish("");
        if let Some((path, reason)) = read.problems.into_iter().next() {
            problem = Some(format!(
                "{}{reason}",
                inner(&path).map_or_else(String::new, |name| format!("{name}: "))
            ));
        }
        let mut all = Vec::new();
        for (place, read) in read.texts {
            let member = place.and_then(|place| inner(&place.path));
            all.extend(read.found.into_iter().map(|mut found| {
                found.member.clone_from(&member);
                found
            }));
        }
        all.retain(|found| found.part == Part::Secret);
        if all.len() > MOST_PACKED {
            all.truncate(MOST_PACKED);
            problem = Some(format!(
                "it holds more than {MOST_PACKED} keys; those behind are left out"
            ));
        }
        (all, problem)
    }

    /// A number for what stands in a member of a container, keyed anew in each run.
    fn identity_in(&self, found: &Found) -> u128 {
        let fingerprint = found.fingerprint.as_ref().map(|one| one.as_str());
        let [one, two] = &self.keys;
        let of = |state: &RandomState| {
            u128::from(state.hash_one((
                &found.provider,
                &found.credential,
                fingerprint,
                &found.member,
            )))
        };
        of(one) << 64 | of(two)
    }

    fn caught(
        &self,
        candidate: tenure_scan::engine::Candidate,
        text: &[u8],
        path: &str,
    ) -> Option<Found> {
        let mut sink = Catch::new(self.lens, path);
        sink.candidate(candidate);
        sink.place(text, 0);
        sink.found.pop()
    }
}

impl Look for Eyes<'_> {
    /// Nothing where an allowlist lets it stay at its path.
    type Found = Option<Found>;

    fn digest(&self) -> [u8; 32] {
        self.detect.digest()
    }

    fn class(&self, path: &str) -> u8 {
        self.detect.class(path)
    }

    fn openers(&self) -> &[Opener] {
        self.detect.openers()
    }

    fn look(&self, text: &[u8], windows: &[Range<usize>], hits: &mut dyn FnMut(Hit)) {
        self.detect.look(text, windows, hits);
        for window in windows {
            let Some(part) = text.get(window.clone()) else {
                continue;
            };
            for raw in self.lens.rule_files.anywhere(part) {
                let secret = part.get(raw.span.clone()).unwrap_or_default();
                let start = window.start.saturating_add(raw.span.start);
                hits(Hit {
                    identity: self.identity(raw.file, raw.rule, secret),
                    span: start..start.saturating_add(raw.span.len()),
                    classes: EVERYWHERE,
                });
            }
        }
    }

    fn opens(&self, file: &[u8]) -> bool {
        container(file).is_some()
    }

    fn unpack(&self, file: &[u8], hits: &mut dyn FnMut(Hit)) -> Result<(), String> {
        let (all, problem) = self.unpacked(file);
        for (at, found) in all.iter().enumerate() {
            hits(Hit {
                span: at..at.saturating_add(1),
                identity: self.identity_in(found),
                classes: EVERYWHERE,
            });
        }
        problem.map_or(Ok(()), Err)
    }

    fn take(&self, text: &[u8], hit: &Hit, path: &str) -> Option<Self::Found> {
        if container(text).is_some() {
            let (all, _) = self.unpacked(text);
            let mut all = all.into_iter();
            return all
                .find(|found| self.identity_in(found) == hit.identity)
                .map(Some);
        }
        if hit.classes == EVERYWHERE {
            return Some(self.foreign(text, hit, path));
        }
        let candidate = self.detect.take(text, hit, path)?;
        Some(self.caught(candidate, text, path))
    }
}

/// How many keys of a container in a history are told.
const MOST_PACKED: usize = 100;

/// The container that a file of a history is, by its first bytes; a text is none, whatever it begins with.
fn container(file: &[u8]) -> Option<Kind> {
    let head = file.get(..file.len().min(opened::HEAD))?;
    match opened::kind("", head)? {
        Kind::Pdf => Some(Kind::Pdf),
        kind @ (Kind::Zip | Kind::Tar | Kind::Packed) => head.contains(&0).then_some(kind),
        _ => None,
    }
}

/// Reads PDF until all of them have taken too long: a history may hold any number of slow ones.
struct Patient<'l> {
    inner: &'l dyn Apart,
    /// Milliseconds that reading took so far, of all threads.
    spent: AtomicU64,
}

/// How long the PDFs of one history may take, in milliseconds.
const PATIENCE: u64 = 10 * 60 * 1000;

impl<'l> Patient<'l> {
    fn new(inner: &'l dyn Apart) -> Self {
        Self {
            inner,
            spent: AtomicU64::new(0),
        }
    }
}

impl Apart for Patient<'_> {
    fn pdf(&self, bytes: &[u8], part: &mut dyn FnMut(PdfPart)) -> Result<(), String> {
        if self.spent.load(Ordering::Relaxed) >= PATIENCE {
            return Err(format!(
                "the PDFs of this history took more than {} minutes; it was not read, and the next run goes on with it",
                PATIENCE / 60_000
            ));
        }
        let began = Instant::now();
        let read = self.inner.pdf(bytes, part);
        let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.spent.fetch_add(took, Ordering::Relaxed);
        read
    }
}

/// The path of a member in its container.
fn inner(path: &str) -> Option<String> {
    path.split_once('!').map(|(_, member)| member.to_owned())
}

/// A span grown to whole lines.
fn lines(text: &[u8], span: Range<usize>) -> Range<usize> {
    let before = text.get(..span.start).unwrap_or_default();
    let ahead = text.get(span.end..).unwrap_or_default();
    let from = before.iter().rposition(|byte| *byte == b'\n');
    let to = ahead.iter().position(|byte| *byte == b'\n');
    from.map_or(0, |at| at.saturating_add(1))..span.end.saturating_add(to.unwrap_or(ahead.len()))
}

/// All that decides what is found: this program, the formats, the watch lists, the rule files.
fn digest_of(lens: Lens<'_>) -> [u8; 32] {
    let program = std::env::current_exe().and_then(|path| path.metadata());
    let program = program.map(|meta| (meta.len(), meta.modified().ok())).ok();
    let watches: Vec<[u8; 32]> = lens
        .rules
        .watches()
        .iter()
        .map(tenure_scan::watchlist::Watch::digest)
        .collect();
    let all = format!(
        "{} {program:?} {} {watches:?} {} {:?}",
        env!("CARGO_PKG_VERSION"),
        lens.rules.seeks_formats(),
        lens.rule_files.digest(),
        lens.providers,
    );
    let hex = digest::of_bytes(all.as_bytes());
    let mut bytes = [0u8; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        let from = at.saturating_mul(2);
        let pair = hex.get(from..from.saturating_add(2)).unwrap_or("0");
        *byte = u8::from_str_radix(pair, 16).unwrap_or(0);
    }
    bytes
}
