//! Findings of other tools: their secrets are fingerprinted and dropped here, and what they say of a place that
//! Tenure has seen itself is put to that place rather than beside it.

use crate::tree::{Document, Lens};
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::{Path, PathBuf},
};
use tenure_model::{
    place::{Audience, Liveness, Part, PlaceKind, Sighting, hints},
    reported::Reported,
    secret::{Fingerprint, Secret},
};
use tenure_scan::rule::RuleId;
use zeroize::Zeroizing;

/// A copy as another tool reports it.
#[derive(Debug)]
pub struct Finding {
    /// The copy.
    pub sighting: Sighting,
    /// The folder of the report: its paths may be relative to that.
    from: PathBuf,
}

/// What one finding gives.
pub(crate) struct Taken {
    /// The copy that the tool saw; none where the secret stands in the export itself.
    pub(crate) elsewhere: Option<Finding>,
    /// The copy in the report, where it holds the secret in plaintext.
    pub(crate) here: Option<Sighting>,
}

/// Fingerprints the secret of a finding and drops it.
pub(crate) fn take(reported: Reported, document: &Document, lens: Lens<'_>) -> Taken {
    let known = Known::of(&reported, lens);
    let plaintext = reported.is_plaintext() && known.fingerprint.is_some();
    let here = plaintext.then(|| {
        let mut one = known.clone().sighting(&reported, document.relative.clone());
        one.source.clone_from(&document.source);
        one.kind = PlaceKind::Inventory;
        one.line = None;
        one.commit = None;
        one.audience = Audience::Unknown;
        one.audience_why = match &reported.path {
            Some(_) => "a report is passed on; who has a copy of it is not known".to_owned(),
            None => reported.audience_why.clone(),
        };
        one.runtime = None;
        one.purpose = None;
        one.privileged_path = None;
        one
    });
    let elsewhere = reported.path.clone().map(|path| {
        let mut sighting = known.sighting(&reported, path);
        sighting.source = reported
            .repository
            .clone()
            .unwrap_or_else(|| document.source.clone());
        let parent = document.path.parent().unwrap_or(Path::new("."));
        Finding {
            sighting,
            from: full(parent),
        }
    });
    Taken { elsewhere, here }
}

/// What a finding tells about its key once the secret is gone.
#[derive(Clone)]
struct Known {
    provider: String,
    credential: String,
    part: Part,
    fingerprint: Option<Fingerprint>,
    hint: Option<String>,
}

impl Known {
    fn of(reported: &Reported, lens: Lens<'_>) -> Self {
        let within = reported
            .around
            .as_ref()
            .and_then(|text| only_secret(text, lens));
        let secret = reported.secret.as_ref().or(within.as_ref());
        let rule = secret.and_then(|secret| rule_of(secret, reported, lens));
        let generic = || "generic_secret".to_owned();
        let (provider, credential) = match (rule, secret, &reported.stands_for) {
            (Some(rule), ..) => (rule.provider.clone(), rule.credential.clone()),
            (None, Some(secret), _) if is_private_key(secret) => {
                ("unknown".to_owned(), "private_key".to_owned())
            }
            // The name alone counts where there is no form to look at.
            (None, None, Some((provider, kind))) => {
                (provider.clone(), kind.clone().unwrap_or_else(generic))
            }
            _ => ("unknown".to_owned(), generic()),
        };
        let shown = &lens.policy.hint;
        let prefix = rule
            .filter(|_| shown.prefix)
            .map_or("", |rule| rule.prefix.as_str());
        let hint = secret
            .filter(|secret| !is_private_key(secret))
            .and_then(|secret| secret.hint(prefix, shown.last));
        Self {
            provider,
            credential,
            part: if secret.is_none() && reported.key_id.is_some() {
                Part::KeyId
            } else {
                Part::Secret
            },
            fingerprint: secret.map(|secret| lens.pepper.fingerprint(secret)),
            hint: hint.or_else(|| reported.hint.clone()),
        }
    }

    fn sighting(self, reported: &Reported, path: String) -> Sighting {
        let hints = hints::of_path(&path);
        let named = reported.variable.as_deref().and_then(hints::environment);
        Sighting {
            source: String::new(),
            kind: hints.kind,
            path,
            line: reported.line,
            audience: reported.audience,
            audience_why: reported.audience_why.clone(),
            liveness: reported.liveness,
            part: self.part,
            provider: self.provider,
            credential: self.credential,
            key_id: reported.key_id.clone(),
            fingerprint: self.fingerprint,
            hint: self.hint,
            variable: reported.variable.clone(),
            runtime: hints.runtime,
            purpose: hints.purpose,
            privileged_path: hints.privileged_path,
            environment: hints.environment.or(named),
            commit: reported.commit.clone(),
            code_owners: Vec::new(),
            test_mode: false,
        }
    }
}

fn is_private_key(secret: &Secret) -> bool {
    let bytes = secret.expose();
    let has = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    bytes.starts_with(b"-----BEGIN") && has(b"PRIVATE KEY")
}

/// The only key in a text; of several, none is meant more than another.
fn only_secret(text: &Secret, lens: Lens<'_>) -> Option<Secret> {
    let found = lens.rules.find(text.expose());
    let secrets = found.iter().filter(|found| found.rule.part == Part::Secret);
    let spans: BTreeSet<(usize, usize)> = secrets
        .map(|found| (found.span.start, found.span.end))
        .collect();
    match spans.into_iter().collect::<Vec<_>>().as_slice() {
        [(start, end)] => text.expose().get(*start..*end).map(Secret::new),
        _ => None,
    }
}

/// The format that a secret has as a whole. Formats without a fixed start count only where the tool's name for the
/// finding points to their provider.
fn rule_of<'l>(secret: &Secret, reported: &Reported, lens: Lens<'l>) -> Option<&'l RuleId> {
    let named = reported
        .stands_for
        .as_ref()
        .map(|(provider, _)| provider.as_str());
    let whole = |text: &[u8], start: usize| -> Vec<&'l RuleId> {
        let found = lens.rules.find(text).into_iter();
        found
            .filter(|found| found.rule.part == Part::Secret && found.span == (start..text.len()))
            .map(|found| found.rule)
            .collect()
    };
    let alone = whole(secret.expose(), 0);
    let of_named = alone
        .iter()
        .find(|rule| Some(rule.provider.as_str()) == named);
    let providers: BTreeSet<&str> = alone.iter().map(|rule| rule.provider.as_str()).collect();
    if let Some(rule) = of_named.or(alone.first().filter(|_| providers.len() == 1)) {
        return Some(*rule);
    }
    let provider = lens
        .providers
        .iter()
        .find(|p| Some(p.provider.as_str()) == named)?;
    provider
        .credentials
        .iter()
        .filter_map(|kind| kind.names.first())
        .find_map(|name| {
            let mut text = Zeroizing::new(Vec::with_capacity(name.len() + secret.len() + 1));
            text.extend_from_slice(name.as_bytes());
            text.push(b'=');
            text.extend_from_slice(secret.expose());
            let start = name.len().saturating_add(1);
            whole(&text, start)
                .into_iter()
                .find(|rule| rule.provider == provider.provider)
        })
}

/// Puts findings to what Tenure has seen itself, and to each other: one place, one copy.
///
/// A finding whose secret the report hides is the copy that was seen in the same file and line. What a report says
/// of a key's liveness holds for all copies with the same fingerprint; that a hidden one is refused, for none.
pub(crate) fn put_to(seen: &mut Vec<Sighting>, findings: Vec<Finding>) {
    if findings.is_empty() {
        return;
    }
    let mut places = Places::of(seen);
    let mut per_place: BTreeMap<(PathBuf, u32), usize> = BTreeMap::new();
    let located: Vec<(Finding, PathBuf)> = findings
        .into_iter()
        .map(|finding| {
            let file = places.file_of(&finding);
            (finding, file)
        })
        .collect();
    for (finding, file) in &located {
        if let Some(line) = finding.sighting.line {
            let count = per_place.entry((file.clone(), line)).or_default();
            *count = count.saturating_add(1);
        }
    }
    for (finding, file) in located {
        let new = finding.sighting;
        let place = new.line.map(|line| (file, line));
        let there = place
            .as_ref()
            .and_then(|place| places.by_line.get(place))
            .cloned()
            .unwrap_or_default();
        let alone = place
            .as_ref()
            .is_none_or(|place| per_place.get(place) == Some(&1));
        match same(seen, &there, &new, alone) {
            Some(at) => {
                if let Some(old) = seen.get_mut(at) {
                    join(old, new);
                }
            }
            None => {
                if let Some(place) = place {
                    places.by_line.entry(place).or_default().push(seen.len());
                }
                seen.push(new);
            }
        }
    }
    spread_liveness(seen);
}

/// Which of the copies at one place a finding is.
fn same(seen: &[Sighting], there: &[usize], new: &Sighting, alone: bool) -> Option<usize> {
    let there: Vec<(usize, &Sighting)> = there
        .iter()
        .filter_map(|at| Some((*at, seen.get(*at)?)))
        .filter(|(_, old)| old.part == new.part)
        .collect();
    let first = |fits: &dyn Fn(&Sighting) -> bool| {
        there.iter().find(|(_, old)| fits(old)).map(|(at, _)| *at)
    };
    if new.part == Part::KeyId {
        return first(&|old| old.key_id == new.key_id);
    }
    if new.fingerprint.is_none() {
        return first(&|old| old.provider == new.provider)
            .or_else(|| first(&|old| old.provider == "unknown" || new.provider == "unknown"))
            .or_else(|| first(&|_| there.len() == 1 && alone));
    }
    first(&|old| old.fingerprint == new.fingerprint)
        .or_else(|| {
            first(&|old| {
                old.fingerprint.is_none()
                    && (old.provider == new.provider || old.provider == "unknown")
            })
        })
        // One copy here and one there: the tool cut it out of the line in another way.
        .or_else(|| {
            first(&|old| {
                there.len() == 1
                    && alone
                    && (old.provider == "unknown" || new.provider == "unknown")
            })
        })
}

fn join(old: &mut Sighting, new: Sighting) {
    let same_secret = old.fingerprint.is_some() && old.fingerprint == new.fingerprint;
    if new.liveness == Liveness::Live || same_secret && old.liveness == Liveness::NotChecked {
        old.liveness = new.liveness;
    }
    if new.audience == Audience::Public && old.audience != Audience::Public {
        old.audience = new.audience;
        old.audience_why = new.audience_why;
    }
    if old.fingerprint.is_none() && new.fingerprint.is_some() {
        old.fingerprint = new.fingerprint;
        old.hint = new.hint;
        if new.provider != "unknown" {
            old.provider = new.provider;
            old.credential = new.credential;
        }
    }
    old.key_id = old.key_id.take().or(new.key_id);
    old.commit = old.commit.take().or(new.commit);
}

fn spread_liveness(seen: &mut [Sighting]) {
    let mut told: BTreeMap<Fingerprint, Liveness> = BTreeMap::new();
    for one in seen.iter() {
        if let (Some(print), Liveness::Live | Liveness::Refused) = (&one.fingerprint, one.liveness)
        {
            let known = told.entry(print.clone()).or_insert(one.liveness);
            if one.liveness == Liveness::Live {
                *known = Liveness::Live;
            }
        }
    }
    for one in seen.iter_mut() {
        if let Some(liveness) = one.fingerprint.as_ref().and_then(|print| told.get(print)) {
            one.liveness = *liveness;
        }
    }
}

/// Where copies were seen, by file and line.
struct Places {
    by_line: BTreeMap<(PathBuf, u32), Vec<usize>>,
    /// Every file, by its name.
    files: BTreeMap<OsString, BTreeSet<PathBuf>>,
}

impl Places {
    fn of(seen: &[Sighting]) -> Self {
        let mut places = Self {
            by_line: BTreeMap::new(),
            files: BTreeMap::new(),
        };
        let mut single: BTreeMap<&str, bool> = BTreeMap::new();
        for (at, sighting) in seen.iter().enumerate() {
            let source = Path::new(&sighting.source);
            let is_file = *single
                .entry(&sighting.source)
                .or_insert_with(|| source.is_file());
            let file = if is_file {
                full(source)
            } else {
                full(&source.join(&sighting.path))
            };
            if let Some(line) = sighting.line {
                places
                    .by_line
                    .entry((file.clone(), line))
                    .or_default()
                    .push(at);
            }
            let name = file.file_name().unwrap_or_default().to_owned();
            places.files.entry(name).or_default().insert(file);
        }
        places
    }

    /// The file that a report means: by its path as it stands, below the report's folder or one above it, or the
    /// only known file whose path ends so. A file that is not known is its own place, within its repository.
    fn file_of(&self, finding: &Finding) -> PathBuf {
        let path = Path::new(&finding.sighting.path);
        let named = path.file_name().and_then(|name| self.files.get(name));
        if let Some(named) = named {
            let mut above = finding
                .from
                .ancestors()
                .map(|folder| full(&folder.join(path)));
            if let Some(known) = above.find(|file| named.contains(file)) {
                return known;
            }
        }
        let mut ending = named
            .into_iter()
            .flatten()
            .filter(|file| file.ends_with(path));
        match (ending.next(), ending.next()) {
            (Some(only), None) => only.clone(),
            _ => Path::new(&finding.sighting.source).join(path),
        }
    }
}

fn full(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests;
