//! `GET /admin/api-access/v1/orgs/{id}/api-tokens` of Atlassian: the API tokens of an organisation's managed
//! accounts.
//!
//! Fields: <https://developer.atlassian.com/cloud/admin/api-access/rest/api-group-api-token/>, read 2026-11-26.
//! The columns of the file that Atlassian Administration exports are not documented: it is read as a table.

use super::{
    answer::{self, Form},
    entry::{self, Entry},
    gathered::Gathered,
    imported::{ImportError, Imported, Input, Problem, Recognition},
};
use tenure_model::{
    facts::{IssuedTo, Status},
    key::{Row, When},
};

/// The name of this kind.
pub(super) const KIND: &str = "atlassian-api-tokens";

const FORM: Form = Form {
    kind: KIND,
    lists: &["/data"],
    entry: |value| value.get("label").is_some() && value.pointer("/user/orgId").is_some(),
    rest: |head| answer::more(head, "/links/next"),
    bare: Some("without `links` nothing tells whether further pages are missing"),
    save: "the answer of `GET /admin/api-access/v1/orgs/ID/api-tokens`",
};

pub(super) fn recognise(input: &Input<'_>) -> Recognition {
    answer::recognise(input, &FORM, &["label", "orgId", "createdAt"])
}

pub(super) fn read(input: &Input<'_>) -> Result<Imported, ImportError> {
    let pages = answer::pages(input, &FORM)?;
    let mut gathered = Gathered::new(input, KIND, pages.why_partial.clone());
    for (at, value) in pages.entries() {
        gathered.take(value, token(&Entry::new(value, at, input)), &["token"]);
    }
    gathered.read("API tokens of managed accounts");
    gathered.read("last use");
    gathered.read("expiry");
    gathered.not_offered(
        "API tokens of accounts that are not managed",
        "the organisation does not see them",
    );
    gathered.not_offered("scopes", "the list does not tell whether a token is scoped");
    gathered.not_offered(
        "organisation API keys",
        "Atlassian does not list them by its API",
    );
    Ok(gathered.finish(true))
}

fn token(entry: &Entry<'_>) -> Result<Row, Problem> {
    let mut row = entry::row(entry, "atlassian", Some("api_token"), Some(entry.id("id")?));
    row.name = entry.name("label");
    row.account = entry.who("/user/orgId");
    row.created = entry.past("createdAt", When::Unknown, When::Unknown)?;
    row.last_used = entry.past("lastActiveAt", When::Unknown, When::Unknown)?;
    row.expires = entry.moment("expiresAt", When::Unknown, When::Unknown)?;
    row.status = entry.status(
        "status",
        &[
            ("ALLOWED", Status::Active),
            ("BLOCKED", Status::Inactive),
            ("EXPIRED", Status::Refused),
            ("REVOKED", Status::Refused),
        ],
    );
    row.issued_to = Some(IssuedTo::Person);
    let fields = ["/user/email", "/user/name", "/user/id"];
    let who = fields.iter().find_map(|field| entry.who(field));
    row.associates
        .extend(who.map(|who| entry::associate(who, "created it", false)));
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../tests/fixtures/atlassian_api_tokens.json");

    fn got(text: &str) -> Imported {
        let input = Input::new("t.json", text.as_bytes(), "2026-11-23".parse().unwrap());
        assert_eq!(recognise(&input), Recognition::Yes);
        read(&input).unwrap()
    }

    #[test]
    fn a_token_of_a_managed_account() {
        let got = got(LIST);
        assert_eq!(got.problems, []);
        let row = &got.rows[0];
        assert_eq!(row.credential.as_deref(), Some("api_token"));
        assert_eq!(row.name.as_deref(), Some("jira sync"));
        assert_eq!(row.created, When::On("2025-02-03".parse().unwrap()));
        assert_eq!(row.last_used, When::On("2026-11-20".parse().unwrap()));
        assert_eq!(row.expires, When::On("2027-02-03".parse().unwrap()));
        assert_eq!(row.status, Some(Status::Active));
        assert_eq!(row.associates[0].who, "ann@example.com");
        assert!(got.whole);
    }

    #[test]
    fn what_is_not_said_stays_unknown() {
        let silent = got(&LIST
            .replace("\"lastActiveAt\"", "\"a\"")
            .replace("\"expiresAt\"", "\"b\""));
        assert_eq!(
            (silent.rows[0].last_used, silent.rows[0].expires),
            (When::Unknown, When::Unknown)
        );
        let other = got(&LIST.replace("ALLOWED", "PENDING"));
        assert_eq!(other.rows[0].status, Some(Status::Unknown));
        let blocked = got(&LIST.replace("ALLOWED", "BLOCKED"));
        assert_eq!(blocked.rows[0].status, Some(Status::Inactive));
    }

    #[test]
    fn a_link_to_the_next_page_makes_it_partial_and_a_secret_is_taken_out() {
        let cut = got(&LIST.replace(
            "\"next\": null",
            "\"next\": \"https://api.atlassian.com/x?cursor=1\"",
        ));
        assert_eq!(cut.coverage[0].state.word(), "partial");
        let held = got(&LIST.replace("\"label\"", "\"token\": \"not-for-you\", \"label\""));
        assert!(held.plaintext && !format!("{held:?}").contains("not-for-you"));
    }
}
