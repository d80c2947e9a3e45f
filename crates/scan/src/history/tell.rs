//! What was found, told: each finding once per place, with its story.

use super::{
    Skipped,
    commits::{Commits, Row},
    layout::{Repository, printable},
    look::{Hit, Look},
    objects::{Buffer, Number, Reader, index},
    pack::Kind,
    presence::{Presence, Presences},
    scan::{Finding, Place, Report, Search},
    texts::message_or_text,
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

/// Messages count as a plain text of this name.
pub(crate) const MESSAGE: &str = "COMMIT_EDITMSG";

impl<L: Look> Search<'_, L> {
    /// Finds every finding in files again and tells its story.
    pub(crate) fn report_files(
        &mut self,
        presences: Presences<'_, L>,
        commits: &Commits,
        hits: &HashMap<Number, Vec<Hit>>,
        place: fn(String) -> Place,
    ) {
        let listed = presences.listed;
        let mut by_blob: BTreeMap<Number, Vec<(u32, u128, Presence)>> = BTreeMap::new();
        for ((path, identity), presence) in presences.found {
            if let Some(blob) = presence.blob {
                let ones = by_blob.entry(blob).or_default();
                ones.push((path, identity, presence));
            }
        }
        let commit = |number: &Number| commits.rows.get(number).map(|row| Arc::clone(&row.commit));
        let mut reader = Reader::default();
        let mut text = Buffer::default();
        for (blob, mut ones) in by_blob {
            let held = hits.get(&blob).map_or(&[][..], Vec::as_slice);
            let first = |identity: u128| held.iter().find(|hit| hit.identity == identity);
            ones.sort_by_cached_key(|(path, identity, _)| {
                let path = listed.get(index(*path)).map(|(path, _)| path.clone());
                (path, first(*identity).map(|hit| hit.span.start))
            });
            if let Err(error) = self.objects.read(blob, &mut reader, &mut text) {
                self.skip(blob, &error.to_string());
                continue;
            }
            let text = message_or_text(Kind::Blob, &text);
            for (path, identity, presence) in ones {
                let Some((path, class)) = listed.get(index(path)) else {
                    continue;
                };
                let path = String::from_utf8_lossy(path);
                let found = held
                    .iter()
                    .filter(|hit| hit.identity == identity && hit.classes & (1 << class) != 0)
                    .find_map(|hit| self.look.take(&text, hit, &path));
                match found {
                    None => self.skip(blob, "a finding in it could not be found again"),
                    Some(found) => self.findings.push(Finding {
                        found,
                        place: place(printable(&path)),
                        object: self.objects.object_id(blob),
                        introduced: presence.introduced.iter().filter_map(commit).collect(),
                        removed: presence.removed.iter().filter_map(commit).collect(),
                        tips: presence.tips.into_iter().collect(),
                    }),
                }
            }
        }
    }

    pub(crate) fn report_messages<'r>(&mut self, rows: impl Iterator<Item = &'r Row>) {
        for row in rows {
            for found in self.taken(row.number, &row.hits, MESSAGE) {
                self.findings.push(Finding {
                    found,
                    place: Place::Message(row.commit.id),
                    object: row.commit.id,
                    introduced: vec![Arc::clone(&row.commit)],
                    removed: Vec::new(),
                    tips: Vec::new(),
                });
            }
        }
    }

    pub(crate) fn report_tags(&mut self) {
        let tags = std::mem::take(&mut self.tips.tags);
        for (tip, number, hits) in &tags {
            for found in self.taken(*number, hits, MESSAGE) {
                self.findings.push(Finding {
                    found,
                    place: Place::Tag(tip.name.clone()),
                    object: self.objects.object_id(*number),
                    introduced: Vec::new(),
                    removed: Vec::new(),
                    tips: vec![tip.name.clone()],
                });
            }
        }
        self.tips.tags = tags;
    }

    pub(crate) fn report_lost(&mut self, number: Number, hits: &[Hit], path: &str) {
        let found = self.taken(number, hits, path);
        let object = self.objects.object_id(number);
        for found in found {
            self.findings.push(Finding {
                found,
                place: Place::Unreachable(object),
                object,
                introduced: Vec::new(),
                removed: Vec::new(),
                tips: Vec::new(),
            });
        }
    }

    /// What a message or a file without a path holds, each secret once.
    fn taken(&mut self, number: Number, hits: &[Hit], path: &str) -> Vec<L::Found> {
        if hits.is_empty() {
            return Vec::new();
        }
        let mut text = Buffer::default();
        match self.objects.read(number, &mut Reader::default(), &mut text) {
            Err(error) => {
                self.skip(number, &error.to_string());
                Vec::new()
            }
            Ok(kind) => self.each(&message_or_text(kind, &text), hits, path),
        }
    }

    fn each(&self, text: &[u8], hits: &[Hit], path: &str) -> Vec<L::Found> {
        let class = self.look.class(path);
        let mut seen = HashSet::new();
        hits.iter()
            .filter(|hit| hit.classes & (1 << class) != 0 && seen.insert(hit.identity))
            .filter_map(|hit| self.look.take(text, hit, path))
            .collect()
    }

    fn skip(&mut self, number: Number, why: &str) {
        self.skipped.push(Skipped {
            what: format!("object {}", self.objects.object_id(number)),
            reason: why.to_owned(),
        });
    }

    /// The report: findings by place, then in the order of what they were found in.
    pub(crate) fn report(mut self, repository: &Repository) -> Report<L::Found> {
        self.findings
            .sort_by(|one, other| one.place.cmp(&other.place));
        self.skipped.append(&mut self.objects.skipped);
        self.skipped.append(&mut self.tips.skipped);
        if repository.partial {
            self.skipped.push(Skipped {
                what: "objects".to_owned(),
                reason: "this is a partial clone: files that were never fetched are not here; a full clone has them"
                    .to_owned(),
            });
        }
        if repository.shallow {
            self.skipped.push(Skipped {
                what: "commits".to_owned(),
                reason: "this is a shallow clone: earlier commits are not here; `git fetch --unshallow` brings them"
                    .to_owned(),
            });
        }
        self.skipped.sort();
        self.skipped.dedup();
        Report {
            findings: self.findings,
            skipped: self.skipped,
            commits: self.commits,
            stats: self.stats,
        }
    }
}
