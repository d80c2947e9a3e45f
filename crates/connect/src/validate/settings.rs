//! What the user says about where and as whom providers are asked. Nothing of it ever comes from what was
//! scanned: a host that stands beside a key could have been put there to be sent the key.

use std::{collections::BTreeMap, time::Duration};
use tenure_model::secret::Secret;
use url::Url;

/// The settings of a run.
#[derive(Debug, Default)]
pub struct Settings {
    /// Where a provider is asked, by its slug: what stands before the path of its requests.
    pub at: BTreeMap<String, Url>,
    /// What stands for `{account}`, by the provider's slug.
    pub account: BTreeMap<String, String>,
    /// Keys that are known to live.
    pub controls: Vec<Control>,
}

/// A key that is known to live.
#[derive(Debug)]
pub struct Control {
    /// The provider's slug.
    pub provider: String,
    /// The kind's slug.
    pub kind: String,
    /// Its public id, where its kind has one.
    pub key_id: Option<String>,
    /// The key.
    pub secret: Secret,
}

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Hosts that are asked at the same time; of each, one request at a time.
    pub hosts: usize,
    /// From the start of one request to a host to the next.
    pub gap: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            hosts: 8,
            gap: Duration::from_millis(200),
        }
    }
}

/// An address that no provider can be asked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no address such as https://gitlab.example.com: https or http, a host, no user, no query"
)]
pub struct NoAddress;

/// Reads where a provider is asked.
///
/// # Errors
/// What is no such address.
pub fn address(text: &str) -> Result<Url, NoAddress> {
    let url = Url::parse(text).map_err(|_| NoAddress)?;
    let plain = matches!(url.scheme(), "https" | "http")
        && url.host_str().is_some_and(|host| !host.is_empty())
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then_some(url).ok_or(NoAddress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_perhaps_a_path() {
        for text in [
            "https://a.example",
            "http://127.0.0.1:8080",
            "https://a.example/api/v3/",
            "https://[::1]:1",
        ] {
            assert!(address(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "a.example",
            "ftp://a.example",
            "https://u@a.example",
            "https://u:p@a.example",
            "https://a.example?x",
            "https://a.example#x",
            "file:///etc/passwd",
        ] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
