//! From which address a call comes where it came by proxies: what a proxy says is believed of those that the settings
//! name, and of nobody else.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The most addresses that are looked at: no chain of proxies is as long.
const MOST: usize = 32;

/// In which header the proxies say it. One is read, and the other is not: callers can send both, and a proxy minds one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Says {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Which proxies are believed. Nobody, unless somebody is named.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// Their networks.
    pub trusted: Vec<IpNet>,
    /// In which header they say it.
    pub says: Says,
}

impl Proxies {
    /// The address that counts as the caller's. From the peer on, backwards: what a trusted proxy says is taken, up to
    /// the first address that is no proxy's. What cannot be read is not gone past.
    #[must_use]
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut at = peer.to_canonical();
        if !self.trusts(at) {
            return at;
        }
        let name = match self.says {
            Says::XForwardedFor => "x-forwarded-for",
            Says::Forwarded => "forwarded",
        };
        let mut lines = Vec::new();
        for line in headers.get_all(name) {
            // After a line that is no text, what stands before it is not known to be in order.
            match line.to_str() {
                Ok(line) => lines.push(line),
                Err(_) => lines.clear(),
            }
        }
        let hops = lines.iter().rev().flat_map(|line| match self.says {
            Says::XForwardedFor => line.rsplit(',').map(|hop| address(hop.trim())).collect(),
            Says::Forwarded => forwarded(line),
        });
        for hop in hops.take(MOST) {
            let Some(hop) = hop else {
                return at;
            };
            at = hop;
            if !self.trusts(at) {
                return at;
            }
        }
        at
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&address))
    }
}

/// The elements of one line of `Forwarded`, the last first: for whom, where it says so.
fn forwarded(line: &str) -> Vec<Option<IpAddr>> {
    let mut hops: Vec<Option<IpAddr>> = split(line, ',')
        .into_iter()
        .map(|element| {
            let pairs = split(element, ';').into_iter();
            let mut told = pairs.filter_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                name.trim()
                    .eq_ignore_ascii_case("for")
                    .then(|| value.trim())
            });
            let value = told.next()?;
            // Said twice, it says nothing.
            if told.next().is_some() {
                return None;
            }
            address(
                value
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'))
                    .unwrap_or(value),
            )
        })
        .collect();
    hops.reverse();
    hops
}

/// Parts between separators that do not stand in a quoted string.
fn split(text: &str, by: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|c| {
        if escaped {
            escaped = false;
        } else if quoted && c == '\\' {
            escaped = true;
        } else if c == '"' {
            quoted = !quoted;
        }
        c == by && !quoted
    })
    .collect()
}

/// An address as both headers have it: alone, or with a port; of IPv6 in brackets. `unknown` and hidden names are none.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let alone = bare.unwrap_or(text).parse::<IpAddr>().ok();
    alone
        .or_else(|| text.parse::<SocketAddr>().ok().map(|at| at.ip()))
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(
        trusted: &[&str],
        says: Says,
        peer: &str,
        headers: &[(&'static str, &str)],
    ) -> String {
        let proxies = Proxies {
            trusted: trusted.iter().map(|net| net.parse().unwrap()).collect(),
            says,
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                *name,
                axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        proxies.caller(peer.parse().unwrap(), &map).to_string()
    }

    const XFF: &str = "x-forwarded-for";

    #[test]
    fn nobody_is_believed_who_is_not_named() {
        let spoofed = [(XFF, "198.51.100.7"), ("forwarded", "for=198.51.100.7")];
        for says in [Says::XForwardedFor, Says::Forwarded] {
            assert_eq!(caller(&[], says, "192.0.2.1", &spoofed), "192.0.2.1");
            assert_eq!(
                caller(&["10.0.0.0/8"], says, "192.0.2.1", &spoofed),
                "192.0.2.1"
            );
        }
    }

    #[test]
    fn a_proxy_is_believed_and_what_the_caller_wrote_before_is_not() {
        let proxied = |list: &str| {
            caller(
                &["10.0.0.0/8"],
                Says::XForwardedFor,
                "10.0.0.1",
                &[(XFF, list)],
            )
        };
        assert_eq!(proxied("192.0.2.9"), "192.0.2.9");
        assert_eq!(
            proxied("198.51.100.7, 192.0.2.9"),
            "192.0.2.9",
            "the first is the caller's own word"
        );
        assert_eq!(
            proxied("198.51.100.7, 192.0.2.9, 10.0.0.2"),
            "192.0.2.9",
            "past a second proxy"
        );
        assert_eq!(proxied("10.9.9.9"), "10.9.9.9");
        assert_eq!(
            proxied("198.51.100.7, unknown"),
            "10.0.0.1",
            "nothing is gone past"
        );
        assert_eq!(proxied(""), "10.0.0.1");
        assert_eq!(proxied("192.0.2.9:4711"), "192.0.2.9");
        assert_eq!(proxied("[2001:db8::1]:4711"), "2001:db8::1");
        let two = [(XFF, "198.51.100.7"), (XFF, "192.0.2.9")];
        assert_eq!(
            caller(&["10.0.0.1/32"], Says::XForwardedFor, "10.0.0.1", &two),
            "192.0.2.9"
        );
        let broken = [(XFF, "198.51.100.7"), (XFF, "\u{e9}")];
        assert_eq!(
            caller(&["10.0.0.1/32"], Says::XForwardedFor, "10.0.0.1", &broken),
            "10.0.0.1"
        );
        // A listener of both kinds names peers of IPv4 in the words of IPv6.
        assert_eq!(
            caller(
                &["10.0.0.0/8"],
                Says::XForwardedFor,
                "::ffff:10.0.0.1",
                &[(XFF, "192.0.2.9")]
            ),
            "192.0.2.9"
        );
    }

    #[test]
    fn the_other_header_is_not_read() {
        let both = [(XFF, "192.0.2.9"), ("forwarded", "for=198.51.100.7")];
        assert_eq!(
            caller(&["10.0.0.0/8"], Says::XForwardedFor, "10.0.0.1", &both),
            "192.0.2.9"
        );
        assert_eq!(
            caller(&["10.0.0.0/8"], Says::Forwarded, "10.0.0.1", &both),
            "198.51.100.7"
        );
    }

    /// The examples of RFC 7239, section 4.
    #[test]
    fn forwarded_is_read_as_its_rfc_writes_it() {
        let proxied = |line: &str| {
            caller(
                &["10.0.0.0/8"],
                Says::Forwarded,
                "10.0.0.1",
                &[("forwarded", line)],
            )
        };
        assert_eq!(
            proxied("For=\"[2001:db8:cafe::17]:4711\""),
            "2001:db8:cafe::17"
        );
        assert_eq!(
            proxied("for=192.0.2.60;proto=http;by=203.0.113.43"),
            "192.0.2.60"
        );
        assert_eq!(
            proxied("for=192.0.2.43, for=198.51.100.17"),
            "198.51.100.17"
        );
        for nothing in [
            "for=\"_gazonk\"",
            "for=unknown",
            "by=192.0.2.1",
            "for=192.0.2.1;for=192.0.2.2",
            "for=\"192.0.2.1",
        ] {
            assert_eq!(proxied(nothing), "10.0.0.1", "{nothing}");
        }
        // A separator in quotes separates nothing.
        assert_eq!(
            proxied("for=192.0.2.9;ext=\"a,for=198.51.100.7;\""),
            "192.0.2.9"
        );
    }
}
