//! The values of one Kubernetes secret: which of them are secrets, and what kind.

use crate::importer::reading::{guard, json};
use base64::Engine as _;
use serde_json::Value;
use tenure_model::secret::Secret;
use zeroize::Zeroizing;

/// One value.
pub(super) struct Entry {
    /// Its name in the secret.
    pub(super) name: String,
    /// Provider and kind, where the type of the secret or the name vouches for them.
    pub(super) kind: Option<(&'static str, Option<&'static str>)>,
    /// The public id that stands beside it.
    pub(super) key_id: Option<String>,
    /// The value, where it is a secret; settings have none.
    pub(super) secret: Option<Secret>,
}

/// Words in a name that say that its value is a secret.
const SECRET_WORDS: [&str; 12] = [
    "password",
    "passwd",
    "pwd",
    "pass",
    "secret",
    "token",
    "key",
    "apikey",
    "credential",
    "credentials",
    "auth",
    "pat",
];
/// Words in a name that say that it is none, whatever else stands there.
const PUBLIC_WORDS: [&str; 14] = [
    "id",
    "name",
    "user",
    "username",
    "url",
    "host",
    "endpoint",
    "crt",
    "cert",
    "public",
    "ca",
    "region",
    "email",
    "namespace",
];

/// The values of `data` and `stringData`.
pub(super) fn entries(item: &Value, kind: &str) -> Vec<Entry> {
    let mut all = Vec::new();
    for (field, encoded) in [("data", true), ("stringData", false)] {
        let values = item.get(field).and_then(Value::as_object);
        for (name, value) in values.into_iter().flatten() {
            let Some(value) = value.as_str() else {
                continue;
            };
            let bytes = if encoded {
                decoded(value)
            } else {
                Some(Zeroizing::new(value.as_bytes().to_vec()))
            };
            if let Some(bytes) = bytes {
                read(name, &bytes, kind, &mut all);
            }
        }
    }
    join_aws(&mut all);
    all
}

fn decoded(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let packed = Zeroizing::new(text.split_whitespace().collect::<String>());
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(packed.as_bytes())
        .ok()?;
    Some(Zeroizing::new(bytes))
}

fn read(name: &str, bytes: &[u8], kind: &str, all: &mut Vec<Entry>) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        // Key stores and the like: whatever is not text is kept as a whole where the name says that it is secret.
        return all.push(entry(name, says_secret(name).then(|| Secret::new(bytes))));
    };
    let text = text.trim();
    if kind == "kubernetes.io/dockerconfigjson" || kind == "kubernetes.io/dockercfg" {
        return registries(name, text, all);
    }
    if guard::is_aws_key_id(text) {
        return all.push(Entry {
            key_id: Some(text.to_owned()),
            ..entry(name, None)
        });
    }
    let vouched = matches!(
        (kind, name),
        ("kubernetes.io/service-account-token", "token")
            | ("bootstrap.kubernetes.io/token", "token-secret")
            | ("kubernetes.io/basic-auth", "password")
    );
    let mut one = entry(name, secret_of(name, text, vouched));
    if kind == "kubernetes.io/service-account-token" && name == "token" {
        one.kind = Some(("kubernetes", Some("service_account_token")));
    } else if text.contains("-----BEGIN") && text.contains("PRIVATE KEY") {
        one.kind = Some(("unknown", Some("private_key")));
    }
    all.push(one);
}

fn entry(name: &str, secret: Option<Secret>) -> Entry {
    Entry {
        name: name.to_owned(),
        kind: None,
        key_id: None,
        secret,
    }
}

fn secret_of(name: &str, text: &str, vouched: bool) -> Option<Secret> {
    const SHORTEST: usize = 6;
    if text.contains("-----BEGIN") {
        return text
            .contains("PRIVATE KEY")
            .then(|| Secret::new(text.as_bytes()));
    }
    let whole = !text.contains(char::is_whitespace) && !text.contains("://");
    let named = says_secret(name)
        && text.len() >= SHORTEST
        && !guard::is_remark(text)
        && !guard::is_masked(text);
    if whole && (vouched || named || guard::looks_secret(text)) {
        return Some(Secret::new(text.as_bytes()));
    }
    // A file of settings or an address: what in it is secret.
    guard::scrub(text).1
}

fn says_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(word));
    let joined = [
        "apikey",
        "secretkey",
        "accesskey",
        "privatekey",
        "authtoken",
        "password",
    ];
    (has(&SECRET_WORDS) || joined.iter().any(|word| lower.contains(word))) && !has(&PUBLIC_WORDS)
}

/// `{"auths": {"registry": {"username", "password", "auth"}}}`: one key per registry.
fn registries(name: &str, text: &str, all: &mut Vec<Entry>) {
    let Ok(config) = serde_json::from_str::<Value>(text) else {
        return all.push(entry(name, Some(Secret::new(text.as_bytes()))));
    };
    let config = json::Held::new(vec![config]);
    let Some(config) = config.first() else { return };
    let auths = config.get("auths").unwrap_or(config).as_object();
    for (registry, login) in auths.into_iter().flatten() {
        let both = json::text(login, "auth").and_then(decoded);
        let packed = both.as_ref().and_then(|both| {
            let colon = both.iter().position(|byte| *byte == b':')?;
            both.get(colon + 1..)
        });
        let token = json::text(login, "identitytoken").or_else(|| json::text(login, "password"));
        if let Some(secret) = token
            .map(str::as_bytes)
            .or(packed)
            .filter(|secret| !secret.is_empty())
        {
            all.push(entry(
                &format!("{name} {}", guard::name(registry)),
                Some(Secret::new(secret)),
            ));
        }
    }
}

/// The id and the secret of one AWS key stand side by side.
fn join_aws(all: &mut Vec<Entry>) {
    let ids: Vec<String> = all
        .iter()
        .filter_map(|entry| entry.key_id.clone())
        .collect();
    let is_secret = |entry: &Entry| {
        let lower = entry.name.to_ascii_lowercase();
        lower.contains("secret")
            && entry
                .secret
                .as_ref()
                .is_some_and(|secret| secret.len() == 40)
    };
    let secrets = all.iter().filter(|entry| is_secret(entry)).count();
    if let ([id], 1) = (ids.as_slice(), secrets) {
        for one in all.iter_mut().filter(|entry| is_secret(entry)) {
            one.kind = Some(("aws", Some("iam_access_key")));
            one.key_id = Some(id.clone());
        }
        all.retain(|entry| entry.secret.is_some() || entry.key_id.is_none());
    }
}
