//! Incoming webhooks as Slack takes them, and Mattermost and Rocket.Chat after it: a JSON object with `text`. The address
//! is the secret.

use super::{Notice, NotifyError, request};
use crate::http::{Client, Request};
use ::http::Method;
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

/// A channel behind an address that is a secret itself.
pub struct Incoming {
    address: Zeroizing<String>,
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Incoming(***)")
    }
}

impl Incoming {
    /// An incoming webhook.
    #[must_use]
    pub fn new(address: Zeroizing<String>) -> Self {
        Self { address }
    }

    /// Sends a notice.
    ///
    /// # Errors
    /// It did not arrive; the address is none, and is not repeated.
    pub fn send(&self, client: &Client, notice: &Notice) -> Result<(), NotifyError> {
        let url: Url = self
            .address
            .trim()
            .parse()
            .map_err(|_| NotifyError::Channel("the address of the incoming webhook is none"))?;
        let request = Request {
            method: Method::POST,
            url,
            headers: vec![(
                "Content-Type".to_owned(),
                Zeroizing::new("application/json".to_owned()),
            )],
            body: Some(Zeroizing::new(
                json!({ "text": text(notice) }).to_string().into_bytes(),
            )),
        };
        request::taken(client, &request)
    }
}

/// The text. `&`, `<` and `>` are written as entities, so that the name of a key mentions nobody and links nowhere.
fn text(notice: &Notice) -> String {
    let plain = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let mut text = plain(&notice.subject);
    for line in &notice.lines {
        text.push('\n');
        text.push_str(&plain(line));
    }
    text.push('\n');
    text.push_str(notice.page.as_str());
    text
}
