//! Messages that quote an input: what in them looks like a secret is cut.

use tenure_scan::judge;

/// A message in which every word that looks like a secret is cut to its first characters. Words that
/// `spare` knows, as a path that the user typed, stay whole.
#[must_use]
pub fn discreet(message: &str, spare: impl Fn(&str) -> bool) -> String {
    const SHOWN: usize = 4;
    let mut out = String::new();
    for piece in message.split_inclusive(is_border) {
        let word = piece.trim_end_matches(is_border);
        let bare = word.trim_end_matches([':', '.', '…']);
        if looks_secret(bare) && !spare(bare) {
            out.extend(bare.chars().take(SHOWN));
            out.push('…');
            out.push_str(piece.get(bare.len()..).unwrap_or_default());
        } else {
            out.push_str(piece);
        }
    }
    out
}

/// Long, changing between letters and digits, and of no form that words, dates and paths have. Sooner one word
/// too many than one secret.
fn looks_secret(word: &str) -> bool {
    const SHORTEST: usize = 16;
    const LETTERS: usize = 24;
    let has = |wanted: fn(&u8) -> bool| word.as_bytes().iter().any(wanted);
    let longest_run = word
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(str::len)
        .max()
        .unwrap_or(0);
    let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    let with_digits = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    let random =
        with_digits && (mixed || longest_run >= SHORTEST) || mixed && longest_run >= LETTERS;
    word.len() >= SHORTEST
        && !word.starts_with('/')
        && random
        && judge::entropy(word.as_bytes()) >= 3.0
}

fn is_border(c: char) -> bool {
    c.is_whitespace() || "\"'`,;()[]{}<>=|".contains(c)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_cut_and_the_rest_stays() {
        let secret = "q8Zk2LmX7vTr4WnYb1CdP0";
        let message =
            format!("in/k.toml: line 3: `{secret}`, expected one of `read_narrow`: {secret}: x");
        let said = discreet(&message, |_| false);
        assert_eq!(
            said,
            "in/k.toml: line 3: `q8Zk…`, expected one of `read_narrow`: q8Zk…: x"
        );
        assert_eq!(discreet(&message, |word| word == secret), message);
        let plain = "created_at: `2026-11-24T00:00:00Z` is after today, 2026-11-23";
        assert_eq!(discreet(plain, |_| false), plain);
    }
}
