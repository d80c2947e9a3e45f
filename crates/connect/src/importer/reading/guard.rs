//! The guard: what looks like a secret does not pass as a name, a note or part of a message.

use std::borrow::Cow;
use tenure_model::secret::Secret;

/// Prefixes that only secrets carry, and the provider that gives them.
const PREFIXES: &[(&str, &str)] = &[
    ("ghp_", "github"),
    ("gho_", "github"),
    ("ghu_", "github"),
    ("ghs_", "github"),
    ("ghr_", "github"),
    ("github_pat_", "github"),
    ("glpat-", "gitlab"),
    ("gldt-", "gitlab"),
    ("glrt-", "gitlab"),
    ("sk_live_", "stripe"),
    ("sk_test_", "stripe"),
    ("rk_live_", "stripe"),
    ("rk_test_", "stripe"),
    ("whsec_", "stripe"),
    ("xoxb-", "slack"),
    ("xoxp-", "slack"),
    ("xoxa-", "slack"),
    ("xoxe-", "slack"),
    ("xoxe.", "slack"),
    ("xapp-", "slack"),
    ("sk-ant-", "anthropic"),
    ("sk-proj-", "openai"),
    ("sk-svcacct-", "openai"),
    ("sk-admin-", "openai"),
    ("sk-or-", "openrouter"),
    ("sk-", "unknown"),
    ("hf_", "huggingface"),
    ("npm_", "npm"),
    ("pypi-", "pypi"),
    ("dckr_pat_", "docker-hub"),
    ("dckr_oat_", "docker-hub"),
    ("hvs.", "hashicorp-vault"),
    ("hvb.", "hashicorp-vault"),
    ("SG.", "sendgrid"),
    ("AIza", "gcp"),
    ("ya29.", "gcp"),
    ("GOCSPX-", "gcp"),
    ("dapi", "databricks"),
    ("sntrys_", "sentry"),
    ("sntryu_", "sentry"),
    ("ATATT3", "atlassian"),
    ("ATCTT3", "atlassian"),
    ("dop_v1_", "digitalocean"),
    ("shpat_", "shopify"),
    ("shpss_", "shopify"),
    ("lin_api_", "linear"),
    ("NRAK-", "newrelic"),
    ("PMAK-", "postman"),
    ("figd_", "figma"),
    ("xai-", "xai"),
    ("gsk_", "groq"),
    ("glsa_", "grafana"),
    ("ops_eyJ", "1password"),
    ("dt0c01.", "dynatrace"),
    ("tskey-", "tailscale"),
    ("rubygems_", "rubygems"),
    ("eyJ", "unknown"),
];

/// Prefixes of public ids, which are no secrets however random they look.
const PUBLIC: &[&str] = &[
    "AKIA", "ASIA", "AROA", "AIDA", "ANPA", "ACCA", "ABIA", "apikey_", "acct_",
];

const SHORTEST: usize = 20;

/// The provider whose prefix a secret or an id carries.
pub(crate) fn provider(text: &str) -> Option<&'static str> {
    if is_aws_key_id(text) {
        return Some("aws");
    }
    PREFIXES
        .iter()
        .find(|(prefix, provider)| text.starts_with(prefix) && *provider != "unknown")
        .map(|(_, provider)| *provider)
}

/// An AWS access key id: public, and it names its key.
pub(crate) fn is_aws_key_id(text: &str) -> bool {
    (text.starts_with("AKIA") || text.starts_with("ASIA"))
        && (16..=32).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// A prefix that only secrets carry, with enough behind it.
pub(crate) fn has_secret_prefix(token: &str) -> bool {
    if token.starts_with("-----BEGIN") && token.contains("PRIVATE") {
        return true;
    }
    PREFIXES.iter().any(|(prefix, _)| {
        token.strip_prefix(prefix).is_some_and(|rest| {
            let enough = if matches!(*prefix, "sk-" | "eyJ" | "dapi") {
                SHORTEST
            } else {
                12
            };
            rest.len() >= enough
                && is_token(rest)
                && rest.bytes().any(|b| b.is_ascii_alphanumeric())
        })
    })
}

/// A prefix of a secret, or a long run of characters too random for a name.
pub(crate) fn looks_secret(token: &str) -> bool {
    if is_masked(token) {
        return false;
    }
    has_secret_prefix(token) || is_random(token)
}

/// A value of which its source shows only a part, as `sk-…abcd` or `****1234`.
///
/// More than a few shown characters are no mask, whatever stands between them.
pub(crate) fn is_masked(text: &str) -> bool {
    const MOST_SHOWN: usize = 16;
    // The prefix of its kind tells nothing of a key.
    let body = PREFIXES
        .iter()
        .find_map(|(prefix, _)| text.strip_prefix(prefix))
        .unwrap_or(text);
    let shown = body
        .chars()
        .filter(|c| c.is_alphanumeric() && !matches!(c, 'x' | 'X'))
        .count();
    let masks = ["…", "...", "***", "•••", "xxxx", "XXXX"];
    shown <= MOST_SHOWN && masks.iter().any(|mask| text.contains(mask))
}

/// A remark in place of a secret: a reference to where it is kept, or that there is none.
pub(crate) fn is_remark(text: &str) -> bool {
    let lower = text.to_lowercase();
    let alone = [
        "",
        "-",
        "–",
        "?",
        "n/a",
        "na",
        "none",
        "null",
        "unknown",
        "redacted",
        "hidden",
        "secret",
        "vault",
        "in vault",
        "yes",
        "no",
        "true",
        "false",
        "tbd",
        "[redacted]",
        "<redacted>",
        "rotated",
        "revoked",
    ];
    let begins = [
        "see ",
        "in ",
        "stored ",
        "ask ",
        "kept ",
        "vault:",
        "vault://",
        "op://",
        "arn:",
        "secretref:",
        "aws-sm://",
        "gcp-sm://",
        "ssm:",
        "${",
        "{{",
        "not ",
        "1password",
        "keeper",
    ];
    alone.contains(&lower.as_str()) || begins.iter().any(|begin| lower.starts_with(begin))
}

/// A text without what looks like a secret in it, and the first such secret.
pub(crate) fn scrub(text: &str) -> (Cow<'_, str>, Option<Secret>) {
    if text.contains("-----BEGIN") && text.contains("PRIVATE") {
        return (
            Cow::Borrowed("(private key)"),
            Some(Secret::new(text.as_bytes())),
        );
    }
    if !text.contains(char::is_whitespace) && looks_secret(text) {
        return (Cow::Borrowed("…"), Some(Secret::new(text.as_bytes())));
    }
    let mut found: Option<Secret> = None;
    let mut clean = String::new();
    let mut from = 0;
    let mut take = |start: usize, end: usize| {
        let Some(token) = text.get(start..end) else {
            return;
        };
        if found.is_none() {
            found = Some(Secret::new(token.as_bytes()));
        }
        clean.push_str(text.get(from..start).unwrap_or_default());
        clean.push('…');
        from = end;
    };
    if let Some((start, end)) = password_in_url(text) {
        take(start, end);
    } else {
        for (start, token) in tokens(text) {
            if looks_secret(token) {
                take(start, start + token.len());
            }
        }
    }
    if found.is_none() {
        return (Cow::Borrowed(text), None);
    }
    clean.push_str(text.get(from..).unwrap_or_default());
    (Cow::Owned(clean), found)
}

/// The first token with the prefix of a secret.
pub(crate) fn prefixed(text: &str) -> Option<Secret> {
    tokens(text)
        .map(|(_, token)| token)
        .find(|token| has_secret_prefix(token) && !is_masked(token))
        .map(|token| Secret::new(token.as_bytes()))
}

/// A name that people give: scrubbed, and without control characters.
pub(crate) fn name(text: &str) -> String {
    on_one_line(&scrub(text).0)
}

/// An id or a user name that a provider gives. These may look random; only the prefix of a secret gives
/// a secret away.
pub(crate) fn id(text: &str) -> String {
    if tokens(text).any(|(_, token)| has_secret_prefix(token)) {
        "…".to_owned()
    } else {
        on_one_line(text)
    }
}

fn on_one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// A text for a message: scrubbed, on one line, and short.
pub(crate) fn quoted(text: &str) -> String {
    let line = name(text);
    let short: String = line.chars().take(60).collect();
    if short.len() < line.len() {
        format!("{short}…")
    } else {
        short
    }
}

fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let breaks = |c: char| c.is_whitespace() || "\"'`,;:=()<>[]{}|&?#".contains(c);
    text.split(breaks)
        .map(move |token| (token.as_ptr() as usize - text.as_ptr() as usize, token))
}

/// `scheme://user:password@host`: the place of the password.
fn password_in_url(text: &str) -> Option<(usize, usize)> {
    let user = text.find("://")? + 3;
    let authority = text.get(user..)?.split(['/', ' ', '?']).next()?;
    let (login, _) = authority.rsplit_once('@')?;
    let (name, password) = login.split_once(':')?;
    let start = user + name.len() + 1;
    (!password.is_empty() && !is_masked(password)).then_some((start, start + password.len()))
}

fn is_token(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"+/_-=.~".contains(&b))
}

/// Long, of one piece, and changing between capitals, small letters and digits as no word does.
fn is_random(token: &str) -> bool {
    if token.len() < SHORTEST
        || !is_token(token)
        || PUBLIC.iter().any(|prefix| token.starts_with(prefix))
        || is_uuid(token)
    {
        return false;
    }
    let class = |b: u8| match b {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    };
    let classes: Vec<u8> = token.bytes().map(class).collect();
    let changes = classes
        .windows(2)
        .filter(|pair| matches!(pair, [a, b] if *a != 0 && *b != 0 && a != b))
        .count();
    changes * 100 >= 28 * (token.len() - 1) && entropy(token) >= 3.2
}

fn is_uuid(token: &str) -> bool {
    token.len() == 36
        && token.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// Shannon entropy, bits per byte.
fn entropy(token: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::<u8, u32>::new();
    for byte in token.bytes() {
        *counts.entry(byte).or_default() += 1;
    }
    let total = f64::from(u32::try_from(token.len()).unwrap_or(u32::MAX));
    counts
        .values()
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_names_are_told_apart() {
        for secret in [
            "ghp_0123456789abcdefghijABCDEFGHIJ012345",
            "xoxb-1234567890-abcdefghijkl",
            "sk-ant-api03-EXAMPLEEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
            "Zx8Kq2Lm9Pw4Rt6Yv1Bn",
            "-----BEGIN RSA PRIVATE KEY-----",
            "sk-ant-api03-R2D4wZ8qLm...igAA",
        ] {
            assert!(looks_secret(secret), "{secret}");
        }
        for name in [
            "prod-deploy-key-eu-west-1-2024",
            "SalesforceProductionIntegration2024",
            "k8s-prod-eu1-svc2-db3",
            "AKIAIOSFODNN7EXAMPLE",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "ci-deploy-prod",
            "sk-...abcd",
            "sk-ant-api03-R2D...igAA",
            "****************1234",
            "arn:aws:iam::111122223333:user/ci/deploy",
            "sk-cognito-pool",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn a_text_is_scrubbed_and_the_secret_kept_apart() {
        let (clean, secret) = scrub("old one: ghp_0123456789abcdefghijABCDEFGHIJ012345, gone");
        assert_eq!(clean, "old one: …, gone");
        assert_eq!(
            secret.unwrap().expose(),
            b"ghp_0123456789abcdefghijABCDEFGHIJ012345"
        );
        let (clean, secret) = scrub("postgres://app:hunter2@db/x");
        assert_eq!(clean, "postgres://app:…@db/x");
        assert_eq!(secret.unwrap().expose(), b"hunter2");
        assert_eq!(scrub("Émile's key").0, "Émile's key");
        assert!(quoted(&"é".repeat(100)).ends_with('…'));
    }
}
