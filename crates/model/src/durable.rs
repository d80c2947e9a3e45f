//! The durable id of a key in findings: the same on every machine, without shared state, and of no help to
//! whoever guesses. docs/scan.md argues it.
//!
//! A secret that nobody can guess is known by a hash of itself: `k1_` and 128 bits. Of a secret that somebody
//! might guess, the id tells at most 12 bits, and the rest of it comes from the name that holds it: `n1_`.

use crate::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// From this estimate on, in bits, guessing is out of the question and the id is a hash of the secret.
pub const UNGUESSABLE: u32 = 72;

/// What the id of a guessable secret tells of it, in bits.
pub const TOLD: u32 = 12;

/// The id of a secret, found by `rule` under the name `variable`.
#[must_use]
pub fn id(secret: &Secret, rule: &str, variable: Option<&str>) -> String {
    let bytes = canonical(secret.expose());
    if strength(&bytes) >= UNGUESSABLE {
        let hash = mac(b"key", &[&bytes]);
        return format!("k1_{}", first(&hash, 32));
    }
    let name = variable.unwrap_or_default().to_ascii_lowercase();
    let place = mac(b"name", &[rule.as_bytes(), name.as_bytes()]);
    let told = mac(b"told", &[&bytes]);
    // Three hex digits are 12 bits.
    format!("n1_{}{}", first(&place, 16), first(&told, 3))
}

/// Whether an id stands for one secret alone.
#[must_use]
pub fn is_whole(id: &str) -> bool {
    id.starts_with("k1_")
}

fn first(bytes: &[u8], digits: usize) -> String {
    crate::digest::hex(bytes).chars().take(digits).collect()
}

/// HMAC-SHA-256 (RFC 2104) under a key that is no secret: it only keeps these values apart from all others.
fn mac(what: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(b"tenure.scan/1 durable id") else {
        // HMAC takes a key of any length, so there is no such case.
        return Vec::new();
    };
    for part in [what].iter().chain(parts) {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        mac.update(&length.to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// One spelling of what is written in several: a PEM block in lines, on one line, or with literal `\n`.
fn canonical(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    if !bytes.starts_with(b"-----BEGIN ") {
        return Zeroizing::new(bytes.to_vec());
    }
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut rest = bytes;
    while let Some((byte, tail)) = rest.split_first() {
        rest = match (byte, tail.split_first()) {
            (b'\\', Some((b'n' | b'r', after))) => after,
            _ => tail,
        };
        // White space, and what strings of a program or of JSON put around lines.
        let between = matches!(byte, b'\\' | b'"' | b'\'' | b'`' | b',');
        if !byte.is_ascii_whitespace() && !between {
            out.push(*byte);
        }
    }
    out
}

/// How many bits a guesser has to get right, at least: words, dates, repeats and letters that are written as
/// digits count for little, whatever their length.
#[must_use]
pub fn strength(bytes: &[u8]) -> u32 {
    let plain = estimate(bytes);
    let hex = bytes
        .iter()
        .all(|b| b.is_ascii_hexdigit() || !b.is_ascii_alphanumeric());
    if hex {
        return plain;
    }
    let spelled: Zeroizing<Vec<u8>> = Zeroizing::new(bytes.iter().map(|b| letter(*b)).collect());
    plain.min(estimate(&spelled))
}

/// The letter that people write as a digit.
fn letter(byte: u8) -> u8 {
    match byte {
        b'0' => b'o',
        b'1' => b'l',
        b'3' => b'e',
        b'4' => b'a',
        b'5' => b's',
        b'7' => b't',
        b'@' => b'a',
        b'$' => b's',
        other => other,
    }
}

/// A run of letters or digits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letters,
    Digits,
}

fn estimate(bytes: &[u8]) -> u32 {
    let mut seen: Vec<Zeroizing<Vec<u8>>> = Vec::new();
    let mut bits = 0u32;
    for segment in bytes.split(|b| !b.is_ascii_alphanumeric()) {
        // A segment of letters alone is a word: `live`, `ghp`, `correct` of `correct-horse`.
        let word = segment.len() <= 16 && segment.iter().all(u8::is_ascii_alphabetic);
        if word && one_case(segment) {
            continue;
        }
        for (kind, run) in runs(segment) {
            let folded = Zeroizing::new(run.to_ascii_lowercase());
            if seen.contains(&folded) {
                bits = bits.saturating_add(1);
                continue;
            }
            let length = u32::try_from(run.len()).unwrap_or(u32::MAX);
            bits = bits.saturating_add(match (kind, length) {
                (Kind::Letters, 0..=3) => length.saturating_mul(4),
                (Kind::Letters, _) => 13,
                (Kind::Digits, 0..=3) => length.saturating_mul(3),
                (Kind::Digits, _) => 12,
            });
            // A long text is beyond doubt long before its end.
            if bits >= 512 {
                return bits;
            }
            if run.len() > 1 {
                seen.push(folded);
            }
        }
    }
    bits
}

/// All small, all capital, or one capital and small ones.
fn one_case(word: &[u8]) -> bool {
    let rest = word.get(1..).unwrap_or_default();
    rest.iter().all(u8::is_ascii_lowercase) || word.iter().all(u8::is_ascii_uppercase)
}

/// Runs of digits, of small letters with the capital before them, and of capital letters.
fn runs(segment: &[u8]) -> Vec<(Kind, &[u8])> {
    let class = |b: u8| (b.is_ascii_digit(), b.is_ascii_uppercase());
    let mut out = Vec::new();
    let mut start = 0usize;
    for at in 1..=segment.len() {
        let (Some(before), next) = (segment.get(at.saturating_sub(1)), segment.get(at)) else {
            continue;
        };
        let begins_a_word = at.saturating_sub(start) == 1
            && before.is_ascii_uppercase()
            && next.is_some_and(u8::is_ascii_lowercase);
        if next.is_some_and(|next| class(*next) == class(*before)) || begins_a_word {
            continue;
        }
        if let Some(run) = segment.get(start..at) {
            let kind = if before.is_ascii_digit() {
                Kind::Digits
            } else {
                Kind::Letters
            };
            out.push((kind, run));
        }
        start = at;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::template::{Template, numbers};
    use std::collections::BTreeSet;

    fn made(shape: &str, seed: u64) -> String {
        Template::parse(shape).unwrap().example(numbers(seed))
    }

    fn id_of(text: &str) -> String {
        id(
            &Secret::new(text.as_bytes()),
            "generic_secret",
            Some("API_KEY"),
        )
    }

    #[test]
    fn what_no_person_makes_up_is_known_by_itself_alone() {
        for (shape, most) in [
            ("{base62:32}", 390),
            ("{hex:40}", 390),
            ("ghp_{base62:36}", 390),
            ("{upper:40}", 390),
            // Some of these fall on the careful side, which costs nothing but that their name counts.
            ("sk_live_{base62:24}", 340),
        ] {
            let strong = (0..400)
                .filter(|seed| id_of(&made(shape, *seed)).starts_with("k1_"))
                .count();
            assert!(strong >= most, "{shape}: {strong} of 400");
        }
        let key = Secret::new(made("{base62:40}", 1).as_bytes());
        assert_eq!(id(&key, "a/b", Some("X")), id(&key, "c/d", None));
        assert_eq!(id(&key, "a/b", None).len(), 35);
    }

    /// What people make up, in the forms that rules ask for: letters, digits, signs, length.
    const MADE_UP: [&str; 20] = [
        "Summer2026!",
        "correct-horse-battery-staple-1",
        "CorrectHorseBatteryStaple2024",
        "P4ssw0rd!2024Xyz#Abc1",
        "MyC0mp4nyS3cr3tK3yF0rPr0d",
        "administrator1234567890",
        "qwertyuiop1234567890asdf",
        "Admin123Admin123Admin123Admin123",
        "hunter2hunter2hunter2hunter2",
        "S3cur3-P@ssw0rd-F0r-D4t4b4s3",
        "welcome.to.the.jungle.1987",
        "Manchester-United-1999-2008",
        "jdbc_prod_user_2023_secret",
        "TestTestTestTest1111",
        "northwind-payments-prod-2025",
        "Th1sIsMyV3ryL0ngS3cr3t!!",
        "abcdefghijklmnopqrstuvwxyz123456",
        "letmein-letmein-2022-letmein",
        "SuperSecretPassword12345678",
        "production_database_password_01",
    ];

    #[test]
    fn what_people_make_up_is_never_known_by_its_hash() {
        for text in MADE_UP {
            assert!(
                id_of(text).starts_with("n1_"),
                "{text}: {}",
                strength(text.as_bytes())
            );
        }
    }

    #[test]
    fn guessing_gets_nowhere_since_many_guesses_fit() {
        // All words of a guesser's list under one name: each id stands for hundreds of them.
        let guesses = 1u32 << 16;
        let target = id_of("Summer2026!");
        let fit = (0..guesses)
            .filter(|n| id_of(&format!("Summer{n}!")) == target)
            .count();
        assert!((4..64).contains(&fit), "{fit} of {guesses} guesses fit");
        let all: BTreeSet<String> = (0..guesses).map(|n| id_of(&format!("Winter{n}"))).collect();
        assert!(all.len() <= 1 << TOLD, "{}", all.len());
    }

    #[test]
    fn a_guessable_secret_under_another_name_is_another_key() {
        let secret = Secret::new(b"Summer2026!");
        let id = |rule, name| id(&secret, rule, Some(name));
        assert_ne!(
            id("generic_secret", "DB_TOKEN"),
            id("generic_secret", "MAIL_TOKEN")
        );
        assert_eq!(
            id("generic_secret", "DB_TOKEN"),
            id("generic_secret", "db_token")
        );
        assert_ne!(id_of("Summer2026!"), id_of("Summer2027!"));
    }

    #[test]
    fn a_private_key_is_one_however_its_lines_are_written() {
        let body: Vec<String> = (0..4).map(|n| made("{base64:64}", n)).collect();
        let lines = |between: &str| {
            format!(
                "-----BEGIN PRIVATE KEY-----{between}{}{between}-----END PRIVATE KEY-----",
                body.join(between)
            )
        };
        let ids: BTreeSet<String> = ["\n", "\r\n", "\\n", "\n    ", "\\r\\n", "\\n\",\n    \""]
            .map(|between| id_of(&lines(between)))
            .into();
        assert_eq!(ids.len(), 1);
    }
}
