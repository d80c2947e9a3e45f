//! How a request of a recipe carries the key.

use serde::{Deserialize, Deserializer, de};
use std::{fmt, str::FromStr};

/// Where the key stands in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Nowhere but where the request itself says `{secret}`.
    None,
    /// `Authorization: Bearer KEY` (RFC 6750).
    Bearer,
    /// The user of HTTP basic authentication (RFC 7617), with no password.
    BasicUser,
    /// The password of HTTP basic authentication, for any user.
    BasicPassword,
    /// The public id as user, the key as password.
    BasicPair,
    /// A header: its name, and its value around `{secret}`.
    Header {
        /// The name.
        name: String,
        /// The value, with `{secret}` and perhaps `{key_id}` in it.
        value: String,
    },
    /// A parameter of the query.
    Query(String),
    /// AWS Signature Version 4 for a service.
    SigV4(String),
    /// The client credentials of RFC 6749, 4.4, in the body.
    OauthClientCredentials,
}

impl FromStr for Auth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "none" => Self::None,
            "bearer" => Self::Bearer,
            "basic_user" => Self::BasicUser,
            "basic_password" => Self::BasicPassword,
            "basic_pair" => Self::BasicPair,
            "oauth_client_credentials" => Self::OauthClientCredentials,
            other => match other.split_once(':') {
                Some(("header", rest)) => {
                    let (name, value) = rest.split_once('=').unwrap_or((rest, "{secret}"));
                    let token = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
                    if name.is_empty() || !name.bytes().all(token) || !value.contains("{secret}") {
                        return Err(format!(
                            "`{other}`: write header:NAME or header:NAME=… {{secret}}"
                        ));
                    }
                    Self::Header {
                        name: name.to_owned(),
                        value: value.to_owned(),
                    }
                }
                Some(("query", name)) if !name.is_empty() => Self::Query(name.to_owned()),
                Some(("sigv4", service)) if !service.is_empty() => Self::SigV4(service.to_owned()),
                _ => return Err(format!("`{other}` is no way to carry a key")),
            },
        })
    }
}

impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Bearer => f.write_str("bearer"),
            Self::BasicUser => f.write_str("basic_user"),
            Self::BasicPassword => f.write_str("basic_password"),
            Self::BasicPair => f.write_str("basic_pair"),
            Self::Header { name, value } if value == "{secret}" => write!(f, "header:{name}"),
            Self::Header { name, value } => write!(f, "header:{name}={value}"),
            Self::Query(name) => write!(f, "query:{name}"),
            Self::SigV4(service) => write!(f, "sigv4:{service}"),
            Self::OauthClientCredentials => f.write_str("oauth_client_credentials"),
        }
    }
}

impl<'de> Deserialize<'de> for Auth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_written_again() {
        for text in [
            "none",
            "bearer",
            "basic_user",
            "basic_password",
            "basic_pair",
            "header:X-Key",
            "header:Authorization=SSWS {secret}",
            "query:key",
            "sigv4:sts",
            "oauth_client_credentials",
        ] {
            assert_eq!(text.parse::<Auth>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "cookie",
            "header:",
            "header:A B",
            "header:A=x",
            "query:",
            "sigv4:",
        ] {
            assert!(text.parse::<Auth>().is_err(), "{text}");
        }
    }
}
