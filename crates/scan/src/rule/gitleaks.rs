//! Rule files of gitleaks and Betterleaks: read as they are, applied as their documentation says
//! (github.com/gitleaks/gitleaks README and github.com/betterleaks/betterleaks docs/config.md and
//! docs/v2_migration.md, read on 2026-11-26). What is not supported is an error that names the rule and the field.

mod expr;
mod syntax;

use crate::judge;
use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use expr::{Expr, Facts};
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    io,
    ops::Range,
};

/// Rules of a file, ready to look with.
#[derive(Debug)]
pub struct Gitleaks {
    rules: Vec<ForeignRule>,
    keywords: Option<AhoCorasick>,
    by_keyword: Vec<usize>,
    /// For every rule.
    allowed: Vec<Allowlist>,
    /// Where one of them holds, nothing is looked for.
    prefilters: Vec<Expr>,
    /// Where one of them holds, a finding is none.
    filters: Vec<Expr>,
    notes: Vec<String>,
    left_out: Vec<GitleaksError>,
}

#[derive(Debug)]
struct ForeignRule {
    id: String,
    description: String,
    /// It is there for others that require it.
    silent: bool,
    /// Where findings overlap, those of a rule with less give way.
    specificity: i64,
    requires: Vec<Required>,
    filters: Vec<Expr>,
    regex: Option<Regex>,
    group: Option<usize>,
    entropy: f64,
    path: Option<Regex>,
    /// Whether one of its keywords has to be there.
    keyed: bool,
    allowed: Vec<Allowlist>,
}

/// Another rule that has to find something near.
#[derive(Debug)]
struct Required {
    /// Which of the rules.
    rule: usize,
    lines: Option<usize>,
    columns: Option<usize>,
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
    extend: Option<ExtendText>,
    prefilter: Option<String>,
    filter: Option<String>,
    allowlist: Option<AllowText>,
    #[serde(default)]
    allowlists: Vec<AllowText>,
    #[serde(default)]
    rules: Vec<toml::Table>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExtendText {
    #[serde(default)]
    use_default: bool,
    path: Option<String>,
    url: Option<String>,
    #[serde(default)]
    disabled_rules: Vec<String>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RequiredText {
    id: String,
    #[serde(default)]
    optional: bool,
    within_lines: Option<usize>,
    #[serde(alias = "withinColumn")]
    within_columns: Option<usize>,
    /// `5L,100C`.
    within: Option<String>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RuleText {
    #[serde(rename = "id")]
    _id: String,
    #[serde(default)]
    description: String,
    regex: Option<String>,
    #[serde(alias = "valueGroup")]
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
    #[serde(default, alias = "components")]
    required: Vec<RequiredText>,
    filter: Option<String>,
    prefilter: Option<String>,
    // A request to the provider is never made from somebody else's file.
    #[serde(default, rename = "validate")]
    _validate: Option<toml::Value>,
    #[serde(default, rename = "analyze")]
    _analyze: Option<toml::Value>,
    #[serde(default, rename = "revoke")]
    _revoke: Option<toml::Value>,
    specificity: Option<i64>,
    #[serde(default, rename = "severity")]
    _severity: Option<toml::Value>,
    #[serde(default, rename = "confidence")]
    _confidence: Option<toml::Value>,
    #[serde(default)]
    token_efficiency: bool,
}

/// What is done with a rule that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRule {
    /// The file is refused.
    Refuse,
    /// The others are used; it is named in [`Gitleaks::left_out`].
    LeaveOut,
}

/// Gives the text of a file that another one names.
pub type ReadOther<'r> = &'r mut dyn FnMut(&str) -> io::Result<String>;

/// A file, and those that it takes rules from.
#[derive(Default)]
struct Gathered {
    /// In order, each id once.
    rules: Vec<(String, RuleText)>,
    allowed: Vec<(String, AllowText)>,
    prefilters: Vec<String>,
    filters: Vec<String>,
    notes: Vec<String>,
    left_out: Vec<GitleaksError>,
}

#[derive(Deserialize, Clone)]
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
    /// Reads a file that stands for itself.
    ///
    /// # Errors
    /// Names the rule and the field, or the line.
    pub fn parse(text: &str) -> Result<Self, GitleaksError> {
        let mut none = |_: &str| Err(io::Error::from(io::ErrorKind::NotFound));
        Self::load(text, BadRule::Refuse, &mut none)
    }

    /// Reads a file, and those that it extends.
    ///
    /// # Errors
    /// Names the rule and the field, or the line; with [`BadRule::LeaveOut`] only where the file is none, or no
    /// rule is left.
    pub fn load(text: &str, bad: BadRule, read: ReadOther<'_>) -> Result<Self, GitleaksError> {
        let mut gathered = Gathered::default();
        gathered.take(text, 0, bad, read)?;
        gathered.compiled(bad)
    }

    /// What a user should know of how the rules are applied.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The rules that cannot be used, and why.
    #[must_use]
    pub fn left_out(&self) -> &[GitleaksError] {
        &self.left_out
    }

    /// Whether a commit is allowed to bring in what a rule finds at a path, whatever that is.
    #[must_use]
    pub fn allows_commit(&self, rule: &str, path: &str, commit: &str) -> bool {
        let facts = Facts {
            path,
            commit: Some(commit),
            ..Facts::default()
        };
        let asked = self.prefilters.iter().filter(|expr| expr.asks_for_commit);
        if asked.into_iter().any(|expr| expr.holds(&facts)) {
            return true;
        }
        let own = self.rules.iter().filter(|one| one.id == rule);
        let global = self
            .allowed
            .iter()
            .filter(|list| list.rules.is_empty() || list.rules.iter().any(|one| one == rule));
        own.flat_map(|rule| &rule.allowed)
            .chain(global)
            .any(|list| list.allows_commit(path, commit))
    }

    /// How many rules there are that are reported.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids().count()
    }

    /// Whether there is none; a file without rules is not read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
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
        let rules = self
            .rules
            .iter()
            .filter(|rule| rule.regex.is_none() && !rule.silent);
        rules.map(|rule| rule.id.as_str())
    }

    /// The ids of all rules.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let rules = self.rules.iter().filter(|rule| !rule.silent);
        rules.map(|rule| rule.id.as_str())
    }

    fn hits(&self, text: &[u8], origin: Option<Origin<'_>>) -> Vec<Hit<'_>> {
        if let Some(origin) = origin {
            let facts = Facts {
                path: origin.path,
                commit: origin.commit,
                ..Facts::default()
            };
            if self.prefilters.iter().any(|expr| expr.holds(&facts)) {
                return Vec::new();
            }
        }
        let mut keyed = vec![false; self.rules.len()];
        if let Some(keywords) = &self.keywords {
            for hit in keywords.find_overlapping_iter(text) {
                let rule = self.by_keyword.get(hit.pattern().as_usize());
                if let Some(seen) = rule.and_then(|rule| keyed.get_mut(*rule)) {
                    *seen = true;
                }
            }
        }
        let by_rule: Vec<Vec<Hit<'_>>> = self
            .rules
            .iter()
            .zip(keyed)
            .map(|(rule, keyed)| {
                let at_path = origin.is_none_or(|origin| {
                    let path = origin.path.as_bytes();
                    rule.path
                        .as_ref()
                        .is_none_or(|wanted| wanted.is_match(path))
                });
                // Where nobody asks for what is near, those that are not reported find nothing.
                let asked = !rule.silent || origin.is_some();
                if asked && at_path && (!rule.keyed || keyed) {
                    self.of_rule(rule, text, origin)
                } else {
                    Vec::new()
                }
            })
            .collect();
        let reported = self
            .rules
            .iter()
            .zip(&by_rule)
            .filter(|(rule, _)| !rule.silent);
        let hits: Vec<(i64, Hit<'_>)> = reported
            .flat_map(|(rule, hits)| hits.iter().map(move |hit| (rule, hit)))
            .filter(|(rule, hit)| {
                origin.is_none()
                    || rule.requires.iter().all(|required| {
                        let others = by_rule.get(required.rule);
                        let mut others = others.into_iter().flatten();
                        others.any(|other| required.is_near(text, &hit.span, &other.span))
                    })
            })
            .map(|(rule, hit)| (rule.specificity, hit.clone()))
            .collect();
        let mut hits = match origin {
            Some(_) => the_specific(hits),
            None => hits.into_iter().map(|(_, hit)| hit).collect(),
        };
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
        let lines = lines_of(text, &whole);
        let facts = Facts {
            path: origin.path,
            commit: origin.commit,
            secret: text.get(secret.clone()).unwrap_or_default(),
            whole: text.get(whole.clone()).unwrap_or_default(),
            line: text.get(lines.clone()).unwrap_or_default(),
            rule: &rule.id,
            description: &rule.description,
            fragment: text,
            span: (whole.start, whole.end),
            line_span: (lines.start, lines.end),
            ..Facts::default()
        };
        let mut filters = self.filters.iter().chain(&rule.filters);
        if filters.any(|expr| expr.holds(&facts)) {
            return true;
        }
        let global = self
            .allowed
            .iter()
            .filter(|list| list.rules.is_empty() || list.rules.contains(&rule.id));
        global
            .chain(&rule.allowed)
            .any(|list| list.allows(text, &whole, &secret, origin))
    }
}

/// How much a rule that does not say so itself knows of what it finds: gitleaks lets a rule with `generic` in its
/// id give way to all others.
fn specificity(id: &str) -> i64 {
    if id.to_ascii_lowercase().contains("generic") {
        -100
    } else {
        0
    }
}

/// Findings, without those that overlap one of a more specific rule.
fn the_specific(mut hits: Vec<(i64, Hit<'_>)>) -> Vec<Hit<'_>> {
    hits.sort_by_key(|(_, hit)| hit.span.start);
    let mut given_way = vec![false; hits.len()];
    for (at, (own, hit)) in hits.iter().enumerate() {
        let next = at.saturating_add(1);
        let over = hits.iter().enumerate().skip(next);
        for (other_at, (other, _)) in
            over.take_while(|(_, (_, other))| other.span.start < hit.span.end)
        {
            let less = match own.cmp(other) {
                Ordering::Less => at,
                Ordering::Equal => continue,
                Ordering::Greater => other_at,
            };
            if let Some(gives) = given_way.get_mut(less) {
                *gives = true;
            }
        }
    }
    let all = hits.into_iter().zip(given_way);
    all.filter(|(_, gives)| !gives)
        .map(|((_, hit), _)| hit)
        .collect()
}

fn fail(at: &str, problem: &str) -> GitleaksError {
    GitleaksError {
        at: at.to_owned(),
        problem: problem.to_owned(),
    }
}

/// How many files may extend each other.
const LONGEST_CHAIN: u32 = 8;

impl Gathered {
    fn take(
        &mut self,
        text: &str,
        depth: u32,
        bad: BadRule,
        read: ReadOther<'_>,
    ) -> Result<(), GitleaksError> {
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
        if let Some(extend) = file.extend {
            self.extend(extend, depth, bad, read)?;
        }
        self.prefilters.extend(file.prefilter);
        self.filters.extend(file.filter);
        let lists = file.allowlist.into_iter().chain(file.allowlists);
        let lists = lists.enumerate();
        self.allowed
            .extend(lists.map(|(at, list)| (format!("allowlists[{at}]"), list)));
        let mut here = BTreeSet::new();
        for (at, table) in file.rules.into_iter().enumerate() {
            let id = table.get("id").and_then(toml::Value::as_str);
            let id = id.filter(|id| !id.is_empty()).map(str::to_owned);
            let done = match id {
                None => Err(fail(&format!("rules[{at}]"), "has no `id`")),
                Some(id) if !here.insert(id.clone()) => {
                    Err(fail(&id, "stands twice; give each rule its own `id`"))
                }
                Some(id) => table
                    .try_into::<RuleText>()
                    .map(|rule| self.put(id.clone(), rule))
                    .map_err(|error| fail(&format!("rule {id}"), error.message())),
            };
            self.settle(done, bad)?;
        }
        Ok(())
    }

    /// Goes on without a rule, where that is wanted.
    fn settle(
        &mut self,
        done: Result<(), GitleaksError>,
        bad: BadRule,
    ) -> Result<(), GitleaksError> {
        match done {
            Err(error) if bad == BadRule::LeaveOut => {
                self.left_out.push(error);
                Ok(())
            }
            done => done,
        }
    }

    fn extend(
        &mut self,
        extend: ExtendText,
        depth: u32,
        bad: BadRule,
        read: ReadOther<'_>,
    ) -> Result<(), GitleaksError> {
        if extend.url.is_some() {
            return Err(fail(
                "extend.url",
                "is fetched from the network, which a scan does not do; save it and name it as `path`",
            ));
        }
        if extend.use_default {
            self.notes.push(
                "`extend.useDefault`: the default rules of other scanners are not built in; the catalogue stands in for them, unless --only-rules is given"
                    .to_owned(),
            );
        }
        if let Some(path) = extend.path {
            if depth >= LONGEST_CHAIN {
                return Err(fail(
                    "extend.path",
                    &format!("more than {LONGEST_CHAIN} files extend each other"),
                ));
            }
            let text =
                read(&path).map_err(|error| fail("extend.path", &format!("{path}: {error}")))?;
            self.take(&text, depth.saturating_add(1), bad, read)
                .map_err(|error| fail(&format!("{path}: {}", error.at), &error.problem))?;
        }
        self.rules
            .retain(|(id, _)| !extend.disabled_rules.contains(id));
        Ok(())
    }

    /// Adds a rule. One that is there under this id is replaced; one that says neither what nor where to look for
    /// adds to it.
    fn put(&mut self, id: String, rule: RuleText) {
        let before = self.rules.iter_mut().find(|(known, _)| *known == id);
        match before {
            None => self.rules.push((id, rule)),
            Some((_, before)) if rule.regex.is_none() && rule.path.is_none() => {
                before.keywords.extend(rule.keywords);
                before.allowlists.extend(rule.allowlist);
                before.allowlists.extend(rule.allowlists);
                before.entropy = rule.entropy.or(before.entropy);
                before.secret_group = rule.secret_group.or(before.secret_group);
                before.filter = rule.filter.or(before.filter.take());
                before.skip_report |= rule.skip_report;
            }
            Some((_, before)) => *before = rule,
        }
    }

    fn compiled(mut self, bad: BadRule) -> Result<Gitleaks, GitleaksError> {
        let expressions = |all: &[String], name: &str| {
            all.iter()
                .map(|text| expression(text, name))
                .collect::<Result<Vec<_>, _>>()
        };
        let prefilters = expressions(&self.prefilters, "prefilter")?;
        let filters = expressions(&self.filters, "filter")?;
        let lists = std::mem::take(&mut self.allowed).into_iter();
        let allowed = lists
            .map(|(at, list)| list.compiled(&at))
            .collect::<Result<Vec<_>, _>>()?;
        let mut rules = Vec::new();
        let mut required: Vec<Vec<RequiredText>> = Vec::new();
        let (mut words, mut by_keyword) = (Vec::new(), Vec::new());
        for (id, text) in std::mem::take(&mut self.rules) {
            let keywords: Vec<String> = text
                .keywords
                .iter()
                .filter(|word| !word.is_empty())
                .cloned()
                .collect();
            let needs = text.required.clone();
            match text.compiled(&id) {
                Ok(rule) => {
                    by_keyword.extend(keywords.iter().map(|_| rules.len()));
                    words.extend(keywords);
                    rules.push(rule);
                    required.push(needs);
                }
                Err(error) => self.settle(Err(error), bad)?,
            }
        }
        let at: BTreeMap<String, usize> = rules
            .iter()
            .enumerate()
            .map(|(at, rule)| (rule.id.clone(), at))
            .collect();
        for (rule, needs) in rules.iter_mut().zip(required) {
            let needs = needs.into_iter().filter(|one| !one.optional);
            match needs.map(|one| one.compiled(&rule.id, &at)).collect() {
                Ok(all) => rule.requires = all,
                Err(error) => {
                    // Alone it would find what it is not meant to find.
                    rule.silent = true;
                    self.settle(Err(error), bad)?;
                }
            }
        }
        if rules.iter().all(|rule| rule.silent) {
            return Err(fail(
                "rules",
                "there is none; a rule file has at least one `[[rules]]`",
            ));
        }
        let keywords = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .build(&words)
            .map_err(|error| fail("keywords", &error.to_string()))?;
        let mut all: Vec<&Expr> = prefilters.iter().chain(&filters).collect();
        all.extend(rules.iter().flat_map(|rule| &rule.filters));
        let like_words = all.iter().filter(|expr| expr.asks_for_words).count();
        if like_words > 0 {
            self.notes.push(format!(
                "`failsTokenEfficiency` and `tokenRatio` ({like_words} times) go by how much a secret reads like words, not by a tokenizer"
            ));
        }
        let unknown: BTreeSet<&str> = all
            .iter()
            .flat_map(|expr| &expr.unknown)
            .map(String::as_str)
            .collect();
        if !unknown.is_empty() {
            let names: Vec<&str> = unknown.into_iter().collect();
            self.notes.push(format!(
                "filters that ask for {} drop nothing, since that is not known here",
                names.join(", ")
            ));
        }
        Ok(Gitleaks {
            keywords: (!words.is_empty()).then_some(keywords),
            rules,
            by_keyword,
            allowed,
            prefilters,
            filters,
            notes: self.notes,
            left_out: self.left_out,
        })
    }
}

fn expression(text: &str, at: &str) -> Result<Expr, GitleaksError> {
    Expr::parse(text).map_err(|problem| {
        fail(
            at,
            &format!("{problem}; docs/from-gitleaks.md says which expressions are read"),
        )
    })
}

impl RequiredText {
    fn compiled(self, rule: &str, at: &BTreeMap<String, usize>) -> Result<Required, GitleaksError> {
        let field = format!("rule {rule}, required");
        let Some(other) = at.get(&self.id) else {
            return Err(fail(
                &field,
                &format!("names `{}`, which is no rule that is used here", self.id),
            ));
        };
        let (mut lines, mut columns) = (self.within_lines, self.within_columns);
        for part in self.within.iter().flat_map(|within| within.split(',')) {
            let part = part.trim();
            let number = |unit: char| part.strip_suffix(unit).and_then(|n| n.parse().ok());
            match (number('L'), number('C')) {
                (Some(most), _) => lines = Some(most),
                (_, Some(most)) => columns = Some(most),
                _ => {
                    return Err(fail(
                        &field,
                        &format!("`within` is `{part}`; write `5L,100C`"),
                    ));
                }
            }
        }
        Ok(Required {
            rule: *other,
            lines,
            columns,
        })
    }
}

impl Required {
    /// Whether two findings are near enough.
    fn is_near(&self, text: &[u8], one: &Range<usize>, other: &Range<usize>) -> bool {
        if self.lines.is_none() && self.columns.is_none() {
            return true;
        }
        let spot = |at: usize| {
            let before = text.get(..at).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count();
            let from = memchr::memrchr(b'\n', before).map_or(0, |at| at.saturating_add(1));
            (line, at.saturating_sub(from))
        };
        let (one, other) = (spot(one.start), spot(other.start));
        self.lines
            .is_none_or(|most| one.0.abs_diff(other.0) <= most)
            && self
                .columns
                .is_none_or(|most| one.1.abs_diff(other.1) <= most)
    }
}

impl RuleText {
    fn compiled(self, id: &str) -> Result<ForeignRule, GitleaksError> {
        let at = |field: &str| format!("rule {id}, {field}");
        let mut filters = Vec::new();
        // A rule has no file to leave out, so that both say of a finding that it is none.
        for (name, text) in [("filter", &self.filter), ("prefilter", &self.prefilter)] {
            if let Some(text) = text {
                filters.push(expression(text, &at(name))?);
            }
        }
        if self.token_efficiency {
            filters.push(expression(
                "failsTokenEfficiency(finding.secret)",
                &at("tokenEfficiency"),
            )?);
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
        Ok(ForeignRule {
            path: self
                .path
                .as_deref()
                .map(|path| compiled(path, &at("path")))
                .transpose()?,
            keyed: self.keywords.iter().any(|word| !word.is_empty()),
            id: id.to_owned(),
            description: self.description,
            silent: self.skip_report,
            specificity: self.specificity.unwrap_or_else(|| specificity(id)),
            requires: Vec::new(),
            filters,
            entropy: self.entropy.unwrap_or(0.0),
            regex,
            group,
            allowed,
        })
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
    /// Whether it allows a commit, whatever was found.
    fn allows_commit(&self, path: &str, commit: &str) -> bool {
        let named = self
            .commits
            .iter()
            .any(|one| one.eq_ignore_ascii_case(commit));
        let rest = || {
            let at_path = || {
                let path = path.as_bytes();
                self.paths.iter().any(|one| one.is_match(path))
            };
            self.regexes.is_empty()
                && self.stopwords.is_empty()
                && (self.paths.is_empty() || at_path())
        };
        named && (!self.all || rest())
    }

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
            Target::Line => text.get(lines_of(text, whole)).unwrap_or_default(),
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
fn lines_of(text: &[u8], span: &Range<usize>) -> Range<usize> {
    let before = text.get(..span.start).unwrap_or_default();
    let from = memchr::memrchr(b'\n', before).map_or(0, |at| at.saturating_add(1));
    let ahead = text.get(span.end..).unwrap_or_default();
    let to = span
        .end
        .saturating_add(memchr::memchr(b'\n', ahead).unwrap_or(ahead.len()));
    from..to
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
