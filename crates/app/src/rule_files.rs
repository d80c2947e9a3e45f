//! Rule files of gitleaks and Betterleaks, which a flag names, beside the formats of the catalogue.

use std::{collections::BTreeSet, io, path::Path};
use tenure_model::{digest, place::Part, secret::Secret};
use tenure_scan::{
    engine::Candidate,
    rule::gitleaks::{Gitleaks, GitleaksError, Origin},
};

pub use tenure_scan::rule::gitleaks::BadRule;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 64 << 20;

/// Rule files, in the order in which they were named.
#[derive(Debug, Default)]
pub struct RuleFiles {
    files: Vec<Gitleaks>,
    digests: Vec<String>,
    notes: Vec<String>,
    left_out: Vec<(String, String)>,
}

/// Why a rule file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RuleFileError {
    /// It cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is no such file, or holds what is not supported.
    #[error(transparent)]
    Rule(#[from] GitleaksError),
}

/// What a rule finds in a text, before it is asked where that stands.
#[derive(Debug)]
pub(crate) struct Raw<'f> {
    /// Which file.
    pub(crate) file: usize,
    /// The rule's id.
    pub(crate) rule: &'f str,
    /// Where the secret is.
    pub(crate) span: std::ops::Range<usize>,
}

impl RuleFiles {
    /// Adds a file, and those that it extends.
    ///
    /// # Errors
    /// It cannot be read, or the rule and the field that is not supported.
    pub fn add(&mut self, path: &Path, bad: BadRule) -> Result<(), RuleFileError> {
        let text = text_of(path)?;
        let mut digest = digest::of_bytes(text.as_bytes());
        // Gitleaks takes such a path from the folder where it is started; next to the file it means the same.
        let beside = path.parent().unwrap_or(Path::new("")).to_owned();
        let file = Gitleaks::load(&text, bad, &mut |name| {
            let text = text_of(Path::new(name)).or_else(|_| text_of(&beside.join(name)))?;
            digest.push_str(&digest::of_bytes(text.as_bytes()));
            Ok(text)
        })?;
        let shown = path.display();
        self.notes
            .extend(file.notes().iter().map(|note| format!("{shown}: {note}")));
        let left_out = file.left_out().iter();
        self.left_out
            .extend(left_out.map(|error| (shown.to_string(), error.to_string())));
        self.files.push(file);
        self.digests.push(digest);
        Ok(())
    }

    /// What a user should know of how the rules are applied.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The rules that cannot be used: the file, and which and why.
    pub(crate) fn left_out(&self) -> &[(String, String)] {
        &self.left_out
    }

    /// Whether every one of these commits is allowed to bring in what a rule finds at a path.
    pub(crate) fn allow_commits(&self, rule: &str, path: &str, commits: &[String]) -> bool {
        !commits.is_empty()
            && commits.iter().all(|commit| {
                self.files
                    .iter()
                    .any(|file| file.allows_commit(rule, path, commit))
            })
    }

    /// The ids of all rules.
    pub(crate) fn ids(&self) -> BTreeSet<&str> {
        self.files.iter().flat_map(Gitleaks::ids).collect()
    }

    /// Rules that look for paths alone: no key is in a path, so they are not used.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        let all = self.files.iter().flat_map(Gitleaks::of_paths_alone);
        all.map(str::to_owned).collect()
    }

    /// What tells these files from others.
    pub(crate) fn digest(&self) -> String {
        self.digests.concat()
    }

    /// What the rules find in a text at a path.
    pub(crate) fn candidates(&self, text: &[u8], path: &str) -> Vec<Candidate> {
        let origin = Origin { path, commit: None };
        let hits = self.files.iter().flat_map(|file| file.find(text, origin));
        hits.filter_map(|hit| candidate(text, &hit.span, hit.rule))
            .collect()
    }

    /// What the rules could find in a text, wherever it stands.
    pub(crate) fn anywhere(&self, text: &[u8]) -> Vec<Raw<'_>> {
        let files = self.files.iter().enumerate();
        files
            .flat_map(|(file, rules)| {
                rules.find_anywhere(text).into_iter().map(move |hit| Raw {
                    file,
                    rule: hit.rule,
                    span: hit.span,
                })
            })
            .filter(|raw| !raw.span.is_empty())
            .collect()
    }
}

fn text_of(path: &Path) -> io::Result<String> {
    use io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(LONGEST)
        .read_to_string(&mut text)?;
    Ok(text)
}

fn candidate(text: &[u8], span: &std::ops::Range<usize>, rule: &str) -> Option<Candidate> {
    let secret = text.get(span.clone()).filter(|secret| !secret.is_empty())?;
    let before = text.get(..span.start)?;
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    Some(Candidate {
        provider: "unknown".to_owned(),
        credential: rule.to_owned(),
        part: Part::Secret,
        prefix: String::new(),
        secret: Secret::new(secret),
        line: u32::try_from(breaks.saturating_add(1)).unwrap_or(u32::MAX),
        offset: span.start,
        length: span.len(),
        variable: None,
        known: None,
        decoded: Vec::new(),
        tail_bits: None,
    })
}
