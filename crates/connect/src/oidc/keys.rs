//! The keys of an identity provider (RFC 7517), and what may be checked with them.

use super::document::DocumentError;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;

const WHAT: &str = "the key set";
/// More keys than any provider has at a time.
const MOST: usize = 100;

/// The algorithms of signatures that are taken (RFC 7518, RFC 8037). `none` and all that take a shared secret have no
/// word here, so that nothing can be checked with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// `EdDSA`, on Ed25519.
    EdDsa,
}

impl Algorithm {
    /// The algorithm of a name, if it is taken.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "PS256" => Self::Ps256,
            "ES256" => Self::Es256,
            "EdDSA" => Self::EdDsa,
            _ => return None,
        })
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    const fn of_library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Ps256 => jsonwebtoken::Algorithm::PS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Rsa,
    P256,
    Ed25519,
}

impl Family {
    const fn signs(self, algorithm: Algorithm) -> bool {
        matches!(
            (self, algorithm),
            (Self::Rsa, Algorithm::Rs256 | Algorithm::Ps256)
                | (Self::P256, Algorithm::Es256)
                | (Self::Ed25519, Algorithm::EdDsa)
        )
    }
}

struct Key {
    id: Option<String>,
    family: Family,
    /// What it is bound to, if anything.
    only: Option<Algorithm>,
    key: DecodingKey,
}

/// The keys for signatures of an identity provider.
pub struct KeySet(Vec<Key>);

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet({})", self.0.len())
    }
}

#[derive(Deserialize)]
struct Set<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// How many bytes a value in base64url has.
fn size(text: &str) -> Option<usize> {
    URL_SAFE_NO_PAD.decode(text).ok().map(|bytes| bytes.len())
}

impl Jwk {
    /// The key, if it is one for a signature that is taken here.
    fn into_key(self) -> Option<Key> {
        let signs = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        let verifies = |ops: &Vec<String>| ops.iter().any(|op| op == "verify");
        if !signs || !self.key_ops.as_ref().is_none_or(verifies) {
            return None;
        }
        let only = match self.alg.as_deref() {
            Some(name) => Some(Algorithm::parse(name)?),
            None => None,
        };
        let (family, key) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => {
                let (n, e) = (self.n?, self.e?);
                (Family::Rsa, DecodingKey::from_rsa_components(&n, &e))
            }
            ("EC", Some("P-256")) => {
                let (x, y) = (self.x?, self.y?);
                // RFC 7518, 6.2.1.2: both have the whole length of the field.
                if size(&x) != Some(32) || size(&y) != Some(32) {
                    return None;
                }
                (Family::P256, DecodingKey::from_ec_components(&x, &y))
            }
            ("OKP", Some("Ed25519")) => {
                let x = self.x?;
                if size(&x) != Some(32) {
                    return None;
                }
                (Family::Ed25519, DecodingKey::from_ed_components(&x))
            }
            _ => return None,
        };
        if only.is_some_and(|algorithm| !family.signs(algorithm)) {
            return None;
        }
        Some(Key {
            id: self.kid,
            family,
            only,
            key: key.ok()?,
        })
    }
}

/// Why a signature is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unverified {
    /// No key fits.
    UnknownKey,
    /// The key fits, the signature does not.
    Signature,
}

impl KeySet {
    /// Reads a key set. Keys of other kinds and for other ends are passed over (RFC 7517, 5).
    ///
    /// # Errors
    /// It is no key set, or has too many keys.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let set: Set<'_> =
            serde_json::from_slice(bytes).map_err(|error| DocumentError::json(WHAT, &error))?;
        if set.keys.len() > MOST {
            return Err(DocumentError::new(
                WHAT,
                format!("it has more than {MOST} keys"),
            ));
        }
        let keys = set
            .keys
            .iter()
            .filter_map(|raw| serde_json::from_str::<Jwk>(raw.get()).ok()?.into_key())
            .collect();
        Ok(Self(keys))
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks a signature with the key that it names. Without a name there has to be one key alone that fits
    /// (`OpenID Connect` Core 10.1).
    pub(super) fn verify(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        message: &str,
        signature: &str,
    ) -> Result<(), Unverified> {
        let fits = |key: &&Key| {
            key.family.signs(algorithm)
                && key.only.is_none_or(|only| only == algorithm)
                && id.is_none_or(|id| key.id.as_deref() == Some(id))
        };
        let mut fitting = self.0.iter().filter(fits);
        let (Some(key), None) = (fitting.next(), fitting.next()) else {
            return Err(Unverified::UnknownKey);
        };
        match jsonwebtoken::crypto::verify(
            signature,
            message.as_bytes(),
            &key.key,
            algorithm.of_library(),
        ) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Unverified::Signature),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn count(key: &serde_json::Value) -> usize {
        KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes())
            .unwrap()
            .len()
    }

    #[test]
    fn only_keys_for_signatures_that_are_taken_are_keys() {
        let x = URL_SAFE_NO_PAD.encode([7; 32]);
        let short = URL_SAFE_NO_PAD.encode([7; 31]);
        let okp = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
        assert_eq!(count(&okp), 1);
        for (name, value) in [
            ("use", json!("enc")),
            ("alg", json!("HS256")),
            ("alg", json!("none")),
            ("alg", json!("RS256")),
            ("key_ops", json!(["sign"])),
            ("crv", json!("X25519")),
            ("kty", json!("oct")),
            ("kty", json!(1)),
            ("x", json!(short)),
            ("x", json!("!")),
        ] {
            let mut changed = okp.clone();
            changed[name] = value;
            assert_eq!(count(&changed), 0, "{changed}");
        }
        let secret = json!({"kty": "oct", "k": x, "alg": "HS256"});
        assert_eq!(count(&secret), 0, "a shared secret is no key");
        let ec = json!({"kty": "EC", "crv": "P-256", "x": x, "y": short});
        assert_eq!(count(&ec), 0);
    }

    #[test]
    fn a_set_has_an_end() {
        let many: Vec<_> = (0..=MOST).map(|_| json!({"kty": "x"})).collect();
        assert!(KeySet::parse(json!({ "keys": many }).to_string().as_bytes()).is_err());
        assert!(KeySet::parse(b"[]").is_err());
        assert!(KeySet::parse(b"{\"keys\":[]}").unwrap().is_empty());
    }
}
