//! Tokens of forms, so that no other site can send one in somebody's name: bound to a session and to what the form
//! does, by HMAC (the pattern that OWASP calls the signed double-submit cookie, with the session in the hash).

use crate::mint::{NoEntropy, entropy};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq;
use tenure_model::{bearer::Hashed, digest, secret::Pepper, session::Cookie};
use zeroize::Zeroizing;

const NONCE: usize = 16;
const TAG: usize = 32;

/// The key under which tokens of forms are made.
#[derive(Clone)]
pub struct FormKey(Zeroizing<[u8; 32]>);

impl FormKey {
    /// The key of an installation, from its pepper.
    #[must_use]
    pub fn of(pepper: &Pepper) -> Self {
        Self(pepper.derived("tenure form tokens v1"))
    }

    /// A token for one form of one session: 96 hex characters. Each is another, since what stands in compressed pages
    /// beside text that others choose can be guessed if it stays the same (BREACH).
    ///
    /// # Errors
    /// The operating system gave no random bytes.
    pub fn token(&self, session: &Hashed<Cookie>, form: &str) -> Result<String, NoEntropy> {
        let nonce = entropy::<NONCE>()?;
        let tag = self.tag(session, form, nonce.as_slice());
        Ok(format!(
            "{}{}",
            digest::hex(nonce.as_slice()),
            digest::hex(&tag)
        ))
    }

    /// Whether a token is of this form of this session. Compared in constant time.
    #[must_use]
    pub fn holds(&self, session: &Hashed<Cookie>, form: &str, token: &str) -> bool {
        let Some(bytes) = unhex(token) else {
            return false;
        };
        let (nonce, tag) = bytes.split_at(NONCE);
        self.tag(session, form, nonce).as_slice().ct_eq(tag).into()
    }

    fn tag(&self, session: &Hashed<Cookie>, form: &str, nonce: &[u8]) -> [u8; TAG] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
            // HMAC takes a key of any length, so there is no such case.
            return [0; TAG];
        };
        // Both are of fixed length, so that what follows cannot be moved into them.
        mac.update(nonce);
        mac.update(session.bytes());
        mac.update(form.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for FormKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormKey(***)")
    }
}

fn unhex(text: &str) -> Option<[u8; NONCE + TAG]> {
    let mut bytes = [0; NONCE + TAG];
    if text.len() != bytes.len() * 2
        || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mint::mint;

    #[test]
    fn a_token_is_of_its_session_form_and_key() {
        let key = FormKey::of(&Pepper::new([1; 32]));
        let session = || mint::<Cookie>().unwrap().hash();
        let (mine, other) = (session(), session());
        let token = key.token(&mine, "exception.approve").unwrap();
        assert_eq!(token.len(), 96);
        assert!(key.holds(&mine, "exception.approve", &token));
        assert!(!key.holds(&other, "exception.approve", &token));
        assert!(!key.holds(&mine, "exception.deny", &token));
        assert!(!FormKey::of(&Pepper::new([2; 32])).holds(&mine, "exception.approve", &token));
        assert_ne!(key.token(&mine, "exception.approve").unwrap(), token);
        assert_eq!(format!("{key:?}"), "FormKey(***)");
    }

    #[test]
    fn what_is_changed_or_malformed_does_not_hold() {
        let key = FormKey::of(&Pepper::new([1; 32]));
        let session = mint::<Cookie>().unwrap().hash();
        let token = key.token(&session, "x").unwrap();
        for at in 0..token.len() {
            let other = if token.as_bytes()[at] == b'0' {
                "1"
            } else {
                "0"
            };
            let mut changed = token.clone();
            changed.replace_range(at..=at, other);
            assert!(!key.holds(&session, "x", &changed), "character {at}");
        }
        for bad in [
            "",
            "0",
            &token[1..],
            &format!("{token}0"),
            &token.to_uppercase(),
            &"é".repeat(48),
        ] {
            assert!(!key.holds(&session, "x", bad), "{bad}");
        }
    }
}
