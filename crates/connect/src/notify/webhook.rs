//! Webhooks that are signed as Standard Webhooks says: HMAC-SHA256 over id, time and body
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>, by its own library in
//! the tests).

use super::{Notice, NotifyError, request};
use crate::http::{Client, Request};
use ::http::Method;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use tenure_model::moment::Moment;
use url::Url;
use zeroize::Zeroizing;

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// A webhook and what it is signed with.
pub struct Webhook {
    url: Url,
    secret: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Webhook({} ***)",
            self.url.host_str().unwrap_or_default()
        )
    }
}

impl Webhook {
    /// A webhook at an address, signed with a secret as receivers take it: `whsec_` and 24 to 64 bytes in Base64.
    ///
    /// # Errors
    /// The secret is none; it is not repeated.
    pub fn new(url: Url, secret: &Zeroizing<String>) -> Result<Self, NotifyError> {
        let none = NotifyError::Channel("the secret is not `whsec_` and 24 to 64 bytes in Base64");
        let text = secret.trim().strip_prefix(PREFIX);
        let secret = text.and_then(|text| STANDARD.decode(text).ok());
        match secret.map(Zeroizing::new) {
            Some(secret) if (24..=64).contains(&secret.len()) => Ok(Self { url, secret }),
            _ => Err(none),
        }
    }

    /// Sends a notice at a moment, which the receiver holds against its own clock. Whoever gets the same id twice has
    /// it already.
    ///
    /// # Errors
    /// It did not arrive.
    pub fn send(&self, client: &Client, notice: &Notice, now: Moment) -> Result<(), NotifyError> {
        let body = json!({
            "type": "tenure.notice",
            "timestamp": notice.at,
            "data": {"subject": notice.subject, "lines": notice.lines, "page": notice.page.as_str()},
        });
        let body = body.to_string().into_bytes();
        let seconds = now.micros().div_euclid(1_000_000).to_string();
        let signature = self.signed(&notice.id, &seconds, &body)?;
        let header = |name: &str, value: String| (name.to_owned(), Zeroizing::new(value));
        let request = Request {
            method: Method::POST,
            url: self.url.clone(),
            headers: vec![
                header("Content-Type", "application/json".to_owned()),
                header("webhook-id", notice.id.clone()),
                header("webhook-timestamp", seconds),
                header("webhook-signature", signature),
            ],
            body: Some(Zeroizing::new(body)),
        };
        request::taken(client, &request)
    }

    fn signed(&self, id: &str, seconds: &str, body: &[u8]) -> Result<String, NotifyError> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret)
            .map_err(|_| NotifyError::Channel("the secret signs nothing"))?;
        for part in [id.as_bytes(), b".", seconds.as_bytes(), b".", body] {
            mac.update(part);
        }
        Ok(format!(
            "v1,{}",
            STANDARD.encode(mac.finalize().into_bytes())
        ))
    }
}
