//! `GET /v2/iam/api_keys` of Stripe, where an account has it: secret, restricted and publishable keys.
//!
//! Stripe's Java SDK documents it
//! (<https://github.com/stripe/stripe-java>, `model/v2/iam/ApiKey.java` at 1e106cf, read 2026-11-26); others do
//! not ship it. Keys of test mode stand in it in plaintext. What the Dashboard exports is not documented and
//! is read as a table.

use super::{
    answer::{self, Form},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
};
use serde_json::Value;
use tenure_model::{
    explain::FactName,
    facts::{IssuedTo, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "stripe-api-keys";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/data"],
    entry: |value| value.get("object").and_then(Value::as_str) == Some("v2.iam.api_key"),
    rest: |head| answer::more(head, "/next_page_url"),
    bare: Some("without `next_page_url` nothing tells whether further pages are missing"),
    save: "the answer of `GET /v2/iam/api_keys`",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(input, &FORM, &["object", "livemode", "type"])
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    for (at, value) in pages.entries() {
        // The token of a publishable key is meant to stand in public, and is no secret.
        gathered.take(
            value,
            key(&Entry::new(value, at, input)),
            &["/secret_key/token"],
        );
    }
    gathered.read("API keys");
    gathered.read("last use");
    gathered.read("expiry");
    gathered.not_offered(
        "privilege",
        "what a restricted key may do shows only in the Dashboard",
    );
    gathered.not_offered(
        "creator",
        "only the Dashboard's security history names who made a key",
    );
    Ok(gathered.finish(true))
}

fn key(entry: &Entry<'_>) -> Result<Row, Problem> {
    let shown = entry.text("/secret_key/secret_token_redacted");
    let held = entry.text("/secret_key/token");
    let begins = |prefix: &str| {
        [shown, held]
            .iter()
            .flatten()
            .any(|t| t.starts_with(prefix))
    };
    let kind = match entry.text("type") {
        Some("publishable_key") => "publishable_key",
        _ if begins("rk_") => "restricted_key",
        _ => "secret_key",
    };
    let mut row = entry::row(entry, "stripe", Some(kind), Some(entry.id("id")?));
    row.name = entry.name("name");
    row.hint = shown.and_then(entry::masked);
    row.created = entry.past("created", When::Unknown, When::Unknown)?;
    row.last_used = entry.past("last_used", When::Unknown, When::Unknown)?;
    row.expires = entry.moment("expires_at", When::Never, When::Unknown)?;
    row.status = entry.status(
        "status",
        &[("active", Status::Active), ("expired", Status::Refused)],
    );
    row.issued_to = Some(IssuedTo::Service);
    if entry.flag("livemode") == Some(false) {
        row.declared.insert(FactName::TestMode, Value::Bool(true));
    }
    entry::from_addresses(&mut row, &entry.texts("ip_allowlist"));
    for (tag, field) in [("note", "note"), ("managed_by", "managed_by")] {
        if let Some(text) = entry.name(field) {
            row.tags.insert(tag.to_owned(), text);
        }
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/stripe_v2_api_keys.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("k.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn secret_restricted_and_publishable_keys() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let kinds: Vec<_> = got
            .rows
            .iter()
            .filter_map(|r| r.credential.as_deref())
            .collect();
        assert_eq!(kinds, ["secret_key", "restricted_key", "publishable_key"]);
        let row = &got.rows[0];
        assert_eq!(row.key_id.as_deref(), Some("mk_EXAMPLE1"));
        assert_eq!(row.name.as_deref(), Some("billing"));
        assert_eq!(row.expires, When::Never);
        assert_eq!(row.last_used, When::On("2026-11-20".parse().unwrap()));
        assert_eq!(row.status, Some(Status::Active));
        assert!(row.declared.is_empty());
        let restricted = &got.rows[1];
        assert_eq!(restricted.status, Some(Status::Refused));
        assert!(
            restricted
                .declared
                .contains_key(&FactName::SourceRestricted)
        );
        assert_eq!(
            got.rows[2].declared.get(&FactName::TestMode),
            Some(&Value::Bool(true))
        );
        assert!(!got.plaintext, "a publishable key is no secret");
    }

    #[test]
    fn the_token_of_a_test_key_is_taken_out() {
        let held = LIST.replacen(
            "\"secret_token_redacted\"",
            "\"token\": \"not-for-you\", \"secret_token_redacted\"",
            1,
        );
        let held = got(&held);
        assert!(held.plaintext && held.rows[0].secret.is_some());
        assert!(!format!("{held:?}").contains("not-for-you"));
    }

    #[test]
    fn a_next_page_makes_it_partial() {
        let cut = got(&LIST.replace(
            "\"next_page_url\": null",
            "\"next_page_url\": \"/v2/iam/api_keys?page=x\"",
        ));
        assert_eq!(cut.coverage[0].state.word(), "partial");
        assert!(!cut.whole && got(LIST).whole);
    }
}
