//! `GET /v1/organization/admin_api_keys` and `GET /v1/organization/projects/{id}/api_keys`: the keys of an
//! OpenAI organisation.
//!
//! The list of admin keys has been seen to hold project keys under the wrong name (Cartography,
//! `intel/openai/adminapikeys.py`): the redacted value and the id tell them apart. Fields: openai 3.54.0 SDK.

use super::{
    answer::{self, Form},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
};
use serde_json::Value;
use std::collections::BTreeMap;
use tenure_model::{
    facts::{IssuedTo, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "openai-api-keys";
const ADMIN: &str = "organization.admin_api_key";
const PROJECT: &str = "organization.project.api_key";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/data"],
    entry: |value| {
        let object = value.get("object").and_then(Value::as_str);
        matches!(object, Some(ADMIN | PROJECT))
    },
    rest: |head| answer::more(head, "/has_more"),
    bare: Some("without `has_more` nothing tells whether further pages are missing"),
    save: "the answer of OpenAI's administration API",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(input, &FORM, &["object", "redacted_value"])
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    let (mut admin, mut project) = (false, false);
    for (at, value) in pages.entries() {
        let entry = Entry::new(value, at, input);
        match entry.text("object") {
            Some(PROJECT) => project = true,
            _ => admin = true,
        }
        gathered.take(value, key(&entry), &["value", "key"]);
    }
    let wrong = mislabelled(gathered.rows_mut());
    if wrong > 0 {
        gathered.note(format!(
            "{wrong} key{} in the list of admin keys {} no admin key by value or id",
            if wrong == 1 { "" } else { "s" },
            if wrong == 1 { "is" } else { "are" }
        ));
    }
    let count = |admins: bool| {
        let is = |row: &&Row| row.credential.as_deref() == Some("admin_api_key");
        gathered
            .rows()
            .iter()
            .filter(|row| is(row) == admins)
            .count()
    };
    let (admins, projects) = (count(true), count(false));
    if admin || !project {
        gathered.read_rows("admin keys", admins);
    } else {
        gathered.not_offered(
            "admin keys",
            "a list of their own: GET /v1/organization/admin_api_keys",
        );
    }
    if project {
        gathered.read_rows("project keys of the projects listed", projects);
        gathered.not_offered(
            "project keys whose owner lost access",
            "they may be left out unless the request says owner_project_access=any",
        );
    } else {
        gathered.not_offered(
            "project keys",
            "a list per project: GET /v1/organization/projects/ID/api_keys",
        );
    }
    gathered.read("last use");
    gathered.read("expiry");
    // The project is not named, and keys without access may be left out: absence proves nothing.
    Ok(gathered.finish(false))
}

fn key(entry: &Entry<'_>) -> Result<Row, Problem> {
    let shown = entry.text("redacted_value");
    let begins = |prefix: &str| shown.is_some_and(|shown| shown.starts_with(prefix));
    let service = entry.text("/owner/type") == Some("service_account");
    let kind = if begins("sk-admin") {
        Some("admin_api_key")
    } else if begins("sk-svcacct") {
        Some("service_account_api_key")
    } else if begins("sk-proj") {
        Some("project_api_key")
    } else {
        match entry.text("object") {
            Some(PROJECT) if service => Some("service_account_api_key"),
            Some(PROJECT) => Some("project_api_key"),
            // In the list of admin keys, and not shown as one: another list may say what it is.
            _ if shown.is_some() => None,
            _ => Some("admin_api_key"),
        }
    };
    let mut row = entry::row(entry, "openai", kind, Some(entry.id("id")?));
    row.hint = shown.and_then(entry::masked);
    row.name = entry.name("name");
    row.created = entry.past("created_at", When::Unknown, When::Unknown)?;
    row.last_used = entry.past("last_used_at", When::Never, When::NotOffered)?;
    row.expires = entry.moment("expires_at", When::Never, When::NotOffered)?;
    row.status = entry.status(
        "owner_project_access",
        &[("active", Status::Active), ("inactive", Status::Inactive)],
    );
    row.issued_to = match entry.text("/owner/type") {
        Some("user") => Some(IssuedTo::Person),
        Some("service_account") => Some(IssuedTo::Service),
        _ => None,
    };
    // Owners of project keys stand one level deeper than those of admin keys.
    let fields = [
        "/owner/user/email",
        "/owner/user/id",
        "/owner/service_account/name",
        "/owner/service_account/id",
        "/owner/email",
        "/owner/name",
        "/owner/id",
    ];
    let who = fields.iter().find_map(|field| entry.who(field));
    row.associates
        .extend(who.map(|who| entry::associate(who, "owns it", service)));
    for field in ["/owner/role", "/owner/user/role"] {
        if let Some(role) = entry.name(field) {
            row.tags.insert("role_of_owner".to_owned(), role);
        }
    }
    let object = entry.text("object").unwrap_or_default();
    if object == ADMIN {
        row.tags
            .insert("listed_as".to_owned(), "admin key".to_owned());
    }
    Ok(row)
}

/// Leaves one row per id, that of the project where there is one; how many were listed as admin keys and
/// are none.
fn mislabelled(rows: &mut Vec<Row>) -> usize {
    let admin = |row: &Row| row.tags.contains_key("listed_as");
    let of_projects: BTreeMap<String, Option<String>> = rows
        .iter()
        .filter(|row| !admin(row))
        .filter_map(|row| Some((row.key_id.clone()?, row.credential.clone())))
        .collect();
    let mut wrong = 0;
    rows.retain(|row| {
        let twice = row
            .key_id
            .as_ref()
            .is_some_and(|id| of_projects.contains_key(id));
        let other = row.credential.as_deref() != Some("admin_api_key");
        if admin(row) && (twice || other) {
            wrong += 1;
        }
        !(admin(row) && twice)
    });
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADMINS: &str = include_str!("../../tests/fixtures/openai_admin_api_keys.json");
    const PROJECTS: &str = include_str!("../../tests/fixtures/openai_project_api_keys.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("k.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn an_admin_key() {
        let got = got(ADMINS);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.credential.as_deref(), Some("admin_api_key"));
        assert_eq!(row.hint.as_deref(), Some("sk-admin...def"));
        assert_eq!(row.created, When::On("2024-03-26".parse().unwrap()));
        assert_eq!(row.last_used, When::On("2024-03-26".parse().unwrap()));
        assert_eq!(row.expires, When::Never);
        assert_eq!(row.status, None, "an admin key tells no state");
        assert_eq!(row.associates[0].who, "Dana");
        assert_eq!(got.coverage[1].state.word(), "not_offered");
    }

    #[test]
    fn a_project_key_whose_owner_lost_access() {
        let got = got(PROJECTS);
        let row = &got.rows[0];
        assert_eq!(row.credential.as_deref(), Some("project_api_key"));
        assert_eq!(row.status, Some(Status::Inactive));
        assert_eq!((row.last_used, row.expires), (When::Never, When::Never));
        assert_eq!(row.associates[0].who, "left@example.com");
        assert_eq!(row.issued_to, Some(IssuedTo::Person));
        assert!(!got.whole);
        let robot = PROJECTS.replace("\"type\": \"user\"", "\"type\": \"service_account\"");
        let row = self::got(&robot).rows.remove(0);
        assert_eq!(row.credential.as_deref(), Some("service_account_api_key"));
        assert!(row.associates[0].machine);
    }

    #[test]
    fn a_project_key_in_the_list_of_admin_keys_counts_once() {
        let wrong = ADMINS
            .replace("key_abc", "key_p1")
            .replace("sk-admin", "sk-abc");
        let both = got(&format!("{wrong}{PROJECTS}"));
        assert_eq!(both.rows.len(), 1);
        assert_eq!(both.rows[0].credential.as_deref(), Some("project_api_key"));
        assert!(both.notes[0].starts_with("1 key in the list of admin keys is no admin key"));
        // Alone, its value gives it away, or leaves open what it is.
        let shown = got(&ADMINS.replace("sk-admin", "sk-proj"));
        assert_eq!(shown.rows[0].credential.as_deref(), Some("project_api_key"));
        assert_eq!(got(&wrong).rows[0].credential, None);
        assert_eq!(got(&wrong).rows.len(), 1);
    }

    #[test]
    fn pages_and_secrets() {
        let cut = got(&ADMINS.replace("\"has_more\": false", "\"has_more\": true"));
        assert_eq!(cut.coverage[0].state.word(), "partial");
        let held = got(&ADMINS.replace("\"owner\": {", "\"value\": \"not-for-you\", \"owner\": {"));
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
        let silent = got(&ADMINS.replace("\"last_used_at\"", "\"other\""));
        assert_eq!(silent.rows[0].last_used, When::NotOffered);
    }
}
