//! Digests that anybody can recompute: SHA-256 over RFC 8785 canonical JSON.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The digest of a value, as 64 lower-case hex characters.
///
/// A value that has no JSON form (none of ours) digests as `null`.
#[must_use]
pub fn of<T: Serialize>(value: &T) -> String {
    let canonical = serde_json_canonicalizer::to_vec(value).unwrap_or_else(|_| b"null".to_vec());
    of_bytes(&canonical)
}

/// SHA-256 of raw bytes, as 64 lower-case hex characters.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).as_ref())
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(
        String::with_capacity(bytes.len().saturating_mul(2)),
        |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_fields_does_not_matter() {
        let a = serde_json::json!({"b": 1, "a": [true, null, "ü"]});
        let b = serde_json::json!({"a": [true, null, "ü"], "b": 1});
        assert_eq!(of(&a), of(&b));
        assert_eq!(of(&serde_json::json!({})), of_bytes(b"{}"));
    }
}
