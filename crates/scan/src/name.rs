//! What the name of a setting says about its value: a password, a token, perhaps a key, or nothing.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::sync::LazyLock;

/// How much a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Says {
    /// It may hold a secret: `key`, `auth`, `session`.
    Perhaps,
    /// It holds a token or key: `api_key`, `clientSecret`.
    Token,
    /// It holds something that a person made up: `password`.
    Password,
}

/// Parts that make a token wherever they stand in a name without its separators.
const TOKENS: &[&str] = &[
    "apikey",
    "accesskey",
    "secret",
    "token",
    "credential",
    "privatekey",
    "authkey",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "accountkey",
    "sharedkey",
    "servicekey",
    "appkey",
    "licensekey",
    "authorization",
    "bearer",
    "cryptokey",
    "deploykey",
    "adminkey",
    "writekey",
    "readkey",
    "webhookkey",
    "storagekey",
    "integrationkey",
    "routingkey",
    "restkey",
    "serverkey",
    "sessionkey",
    "hmackey",
    "subscriptionkey",
    "primarykey",
    "secondarykey",
    "clientkey",
];

/// Parts that make a password.
const PASSWORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "passwort",
    "kennwort",
];

/// Whole words that make a password.
const PASSWORD_WORDS: &[&str] = &[
    "pass", "pwd", "pw", "psk", "pword", "pswd", "passw", "userpass",
];

/// Whole words that make a token.
const TOKEN_WORDS: &[&str] = &[
    "jwt",
    "pat",
    "sas",
    "apitoken",
    "authtoken",
    "dsn",
    "xoxb",
    "tok",
];

/// Whole words that may go with a secret.
const PERHAPS: &[&str] = &[
    "key",
    "auth",
    "session",
    "cookie",
    "salt",
    "sig",
    "signature",
    "api",
    "hook",
    "webhook",
    "creds",
    "cred",
    "pin",
    "otp",
    "seed",
    "csrf",
];

/// Last words after which a name holds something about a secret, and not the secret.
const ABOUT: &[&str] = &[
    "id",
    "ids",
    "path",
    "file",
    "filename",
    "dir",
    "folder",
    "url",
    "uri",
    "endpoint",
    "host",
    "hostname",
    "name",
    "names",
    "type",
    "types",
    "count",
    "max",
    "min",
    "limit",
    "length",
    "len",
    "size",
    "expires",
    "expiry",
    "expiration",
    "expire",
    "ttl",
    "age",
    "format",
    "header",
    "headers",
    "prefix",
    "suffix",
    "field",
    "fields",
    "column",
    "param",
    "params",
    "parameter",
    "index",
    "idx",
    "regex",
    "pattern",
    "class",
    "label",
    "title",
    "description",
    "desc",
    "message",
    "msg",
    "help",
    "hint",
    "error",
    "errors",
    "placeholder",
    "version",
    "algorithm",
    "alg",
    "algo",
    "sha",
    "sha1",
    "sha256",
    "sha512",
    "md5",
    "checksum",
    "digest",
    "integrity",
    "fingerprint",
    "thumbprint",
    "commit",
    "rev",
    "revision",
    "etag",
    "guid",
    "code",
    "status",
    "state",
    "at",
    "date",
    "time",
    "timestamp",
    "timeout",
    "interval",
    "enabled",
    "required",
    "provider",
    "source",
    "ref",
    "reference",
    "arn",
    "store",
    "manager",
    "service",
    "group",
    "role",
    "policy",
    "scope",
    "scopes",
    "method",
    "mode",
    "rule",
    "rules",
    "schema",
    "selector",
    "template",
    "text",
    "input",
    "issuer",
    "owner",
    "location",
    "stored",
    "hash",
    "hashed",
];

/// Words anywhere in a name that say that the value is public or no secret.
const PUBLIC: &[&str] = &[
    "publickey",
    "pubkey",
    "publictoken",
    "tokenizer",
    "tokenize",
    "tokencount",
    "maxtoken",
    "keyboard",
    "keyword",
    "keyframe",
    "monkey",
    "keystroke",
    "keycode",
    "keyevent",
    "primarykeycol",
    "foreignkey",
    "sortkey",
    "partitionkey",
    "cachekey",
    "checksum",
    "sha256",
    "sha512",
    "integrity",
    "secretname",
    "secretref",
    "tokenuri",
    "tokenurl",
    "knownhost",
    "hostkey",
    "publickeytoken",
    "idempotency",
    "secretarn",
    "keyid",
    "gpgkey",
    "pgpkey",
];

/// Words at the end that say for what the key is, and change nothing.
const FOR_WHAT: &[&str] = &[
    "prod",
    "production",
    "dev",
    "development",
    "staging",
    "stage",
    "test",
    "testing",
    "live",
    "sandbox",
    "qa",
    "uat",
    "local",
    "main",
    "primary",
    "secondary",
    "old",
    "new",
    "backup",
    "default",
    "value",
    "str",
    "string",
    "base64",
];

/// Every part and word that says anything; none only if the automaton cannot be built.
static TELLING: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let all = [TOKENS, PASSWORDS, PASSWORD_WORDS, TOKEN_WORDS, PERHAPS].concat();
    let mut builder = AhoCorasick::builder();
    builder.kind(Some(AhoCorasickKind::DFA)).build(all).ok()
});

/// Whether a name may say anything at all: nearly every name of a text says nothing, which is told without its words.
fn may_say(name: &str) -> bool {
    const LONGEST: usize = 128;
    let mut joined = [0u8; LONGEST];
    let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
    let mut length = 0usize;
    for (slot, byte) in joined.iter_mut().zip(letters) {
        *slot = byte.to_ascii_lowercase();
        length = length.saturating_add(1);
    }
    let joined = joined.get(..length).unwrap_or_default();
    name.len() > LONGEST
        || TELLING
            .as_ref()
            .is_none_or(|telling| telling.is_match(joined))
}

/// What a name says; `None` where it says nothing of a secret, or that there is none.
#[must_use]
pub fn says(name: &str) -> Option<Says> {
    if !may_say(name) {
        return None;
    }
    if name.contains(['@', '/']) {
        // A path, or the host behind a password in an address.
        return None;
    }
    let words = words(name);
    let mut words = words.as_slice();
    while let [rest @ .., last] = words
        && !rest.is_empty()
        && (FOR_WHAT.contains(&last.as_str()) || last.bytes().all(|byte| byte.is_ascii_digit()))
    {
        words = rest;
    }
    let joined = words.concat();
    if PUBLIC.iter().any(|public| joined.contains(public)) {
        return None;
    }
    let last = words.last().map_or("", String::as_str);
    let before = words.iter().rev().nth(1).map_or("", String::as_str);
    if ABOUT.contains(&last) && !(last == "id" && before == "secret") {
        return None;
    }
    if PASSWORDS.iter().any(|part| joined.contains(part))
        || words
            .iter()
            .any(|word| PASSWORD_WORDS.contains(&word.as_str()))
    {
        return Some(Says::Password);
    }
    if TOKENS.iter().any(|part| joined.contains(part))
        || words
            .iter()
            .any(|word| TOKEN_WORDS.contains(&word.as_str()))
    {
        return Some(Says::Token);
    }
    words
        .iter()
        .any(|word| PERHAPS.contains(&word.as_str()))
        .then_some(Says::Perhaps)
}

/// A name without separators, in lower case: what two spellings of one name share.
#[must_use]
pub fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | '.' | ' '))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// The words of a name, in lower case: cut at separators and where camel case begins a new one.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let next_is_lower = chars.peek().is_some_and(char::is_ascii_lowercase);
        let begins = c.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase() && next_is_lower && word.len() > 1));
        if (begins || !c.is_ascii_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_hold() {
        for (name, expected) in [
            ("PAYMENT_API_KEY", Some(Says::Token)),
            ("paymentApiKey", Some(Says::Token)),
            ("PAYMENT_API_KEY_PROD", Some(Says::Token)),
            ("clientSecret", Some(Says::Token)),
            ("_authToken", Some(Says::Token)),
            ("/run/secrets/token", None),
            ("password@www.example", None),
            ("AWS_SECRET_ACCESS_KEY", Some(Says::Token)),
            ("secret_id", Some(Says::Token)),
            ("x-api-key", Some(Says::Token)),
            ("API key", Some(Says::Token)),
            ("DB_PASS", Some(Says::Password)),
            ("dbPassword2", Some(Says::Password)),
            ("spring.datasource.password", Some(Says::Password)),
            ("auth", Some(Says::Perhaps)),
            ("google_key", Some(Says::Perhaps)),
            ("token_url", None),
            ("secretName", None),
            ("client_id", None),
            ("password_field", None),
            ("publicKey", None),
            ("monkey", None),
            ("compass", None),
            ("keyword", None),
            ("package_sha256", None),
            ("title", None),
            ("", None),
        ] {
            assert_eq!(says(name), expected, "{name}");
        }
    }

    #[test]
    fn camel_case_and_separators_make_words() {
        assert_eq!(words("myAPIKey_v2-x"), ["my", "api", "key", "v2", "x"]);
        assert_eq!(folded("X-Api.Key_1"), "xapikey1");
    }
}
