//! Checksums that vendors build into their tokens.

words! {
    /// A checksum algorithm.
    pub enum Checksum {
        /// The last six characters are the CRC-32 of what lies between the last `_` of the prefix and them, in
        /// base 62 (`0-9A-Za-z`), padded with `0`.
        Crc32Base62Six = "crc32_base62_6",
    }
}

/// The digits of base 62, in their order.
pub const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Checksum {
    /// Whether the checksum of `text` is right. `prefix` is the literal start of its template.
    #[must_use]
    pub fn holds(self, text: &str, prefix: &str) -> bool {
        self.mended(text, prefix).as_deref() == Some(text)
    }

    /// The text with its checksum set right, or `None` where it is too short to have one.
    #[must_use]
    pub fn mended(self, text: &str, prefix: &str) -> Option<String> {
        match self {
            Self::Crc32Base62Six => {
                let from = prefix.rfind('_').map_or(0, |at| at.saturating_add(1));
                let to = text.len().checked_sub(6).filter(|to| *to > from)?;
                let tail = crc32_base62_6(text.get(from..to)?.as_bytes());
                Some(format!(
                    "{}{}",
                    text.get(..to)?,
                    std::str::from_utf8(&tail).ok()?
                ))
            }
        }
    }
}

/// The CRC-32 (ISO-HDLC) of a text in six digits of base 62, `0-9A-Za-z`, padded with `0`.
#[must_use]
pub fn crc32_base62_6(body: &[u8]) -> [u8; 6] {
    let mut rest = crc32fast::hash(body);
    let mut tail = [b'0'; 6];
    for slot in tail.iter_mut().rev() {
        let digit = usize::try_from(rest % 62).unwrap_or_default();
        *slot = DIGITS.get(digit).copied().unwrap_or(b'0');
        rest /= 62;
    }
    tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mended_text_holds_and_a_changed_one_does_not() {
        let mended = Checksum::Crc32Base62Six
            .mended("ex_0123456789abcdefghij______", "ex_")
            .unwrap();
        assert!(Checksum::Crc32Base62Six.holds(&mended, "ex_"));
        let broken = mended.replacen('5', "6", 1);
        assert!(!Checksum::Crc32Base62Six.holds(&broken, "ex_"));
        assert_eq!(Checksum::Crc32Base62Six.mended("ex_123", "ex_"), None);
    }
}
