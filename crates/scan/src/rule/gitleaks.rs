//! Rule files of gitleaks, and of Betterleaks where they keep to the same fields: read as they are, applied as
//! their documentation says (github.com/gitleaks/gitleaks README and github.com/betterleaks/betterleaks
//! docs/config.md, read on 2026-11-26). What is not supported is an error that names the rule and the field.

mod syntax;

use crate::judge;
use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use std::{collections::BTreeSet, ops::Range};

/// Rules of a file, ready to look with.
#[derive(Debug)]
pub struct Gitleaks {
    rules: Vec<ForeignRule>,
    keywords: Option<AhoCorasick>,
    by_keyword: Vec<usize>,
    /// For every rule.
    allowed: Vec<Allowlist>,
}

#[derive(Debug)]
struct ForeignRule {
    id: String,
    regex: Option<Regex>,
    group: Option<usize>,
    entropy: f64,
    path: Option<Regex>,
    /// Whether one of its keywords has to be there.
    keyed: bool,
    allowed: Vec<Allowlist>,
}

#[derive(Debug)]
struct Allowlist {
    all: bool,
    commits: Vec<String>,
    paths: Vec<Regex>,
    regexes: Vec<Regex>,
    target: Target,
    stopwords: Vec<String>,
    /// The only rules it is for; all where it is empty.
    rules: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Secret,
    Match,
    Line,
}

/// Where a text is from, as far as rules ask.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin<'o> {
    /// The path, with `/`.
    pub path: &'o str,
    /// The commit, in full.
    pub commit: Option<&'o str>,
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit<'g> {
    /// Where the secret is; empty where the path alone matched.
    pub span: Range<usize>,
    /// The rule's id.
    pub rule: &'g str,
}

/// Why a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct GitleaksError {
    /// The rule and the field, or the line.
    pub at: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FileText {
    #[serde(default, rename = "title")]
    _title: String,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default, rename = "minVersion")]
    _min_version: Option<String>,
    #[serde(default, rename = "betterleaksMinVersion")]
    _betterleaks_min_version: Option<String>,
    extend: Option<toml::Table>,
    prefilter: Option<toml::Value>,
    filter: Option<toml::Value>,
    allowlist: Option<AllowText>,
    #[serde(default)]
    allowlists: Vec<AllowText>,
    #[serde(default)]
    rules: Vec<RuleText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RuleText {
    id: Option<String>,
    #[serde(default, rename = "description")]
    _description: String,
    regex: Option<String>,
    secret_group: Option<usize>,
    entropy: Option<f64>,
    path: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default, rename = "tags")]
    _tags: Vec<String>,
    allowlist: Option<AllowText>,
    #[serde(default)]
    allowlists: Vec<AllowText>,
    #[serde(default)]
    skip_report: bool,
    required: Option<toml::Value>,
    filter: Option<toml::Value>,
    prefilter: Option<toml::Value>,
    // A check against the provider is never made from somebody else's file.
    #[serde(default, rename = "validate")]
    _validate: Option<toml::Value>,
    token_efficiency: Option<toml::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AllowText {
    #[serde(default, rename = "description")]
    _description: String,
    condition: Option<String>,
    #[serde(default)]
    commits: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    regexes: Vec<String>,
    regex_target: Option<String>,
    #[serde(default)]
    stopwords: Vec<String>,
    #[serde(default)]
    target_rules: Vec<String>,
}

impl Gitleaks {
    /// Reads a file.
    ///
    /// # Errors
    /// Names the rule and the field, or the line.
    pub fn parse(text: &str) -> Result<Self, GitleaksError> {
        let file: FileText = toml::from_str(text).map_err(|error| {
            let upto = error
                .span()
                .and_then(|span| text.get(..span.start))
                .unwrap_or("");
            let line = upto
                .bytes()
                .filter(|byte| *byte == b'\n')
                .count()
                .saturating_add(1);
            fail(&format!("line {line}"), error.message())
        })?;
        if file.extend.is_some() {
            return Err(fail(
                "extend",
                "takes rules from another file or program, which is not done here; put those rules into this file",
            ));
        }
        for (name, value) in [("prefilter", &file.prefilter), ("filter", &file.filter)] {
            unsupported(name, value.as_ref(), CEL)?;
        }
        let allowed = file
            .allowlist
            .into_iter()
            .chain(file.allowlists)
            .enumerate()
            .map(|(at, list)| list.compiled(&format!("allowlists[{at}]")))
            .collect::<Result<_, _>>()?;
        let mut ids = BTreeSet::new();
        let (mut rules, mut words, mut by_keyword) = (Vec::new(), Vec::new(), Vec::new());
        for (at, rule) in file.rules.into_iter().enumerate() {
            let id = rule
                .id
                .clone()
                .filter(|id| !id.is_empty())
                .ok_or_else(|| fail(&format!("rules[{at}]"), "has no `id`"))?;
            if !ids.insert(id.clone()) {
                return Err(fail(&id, "stands twice; give each rule its own `id`"));
            }
            for word in rule.keywords.iter().filter(|word| !word.is_empty()) {
                words.push(word.clone());
                by_keyword.push(rules.len());
            }
            if let Some(rule) = rule.compiled(&id)? {
                rules.push(rule);
            } else {
                words.truncate(
                    words
                        .len()
                        .saturating_sub(by_keyword.iter().filter(|at| **at == rules.len()).count()),
                );
                by_keyword.truncate(words.len());
            }
        }
        if rules.is_empty() {
            return Err(fail(
                "rules",
                "there is none; a rule file has at least one `[[rules]]`",
            ));
        }
        let keywords = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .build(&words)
            .map_err(|error| fail("keywords", &error.to_string()))?;
        Ok(Self {
            keywords: (!words.is_empty()).then_some(keywords),
            rules,
            by_keyword,
            allowed,
        })
    }

    /// How many rules there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is none; a file without rules is not read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the rules find in a text, in order. A rule that is for paths alone finds the empty start of it.
    #[must_use]
    pub fn find(&self, text: &[u8], origin: Origin<'_>) -> Vec<Hit<'_>> {
        self.hits(text, Some(origin))
    }

    /// What the rules could find in a text, wherever it stands: no path and no allowlist is asked.
    #[must_use]
    pub fn find_anywhere(&self, text: &[u8]) -> Vec<Hit<'_>> {
        self.hits(text, None)
    }

    /// The rules that look for paths alone, by id.
    pub fn of_paths_alone(&self) -> impl Iterator<Item = &str> {
        let rules = self.rules.iter().filter(|rule| rule.regex.is_none());
        rules.map(|rule| rule.id.as_str())
    }

    /// The ids of all rules.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.id.as_str())
    }

    fn hits(&self, text: &[u8], origin: Option<Origin<'_>>) -> Vec<Hit<'_>> {
        let mut keyed = vec![false; self.rules.len()];
        if let Some(keywords) = &self.keywords {
            for hit in keywords.find_overlapping_iter(text) {
                let rule = self.by_keyword.get(hit.pattern().as_usize());
                if let Some(seen) = rule.and_then(|rule| keyed.get_mut(*rule)) {
                    *seen = true;
                }
            }
        }
        let mut hits: Vec<Hit<'_>> = self
            .rules
            .iter()
            .zip(keyed)
            .filter(|(rule, keyed)| !rule.keyed || *keyed)
            .filter(|(rule, _)| {
                let Some(origin) = origin else { return true };
                let path = origin.path.as_bytes();
                rule.path
                    .as_ref()
                    .is_none_or(|wanted| wanted.is_match(path))
            })
            .flat_map(|(rule, _)| self.of_rule(rule, text, origin))
            .collect();
        hits.sort_by(|a, b| {
            (a.span.start, a.span.end, a.rule).cmp(&(b.span.start, b.span.end, b.rule))
        });
        hits
    }

    fn of_rule<'g>(
        &'g self,
        rule: &'g ForeignRule,
        text: &[u8],
        origin: Option<Origin<'_>>,
    ) -> Vec<Hit<'g>> {
        let Some(regex) = &rule.regex else {
            let allowed = self.is_allowed(rule, text, 0..0, 0..0, origin);
            return (!allowed)
                .then_some(Hit {
                    span: 0..0,
                    rule: &rule.id,
                })
                .into_iter()
                .collect();
        };
        regex
            .captures_iter(text)
            .filter_map(|captures| {
                let whole = captures.get(0)?.range();
                // The group that is named, else the first that took part, else all of it.
                let secret = match rule.group {
                    Some(group) => captures.get(group)?.range(),
                    None => captures
                        .iter()
                        .skip(1)
                        .flatten()
                        .find(|group| !group.is_empty())
                        .map_or(whole.clone(), |group| group.range()),
                };
                let bytes = text.get(secret.clone()).filter(|bytes| !bytes.is_empty())?;
                if rule.entropy > 0.0 && judge::entropy(bytes) <= rule.entropy {
                    return None;
                }
                (!self.is_allowed(rule, text, whole, secret.clone(), origin)).then_some(Hit {
                    span: secret,
                    rule: &rule.id,
                })
            })
            .collect()
    }

    fn is_allowed(
        &self,
        rule: &ForeignRule,
        text: &[u8],
        whole: Range<usize>,
        secret: Range<usize>,
        origin: Option<Origin<'_>>,
    ) -> bool {
        let Some(origin) = origin else { return false };
        let global = self
            .allowed
            .iter()
            .filter(|list| list.rules.is_empty() || list.rules.contains(&rule.id));
        global
            .chain(&rule.allowed)
            .any(|list| list.allows(text, &whole, &secret, origin))
    }
}

const CEL: &str = "is an expression in CEL, which is not evaluated here; write it as an allowlist or as `entropy`";

fn fail(at: &str, problem: &str) -> GitleaksError {
    GitleaksError {
        at: at.to_owned(),
        problem: problem.to_owned(),
    }
}

fn unsupported(at: &str, value: Option<&toml::Value>, why: &str) -> Result<(), GitleaksError> {
    value.map_or(Ok(()), |_| Err(fail(at, why)))
}

impl RuleText {
    /// The rule; `None` where it is never to be reported.
    fn compiled(self, id: &str) -> Result<Option<ForeignRule>, GitleaksError> {
        let at = |field: &str| format!("rule {id}, {field}");
        unsupported(&at("filter"), self.filter.as_ref(), CEL)?;
        unsupported(&at("prefilter"), self.prefilter.as_ref(), CEL)?;
        let other = "is not supported here; leave the rule out, or the field";
        unsupported(&at("required"), self.required.as_ref(), other)?;
        unsupported(
            &at("tokenEfficiency"),
            self.token_efficiency.as_ref(),
            other,
        )?;
        if self.skip_report {
            return Ok(None);
        }
        if self.regex.is_none() && self.path.is_none() {
            return Err(fail(
                &at("regex"),
                "is missing, and so is `path`; a rule needs one of them",
            ));
        }
        let regex = self
            .regex
            .as_deref()
            .map(|regex| compiled(regex, &at("regex")))
            .transpose()?;
        let group = self.secret_group.filter(|group| *group > 0);
        let groups = regex
            .as_ref()
            .map_or(0, |regex| regex.captures_len().saturating_sub(1));
        if let Some(group) = group.filter(|group| *group > groups) {
            return Err(fail(
                &at("secretGroup"),
                &format!("is {group}, and the regex has {groups} groups"),
            ));
        }
        let allowed = self
            .allowlist
            .into_iter()
            .chain(self.allowlists)
            .enumerate()
            .map(|(n, list)| list.compiled(&at(&format!("allowlists[{n}]"))))
            .collect::<Result<_, _>>()?;
        Ok(Some(ForeignRule {
            path: self
                .path
                .as_deref()
                .map(|path| compiled(path, &at("path")))
                .transpose()?,
            keyed: self.keywords.iter().any(|word| !word.is_empty()),
            id: id.to_owned(),
            entropy: self.entropy.unwrap_or(0.0),
            regex,
            group,
            allowed,
        }))
    }
}

impl AllowText {
    fn compiled(self, at: &str) -> Result<Allowlist, GitleaksError> {
        let all = match self.condition.as_deref().unwrap_or("OR") {
            "OR" | "or" | "||" | "" => false,
            "AND" | "and" | "&&" => true,
            other => {
                return Err(fail(
                    &format!("{at}.condition"),
                    &format!("is `{other}`; write `OR` or `AND`"),
                ));
            }
        };
        let target = match self.regex_target.as_deref().unwrap_or("") {
            "" | "secret" => Target::Secret,
            "match" => Target::Match,
            "line" => Target::Line,
            other => {
                return Err(fail(
                    &format!("{at}.regexTarget"),
                    &format!("is `{other}`; write `secret`, `match` or `line`"),
                ));
            }
        };
        let regexes = |all: &[String], field: &str| {
            all.iter()
                .map(|one| compiled(one, &format!("{at}.{field}")))
                .collect::<Result<Vec<_>, _>>()
        };
        if self.commits.is_empty()
            && self.paths.is_empty()
            && self.regexes.is_empty()
            && self.stopwords.is_empty()
        {
            return Err(fail(
                at,
                "is empty; it needs `commits`, `paths`, `regexes` or `stopwords`",
            ));
        }
        Ok(Allowlist {
            all,
            target,
            paths: regexes(&self.paths, "paths")?,
            regexes: regexes(&self.regexes, "regexes")?,
            commits: self.commits,
            stopwords: self
                .stopwords
                .iter()
                .map(|word| word.to_lowercase())
                .collect(),
            rules: self.target_rules,
        })
    }
}

impl Allowlist {
    fn allows(
        &self,
        text: &[u8],
        whole: &Range<usize>,
        secret: &Range<usize>,
        origin: Origin<'_>,
    ) -> bool {
        let bytes = text.get(secret.clone()).unwrap_or_default();
        let target = match self.target {
            Target::Secret => bytes,
            Target::Match => text.get(whole.clone()).unwrap_or_default(),
            Target::Line => lines_of(text, whole),
        };
        let commit = || {
            origin.commit.is_some_and(|commit| {
                self.commits
                    .iter()
                    .any(|one| one.eq_ignore_ascii_case(commit))
            })
        };
        let path = || {
            !origin.path.is_empty()
                && self
                    .paths
                    .iter()
                    .any(|one| one.is_match(origin.path.as_bytes()))
        };
        let regex = || self.regexes.iter().any(|one| one.is_match(target));
        let stop = || {
            let lower = bytes.to_ascii_lowercase();
            self.stopwords
                .iter()
                .any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some())
        };
        let checks: [(bool, &dyn Fn() -> bool); 4] = [
            (self.commits.is_empty(), &commit),
            (self.paths.is_empty(), &path),
            (self.regexes.is_empty(), &regex),
            (self.stopwords.is_empty(), &stop),
        ];
        let mut asked = checks.iter().filter(|(empty, _)| !empty);
        if self.all {
            asked.all(|(_, holds)| holds())
        } else {
            asked.any(|(_, holds)| holds())
        }
    }
}

/// The lines that a match is on.
fn lines_of<'t>(text: &'t [u8], span: &Range<usize>) -> &'t [u8] {
    let before = text.get(..span.start).unwrap_or_default();
    let from = memchr::memrchr(b'\n', before).map_or(0, |at| at.saturating_add(1));
    let ahead = text.get(span.end..).unwrap_or_default();
    let to = span
        .end
        .saturating_add(memchr::memchr(b'\n', ahead).unwrap_or(ahead.len()));
    text.get(from..to).unwrap_or_default()
}

/// A regular expression in Go's syntax.
fn compiled(pattern: &str, at: &str) -> Result<Regex, GitleaksError> {
    const LONGEST: usize = 32 << 20;
    let pattern = syntax::from_go(pattern);
    let build = |unicode: bool| {
        RegexBuilder::new(&pattern)
            .unicode(unicode)
            .size_limit(LONGEST)
            .build()
    };
    build(false).or_else(|_| build(true)).map_err(|error| {
        let words = error.to_string();
        let last = words.lines().last().unwrap_or_default();
        fail(at, last.trim_start_matches("error: "))
    })
}

#[cfg(test)]
mod tests;
