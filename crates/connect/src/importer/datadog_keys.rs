//! `GET /api/v2/api_keys`, `/application_keys` and `/personal_access_tokens` of Datadog: keys that submit,
//! and keys and tokens that act.
//!
//! `scopes: null` means unscoped: everything that its owner may do. Fields: datadog-api-client 2.62.0. A last
//! use of `null` is read as unknown: nothing says since when Datadog records it.

use super::{
    answer::{self, Form},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::guard,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tenure_model::{
    facts::{IssuedTo, Privilege},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "datadog-keys";
const TYPES: [(&str, &str); 4] = [
    ("api_keys", "API keys"),
    ("application_keys", "application keys"),
    ("personal_access_tokens", "access tokens"),
    ("service_access_tokens", "access tokens"),
];

const FORM: Form = Form {
    kind: KIND,
    lists: &["/data"],
    entry: |value| {
        let kind = value.get("type").and_then(Value::as_str);
        value.pointer("/attributes/created_at").is_some()
            && TYPES.iter().any(|(known, _)| kind == Some(known))
    },
    rest: |head| answer::total(head, "/meta/page/total_filtered_count"),
    bare: Some("without `meta` nothing tells whether further pages are missing"),
    save: "the answer of Datadog's API",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(input, &FORM, &["attributes", "type", "created_at"])
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for page in &pages.pages {
        let people = People::of(&page.head);
        for (at, value) in &page.entries {
            let entry = Entry::new(value, at, input);
            let part = TYPES
                .iter()
                .find(|(kind, _)| entry.text("type") == Some(kind));
            if let Some((_, part)) = part {
                *counts.entry(part).or_default() += 1;
            }
            let secrets = ["/attributes/key", "/attributes/token"];
            gathered.take(value, key(&entry, &people), &secrets);
        }
    }
    let parts: BTreeSet<&str> = TYPES.iter().map(|(_, part)| *part).collect();
    for part in parts {
        match counts.get(part) {
            Some(count) => gathered.read_rows(part, *count),
            None if counts.is_empty() => gathered.read_rows(part, 0),
            None => gathered.not_offered(part, "they stand in a list of their own"),
        }
    }
    gathered.read("last use");
    if counts.contains_key("access tokens") {
        gathered.read_rows("expiry", counts.get("access tokens").copied().unwrap_or(0));
    } else {
        gathered.not_offered("expiry", "API keys and application keys have no end date");
    }
    gathered.not_offered(
        "status",
        "Datadog lists what exists; what was revoked is gone",
    );
    // The organisation is not named in the answer.
    Ok(gathered.finish(true))
}

fn key(entry: &Entry<'_>, people: &People<'_>) -> Result<Row, Problem> {
    let kind = entry.text("type").unwrap_or_default();
    let owner = ["owned_by", "created_by"].iter().find_map(|relation| {
        let id = entry.text(&format!("/relationships/{relation}/data/id"))?;
        let of = entry.text(&format!("/relationships/{relation}/data/type"));
        Some((*relation, id, of))
    });
    let machine = owner.is_some_and(|(_, id, of)| {
        of.is_some_and(|of| of.contains("service_account")) || people.is_machine(id)
    });
    let credential = match kind {
        "api_keys" => "api_key",
        "application_keys" => "application_key",
        "service_access_tokens" => "service_access_token",
        "personal_access_tokens" if machine => "service_access_token",
        "personal_access_tokens" => "personal_access_token",
        _ => {
            return Err(entry.problem(
                "type",
                format!("`{}` is no kind of key that is known", guard::quoted(kind)),
            ));
        }
    };
    let mut row = entry::row(entry, "datadog", Some(credential), Some(entry.id("id")?));
    row.name = entry.name("/attributes/name");
    row.hint = ["/attributes/last4", "/attributes/public_portion"]
        .iter()
        .find_map(|field| entry.text(field))
        .and_then(|shown| entry::tail(shown).or_else(|| entry::masked(shown)));
    row.created = entry.past("/attributes/created_at", When::Unknown, When::Unknown)?;
    let used = if kind == "api_keys" {
        "/attributes/date_last_used"
    } else {
        "/attributes/last_used_at"
    };
    row.last_used = entry.past(used, When::Unknown, When::NotOffered)?;
    if kind.ends_with("access_tokens") {
        row.expires = entry.moment("/attributes/expires_at", When::Never, When::Unknown)?;
    }
    if kind != "api_keys" {
        match entry.field("/attributes/scopes") {
            Some(Value::Null) => {
                row.tags.insert(
                    "scopes".to_owned(),
                    "unscoped: everything that its owner may do".to_owned(),
                );
            }
            Some(_) => row.privilege = Some(privilege(&entry.texts("/attributes/scopes"))),
            None => {}
        }
        row.issued_to = owner.map(|_| {
            if machine {
                IssuedTo::Service
            } else {
                IssuedTo::Person
            }
        });
    }
    if let Some((relation, id, _)) = owner {
        let why = if relation == "owned_by" {
            "owns it"
        } else {
            "created it"
        };
        let who = guard::id(people.name(id).unwrap_or(id));
        row.associates = vec![entry::associate(who, why, machine)];
    }
    Ok(row)
}

/// The users that an answer includes, by id.
struct People<'p>(BTreeMap<&'p str, &'p Value>);

impl<'p> People<'p> {
    fn of(head: &'p Value) -> Self {
        let included = head.get("included").and_then(Value::as_array);
        let users = included.into_iter().flatten();
        Self(
            users
                .filter_map(|user| Some((user.get("id")?.as_str()?, user.get("attributes")?)))
                .collect(),
        )
    }

    fn name(&self, id: &str) -> Option<&'p str> {
        let user = self.0.get(id)?;
        let field = |name: &str| user.get(name).and_then(Value::as_str);
        field("email")
            .or_else(|| field("handle"))
            .filter(|name| !name.is_empty())
    }

    fn is_machine(&self, id: &str) -> bool {
        let user = self.0.get(id);
        user.and_then(|user| user.get("service_account")?.as_bool()) == Some(true)
    }
}

/// A scope reaches the whole organisation.
fn privilege(scopes: &[&str]) -> (Privilege, String) {
    const ADMIN: [&str; 7] = [
        "user_access_manage",
        "user_access_invite",
        "org_management",
        "api_keys_write",
        "org_app_keys_write",
        "service_account_write",
        "org_authorized_apps_write",
    ];
    let of = |scope: &&str| {
        if ADMIN.contains(scope) {
            Privilege::Admin
        } else if *scope == "api_keys_read" {
            Privilege::ReadsSecrets
        } else if scope.ends_with("_read") {
            Privilege::ReadWide
        } else {
            Privilege::WriteWide
        }
    };
    match scopes.iter().map(of).max() {
        Some(privilege) => (privilege, format!("scopes: {}", entry::listed(scopes))),
        None => (Privilege::None, "no scope".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = include_str!("../../tests/fixtures/datadog_api_keys.json");
    const APPS: &str = include_str!("../../tests/fixtures/datadog_application_keys.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("k.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn a_key_that_submits() {
        let got = got(KEYS);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.credential.as_deref(), Some("api_key"));
        assert_eq!(row.hint.as_deref(), Some("…abcd"));
        assert_eq!(
            (row.last_used, row.expires),
            (When::Unknown, When::NotOffered)
        );
        assert_eq!(
            (
                row.associates[0].who.as_str(),
                row.associates[0].why.as_str()
            ),
            ("u1", "created it")
        );
        let parts: Vec<_> = got
            .coverage
            .iter()
            .map(|c| (c.part.as_str(), c.state.word()))
            .collect();
        assert_eq!(
            parts,
            [
                ("API keys", "complete"),
                ("access tokens", "not_offered"),
                ("application keys", "not_offered"),
                ("last use", "complete"),
                ("expiry", "not_offered"),
                ("status", "not_offered"),
            ]
        );
    }

    #[test]
    fn no_scopes_means_all_of_them() {
        let row = got(APPS).rows.remove(0);
        assert_eq!(row.credential.as_deref(), Some("application_key"));
        assert_eq!(row.last_used, When::On("2026-11-01".parse().unwrap()));
        assert_eq!(row.privilege, None, "the catalogue's ceiling counts");
        assert!(row.tags["scopes"].starts_with("unscoped"));
        let scoped = |scopes: &str| {
            got(&APPS.replace("\"scopes\": null", scopes)).rows[0]
                .privilege
                .clone()
                .unwrap()
                .0
        };
        assert_eq!(
            scoped(r#""scopes": ["dashboards_read"]"#),
            Privilege::ReadWide
        );
        assert_eq!(
            scoped(r#""scopes": ["dashboards_read", "monitors_write"]"#),
            Privilege::WriteWide
        );
        assert_eq!(
            scoped(r#""scopes": ["user_access_manage"]"#),
            Privilege::Admin
        );
        assert_eq!(
            scoped(r#""scopes": ["api_keys_read"]"#),
            Privilege::ReadsSecrets
        );
        assert_eq!(scoped(r#""scopes": []"#), Privilege::None);
    }

    #[test]
    fn tokens_have_an_end_and_a_holder() {
        let token = APPS
            .replace("application_keys", "personal_access_tokens")
            .replace("\"name\"", "\"expires_at\": null, \"name\"");
        let row = got(&token).rows.remove(0);
        assert_eq!(row.credential.as_deref(), Some("personal_access_token"));
        assert_eq!(row.expires, When::Never);
        assert_eq!(row.issued_to, Some(IssuedTo::Person));
        let machine = token.replace(
            "\"meta\"",
            "\"included\": [{\"type\": \"users\", \"id\": \"u1\", \"attributes\": {\"handle\": \"deployer\", \"service_account\": true}}], \"meta\"",
        );
        let row = got(&machine).rows.remove(0);
        assert_eq!(row.credential.as_deref(), Some("service_access_token"));
        assert_eq!(row.associates[0].who, "deployer");
        assert!(row.associates[0].machine);
    }

    #[test]
    fn people_pages_and_secrets() {
        let named = KEYS.replace(
            "\"included\": []",
            "\"included\": [{\"type\": \"users\", \"id\": \"u1\", \"attributes\": {\"email\": \"ann@example.com\"}}]",
        );
        assert_eq!(got(&named).rows[0].associates[0].who, "ann@example.com");
        let cut = got(&KEYS.replace(
            "\"total_filtered_count\": 1",
            "\"total_filtered_count\": 40",
        ));
        assert_eq!(cut.coverage[0].state.word(), "partial");
        let held = got(&KEYS.replace("\"last4\"", "\"key\": \"not-for-you\", \"last4\""));
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
    }
}
