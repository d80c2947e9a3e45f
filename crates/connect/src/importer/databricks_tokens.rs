//! `GET /api/2.0/token-management/tokens` of Databricks: the personal access tokens of a workspace; and
//! `/api/2.0/token/list`, which holds the caller's own alone.
//!
//! Times are milliseconds since 1970; `expiry_time: -1` means never. Fields:
//! <https://docs.databricks.com/api/workspace/tokenmanagement/list> (named by the SDKs; the page was not read).

use super::{
    answer::{self, Form, Rest},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
};
use std::collections::BTreeSet;
use tenure_model::{
    facts::IssuedTo,
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "databricks-tokens";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/token_infos"],
    entry: |value| value.get("token_id").is_some() && value.get("creation_time").is_some(),
    rest: |_| Rest::End,
    // `databricks token-management list -o json` prints them so, and there are no pages.
    bare: None,
    save: "the answer of `databricks token-management list -o json`",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(input, &FORM, &["token_id", "creation_time"])
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    let mut makers = BTreeSet::new();
    let mut managed = true;
    let mut tells_use = false;
    for (at, value) in pages.entries() {
        let entry = Entry::new(value, at, input);
        managed &= entry.has("created_by_id") || entry.has("created_by_username");
        makers.extend(
            entry
                .who("created_by_id")
                .or_else(|| entry.who("created_by_username")),
        );
        tells_use |= entry.has("last_used_day");
        gathered.take(value, token(&entry), &["token_value"]);
    }
    if managed {
        gathered.read("personal access tokens of the workspace");
    } else {
        gathered.read("personal access tokens of the caller");
        gathered.not_offered(
            "personal access tokens of others",
            "this list is the caller's own; an administrator lists all with token-management",
        );
    }
    gathered.read("expiry");
    gathered.read_if(
        tells_use,
        "last use",
        "the entries have no field `last_used_day`",
    );
    gathered.not_offered("privilege", "a token may do what its owner may");
    // The request can be narrowed to one maker, which does not show.
    Ok(gathered.finish(managed && makers.len() > 1))
}

fn token(entry: &Entry<'_>) -> Result<Row, Problem> {
    let id = entry.id("token_id")?;
    let mut row = entry::row(entry, "databricks", Some("personal_access_token"), Some(id));
    row.account = entry
        .who("workspace_id")
        .map(|id| format!("workspace {id}"));
    row.name = entry.name("comment");
    row.created = entry.past("creation_time", When::Unknown, When::Unknown)?;
    let endless = entry
        .field("expiry_time")
        .and_then(serde_json::Value::as_i64)
        == Some(-1);
    row.expires = if endless {
        When::Never
    } else {
        entry.moment("expiry_time", When::Unknown, When::Unknown)?
    };
    let unused = entry
        .field("last_used_day")
        .and_then(serde_json::Value::as_i64)
        == Some(0);
    row.last_used = if unused {
        When::Unknown
    } else {
        entry.past("last_used_day", When::Unknown, When::Unknown)?
    };
    if let Some(maker) = entry.who("created_by_username") {
        // A service principal is named by its application id, a person by an e-mail address.
        let machine = !maker.contains('@');
        row.issued_to = Some(if machine {
            IssuedTo::Service
        } else {
            IssuedTo::Person
        });
        row.associates = vec![entry::associate(maker, "created it", machine)];
    }
    if let Some(owner) = entry.who("owner_id") {
        row.tags.insert("owner_id".to_owned(), owner);
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/databricks_tokens.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("t.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn tokens_of_people_and_of_service_principals() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.account.as_deref(), Some("workspace 1234567890"));
        assert_eq!(row.name.as_deref(), Some("nightly etl"));
        assert_eq!(row.created, When::On("2022-01-01".parse().unwrap()));
        assert_eq!(row.expires, When::Never);
        assert_eq!(row.last_used, When::On("2026-11-20".parse().unwrap()));
        assert!(!row.associates[0].machine);
        let robot = &got.rows[1];
        assert!(robot.associates[0].machine);
        assert_eq!(robot.issued_to, Some(IssuedTo::Service));
        assert_eq!(robot.expires, When::On("2027-01-01".parse().unwrap()));
        assert_eq!(robot.last_used, When::Unknown);
        assert!(got.whole);
    }

    #[test]
    fn the_callers_own_list_covers_nobody_else() {
        let own = LIST
            .replace("\"created_by_id\"", "\"x\"")
            .replace("\"created_by_username\"", "\"y\"");
        let own = got(&own);
        assert_eq!(own.coverage[1].state.word(), "not_offered");
        assert!(!own.whole && own.rows[0].associates.is_empty());
        let one = LIST.replace("\"created_by_id\": 2", "\"created_by_id\": 1");
        assert!(!got(&one).whole, "perhaps asked for one maker");
    }

    #[test]
    fn bad_times_and_secrets() {
        let bad = got(&LIST.replacen("1640995200000", "\"soon\"", 1));
        assert_eq!(bad.problems[0].at, "/token_infos/0/creation_time");
        let held = got(&LIST.replacen(
            "\"comment\"",
            "\"token_value\": \"not-for-you\", \"comment\"",
            1,
        ));
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
    }
}
