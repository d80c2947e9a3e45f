//! What an identity provider says of itself (`OpenID Connect` Discovery 1.0, section 3).

use super::{document::DocumentError, keys::Algorithm};
use serde::Deserialize;
use std::fmt;
use url::Url;

const WHAT: &str = "the discovery document";

/// The identifier of an identity provider, kept letter by letter: it is compared, never normalised.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Issuer(String);

/// A text that is no issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no issuer: {0}")]
pub struct BadIssuer(&'static str);

impl Issuer {
    /// Reads one: `https` (`http` only ever reaches an address that an allowance names), a host, no user, no query,
    /// no fragment.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str) -> Result<Self, BadIssuer> {
        let url = Url::parse(text).map_err(|_| {
            BadIssuer("write it as the provider does, such as https://id.example.com")
        })?;
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(BadIssuer("it begins with https:// and a host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadIssuer("leave the user and password out"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BadIssuer("leave everything from ? or # on out"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where its document lies (section 4: a `/` at the end goes before the path is added).
    pub(super) fn document(&self) -> Result<Url, DocumentError> {
        let base = self.0.strip_suffix('/').unwrap_or(&self.0);
        Url::parse(&format!("{base}/.well-known/openid-configuration"))
            .map_err(|_| DocumentError::new(WHAT, "the issuer leads to no address"))
    }

    fn is_plain(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| url.scheme() == "http")
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What of the document is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Where the browser goes to sign in.
    pub authorization_endpoint: Url,
    /// Where a code is exchanged.
    pub token_endpoint: Url,
    /// Where the keys lie.
    pub jwks_uri: Url,
    /// Where more is told of who signed in.
    pub userinfo_endpoint: Option<Url>,
    /// Where the browser goes to sign out (`OpenID Connect` RP-Initiated Logout 1.0).
    pub end_session_endpoint: Option<Url>,
    /// The algorithms of its ID tokens that are taken here.
    pub algorithms: Vec<Algorithm>,
    /// How a client may prove itself.
    pub auth_methods: Vec<String>,
    /// With which algorithms a client may sign; empty where it does not say.
    pub auth_algorithms: Vec<String>,
    /// Whether each of its answers names it (RFC 9207).
    pub names_itself: bool,
}

#[derive(Deserialize)]
struct Written {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    response_types_supported: Vec<String>,
    id_token_signing_alg_values_supported: Vec<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_signing_alg_values_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
}

impl Metadata {
    /// Reads the document of an issuer.
    ///
    /// # Errors
    /// The field that is missing or wrong. The issuer in it has to be the same, letter by letter (section 4.3).
    pub fn parse(bytes: &[u8], issuer: &Issuer) -> Result<Self, DocumentError> {
        let written: Written =
            serde_json::from_slice(bytes).map_err(|error| DocumentError::json(WHAT, &error))?;
        if written.issuer != issuer.as_str() {
            return Err(DocumentError::new(
                WHAT,
                format!(
                    "`issuer` is not {issuer}, letter by letter: set the issuer exactly as the provider writes it"
                ),
            ));
        }
        if !written
            .response_types_supported
            .iter()
            .any(|kind| kind == "code")
        {
            return Err(DocumentError::new(
                WHAT,
                "`response_types_supported` has no `code`: it knows no authorization code flow",
            ));
        }
        let challenges = written.code_challenge_methods_supported.as_ref();
        if challenges.is_some_and(|methods| !methods.iter().any(|method| method == "S256")) {
            return Err(DocumentError::new(
                WHAT,
                "`code_challenge_methods_supported` has no `S256`: it knows no PKCE that protects",
            ));
        }
        let algorithms: Vec<Algorithm> = written
            .id_token_signing_alg_values_supported
            .iter()
            .filter_map(|name| Algorithm::parse(name))
            .collect();
        if algorithms.is_empty() {
            return Err(DocumentError::new(
                WHAT,
                "`id_token_signing_alg_values_supported` has none of RS256, PS256, ES256 and EdDSA",
            ));
        }
        let plain = issuer.is_plain();
        let required = |name, text: &str| endpoint(name, text, plain);
        let optional =
            |name, text: Option<&String>| text.map(|text| endpoint(name, text, plain)).transpose();
        Ok(Self {
            authorization_endpoint: required(
                "authorization_endpoint",
                &written.authorization_endpoint,
            )?,
            token_endpoint: required("token_endpoint", &written.token_endpoint)?,
            jwks_uri: required("jwks_uri", &written.jwks_uri)?,
            userinfo_endpoint: optional("userinfo_endpoint", written.userinfo_endpoint.as_ref())?,
            end_session_endpoint: optional(
                "end_session_endpoint",
                written.end_session_endpoint.as_ref(),
            )?,
            algorithms,
            // Section 3: what holds where it is left out.
            auth_methods: written
                .token_endpoint_auth_methods_supported
                .unwrap_or_else(|| vec!["client_secret_basic".to_owned()]),
            auth_algorithms: written
                .token_endpoint_auth_signing_alg_values_supported
                .unwrap_or_default(),
            names_itself: written
                .authorization_response_iss_parameter_supported
                .unwrap_or_default(),
        })
    }
}

/// An address of the provider: with TLS, unless its issuer itself has none.
fn endpoint(name: &str, text: &str, plain: bool) -> Result<Url, DocumentError> {
    let wrong = |why: &str| DocumentError::new(WHAT, format!("`{name}` {why}"));
    let url = Url::parse(text).map_err(|_| wrong("is no address"))?;
    match url.scheme() {
        "https" => {}
        "http" if plain => {}
        _ => return Err(wrong("is not https")),
    }
    if !url.has_host() || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has no host, or a user or password"));
    }
    if url.fragment().is_some() {
        return Err(wrong("has a fragment"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn issuer() -> Issuer {
        Issuer::parse("https://id.example.com/realm").unwrap()
    }

    fn document() -> Value {
        json!({
            "issuer": "https://id.example.com/realm",
            "authorization_endpoint": "https://id.example.com/realm/auth?tenant=1",
            "token_endpoint": "https://token.example.net/token",
            "jwks_uri": "https://id.example.com/realm/keys",
            "response_types_supported": ["code", "id_token"],
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256", "ES512", "EdDSA"],
            "subject_types_supported": ["public"]
        })
    }

    fn with(name: &str, value: Value) -> Result<Metadata, DocumentError> {
        let mut document = document();
        document[name] = value;
        Metadata::parse(document.to_string().as_bytes(), &issuer())
    }

    fn why(name: &str, value: Value) -> String {
        with(name, value).unwrap_err().to_string()
    }

    #[test]
    fn a_document_is_read_and_what_it_leaves_out_is_as_the_standard_says() {
        let read = Metadata::parse(document().to_string().as_bytes(), &issuer()).unwrap();
        assert_eq!(read.algorithms, [Algorithm::Rs256, Algorithm::EdDsa]);
        assert_eq!(read.auth_methods, ["client_secret_basic"]);
        assert!(!read.names_itself);
        assert_eq!(read.userinfo_endpoint, None);
    }

    #[test]
    fn the_issuer_is_the_same_letter_by_letter() {
        for other in [
            "https://id.example.com/realm/",
            "https://ID.example.com/realm",
            "https://id.example.com:443/realm",
            "https://id.example.com/",
            "https://id.example.com/{tenantid}",
            "",
        ] {
            assert!(
                why("issuer", json!(other)).contains("letter by letter"),
                "{other}"
            );
        }
        assert!(with("issuer", Value::Null).is_err());
    }

    #[test]
    fn what_cannot_be_used_safely_is_refused_by_field() {
        for name in [
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
        ] {
            for bad in [
                "http://id.example.com/x",
                "javascript:alert(1)",
                "/relative",
                "https://ann:made-up@id.example.com/x",
                "https://id.example.com/x#y",
            ] {
                assert!(why(name, json!(bad)).contains(name), "{name} {bad}");
            }
        }
        assert!(why("response_types_supported", json!(["id_token"])).contains("code"));
        assert!(why("code_challenge_methods_supported", json!(["plain"])).contains("S256"));
        assert!(with("code_challenge_methods_supported", json!(["plain", "S256"])).is_ok());
        let none = why(
            "id_token_signing_alg_values_supported",
            json!(["none", "HS256"]),
        );
        assert!(none.contains("none of RS256"), "{none}");
    }

    #[test]
    fn a_broken_document_is_not_quoted() {
        let error = Metadata::parse(b"{\"issuer\": 12345678", &issuer()).unwrap_err();
        assert!(!error.to_string().contains("12345678"), "{error}");
    }

    #[test]
    fn an_issuer_is_an_address_and_nothing_more() {
        for bad in [
            "",
            "id.example.com",
            "ftp://id.example.com",
            "https://ann@id.example.com",
            "https://id.example.com?x",
            "https://id.example.com#x",
            "data:text/plain,x",
        ] {
            assert!(Issuer::parse(bad).is_err(), "{bad}");
        }
        let of = |text| Issuer::parse(text).unwrap().document().unwrap().to_string();
        let path = "/.well-known/openid-configuration";
        assert_eq!(of("https://a.example/"), format!("https://a.example{path}"));
        assert_eq!(
            of("https://a.example/b"),
            format!("https://a.example/b{path}")
        );
    }
}
