//! What is written in another form inside a text: base64, hex, escapes, UTF-16, and what is packed. Looked for
//! only in runs of token bytes and around escapes; depth and output are bounded.

mod escape;
mod pack;

pub use escape::escaped_at;
pub use pack::{open, packed, unpacked, utf16};

use crate::run;
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use std::ops::Range;
use zeroize::Zeroizing;

/// How many forms deep is looked.
pub const DEPTH: u8 = 4;
/// The longest text in another form that is read, in bytes.
pub const LONGEST: usize = 1 << 20;
/// How many bytes one text may come to in other forms, in all.
pub const BUDGET: usize = 64 << 20;

/// A form that a text can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coding {
    /// RFC 4648, sections 4 and 5.
    Base64,
    /// RFC 4648, section 8.
    Hex,
    /// Percent signs (RFC 3986).
    Url,
    /// Backslashes, as JSON and YAML write them.
    Escape,
    /// Two bytes a character.
    Utf16,
    /// RFC 1952.
    Gzip,
    /// RFC 1950.
    Zlib,
    /// RFC 8878.
    Zstd,
    /// Burrows–Wheeler.
    Bzip2,
    /// LZMA2 in its container.
    Xz,
}

impl Coding {
    /// The stable word, also for a sentence: "in base64, in gzip".
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Url => "url",
            Self::Escape => "escape",
            Self::Utf16 => "utf-16",
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }
}

/// A part of a text, as it reads.
pub struct Decoded {
    /// Where it stands.
    pub span: Range<usize>,
    /// What it reads.
    pub bytes: Zeroizing<Vec<u8>>,
    /// In which forms it is written, the outermost first.
    pub chain: Vec<Coding>,
    /// Where each byte comes from, for forms that keep their order; with the end as its last.
    pub map: Option<Vec<usize>>,
}

/// What a run of token bytes reads in base64 or hex, where that is text or something packed.
#[must_use]
pub fn in_run(text: &[u8], run: Range<usize>, budget: &mut usize) -> Option<Decoded> {
    let bytes = text.get(run.clone())?;
    let (mut digit, mut upper, mut lower, mut other) = (false, false, false, false);
    for byte in bytes {
        match byte {
            b'0'..=b'9' => digit = true,
            b'A'..=b'Z' => upper = true,
            b'a'..=b'z' => lower = true,
            _ => other = true,
        }
    }
    if digit && !other && !(upper && lower) {
        return hex(bytes, run, budget);
    }
    if !(upper && lower) || bytes.len() < SHORTEST {
        return None;
    }
    base64(text, run, budget)
}

/// The shortest base64 that is read, in bytes: 12 behind it.
const SHORTEST: usize = 16;
/// The most places of a run at which base64 may begin.
const STARTS: usize = 12;

fn base64(text: &[u8], run: Range<usize>, budget: &mut usize) -> Option<Decoded> {
    let bytes = text.get(run.clone())?;
    let after_separator = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| !byte.is_ascii_alphanumeric())
        .map(|(at, _)| at.saturating_add(1))
        .take(STARTS);
    let start = (0..4).chain(after_separator).find(|start| {
        let ahead = bytes.get(*start..).unwrap_or_default();
        ahead.first_chunk::<SHORTEST>().is_some_and(|head| {
            let mut quick = [0u8; 12];
            may_promise(head) && sextets(head, &mut quick) && promises(&quick)
        })
    })?;
    let from = run.start.saturating_add(start);
    let (mut letters, end) = gathered(text, from, *budget);
    if letters.len() % 4 == 1 {
        letters.pop();
    }
    // INVARIANT: the two alphabets differ in two characters alone, and these are made one.
    for byte in letters.iter_mut() {
        match byte {
            b'-' => *byte = b'+',
            b'_' => *byte = b'/',
            _ => {}
        }
    }
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let decoded = Zeroizing::new(LENIENT.decode(letters.as_slice()).ok()?);
    finished(from..end, decoded, Coding::Base64, budget)
}

/// What each character of base64 stands for, in either alphabet; [`NONE`] where it stands for nothing.
const SEXTETS: [u8; 256] = {
    let mut table = [NONE; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let one = byte as u8;
        #[expect(clippy::indexing_slicing, reason = "below 256, and at compile time")]
        {
            table[byte] = match one {
                b'A'..=b'Z' => one - b'A',
                b'a'..=b'z' => one - b'a' + 26,
                b'0'..=b'9' => one - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                _ => NONE,
            };
        }
        byte += 1;
    }
    table
};
const NONE: u8 = 0xff;

fn sextet(byte: u8) -> u8 {
    SEXTETS.get(usize::from(byte)).copied().unwrap_or(NONE)
}

/// Whether [`promises`] may hold of what this reads, by its first two bytes: of nearly no name it does.
fn may_promise(text: &[u8; SHORTEST]) -> bool {
    let [a, b, c, ..] = *text;
    let (a, b, c) = (sextet(a), sextet(b), sextet(c));
    if a == NONE || b == NONE || c == NONE {
        return false;
    }
    let first = (a << 2) | (b >> 4);
    let second = (b << 4) | (c >> 2);
    match (first, second) {
        (0, byte) | (byte, 0) if is_readable(byte) => true,
        (first, second) if is_readable(first) && is_readable(second) => true,
        // What packers begin with, and the marks of UTF-16.
        (0x1f | 0x28 | 0x42 | 0x78 | 0xfd..=0xff, _) => true,
        _ => false,
    }
}

/// Sixteen characters of base64 as twelve bytes; false where one of them is none.
fn sextets(text: &[u8; SHORTEST], to: &mut [u8; 12]) -> bool {
    for (four, three) in text.chunks_exact(4).zip(to.chunks_exact_mut(3)) {
        let mut word = 0u32;
        for byte in four {
            let value = sextet(*byte);
            if value == NONE {
                return false;
            }
            word = (word << 6) | u32::from(value);
        }
        let [_, a, b, c] = word.to_be_bytes();
        three.copy_from_slice(&[a, b, c]);
    }
    true
}

/// The base64 that begins at `from`, over line breaks in a string or a document; and where it ends.
fn gathered(text: &[u8], from: usize, budget: usize) -> (Zeroizing<Vec<u8>>, usize) {
    const LEAST_LINE: usize = 40;
    const LONGEST_BREAK: usize = 24;
    let most = LONGEST.min(budget);
    let mut letters = Zeroizing::new(Vec::new());
    let mut at = from;
    loop {
        let ahead = text.get(at..).unwrap_or_default();
        let length = ahead
            .iter()
            .take(most.saturating_sub(letters.len()))
            .take_while(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
            })
            .count();
        letters.extend_from_slice(ahead.get(..length).unwrap_or_default());
        at = at.saturating_add(length);
        let ahead = text.get(at..).unwrap_or_default();
        let (mut skipped, mut broken) = (0usize, false);
        while let Some(byte) = ahead.get(skipped).filter(|_| skipped < LONGEST_BREAK) {
            let literal =
                *byte == b'\\' && matches!(ahead.get(skipped.saturating_add(1)), Some(b'n' | b'r'));
            match byte {
                _ if literal => {
                    broken = true;
                    skipped = skipped.saturating_add(1);
                }
                b'\n' => broken = true,
                b'\r' | b' ' | b'\t' | b'"' | b'\'' | b',' | b'\\' | b'#' | b'>' => {}
                _ => break,
            }
            skipped = skipped.saturating_add(1);
        }
        let goes_on =
            broken && length >= LEAST_LINE && letters.len() < most && letters.len() % 4 == 0;
        let next = ahead.get(skipped);
        if !goes_on || !next.is_some_and(|byte| run::is_member(*byte)) {
            return (letters, at);
        }
        at = at.saturating_add(skipped);
    }
}

fn hex(bytes: &[u8], run: Range<usize>, budget: &mut usize) -> Option<Decoded> {
    let value = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pair = |two: &[u8]| match two {
        [a, b] => Some((value(*a)? << 4) | value(*b)?),
        _ => None,
    };
    // `0x` and the like before it.
    let skip = usize::from(bytes.starts_with(b"0x") || bytes.starts_with(b"0X")).saturating_mul(2);
    let bytes = bytes.get(skip..)?;
    let head: Option<Vec<u8>> = bytes.get(..24)?.chunks_exact(2).map(pair).collect();
    if !promises(head?.as_slice()) || bytes.len() > LONGEST {
        return None;
    }
    let decoded: Option<Vec<u8>> = bytes.chunks_exact(2).map(pair).collect();
    let from = run.start.saturating_add(skip);
    finished(from..run.end, Zeroizing::new(decoded?), Coding::Hex, budget)
}

/// Unpacks what was decoded, and keeps it if it is text in the end.
fn finished(
    span: Range<usize>,
    decoded: Zeroizing<Vec<u8>>,
    coding: Coding,
    budget: &mut usize,
) -> Option<Decoded> {
    let (bytes, mut chain) = unpacked(decoded, *budget)?;
    if !is_text(&bytes) {
        return None;
    }
    *budget = budget.saturating_sub(bytes.len());
    chain.insert(0, coding);
    Some(Decoded {
        span,
        bytes,
        chain,
        map: None,
    })
}

fn is_readable(byte: u8) -> bool {
    byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether the first bytes may be those of text, of UTF-16 or of something packed.
fn promises(head: &[u8]) -> bool {
    let readable = |byte: &u8| is_readable(*byte);
    if head.iter().all(readable) || packed(head).is_some() {
        return true;
    }
    let mut sides = [true, true];
    for pair in head.chunks_exact(2) {
        let [a, b] = pair else { continue };
        sides = [
            sides[0] && *b == 0 && readable(a),
            sides[1] && *a == 0 && readable(b),
        ];
    }
    sides[0] || sides[1] || head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff])
}

/// Whether bytes read as text: UTF-8 with few control characters.
fn is_text(bytes: &[u8]) -> bool {
    let controls = bytes
        .iter()
        .filter(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
        .count();
    let upto = match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(error) => error.valid_up_to(),
    };
    controls.saturating_mul(20) <= bytes.len()
        && upto.saturating_mul(10) >= bytes.len().saturating_mul(9)
        && !bytes.is_empty()
}

#[cfg(test)]
mod tests;
