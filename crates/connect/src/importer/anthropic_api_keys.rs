//! `GET /v1/organizations/api_keys`: the API keys of an Anthropic organisation.
//!
//! Newer answers name a `scope` and a `principal`, older ones a `workspace_id` alone; both are read. Fields:
//! anthropic 2.12.0 SDK; <https://platform.claude.com/docs/en/api/http/organization/api_keys>, read 2026-11-26.

use super::{
    answer::{self, Form},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
};
use serde_json::Value;
use tenure_model::{
    facts::{IssuedTo, Privilege, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "anthropic-api-keys";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/data"],
    entry: |value| {
        value.get("partial_key_hint").is_some()
            && value.get("type").and_then(Value::as_str) == Some("api_key")
    },
    rest: |head| answer::more(head, "/has_more"),
    bare: Some("without `has_more` nothing tells whether further pages are missing"),
    save: "the answer of `GET /v1/organizations/api_keys?limit=1000`",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(input, &FORM, &["partial_key_hint", "created_at"])
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    let mut tells_expiry = true;
    for (at, value) in pages.entries() {
        let entry = Entry::new(value, at, input);
        tells_expiry &= entry.has("expires_at");
        gathered.take(value, key(&entry), &["key", "api_key", "secret"]);
    }
    gathered.read("API keys");
    gathered.read_if(
        tells_expiry,
        "expiry",
        "this older answer has no field `expires_at`",
    );
    gathered.not_offered(
        "last use",
        "Anthropic does not tell when a key was last used",
    );
    Ok(gathered.finish(true))
}

fn key(entry: &Entry<'_>) -> Result<Row, Problem> {
    let hint = entry.text("partial_key_hint");
    let kind = match hint {
        Some(hint) if hint.starts_with("sk-ant-admin") => "admin_api_key",
        Some(hint) if hint.starts_with("sk-ant-oat") => "claude_code_oauth_token",
        _ => "api_key",
    };
    let mut row = entry::row(entry, "anthropic", Some(kind), Some(entry.id("id")?));
    row.hint = hint.and_then(entry::masked);
    row.name = entry.name("name");
    row.account = entry
        .who("/scope/workspace_id")
        .or_else(|| entry.who("workspace_id"));
    row.created = entry.past("created_at", When::Unknown, When::Unknown)?;
    row.expires = entry.moment("expires_at", When::Never, When::NotOffered)?;
    row.status = entry.status(
        "status",
        &[
            ("active", Status::Active),
            ("inactive", Status::Inactive),
            ("archived", Status::Refused),
            ("expired", Status::Refused),
        ],
    );
    let principal = entry.text("/principal/type");
    row.issued_to = match principal {
        Some(kind) if kind.starts_with("user") => Some(IssuedTo::Person),
        Some(kind) if kind.starts_with("service_account") => Some(IssuedTo::Service),
        _ => None,
    };
    // A key with a principal may do what that principal may; one without reaches its workspace alone.
    if principal.is_none() && kind == "api_key" && row.account.is_some() {
        row.privilege = Some((
            Privilege::WriteNarrow,
            "one workspace, and no principal".to_owned(),
        ));
    }
    let machine = |kind: Option<&str>| kind.is_some_and(|kind| kind.starts_with("service_account"));
    let acts_as = [
        "/principal/id",
        "/principal/user_id",
        "/principal/service_account_id",
    ]
    .iter()
    .find_map(|field| entry.who(field));
    row.associates
        .extend(acts_as.map(|who| entry::associate(who, "the key acts as it", machine(principal))));
    let maker = entry.text("/created_by/type");
    row.associates.extend(
        entry
            .who("/created_by/id")
            .map(|who| entry::associate(who, "created it", machine(maker))),
    );
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/anthropic_api_keys.json");
    const OLD: &str = include_str!("../../tests/fixtures/anthropic_api_keys_legacy.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("k.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn a_key_of_a_workspace() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.key_id.as_deref(), Some("apikey_01EXAMPLE"));
        assert_eq!(row.account.as_deref(), Some("wrkspc_01EXAMPLE"));
        assert_eq!(row.hint.as_deref(), Some("sk-ant-api03-R2D...igAA"));
        assert_eq!(
            (row.expires, row.last_used),
            (When::Never, When::NotOffered)
        );
        assert_eq!(row.status, Some(Status::Active));
        assert_eq!(row.privilege.as_ref().unwrap().0, Privilege::WriteNarrow);
        assert_eq!(row.associates[0].who, "user_01EXAMPLE");
        assert!(got.whole && !got.plaintext);
    }

    #[test]
    fn the_older_shape_says_less() {
        let got = got(OLD);
        let row = &got.rows[0];
        assert_eq!(row.account.as_deref(), Some("wrkspc_01EXAMPLE"));
        assert_eq!(row.expires, When::NotOffered);
        assert_eq!(row.status, Some(Status::Inactive));
        assert_eq!(got.coverage[1].state.word(), "not_offered");
        assert!(!got.whole, "asked for inactive keys, perhaps");
    }

    #[test]
    fn principals_may_do_more_than_a_workspace() {
        let acts = LIST.replace(
            "\"principal\": null",
            "\"principal\": {\"type\": \"service_account_actor\", \"id\": \"sa_1\"}",
        );
        let row = got(&acts).rows.remove(0);
        assert_eq!(row.privilege, None, "the catalogue's ceiling counts");
        assert_eq!(row.issued_to, Some(IssuedTo::Service));
        assert!(row.associates[0].machine && !row.associates[1].machine);
        let organisation = LIST.replace(
            "\"type\": \"workspace\",\n    \"workspace_id\": \"wrkspc_01EXAMPLE\"",
            "\"type\": \"organization\"",
        );
        let row = got(&organisation).rows.remove(0);
        assert_eq!((row.account, row.privilege), (None, None));
        let nobody = LIST.replace(
            "{\n    \"id\": \"user_01EXAMPLE\",\n    \"type\": \"user\"\n   }",
            "null",
        );
        assert_eq!(got(&nobody).rows[0].associates.len(), 0);
    }

    #[test]
    fn states_pages_and_secrets() {
        for (word, status) in [
            ("archived", Status::Refused),
            ("expired", Status::Refused),
            ("paused", Status::Unknown),
        ] {
            let text = LIST.replace("\"active\"", &format!("\"{word}\""));
            assert_eq!(got(&text).rows[0].status, Some(status));
        }
        let cut = got(&LIST.replace("\"has_more\": false", "\"has_more\": true"));
        assert_eq!(cut.coverage[0].state.word(), "partial");
        let held = got(&LIST.replace("\"name\"", "\"api_key\": \"not-for-you\", \"name\""));
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
    }
}
