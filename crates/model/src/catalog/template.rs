//! Templates: one text that is both the pattern of a key format and the generator of its examples.
//!
//! A template is literal text and classes, `{class:n}` or `{class:n-m}`; `{{` and `}}` are braces.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt::Write as _;

/// The longest text that a template may describe.
pub const LONGEST: usize = 4_096;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Class {
        alphabet: Vec<u8>,
        least: usize,
        most: usize,
    },
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template `{template}`: {problem}")]
pub struct TemplateError {
    /// The template.
    pub template: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Characters of a named or bracket class, sorted; `None` for an unknown name.
fn alphabet(name: &str) -> Option<Vec<u8>> {
    let bracket = match name {
        "digit" => "0-9",
        "hex" => "0-9a-f",
        "HEX" => "0-9A-F",
        "base32" => "A-Z2-7",
        "upper" => "A-Z0-9",
        "lower" => "a-z0-9",
        "base62" => "A-Za-z0-9",
        "word" => "A-Za-z0-9_",
        "urlsafe" => "A-Za-z0-9_-",
        "base64" => "A-Za-z0-9+/",
        other => other.strip_prefix('[')?.strip_suffix(']')?,
    };
    let bytes = bracket.as_bytes();
    let mut set = Vec::new();
    let mut index = 0usize;
    while let Some(first) = bytes.get(index) {
        let range = bytes.get(index.saturating_add(1)) == Some(&b'-');
        match bytes.get(index.saturating_add(2)) {
            Some(last) if range => {
                if first > last {
                    return None;
                }
                set.extend(*first..=*last);
                index = index.saturating_add(3);
            }
            _ => {
                set.push(*first);
                index = index.saturating_add(1);
            }
        }
    }
    set.sort_unstable();
    set.dedup();
    (!set.is_empty()
        && set
            .iter()
            .all(|byte| byte.is_ascii_graphic() || *byte == b' '))
    .then_some(set)
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// Says which class or count is not understood.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let fail = |problem: String| TemplateError {
            template: text.to_owned(),
            problem,
        };
        let mut pieces: Vec<Piece> = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(tail) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
                literal.push(c);
                rest = tail;
            } else if let Some(tail) = rest.strip_prefix('{') {
                // A bracket class may hold a closing brace or a colon, so its end is looked for after `]`.
                let from = tail
                    .strip_prefix('[')
                    .map_or(Some(0), |t| t.find("]:").map(|at| at.saturating_add(2)));
                let end = from
                    .and_then(|from| {
                        tail.get(from..)
                            .and_then(|t| t.find('}'))
                            .map(|at| at.saturating_add(from))
                    })
                    .ok_or_else(|| fail("a `{` is not closed".to_owned()))?;
                let class = tail.get(..end).unwrap_or_default();
                rest = tail.get(end.saturating_add(1)..).unwrap_or_default();
                let (name, count) = class
                    .rsplit_once(':')
                    .ok_or_else(|| fail(format!("`{{{class}}}` has no count")))?;
                let alphabet =
                    alphabet(name).ok_or_else(|| fail(format!("`{name}` is no class")))?;
                let (least, most) = count.split_once('-').unwrap_or((count, count));
                let number = |n: &str| {
                    n.parse::<usize>()
                        .map_err(|_| fail(format!("`{count}` is no count")))
                };
                let (least, most) = (number(least)?, number(most)?);
                if least > most || most == 0 {
                    return Err(fail(format!("`{count}` is an empty range")));
                }
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                pieces.push(Piece::Class {
                    alphabet,
                    least,
                    most,
                });
            } else if c == '}' {
                return Err(fail("a `}` stands alone; write `}}`".to_owned()));
            } else {
                literal.push(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        let template = Self {
            text: text.to_owned(),
            pieces,
        };
        if template.pieces.is_empty() || template.longest() > LONGEST {
            return Err(fail(format!(
                "describes nothing, or more than {LONGEST} characters"
            )));
        }
        Ok(template)
    }

    /// The literal text that every match starts with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Literal(text)) => text,
            _ => "",
        }
    }

    /// Whether the literal start is long enough to be looked for without a name before it.
    #[must_use]
    pub fn is_anchored(&self) -> bool {
        self.prefix().len() >= 3
    }

    /// The length of the shortest match.
    #[must_use]
    pub fn shortest(&self) -> usize {
        self.lengths(|least, _| least)
    }

    /// The length of the longest match.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.lengths(|_, most| most)
    }

    fn lengths(&self, of: impl Fn(usize, usize) -> usize) -> usize {
        self.pieces.iter().fold(0usize, |sum, piece| {
            sum.saturating_add(match piece {
                Piece::Literal(text) => text.len(),
                Piece::Class { least, most, .. } => of(*least, *most),
            })
        })
    }

    /// The bytes that may stand in the last class; empty after a literal end.
    #[must_use]
    pub fn last_alphabet(&self) -> &[u8] {
        match self.pieces.last() {
            Some(Piece::Class { alphabet, .. }) => alphabet,
            _ => &[],
        }
    }

    /// Where the match that starts at the first byte of `text` ends; every class takes as much as it can, as
    /// in a greedy regular expression.
    #[must_use]
    pub fn end_in(&self, text: &[u8]) -> Option<usize> {
        end_of(&self.pieces, text, 0)
    }

    /// How many bytes at the start of every match are all of `class`.
    #[must_use]
    pub fn head_within(&self, class: impl Fn(u8) -> bool) -> usize {
        let mut sure = 0usize;
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => {
                    let fitting = text.bytes().take_while(|byte| class(*byte)).count();
                    sure = sure.saturating_add(fitting);
                    if fitting < text.len() {
                        break;
                    }
                }
                Piece::Class {
                    alphabet, least, ..
                } => {
                    if !alphabet.iter().all(|byte| class(*byte)) {
                        break;
                    }
                    sure = sure.saturating_add(*least);
                }
            }
        }
        sure
    }

    /// How many bits of choice the last `bytes` bytes of a match carry at the least: what a vendor fixes
    /// carries none. A match shorter than that has none to speak of.
    #[must_use]
    pub fn tail_bits(&self, bytes: usize) -> f64 {
        let mut left = bytes;
        let mut bits = 0.0;
        for piece in self.pieces.iter().rev() {
            match piece {
                Piece::Literal(text) => left = left.saturating_sub(text.len()),
                Piece::Class {
                    alphabet,
                    least,
                    most,
                } => {
                    // INVARIANT: with fewer of these characters, more of what stands before them is in the
                    // tail; so only the least number is sure to carry bits.
                    let sure = u32::try_from((*least).min(left)).unwrap_or(u32::MAX);
                    let size = u32::try_from(alphabet.len()).unwrap_or(u32::MAX);
                    bits += f64::from(sure) * f64::from(size).log2();
                    left = left.saturating_sub(*most);
                }
            }
            if left == 0 {
                break;
            }
        }
        if left == 0 || self.shortest() >= bytes {
            bits
        } else {
            0.0
        }
    }

    /// The template as a regular expression, without anchors.
    #[must_use]
    pub fn pattern(&self) -> String {
        let mut pattern = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => {
                    for byte in text.bytes() {
                        let _ = write!(pattern, "\\x{byte:02X}");
                    }
                }
                Piece::Class {
                    alphabet,
                    least,
                    most,
                } => {
                    pattern.push('[');
                    for byte in alphabet {
                        let _ = write!(pattern, "\\x{byte:02X}");
                    }
                    pattern.push(']');
                    let _ = if least == most {
                        write!(pattern, "{{{least}}}")
                    } else {
                        write!(pattern, "{{{least},{most}}}")
                    };
                }
            }
        }
        pattern
    }

    /// An example, from a source of numbers that the caller seeds. Not secret: made up, never issued.
    pub fn example(&self, mut random: impl FnMut() -> u64) -> String {
        let mut text = String::new();
        let mut below = |bound: usize| {
            let bound = u64::try_from(bound).unwrap_or(1).max(1);
            usize::try_from(random() % bound).unwrap_or(0)
        };
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Class {
                    alphabet,
                    least,
                    most,
                } => {
                    let count =
                        least.saturating_add(below(most.saturating_sub(*least).saturating_add(1)));
                    for _ in 0..count {
                        text.push(
                            alphabet
                                .get(below(alphabet.len()))
                                .copied()
                                .map_or('0', char::from),
                        );
                    }
                }
            }
        }
        text
    }
}

impl std::fmt::Display for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

fn end_of(pieces: &[Piece], text: &[u8], at: usize) -> Option<usize> {
    let Some((first, rest)) = pieces.split_first() else {
        return Some(at);
    };
    let ahead = text.get(at..)?;
    match first {
        Piece::Literal(literal) => ahead
            .starts_with(literal.as_bytes())
            .then(|| at.saturating_add(literal.len()))
            .and_then(|at| end_of(rest, text, at)),
        Piece::Class {
            alphabet,
            least,
            most,
        } => {
            let fitting = ahead
                .iter()
                .take(*most)
                .take_while(|byte| alphabet.binary_search(byte).is_ok())
                .count();
            let mut count = fitting;
            while count >= *least {
                let end = end_of(rest, text, at.saturating_add(count));
                if end.is_some() || count == 0 {
                    return end;
                }
                count = count.saturating_sub(1);
            }
            None
        }
    }
}

/// Small numbers for examples (SplitMix64, public domain): the same for the same seed, and nothing more.
pub fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_generates_and_prints_a_pattern() {
        let template = Template::parse("ex_{{{hex:4}-{[A-Z:}]:2-3}").unwrap();
        assert_eq!(template.prefix(), "ex_{");
        assert_eq!((template.shortest(), template.longest()), (11, 12));
        let mut random = numbers(1);
        for _ in 0..50 {
            let example = template.example(&mut random);
            assert!(
                example.starts_with("ex_{") && (11..=12).contains(&example.len()),
                "{example}"
            );
        }
        assert!(template.pattern().starts_with("\\x65\\x78\\x5F\\x7B["));
        assert!(Template::parse("{digit:2}").unwrap().prefix().is_empty());
    }

    #[test]
    fn a_match_takes_as_much_as_it_can_and_gives_back_what_others_need() {
        let end =
            |template: &str, text: &str| Template::parse(template).unwrap().end_in(text.as_bytes());
        assert_eq!(end("ex_{digit:2-4}", "ex_123456"), Some(7));
        assert_eq!(end("ex_{digit:2-4}", "ex_1"), None);
        assert_eq!(end("{[a-z.]:2-9}.com", "a.b.com.com/x"), Some(11));
        assert_eq!(end("{lower:1-9}{digit:2}-", "abc123-"), Some(7));
        assert_eq!(end("{lower:4}", "abc"), None);
        let template = Template::parse("hvs.{urlsafe:24-30}!x").unwrap();
        assert_eq!(template.head_within(|b| b.is_ascii_alphanumeric()), 3);
        assert_eq!(template.head_within(|b| b != b'!'), 28);
    }

    #[test]
    fn a_fixed_tail_carries_no_bits() {
        let bits = |template: &str| Template::parse(template).unwrap().tail_bits(16);
        assert!((bits("ex_{hex:32}") - 64.0).abs() < 1e-9);
        assert!((bits("ex_{digit:32}") - 16.0 * 10f64.log2()).abs() < 1e-9);
        assert!((bits("{base62:40}AZDO{base62:4}") - 12.0 * 62f64.log2()).abs() < 1e-9);
        assert!((bits("{hex:32}0123456789abcdef")).abs() < 1e-9);
        assert!((bits("{hex:4}-{hex:3-12}") - 24.0).abs() < 1e-9);
        assert!((bits("ab{hex:4}")).abs() < 1e-9);
        assert!((bits("ex_{base62:4-40}") - 4.0 * 62f64.log2()).abs() < 1e-9);
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        for text in [
            "",
            "a{hex}",
            "{nothing:3}",
            "{hex:0}",
            "{hex:4-2}",
            "{hex:x}",
            "{hex:3",
            "}",
            "{hex:5000}",
            "{[z-a]:2}",
        ] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
