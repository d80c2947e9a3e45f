//! Copies put together: one finding per secret, in an order that does not depend on who was read first.

use super::{ScanError, Scanned, UNCHECKED, Wanted, empty, text::TextRead};
use crate::{
    discreet::discreet,
    tree::catch::{self, Found, Lens},
};
use std::collections::{BTreeMap, BTreeSet};
use tenure_model::{
    allow::Allow,
    assessment::Skipped,
    document::{Origin, Place, name_of},
    durable,
    place::{Part, PlaceKind},
    scan::{AllowNote, Finding, KnownKey, Seen, Standing, Stats},
    watch::Kept,
};
use tenure_scan::{decode::Coding, reader::Outcome};

/// Findings so far.
pub(super) struct Grouped<'g> {
    pub(super) lens: Lens<'g>,
    wanted: &'g Wanted<'g>,
    findings: BTreeMap<(String, String), Finding>,
    skipped: Vec<Skipped>,
    notes: BTreeSet<String>,
    read: BTreeSet<String>,
    watched: BTreeMap<String, Kept>,
    pub(super) stats: Stats,
}

impl<'g> Grouped<'g> {
    pub(super) fn new(lens: Lens<'g>, wanted: &'g Wanted<'g>) -> Self {
        Self {
            lens,
            wanted,
            findings: BTreeMap::new(),
            skipped: Vec::new(),
            notes: BTreeSet::new(),
            read: BTreeSet::new(),
            watched: BTreeMap::new(),
            stats: Stats::default(),
        }
    }

    /// Something that was not read whole.
    pub(super) fn skip(&mut self, path: &str, reason: String) {
        let path = masked(self.lens, path);
        self.skipped.push(Skipped { path, reason });
    }

    /// How many things were not read whole so far.
    pub(super) fn skipped(&self) -> usize {
        self.skipped.len()
    }

    /// What a reader should know of the whole.
    pub(super) fn note(&mut self, note: &str) {
        self.notes.insert(note.to_owned());
    }

    /// What was found at one place of a history.
    pub(super) fn take_past(&mut self, source: &str, place: &Place, found: Vec<Found>) {
        let place = Place {
            path: masked(self.lens, &place.path),
            ..place.clone()
        };
        for found in found {
            if found.part == Part::Secret && self.wants(&found) {
                self.add(source, &place, found);
            }
        }
    }

    /// A file that was read, by the path that findings give it.
    pub(super) fn file(&mut self, path: &str) {
        self.stats.files = self.stats.files.saturating_add(1);
        self.read.insert(masked(self.lens, path));
    }

    /// What was found in the text of a place, which may be a file of its own.
    pub(super) fn take(&mut self, source: &str, place: &Place, read: TextRead, whole_file: bool) {
        for (why, count) in read.dismissed {
            let sum = self
                .stats
                .dismissed
                .entry(why.word().to_owned())
                .or_default();
            *sum = sum.saturating_add(count);
        }
        if read.outcome == Outcome::Binary {
            self.stats.binary = self.stats.binary.saturating_add(1);
            return;
        }
        if whole_file {
            self.file(&place.path);
        }
        self.stats.blobs = self.stats.blobs.saturating_add(1);
        let place = Place {
            path: masked(self.lens, &place.path),
            ..place.clone()
        };
        self.read.insert(place.path.clone());
        for found in read.found {
            // A public id alone opens nothing.
            if found.part == Part::Secret && self.wants(&found) {
                self.add(source, &place, found);
            }
        }
    }

    fn wants(&self, found: &Found) -> bool {
        let rule = catch::rule(&found.provider, &found.credential);
        let named =
            |name: &String| *name == rule || *name == found.provider || *name == found.credential;
        (self.wanted.only.is_empty() || self.wanted.only.iter().any(named))
            && !self.wanted.without.iter().any(named)
    }

    fn add(&mut self, source: &str, place: &Place, found: Found) {
        let Some(fingerprint) = found.fingerprint else {
            return;
        };
        let line = place
            .first_line
            .map(|first| first.saturating_add(found.line).saturating_sub(1));
        if let Some(watched) = found.watched {
            let fingerprint = fingerprint.as_str().to_owned();
            let kept = Kept {
                fingerprint: fingerprint.clone(),
                watched,
            };
            self.watched.insert(fingerprint, kept);
        }
        let allow = found.allow.as_ref().map(|allow| self.beside(allow));
        let allowed = self.wanted.allow && allow.as_ref().is_some_and(|a| a.objection.is_none());
        if let Some(objection) = allow.as_ref().and_then(|allow| allow.objection.as_ref()) {
            let at = line.map_or_else(
                || place.path.clone(),
                |line| format!("{}:{line}", place.path),
            );
            self.notes
                .insert(format!("{at}: tenure:allow does not count: {objection}"));
        }
        let seen = Seen {
            source: source.to_owned(),
            kind: place.kind,
            path: place.path.clone(),
            line,
            column: place.first_line.and(found.column),
            commit: place.commit.clone(),
            author: place.author.as_deref().map(|author| self.quiet(author)),
            date: place.date,
            at_tip: place.at_tip,
            audience: place.audience,
            sentence: self.sentence(place, line, &found.decoded),
            standing: if allowed {
                Standing::Allowed
            } else {
                Standing::New
            },
            allow,
        };
        // An id that is a hash of the secret is one key; of others, the fingerprint tells which.
        let apart = if durable::is_whole(&found.id) {
            String::new()
        } else {
            fingerprint.as_str().to_owned()
        };
        let known = found.known.map(|known| KnownKey {
            id: known.id,
            name: known.name,
        });
        let finding = self
            .findings
            .entry((found.id.clone(), apart))
            .or_insert_with(|| Finding {
                rule: catch::rule(&found.provider, &found.credential),
                title: title(self.lens, &found.provider, &found.credential),
                known_key: known.clone(),
                fingerprint: fingerprint.as_str().to_owned(),
                id: found.id,
                provider: found.provider,
                credential: found.credential,
                key_id: found.key_id.clone(),
                hint: found.hint,
                liveness: UNCHECKED,
                check: None,
                standing: Standing::New,
                places: Vec::new(),
            });
        finding.known_key = finding.known_key.take().or(known);
        finding.key_id = finding.key_id.take().or(found.key_id);
        finding.places.push(seen);
    }

    /// Free text of an input, without anything in it that looks like a key.
    fn quiet(&self, text: &str) -> String {
        discreet(&masked(self.lens, text), |_| false)
    }

    /// The place as a sentence. Names of files are told as they are, as far as no key of a known form is in them;
    /// what people wrote is free text.
    fn sentence(&self, place: &Place, line: Option<u32>, decoded: &[Coding]) -> String {
        if let Origin::Version { .. } = place.origin {
            let place = Place {
                author: place.author.as_deref().map(|author| self.quiet(author)),
                ..place.clone()
            };
            return masked(self.lens, &place.sentence(line));
        }
        let mut sentence = place.sentence(line);
        for coding in decoded {
            sentence.push_str(", in ");
            sentence.push_str(coding.word());
        }
        match place.origin {
            Origin::File
            | Origin::Stream
            | Origin::Archived
            | Origin::Layer
            | Origin::Cell { .. }
            | Origin::Staged => masked(self.lens, &sentence),
            _ => self.quiet(&sentence),
        }
    }

    /// What stands beside a key, without anything in it that looks like one.
    fn beside(&self, allow: &Allow) -> AllowNote {
        let quiet = |text: &String| self.quiet(text);
        AllowNote {
            reason: allow.reason.as_ref().map(quiet),
            until: allow.until,
            objection: allow.objection(self.wanted.today).as_ref().map(quiet),
        }
    }

    /// The whole.
    pub(super) fn finish(mut self, with_files: bool) -> Result<Scanned, ScanError> {
        if self.stats.files == 0 && self.stats.commits == 0 && with_files {
            let why = self.skipped.first().map_or_else(
                || match self.stats.binary {
                    0 => "there is no file in the given places".to_owned(),
                    n => format!("none of the {n} files in the given places is text"),
                },
                |one| match one.path.as_str() {
                    "-" => one.reason.clone(),
                    path => format!("{path}: {}", one.reason),
                },
            );
            return Err(ScanError::Nothing(why));
        }
        let mut scan = empty(self.wanted.today);
        self.skipped
            .sort_by(|a, b| (&a.path, &a.reason).cmp(&(&b.path, &b.reason)));
        self.skipped.dedup();
        scan.complete = self.skipped.is_empty();
        scan.skipped = self.skipped;
        scan.notes = self.notes.into_iter().collect();
        scan.stats = self.stats;
        scan.findings = self.findings.into_values().collect();
        for finding in &mut scan.findings {
            joined(&mut finding.places);
            finding.places.sort_by(|a, b| order(a).cmp(&order(b)));
            finding.places.dedup();
            finding.settle();
        }
        scan.sort();
        Ok(Scanned {
            scan,
            read: self.read,
            whole: true,
            watched: self.watched.into_values().collect(),
        })
    }
}

/// A file that stands as a commit brought it is one place: the file, and who brought what it holds.
fn joined(places: &mut Vec<Seen>) {
    let (past, mut here): (Vec<Seen>, Vec<Seen>) = places
        .drain(..)
        .partition(|place| place.kind == PlaceKind::Commit);
    for old in past {
        let same = |place: &&mut Seen| {
            let stands = place.at_tip == Some(true) && old.at_tip == Some(true);
            stands && place.path == old.path && place.source == old.source
        };
        let mut joined = false;
        for place in here.iter_mut().filter(same) {
            joined = true;
            let out = place
                .commit
                .as_deref()
                .map(|commit| format!(", commit {}", short(commit)));
            place.sentence = match out {
                Some(out) => place.sentence.replace(&out, &since(&old)),
                None => format!("{}{}", place.sentence, since(&old)),
            };
            place.commit.clone_from(&old.commit);
            place.author.clone_from(&old.author);
            place.date = old.date;
        }
        if !joined {
            places.push(old);
        }
    }
    places.append(&mut here);
}

fn short(commit: &str) -> String {
    commit.chars().take(7).collect()
}

/// `, since 3f2a91c by Ann, 3 March 2026`.
fn since(old: &Seen) -> String {
    let commit = old.commit.as_deref().map(short);
    let author = old.author.as_deref().map(name_of);
    [
        commit.map(|commit| format!(", since {commit}")),
        author.map(|author| format!(" by {author}")),
        old.date.map(|date| format!(", {}", date.long())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn order(seen: &Seen) -> impl Ord + '_ {
    (
        seen.kind == PlaceKind::Commit,
        seen.source.as_str(),
        seen.path.as_str(),
        seen.line,
        seen.column,
        seen.commit.as_deref(),
    )
}

/// A rule for people: `Stripe: secret key`.
fn title(lens: Lens<'_>, provider: &str, credential: &str) -> String {
    let known = lens
        .providers
        .iter()
        .filter(|known| known.provider == provider)
        .find_map(|known| {
            let kind = known
                .credentials
                .iter()
                .find(|kind| kind.kind == credential)?;
            Some(format!("{}: {}", known.name, kind.name))
        });
    known.unwrap_or_else(|| credential.replace('_', " "))
}

/// A text without the keys in it: a file may be named after one.
fn masked(lens: Lens<'_>, text: &str) -> String {
    let mut out = String::new();
    let mut done = 0usize;
    for found in lens.rules.find(text.as_bytes()) {
        if found.rule.part != Part::Secret || found.span.start < done {
            continue;
        }
        out.push_str(text.get(done..found.span.start).unwrap_or_default());
        out.push_str(&found.rule.prefix);
        out.push('…');
        done = found.span.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}
