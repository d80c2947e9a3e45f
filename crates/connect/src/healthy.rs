//! Asks a server of Tenure on this machine whether it is ready: what an image without a shell has its health checked by.

use crate::http::{Client, HttpError, Limits, Request, address::AddressPolicy};
use std::time::Duration;
use url::Url;

/// This machine, and nothing else: `Client` reaches public addresses too, so that the host is looked at first.
const HERE: [&str; 2] = ["127.0.0.0/8", "::1/128"];

/// The status of `/readyz` at an address of this machine.
///
/// # Errors
/// The address is not of this machine, or there is no answer within three seconds.
pub fn ready(at: &Url) -> Result<u16, HttpError> {
    let is_here = match at.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    if !is_here {
        return Err(HttpError::Request(
            "its address is not one of this machine, as 127.0.0.1 or [::1]",
        ));
    }
    let mut url = at.clone();
    url.set_path("/readyz");
    url.set_query(None);
    let limits = Limits {
        connect: Duration::from_secs(3),
        whole: Duration::from_secs(3),
        most_bytes: 4 * 1024,
    };
    let policy = AddressPolicy::allowing(HERE).unwrap_or_default();
    let request = Request {
        method: ::http::Method::GET,
        url,
        headers: Vec::new(),
        body: None,
    };
    Client::new(limits, policy)
        .send(&request)
        .map(|answer| answer.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_asked() {
        for elsewhere in [
            "http://192.0.2.1:8080",
            "https://tenure.example.com",
            "http://localhost:8080",
            "http://0.0.0.0:1",
        ] {
            let error = ready(&elsewhere.parse().unwrap()).unwrap_err();
            assert!(
                error.to_string().contains("this machine"),
                "{elsewhere}: {error}"
            );
        }
    }
}
