//! Secrets that Tenure hands out: tokens, session ids, set-up links. One format, one way to keep them.
//!
//! `tenure_<kind>_` and 49 characters of base 62: 256 random bits in 43, and a CRC-32 of those in 6, as GitHub's tokens
//! have it. The prefix lets scanners find a leaked one, the checksum lets them be sure without asking anybody.
//! Only the SHA-256 of the whole text is kept: of 256 random bits nothing slower is needed.

use crate::{
    catalog::checksum::{DIGITS, crc32_base62_6},
    digest,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, marker::PhantomData};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// How many digits of base 62 hold 256 bits.
const BODY: usize = 43;
const CHECKSUM: usize = 6;

/// A kind of secret that Tenure hands out.
pub trait Kind {
    /// What it begins with.
    const PREFIX: &'static str;
    /// What one calls it.
    const NAME: &'static str;
}

/// A secret in the hands of whoever presents it. Debug shows stars; dropping it wipes the memory.
pub struct Bearer<K> {
    text: Zeroizing<String>,
    kind: PhantomData<K>,
}

/// A text that is no such secret. It never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadBearer {
    /// It begins otherwise.
    #[error("this is no {name}: one begins with {prefix}")]
    Prefix {
        /// What it should be.
        name: &'static str,
        /// What that begins with.
        prefix: &'static str,
    },
    /// Its length or a character is wrong.
    #[error("this {name} is cut off or has something added: copy it again, whole")]
    Shape {
        /// What it should be.
        name: &'static str,
    },
    /// Its checksum is wrong.
    #[error("this {name} has a wrong character in it: copy it again")]
    Checksum {
        /// What it should be.
        name: &'static str,
    },
}

impl<K: Kind> Bearer<K> {
    /// A new one, of 256 random bits. This crate knows no randomness: `tenure-access` brings it.
    #[must_use]
    pub fn of(bits: &[u8; 32]) -> Self {
        let body = base62(bits);
        // Its whole length beforehand, so that no copy is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(K::PREFIX.len() + BODY + CHECKSUM));
        text.push_str(K::PREFIX);
        let checksum = Zeroizing::new(crc32_base62_6(body.as_slice()));
        text.extend(
            body.iter()
                .chain(checksum.iter())
                .map(|byte| char::from(*byte)),
        );
        Self {
            text,
            kind: PhantomData,
        }
    }

    /// Reads what somebody presents. That it is well formed says nothing of whether it is known.
    ///
    /// # Errors
    /// What is wrong, without the text.
    pub fn parse(text: &str) -> Result<Self, BadBearer> {
        let name = K::NAME;
        let prefix = K::PREFIX;
        let rest = text
            .strip_prefix(prefix)
            .ok_or(BadBearer::Prefix { name, prefix })?;
        let well = rest.len() == BODY + CHECKSUM && rest.bytes().all(|b| b.is_ascii_alphanumeric());
        let (body, checksum) = rest
            .split_at_checked(BODY)
            .filter(|_| well)
            .ok_or(BadBearer::Shape { name })?;
        if crc32_base62_6(body.as_bytes()) != checksum.as_bytes() {
            return Err(BadBearer::Checksum { name });
        }
        Ok(Self {
            text: Zeroizing::new(text.to_owned()),
            kind: PhantomData,
        })
    }

    /// The text, to hand it over once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> Hashed<K> {
        Hashed {
            hash: Sha256::digest(self.text.as_bytes()).into(),
            kind: PhantomData,
        }
    }
}

impl<K> fmt::Debug for Bearer<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(***)")
    }
}

/// 256 bits in 43 digits of base 62, the highest first.
fn base62(bits: &[u8; 32]) -> Zeroizing<[u8; BODY]> {
    let mut number = Zeroizing::new(*bits);
    let mut digits = Zeroizing::new([b'0'; BODY]);
    for digit in digits.iter_mut().rev() {
        let mut rest: u32 = 0;
        for byte in number.iter_mut() {
            let value = (rest << 8) | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or_default();
            rest = value % 62;
        }
        let at = usize::try_from(rest).unwrap_or_default();
        *digit = DIGITS.get(at).copied().unwrap_or(b'0');
    }
    digits
}

/// The SHA-256 of a secret: what is kept, and by which it is found again. Compared in constant time.
pub struct Hashed<K> {
    hash: [u8; 32],
    kind: PhantomData<K>,
}

impl<K> Hashed<K> {
    /// 64 lower-case hex characters, the form in which it is kept.
    #[must_use]
    pub fn hex(&self) -> String {
        digest::hex(&self.hash)
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Reads the kept form.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut hash = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        for (at, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
        }
        Some(Self {
            hash,
            kind: PhantomData,
        })
    }
}

impl<K> PartialEq for Hashed<K> {
    fn eq(&self, other: &Self) -> bool {
        self.hash.ct_eq(&other.hash).into()
    }
}

impl<K> Eq for Hashed<K> {}

impl<K> Clone for Hashed<K> {
    fn clone(&self) -> Self {
        Self {
            hash: self.hash,
            kind: PhantomData,
        }
    }
}

impl<K> fmt::Debug for Hashed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hashed({}…)", self.hex().get(..8).unwrap_or_default())
    }
}

impl<K> Serialize for Hashed<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de, K> Deserialize<'de> for Hashed<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text)
            .ok_or_else(|| serde::de::Error::custom("not 64 lower-case hex characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checksum::Checksum;
    use proptest::prelude::*;

    struct Test;
    impl Kind for Test {
        const PREFIX: &'static str = "tenure_test_";
        const NAME: &'static str = "test";
    }

    #[test]
    fn base62_counts_as_numbers_do() {
        let mut bits = [0; 32];
        assert_eq!(base62(&bits).as_slice(), [b'0'; BODY]);
        bits[31] = 61;
        assert!(base62(&bits).ends_with(b"0z"));
        bits[31] = 62;
        assert!(base62(&bits).ends_with(b"010"));
        // 2^256 - 1, computed with another tool.
        let largest = base62(&[0xff; 32]);
        assert_eq!(largest.len(), BODY);
        let value = largest.iter().fold([0u8; 33], |mut number, digit| {
            let mut carry = DIGITS.iter().position(|d| d == digit).unwrap() as u32;
            for byte in number.iter_mut().rev() {
                let sum = u32::from(*byte) * 62 + carry;
                *byte = (sum & 0xff) as u8;
                carry = sum >> 8;
            }
            number
        });
        assert_eq!(value[0], 0);
        assert_eq!(value[1..], [0xff; 32], "back by multiplication");
    }

    #[test]
    fn what_is_made_is_read_and_prints_as_stars() {
        let one = Bearer::<Test>::of(&[3; 32]);
        let other = Bearer::<Test>::of(&[4; 32]);
        assert_ne!(one.hash(), other.hash());
        assert_eq!(one.expose().len(), "tenure_test_".len() + 49);
        assert_eq!(
            Bearer::<Test>::parse(one.expose()).unwrap().hash(),
            one.hash()
        );
        assert_eq!(format!("{one:?}"), "Bearer(***)");
        assert_eq!(
            Hashed::<Test>::from_hex(&one.hash().hex()).unwrap(),
            one.hash()
        );
        assert!(Checksum::Crc32Base62Six.holds(one.expose(), Test::PREFIX));
    }

    #[test]
    fn hashes_are_of_the_whole_text() {
        let one = Bearer::<Test>::of(&[7; 32]);
        assert_eq!(one.hash().hex(), digest::of_bytes(one.expose().as_bytes()));
        for bad in ["", "00", &"g".repeat(64), &"A".repeat(64), &"é".repeat(32)] {
            assert_eq!(Hashed::<Test>::from_hex(bad), None);
        }
    }

    #[test]
    fn errors_say_what_is_wrong_without_the_text() {
        let good = Bearer::<Test>::of(&[9; 32]);
        let good = good.expose();
        let error = |text: &str| Bearer::<Test>::parse(text).unwrap_err();
        assert!(matches!(
            error(&good.replace("test", "tent")),
            BadBearer::Prefix { .. }
        ));
        assert!(matches!(
            error(&good[..good.len() - 1]),
            BadBearer::Shape { .. }
        ));
        assert!(matches!(
            error(&format!("{good}x")),
            BadBearer::Shape { .. }
        ));
        assert!(matches!(
            error(&format!("{good} ")),
            BadBearer::Shape { .. }
        ));
        assert!(matches!(
            error(&good.replacen(|c: char| c.is_ascii_digit(), "é", 1)),
            BadBearer::Shape { .. }
        ));
        assert!(matches!(error(""), BadBearer::Prefix { .. }));
        assert!(
            !error(&good[..good.len() - 1])
                .to_string()
                .contains(&good[12..20])
        );
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_noticed(bits: [u8; 32], at in 0usize..49, to in 0usize..62) {
            let good = Bearer::<Test>::of(&bits);
            let mut text = good.expose().to_owned().into_bytes();
            let at = Test::PREFIX.len() + at;
            prop_assume!(text[at] != DIGITS[to]);
            text[at] = DIGITS[to];
            let text = String::from_utf8(text).unwrap();
            prop_assert!(Bearer::<Test>::parse(&text).is_err());
        }

        #[test]
        fn nothing_that_is_read_makes_it_fail_otherwise(text: String) {
            prop_assert!(Bearer::<Test>::parse(&text).is_err());
            let _ = Bearer::<Test>::parse(&format!("{}{text}", Test::PREFIX));
        }
    }
}
