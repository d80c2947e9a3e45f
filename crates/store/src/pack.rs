//! Long texts that are kept and seldom read: deflate (RFC 1951), as text, which both databases hold alike.

use crate::db::{Result, StoreError};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use std::io::{Read as _, Write as _};

/// What a packed text begins with; JSON begins otherwise.
const PACKED: char = 'z';
/// A shorter text is kept as it is.
const SHORT: usize = 512;
/// The longest text that is unpacked, in bytes.
const LONGEST: u64 = 64 << 20;

/// A text as it is kept.
pub(crate) fn pack(text: &str) -> String {
    if text.len() < SHORT && !text.starts_with(PACKED) {
        return text.to_owned();
    }
    let mut out = DeflateEncoder::new(Vec::with_capacity(text.len() / 3), Compression::new(3));
    let bytes = out
        .write_all(text.as_bytes())
        .and_then(|()| out.finish())
        .unwrap_or_default();
    let mut kept = String::with_capacity(bytes.len().saturating_mul(4) / 3 + 2);
    kept.push(PACKED);
    STANDARD_NO_PAD.encode_string(bytes, &mut kept);
    kept
}

/// The text that was packed; one that an earlier version kept as it was, as it is.
///
/// # Errors
/// It is neither.
pub(crate) fn unpack(kept: String) -> Result<String> {
    let Some(packed) = kept.strip_prefix(PACKED) else {
        return Ok(kept);
    };
    let broken = || StoreError::Broken("a text that cannot be unpacked".to_owned());
    let bytes = STANDARD_NO_PAD.decode(packed).map_err(|_| broken())?;
    let mut text = String::new();
    DeflateDecoder::new(bytes.as_slice())
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|_| broken())?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_as_it_was() {
        let long = format!("{{\"{}\":\"Łódź\"}}", "name".repeat(4000));
        for text in ["", "{}", "z", "zebra", &long, &"z".repeat(600)] {
            let kept = pack(text);
            assert_eq!(unpack(kept.clone()).unwrap(), text);
            assert!(kept.len() <= text.len().max(40), "{text}");
        }
        assert_eq!(unpack(long.clone()).unwrap(), long, "as it was kept before");
        for broken in ["z%", "zAAAA", "z////"] {
            assert!(unpack(broken.to_owned()).is_err(), "{broken}");
        }
    }
}
