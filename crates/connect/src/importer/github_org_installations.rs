//! `GET /orgs/{org}/installations`: the GitHub Apps that are installed in an organisation.
//!
//! A row is an installation: what mints the app's short-lived tokens for this organisation. The private key
//! behind it belongs to the app and stands in no list. Fields: @octokit/openapi 23.0.2.

use super::{
    answer::{self, Form},
    entry::{self, Entry},
    gathered::Gathered,
    github_fine_grained_pats,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::guard,
};
use serde_json::{Value, json};
use tenure_model::{
    facts::{IssuedTo, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "github-org-installations";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/installations"],
    entry: |value| value.get("app_id").is_some() && value.get("repository_selection").is_some(),
    rest: |head| answer::total(head, "/total_count"),
    bare: Some("without `total_count` nothing tells whether further pages are missing"),
    save: "the answer of `gh api /orgs/ORG/installations`",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    match answer::recognise(input, &FORM, &["app_id", "repository_selection"]) {
        Recognition::Yes => Recognition::Yes,
        _ => answer::recognise_empty(input, &FORM, &["total_count"]),
    }
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    for (at, value) in pages.entries() {
        gathered.take(value, installation(&Entry::new(value, at, input)), &[]);
    }
    gathered.read("app installations");
    gathered.read("permissions");
    gathered.not_offered(
        "last use",
        "GitHub does not tell when an installation was last used",
    );
    gathered.not_offered("expiry", "an installation stands until it is removed");
    gathered.not_offered(
        "private keys of the apps",
        "they belong to the app; only its owner sees their fingerprints",
    );
    Ok(gathered.finish(true))
}

fn installation(entry: &Entry<'_>) -> Result<Row, Problem> {
    let mut row = entry::row(
        entry,
        "github",
        Some("app_installation_token"),
        Some(entry.id("id")?),
    );
    row.account = entry
        .who("/account/login")
        .or_else(|| entry.who("/account/slug"));
    row.name = entry.name("app_slug");
    row.created = entry.past("created_at", When::Unknown, When::Unknown)?;
    row.status = match entry.field("suspended_at") {
        None => None,
        Some(Value::Null) => Some(Status::Active),
        Some(_) => Some(Status::Inactive),
    };
    row.issued_to = Some(IssuedTo::Service);
    // The permissions of an app are one level; those of a token are grouped.
    row.privilege = entry.field("permissions").and_then(|permissions| {
        github_fine_grained_pats::privilege(&json!({
            "repository_selection": entry.field("repository_selection"),
            "permissions": {"all": permissions},
        }))
    });
    for (tag, field) in [
        ("app_id", "app_id"),
        ("suspended_by", "/suspended_by/login"),
    ] {
        if let Some(text) = entry.who(field) {
            row.tags.insert(tag.to_owned(), text);
        }
    }
    if let Some(slug) = entry.text("app_slug") {
        row.tags.insert("app".to_owned(), guard::name(slug));
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_model::facts::Privilege;

    const LIST: &str = include_str!("../../tests/fixtures/github_org_installations.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("i.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn an_installation_with_its_permissions() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.key_id.as_deref(), Some("25"));
        assert_eq!(row.account.as_deref(), Some("acme"));
        assert_eq!(row.name.as_deref(), Some("legacy-ci"));
        let (privilege, why) = row.privilege.as_ref().unwrap();
        assert_eq!(*privilege, Privilege::Admin);
        assert_eq!(why, "administration: write; repositories: all");
        assert_eq!(row.status, Some(Status::Active));
        assert_eq!(
            (row.expires, row.last_used),
            (When::NotOffered, When::NotOffered)
        );
        assert!(got.whole && row.associates.is_empty());
    }

    #[test]
    fn suspended_is_inactive_and_who_did_it_is_no_owner() {
        let off = LIST
            .replace(
                "\"suspended_at\": null",
                "\"suspended_at\": \"2026-01-01T00:00:00Z\"",
            )
            .replace(
                "\"suspended_by\": null",
                "\"suspended_by\": {\"login\": \"eve\"}",
            );
        let row = got(&off).rows.remove(0);
        assert_eq!(row.status, Some(Status::Inactive));
        assert_eq!(row.tags["suspended_by"], "eve");
        assert!(row.associates.is_empty());
    }

    #[test]
    fn a_total_that_is_not_reached_is_partial() {
        let cut = got(&LIST.replace("\"total_count\": 1", "\"total_count\": 31"));
        assert_eq!(cut.coverage[0].state.word(), "partial");
        assert!(
            cut.coverage[0]
                .reason
                .as_deref()
                .unwrap()
                .contains("1 of 31")
        );
        assert!(!cut.whole);
        let bare = LIST
            .split_once("[\n")
            .unwrap()
            .1
            .rsplit_once(']')
            .unwrap()
            .0;
        assert_eq!(
            got(&format!("[{bare}]")).coverage[0].state.word(),
            "partial"
        );
    }
}
