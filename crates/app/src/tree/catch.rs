//! What is left of a candidate after its secret is gone: the fingerprint, the durable id, the place in its text.

use crate::{rule_files::RuleFiles, validate::Validation};
use std::collections::{BTreeMap, BTreeSet};
use tenure_model::{
    allow::Allow,
    catalog::{Provider, TestMode},
    durable,
    place::Part,
    policy::Policy,
    secret::{Fingerprint, Pepper},
    watch::{WatchKeys, Watched},
};
use tenure_scan::{
    decode::Coding,
    engine::{Candidate, Sink},
    judge::Dismissal,
    rule::Rules,
    source::opened::Apart,
    watchlist::{self, Known},
};

/// What searching needs.
#[derive(Clone, Copy)]
pub struct Lens<'l> {
    /// Compiled formats.
    pub rules: &'l Rules,
    /// The catalogue that they come from.
    pub providers: &'l [Provider],
    /// The key of fingerprints.
    pub pepper: &'l Pepper,
    /// What of a secret may be shown.
    pub policy: &'l Policy,
    /// Rule files of other scanners, beside the formats.
    pub rule_files: &'l RuleFiles,
    /// Where secrets wait to be asked about; none where no provider is asked.
    pub validation: Option<&'l Validation<'l>>,
    /// What reads PDF; none leaves them unread, and says so.
    pub apart: Option<&'l dyn Apart>,
}

/// A candidate after its secret is gone.
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) provider: String,
    pub(crate) credential: String,
    pub(crate) part: Part,
    pub(crate) key_id: Option<String>,
    pub(crate) fingerprint: Option<Fingerprint>,
    /// What a watch list can hold of it.
    pub(crate) watched: Option<Watched>,
    /// The key of the watch list that it is a copy of.
    pub(crate) known: Option<Known>,
    /// In which forms it is written.
    pub(crate) decoded: Vec<Coding>,
    pub(crate) hint: Option<String>,
    pub(crate) line: u32,
    /// In characters from 1; none where the text was decoded.
    pub(crate) column: Option<u32>,
    pub(crate) variable: Option<String>,
    pub(crate) test_mode: bool,
    /// What stands on its line or the line before.
    pub(crate) allow: Option<Allow>,
    /// The member of a container in a history that it stands in.
    pub(crate) member: Option<String>,
    offset: usize,
}

/// The name of a rule: `provider/credential`, and of what no format vouches for the credential alone.
pub(crate) fn rule(provider: &str, credential: &str) -> String {
    if provider == "unknown" {
        credential.to_owned()
    } else {
        format!("{provider}/{credential}")
    }
}

/// Makes fingerprints of candidates and drops them: the bytes die here.
pub(crate) struct Catch<'l> {
    lens: Lens<'l>,
    keys: WatchKeys,
    /// The path of the text, for rules that ask for it.
    path: String,
    pub(crate) found: Vec<Found>,
    pub(crate) dismissed: BTreeMap<Dismissal, u64>,
    /// How many of `found` have their place in the text already.
    placed: usize,
    /// How many more there were than are held.
    pub(crate) over: u64,
}

/// How many findings of one file are held: what has more is a list of keys, whoever made it.
pub(crate) const MOST: usize = 20_000;

/// What is said of a file that has more.
pub(crate) fn too_many(over: u64) -> Option<String> {
    (over > 0).then(|| format!("it holds more than {MOST} keys; {over} more were not told"))
}

impl<'l> Catch<'l> {
    pub(crate) fn new(lens: Lens<'l>, path: &str) -> Self {
        Self {
            lens,
            keys: WatchKeys::of(lens.pepper),
            path: path.to_owned(),
            found: Vec::new(),
            dismissed: BTreeMap::new(),
            placed: 0,
            over: 0,
        }
    }
}

impl Sink for Catch<'_> {
    fn candidate(&mut self, candidate: Candidate) {
        if self.found.len() >= MOST {
            self.over = self.over.saturating_add(1);
            return;
        }
        let secret = candidate.part == Part::Secret;
        let shown = &self.lens.policy.hint;
        let prefix = if shown.prefix {
            candidate.prefix.as_str()
        } else {
            ""
        };
        let by_prefix = self
            .lens
            .providers
            .iter()
            .filter(|provider| provider.provider == candidate.provider)
            .flat_map(|provider| &provider.credentials)
            .filter(|kind| kind.kind == candidate.credential)
            .any(|kind| {
                kind.test_mode.as_ref().and_then(|fact| fact.value) == Some(TestMode::ByPrefix)
            });
        let fingerprint = secret.then(|| self.lens.pepper.fingerprint(&candidate.secret));
        if let (Some(validation), Some(print)) = (self.lens.validation, &fingerprint) {
            validation.keep(
                print,
                &candidate.provider,
                &candidate.credential,
                &candidate.secret,
            );
        }
        self.found.push(Found {
            id: durable::id(
                &candidate.secret,
                &rule(&candidate.provider, &candidate.credential),
                candidate.variable.as_deref(),
            ),
            test_mode: by_prefix && candidate.prefix.contains("test"),
            key_id: (!secret)
                .then(|| String::from_utf8_lossy(candidate.secret.expose()).into_owned()),
            fingerprint,
            watched: secret.then(|| {
                let bytes = candidate.secret.expose();
                let window = watchlist::window(bytes, candidate.tail_bits);
                self.keys.watched(&candidate.secret, window)
            }),
            known: candidate.known,
            decoded: candidate.decoded,
            // Every PEM block ends alike.
            hint: (secret && candidate.credential != "private_key")
                .then(|| candidate.secret.hint(prefix, shown.last))
                .flatten(),
            provider: candidate.provider,
            credential: candidate.credential,
            part: candidate.part,
            line: candidate.line,
            column: None,
            variable: candidate.variable,
            allow: None,
            member: None,
            offset: candidate.offset,
        });
    }

    fn dismissed(&mut self, why: Dismissal) {
        let count = self.dismissed.entry(why).or_default();
        *count = count.saturating_add(1);
    }

    fn searched(&mut self, text: &[u8], lines_before: u32) {
        for mut candidate in self.lens.rule_files.candidates(text, &self.path) {
            candidate.line = candidate.line.saturating_add(lines_before);
            self.candidate(candidate);
        }
        self.place(text, lines_before);
    }
}

impl Catch<'_> {
    /// Finds the column of what is new, and what stands beside it.
    pub(crate) fn place(&mut self, text: &[u8], lines_before: u32) {
        let Some(fresh) = self.found.get_mut(self.placed..) else {
            return;
        };
        let mut fresh: Vec<&mut Found> = fresh.iter_mut().collect();
        fresh.sort_by_key(|found| found.offset);
        let (mut line, mut counted, mut start, mut before) = (1u32, 0usize, 0usize, 0..0);
        let (mut column, mut taken) = (0usize, None);
        for found in fresh {
            let passed = text.get(counted..found.offset).unwrap_or_default();
            for (at, _) in passed.iter().enumerate().filter(|(_, b)| **b == b'\n') {
                let at = counted.saturating_add(at);
                before = start..at;
                start = at.saturating_add(1);
                line = line.saturating_add(1);
                column = 0;
            }
            let since = text.get(counted.max(start)..found.offset);
            // Every character of UTF-8 has one byte that continues none.
            let begun = |b: &&u8| **b & 0xc0 != 0x80;
            column = column.saturating_add(since.unwrap_or_default().iter().filter(begun).count());
            counted = counted.max(found.offset);
            // What was decoded has the line of its outer text and an offset of its own.
            if found.line != line.saturating_add(lines_before) {
                continue;
            }
            found.column = u32::try_from(column.saturating_add(1)).ok();
            found.allow = allow_on(text, start, found.offset);
            // A line that holds a key of its own speaks of that one.
            if found.allow.is_none() && taken.is_none_or(|taken| line != taken) {
                found.allow = allow_on(text, before.start, before.end);
            }
            taken = Some(line.saturating_add(1));
        }
        self.placed = self.found.len();
    }
}

/// How far from a key on its line `tenure:allow` is looked for, in bytes.
const REACH: usize = 4096;

/// `tenure:allow` on the line that begins at `start`, around `at`.
fn allow_on(text: &[u8], start: usize, at: usize) -> Option<Allow> {
    let from = start.max(at.saturating_sub(REACH));
    let near = text.get(from..)?;
    let most = at.saturating_sub(from).saturating_add(REACH);
    let line = near.get(..most.min(near.len()))?;
    let ahead = line.get(at.saturating_sub(from)..)?;
    let length = ahead
        .iter()
        .position(|b| *b == b'\n')
        .unwrap_or(ahead.len());
    let line = line.get(..at.saturating_sub(from).saturating_add(length))?;
    Allow::of_line(&String::from_utf8_lossy(line))
}

/// A secret and the public id of the same kind that stand together belong together: the nearest id at most
/// this many lines away, the one before rather than the one behind.
const NEAR: u32 = 8;

pub(crate) fn pair(found: &mut [Found]) {
    let ids: Vec<(String, String, u32, String)> = found
        .iter()
        .filter_map(|one| {
            Some((
                one.provider.clone(),
                one.credential.clone(),
                one.line,
                one.key_id.clone()?,
            ))
        })
        .collect();
    let mut taken = BTreeSet::new();
    for one in found.iter_mut().filter(|one| one.part == Part::Secret) {
        let nearest = ids
            .iter()
            .enumerate()
            .filter(|(at, (provider, credential, line, _))| {
                *provider == one.provider
                    && *credential == one.credential
                    && line.abs_diff(one.line) <= NEAR
                    && !taken.contains(at)
            })
            .min_by_key(|(_, (_, _, line, _))| (line.abs_diff(one.line), *line > one.line));
        if let Some((at, (.., id))) = nearest {
            taken.insert(at);
            one.key_id = Some(id.clone());
        }
    }
}
