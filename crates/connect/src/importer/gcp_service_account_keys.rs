//! `GET v1/projects/{project}/serviceAccounts/{account}/keys`: the keys of one Google Cloud service account.
//!
//! Keys that Google keeps and rotates itself (`SYSTEM_MANAGED`) are no keys that anybody holds, and are left
//! out. A key without an end has one in the year 9999. Fields: google-api-python-client 2.202.0, iam.v1
//! revision 20261023.

use super::{
    answer::{self, Form, Rest},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::guard,
};
use std::collections::BTreeMap;
use tenure_model::{
    facts::{IssuedTo, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "gcp-service-account-keys";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/keys"],
    entry: |value| {
        let name = value.get("name").and_then(serde_json::Value::as_str);
        name.is_some_and(|name| name.contains("/serviceAccounts/") && name.contains("/keys/"))
    },
    rest: |_| Rest::End,
    // `gcloud … --format=json` prints them so, and there are no pages.
    bare: None,
    save: "the answer of `gcloud iam service-accounts keys list --format=json`",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(input, &FORM, &["name", "validAfterTime"])
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    let mut googles = 0_usize;
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for (at, value) in pages.entries() {
        let entry = Entry::new(value, at, input);
        if entry.text("keyType") == Some("SYSTEM_MANAGED") {
            googles += 1;
            continue;
        }
        if let Some(reason) = disabled_for(&entry) {
            *reasons.entry(reason).or_default() += 1;
        }
        gathered.take(value, key(&entry), &["privateKeyData"]);
    }
    gathered.read("user-managed keys of the service accounts listed");
    gathered.read("expiry");
    gathered.not_offered(
        "last use",
        "only the Policy Analyzer's activities tell it (serviceAccountKeyLastAuthentication)",
    );
    gathered.not_offered(
        "privilege",
        "the roles of the service account stand in IAM policies",
    );
    if googles > 0 {
        gathered.note(format!(
            "{googles} key{} of Google's own left out (SYSTEM_MANAGED): Google holds and rotates them",
            if googles == 1 { "" } else { "s" }
        ));
    }
    for (reason, keys) in reasons {
        gathered.note(format!(
            "{keys} key{} disabled because of {reason}",
            if keys == 1 { "" } else { "s" }
        ));
    }
    Ok(gathered.finish(true))
}

fn key(entry: &Entry<'_>) -> Result<Row, Problem> {
    const ENDLESS_FROM: &str = "9999-01-01";
    let name = entry.text("name").unwrap_or_default();
    let (account, id) = parts(name).ok_or_else(|| {
        entry.problem(
            "name",
            "it names no service account and key, as projects/…/serviceAccounts/…/keys/…"
                .to_owned(),
        )
    })?;
    let mut row = entry::row(entry, "gcp", Some("service_account_key"), Some(id));
    row.created = entry.past("validAfterTime", When::Unknown, When::Unknown)?;
    row.expires = match entry.moment("validBeforeTime", When::Unknown, When::Unknown)? {
        When::On(day) if ENDLESS_FROM.parse().is_ok_and(|far| day >= far) => When::Never,
        when => when,
    };
    // The field is left out where it is false.
    row.status = Some(match entry.flag("disabled") {
        Some(true) => Status::Inactive,
        _ => Status::Active,
    });
    row.issued_to = Some(IssuedTo::Service);
    row.name = Some(account.clone());
    if let Some(reason) = disabled_for(entry) {
        row.tags.insert("disabled_because".to_owned(), reason);
    }
    if entry.text("keyOrigin") == Some("USER_PROVIDED") {
        row.tags
            .insert("origin".to_owned(), "public key uploaded".to_owned());
    }
    row.associates = vec![entry::associate(account.clone(), "acts as it", true)];
    row.account = Some(account);
    Ok(row)
}

/// `projects/p/serviceAccounts/a@p.iam.gserviceaccount.com/keys/0001`: the account and the key.
fn parts(name: &str) -> Option<(String, String)> {
    let (_, rest) = name.split_once("/serviceAccounts/")?;
    let (account, id) = rest.split_once("/keys/")?;
    let sound = |text: &str| !text.is_empty() && !text.contains('/') && guard::id(text) == text;
    (sound(account) && sound(id)).then(|| (account.to_owned(), id.to_owned()))
}

/// Why a key is disabled: `exposed`, `compromise detected`, `user initiated`.
fn disabled_for(entry: &Entry<'_>) -> Option<String> {
    let reason = entry.text("disableReason")?;
    let word = reason
        .trim_start_matches("SERVICE_ACCOUNT_KEY_DISABLE_REASON_")
        .to_ascii_lowercase()
        .replace('_', " ");
    let plain = reason.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    (plain && entry.flag("disabled") == Some(true) && word != "unspecified").then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/gcp_service_account_keys.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("k.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn keys_that_somebody_holds() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let ids: Vec<_> = got
            .rows
            .iter()
            .filter_map(|r| r.key_id.as_deref())
            .collect();
        assert_eq!(ids, ["0001", "0003"], "what Google manages is left out");
        assert!(got.notes[0].contains("1 key of Google's own left out"));
        let row = &got.rows[0];
        let account = "etl@acme-prod.iam.gserviceaccount.com";
        assert_eq!(row.account.as_deref(), Some(account));
        assert_eq!(row.created, When::On("2022-03-01".parse().unwrap()));
        assert_eq!(row.expires, When::Never, "the year 9999");
        assert_eq!(row.last_used, When::NotOffered);
        assert_eq!(row.status, Some(Status::Active));
        assert!(row.associates[0].machine);
        assert!(got.whole);
    }

    #[test]
    fn disabled_and_why() {
        let got = got(LIST);
        let row = &got.rows[1];
        assert_eq!(row.status, Some(Status::Inactive));
        assert_eq!(row.expires, When::On("2027-03-01".parse().unwrap()));
        assert_eq!(row.tags["disabled_because"], "exposed");
        assert_eq!(row.tags["origin"], "public key uploaded");
        assert!(
            got.notes
                .iter()
                .any(|n| n == "1 key disabled because of exposed")
        );
    }

    #[test]
    fn as_the_command_line_prints_it() {
        let (_, tail) = LIST.split_once('[').unwrap();
        let bare = format!("[{}]", tail.rsplit_once(']').unwrap().0);
        assert_eq!(got(&bare).rows.len(), 2);
        assert_eq!(got(&bare).coverage[0].state.word(), "complete");
    }

    #[test]
    fn bad_entries_and_secrets() {
        let bad = got(&LIST.replacen("/keys/0001", "/keys/", 1));
        assert_eq!(bad.problems[0].at, "/keys/0/name");
        assert_eq!(bad.coverage[0].state.word(), "partial");
        let held = LIST.replacen(
            "\"keyOrigin\"",
            "\"privateKeyData\": \"bm90LWZvci15b3U=\", \"keyOrigin\"",
            1,
        );
        assert!(got(&held).plaintext && got(&held).rows[0].secret.is_some());
    }
}
