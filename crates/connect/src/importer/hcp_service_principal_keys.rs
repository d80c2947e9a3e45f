//! `hcp iam service-principals keys list`: the keys of a service principal of the HashiCorp Cloud Platform.
//!
//! Fields: `hashicorp_cloud_iam_service_principal_key.go` of <https://github.com/hashicorp/hcp-sdk-go> at
//! da6330c, read 2026-11-26. The catalogue has no such provider: the rows say `hcp`, and no kind.

use super::{
    answer::{self, Form, Rest},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::guard,
};
use serde_json::Value;
use tenure_model::{
    facts::{IssuedTo, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "hcp-service-principal-keys";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/keys"],
    entry: |value| {
        let name = value.get("resource_name").and_then(Value::as_str);
        value.get("client_id").is_some()
            && name
                .is_some_and(|name| name.contains("/service-principal/") && name.contains("/key/"))
    },
    rest: |_| Rest::End,
    // A service principal has two keys at most; there are no pages.
    bare: None,
    save: "the answer of `hcp iam service-principals keys list --format=json`",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(input, &FORM, &["client_id", "resource_name"])
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    for (at, value) in pages.entries() {
        gathered.take(
            value,
            key(&Entry::new(value, at, input)),
            &["client_secret"],
        );
    }
    gathered.read("keys of the service principals listed");
    gathered.not_offered("expiry", "HCP does not tell an end date of keys");
    gathered.not_offered("last use", "HCP does not tell it of keys");
    gathered.not_offered("creator", "the list does not name who made a key");
    Ok(gathered.finish(true))
}

fn key(entry: &Entry<'_>) -> Result<Row, Problem> {
    let id = Some(entry.id("client_id")?);
    let mut row = entry::row(entry, "hcp", Some("service_principal_key"), id);
    let name = entry.text("resource_name").unwrap_or_default();
    row.account = name.split_once("/key/").map(|(of, _)| guard::id(of));
    row.name = row
        .account
        .as_deref()
        .and_then(|of| of.rsplit('/').next())
        .map(guard::name);
    row.created = entry.past("created_at", When::Unknown, When::Unknown)?;
    row.status = entry.status(
        "state",
        &[("ACTIVE", Status::Active), ("DELETED", Status::Refused)],
    );
    row.issued_to = Some(IssuedTo::Service);
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/hcp_service_principal_keys.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("k.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn a_key_of_a_service_principal() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(
            (row.provider.as_str(), row.credential.as_deref()),
            ("hcp", Some("service_principal_key"))
        );
        assert_eq!(row.key_id.as_deref(), Some("EXAMPLEclient0001"));
        assert_eq!(
            row.account.as_deref(),
            Some("iam/project/123/service-principal/deployer")
        );
        assert_eq!(row.name.as_deref(), Some("deployer"));
        assert_eq!(row.status, Some(Status::Active));
        assert_eq!(
            (row.expires, row.last_used),
            (When::NotOffered, When::NotOffered)
        );
    }

    #[test]
    fn in_an_answer_and_with_a_secret() {
        assert_eq!(got(&format!("{{\"keys\": {LIST}}}")).rows.len(), 1);
        let held = got(&LIST.replace("\"state\"", "\"client_secret\": \"not-for-you\", \"state\""));
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
    }
}
