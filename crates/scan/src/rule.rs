//! Rules made from the catalogue's formats: found by their first bytes or by the name before them, then held
//! against the template, its borders and its checksum. Nothing is compiled but a table and two automata.

pub mod gitleaks;

use crate::{name, run, watchlist::Watch};
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, Input, MatchKind};
use std::{collections::HashMap, ops::Range};
use tenure_model::{
    catalog::{Provider, checksum::Checksum, template::Template},
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
    /// The format starts with enough fixed text to be found without a name.
    pub anchored: bool,
    checksum: Option<Checksum>,
    template: Template,
    /// Bytes that cannot follow the format: it would be a piece of something longer.
    last: [bool; 256],
}

/// All rules, by what leads to them.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    /// The first three bytes of formats that begin with a run of token bytes.
    heads: HashMap<[u8; 3], Vec<usize>>,
    /// Which hashes of three bytes are a head at all.
    may_be_head: Vec<u64>,
    /// The starts of the other anchored formats.
    rare: Option<AhoCorasick>,
    by_rare: Vec<usize>,
    /// Names in lower case without separators.
    names: HashMap<String, Vec<usize>>,
    name_lengths: Vec<usize>,
    /// Which hashes of three bytes a name ends with at all; every one where a name is shorter.
    may_end_name: Vec<u64>,
    /// How long the values of named formats are that are shorter than a run.
    short_named: Option<Range<usize>>,
    triggers: AhoCorasick,
    watches: Vec<Watch>,
    /// Known keys alone are looked for.
    known_only: bool,
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

/// What leads to short values, to addresses with a password, and to armour.
const TRIGGERS: &[&str] = &[
    "pass",
    "Pass",
    "PASS",
    "pwd",
    "Pwd",
    "PWD",
    "secret",
    "Secret",
    "SECRET",
    "token",
    "Token",
    "TOKEN",
    "key",
    "Key",
    "KEY",
    "auth",
    "Auth",
    "AUTH",
    "cred",
    "Cred",
    "CRED",
    "psk",
    "PSK",
    "://",
    "-----BEGIN ",
    " -u ",
    "--user ",
    "_pw",
    "_PW",
];

/// The shortest name that is recognised without a border before it, in bytes.
const TELLING_NAME: usize = 10;

impl Rules {
    /// Takes every format of every provider.
    ///
    /// # Errors
    /// Names the format that cannot be taken.
    pub fn compile(providers: &[Provider]) -> Result<Self, RuleError> {
        let mut rules = Vec::new();
        let mut heads: HashMap<[u8; 3], Vec<usize>> = HashMap::new();
        let mut may_be_head = vec![0u64; 1 << 10];
        let (mut rare, mut by_rare) = (Vec::new(), Vec::new());
        let mut names: HashMap<String, Vec<usize>> = HashMap::new();
        let mut short_named: Option<Range<usize>> = None;
        let mut triggers: Vec<String> = TRIGGERS.iter().map(|one| (*one).to_owned()).collect();
        for (provider, credential, format) in providers.iter().flat_map(|p| {
            p.credentials
                .iter()
                .flat_map(move |c| c.formats.iter().map(move |f| (p, c, f)))
        }) {
            let template = &format.template;
            let index = rules.len();
            let anchored = template.is_anchored();
            let head = template.head_within(run::is_member);
            let first = template.prefix().as_bytes().first_chunk::<3>();
            match first {
                Some(first) if anchored && head >= run::LEAST => {
                    heads.entry(*first).or_default().push(index);
                    mark(&mut may_be_head, *first);
                }
                _ if anchored => {
                    rare.push(template.prefix().to_owned());
                    by_rare.push(index);
                }
                _ => {
                    if template.shortest() <= run::LEAST {
                        let (least, most) = (template.shortest(), template.longest());
                        let known = short_named.get_or_insert(least..most.saturating_add(1));
                        *known = known.start.min(least)..known.end.max(most.saturating_add(1));
                    }
                    for name in &credential.names {
                        let known = names.entry(name::folded(name)).or_default();
                        if known.last() != Some(&index) {
                            known.push(index);
                        }
                        if head < run::LEAST && !TRIGGERS.iter().any(|one| name.contains(one)) {
                            triggers.push(name.clone());
                        }
                    }
                }
            }
            let mut last = [false; 256];
            for byte in template.last_alphabet() {
                if let Some(slot) = last.get_mut(usize::from(*byte)) {
                    *slot = true;
                }
            }
            rules.push(Rule {
                provider: provider.provider.clone(),
                credential: credential.kind.clone(),
                part: format.part,
                prefix: template.prefix().to_owned(),
                anchored,
                checksum: format.checksum,
                template: template.clone(),
                last,
            });
        }
        triggers.sort_unstable();
        triggers.dedup();
        rare.sort_by_key(String::len);
        rare.dedup();
        let automaton = |texts: &[String]| {
            AhoCorasickBuilder::new()
                .match_kind(MatchKind::LeftmostFirst)
                .build(texts)
                .map_err(|error| RuleError {
                    provider: "all".to_owned(),
                    credential: "all".to_owned(),
                    problem: error.to_string(),
                })
        };
        let mut name_lengths: Vec<usize> = names.keys().map(String::len).collect();
        let mut may_end_name = vec![0u64; 1 << 10];
        for name in names.keys() {
            match name.as_bytes().last_chunk::<3>() {
                Some(end) => mark(&mut may_end_name, *end),
                None => may_end_name.fill(u64::MAX),
            }
        }
        name_lengths.sort_unstable_by(|a, b| b.cmp(a));
        name_lengths.dedup();
        Ok(Self {
            rare: if rare.is_empty() {
                None
            } else {
                Some(automaton(&rare)?)
            },
            triggers: automaton(&triggers)?,
            rules,
            heads,
            may_be_head,
            by_rare,
            names,
            name_lengths,
            may_end_name,
            short_named,
            watches: Vec::new(),
            known_only: false,
        })
    }

    /// The same rules, and copies of the keys of a watch list; several may be added.
    #[must_use]
    pub fn watching(mut self, watch: Watch) -> Self {
        self.watches.push(watch);
        self
    }

    /// Nothing but copies of the keys of a watch list.
    ///
    /// # Errors
    /// None in practice: no format is taken.
    pub fn known_only(watch: Watch) -> Result<Self, RuleError> {
        Ok(Self::none()?.watching(watch))
    }

    /// Nothing at all, until a watch list is added.
    ///
    /// # Errors
    /// None in practice: no format is taken.
    pub fn none() -> Result<Self, RuleError> {
        let mut rules = Self::compile(&[])?;
        rules.known_only = true;
        Ok(rules)
    }

    /// The watch lists.
    #[must_use]
    pub fn watches(&self) -> &[Watch] {
        &self.watches
    }

    /// Whether anything but known keys is looked for.
    #[must_use]
    pub fn seeks_formats(&self) -> bool {
        !self.known_only
    }

    /// Every rule.
    #[must_use]
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }

    /// The matches of anchored formats that start exactly at `start`, inside a run of token bytes.
    pub fn starting_at<'r, 't>(
        &'r self,
        text: &'t [u8],
        start: usize,
    ) -> impl Iterator<Item = (&'r Rule, Range<usize>)> + use<'r, 't> {
        let head = text
            .get(start..)
            .and_then(|ahead| ahead.first_chunk::<3>())
            .filter(|head| is_marked(&self.may_be_head, **head))
            .and_then(|head| self.heads.get(head));
        head.into_iter()
            .flatten()
            .filter_map(|index| self.rules.get(*index))
            .filter_map(move |rule| Some((rule, rule.at(text, start)?)))
    }

    /// The matches of anchored formats that begin with too short a run to be found by it. `part` is where
    /// they may start.
    pub fn rare_in<'r, 't>(
        &'r self,
        text: &'t [u8],
        part: Range<usize>,
    ) -> impl Iterator<Item = (&'r Rule, Range<usize>)> + use<'r, 't> {
        // INVARIANT: of two starts where one begins the other, the automaton reports the shorter, and both are
        // held against the text there.
        let end = part.end.min(text.len());
        let mut from = part.start;
        std::iter::from_fn(move || {
            let hit = self
                .rare
                .as_ref()?
                .find(Input::new(text).range(from..end.max(from)))?;
            from = hit.start().saturating_add(1);
            Some(hit.start())
        })
        .filter(|start| {
            let before = start.checked_sub(1).and_then(|at| text.get(at));
            !before.is_some_and(u8::is_ascii_alphanumeric)
        })
        .flat_map(move |start| {
            self.by_rare
                .iter()
                .filter_map(|index| self.rules.get(*index))
                .filter_map(move |rule| Some((rule, rule.at(text, start)?)))
        })
    }

    /// The rules whose formats are looked for behind a name: behind its own, or one that ends with it.
    pub fn named<'r>(&'r self, name: &str) -> impl Iterator<Item = &'r Rule> + use<'r> {
        let folded = Some(name::folded(name)).filter(|folded| {
            let end = folded.as_bytes().last_chunk::<3>();
            end.is_none_or(|end| is_marked(&self.may_end_name, *end))
        });
        let found = folded.and_then(|folded| {
            self.name_lengths.iter().find_map(|length| {
                let at = folded.len().checked_sub(*length)?;
                let known = self.names.get(folded.get(at..)?)?;
                (*length >= TELLING_NAME || borders(name).contains(&at)).then_some(known)
            })
        });
        found
            .into_iter()
            .flatten()
            .filter_map(|index| self.rules.get(*index))
    }

    /// Whether a value of this length may have a named format although nothing else speaks for it.
    #[must_use]
    pub fn may_be_short_named(&self, length: usize) -> bool {
        self.short_named
            .as_ref()
            .is_some_and(|lengths| lengths.contains(&length))
    }

    /// Where in `part` something is that may lead to a short value, an address or an armour.
    pub fn triggers<'r, 't>(
        &'r self,
        text: &'t [u8],
        part: Range<usize>,
    ) -> impl Iterator<Item = Range<usize>> + use<'r, 't> {
        let from = part.start;
        let within = text.get(part).unwrap_or_default();
        self.triggers
            .find_iter(within)
            .map(move |hit| from.saturating_add(hit.start())..from.saturating_add(hit.end()))
    }
}

impl Rule {
    /// The match that starts exactly at `start`, if the form, its end and its checksum hold.
    #[must_use]
    pub fn at(&self, text: &[u8], start: usize) -> Option<Range<usize>> {
        let end = start.checked_add(self.template.end_in(text.get(start..)?)?)?;
        if text
            .get(end)
            .is_some_and(|byte| self.last.get(usize::from(*byte)) == Some(&true))
        {
            return None;
        }
        if let Some(checksum) = self.checksum {
            let text = std::str::from_utf8(text.get(start..end)?).ok()?;
            checksum.holds(text, &self.prefix).then_some(())?;
        }
        Some(start..end)
    }

    /// How many bits of choice the last `bytes` bytes of this format carry at the least.
    #[must_use]
    pub fn tail_bits(&self, bytes: usize) -> f64 {
        self.template.tail_bits(bytes)
    }
}

fn mark(table: &mut [u64], bytes: [u8; 3]) {
    let (word, bit) = slot(bytes);
    if let Some(word) = table.get_mut(word) {
        *word |= bit;
    }
}

fn is_marked(table: &[u64], bytes: [u8; 3]) -> bool {
    let (word, bit) = slot(bytes);
    table.get(word).is_some_and(|word| word & bit != 0)
}

/// Word and bit of three bytes in a table of 65,536 bits.
fn slot(head: [u8; 3]) -> (usize, u64) {
    let [a, b, c] = head.map(u32::from);
    let hash = (a | (b << 8) | (c << 16)).wrapping_mul(0x9e37_79b1) >> 16;
    let word = usize::try_from(hash >> 6).unwrap_or(0);
    (word, 1u64 << (hash & 63))
}

/// Where words begin in a name, counted without its separators.
fn borders(name: &str) -> Vec<usize> {
    let mut at = 0usize;
    name::words(name)
        .iter()
        .map(|word| {
            let begins = at;
            at = at.saturating_add(word.len());
            begins
        })
        .collect()
}
