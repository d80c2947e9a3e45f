//! How this client proves itself at the token endpoint (`OpenID Connect` Core 9).
//!
//! The caller reads the secret or key from a file or the environment; it is wiped when it is dropped, and never stands
//! in an address.

use super::{discovery::Metadata, error::LoginError, keys::Algorithm, random};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaKeyPair,
    },
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::fmt;
use tenure_model::{moment::Moment, secret::Secret};
use zeroize::{Zeroize as _, Zeroizing};

/// How long an assertion holds, in seconds.
const LIFE: i64 = 60;

/// How this client proves itself.
pub enum ClientAuth {
    /// A key of which the provider knows only the public half (RFC 7523): the best of them.
    PrivateKeyJwt(SigningKey),
    /// A secret in the header of the request.
    SecretBasic(ClientSecret),
    /// A secret in the body of the request.
    SecretPost(ClientSecret),
}

/// A client's secret.
pub struct ClientSecret(Secret);

/// The key of a client.
pub struct SigningKey {
    pair: Pair,
    id: Option<String>,
    /// The SHA-256 of its certificate, where one lies beside it (RFC 7515, 4.1.8).
    thumbprint: Option<String>,
    audience: AssertionAudience,
    /// Where somebody chose one.
    algorithm: Option<Algorithm>,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Whom an assertion is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AssertionAudience {
    /// The issuer, which no other provider can claim to be.
    #[default]
    Issuer,
    /// The token endpoint, for providers that want it (Entra, Okta).
    TokenEndpoint,
}

/// Why a secret or key cannot be used. It holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCredential {
    /// The secret is empty, has line breaks in it, or is no text.
    #[error("the client's secret is empty or more than one line of text: write it alone")]
    Secret,
    /// There is no private key.
    #[error("there is no private key: write one in PEM, such as PKCS#8 (`BEGIN PRIVATE KEY`)")]
    NoKey,
    /// The key is of a kind that does not sign here.
    #[error("the private key is none of RSA from 2048 bits on, P-256 and Ed25519")]
    Kind,
    /// The key does not sign with the algorithm that was chosen.
    #[error(
        "the private key does not sign with this algorithm: RSA signs with PS256 and RS256, P-256 with ES256, Ed25519 with EdDSA"
    )]
    Algorithm,
    /// A certificate beside the key cannot be read.
    #[error("the certificate beside the private key cannot be read")]
    Certificate,
}

impl ClientSecret {
    /// Takes a secret as it stands in a file or variable: a line break at its end does not count.
    ///
    /// # Errors
    /// It is none.
    pub fn new(bytes: &[u8]) -> Result<Self, BadCredential> {
        let text = std::str::from_utf8(bytes).map_err(|_| BadCredential::Secret)?;
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(BadCredential::Secret);
        }
        Ok(Self(Secret::new(text.as_bytes())))
    }
}

impl SigningKey {
    /// Reads a private key in PEM, and the certificate beside it if there is one.
    ///
    /// # Errors
    /// What cannot be used.
    pub fn from_pem(pem: &[u8]) -> Result<Self, BadCredential> {
        let mut der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| BadCredential::NoKey)?;
        let pair = Pair::of(&der);
        der.zeroize();
        let thumbprint = match CertificateDer::pem_slice_iter(pem).next() {
            None => None,
            Some(Ok(certificate)) => Some(URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate))),
            Some(Err(_)) => return Err(BadCredential::Certificate),
        };
        Ok(Self {
            pair: pair.ok_or(BadCredential::Kind)?,
            id: None,
            thumbprint,
            audience: AssertionAudience::default(),
            algorithm: None,
        })
    }

    /// With the name under which the provider knows the key.
    #[must_use]
    pub fn named(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// With another audience of its assertions.
    #[must_use]
    pub const fn for_audience(mut self, audience: AssertionAudience) -> Self {
        self.audience = audience;
        self
    }

    /// Signing with this algorithm, for providers that do not say which they take, but want a certain one (Entra).
    ///
    /// # Errors
    /// The key does not sign with it.
    pub fn signing_with(mut self, algorithm: Algorithm) -> Result<Self, BadCredential> {
        if !self.pair.algorithms().contains(&algorithm) {
            return Err(BadCredential::Algorithm);
        }
        self.algorithm = Some(algorithm);
        Ok(self)
    }

    /// The algorithm to sign with at a provider that takes `known`, of which none means that it does not say.
    fn algorithm(&self, known: &[String]) -> Option<Algorithm> {
        let chosen = self.algorithm.as_ref().map(std::slice::from_ref);
        let candidates = chosen.unwrap_or_else(|| self.pair.algorithms());
        let named = |one: &&Algorithm| known.iter().any(|name| name == one.as_str());
        match known {
            // RS256 is what every provider has (RFC 7518, 3.1).
            [] => candidates.last().copied(),
            _ => candidates.iter().find(named).copied(),
        }
    }

    /// A signed token (RFC 7515) of this header and these claims.
    pub(super) fn sign(
        &self,
        algorithm: Algorithm,
        mut header: serde_json::Value,
        claims: &serde_json::Value,
    ) -> Option<Zeroizing<String>> {
        if let Some(header) = header.as_object_mut() {
            header.insert("alg".to_owned(), json!(algorithm.as_str()));
        }
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let signature = Zeroizing::new(self.pair.sign(algorithm, message.as_bytes())?);
        // The room is made at once, so that no copy of a part is left behind.
        let most = message.len() + 2 + signature.len().div_ceil(3) * 4;
        let mut token = Zeroizing::new(String::with_capacity(most));
        token.push_str(&message);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_slice(), &mut token);
        Some(token)
    }

    fn assertion(
        &self,
        client: &str,
        issuer: &str,
        metadata: &Metadata,
        now: Moment,
    ) -> Result<Zeroizing<String>, LoginError> {
        let algorithm = self
            .algorithm(&metadata.auth_algorithms)
            .ok_or(LoginError::Method("the algorithm of the client's key"))?;
        let mut header = json!({"typ": "JWT"});
        if let Some(header) = header.as_object_mut() {
            let mut add = |name: &str, value: Option<&String>| {
                if let Some(value) = value {
                    header.insert(name.to_owned(), json!(value));
                }
            };
            add("kid", self.id.as_ref());
            add("x5t#S256", self.thumbprint.as_ref());
        }
        let audience = match self.audience {
            AssertionAudience::Issuer => issuer,
            AssertionAudience::TokenEndpoint => metadata.token_endpoint.as_str(),
        };
        let seconds = now.micros().div_euclid(1_000_000);
        let id = random::text().ok_or(LoginError::Random)?;
        let claims = json!({
            "iss": client,
            "sub": client,
            "aud": audience,
            "jti": id.as_str(),
            "iat": seconds,
            "nbf": seconds,
            "exp": seconds.saturating_add(LIFE),
        });
        self.sign(algorithm, header, &claims)
            .ok_or(LoginError::Sign)
    }
}

impl Pair {
    /// What it signs with, the best first.
    const fn algorithms(&self) -> &'static [Algorithm] {
        match self {
            Self::Rsa(_) => &[Algorithm::Ps256, Algorithm::Rs256],
            Self::P256(_) => &[Algorithm::Es256],
            Self::Ed25519(_) => &[Algorithm::EdDsa],
        }
    }

    fn of(der: &PrivateKeyDer<'_>) -> Option<Self> {
        let p256 = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let found = match der {
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der())
                .ok()
                .map(Self::Rsa),
            PrivateKeyDer::Sec1(key) => {
                EcdsaKeyPair::from_private_key_der(p256, key.secret_sec1_der())
                    .ok()
                    .map(Self::P256)
            }
            PrivateKeyDer::Pkcs8(key) => {
                let der = key.secret_pkcs8_der();
                let rsa = || RsaKeyPair::from_pkcs8(der).ok().map(Self::Rsa);
                let ed = || {
                    Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
                        .ok()
                        .map(Self::Ed25519)
                };
                let ec = || EcdsaKeyPair::from_pkcs8(p256, der).ok().map(Self::P256);
                ec().or_else(ed).or_else(rsa)
            }
            _ => None,
        };
        found.filter(|pair| match pair {
            Self::Rsa(key) => key.public_modulus_len() >= 256,
            Self::P256(_) | Self::Ed25519(_) => true,
        })
    }

    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match (self, algorithm) {
            (Self::Rsa(key), Algorithm::Rs256 | Algorithm::Ps256) => {
                let padding = if algorithm == Algorithm::Ps256 {
                    &RSA_PSS_SHA256
                } else {
                    &RSA_PKCS1_SHA256
                };
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(padding, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            (Self::P256(key), Algorithm::Es256) => {
                Some(key.sign(&random, message).ok()?.as_ref().to_vec())
            }
            (Self::Ed25519(key), Algorithm::EdDsa) => Some(key.sign(message).as_ref().to_vec()),
            _ => None,
        }
    }
}

/// What a request to the token endpoint carries as proof.
pub(super) struct Proof {
    pub(super) header: Option<(String, Zeroizing<String>)>,
    pub(super) form: Vec<(&'static str, Zeroizing<String>)>,
}

impl ClientAuth {
    /// Its name in the discovery document.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PrivateKeyJwt(_) => "private_key_jwt",
            Self::SecretBasic(_) => "client_secret_basic",
            Self::SecretPost(_) => "client_secret_post",
        }
    }

    /// The proof for one request.
    pub(super) fn prove(
        &self,
        client: &str,
        issuer: &str,
        metadata: &Metadata,
        now: Moment,
    ) -> Result<Proof, LoginError> {
        if !metadata.auth_methods.iter().any(|name| name == self.name()) {
            return Err(LoginError::Method(self.name()));
        }
        let id = Zeroizing::new(client.to_owned());
        Ok(match self {
            Self::PrivateKeyJwt(key) => Proof {
                header: None,
                form: vec![
                    ("client_id", id),
                    (
                        "client_assertion_type",
                        Zeroizing::new(
                            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
                        ),
                    ),
                    (
                        "client_assertion",
                        key.assertion(client, issuer, metadata, now)?,
                    ),
                ],
            },
            Self::SecretBasic(secret) => Proof {
                header: Some(("Authorization".to_owned(), basic(client, secret))),
                form: Vec::new(),
            },
            Self::SecretPost(secret) => Proof {
                header: None,
                form: vec![("client_id", id), ("client_secret", secret.text())],
            },
        })
    }
}

impl ClientSecret {
    fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(String::from_utf8_lossy(self.0.expose()).into_owned())
    }
}

/// Both encoded as in a form first (RFC 6749, 2.3.1).
fn basic(client: &str, secret: &ClientSecret) -> Zeroizing<String> {
    let mut pair = Zeroizing::new(String::with_capacity(
        3 * (client.len() + secret.0.len()) + 1,
    ));
    pair.extend(url::form_urlencoded::byte_serialize(client.as_bytes()));
    pair.push(':');
    pair.extend(url::form_urlencoded::byte_serialize(secret.0.expose()));
    let mut header = Zeroizing::new(String::with_capacity(6 + pair.len().div_ceil(3) * 4));
    header.push_str("Basic ");
    STANDARD.encode_string(pair.as_bytes(), &mut header);
    header
}

impl fmt::Debug for ClientAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(***)", self.name())
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(***)")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::forge::{ALGORITHMS, Forge, pem},
        *,
    };

    #[test]
    fn a_key_of_each_kind_is_read_and_signs_with_what_the_provider_takes() {
        let names = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        let [rsa, _, ec, ed] = ALGORITHMS.map(|one| Forge::new(one, "1").key);
        assert_eq!(rsa.algorithm(&[]), Some(Algorithm::Rs256));
        assert_eq!(
            rsa.algorithm(&names(&["RS256", "PS256"])),
            Some(Algorithm::Ps256)
        );
        assert_eq!(rsa.algorithm(&names(&["RS256"])), Some(Algorithm::Rs256));
        assert_eq!(
            ec.algorithm(&names(&["RS256", "ES256"])),
            Some(Algorithm::Es256)
        );
        assert_eq!(ed.algorithm(&names(&["RS256", "ES256"])), None);
        assert!(ed.sign(Algorithm::Rs256, json!({}), &json!({})).is_none());
        let chosen = rsa.signing_with(Algorithm::Ps256).unwrap();
        assert_eq!(chosen.algorithm(&[]), Some(Algorithm::Ps256));
        assert_eq!(chosen.algorithm(&names(&["RS256"])), None);
        let error = ec.signing_with(Algorithm::Rs256).err();
        assert_eq!(error, Some(BadCredential::Algorithm));
    }

    #[test]
    fn a_certificate_beside_the_key_is_named_by_its_hash() {
        let forge = Forge::new(Algorithm::Es256, "1");
        assert_eq!(forge.key.thumbprint, None);
        let kind = "CERTIFICATE";
        let both = format!(
            "{}-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n",
            forge.pem
        );
        let key = SigningKey::from_pem(both.as_bytes()).unwrap();
        assert_eq!(
            key.thumbprint,
            Some(URL_SAFE_NO_PAD.encode(Sha256::digest([0, 0, 0])))
        );
    }

    #[test]
    fn what_is_no_credential_is_refused_without_being_quoted() {
        for bad in [&b""[..], b"\n", b"a\nb", b"a\0b", b"\xff"] {
            assert_eq!(ClientSecret::new(bad).err(), Some(BadCredential::Secret));
        }
        assert_eq!(
            ClientSecret::new(b"made-up\r\n").unwrap().text().as_str(),
            "made-up"
        );
        assert_eq!(
            SigningKey::from_pem(b"made-up").err(),
            Some(BadCredential::NoKey)
        );
        let error = SigningKey::from_pem(pem(b"made-up").as_bytes()).unwrap_err();
        assert_eq!(error, BadCredential::Kind);
        let auth = ClientAuth::SecretPost(ClientSecret::new(b"made-up").unwrap());
        assert_eq!(format!("{auth:?}"), "client_secret_post(***)");
    }
}
