//! Secrets on their way: zeroizing, never printed, known afterwards only by a keyed fingerprint.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// The bytes of a credential. Debug shows stars; dropping it wipes the memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes, for the few places that have to look.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// What may be shown to tell this key from others: the fixed `prefix` of its kind and the last
    /// `last` characters, and of a short secret nothing of the tail.
    #[must_use]
    pub fn hint(&self, prefix: &str, last: u8) -> Option<String> {
        const SHORTEST_WITH_TAIL: usize = 20;
        let text = std::str::from_utf8(&self.0).ok()?;
        let prefix = if text.starts_with(prefix) { prefix } else { "" };
        let body = text.len().saturating_sub(prefix.len());
        let tail: String = if body >= SHORTEST_WITH_TAIL {
            let skip = text
                .chars()
                .count()
                .saturating_sub(usize::from(last.min(4)));
            text.chars()
                .skip(skip)
                .filter(|c| !c.is_control())
                .collect()
        } else {
            String::new()
        };
        if prefix.is_empty() && tail.is_empty() {
            None
        } else {
            Some(format!("{prefix}…{tail}"))
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// The key under which fingerprints are made; 32 bytes that stay on the machine that made them.
#[derive(Clone)]
pub struct Pepper(Zeroizing<[u8; 32]>);

impl Pepper {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// HMAC-SHA-256 (RFC 2104, FIPS 180-4) of a secret under this pepper.
    #[must_use]
    pub fn fingerprint(&self, secret: &Secret) -> Fingerprint {
        let mut mac = match Hmac::<Sha256>::new_from_slice(self.0.as_slice()) {
            Ok(mac) => mac,
            // HMAC takes a key of any length, so there is no such case.
            Err(_) => return Fingerprint(String::new()),
        };
        mac.update(secret.expose());
        Fingerprint(crate::digest::hex(&mac.finalize().into_bytes()))
    }
}

impl Pepper {
    /// A key for one purpose, from which the pepper does not follow: HKDF-SHA-256 (RFC 5869) with the purpose
    /// as its info.
    #[must_use]
    pub fn derived<const N: usize>(&self, purpose: &str) -> Zeroizing<[u8; N]> {
        let mut key = Zeroizing::new([0u8; N]);
        // HKDF gives up to 255 hashes, so that it cannot refuse the few bytes of a key.
        let _ = Hkdf::<Sha256>::new(None, self.0.as_slice())
            .expand(purpose.as_bytes(), key.as_mut_slice());
        key
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(***)")
    }
}

/// What identifies a key without telling anything about it: 64 lower-case hex characters.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Reads one: 64 lower-case hex characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        (text.len() == 64 && text.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    /// The hex text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_prints_a_secret() {
        let secret = Secret::new(b"hunter2hunter2hunter2hunter2");
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        assert_eq!(format!("{:?}", Pepper::new([7; 32])), "Pepper(***)");
    }

    #[test]
    fn hints_show_little_and_of_short_secrets_nothing() {
        let long = Secret::new(b"ex_live_0123456789abcdefghijWXYZ");
        assert_eq!(long.hint("ex_live_", 4).as_deref(), Some("ex_live_…WXYZ"));
        assert_eq!(long.hint("ex_live_", 9).as_deref(), Some("ex_live_…WXYZ"));
        assert_eq!(long.hint("", 0).as_deref(), None);
        assert_eq!(
            Secret::new(b"ex_live_short").hint("ex_live_", 4).as_deref(),
            Some("ex_live_…")
        );
        assert_eq!(Secret::new(b"password").hint("", 4), None);
        assert_eq!(Secret::new(&[0xff; 40]).hint("", 4), None);
    }

    #[test]
    fn fingerprints_are_keyed() {
        let secret = Secret::new(b"abc");
        let one = Pepper::new([1; 32]).fingerprint(&secret);
        assert_eq!(one, Pepper::new([1; 32]).fingerprint(&secret));
        assert_ne!(one, Pepper::new([2; 32]).fingerprint(&secret));
        assert_eq!(one.as_str().len(), 64);
    }

    #[test]
    fn a_derived_key_is_of_its_pepper_and_purpose() {
        let key = |pepper: u8, purpose: &str| *Pepper::new([pepper; 32]).derived::<16>(purpose);
        assert_eq!(key(1, "a"), key(1, "a"));
        assert_ne!(key(1, "a"), key(1, "b"));
        assert_ne!(key(1, "a"), key(2, "a"));
        assert_ne!(key(1, "a"), [0; 16]);
        assert_ne!(key(1, "a"), [1; 16]);
    }
}
