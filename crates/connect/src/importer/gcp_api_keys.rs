//! `GET v2/projects/{project}/locations/global/keys`: the API keys of a Google Cloud project.
//!
//! A key without `restrictions`, or without API targets in them, opens every API of the project that takes
//! keys. Fields: google-api-python-client 2.202.0, apikeys.v2.

use super::{
    answer::{self, Form},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::guard,
};
use serde_json::Value;
use tenure_model::{
    facts::{Privilege, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "gcp-api-keys";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/keys"],
    entry: |value| {
        let name = value.get("name").and_then(Value::as_str);
        value.get("uid").is_some()
            && name.is_some_and(|name| name.contains("/locations/") && name.contains("/keys/"))
    },
    rest: |head| answer::more(head, "/nextPageToken"),
    // `gcloud … --format=json` pages by itself and prints the entries alone.
    bare: None,
    save: "the answer of `gcloud services api-keys list --format=json`",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(input, &FORM, &["uid", "name", "createTime"])
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    for (at, value) in pages.entries() {
        gathered.take(value, key(&Entry::new(value, at, input)), &["keyString"]);
    }
    gathered.read("API keys of the projects listed");
    gathered.read("restrictions");
    gathered.not_offered("expiry", "Google API keys have no end date");
    gathered.not_offered("last use", "the list does not tell it");
    gathered.not_offered("creator", "only the audit log names who made a key");
    Ok(gathered.finish(true))
}

fn key(entry: &Entry<'_>) -> Result<Row, Problem> {
    let bound = entry.who("serviceAccountEmail");
    let kind = if bound.is_some() {
        "gemini_auth_key"
    } else {
        "api_key_standard"
    };
    let mut row = entry::row(entry, "gcp", Some(kind), Some(entry.id("uid")?));
    row.account = entry.text("name").and_then(project);
    row.name = entry.name("displayName");
    row.created = entry.past("createTime", When::Unknown, When::Unknown)?;
    // A deleted key can be brought back for 30 days.
    row.status = Some(match entry.text("deleteTime") {
        Some(_) => Status::Inactive,
        None => Status::Active,
    });
    // A key that acts as a service account may do what that account may.
    if bound.is_none() {
        row.privilege = Some(privilege(entry));
    }
    let ranges = entry.texts("/restrictions/serverKeyRestrictions/allowedIps");
    entry::from_addresses(&mut row, &ranges);
    if let Some(account) = bound {
        row.associates = vec![entry::associate(account, "acts as it", true)];
    }
    for (field, what) in [
        ("browserKeyRestrictions", "browser referrers"),
        ("androidKeyRestrictions", "Android apps"),
        ("iosKeyRestrictions", "iOS apps"),
    ] {
        if entry.has(&format!("/restrictions/{field}")) {
            row.tags.insert("restricted_to".to_owned(), what.to_owned());
        }
    }
    for (name, value) in entry
        .field("annotations")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if let Some(text) = value.as_str() {
            row.tags.insert(guard::name(name), guard::name(text));
        }
    }
    Ok(row)
}

fn privilege(entry: &Entry<'_>) -> (Privilege, String) {
    let targets = entry
        .field("/restrictions/apiTargets")
        .and_then(Value::as_array);
    let services: Vec<&str> = targets
        .into_iter()
        .flatten()
        .filter_map(|target| target.get("service")?.as_str())
        .collect();
    if !services.is_empty() {
        return (
            Privilege::WriteNarrow,
            format!("API targets: {}", entry::listed(&services)),
        );
    }
    let why = if entry.field("restrictions").is_some_and(|r| !r.is_null()) {
        "restrictions without API targets"
    } else {
        "no restrictions"
    };
    (
        Privilege::WriteWide,
        format!("{why}: every API of the project that takes keys"),
    )
}

/// `projects/123/locations/global/keys/k1`: the project.
fn project(name: &str) -> Option<String> {
    let project = name.strip_prefix("projects/")?.split('/').next()?;
    (!project.is_empty()).then(|| guard::id(project))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_model::explain::FactName;

    const LIST: &str = include_str!("../../tests/fixtures/gcp_api_keys.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("k.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    fn with(field: &str) -> Row {
        got(&LIST.replace("\"etag\"", &format!("{field}, \"etag\"")))
            .rows
            .remove(0)
    }

    #[test]
    fn missing_restrictions_mean_unrestricted() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.key_id.as_deref(), Some("k1"));
        assert_eq!(row.account.as_deref(), Some("123"));
        assert_eq!(row.name.as_deref(), Some("maps"));
        assert_eq!(row.credential.as_deref(), Some("api_key_standard"));
        let (privilege, why) = row.privilege.as_ref().unwrap();
        assert_eq!(*privilege, Privilege::WriteWide);
        assert!(why.starts_with("no restrictions"), "{why}");
        assert_eq!(
            (row.expires, row.last_used),
            (When::NotOffered, When::NotOffered)
        );
        assert!(row.declared.is_empty());
    }

    #[test]
    fn restrictions_of_apis_of_addresses_and_of_pages_differ() {
        let api =
            with(r#""restrictions": {"apiTargets": [{"service": "maps-backend.googleapis.com"}]}"#);
        assert_eq!(api.privilege.as_ref().unwrap().0, Privilege::WriteNarrow);
        let page =
            with(r#""restrictions": {"browserKeyRestrictions": {"allowedReferrers": ["x.io/*"]}}"#);
        assert_eq!(page.privilege.as_ref().unwrap().0, Privilege::WriteWide);
        assert_eq!(page.tags["restricted_to"], "browser referrers");
        assert!(!page.declared.contains_key(&FactName::SourceRestricted));
        let ip =
            with(r#""restrictions": {"serverKeyRestrictions": {"allowedIps": ["192.0.2.1"]}}"#);
        assert!(ip.declared.contains_key(&FactName::SourceRestricted));
    }

    #[test]
    fn deleted_bound_and_further_pages() {
        assert_eq!(
            with(r#""deleteTime": "2026-11-01T00:00:00Z""#).status,
            Some(Status::Inactive)
        );
        let bound = with(r#""serviceAccountEmail": "a@p.iam.gserviceaccount.com""#);
        assert_eq!(bound.credential.as_deref(), Some("gemini_auth_key"));
        assert!(bound.privilege.is_none() && bound.associates[0].machine);
        let cut = got(&LIST.replacen('{', "{\"nextPageToken\": \"x\",", 1));
        assert_eq!(cut.coverage[0].state.word(), "partial");
        assert!(!cut.whole);
    }

    #[test]
    fn a_key_string_is_taken_out() {
        let held = got(&LIST.replace("\"etag\"", "\"keyString\": \"not-for-you\", \"etag\""));
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
    }
}
