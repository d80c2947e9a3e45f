//! Values that nobody guesses: `state`, `nonce`, PKCE verifiers, ids of assertions.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// Characters of 256 bits in base64url.
pub(super) const LENGTH: usize = 43;

/// 256 random bits in 43 characters of base64url, which are all that a PKCE verifier may be made of (RFC 7636, 4.1).
/// Nothing where the system has none.
pub(super) fn text() -> Option<Zeroizing<String>> {
    let mut bits = Zeroizing::new([0u8; 32]);
    getrandom::fill(bits.as_mut_slice()).ok()?;
    let mut text = Zeroizing::new(String::with_capacity(LENGTH));
    URL_SAFE_NO_PAD.encode_string(bits.as_slice(), &mut text);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike() {
        let (one, two) = (text().unwrap(), text().unwrap());
        assert_ne!(one, two);
        assert_eq!((one.len(), two.len()), (LENGTH, LENGTH));
    }
}
