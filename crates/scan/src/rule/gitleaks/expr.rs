//! Filter expressions of Betterleaks: the part of CEL (version 1, <https://cel.dev>) and of Expr (from 1.8 on,
//! <https://expr-lang.org>) that its `filter` and `prefilter` are written in
//! (github.com/betterleaks/betterleaks docs/config.md and config/betterleaks.toml, read on 2026-11-26). No library
//! reads both; what is not known here is an error, never a guess.

use super::compiled;
use crate::{judge, letters};
use aho_corasick::AhoCorasick;
use regex::bytes::Regex;
use std::borrow::Cow;

/// What an expression may ask for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Facts<'f> {
    pub(super) path: &'f str,
    pub(super) commit: Option<&'f str>,
    pub(super) secret: &'f [u8],
    pub(super) whole: &'f [u8],
    pub(super) line: &'f [u8],
    pub(super) rule: &'f str,
    pub(super) description: &'f str,
    /// All of the text, as far as it is looked at.
    pub(super) fragment: &'f [u8],
    /// Where the match is in it.
    pub(super) span: (usize, usize),
    /// Where the match's lines are in it.
    pub(super) line_span: (usize, usize),
    /// What `let` has named, the last first.
    pub(super) bound: Option<&'f Bound<'f>>,
}

/// A value that `let` has named.
#[derive(Debug)]
pub(super) struct Bound<'f> {
    value: Value<'f>,
    before: Option<&'f Bound<'f>>,
}

/// An expression, ready to ask.
#[derive(Debug)]
pub(super) struct Expr {
    node: Node,
    /// It asks whether a secret reads like words, which Betterleaks decides by a tokenizer.
    pub(super) asks_for_words: bool,
    /// Attributes that are not known here: what is said of them never holds.
    pub(super) unknown: Vec<String>,
    /// It asks for the commit.
    pub(super) asks_for_commit: bool,
}

#[derive(Debug)]
enum Node {
    Text(Vec<u8>),
    Number(f64),
    Truth(bool),
    Nothing,
    List(Vec<Node>),
    Path,
    Commit,
    Secret,
    Whole,
    Line,
    Rule,
    Description,
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Compare(Relation, Box<Node>, Box<Node>),
    Choice(Box<Node>, Box<Node>, Box<Node>),
    Else(Box<Node>, Box<Node>),
    Matches(Box<Node>, Regex),
    ContainsAny(Box<Node>, AhoCorasick),
    Entropy(Box<Node>),
    LikeWords(Box<Node>),
    TokenRatio(Box<Node>),
    Length(Box<Node>),
    Lower(Box<Node>),
    Fragment,
    Spot(Spot),
    /// Names the first value in the second.
    Let(Box<Node>, Box<Node>),
    /// What the `n`th `let` outwards has named.
    Named(usize),
    Sum(Box<Node>, Box<Node>),
    Difference(Box<Node>, Box<Node>),
    Least(Box<Node>, Box<Node>),
    Most(Box<Node>, Box<Node>),
    Slice(Box<Node>, Option<Box<Node>>, Option<Box<Node>>),
    Item(Box<Node>, Box<Node>),
    Split(Box<Node>, Vec<u8>),
    Join(Box<Node>, Vec<u8>),
    FirstMatch(Box<Node>, Regex),
}

/// A place in the text.
#[derive(Debug, Clone, Copy)]
enum Spot {
    MatchStart,
    MatchEnd,
    LineStart,
    LineEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Is,
    IsNot,
    Less,
    LessOrIs,
    More,
    MoreOrIs,
    In,
    Has,
    Begins,
    Ends,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'v> {
    Text(Cow<'v, [u8]>),
    Number(f64),
    Truth(bool),
    List(Vec<Value<'v>>),
    Nothing,
}

impl Value<'_> {
    fn owned(self) -> Value<'static> {
        match self {
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Number(number) => Value::Number(number),
            Self::Truth(truth) => Value::Truth(truth),
            Self::List(all) => Value::List(all.into_iter().map(Value::owned).collect()),
            Self::Nothing => Value::Nothing,
        }
    }
}

/// A length as a number.
fn exact(length: usize) -> f64 {
    f64::from(u32::try_from(length).unwrap_or(u32::MAX))
}

/// A number as a place in something so long; what lies outside is the nearest end of it.
fn place(number: f64, length: usize) -> usize {
    let (mut low, mut high) = (0usize, length);
    while low < high {
        let middle = low.midpoint(high);
        if exact(middle) < number {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    low
}

impl Expr {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is not known of it, as a sentence.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser {
            tokens: tokens(text)?,
            at: 0,
            depth: 0,
            asks_for_words: false,
            unknown: Vec::new(),
            asks_for_commit: false,
            names: Vec::new(),
        };
        let node = parser.choice()?;
        if let Some(token) = parser.tokens.get(parser.at) {
            return Err(format!("{} is not expected here", token.shown()));
        }
        if !node.may_be_truth() {
            return Err("says neither true nor false".to_owned());
        }
        Ok(Self {
            node,
            asks_for_words: parser.asks_for_words,
            unknown: parser.unknown,
            asks_for_commit: parser.asks_for_commit,
        })
    }

    /// Whether it holds. What cannot be said does not hold, so that nothing is dropped for it.
    pub(super) fn holds(&self, facts: &Facts<'_>) -> bool {
        self.node.holds(facts)
    }
}

impl Node {
    fn may_be_truth(&self) -> bool {
        if let Self::Let(_, rest) = self {
            return rest.may_be_truth();
        }
        !matches!(
            self,
            Self::Text(_)
                | Self::Number(_)
                | Self::List(_)
                | Self::Path
                | Self::Commit
                | Self::Secret
                | Self::Whole
                | Self::Line
                | Self::Rule
                | Self::Description
                | Self::Entropy(_)
                | Self::TokenRatio(_)
                | Self::Length(_)
                | Self::Lower(_)
                | Self::Fragment
                | Self::Spot(_)
                | Self::Sum(..)
                | Self::Difference(..)
                | Self::Least(..)
                | Self::Most(..)
                | Self::Slice(..)
                | Self::Split(..)
                | Self::Join(..)
                | Self::FirstMatch(..)
        )
    }

    fn holds(&self, facts: &Facts<'_>) -> bool {
        self.value(facts) == Value::Truth(true)
    }

    fn text<'v>(&'v self, facts: &Facts<'v>) -> Option<Cow<'v, [u8]>> {
        match self.value(facts) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn number(&self, facts: &Facts<'_>) -> Option<f64> {
        match self.value(facts) {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// A number from two.
    fn of_two(&self, other: &Self, facts: &Facts<'_>, make: fn(f64, f64) -> f64) -> Value<'static> {
        match (self.number(facts), other.number(facts)) {
            (Some(one), Some(other)) => Value::Number(make(one, other)),
            _ => Value::Nothing,
        }
    }

    /// A part of a text or a list; where an end is not said, up to the end of it.
    fn slice<'v>(
        &'v self,
        from: Option<&Self>,
        to: Option<&Self>,
        facts: &Facts<'v>,
    ) -> Option<Value<'v>> {
        let ends = |length: usize| {
            let end = |node: Option<&Self>, otherwise: usize| match node {
                None => Some(otherwise),
                Some(node) => node.number(facts).map(|number| place(number, length)),
            };
            Some(end(from, 0)?..end(to, length)?)
        };
        match self.value(facts) {
            Value::Text(Cow::Borrowed(text)) => {
                let part = text.get(ends(text.len())?).unwrap_or_default();
                Some(Value::Text(Cow::Borrowed(part)))
            }
            Value::Text(Cow::Owned(text)) => {
                let part = text.get(ends(text.len())?).unwrap_or_default();
                Some(Value::Text(Cow::Owned(part.to_vec())))
            }
            Value::List(all) => {
                let range = ends(all.len())?;
                let count = range.end.saturating_sub(range.start);
                Some(Value::List(
                    all.into_iter().skip(range.start).take(count).collect(),
                ))
            }
            _ => None,
        }
    }

    fn item<'v>(&'v self, at: &Self, facts: &Facts<'v>) -> Option<Value<'v>> {
        let (Value::List(all), number) = (self.value(facts), at.number(facts)?) else {
            return None;
        };
        let at = place(number, all.len());
        (number >= 0.0).then(|| all.into_iter().nth(at)).flatten()
    }

    fn value<'v>(&'v self, facts: &Facts<'v>) -> Value<'v> {
        let text = |text: &'v [u8]| Value::Text(Cow::Borrowed(text));
        match self {
            Self::Text(one) => text(one),
            Self::Number(number) => Value::Number(*number),
            Self::Truth(truth) => Value::Truth(*truth),
            Self::Nothing => Value::Nothing,
            Self::List(all) => Value::List(all.iter().map(|node| node.value(facts)).collect()),
            Self::Path => text(facts.path.as_bytes()),
            Self::Commit => facts
                .commit
                .map_or(Value::Nothing, |commit| text(commit.as_bytes())),
            Self::Secret => text(facts.secret),
            Self::Whole => text(facts.whole),
            Self::Line => text(facts.line),
            Self::Rule => text(facts.rule.as_bytes()),
            Self::Description => text(facts.description.as_bytes()),
            Self::Not(node) => match node.value(facts) {
                Value::Truth(truth) => Value::Truth(!truth),
                _ => Value::Nothing,
            },
            Self::All(nodes) => Value::Truth(nodes.iter().all(|node| node.holds(facts))),
            Self::Any(nodes) => Value::Truth(nodes.iter().any(|node| node.holds(facts))),
            Self::Compare(relation, one, other) => compare(*relation, one, other, facts),
            Self::Choice(when, then, otherwise) => {
                if when.holds(facts) {
                    then.value(facts)
                } else {
                    otherwise.value(facts)
                }
            }
            Self::Else(node, otherwise) => match node.value(facts) {
                Value::Nothing => otherwise.value(facts),
                value => value,
            },
            Self::Matches(node, regex) => {
                Value::Truth(node.text(facts).is_some_and(|text| regex.is_match(&text)))
            }
            Self::ContainsAny(node, words) => Value::Truth(
                node.text(facts)
                    .is_some_and(|text| words.is_match(&text.to_ascii_lowercase())),
            ),
            Self::Entropy(node) => node
                .text(facts)
                .map_or(Value::Nothing, |text| Value::Number(judge::entropy(&text))),
            Self::LikeWords(node) => Value::Truth(node.text(facts).is_some_and(|text| {
                let words = letters::in_words(&text);
                !text.is_empty() && words.saturating_mul(2) >= text.len()
            })),
            Self::TokenRatio(node) => node
                .text(facts)
                .map_or(Value::Nothing, |text| Value::Number(token_ratio(&text))),
            Self::Length(node) => match node.value(facts) {
                Value::Text(text) => Value::Number(exact(text.len())),
                Value::List(all) => Value::Number(exact(all.len())),
                _ => Value::Nothing,
            },
            Self::Fragment => text(facts.fragment),
            Self::Spot(spot) => Value::Number(exact(match spot {
                Spot::MatchStart => facts.span.0,
                Spot::MatchEnd => facts.span.1,
                Spot::LineStart => facts.line_span.0,
                Spot::LineEnd => facts.line_span.1,
            })),
            Self::Let(named, rest) => {
                let bound = Bound {
                    value: named.value(facts),
                    before: facts.bound,
                };
                let facts = Facts {
                    bound: Some(&bound),
                    ..*facts
                };
                rest.value(&facts).owned()
            }
            Self::Named(outwards) => {
                let mut bound = facts.bound;
                for _ in 0..*outwards {
                    bound = bound.and_then(|bound| bound.before);
                }
                match bound.map(|bound| &bound.value) {
                    Some(Value::Text(text)) => Value::Text(Cow::Borrowed(text)),
                    Some(value) => value.clone(),
                    None => Value::Nothing,
                }
            }
            Self::Sum(one, other) => match (one.value(facts), other.value(facts)) {
                (Value::Number(one), Value::Number(other)) => Value::Number(one + other),
                (Value::Text(one), Value::Text(other)) => joined([one, other], b""),
                _ => Value::Nothing,
            },
            Self::Difference(one, other) => one.of_two(other, facts, |one, other| one - other),
            Self::Least(one, other) => one.of_two(other, facts, f64::min),
            Self::Most(one, other) => one.of_two(other, facts, f64::max),
            Self::Slice(node, from, to) => node
                .slice(from.as_deref(), to.as_deref(), facts)
                .unwrap_or(Value::Nothing),
            Self::Item(node, at) => node.item(at, facts).unwrap_or(Value::Nothing),
            Self::Split(node, by) => node.text(facts).map_or(Value::Nothing, |text| {
                let parts = split(&text, by).into_iter();
                Value::List(
                    parts
                        .map(|part| Value::Text(Cow::Owned(part.to_vec())))
                        .collect(),
                )
            }),
            Self::Join(node, by) => match node.value(facts) {
                Value::List(all) => {
                    let texts: Option<Vec<Cow<'v, [u8]>>> = all
                        .into_iter()
                        .map(|one| match one {
                            Value::Text(text) => Some(text),
                            _ => None,
                        })
                        .collect();
                    texts.map_or(Value::Nothing, |all| joined(all, by))
                }
                _ => Value::Nothing,
            },
            Self::FirstMatch(node, regex) => node.text(facts).map_or(Value::Nothing, |text| {
                let found = regex.find(&text).map(|found| found.as_bytes().to_vec());
                Value::Text(Cow::Owned(found.unwrap_or_default()))
            }),
            Self::Lower(node) => node.text(facts).map_or(Value::Nothing, |text| {
                Value::Text(Cow::Owned(text.to_ascii_lowercase()))
            }),
        }
    }
}

/// About how many letters a token has: words have long ones, random text has short ones.
fn token_ratio(text: &[u8]) -> f64 {
    let (all, words) = (exact(text.len()), exact(letters::in_words(text)));
    let tokens = words / 4.0 + (all - words) / 2.0;
    if tokens > 0.0 { all / tokens } else { 0.0 }
}

/// The longest text that an expression may make.
const LONGEST: usize = 1 << 20;

/// Texts behind each other; nothing, where that grows too long.
fn joined<'v>(all: impl AsRef<[Cow<'v, [u8]>]>, by: &[u8]) -> Value<'static> {
    let all = all.as_ref();
    let lengths = all.iter().map(|text| text.len().saturating_add(by.len()));
    match lengths.fold(0usize, usize::saturating_add) {
        0..=LONGEST => Value::Text(Cow::Owned(all.join(by))),
        _ => Value::Nothing,
    }
}

fn split<'t>(text: &'t [u8], by: &[u8]) -> Vec<&'t [u8]> {
    let mut parts = Vec::new();
    let mut from = 0usize;
    for at in memchr::memmem::find_iter(text, by) {
        parts.push(text.get(from..at).unwrap_or_default());
        from = at.saturating_add(by.len());
    }
    parts.push(text.get(from..).unwrap_or_default());
    parts
}

fn compare<'v>(relation: Relation, one: &'v Node, other: &'v Node, facts: &Facts<'v>) -> Value<'v> {
    let value = one.value(facts);
    if relation == Relation::In {
        let Node::List(all) = other else {
            return Value::Nothing;
        };
        return Value::Truth(all.iter().any(|node| node.value(facts) == value));
    }
    let other = other.value(facts);
    let truth = match (relation, &value, &other) {
        (Relation::Is, one, other) => one == other,
        (Relation::IsNot, one, other) => one != other,
        (Relation::Less, Value::Number(a), Value::Number(b)) => a < b,
        (Relation::LessOrIs, Value::Number(a), Value::Number(b)) => a <= b,
        (Relation::More, Value::Number(a), Value::Number(b)) => a > b,
        (Relation::MoreOrIs, Value::Number(a), Value::Number(b)) => a >= b,
        (Relation::Has, Value::Text(a), Value::Text(b)) => memchr::memmem::find(a, b).is_some(),
        (Relation::Begins, Value::Text(a), Value::Text(b)) => a.starts_with(b),
        (Relation::Ends, Value::Text(a), Value::Text(b)) => a.ends_with(b),
        _ => return Value::Nothing,
    };
    Value::Truth(truth)
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Text(Vec<u8>),
    Number(f64),
    Name(String),
    Sign(&'static str),
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Text(_) => "a text".to_owned(),
            Self::Number(number) => format!("`{number}`"),
            Self::Name(name) => format!("`{name}`"),
            Self::Sign(sign) => format!("`{sign}`"),
        }
    }
}

/// The longest first.
const SIGNS: [&str; 25] = [
    "[?", ".?", "?.", "??", "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "?", ":", "(", ")",
    "[", "]", ",", ".", "+", "-", ";", "=",
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        if let Some(after) = rest.strip_prefix("//") {
            rest = after.split_once('\n').map_or("", |(_, rest)| rest);
            continue;
        }
        if let Some(after) = rest.strip_prefix("/*") {
            rest = after
                .split_once("*/")
                .map(|(_, rest)| rest)
                .ok_or("has a comment without an end")?;
            continue;
        }
        let raw = ['r', 'R']
            .into_iter()
            .find_map(|letter| rest.strip_prefix(letter))
            .filter(|after| after.starts_with(['"', '\'']));
        if let Some(quoted) = raw.or_else(|| first_is_quote(first).then_some(rest)) {
            let (text, after) = quoted_text(quoted, raw.is_some() || first == '`')?;
            tokens.push(Token::Text(text));
            rest = after;
        } else if first.is_ascii_digit() {
            let end = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            let number = number
                .parse()
                .map_err(|_| format!("`{number}` is no number"))?;
            tokens.push(Token::Number(number));
            rest = after;
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            tokens.push(Token::Name(name.to_owned()));
            rest = after;
        } else {
            let sign = SIGNS
                .into_iter()
                .find(|sign| rest.starts_with(sign))
                .ok_or_else(|| format!("`{first}` is not known"))?;
            tokens.push(Token::Sign(sign));
            rest = rest.get(sign.len()..).unwrap_or_default();
        }
    }
}

fn first_is_quote(first: char) -> bool {
    matches!(first, '"' | '\'' | '`')
}

/// The text that a quote begins, and what stands behind it.
fn quoted_text(quoted: &str, raw: bool) -> Result<(Vec<u8>, &str), String> {
    const OPEN: &str = "has a text without an end";
    let quote = ["\"\"\"", "'''", "\"", "'", "`"]
        .into_iter()
        .find(|quote| quoted.starts_with(quote))
        .ok_or(OPEN)?;
    let mut rest = quoted.get(quote.len()..).ok_or(OPEN)?;
    let mut text = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(quote) {
            return Ok((text, after));
        }
        let mut letters = rest.chars();
        let letter = letters.next().ok_or(OPEN)?;
        let mut buffer = [0u8; 4];
        if letter == '\\' && !raw {
            let escaped = letters.next().ok_or(OPEN)?;
            let one = match escaped {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '\\' | '"' | '\'' | '`' | '?' | '/' => escaped,
                other => {
                    return Err(format!(
                        "`\\{other}` in a text is not known; write the text raw, as r\"…\""
                    ));
                }
            };
            text.extend_from_slice(one.encode_utf8(&mut buffer).as_bytes());
        } else {
            text.extend_from_slice(letter.encode_utf8(&mut buffer).as_bytes());
        }
        rest = letters.as_str();
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    asks_for_words: bool,
    unknown: Vec<String>,
    asks_for_commit: bool,
    /// What `let` has named so far.
    names: Vec<String>,
}

/// How deep an expression may be nested.
const DEEPEST: u32 = 40;

type Parsed = Result<Node, String>;

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(one)) if *one == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Name(one)) if one == word)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is = self.is(sign);
        self.at = self.at.saturating_add(usize::from(is));
        is
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        self.at = self.at.saturating_add(usize::from(is));
        is
    }

    fn needs(&mut self, sign: &str) -> Result<(), String> {
        if self.takes(sign) {
            return Ok(());
        }
        let found = self
            .peek()
            .map_or_else(|| "the end".to_owned(), Token::shown);
        Err(format!("`{sign}` is missing before {found}"))
    }

    fn choice(&mut self) -> Parsed {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEEPEST {
            return Err(format!("is nested more than {DEEPEST} deep"));
        }
        if self.takes_word("let") {
            let node = self.naming()?;
            self.depth = self.depth.saturating_sub(1);
            return Ok(node);
        }
        let when = self.any()?;
        let node = if self.takes("?") {
            let then = self.choice()?;
            self.needs(":")?;
            let otherwise = self.choice()?;
            Node::Choice(Box::new(when), Box::new(then), Box::new(otherwise))
        } else {
            when
        };
        self.depth = self.depth.saturating_sub(1);
        Ok(node)
    }

    /// `let name = value; rest`, behind the `let`.
    fn naming(&mut self) -> Parsed {
        let name = self.name()?;
        self.needs("=")?;
        let value = self.choice()?;
        self.needs(";")?;
        self.names.push(name);
        let rest = self.choice()?;
        self.names.pop();
        Ok(Node::Let(Box::new(value), Box::new(rest)))
    }

    fn any(&mut self) -> Parsed {
        let mut nodes = vec![self.all()?];
        while self.takes("||") || self.takes_word("or") {
            nodes.push(self.all()?);
        }
        Ok(one_or(nodes, Node::Any))
    }

    fn all(&mut self) -> Parsed {
        let mut nodes = vec![self.compared()?];
        while self.takes("&&") || self.takes_word("and") {
            nodes.push(self.compared()?);
        }
        Ok(one_or(nodes, Node::All))
    }

    fn compared(&mut self) -> Parsed {
        const RELATIONS: [(&str, Relation); 6] = [
            ("==", Relation::Is),
            ("!=", Relation::IsNot),
            ("<=", Relation::LessOrIs),
            (">=", Relation::MoreOrIs),
            ("<", Relation::Less),
            (">", Relation::More),
        ];
        const WORDS: [(&str, Relation); 4] = [
            ("in", Relation::In),
            ("contains", Relation::Has),
            ("startsWith", Relation::Begins),
            ("endsWith", Relation::Ends),
        ];
        let one = self.joined()?;
        let mut negated = false;
        if self.is_word("not") {
            self.at = self.at.saturating_add(1);
            negated = true;
        }
        if self.takes_word("matches") {
            let node = self.joined()?;
            let node = matches_any(one, vec![node])?;
            return Ok(not_if(negated, node));
        }
        let signs = RELATIONS
            .into_iter()
            .find(|(sign, _)| !negated && self.takes(sign));
        let relation = match signs {
            Some((_, relation)) => Some(relation),
            None => WORDS
                .into_iter()
                .find(|(word, _)| self.takes_word(word))
                .map(|(_, relation)| relation),
        };
        let Some(relation) = relation else {
            return if negated {
                Err("`not` is not expected here".to_owned())
            } else {
                Ok(one)
            };
        };
        let other = self.joined()?;
        if relation == Relation::In && !matches!(other, Node::List(_)) {
            return Err("`in` needs a list behind it".to_owned());
        }
        let node = Node::Compare(relation, Box::new(one), Box::new(other));
        Ok(not_if(negated, node))
    }

    fn joined(&mut self) -> Parsed {
        let mut node = self.or_else()?;
        let mut times = 0u32;
        loop {
            let make = if self.takes("+") {
                Node::Sum
            } else if self.takes("-") {
                Node::Difference
            } else {
                return Ok(node);
            };
            times = times.saturating_add(1);
            if times > DEEPEST {
                return Err(format!("has more than {DEEPEST} sums in a row"));
            }
            node = make(Box::new(node), Box::new(self.or_else()?));
        }
    }

    fn or_else(&mut self) -> Parsed {
        let mut node = self.unary()?;
        let mut times = 0u32;
        while self.takes("??") {
            times = times.saturating_add(1);
            if times > DEEPEST {
                return Err(format!("has more than {DEEPEST} `??` in a row"));
            }
            node = Node::Else(Box::new(node), Box::new(self.unary()?));
        }
        Ok(node)
    }

    fn unary(&mut self) -> Parsed {
        let mut negations = 0usize;
        while self.takes("!") || self.takes_word("not") {
            negations = negations.saturating_add(1);
        }
        if negations == 0 && self.takes("-") {
            return match self.tokens.get(self.at) {
                Some(Token::Number(number)) => {
                    let number = -*number;
                    self.at = self.at.saturating_add(1);
                    Ok(Node::Number(number))
                }
                _ => Err("`-` needs a number behind it".to_owned()),
            };
        }
        let node = self.postfix()?;
        Ok(match negations {
            0 => node,
            even if even.is_multiple_of(2) => Node::Not(Box::new(Node::Not(Box::new(node)))),
            _ => Node::Not(Box::new(node)),
        })
    }

    fn postfix(&mut self) -> Parsed {
        let mut node = self.primary()?;
        let mut times = 0u32;
        loop {
            times = times.saturating_add(1);
            if times > DEEPEST {
                return Err(format!("calls more than {DEEPEST} functions in a row"));
            }
            if self.takes("[") {
                node = self.part_of(node)?;
                continue;
            }
            if !self.takes(".") {
                return Ok(node);
            }
            let name = self.name()?;
            let mut given = self.arguments()?;
            let one = |given: &mut Vec<Node>| {
                (given.len() == 1)
                    .then(|| given.pop())
                    .flatten()
                    .ok_or(format!("`{name}` takes one value"))
            };
            let relate =
                |relation, node, other| Node::Compare(relation, Box::new(node), Box::new(other));
            node = match name.as_str() {
                "orValue" => Node::Else(Box::new(node), Box::new(one(&mut given)?)),
                "startsWith" => relate(Relation::Begins, node, one(&mut given)?),
                "endsWith" => relate(Relation::Ends, node, one(&mut given)?),
                "contains" => relate(Relation::Has, node, one(&mut given)?),
                "matches" => matches_any(node, vec![one(&mut given)?])?,
                "size" if given.is_empty() => Node::Length(Box::new(node)),
                "lowerAscii" if given.is_empty() => Node::Lower(Box::new(node)),
                _ => return Err(format!("the function `{name}` is not known")),
            };
        }
    }

    /// `[2]`, `[1:3]`, `[:3]`, `[1:]`, behind the bracket.
    fn part_of(&mut self, node: Node) -> Parsed {
        let from = match self.is(":") {
            true => None,
            false => Some(Box::new(self.choice()?)),
        };
        let node = Box::new(node);
        if self.takes(":") {
            let to = match self.is("]") {
                true => None,
                false => Some(Box::new(self.choice()?)),
            };
            self.needs("]")?;
            return Ok(Node::Slice(node, from, to));
        }
        self.needs("]")?;
        from.map(|at| Node::Item(node, at))
            .ok_or_else(|| "`[]` needs a number".to_owned())
    }

    fn name(&mut self) -> Result<String, String> {
        match self.tokens.get(self.at) {
            Some(Token::Name(name)) => {
                let name = name.clone();
                self.at = self.at.saturating_add(1);
                Ok(name)
            }
            Some(token) => Err(format!("{} stands where a name should", token.shown())),
            None => Err("ends where a name should stand".to_owned()),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Node>, String> {
        self.needs("(")?;
        self.until(")")
    }

    /// Values up to a closing sign.
    fn until(&mut self, close: &str) -> Result<Vec<Node>, String> {
        let mut nodes = Vec::new();
        while !self.takes(close) {
            if !nodes.is_empty() {
                self.needs(",")?;
                // A comma may stand behind the last.
                if self.takes(close) {
                    break;
                }
            }
            nodes.push(self.choice()?);
        }
        Ok(nodes)
    }

    fn primary(&mut self) -> Parsed {
        if self.takes("(") {
            let node = self.choice()?;
            self.needs(")")?;
            return Ok(node);
        }
        if self.takes("[") {
            return Ok(Node::List(self.until("]")?));
        }
        match self.tokens.get(self.at).cloned() {
            Some(Token::Text(text)) => {
                self.at = self.at.saturating_add(1);
                Ok(Node::Text(text))
            }
            Some(Token::Number(number)) => {
                self.at = self.at.saturating_add(1);
                Ok(Node::Number(number))
            }
            Some(Token::Name(name)) => {
                self.at = self.at.saturating_add(1);
                self.named(&name)
            }
            Some(token) => Err(format!("{} is not expected here", token.shown())),
            None => Err("ends too early".to_owned()),
        }
    }

    fn named(&mut self, name: &str) -> Parsed {
        match name {
            "true" => Ok(Node::Truth(true)),
            "false" => Ok(Node::Truth(false)),
            "null" | "nil" => Ok(Node::Nothing),
            "secret" => Ok(Node::Secret),
            "finding" | "attributes" => {
                let key = self.key()?;
                self.asked(name, &key)
            }
            // Helpers stood in a namespace for a time.
            "filter" => {
                self.needs(".")?;
                let name = self.name()?;
                self.call(&name)
            }
            name => match self.names.iter().rev().position(|one| one == name) {
                Some(outwards) => Ok(Node::Named(outwards)),
                None => self.call(name),
            },
        }
    }

    /// The key that is asked for: `["path"]`, `[?"path"]`, `.path`, `?.path`.
    fn key(&mut self) -> Result<String, String> {
        if self.takes("[") || self.takes("[?") {
            let key = match self.tokens.get(self.at) {
                Some(Token::Text(text)) => String::from_utf8_lossy(text).into_owned(),
                _ => return Err("a key is no text".to_owned()),
            };
            self.at = self.at.saturating_add(1);
            self.needs("]")?;
            return Ok(key);
        }
        if self.takes(".") || self.takes(".?") || self.takes("?.") {
            return self.name();
        }
        Err("`finding` and `attributes` need a key behind them".to_owned())
    }

    fn asked(&mut self, of: &str, key: &str) -> Parsed {
        Ok(match (of, key) {
            ("finding", "secret") => Node::Secret,
            ("finding", "match") => Node::Whole,
            ("finding", "line") => Node::Line,
            ("finding", "rule_id") => Node::Rule,
            ("finding", "description") => Node::Description,
            ("finding", "fragment_raw") => Node::Fragment,
            ("finding", "match_start_idx") => Node::Spot(Spot::MatchStart),
            ("finding", "match_end_idx") => Node::Spot(Spot::MatchEnd),
            ("finding", "match_line_start_idx") => Node::Spot(Spot::LineStart),
            ("finding", "match_line_end_idx") => Node::Spot(Spot::LineEnd),
            ("finding", _) => return Err(format!("finding[\"{key}\"] is not known")),
            (_, "path") => Node::Path,
            (_, "git.sha") => {
                self.asks_for_commit = true;
                Node::Commit
            }
            _ => {
                self.unknown.push(key.to_owned());
                Node::Nothing
            }
        })
    }

    fn call(&mut self, name: &str) -> Parsed {
        if name == "get" {
            return self.get();
        }
        if !self.is("(") {
            return Err(format!("`{name}` is not known"));
        }
        let given = self.arguments()?;
        let count = given.len();
        let mut given = given.into_iter();
        let wrong = |takes: &str| Err(format!("`{name}` takes {takes}, and was given {count}"));
        match (name, given.next(), given.next(), given.next()) {
            ("matchesAny", Some(node), Some(Node::List(all)), None) => matches_any(node, all),
            ("containsAny", Some(node), Some(Node::List(all)), None) => {
                let words = texts(all, name)?;
                let words = AhoCorasick::new(words).map_err(|error| error.to_string())?;
                Ok(Node::ContainsAny(Box::new(node), words))
            }
            ("matchesAny" | "containsAny", ..) => wrong("a text and a list"),
            ("entropy", Some(node), None, None) => Ok(Node::Entropy(Box::new(node))),
            ("failsTokenEfficiency", Some(node), None, None) => {
                self.asks_for_words = true;
                Ok(Node::LikeWords(Box::new(node)))
            }
            ("tokenEfficiencyOK", Some(node), None, None) => {
                self.asks_for_words = true;
                Ok(Node::Not(Box::new(Node::LikeWords(Box::new(node)))))
            }
            ("tokenRatio", Some(node), None, None) => {
                self.asks_for_words = true;
                Ok(Node::TokenRatio(Box::new(node)))
            }
            // How sure a rule is is not told here; a finding is none or one.
            ("setConfidence", Some(_), None, None) => Ok(Node::Nothing),
            ("min", Some(one), Some(other), None) => {
                Ok(Node::Least(Box::new(one), Box::new(other)))
            }
            ("max", Some(one), Some(other), None) => Ok(Node::Most(Box::new(one), Box::new(other))),
            ("split", Some(node), Some(Node::Text(by)), None) if !by.is_empty() => {
                Ok(Node::Split(Box::new(node), by))
            }
            ("join", Some(node), Some(Node::Text(by)), None) => Ok(Node::Join(Box::new(node), by)),
            ("findMatch", Some(node), Some(Node::Text(pattern)), None) => {
                let regex = compiled(&String::from_utf8_lossy(&pattern), "")
                    .map_err(|error| error.problem)?;
                Ok(Node::FirstMatch(Box::new(node), regex))
            }
            ("min" | "max", ..) => wrong("two numbers"),
            ("split" | "join" | "findMatch", ..) => wrong("a value and a text as it is"),
            ("size" | "len", Some(node), None, None) => Ok(Node::Length(Box::new(node))),
            ("lower", Some(node), None, None) => Ok(Node::Lower(Box::new(node))),
            (
                "entropy"
                | "failsTokenEfficiency"
                | "tokenEfficiencyOK"
                | "tokenRatio"
                | "setConfidence"
                | "size"
                | "len"
                | "lower",
                ..,
            ) => wrong("one value"),
            _ => Err(format!("the function `{name}` is not known")),
        }
    }

    /// `get(attributes, "path", "")`.
    fn get(&mut self) -> Parsed {
        self.needs("(")?;
        let of = self.name()?;
        if of != "attributes" && of != "finding" {
            return Err(format!("`get` of `{of}` is not known"));
        }
        self.needs(",")?;
        let key = match self.tokens.get(self.at) {
            Some(Token::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            _ => return Err("a key is no text".to_owned()),
        };
        self.at = self.at.saturating_add(1);
        let node = self.asked(&of, &key)?;
        if self.takes(")") {
            return Ok(node);
        }
        self.needs(",")?;
        let otherwise = self.choice()?;
        self.needs(")")?;
        Ok(Node::Else(Box::new(node), Box::new(otherwise)))
    }
}

fn one_or(mut nodes: Vec<Node>, many: impl FnOnce(Vec<Node>) -> Node) -> Node {
    match nodes.len() {
        1 => nodes.pop().unwrap_or(Node::Nothing),
        _ => many(nodes),
    }
}

fn not_if(negated: bool, node: Node) -> Node {
    if negated {
        Node::Not(Box::new(node))
    } else {
        node
    }
}

fn texts(nodes: Vec<Node>, name: &str) -> Result<Vec<Vec<u8>>, String> {
    let text = |node| match node {
        Node::Text(text) => Ok(text),
        _ => Err(format!("`{name}` needs a list of texts as they are")),
    };
    nodes.into_iter().map(text).collect()
}

fn matches_any(node: Node, patterns: Vec<Node>) -> Parsed {
    let patterns = texts(patterns, "matchesAny")?;
    if patterns.is_empty() {
        return Ok(Node::Truth(false));
    }
    let mut joined = String::new();
    for pattern in patterns {
        if !joined.is_empty() {
            joined.push('|');
        }
        joined.push_str("(?:");
        joined.push_str(&String::from_utf8_lossy(&pattern));
        joined.push(')');
    }
    let regex = compiled(&joined, "").map_err(|error| error.problem)?;
    Ok(Node::Matches(Box::new(node), regex))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str) -> bool {
        let facts = Facts {
            path: "tests/fixtures/a.md",
            commit: Some("abc123"),
            secret: b"q8Zk2LmX7vTr4WnYb1CdP0",
            whole: b"key=q8Zk2LmX7vTr4WnYb1CdP0",
            line: b"  Example: key=q8Zk2LmX7vTr4WnYb1CdP0",
            rule: "r1",
            description: "d",
            fragment: b"first\n  Example: key=q8Zk2LmX7vTr4WnYb1CdP0 # end\nlast",
            span: (17, 43),
            line_span: (6, 49),
            ..Facts::default()
        };
        Expr::parse(text)
            .unwrap_or_else(|error| panic!("{text}: {error}"))
            .holds(&facts)
    }

    #[test]
    fn both_dialects_say_the_same() {
        for text in [
            // CEL, as version 1 writes it.
            "filter.matchesAny(attributes[?\"path\"].orValue(\"\"), [r\"\"\"(?i)\\.(?:md|txt)$\"\"\"])",
            "attributes[?\"path\"].orValue(\"\").startsWith(\"tests/\") && finding[\"line\"].contains(\"Example\")",
            "// why\nfinding[\"rule_id\"] in [\"r0\", \"r1\"]",
            "attributes[?\"git.author_name\"].orValue(\"\") == \"\"",
            // Expr, as later versions do.
            "matchesAny(get(attributes, \"path\", \"\"), [\n `(?i)\\.(?:docx?)$`,\n `\\.md$`,\n])",
            "finding.line contains \"Example\" and not (finding.secret endsWith \"x\")",
            "(attributes.path ?? \"\") matches '^tests/'",
            "finding.secret not in [\"a\", \"b\"]",
            "entropy(finding.secret) > 3.5 ? true : false",
            "containsAny(finding[\"line\"], [\"example:\", \"placeholder\"])",
            "!failsTokenEfficiency(finding[\"secret\"]) || false",
            "get(attributes, \"git.sha\") == \"abc123\"",
            "len(finding.secret) >= 22 && size(finding.secret) < 23",
            "\"a\" + \"b\" == 'ab'",
            "-1 < 0",
            // What version 2 adds.
            "let x = 1; x + 1 == 2",
            "let a = \"x\"; let b = a + \"y\"; a == \"x\" && b == \"xy\"",
            "false || (\nlet x = len(finding.secret);\nx - 2 == 20\n)",
            "let x = 1; let x = x + 1; x == 2",
            "let level = true ? \"low\" : \"high\"; let _ = setConfidence(level); level == \"low\"",
            "finding[\"fragment_raw\"][finding[\"match_start_idx\"]:finding[\"match_end_idx\"]] == finding[\"match\"]",
            "finding.fragment_raw[max(finding.match_start_idx - 50, finding.match_line_start_idx):finding.match_start_idx] == \"  Example: \"",
            "finding.fragment_raw[finding.match_end_idx:min(finding.match_end_idx + 50, finding.match_line_end_idx)] == \" # end\"",
            "let lines = split(finding.fragment_raw, \"\\n\"); len(lines) == 3 && lines[len(lines) - 1] == \"last\"",
            "join(split(\"a-b-c\", \"-\")[1:], \"+\") == \"b+c\" && join(split(\"a-b-c\", \"-\")[:9], \"\") == \"abc\"",
            "findMatch(\"client.id\", \"^[a-z]+\") == \"client\" && findMatch(\"1\", \"^[a-z]+\") == \"\"",
            "tokenRatio(finding.secret) < 2.5 && tokenRatio(\"correct-horse-battery\") >= 2.5",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in [
            "entropy(finding[\"secret\"]) <= 3.0",
            "failsTokenEfficiency(finding[\"secret\"])",
            "containsAny(finding[\"secret\"], [])",
            "matchesAny(finding.secret, [])",
            // What is not known never holds, not even its opposite.
            "attributes[\"git.author_name\"] contains \"bot\"",
            "!(attributes[\"git.author_name\"] contains \"bot\")",
            "let who = attributes[\"git.author_name\"]; who contains \"bot\" || !(who contains \"bot\")",
            "split(\"a\", \"-\")[1] == \"a\"",
            "\"a\" - \"b\" == 0",
            "false",
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        for (text, said) in [
            ("jwtExpired(finding.secret)", "`jwtExpired` is not known"),
            ("finding[\"context\"] == \"\"", "finding[\"context\"]"),
            ("finding.secret", "neither true nor false"),
            ("let x = 1; y == 1", "`y` is not known"),
            ("(let x = 1; x == 1) && x == 1", "`x` is not known"),
            ("let x = 1", "`;` is missing"),
            ("let x = 1; x + 1", "neither true nor false"),
            ("split(finding.line, \"\") == \"\"", "a value and a text"),
            ("finding.line[] == \"\"", "not expected"),
            ("min(1) == 1", "two numbers"),
            ("entropy(1, 2) > 3", "takes one value"),
            ("matchesAny(finding.secret, [`(`])", "unclosed"),
            ("true &&", "ends too early"),
            ("(true", "`)` is missing before the end"),
            ("\"abc", "without an end"),
            ("true true", "`true` is not expected"),
            ("finding.secret in finding.line", "needs a list"),
            ("§", "not known"),
            ("", "ends too early"),
        ] {
            let error = Expr::parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        let deep = "(".repeat(100_000);
        assert!(Expr::parse(&deep).unwrap_err().contains("nested"));
        let unknown = Expr::parse("attributes[\"git.date\"] == \"x\"").unwrap();
        assert_eq!(unknown.unknown, ["git.date"]);
    }
}
