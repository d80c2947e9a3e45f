//! Private keys in armour: PEM (RFC 7468), OpenSSH, PGP; also on one line with literal `\n`.

use std::ops::Range;

/// How every armour begins.
pub const BEGIN: &[u8] = b"-----BEGIN ";
/// The longest armour, in bytes.
pub const LONGEST: usize = 16 << 10;
/// The shortest body that can hold a key, in bytes.
const SHORTEST: usize = 64;

/// The private key whose armour begins at `start`, if one ends within [`LONGEST`].
#[must_use]
pub fn at(text: &[u8], start: usize) -> Option<Range<usize>> {
    let ahead = text.get(start..)?;
    let ahead = ahead.get(..LONGEST.min(ahead.len()))?;
    let label = ahead.strip_prefix(BEGIN)?;
    let label = label.get(..find(label, b"-----")?)?;
    if label.len() > 40 || !label.windows(11).any(|word| word == b"PRIVATE KEY") {
        return None;
    }
    let body = BEGIN.len().saturating_add(label.len()).saturating_add(5);
    let end = find(ahead.get(body..)?, b"-----END ")?.saturating_add(body);
    if end.saturating_sub(body) < SHORTEST
        || !ahead.get(body..end)?.iter().all(|byte| is_armour(*byte))
    {
        return None;
    }
    let close = end.saturating_add(b"-----END ".len());
    let tail = ahead.get(close..)?;
    tail.starts_with(label).then_some(())?;
    let tail = tail.get(label.len()..)?;
    tail.starts_with(b"-----").then(|| {
        let length = close.saturating_add(label.len()).saturating_add(5);
        start..start.saturating_add(length)
    })
}

/// What stands in an armour: base64, headers (`Proc-Type: 4,ENCRYPTED`), and how a string breaks its lines.
fn is_armour(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte.is_ascii_whitespace()
        || matches!(
            byte,
            b'+' | b'/'
                | b'='
                | b':'
                | b','
                | b'.'
                | b'-'
                | b'\\'
                | b'"'
                | b'\''
                | b'('
                | b')'
                | b'@'
                | b'_'
        )
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_armour_is_found_whole_and_only_of_a_private_key() {
        let body = "QUJD".repeat(20);
        let armour = |label: &str, end: &str| {
            format!("-----BEGIN {label}-----\n{body}\n-----END {end}-----")
        };
        let whole = armour("RSA PRIVATE KEY", "RSA PRIVATE KEY");
        assert_eq!(at(whole.as_bytes(), 0), Some(0..whole.len()));
        let escaped = whole.replace('\n', "\\n");
        assert_eq!(at(escaped.as_bytes(), 0), Some(0..escaped.len()));
        for text in [
            armour("PUBLIC KEY", "PUBLIC KEY"),
            armour("PRIVATE KEY", "RSA PRIVATE KEY"),
            "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----".to_owned(),
            whole.replace("QUJDQUJD", "<your key>"),
        ] {
            assert_eq!(at(text.as_bytes(), 0), None, "{text}");
        }
    }
}
