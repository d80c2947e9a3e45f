//! `GET /personal_access_tokens`, `/projects/{id}/access_tokens`, `/groups/{id}/access_tokens` of GitLab.
//!
//! A token of a project or group belongs to a bot user, and has an `access_level`; an administrator's list
//! of personal access tokens holds the bots' tokens too, without it. Fields: `doc/api/project_access_tokens.md`
//! and `group_access_tokens.md` of gitlabhq at 017a6c1, read 2026-11-26. How scopes become a privilege, the
//! strongest that applies:
//!
//! | scope | privilege |
//! |---|---|
//! | `sudo`, `admin_mode`; `api` of a Maintainer or Owner token | `admin` |
//! | `api` | `write_wide` |
//! | any other that writes or acts | `write_narrow` |
//! | `read_…`, `openid`, `profile`, `email` | `read_wide`, of a project or group `read_narrow` |

use super::{
    answer::{self, Form, Rest},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
    reading::guard,
};
use serde_json::Value;
use tenure_model::{
    facts::{IssuedTo, Privilege, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "gitlab-tokens";
const MAINTAINER: i64 = 40;

const FORM: Form = Form {
    kind: KIND,
    lists: &[],
    entry: |value| {
        ["scopes", "active", "revoked", "created_at", "user_id"]
            .iter()
            .all(|field| value.get(field).is_some())
    },
    rest: |_| Rest::End,
    bare: None,
    save: "the answer of GitLab's API",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(input, &FORM, &["scopes", "active", "revoked", "user_id"])
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    let (mut personal, mut of_projects) = (0, 0);
    let mut tells_use = true;
    for (at, value) in pages.entries() {
        let entry = Entry::new(value, at, input);
        if entry.has("access_level") {
            of_projects += 1;
        } else {
            personal += 1;
        }
        tells_use &= entry.has("last_used_at");
        gathered.take(value, token(&entry), &["token"]);
    }
    let all = personal + of_projects;
    if let Some(why) = full_page(all) {
        gathered.partial(why);
    }
    if personal > 0 || all == 0 {
        gathered.read_rows("personal access tokens", personal);
    } else {
        gathered.not_offered(
            "personal access tokens",
            "a list of their own: GET /personal_access_tokens",
        );
    }
    if of_projects > 0 {
        gathered.read_rows("access tokens of the project or group listed", of_projects);
    } else {
        gathered.not_offered(
            "access tokens of projects and groups",
            "a list per project and group: GET /projects/ID/access_tokens",
        );
    }
    gathered.read("expiry");
    gathered.read_if(
        tells_use,
        "last use",
        "some entries have no field `last_used_at`",
    );
    Ok(gathered.finish(true))
}

/// GitLab gives 20 entries a page, or up to 100 where asked, and tells of more in a header alone.
pub(super) fn full_page(entries: usize) -> Option<String> {
    (entries == 20 || entries > 0 && entries.is_multiple_of(100)).then(|| {
        format!("exactly {entries} rows: perhaps further pages are missing; ask with per_page=100 and page=2")
    })
}

fn token(entry: &Entry<'_>) -> Result<Row, Problem> {
    let of_project = entry.has("access_level");
    let kind = if of_project {
        "project_group_access_token"
    } else {
        "personal_access_token"
    };
    let mut row = entry::row(entry, "gitlab", Some(kind), Some(entry.id("id")?));
    row.name = entry.name("name");
    row.account = entry
        .text("resource_type")
        .zip(entry.who("resource_id"))
        .map(|(kind, id)| format!("{} {id}", guard::name(kind)));
    row.created = entry.past("created_at", When::Unknown, When::Unknown)?;
    row.last_used = entry.past("last_used_at", When::Never, When::NotOffered)?;
    row.expires = entry.moment("expires_at", When::Never, When::NotOffered)?;
    row.status = match (entry.flag("revoked"), entry.flag("active")) {
        (Some(true), _) | (_, Some(false)) => Some(Status::Refused),
        (_, Some(true)) => Some(Status::Active),
        _ => None,
    };
    row.privilege = Some(privilege(entry, of_project));
    row.issued_to = of_project.then_some(IssuedTo::Service);
    // A number names nobody outside this GitLab; a people list may have the same by chance.
    if let Some(user) = entry.who("user_id") {
        let tag = if of_project { "bot_user_id" } else { "user_id" };
        row.tags.insert(tag.to_owned(), user);
    }
    if let Some(description) = entry.name("description") {
        row.tags.insert("description".to_owned(), description);
    }
    Ok(row)
}

fn privilege(entry: &Entry<'_>, of_project: bool) -> (Privilege, String) {
    let scopes = entry.texts("scopes");
    let level = entry.field("access_level").and_then(Value::as_i64);
    let manages = level.is_some_and(|level| level >= MAINTAINER);
    let of = |scope: &&str| match *scope {
        "sudo" | "admin_mode" => Privilege::Admin,
        "api" if manages => Privilege::Admin,
        "api" => Privilege::WriteWide,
        "openid" | "profile" | "email" => Privilege::ReadNarrow,
        scope if scope.starts_with("read_") && of_project => Privilege::ReadNarrow,
        scope if scope.starts_with("read_") => Privilege::ReadWide,
        _ => Privilege::WriteNarrow,
    };
    let level = level.map_or_else(String::new, |level| format!("; access level {level}"));
    match scopes.iter().map(of).max() {
        Some(privilege) => (
            privilege,
            format!("scopes: {}{level}", entry::listed(&scopes)),
        ),
        None => (Privilege::None, format!("no scope{level}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/gitlab_project_access_tokens.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("t.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn tokens_of_a_project() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(
            row.credential.as_deref(),
            Some("project_group_access_token")
        );
        assert_eq!(row.key_id.as_deref(), Some("42"));
        assert_eq!(row.expires, When::On("2027-01-31".parse().unwrap()));
        assert_eq!(row.last_used, When::Never);
        assert_eq!(row.status, Some(Status::Active));
        assert_eq!(row.privilege.as_ref().unwrap().0, Privilege::Admin);
        assert!(row.associates.is_empty(), "a number names nobody");
        assert_eq!(row.tags["bot_user_id"], "141");
        assert_eq!(got.rows[1].status, Some(Status::Refused));
        assert_eq!(
            got.rows[1].privilege.as_ref().unwrap().0,
            Privilege::ReadNarrow
        );
        assert_eq!(got.coverage[0].state.word(), "not_offered");
    }

    #[test]
    fn personal_tokens_have_no_level() {
        let personal = LIST
            .replace("\"access_level\"", "\"other\"")
            .replace("\"2027-01-31\"", "null");
        let row = got(&personal).rows.remove(0);
        assert_eq!(row.credential.as_deref(), Some("personal_access_token"));
        assert_eq!(row.expires, When::Never);
        assert_eq!(row.privilege.as_ref().unwrap().0, Privilege::WriteWide);
        let root = got(&personal.replace("\"api\"", "\"sudo\""));
        assert_eq!(root.rows[0].privilege.as_ref().unwrap().0, Privilege::Admin);
        let old = got(&LIST.replace("\"last_used_at\"", "\"other\""));
        assert_eq!(old.rows[0].last_used, When::NotOffered);
        assert_eq!(old.coverage.last().unwrap().state.word(), "not_offered");
    }

    #[test]
    fn full_pages_and_secrets() {
        let entry: Value = serde_json::from_str(LIST).unwrap();
        let full = got(&Value::Array(vec![entry[0].clone(); 20]).to_string());
        assert_eq!(full.coverage[1].state.word(), "partial");
        assert!(!full.whole);
        let held = got(&LIST.replacen("\"name\"", "\"token\": \"not-for-you\", \"name\"", 1));
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
    }
}
