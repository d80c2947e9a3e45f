//! `GET /api/atlas/v2/orgs/{id}/apiKeys` and `/serviceAccounts` of MongoDB Atlas: programmatic API keys, and
//! the secrets of service accounts.
//!
//! Fields: <https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-listapikeys> and
//! `ServiceAccountSecret.md` of <https://github.com/mongodb/atlas-sdk-go>, read 2026-11-26. A programmatic key
//! is known by its public half, as it stands beside the private one; a service account may hold two secrets,
//! each with an id of its own.

use super::{
    answer::{self, Form},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::guard,
};
use serde_json::Value;
use std::collections::BTreeSet;
use tenure_model::{
    facts::{IssuedTo, Privilege, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "mongodb-atlas-keys";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/results"],
    entry: |value| is_key(value) || is_account(value),
    rest: |head| answer::total(head, "/totalCount"),
    bare: Some("without `totalCount` nothing tells whether further pages are missing"),
    save: "the answer of the Atlas Administration API",
};

fn is_key(value: &Value) -> bool {
    value.get("publicKey").is_some() && value.get("roles").is_some() && value.get("id").is_some()
}

fn is_account(value: &Value) -> bool {
    value.get("clientId").is_some() && value.get("secrets").is_some_and(Value::is_array)
}

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    match answer::recognise(input, &FORM, &["publicKey", "roles"]) {
        Recognition::Yes => Recognition::Yes,
        _ => answer::recognise(input, &FORM, &["clientId", "secrets"]),
    }
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    let (mut keys, mut accounts) = (false, false);
    for (at, value) in pages.entries() {
        let entry = Entry::new(value, at, input);
        if !is_account(value) {
            keys = true;
            gathered.take(value, key(&entry), &["privateKey"]);
            continue;
        }
        accounts = true;
        let secrets = entry.field("secrets").and_then(Value::as_array);
        for (nth, held) in secrets.into_iter().flatten().enumerate() {
            let at = format!("{}/secrets/{nth}", at.trim_end_matches('/'));
            let row = account_secret(&entry, &Entry::new(held, &at, input));
            gathered.take(held, row, &["secret"]);
        }
    }
    let count = |kind: &str| {
        let of = |row: &&Row| row.credential.as_deref() == Some(kind);
        gathered.rows().iter().filter(of).count()
    };
    let (of_keys, of_accounts) = (
        count("programmatic_api_key"),
        count("service_account_secret"),
    );
    if keys || !accounts {
        gathered.read_rows("programmatic API keys", of_keys);
        gathered.not_offered(
            "creation of programmatic API keys",
            "Atlas does not tell when one was made",
        );
        gathered.not_offered(
            "last use of programmatic API keys",
            "Atlas does not tell it",
        );
        gathered.not_offered("expiry of programmatic API keys", "they have no end date");
    } else {
        gathered.not_offered(
            "programmatic API keys",
            "a list of their own: GET /orgs/ID/apiKeys",
        );
    }
    if accounts {
        gathered.read_rows("secrets of service accounts", of_accounts);
    } else {
        gathered.not_offered(
            "secrets of service accounts",
            "a list of their own: GET /orgs/ID/serviceAccounts",
        );
    }
    gathered.read("roles");
    Ok(gathered.finish(true))
}

fn key(entry: &Entry<'_>) -> Result<Row, Problem> {
    let id = entry.id("publicKey")?;
    let mut row = entry::row(
        entry,
        "mongodb-atlas",
        Some("programmatic_api_key"),
        Some(id),
    );
    row.name = entry.name("desc");
    row.hint = entry.text("privateKey").and_then(entry::masked);
    row.status = Some(Status::Active);
    row.issued_to = Some(IssuedTo::Service);
    let roles = entry.field("roles").and_then(Value::as_array);
    let roles: Vec<Role<'_>> = roles.into_iter().flatten().filter_map(Role::of).collect();
    row.privilege = privilege(&roles);
    // Copies that are found do not name the organisation, and the public half is one of its kind everywhere.
    if let Some(organisation) = organisation(entry, &roles) {
        row.tags.insert("organisation".to_owned(), organisation);
    }
    if let Some(id) = entry.who("id") {
        row.tags.insert("id".to_owned(), id);
    }
    Ok(row)
}

fn account_secret(account: &Entry<'_>, held: &Entry<'_>) -> Result<Row, Problem> {
    let kind = Some("service_account_secret");
    let mut row = entry::row(held, "mongodb-atlas", kind, Some(held.id("id")?));
    row.name = account.name("name");
    row.account = account.who("orgId").or_else(|| account.who("clientId"));
    row.hint = held.text("maskedSecretValue").and_then(entry::masked);
    row.created = held.past("createdAt", When::Unknown, When::Unknown)?;
    row.expires = held.moment("expiresAt", When::Unknown, When::Unknown)?;
    row.last_used = held.past("lastUsedAt", When::Unknown, When::Unknown)?;
    row.status = Some(match row.expires {
        When::On(day) if day <= held.input.today => Status::Refused,
        _ => Status::Active,
    });
    row.issued_to = Some(IssuedTo::Service);
    let names = account.texts("roles");
    let roles: Vec<Role<'_>> = names.iter().map(|name| Role { name, within: "" }).collect();
    row.privilege = privilege(&roles);
    for (tag, field) in [("client_id", "clientId"), ("description", "description")] {
        if let Some(text) = account.name(field) {
            row.tags.insert(tag.to_owned(), text);
        }
    }
    Ok(row)
}

/// A role, and the project or organisation in which it holds.
struct Role<'r> {
    name: &'r str,
    within: &'r str,
}

impl<'r> Role<'r> {
    fn of(value: &'r Value) -> Option<Self> {
        let text = |field: &str| value.get(field).and_then(Value::as_str);
        Some(Self {
            name: text("roleName")?,
            within: text("groupId")
                .or_else(|| text("orgId"))
                .unwrap_or_default(),
        })
    }
}

fn privilege(roles: &[Role<'_>]) -> Option<(Privilege, String)> {
    let projects: BTreeSet<&str> = roles.iter().map(|role| role.within).collect();
    let of = |role: &Role<'_>| {
        let wide = role.name.starts_with("ORG_") || projects.len() > 2;
        if role.name.ends_with("_OWNER") || role.name.ends_with("_ADMIN") {
            Privilege::Admin
        } else if role.name == "ORG_MEMBER" {
            Privilege::ReadNarrow
        } else if role.name.contains("READ_ONLY") || role.name.ends_with("_VIEWER") {
            if wide {
                Privilege::ReadWide
            } else {
                Privilege::ReadNarrow
            }
        } else if wide {
            Privilege::WriteWide
        } else {
            Privilege::WriteNarrow
        }
    };
    let strongest = roles.iter().map(of).max()?;
    let names: BTreeSet<&str> = roles.iter().map(|role| role.name).collect();
    let names: Vec<&str> = names.into_iter().collect();
    Some((strongest, format!("roles: {}", entry::listed(&names))))
}

/// The organisation, where exactly one is named.
fn organisation(entry: &Entry<'_>, roles: &[Role<'_>]) -> Option<String> {
    let named: BTreeSet<&str> = roles
        .iter()
        .filter(|role| role.name.starts_with("ORG_") && !role.within.is_empty())
        .map(|role| role.within)
        .collect();
    let mut all = named.into_iter();
    let one = all.next().filter(|_| all.next().is_none());
    entry.who("orgId").or_else(|| one.map(guard::id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = include_str!("../../tests/fixtures/mongodb_atlas_api_keys.json");
    const ACCOUNTS: &str = include_str!("../../tests/fixtures/mongodb_atlas_service_accounts.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("k.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn a_programmatic_key_by_its_public_half() {
        let got = got(KEYS);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.key_id.as_deref(), Some("exmplpub"));
        assert_eq!(row.name.as_deref(), Some("backup job"));
        assert_eq!(row.tags["organisation"], "65a1000000000000000000f1");
        assert_eq!(row.privilege.as_ref().unwrap().0, Privilege::Admin);
        assert_eq!(
            (row.created, row.last_used, row.expires),
            (When::NotOffered, When::NotOffered, When::NotOffered)
        );
        assert!(!got.plaintext && row.hint.is_some());
        assert_eq!(got.coverage[4].state.word(), "not_offered");
    }

    #[test]
    fn each_secret_of_a_service_account_is_a_key() {
        let got = got(ACCOUNTS);
        assert_eq!(got.problems, []);
        assert_eq!(got.rows.len(), 2);
        let row = &got.rows[0];
        assert_eq!(row.key_id.as_deref(), Some("65a10000000000000000000a"));
        assert_eq!(row.credential.as_deref(), Some("service_account_secret"));
        assert_eq!(row.expires, When::On("2027-01-01".parse().unwrap()));
        assert_eq!(row.last_used, When::On("2026-11-20".parse().unwrap()));
        assert_eq!(got.rows[1].last_used, When::Unknown);
        assert_eq!(got.rows[1].status, Some(Status::Refused));
        assert_eq!(row.privilege.as_ref().unwrap().0, Privilege::ReadWide);
    }

    #[test]
    fn pages_roles_and_secrets() {
        let cut = got(&KEYS.replace("\"totalCount\": 1", "\"totalCount\": 101"));
        assert_eq!(cut.coverage[0].state.word(), "partial");
        let reads = got(&KEYS.replace("ORG_OWNER", "GROUP_DATA_ACCESS_READ_ONLY"));
        assert_eq!(
            reads.rows[0].privilege.as_ref().unwrap().0,
            Privilege::ReadNarrow
        );
        let held = got(&KEYS.replace("********-****-****-a1b2c3d4e5f6", "not-for-you"));
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
        let held = got(&ACCOUNTS.replacen(
            "\"createdAt\"",
            "\"secret\": \"not-for-you\", \"createdAt\"",
            2,
        ));
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
    }
}
