//! Rules made from the catalogue's formats: a literal prefilter, then an anchored pattern, then the checksum.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use regex::bytes::{Regex, RegexBuilder};
use std::ops::Range;
use tenure_model::{
    catalog::{Provider, checksum::Checksum},
    place::Part,
};

/// One format of one credential kind, ready to be looked for.
#[derive(Debug)]
pub struct Rule {
    /// The provider's slug.
    pub provider: String,
    /// The credential kind's slug.
    pub credential: String,
    /// Which half of the credential it finds.
    pub part: Part,
    /// The literal start of the format.
    pub prefix: String,
    checksum: Option<Checksum>,
    pattern: Regex,
    /// Bytes that cannot follow the format: it would be a piece of something longer.
    last: [bool; 256],
    anchored: bool,
}

/// All rules with their prefilters.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    prefixes: AhoCorasick,
    by_prefix: Vec<usize>,
    names: AhoCorasick,
    by_name: Vec<usize>,
}

/// Something that has the form of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'r> {
    /// Which rule found it.
    pub rule: &'r RuleId,
    /// Where.
    pub span: Range<usize>,
}

/// What a rule is known by.
pub type RuleId = Rule;

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Rule {}

/// A format that cannot be compiled.
#[derive(Debug, thiserror::Error)]
#[error("{provider}/{credential}: {problem}")]
pub struct RuleError {
    /// The provider.
    pub provider: String,
    /// The credential kind.
    pub credential: String,
    /// What is wrong.
    pub problem: String,
}

impl Rules {
    /// Compiles every format of every provider.
    ///
    /// # Errors
    /// Names the format that cannot be compiled.
    pub fn compile(providers: &[Provider]) -> Result<Self, RuleError> {
        let (mut rules, mut prefixes, mut names) = (Vec::new(), Vec::new(), Vec::new());
        let (mut by_prefix, mut by_name) = (Vec::new(), Vec::new());
        for (provider, credential, format) in providers.iter().flat_map(|p| {
            p.credentials
                .iter()
                .flat_map(move |c| c.formats.iter().map(move |f| (p, c, f)))
        }) {
            let fail = |problem: String| RuleError {
                provider: provider.provider.clone(),
                credential: credential.kind.clone(),
                problem,
            };
            let pattern = RegexBuilder::new(&format!("^(?:{})", format.template.pattern()))
                .unicode(false)
                .build()
                .map_err(|error| fail(error.to_string()))?;
            let mut last = [false; 256];
            for byte in format.template.last_alphabet() {
                if let Some(slot) = last.get_mut(usize::from(*byte)) {
                    *slot = true;
                }
            }
            let index = rules.len();
            let anchored = format.template.is_anchored();
            if anchored {
                prefixes.push(format.template.prefix().to_owned());
                by_prefix.push(index);
            } else {
                for name in &credential.names {
                    names.extend(spellings(name));
                    by_name.resize(names.len(), index);
                }
            }
            rules.push(Rule {
                provider: provider.provider.clone(),
                credential: credential.kind.clone(),
                part: format.part,
                prefix: format.template.prefix().to_owned(),
                checksum: format.checksum,
                pattern,
                last,
                anchored,
            });
        }
        let automaton = |texts: &[String], fold: bool| {
            AhoCorasickBuilder::new()
                .match_kind(MatchKind::Standard)
                .ascii_case_insensitive(fold)
                .build(texts)
                .map_err(|error| RuleError {
                    provider: "all".to_owned(),
                    credential: "all".to_owned(),
                    problem: error.to_string(),
                })
        };
        Ok(Self {
            prefixes: automaton(&prefixes, false)?,
            names: automaton(&names, true)?,
            rules,
            by_prefix,
            by_name,
        })
    }

    /// Every rule.
    #[must_use]
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }

    /// Everything in `text` that has the form of a key, first come first. Where two overlap, the longer one
    /// stays; where they are alike, all stay, and the caller tells them apart by the place.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Vec<Found<'_>> {
        let mut found = Vec::new();
        for hit in self.prefixes.find_overlapping_iter(text) {
            if let Some(rule) = self.rule(&self.by_prefix, hit.pattern().as_usize()) {
                found.extend(rule.at(text, hit.start()).map(|span| Found { rule, span }));
            }
        }
        for hit in self.names.find_overlapping_iter(text) {
            if let Some(rule) = self.rule(&self.by_name, hit.pattern().as_usize())
                && let Some(start) = value_after(text, hit.end())
            {
                found.extend(rule.at(text, start).map(|span| Found { rule, span }));
            }
        }
        longest(found)
    }

    fn rule(&self, map: &[usize], hit: usize) -> Option<&Rule> {
        map.get(hit).and_then(|index| self.rules.get(*index))
    }
}

impl Rule {
    /// The match that starts exactly at `start`, if the form, its borders and its checksum hold.
    fn at(&self, text: &[u8], start: usize) -> Option<Range<usize>> {
        let before = start.checked_sub(1).and_then(|at| text.get(at));
        if self.anchored && before.is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        let end = start.checked_add(self.pattern.find(text.get(start..)?)?.end())?;
        if text
            .get(end)
            .is_some_and(|byte| self.last.get(usize::from(*byte)) == Some(&true))
        {
            return None;
        }
        let matched = text.get(start..end)?;
        if let Some(checksum) = self.checksum {
            let text = std::str::from_utf8(matched).ok()?;
            checksum.holds(text, &self.prefix).then_some(())?;
        }
        Some(start..end)
    }
}

/// A name as it is written in settings: with `_`, `-` and `.`, and without.
fn spellings(name: &str) -> Vec<String> {
    let mut all: Vec<String> = [Some('_'), Some('-'), Some('.'), None]
        .into_iter()
        .map(|to| {
            name.chars()
                .filter_map(|c| {
                    if matches!(c, '_' | '-' | '.') {
                        to
                    } else {
                        Some(c)
                    }
                })
                .collect()
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Where the value starts that is set for the name ending at `end`: after `=`, `:` and the like.
fn value_after(text: &[u8], end: usize) -> Option<usize> {
    const FARTHEST: usize = 12;
    let mut set = false;
    for (offset, byte) in text.get(end..)?.iter().take(FARTHEST).enumerate() {
        match byte {
            b'=' | b':' => set = true,
            b' ' | b'\t' | b'"' | b'\'' | b'`' | b'>' | b'(' | b',' => {}
            _ => return set.then(|| end.saturating_add(offset)),
        }
    }
    None
}

/// Drops what lies inside something longer.
fn longest(mut found: Vec<Found<'_>>) -> Vec<Found<'_>> {
    found.sort_by(|a, b| {
        (
            a.span.start,
            std::cmp::Reverse(a.span.end),
            &a.rule.provider,
            &a.rule.credential,
        )
            .cmp(&(
                b.span.start,
                std::cmp::Reverse(b.span.end),
                &b.rule.provider,
                &b.rule.credential,
            ))
    });
    found.dedup();
    let mut kept: Vec<Found<'_>> = Vec::with_capacity(found.len());
    for candidate in found {
        let inside = kept.iter().rev().take(8).any(|longer| {
            longer.span != candidate.span
                && longer.span.start <= candidate.span.start
                && candidate.span.end <= longer.span.end
        });
        if !inside {
            kept.push(candidate);
        }
    }
    kept
}
