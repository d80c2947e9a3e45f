//! For tests: a provider's keys, made anew each time, and tokens of every kind, honest or not.

use super::{client_auth::SigningKey, keys::Algorithm};
use aws_lc_rs::{
    encoding::AsDer as _,
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
    },
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

pub(super) struct Forge {
    pub(super) algorithm: Algorithm,
    pub(super) key: SigningKey,
    /// The public key as it stands in a key set.
    pub(super) jwk: Value,
    /// The public key as bytes, with which one may try to sign.
    pub(super) public: Vec<u8>,
    pub(super) pem: String,
}

pub(super) const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::Rs256,
    Algorithm::Ps256,
    Algorithm::Es256,
    Algorithm::EdDsa,
];

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key in PEM.
pub(super) fn pem(der: &[u8]) -> String {
    let kind = "PRIVATE KEY";
    format!(
        "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
        STANDARD.encode(der)
    )
}

impl Forge {
    pub(super) fn new(algorithm: Algorithm, id: &str) -> Self {
        let (der, public, mut jwk) = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
                let n = pair
                    .public_key()
                    .modulus()
                    .big_endian_without_leading_zero()
                    .to_vec();
                let e = pair
                    .public_key()
                    .exponent()
                    .big_endian_without_leading_zero()
                    .to_vec();
                let jwk = json!({"kty": "RSA", "n": encode(n), "e": encode(e)});
                let public = pair.public_key().as_ref().to_vec();
                (pair.as_der().unwrap().as_ref().to_vec(), public, jwk)
            }
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                let public = pair.public_key().as_ref().to_vec();
                let jwk = json!({
                    "kty": "EC", "crv": "P-256", "x": encode(&public[1..33]), "y": encode(&public[33..]),
                });
                (pair.to_pkcs8v1().unwrap().as_ref().to_vec(), public, jwk)
            }
            Algorithm::EdDsa => {
                let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
                let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap();
                let public = pair.public_key().as_ref().to_vec();
                let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(&public)});
                (der.as_ref().to_vec(), public, jwk)
            }
        };
        jwk["kid"] = json!(id);
        let pem = pem(&der);
        let key = SigningKey::from_pem(pem.as_bytes()).unwrap().named(id);
        Self {
            algorithm,
            key,
            jwk,
            public,
            pem,
        }
    }

    pub(super) fn token(&self, claims: &Value) -> String {
        self.token_with(json!({"kid": self.jwk["kid"]}), claims)
    }

    pub(super) fn token_with(&self, header: Value, claims: &Value) -> String {
        self.key
            .sign(self.algorithm, header, claims)
            .unwrap()
            .to_string()
    }
}

/// A token that anybody can make.
pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    format!(
        "{}.{}.",
        encode(header.to_string()),
        encode(claims.to_string())
    )
}

/// A token whose signature is an HMAC under `secret`.
pub(super) fn hs256(mut header: Value, claims: &Value, secret: &[u8]) -> String {
    header["alg"] = json!("HS256");
    let message = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", encode(tag))
}

/// A key set of these.
pub(super) fn set(forges: &[&Forge]) -> String {
    let keys: Vec<&Value> = forges.iter().map(|forge| &forge.jwk).collect();
    json!({ "keys": keys }).to_string()
}
