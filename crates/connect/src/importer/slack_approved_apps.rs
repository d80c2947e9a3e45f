//! `admin.apps.approved.list` of Slack: the apps that an Enterprise organisation approved, with their scopes.
//!
//! An approval is no token: whether the app is installed, and how many tokens it holds, is not told. A row
//! stands for the tokens of one type that an approved app may hold. Only Enterprise organisations have the
//! list. How scopes become a privilege, the strongest that applies:
//!
//! | scope | privilege |
//! |---|---|
//! | `admin`, `admin.…` | `admin` |
//! | any that writes | `write_wide` if Slack calls it sensitive, else `write_narrow` |
//! | `…:read`, `…:history`, `search:…`, `identify`, `identity.…` | `read_wide` if Slack calls it sensitive, else `read_narrow` |

use super::{
    answer::{self, Form},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
};
use serde_json::Value;
use std::collections::BTreeSet;
use tenure_model::{
    facts::{IssuedTo, Privilege},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "slack-approved-apps";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/approved_apps"],
    entry: |value| value.pointer("/app/id").is_some() && value.get("scopes").is_some(),
    rest: |head| answer::more(head, "/response_metadata/next_cursor"),
    bare: Some("without `response_metadata` nothing tells whether further pages are missing"),
    save: "the answer of `admin.apps.approved.list`",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    match answer::recognise(input, &FORM, &["approved_apps", "app"]) {
        Recognition::Yes => Recognition::Yes,
        _ => answer::recognise_empty(input, &FORM, &["ok"]),
    }
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    let mut apps = 0;
    let mut silent = 0_usize;
    for (at, value) in pages.entries() {
        let entry = Entry::new(value, at, input);
        apps += 1;
        let types = token_types(&entry);
        silent += usize::from(types.is_empty());
        for kind in types {
            gathered.take(value, tokens(&entry, kind), &[]);
        }
    }
    gathered.read_rows("approved apps", apps);
    gathered.read("scopes");
    gathered.not_offered(
        "tokens",
        "an approval does not tell whether, or how often, the app is installed",
    );
    gathered.not_offered(
        "creation",
        "the list tells when an approval was last changed, not when a token was made",
    );
    gathered.not_offered("last use", "Slack does not tell it of apps");
    gathered.not_offered("expiry", "tokens end only where the app rotates them");
    if silent > 0 {
        gathered.note(format!(
            "{silent} approved app(s) without a scope left out: they hold no token"
        ));
    }
    Ok(gathered.finish(false))
}

/// `bot`, `user`, `app`: the types of token that the scopes are for.
fn token_types<'e>(entry: &Entry<'e>) -> BTreeSet<&'e str> {
    scopes(entry)
        .map(|scope| {
            scope
                .get("token_type")
                .and_then(Value::as_str)
                .unwrap_or("bot")
        })
        .collect()
}

fn scopes<'e>(entry: &Entry<'e>) -> impl Iterator<Item = &'e Value> {
    let scopes = entry.field("scopes").and_then(Value::as_array);
    scopes.into_iter().flatten()
}

fn tokens(entry: &Entry<'_>, kind: &str) -> Result<Row, Problem> {
    let credential = match kind {
        "user" => "user_token",
        "app" => "app_level_token",
        _ => "bot_token",
    };
    let mut row = entry::row(entry, "slack", Some(credential), Some(entry.id("/app/id")?));
    row.name = entry.name("/app/name");
    row.created = When::Unknown;
    let of_kind = scopes(entry).filter(|scope| {
        scope
            .get("token_type")
            .and_then(Value::as_str)
            .unwrap_or("bot")
            == kind
    });
    row.privilege = privilege(of_kind);
    row.issued_to = (kind != "user").then_some(IssuedTo::Service);
    if let When::On(day) = entry.past("date_updated", When::Unknown, When::Unknown)? {
        row.tags.insert("approved".to_owned(), day.to_string());
    }
    if let Some(who) = entry.who("/last_resolved_by/actor_id") {
        let machine = entry.text("/last_resolved_by/actor_type") != Some("user");
        row.associates = vec![entry::associate(who, "approved it", machine)];
    }
    let maker = match entry.flag("/app/is_internal") {
        Some(true) => "this organisation",
        _ => "a third party",
    };
    row.tags.insert("made_by".to_owned(), maker.to_owned());
    Ok(row)
}

fn privilege<'v>(scopes: impl Iterator<Item = &'v Value>) -> Option<(Privilege, String)> {
    let of = |scope: &'v Value| {
        let name = scope.get("name").and_then(Value::as_str)?;
        let sensitive = scope.get("is_sensitive").and_then(Value::as_bool) == Some(true);
        let reads = name.ends_with(":read")
            || name.ends_with(":history")
            || name.starts_with("search:")
            || name == "identify"
            || name.starts_with("identity.");
        let privilege = if name == "admin" || name.starts_with("admin.") {
            Privilege::Admin
        } else {
            match (reads, sensitive) {
                (false, true) => Privilege::WriteWide,
                (false, false) => Privilege::WriteNarrow,
                (true, true) => Privilege::ReadWide,
                (true, false) => Privilege::ReadNarrow,
            }
        };
        Some((privilege, name))
    };
    let all: Vec<(Privilege, &str)> = scopes.filter_map(of).collect();
    let strongest = all.iter().map(|(privilege, _)| *privilege).max()?;
    let names: Vec<&str> = all
        .iter()
        .filter(|(privilege, _)| *privilege == strongest)
        .map(|(_, name)| *name)
        .collect();
    Some((strongest, format!("scopes: {}", entry::listed(&names))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/slack_admin_apps_approved.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("a.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn an_approval_is_no_token() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.credential.as_deref(), Some("bot_token"));
        assert_eq!(row.key_id.as_deref(), Some("A1"));
        assert_eq!(row.created, When::Unknown);
        assert_eq!(row.tags["approved"], "2019-11-21");
        assert_eq!(row.tags["made_by"], "this organisation");
        assert_eq!(row.status, None);
        assert_eq!(
            row.privilege,
            Some((Privilege::ReadWide, "scopes: channels:history".to_owned()))
        );
        assert_eq!(row.associates[0].who, "W1");
        assert!(!got.whole);
    }

    #[test]
    fn bot_and_user_tokens_are_two_and_their_scopes_apart() {
        let user = r#"{"name": "admin.users:write", "is_sensitive": true, "token_type": "user"},"#;
        let both = got(&LIST.replacen("\"scopes\": [", &format!("\"scopes\": [{user}"), 1));
        let kinds: Vec<_> = both
            .rows
            .iter()
            .map(|r| {
                (
                    r.credential.as_deref().unwrap(),
                    r.privilege.as_ref().unwrap().0,
                )
            })
            .collect();
        assert_eq!(
            kinds,
            [
                ("bot_token", Privilege::ReadWide),
                ("user_token", Privilege::Admin)
            ]
        );
        let post = got(&LIST.replace("channels:history", "chat:write"));
        assert_eq!(
            post.rows[0].privilege.as_ref().unwrap().0,
            Privilege::WriteWide
        );
        let mild = LIST.replace("\"is_sensitive\": true", "\"is_sensitive\": false");
        assert_eq!(
            got(&mild).rows[0].privilege.as_ref().unwrap().0,
            Privilege::ReadNarrow
        );
    }

    #[test]
    fn pages_machines_and_apps_without_scopes() {
        let cut = got(&LIST.replace("\"next_cursor\": \"\"", "\"next_cursor\": \"dXNlcg==\""));
        assert_eq!(cut.coverage[0].state.word(), "partial");
        let robot = got(&LIST.replace("\"actor_type\": \"user\"", "\"actor_type\": \"app\""));
        assert!(robot.rows[0].associates[0].machine);
        let (head, rest) = LIST.split_once("\"scopes\": [").unwrap();
        let none = format!(
            "{head}\"scopes\": [{}",
            rest.split_once("}\n").unwrap().1.trim_start()
        );
        assert_eq!(got(&none).rows.len(), 0);
        assert!(got(&none).notes[0].contains("without a scope"));
    }
}
