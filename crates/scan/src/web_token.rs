//! Signed JSON Web Tokens (RFC 7519, RFC 7515).

use base64::Engine as _;
use std::ops::Range;

/// A signed JSON Web Token (RFC 7519): three parts, of which the first says how it is signed.
#[must_use]
pub fn at(text: &[u8], start: usize) -> Option<Range<usize>> {
    let ahead = text.get(start..)?;
    if !ahead.starts_with(b"eyJ") {
        return None;
    }
    let length = ahead
        .iter()
        .take(8 << 10)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        .count();
    let token = ahead.get(..length)?;
    let mut parts = token.split(|byte| *byte == b'.');
    let (head, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !claims.starts_with(b"eyJ") || signature.len() < 20 {
        return None;
    }
    let head = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(head)
        .ok()?;
    memchr::memmem::find(&head, b"\"alg\"")?;
    // The token of the introduction to the standard's site names its subject 1234567890.
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .ok()?;
    let shown = memchr::memmem::find(&claims, b"1234567890").is_some()
        || memchr::memmem::find(&claims, b"John Doe").is_some();
    (!shown).then(|| start..start.saturating_add(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(head: &str, claims: &str) -> String {
        let coded = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        format!(
            "{}.{}.{}",
            coded(head),
            coded(claims),
            "q8Zk2LmX7vTr4WnYb1CdP0Hs"
        )
    }

    #[test]
    fn a_token_has_a_head_that_says_how_it_is_signed() {
        let whole = token(
            r#"{"alg":"HS256","typ":"JWT"}"#,
            r#"{"sub":"svc-7f3","exp":1893456000}"#,
        );
        assert_eq!(at(whole.as_bytes(), 0), Some(0..whole.len()));
        for text in [
            token(r#"{"typ":"JWT"}"#, r#"{"sub":"svc-7f3"}"#),
            token(r#"{"alg":"HS256"}"#, r#"{"sub":"1234567890"}"#),
            whole.rsplit_once('.').unwrap().0.to_owned(),
            format!("{whole}.x"),
        ] {
            assert_eq!(at(text.as_bytes(), 0), None, "{text}");
        }
    }
}
