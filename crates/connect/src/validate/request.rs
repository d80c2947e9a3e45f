//! A recipe and a key to one request, or the reason why there is none.

use super::settings::Settings;
use crate::http::Request;
use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::SystemTime;
use tenure_model::{
    catalog::{Recipe, RecipeBy, auth::Auth},
    secret::Secret,
};
use url::Url;
use zeroize::Zeroizing;

/// One key.
#[derive(Clone, Copy)]
pub(super) struct Key<'k> {
    /// The secret.
    pub(super) secret: &'k Secret,
    /// Its public id.
    pub(super) key_id: Option<&'k str>,
}

/// What the unreserved characters of RFC 3986 are not.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The request that checks a key.
///
/// # Errors
/// Why it cannot be checked, in words that follow on "cannot be checked: ".
pub(super) fn request(
    recipe: &Recipe,
    provider: &str,
    settings: &Settings,
    key: Key<'_>,
) -> Result<Request, String> {
    let (method, address) = recipe
        .request
        .as_deref()
        .filter(|_| recipe.by == Some(RecipeBy::Api))
        .and_then(|request| request.split_once(' '))
        .ok_or("no request is known that would check it")?;
    // INVARIANT: nothing that may write or cost is ever asked.
    if recipe.read_only != Some(true) {
        return Err("its request is not marked read-only".to_owned());
    }
    let method = match method {
        "GET" => Method::GET,
        "POST" => Method::POST,
        other => return Err(format!("a {other} request is never sent to check a key")),
    };
    let text = std::str::from_utf8(key.secret.expose())
        .map_err(|_| "it is no text, as no request can hold it")?;
    let filled = Filling {
        provider,
        settings,
        secret: text,
        key_id: key.key_id,
    };
    let mut url = filled.address(address)?;
    let mut headers: Vec<(String, Zeroizing<String>)> = recipe
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), Zeroizing::new(value.clone())))
        .collect();
    let mut body = recipe
        .body
        .as_deref()
        .map(|body| filled.body(body, &url))
        .transpose()?;
    let mut header = |name: &str, value: Zeroizing<String>| headers.push((name.to_owned(), value));
    let basic = |user: &str, password: &str| {
        let pair = Zeroizing::new(format!("{user}:{password}"));
        Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
    };
    match recipe.auth.as_ref().unwrap_or(&Auth::None) {
        Auth::None => {}
        Auth::Bearer => header("Authorization", Zeroizing::new(format!("Bearer {text}"))),
        Auth::BasicUser => header("Authorization", basic(text, "")),
        // Vendors that take any user name take this one; some take no other.
        Auth::BasicPassword => header("Authorization", basic("api", text)),
        Auth::BasicPair => header("Authorization", basic(filled.key_id()?, text)),
        Auth::Header { name, value } => {
            let with_id = if value.contains("{key_id}") {
                value.replace("{key_id}", filled.key_id()?)
            } else {
                value.clone()
            };
            header(name, Zeroizing::new(with_id.replace("{secret}", text)));
        }
        Auth::Query(name) => {
            url.query_pairs_mut().append_pair(name, text);
        }
        // Signed below, when all else stands.
        Auth::SigV4(_) => {}
        Auth::OauthClientCredentials if method == Method::POST => {
            body = Some(client_credentials(body, filled.key_id()?, text)?);
        }
        Auth::OauthClientCredentials => {
            return Err("it takes two requests, of which the first is not written down".to_owned());
        }
    }
    let named = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some(body) = body.as_ref().filter(|_| !named) {
        let kind = if body.first() == Some(&b'{') {
            "application/json"
        } else {
            "application/x-www-form-urlencoded"
        };
        headers.push(("Content-Type".to_owned(), Zeroizing::new(kind.to_owned())));
    }
    if let Some(Auth::SigV4(service)) = &recipe.auth {
        let content = body.as_ref().map_or(&[][..], |body| body.as_slice());
        headers.extend(signed(
            &method,
            &url,
            content,
            service,
            filled.key_id()?,
            text,
        )?);
    }
    if headers
        .iter()
        .any(|(_, value)| !value.bytes().all(|b| (0x20..0x7f).contains(&b)))
    {
        return Err("it holds what no header can".to_owned());
    }
    Ok(Request {
        method,
        url,
        headers,
        body,
    })
}

/// What stands for the names in braces.
struct Filling<'f> {
    provider: &'f str,
    settings: &'f Settings,
    secret: &'f str,
    key_id: Option<&'f str>,
}

impl Filling<'_> {
    fn key_id(&self) -> Result<&str, String> {
        self.key_id
            .ok_or_else(|| "its public half is not known: none stands beside it".to_owned())
    }

    fn account(&self) -> Result<&str, String> {
        let account = self.settings.account.get(self.provider);
        account.map(String::as_str).ok_or_else(|| {
            let provider = self.provider;
            format!("name the account: --validate-account {provider}=NAME")
        })
    }

    /// The address, at the place that the user named for this provider where there is one.
    fn address(&self, template: &str) -> Result<Url, String> {
        let (base, path) = split(template);
        let broken = || "the address of its recipe is none".to_owned();
        let base = match self.settings.at.get(self.provider) {
            Some(at) => at.as_str().trim_end_matches('/').to_owned(),
            None if base.contains('{') => {
                let provider = self.provider;
                return Err(format!(
                    "it is not known where it was issued: --validate-at {provider}=https://…"
                ));
            }
            None => base.to_owned(),
        };
        let mut path = Zeroizing::new(path.to_owned());
        for (name, value) in [
            ("{secret}", Ok(self.secret)),
            ("{key_id}", self.key_id()),
            ("{account}", self.account()),
        ] {
            if path.contains(name) {
                let value = Zeroizing::new(utf8_percent_encode(value?, ENCODED).to_string());
                path = Zeroizing::new(path.replace(name, &value));
            }
        }
        let whole = Zeroizing::new(format!("{base}{}", path.as_str()));
        if whole.contains(['{', '}']) {
            return Err(broken());
        }
        Url::parse(&whole).map_err(|_| broken())
    }

    /// The body: JSON where it begins as such, else a form.
    fn body(&self, template: &str, url: &Url) -> Result<Zeroizing<Vec<u8>>, String> {
        let json = template.starts_with('{');
        let escaped = |text: &str| {
            Zeroizing::new(if json {
                let quoted = Zeroizing::new(serde_json::Value::from(text).to_string());
                let inner = quoted
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'));
                inner.unwrap_or_default().to_owned()
            } else {
                utf8_percent_encode(text, ENCODED).to_string()
            })
        };
        let mut body = Zeroizing::new(template.to_owned());
        for (name, value) in [
            ("{secret}", Ok(self.secret)),
            ("{key_id}", self.key_id()),
            ("{account}", self.account()),
            ("{host}", Ok(url.authority())),
        ] {
            if body.contains(name) {
                let value = escaped(value?);
                body = Zeroizing::new(body.replace(name, &value));
            }
        }
        Ok(Zeroizing::new(body.as_bytes().to_vec()))
    }
}

/// What stands before the path, and the path with what follows.
fn split(template: &str) -> (&str, &str) {
    let after = template.find("://").map_or(0, |at| at.saturating_add(3));
    let at = template
        .get(after..)
        .and_then(|rest| rest.find('/'))
        .map_or(template.len(), |at| after.saturating_add(at));
    template.split_at_checked(at).unwrap_or((template, ""))
}

/// The body of RFC 6749, 4.4.2, with the credentials in it (2.3.1), in the form that the recipe's body has.
fn client_credentials(
    body: Option<Zeroizing<Vec<u8>>>,
    id: &str,
    secret: &str,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let given = body.unwrap_or_default();
    let mut out = Zeroizing::new(Vec::with_capacity(
        given
            .len()
            .saturating_add(3 * secret.len())
            .saturating_add(512),
    ));
    if given.first() == Some(&b'{') {
        let quoted = |text: &str| Zeroizing::new(serde_json::Value::from(text).to_string());
        let inner = given
            .strip_prefix(b"{")
            .and_then(|rest| rest.strip_suffix(b"}"))
            .ok_or("the body of its recipe is none")?;
        out.extend_from_slice(b"{\"client_id\":");
        out.extend_from_slice(quoted(id).as_bytes());
        out.extend_from_slice(b",\"client_secret\":");
        out.extend_from_slice(quoted(secret).as_bytes());
        if !inner.is_empty() {
            out.push(b',');
        }
        out.extend_from_slice(inner);
        out.push(b'}');
        return Ok(out);
    }
    let encoded = |text: &str| Zeroizing::new(utf8_percent_encode(text, ENCODED).to_string());
    out.extend_from_slice(b"grant_type=client_credentials&client_id=");
    out.extend_from_slice(encoded(id).as_bytes());
    out.extend_from_slice(b"&client_secret=");
    out.extend_from_slice(encoded(secret).as_bytes());
    if !given.is_empty() {
        out.push(b'&');
        out.extend_from_slice(&given);
    }
    Ok(out)
}

/// The headers of AWS Signature Version 4. The region is that of the host, as in `sts.eu-west-1.amazonaws.com`.
fn signed(
    method: &Method,
    url: &Url,
    body: &[u8],
    service: &str,
    id: &str,
    secret: &str,
) -> Result<Vec<(String, Zeroizing<String>)>, String> {
    let failed = |_| "it cannot sign a request".to_owned();
    let host = url.host_str().unwrap_or_default();
    let region = host
        .split('.')
        .nth(1)
        .filter(|part| host.contains(".amazonaws.com") && part.contains('-'))
        .unwrap_or("us-east-1");
    let identity = Credentials::new(id, secret, None, None, "tenure").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| "it cannot sign a request".to_owned())?
        .into();
    let request = SignableRequest::new(
        method.as_str(),
        url.as_str(),
        [("host", url.authority())].into_iter(),
        SignableBody::Bytes(body),
    )
    .map_err(failed)?;
    let (instructions, _) = sign(request, &params).map_err(failed)?.into_parts();
    Ok(instructions
        .headers()
        .map(|(name, value)| (name.to_owned(), Zeroizing::new(value.to_owned())))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::settings::address;

    fn recipe(lines: &str) -> Recipe {
        toml::from_str(&format!("by = \"api\"\nread_only = true\n{lines}")).unwrap()
    }

    fn made(
        recipe: &Recipe,
        settings: &Settings,
        secret: &str,
        id: Option<&str>,
    ) -> Result<Request, String> {
        let secret = Secret::new(secret.as_bytes());
        request(
            recipe,
            "ex",
            settings,
            Key {
                secret: &secret,
                key_id: id,
            },
        )
    }

    fn header<'r>(request: &'r Request, name: &str) -> &'r str {
        let found = request
            .headers
            .iter()
            .find(|(one, _)| one.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str())
    }

    #[test]
    fn a_request_that_is_not_marked_read_only_is_never_made() {
        for mark in ["", "read_only = false"] {
            let recipe: Recipe = toml::from_str(&format!(
                "by = \"api\"\nrequest = \"GET https://api.example.com/me\"\nauth = \"bearer\"\nlive = [200]\n{mark}"
            ))
            .unwrap();
            let why = made(&recipe, &Settings::default(), "abc", None).unwrap_err();
            assert!(why.contains("not marked read-only"), "{why}");
        }
        for method in ["DELETE", "PUT", "PATCH", "HEAD"] {
            let recipe = recipe(&format!(
                "request = \"{method} https://api.example.com/me\""
            ));
            assert!(
                made(&recipe, &Settings::default(), "abc", None).is_err(),
                "{method}"
            );
        }
        for by in ["console", "cli", "sql", "none"] {
            let recipe: Recipe = toml::from_str(&format!(
                "by = \"{by}\"\nread_only = true\nrequest = \"GET https://a.example/\""
            ))
            .unwrap();
            assert!(
                made(&recipe, &Settings::default(), "abc", None).is_err(),
                "{by}"
            );
        }
    }

    #[test]
    fn each_way_puts_the_key_where_it_belongs() {
        let none = Settings::default();
        let with = |auth: &str| {
            recipe(&format!(
                "request = \"GET https://api.example.com/me\"\nauth = \"{auth}\""
            ))
        };
        let value = |auth: &str, name: &str| {
            let request = made(&with(auth), &none, "s3:c/r", Some("id")).unwrap();
            header(&request, name).to_owned()
        };
        assert_eq!(value("bearer", "authorization"), "Bearer s3:c/r");
        assert_eq!(value("header:X-Key", "x-key"), "s3:c/r");
        assert_eq!(
            value("header:Authorization=SSWS {secret}", "authorization"),
            "SSWS s3:c/r"
        );
        assert_eq!(
            value("header:Authorization={key_id}:{secret}", "authorization"),
            "id:s3:c/r"
        );
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        assert_eq!(value("basic_user", "authorization"), basic("s3:c/r:"));
        assert_eq!(
            value("basic_password", "authorization"),
            basic("api:s3:c/r")
        );
        assert_eq!(value("basic_pair", "authorization"), basic("id:s3:c/r"));
        let query = made(&with("query:key"), &none, "s3:c/r&x", None).unwrap();
        assert_eq!(query.url.query(), Some("key=s3%3Ac%2Fr%26x"));
        let signed = made(&with("sigv4:sts"), &none, "s3", Some("AK")).unwrap();
        let line = header(&signed, "authorization");
        assert!(
            line.starts_with("AWS4-HMAC-SHA256 Credential=AK/") && line.contains("/us-east-1/sts/"),
            "{line}"
        );
        assert!(
            made(&with("basic_pair"), &none, "s3", None)
                .unwrap_err()
                .contains("public half")
        );
        assert!(made(&with("sigv4:sts"), &none, "s3", None).is_err());
    }

    #[test]
    fn no_key_breaks_out_of_its_place() {
        let none = Settings::default();
        let body = |kind: &str, secret: &str| {
            let recipe = recipe(&format!(
                "request = \"POST https://api.example.com/t\"\nauth = \"none\"\nbody = '{kind}'"
            ));
            made(&recipe, &none, secret, Some("me"))
                .map(|r| String::from_utf8(r.body.unwrap().to_vec()).unwrap())
        };
        assert_eq!(
            body(r#"{"t":"{secret}"}"#, "a\"b\\\n\"").unwrap(),
            r#"{"t":"a\"b\\\n\""}"#
        );
        assert_eq!(
            body("t={secret}&i={key_id}", "a&b=c d").unwrap(),
            "t=a%26b%3Dc%20d&i=me"
        );
        let bearer = recipe("request = \"GET https://api.example.com/\"\nauth = \"bearer\"");
        for secret in ["a\r\nX-Evil: 1", "a\0", "é"] {
            assert!(
                made(&bearer, &none, secret, None)
                    .unwrap_err()
                    .contains("no header can")
            );
        }
        let path =
            recipe("request = \"GET https://api.example.com/k/{key_id}?x=1\"\nauth = \"bearer\"");
        let request = made(&path, &none, "s", Some("../a?b#c")).unwrap();
        assert_eq!(
            request.url.as_str(),
            "https://api.example.com/k/..%2Fa%3Fb%23c?x=1"
        );
        assert_eq!(format!("{request:?}"), "Request(GET api.example.com ***)");
    }

    #[test]
    fn where_to_comes_from_the_recipe_or_the_user_alone() {
        let of =
            |template: &str| recipe(&format!("request = \"GET {template}\"\nauth = \"bearer\""));
        let mut settings = Settings::default();
        for template in [
            "https://{host}/me",
            "https://api.{host}/me",
            "{registry}/me",
        ] {
            let why = made(&of(template), &settings, "s", None).unwrap_err();
            assert!(why.contains("--validate-at ex="), "{why}");
        }
        settings.at.insert(
            "ex".to_owned(),
            address("https://eu.example.com:8443/base/").unwrap(),
        );
        for template in [
            "https://{host}/me",
            "https://api.{host}/me",
            "{registry}/me",
            "https://us.example.com/me",
        ] {
            let request = made(&of(template), &settings, "s", None).unwrap();
            assert_eq!(request.url.as_str(), "https://eu.example.com:8443/base/me");
            assert_eq!(request.host(), "eu.example.com:8443");
        }
        let account = of("https://{host}/{account}/me");
        assert!(
            made(&account, &settings, "s", None)
                .unwrap_err()
                .contains("--validate-account ex=")
        );
        settings.account.insert("ex".to_owned(), "a b".to_owned());
        assert!(
            made(&account, &settings, "s", None)
                .unwrap()
                .url
                .path()
                .ends_with("/a%20b/me")
        );
    }

    #[test]
    fn client_credentials_go_into_the_body_that_the_recipe_has() {
        let none = Settings::default();
        let body = |given: &str| {
            let recipe = recipe(&format!(
                "request = \"POST https://a.example/token\"\nauth = \"oauth_client_credentials\"\n{given}"
            ));
            let request = made(&recipe, &none, "s&", Some("me")).unwrap();
            String::from_utf8(request.body.unwrap().to_vec()).unwrap()
        };
        assert_eq!(
            body(""),
            "grant_type=client_credentials&client_id=me&client_secret=s%26"
        );
        assert_eq!(
            body("body = 'scope=x'"),
            "grant_type=client_credentials&client_id=me&client_secret=s%26&scope=x"
        );
        assert_eq!(
            body(r#"body = '{"audience":"https://{host}/"}'"#),
            r#"{"client_id":"me","client_secret":"s&","audience":"https://a.example/"}"#
        );
    }
}
