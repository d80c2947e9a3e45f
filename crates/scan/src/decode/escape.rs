//! Escapes inside a token: percent signs, and backslashes as JSON and YAML write them.

use super::{Coding, Decoded};
use zeroize::Zeroizing;

/// How far a token with escapes goes to each side, in bytes.
const FARTHEST: usize = 4096;
/// The fewest letters and digits that make reading it worth while.
const LEAST: usize = 12;

/// The token around an escape at `at`, as it reads; `None` where it is too short to hold a key.
#[must_use]
pub fn escaped_at(text: &[u8], at: usize) -> Option<Decoded> {
    let inside = |byte: &&u8| {
        !byte.is_ascii_whitespace() && !matches!(**byte, b'"' | b'\'' | b'`' | b'<' | b'>')
    };
    let before = text.get(at.saturating_sub(FARTHEST)..at)?;
    let ahead = text.get(at..)?;
    let from = at.saturating_sub(before.iter().rev().take_while(inside).count());
    let to = at.saturating_add(ahead.iter().take(FARTHEST).take_while(inside).count());
    let token = text.get(from..to)?;
    if token
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .count()
        < LEAST
    {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(token.len()));
    let mut map = Vec::with_capacity(token.len());
    let mut coding = None;
    let mut place = 0usize;
    while let Some(rest) = token.get(place..).filter(|rest| !rest.is_empty()) {
        let (byte, length, how) = one(rest)?;
        coding = coding.or(how);
        bytes.push(byte);
        map.push(from.saturating_add(place));
        place = place.saturating_add(length);
    }
    map.push(to);
    Some(Decoded {
        span: from..to,
        bytes,
        chain: vec![coding?],
        map: Some(map),
    })
}

/// The first byte of a text as it reads, how long it is written, and how.
fn one(text: &[u8]) -> Option<(u8, usize, Option<Coding>)> {
    let hex = |range: std::ops::Range<usize>| {
        let digits = std::str::from_utf8(text.get(range)?).ok()?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let read = match text {
        [b'%', ..] => hex(1..3).map(|code| (code, 3, Coding::Url)),
        [b'\\', b'u', ..] => hex(2..6).map(|code| (code, 6, Coding::Escape)),
        [b'\\', b'x', ..] => hex(2..4).map(|code| (code, 4, Coding::Escape)),
        [b'\\', b'/', ..] => Some((u32::from(b'/'), 2, Coding::Escape)),
        // A line break ends a token; here it becomes what no key has.
        [b'\\', b'n' | b'r' | b't', ..] => Some((u32::from(b'\n'), 2, Coding::Escape)),
        _ => None,
    };
    match read {
        Some((code, length, coding)) => {
            Some((u8::try_from(code).unwrap_or(b'?'), length, Some(coding)))
        }
        None => text.first().map(|byte| (*byte, 1, None)),
    }
}
